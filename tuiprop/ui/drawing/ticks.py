"""Ticks of the axes of a chart: where they are, and their labels."""

from math import ceil, floor, log10


def linear_ticks(
    low: float, high: float, *, whole: bool = False, most: int = 5
) -> list[tuple[float, str]]:
    """Return ticks from low to high whose step is 1, 2 or 5 times a power of ten."""
    size = max(abs(low), abs(high))
    span = max(high - low, 1e-5 * size)  # with a smaller span, labels would be too long to differ
    if span < 1e-300:
        span = 1.0
    raw = span / most
    power = 10.0 ** floor(log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw * 0.999)
    if whole:
        step = max(1.0, step)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    if first == last:
        last += 1
    places = max(0, -floor(log10(step) + 1e-9))
    largest = max(abs(first), abs(last)) * step
    figures = floor(log10(largest) + 1e-9) - floor(log10(step) + 1e-9)
    return [(i * step, _label(i * step, largest, places, figures)) for i in range(first, last + 1)]


def _label(value: float, largest: float, places: int, figures: int) -> str:
    """Format a tick like the largest one, with enough digits to tell ticks apart."""
    if value and (largest >= 1e6 or (places > 5 and largest < 1e-3)):
        mantissa, exponent = f"{value:.{figures}e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.{places}f}"


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Return ticks for log₁₀ values from low to high: decades, or 1 2 5, or 1 2 3 … of each."""
    decades = range(floor(low), ceil(high) + 1)
    every = ceil((high - low) / 5) or 1
    choices = (
        [(float(d), f"1e{d}") for d in decades if d % every == 0],
        [(d + log10(f), f"{f * 10.0**d:g}") for d in decades for f in (1, 2, 5)],
        [(d + log10(f), f"{f * 10.0**d:g}") for d in decades for f in range(1, 10)],
        [(low, f"{10**low:.3g}"), (high, f"{10**high:.3g}")],
    )
    inside = ([m for m in marks if low - 1e-9 <= m[0] <= high + 1e-9] for marks in choices)
    enough = [marks for marks in inside if len(marks) >= 3]
    return enough[0] if enough else choices[-1]

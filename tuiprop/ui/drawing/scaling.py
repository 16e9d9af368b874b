"""Scales pictures to fit."""

from functools import lru_cache

from tuiprop.protocol.messages.pictures import Grid


def fitted(grid: Grid, columns: int, lines: int, *, enlarge: bool = True) -> Grid:
    """Scale a picture to the largest size that fits, in proportion.

    Args:
        grid: the picture.
        columns: the available columns.
        lines: the available lines, of two rows each.
        enlarge: allow enlarging, by a whole factor.

    Returns:
        The picture, the enlarged picture, or, if it does not fit, a smaller one in which each
        cell is the mean of the cells it covers.
    """
    rows = 2 * lines
    times = min(columns // grid.columns, rows // grid.rows)
    if times >= 1:
        return _enlarged(grid, times) if enlarge and times > 1 else grid
    share = min(columns / grid.columns, rows / grid.rows)
    return _reduced(grid, max(1, int(grid.columns * share)), max(1, int(grid.rows * share)))


def _enlarged(grid: Grid, times: int) -> Grid:
    wide = bytearray()
    for row in _rows(grid):
        wide += bytes(shade for shade in row for _ in range(times)) * times
    return Grid(columns=grid.columns * times, rows=grid.rows * times, shades=bytes(wide))


def _reduced(grid: Grid, columns: int, rows: int) -> Grid:
    lines, across = _rows(grid), _covered(grid.columns, columns)
    shades = bytearray()
    for parts in _covered(grid.rows, rows):
        column = [sum(share * lines[k][c] for k, share in parts) for c in range(grid.columns)]
        shades += bytes(round(sum(share * column[c] for c, share in cell)) for cell in across)
    return Grid(columns=columns, rows=rows, shades=bytes(shades))


@lru_cache(maxsize=64)
def _covered(count: int, into: int) -> tuple[tuple[tuple[int, float], ...], ...]:
    """Return for each of `into` cells the cells of `count` that it covers, with their weights."""
    parts = []
    for place in range(into):
        low, high = place * count, (place + 1) * count  # in parts of 1 / into
        cells = range(low // into, -(-high // into))
        parts.append(
            tuple((k, (min(high, (k + 1) * into) - max(low, k * into)) / count) for k in cells)
        )
    return tuple(parts)


def _rows(grid: Grid) -> list[bytes]:
    return [
        grid.shades[start : start + grid.columns]
        for start in range(0, grid.columns * grid.rows, grid.columns)
    ]

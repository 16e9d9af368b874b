"""Colours: amber is *now* and nothing else, blue and orange are signs, Okabe–Ito are series."""

from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style
from textual.theme import Theme

Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """One theme's colours, as "#rrggbb"."""

    name: str
    dark: bool
    background: str
    bar: str
    text: str
    dim: str
    border: str
    now: str
    training: str
    validation: str
    good: str
    bad: str
    name_of_g: str
    positive: str
    """A matrix cell at the largest positive number; 0 has the background's colour."""
    negative: str

    @property
    def theme(self) -> Theme:
        """For Textual."""
        return Theme(
            name=self.name,
            primary=self.name_of_g,
            accent=self.text,
            secondary=self.name_of_g,
            foreground=self.text,
            background=self.background,
            surface=self.bar,
            panel=self.bar,
            success=self.good,
            warning=self.now,
            error=self.bad,
            dark=self.dark,
            variables={
                "border": self.border,
                "border-blurred": self.border,
                "dim": self.dim,
                "now": self.now,
                "scrollbar": self.border,
                "scrollbar-hover": self.dim,
                "scrollbar-active": self.text,
                "scrollbar-background": self.background,
                "scrollbar-background-hover": self.background,
                "scrollbar-background-active": self.background,
            },
        )


DARK = Palette(
    name="tuiprop-dark",
    dark=True,
    background="#11141b",
    bar="#1c212b",
    text="#e6e9ef",
    dim="#949dac",
    border="#596273",
    now="#ffc24a",
    training="#56b4e9",
    validation="#f0883e",
    good="#2fc78f",
    bad="#ff7b72",
    name_of_g="#56b4e9",
    positive="#0a66a8",
    negative="#a84e0a",
)

LIGHT = Palette(
    name="tuiprop-light",
    dark=False,
    background="#fcfcfa",
    bar="#e9ecf1",
    text="#15181e",
    dim="#555d69",
    border="#7b8494",
    now="#8a5200",
    training="#00659e",
    validation="#a84300",
    good="#00704c",
    bad="#b3261e",
    name_of_g="#00659e",
    positive="#7fbfee",
    negative="#f5b178",
)

PALETTES = {palette.name: palette for palette in (DARK, LIGHT)}

LEVELS = 24
"""Shades of each sign: more cannot be told apart, fewer show as bands."""


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def cursor_style(palette: Palette) -> Style:
    """Reversed, which survives where there are no colours."""
    return Style(color=palette.text, bgcolor=palette.background, bold=True, reverse=True)


@lru_cache(maxsize=4 * LEVELS + 4)
def heat(palette: Palette, level: int) -> Style:
    """The style of a cell whose number is level/LEVELS of the largest in size."""
    target = palette.positive if level > 0 else palette.negative
    share = abs(level) / LEVELS
    mixed = (
        round(low + (high - low) * share)
        for low, high in zip(_rgb(palette.background), _rgb(target), strict=True)
    )
    return Style(color=palette.text, bgcolor="#{:02x}{:02x}{:02x}".format(*mixed))


def heat_level(value: float, largest: float) -> int:
    """Which shade a number has: sign and share of the largest, from −LEVELS to LEVELS."""
    if not largest or value != value or largest == float("inf"):
        return 0
    return round(max(-1.0, min(1.0, value / largest)) * LEVELS)

"""The themes: amber means *now* only, blue and orange are signs, Okabe–Ito colours are series.

Text names a colour by its theme variable ("bold $now"); only shades that are computed from
numbers take their colours from the palette itself.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rich.style import Style
from textual.app import App
from textual.theme import Theme

Rgb = tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Palette:
    """One theme's colours, as "#rrggbb"."""

    name: str
    dark: bool
    background: str
    bar: str
    field: str
    """The background of fields and selections."""
    text: str
    dim: str
    border: str
    now: str
    training: str
    validation: str
    good: str
    bad: str
    function: str
    """The colour of the names of activation functions."""
    positive: str
    """The background of the largest positive number of a matrix; 0 has `background`."""
    negative: str
    steps: tuple[tuple[float, str, str], ...] = ()
    """The few shades of a 256-colour terminal: the least share of the largest number for a shade,
    then its negative and its positive colour. If empty, shades are mixtures of the background with
    `negative` and `positive`."""

    def shade(self, level: int) -> str:
        """Return the background of a cell whose number is level/LEVELS of the largest magnitude."""
        share = abs(level) / LEVELS
        if self.steps:
            reached = [
                (negative, positive) for least, negative, positive in self.steps if share >= least
            ]
            return reached[-1][level > 0] if reached else self.background
        return mix(self.background, self.positive if level > 0 else self.negative, share)

    def mark(self, *, positive: bool) -> str:
        """Return the colour of an example on a background of the same sign."""
        if self.steps:
            return self.text
        return mix(self.positive if positive else self.negative, self.text, 0.6)

    @property
    def theme(self) -> Theme:
        """The theme for Textual, with the variables that styles and style sheets use."""
        return Theme(
            name=self.name,
            primary=self.function,
            accent=self.text,
            secondary=self.function,
            foreground=self.text,
            background=self.background,
            surface=self.field,
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
                "training": self.training,
                "validation": self.validation,
                "function": self.function,
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
    field="#1c212b",
    text="#e6e9ef",
    dim="#949dac",
    border="#596273",
    now="#ffc24a",
    training="#56b4e9",
    validation="#f0883e",
    good="#2fc78f",
    bad="#ff7b72",
    function="#56b4e9",
    positive="#0a66a8",
    negative="#a84e0a",
)

LIGHT = Palette(
    name="tuiprop-light",
    dark=False,
    background="#fcfcfa",
    bar="#e9ecf1",
    field="#e9ecf1",
    text="#15181e",
    dim="#555d69",
    border="#7b8494",
    now="#8a5200",
    training="#00659e",
    validation="#a84300",
    good="#00704c",
    bad="#b3261e",
    function="#00659e",
    positive="#7fbfee",
    negative="#f5b178",
)

DARK_256 = Palette(
    name=DARK.name,
    dark=True,
    background="#121212",  # 233
    bar="#262626",  # 235
    field="#303030",  # 236
    text="#e6e6e6",  # 254
    dim="#a0a0a0",  # 247
    border="#6c6c6c",  # 242
    now="#ffaf00",  # 214
    training="#5fafff",  # 75
    validation="#ff8700",  # 208
    good="#00d787",  # 42
    bad="#ff5f5f",  # 203
    function="#5fafff",  # 75
    positive="#005faf",  # 25
    negative="#af0000",  # 124
    steps=(
        (0.08, "#5f0000", "#00005f"),  # 52, 17
        (0.33, "#870000", "#0000af"),  # 88, 19
        (0.66, "#af0000", "#005faf"),  # 124, 25
    ),
)
"""Colours of xterm's 256, by values that Rich maps to exactly these."""

LIGHT_256 = Palette(
    name=LIGHT.name,
    dark=False,
    background="#ffffff",  # 231
    bar="#e6e6e6",  # 254
    field="#dcdcdc",  # 253
    text="#000000",  # 16
    dim="#585858",  # 240
    border="#808080",  # 244
    now="#875f00",  # 94
    training="#005faf",  # 25
    validation="#af5f00",  # 130
    good="#005f5f",  # 23
    bad="#af0000",  # 124
    function="#005faf",  # 25
    positive="#5f87ff",  # 69
    negative="#ff875f",  # 209
    steps=(
        (0.08, "#ffd7af", "#afd7ff"),  # 223, 153
        (0.33, "#ffaf87", "#87afff"),  # 216, 111
        (0.66, "#ff875f", "#5f87ff"),  # 209, 69
    ),
)


@lru_cache(maxsize=4)
def palettes(color_system: str | None) -> dict[str, Palette]:
    """Return the themes in the colours of a terminal, by name.

    Args:
        color_system: as the console reports it: truecolor, 256, standard; None: no terminal.
    """
    themes = (DARK_256, LIGHT_256) if color_system == "256" else (DARK, LIGHT)
    return {palette.name: palette for palette in themes}


def register_themes(app: App[Any]) -> None:
    """Register the themes in the colours of an application's terminal."""
    for palette in palettes(app.console.color_system).values():
        app.register_theme(palette.theme)


def palette_of(app: App[Any]) -> Palette:
    """Return the colours of an application's theme, for shades computed from numbers."""
    return palettes(app.console.color_system)[app.theme]


LEVELS = 24
"""Shades of each sign: more are indistinguishable, fewer show as bands."""


def rgb(colour: str) -> Rgb:
    """Return the red, green and blue of "#rrggbb", each from 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@lru_cache(maxsize=512)
def mix(low: str, high: str, share: float) -> str:
    """Return the colour "#rrggbb" at `share`, from 0 to 1, between two others."""
    pairs = zip(rgb(low), rgb(high), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


@lru_cache(maxsize=4 * LEVELS + 4)
def heat(palette: Palette, level: int) -> Style:
    """Return the style of a cell whose number is level/LEVELS of the largest magnitude."""
    return Style(color=palette.text, bgcolor=palette.shade(level))


def heat_level(value: float, largest: float) -> int:
    """Return the shade of a number: its share of the largest, from −LEVELS to LEVELS."""
    if not largest or value != value or largest == float("inf"):
        return 0
    return round(max(-1.0, min(1.0, value / largest)) * LEVELS)

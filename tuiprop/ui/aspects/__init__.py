"""The aspects of the Problem view, one a file: each asks for what it shows, and paints it."""

from tuiprop.ui.aspects.aspect import Aspect, Choice, Panel
from tuiprop.ui.aspects.classes import ClassesAspect
from tuiprop.ui.aspects.map import MapAspect
from tuiprop.ui.aspects.numbers import NumbersAspect
from tuiprop.ui.aspects.pictures import PicturesAspect
from tuiprop.ui.aspects.way import WayAspect

ASPECTS: tuple[type[Aspect], ...] = (
    MapAspect,
    ClassesAspect,
    NumbersAspect,
    PicturesAspect,
    WayAspect,
)
"""In the order in which they are offered."""

__all__ = [
    "ASPECTS",
    "Aspect",
    "Choice",
    "ClassesAspect",
    "MapAspect",
    "NumbersAspect",
    "Panel",
    "PicturesAspect",
    "WayAspect",
]

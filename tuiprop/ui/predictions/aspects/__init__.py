"""The aspects of the Problem view, one a file: each asks for what it shows, and paints it."""

from tuiprop.ui.predictions.aspects.aspect import Aspect, Choice, Panel
from tuiprop.ui.predictions.aspects.classes import ClassesAspect
from tuiprop.ui.predictions.aspects.map import MapAspect
from tuiprop.ui.predictions.aspects.numbers import NumbersAspect
from tuiprop.ui.predictions.aspects.pictures import PicturesAspect
from tuiprop.ui.predictions.aspects.trace import TraceAspect

ASPECTS: tuple[type[Aspect], ...] = (
    MapAspect,
    ClassesAspect,
    NumbersAspect,
    PicturesAspect,
    TraceAspect,
)
"""The aspects in the order of the tabs."""

__all__ = [
    "ASPECTS",
    "Aspect",
    "Choice",
    "ClassesAspect",
    "MapAspect",
    "NumbersAspect",
    "Panel",
    "PicturesAspect",
    "TraceAspect",
]

"""Equations, each declared over the function that computes it."""

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

Formula: TypeAlias = tuple[str, ...]
"""An equation for one number, as lines "name = expression"; a line may use the names before it."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

_EQUATIONS: dict[Callable[..., Any], Formula] = {}
_STABLE: dict[Callable[..., Any], Formula] = {}


def equation(*lines: str, stable: str = "") -> Callable[[_Function], _Function]:
    """Declare the equation that a function computes for whole arrays.

    Args:
        lines: the equation, grouped as the function computes it.
        stable: the form in which the function computes it, where that is another one.
    """

    def declare(function: _Function) -> _Function:
        _EQUATIONS[function] = lines
        _STABLE[function] = (stable,) if stable else ()
        return function

    return declare


def equation_of(function: Callable[..., Any]) -> Formula:
    """The equation that a function computes."""
    return _EQUATIONS[function]


def stable_form_of(function: Callable[..., Any]) -> Formula:
    """The form in which a function computes its equation; empty where it is the equation."""
    return _STABLE[function]

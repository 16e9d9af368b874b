"""An engine whose last digits do not depend on the processor, for pictures of the screens.

The bits of a run do: products and exponentials are rounded otherwise by other instructions. In
a picture every number keeps its first nine figures and gets the same ones after them; what is
rounding and nothing else, such as the error of a gradient check, is one number everywhere.
"""

import re
from concurrent.futures import Future
from math import isfinite
from typing import Any, TypeVar, cast

import msgspec

from tuiprop.protocol.inline_client import InlineClient
from tuiprop.protocol.messages.base import Request
from tuiprop.protocol.messages.proof import ArrayProof

R = TypeVar("R")

FIGURES = 9
"""Those that every processor finds."""

ROUNDING = 1e-15
"""What is smaller, where numbers are about 1, is what rounding left of 0."""

TAIL = "1234567"

_ERROR = re.compile(r"\d(\.\d+)?e-(09|1\d)|(?<=✓ )0$")


class SteadyClient(InlineClient):
    """Answers as an inline engine does, with steady numbers."""

    def ask(self, request: Request[R]) -> "Future[R]":
        """Answer at once."""
        answer = super().ask(request)
        if answer.exception() is not None:
            return answer
        future: Future[R] = Future()
        future.set_result(cast("R", steady(answer.result())))
        return future


def steady(value: Any) -> Any:
    """A part of a reply with steady numbers."""
    match value:
        case ArrayProof():
            return _steady_proof(value)
        case msgspec.Struct():
            fields = {name: steady(getattr(value, name)) for name in value.__struct_fields__}
            return msgspec.structs.replace(value, **fields)
        case dict():
            return {key: steady(each) for key, each in value.items()}
        case list():
            return [steady(each) for each in value]
        case float():
            return _steady_number(value)
        case str():
            return _ERROR.sub("1e-16", value)
    return value


def _steady_number(value: float) -> float:
    if not isfinite(value):
        return value
    if abs(value) < ROUNDING:
        return 0.0
    mantissa, exponent = f"{value:.{FIGURES - 1}e}".split("e")
    nearby = float(f"{mantissa}e{exponent}")
    return value if nearby == value else float(f"{mantissa}{TAIL}e{exponent}")


def _steady_proof(found: ArrayProof) -> ArrayProof:
    """Errors of rounding are one number; where the largest of them was found is anywhere."""
    is_gradient = not found.array.is_parameter
    rounding = found.figure < 1e-3 or (found.verdict == "right" and not is_gradient)
    size = 1e-16 if is_gradient else 0.25
    figure = size if rounding else float(f"{found.figure:.0e}")
    return msgspec.structs.replace(found, figure=figure, bound=1e-13, cell=(0, 0))

"""Views of arrays: the parts that windows request, and statistics of the whole."""

from math import isfinite

import numpy as np
from msgspec.structs import replace

from tuiprop.core.array import Array
from tuiprop.protocol.messages.arrays import Figures, Matrix, Numbers, NumbersQuery, Window
from tuiprop.session.latest import Latest
from tuiprop.session.viewpoint import Viewpoint
from tuiprop.session.views.current_operation import operation_of
from tuiprop.session.views.operation import long_route
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.norm import norm

LARGE = 100_000
"""The number of cells above which the figures of an array wait until the run is paused."""


class ArrayView:
    """Computes the views of arrays.

    Args:
        at: the viewpoint, whose run is shown.
    """

    def __init__(self, at: Viewpoint) -> None:
        self._at = at
        self._figures = Latest[Figures]()

    def numbers(self, query: NumbersQuery) -> Numbers:
        """Cut parts out of arrays."""
        at = self._at
        window = query.window if query.window and at.has(query.window.array) else None
        return Numbers(
            matrix=None if window is None else self._matrix(window),
            shown=operation_of(at, window),
            long_route=_long_route(at, window),
            operands=[self._matrix(each) for each in query.operands if at.has(each.array)],
        )

    def _matrix(self, window: Window) -> Matrix:
        """Cut the part of an array that a window requests."""
        at, reference = self._at, window.array
        batch, session = at.batch, at.session
        shape = reference.shape(at.run.network.sizes, len(batch))
        first, row_count = _clip(window.row, window.rows, shape[0])
        left, column_count = _clip(window.column, window.columns, shape[1])
        rows, across = slice(first, first + row_count), slice(left, left + column_count)
        array = at.array_of(window)
        part: list[list[float]] = [] if array is None else array[rows, across].tolist()
        examples = session.examples.training.rows[batch]
        return Matrix(
            window=replace(window, row=first, rows=row_count, column=left, columns=column_count),
            shape=shape,
            absent="" if array is not None else at.why_absent(),
            values=part,
            before=_without_the_trial(at, window, rows, across) if part else [],
            row_names=session.row_names(reference)[rows],
            column_names=session.column_names(reference, examples, across),
            figures=self._figures_of(window, array),
        )

    def _figures_of(self, window: Window, array: Array | None) -> Figures | None:
        """The figures of the whole array; those of a large one only while the run is paused."""
        at = self._at
        if array is None or (array.size > LARGE and at.is_moving):
            return None
        state = window.array, window.before, at.run.branch.edits, at.cursor.here
        return self._figures.get(state, lambda: figures_of(array))


def figures_of(array: Array) -> Figures:
    """Compute the statistics of an array, of which some numbers may not be finite."""
    smallest, largest = float(array.min()), float(array.max())
    size = max(abs(smallest), abs(largest))
    if not isfinite(size):
        size = float(np.abs(array[np.isfinite(array)]).max(initial=0.0))
    with np.errstate(all="ignore"):
        mean = float(array.mean())
        has_overflowed = not isfinite(mean) and isfinite(smallest) and isfinite(largest)
        if has_overflowed:
            mean = size * float((array / size).mean())
    return Figures(smallest=smallest, largest=largest, size=size, mean=mean, norm=norm(array))


def _long_route(at: Viewpoint, window: Window | None) -> str:
    """The sentence on the chain rule for dz[L], where dz[L] is a[L] − y; else ""."""
    network = at.run.network
    fused = network.loss_function.is_fused and at.run.trainer.config.mistake is None
    dz = ArrayRef("dz", network.L)
    if not fused or window is None or window.array != dz or at.is_moving:
        return ""
    recorded = at.present_update()
    if recorded is None or at.array(dz) is None:
        return ""
    return long_route(network, at.session.with_rows_of_table(recorded.record))


def _without_the_trial(
    at: Viewpoint, window: Window, rows: slice, columns: slice
) -> list[list[float]]:
    """A part of an array without the change of the what-if; empty without a what-if."""
    if at.what_if is None or not window.array.is_of_layer:
        return []
    after = not window.before and at.cursor.partial.is_computed(window.array)
    array = at.what_if.array_without(window.array, after=after)
    numbers: list[list[float]] = array[rows, columns].tolist()
    return numbers


def _clip(start: int, count: int, size: int) -> tuple[int, int]:
    """Start and length of a range of `count`, moved and cut to fit an axis of this size."""
    start = max(0, min(start, size - count))
    return start, min(count, size - start)

"""Maps over two inputs: the output of the network, and of every unit, at each point."""

from dataclasses import dataclass

import numpy as np

from tuiprop.core.array import Array
from tuiprop.core.network import Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.data.preparation.encoding import apply, unscaled
from tuiprop.data.table import Numbers
from tuiprop.protocol.messages.decision_map import (
    DecisionMap,
    DecisionMapQuery,
    MapNote,
    Mark,
    Thumbnail,
)
from tuiprop.protocol.messages.pictures import Grid
from tuiprop.session.views.plane import MapArea, Range
from tuiprop.session.views.predictions import Predictor, forward
from tuiprop.session.views.shades import shades
from tuiprop.training.metrics import Classes, predicted_classes


@dataclass(frozen=True, eq=False)
class Activations:
    """The activations of all layers at some points."""

    workspace: Workspace
    outputs: Array
    """ŷ in the unit of the targets, (m, n[L])."""


def activations(area: MapArea, parameters: Parameters, x: Numbers, y: Numbers) -> Activations:
    """Compute the output of every unit at the points x₁ and x₂, (m,) each."""
    plane = area.plane
    workspace = forward(parameters, apply(plane.preparation, plane.inputs(x, y)))
    outputs = np.ascontiguousarray(workspace.a[parameters.network.L].T)
    return Activations(workspace, unscaled(area.examples.targets, outputs))


def decision_map(predictor: Predictor, query: DecisionMapQuery) -> DecisionMap:
    """Draw the map over the two inputs, if there are two."""
    session, run = predictor.at.session, predictor.at.run
    if predictor.plane is None:
        return DecisionMap(map=None)
    area = MapArea.of(
        predictor.plane, session.examples, predictor.extent, run.trainer.examples.all_inputs()
    )
    names = [session.unit_names(l) for l in range(run.network.L + 1)]
    return DecisionMap(map=draw(area, predictor.parameters, query, names))


def draw(
    area: MapArea, parameters: Parameters, wanted: DecisionMapQuery, names: list[list[str]]
) -> MapNote:
    """Draw a map.

    Args:
        area: the plane and its examples.
        parameters: the present parameters.
        wanted: the size and the content of the map.
        names: the names of the units of each layer, from layer 0.
    """
    network, plane = parameters.network, area.plane
    columns, rows = wanted.columns, 2 * wanted.lines
    across, up = area.across, area.up
    at = activations(area, parameters, *_centres(across, up, columns, rows))
    several = len(area.examples.classes) > 2
    winners = _winners(area, at)
    if wanted.unit is not None:
        l, unit = wanted.unit
        values, middle, reach = at.workspace.a[l][unit], 0.0, _size(at.workspace.a[l][unit])
    elif several:
        values, middle, reach = at.outputs.max(axis=1), 0.0, 1.0
    else:
        values = at.outputs[:, _first(area)]
        middle, reach = area.middle, area.reach
    cursor = _place(across, up, wanted)
    there = activations(area, parameters, *(np.array([value]) for value in cursor))
    if wanted.unit is not None:
        name = f"a[{wanted.unit[0]}][{names[wanted.unit[0]][wanted.unit[1]]}]"
        shown = float(there.workspace.a[wanted.unit[0]][wanted.unit[1], 0])
    else:
        name = "ŷ"
        shown = float(there.outputs[0].max() if several else there.outputs[0, _first(area)])
    return MapNote(
        name=name,
        classes=list(area.examples.classes),
        axes=(plane.preparation[plane.x].name, plane.preparation[plane.y].name),
        x=across,
        y=up,
        lowest=middle - reach,
        highest=middle + reach,
        grid=Grid(columns=columns, rows=rows, shades=shades(values, middle, reach)),
        winners=winners.astype(np.uint8).tobytes() if several and wanted.unit is None else b"",
        border=b"" if wanted.unit is not None else _border(winners, columns),
        marks=_marks(area, across, up, wanted),
        cursor=cursor,
        outputs=there.outputs[0].tolist(),
        shown=shown,
        thumbnails=_thumbnails(area, parameters, wanted, names, (across, up)),
        units=sum(network.sizes[1:]),
    )


def _first(area: MapArea) -> int:
    """The index of the output that is shown: the second of two classes, or the first target."""
    return -1 if area.examples.classes else 0


def _size(values: Array) -> float:
    """The largest absolute value, or 1 if it is 0 or infinite."""
    largest = float(np.abs(values).max())
    return largest if 0 < largest < np.inf else 1.0


def _centres(across: Range, up: Range, columns: int, rows: int) -> tuple[Numbers, Numbers]:
    """x₁ and x₂ of the centres of all cells, row by row from the top."""
    x = across[0] + (np.arange(columns) + 0.5) * (across[1] - across[0]) / columns
    y = up[1] - (np.arange(rows) + 0.5) * (up[1] - up[0]) / rows
    return np.tile(x, rows), np.repeat(y, columns)


def _place(across: Range, up: Range, wanted: DecisionMapQuery) -> tuple[float, float]:
    """x₁ and x₂ at the centre of the character under the cursor."""
    column, line = wanted.cursor
    return (
        across[0] + (column + 0.5) * (across[1] - across[0]) / wanted.columns,
        up[1] - (line + 0.5) * (up[1] - up[0]) / wanted.lines,
    )


def _winners(area: MapArea, at: Activations) -> Classes:
    """The predicted class of each point; empty if the targets are numbers."""
    if not area.examples.classes:
        return np.empty(0, np.intp)
    return predicted_classes(at.outputs.T)


def _border(winners: Classes, columns: int) -> bytes:
    """A byte for each cell: 1 if its predicted class differs from that on the right or below."""
    if not winners.size:
        return b""
    winners = winners.reshape(-1, columns)
    border = np.zeros(winners.shape, np.uint8)
    border[:, :-1] |= winners[:, :-1] != winners[:, 1:]
    border[:-1] |= winners[:-1] != winners[1:]
    return border.tobytes()


def _marks(area: MapArea, across: Range, up: Range, wanted: DecisionMapQuery) -> list[Mark]:
    """The examples by the character that they are in, each kind once."""
    column = (area.x - across[0]) / (across[1] - across[0]) * wanted.columns
    line = (up[1] - area.y) / (up[1] - up[0]) * wanted.lines
    cells = np.stack((line, column, area.kinds, area.held_out), axis=1)
    return [
        Mark(column=j, line=i, kind=kind, held_out=bool(held_out))
        for i, j, kind, held_out in np.unique(cells.astype(np.int64), axis=0).tolist()
    ]


def _thumbnails(
    area: MapArea,
    parameters: Parameters,
    wanted: DecisionMapQuery,
    names: list[list[str]],
    ranges: tuple[Range, Range],
) -> list[Thumbnail]:
    """Draw a small map of each requested unit."""
    columns, rows = wanted.thumbnail[0], 2 * wanted.thumbnail[1]
    if not columns * rows * wanted.count:
        return []
    at = activations(area, parameters, *_centres(*ranges, columns, rows))
    units = [
        (l, unit)
        for l, size in enumerate(parameters.network.sizes)
        for unit in range(size)
        if l > 0
    ]
    thumbnails = []
    for l, unit in units[wanted.first : wanted.first + wanted.count]:
        values = at.workspace.a[l][unit]
        bounded = parameters.network.layers[l - 1].activation in ("sigmoid", "softmax")
        middle, reach = (0.5, 0.5) if bounded else (0.0, _size(values))
        grid = Grid(columns=columns, rows=rows, shades=shades(values, middle, reach))
        name = f"a[{l}][{names[l][unit]}]"
        thumbnails.append(Thumbnail(layer=l, unit=unit, name=name, grid=grid))
    return thumbnails

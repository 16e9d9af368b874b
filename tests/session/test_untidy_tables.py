"""From an untidy file to a trained network and to predictions, without preparing it by hand.

The network on the screen, `tuiprop predict`, and the formulas written out here over the raw file
and the stored preparation give the same numbers.
"""

import csv
import io
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.cli.command import tuiprop
from tests.session.runs import ask, finish, look_at
from tuiprop.protocol.messages.arrays import Numbers, Window
from tuiprop.protocol.messages.data import Describe, Tables
from tuiprop.protocol.messages.files import Export
from tuiprop.protocol.messages.moving import Move, Seek
from tuiprop.protocol.messages.opening import Locate, Open
from tuiprop.protocol.server import Engine
from tuiprop.update.arrays import ArrayRef

Cells = dict[str, list[str]]
"""The columns of a raw file, decimal commas as points."""

UPDATES = 12


def _columns(names: tuple[str, ...], rows: list[list[str]]) -> Cells:
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def _with_pseudo_header(folder: Path) -> tuple[Path, Cells]:
    """As scikit-learn writes its files: counts and classes first, classes by number last."""
    path = folder / "cells.csv"
    generator = np.random.default_rng(1)
    rows = [
        [f"{x:.4f}", f"{y:.2f}", str(int(x + y > 0))] for x, y in generator.normal(size=(40, 2))
    ]
    path.write_text("40,2,malignant,benign\n" + "".join(",".join(row) + "\n" for row in rows))
    return path, _columns(("column_1", "column_2", "target"), rows)


def _with_decimal_commas(folder: Path) -> tuple[Path, Cells]:
    path = folder / "prices.csv"
    generator = np.random.default_rng(2)
    rows = [
        [f"{x:.2f}", ("town", "country", "suburb")[i % 3], f"{3000 * x + 9 * i:.2f}"]
        for i, x in enumerate(generator.uniform(20, 120, 45))
    ]
    text = "".join(";".join(row).replace(".", ",") + "\n" for row in rows)
    path.write_text("size;where;price\n" + text)
    return path, _columns(("size", "where", "price"), rows)


def _with_gaps(folder: Path) -> tuple[Path, Cells]:
    """Names, missing numbers and missing text."""
    path = folder / "passengers.csv"
    rows = [
        [f"P. {i}", "" if i % 7 == 0 else str(20 + i % 9), "SCQ"[i % 3] if i % 5 else "?",
         "yes" if i % 4 else "no"]
        for i in range(48)
    ]  # fmt: skip
    path.write_text("name,age,port,survived\n" + "".join(",".join(row) + "\n" for row in rows))
    names = ("name", "age", "port", "survived")
    cells = _columns(names, rows)
    cells["port"] = ["" if cell == "?" else cell for cell in cells["port"]]
    return path, cells


def _with_images(folder: Path) -> tuple[Path, Cells]:
    """As the files of MNIST."""
    path = folder / "train-images-idx3-ubyte"
    pixels = np.random.default_rng(3).integers(0, 256, (40, 28, 28)).astype("u1")
    pixels[:, 0] = 0
    path.write_bytes(struct.pack(">IIII", 2051, 40, 28, 28) + pixels.tobytes())
    labels = bytes(i % 10 for i in range(40))
    (folder / "train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, 40) + labels)
    cells = {
        f"pixel_{i}_{j}": list(map(str, pixels[:, i, j])) for i in range(28) for j in range(28)
    }
    return path, cells


FILES: dict[str, tuple[Callable[[Path], tuple[Path, Cells]], Tables]] = {
    "pseudo-header": (_with_pseudo_header, {}),
    "decimal commas": (_with_decimal_commas, {"decimal": ","}),
    "gaps": (_with_gaps, {}),
    "images": (_with_images, {}),
}
"""How they are made, and what is said about each."""


@pytest.mark.parametrize("kind", FILES)
def test_the_same_predictions_everywhere(tmp_path: Path, kind: str) -> None:
    make, said = FILES[kind]
    path, cells = make(tmp_path)
    engine, weights = Engine(), tmp_path / "w.npz"
    experiment = ask(engine, Locate(what=str(path))).experiment
    if said:
        experiment["data"].update(said)
        asked = Describe(experiment=experiment, suggest=True, refit=True)
        experiment = ask(engine, asked).experiment
    ask(engine, Open(experiment=experiment))
    engine.handle(Seek(update=UPDATES))
    finish(engine)
    ask(engine, Export(path=str(weights)))

    mine = _predictions(weights, cells)
    ended = tuiprop("predict", weights, path)
    assert ended.status == 0, ended.err
    _, *rows = csv.reader(io.StringIO(ended.out))
    written = np.array([[float(cell) for cell in row[len(row) > 1 :]] for row in rows])
    np.testing.assert_allclose(written, mine, rtol=1e-12, atol=1e-12)

    engine.handle(Move(updates=1))  # its a[L] is what the exported weights give
    finish(engine)
    matrix = ask(engine, look_at(window=Window(array=ArrayRef("a", 2), rows=99, columns=99)))[
        Numbers
    ].matrix
    assert matrix is not None
    of_table = [int(name.removeprefix("#")) for name in matrix.column_names]
    shown = _in_unit(weights, np.array(matrix.values).T)
    np.testing.assert_allclose(shown, mine[of_table, -shown.shape[1] :], rtol=1e-12, atol=1e-12)


def _stored(weights: Path) -> tuple[dict[str, Any], dict[str, NDArray[np.float64]]]:
    with np.load(weights) as arrays:
        return json.loads(str(arrays["tuiprop"])), {
            name: arrays[name] for name in arrays if name != "tuiprop"
        }


def _predictions(weights: Path, cells: Cells) -> NDArray[np.float64]:
    """From the raw cells: probabilities of all classes, or numbers in their unit."""
    stored, arrays = _stored(weights)
    columns = []
    for entry in stored["preparation"]:
        raw = cells[entry["column"]]
        if "category" in entry:
            values = [float(cell == entry["category"]) for cell in raw]
        else:
            values = [float(cell) if cell else entry["fill"] for cell in raw]
        columns.append([(value - entry["mean"]) / entry["deviation"] for value in values])
    a = np.tanh(arrays["W1"] @ np.array(columns) + arrays["b1"])
    z = arrays["W2"] @ a + arrays["b2"]
    activation = stored["experiment"]["network"]["layers"][-1]["activation"]
    if activation == "softmax":
        shares = np.exp(z) / np.exp(z).sum(axis=0)
        return shares.T  # type: ignore[no-any-return]
    if activation == "sigmoid":
        second = 1 / (1 + np.exp(-z.T))
        return np.hstack([1 - second, second])
    return _in_unit(weights, z.T)


def _in_unit(weights: Path, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers in the unit of their target."""
    for entry in _stored(weights)[0].get("targets", []):
        outputs = outputs * entry["deviation"] + entry["mean"]
    return outputs

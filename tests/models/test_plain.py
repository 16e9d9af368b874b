"""Every preparation that there is, in every format: from a table to predictions in its unit."""

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.models import compare_in_this_process, library, run_script
from tuiprop.data.catalogue import load_table
from tuiprop.data.preparation.encoding import encode
from tuiprop.models.export import export, remarks
from tuiprop.models.formats import READ
from tuiprop.models.weights import load_model
from tuiprop.session.session import open_session
from tuiprop.training.experiment import parse

COLUMNS = ("x", "y", "size", "colour", "t")


def table(folder: Path) -> Path:
    """Numbers, text in an order, text, and what is missing of each; the target is large."""
    generator = np.random.default_rng(0)
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in range(60):
            x, y = generator.normal(3, 2, 2).tolist()
            size, colour = ("s", "m", "l")[row % 3], ("red", "blue")[row % 2]
            cells: list[object] = [x, y, size, colour, 1e4 + 300 * x * y]
            if row % 10 == 3:
                cells[row % 4] = "NA"
            writer.writerow(cells)
    return folder / "table.csv"


def trained(folder: Path, dtype: str, derived: bool = False) -> Any:
    columns: dict[str, Any] = {
        "x": {"missing": "mean"},
        "y": {"missing": "median"},
        "size": {"encoding": "ordinal", "order": ["s", "m", "l"], "missing": "drop"},
        "colour": {"missing": "category"},
        "t": {"scaling": "standardize"},
    }
    if derived:
        columns |= {"size": {"use": False}, "colour": {"use": False}}
    session = open_session(
        parse(
            {
                "data": {
                    "source": str(table(folder)),
                    "columns": columns,
                    "derived": ["x1^2", "x1*x2", "sin(x2)"] if derived else [],
                },
                "network": {
                    "layers": [
                        {"units": 5, "activation": "tanh"},
                        {"units": 1, "activation": "linear"},
                    ],
                    "loss": "mse",
                },
                "training": {"dtype": dtype, "epochs": 3},
            }
        )
    )
    session.run.advance(session.run.last_update)
    return session


def expected(session: Any) -> tuple[Any, Any]:
    """Raw inputs of the rows of the table that are used, and their predictions."""
    rows = np.sort(
        np.concatenate([session.examples.training.rows, session.examples.validation.rows])
    )
    raw = encode(session.model.preparation, load_table(session.experiment.data), rows)
    return rows, session.model.predict(raw)


def near(found: Any, predictions: Any, dtype: str) -> None:
    allowed = 1e-12 if dtype == "float64" else 1e-5
    assert np.abs(found - predictions).max() <= allowed * np.abs(predictions).max()


each_dtype = pytest.mark.parametrize("dtype", ["float64", "float32"])


@each_dtype
@pytest.mark.parametrize("derived", [False, True])
def test_the_unit_of_the_target(tmp_path: Path, dtype: str, derived: bool) -> None:
    session = trained(tmp_path, dtype, derived)
    names = [one.name for one in session.model.preparation]
    if derived:
        assert names == ["x", "y", "x²", "x·y", "sin y"]
    else:
        assert names == ["x", "y", "size", "colour=blue", "colour=red", "colour=(missing)"]
    assert expected(session)[1].mean() > 9000
    for suffix in READ:
        export(session.model, tmp_path / f"w{suffix}")
        again = load_model(tmp_path / f"w{suffix}")
        assert again.preparation == session.model.preparation
        assert again.targets == session.model.targets


@pytest.mark.oracle
@pytest.mark.parametrize(("derived", "dtype"), [(False, "float32"), (True, "float64")])
@pytest.mark.parametrize("suffix", [".py", "_torch.py", "_sklearn.py"])
def test_scripts_take_the_table_as_it_is(
    tmp_path: Path, suffix: str, dtype: str, derived: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if suffix != ".py":
        library({"_torch.py": "torch", "_sklearn.py": "sklearn"}[suffix])
    compare_in_this_process(monkeypatch)
    session = trained(tmp_path, dtype, derived)
    exported = export(session.model, tmp_path / f"w{suffix}")
    assert exported.difference is not None
    rows, predictions = expected(session)
    with (tmp_path / "table.csv").open(newline="") as file:
        header, *lines = csv.reader(file)
    with (tmp_path / "used.csv").open("w", newline="") as file:
        csv.writer(file).writerows([header, *(lines[row] for row in rows.tolist())])
    done = run_script(tmp_path / f"w{suffix}", "used.csv")
    assert (done.returncode, done.stderr) == (0, "")
    name, *found = done.stdout.splitlines()
    assert name == "t"
    near(np.array(found, np.float64)[:, None], predictions, dtype)


@pytest.mark.oracle
@each_dtype
@pytest.mark.parametrize("derived", [False, True])
def test_onnx_fills_in_and_scales_back(tmp_path: Path, dtype: str, derived: bool) -> None:
    library("onnx")
    runtime = library("onnxruntime")
    model = trained(tmp_path, dtype, derived).model
    path = str(tmp_path / "w.onnx")
    assert remarks(model, path).startswith(
        "inputs are numbers: x², x·y, " if derived else "inputs are numbers: size, colour="
    )
    export(model, path)
    rows = np.random.default_rng(1).normal(size=(9, model.network.inputs))
    rows = rows.astype(dtype).astype(np.float64)
    rows[0, :2] = np.nan
    (found,) = runtime.InferenceSession(path).run(None, {"input": rows.astype(dtype)})
    near(found, model.predict(rows), dtype)

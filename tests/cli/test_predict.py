"""`tuiprop predict`: predictions out, from the command line."""

import csv
import io
import json
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import tuiprop as python
from tests.cli.command import experiment, sentence, tuiprop
from tests.hostile import run_here
from tuiprop.cli import main
from tuiprop.core.array import Array
from tuiprop.data.readers.builtin import read_builtin


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Iris after four epochs."""
    path = tmp_path / "w.npz"
    assert tuiprop("train", experiment(tmp_path), "--export", path).status == 0
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "flowers.csv"
    assert tuiprop("datasets", "iris", "--out", path).status == 0
    return path


def expected(model: Path) -> Array:
    columns = read_builtin("iris").columns[:-1]
    rows = np.column_stack([column.values for column in columns]).astype(np.float64)
    return python.open(model).predict(rows)


def test_predictions_are_those_of_python(model: Path, table: Path) -> None:
    ended = tuiprop("predict", model, table)
    assert ended.status == 0
    header, *rows = csv.reader(io.StringIO(ended.out))
    assert header == ["prediction", "p_setosa", "p_versicolor", "p_virginica"]
    shares = np.array([[float(cell) for cell in row[1:]] for row in rows])
    np.testing.assert_array_equal(shares, expected(model))
    names = [header[1 + k].removeprefix("p_") for k in shares.argmax(axis=1)]
    assert [row[0] for row in rows] == names
    right = read_builtin("iris")["species"].values
    accuracy = np.mean([one == other for one, other in zip(names, right, strict=True)])
    places = [header.index(f"p_{y}") - 1 for y in right]
    loss = -np.log(shares[np.arange(150), places]).mean()
    assert ended.err == f"150 rows: accuracy {accuracy:.2%}  cross_entropy {loss:.6g}\n"


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_every_format_holds_every_digit(
    model: Path, table: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"out{suffix}"
    ended = tuiprop("predict", model, table, "--out", out)
    assert (ended.status, ended.out) == (0, f"{out}: 150 rows\n")
    if suffix == ".parquet":
        rows = pl.read_parquet(out).to_dicts()
    elif suffix == ".csv":
        rows = list(csv.DictReader(io.StringIO(out.read_text())))
    else:
        rows = [json.loads(line) for line in out.read_text().splitlines()]
    names = [name for name in rows[0] if name != "prediction"]
    found = [[float(row[name]) for name in names] for row in rows]
    np.testing.assert_array_equal(found, expected(model))


def test_standard_input_and_output(model: Path, table: Path) -> None:
    arguments = ["predict", str(model), "-", "--out", "-"]
    piped = CliRunner().invoke(main, arguments, input=table.read_bytes())
    assert piped.exit_code == 0
    assert piped.stdout == tuiprop("predict", model, table).out


def test_numbers_and_their_scores(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    (tmp_path / "t.csv").write_text("x,y\n" + "".join(f"{i},{3 * i}\n" for i in range(20)))
    (tmp_path / "e.toml").write_text(
        '[data]\nsource = "t.csv"\n[network]\nlayers = [{ units = 1, activation = "linear" }]\n'
    )
    assert tuiprop("train", tmp_path / "e.toml", "--export", path).status == 0
    ended = tuiprop("predict", path, tmp_path / "t.csv")
    assert ended.out.startswith("prediction\n")
    lines = ended.err.splitlines()
    assert lines[0].startswith("20 rows: mse ")
    assert lines[1].startswith("y: R² 0.9")
    (tmp_path / "t.csv").write_text("x,y\n1,3\n")
    ended = tuiprop("predict", path, tmp_path / "t.csv")
    assert ended.err.startswith("1 row: mse ")
    assert "y: R² undefined, all values are equal  MAE " in ended.err
    (tmp_path / "t.csv").write_text("x\n1\n")
    assert tuiprop("predict", path, tmp_path / "t.csv").err == ""


def test_what_cannot_be_is_one_sentence(model: Path, table: Path, tmp_path: Path) -> None:
    assert ".csv, .parquet, .jsonl, got .txt" in sentence(
        tuiprop("predict", model, table, "--out", tmp_path / "out.txt")
    )
    assert "there is no such file" in sentence(tuiprop("predict", model, tmp_path / "no.csv"))
    assert "cannot be read" in sentence(tuiprop("predict", tmp_path / "no.npz", table))
    assert "data.heading is not a key" in sentence(
        tuiprop("predict", model, table, "--set", "data.heading=true")
    )
    table.write_text("sepal_length,petal_width\n1,2\n")
    assert "got sepal_length, petal_width without sepal_width, petal_length" in sentence(
        tuiprop("predict", model, table)
    )
    np.savez(tmp_path / "bare.npz", W1=np.eye(2), b1=np.zeros((2, 1)))
    assert "but not the activations" in sentence(tuiprop("predict", tmp_path / "bare.npz", table))


def test_nobody_reads_any_more(model: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        ended = run_here("predict", model, "iris", stdout=pipe)
    assert ended.stderr.count(b"\n") == 1
    assert b"accuracy" in ended.stderr


def test_a_note_says_what_is_odd(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("c,y\n" + "a,0\nb,1\n" * 10)
    (tmp_path / "e.toml").write_text('[data]\nsource = "t.csv"\n[training]\nepochs = 1\n')
    tuiprop("train", tmp_path / "e.toml", "--export", tmp_path / "w.npz")
    (tmp_path / "t.csv").write_text("c\nz\na\n")
    ended = tuiprop("predict", tmp_path / "w.npz", tmp_path / "t.csv")
    assert ended.status == 0
    assert ended.err.startswith(f'note: {tmp_path / "t.csv"}, line 2, column "c": ')

"""However a cell is written, a model gives the same prediction for it, and so does its script."""

import csv
import io
import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tuiprop
from tests.data.files import convert_in_this_process
from tests.models.models import close, compare_in_this_process, library, run_script
from tuiprop.core.array import Array
from tuiprop.data.preparation.encoding import encode
from tuiprop.data.preparation.examples import prepare
from tuiprop.data.readers.formats import read_table
from tuiprop.data.table import DataError
from tuiprop.models.export import export
from tuiprop.models.model import Model
from tuiprop.models.predict import Predictions, predict, table_for
from tuiprop.training.experiment import parse

HEADER = ["flag", "code", "size", "gap", "word", "x"]
ROWS = [
    ["True", "1", "10", "-999", "é", "0.5"],
    ["False", "2", "9", "3", "b", "-2"],
    ["True", "3", "8.5", "1", "", "7e-3"],
    ["False", "1", "10", "2.5", "b", "1000"],
]
COLUMNS: dict[str, Any] = {
    "code": {"encoding": "one-hot"},
    "size": {"encoding": "ordinal", "order": ["8.50", "9", "10.0"]},
    "gap": {"missing": "mean"},
    "word": {"missing": "category"},
}
DATA: dict[str, Any] = {"missing_values": ["-999.0"], "validation": 0, "columns": COLUMNS}


def as_csv(rows: list[list[str]], header: list[str] = HEADER) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


def trained(folder: Path, rows: list[list[str]], **data: Any) -> Model:
    path = folder / "t.csv"
    path.write_text(as_csv([[*row, str(i)] for i, row in enumerate(rows)], [*HEADER, "y"]))
    raw = {"data": {"source": str(path), **DATA, **data}, "training": {"epochs": 2}}
    tuiprop.save(tuiprop.train(parse(raw)), folder / "w.npz")
    return tuiprop.open(folder / "w.npz")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("model"), ROWS * 6)


@pytest.fixture(scope="module")
def exported(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("script") / "w.py"
    export(model, path)
    return path


@pytest.fixture(scope="module")
def script(exported: Path) -> dict[str, Any]:
    return runpy.run_path(str(exported))


def predicted(model: Model, path: Path, content: str | None = None) -> Predictions:
    if content is not None:
        path.write_text(content)
    return predict(model, table_for(model, str(path)))


def of_number(cell: str) -> list[str]:
    mantissa, _, exponent = cell.partition("e")
    point = "" if "." in mantissa else "."
    spellings = [cell, f"{mantissa}e{exponent or 0}", f"{mantissa}{point}00e{exponent or '+0'}"]
    signed = [each if each.startswith("-") else f"+{each}" for each in spellings]
    zeros = [each.replace("-", "-0") if "-" in each[:1] else f"00{each}" for each in spellings]
    return [*spellings, *signed, *zeros]


SPELLINGS: dict[str, Callable[[str], list[str]]] = {
    "flag": lambda cell: [cell, cell.lower(), cell.upper(), *of_number(str(int(cell == "True")))],
    "word": lambda cell: [cell, "e\u0301" if cell == "é" else cell, cell or "  "],
} | dict.fromkeys(["code", "size", "gap", "x"], of_number)
AROUND = ["{}", " {}", "{}\t", ' "{}" ', "\u00a0{} "]


@st.composite
def spelled(draw: st.DrawFn) -> list[list[str]]:
    rows = []
    for row in ROWS:
        cells = (
            draw(st.sampled_from(SPELLINGS[name](cell)))
            for name, cell in zip(HEADER, row, strict=True)
        )
        rows.append([draw(st.sampled_from(AROUND)).format(cell) for cell in cells])
    return rows


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spelled())
def test_any_spelling_gives_the_same_prediction(
    model: Model, script: dict[str, Any], tmp_path: Path, rows: list[list[str]]
) -> None:
    expected = predicted(model, tmp_path / "own.csv", as_csv(ROWS)).outputs
    found = predicted(model, tmp_path / "other.csv", as_csv(rows))
    np.testing.assert_array_equal(found.outputs, expected)
    assert not [note for note in found.notes if "does not occur" in note]
    inputs = script["read"](str(tmp_path / "other.csv"))
    np.testing.assert_array_equal(inputs, script["read"](str(tmp_path / "own.csv")))
    close(script["predict"](inputs), expected)
    raw = encode(model.preparation, read_table(tmp_path / "own.csv", table_settings(tmp_path)))
    np.testing.assert_array_equal(inputs, raw)
    pl.DataFrame(rows, schema=HEADER, orient="row").write_ndjson(tmp_path / "o.jsonl")
    np.testing.assert_array_equal(predicted(model, tmp_path / "o.jsonl").outputs, expected)


def table_settings(folder: Path) -> Any:
    columns = {name: each for name, each in COLUMNS.items() if "encoding" in each}
    raw = {"source": str(folder / "own.csv"), "missing_values": ["-999"], "columns": columns}
    return parse({"data": raw}).data


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spelled())
def test_any_spelling_gives_the_same_validation_example(
    tmp_path: Path, rows: list[list[str]]
) -> None:
    own = [[*row, str(i)] for i, row in enumerate(ROWS)]
    (tmp_path / "t.csv").write_text(as_csv(own * 6, [*HEADER, "y"]))
    (tmp_path / "v.csv").write_text(
        as_csv([[*row, str(i)] for i, row in enumerate(rows)], [*HEADER, "y"])
    )
    data = DATA | {"source": str(tmp_path / "t.csv"), "validation": str(tmp_path / "v.csv")}
    experiment = parse({"data": data})
    done = prepare(experiment, read_table(tmp_path / "t.csv", experiment.data))
    np.testing.assert_array_equal(done.validation.inputs, done.training.inputs[:4])


def test_types_of_a_file_are_other_spellings(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    convert_in_this_process(monkeypatch)
    expected = predicted(model, tmp_path / "own.csv", as_csv(ROWS)).outputs
    typed = [
        [row[0] == "True", float(row[1]), float(row[2]), float(row[3]), row[4] or None,
         float(row[5])]
        for row in ROWS
    ]  # fmt: skip
    frame = pl.DataFrame(typed, schema=HEADER, orient="row")
    whole = frame.with_columns(pl.col("code").cast(pl.Int8), pl.col("size").cast(pl.Float32))
    texts = frame.with_columns(pl.col("code", "size", "x").cast(pl.String))
    for number, each in enumerate((frame, whole, texts)):
        each.write_parquet(tmp_path / f"{number}.parquet")
        each.write_ndjson(tmp_path / f"{number}.jsonl")
        for suffix in ("parquet", "jsonl"):
            found = predicted(model, tmp_path / f"{number}.{suffix}")
            np.testing.assert_array_equal(found.outputs, expected)


def test_a_model_that_was_stored_before_keeps_working(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare_in_this_process(monkeypatch)
    expected = predicted(model, tmp_path / "own.csv", as_csv(ROWS)).outputs
    old = {"1": "1.0", "2": "+2", "True": "TRUE", "é": "e\u0301"}
    preparation = tuple(
        replace(each, category=old.get(each.category or "", each.category))
        for each in model.preparation
    )
    before = replace(model, preparation=preparation)
    np.testing.assert_array_equal(predicted(before, tmp_path / "own.csv").outputs, expected)
    export(before, tmp_path / "old.py")
    module = runpy.run_path(str(tmp_path / "old.py"))
    close(module["predict"](module["read"](str(tmp_path / "own.csv"))), expected)


def test_categories_with_a_decimal_comma(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compare_in_this_process(monkeypatch)
    path = tmp_path / "t.csv"
    path.write_text("c;x;y\n" + "0,5;1,5;1\n1,0;2,5;2\n" * 6)
    data = {"source": str(path), "decimal": ",", "columns": {"c": {"encoding": "one-hot"}}}
    tuiprop.save(
        tuiprop.train(parse({"data": data, "training": {"epochs": 1}})), tmp_path / "w.npz"
    )
    model = tuiprop.open(tmp_path / "w.npz")
    expected = predicted(model, path, "c;x\n0,5;1,5\n1,0;2,5\n").outputs
    (tmp_path / "t.jsonl").write_text('{"c":0.50,"x":1.5}\n{"c":1,"x":2.5}\n')
    np.testing.assert_array_equal(predicted(model, tmp_path / "t.jsonl").outputs, expected)
    export(model, tmp_path / "w.py")
    module = runpy.run_path(str(tmp_path / "w.py"))
    close(module["predict"](module["read"](str(path))), expected)


UNKNOWN = {"flag": "perhaps", "code": "77", "word": "z"}


@pytest.mark.parametrize("name", UNKNOWN)
def test_a_column_of_which_no_cell_is_known_is_refused(
    model: Model, script: dict[str, Any], tmp_path: Path, name: str
) -> None:
    path, k = tmp_path / "t.csv", HEADER.index(name)
    rows = [[*row[:k], UNKNOWN[name], *row[k + 1 :]] for row in ROWS]
    with pytest.raises(DataError) as caught:
        predicted(model, path, as_csv(rows))
    error = caught.value
    assert error.file == str(path)
    assert (error.place, error.found) == (f'line 2, column "{name}"', f'"{UNKNOWN[name]}"')
    with pytest.raises(ValueError, match=f"{name}.*{UNKNOWN[name]}"):
        script["read"](str(path))


@pytest.mark.parametrize("name", UNKNOWN)
def test_some_unknown_cells_are_a_note(
    model: Model,
    script: dict[str, Any],
    tmp_path: Path,
    name: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path, k = tmp_path / "t.csv", HEADER.index(name)
    rows = [*ROWS, [*ROWS[1][:k], UNKNOWN[name], *ROWS[1][k + 1 :]]]
    found = predicted(model, path, as_csv(rows))
    assert len(found.notes) == 1
    inputs = script["read"](str(path))
    assert UNKNOWN[name] in capsys.readouterr().err
    close(script["predict"](inputs), found.outputs)


@pytest.mark.parametrize(
    ("column", "cell"),
    [("x", "1_000"), ("x", "\u0661"), ("x", "inf"), ("x", ""), ("x", "red"), ("size", "11"),
     ("flag", ""), ("size", "")],
)  # fmt: skip
def test_a_script_refuses_what_predict_refuses(
    model: Model, script: dict[str, Any], tmp_path: Path, column: str, cell: str
) -> None:
    path, k = tmp_path / "t.csv", HEADER.index(column)
    text = as_csv([*ROWS, [*ROWS[1][:k], cell, *ROWS[1][k + 1 :]]])
    with pytest.raises(DataError):
        predicted(model, path, text)
    with pytest.raises(ValueError, match=f"line 6: column '{column}': expected .*, got "):
        script["read"](str(path))


@pytest.mark.oracle
@pytest.mark.parametrize("suffix", [".py", "_torch.py", "_sklearn.py"])
def test_a_script_reads_what_it_was_trained_on(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if suffix != ".py":
        library({"_torch.py": "torch", "_sklearn.py": "sklearn"}[suffix])
    compare_in_this_process(monkeypatch)
    path = tmp_path / "t.csv"
    names = [" a\r\n", "b\r\rb", "\u00a0c", "e\u0301"]
    rows = [[str(i), "True" if i % 3 else "false", str(i % 2), f" {i * i}"] for i in range(12)]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([names, *rows])
    path.write_bytes(text.getvalue().encode())
    tuiprop.save(
        tuiprop.train(parse({"data": {"source": str(path)}, "training": {"epochs": 1}})),
        tmp_path / "w.npz",
    )
    model = tuiprop.open(tmp_path / "w.npz")
    expected = predicted(model, path).outputs
    export(model, tmp_path / f"w{suffix}")
    done = run_script(tmp_path / f"w{suffix}", path)
    assert (done.returncode, done.stderr) == (0, "")
    found: Array = np.array([[float(line)] for line in done.stdout.splitlines()[1:]])
    close(found, expected)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a,b\n1,2\n", "flag"), (b"", "flag"), (b"\xff\n", "utf-8"), (b"flag,code\n\xff", "utf-8")],
)
def test_a_script_ends_in_one_sentence(
    exported: Path, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    done = run_script(exported, path)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert str(path) in done.stderr
    assert words in done.stderr


def test_the_three_ways_to_write_booleans(tmp_path: Path) -> None:
    """Pandas writes True to CSV, and true to Parquet and JSON lines."""
    flags = [i % 3 == 0 for i in range(30)]
    frame = pl.DataFrame({"smoker": flags, "age": range(30)})
    (tmp_path / "t.csv").write_text(
        "smoker,age,risk\n" + "".join(f"{f},{i},{'lh'[f]}\n" for i, f in enumerate(flags))
    )
    frame.write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.jsonl").write_text("".join(json.dumps(r) + "\n" for r in frame.to_dicts()))
    session = tuiprop.train(
        parse({
            "data": {"source": str(tmp_path / "t.csv")},
            "training": {"epochs": 100, "learning_rate": 0.3},
        })
    )  # fmt: skip
    tuiprop.save(session, tmp_path / "w.npz")
    model = tuiprop.open(tmp_path / "w.npz")
    assert [each.category for each in model.preparation[:2]] == ["False", "True"]
    expected = predicted(model, tmp_path / "t.csv")
    assert expected.scores is not None
    assert expected.scores.accuracy == 1.0
    for suffix in ("parquet", "jsonl"):
        found = predicted(model, tmp_path / f"t.{suffix}")
        np.testing.assert_array_equal(found.outputs, expected.outputs)
        assert found.notes == ()


def test_targets_of_another_spelling_are_scored(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{i},{i % 3 > 0}\n" for i in range(30)))
    session = tuiprop.train(parse({"data": {"source": str(path)}, "training": {"epochs": 1}}))
    tuiprop.save(session, tmp_path / "w.npz")
    model = tuiprop.open(tmp_path / "w.npz")
    expected = predicted(model, path).scores
    for words in (("false", "TRUE"), ("0", "1"), ("-0", "1.0")):
        text = "x,y\n" + "".join(f"{i},{words[i % 3 > 0]}\n" for i in range(30))
        assert predicted(model, path, text).scores == expected
    found = predicted(model, path, "x,y\n1,maybe\n2,?\n")
    assert found.scores is None
    assert len(found.notes) == 1


def test_the_order_of_classes_of_a_first_line_is_noted(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{i},{i * i},{i % 2}\n" for i in range(20))
    for names, count in (("malignant,benign", 1), ("benign,malignant", 0)):
        path.write_text(f"20,2,{names}\n{rows}")
        session = tuiprop.train(parse({"data": {"source": str(path)}, "training": {"epochs": 1}}))
        assert session.examples.classes == ("benign", "malignant")
        tuiprop.save(session, tmp_path / "w.npz")
        found = predicted(tuiprop.open(tmp_path / "w.npz"), path)
        for notes in (session.examples.notes, found.notes):
            about = [note for note in notes if "0 = benign, 1 = malignant" in note]
            assert len(about) == count
            assert all("0 = malignant, 1 = benign" in note for note in about)

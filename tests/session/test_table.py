"""What is seen of a table: columns, what is done with them, what comes of it."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.session.runs import ask, refusal
from tuiprop.protocol.messages.base import Refused
from tuiprop.protocol.messages.data import Check, ColumnNote, Describe, Described, Tables
from tuiprop.protocol.messages.opening import Locate, Open
from tuiprop.protocol.server import Engine
from tuiprop.session import session
from tuiprop.session.views import table as table_view


def _row(i: int) -> str:
    age = "" if i % 7 == 0 else 20 + i % 9
    port = "SCQ"[i % 3] if i % 5 else ""
    return f"P{i},{age},{port},{'yes' if i % 4 else 'no'}\n"


UNTIDY = "name,age,port,survived\n" + "".join(map(_row, range(40)))


@pytest.fixture
def untidy(tmp_path: Path) -> str:
    """Names, missing numbers, missing text."""
    path = tmp_path / "untidy.csv"
    path.write_text(UNTIDY)
    return str(path)


def described(experiment: Tables, **asked: Any) -> Described:
    return ask(Engine(), Describe(experiment=experiment, **{"count": 99, **asked}))


def of_file(path: str, **data: Any) -> Tables:
    return {"data": {"source": path, **data}}


def note(found: Described, name: str) -> ColumnNote:
    return next(each for each in found.columns if each.name == name)


def test_a_set_that_comes_with_it() -> None:
    found = described(of_file("iris"))
    assert found.reading is None
    assert (found.rows, len(found.names), found.refused) == (150, 5, None)
    assert found.outline is not None
    assert (found.outline.training, found.outline.validation) == (120, 30)
    width = note(found, "petal_width")
    assert (width.kind, width.low, width.high, width.distinct) == ("number", 0.1, 2.5, 22)
    assert sum(width.bars) == 150
    assert width.cells[:3] == ["0.2", "0.2", "0.2"]
    assert (width.role, width.encoding, width.on_missing, width.scaling) == (
        "input", "number", "refuse", "standardize",
    )  # fmt: skip
    species = note(found, "species")
    assert (species.role, species.encodings, species.scalings) == ("target", [], [])


def test_what_suits_a_table_is_suggested_and_trains(untidy: str) -> None:
    found = described(of_file(untidy), suggest=True)
    assert found.outline is not None
    assert found.experiment["data"]["columns"] == {
        "name": {"use": False},
        "*": {"missing": "median"},
    }
    assert note(found, "name").role == "left out"
    assert note(found, "name").flags == ["identifier"]
    assert (note(found, "age").on_missing, note(found, "port").on_missing) == ("median", "category")
    assert found.outline.notes == [
        "column age: 6 missing cells, replaced by the median of the training examples",
        "left out: name",
    ]
    located = ask(Engine(), Locate(what=untidy))
    assert (located.suggested, located.experiment) == (True, found.experiment)
    ask(Engine(), Check(experiment=located.experiment))


def test_nothing_is_suggested_unasked(untidy: str) -> None:
    found = described(of_file(untidy))
    assert found.outline is None
    assert found.refused is not None
    assert found.refused.key == "data.columns.name"
    assert len(found.columns) == 4
    said = of_file(untidy, columns={"name": {"use": False}})
    assert described(said, suggest=True).experiment["data"]["columns"] == {"name": {"use": False}}


def test_a_file_that_is_no_table_yet_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("size;price\n" + "".join(f"{i},5;{2 * i},25\n" for i in range(9)))
    found = described(of_file(str(path)), suggest=True)
    assert (found.names, found.columns, found.outline) == ([], [], None)
    assert found.refused is not None
    assert 'data.decimal = "," reads decimal commas' in found.refused.sentence
    assert found.reading is not None
    assert (found.reading.delimiter, found.reading.header) == (";", "columns")
    assert found.reading.lines[:2] == ["size;price", "0,5;0,25"]
    found = described(of_file(str(path), decimal=","), suggest=True)
    assert found.outline is not None
    assert (note(found, "size").low, note(found, "size").high) == (0.5, 8.5)


def test_a_file_that_no_reading_helps_is_refused(tmp_path: Path) -> None:
    nothing = Describe(experiment=of_file(str(tmp_path / "no.csv")))
    assert "there is no such file" in refusal(Engine(), nothing).sentence
    empty, binary = tmp_path / "empty.csv", tmp_path / "binary.csv"
    empty.write_bytes(b"")
    binary.write_bytes(b"a,b\n\0\0\n")
    assert "the file is empty" in refusal(Engine(), Locate(what=str(empty))).sentence
    assert "NUL" in refusal(Engine(), Locate(what=str(binary))).sentence
    assert refusal(Engine(), Describe(experiment=of_file("nowhere"))).key == "data.source"


def test_arrays_wait_for_a_word(tmp_path: Path) -> None:
    path = tmp_path / "arrays.npz"
    np.savez(path, X=np.arange(60.0).reshape(20, 3), y=np.arange(20) % 2)
    found = described(of_file(str(path)))
    assert found.reading is not None
    assert (found.reading.format, found.names) == ("numpy", [])
    assert described(of_file(str(path), examples="rows")).names == ["X_0", "X_1", "X_2", "y"]
    located = ask(Engine(), Locate(what=str(path)))
    assert (located.suggested, located.weights) == (True, None)
    (tmp_path / "broken.npz").write_bytes(b"PK")
    assert "broken.npz" in refusal(Engine(), Locate(what=str(tmp_path / "broken.npz"))).sentence


def test_images_are_looked_at_some_columns_at_a_time(tmp_path: Path) -> None:
    images, labels = tmp_path / "t-images-idx3-ubyte", tmp_path / "t-labels-idx1-ubyte"
    pixels = np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype("u1")
    images.write_bytes(struct.pack(">IIII", 2051, 30, 28, 28) + pixels.tobytes())
    labels.write_bytes(struct.pack(">II", 2049, 30) + bytes(i % 3 for i in range(30)))
    found = described(of_file(str(images)), first=780, count=9)
    assert (found.first, len(found.columns), len(found.names)) == (780, 5, 785)
    assert found.columns[0].name == "pixel_27_24"
    assert found.columns[-1].role == "target"
    assert found.reading is not None
    assert found.reading.format == "idx"


def test_the_pseudo_header_of_scikit_learn(tmp_path: Path) -> None:
    path = tmp_path / "bc.csv"
    path.write_text("4,2,malignant,benign\n1,2,0\n2,3,1\n3,5,0\n4,4,1\n")
    found = described(of_file(str(path)))
    assert found.reading is not None
    assert found.reading.header == "classes"
    assert note(found, "target").categories == ["benign", "malignant"]


@pytest.mark.parametrize(
    ("column", "encodings", "on_missings", "scalings"),
    [
        ({}, ["number", "one-hot", "ordinal"], 5, 3),
        ({"encoding": "one-hot"}, ["one-hot", "ordinal", "number"], 3, 0),
        ({"encoding": "ordinal"}, ["one-hot", "ordinal", "number"], 5, 3),
    ],
)
def test_what_can_be_done_with_a_column_can_be_done(
    tmp_path: Path, column: dict[str, str], encodings: list[str], on_missings: int, scalings: int
) -> None:
    path = tmp_path / "t.csv"
    rows = "".join(f"{'' if i == 5 else i % 4},{i},{i % 2}\n" for i in range(24))
    path.write_text("a,b,y\n" + rows)

    def of(settings: dict[str, str]) -> Described:
        return described(of_file(str(path), columns={"a": {"missing": "drop", **settings}}))

    found = note(of(column), "a")
    assert found.encodings == encodings
    assert (len(found.on_missings), len(found.scalings)) == (on_missings, scalings)
    for field, values in (("missing", found.on_missings), ("scaling", found.scalings)):
        for value in values:
            if value != "refuse":
                result = of({**column, field: value})
                assert result.refused is None
                kept = note(result, "a")
                assert value == (kept.on_missing if field == "missing" else kept.scaling)


def test_another_target_brings_its_loss_and_output() -> None:
    layers = [{"units": 5, "activation": "relu"}, {"units": 3, "activation": "softmax"}]
    tables: Tables = {
        "data": {"source": "iris", "target": "petal_length"},
        "network": {"layers": layers, "loss": "cross_entropy"},
    }
    assert described(tables).refused is not None
    found = described(tables, refit=True)
    assert found.outline is not None
    assert found.experiment["network"]["loss"] == "mse"
    assert found.experiment["network"]["layers"] == [
        layers[0],
        {"units": 1, "activation": "linear"},
    ]
    assert note(found, "petal_length").scalings == ["standardize", "range", "none"]


def test_columns_that_split_or_give_away(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "fold,x,copy,y\n"
        + "".join(f"{int(i > 15)},{i * i % 7},{i % 3},{i % 3}\n" for i in range(20))
    )
    found = described(of_file(str(path), validation={"column": "fold"}))
    assert note(found, "fold").role == "split"
    assert note(found, "copy").flags == ["gives away"]
    assert found.outline is not None
    assert (found.outline.training, found.outline.validation) == (16, 4)


def test_looking_again_reads_and_sums_up_nothing(
    untidy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    first = ask(engine, Describe(experiment=of_file(untidy), suggest=True, count=2))
    for name in ("load_table", "prepare", "summary_of"):
        monkeypatch.setattr(table_view, name, None)
    again = ask(engine, Describe(experiment=first.experiment, count=2))
    assert again == first


def test_what_was_looked_at_is_opened_without_preparing_it_again(
    untidy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine()
    experiment = ask(engine, Locate(what=untidy)).experiment
    with monkeypatch.context() as patched:
        patched.setattr(session, "prepare", None)
        ask(engine, Open(experiment=experiment))
    again = Open(experiment={**experiment, "data": {**experiment["data"], "seed": 7}})
    ask(engine, again)  # other examples
    ask(engine, Open(experiment=experiment))  # the first ones belong to the first run


@settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(st.text('01.5-e,;\t"?yesnoä \r', max_size=12), max_size=6).map(
            lambda lines: "\n".join(lines).encode()
        ),
        st.lists(
            st.tuples(*[st.sampled_from(["", "1", "2.5", "a", "b", "?", "1e400", "1,5"])] * 3),
            min_size=1,
            max_size=14,
        ).map(lambda rows: "\n".join(map(";".join, [("x", "y", "z"), *rows])).encode()),
    )
)
def test_any_bytes_are_shown_or_give_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    engine = Engine()
    request = Describe(experiment=of_file(str(path)), suggest=True, refit=True, count=5)
    found = engine.handle(request)
    sentences = [found] if isinstance(found, Refused) else []
    if isinstance(found, Described):
        assert (found.outline is None) != (found.refused is None)
        sentences += [found.refused] if found.refused else []
        if found.outline is not None:
            ask(engine, Open(experiment=found.experiment))
    for refused in sentences:
        assert "the engine could not" not in refused.sentence
        assert "\n" not in refused.sentence

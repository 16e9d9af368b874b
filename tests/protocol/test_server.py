import math
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from tests.session.runs import (
    LAST,
    ask,
    finish,
    go,
    look,
    look_at,
    opened,
    refusal,
    state_of,
    tables,
)
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.data.catalogue import CATALOGUE, suggested_experiment
from tuiprop.models.weights import load_model
from tuiprop.protocol.codec import decode_reply, decode_request, encode
from tuiprop.protocol.handlers import HANDLERS
from tuiprop.protocol.handlers.table import handler
from tuiprop.protocol.messages.arrays import Matrix, Numbers, Window
from tuiprop.protocol.messages.base import Refused, Request, Saving, Unsaved, kinds_of, reply_type
from tuiprop.protocol.messages.conditions import SetStops, Stop
from tuiprop.protocol.messages.data import Check, Describe, Described, Outline, Tables
from tuiprop.protocol.messages.decision_map import DecisionMapQuery
from tuiprop.protocol.messages.example_trace import ExampleTraceQuery
from tuiprop.protocol.messages.files import (
    Export,
    KeepRun,
    Save,
    SaveExperiment,
    SaveRecord,
    Snapshot,
)
from tuiprop.protocol.messages.frame import Look
from tuiprop.protocol.messages.moving import (
    Motion,
    MotionQuery,
    Move,
    Pause,
    Play,
    Position,
    PositionQuery,
    Seek,
    SetSpeed,
    Speed,
    Toggle,
)
from tuiprop.protocol.messages.opening import (
    Adopt,
    Forget,
    ListNames,
    Locate,
    Located,
    Open,
    Opened,
    Vocabulary,
)
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.pictures import WeightPicturesQuery
from tuiprop.protocol.messages.proof import SetMistake, Verify
from tuiprop.protocol.messages.scores import ScoresQuery
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.training import Costs, History, Layers
from tuiprop.protocol.messages.what_if import Keep, Revert, Try
from tuiprop.protocol.server import Engine
from tuiprop.protocol.state import State
from tuiprop.session import cursor as cursor_module
from tuiprop.session import motion as motion_module
from tuiprop.session.divergence import DivergedError, record_of
from tuiprop.session.session import Session, open_session
from tuiprop.session.views import table as table_view
from tuiprop.session.views import training as training_views
from tuiprop.session.views.arrays import figures_of
from tuiprop.session.views.operation import describe
from tuiprop.training.experiment import MOST_EPOCHS, load, parse, to_tables, to_toml
from tuiprop.training.run import Run
from tuiprop.update.arrays import ArrayRef, CellRef
from tuiprop.update.operations import operations


def session_at(update: int, experiment: Tables | None = None) -> Session:
    """The same run without an engine."""
    session = open_session(parse(experiment or tables()))
    session.run.advance(update)
    return session


def crossed(experiment: Tables) -> Tables:
    """With lists for tuples, as it arrives."""
    tables: Tables = msgspec.msgpack.decode(msgspec.msgpack.encode(experiment))
    return tables


def matrix(engine: Engine, symbol: str, layer: int, **window: int) -> Matrix:
    found = look(engine, symbol, layer, **window)[Numbers].matrix
    assert found is not None
    return found


CSV = "size,colour,weight\n" + "".join(
    f"{i},{'red' if i % 3 else 'blue'},{i * i / 10}\n" for i in range(1, 31)
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text(CSV)
    return path


# What is this


@pytest.mark.parametrize("name", CATALOGUE)
def test_locate_a_data_set(name: str) -> None:
    located = ask(Engine(), Locate(what=name))
    assert located.weights is None
    suggested = crossed(to_tables(suggested_experiment(name)))
    assert located.experiment["network"]["layers"] == suggested["network"]["layers"]
    assert located.experiment["training"] == suggested["training"]
    assert located.experiment["data"]["target"] == CATALOGUE[name].target
    assert "loss" in located.experiment["network"]


def test_locate_an_experiment(tmp_path: Path, table: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[data]\nsource = "table.csv"\n[training]\nepochs = 7\n')
    located = ask(Engine(), Locate(what=str(path)))
    assert located.experiment["training"]["epochs"] == 7
    assert located.experiment["data"]["source"] == table.as_posix()
    assert located.weights is None


def test_locate_a_table(table: Path) -> None:
    located = ask(Engine(), Locate(what=str(table)))
    assert located.experiment["data"] == {
        **located.experiment["data"], "source": str(table), "target": "weight"
    }  # fmt: skip
    assert located.experiment["network"]["loss"] == "mse"
    assert located.experiment["network"]["layers"][-1] == {"units": 1, "activation": "linear"}


def test_locate_a_table_without_a_suffix(
    table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    table.rename("table")
    located = ask(Engine(), Locate(what="table"))
    assert located.experiment["data"]["source"] == "./table"


def test_locate_a_model(tmp_path: Path) -> None:
    path = str(tmp_path / "w.npz")
    session = session_at(12)
    session.save(path)
    located = ask(Engine(), Locate(what=path))
    assert located == Located(experiment=crossed(to_tables(session.experiment)), weights=path)
    engine = opened(located.experiment, weights=located.weights)
    assert matrix(engine, "W", 2).values == session.parameters.W[2].tolist()
    assert look(engine, "W", 2)[Position].update == 0


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("irish", "iris"),
        ("none.csv", "none.csv: there is no such file"),
        ("none.toml", "none.toml: cannot be read: No such file"),
        ("none.npz", "none.npz: cannot be read: No such file"),
        ("", ""),
        ("a" * 5000, ""),
        ("a" * 5000 + ".csv", ""),
    ],
)
def test_locate_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert words in refusal(Engine(), Locate(what=what)).sentence


def test_locate_an_experiment_that_cannot_be(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('[data]\nsource = "iris"\n[training]\nepochs = -1\n')
    refused = refusal(Engine(), Locate(what=str(path)))
    assert refused.key == "training.epochs"
    assert refused.sentence.startswith(f"{path}: training.epochs must be ")
    assert refused.sentence.endswith(", got -1")


def test_the_vocabulary() -> None:
    found = ask(Engine(), ListNames())
    assert found.datasets == list(CATALOGUE)
    assert found.activations == [name for name in ACTIVATIONS if name != "softmax"]
    assert found.outputs == list(ACTIVATIONS)
    assert found.losses == list(LOSSES)
    assert found.optimizers == list(OPTIMIZERS) == list(found.options)
    assert found.options["adamw"]["weight_decay"] == 0.01
    betas = found.options["adam"]["betas"]
    assert isinstance(betas, tuple)
    assert betas == (0.9, 0.999)
    assert found.dtypes == ["float64", "float32"]


# Check and open


def test_an_outline() -> None:
    found = ask(Engine(), Check(experiment=tables()))
    assert found.sizes == [4, 5, 3]
    assert found.parameters == 5 * 5 + 6 * 3
    assert found.columns[-1] == "species"
    assert (found.rows, found.training, found.validation, found.per_epoch) == (150, 120, 30, 5)
    assert found.classes == ["setosa", "versicolor", "virginica"]
    assert found.experiment["network"]["loss"] == "cross_entropy"
    assert parse(found.experiment) == session_at(0).experiment


def test_an_outline_of_numbers(table: Path) -> None:
    experiment: Tables = {
        "data": {"source": str(table), "validation": 0.0},
        "training": {"batch_size": 0},
    }
    found = ask(Engine(), Check(experiment=experiment))
    assert found.sizes == [3, 8, 1]
    assert found.classes == []
    assert (found.training, found.validation, found.per_epoch) == (30, 0, 1)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"training": {"learning_rate": 0.0}}, "training.learning_rate"),
    ({"training": {"optimizer": "Adam"}}, "training.optimizer"),
    ({"training": {"options": {"momentum": 0.1}}}, "training.options.momentum"),
    ({"network": {"layers": [{"units": 3, "activation": "tanh"}]}}, "network.layers"),
    (
        {"network": {"layers": [{"units": 4, "activation": "softmax"}]}},
        "network.layers[0].units",
    ),
    ({"network": {"loss": "mse"}}, "network.loss"),
    ({"data": {"source": "iris", "target": "none"}}, "data.target"),
    ({"data": {"source": "iris", "columns": {"x": {"use": False}}}}, "data.columns.x"),
    ({"data": {"source": "irish"}}, "data.source"),
    ({"data": {"source": "none.csv"}}, "data.source"),
    ({"data": {}}, "data.source"),
    ({"extra": 1}, "extra"),
]


@pytest.mark.parametrize(("changes", "key"), REFUSED)
def test_refusals_name_the_key(changes: dict[str, Any], key: str) -> None:
    experiment = {"data": {"source": "iris"}, **changes}
    engine = opened()
    go(engine, 3)
    before = state_of(engine)
    assert refusal(engine, Check(experiment=experiment)).key == key
    assert refusal(engine, Open(experiment=experiment)).key == key
    assert state_of(engine) == before  # what was open stays open
    assert ask(engine, look_at()).run == 1


def test_runs_are_numbered() -> None:
    engine = Engine()
    for number in (1, 2, 3):
        reply = ask(engine, Open(experiment=tables()))
        assert reply.run == ask(engine, look_at()).run == number
        assert reply.outline == ask(engine, Check(experiment=tables()))
        go(engine, 3)


def test_open_with_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    W1, W2 = np.full((5, 4), 0.25), np.full((3, 5), -0.5)
    np.savez(path, W1=W1, b1=np.ones((5, 1)), W2=W2, b2=np.zeros((3, 1)))
    engine = opened(weights=str(path))
    assert matrix(engine, "W", 1).values == W1.tolist()
    assert matrix(engine, "b", 1).values == [[1.0]] * 5
    np.savez(path, W1=W1.T, b1=np.ones((5, 1)), W2=W2, b2=np.zeros((3, 1)))
    refused = refusal(engine, Open(experiment=tables(), weights=str(path)))
    assert refused.sentence.endswith("W1 is (4, 5), expected (5, 4): it looks transposed")
    assert refused.key == ""


def test_a_file_that_has_changed_is_read_again(table: Path) -> None:
    engine = Engine()
    experiment: Tables = {"data": {"source": str(table)}}
    assert ask(engine, Check(experiment=experiment)).rows == 30
    table.write_text(CSV + "31,red,3.5\n")
    assert ask(engine, Check(experiment=experiment)).rows == 31
    table.unlink()
    assert refusal(engine, Check(experiment=experiment)).key == "data.source"


def test_a_table_is_read_once(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine()
    experiment: Tables = {"data": {"source": str(table)}}
    ask(engine, Check(experiment=experiment))
    monkeypatch.setattr(table_view, "load_table", None)
    ask(engine, Check(experiment=experiment))
    ask(engine, Open(experiment=experiment))


@pytest.mark.parametrize(
    "request_",
    [Play(), Seek(update=3), Move(updates=1), look_at(), Save(), Export(path="a.npz"), Toggle()],
)
def test_nothing_is_open(request_: Request[Any]) -> None:
    assert refusal(Engine(), request_).sentence == "nothing is open yet"


def test_nothing_is_open_and_nothing_is_asked_of_it() -> None:
    engine = Engine()
    assert engine.work() is None
    ask(engine, Pause())
    ask(engine, SetSpeed(speed=Speed(rate=3.0)))


# Moving


def test_play_to_the_end() -> None:
    engine = opened()
    ask(engine, Play())
    assert ask(engine, look_at())[Motion].status == "playing"
    finish(engine)
    frame = ask(engine, look_at())
    assert (frame[Motion].status, frame[Position].update, frame[Position].epochs_done) == (
        "paused",
        LAST,
        8,
    )
    assert (frame[Position].epoch, frame[Position].batch, frame[Motion].updates_per_second) == (
        8,
        5,
        0.0,
    )
    assert state_of(engine) == session_at(LAST).run.trainer.state.tobytes()
    assert "8 epochs are done" in refusal(engine, Play()).sentence
    assert "8 epochs are done" in refusal(engine, Toggle()).sentence


def test_going_beyond_the_epochs_asked_for() -> None:
    engine = opened()
    assert go(engine, LAST + 7)[Position].update == LAST + 7
    refusal(engine, Play())
    assert go(engine, LAST - 1)[Position].update == LAST - 1
    ask(engine, Play())
    finish(engine)
    assert ask(engine, look_at())[Position].update == LAST


def test_no_epochs() -> None:
    engine = opened(tables(epochs=0))
    assert "0 epochs are done" in refusal(engine, Play()).sentence
    frame = ask(engine, look_at())
    assert (frame[Position].update, frame[History].length) == (0, 1)


def test_pause() -> None:
    engine = opened(tables(epochs=10**6))
    ask(engine, Play())
    for _ in range(3):
        assert engine.work() == 0.0
    ask(engine, Pause())
    frame = ask(engine, look_at())
    assert frame[Motion].status == "paused"
    assert frame[Position].update > 0
    finish(engine)
    assert ask(engine, look_at())[Position].update == frame[Position].update
    assert state_of(engine) == session_at(frame[Position].update).run.trainer.state.tobytes()


def test_toggle() -> None:
    engine = opened(tables(epochs=10**6))
    for status in ("playing", "paused", "playing", "paused"):
        ask(engine, Toggle())
        assert ask(engine, look_at())[Motion].status == status


def test_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    for module in (cursor_module, motion_module):
        monkeypatch.setattr(module, "perf_counter", lambda: now)
    monkeypatch.setattr(cursor_module, "MOMENT", inf)  # a busy machine does what is due too
    engine = opened()
    ask(engine, SetSpeed(speed=Speed(rate=1.0)))
    assert ask(engine, look_at())[Motion].status == "paused"  # it does not begin
    ask(engine, Play(speed=Speed(rate=4.0)))
    assert engine.work() == pytest.approx(0.25)
    assert ask(engine, look_at())[Position].update == 0
    now += 0.3
    engine.work()
    frame = ask(engine, look_at())
    assert (frame[Position].update, frame[Motion].status) == (1, "playing")
    assert frame[Motion].updates_per_second == pytest.approx(1 / 0.3)
    assert engine.work() == pytest.approx(0.2)
    now += 1.0
    engine.work()
    assert ask(engine, look_at())[Position].update == 5
    ask(engine, SetSpeed(speed=Speed(rate=10.0)))
    assert engine.work() == pytest.approx(0.1)
    now += 0.25
    engine.work()
    frame = ask(engine, look_at())
    assert (frame[Position].update, frame[Motion].status) == (7, "playing")
    ask(engine, SetSpeed(speed=None))
    finish(engine)
    assert ask(engine, look_at())[Position].update == LAST


@pytest.mark.parametrize("updates", [[0], [1, 0], [LAST, 17, 18, 3, 3, 0, 22, 21, LAST]])
def test_seek(updates: list[int]) -> None:
    engine = opened()
    for update in updates:
        frame = go(engine, update)
        assert (frame[Position].update, frame[Motion].status) == (update, "paused")
        assert frame[CurrentOperation].computed == (update > 0)
        assert state_of(engine) == session_at(update).run.trainer.state.tobytes()


def test_seek_below_the_start() -> None:
    engine = opened()
    go(engine, 7)
    assert go(engine, -3)[Position].update == 0


def test_a_long_seek_answers_before_it_is_done() -> None:
    engine = opened()
    ask(engine, Seek(update=10**7))
    frame = ask(engine, look_at())
    assert frame[Motion].status == "seeking"
    assert 0 < frame[Position].update < 10**7
    assert frame[Motion].updates_per_second > 0
    ask(engine, Pause())
    assert ask(engine, look_at())[Motion].status == "paused"


@pytest.mark.parametrize(
    ("start", "move", "end"),
    [
        (7, Move(updates=1), 8),
        (7, Move(updates=-1), 6),
        (7, Move(updates=-100), 0),
        (0, Move(epochs=1), 5),
        (7, Move(epochs=1), 10),
        (10, Move(epochs=1), 15),
        (7, Move(epochs=3), 20),
        (7, Move(epochs=-1), 5),
        (10, Move(epochs=-1), 5),
        (7, Move(epochs=-2), 0),
        (12, Move(epochs=-2), 5),
        (3, Move(epochs=-1), 0),
        (0, Move(epochs=-1), 0),
        (LAST, Move(epochs=1), LAST + 5),
    ],
)
def test_move(start: int, move: Move, end: int) -> None:
    engine = opened()
    go(engine, start)
    ask(engine, move)
    finish(engine)
    assert ask(engine, look_at())[Position].update == end
    assert state_of(engine) == session_at(end).run.trainer.state.tobytes()


def test_a_move_adds_to_where_the_run_is_going(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_module, "PATIENCE", 0.0)
    engine = opened(tables(batch_size=1))
    for _ in range(3):
        ask(engine, Move(epochs=10))
    ask(engine, Move(updates=-1))
    finish(engine)
    assert ask(engine, look_at())[Position].update == 30 * 120 - 1


def test_a_move_while_it_plays_is_from_where_it_is() -> None:
    engine = opened(tables(epochs=10**6))
    ask(engine, Play(speed=Speed(rate=1e-3)))
    ask(engine, Move(updates=3))
    finish(engine)
    frame = ask(engine, look_at())
    assert (frame[Position].update, frame[Motion].status) == (3, "paused")


# Looking


def test_the_initial_state() -> None:
    engine = opened()
    session = session_at(0)
    frame = ask(engine, look_at())
    assert (
        frame[Position].update,
        frame[Position].epoch,
        frame[Position].batch,
        frame[Position].epochs_done,
    ) == (0, 0, 0, 0)
    assert frame[Position].examples == 25
    assert not frame[CurrentOperation].computed
    assert frame[Costs].batch is None
    assert frame[Costs].training == session.history[0]["train_loss"]
    assert frame[Costs].epoch is None
    assert [layer.dW for layer in frame[Layers].norms] == [None, None]
    for l in (1, 2):
        assert (
            pytest.approx(np.linalg.norm(session.parameters.W[l])) == frame[Layers].norms[l - 1].W
        )
        for symbol in ("W", "b"):
            found = matrix(engine, symbol, l)
            assert found.made
            assert found.values == getattr(session.parameters, symbol)[l].tolist()
        for symbol in ("z", "a", "da", "dz", "dW", "db"):
            found = matrix(engine, symbol, l)
            assert not found.made
            assert found.values == []
            assert found.row_names
            assert found.column_names
            shape = {"dW": (5, 4) if l == 1 else (3, 5), "db": (5 if l == 1 else 3, 1)}
            assert found.shape == shape.get(symbol, (5 if l == 1 else 3, 25))
    inputs = matrix(engine, "a", 0)
    assert inputs.made
    rows = session.run.trainer.batches.rows(1)
    assert inputs.values == session.examples.training.inputs[rows].T.tolist()


@pytest.mark.parametrize("update", [1, 5, 13])
def test_every_array_is_the_records(update: int) -> None:
    engine = opened()
    go(engine, update)
    record = record_of(session_at(0), update)
    after = session_at(update).parameters
    for l in (1, 2):
        for symbol in ("z", "a", "da", "dz", "dW", "db"):
            found = matrix(engine, symbol, l)
            assert found.made
            array = getattr(record, symbol)[l]
            assert found.values == array.tolist(), symbol
            assert found.shape == array.shape
            figures = found.figures
            assert figures is not None
            assert (figures.smallest, figures.largest) == (array.min(), array.max())
            assert figures.mean == pytest.approx(array.mean(), rel=1e-12, abs=1e-15)
            assert figures.norm == pytest.approx(np.sqrt((array**2).sum()), rel=1e-12)
        assert matrix(engine, "W", l).values == after.W[l].tolist()
        assert matrix(engine, "b", l).values == after.b[l].tolist()
    assert matrix(engine, "a", 0).values == record.a[0].tolist()
    frame = ask(engine, look_at())
    assert frame[Costs].batch == record.J
    assert frame[Position].examples == len(record.examples) == (20 if update == 5 else 25)
    norms = [layer.dW for layer in frame[Layers].norms]
    assert norms == pytest.approx([np.linalg.norm(record.dW[l]) for l in (1, 2)])


def test_da_of_the_output_of_a_fused_pair() -> None:
    engine = opened()
    go(engine, 4)
    a, da, dz = (np.array(matrix(engine, symbol, 2).values) for symbol in ("a", "da", "dz"))
    y = np.round(a - dz)
    assert set(y.ravel()) == {0.0, 1.0}
    np.testing.assert_array_equal(da, -y / a)
    state = state_of(engine)
    go(engine, 9)
    assert state_of(engine) != state
    assert state_of(engine) == session_at(9).run.trainer.state.tobytes()


def test_da_of_the_output_where_it_saturates() -> None:
    experiment: Tables = {
        "data": {"source": "xor-table", "validation": 0.0},
        "network": {"layers": [{"units": 1, "activation": "sigmoid"}], "seed": 1},
        "training": {"learning_rate": 1e6, "batch_size": 0},
    }
    engine = opened(experiment)
    go(engine, 2)
    found = matrix(engine, "da", 1)
    assert not np.isfinite(found.values).all()
    assert found.figures is not None
    assert not math.isfinite(found.figures.norm)
    assert np.isfinite(matrix(engine, "dz", 1).values).all()


def test_names_of_rows_and_columns() -> None:
    engine = opened()
    go(engine, 3)
    record = record_of(session_at(0), 3)
    inputs = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
    units, classes = ["u0", "u1", "u2", "u3", "u4"], ["setosa", "versicolor", "virginica"]
    examples = [f"#{row}" for row in record.examples]
    expected = {
        ("W", 1): (units, inputs),
        ("dW", 2): (classes, units),
        ("b", 1): (units, ["b"]),
        ("db", 2): (classes, ["db"]),
        ("z", 1): (units, examples),
        ("da", 2): (classes, examples),
        ("a", 0): (inputs, examples),
    }
    for (symbol, layer), (rows, columns) in expected.items():
        found = matrix(engine, symbol, layer)
        assert (found.row_names, found.column_names) == (rows, columns)
    part = matrix(engine, "a", 2, row=1, rows=1, column=4, columns=2)
    assert (part.row_names, part.column_names) == (["versicolor"], examples[4:6])


def test_examples_are_named_by_their_rows_of_the_table() -> None:
    experiment = tables(shuffle=False, batch_size=10)
    engine = opened(experiment)
    frame = go(engine, 2)
    held_out = set(session_at(0, experiment).examples.validation.rows.tolist())
    training = [row for row in range(150) if row not in held_out]
    names = matrix(engine, "z", 1).column_names
    assert names == [f"#{row}" for row in training[10:20]]
    assert names != [f"#{row}" for row in range(10, 20)]
    assert frame[Position].examples == 10


def test_one_output_is_named_by_the_second_class() -> None:
    experiment: Tables = {"data": {"source": "breast_cancer"}}
    assert matrix(opened(experiment), "b", 2).row_names == ["malignant"]
    assert matrix(opened({"data": {"source": "plane"}}), "W", 2).row_names == ["y"]


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ((0, 2, 0, 3), (0, 2, 0, 3)),
        ((3, 2, 20, 5), (3, 2, 20, 5)),
        ((4, 3, 24, 5), (2, 3, 20, 5)),
        ((100, 2, 10**9, 2), (3, 2, 23, 2)),
        ((-5, 2, -1, 2), (0, 2, 0, 2)),
        ((2, 100, 5, 100), (0, 5, 0, 25)),
        ((0, 0, 0, 0), (0, 0, 0, 0)),
    ],
)
def test_windows_are_clipped(
    asked: tuple[int, int, int, int], there: tuple[int, int, int, int]
) -> None:
    engine = opened()
    go(engine, 2)
    whole = np.array(matrix(engine, "z", 1).values)
    names = ("row", "rows", "column", "columns")
    found = matrix(engine, "z", 1, **dict(zip(names, asked, strict=True)))
    row, rows, column, columns = there
    assert found.window == Window(
        array=ArrayRef("z", 1), row=row, rows=rows, column=column, columns=columns
    )
    assert found.values == whole[row : row + rows, column : column + columns].tolist()
    assert found.shape == (5, 25)
    assert found.figures is not None
    assert found.figures.largest == whole.max()
    assert len(found.row_names) == rows
    assert len(found.column_names) == columns


def test_no_window_no_matrix() -> None:
    assert ask(opened(), look_at())[Numbers].matrix is None


# J


@pytest.mark.parametrize("update", [0, 1, 7, 10, LAST])
def test_J_is_that_of_an_independent_session(update: int) -> None:
    engine = opened()
    frame = go(engine, update)
    training, validation = session_at(update).run.evaluate()
    assert (frame[Costs].training, frame[Costs].validation) == (training.loss, validation.loss)
    assert frame[Costs].accuracy_training == training.accuracy
    assert frame[Costs].accuracy_validation == validation.accuracy
    assert frame[Costs].epoch is None
    assert (frame[Position].epoch, frame[Position].batch) == (
        -(-update // 5),
        (update - 1) % 5 + 1 if update else 0,
    )


def test_J_while_it_plays_is_of_the_last_whole_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    for module in (cursor_module, motion_module):
        monkeypatch.setattr(module, "perf_counter", lambda: now)
    engine = opened()
    ask(engine, Play(speed=Speed(rate=1.0)))
    for update in (0, 3, 5, 12):
        now = 100.0 + update
        while engine.work() == 0.0:
            pass
        frame = ask(engine, look_at())
        assert (frame[Position].update, frame[Motion].status) == (update, "playing")
        row = session_at(LAST).history[update // 5]
        assert frame[Costs].training == row["train_loss"]
        assert frame[Costs].accuracy_validation == row["validation_accuracy"]
        assert frame[Costs].epoch == (None if update % 5 == 0 else update // 5)
    ask(engine, Pause())
    frame = ask(engine, look_at())
    assert frame[Costs].epoch is None
    assert frame[Costs].training == session_at(12).run.evaluate()[0].loss


def test_J_is_evaluated_once_at_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened()
    frame = go(engine, 7)
    monkeypatch.setattr(Run, "evaluate", None)
    assert ask(engine, look_at()) == frame


def test_J_is_not_evaluated_at_every_stop_where_that_is_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training_views, "CHEAP", -1.0)
    engine = opened()
    row = session_at(LAST).history[1]
    frame = go(engine, 7)
    assert (frame[Costs].training, frame[Costs].epoch) == (row["train_loss"], 1)


def test_J_of_numbers_with_nothing_held_out(table: Path) -> None:
    experiment: Tables = {
        "data": {"source": str(table), "validation": 0.0},
        "network": {"l2": 0.5},
        "training": {"batch_size": 0},
    }
    engine = opened(experiment)
    frame = go(engine, 3)
    before = session_at(2, experiment)
    penalty = 0.25 * sum((W**2).sum() for W in before.parameters.W.values())
    assert frame[Costs].batch == pytest.approx(before.run.evaluate()[0].loss + penalty, rel=1e-13)
    run = session_at(3, experiment).run
    assert frame[Costs].training == run.evaluate()[0].loss + run.penalty
    assert (frame[Costs].validation, frame[Costs].accuracy_training) == (None, None)
    assert frame[Costs].accuracy_validation is None
    assert frame[History].rows[0][1:] == [None, None, None]


# The history


def test_the_history_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened()
    go(engine, 23)
    expected = session_at(23).history.rows[:, :4].tolist()
    whole = ask(engine, look_at())
    assert (whole[History].length, whole[History].first) == (5, 0)
    assert whole[History].rows == expected
    part = ask(engine, look_at(first=3))
    assert (part[History].length, part[History].first, part[History].rows) == (5, 3, expected[3:])
    assert ask(engine, look_at(first=5))[History].rows == []
    monkeypatch.setattr(training_views, "MOST_ROWS", 2)
    assert ask(engine, look_at(first=1))[History].rows == expected[1:3]


def test_going_back_keeps_the_history() -> None:
    engine = opened()
    there = go(engine, LAST)
    back = go(engine, 0)
    assert back[History].rows == there[History].rows
    assert back[Costs].training == there[History].rows[0][0]
    go(engine, 13)
    ask(engine, Play())
    finish(engine)
    assert ask(engine, look_at())[History].rows == there[History].rows


# Divergence


LAYERS = [{"units": 3, "activation": "relu"}, {"units": 1, "activation": "linear"}]

DIVERGING: Tables = {
    "data": {"source": "plane", "points": 40},
    "network": {"layers": LAYERS},
    "training": {"learning_rate": 50.0, "batch_size": 8},
}


def test_divergence() -> None:
    session = session_at(10_000, DIVERGING)
    update = session.run.diverged_at
    assert update is not None
    engine = opened(DIVERGING)
    ask(engine, Play())
    finish(engine)
    frame = ask(engine, look_at())
    assert (frame[Position].update, frame[Motion].status) == (update - 1, "paused")
    assert frame[Motion].diverged.startswith(f"diverged at update {update} (epoch ")
    assert f"state after update {update - 1} is kept" in frame[Motion].diverged
    assert state_of(engine) == session.run.trainer.state.tobytes()
    now, bad = frame[CurrentOperation].now, frame[Motion].bad
    assert now is not None
    assert bad is not None
    assert bad.array == now.result
    assert f"), operation {now.number} of 17: " in frame[Motion].diverged
    assert frame[Motion].diverged == str(DivergedError(session))  # as without the dashboard
    found = matrix(engine, bad.array.symbol, bad.array.layer)
    assert not np.isfinite(found.values[bad.row][bad.column])
    ask(engine, Move(operations=-1))
    assert matrix(engine, "W", 1).values == session.parameters.W[1].tolist()

    back = go(engine, update - 2)
    assert (back[Position].update, back[Motion].diverged) == (update - 2, "")
    again = go(engine, update + 5)
    assert (again[Position].update, again[Motion].diverged) == (update - 1, frame[Motion].diverged)
    last = go(engine, update - 1)
    assert (last[Position].update, last[Motion].diverged) == (update - 1, "")
    assert last[CurrentOperation].computed
    for l in (1, 2):
        for symbol in ("z", "a", "da", "dz", "dW", "db"):
            assert matrix(engine, symbol, l).made
    assert last[Costs].batch is not None


# Keeping


def test_export(tmp_path: Path) -> None:
    engine = opened()
    go(engine, 13)
    path = str(tmp_path / "w.npz")
    exported = ask(engine, Export(path=path))
    assert exported.path == path
    assert exported.update == 13
    assert "update 13" in exported.sentence
    assert "largest difference 0" in exported.sentence
    model, session = load_model(path), session_at(13)
    assert model.update == 13
    assert model.parameters.vector.tobytes() == session.parameters.vector.tobytes()
    assert model.classes == session.examples.classes
    assert model.preparation == session.examples.preparation


def test_an_export_that_cannot_be(tmp_path: Path) -> None:
    engine = opened()
    folder = tmp_path / "folder.npz"
    folder.mkdir()
    for path in (tmp_path / "none" / "w.npz", folder):
        refused = refusal(engine, Export(path=str(path)))
        assert refused.sentence.startswith(f"{path}: cannot be written: ")
    assert list(tmp_path.iterdir()) == [folder]


def test_save_the_experiment(tmp_path: Path, table: Path) -> None:
    (tmp_path / "folder").mkdir()
    path = tmp_path / "folder" / "a.toml"
    experiment: Tables = {"data": {"source": str(table)}, "training": {"epochs": 3}}
    exported = ask(opened(), SaveExperiment(experiment=experiment, path=str(path)))
    assert exported.path == str(path)
    assert 'source = "../table.csv"' in path.read_text()
    again = load(path)
    assert again.training == parse(experiment).training
    assert table.samefile(again.data.source)


def test_an_experiment_that_cannot_be_saved(tmp_path: Path) -> None:
    engine = Engine()
    path = tmp_path / "a.toml"
    wrong = SaveExperiment(experiment={"data": {"source": "iris", "seed": -1}}, path=str(path))
    assert refusal(engine, wrong).key == "data.seed"
    assert not path.exists()
    nowhere = SaveExperiment(experiment=tables(), path=str(tmp_path / "none" / "a.toml"))
    assert "cannot be written" in refusal(engine, nowhere).sentence


@pytest.mark.parametrize("update", [0, 1, 12, LAST])
def test_resume_in_a_second_engine(update: int) -> None:
    first = opened()
    go(first, LAST)
    at = go(first, update)
    snapshot = ask(first, Save())
    assert snapshot.update <= update
    second = opened(resume=snapshot)
    frame = go(second, update)
    assert state_of(second) == state_of(first) == session_at(update).run.trainer.state.tobytes()
    assert frame[History].rows == at[History].rows
    assert matrix(second, "W", 1) == matrix(first, "W", 1)
    if update:
        assert matrix(second, "dz", 1) == matrix(first, "dz", 1)
        assert frame[Costs].batch == at[Costs].batch
    for later in (LAST + 10, 3, LAST):
        assert go(second, later)[History].rows == go(first, later)[History].rows
        assert state_of(second) == state_of(first)


def test_a_snapshot_has_the_slots_of_the_optimiser() -> None:
    engine = opened()
    go(engine, 9)
    snapshot = ask(engine, Save())
    session = session_at(snapshot.update)
    assert snapshot.state == session.run.trainer.state.tobytes()
    assert len(snapshot.state) == 3 * 8 * 43
    assert (snapshot.history_from, snapshot.epochs) == (0, 2)
    assert snapshot.history == session_at(9).history.rows.tobytes()


def test_resume_with_nothing_held_out() -> None:
    experiment = tables()
    experiment["data"]["validation"] = 0.0
    first = opened(experiment)
    go(first, 7)
    snapshot = ask(first, Save())
    second = opened(experiment, resume=snapshot)
    assert go(second, 12)[History].rows == go(first, 12)[History].rows


def test_a_snapshot_of_another_network_is_refused() -> None:
    engine = opened()
    go(engine, 9)
    snapshot = ask(engine, Save())
    refusal(Engine(), Open(experiment=tables(optimizer="sgd"), resume=snapshot))


# Messages


def test_every_request_has_a_handler() -> None:
    assert set(HANDLERS) == set(kinds_of(Request))


def test_a_handler_must_return_what_its_request_declares() -> None:
    before = dict(HANDLERS)
    with pytest.raises(TypeError, match="Play"):

        @handler
        def play(engine: State, request: Play) -> Outline:
            raise NotImplementedError

    assert before == HANDLERS


REQUESTS: list[Request[Any]] = [
    Locate(what="ü"),
    Locate(what="xor-table", anything=True),
    Adopt(weights="a.npz", activations=["relu", "linear"], source="iris"),
    Forget(path="/a.tuiprop"),
    ListNames(),
    Check(experiment=tables()),
    Describe(experiment=tables(), suggest=True, refit=True, first=3, count=9),
    Open(experiment=tables(), weights="w.npz"),
    Open(
        experiment={"data": {"source": "iris", "seed": 2**63 - 1, "noise": 1e-300}},
        resume=Snapshot(update=3, state=b"\x00\xff" * 9, epochs=1, history=b"\x00" * 40),
    ),
    Open(checkpoint="/a.tuiprop", kept_in="/a.tuiprop", what="iris"),
    Play(),
    Play(speed=Speed(rate=0.25)),
    Toggle(speed=Speed(rate=3.0)),
    SetSpeed(),
    Pause(),
    Seek(update=-(2**40)),
    Move(updates=-1, epochs=2),
    look_at(),
    *look_at().queries,
    look_at(window=Window(array=ArrayRef("dW", 2), row=1, rows=2, column=3, columns=4), first=9),
    ScoresQuery(subset="validation", threshold=0.25, first=3, count=9),
    DecisionMapQuery(columns=9, lines=5, unit=(1, 2)),
    ExampleTraceQuery(row=3),
    WeightPicturesQuery(first=1, count=2),
    look_at(
        cell=CellRef(ArrayRef("W", 1), before=True),
        terms=5,
        operands=[Window(array=ArrayRef("b", 1))],
    ),
    Try(cell=CellRef(ArrayRef("W", 1), 0, 2), value=-0.5),
    Keep(),
    Revert(),
    Change(learning_rate=0.5, options={"betas": (0.9, 0.99)}),
    SetStops(stops=[Stop(when="train_loss < 0.05"), Stop(when="epoch > 3", enabled=False)]),
    Verify(),
    SetMistake(name="no_mean"),
    SetMistake(name=None),
    SaveRecord(path="a.npz"),
    Save(),
    KeepRun(),
    Export(path="/a b.npz", best=True),
    SaveExperiment(experiment=tables(), path="a.toml"),
]


def test_requests_cross_unchanged() -> None:
    assert {type(each) for each in REQUESTS} == set(kinds_of(Request))
    for each in REQUESTS:
        assert decode_request(encode(each)) == each


def test_replies_cross_unchanged(tmp_path: Path) -> None:
    engine = opened()
    go(engine, 7)
    window = Window(array=ArrayRef("W", 1), rows=3, columns=2)
    requests: list[Request[Any]] = [
        ListNames(),
        Locate(what="spiral"),
        Check(experiment=tables()),
        Describe(experiment=tables(), count=3),
        look_at(window=window),
        *look_at(window=window).queries,
        ScoresQuery(count=3),
        DecisionMapQuery(columns=9, lines=5),
        ExampleTraceQuery(row=3),
        WeightPicturesQuery(count=2),
        Save(),
        Export(path=str(tmp_path / "w.npz")),
        Pause(),
        Open(experiment=tables()),
    ]
    assert {reply_type(type(each)) for each in requests} == set(map(reply_type, kinds_of(Request)))
    for request in requests:
        reply = engine.handle(request)
        assert type(reply) is reply_type(type(request))
        again = decode_reply(encode(reply), type(request))
        if not isinstance(reply, Opened | Outline | Described | Located | Vocabulary):
            assert again == reply
        assert encode(again) == encode(reply)


@pytest.mark.parametrize("waiting", [None, Pause, Look])
def test_what_answers_no_request_crosses_at_any_time(waiting: type[Request[Any]] | None) -> None:
    for message in (Saving(), Unsaved(sentence="No space left on device"), Refused(sentence="x")):
        assert decode_reply(encode(message), waiting) == message


def test_another_reply_than_the_declared_one_is_an_error() -> None:
    reply = encode(Engine().handle(ListNames()))
    with pytest.raises(msgspec.ValidationError):
        decode_reply(reply, Check)


def test_a_frame_has_the_views_that_were_asked_for() -> None:
    frame = ask(opened(), Look(queries=[PositionQuery(), MotionQuery()]))
    assert [type(each) for each in frame.views] == [Position, Motion]
    with pytest.raises(KeyError):
        frame[Costs]


def test_numbers_that_are_not_finite_cross() -> None:
    content = msgspec.msgpack.encode([math.inf, -math.inf, math.nan])
    found = msgspec.msgpack.decode(content)
    assert found[:2] == [math.inf, -math.inf]
    assert math.isnan(found[2])


def test_an_experiment_is_the_same_as_tables_and_as_a_file() -> None:
    experiment = parse(ask(Engine(), Check(experiment=tables())).experiment)
    assert parse(to_tables(experiment)) == experiment
    assert 'optimizer = "adam"' in to_toml(experiment)


def test_no_farther_than_the_history_has_room_for() -> None:
    engine = opened({"data": {"source": "xor-table"}, "training": {"batch_size": 0}})
    engine.handle(Seek(epoch=2 * MOST_EPOCHS))
    assert ask(engine, look_at())[Motion].target == MOST_EPOCHS


def test_figures_are_of_finite_numbers_where_others_are_not() -> None:
    figures = figures_of(np.array([[1.0, -np.inf, np.nan], [-6.7e121, 0.0, 3.0]]))
    assert figures.size == 6.7e121
    figures = figures_of(np.array([[1.5e308, 1.5e308, -1e308]]))
    assert figures.size == 1.5e308
    assert figures.mean == pytest.approx(2 / 3 * 1e308)
    assert np.isfinite(figures_of(np.array([[1e300, 1e300]])).norm)
    assert figures_of(np.array([[np.inf, np.nan]])).size == 0.0


@pytest.mark.parametrize(
    ("number", "summands"),
    [
        (1, ["b[1]"]),
        (7, ["a[2]", "y"]),
        (8, ["W[2]"]),
        (10, []),
        (14, ["W[1]", "dW[1]"]),
    ],
)
def test_terms_of_a_sum_are_known(number: int, summands: list[str]) -> None:
    network = Network(4, (Layer(8, "tanh"), Layer(3, "softmax")), "cross_entropy", l2=0.1)
    steps = operations(network, OPTIMIZERS["sgd"], 0.1)
    operands = describe(steps, number, network, 32, 1).operands
    found = [str(each.array) for each in operands if each.summand]
    assert found == summands

"""The predictions as the dashboard sees them, against scikit-learn, `Model.predict` and by hand."""

import os
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.session.runs import ask, finish, go, opened, tables
from tuiprop.data.catalogue import load_table
from tuiprop.protocol.messages.data import Check
from tuiprop.protocol.messages.decision_map import DecisionMap, DecisionMapQuery, MapNote
from tuiprop.protocol.messages.example_trace import ExampleTrace, ExampleTraceQuery, TraceNote
from tuiprop.protocol.messages.frame import Look
from tuiprop.protocol.messages.moving import Move, Pause, Play
from tuiprop.protocol.messages.pictures import SHADES, WeightPictures, WeightPicturesQuery
from tuiprop.protocol.messages.scores import Scores, ScoresQuery, Subset
from tuiprop.protocol.messages.training import Costs
from tuiprop.protocol.messages.what_if import Keep, Try
from tuiprop.protocol.server import Engine
from tuiprop.session.divergence import record_of
from tuiprop.session.scores import class_scores, confusion, evenly, number_score, roc
from tuiprop.session.session import Session
from tuiprop.session.views import predictions as problem
from tuiprop.training.experiment import to_tables
from tuiprop.training.metrics import NumberMetrics, predicted_classes
from tuiprop.update.arrays import ArrayRef, CellRef


def sklearn_metrics() -> Any:
    """Without it the test is skipped, or fails where oracles are required."""
    try:
        from sklearn import metrics
    except ImportError:
        if os.environ.get("TUIPROP_REQUIRE_ORACLES"):
            pytest.fail("TUIPROP_REQUIRE_ORACLES is set, but sklearn cannot be imported")
        pytest.skip("scikit-learn is not installed")
    return metrics


def generated(source: str, **settings: Any) -> dict[str, Any]:
    """A generated problem with a small network."""
    numbers = source in ("plane", "bumps")
    last = {"units": 1, "activation": "linear" if numbers else "sigmoid"}
    data = {"source": source, "points": 80, **settings.pop("data", {})}
    layers = settings.pop("layers", [{"units": 3, "activation": "tanh"}, last])
    training = {"batch_size": 16, "epochs": 5, "learning_rate": 0.1, **settings}
    return {"data": data, "network": {"layers": layers}, "training": training}


def scores_of(engine: Engine, **wanted: Any) -> Scores:
    return ask(engine, Look(queries=[ScoresQuery(**wanted)]))[Scores]


def trace_of(engine: Engine, row: int) -> TraceNote | None:
    return ask(engine, Look(queries=[ExampleTraceQuery(row=row)]))[ExampleTrace].trace


def session_of(engine: Engine) -> Session:
    return engine.opened.session


def raw_inputs(session: Session, subset: Subset = "all") -> Any:
    """The inputs of the table again, (m, n[0])."""
    examples = session.examples
    parts = {"training": [examples.training], "validation": [examples.validation]}
    splits = parts.get(subset, [examples.training, examples.validation])
    prepared = np.concatenate([split.inputs for split in splits]).astype(np.float64)
    mean = np.array([each.mean for each in examples.preparation])
    return prepared * np.array([each.deviation for each in examples.preparation]) + mean


def targets_of(session: Session) -> Any:
    examples = session.examples
    return np.concatenate((examples.training.targets, examples.validation.targets))


# Scores


def test_confusion_and_scores_by_hand() -> None:
    actual, predicted = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 0, 0])
    counts = confusion(actual, predicted, 4)
    assert counts.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]
    first, second, third, fourth = class_scores(counts)
    assert (first.precision, first.recall, first.f1) == (2 / 4, 2 / 3, 4 / 7)
    assert (second.precision, second.recall, second.f1) == (1 / 2, 1 / 2, 1 / 2)
    assert (third.precision, third.recall, third.f1) == (None, 0, 0)
    assert (fourth.precision, fourth.recall, fourth.f1) == (None, None, None)


def test_roc_by_hand() -> None:
    found = roc(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.5, 0.1]))
    assert found.points == [(0, 0), (0, 0.5), (0.5, 1), (1, 1)]
    assert found.area == 0.875
    assert roc(np.array([True, True]), np.array([0.1, 0.2])).area is None


def test_numbers_that_are_not_finite_are_scored_as_what_they_are() -> None:
    actual = np.array([1.0, 2.0, 3.0, 4.0])
    predicted = np.array([1.5, np.inf, np.nan, 4.0])
    score = number_score("y", actual, predicted, np.arange(4), np.zeros(4, np.bool_))
    assert (score.lowest, score.highest) == (1.0, 4.0)
    assert score.points == [(1.0, 1.5, False), (4.0, 4.0, False)]
    assert [row for row, _, _ in score.worst] == [1, 2, 0, 3]
    assert np.isnan(score.mae)
    assert np.isnan(score.rmse)
    assert sum(score.residuals) == 2


@given(st.integers(1, 500), st.integers(2, 300))
def test_evenly_chosen_examples_differ_and_hold_the_ends(count: int, most: int) -> None:
    chosen = evenly(count, most).tolist()
    assert len(chosen) == len(set(chosen)) == min(count, most)
    assert (chosen[0], chosen[-1]) == (0, count - 1)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_scikit_learn(seed: int) -> None:
    metrics, rng = sklearn_metrics(), np.random.default_rng(seed)
    actual, predicted = rng.integers(0, 4, 200), rng.integers(0, 4, 200)
    counts = confusion(actual, predicted, 4)
    np.testing.assert_array_equal(counts, metrics.confusion_matrix(actual, predicted))
    theirs = metrics.precision_recall_fscore_support(actual, predicted)
    for k, score in enumerate(class_scores(counts)):
        ours = np.array([score.precision, score.recall, score.f1], float)
        np.testing.assert_allclose(ours, [row[k] for row in theirs[:3]], rtol=1e-13)
    positive, p = rng.random(300) < 0.4, rng.random(300).round(2)
    found = roc(positive, p)
    assert found.area is not None
    np.testing.assert_allclose(found.area, metrics.roc_auc_score(positive, p), rtol=1e-13)
    alarms, hits, _ = metrics.roc_curve(positive, p, drop_intermediate=False)
    assert set(found.points) <= set(zip(alarms.tolist(), hits.tolist(), strict=True))
    y, guess = rng.normal(size=50), rng.normal(size=50)
    ours_of_numbers = NumberMetrics.of(y, guess).r2
    assert ours_of_numbers is not None
    np.testing.assert_allclose(ours_of_numbers, metrics.r2_score(y, guess), rtol=1e-13)


# Classes


@pytest.mark.parametrize("subset", ["training", "validation", "all"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_classes_are_those_of_predict(subset: Subset, dtype: str) -> None:
    engine = opened(tables(dtype=dtype))
    go(engine, 17)
    found = scores_of(engine, subset=subset, count=100)
    session = session_of(engine)
    p = session.predict(raw_inputs(session, subset))
    examples = session.examples
    splits = {"training": (examples.training,), "validation": (examples.validation,)}
    targets = np.concatenate(
        [s.targets for s in splits.get(subset, (examples.training, examples.validation))]
    )
    actual, predicted = predicted_classes(targets.T), predicted_classes(p.T)
    assert found.classes is not None
    assert found.classes.counts == confusion(actual, predicted, 3).tolist()
    assert found.scored == found.of == len(targets)
    wrong = np.flatnonzero(actual != predicted)
    assert found.classes.found == len(wrong) == len(found.classes.examples)
    shown = [each.p_actual for each in found.classes.examples]
    assert shown == sorted(shown)
    expected = sorted(p[wrong, actual[wrong]].tolist())
    np.testing.assert_allclose(shown, expected, rtol=1e-12 if dtype == "float64" else 1e-4)


def test_accuracies_are_those_of_the_frame() -> None:
    engine = opened()
    frame = go(engine, 20)
    for subset, accuracy in (
        ("training", frame[Costs].accuracy_training),
        ("validation", frame[Costs].accuracy_validation),
    ):
        scores = scores_of(engine, subset=subset).classes
        assert scores is not None
        assert scores.accuracy == accuracy


def test_the_examples_of_a_cell() -> None:
    engine = opened()
    go(engine, 30)
    whole = scores_of(engine).classes
    assert whole is not None
    session = session_of(engine)
    labels = session.examples.labels
    assert labels is not None
    for i, row in enumerate(whole.counts):
        for j, count in enumerate(row):
            found = scores_of(engine, cell=(i, j), count=1000).classes
            assert found is not None
            assert found.found == len(found.examples) == count
            assert all((each.actual, each.predicted) == (i, j) for each in found.examples)
            assert all(labels[each.row] == i for each in found.examples)
    page = scores_of(engine, cell=(0, 0), first=3, count=4).classes
    assert page is not None
    all_of_cell = scores_of(engine, cell=(0, 0), count=1000).classes
    assert all_of_cell is not None
    assert page.examples == all_of_cell.examples[3:7]


def test_without_mistakes_the_least_sure_come_first() -> None:
    layers = [{"units": 4, "activation": "tanh"}, {"units": 1, "activation": "sigmoid"}]
    engine = opened(
        {
            "data": {"source": "gauss", "points": 60},
            "network": {"layers": layers},
            "training": {"optimizer": "adam", "learning_rate": 0.05},
        }
    )
    go(engine, 60)
    found = scores_of(engine, count=1000).classes
    assert found is not None
    assert found.accuracy == 1
    assert found.found == len(found.examples) == 60
    sure = [each.p_actual for each in found.examples]
    assert sure == sorted(sure)
    assert sure[0] > 0.5


@pytest.mark.parametrize("outputs", [1, 2])
def test_the_threshold_moves_two_classes(outputs: int) -> None:
    last = {"units": outputs, "activation": "sigmoid" if outputs == 1 else "softmax"}
    layers = [{"units": 3, "activation": "tanh"}, last]
    engine = opened(generated("circle", layers=layers))
    go(engine, 4)
    session = session_of(engine)
    p = session.predict(raw_inputs(session))[:, -1]
    for threshold in (0.0, 0.3, 0.5, 0.9):
        scores = scores_of(engine, threshold=threshold).classes
        assert scores is not None
        assert scores.threshold == threshold
        assert sum(row[1] for row in scores.counts) == int((p > threshold).sum())
    assert scores is not None
    assert scores.roc is not None
    assert scores.roc.points[0] == (0, 0)
    assert scores.roc.points[-1] == (1, 1)


def test_three_classes_have_no_threshold() -> None:
    scores = scores_of(opened()).classes
    assert scores is not None
    assert scores.threshold is None
    assert scores.roc is None


# Numbers


def test_numbers_in_the_unit_of_the_target() -> None:
    columns = {"y": {"scaling": "standardize"}}
    engine = opened(generated("bumps", data={"columns": columns}))
    go(engine, 12)
    session = session_of(engine)
    assert session.examples.targets[0].deviation != 1
    y_hat = session.predict(raw_inputs(session))[:, 0]
    scaling = session.examples.targets[0]
    y = targets_of(session)[:, 0] * scaling.deviation + scaling.mean
    (score,) = scores_of(engine).numbers
    np.testing.assert_allclose(score.mae, np.abs(y - y_hat).mean(), rtol=1e-12)
    np.testing.assert_allclose(score.rmse, np.sqrt(((y - y_hat) ** 2).mean()), rtol=1e-12)
    r2 = NumberMetrics.of(y, y_hat).r2
    assert score.r2 is not None
    assert r2 is not None
    np.testing.assert_allclose(score.r2, r2, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose([p[:2] for p in score.points], np.stack((y, y_hat), 1), atol=1e-12)
    assert sum(each[2] for each in score.points) == len(session.examples.validation)
    assert sum(score.residuals) == len(y)
    sizes = [abs(actual - predicted) for _, actual, predicted in score.worst]
    assert sizes == sorted(sizes, reverse=True)
    np.testing.assert_allclose(sizes[0], score.widest)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("scaling", ["none", "range", "standardize"])
def test_actual_numbers_are_those_of_the_table(scaling: str, dtype: str) -> None:
    columns = {"y": {"scaling": scaling}}
    data = {"columns": columns, "points": 200, "seed": 2}
    engine = opened(generated("bumps", data=data, dtype=dtype))
    table = load_table(session_of(engine).experiment.data)
    y = np.asarray(table.columns[-1].values)
    assert (y == 0).sum() == 81
    (score,) = scores_of(engine).numbers
    assert sorted(point[0] for point in score.points) == sorted(y.tolist())
    assert all(actual == y[row] for row, actual, _ in score.worst)
    marks = map_of(engine, columns=400, lines=400).marks
    assert sum(mark.kind for mark in marks) == (y > 0).sum()
    row = int(np.flatnonzero(y == 0)[0])
    trace = trace_of(engine, row)
    assert trace is not None
    assert trace.actual == "0"


# Where the run stands


def test_it_follows_the_run_back_and_into_an_update() -> None:
    engine = opened()
    go(engine, 9)
    at_nine = trace_of(engine, 3), scores_of(engine)
    go(engine, 30)
    assert trace_of(engine, 3) != at_nine[0]
    go(engine, 9)
    assert (trace_of(engine, 3), scores_of(engine)) == at_nine
    ask(engine, Move(phases=3))
    finish(engine)
    assert trace_of(engine, 3) == at_nine[0]
    ask(engine, Move(operations=1))
    finish(engine)
    assert trace_of(engine, 3) != at_nine[0]
    ask(engine, Move(phases=1))
    finish(engine)
    whole = trace_of(engine, 3)
    go(engine, 10)
    assert trace_of(engine, 3) == whole


def test_what_is_tried_is_seen() -> None:
    engine = opened(generated("circle"))
    go(engine, 5)
    before = scores_of(engine, subset="all").classes
    ask(engine, Try(cell=CellRef(ArrayRef("b", 2), 0, 0), value=50.0))
    scores = scores_of(engine, subset="all").classes
    assert scores is not None
    assert scores != before
    assert all(row[0] == 0 for row in scores.counts)
    ask(engine, Keep())


def test_while_it_walks_it_studies_what_is_cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = opened(tables(epochs=100_000))
    monkeypatch.setattr(
        problem, "WHILE_MOVING", (120 * session_of(engine).run.network.parameter_count, 1000)
    )
    ask(engine, Play())
    walking = scores_of(engine)
    assert (walking.scored, walking.of) == (120, 150)
    assert walking.classes is not None
    assert sum(map(sum, walking.classes.counts)) == 120
    ask(engine, Pause())
    assert scores_of(engine).scored == 150


def test_without_validation() -> None:
    engine = opened(generated("circle", data={"validation": 0.0}))
    empty = scores_of(engine, subset="validation")
    assert empty.classes is None
    assert empty.of == 0
    numbers = opened(generated("plane", data={"validation": 0.0}))
    assert scores_of(numbers, subset="validation").numbers == []


# Maps


def map_of(engine: Engine, **wanted: Any) -> MapNote:
    query = DecisionMapQuery(**{"columns": 17, "lines": 6, **wanted})
    found = ask(engine, Look(queries=[query]))[DecisionMap].map
    assert found is not None
    return found


def places_of(note: MapNote) -> Any:
    """Raw x₁, x₂ in the middle of every cell, computed anew."""
    grid = note.grid
    width, height = note.x[1] - note.x[0], note.y[1] - note.y[0]
    return np.array(
        [
            (
                note.x[0] + (j + 0.5) * width / grid.columns,
                note.y[1] - (i + 0.5) * height / grid.rows,
            )
            for i in range(grid.rows)
            for j in range(grid.columns)
        ]
    )


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("source", ["circle", "bumps"])
def test_every_cell_is_what_predict_says(source: str, dtype: str) -> None:
    engine = opened(generated(source, dtype=dtype))
    go(engine, 20)
    note = map_of(engine)
    outputs = session_of(engine).predict(places_of(note))[:, 0]
    middle, reach = (note.lowest + note.highest) / 2, (note.highest - note.lowest) / 2
    levels = np.frombuffer(note.grid.shades, np.uint8).astype(float) - SHADES
    expected = np.clip((outputs - middle) / reach, -1, 1) * SHADES
    assert np.abs(levels - expected).max() <= 0.5 + 1e-3


def test_derived_inputs_are_made_of_the_two() -> None:
    derived = ["x1^2", "x1*x2", "sin(x2)"]
    engine = opened(generated("circle", data={"derived": derived}))
    go(engine, 10)
    note = map_of(engine, cursor=(3, 2))
    x, y = note.cursor
    raw = np.array([[x, y, x * x, x * y, np.sin(y)]])
    np.testing.assert_allclose(note.outputs, session_of(engine).predict(raw)[0], rtol=1e-12)


def test_the_cursor_reads_the_output() -> None:
    engine = opened(generated("circle"))
    go(engine, 10)
    note = map_of(engine, cursor=(16, 0))
    assert note.x[0] < note.cursor[0] < note.x[1]
    assert note.cursor[1] > sum(note.y) / 2
    np.testing.assert_allclose(
        note.outputs, session_of(engine).predict(np.array([note.cursor]))[0], rtol=1e-12
    )
    assert note.shown == note.outputs[0]


def test_the_border_is_where_the_class_changes() -> None:
    engine = opened(generated("circle"))
    go(engine, 20)
    note = map_of(engine, columns=30, lines=12)
    classes = session_of(engine).predict(places_of(note))[:, 0].reshape(24, 30) > 0.5
    assert 0 < classes.sum() < classes.size
    border = np.frombuffer(note.border, np.uint8).reshape(24, 30)
    for i, j in np.ndindex(24, 30):
        right = j < 29 and classes[i, j] != classes[i, j + 1]
        below = i < 23 and classes[i, j] != classes[i + 1, j]
        assert border[i, j] == (right or below)
    assert map_of(opened(generated("plane"))).border == b""


def test_every_example_is_marked() -> None:
    engine = opened(generated("circle"))
    note = map_of(engine, columns=400, lines=400)
    examples = session_of(engine).examples
    assert sum(mark.held_out for mark in note.marks) == len(examples.validation)
    assert sum(not mark.held_out for mark in note.marks) == len(examples.training)
    inside = [(0 <= mark.column < 400 and 0 <= mark.line < 400) for mark in note.marks]
    assert all(inside)


def test_a_thumbnail_for_every_unit() -> None:
    engine = opened(generated("circle"))
    go(engine, 5)
    note = map_of(engine, thumbnail=(9, 4), count=100)
    assert [each.name for each in note.thumbnails] == [
        "a[1][u0]",
        "a[1][u1]",
        "a[1][u2]",
        "a[2][1]",
    ]
    assert note.units == 4
    for each in note.thumbnails:
        large = map_of(engine, columns=9, lines=4, unit=(each.layer, each.unit))
        assert large.name == each.name
        if each.layer == 1:
            assert large.grid == each.grid
    assert map_of(engine, thumbnail=(9, 4), first=2, count=1).thumbnails == [note.thumbnails[2]]


def test_only_two_inputs_have_a_map() -> None:
    for engine, has_map in ((opened(), False), (opened(generated("circle")), True)):
        found = ask(engine, Look(queries=[DecisionMapQuery(columns=4, lines=4)]))[DecisionMap].map
        outline = ask(engine, Check(experiment=to_tables(session_of(engine).experiment)))
        assert (found is not None) is outline.has_map is has_map


# Pictures and ways


def test_digits_are_pictures() -> None:
    layers = [{"units": 4, "activation": "relu"}, {"units": 10, "activation": "softmax"}]
    engine = opened({"data": {"source": "digits"}, "network": {"layers": layers}})
    trace = trace_of(engine, 5)
    assert trace is not None
    assert trace.picture is not None
    assert (trace.picture.grid.columns, trace.picture.grid.rows) == (8, 8)
    table = engine.tables.load(session_of(engine).experiment.data)
    pixels = np.array([column.values[5] for column in table.columns[:64]], float)
    shades = np.frombuffer(trace.picture.grid.shades, np.uint8)
    np.testing.assert_array_equal(shades, np.rint((pixels / 8 - 1) * SHADES) + SHADES)
    query = WeightPicturesQuery(first=2, count=3)
    pictures = ask(engine, Look(queries=[query]))[WeightPictures].pictures
    assert [picture.name for picture in pictures] == ["W[1][u2]", "W[1][u3]"]
    W = session_of(engine).parameters.W[1][2]
    ours = np.frombuffer(pictures[0].grid.shades, np.uint8).astype(float) - SHADES
    assert np.abs(ours - W / np.abs(W).max() * SHADES).max() <= 0.5 + 1e-9


def test_the_way_of_an_example_is_its_column_in_the_record() -> None:
    engine = opened()
    go(engine, 7)
    session = session_of(engine)
    record = record_of(session, 8)
    for column in (0, 11):
        trace = trace_of(engine, int(record.examples[column]))
        assert trace is not None
        assert not trace.held_out
        assert [layer.size for layer in trace.layers] == [4, 5, 3]
        for l, layer in enumerate(trace.layers):
            np.testing.assert_allclose(layer.values, record.a[l][:, column], rtol=1e-12)
        assert trace.actual == session.class_of(record.y[:, column])
    assert trace_of(engine, 150) is None

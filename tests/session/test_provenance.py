"""Where a number came from, through the engine: every cell of every array, wherever one stands."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.session.runs import ask, do, go, look_at, opened, place_of, tables
from tuiprop.core.array import Array
from tuiprop.protocol.messages.arrays import Matrix, Numbers, Window
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.moving import Motion, Move, Play, Position, Seek
from tuiprop.protocol.messages.proof import SetMistake
from tuiprop.protocol.messages.provenance import Provenance, ProvenanceNote
from tuiprop.protocol.messages.settings import Change
from tuiprop.protocol.messages.what_if import Keep, Try
from tuiprop.protocol.server import Engine
from tuiprop.session.session import Session, open_session
from tuiprop.training.experiment import parse
from tuiprop.update.arrays import ArrayRef, CellRef, of_layer
from tuiprop.update.record import Record
from tuiprop.verify.mistakes import MISTAKES


def classes(**training: Any) -> Tables:
    """Three classes of iris; four units; 17 operations."""
    experiment = tables(batch_size=6, **training)
    layers = [{"units": 4, "activation": "gelu"}, {"units": 3, "activation": "softmax"}]
    experiment["network"] = {"layers": layers, "l2": 0.02}
    return experiment


def numbers(**training: Any) -> Tables:
    """A plane, by two hidden layers; 25 operations."""
    layers = [
        {"units": 3, "activation": "relu"},
        {"units": 2, "activation": "tanh"},
        {"units": 1, "activation": "linear"},
    ]
    return {
        "data": {"source": "plane", "points": 12, "validation": 0.25},
        "network": {"layers": layers, "loss": "huber"},
        "training": {"batch_size": 4, "epochs": 8, "optimizer": "momentum", **training},
    }


def two_classes(**training: Any) -> Tables:
    layers = [{"units": 2, "activation": "sigmoid"}, {"units": 1, "activation": "sigmoid"}]
    return {
        "data": {"source": "xor-table", "validation": 0},
        "network": {"layers": layers, "loss": "binary_cross_entropy"},
        "training": {"batch_size": 4, "epochs": 20, "optimizer": "rmsprop", **training},
    }


CASES = {"classes": classes(), "numbers": numbers(), "two classes": two_classes()}
STATE_NAMES = {"classes": "mv", "numbers": "v", "two classes": "s"}


def session_of(engine: Engine) -> Session:
    return engine.opened.session


def origin_at(engine: Engine, place: CellRef, terms: int = 5) -> ProvenanceNote | None:
    return ask(engine, look_at(cell=place, terms=terms))[Provenance].note


def cells(engine: Engine, state_names: str = "") -> Iterator[CellRef]:
    """Every cell of every array that there is, made or not."""
    network = session_of(engine).run.network
    arrays = [each for l in range(network.L + 1) for each in of_layer(l)]
    arrays += [ArrayRef("y", network.L), ArrayRef("J", network.L)]
    for array in arrays:
        rows, columns = array.shape(network.sizes, ask(engine, look_at())[Position].examples)
        for row, column in product(range(rows), range(columns)):
            yield CellRef(array, row, column)
            if array.is_parameter:
                yield CellRef(array, row, column, before=True)
                for state_name in state_names:
                    yield CellRef(ArrayRef(array.symbol, array.layer, state_name), row, column)


def assert_consistent(note: ProvenanceNote, shown: float) -> None:
    """What holds of every note; the number is that of the record."""
    assert note.shown == shown
    if note.sentence:
        assert (note.terms, note.equation, note.more) == ([], "", 0)
        return
    assert note.matches, note
    sizes = [abs(term.value) for term in note.terms]
    assert sizes == sorted(sizes, reverse=True)
    total = sum(term.value for term in note.terms) + note.rest
    scale = sum(sizes) + abs(note.rest) + abs(note.total)
    assert abs(total - note.total) <= 1e-12 * scale
    assert note.difference == note.shown - note.value
    assert note.equation.startswith(note.name.split("[")[0])
    assert "{" not in note.equation


def recorded(record: Record, place: CellRef, *, after: bool) -> Array:
    """The array of a record that a place lies in."""
    return record.array(place.array, after=after and not place.before)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("t", [0, 3])
def test_every_cell_at_every_position(name: str, t: int) -> None:
    engine = opened(CASES[name])
    do(engine, Seek(update=t))
    alone = open_session(parse(CASES[name]))
    record = alone.run.record(t + 1)
    operations = alone.run.trainer.operations()
    for k in range(1, len(operations)):
        frame = do(engine, Move(operations=1))
        assert place_of(frame) == (t, k)
        made = {operation.result for operation in operations[:k]}
        # all cells of what was made last, and some of the others
        chance = random.Random(k)
        for place in cells(engine, STATE_NAMES[name]):
            reference = place.array
            if reference != operations[k - 1].result and chance.random() > 0.02:
                continue
            note = origin_at(engine, place)
            parameter = place.array.symbol in ("W", "b")
            is_start = parameter or place.array.symbol == "y" or reference == ArrayRef("a", 0)
            if not is_start and reference not in made:
                assert note is None, place
                continue
            assert note is not None, place
            changed = reference in made
            array = recorded(record, place, after=changed)
            assert_consistent(note, float(array[place.row, place.column]))
            is_leaf = is_start and (place.before or bool(place.array.state_name) or not changed)
            assert bool(note.sentence) == is_leaf, place


@pytest.mark.parametrize("name", CASES)
def test_every_cell_after_an_update(name: str) -> None:
    engine = opened(CASES[name])
    do(engine, Seek(update=4))
    record = open_session(parse(CASES[name])).run.record(4)
    count = 0
    for place in cells(engine, STATE_NAMES[name]):
        note = origin_at(engine, place)
        assert note is not None, place
        array = recorded(record, place, after=True)
        assert_consistent(note, float(array[place.row, place.column]))
        count += not note.sentence
    assert count > 50


def test_before_the_first_update_there_are_the_initial_weights_and_the_inputs() -> None:
    engine = opened(classes())
    for place in cells(engine, "mv"):
        note = origin_at(engine, place)
        start = place.array.is_editable and not place.before
        assert (note is not None) == start, place
        if note is not None:
            assert note.sentence
            window = Window(array=place.array, rows=99, columns=99)
            matrix = ask(engine, look_at(window=window))[Numbers].matrix
            assert matrix is not None
            assert note.shown == matrix.values[place.row][place.column]
            column = matrix.column_names[place.column]
            row = matrix.row_names[place.row]
            inside = row if place.array.symbol == "b" else f"{row},{column}"
            assert note.name == f"{place.array}[{inside}]"


def test_what_is_not_there_has_no_origin() -> None:
    engine = opened(classes())
    go(engine, 2)
    for place in (
        CellRef(ArrayRef("W", 1), 99),
        CellRef(ArrayRef("W", 1), column=99),
        CellRef(ArrayRef("W", 0)),
        CellRef(ArrayRef("W", 3)),
        CellRef(ArrayRef("J", 1)),
        CellRef(ArrayRef("y", 2), column=6),
        CellRef(ArrayRef("W", 1, "s")),
        CellRef(ArrayRef("Q", 1)),
    ):
        assert origin_at(engine, place) is None, place
    window = Window(array=ArrayRef("W", 3), rows=9, columns=9)
    there = Window(array=ArrayRef("W", 1), rows=9, columns=9)
    of_state = Window(array=ArrayRef("W", 1, "s"), rows=9, columns=9)
    frame = ask(engine, look_at(window=window, operands=[window, there, of_state]))
    assert (frame[Numbers].matrix, frame[Numbers].shown) == (None, None)
    assert [(each.window.array.state_name, each.made) for each in frame[Numbers].operands] == [
        ("", True),
        ("s", False),
    ]


def test_none_while_it_walks() -> None:
    engine = opened(classes())
    go(engine, 2)
    ask(engine, Play())
    place, of_state = CellRef(ArrayRef("dW", 1)), Window(array=ArrayRef("W", 1, "m"))
    frame = ask(engine, look_at(cell=place, operands=[of_state]))
    assert frame[Motion].status == "playing"
    assert frame[Provenance].note is None
    assert [each.made for each in frame[Numbers].operands] == [False]


def test_terms_have_the_names_of_the_users_data() -> None:
    engine = opened(classes())
    go(engine, 3)
    session = session_of(engine)
    record = open_session(parse(classes())).run.record(3)
    rows = session.examples.training.rows[record.examples]
    note = origin_at(engine, CellRef(ArrayRef("dW", 2), 1, 2), terms=99)
    assert note is not None
    assert note.name == "dW[2][versicolor,u2]"
    assert note.equation == (
        "dW[2][versicolor,u2] = (1/6) Σᵢ dz[2][versicolor,i] * a[1][u2,i]"
        " + 0.02 * W[2][versicolor,u2]"
    )
    found = {term.name for term in note.terms}
    kinds = session.examples.classes
    expected = {
        f"#{row} {kinds[int(record.y[:, i].argmax())]}" for i, row in enumerate(rows.tolist())
    }
    assert found == expected | {"λ W[2]"}
    note = origin_at(engine, CellRef(ArrayRef("z", 1), 3, 1), terms=99)
    assert note is not None
    assert {term.name for term in note.terms} == {*session.examples.inputs, "bias"}
    note = origin_at(engine, CellRef(ArrayRef("W", 1)), terms=99)
    assert note is not None
    assert [term.name for term in note.terms if term.name != "before"] == ["change"]
    names = {factor.array for term in note.terms for factor in term.factors}
    assert names == {"W[1]", "dW[1]", "m(W[1])", "v(W[1])"}


@pytest.mark.parametrize("terms", [0, 1, 3])
def test_the_largest_and_the_rest(terms: int) -> None:
    engine = opened(classes())
    go(engine, 3)
    place = CellRef(ArrayRef("dW", 1), 2, 1)
    whole, part = origin_at(engine, place, terms=99), origin_at(engine, place, terms=terms)
    assert whole is not None
    assert part is not None
    assert (len(whole.terms), whole.more, whole.rest) == (7, 0, 0.0)
    assert (len(part.terms), part.more) == (terms, 7 - terms)
    assert part.terms == whole.terms[:terms]
    assert part.rest == pytest.approx(sum(term.value for term in whole.terms[terms:]), abs=1e-15)
    assert part.total == whole.total


# Following


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("position", [(0, 9), (3, 0), (3, 14), (5, 16)])
def test_a_random_walk_along_the_terms_ends_at_what_the_update_starts_from(
    name: str, position: tuple[int, int]
) -> None:
    engine = opened(CASES[name])
    do(engine, Seek(update=position[0]))
    do(engine, Move(operations=position[1]))
    chance = random.Random(position[1])
    made = [
        place for place in cells(engine, STATE_NAMES[name]) if origin_at(engine, place, terms=0)
    ]
    ends = set()
    for _ in range(12):
        place, value = chance.choice(made), None
        for _ in range(100):
            note = origin_at(engine, place, terms=99)
            assert note is not None, place
            assert note.cell == place or note.cell.before
            if value is not None:
                assert note.shown == value
            if note.sentence:
                ends.add((place.array.symbol, bool(place.array.state_name), place.before))
                break
            factors = [factor for term in note.terms for factor in term.factors]
            factor = chance.choice(factors)
            plain = factor.array == str(factor.cell.array)
            place, value = factor.cell, factor.value if plain else None
            assert factor.name.startswith(factor.array.split("(")[-1].split("[")[0]) or (
                factor.cell.array.state_name
            )
        else:
            raise AssertionError(f"no end: {place}")
    assert {"W", "a"} <= {symbol for symbol, _, _ in ends}


# Settings


def test_the_settings_are_those_that_the_update_was_made_with() -> None:
    engine = opened(classes())
    go(engine, 4)
    ask(engine, Change(optimizer="sgd", learning_rate=0.5, l2=0.3))
    place, gradient = CellRef(ArrayRef("W", 1)), CellRef(ArrayRef("dW", 1))
    for _ in range(2):
        go(engine, 5)
        after = origin_at(engine, gradient, terms=9)
        assert after is not None
        assert after.matches
        assert after.equation.endswith("+ 0.3 * W[1][u0,sepal_length]")
        changed = origin_at(engine, place, terms=9)
        assert changed is not None
        assert changed.matches
        assert not any(
            "m(W[1])" in factor.array for term in changed.terms for factor in term.factors
        )
        go(engine, 4)  # the edit acts here: the arrays of update 4 are those before it
        frame = do(engine, Move(operations=-1))
        assert place_of(frame) == (3, 16)
        before = origin_at(engine, gradient, terms=9)
        assert before is not None
        assert before.matches
        assert before.equation.endswith("+ 0.02 * W[1][u0,sepal_length]")
        changed = origin_at(engine, place, terms=9)
        assert changed is not None
        assert changed.matches
        assert any("m(W[1])" in factor.array for term in changed.terms for factor in term.factors)


def test_a_slot_of_another_optimiser_is_gone() -> None:
    engine = opened(classes())
    go(engine, 4)
    of_state = Window(array=ArrayRef("W", 1, "m"), rows=9, columns=9)
    place = CellRef(ArrayRef("W", 1, "m"))
    ask(engine, Change(optimizer="sgd"))
    go(engine, 5)
    frame = ask(engine, look_at(window=of_state, operands=[of_state], cell=place))
    assert frame[Provenance].note is None
    assert [each.made for each in frame[Numbers].operands] == [False]


# Slips


@pytest.mark.parametrize("mistake", [name for name in MISTAKES if name != "back_transpose"])
def test_a_slipped_operation_says_so_and_the_right_equation_does_not_close(mistake: str) -> None:
    engine = opened(two_classes(optimizer="sgd"))
    go(engine, 2)
    ask(engine, SetMistake(name=mistake))
    ask(engine, Move(operations=16))
    slipped, mismatched = set(), set()
    for place in cells(engine):
        note = origin_at(engine, place)
        if note is None or note.sentence:
            continue
        name = str(place.array)
        if note.mistake:
            assert note.mistake == MISTAKES[mistake].sentence
            assert "{" not in note.equation
            slipped.add(name)
            mismatched |= set() if note.matches else {name}
        else:
            assert note.matches, note
    expected = {
        "loss": {"J"},
        "output_gradient": {"da[2]", "dz[2]"},
        "weight_gradient": {"dW[1]", "dW[2]"},
        "bias_gradient": {"db[1]", "db[2]"},
        "no_mean": {"dW[1]", "dW[2]", "db[1]", "db[2]"},
        "mean_twice": {"dW[1]", "dW[2]", "db[1]", "db[2]"},
        "transpose": {"dW[1]", "dW[2]"},
        "bias_twice": {"b[1]"},  # b[2] is the last operation, not done yet
    }
    assert slipped == expected[mistake]
    assert mismatched == slipped


def test_without_a_slip_nothing_is_said() -> None:
    engine = opened(two_classes())
    go(engine, 2)
    ask(engine, SetMistake(name="no_mean"))
    ask(engine, SetMistake(name=None))
    go(engine, 3)
    note = origin_at(engine, CellRef(ArrayRef("dW", 1)))
    assert note is not None
    assert (note.mistake, note.matches) == ("", True)


# Windows


def whole(symbol: str, layer: int, state_name: str = "", *, before: bool = False) -> Window:
    return Window(array=ArrayRef(symbol, layer, state_name), before=before, rows=99, columns=99)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("k", [0, 1, 6, 15, 16])
def test_windows_are_the_arrays_of_the_record(name: str, k: int) -> None:
    engine = opened(CASES[name])
    do(engine, Seek(update=3))
    do(engine, Move(operations=k))
    alone = open_session(parse(CASES[name]))
    record = alone.run.record(4 if k else 3)
    operations = alone.run.trainer.operations()
    made = {operation.result for operation in (operations[:k] if k else operations)}
    L = alone.run.network.L
    for l in range(1, L + 1):
        for symbol in ("W", "b"):
            wanted = [whole(symbol, l), whole(symbol, l, before=True)]
            wanted += [whole(symbol, l, state_name=state_name) for state_name in STATE_NAMES[name]]
            found = ask(engine, look_at(operands=wanted))[Numbers].operands
            changed = ArrayRef(symbol, l) in made
            now = getattr(record.after if changed else record, symbol)[l]
            assert np.array_equal(found[0].values, now)
            assert np.array_equal(found[1].values, getattr(record, symbol)[l])
            for state_name, each in zip(STATE_NAMES[name], found[2:], strict=True):
                assert np.array_equal(
                    each.values, getattr(record.optimizer_state[state_name], symbol)[l]
                )
        for symbol in ("z", "a", "da", "dz", "dW", "db"):
            for before in (False, True):
                matrix = ask(engine, look_at(operands=[whole(symbol, l, before=before)]))
                array = getattr(record, symbol)[l]
                assert matrix[Numbers].operands[0].made == (ArrayRef(symbol, l) in made)
                if matrix[Numbers].operands[0].made:
                    assert np.array_equal(matrix[Numbers].operands[0].values, array)
    frame = ask(engine, look_at(operands=[whole("y", L), whole("a", 0), whole("J", L)]))
    y, inputs, J = frame[Numbers].operands
    assert np.array_equal(y.values, record.y)
    assert np.array_equal(inputs.values, record.a[0])
    assert J.values == ([[record.J]] if J.made else [])
    assert J.made == (ArrayRef("J", L) in made)


@pytest.mark.parametrize("name", CASES)
def test_shown_is_the_operation_that_made_what_is_looked_at(name: str) -> None:
    engine = opened(CASES[name])
    do(engine, Seek(update=3))
    alone = open_session(parse(CASES[name]))
    alone.run.advance(3)
    operations = alone.run.trainer.operations()
    for k in range(len(operations)):
        for number, operation in enumerate(operations, start=1):
            window = Window(array=operation.result, rows=99, columns=99)
            shown = ask(engine, look_at(window=window))[Numbers].shown
            if k and number > k:
                assert shown is None
                continue
            assert shown is not None
            assert (shown.number, shown.result) == (number, operation.result)
        for window in (whole("a", 0), whole("W", 1, before=True), whole("W", 1, state_name="v")):
            assert ask(engine, look_at(window=window))[Numbers].shown is None
        do(engine, Move(operations=1))


@pytest.mark.parametrize(
    ("name", "layer"), [("classes", 2), ("two classes", 2), ("numbers", 3), ("classes", 1)]
)
def test_the_long_route_stands_beside_dz_of_a_fused_pair_once_it_is_made(
    name: str, layer: int
) -> None:
    engine = opened(CASES[name])
    fused = name != "numbers" and layer == 2
    do(engine, Seek(update=2))
    for k in range(18):
        frame = ask(engine, look_at(window=whole("dz", layer)))
        matrix = frame[Numbers].matrix
        assert matrix is not None
        said = frame[Numbers].long_route.startswith(
            "The long route, over da[2], differs by at most"
        )
        assert said == (fused and matrix.made), k
        assert said or frame[Numbers].long_route == ""
        assert ask(engine, look_at(window=whole("a", layer)))[Numbers].long_route == ""
        do(engine, Move(operations=1))


def test_what_is_tried_is_compared_with_the_same_moment_without_it() -> None:
    engine = opened(classes(optimizer="sgd"))
    do(engine, Seek(update=2))
    do(engine, Move(operations=15))  # W[1] and b[1] are changed, W[2] is not
    without: dict[str, Matrix] = {}
    for symbol in ("W", "b"):
        found = ask(engine, look_at(window=whole(symbol, 1)))[Numbers].matrix
        assert found is not None
        without[symbol] = found
    ask(engine, Try(cell=CellRef(ArrayRef("W", 2), 0, 0), value=0.75))
    for symbol, expected in without.items():
        found = ask(engine, look_at(window=whole(symbol, 1)))[Numbers].matrix
        assert found is not None
        assert found.before == expected.values
        assert found.values != expected.values
    ask(engine, Keep())

"""Conditions as text, and the watch: when one hits, where, and how it says so."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.refusals import check_fields
from tests.training.runs import CASES, Case
from tests.training.test_quantity import PER_EPOCH, done, never
from tuiprop.core.network import Layer
from tuiprop.core.network import Network as Net
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.training.breakpoint import OPERATORS, Condition, Hit, Watch, parse
from tuiprop.training.history import WIDTH
from tuiprop.training.quantities import QUANTITIES
from tuiprop.training.quantity import ConditionError, Update
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import SYMBOLS
from tuiprop.update.operations import operations

SPELLINGS = (
    "epoch, update, batch_loss, train_loss, validation_loss, train_accuracy, validation_accuracy, "
    "rises(batch_loss), rises(train_loss), rises(validation_loss), norm(X), max(X), min(X), "
    "absmax(X), dead(l), saturated(l), nonfinite, failed_checks, failed_audits"
)
UNKNOWN = (
    f"QUANTITY OP NUMBER, with QUANTITY one of {SPELLINGS}; X one of W[l] b[l] z[l] a[l] da[l] "
    "dz[l] dW[l] db[l]; l the number of a layer"
)
NO_OP = "QUANTITY OP NUMBER, with OP one of < <= > >= == !="
NO_NUMBER = "QUANTITY OP NUMBER, with NUMBER a finite decimal number, such as 5, -0.05 or 1e-3"


# Text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("train_loss < 0.05", "train_loss < 0.05"),
        ("train_loss<.05", "train_loss < 0.05"),
        ("  epoch  >=  1e1  ", "epoch >= 10"),
        ("norm( dW2 )>5.0", "norm(dW[2]) > 5"),
        ("min(z[1])!=-0.5", "min(z[1]) != -0.5"),
        ("batch_loss == +2.", "batch_loss == 2"),
        ("max(a[0]) > 1e300", "max(a[0]) > 1e+300"),
        ("update\t<=\n100", "update <= 100"),
    ],
)
def test_written_in_one_way(text: str, written: str) -> None:
    assert str(parse(text)) == written
    assert parse(written) == parse(text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("", NO_OP),
        ("train_loss", NO_OP),
        ("train_loss = 1", NO_OP),
        ("trainloss < 1", UNKNOWN),
        ("< 1", UNKNOWN),
        ("norm(Q[1]) > 1", UNKNOWN),
        ("1 > epoch", UNKNOWN),
        ("epoch <", NO_NUMBER),
        ("epoch < x", NO_NUMBER),
        ("epoch < inf", NO_NUMBER),
        ("epoch < nan", NO_NUMBER),
        ("epoch < 1e999", NO_NUMBER),
        ("epoch < 1_000", NO_NUMBER),
        ("epoch > 1 2", NO_NUMBER),
        ("epoch > 0x10", NO_NUMBER),
        ("epoch > ٣", NO_NUMBER),
        ("1 < epoch < 3", UNKNOWN),
        ("epoch <> 3", NO_NUMBER),
        ("epoch > 1 and update > 2", NO_NUMBER),
    ],
)
def test_no_condition(text: str, allowed: str) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(text)
    check_fields(caught.value, "", f'"{text}"', allowed)


def test_what_was_found_is_short_and_on_one_line() -> None:
    with pytest.raises(ConditionError) as caught:
        parse("a\n\x1b" * 400)
    assert len(caught.value.found) == 60 + len('""')
    assert str(caught.value).isprintable()


NAMES = st.sampled_from([spec.pattern for spec in QUANTITIES])
WRITTEN = st.tuples(
    NAMES, st.sampled_from(SYMBOLS), st.integers(0, 999), st.sampled_from(("X", "[l]", "l"))
).map(
    lambda made: (
        made[0]
        .replace("X", f"{made[1]}[{made[2]}]" if made[3] == "[l]" else f"{made[1]}{made[2]}")
        .replace("(l)", f"({made[2]})")
    )
)
LIKE_ONE = st.lists(
    WRITTEN
    | NAMES
    | st.sampled_from([*OPERATORS, "=", " ", "(", ")", "[1]", "W", "1", "-", ".", "e5", "\n"])
    | st.text(max_size=3),
    max_size=6,
).map("".join)


@given(LIKE_ONE | st.text())
def test_any_text_is_a_condition_or_one_sentence(text: str) -> None:
    refusal = None
    try:
        condition = parse(text)
    except ConditionError as error:
        refusal = error
    if refusal is None:
        assert parse(str(condition)) == condition
        assert str(parse(str(condition))) == str(condition)
    else:
        assert str(refusal).isprintable()
        assert refusal.found.startswith('"')
        assert refusal.allowed.startswith("QUANTITY OP NUMBER, with ")


@given(
    WRITTEN, st.sampled_from(sorted(OPERATORS)), st.floats(allow_nan=False, allow_infinity=False)
)
def test_every_condition_keeps_its_number(quantity: str, op: str, number: float) -> None:
    condition = parse(f"{quantity} {op} {number!r}")
    assert (condition.op, condition.number) == (op, number)
    assert parse(str(condition)) == condition


@pytest.mark.parametrize(
    ("op", "true_of"),
    [("<", "-"), ("<=", "-="), (">", "+"), (">=", "+="), ("==", "="), ("!=", "-+")],
)
def test_operators(op: str, true_of: str) -> None:
    condition = parse(f"train_loss {op} 2")
    values = {"-": 1.9, "=": 2.0, "+": 2.1}
    assert {name for name, value in values.items() if condition.holds(value)} == set(true_of)
    assert condition.holds(math.nan) == (op == "!=")


# Where


def order(L: int) -> list[str]:
    """The operations of an update as the contract lists them."""
    names = [f"{symbol}[{l}]" for l in range(1, L + 1) for symbol in "za"] + ["J"]
    names += [f"{s}[{l}]" for l in range(L, 0, -1) for s in ("da", "dz", "dW", "db")]
    return names + [f"{symbol}[{l}]" for l in range(1, L + 1) for symbol in "Wb"]


def watch(trainer: Trainer, *conditions: str) -> Watch:
    return Watch([parse(text) for text in conditions], trainer.operations())


def only(hit: Hit | None) -> Hit:
    assert hit is not None
    return hit


@pytest.mark.parametrize("name", CASES)
def test_a_hit_is_at_the_operation_that_made_the_array(name: str) -> None:
    trainer = CASES[name].trainer()
    L = trainer.network.L
    names = order(L)
    watches = {
        each: watch(trainer, f"absmax({each}) >= 0") for each in (*names, "a[0]") if each != "J"
    }
    watches["J"] = watch(trainer, "batch_loss > -1e9")
    assert len(watches) == 8 * L + 2
    done(trainer)
    update = done(trainer)
    for each, one in watches.items():
        hit = only(one.after_update(update))
        k = 1 if each == "a[0]" else names.index(each) + 1
        assert (hit.update, hit.operation) == (2, k), each
        assert hit.place == ((1, k) if k <= 8 * L else (2, 0))
        assert hit.where == f"at update 2, operation {k} of {8 * L + 1}, {names[k - 1]}"


@pytest.mark.parametrize(
    ("condition", "k", "name"),
    [
        ("dead(1) >= 0", 1, "z[1]"),
        ("saturated(2) >= 0", 3, "z[2]"),
        ("rises(batch_loss) == 0", 7, "J"),
        ("failed_checks == 3", 19, "db[1]"),
    ],
)
def test_hits_of_what_comes_from_an_operation(condition: str, k: int, name: str) -> None:
    case = CASES["l2"]
    trainer = case.trainer()
    update = done(trainer)
    proved = Update(1, update.workspace, update.parameters, never, lambda: 3, never)
    hit = only(watch(trainer, condition).after_update(proved))
    assert (hit.operation, hit.place) == (k, (0, k))
    assert hit.where == f"at update 1, operation {k} of 25, {name}"


@pytest.mark.parametrize("condition", ["update == 1", "failed_audits == 2", "nonfinite == 0"])
def test_hits_of_whole_updates(condition: str) -> None:
    trainer = CASES["l2"].trainer()
    update = done(trainer)
    proved = Update(1, update.workspace, update.parameters, trainer.cost, never, lambda: 2)
    hit = only(watch(trainer, condition).after_update(proved))
    assert (hit.update, hit.operation, hit.place) == (1, 25, (1, 0))
    assert hit.where == "after update 1"


def test_a_hit_of_nonfinite_is_where_it_began() -> None:
    trainer = CASES["l2"].trainer()
    trainer.parameters.W[2][0, 0] = np.inf
    hit = only(watch(trainer, "nonfinite > 0").after_update(done(trainer)))
    assert hit.where == "at update 1, operation 3 of 25, z[2]"
    assert hit.place == (0, 3)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_order_is_that_of_the_operations(depth: int) -> None:
    network = Net(2, (Layer(2, "tanh"),) * depth, "mse")
    assert [str(op.result) for op in operations(network, OPTIMIZERS["sgd"], 0.1)] == order(depth)


def test_the_earliest_operation_wins_and_names_the_others() -> None:
    trainer = CASES["softmax"].trainer()
    conditions = ["norm(W[1]) > 0", "update > 0", "norm(dW[2]) > 0", "batch_loss > 0"]
    one = watch(trainer, *conditions)
    update = done(trainer)
    hit = only(one.after_update(update))
    assert str(hit.condition) == "batch_loss > 0"
    assert list(map(str, hit.also)) == ["norm(dW[2]) > 0", "norm(W[1]) > 0", "update > 0"]
    assert hit.sentence.endswith("J; also norm(dW[2]) > 0, norm(W[1]) > 0, update > 0")
    later = []
    while hit is not None:
        later.append(str(hit.condition))
        hit = one.after_update(update, since=hit.operation)  # type: ignore[assignment]
    assert later == ["batch_loss > 0", "norm(dW[2]) > 0", "norm(W[1]) > 0", "update > 0"]


def test_the_sentence() -> None:
    trainer = CASES["softmax"].trainer()
    done(trainer)
    update = done(trainer)
    norm = float(np.linalg.norm(update.workspace.gradient.W[2]))
    hit = only(watch(trainer, "norm(dW[2]) > 0.001").after_update(update))
    assert hit.value == norm
    assert hit.sentence == (
        f"norm(dW[2]) > 0.001: {norm:.3g} at update 2, operation 8 of 17, dW[2]"
    )


@pytest.mark.parametrize(
    ("condition", "value", "shown"),
    [
        ("batch_loss > 5", 5.3123, "5.31"),
        ("batch_loss > 5", 5.00001, "5.00001"),
        ("batch_loss > 5", math.nextafter(5, 6), "5.000000000000001"),
        ("batch_loss != 0.1", math.nextafter(0.1, 1), "0.10000000000000002"),
        ("batch_loss < 0.05", 0.0493, "0.0493"),
        ("batch_loss >= 12345", 12345.0, "12345"),
        ("batch_loss > 5", math.inf, "inf"),
        ("batch_loss != 5", math.nan, "nan"),
        ("batch_loss > 5", 1e300, "1e+300"),
    ],
)
def test_the_value_has_the_digits_that_show_that_it_holds(
    condition: str, value: float, shown: str
) -> None:
    hit = Hit(parse(condition), value, 1, 7, (0, 7), "here")
    assert hit.sentence == f"{condition}: {shown} here"


# When


def losses(case: Case, updates: int) -> list[float]:
    trainer = case.trainer()
    return [done(trainer).batch_loss for _ in range(updates)]


@pytest.mark.parametrize("op", OPERATORS)
def test_it_hits_when_it_becomes_true(op: str) -> None:
    case, updates = CASES["softmax"], 40
    values = losses(case, updates)
    condition = Condition(parse("batch_loss < 1").quantity, op, sorted(values)[updates // 2])
    trainer = case.trainer()
    one = Watch([condition], trainer.operations())
    true = [condition.holds(value) for value in values]
    expected = [now and not before for before, now in zip([False, *true], true, strict=False)]
    assert [one.after_update(done(trainer)) is not None for _ in range(updates)] == expected
    assert sum(expected) >= 1


def test_redoing_the_update_hits_again_unless_it_is_from_the_hit_on() -> None:
    trainer = CASES["softmax"].trainer()
    one = watch(trainer, "update >= 3", "rises(batch_loss) >= 1")
    hits = {}
    for t in range(1, 21):
        before = trainer.state.copy()
        hit = one.after_update(done(trainer))
        if hit is not None:
            hits[t] = hit
            for since, again in ((hit.place, None), ((t - 1, 0), hit)):
                trainer.restore(before, t - 1)
                operations = since[0] * len(trainer.operations()) + since[1]
                assert one.after_update(done(trainer), operations) == again
    assert len(hits) > 2
    values = [math.inf, *losses(CASES["softmax"], 20)]
    rises = [t for t in range(2, 21) if values[t] > values[t - 1]]
    begins = [t for t in rises if t - 1 not in rises]
    assert sorted(hits) == sorted({3, *begins})


def test_rises_are_counted_from_where_the_walk_began() -> None:
    case = Case(training={"learning_rate": 1e-9, "batch_size": 1, "shuffle": False})
    values = losses(case, 23)

    def counts(start: int) -> list[int]:
        found = [0]
        for t in range(start + 1, 23):
            found.append(found[-1] + 1 if values[t] > values[t - 1] else 0)
        return found

    for most in range(1, 4):
        trainer = case.trainer()
        one = watch(trainer, f"rises(batch_loss) == {most}")
        first = [t for t in range(9) if one.after_update(done(trainer)) is not None]
        assert first == [t for t, count in enumerate(counts(0)[:9]) if count == most]
        one.forget()
        later = [t for t in range(9, 23) if one.after_update(done(trainer)) is not None]
        assert later == [t for t, count in enumerate(counts(9), 9) if count == most]


def test_a_jump_begins_to_count_anew() -> None:
    trainer = CASES["softmax"].trainer()
    update = done(trainer)
    one = watch(trainer, "rises(batch_loss) >= 1")

    def after(t: int, loss: float) -> bool:
        made = Update(t, update.workspace, update.parameters, never, never, never)
        made.__dict__["batch_loss"] = loss
        return one.after_update(made) is not None

    assert [after(1, 1.0), after(2, 2.0), after(4, 3.0), after(5, 4.0)] == [
        False,
        True,
        False,
        True,
    ]


def test_forgotten_conditions_hit_again() -> None:
    trainer = CASES["softmax"].trainer()
    one = watch(trainer, "update > 0", "epoch >= 0")
    update, row = done(trainer), np.zeros((1, WIDTH))
    for _ in range(2):
        assert one.after_update(update) is not None
        assert one.after_epoch(0, row) is not None
        assert one.after_update(update, since=len(trainer.operations())) is None
        assert one.after_epoch(0, row) is None
        one.forget()


def test_replaced_conditions_keep_what_is_known_of_those_that_stay() -> None:
    trainer = CASES["softmax"].trainer()
    one = watch(trainer, "update > 0")
    assert one.after_update(done(trainer)) is not None
    one.replace([parse("update > 0"), parse("norm(W[1]) > 0")])
    hit = only(one.after_update(done(trainer)))
    assert (str(hit.condition), hit.also) == ("norm(W[1]) > 0", ())
    one.replace([])
    assert not one.watches_updates
    one.replace([parse("update > 0")])
    assert one.after_update(done(trainer)) is not None


# Epochs


def test_epochs() -> None:
    run = CASES["softmax"].run()
    run.advance(8 * PER_EPOCH)
    column = run.history.column("train_loss")
    number = float(column[4])
    one = watch(run.trainer, f"train_loss <= {number!r}", "epoch == 6", "update > 0")
    hits = {
        epoch: one.after_epoch(epoch * PER_EPOCH, run.history.rows[: epoch + 1])
        for epoch in range(9)
    }
    assert (np.diff(column) < 0).all()
    assert {epoch for epoch, hit in hits.items() if hit} == {4, 6}
    hit = only(hits[4])
    assert (hit.value, hit.update, hit.place) == (number, 20, (20, 0))
    assert hit.sentence.endswith(" after epoch 4, update 20")
    assert only(hits[6]).sentence == "epoch == 6: 6 after epoch 6, update 30"


def test_the_initial_weights() -> None:
    run = CASES["softmax"].run()
    one = watch(run.trainer, "train_loss > 0")
    hit = only(one.after_epoch(0, run.history.rows[:1]))
    assert (hit.update, hit.place) == (0, (0, 0))
    assert hit.sentence.endswith(" after epoch 0, update 0")


def test_rises_of_epochs_do_not_depend_on_what_was_watched() -> None:
    trainer = CASES["softmax"].trainer()
    rows = np.zeros((6, WIDTH))
    rows[:, 0] = [1, 2, 1, 2, 3, 4]
    one, late = watch(trainer, "rises(train_loss) >= 3"), watch(trainer, "rises(train_loss) >= 3")
    assert [one.after_epoch(5 * e, rows[: e + 1]) is not None for e in range(6)] == [False] * 5 + [
        True
    ]
    assert only(late.after_epoch(25, rows)).value == 3


# What it costs


def test_nothing_is_looked_at_that_no_condition_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = CASES["softmax"].trainer()
    update = done(trainer)
    asked: list[str] = []

    def array(self: Update, reference: object) -> object:
        asked.append(str(reference))
        return np.ones((2, 2))

    monkeypatch.setattr(Update, "array", array)
    monkeypatch.setattr(type(update.workspace), "losses", never)
    one = watch(trainer, "norm(W[1]) > 5", "norm(W1) > 7", "train_loss < 0", "max(z[2]) > 5")
    assert one.after_update(update) is None
    assert asked == ["W[1]", "z[2]"]
    assert watch(trainer, "train_loss < 0").after_update(update) is None
    assert watch(trainer, "update > 0").after_epoch(5, np.zeros((2, WIDTH))) is None
    assert len(asked) == 2

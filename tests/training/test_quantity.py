"""Every quantity beside a computation of its own, on recorded updates."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tests.refusals import refused
from tests.training.runs import CASES, Case
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.training.history import WIDTH
from tuiprop.training.quantities import QUANTITIES, largest_slope, parse_quantity
from tuiprop.training.quantity import ConditionError, Quantity, Update
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import SYMBOLS
from tuiprop.update.record import Record, first_nonfinite

PER_EPOCH = 5
"""Updates: 23 examples in batches of 5."""

NAMES = {spec.pattern for spec in QUANTITIES}
LARGEST_SLOPES = {
    "linear": 1.0,
    "sigmoid": 0.25,
    "tanh": 1.0,
    "relu": 1.0,
    "leaky_relu": 1.0,
    "elu": 1.0,
    "selu": 1.0507009873554805 * 1.6732632423543772,
    "softplus": 1.0,
    "silu": 1.0998393201,
    "gelu": 1.1289930,
    "mish": 1.0884982,
}


def quantity(text: str) -> Quantity:
    found = parse_quantity(text)
    assert found is not None, text
    return found


def never() -> int:
    raise AssertionError("nobody asked for it")


def done(trainer: Trainer) -> Update:
    """The next update, done."""
    with np.errstate(all="ignore"):
        trainer.advance(1)
    assert trainer.workspace is not None
    return Update(trainer.t, trainer.workspace, trainer.parameters, trainer.cost, never, never)


def after_update(text: str, update: Update) -> float:
    asked = quantity(text)
    assert asked.spec.of_update is not None
    with np.errstate(all="ignore"):
        return asked.spec.of_update(update, asked.target)


def after_epoch(text: str, rows: list[list[float]]) -> float:
    asked = quantity(text)
    assert asked.spec.of_epoch is not None
    return asked.spec.of_epoch(np.array(rows, np.float64))


def walked(case: Case, updates: int = 6, scale: float = 1.0) -> Iterator[tuple[Record, Update]]:
    """Updates, each recorded before it is done."""
    trainer = case.trainer()
    trainer.state[0] *= scale
    for _ in range(updates):
        with np.errstate(all="ignore"):
            record = trainer.record()
        yield record, done(trainer)


def array_of(record: Record, symbol: str, l: int) -> Array:
    """W and b are those after the update."""
    source = record.after if symbol in ("W", "b") else record
    array: Array = getattr(source, symbol)[l]
    return array


def layers_of(symbol: str, L: int) -> range:
    return range(0 if symbol == "a" else 1, L + 1)


def test_every_kind_looks_at_updates_or_at_epochs() -> None:
    for spec in QUANTITIES:
        assert (spec.of_update is None) != (spec.of_epoch is None), spec.pattern
        assert spec.description, spec.pattern
    assert len(NAMES) == len(QUANTITIES)


# After an update

OF_ARRAYS: dict[str, Callable[[list[float]], float]] = {
    "norm": lambda numbers: math.sqrt(math.fsum(x * x for x in numbers)),
    "max": max,
    "min": min,
    "absmax": lambda numbers: max(abs(x) for x in numbers),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("function", OF_ARRAYS)
def test_of_every_array(name: str, function: str) -> None:
    assert f"{function}(X)" in NAMES
    case = CASES[name]
    tolerance = 1e-6 if case.dtype == "float32" else 1e-13
    for record, update in walked(case):
        for symbol in SYMBOLS:
            for l in layers_of(symbol, case.network.L):
                expected = OF_ARRAYS[function](array_of(record, symbol, l).ravel().tolist())
                found = after_update(f"{function}({symbol}[{l}])", update)
                assert found == pytest.approx(expected, rel=tolerance), (symbol, l)
                assert after_update(f"{function}({symbol}{l})", update) == found


@pytest.mark.parametrize("name", CASES)
def test_batch_loss_has_no_penalty(name: str) -> None:
    case = CASES[name]
    for record, update in walked(case):
        squares = sum(float((W.astype(np.float64) ** 2).sum()) for W in record.W.values())
        expected = record.J - 0.5 * case.l2 * squares
        assert after_update("batch_loss", update) == pytest.approx(expected, rel=1e-6, abs=1e-12)
        assert after_update("update", update) == record.update


def slope(activation: str, z: Array) -> Array:
    """g′ by central differences in float64."""
    z, h, g = z.astype(np.float64), 1e-6, ACTIVATIONS[activation].function
    above, below, scratch = np.empty_like(z), np.empty_like(z), np.empty_like(z)
    with np.errstate(over="ignore"):
        g(z + h, above, scratch)
        g(z - h, below, scratch)
    result: Array = (above - below) / (2 * h)
    return result


@pytest.mark.parametrize("activation", LARGEST_SLOPES)
@pytest.mark.parametrize("scale", [1.0, 12.0, 300.0])
def test_dead_and_saturated(activation: str, scale: float) -> None:
    case = Case((3, 12, 9, 3), (activation, activation, "softmax"))
    for record, update in walked(case, 3, scale):
        for l in (1, 2):
            z = record.z[l]
            slopes = np.abs(slope(activation, z))
            low = (slopes < 0.01 * LARGEST_SLOPES[activation] * (1 - 1e-6)).all(axis=1)
            assert after_update(f"saturated({l})", update) == low.mean()
            dead = (z <= 0).all(axis=1).mean() if activation == "relu" else 0.0
            assert after_update(f"dead({l})", update) == dead
            assert dead <= low.mean()


def test_some_units_do_die_and_saturate() -> None:
    shares = {"relu": 0.0, "tanh": 0.0, "sigmoid": 0.0}
    for activation in shares:
        case = Case((3, 12, 9, 3), (activation, activation, "softmax"))
        for _, update in walked(case, 3, 300.0):
            shares[activation] += after_update("saturated(2)", update)
    assert all(share > 0 for share in shares.values())


@pytest.mark.parametrize("activation", [name for name in ACTIVATIONS if name != "softmax"])
def test_largest_slopes(activation: str) -> None:
    assert largest_slope(activation) == pytest.approx(LARGEST_SLOPES[activation], rel=1e-6)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_leaky_slope_is_not_below_a_hundredth(dtype: str) -> None:
    case = Case(activations=("leaky_relu", "softmax"), training={"dtype": dtype})
    trainer = case.trainer()
    trainer.parameters.b[1][...] = -100.0
    update = done(trainer)
    assert (update.workspace.z[1] < 0).all()
    assert after_update("saturated(1)", update) == 0.0


def not_finite(record: Record, fused: bool) -> int:
    L = len(record.W)
    arrays = [
        array_of(record, symbol, l)
        for symbol in SYMBOLS
        for l in range(1, L + 1)
        if (symbol, l, fused) != ("da", L, True)
    ]
    return sum(int((~np.isfinite(x)).sum()) for x in arrays) + (not math.isfinite(record.J))


@pytest.mark.parametrize("name", CASES)
def test_nonfinite_and_where_it_began(name: str) -> None:
    case = CASES[name]
    fused = case.network.loss_function.output is not None
    for _, update in walked(case, 3):
        assert after_update("nonfinite", update) == 0
        assert quantity("nonfinite").known_after(update) == ""
    spoiled = [(symbol, l) for l in range(1, case.network.L + 1) for symbol in ("W", "b")]
    for symbol, l in spoiled:
        for value in (np.inf, -np.inf, np.nan):
            trainer = case.trainer()
            getattr(trainer.parameters, symbol)[l][0, 0] = value
            with np.errstate(all="ignore"):
                record = trainer.record()
            update = done(trainer)
            assert after_update("nonfinite", update) == not_finite(record, fused)
            operations = trainer.operations()
            first = first_nonfinite(operations, record)
            assert first is not None
            k, row, column = first
            assert quantity("nonfinite").known_after(update) == str(operations[k - 1].result)
            assert f"z[{l}]" == str(operations[k - 1].result)
            assert not np.isfinite(record.result(operations[k - 1])[row, column])


def test_a_saturated_output_is_not_nonfinite() -> None:
    case = CASES["adam"]
    trainer = case.trainer()
    trainer.parameters.b[2][...] = 40.0
    with np.errstate(all="ignore"):
        record = trainer.record()
    assert not np.isfinite(record.da[2]).all()
    assert first_nonfinite(trainer.operations(), record) is None
    update = done(trainer)
    assert after_update("nonfinite", update) == 0
    assert not math.isfinite(after_update("absmax(da[2])", update))


def test_numbers_whose_sum_overflows_are_finite() -> None:
    trainer = CASES["softmax"].trainer()
    trainer.parameters.b[1][...] = 1e308
    update = done(trainer)
    with np.errstate(over="ignore"):
        assert not math.isfinite(float(np.sum(update.workspace.z[1])))
    assert after_update("nonfinite", update) == 0
    assert quantity("nonfinite").known_after(update) == ""


def test_a_penalty_that_overflows_is_nonfinite_at_J() -> None:
    case = Case((4, 6, 3), ("tanh", "softmax"), l2=1e-160)
    trainer = case.trainer()
    trainer.parameters.W[1][0, 0] = 1e200
    update = done(trainer)
    assert math.isfinite(update.batch_loss)
    assert after_update("nonfinite", update) == 1
    assert quantity("nonfinite").known_after(update) == "J"


def test_what_the_proof_says_is_asked_where_it_is_wanted() -> None:
    trainer = CASES["softmax"].trainer()
    update = done(trainer)
    asked = Update(1, update.workspace, update.parameters, never, lambda: 3, lambda: 2)
    assert after_update("failed_checks", asked) == 3
    assert after_update("failed_audits", asked) == 2


# At the end of an epoch


def test_newest_row_of_the_history() -> None:
    run = CASES["softmax"].run()
    run.advance(5 * PER_EPOCH)
    for epoch in range(6):
        rows = run.history.rows[: epoch + 1].tolist()
        assert after_epoch("epoch", rows) == epoch
        for name, value in list(run.history[epoch].items())[1:]:
            assert after_epoch(name, rows) == value


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.0], 0),
        ([1.0, 2.0], 1),
        ([2.0, 1.0], 0),
        ([1.0, 1.0], 0),
        ([3.0, 1.0, 2.0, 4.0], 2),
        ([1.0, 2.0, 2.0, 3.0], 1),
        ([1.0, math.nan, 2.0], 0),
        ([1.0, math.nan, 2.0, 3.0], 1),
        ([1.0, 2.0, math.inf], 2),
    ],
)
def test_rises_of_epochs(losses: list[float], expected: int) -> None:
    for column, name in enumerate(("train_loss", "validation_loss")):
        rows = [[0.5] * WIDTH for _ in losses]
        for row, loss in zip(rows, losses, strict=True):
            row[column] = loss
        assert after_epoch(f"rises({name})", rows) == expected


# How they are written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("train_loss", "train_loss"),
        ("norm(dW[2])", "norm(dW[2])"),
        ("norm(dW2)", "norm(dW[2])"),
        (" norm ( dW [ 2 ] ) ".strip(), "norm(dW[2])"),
        ("absmax(b07)", "absmax(b[7])"),
        ("dead( 3 )", "dead(3)"),
        ("rises( batch_loss )", "rises(batch_loss)"),
    ],
)
def test_written_in_one_way(text: str, written: str) -> None:
    assert str(quantity(text)) == written
    assert quantity(written) == quantity(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "trainloss", "Epoch", "norm", "norm()", "norm(W)", "norm(J)", "norm(dz[1)", "norm(2)",
        "norm(dW[1 2])", "dead(1 2)", "dead(W[1])", "dead()", "dead", "rises(epoch)", "norm(y[1])",
        "norm(W[-1])", "norm(W[٢])", "ep och", "norm(W[12345678])", "epoch(1)", "rises(X)",
    ],
)  # fmt: skip
def test_no_quantity(text: str) -> None:
    assert parse_quantity(text) is None


# Whether there is such a quantity

CLASSES = Network(2, (Layer(3, "tanh"), Layer(3, "softmax")), "cross_entropy")
NUMBERS = Network(2, (Layer(1, "linear"),), "mse")
SLOPES = "linear, sigmoid, tanh, relu, leaky_relu, elu, selu, softplus, silu, gelu, mish"


@pytest.mark.parametrize(
    ("network", "text", "found", "allowed"),
    [
        (CLASSES, "norm(dW[3])", "3", "from 1 to 2"),
        (CLASSES, "norm(dW[0])", "0", "from 1 to 2"),
        (CLASSES, "max(a[3])", "3", "from 0 to 2"),
        (CLASSES, "dead(0)", "0", "from 1 to 2"),
        (NUMBERS, "saturated(2)", "2", "layer 1"),
        (CLASSES, "dead(2)", "softmax", SLOPES),
        (CLASSES, "saturated(2)", "softmax", SLOPES),
        (
            NUMBERS,
            "train_accuracy",
            "mse",
            "binary_cross_entropy, cross_entropy",
        ),
        (
            NUMBERS,
            "validation_accuracy",
            "mse",
            "binary_cross_entropy, cross_entropy",
        ),
    ],
)
def test_what_the_network_does_not_have(
    network: Network, text: str, found: str, allowed: str
) -> None:
    with refused(ConditionError, text, found, allowed):
        quantity(text).check(network, held_out=True)


@pytest.mark.parametrize(
    "text", ["validation_loss", "validation_accuracy", "rises(validation_loss)"]
)
def test_nothing_held_out(text: str) -> None:
    quantity(text).check(CLASSES, held_out=True)
    with refused(ConditionError, text, "no validation examples"):
        quantity(text).check(CLASSES, held_out=False)


def test_what_the_network_has() -> None:
    for text in ("epoch", "nonfinite", "norm(a[0])", "norm(W[2])", "dead(1)", "train_accuracy"):
        quantity(text).check(CLASSES, held_out=False)
    for text in ("dead(1)", "saturated(1)", "train_loss", "rises(train_loss)", "min(db1)"):
        quantity(text).check(NUMBERS, held_out=False)


def test_parameters_are_those_after_the_update() -> None:
    trainer = CASES["softmax"].trainer()
    before = Parameters(trainer.network, trainer.state[0].copy())
    update = done(trainer)
    assert after_update("norm(W[1])", update) == np.linalg.norm(trainer.parameters.W[1])
    assert after_update("norm(W[1])", update) != np.linalg.norm(before.W[1])

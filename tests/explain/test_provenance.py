"""Compare the provenance of every cell of every operation with the record."""

import math
from collections.abc import Container, Iterator
from dataclasses import replace
from itertools import cycle

import numpy as np
import pytest

from tests.update.test_operation import CASES, trainer
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.explain.error_bounds import Precision, Rounded
from tuiprop.explain.evaluation import evaluate, joined
from tuiprop.explain.provenance import Group, Provenance, producing_operation
from tuiprop.explain.tracer import Tracer
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import ArrayRef, CellRef, T
from tuiprop.update.operation import Arrays, Operation, Phase
from tuiprop.update.operations import operations
from tuiprop.update.record import Record

L2_AND_DTYPE = [(0.0, "float64"), (0.3, "float32"), (0.3, "float64")]


def tracer_of(training: Trainer, **options: object) -> Tracer:
    name = str(options.get("optimizer", "sgd"))
    return Tracer(training.network, OPTIMIZERS[name], 0.01, options.get("options"))  # type: ignore[arg-type]


def origins(
    tracer: Tracer, training: Trainer, record: Record, phases: Container[Phase] = tuple(Phase)
) -> Iterator[tuple[Operation, Provenance]]:
    arrays = record.arrays()
    for operation in (each for each in training.operations() if each.phase in phases):
        result = record.result(operation)
        for row, column in np.ndindex(*result.shape):
            yield operation, tracer.trace(operation, arrays, result, row, column)


def about(operation: Operation, origin: Provenance) -> str:
    return f"{operation.text} at {origin.cell}: {origin.difference} > {origin.bound}"


@pytest.mark.parametrize(
    ("hidden", "output", "loss", "l2", "dtype"),
    [(*case, *settings) for case, settings in zip(CASES, cycle(L2_AND_DTYPE), strict=False)],
)
def test_every_number_matches(hidden: str, output: str, loss: str, l2: float, dtype: str) -> None:
    training = trainer(hidden, output, loss, l2, layers=1, dtype=dtype)
    training.advance(3)  # update 4 has 4 examples
    for operation, origin in origins(tracer_of(training), training, training.record()):
        assert np.isfinite(origin.bound)
        assert origin.matches, about(operation, origin)
        if not (operation.result.symbol == "a" and output == "softmax"):
            assert abs(origin.total - origin.shown) <= origin.bound


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_every_number_of_every_rule_matches(name: str, decay: float, dtype: str) -> None:
    settings = {"optimizer": name, "options": {"weight_decay": decay}}
    training = trainer(dtype=dtype, **settings)  # type: ignore[arg-type]
    for _ in range(2):
        for operation, origin in origins(
            tracer_of(training, **settings), training, training.record(), [Phase.UPDATE]
        ):
            assert origin.matches, about(operation, origin)
        training.advance(1)


def test_sums_are_those_of_plain_python() -> None:
    training = trainer("tanh", "linear", "mse", l2=0.3)
    record, tracer, l = training.record(), tracer_of(training), 2
    arrays, m = record.arrays(), record.y.shape[1]
    W, b, a, dz = (x[l].tolist() for x in (record.W, record.b, record.a, record.dz))
    before = record.a[l - 1].tolist()
    next_W, next_dz = record.W[l + 1].tolist(), record.dz[l + 1].tolist()
    expected = {
        f"z[{l}]": [*(W[1][k] * before[k][2] for k in range(len(before))), b[1][0]],
        f"da[{l}]": [next_W[k][1] * next_dz[k][2] for k in range(len(next_W))],
        f"dW[{l}]": [*(dz[1][i] * before[2][i] / m for i in range(m)), 0.3 * W[1][2]],
        f"db[{l}]": [dz[1][i] / m for i in range(m)],
        f"a[{l}]": [math.tanh(record.z[l][1, 2])],
        f"dz[{l}]": [record.da[l][1, 2] * (1 - a[1][2] ** 2)],
        f"W[{l}]": [W[1][2], -0.01 * record.dW[l][1, 2]],
        "J": [
            *(
                math.fsum((p - q) ** 2 for p, q in zip(*columns, strict=True)) / 3 / m
                for columns in zip(record.a[3].T.tolist(), record.y.T.tolist(), strict=True)
            ),
            *(0.15 * math.fsum(w * w for w in record.W[i].ravel().tolist()) for i in (1, 2, 3)),
        ],
    }
    seen = set()
    for operation in training.operations():
        terms = expected.get(str(operation.result))
        if terms is None:
            continue
        seen.add(str(operation.result))
        result = record.result(operation)
        place = [(1, 2)[axis] if size > 1 else 0 for axis, size in enumerate(result.shape)]
        origin = tracer.trace(operation, arrays, result, *place)
        np.testing.assert_allclose(origin.values, terms, rtol=1e-14, atol=1e-18)
        assert abs(origin.total - math.fsum(terms)) <= origin.bound
        assert origin.shown == result[tuple(place)]
    assert seen == set(expected)


def changed(arrays: Arrays, reference: ArrayRef) -> Arrays:
    return {**arrays, reference: arrays[reference] * (1 + 1e-6)}


@pytest.mark.parametrize(
    ("hidden", "output", "loss", "optimizer"),
    [
        ("gelu", "softmax", "mse", "adam"),
        ("silu", "softmax", "cross_entropy", "rmsprop"),
        ("selu", "sigmoid", "binary_cross_entropy", "nesterov"),
        ("elu", "softplus", "squared_error", "adagrad"),
        ("leaky_relu", "linear", "huber", "momentum"),
        ("sigmoid", "tanh", "mae", "adamw"),
    ],
)
def test_a_millionth_of_an_operand_is_noticed(
    hidden: str, output: str, loss: str, optimizer: str
) -> None:
    settings = {"optimizer": optimizer, "options": {"weight_decay": 0.1}}
    training = trainer(hidden, output, loss, 0.3, **settings)  # type: ignore[arg-type]
    training.advance(2)
    record, tracer = training.record(), tracer_of(training, **settings)
    arrays = record.arrays()
    noticed = 0
    for operation in training.operations():
        result = record.result(operation)
        for operand in set(operation.operands) - {T}:
            other = changed(arrays, operand)
            moved = np.abs(operation.compute(other) - result)
            share = moved / (np.abs(result) + 1e-300)
            row, column = np.unravel_index(share.argmax(), result.shape)
            if share.max() < 1e-11:  # J from z does not read a, tanh′ from a does not read z
                continue
            origin = tracer.trace(operation, other, result, int(row), int(column))
            assert not origin.matches, (operation.text, operand)
            noticed += 1
    assert noticed > 2 * len(training.operations()) * 0.7


def some(training: Trainer, record: Record, name: str, row: int = 0, column: int = 0) -> Provenance:
    operation = next(each for each in training.operations() if str(each.result) == name)
    result = record.result(operation)
    return tracer_of(training).trace(operation, record.arrays(), result, row, column)


@pytest.mark.parametrize("count", [0, 1, 3, 7, 8, 20])
def test_the_largest_terms_and_the_rest(count: int) -> None:
    training = trainer(l2=0.3)
    origin = some(training, training.record(), "dW[2]", 1, 2)
    values = origin.values.tolist()
    assert len(values) == 8
    top = origin.top(count)
    found = [term.value for term in top.terms]
    assert found == sorted(values, key=abs, reverse=True)[:count]
    assert len(found) + top.more == len(values)
    assert math.fsum([*found, top.rest]) == pytest.approx(math.fsum(values), abs=1e-17)
    assert {(term.kind, term.index) for term in origin.top(8).terms} == {
        *(("example", i) for i in range(7)),
        ("penalty", 2),
    }


def test_equal_terms_keep_their_order_and_what_is_no_number_comes_first() -> None:
    training = trainer()
    origin = some(training, training.record(), "db[2]")
    numbers = np.array([1.0, np.nan, -3.0, 3.0, np.inf, 0.0])
    top = replace(origin, groups=(Group("example", numbers, lambda i: ()),)).top(4)
    assert [term.index for term in top.terms] == [1, 4, 2, 3]
    assert top.rest == 1.0


@pytest.mark.parametrize("loss", ["cross_entropy", "mse"])
def test_factors_are_the_numbers_in_their_cells_and_lead_to_the_beginning(loss: str) -> None:
    training = trainer(output="softmax", loss=loss, l2=0.1, optimizer="adam")
    training.advance(2)
    record, tracer = training.record(), tracer_of(training, optimizer="adam")
    arrays, steps = record.arrays(), training.operations()
    unseen = {operation.result for operation in steps}
    to_do = [CellRef(ArrayRef("W", 1), 0, 0), CellRef(ArrayRef("da", 3), 0, 0)]
    beginnings = set()
    done: set[CellRef] = set()
    while to_do:
        cell = to_do.pop()
        if cell in done:
            continue
        done.add(cell)
        operation = producing_operation(steps, cell)
        if operation is None:
            beginnings.add(cell.array.state_name or cell.array.symbol)
            continue
        unseen.discard(cell.array)
        origin = tracer.trace(operation, arrays, record.result(operation), cell.row, cell.column)
        for position in range(len(origin.values)):
            term = origin.term(position)
            assert term.value == origin.values[position]
            assert term.factors
            for factor in term.factors:
                place = arrays[factor.cell.array][factor.cell.row, factor.cell.column]
                assert factor.function or factor.value == place
                to_do.append(factor.cell)
    assert beginnings == {"a", "y", "W", "b", "m", "v"}
    # the walk starts at W[1]: what it does not need are the changes of the others, db and J
    assert {r.symbol for r in unseen} <= {"W", "b", "dW", "db", "J", "da"}
    with pytest.raises(IndexError):
        origin.term(10_000)


def test_where_products_are_the_terms_they_are_the_products_of_their_factors() -> None:
    training = trainer(output="softmax", loss="mse")
    record = training.record()
    for name in ("z[2]", "da[1]", "dz[1]"):
        origin = some(training, record, name, 1, 2)
        for position, value in enumerate(origin.values):
            product = math.prod(f.value for f in origin.term(position).factors)
            assert product == pytest.approx(value, rel=1e-14)


def test_the_equations() -> None:
    training = trainer(l2=0.3, output="softmax", loss="mse", optimizer="adamw")
    record, tracer = training.record(), tracer_of(training, optimizer="adamw")
    first = {str(op.result): o for op, o in origins(tracer, training, record) if o.cell.row == 0}
    assert first["z[1]"].equation == "z[1][j,i] = Σₖ W[1][j,k] * a[0][k,i] + b[1][j]"
    assert first["a[2]"].equation == "a[2][j,i] = tanh(z[2][j,i])"
    assert first["da[1]"].equation == "da[1][j,i] = Σₖ W[2][k,j] * dz[2][k,i]"
    assert first["dz[1]"].equation == "dz[1][j,i] = da[1][j,i] * tanh′(z[1][j,i])"
    gradient = first["dW[2]"]
    assert gradient.equation == "dW[2][j,k] = (1/7) Σᵢ dz[2][j,i] * a[1][k,i] + 0.3 * W[2][j,k]"
    assert gradient.equation_at("u3", "u1") == (
        "dW[2][u3,u1] = (1/7) Σᵢ dz[2][u3,i] * a[1][u1,i] + 0.3 * W[2][u3,u1]"
    )
    assert first["db[2]"].equation == "db[2][j] = (1/7) Σᵢ dz[2][j,i]"
    assert first["J"].equation == "J = (1/7) Σᵢ loss(a[3][:,i], y[:,i]) + (0.3/2) Σₗ ‖W[l]‖²"
    assert first["W[1]"].equation == "W[1][j,k] = W[1][j,k] before + decay + ΔW"
    for origin in first.values():
        assert len(origin.equation) <= 76
        for line in origin.lines:
            assert all(len(text) <= 60 for text in line.wrapped(60))


MATHS = {
    **{name: getattr(math, name) for name in ("exp", "expm1", "log", "log1p", "tanh", "sqrt")},
    "abs": abs,
    "max": max,
    "min": min,
    "sign": lambda x: float(np.sign(x)),
}


@pytest.mark.parametrize(("hidden", "output", "loss"), CASES)
def test_the_numbers_in_the_lines_give_their_values(hidden: str, output: str, loss: str) -> None:
    training = trainer(hidden, output, loss, layers=1)
    checked = 0
    for operation, origin in origins(tracer_of(training), training, training.record()):
        for line in origin.lines:
            text = joined(line.numbers, repr)
            if line.value is None or "Σ" in text or line.name == "largest":
                assert operation.result.symbol in ("J", "a", "dz")
                continue
            assert eval(text, dict(MATHS)) == pytest.approx(line.value, rel=1e-14, abs=1e-300)
            checked += 1
    assert checked


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_lines_of_the_rules(name: str) -> None:
    settings = {"optimizer": name, "options": {"weight_decay": 0.1}}
    training = trainer(**settings)  # type: ignore[arg-type]
    training.advance(2)
    operation = training.operations()[-2]
    record = training.record()
    tracer = tracer_of(training, **settings)
    origin = tracer.trace(operation, record.arrays(), record.result(operation), 0, 0)
    for line in origin.lines:
        assert line.value is not None
        assert eval(joined(line.numbers, repr), dict(MATHS)) == pytest.approx(line.value, rel=1e-14)
    change = record.after.W[4 - 1][0, 0] - record.W[3][0, 0]
    of_lines = [line.value for line in origin.lines if line.name in ("decay", "ΔW")]
    assert math.fsum(v for v in of_lines if v is not None) == pytest.approx(change, rel=1e-9)
    kinds = [group.kind for group in origin.groups]
    assert kinds == ["before", *(["decay"] if OPTIMIZERS[name].decouples_decay else []), "change"]


def test_a_rule_in_numbers() -> None:
    reading = {"m": 0.0012, "dW": 0.034}
    names = {n: Rounded.exact(v, Precision.of(np.float64)) for n, v in reading.items()}
    lines, _ = evaluate(("m = 0.9 * m + (1 - 0.9) * dW", "m̂ = m / (1 - 0.9**t)"), {**names, "t": 3})
    assert [text for line in lines for text in line.wrapped()] == [
        "m = 0.9 * m + (1 - 0.9) * dW",
        "  = 0.9 * 0.0012 + (1 - 0.9) * 0.034",
        "  = 0.00448",
        "m̂ = m / (1 - 0.9**t)",
        "   = 0.00448 / (1 - 0.9**3)",
        "   = 0.0165314",
    ]


def test_a_saturated_output() -> None:
    """da[L] is infinite there: only the same infinity matches it."""
    network = Network(1, (Layer(1, "sigmoid"),), "binary_cross_entropy")
    operation = next(
        each for each in operations(network, OPTIMIZERS["sgd"], 0.1) if each.result.symbol == "da"
    )
    tracer = Tracer(network, OPTIMIZERS["sgd"], 0.1)
    for a, y, shown in [(1.0, 0.0, np.inf), (0.0, 1.0, -np.inf), (1.0, 1.0, np.nan)]:
        arrays = {
            ArrayRef(s, l): np.array([[v]]) for s, l, v in [("a", 0, 1.0), ("a", 1, a), ("y", 1, y)]
        }
        assert np.array_equal(operation.compute(arrays), [[shown]], equal_nan=True)
        assert tracer.trace(operation, arrays, np.array([[shown]]), 0, 0).matches
        for wrong in (1.0, np.inf, -np.inf, np.nan):
            origin = tracer.trace(operation, arrays, np.array([[wrong]]), 0, 0)
            assert origin.matches == (wrong == shown or bool(np.isnan(wrong) and np.isnan(shown)))


@pytest.mark.parametrize("hidden", [g for g in ACTIVATIONS if not ACTIVATIONS[g].output_only])
@pytest.mark.parametrize(("rate", "dtype"), [(1e2, "float64"), (1e30, "float32")])
def test_a_run_that_diverges_matches_and_warns_of_nothing(
    hidden: str, rate: float, dtype: str
) -> None:
    infinite = 0
    for output, loss in [("linear", "mse"), ("softmax", "cross_entropy")]:
        training = trainer(
            hidden,
            output,
            loss,
            0.1,
            layers=1,
            learning_rate=rate,
            dtype=dtype,
            optimizer="momentum",
            batch_size=2,
        )
        tracer = Tracer(training.network, OPTIMIZERS["momentum"], rate)
        for _ in range(3):
            with np.errstate(all="ignore"):
                record = training.record()
                training.advance(1)
            with np.errstate(all="raise"):
                for operation, origin in origins(tracer, training, record):
                    assert origin.matches, about(operation, origin)
                    origin.top(2)
                    infinite += not np.isfinite(origin.shown)
    assert infinite or rate == 1e2


@pytest.mark.parametrize("name", [n for n, loss in LOSSES.items() if loss.from_z])
def test_the_loss_from_z_is_the_loss(name: str) -> None:
    loss, generator = LOSSES[name], np.random.default_rng(1)
    z: Array = generator.normal(size=(3, 20))
    a = np.empty_like(z)
    ACTIVATIONS[str(loss.output)].function(z, a, np.empty_like(z))
    y = np.eye(3)[generator.integers(3, size=20)].T
    names = {
        n: Rounded.exact(v, Precision.of(np.float64)) for n, v in (("z", z), ("a", a), ("y", y))
    }
    values = [evaluate(formula, names)[1]["loss"] for formula in (loss.formula, loss.from_z)]
    np.testing.assert_allclose(values[0].value, values[1].value, rtol=1e-13)
    np.testing.assert_allclose(values[0].value, loss.value(z, a, y), rtol=1e-13)

"""The operations describe what propagation and the optimisers compute: proved bit for bit."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.initialization import initialize
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import ArrayRef, T
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.operations import operations
from tuiprop.update.record import Record
from tuiprop.verify.mistakes import MISTAKES

HIDDEN = itertools.cycle(name for name, g in ACTIVATIONS.items() if not g.output_only)
CASES = [
    (next(HIDDEN), loss.output or output, name)
    for name, loss in LOSSES.items()
    for output in (("",) if loss.output else ("linear", "tanh", "softmax"))
    for _ in range(3)
]
"""Every loss with its outputs, behind three hidden activations each; every one of them occurs."""


def trainer(
    hidden: str = "tanh",
    output: str = "softmax",
    loss: str = "cross_entropy",
    l2: float = 0.0,
    layers: int = 2,
    **settings: object,
) -> Trainer:
    generator = np.random.default_rng(0)
    sizes = [5, 4, 6, 3][:layers]
    network = Network(3, (*(Layer(n, hidden) for n in sizes), Layer(3, output)), loss, l2)
    inputs = generator.normal(size=(25, 3))
    targets = np.eye(3)[generator.integers(0, 3, 25)]
    if not LOSSES[loss].classes:
        targets = generator.normal(size=(25, 3))
    experiment = TrainingSettings(**{"batch_size": 7, **settings})  # type: ignore[arg-type]
    return Trainer(network, experiment, inputs, targets, initialize(network, "xavier_normal", 1))


def in_numpy(operation: Operation, record: Record) -> Array:
    """What the lines of NumPy give, run as they are shown."""
    arrays = record.arrays()
    names = {reference.numpy: arrays[reference].copy() for reference in operation.operands}
    names |= {"np": np}  # type: ignore[dict-item]
    lines = operation.numpy.format(m=record.a[0].shape[1], t=record.update)
    exec(lines, names)
    return np.asarray(names[operation.result.numpy])


@pytest.mark.parametrize(("hidden", "output", "loss"), CASES)
@pytest.mark.parametrize("l2", [0.0, 0.3])
def test_every_operation_again_from_its_operands_bit_for_bit(
    hidden: str, output: str, loss: str, l2: float
) -> None:
    training = trainer(hidden, output, loss, l2)
    training.advance(2)  # the last batch of an epoch is smaller: update 4 has 4 examples
    for _ in range(2):
        record = training.record()
        arrays = record.arrays()
        for operation in training.operations():
            again = operation.compute({each: arrays[each] for each in operation.operands})
            assert np.array_equal(again, record.result(operation)), operation.text
        training.advance(1)
        assert np.array_equal(training.parameters.vector, record.after.vector)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_every_rule_again_bit_for_bit_and_as_numpy(name: str, decay: float) -> None:
    training = trainer(layers=4, optimizer=name, options={"weight_decay": decay})
    training.advance(3)
    record = training.record()
    arrays = record.arrays()
    changes = [op for op in training.operations() if op.phase is Phase.UPDATE]
    assert len(changes) == 2 * training.network.L
    for operation in changes:
        again = operation.compute({each: arrays[each] for each in operation.operands})
        assert np.array_equal(again, record.result(operation)), operation.text
        np.testing.assert_allclose(in_numpy(operation, record), again, rtol=1e-13, atol=1e-15)
        assert not np.array_equal(again, arrays[operation.result])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_numpy_lines_of_a_rule_are_right_whatever_its_slots_hold(name: str) -> None:
    network = Network(2, (Layer(30, "linear"),), "mse")
    change = operations(network, OPTIMIZERS[name], 0.1, {"weight_decay": 0.2})[-2]
    draw = np.random.default_rng(0).uniform
    arrays = {each: draw(-1.0, 1.0, (30, 2)) for each in change.operands}
    sums_of_squares = (each for each in arrays if each.state_name in ("s", "v"))
    arrays |= {each: abs(arrays[each]) for each in sums_of_squares}
    arrays[T] = np.full((1, 1), 3.0)
    names: dict[str, Any] = {each.numpy: array.copy() for each, array in arrays.items()}
    exec(change.numpy.format(t=3), {"np": np}, names)
    np.testing.assert_allclose(names["W1"], change.compute(arrays), rtol=1e-12)


def every_operation() -> Iterator[Operation]:
    """Operations with every activation, loss, optimiser and mistake."""
    for hidden, output, loss in CASES:
        layers = (Layer(3, hidden), Layer(1 if output == "sigmoid" else 2, output))
        network = Network(2, layers, loss, l2=0.1)
        yield from operations(network, OPTIMIZERS["adam"], 0.1)
    for optimizer in OPTIMIZERS.values():
        yield from operations(network, optimizer, 0.1, {"weight_decay": 0.2})
        for mistake in MISTAKES.values():
            yield from mistake.operations(network, optimizer, 0.1)


def test_every_operation_is_printed_in_latex() -> None:
    for operation in every_operation():
        for line in operation.latex:
            assert line.isascii(), line
            assert balanced(line), line
            assert line.count(r"\left") == line.count(r"\right"), line
            assert line.count(r"\begin{cases}") == line.count(r"\end{cases}"), line
        assert any(line.startswith(operation.result.latex) for line in operation.latex)


def balanced(line: str) -> bool:
    depths = list(itertools.accumulate((c == "{") - (c == "}") for c in line))
    return min(depths, default=0) >= 0 and depths[-1:] in ([], [0])


def test_latex_of_operations() -> None:
    network = Network(2, (Layer(3, "leaky_relu"), Layer(1, "sigmoid")), "binary_cross_entropy", 0.1)
    latex = {each.result: each.latex for each in operations(network, OPTIMIZERS["momentum"], 0.1)}
    assert latex[ArrayRef("dW", 2)] == (
        r"dW^{[2]} = \frac{1}{m} dz^{[2]} \cdot {a^{[1]}}^{T} + \lambda W^{[2]}",
    )
    assert latex[ArrayRef("a", 1)] == (
        r"a^{[1]} = \mathrm{leaky\_relu}(z^{[1]})",
        r"a^{[1]} = \begin{cases} z^{[1]} & z^{[1]} > 0 \\ "
        r"0.01 \, z^{[1]} & \text{otherwise} \end{cases}",
    )
    assert latex[ArrayRef("J", 2)][0] == (
        r"J = \frac{1}{m} \sum \mathcal{L}(a^{[2]}, y) + "
        r"\frac{\lambda}{2} \sum_l \lVert W^{[l]} \rVert^{2}"
    )
    assert latex[ArrayRef("W", 1)] == (
        r"v_{W^{[1]}} := 0.9 \, v_{W^{[1]}} + dW^{[1]}",
        r"W^{[1]} := W^{[1]} - \alpha \, v_{W^{[1]}}",
    )


@pytest.mark.parametrize(("hidden", "output", "loss"), CASES)
def test_the_numpy_lines_are_right(hidden: str, output: str, loss: str) -> None:
    training = trainer(hidden, output, loss, l2=0.2)
    record = training.record()
    for operation in training.operations():
        result = record.result(operation)
        scale = np.abs(result).max()
        np.testing.assert_allclose(
            in_numpy(operation, record).reshape(result.shape),
            result,
            rtol=1e-12,
            atol=1e-13 * scale,
            err_msg=operation.numpy,
        )


@pytest.mark.parametrize("layers", [0, 1, 3])
def test_order_of_the_contract(layers: int) -> None:
    network = trainer(layers=layers).network
    L = network.L
    found = [str(op.result) for op in operations(network, OPTIMIZERS["sgd"], 0.1)]
    expected = [f"{s}[{l}]" for l in range(1, L + 1) for s in "za"] + ["J"]
    expected += [f"{s}[{l}]" for l in range(L, 0, -1) for s in ("da", "dz", "dW", "db")]
    expected += [f"{s}[{l}]" for l in range(1, L + 1) for s in "Wb"]
    assert found == expected
    assert len(found) == 8 * L + 1


def test_equations_are_those_of_the_notes() -> None:
    network = Network(2, (Layer(3, "tanh"), Layer(1, "sigmoid")), "binary_cross_entropy", 0.1)
    texts = [op.text for op in operations(network, OPTIMIZERS["adam"], 0.1)]
    assert texts[0] == "z[1] = W[1] · a[0] + b[1]"
    assert texts[6] == "dz[2] = a[2] − y"
    assert texts[7] == "dW[2] = (1/m) dz[2] · a[1]ᵀ + λ W[2]"
    assert texts[8] == "db[2] = (1/m) Σᵢ dz[2]"
    assert texts[9] == "da[1] = W[2]ᵀ · dz[2]"
    assert texts[10] == "dz[1] = da[1] * tanh′(z[1])"
    assert texts[13] == "W[1] := W[1] − α (m / (1 − 0.9ᵗ)) / (√(v / (1 − 0.999ᵗ)) + ε)"


def test_shapes_by_name_fit_the_arrays() -> None:
    training = trainer(layers=3, optimizer="adam")
    record = training.record()
    sizes = {f"n[{l}]": n for l, n in enumerate(training.network.sizes)}
    sizes |= {"m": record.a[0].shape[1], "1": 1}
    arrays = record.arrays()
    for operation in training.operations():
        for reference in (*operation.operands, operation.result):
            if reference.symbol in ("t", "J"):
                continue
            named = tuple(sizes[name] for name in reference.size_names)
            assert arrays[reference].shape == named, reference
        if operation.summed_over:
            left, right = [piece for piece in operation.equation if piece.array is not None][:2]
            assert left.array is not None
            assert right.array is not None
            inner = left.array.size_names[0 if left.transposed else 1]
            assert inner == right.array.size_names[1 if right.transposed else 0]
            assert inner == operation.summed_over

"""Mistakes: what a mistaken update shows is what it does, and the proof names it."""

import re
import warnings
from collections.abc import Iterator

import numpy as np
import pytest

from tests.update.test_operation import in_numpy
from tuiprop.core.array import Array
from tuiprop.core.initialization import initialize
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.core.propagation import Workspace
from tuiprop.training.edit import MistakeEdit
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.trainer import Trainer
from tuiprop.update.arrays import ArrayRef
from tuiprop.update.operation import Operation, Phase
from tuiprop.update.record import parameter_of
from tuiprop.verify.gradient_check import check_gradient
from tuiprop.verify.gradient_verdict import GradientCheck
from tuiprop.verify.injection import Mistake
from tuiprop.verify.mistakes import MISTAKES
from tuiprop.verify.update_audit import Audit, audit

NETWORKS = {
    "logistic": ((4, 5, 3, 2), ("tanh", "sigmoid", "sigmoid"), "binary_cross_entropy"),
    "fused": ((4, 5, 3), ("relu", "softmax"), "cross_entropy"),
    "one output": ((2, 3, 1), ("tanh", "sigmoid"), "binary_cross_entropy"),
    "numbers": ((3, 4, 4, 2), ("tanh", "relu", "linear"), "mse"),
    "square": ((3, 3, 3), ("tanh", "tanh"), "squared_error"),
    "one layer": ((5, 3), ("sigmoid",), "binary_cross_entropy"),
    "deep": ((3, 6, 5, 4, 3, 2), ("relu", "tanh", "elu", "silu", "sigmoid"), "huber"),
}
M = 6
OF_LOSS = ("loss", "output_gradient")
BACK = "back_transpose"


def refused(name: str, network: str) -> bool:
    if name in OF_LOSS:
        return NETWORKS[network][2] != "binary_cross_entropy"
    return name == BACK and network in ("one output", "one layer")


CASES = [(name, network) for name in MISTAKES for network in NETWORKS if not refused(name, network)]


def network_of(name: str, l2: float = 0.0) -> Network:
    sizes, activations, loss = NETWORKS[name]
    layers = (Layer(n, g) for n, g in zip(sizes[1:], activations, strict=True))
    return Network(sizes[0], tuple(layers), loss, l2)


def trainer(name: str, mistake: str = "", l2: float = 0.0, **settings: object) -> Trainer:
    network, generator = network_of(name, l2), np.random.default_rng(0)
    inputs = generator.normal(size=(20, network.inputs))
    K = network.sizes[-1]
    targets = generator.normal(size=(20, K))
    if network.loss == "cross_entropy":
        targets = np.eye(K)[generator.integers(K, size=20)]
    if network.loss == "binary_cross_entropy":
        targets = generator.integers(2, size=(20, K)).astype(np.float64)
    experiment = TrainingSettings(batch_size=M, **settings)  # type: ignore[arg-type]
    initial = initialize(network, "xavier_normal", 1, experiment.dtype)
    found = Trainer(network, experiment, inputs, targets, initial)
    if mistake:
        found.restore(found.state, 0, found.plan.with_edits((MistakeEdit(at=0, mistake=mistake),)))
        found.apply_pending_edits()
    return found


def checked(training: Trainer) -> GradientCheck:
    with np.errstate(all="ignore"):
        return check_gradient(training.parameters, *training.distinct_batches())


def audited(training: Trainer, optimizer: str = "sgd", rate: float = 0.01) -> Audit:
    """One update on, and its audit."""
    before = training.state.copy()
    training.advance(1)
    assert training.workspace is not None
    gradient = training.workspace.gradient.vector
    given = optimizer, rate, None, training.t, before, gradient, training.state
    return audit(training.network, *given)


def wrong(result: GradientCheck) -> set[str]:
    return {str(each.array) for each in result.wrong}


def touched(training: Trainer, right: Trainer) -> Iterator[tuple[Operation, Operation]]:
    """The operations that the mistake is in, beside the right ones."""
    pairs = zip(training.operations(), right.operations(), strict=True)
    for mistaken, as_it_should_be in pairs:
        assert mistaken.result == as_it_should_be.result
        assert mistaken.phase is as_it_should_be.phase
        if mistaken.sentence != as_it_should_be.sentence:
            yield mistaken, as_it_should_be


def test_the_table() -> None:
    assert len(MISTAKES) == 9
    assert [mistake.title for mistake in MISTAKES.values()][:5] == [
        "loss = −y log a + (1−y) log(1−a)",
        "da[L] = −( y/a + (1−y)/(1−a) )",
        "dW[l] = dz[l] a[l-1]",
        "db[l] = dz[l]⁽ⁱ⁾",
        "da[l-1] = W[l] dz[l]",
    ]
    assert len({mistake.sentence for mistake in MISTAKES.values()}) == 9
    assert all(mistake.title != mistake.right for mistake in MISTAKES.values())


@pytest.mark.parametrize(("l2", "dtype"), [(0.0, "float64"), (0.3, "float32"), (0.3, "float64")])
@pytest.mark.parametrize(("name", "network"), CASES)
def test_every_mistaken_operation_again_bit_for_bit(
    name: str, network: str, l2: float, dtype: str
) -> None:
    training = trainer(network, name, l2, dtype=dtype)
    training.advance(2)
    for _ in range(2):  # update 4 has 2 examples
        record = training.record()
        arrays = record.arrays()
        for operation in training.operations():
            again = operation.compute({each: arrays[each] for each in operation.operands})
            assert np.array_equal(again, record.result(operation)), operation.text
            assert again.dtype == dtype or operation.phase is Phase.COST
        training.advance(1)
        assert np.array_equal(training.parameters.vector, record.after.vector)
        assert training.cost() == record.J


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize(("name", "network"), CASES)
def test_the_numpy_lines_give_the_mistaken_result(name: str, network: str, l2: float) -> None:
    training, right = trainer(network, name, l2), trainer(network, "", l2)
    record = training.record()
    found = list(touched(training, right))
    assert found
    for mistaken, as_it_should_be in found:
        result = record.result(mistaken)
        given = in_numpy(mistaken, record).reshape(result.shape)
        np.testing.assert_allclose(given, result, rtol=1e-11, atol=1e-13)
        if (
            mistaken.numpy != as_it_should_be.numpy
            and mistaken.equation != as_it_should_be.equation
        ):
            assert mistaken.text != as_it_should_be.text
        assert mistaken.sentence.format(m=M) != as_it_should_be.sentence.format(m=M)


@pytest.mark.parametrize(("name", "network"), CASES)
def test_the_proof_turns_wrong_and_right_again(name: str, network: str) -> None:
    training, right = trainer(network, name), trainer(network)
    for each in (training, right):
        each.advance(1)
    right.restore(training.state, training.t)
    result, made = checked(training), {op.result for op, _ in touched(training, right)}
    named = {str(each.array) for each in result.arrays}
    L = training.network.L
    if name == "bias_twice":
        assert result.passed
        found = {str(each.array) for each in audited(training).arrays if not each.ok}
        assert found == {f"b[{l}]" for l in range(1, L + 1)}
        assert {str(reference) for reference in made} == found
    else:
        assert audited(training).passed
        assert not result.passed
        found = wrong(result)
        for l in range(1, L + 1):
            of_layer = {array for array in found if array.endswith(f"[{l}]")}
            of_layer |= {"J"} & found if l == L else set()
            assert set(result.layer(l).wrong) == of_layer
    if name == "loss":
        assert found == {"J"}
    if name == "output_gradient":
        assert str(result.wrong[0].array) == f"da[{L}]"
        assert {f"dW[{L}]", f"db[{L}]"} <= found
    if name in ("no_mean", "mean_twice"):
        assert found == named
    if name == "weight_gradient":
        assert found == {each for each in named if each.startswith("dW")}
    if name == "transpose":
        assert found
        assert found <= {each for each in named if each.startswith("dW")}
    if name == "bias_gradient":
        assert found == {each for each in named if each.startswith("db")}
    if name == BACK:
        assert str(result.wrong[0].array) in {f"da[{l}]" for l in range(1, L)}
        assert not {f"dW[{L}]", f"db[{L}]"} & found
    assert checked(right).passed
    assert audited(right).passed


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_bias_twice_with_every_optimizer(name: str, dtype: str) -> None:
    training, right = (
        trainer("logistic", mistake, optimizer=name, dtype=dtype) for mistake in ("bias_twice", "")
    )
    for _ in range(5):
        record = training.record()
        arrays = record.arrays()
        changes = [op for op in training.operations() if op.phase is Phase.UPDATE]
        for operation in changes:
            again = operation.compute({each: arrays[each] for each in operation.operands})
            assert np.array_equal(again, record.result(operation)), operation.text
            shown = in_numpy(operation, record)
            rounding = 1e-13 if dtype == "float64" else 1e-5
            np.testing.assert_allclose(shown, again, rtol=rounding, atol=rounding)
        right.restore(training.state, training.t)
        right.advance(1)
        result = audited(training, name)
        assert np.array_equal(training.parameters.vector, record.after.vector)
        for l in range(1, 4):
            assert np.array_equal(training.parameters.W[l], right.parameters.W[l])
        vectors = ("", *OPTIMIZERS[name].state_names)
        found, expected = (
            {
                state_name: Parameters(training.network, row)
                for state_name, row in zip(vectors, state, strict=True)
            }
            for state in (training.state, right.state)
        )
        differing = {
            each.array
            for each in result.arrays
            if not np.array_equal(
                parameter_of(found[each.array.state_name], each.array),
                parameter_of(expected[each.array.state_name], each.array),
            )
        }
        assert {each.array for each in result.arrays if not each.ok} == differing
        assert differing >= {ArrayRef("b", l) for l in range(1, 4)}
    right = trainer("logistic", optimizer=name, dtype=dtype)
    for _ in range(5):
        assert audited(right, name).passed


def test_a_rule_that_is_applied_twice_says_so() -> None:
    training = trainer("fused", "bias_twice", optimizer="momentum")
    weights, bias = training.operations()[-2:]
    assert weights.rule == ("v := 0.9 v + dW[2]",)
    assert bias.rule == ("v := 0.9 v + db[2]", "b[2] := b[2] − α v", "v := 0.9 v + db[2]")
    assert bias.text == "b[2] := b[2] − α v"
    assert bias.numpy.count("\n") == 3


@pytest.mark.parametrize(
    ("name", "symbol", "text"),
    [
        ("loss", "J", "J = (1/m) Σ (−y log a[3] + (1 − y) log(1 − a[3]))"),
        ("output_gradient", "da", "da[3] = −(y / a[3] + (1 − y) / (1 − a[3]))"),
        ("output_gradient", "dz", "dz[3] = da[3] * sigmoid′(z[3])"),
        ("weight_gradient", "dW", "dW[3] = dz[3] · a[2]"),
        ("bias_gradient", "db", "db[3] = dz[3]⁽ⁱ⁾"),
        (BACK, "da", "da[2] = W[3] · dz[3]"),
        ("no_mean", "dW", "dW[3] = dz[3] · a[2]ᵀ"),
        ("no_mean", "db", "db[3] = Σᵢ dz[3]"),
        ("mean_twice", "dW", "dW[3] = (1/m) (1/m) dz[3] · a[2]ᵀ"),
        ("mean_twice", "db", "db[3] = (1/m) (1/m) Σᵢ dz[3]"),
        ("transpose", "dW", "dW[3] = (1/m) dz[3] · a[2]"),
    ],
)
def test_the_equation_says_the_mistake(name: str, symbol: str, text: str) -> None:
    training = trainer("logistic", name)
    found = next(op for op, _ in touched(training, trainer("logistic")) if text == op.text)
    assert found.result.symbol == symbol


def test_the_five_as_the_notes_print_them() -> None:
    """By formulas of their own, on a network whose shapes all fit."""
    generator = np.random.default_rng(4)
    network = Network(3, (Layer(3, "sigmoid"), Layer(3, "sigmoid")), "binary_cross_entropy")
    parameters = initialize(network, "xavier_normal", 2)
    X, y = generator.normal(size=(3, 3)), generator.integers(2, size=(3, 3)).astype(np.float64)

    def walked(name: str) -> Workspace:
        workspace = MISTAKES[name].workspace(network, 3)
        workspace.inputs[...], workspace.targets[...] = X.T, y.T
        workspace.forward(parameters)
        workspace.backward(parameters)
        return workspace

    def close(one: Array, other: Array) -> None:
        np.testing.assert_allclose(one, other, rtol=1e-12)

    loss = walked("loss")
    a = loss.a[2]
    printed = -y * np.log(a) + (1 - y) * np.log(1 - a)
    close(loss.losses(), printed.sum(axis=0))
    assert loss.cost(parameters) == pytest.approx(printed.sum() / 3, rel=1e-12)
    output = walked("output_gradient")
    close(output.da[2], -(y / a + (1 - y) / (1 - a)))
    close(output.output_gradient(), output.da[2])
    close(output.dz[2], output.da[2] * a * (1 - a))
    dW = walked("weight_gradient")
    close(dW.gradient.W[2], dW.dz[2] @ dW.a[1])
    close(dW.gradient.W[1], dW.dz[1] @ X)
    db = walked("bias_gradient")
    close(db.gradient.b[2], db.dz[2][:, [0]])
    back = walked(BACK)
    close(back.da[1], parameters.W[2] @ back.dz[2])


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_that_would_change_nothing_is_refused(name: str, network: str) -> None:
    mistake, described = MISTAKES[name], network_of(network)
    assert bool(mistake.refusal(described, M)) == refused(name, network)
    if refused(name, network):
        assert re.match(
            "this mistake (is one of|changes nothing if every W)", mistake.refusal(described, M)
        )
    if name not in (*OF_LOSS, BACK, "bias_twice"):
        assert "batch size of 2 or more" in mistake.refusal(described, 1)


@pytest.mark.parametrize(
    ("name", "sizes", "m"),
    [
        (BACK, (4, 1, 3, 1), M),
        (BACK, (4, 3), M),
        ("transpose", (1, 1, 3), M),
        *((name, (3, 2, 2), 1) for name in ("weight_gradient", "bias_gradient", "no_mean")),
        *((name, (3, 2, 2), 1) for name in ("mean_twice", "transpose")),
    ],
)
def test_what_is_refused_would_change_nothing(name: str, sizes: tuple[int, ...], m: int) -> None:
    network = Network(sizes[0], tuple(Layer(n, "tanh") for n in sizes[1:]), "mse")
    mistake, generator = MISTAKES[name], np.random.default_rng(0)
    assert mistake.refusal(network, m)
    parameters = initialize(network, "xavier_normal", 0)
    gradients = []
    inputs, targets = generator.normal(size=(m, sizes[0])), generator.normal(size=(m, sizes[-1]))
    for workspace in (mistake.workspace(network, m), Workspace(network, m)):
        workspace.inputs[...], workspace.targets[...] = inputs, targets
        workspace.forward(parameters)
        workspace.backward(parameters)
        gradients.append(workspace.gradient.vector.copy())
    np.testing.assert_allclose(gradients[0], gradients[1], rtol=1e-13)


def test_training_without_a_mistake_uses_nothing_of_it() -> None:
    training = trainer("logistic")
    training.advance(1)
    assert type(training.workspace) is Workspace


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_numbers_that_overflow_warn_of_nothing(mistake: Mistake) -> None:
    training = trainer("logistic", mistake.name, learning_rate=1e200)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("error")
        training.advance(5)
        training.record()
    workspace = mistake.workspace(training.network, M)
    workspace.inputs[...], workspace.targets[...] = 1.0, 1.0
    saturated = initialize(training.network, "xavier_normal", 0)
    saturated.b[3][...] = -800.0
    with np.errstate(all="raise", under="ignore", over="ignore"):
        workspace.forward(saturated)
    with np.errstate(all="raise", under="ignore"):
        workspace.backward(saturated)
        workspace.output_gradient()

"""Random correct networks, which the proof must not call wrong, and damaged ones, which it must.

    python -m fuzz.proof [NETWORKS] [DAMAGED] [SEED]

trains NETWORKS (5000) networks with every activation, loss, optimiser and dtype, with inputs from
1e-3 to 1e3, targets up to 1e6, weights up to 1e20, for up to 2,000 updates, and checks the gradient
and audits the update of each. Then it damages a gradient in DAMAGED (200) networks of ordinary
size: one cell, a row, a column or the whole array, by a sign or a factor down to 1 + 1e-9 of its
largest number. Prints the verdicts, and each false alarm and each damage that was not found, of
which there must be none.
"""

import sys
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.array import Array
from tuiprop.core.initialization import INITIALIZERS, initialize
from tuiprop.core.loss import LOSSES
from tuiprop.core.network import Layer, Network
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.training.experiment import TrainingSettings
from tuiprop.training.trainer import Trainer, is_finite
from tuiprop.update.arrays import ArrayRef, parameter_refs
from tuiprop.update.record import parameter_of
from tuiprop.verify.gradient_check import check_gradient
from tuiprop.verify.gradient_verdict import Verdict

HIDDEN = [name for name, g in ACTIVATIONS.items() if not g.output_only]
FACTORS = (1e-9, 1e-6, 1e-3, 0.1, 1.0)
"""Damage, as shares of the largest number of an array."""


@dataclass(frozen=True)
class Case:
    """A network in the middle of its training."""

    trainer: Trainer
    words: str
    """Its description, to find it again."""


def case(generator: np.random.Generator, *, extreme: bool) -> Case:
    """Draw a network and train it.

    Args:
        generator: draws all choices.
        extreme: draw large and small inputs, targets and weights, and long trainings, too.
    """

    def choice(*values: Any) -> Any:
        return values[int(generator.integers(len(values)))]

    loss = choice(*LOSSES)
    output = LOSSES[loss].output or choice("linear", "linear", *ACTIVATIONS)
    depth = int(generator.integers(0, 5))
    K = int(generator.integers(2 if output == "softmax" else 1, 5))
    sizes = [*generator.integers(1, 9, depth + 1).tolist(), K]
    names = [*(choice(*HIDDEN) for _ in range(depth)), output]
    layers = tuple(Layer(n, name) for n, name in zip(sizes[1:], names, strict=True))
    network = Network(sizes[0], layers, loss, choice(0.0, 0.0, 0.01, 0.1))
    dtype = choice("float64", "float64", "float32")
    optimizer = choice(*OPTIMIZERS)
    count = choice(1, 4, 10, 32)
    scale, size, weight, updates = 1.0, 1.0, 1.0, choice(0, 20)
    if extreme:
        scale, size = 10.0 ** generator.integers(-3, 4), 10.0 ** generator.integers(0, 7)
        weight = 10.0 ** choice(0, 0, 0, 2, 10, 20)
        updates = choice(0, 0, 20, 200, 2000)
    inputs = generator.normal(size=(count, sizes[0])) * scale
    if choice(True, False):
        inputs[:: int(generator.integers(1, 4))] = 0.0
    targets = _targets(network, inputs, generator) * (1.0 if LOSSES[loss].classes else size)
    settings = TrainingSettings(
        optimizer=optimizer,
        learning_rate=choice(0.001, 0.05, 0.3),
        batch_size=int(generator.integers(1, count + 1)),
        dtype=dtype,
    )
    initialization = choice(*INITIALIZERS)
    initial = initialize(network, initialization, int(generator.integers(2**31)), dtype)
    initial.vector[...] *= weight
    given = inputs.astype(dtype), targets.astype(dtype)
    trainer = Trainer(network, settings, *given, initial)
    for _ in range(updates):
        before = trainer.state.copy()
        trainer.advance(1)
        if not is_finite(trainer.state):
            trainer.restore(before, trainer.t - 1)
            break
    words = f"{network} {settings} {initialization} t={trainer.t} {scale=} {size=} {weight=}"
    return Case(trainer, words)


def _targets(network: Network, inputs: Array, generator: np.random.Generator) -> Array:
    """Draw classes, numbers, or numbers that a linear network can reach."""
    K, count = network.sizes[-1], len(inputs)
    if network.loss == "cross_entropy":
        return np.eye(K)[generator.integers(K, size=count)]
    if network.loss_function.classes:
        return generator.integers(2, size=(count, K)).astype(np.float64)
    if generator.random() < 0.5:
        return np.asarray(inputs @ generator.normal(size=(inputs.shape[1], K)))
    return generator.normal(size=(count, K))


def wrong_in(trainer: Trainer) -> list[str]:
    """The arrays that the proof calls wrong."""
    result = check_gradient(trainer.parameters, *trainer.distinct_batches())
    record = trainer.record()
    before, after = record.before_and_after
    audit = trainer.config.audit(record.count, before, record.gradient, after)
    wrong = [each.array for each in result.wrong]
    return [str(array) for array in (*wrong, *(a.array for a in audit.arrays if not a.ok))]


def damage(array: Array, generator: np.random.Generator) -> str:
    """Damage one cell, a row, a column or all of an array; return what was done, or ""."""
    rows, columns = array.shape
    row, column = int(generator.integers(rows)), int(generator.integers(columns))
    places: dict[str, Any] = {
        "cell": (row, column),
        "row": row,
        "column": (slice(None), column),
        "array": ...,
    }
    place = list(places)[int(generator.integers(len(places)))]
    largest, factor = np.abs(array).max(), FACTORS[int(generator.integers(len(FACTORS)))]
    part, before = array[places[place]].copy(), array.copy()
    is_sign = generator.random() < 0.3
    array[places[place]] = -part if is_sign else part + factor * largest
    # a sign of a number that is far smaller than the largest is within its rounding
    if np.abs(array - before).max() < FACTORS[0] * largest / 2 or not largest:
        return ""
    return f"{place}: {'sign' if is_sign else factor}"


def main() -> None:
    """Print the verdicts, and what was judged wrongly."""
    arguments = [int(each) for each in sys.argv[1:]]
    networks, damaged, seed = [*arguments, *(5000, 200, 0)[len(arguments) :]]
    with np.errstate(all="ignore"):
        sys.exit(1 if _judged_wrongly(networks, damaged, seed) else 0)


def _judged_wrongly(networks: int, damaged: int, seed: int) -> int:
    """Print the verdicts; return the number of false alarms and of damage that was not found."""
    verdicts: Counter[str] = Counter()
    alarms = 0
    for number in range(networks):
        drawn = case(np.random.default_rng([seed, number]), extreme=True)
        trainer = drawn.trainer
        result = check_gradient(trainer.parameters, *trainer.distinct_batches())
        verdicts.update(check.verdict.value for check in result.arrays)
        if wrong := wrong_in(trainer):
            alarms += 1
            print(f"false alarm {number}: {', '.join(wrong)} in {drawn.words}", flush=True)
    print(f"{networks} correct networks, {alarms} false alarms; dW and db: {dict(verdicts)}")
    done = missed = number = 0
    while done < damaged:
        generator = np.random.default_rng([seed, number, 1])
        number += 1
        trainer = (drawn := case(generator, extreme=False)).trainer
        if trainer.settings.dtype != "float64":
            continue
        workspace = trainer.distinct_batches()[0]
        parameters = list(parameter_refs(trainer.network.L))
        of = parameters[int(generator.integers(len(parameters)))]
        right = check_gradient(trainer.parameters, workspace).arrays[parameters.index(of)]
        if right.verdict is not Verdict.RIGHT:
            continue
        found = damage(parameter_of(workspace.gradient, of), generator)
        if not found:
            continue
        done += 1
        result = check_gradient(trainer.parameters, workspace)
        if ArrayRef(f"d{of.symbol}", of.layer) not in [each.array for each in result.wrong]:
            missed += 1
            print(f"missed {number - 1}: d{of} {found} in {drawn.words}", flush=True)
    print(f"{done} damaged gradients, {missed} not found")
    return alarms + missed


if __name__ == "__main__":
    main()

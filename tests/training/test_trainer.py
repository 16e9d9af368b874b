import tracemalloc

import numpy as np
import pytest

from tests.training.runs import CASES, OPTIMIZER_CASES, Case, bits
from tuiprop.core.network import Parameters
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.core.propagation import Workspace
from tuiprop.update.parameter_update import ParameterUpdate
from tuiprop.update.record import Record

UPDATES = (1, 2, 5, 6, 23, 31)


def arrays_of(record: Record) -> dict[str, bytes]:
    """Every array of a record, and J, as bytes."""
    symbols = ("W", "b", "z", "a", "da", "dz", "dW", "db")
    arrays = {
        f"{symbol}[{l}]": bits(array)
        for symbol in symbols
        for l, array in getattr(record, symbol).items()
    }
    return {**arrays, "y": bits(record.y), "J": bits(np.array([record.J]))}


@pytest.mark.parametrize("name", CASES)
def test_the_record_is_what_flat_out_training_computed(name: str) -> None:
    case = CASES[name]
    recorded = case.run()
    for update in UPDATES:
        flat_out = case.run()
        flat_out.advance(update - 1)
        before = flat_out.trainer.parameters.copy()
        flat_out.advance(update)
        workspace = flat_out.trainer.workspace
        assert workspace is not None
        expected = {
            **{f"W[{l}]": W for l, W in before.W.items()},
            **{f"b[{l}]": b for l, b in before.b.items()},
            **{f"z[{l}]": z for l, z in workspace.z.items()},
            **{f"a[{l}]": a for l, a in workspace.a.items()},
            **{f"da[{l}]": da for l, da in workspace.da.items()},
            **{f"dz[{l}]": dz for l, dz in workspace.dz.items()},
            **{f"dW[{l}]": dW for l, dW in workspace.gradient.W.items()},
            **{f"db[{l}]": db for l, db in workspace.gradient.b.items()},
            "y": workspace.y,
            "J": np.array([flat_out.trainer.cost()]),
        }
        if case.network.loss_function.output is not None:
            workspace.output_gradient()  # da[L] is not on the way of these
        found = arrays_of(recorded.record(update))
        assert found.keys() == expected.keys()
        for symbol, array in expected.items():
            assert found[symbol] == bits(array), (symbol, update)


@pytest.mark.parametrize("name", CASES)
def test_the_record_walks_over_the_batch_of_its_update(name: str) -> None:
    case = CASES[name]
    run = case.run()
    for update in UPDATES:
        record = run.record(update)
        assert record.update == update
        assert record.examples.tolist() == run.trainer.batches.rows(update).tolist()
        assert bits(record.a[0]) == bits(case.data.inputs[record.examples].T)
        assert bits(record.y) == bits(case.data.targets[record.examples].T)
        assert list(record.a) == list(range(case.network.L + 1))
        others = (record.W, record.b, record.z, record.da, record.dz, record.dW, record.db)
        assert all(list(each) == list(range(1, case.network.L + 1)) for each in others)
        assert {array.dtype for array in record.z.values()} == {np.dtype(case.dtype)}


def test_da_of_the_output_is_made_for_fused_pairs_too() -> None:
    record = CASES["softmax"].run().record(4)
    np.testing.assert_array_equal(record.da[2], -record.y / record.a[2])
    record = CASES["adam"].run().record(4)
    a, y = record.a[2], record.y
    np.testing.assert_allclose(record.da[2], -y / a + (1 - y) / (1 - a), rtol=1e-14)


def test_J_of_the_record_has_the_penalty() -> None:
    case = CASES["l2"]
    record = case.run().record(3)
    loss = -np.log((record.a[3] * record.y).sum(axis=0)).mean()
    penalty = 0.5 * case.l2 * sum((W**2).sum() for W in record.W.values())
    assert penalty > 0.01
    np.testing.assert_allclose(record.J, loss + penalty, rtol=1e-13)


def test_a_record_shares_nothing_with_the_training() -> None:
    run = CASES["adam"].run()
    run.advance(7)
    record = run.trainer.record()
    first, state = arrays_of(record), bits(run.trainer.state)
    assert run.t == 7
    assert bits(run.trainer.state) == CASES["adam"].states(7)[7] == state
    run.advance(30)
    run.trainer.record()
    assert arrays_of(record) == first


@pytest.mark.parametrize("name", [*CASES, *OPTIMIZER_CASES])
def test_training_is_the_loop_of_the_notes(name: str) -> None:
    """With fresh arrays at every update: what is kept between updates is the state alone."""
    case = {**CASES, **OPTIMIZER_CASES}[name]
    network, settings, data = case.network, case.settings, case.data
    rule = OPTIMIZERS[settings.optimizer]
    state = np.zeros((1 + len(rule.state_names), network.parameter_count), case.dtype)
    state[0] = case.initial.vector
    trainer = case.trainer()
    size = min(settings.batch_size or case.examples, case.examples)
    t = 0
    for epoch in range(1, 5):
        order = np.arange(case.examples)
        if settings.shuffle:
            order = np.random.default_rng([settings.seed, epoch]).permutation(case.examples)
        for start in range(0, case.examples, size):
            rows = order[start : start + size]
            workspace = Workspace(network, len(rows), case.dtype)
            workspace.inputs[...] = data.inputs[rows]
            workspace.targets[...] = data.targets[rows]
            workspace.forward(Parameters(network, state[0]))
            workspace.backward(Parameters(network, state[0]))
            t += 1
            gradient = workspace.gradient.vector
            ParameterUpdate(rule, state, settings.learning_rate, settings.options).apply(
                gradient, t
            )
            trainer.advance(1)
            assert bits(trainer.state) == bits(state), f"update {t}"
    assert trainer.t == t
    assert bits(state[0]) != bits(case.initial.vector)


def test_the_initial_parameters_are_not_changed() -> None:
    case = CASES["adam"]
    initial = case.initial
    before = initial.vector.copy()
    data = case.data
    run = type(case.run())(case.network, case.settings, data, initial)
    run.advance(20)
    assert bits(initial.vector) == bits(before)
    assert bits(data.inputs) == bits(case.data.inputs)


def test_the_loop_allocates_nothing_of_the_size_of_a_layer() -> None:
    training = {"batch_size": 256, "optimizer": "adamw"}
    activations = ("relu", "tanh", "softmax")
    case = Case((150, 200, 180, 120), activations, l2=0.1, examples=1024, training=training)
    trainer = case.trainer()
    trainer.advance(4)
    tracemalloc.start()
    trainer.advance(4)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 120 * 180 * 0.6  # of the smallest W; NumPy buffers 8192 numbers at a time

import os

import pytest

from tests.training.runs import Case, bits
from tuiprop.core.network import Layer, Network, Parameters
from tuiprop.core.propagation import Workspace
from tuiprop.training import threads
from tuiprop.training.threads import _controller, blas_threads, limited_to


def network(*sizes: int) -> Network:
    return Network(sizes[0], tuple(Layer(n, "linear") for n in sizes[1:]), "mse")


def blas() -> list[int]:
    """Of the libraries that were there first; scikit-learn, in another test, brings its own."""
    pools = threads._controller().info()
    return [pool["num_threads"] for pool in pools if pool["user_api"] == "blas"]


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1


@pytest.fixture(autouse=True)
def known_libraries() -> None:
    """Those that another test has imported meanwhile, with a BLAS of their own, are known too."""
    _controller.cache_clear()


@pytest.mark.parametrize("sizes", [(2, 3, 1), (64, 64, 32, 10), (255, 256, 1), (65535, 1)])
def test_small_networks_use_one_thread(sizes: tuple[int, ...]) -> None:
    assert blas_threads(network(*sizes)) == 1


@pytest.mark.parametrize("sizes", [(256, 256, 1), (784, 256, 10), (1, 65536, 1)])
def test_wide_networks_use_two_on_any_machine(sizes: tuple[int, ...]) -> None:
    assert blas_threads(network(*sizes)) == 2


def test_limits_are_restored() -> None:
    before = blas()
    assert before
    for limit in (1, 2):
        with limited_to(limit):
            assert set(blas()) == {limit}
        assert blas() == before
    with pytest.raises(KeyError), limited_to(1):
        raise KeyError
    assert blas() == before


def test_a_run_is_limited_while_it_computes_and_not_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with limited_to(2):
        run = Case().run()
        seen: list[list[int]] = []
        forward = Workspace.forward

        def watched(self: Workspace, parameters: Parameters) -> None:
            seen.append(blas())
            forward(self, parameters)

        monkeypatch.setattr(Workspace, "forward", watched)
        run.advance(6)
        run.evaluate()
        run.record(3)
        assert len(seen) >= 8
        assert {limit for limits in seen for limit in limits} == {1}
        assert set(blas()) == {2}


@pytest.mark.parametrize("sizes", [(260, 256, 3), (2, 400, 300, 3)])
def test_a_wide_network_replays_bit_for_bit(sizes: tuple[int, ...]) -> None:
    activations = (*("tanh",) * (len(sizes) - 2), "softmax")
    case = Case(sizes, activations, training={"optimizer": "adam"})
    first: dict[int, bytes] = {}
    run = case.run()
    for t in range(1, 13):
        run.advance(t)
        first[t] = bits(run.trainer.state)
    for t in (3, 12, 5, 11):
        run.seek(t)
        assert bits(run.trainer.state) == first[t]
    flat_out = case.run()
    flat_out.advance(12)
    assert bits(flat_out.trainer.state) == first[12]

"""An update as text: what it says is what was computed."""

import re

import numpy as np
import pytest

import tuiprop
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.session.divergence import record_of
from tuiprop.session.markdown import MOST, explain
from tuiprop.session.session import Session, open_session
from tuiprop.session.views.operation import long_route
from tuiprop.training.experiment import Experiment


def tables(text: str) -> dict[str, list[list[float]]]:
    """Every matrix in the text, by the name in its corner; the last of that name."""
    found: dict[str, list[list[float]]] = {}
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        head, _, *rows = block.splitlines()
        name = head.split("|")[1].strip()
        found[name] = [[float(cell) for cell in row.split("|")[2:-1]] for row in rows]
    return found


def sections(text: str) -> list[str]:
    return re.findall(r"^## \d+ of \d+: (.*), \w+$", text, re.MULTILINE)


def opened(name: str = "xor-table") -> Session:
    return open_session(suggested_experiment(name))


def test_every_number_of_the_exclusive_or() -> None:
    text = explain(opened(), 3)
    record = tuiprop.record(suggested_experiment("xor-table"), update=3)
    found = tables(text)
    for symbol in ("z", "a", "da", "dz", "dW", "db"):
        for l in (1, 2):
            assert np.array_equal(found[f"{symbol}[{l}]"], getattr(record, symbol)[l])
    for l in (1, 2):
        assert np.array_equal(found[f"W[{l}] before"], record.W[l])
        assert np.array_equal(found[f"b[{l}] before"], record.b[l])
        assert np.array_equal(found[f"W[{l}] after"], record.after.W[l])
        assert np.array_equal(found[f"b[{l}] after"], record.after.b[l])
    assert np.array_equal(found["a[0] = X"], record.a[0])
    assert np.array_equal(found["y"], record.y)
    assert f"J = {record.J!r}" in text


def test_order_and_words() -> None:
    text = explain(opened(), 1)
    assert sections(text)[:6] == ["z[1]", "a[1]", "z[2]", "a[2]", "J", "da[2]"]
    assert len(sections(text)) == 17
    assert "    dW[2] = (1/m) dz[2] · a[1]ᵀ\n" in text
    assert "- summed over m" in text
    assert "    dW2 = dz2 @ a1.T / 4\n" in text
    assert "The long route, over da[2], differs by at most" in text


def test_the_columns_are_rows_of_the_table() -> None:
    record = tuiprop.record(suggested_experiment("iris"), update=2)
    text = explain(opened("iris"), 2)
    names = ", ".join(f"#{row}" for row in record.examples)
    assert f"by their rows in the table: {names}." in text
    shown = " | ".join(f"#{row}" for row in record.examples[:MOST])
    assert f"| z[1] | {shown} |" in text
    assert "16 more columns" in text
    assert "| setosa |" in text


def test_saturation_is_said() -> None:
    experiment = Experiment(
        data={"source": "xor-table", "validation": 0, "standardize": False},  # type: ignore[arg-type]
        network={"layers": [{"units": 1, "activation": "sigmoid"}]},  # type: ignore[arg-type]
        training={"batch_size": 0, "shuffle": False},  # type: ignore[arg-type]
    )
    session = open_session(experiment)
    session.parameters.b[1][...] = 50.0
    session.run.timeline._frames[0, 0][0] = session.parameters.vector
    text = explain(session, 1)
    assert "The long route has no number for #0, #1, #2, #3: an output saturates there." in text


def test_rules_with_slots_are_written_in_full() -> None:
    experiment = Experiment(
        data={"source": "xor-table", "validation": 0},  # type: ignore[arg-type]
        training={"optimizer": "adam"},  # type: ignore[arg-type]
    )
    text = explain(open_session(experiment), 2)
    assert "    m := 0.9 m + (1 − 0.9) dW[1]\n    v := 0.999 v + (1 − 0.999) dW[1]²\n" in text
    assert "v_W1 = 0.999 * v_W1" in text
    record = tuiprop.record(experiment, update=2)
    found = tables(text)
    for state_name, parameters in record.optimizer_state.items():
        for l in (1, 2):
            assert np.array_equal(found[f"{state_name}(W[{l}]) before"], parameters.W[l])
            assert np.array_equal(found[f"{state_name}(b[{l}]) before"], parameters.b[l])
    assert np.any(found["v(W[1]) before"])
    assert not any(name.startswith(("m(", "v(")) for name in tables(explain(opened(), 2)))


def test_the_penalty_is_in_J_and_in_dW() -> None:
    experiment = Experiment(
        data={"source": "iris"},  # type: ignore[arg-type]
        network={"l2": 0.25},  # type: ignore[arg-type]
    )
    session = open_session(experiment)
    text = explain(session, 2)
    record = tuiprop.record(experiment, update=2)
    assert "λ = 0.25." in text
    assert "    dW[2] = (1/m) dz[2] · a[1]ᵀ + λ W[2]\n" in text
    assert " + 0.25 * W2\n" in text
    assert f"J = {record.J!r}" in text
    assert "- W[2] is (n[2], n[1]) = " in section(text, "dW[2]")
    assert np.array_equal(tables(text)["db[1]"], record.db[1])


def section(text: str, name: str) -> str:
    return text.split(f": {name}, backward")[1].split("\n## ")[0]


def test_the_long_route_is_spoken_of_at_fused_pairs_only_and_in_the_words_of_the_screen() -> None:
    session = opened()
    text = explain(session, 3)
    beside = "It is not needed, because dz = a − y directly."
    words = long_route(session.run.network, record_of(session, 3))
    assert words.startswith("The long route, over da[2], differs by at most")
    assert beside in section(text, "da[2]")
    assert words in section(text, "dz[2]")
    assert text.count("long route") == 1
    session = opened("bumps")
    assert session.run.network.loss_function.output is None
    text = explain(session, 1)
    assert "long route" not in text
    assert "not needed" not in text


@pytest.mark.parametrize("name", ["digits", "bumps", "gauss"])
def test_any_network_is_explained(name: str) -> None:
    session = opened(name)
    L = session.run.network.L
    assert len(sections(explain(session, session.run.batches.per_epoch(1)))) == 8 * L + 1

from typing import Any

import numpy as np
import pytest

from tests.refusals import refused
from tuiprop.data.preparation.completion import complete
from tuiprop.data.preparation.examples import prepare
from tuiprop.data.table import Column, Table
from tuiprop.training.experiment import Experiment, ExperimentError, parse

ROWS = 12
TABLE = Table(
    "t.csv",
    (
        Column("size", np.linspace(0.1, 1.3, ROWS)),
        Column("price", np.linspace(5.5, 9.25, ROWS) ** 2),
        Column("colour", ("red", "blue", "red") * 4),
        Column("flag", np.array([0.0, 1.0] * 6)),
        Column("id", tuple(f"n{i}" for i in range(ROWS))),
        Column("one", ("x",) * ROWS),
        Column("kind", ("a", "b", "c") * 4),
    ),
)
WITHOUT_ID = {"id": {"use": False}}


def experiment(
    target: str | list[str] | None = None,
    layers: list[tuple[int, str]] | None = None,
    loss: str | None = None,
    columns: Any = WITHOUT_ID,
) -> Experiment:
    network: dict[str, Any] = {"loss": loss} if loss else {}
    if layers:
        network["layers"] = [{"units": n, "activation": g} for n, g in layers]
    data: dict[str, Any] = {"source": "t.csv", "columns": columns}
    if target:
        data["target"] = target
    return parse({"data": data, "network": network})


def completed(*arguments: Any, **named: Any) -> tuple[Any, list[tuple[int, str]], str | None]:
    done = complete(experiment(*arguments, **named), TABLE)
    assert complete(done, TABLE) == done
    layers = [(layer.units, layer.activation) for layer in done.network.layers or ()]
    return done.data.target, layers, done.network.loss


HIDDEN = (8, "tanh")


@pytest.mark.parametrize(
    ("target", "loss", "output", "expected"),
    [
        (None, None, (3, "softmax"), "cross_entropy"),
        ("colour", None, (1, "sigmoid"), "binary_cross_entropy"),
        ("flag", None, (1, "sigmoid"), "binary_cross_entropy"),
        ("price", None, (1, "linear"), "mse"),
        (["size", "price"], None, (2, "linear"), "mse"),
        ("flag", "mse", (1, "linear"), "mse"),
        ("flag", "cross_entropy", (2, "softmax"), "cross_entropy"),
        ("kind", "binary_cross_entropy", (3, "sigmoid"), "binary_cross_entropy"),
        ("price", "huber", (1, "linear"), "huber"),
    ],
)
def test_layers_and_loss_fit_the_target(
    target: Any, loss: str | None, output: tuple[int, str], expected: str
) -> None:
    found = completed(target, loss=loss)
    named = tuple(target) if isinstance(target, list) else target or "kind"
    assert found == (named, [HIDDEN, output], expected)


@pytest.mark.parametrize(
    ("target", "output", "loss"),
    [
        ("kind", (3, "softmax"), "cross_entropy"),
        ("kind", (3, "sigmoid"), "binary_cross_entropy"),
        ("colour", (1, "sigmoid"), "binary_cross_entropy"),
        ("colour", (2, "sigmoid"), "binary_cross_entropy"),
        ("flag", (1, "sigmoid"), "binary_cross_entropy"),
        ("flag", (1, "tanh"), "mse"),
        ("price", (1, "sigmoid"), "mse"),
        (["size", "price"], (2, "softmax"), "mse"),
    ],
)
def test_the_output_layer_decides_the_loss(target: Any, output: tuple[int, str], loss: str) -> None:
    assert completed(target, [(4, "relu"), output])[1:] == ([(4, "relu"), output], loss)


@pytest.mark.parametrize(
    ("values", "loss"),
    [
        ([1.0, 2.0, 3.0] * 4, "cross_entropy"),
        ([1.0, 2.5, 3.0] * 4, "mse"),
        ([7.0] * 12, "mse"),
        (list(range(12)), "mse"),
        (list(range(20)) * 2, "cross_entropy"),
        (list(range(21)) * 2, "mse"),
    ],
)
def test_few_whole_numbers_that_repeat_are_classes(values: list[float], loss: str) -> None:
    y = np.array(values, dtype=np.float64)
    table = Table("n", (Column("x", np.arange(len(y)) / 3), Column("y", y)))
    assert complete(parse({"data": {"source": "n"}}), table).network.loss == loss


@pytest.mark.parametrize(
    ("arguments", "key", "detail", "allowed"),
    [
        (("wage",), "data.target", '"wage"', "size, price, colour, flag, id"),
        ((["size", "size"],), "data.target", '"size" twice', "distinct"),
        (
            (["size", "flag"], None, "cross_entropy"),
            "network.loss",
            "cross_entropy",
            "mse, squared_error, mae, huber, as there are 2 targets",
        ),
        ((["size", "kind"],), "data.target", "kind is text", ""),
        (
            ("kind", None, "mse"),
            "network.loss",
            "mse",
            "binary_cross_entropy, cross_entropy",
        ),
        (
            ("kind", [(3, "tanh")]),
            "network.layers",
            "an output layer of tanh",
            "softmax or sigmoid",
        ),
        (("one",), "data.target", "1 class in one", "2 to 1,000 classes"),
        (
            ("kind", [HIDDEN, (4, "softmax")]),
            "network.layers[1].units",
            "4",
            "3, one for each class of kind (a, b, c)",
        ),
        (
            ("kind", [(1, "sigmoid")]),
            "network.layers[0].units",
            "1",
            "3, one for each class of kind (a, b, c)",
        ),
        (
            ("flag", [(3, "sigmoid")]),
            "network.layers[0].units",
            "3",
            "1, or 2, one for each class of flag (0, 1)",
        ),
        (
            (["size", "price"], [(1, "linear")]),
            "network.layers[0].units",
            "1",
            "2, one for each target column (size, price)",
        ),
        (
            ("kind", [(3, "linear")], "cross_entropy"),
            "network.loss",
            "cross_entropy needs a softmax output layer, found linear",
            "",
        ),
        (
            ("kind", [(3, "softmax"), (3, "softmax")]),
            "network.layers",
            "layer 1: softmax is for the output layer only",
            "",
        ),
    ],
)
def test_what_does_not_fit_is_refused(arguments: Any, key: str, detail: str, allowed: str) -> None:
    with refused(ExperimentError, key, detail, allowed):
        complete(experiment(*arguments), TABLE)


@pytest.mark.parametrize(
    ("columns", "key", "detail", "allowed"),
    [
        ({"wage": {}}, "data.columns.wage", "these are size, price", ""),
        ({"kind": {"use": False}}, "data.columns.kind.use", "false", "true"),
        (
            {},
            "data.columns.id",
            "12 distinct texts in 12 rows",
            "at most 100 categories that repeat",
        ),
        (
            {name: {"use": False} for name in TABLE.names[:-1]},
            "data.columns",
            "leaves no column of t.csv as an input",
            "",
        ),
    ],
)
def test_columns_that_cannot_be_are_refused(
    columns: Any, key: str, detail: str, allowed: str
) -> None:
    with refused(ExperimentError, key, detail, allowed):
        complete(experiment(columns=columns), TABLE)


def refused_condition(when: str, target: str = "kind", **data: Any) -> ExperimentError:
    raw = {"source": "t.csv", "columns": WITHOUT_ID, "target": target, **data}
    breakpoints = [{"when": "epoch > 1"}, {"when": when, "enabled": False}]
    with pytest.raises(ExperimentError) as caught:
        complete(parse({"data": raw, "breakpoint": breakpoints}), TABLE)
    assert caught.value.key == "breakpoint[1].when"
    return caught.value


def test_conditions_that_the_network_cannot_meet_are_refused() -> None:
    error = refused_condition("norm(dW3)>5")
    assert str(error).startswith("breakpoint[1].when: norm(dW[3]): ")
    assert (error.found, error.allowed) == ("3", "a layer from 1 to 2")
    assert refused_condition("dead(2) > 0").found == "softmax"
    assert refused_condition("train_accuracy > 0", "price").found == "mse"


@pytest.mark.parametrize("target", ["kind", "price"])
@pytest.mark.parametrize("validation", [0.0, 0.01, 0.2, 0.99])
def test_conditions_on_validation_need_examples_held_out(target: str, validation: float) -> None:
    data = {"source": "t.csv", "columns": WITHOUT_ID, "target": target, "validation": validation}
    watched = parse({"data": data, "breakpoint": [{"when": "validation_loss < 1"}]})
    if len(prepare(parse({"data": data}), TABLE).validation):
        assert complete(watched, TABLE).conditions == watched.conditions
    else:
        error = refused_condition("validation_loss < 1", target, validation=validation)
        assert "validation_loss: there are no validation examples" in error.reason


def test_a_table_of_one_column_has_no_input() -> None:
    table = Table("n", (Column("y", np.array([1.0, 2.0])),))
    with refused(ExperimentError, "data.target", "no column of n as an input"):
        complete(parse({"data": {"source": "n"}}), table)

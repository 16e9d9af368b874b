"""What is offered as one types a condition."""

import pytest

from tests.session.runs import ask, tables
from tuiprop.protocol.messages.data import Check, Outline
from tuiprop.protocol.messages.opening import ListNames, Vocabulary
from tuiprop.protocol.server import Engine
from tuiprop.training.breakpoint import OPERATORS as CORE_OPERATORS
from tuiprop.training.breakpoint import parse
from tuiprop.training.quantities import QUANTITIES
from tuiprop.ui.stops.completion import EXAMPLES, OPERATORS, examples, offers


@pytest.fixture(scope="module")
def vocabulary() -> Vocabulary:
    return ask(Engine(), ListNames())


@pytest.fixture(scope="module")
def iris() -> Outline:
    return ask(Engine(), Check(experiment=tables()))


@pytest.fixture(scope="module")
def plane() -> Outline:
    experiment = {"data": {"source": "plane", "validation": 0.0}}
    return ask(Engine(), Check(experiment=experiment))


def labels(typed: str, vocabulary: Vocabulary, outline: Outline) -> list[str]:
    return [each.label for each in offers(typed, vocabulary, outline)]


def test_at_first_every_quantity_of_this_run(
    vocabulary: Vocabulary, iris: Outline, plane: Outline
) -> None:
    assert labels("", vocabulary, iris) == [spec.pattern for spec in QUANTITIES]
    left_out = {
        *("validation_loss", "rises(validation_loss)"),
        *("train_accuracy", "validation_accuracy"),
    }
    assert labels("", vocabulary, plane) == [
        spec.pattern for spec in QUANTITIES if spec.pattern not in left_out
    ]


def test_fewer_as_one_types(vocabulary: Vocabulary, iris: Outline) -> None:
    assert labels("loss", vocabulary, iris) == [
        *("batch_loss", "train_loss", "validation_loss"),
        *("rises(batch_loss)", "rises(train_loss)", "rises(validation_loss)"),
    ]
    assert labels("norm", vocabulary, iris) == ["norm(X)"]
    assert labels("norm(d", vocabulary, iris) == [
        *("norm(da[1])", "norm(dz[1])", "norm(dW[1])", "norm(db[1])"),
        *("norm(da[2])", "norm(dz[2])", "norm(dW[2])", "norm(db[2])"),
    ]
    assert labels("saturated(", vocabulary, iris) == ["saturated(1)"]  # layer 2 is softmax
    assert labels("db[2]", vocabulary, iris) == [
        *("norm(db[2])", "max(db[2])", "min(db[2])", "absmax(db[2])"),
    ]
    assert labels("nothing", vocabulary, iris) == []


def test_then_an_operator_and_then_nothing(vocabulary: Vocabulary, iris: Outline) -> None:
    assert labels("norm( dW[2] ) ", vocabulary, iris) == list(CORE_OPERATORS)
    assert [op for op, _ in OPERATORS] == list(CORE_OPERATORS)
    assert labels("train_loss <", vocabulary, iris) == []
    assert [each.typed for each in offers("train_l< 0.05", vocabulary, iris)] == [
        *("train_loss < 0.05", "rises(train_loss) < 0.05"),
    ]


def test_taking_what_is_offered_leads_to_conditions(vocabulary: Vocabulary, iris: Outline) -> None:
    """Every way through the offers ends in a condition that the run can have."""
    ways, found = [""], set()
    while ways:
        typed = ways.pop()
        offered = offers(typed, vocabulary, iris)
        if not offered:
            found.add(str(parse(f"{typed}1").quantity))
        ways += [each.typed for each in offered]
    assert {text.partition("(")[0] for text in found} == {
        spec.pattern.partition("(")[0] for spec in QUANTITIES
    }


def test_examples_are_conditions_that_the_run_can_have(
    vocabulary: Vocabulary, iris: Outline, plane: Outline
) -> None:
    assert [str(parse(text)) for text, _ in EXAMPLES] == [
        text.replace("1e-4", "0.0001") for text, _ in EXAMPLES
    ]
    assert examples(iris, vocabulary) == list(EXAMPLES)
    assert "rises(validation_loss) >= 5" not in dict(examples(plane, vocabulary))

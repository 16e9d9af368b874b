"""Completions for a condition while it is typed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tuiprop.protocol.messages.conditions import QuantityNote
from tuiprop.protocol.messages.data import Outline
from tuiprop.protocol.messages.opening import Vocabulary
from tuiprop.update.arrays import of_layer

EXAMPLES = (
    ("train_loss < 0.05", "the network is good enough"),
    ("rises(validation_loss) >= 5", "it overfits: worse 5 epochs in a row"),
    ("norm(dW[1]) < 1e-4", "it has almost stopped learning"),
    ("absmax(z[2]) > 20", "an activation runs away"),
    ("dead(1) > 0.5", "over half of layer 1 is dead"),
    ("nonfinite > 0", "a number is infinite or NaN"),
)
"""Conditions with their purpose."""

OPERATORS = (
    ("<", "less than"),
    ("<=", "at most"),
    (">", "greater than"),
    (">=", "at least"),
    ("==", "equal to"),
    ("!=", "not equal to"),
)

_OPERATOR = re.compile(r"[<>=!]")


@dataclass(frozen=True)
class Offer:
    """Something that may be typed next."""

    label: str
    words: str
    typed: str
    """The text of the field once the completion is accepted."""


def offers(typed: str, vocabulary: Vocabulary, outline: Outline) -> list[Offer]:
    """Return the completions of a text: a quantity, then its array or layer, then an operator.

    Args:
        typed: the text so far.
        vocabulary: the quantities.
        outline: the run; quantities that it lacks are not offered.
    """
    operator = _OPERATOR.search(typed)
    if operator:
        name, rest = typed[: operator.start()], typed[operator.start() :]
        if reading(typed, vocabulary, outline):
            return []
        named = offers(name, vocabulary, outline)
        return [Offer(each.label, each.words, each.typed + rest) for each in named]
    asked = re.sub(r"\s", "", typed)
    known = [each for each in vocabulary.quantities if _fits(each, outline)]
    names = {name: each for each in known for name in _names(each, vocabulary, outline)}
    if asked in names:
        return [Offer(op, words, f"{asked} {op} ") for op, words in OPERATORS]
    within = [each for each in known if asked.startswith(_head(each) + "(")]
    matching = [each for each in known if asked in each.pattern]
    if matching and not within:
        return [Offer(each.pattern, each.description, _opened(each.pattern)) for each in matching]
    return [
        Offer(name, _words(each, name), f"{name} ")
        for name, each in names.items()
        if (name.startswith(asked) if within else asked in name)
    ]


def reading(typed: str, vocabulary: Vocabulary, outline: Outline) -> Offer | None:
    """Return the quantity of a condition, once its operator is typed."""
    name = re.sub(r"\s", "", _OPERATOR.split(typed)[0])
    for each in vocabulary.quantities:
        if name in _names(each, vocabulary, outline):
            return Offer(name, _words(each, name), typed)
    return None


def examples(outline: Outline, vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Return the examples that apply to this run, with their purpose."""
    known = {
        name
        for each in vocabulary.quantities
        if _fits(each, outline)
        for name in _names(each, vocabulary, outline)
    }
    return [(text, words) for text, words in EXAMPLES if _OPERATOR.split(text)[0].strip() in known]


def _fits(quantity: QuantityNote, outline: Outline) -> bool:
    return not (
        (quantity.classes and not outline.classes) or (quantity.held_out and not outline.validation)
    )


def _names(quantity: QuantityNote, vocabulary: Vocabulary, outline: Outline) -> Iterator[str]:
    """Yield the names of a quantity, one for each array or layer it applies to."""
    pattern = quantity.pattern
    if "(X)" in pattern:
        for array in arrays(outline.sizes):
            yield pattern.replace("X", array)
    elif "(l)" in pattern:
        layers = outline.experiment["network"]["layers"]
        for l, layer in enumerate(layers, start=1):
            if not quantity.elementwise or layer["activation"] in vocabulary.activations:
                yield pattern.replace("(l)", f"({l})")
    else:
        yield pattern


def arrays(sizes: Sequence[int]) -> list[str]:
    """Return every array that X can be, by layers, a[0] included."""
    return [str(array) for l in range(len(sizes)) for array in of_layer(l)]


def _opened(pattern: str) -> str:
    """Return the part of a pattern before its placeholder for an array or a layer."""
    if pattern.endswith(("(X)", "(l)")):
        return pattern.removesuffix("X)").removesuffix("l)")
    return f"{pattern} "


def _head(quantity: QuantityNote) -> str:
    return quantity.pattern.partition("(")[0]


def _words(quantity: QuantityNote, name: str) -> str:
    """Return the description of a quantity of one array."""
    return quantity.description.replace("X", name.partition("(")[2].rstrip(")"))

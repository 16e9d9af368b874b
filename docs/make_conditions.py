"""Writes the table of quantities into the page on conditions, from the program's one table.

python docs/make_conditions.py
"""

import re
from pathlib import Path

from tuiprop.training.quantities import QUANTITIES
from tuiprop.training.quantity import QuantitySpec

PAGE = Path(__file__).with_name("conditions.md")

BETWEEN = re.compile(r"(?<=<!-- quantities -->\n).*?(?=<!-- /quantities -->)", re.DOTALL)
"""The text between the markers of the page."""


def table() -> str:
    """The quantities as Markdown."""
    lines = ["| quantity | is | needs | a hit stops |", "|---|---|---|---|"]
    lines += [
        f"| `{spec.pattern}` | {spec.description} | {needs(spec)} | {stop(spec)} |"
        for spec in QUANTITIES
    ]
    return "\n".join(lines) + "\n"


def needs(spec: QuantitySpec) -> str:
    """What network and data must have."""
    words = {
        "classes": spec.classes,
        "validation examples": spec.held_out,
        "a layer that is not softmax": spec.elementwise,
    }
    return ", ".join(word for word, needed in words.items() if needed)


def stop(spec: QuantitySpec) -> str:
    """Where a hit stops."""
    if spec.of_epoch is not None:
        return "after the epoch"
    if spec.locate is not None:
        return "at the first array that has one"
    return f"at {spec.known_after}" if spec.known_after else "after the update"


if __name__ == "__main__":
    text, count = BETWEEN.subn(lambda _: table(), PAGE.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"{PAGE.name}: found {count} tables of quantities, expected 1")
    PAGE.write_text(text, encoding="utf-8")

"""Writes the table of slips into the page on the proof, from the program's one table.

python docs/make_slips.py
"""

import re
from pathlib import Path

from tuiprop.verify.mistakes import MISTAKES

PAGE = Path(__file__).with_name("proof.md")

BETWEEN = re.compile(r"(?<=<!-- slips -->\n).*?(?=<!-- /slips -->)", re.DOTALL)
"""What the page has between its markers."""


def table() -> str:
    """The slips as Markdown."""
    lines = ["| slip | right | |", "|---|---|---|"]
    lines += [f"| {slip.title} | {slip.right} | {slip.sentence} |" for slip in MISTAKES.values()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text, count = BETWEEN.subn(lambda _: table(), PAGE.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"{PAGE.name}: found {count} tables of slips, expected 1")
    PAGE.write_text(text, encoding="utf-8")

"""Writes the table of mistakes into the page on the proof, from the program's one table.

python docs/make_mistakes.py
"""

import re
from pathlib import Path

from tuiprop.verify.mistakes import MISTAKES

PAGE = Path(__file__).with_name("proof.md")

BETWEEN = re.compile(r"(?<=<!-- mistakes -->\n).*?(?=<!-- /mistakes -->)", re.DOTALL)
"""The text between the markers of the page."""


def table() -> str:
    """The mistakes as Markdown."""
    lines = ["| mistake | right | |", "|---|---|---|"]
    lines += [
        f"| {mistake.title} | {mistake.right} | {mistake.sentence} |"
        for mistake in MISTAKES.values()
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text, count = BETWEEN.subn(lambda _: table(), PAGE.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"{PAGE.name}: found {count} tables of mistakes, expected 1")
    PAGE.write_text(text, encoding="utf-8")

"""Writes the tables of keys into the README and into keys.md, from the program's one table.

python docs/make_keys.py
"""

import re
from collections.abc import Iterable
from pathlib import Path

from tuiprop.ui.bindings import Place
from tuiprop.ui.keys import PANELS, PLACES, RUN

BETWEEN = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.DOTALL)
"""The text between two markers of a document."""


def _cells(words: Iterable[str]) -> str:
    return " ".join(f"`{each}`" for each in words)


def table() -> str:
    """Write the keys of the run as Markdown."""
    rows = [row for place in (RUN, PANELS) for row in place.rows({})]
    lines = ["| key | does |", "|---|---|"]
    lines += [f"| {_cells(names)} | {words} |" for _, names, words in rows]
    return "\n".join(lines) + "\n"


def all_tables() -> str:
    """Write the keys of all places as Markdown, with their ids."""
    return "\n".join(_place(place) for place in PLACES)


def _place(place: Place) -> str:
    lines = [f"### {place.title}", "", "| key | does | id |", "|---|---|---|"]
    for keys, names, words in place.rows({}):
        lines.append(f"| {_cells(names)} | {words} | {_cells(key.id for key in keys)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    for path, tables in ((root / "README.md", table()), (root / "docs" / "keys.md", all_tables())):
        text, count = BETWEEN.subn(lambda _: tables, path.read_text(encoding="utf-8"))  # noqa: B023
        if count != 1:
            raise SystemExit(f"{path.name}: found {count} tables of keys, expected 1")
        path.write_text(text, encoding="utf-8")

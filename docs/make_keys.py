"""Writes the table of keys into the README, from the program's one table.

python docs/make_keys.py
"""

import re
from pathlib import Path

from tuiprop.ui.keys import KEYS, PANEL_KEYS

BETWEEN = re.compile(r"(?<=<!-- keys -->\n).*?(?=<!-- /keys -->)", re.DOTALL)
"""What the README has between its markers."""


def table() -> str:
    """The keys as Markdown: those of the application, then those of the panels."""
    rows = [(f"`{key.shown}`", key.words) for key in KEYS]
    rows += [(", ".join(f"`{name}`" for name in shown.split(", ")), w) for shown, w in PANEL_KEYS]
    lines = ["| key | does |", "|---|---|", *(f"| {shown} | {words} |" for shown, words in rows)]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    readme = Path(__file__).resolve().parents[1] / "README.md"
    text, count = BETWEEN.subn(lambda _: table(), readme.read_text(encoding="utf-8"))
    if count != 1:
        raise SystemExit(f"README.md: found {count} tables of keys, expected 1")
    readme.write_text(text, encoding="utf-8")

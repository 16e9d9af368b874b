from pathlib import Path

import tuiprop.core

MOST = 850
"""The limit of lines that are not blank; with the blank ones it is about 1,000."""


def test_the_core_can_be_read_in_one_sitting() -> None:
    folder = Path(tuiprop.core.__path__[0])
    lines = {
        path.name: sum(map(bool, path.read_text("utf-8").split("\n")))
        for path in folder.glob("*.py")
    }
    assert sum(lines.values()) <= MOST, lines

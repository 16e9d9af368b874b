from pathlib import Path

import tuiprop.core

MOST = 1000


def test_the_core_can_be_read_in_one_sitting() -> None:
    folder = Path(tuiprop.core.__path__[0])
    lines = {path.name: len(path.read_text("utf-8").splitlines()) for path in folder.glob("*.py")}
    assert sum(lines.values()) <= MOST, lines

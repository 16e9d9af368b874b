"""Some cells of the table that tests/robustness/signals.py makes whole."""

import io
from pathlib import Path

import pytest

from tests.robustness.signals import STATES, WAYS, leave
from tuiprop.ui.terminal import UntilGone


@pytest.mark.parametrize(
    ("way", "state"),
    [
        ("Ctrl+C", "a dialog open"),
        ("SIGHUP", "starting"),
        ("terminal gone", "stepping"),
        ("an exception", "training"),
    ],
)
def test_the_run_is_kept_and_the_terminal_given_back(tmp_path: Path, way: str, state: str) -> None:
    assert way in WAYS
    assert state in STATES
    assert leave(way, state, tmp_path) == (WAYS[way][1], [])


class Broken(io.StringIO):
    """A terminal that goes away at the second write."""

    def write(self, text: str) -> int:
        if self.getvalue():
            raise OSError(5, "Input/output error")
        return super().write(text)


def test_nothing_is_written_once_the_terminal_is_gone() -> None:
    broken = Broken()
    file = UntilGone(broken)
    file.write("a")
    file.flush()
    file.write("b")
    file.write("c")
    file.flush()
    assert broken.getvalue() == "a"
    assert not file.isatty()

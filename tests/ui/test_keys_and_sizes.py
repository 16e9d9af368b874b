"""A short form of `fuzz.keys`: random keys, mouse events and sizes."""

import sys
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("pseudo-terminals and /proc", allow_module_level=True)

from fuzz.keys import Hammer


@pytest.mark.slow
def test_nothing_breaks(tmp_path: Path) -> None:
    hammer = Hammer(tmp_path, seed=4)
    try:
        outcome = hammer.run(300, 30)
        assert outcome.wrong == [], hammer.last_words
    finally:
        hammer.close()
    assert (outcome.events, outcome.resizes) == (300, 30)

"""Disks as they may be."""

import os
import sys
from pathlib import Path

import pytest


def slow_disk(folder: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Let every fsync of the processes that are started from now on take so many seconds."""
    (folder / "sitecustomize.py").write_text(
        "import os, time\n"
        "fsync = os.fsync\n"
        "def slow(handle):\n"
        f"    time.sleep({seconds})\n"
        "    fsync(handle)\n"
        "os.fsync = slow\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), *filter(None, sys.path)]))

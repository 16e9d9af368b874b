"""Runs an exported script, to compare its predictions."""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from tuiprop.core.array import Array
from tuiprop.models.contents import ContentError

SECONDS = 120
"""The time limit for a script in seconds: the import of a large library may be slow."""

_RUNNER = """
import runpy, sys
import numpy as np
predictions = runpy.run_path(sys.argv[1])["predict"](np.load("rows.npy"))
np.save("predictions.npy", predictions)
"""


def predict(content: bytes, rows: Array) -> Array:
    """Run an exported script in a separate process; return its predictions, (m, n[L]).

    Raises:
        ContentError: the script does not run.
    """
    with tempfile.TemporaryDirectory(prefix="tuiprop-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        (folder / "exported.py").write_bytes(content)
        np.save(folder / "rows.npy", rows)
        try:
            done = subprocess.run(
                [sys.executable, "-c", _RUNNER, "exported.py"],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ContentError(f"does not run: no predictions in {SECONDS} seconds") from None
        if done.returncode != 0:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise ContentError(f"does not run: {lines[-1] if lines else done.returncode}")
        found: Array = np.load(folder / "predictions.npy", allow_pickle=False)
        return found

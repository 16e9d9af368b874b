"""The command, run in this process and in one of its own."""

import inspect
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w
from click.testing import CliRunner

from tuiprop.cli import main

SECONDS = 30.0
"""That nothing takes, unless it hangs."""

# click 8.1 mixes the two streams unless it is told not to
_OPTIONS: dict[str, Any] = (
    {"mix_stderr": False} if "mix_stderr" in inspect.signature(CliRunner).parameters else {}
)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


def tuiprop(*arguments: object) -> Ended:
    """`tuiprop ARGUMENTS`, which ends with a status and not with an exception."""
    result = CliRunner(**_OPTIONS).invoke(main, [str(each) for each in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def started(*arguments: object, **options: Any) -> "subprocess.Popen[str]":
    """`python -m tuiprop ARGUMENTS` in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tuiprop", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        **options,
    )


def in_a_process(*arguments: object, **options: Any) -> Ended:
    with started(*arguments, **options) as process:
        out, err = process.communicate(timeout=SECONDS)
    return Ended(process.returncode, out, err)


def sentence(ended: Ended, status: int = 2) -> str:
    """The one sentence that it ended with."""
    assert ended.status == status, ended
    lines = ended.err.splitlines()
    assert len(lines) == 1, ended.err
    assert lines[0].startswith("tuiprop: ")
    return lines[0].removeprefix("tuiprop: ")


def experiment(folder: Path, name: str = "a.toml", **tables: dict[str, Any]) -> Path:
    """An experiment file: iris in batches of 50, three an epoch, the last of 20."""
    layers = [{"units": 4, "activation": "tanh"}, {"units": 3, "activation": "softmax"}]
    path = folder / name
    text = tomli_w.dumps(
        {
            "data": {"source": "iris", **tables.get("data", {})},
            "network": {"layers": layers, **tables.get("network", {})},
            "training": {
                "epochs": 4,
                "batch_size": 50,
                "learning_rate": 0.1,
                **tables.get("training", {}),
            },
        }
    )
    path.write_text(text)
    return path

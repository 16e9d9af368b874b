"""Characters that a terminal obeys or hides, files that are full of them, and what is shown."""

import contextlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from unittest.mock import patch

import tomli_w

from tuiprop.cli import main

SECONDS = 60.0
"""That nothing takes, unless it hangs."""

MARK = "7777"
"""In every sequence below, and in none that the program writes itself."""

KINDS = {
    "CSI": f"\x1b[{MARK}m",
    "OSC 0, the title": f"\x1b]0;{MARK}\x07",
    "OSC 52, the clipboard": f"\x1b]52;c;{MARK}\x07",
    "OSC 8, a link": f"\x1b]8;;{MARK}\x1b\\",
    "DCS": f"\x1bP{MARK}\x1b\\",
    "APC": f"\x1b_{MARK}\x1b\\",
    "PM": f"\x1b^{MARK}\x1b\\",
    "SOS": f"\x1bX{MARK}\x1b\\",
    "reset": "\x1bc",
    "8-bit CSI": f"\x9b{MARK}m",
    "8-bit OSC": f"\x9d0;{MARK}\x9c",
    "8-bit DCS": f"\x90{MARK}\x9c",
    "C0": "".join(map(chr, range(1, 0x20))),
    "DEL": "\x7f",
    "C1": "".join(map(chr, range(0x80, 0xA0))),
    "bidirectional": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff\xad",
    "separators": "\u2028\u2029",
    "tags": "\U000e0041\U000e007f",
}

NAME = f"<{''.join(KINDS.values())}>"
"""Every kind at once, as long as a name of a column may be."""

SURROGATES = "\udce9\udc9b"
"""Bytes of a file name that are not UTF-8."""

FILE_NAME = NAME.strip("<>").replace("/", "")[:120]
"""A file name that Linux accepts: at most 255 bytes, without a slash."""

_OWN = re.compile(
    r"\r?\n(?=\x1b\[\d+;\d+H)"  # Textual moves to every line that it begins
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x1b\]22;[a-z-]+\x07"  # the shape of the pointer
)
"""Sequences that the program itself sends: moves, colours and modes."""


@dataclass(frozen=True)
class Files:
    """An experiment with hostile names everywhere, and its models."""

    folder: Path
    experiment: Path
    table: Path

    def model(self, suffix: str) -> Path:
        return self.folder / f"w{suffix}"


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}


def command(*arguments: object) -> list[bytes]:
    return [os.fsencode(str(each)) for each in (sys.executable, "-m", "tuiprop", *arguments)]


def run(
    *arguments: object, env: dict[str, str] | None = None, **options: Any
) -> "subprocess.CompletedProcess[bytes]":
    """`tuiprop ARGUMENTS` as a process; its output is bytes."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    return subprocess.run(
        command(*arguments), check=False, timeout=SECONDS, env=environment(**env or {}), **options
    )


def run_here(
    *arguments: object,
    cwd: Path | str = ".",
    env: Mapping[str, str] | None = None,
    encoding: str = "utf-8",
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
) -> "subprocess.CompletedProcess[bytes]":
    """Run `tuiprop ARGUMENTS` in this process, with standard streams of its own.

    Output to a stream that is passed in is not returned.
    """
    words = [str(each) for each in arguments]
    captured = [io.TextIOWrapper(io.BytesIO(), encoding, newline="\n") for _ in range(2)]
    out, err = (given or own for given, own in zip((stdout, stderr), captured, strict=True))
    with (
        contextlib.chdir(cwd),
        patch.dict(os.environ, env or {}),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main(words, prog_name="tuiprop")
        except SystemExit as end:
            status = end.code
    content = []
    for stream in captured:
        stream.flush()
        content.append(stream.buffer.getvalue())
    return subprocess.CompletedProcess(words, int(status or 0), *content)


def make_files(folder: Path) -> Files:
    """A table with a hostile column, category and class, and an experiment on it."""
    table, experiment = folder / "table.jsonl", folder / "e.toml"
    rows = (
        {
            f"number{NAME}": i % 7 - 3,
            f"category{NAME}": f"{'pq'[i % 2]}{NAME}",
            f"target{NAME}": f"{'uv'[i // 2 % 2]}{NAME}",
        }
        for i in range(40)
    )
    table.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    layers = [{"units": 2, "activation": "tanh"}, {"units": 2, "activation": "softmax"}]
    tables = {
        "data": {"source": "table.jsonl", "target": f"target{NAME}"},
        "network": {"layers": layers},
        "training": {"epochs": 2},
    }
    experiment.write_text(tomli_w.dumps(tables), encoding="utf-8")
    return Files(folder, experiment, table)


def is_hidden(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def assert_harmless(output: bytes) -> str:
    """The output as text: it has nothing that a terminal would obey but line feeds."""
    text = output.decode()
    assert not [each for each in text if is_hidden(each) and each != "\n"]
    return text


def without_own_sequences(output: bytes) -> str:
    """Return the output to a terminal without the sequences that the program sends itself."""
    text = output.decode()
    assert not [each for each in _OWN.findall(text) if MARK in each]
    return _OWN.sub("", text)

"""Files that a coverage-guided fuzzer makes: each is refused with a sentence, or read.

    python -m fuzz.fuzz [SECONDS] [SUFFIX …]

gives SECONDS (180) to each kind of file that is read: weights, checkpoints, experiments, tables.
It begins from a small file of the kind, follows what new code its changes reach, and ends at the
first file that is neither refused in one sentence nor read, that takes more than 10 s, or more
than 1 GB. Needs the package `atheris`.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

SECONDS = 180

MEGABYTES = 1024

Read = Callable[[Path], object]


def _weights(path: Path) -> object:
    from tuiprop.models.weights import load_model

    return load_model(path)


def _checkpoint(path: Path) -> object:
    from tuiprop.models.checkpoint import load_checkpoint

    return load_checkpoint(path)


def _experiment(path: Path) -> object:
    from tuiprop.training.experiment import load

    return load(path)


def _table(path: Path) -> object:
    from tuiprop.data.catalogue import load_table
    from tuiprop.training.experiment import DataSettings

    return load_table(DataSettings(source=str(path)))


def readers() -> dict[str, Read]:
    """How each kind of file is read, by its suffix."""
    from tuiprop.models.formats import READ

    others = {".tuiprop": _checkpoint, ".toml": _experiment, ".csv": _table, ".jsonl": _table}
    return {**dict.fromkeys(READ, _weights), **others}


def seed(suffix: str, path: Path) -> None:
    """A small file of a kind."""
    from fuzz.checkpoints import session_at
    from tests.models.models import model
    from tuiprop.models.export import export
    from tuiprop.training.experiment import to_toml

    if suffix == ".tuiprop":
        session_at(6).save_checkpoint(path)
    elif suffix == ".toml":
        path.write_text(to_toml(session_at(0).experiment))
    elif suffix == ".csv":
        path.write_text("length,colour,kind\n1.5,red,a\n2.5,,b\n-1e3,green,a\n")
    elif suffix == ".jsonl":
        path.write_text('{"length": 1.5, "kind": "a"}\n{"length": null, "kind": "b"}\n')
    else:
        export(model((3, 4, 2)), path)


def refusal(path: Path, read: Read) -> str:
    """The sentence that refuses a file; empty where it is read.

    Raises:
        AssertionError: it is not one sentence that names the file.
    """
    from tuiprop.errors import UserError

    try:
        read(path)
    except UserError as error:
        file, sentence = error.file, str(error)
    else:
        return ""
    assert file == str(path), sentence
    assert "\n" not in sentence, sentence
    return sentence


def fuzz(suffix: str, folder: Path, arguments: list[str]) -> None:
    """Read what the fuzzer makes; does not return."""
    atheris = import_module("atheris")
    with atheris.instrument_imports(include=["tuiprop"]):
        from tuiprop.data.readers import formats  # noqa: F401
        from tuiprop.models import checkpoint, weights  # noqa: F401
    read, path = readers()[suffix], folder / f"file{suffix}"

    def one(content: bytes) -> None:
        path.write_bytes(content)
        refusal(path, read)

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


def run(suffix: str, seconds: float, folder: Path) -> str:
    """Fuzz one kind of file in a process of its own; what became of it, in words."""
    corpus = folder / suffix.removeprefix(".")
    corpus.mkdir()
    seed(suffix, corpus / f"seed{suffix}")
    command = [sys.executable, "-m", "fuzz.fuzz", "--one", suffix, str(folder)]
    command += [f"-max_total_time={seconds:.0f}", f"-rss_limit_mb={MEGABYTES}", "-timeout=10"]
    command += ["-print_final_stats=1", f"-artifact_prefix={folder}/", str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        return f"FAULT\n{done.stderr[-3000:]}"
    found = dict(re.findall(r"^stat::(\w+):\s+(\d+)", done.stderr, re.MULTILINE))
    return (
        f"{int(found['number_of_executed_units']):,} files, "
        f"{len(list(corpus.iterdir())):,} of them on new paths, no fault; "
        f"largest {found['peak_rss_mb']} MB"
    )


def main() -> None:
    """Fuzz each kind of file, and print what became of it."""
    if sys.argv[1:2] == ["--one"]:
        fuzz(sys.argv[2], Path(sys.argv[3]), sys.argv[4:])
        return
    if find_spec("atheris") is None:
        sys.exit("the fuzzer is the package atheris: pip install atheris")
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    for suffix in sys.argv[2:] or readers():
        with tempfile.TemporaryDirectory() as folder:
            print(f"{suffix}: {run(suffix, seconds, Path(folder))}", flush=True)


if __name__ == "__main__":
    main()

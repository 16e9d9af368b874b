"""Files written to a full file system of 4 MB: a sentence, and the old file intact.

    python -m fuzz.full

mounts such a file system (as root, on Linux), fills it so far that from nothing to all but a
page of a file has room, and writes each format, a checkpoint and a table over an older file
there. Prints how many were refused, which must leave the old file as it was and nothing else.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from fuzz.checkpoints import session_at
from tests.models.models import model
from tuiprop.errors import FileError
from tuiprop.models.export import export
from tuiprop.models.formats import FORMATS
from tuiprop.storage.atomic import write_text

PAGE = 4096

SMALL, LARGE = model((3, 4, 2)), model((40, 60, 5))

Write = Callable[[Path], object]


def writers() -> dict[str, tuple[Write, Write]]:
    """What writes an older file, and one that is larger, by suffix."""
    small, large = session_at(0), session_at(2000)
    both: dict[str, tuple[Write, Write]] = {
        suffix: (lambda path: export(SMALL, path), lambda path: export(LARGE, path))
        for suffix in FORMATS
    }
    both[".tuiprop"] = small.save_checkpoint, large.save_checkpoint
    both[".csv"] = (
        lambda path: write_text(path, "a,b\n1,2\n"),
        lambda path: write_text(path, "a,b\n" + "1,2\n" * 5000),
    )
    return both


def fill(folder: Path, room: int) -> None:
    """Leave room for so many bytes, in pages."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(PAGE))
    with filler.open("rb+") as stream:
        stream.truncate(max(0, filler.stat().st_size // PAGE * PAGE - room))


def outcomes(
    suffix: str, older: Write, newer: Write, folder: Path, most: int | None = None
) -> Counter[str]:
    """Return what became of writing with too little room, for each amount of it in pages.

    Args:
        most: The number of amounts, from none to the largest; None for all.
    """
    path, filler = folder / f"file{suffix}", folder / "filler"
    newer(path)
    amounts: Sequence[int] = range(0, path.stat().st_size - PAGE, PAGE)
    if most is not None and most < len(amounts):
        amounts = [amounts[i * (len(amounts) - 1) // (most - 1)] for i in range(most)]
    older(path)
    before = path.read_bytes()
    found: Counter[str] = Counter()
    for room in amounts:
        path.write_bytes(before)
        fill(folder, room)
        try:
            newer(path)
            result = "written"
        except FileError as error:
            said = str(error) == f"{path}: cannot be written: No space left on device"
            result = "refused" if said else str(error)
        left = sorted(each.name for each in folder.iterdir()) != sorted([path.name, filler.name])
        if path.read_bytes() != before or left:
            result += ", but the folder is not as it was"
        found[result] += 1
        filler.unlink()
    path.unlink()
    return found


@contextmanager
def small_file_system() -> Iterator[Path]:
    """A folder on 4 MB.

    Raises:
        PermissionError: it cannot be mounted here.
    """
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=4M", "tmpfs", folder]
        try:
            done = subprocess.run(mount, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise PermissionError("there is no mount") from None
        if done.returncode:
            raise PermissionError(done.stderr.strip())
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", folder], check=True)


def main() -> None:
    """Print what became of each format."""
    try:
        with small_file_system() as folder:
            for suffix, (older, newer) in writers().items():
                found = outcomes(suffix, older, newer, folder)
                words = ", ".join(f"{count} {what}" for what, count in found.most_common())
                print(f"{suffix}: {words}", flush=True)
    except PermissionError as error:
        sys.exit(f"no file system of 4 MB can be mounted here: {error}")


if __name__ == "__main__":
    main()

import os
import stat
from pathlib import Path
from typing import IO

import pytest

from tests.refusals import check_fields
from tuiprop.errors import FileError
from tuiprop.storage.atomic import check_writable, write, write_text


def fill(stream: IO[bytes]) -> None:
    stream.write(b"new")


def fails(stream: IO[bytes]) -> None:
    stream.write(b"half of")
    raise OSError(28, "No space left on device")


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def sentence(path: Path | str) -> str:
    with pytest.raises(FileError) as caught:
        write(path, fill)
    assert isinstance(caught.value, OSError)
    text = str(caught.value)
    assert text.startswith(f"{path}: cannot be written: ")
    assert ".tuiprop-" not in text
    assert "\n" not in text
    return text


def test_a_new_file(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", fill)
    assert (tmp_path / "a.npz").read_bytes() == b"new"
    assert files(tmp_path) == ["a.npz"]


def test_text_is_utf8(tmp_path: Path) -> None:
    write_text(str(tmp_path / "a.csv"), "λ\n")
    assert (tmp_path / "a.csv").read_bytes() == b"\xce\xbb\n"


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_a_new_file_has_the_mode_that_others_would_have(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write(tmp_path / "ours", fill)
        (tmp_path / "theirs").write_bytes(b"")
        assert os.umask(mask) == mask
    finally:
        os.umask(before)
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "theirs").stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o440])
def test_the_mode_of_a_file_is_kept(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    write(path, fill)
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.parametrize("relative", [True, False])
def test_a_symbolic_link_is_followed(tmp_path: Path, relative: bool) -> None:
    (tmp_path / "folder").mkdir()
    target = tmp_path / "folder" / "target"
    target.write_bytes(b"old")
    link = tmp_path / "link"
    link.symlink_to("folder/target" if relative else target)
    write(link, fill)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert files(tmp_path) == ["folder", "link"]
    assert files(tmp_path / "folder") == ["target"]


def test_a_link_to_what_is_not_there_yet(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("target")
    write(tmp_path / "link", fill)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(FileError) as caught:
        write(path, fails)
    assert str(caught.value) == f"{path}: cannot be written: No space left on device"
    assert path.read_bytes() == b"old"
    assert files(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_whatever_happens(tmp_path: Path, error: type[BaseException]) -> None:
    def interrupted(stream: IO[bytes]) -> None:
        stream.write(b"half of")
        raise error

    with pytest.raises(error):
        write(tmp_path / "a", interrupted)
    assert files(tmp_path) == []


def test_nothing_is_left_where_it_cannot_be_put_in_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(self: Path, target: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    (tmp_path / "a").write_bytes(b"old")
    monkeypatch.setattr(Path, "replace", no)
    assert sentence(tmp_path / "a").endswith("Operation not permitted")
    assert files(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_it_is_whole_before_it_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def looks(stream: IO[bytes]) -> None:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
        assert len(files(tmp_path)) == 2

    write(path, looks)
    assert path.read_bytes() == b"new"


# Sentences


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert sentence(tmp_path / "none" / "a").endswith("No such file or directory")


def test_the_sentence_has_the_path_as_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to("none/a")
    for path in ("none/a", "../nothing-of-that-name/a", "link"):
        sentence(path)


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert sentence(tmp_path / "folder").endswith("it is a folder")
    assert files(tmp_path) == ["folder"]


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    assert sentence(tmp_path / ("a" * 300)).endswith("File name too long")
    assert files(tmp_path) == []


@pytest.mark.parametrize("name", ["a\0.npz", "a/" * 3000 + "a.npz"], ids=["NUL", "long"])
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    sentence(tmp_path / name)
    path = str(tmp_path / name)
    assert refusal_reason(path, ".npz").startswith("cannot be written: ")
    assert files(tmp_path) == []


def test_a_file_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert sentence(tmp_path / "file" / "a").endswith("Not a directory")


def test_a_folder_that_cannot_be_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no(**options: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path / ".tuiprop-x.tmp"))

    monkeypatch.setattr("tempfile.mkstemp", no)
    assert sentence(tmp_path / "a").endswith("Permission denied")


# What can be said beforehand


def refusal(file: str, *suffixes: str) -> FileError | None:
    """Why no file can be written there; it names the file as the user did."""
    try:
        check_writable(file, *suffixes)
    except FileError as error:
        return error
    return None


def refusal_reason(file: str, *suffixes: str) -> str:
    error = refusal(file, *suffixes)
    assert error is not None
    assert error.file == file
    return error.reason


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "old.npz").write_bytes(b"old")
    for good in ("a.npz", "./a.npz", "old.npz", str(tmp_path / "a.npz"), "folder.npz/a.npz"):
        assert refusal(good, ".npz") is None
    for file, found in (("a.csv", ".csv"), ("a", "no suffix")):
        error = refusal(file, ".npz")
        assert error is not None
        check_fields(error, "", found, ".npz")
    assert refusal_reason("none/a.npz", ".npz") == "there is no folder none"
    assert refusal_reason("old.npz/a.npz", ".npz") == "there is no folder old.npz"
    assert refusal_reason("folder.npz", ".npz") == "this is a folder"
    (tmp_path / "link.npz").symlink_to("nowhere/a.npz")
    assert refusal_reason("link.npz", ".npz") == f"there is no folder {tmp_path / 'nowhere'}"
    (tmp_path / "link.npz").unlink()
    assert files(tmp_path) == ["folder.npz", "old.npz"]


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / ("a" * 300 + ".npz"))
    assert refusal(path, ".npz") is not None


def test_a_folder_that_cannot_be_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    path = str(tmp_path / "a.npz")
    assert refusal(path, ".npz") is not None


# What is not ours


def test_nothing_else_in_the_folder_is_removed(tmp_path: Path) -> None:
    for name in (".tuiprop-old.tmp", ".tuiprop-a1b2c3d4.tmp", "a.tmp"):
        (tmp_path / name).write_bytes(b"the user's")
        os.utime(tmp_path / name, (0, 0))
    write(tmp_path / "w", fill)
    assert files(tmp_path) == [".tuiprop-a1b2c3d4.tmp", ".tuiprop-old.tmp", "a.tmp", "w"]


def test_a_temporary_file_of_the_callers(tmp_path: Path) -> None:
    own = tmp_path / "own.tmp"
    own.write_bytes(b"half of what was to be written before")
    write(tmp_path / "w", fill, own)
    assert files(tmp_path) == ["w"]
    assert (tmp_path / "w").read_bytes() == b"new"
    with pytest.raises(FileError):
        write(tmp_path / "w", fails, own)
    assert files(tmp_path) == ["w"]


def test_a_device_is_not_replaced(tmp_path: Path) -> None:
    link = tmp_path / "w.npz"
    link.symlink_to(os.devnull)
    assert sentence(link).endswith("it is not a regular file")
    assert refusal_reason(str(link), ".npz") == "this is not a regular file"


def test_one_of_several_suffixes(tmp_path: Path) -> None:
    for good in ("a.npz", "a_torch.py", "a.b.py"):
        assert refusal(str(tmp_path / good), ".npz", "_torch.py", ".py") is None
    error = refusal("a.txt", ".npz", ".py")
    assert error is not None
    check_fields(error, "", ".txt", ".npz, .py")

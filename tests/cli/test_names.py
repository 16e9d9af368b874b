"""Names of files that are not UTF-8, on the command line."""

import os
from pathlib import Path

import pytest

from tests.cli.command import in_a_process, sentence, tuiprop
from tuiprop.errors import FileError
from tuiprop.storage.atomic import write_text

if os.name != "posix":
    pytest.skip("names are Unicode", allow_module_level=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a table and an experiment, whose name is not UTF-8."""
    folder = tmp_path / "d\udce9r"
    folder.mkdir()
    rows = "\n".join(f"{i % 7},{i % 5},{'xy'[i % 2]}" for i in range(60))
    (folder / "t.csv").write_text(f"a,b,c\n{rows}\n")
    (folder / "e.toml").write_text('[data]\nsource = "t.csv"\n[training]\nepochs = 2\n')
    return folder


def test_weights_that_would_name_it_are_refused_before_the_training(folder: Path) -> None:
    out = folder.parent / "w.npz"
    ended = tuiprop("train", folder / "e.toml", "--export", out)
    assert ended.out == ""
    assert str(out) in sentence(ended)
    assert not out.exists()


def test_a_run_goes_on(folder: Path) -> None:
    checkpoint, weights = folder.parent / "c.tuiprop", folder / "w.npz"
    options = ("--checkpoint", checkpoint, "--export", weights)
    ended = in_a_process("train", folder / "e.toml", *options, errors="surrogateescape")
    assert (ended.status, ended.err) == (0, "")
    assert weights.exists()
    again = in_a_process("train", "--resume", checkpoint, "--epochs", 3)
    assert (again.status, again.err) == (0, "")


@pytest.mark.parametrize("name", ["~nosuchuser/x.npz", "~nosuchuser"])
def test_a_user_that_there_is_not(folder: Path, name: str) -> None:
    experiment = str(folder / "e.toml")
    for arguments in (("train", experiment, "--export", name), ("inspect", name), ("train", name)):
        assert name in sentence(tuiprop(*arguments))


def test_text_that_is_not_utf8_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "e.toml"
    with pytest.raises(FileError, match=r"e\.toml.*UTF-8"):
        write_text(path, 'a = 1\nsource = "m\udce9.csv"\nb = 2\n')
    assert not path.exists()

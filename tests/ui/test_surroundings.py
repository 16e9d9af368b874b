"""Settings that cannot be read, variables and names that nobody expects."""

import os
import shutil
import signal
import stat
from pathlib import Path

import pytest

from tests.ui.driving import opened, told, until
from tests.ui.test_terminal import Terminal
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.run.go_to import typed_path
from tuiprop.ui.settings import Settings

BROKEN = {
    "not UTF-8": b'{"theme": "\xff"}',
    "deep": b'{"x": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "not JSON": b"hint = true",
    "empty": b"",
    "a list": b"[]",
    "wrong types": b'{"hint": "yes"}',
    "NaN": b'{"hint": NaN}',
    "no theme": b'{"theme": "purple"}',
    "large": b'{"x": "' + b"x" * 10**6 + b'"}',
}


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def make_sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(2**30)


def make_loop(path: Path) -> None:
    path.symlink_to(path)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_settings_that_cannot_be_read(settings_file: Path, content: bytes) -> None:
    settings_file.parent.mkdir()
    settings_file.write_bytes(content)
    settings, sentence = Settings.load()
    assert settings == Settings()
    assert str(settings_file) in sentence
    assert settings_file.read_bytes() == content
    settings.hint = False
    settings.save()
    assert Settings.load() == (Settings(hint=False), "")


@pytest.mark.parametrize("make", [make_fifo, make_sparse, make_loop, make_device, Path.mkdir])
def test_settings_that_are_no_file(settings_file: Path, make: object) -> None:
    settings_file.parent.mkdir()
    make(settings_file)  # type: ignore[operator]
    kind = stat.S_IFMT(settings_file.lstat().st_mode)
    settings, sentence = Settings.load()
    assert settings == Settings()
    assert str(settings_file) in sentence
    if make is not make_sparse:
        settings.save()
        assert stat.S_IFMT(settings_file.lstat().st_mode) == kind


def test_settings_that_can_be_read(settings_file: Path) -> None:
    assert Settings.load() == (Settings(), "")
    Settings(hint=False, theme="tuiprop-light").save()
    assert Settings.load() == (Settings(hint=False, theme="tuiprop-light"), "")


async def test_broken_settings_are_told_once_and_stay(settings_file: Path) -> None:
    settings_file.parent.mkdir()
    settings_file.write_bytes(b"\xff")
    app = TuipropApp(InlineClient(), "xor-table")
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await opened(pilot)
        await until(pilot, lambda: bool(told(pilot)))
        (sentence,) = told(pilot)
        assert settings_file.name in sentence.replace("\n", "")
        assert settings_file.read_bytes() == b"\xff"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TEXTUAL_COLOR_SYSTEM", "garbage"),
        ("TEXTUAL_ANIMATIONS", "garbage"),
        ("TEXTUAL_FPS", "garbage"),
        ("TEXTUAL_FPS", "9" * 400),
        ("TEXTUAL_DIM_FACTOR", "9" * 400),
        ("ESCDELAY", "9" * 400),
    ],
)
def test_variables_of_textual_that_cannot_be(tmp_path: Path, name: str, value: str) -> None:
    terminal = Terminal(tmp_path, "iris", variables={name: value})
    terminal.shows("update 0")
    terminal.shows(f"{name} must be ")
    terminal.press("q")
    assert terminal.ends() == 0


@pytest.mark.slow
@pytest.mark.parametrize("home", [None, "", "folder"])
def test_without_a_home_folder_it_opens(tmp_path: Path, home: str | None) -> None:
    terminal = Terminal(tmp_path, "iris", variables={"HOME": home, "XDG_CONFIG_HOME": None})
    terminal.shows("update 0")
    terminal.shows("settings are kept")
    terminal.press("q")
    assert terminal.ends() == 0


@pytest.mark.parametrize("text", ["~nosuchuser/x.npz", "~nosuchuser", "~\0/x.npz", "~\udce9/x"])
def test_a_user_that_there_is_not(text: str) -> None:
    assert typed_path(text) == text


def test_the_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")
    assert typed_path(" ~/x.npz ") == "/somewhere/x.npz"
    assert typed_path("a~/x.npz") == "a~/x.npz"


@pytest.mark.slow
@pytest.mark.parametrize(("key", "words"), [("x", "there is no folder"), ("y", ""), ("s", "")])
def test_a_user_that_there_is_not_ends_nothing(tmp_path: Path, key: str, words: str) -> None:
    terminal = Terminal(tmp_path, "iris")
    terminal.shows("update 0")
    terminal.press("b")
    terminal.shows("update 1:")
    terminal.press(key)
    if key == "x":
        terminal.shows("Export the weights")
        terminal.press("\x01\x0b~nosuchuser/x.npz\r")
        terminal.shows(words)
    elif key == "y":
        terminal.shows("every array of this update")
        terminal.press("\x1b[F\r")
        terminal.shows("Every array of this update")
        terminal.press("\x01\x0b~nosuchuser/x.npz\r")
        terminal.shows("there is no folder")
    else:
        terminal.shows("Set-up  Tab")
    os.kill(terminal.child.pid, signal.SIGTERM)
    assert terminal.ends() == 143
    assert b"Traceback" not in terminal.raw


@pytest.mark.slow
def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    """Bytes that are not UTF-8 in the names of data, folders and the kept run do no harm."""
    folder = tmp_path / "d\udce9r"
    folder.mkdir()
    rows = "\n".join(f"{i % 7},{i % 5},{'xy'[i % 2]}" for i in range(60))
    (folder / "m\udce9.csv").write_text(f"a,b,c\n{rows}\n")
    (folder / "e.toml").write_text('[data]\nsource = "t.csv"\n[training]\nepochs = 5\n')
    (folder / "t.csv").write_text(f"a,b,c\n{rows}\n")
    for name in ("e.toml", "../d\udce9r/e.toml", "m\udce9.csv"):
        opened = Terminal(folder, name)
        if name.endswith("csv"):
            opened.shows("60 rows")
            opened.press("\r")
        opened.shows("update 0")
        opened.press("bb")
        opened.shows("update 2:")
        opened.press("q")
        assert opened.ends() == 0
        again = Terminal(folder, name)
        again.shows(" at update 2, epoch")
        again.press("\r")
        again.shows("update 2:")
        os.kill(again.engines()[0], signal.SIGKILL)
        again.shows("The training engine crashed")
        again.shows("update 2:")
        again.press("x")
        again.shows("Export the weights")
        again.press(f"\x01\x0b{tmp_path}/w.npz\r")
        again.shows("UTF-8")
        os.kill(again.child.pid, signal.SIGTERM)
        assert again.ends() == 143
        shutil.rmtree(folder / "state")

"""Characters that a terminal obeys or hides, from everywhere, through every output."""

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import tomli_w
from safetensors.numpy import save_file

from tests.hostile import FILE_NAME as CALLED
from tests.hostile import (
    KINDS,
    MARK,
    NAME,
    SURROGATES,
    Files,
    assert_harmless,
    command,
    environment,
    is_hidden,
    make_files,
    run,
    run_here,
    without_own_sequences,
)
from tuiprop.cell import plain
from tuiprop.escaping import in_cells, pasted, printable, printable_lines
from tuiprop.training.memory import VARIABLE

EVERY_CHARACTER = tuple(map(chr, range(sys.maxunicode + 1)))

FILE_NAME = f"{CALLED}{SURROGATES}"


# The functions


@pytest.fixture(scope="module")
def hidden() -> frozenset[str]:
    return frozenset(filter(is_hidden, EVERY_CHARACTER))


def test_every_hidden_character_is_escaped_and_no_other(hidden: frozenset[str]) -> None:
    for character in hidden:
        escaped = printable(character)
        assert escaped.isascii()
        assert escaped.isprintable()
        assert escaped.encode().decode("unicode_escape") == character
    others = "".join(each for each in EVERY_CHARACTER if each not in hidden)
    assert len(others) + len(hidden) == sys.maxunicode + 1
    assert printable(others) == others


def test_every_hidden_character_is_one_cell(hidden: frozenset[str]) -> None:
    for character in hidden:
        shown = in_cells(character)
        assert len(shown) == 1
        assert unicodedata.category(shown) == "So"
    assert in_cells("\x00\t\x1b\x7f\x9b\u202e\udce9") == "␀␉␛␡\ufffd\ufffd\ufffd"
    assert in_cells("W[1] · ŷ 東京\xa0❤") == "W[1] · ŷ 東京\xa0❤"


def test_lines_stay() -> None:
    assert printable("a\nb") == "a\\nb"
    assert printable_lines("a\n\x1bb\r\n") == "a\n\\x1bb\\r\n"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("plain é 東京", "plain é 東京"),
        ("first\nsecond", "first"),
        ("first\r\nsecond", "first"),
        ("first\rsecond", "first"),
        ("1\t2", "1 2"),
        ("\ufeff12", "12"),
        ("\x1b]52;c;AA==\x07", "]52;c;AA=="),
        ("\n", ""),
        ("", ""),
    ],
)
def test_a_paste_is_one_line_without_hidden_characters(text: str, field: str) -> None:
    assert pasted(text) == field


@pytest.mark.parametrize("kind", KINDS)
def test_no_kind_is_pasted(kind: str) -> None:
    assert not list(filter(is_hidden, pasted(KINDS[kind])))


# The command line


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The experiment, trained."""
    made = make_files(tmp_path_factory.mktemp("hostile"))
    suffixes = (".npz", ".json", ".safetensors", ".py")
    exports = [each for suffix in suffixes for each in ("--export", made.model(suffix))]
    done = run_here("train", made.experiment, *exports, "--checkpoint", made.model(".tuiprop"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert_harmless(done.stdout)
    return made


@pytest.mark.parametrize("suffix", [".npz", ".json", ".safetensors", ".tuiprop"])
def test_inspect(files: Files, suffix: str) -> None:
    done = run_here("inspect", files.model(suffix))
    assert done.returncode == 0
    lines = assert_harmless(done.stdout).splitlines()
    (inputs,) = [line for line in lines if line.startswith("inputs")]
    assert f"number{printable(plain(NAME))}" in inputs
    assert f"={printable(f'p{NAME}')}" in inputs


def test_explain(files: Files) -> None:
    done = run_here("explain", files.experiment)
    assert done.returncode == 0
    text = assert_harmless(done.stdout)
    assert f"\n| number{printable(plain(NAME))} | " in text
    assert f"\n| u{printable(NAME)} | " in text


@pytest.mark.parametrize("arguments", [["check"], ["train", "--resume", "w.tuiprop"], ["train"]])
def test_what_an_experiment_says(files: Files, arguments: list[str]) -> None:
    done = run_here(*arguments, files.experiment, cwd=files.folder)
    assert done.returncode == 0
    assert_harmless(done.stdout + done.stderr)


@pytest.mark.parametrize("suffix", [".npz", ".py", ".safetensors"])
def test_export(files: Files, suffix: str, tmp_path: Path) -> None:
    out = tmp_path / f"{FILE_NAME}{suffix}"
    done = run_here("export", files.model(".npz"), out)
    assert (done.returncode, done.stderr) == (0, b"")
    assert out.exists()
    assert f"{printable(FILE_NAME)}{suffix}: update 2" in assert_harmless(done.stdout)


def in_a_terminal(*arguments: object) -> bytes:
    """What `tuiprop ARGUMENTS` sends to a terminal on its three streams."""
    master, slave = pty.openpty()
    with subprocess.Popen(
        command(*arguments),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=environment(TERM="xterm-256color"),
    ):
        os.close(slave)
        sent = b""
        try:
            while part := os.read(master, 65536):
                sent += part
        except OSError:  # the process has ended
            pass
    os.close(master)
    return sent


@pytest.mark.slow
def test_predictions_are_data_in_a_pipe_and_escaped_in_a_terminal(
    files: Files, tmp_path: Path
) -> None:
    arguments = ["predict", files.model(".npz"), files.table]
    done = run_here(*arguments)
    assert done.returncode == 0
    assert_harmless(done.stderr)
    assert f'"p_u{NAME}"'.encode() in done.stdout.split(b",")
    out = tmp_path / "out.csv"
    assert run_here(*arguments, "--out", out).returncode == 0
    assert out.read_bytes() == done.stdout
    shown = assert_harmless(in_a_terminal(*arguments).replace(b"\r\n", b"\n"))
    assert printable_lines(done.stdout.decode()) in shown


@pytest.mark.slow
def test_a_bar_of_progress_writes_its_own_sequences_alone(files: Files) -> None:
    sent = in_a_terminal("train", files.experiment, "--export", files.folder / f"{FILE_NAME}.npz")
    text = without_own_sequences(sent).replace("\r", "")
    assert printable(FILE_NAME) in assert_harmless(text.encode())


CHANGES = [
    {f"{NAME}": {}},
    {"data": {"source": f"{NAME}.csv"}},
    {"data": {"source": "table.jsonl", NAME: 1}},
    {"data": {"source": "table.jsonl", "target": NAME}},
    {"data": {"source": "table.jsonl", "derived": [NAME]}},
    {"data": {"source": "table.jsonl", "columns": {NAME: {"use": False}}}},
    {"data": {"source": "iris"}, "network": {"loss": NAME}},
    {"data": {"source": "iris"}, "network": {"layers": [{"units": 3, "activation": NAME}]}},
    {"data": {"source": "iris"}, "training": {"optimizer": NAME}},
    {"data": {"source": "iris"}, "training": {"options": {NAME: 1.0}}},
    {"data": {"source": "iris"}, "breakpoint": [{"when": NAME}]},
]


@pytest.mark.parametrize("tables", CHANGES)
def test_what_is_wrong_with_an_experiment(
    files: Files, tables: dict[str, object], tmp_path: Path
) -> None:
    path = files.folder / f"{tmp_path.name}.toml"
    path.write_text(tomli_w.dumps(tables), encoding="utf-8")
    assert_refused("train", path)


def assert_refused(*arguments: object) -> str:
    """It ends with status 2 and one sentence that harms no terminal."""
    done = run_here(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    text = assert_harmless(done.stderr)
    assert text.splitlines()[-1].startswith(("tuiprop: ", "Error: "))
    assert text.count("tuiprop: ") + text.count("Error: ") == 1
    return text


def test_a_damaged_experiment(tmp_path: Path) -> None:
    path = tmp_path / f"{FILE_NAME}.toml"
    path.write_text(f"{NAME} = \n", encoding="utf-8")
    assert printable(path.name) in assert_refused("check", path)


ABSENT = f"{FILE_NAME}.toml"


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", ABSENT],
        ["check", ABSENT],
        ["explain", ABSENT],
        ["train", "iris.toml", "--export", f"{FILE_NAME}.xyz"],
        ["train", "iris.toml", "--export", f"{FILE_NAME}/w.npz"],
        ["train", "iris.toml", "--history", f"{FILE_NAME}/h.csv"],
        ["train", "--resume", f"{FILE_NAME}.tuiprop"],
        ["train", "iris.toml", "--init", f"{FILE_NAME}.npz"],
        ["train", "iris.toml", "--set", f"{FILE_NAME}=1"],
        ["train", "iris.toml", "--set", f"data.target={FILE_NAME}"],
        ["train", "iris.toml", "--break", FILE_NAME],
        ["train", "iris.toml", "--epochs", FILE_NAME],
        ["train", "iris.toml", f"--{FILE_NAME}"],
        ["train", "iris.toml", FILE_NAME],
        ["inspect", f"{FILE_NAME}.npz"],
        ["inspect", f"{FILE_NAME}.tuiprop"],
        ["inspect", FILE_NAME],
        ["export", f"{FILE_NAME}.npz", "w.npz"],
        ["export", "iris.toml", f"{FILE_NAME}.npz"],
        ["export", "iris.toml", "w.npz", "--weights", FILE_NAME],
        ["predict", f"{FILE_NAME}.npz", "iris"],
        ["predict", "iris.toml", "iris", "--out", FILE_NAME],
        ["datasets", FILE_NAME],
        ["datasets", "iris", "--out", FILE_NAME],
        [FILE_NAME],
        [FILE_NAME, "iris"],
        [f"--{FILE_NAME}"],
    ],
)
def test_arguments(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "iris.toml").write_text('[data]\nsource = "iris"\n')
    done = run_here(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert_harmless(done.stderr)


def test_names_of_a_model_and_of_data_that_do_not_fit(files: Files, tmp_path: Path) -> None:
    table = tmp_path / f"{FILE_NAME}.csv"
    table.write_text("a,b\n1,2\n")
    assert printable(table.name) in assert_refused("predict", files.model(".npz"), table)
    assert_refused("export", files.model(".npz"), tmp_path / "w.npz", "--activations", NAME)


def test_weights_of_another_program(tmp_path: Path) -> None:
    arrays = {NAME.replace("/", ""): np.zeros((2, 2)), "W1": np.zeros((2, 2))}
    np.savez(tmp_path / "w.npz", **arrays)  # type: ignore[arg-type]
    save_file(arrays, tmp_path / "w.safetensors", metadata={"tuiprop": NAME})
    content = {NAME: [[0.0]], "W1": [[1.0]], "b1": [[0.0]]}
    (tmp_path / "w.json").write_text(json.dumps(content))
    (tmp_path / "surrogate.json").write_text('{"\\ud800\\u001b": [[1.0]]}')
    (tmp_path / "w.tuiprop").write_bytes(NAME.encode())
    for path in sorted(tmp_path.iterdir()):
        done = run_here("inspect", path)
        assert done.returncode in (0, 2)
        assert_harmless(done.stdout + done.stderr)


def test_metadata_that_does_not_fit(tmp_path: Path) -> None:
    for suffix, metadata in enumerate(
        [
            {"format": NAME},
            {"format": 1, NAME: 1},
            {"format": 1, "experiment": {NAME: 1}},
            {"format": 1, "experiment": {"data": {"source": "iris"}, "network": {"loss": NAME}}},
        ]
    ):
        path = tmp_path / f"{suffix}.npz"
        np.savez(path, W1=np.zeros((1, 1)), b1=np.zeros((1, 1)), tuiprop=json.dumps(metadata))
        assert_refused("inspect", path)


def test_the_environment() -> None:
    done = run_here("datasets", env={VARIABLE: f"\x1b]0;{MARK}\x07"})
    assert done.returncode == 2
    assert f"\\x1b]0;{MARK}\\x07" in assert_harmless(done.stderr)


def test_what_goes_by_no_function_of_ours() -> None:
    """A library prints to each stream, and Python prints a traceback."""
    code = (
        "import sys; from tuiprop.cli.output import guard_standard_streams; "
        "guard_standard_streams(); name = sys.argv[1]; "
        "print(name); print(name, file=sys.stderr); {}[name]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, NAME], capture_output=True, check=False, env=environment()
    )
    printed = f"{printable_lines(NAME)}\n"
    assert assert_harmless(done.stdout) == printed
    traceback = assert_harmless(done.stderr).removeprefix(printed)
    assert traceback.startswith("Traceback")
    assert f"\\x1b]0;{MARK}" in traceback


def test_click_removes_no_sequence_silently() -> None:
    text = assert_refused(f"--\x1b[{MARK}m", "x")
    assert f"\\x1b[{MARK}m" in text


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "utf-8"])
@pytest.mark.parametrize("arguments", [["--help"], ["explain", "e.toml"]])
def test_an_encoding_that_has_not_every_character(
    files: Files, encoding: str, arguments: list[str]
) -> None:
    done = run_here(*arguments, cwd=files.folder, encoding=encoding)
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert not [each for each in text if is_hidden(each) and each != "\n"]
    right = run_here(*arguments, cwd=files.folder).stdout.decode()
    assert text == right.encode(encoding, "backslashreplace").decode(encoding)


@pytest.mark.slow
def test_an_encoding_of_the_environment(files: Files) -> None:
    done = run("explain", files.experiment, env={"PYTHONIOENCODING": "latin-1:surrogateescape"})
    assert (done.returncode, done.stderr) == (0, b"")
    right = run_here("explain", files.experiment).stdout.decode()
    assert done.stdout == right.encode("latin-1", "backslashreplace")


def test_a_locale_without_utf_8(files: Files) -> None:
    plain = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    done = run("explain", files.experiment, env=plain)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()
    assert b"\\u03bb" in done.stdout  # λ


def test_the_search_for_hidden_characters_finds_them() -> None:
    """The assertions above can fail."""
    for kind in KINDS.values():
        with pytest.raises(AssertionError):
            assert_harmless(kind.encode())
    with pytest.raises(AssertionError):
        without_own_sequences(f"\x1b[{MARK}m".encode())
    assert re.search(MARK, NAME)

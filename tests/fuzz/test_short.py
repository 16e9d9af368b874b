"""Short forms of what the scripts beside this do at length."""

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from fuzz import full, fuzz, proof, soak
from tests.models.models import compare_in_this_process

AMOUNTS = 3
"""The amounts of room: none, about half of a file, and almost a whole one."""


@pytest.fixture(scope="module")
def writers() -> dict[str, tuple[full.Write, full.Write]]:
    return full.writers()


@pytest.mark.parametrize("suffix", [".npz", ".safetensors", ".json", ".py", ".tuiprop", ".csv"])
def test_a_full_file_system(
    suffix: str,
    writers: dict[str, tuple[full.Write, full.Write]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compare_in_this_process(monkeypatch)
    older, newer = writers[suffix]
    try:
        with full.small_file_system() as folder:
            found = full.outcomes(suffix, older, newer, folder, AMOUNTS)
    except PermissionError as error:
        pytest.skip(f"no file system of 4 MB can be mounted here: {error}")
    assert found["refused"] == found.total() == AMOUNTS


@pytest.mark.parametrize("suffix", fuzz.readers())
def test_what_the_fuzzer_begins_from_is_read(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"seed{suffix}"
    fuzz.seed(suffix, path)
    assert fuzz.refusal(path, fuzz.readers()[suffix]) == ""
    path.write_bytes(path.read_bytes()[:-20] + b"\xff")
    assert fuzz.refusal(path, fuzz.readers()[suffix])


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
@pytest.mark.parametrize("suffix", fuzz.readers())
def test_fuzzed(suffix: str, tmp_path: Path) -> None:
    assert "no fault" in fuzz.run(suffix, 2, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
def test_training_flat_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soak, "MINUTE", 2.0)
    monkeypatch.setattr(sys, "argv", ["soak", "2"])
    soak.main()
    *table, end = capsys.readouterr().out.splitlines()
    rows = [[float(cell.replace(",", "")) for cell in row.split("|")[1:-1]] for row in table[2:]]
    assert 0 < rows[0][1] <= rows[-1][1]
    assert all(max(row[2:4]) < 200 for row in rows)
    assert end == "q ended it with status 0"


def test_correct_and_damaged_networks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["proof", "15", "10", "1"])
    with pytest.raises(SystemExit) as ended:
        proof.main()
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("15 correct networks, 0 false alarms")
    assert lines[1] == "10 damaged gradients, 0 not found"

"""Data in, from the command line."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.cli.command import experiment, in_a_process, sentence, tuiprop
from tuiprop.cli import main
from tuiprop.data.catalogue import load_table
from tuiprop.data.readers.formats import read_table
from tuiprop.training.experiment import DataSettings, load

TABLE = "a;b;kind\n1,5;NA;x\n2,5;3,0;y\n" * 1 + "1,0;4,0;x\n3,5;2,0;y\n" * 10
KEYS = ("data.decimal=,", "data.columns.b.missing=mean", "data.columns.a.scaling=range")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "t.csv").write_text(TABLE)
    file = tmp_path / "e.toml"
    file.write_text('[data]\nsource = "t.csv"\n[training]\nepochs = 1\nbatch_size = 4\n')
    return file


def set_(*keys: str) -> list[str]:
    return [word for key in keys for word in ("--set", key)]


def test_every_guess_can_be_overridden(path: Path) -> None:
    assert 'got "1,5"' in sentence(tuiprop("train", path))
    ended = tuiprop("train", path, *set_(*KEYS))
    assert ended.status == 0
    assert (
        "note: column b: 1 missing cell, replaced by the mean of the training examples" in ended.err
    )
    checked, explained = (tuiprop(name, path, *set_(*KEYS)) for name in ("check", "explain"))
    assert (checked.status, checked.err) == (0, ended.err)
    assert (explained.status, explained.err) == (0, ended.err)
    assert "a[0]" in explained.out
    wrong = sentence(tuiprop("train", path, *set_(*KEYS, "data.delimiter=|")))
    assert "columns" in wrong or "column" in wrong


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("data.header=no", 'data.header must be true or false, got "no"'),
        ("data.heading=true", "data.heading is not a key; the keys are source, target"),
        ("header=true", 'got "header=true"'),
        (
            "data.header",
            '--set must be SECTION.KEY=VALUE, such as data.header=false, got "data.header"',
        ),
        ("data.source.x=1", "data.source.x is not a key"),
        ("=1", 'got "=1"'),
    ],
)
def test_a_key_that_cannot_be_set(path: Path, key: str, expected: str) -> None:
    assert expected in sentence(tuiprop("train", path, *set_(key)))


def test_a_column_with_blanks_in_its_name_is_set_in_quotes(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a b,y\n1,0\n2,1\n" * 8)
    path = tmp_path / "e.toml"
    path.write_text('[data]\nsource = "t.csv"\n[training]\nepochs = 0\nbatch_size = 0\n')
    wrong = sentence(tuiprop("train", path, "--set", 'data.columns."a b".use=false'))
    assert "no column" in wrong


def test_standard_input_is_trained_on(tmp_path: Path) -> None:
    content = (Path(__file__).parents[2] / "datasets" / "iris.csv").read_bytes()
    outs = []
    for source in ("-", "iris"):
        path = experiment(tmp_path, data={"source": source})
        assert load(path).data.source == source
        ended = CliRunner().invoke(main, ["train", str(path)], input=content)
        assert ended.exit_code == 0
        outs.append(ended.stdout)
    assert outs[0] == outs[1]


def test_standard_input_that_is_empty_is_one_sentence(tmp_path: Path) -> None:
    path = experiment(tmp_path, data={"source": "-"})
    assert sentence(in_a_process("train", path)).endswith("standard input: the file is empty")


def test_a_data_set_is_written_out(tmp_path: Path) -> None:
    out = tmp_path / "iris.csv"
    ended = tuiprop("datasets", "iris", "--out", out)
    assert (ended.status, ended.out) == (0, f"{out}: 150 rows\n")
    written, kept = read_table(out), load_table(DataSettings(source="iris"))
    assert [list(c.values) for c in written.columns] == [list(c.values) for c in kept.columns]
    assert (
        tuiprop("datasets", "xor-table", "--out", "-").out
        == "x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n"
    )
    assert tuiprop("datasets", "spiral", "--out", "-").out.count("\n") == 501


def test_a_data_set_that_cannot_be_written_out(tmp_path: Path) -> None:
    assert "tuiprop datasets NAME --out" in sentence(tuiprop("datasets", "--out", "-"))
    assert ".csv, got .txt" in sentence(tuiprop("datasets", "iris", "--out", tmp_path / "a.txt"))
    assert "did you mean iris" in sentence(tuiprop("datasets", "irs", "--out", "-"))

import re
import runpy
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import unquote

import pytest

import tuiprop
from tuiprop.core.activation import ACTIVATIONS
from tuiprop.core.initialization import INITIALIZERS
from tuiprop.core.loss import LOSSES
from tuiprop.core.optimizer import OPTIMIZERS
from tuiprop.data.catalogue import CATALOGUE, suggested_experiment
from tuiprop.data.preparation.completion import complete
from tuiprop.data.readers.builtin import read_builtin
from tuiprop.training.breakpoint import parse as parse_condition
from tuiprop.training.experiment import (
    DERIVED,
    ENCODINGS,
    MISSING,
    SCALINGS,
    ColumnSettings,
    Experiment,
    load,
    parse,
)

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPERIMENTS = sorted((ROOT / "docs" / "experiments").glob("*.toml"))
PAGES = [
    ROOT / "README.md",
    ROOT / "CHANGELOG.md",
    ROOT / "datasets" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    return [match[2] for match in BLOCK.finditer(text) if match[1] == language]


def between(marker: str) -> str:
    found = re.findall(rf"<!-- {marker} -->\n(.*?)<!-- /{marker} -->", README, re.DOTALL)
    assert len(found) == 1, marker
    return str(found[0])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# The README


def test_readme_has_one_command_for_each_of_the_two() -> None:
    for marker in ("dashboard", "tests"):
        (command,) = blocks(between(marker), "sh")
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install "), marker
        assert command.count("\n") == 1, marker


def test_documents_have_the_tables_of_keys() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_keys.py"))
    assert between("keys") == made["table"](), "run: python docs/make_keys.py"
    text = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
    assert f"<!-- keys -->\n{made['all_tables']()}<!-- /keys -->" in text


def test_readme_names_everything_that_there_is() -> None:
    for name in (*ACTIVATIONS, *LOSSES, *OPTIMIZERS, *INITIALIZERS, *CATALOGUE):
        assert f"`{name}`" in README, name


def readme_tables() -> dict[str, dict[str, object]]:
    (text,) = blocks(README, "toml")
    return tomllib.loads(text)


def test_readme_experiment_has_every_key() -> None:
    tables = readme_tables()
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    (_, table) = text.split("| key | says | default |\n")
    of_files = re.findall(r"^\| `(\w+)` \|", table.split("\n\n")[0], re.MULTILINE)
    for section in ("data", "network", "training"):
        keys = set(Experiment.__annotations__[section].__struct_fields__)
        if section == "data":
            assert set(of_files) < keys
            keys -= set(of_files)
        assert set(tables[section]) == keys, section


def test_the_settings_of_a_column_are_documented() -> None:
    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    for name in (*ColumnSettings.__struct_fields__, *ENCODINGS, *MISSING, *SCALINGS, *DERIVED):
        assert f"`{name}`" in text or f'"{name}"' in text, name


def test_readme_experiment_is_the_suggested_one() -> None:
    table = read_builtin("iris")
    found = complete(parse(readme_tables()), table)
    expected = complete(suggested_experiment("iris"), table)
    assert found.network == expected.network
    for section, ignored in (("data", {"columns"}), ("training", {"options"})):
        one, other = getattr(found, section), getattr(expected, section)
        for key in set(one.__struct_fields__) - ignored:
            assert getattr(one, key) == getattr(other, key), key


def test_readme_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (experiment,) = blocks(README, "toml")
    Path("iris.toml").write_text(experiment, encoding="utf-8")
    printed = run_python(blocks(README, "python"))
    assert printed[0].startswith("(8, 4)\n")
    assert "setosa" in printed[0]
    assert Path("weights.npz").is_file()


# Other pages


def run_python(sources: list[str]) -> list[str]:
    """What each block prints; names go on from block to block."""
    names: dict[str, object] = {}
    printed = []
    for source in sources:
        with redirect_stdout(StringIO()) as output:
            exec(compile(source, "<documentation>", "exec"), names)
        printed.append(output.getvalue())
    return printed


def test_notes_corrected_prints_what_it_says() -> None:
    text = (ROOT / "docs" / "notes-corrected.md").read_text(encoding="utf-8")
    printed, shown = run_python(blocks(text, "python")), blocks(text, "text")
    assert len(printed) == len(shown) == 2
    for found, expected in zip(printed, shown, strict=True):
        assert found == expected


def test_notes_corrected_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "notes-corrected.md").read_text(encoding="utf-8")
    tests = (ROOT / "tests" / "core" / "test_propagation.py").read_text(encoding="utf-8")
    names = re.findall(r"`(test_\w+)`", text)
    assert names
    for name in names:
        assert f"def {name}(" in tests, name


CONDITIONS = (ROOT / "docs" / "conditions.md").read_text(encoding="utf-8")


def test_conditions_have_the_table_of_quantities() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "make_conditions.py"))
    found = script["BETWEEN"].findall(CONDITIONS)
    assert found == [script["table"]()], "run: python docs/make_conditions.py"


def test_the_page_on_the_proof_has_the_table_of_mistakes() -> None:
    script = runpy.run_path(str(ROOT / "docs" / "make_mistakes.py"))
    found = script["BETWEEN"].findall(script["PAGE"].read_text(encoding="utf-8"))
    assert found == [script["table"]()], "run: python docs/make_mistakes.py"


def test_conditions_that_are_shown_are_conditions(tmp_path: Path) -> None:
    _, examples, messages = blocks(CONDITIONS, "text")
    shown = [
        *examples.splitlines(),
        *re.findall(r"`([^`\n]* (?:[<>]=?|[=!]=) [^`\n]*)`", CONDITIONS),
    ]
    shown += [message.split(":")[0] for message in messages.splitlines()]
    assert len(shown) >= 12
    for text in shown:
        assert str(parse_condition(text)) == text.replace("1e-4", "0.0001")
    (file,) = blocks(CONDITIONS, "toml")
    (tmp_path / "iris.toml").write_text(file, encoding="utf-8")
    experiment = complete(load(tmp_path / "iris.toml"), read_builtin("iris"))
    assert len(experiment.conditions) == len(experiment.breakpoint) - 1


def anchors(page: Path) -> set[str]:
    headings = HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page: Path) -> None:
    text = CODE.sub("`code`", page.read_text(encoding="utf-8"))
    for link in LINK.findall(text):
        if link.startswith(("https://", "http://")):
            continue
        file, _, anchor = unquote(link).partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_changelog_has_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{tuiprop.__version__}]" in changelog


# The experiments that the README gives numbers of


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_is_the_suggested_one(path: Path) -> None:
    assert load(path) == suggested_experiment(path.stem)
    assert f"]({name_of(path)})" in README


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_experiment_reaches_what_the_readme_says(path: Path) -> None:
    last = tuiprop.train(load(path)).history[-1]
    reached = {
        "iris": last.get("validation_accuracy", 0.0) >= 0.95,
        "digits": last.get("validation_accuracy", 0.0) >= 0.95,
        "spiral": last["train_loss"] < 0.05,
        "xor-table": last["train_accuracy"] == 1.0 and last["train_loss"] < 0.05,
    }
    assert reached[path.stem], last


# The whole repository


def text_files() -> Iterator[Path]:
    folders = ("tuiprop", "tests", "docs", "datasets", ".ci")
    files = (path for folder in folders for path in sorted((ROOT / folder).rglob("*")))
    for path in (*ROOT.glob("*.md"), ROOT / "pyproject.toml", *files):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


FOLDERS_OF_A_MACHINE = re.compile(r"(?<![\w.\])}*~-])/(?:home|root|Users|work|opt|mnt|private)/\w")
HOSTS = re.compile("|".join(("pypi" + r"\.org", "python" + "hosted", "anaconda" + r"\.org")))


def test_nothing_speaks_of_one_machine_or_of_a_registry() -> None:
    for path in text_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        for pattern in (FOLDERS_OF_A_MACHINE, HOSTS):
            match = pattern.search(text)
            assert match is None, f"{name_of(path)}: {match and match[0]}"

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

import tuiprop
from tuiprop.data.catalogue import CATALOGUE

ROOT = Path(__file__).resolve().parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

DATA = {f"{entry.name}.csv" for entry in CATALOGUE.values() if entry.kind == "table"}


def test_version_is_that_of_the_project() -> None:
    assert tuiprop.__version__ == PROJECT["project"]["version"]


def test_every_table_has_its_file() -> None:
    assert {path.name for path in (ROOT / "datasets").glob("*.csv")} == DATA


def test_the_wheel_is_told_to_take_the_data() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["tuiprop"]
    assert wheel["force-include"] == {"datasets": "tuiprop/datasets"}


def test_the_wheel_has_everything(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = f"tuiprop-{tuiprop.__version__}.dist-info/"
        entry_points = archive.read(f"{metadata}entry_points.txt").decode()
    expected = {
        path.relative_to(ROOT).as_posix()
        for pattern in ("*.py", "*.tcss", "py.typed")
        for path in (ROOT / "tuiprop").rglob(pattern)
    }
    expected |= {f"tuiprop/datasets/{name}" for name in (*DATA, "README.md")}
    expected.add(f"{metadata}licenses/LICENSE")
    assert expected <= names
    assert "tuiprop/ui/tuiprop.tcss" in names
    outside = {name for name in names if not name.startswith(("tuiprop/", metadata))}
    assert not outside
    assert "tuiprop = tuiprop.cli:main" in entry_points

"""The dashboard in tests: an engine in this process, and nobody's settings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ui.steady import SteadyClient
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.settings import Settings

MakeApp = Callable[..., TuipropApp]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that drive a whole dashboard: they are end to end."""
    for item in items:
        if isinstance(item, pytest.Function) and "make_app" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings are kept here, not in the user's folder."""
    path = tmp_path / "config" / "settings.json"
    monkeypatch.setattr("tuiprop.ui.settings._path", lambda: path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    return path


@pytest.fixture
def make_app() -> MakeApp:
    """Make a dashboard on something, with an inline engine."""

    def make(what: str = "xor-table", **settings: object) -> TuipropApp:
        return TuipropApp(InlineClient(), what, Settings(**settings))  # type: ignore[arg-type]

    return make


@pytest.fixture
def make_picture() -> MakeApp:
    """Make a dashboard on something, to be compared with its picture."""

    def make(what: str = "xor-table") -> TuipropApp:
        return TuipropApp(SteadyClient(), what, Settings())

    return make

"""What lets keys be answered soon: the collector's rest, and lines that are painted alone."""

import gc
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import cycle
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.content import Content
from textual.strip import Strip

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, bench_of, opened, settled, until
from tests.ui.reading import still
from tuiprop.protocol.messages.base import RefusedError, Request
from tuiprop.protocol.messages.frame import Look
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.help import HelpScreen


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures("uncollected")
async def test_the_collector_leaves_alone_what_the_dashboard_consists_of(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuiprop.ui.app.SETTLED", 0.01)
    before = gc.get_freeze_count()
    app = make_app()
    async with app.run_test() as pilot:
        await opened(pilot)
        while not gc.isenabled():
            await pilot.pause(0.01)
        assert gc.get_freeze_count() > before + 1000


class Lines(App[None]):
    """Counts the lines that are painted."""

    class Counting(Line):
        painted: list[int]

        def render_line(self, y: int) -> Strip:
            self.painted.append(y)
            return super().render_line(y)

    CSS = "Counting { height: 4; border: round white; }"

    def compose(self) -> ComposeResult:
        line = self.Counting(id="lines")
        line.painted = []
        line.styles.height = 6
        yield line


@pytest.mark.parametrize(
    ("second", "painted"),
    [
        (Content("two"), []),
        (Content("2"), [1]),
        (Content.styled("two", "red"), [1]),
        (Content.assemble(("two", "red")), [1]),
    ],
)
async def test_only_lines_that_changed_are_painted(second: Content, painted: list[int]) -> None:
    app = Lines()
    async with app.run_test() as pilot:
        lines = app.query_one(Lines.Counting)
        lines.show([Content("one"), Content("two"), Content("three")])
        await pilot.pause()
        lines.painted.clear()
        lines.show([Content("one"), second, Content("three")])
        await pilot.pause()
        assert lines.painted == painted
        lines.show([Content("one")])
        await pilot.pause()
        assert lines.painted == [*painted, 1, 2]
        assert "two" not in lines.render_line(1).text


@pytest.mark.parametrize("views", ["24", "135678"])
async def test_keys_are_handled_while_the_engine_does_not_answer(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, views: str
) -> None:
    def never(request: Request[Any]) -> "Future[Any]":
        pending: Future[Any] = Future()
        pending.set_running_or_notify_cancel()
        unanswered.append(pending)
        return pending

    unanswered: list[Future[Any]] = []
    async with make_app().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        client = app_of(pilot).link.client
        for view, width in zip(views, cycle((100, 120))):
            with monkeypatch.context() as silent:
                silent.setattr(client, "ask", never)
                await pilot.press(view)
                await pilot.resize_terminal(width, 30)
                await pilot.pause(0.6)  # the timers of the run screen have elapsed
                assert unanswered, view
                await pilot.press("escape")
                await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)
                await pilot.press("question_mark")
                try:
                    await until(pilot, lambda: isinstance(pilot.app.screen, HelpScreen))
                finally:
                    for each in unanswered:
                        each.set_exception(RefusedError("no answer"))
                    unanswered.clear()
            await pilot.press("escape", "1")


async def test_a_frame_that_is_complete_is_not_requested_again(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Request[Any]] = []
    async with make_app().run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("2", "b")
        await still(pilot)
        await settled(pilot)
        client = app_of(pilot).link.client
        ask = client.ask

        def note_and_ask(request: Request[Any]) -> Future[Any]:
            requests.append(request)
            return ask(request)

        monkeypatch.setattr(client, "ask", note_and_ask)
        bench = bench_of(pilot)
        bench.post_message(bench.Changed())
        await pilot.pause()
        assert not [each for each in requests if isinstance(each, Look)]
        await pilot.press("down")
        await until(pilot, lambda: any(isinstance(each, Look) for each in requests))

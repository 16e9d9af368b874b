"""Input events are handed over in order, the last few of each kind."""

from collections.abc import Iterator

import pytest
from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from tests.ui.driving import until
from tuiprop.ui.patches.guarded import GuardedApp
from tuiprop.ui.patches.inbox import MOST, Inbox
from tuiprop.ui.patches.keyboard import LONGEST_TEXT, Dropped, Keyboard
from tuiprop.ui.patches.text_field import TextField


class Bare(GuardedApp):
    """The dashboard's application with a field, which does not have the focus."""

    AUTO_FOCUS = ""

    def compose(self) -> ComposeResult:
        yield TextField()


class Watched:
    """An inbox, and what it has handed over."""

    def __init__(self, pilot: Pilot[int], monkeypatch: pytest.MonkeyPatch) -> None:
        app = pilot.app
        self.given: list[Message] = []
        self.inbox = Inbox(app)
        self.keyboard = Keyboard()
        post_message = app.post_message

        def post(message: Message) -> bool:
            kinds = events.InputEvent, events.Paste, Dropped
            if isinstance(message, kinds) and not message.is_forwarded:  # by a widget
                self.given.append(message)
            return post_message(message)

        monkeypatch.setattr(app, "post_message", post)

    def send(self, text: str) -> None:
        for event in self.keyboard.feed(text.encode()):
            event.set_sender(self.inbox._app)
            self.inbox.put(event)

    @property
    def is_empty(self) -> bool:
        return not self.inbox._is_delivering

    def of(self, *kinds: type[Message]) -> list[Message]:
        return [event for event in self.given if isinstance(event, kinds)]

    def keys(self) -> str:
        return "".join(
            event.character or "" for event in self.given if isinstance(event, events.Key)
        )


def moves(count: int, button: int = 35) -> Iterator[str]:
    for number in range(count):
        yield f"\x1b[<{button};{number % 80 + 1};{number % 24 + 1}M"


async def test_of_movements_the_last_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bare().run_test(size=(80, 24)) as pilot:
        watched = Watched(pilot, monkeypatch)
        watched.send("".join(moves(5000)) + "n" + "".join(moves(5000)))
        await until(pilot, lambda: watched.is_empty)
        assert watched.keys() == "n"
        (last,) = watched.of(events.MouseMove)
        assert isinstance(last, events.MouseMove)
        assert (last.screen_x, last.screen_y) == (4999 % 80, 4999 % 24)


async def test_the_wheel_and_clicks_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bare().run_test(size=(80, 24)) as pilot:
        watched = Watched(pilot, monkeypatch)
        watched.send("".join(moves(3000, 64)) + "\x1b[<0;2;20M\x1b[<0;2;20m" * 3000)
        watched.send("".join(f"{a}{b}" for a, b in zip(moves(999, 65), moves(999), strict=True)))
        watched.send("n")
        await until(pilot, lambda: watched.is_empty)
        assert len(watched.given) <= sum(MOST[kind] for kind in ("hover", "wheel", "button")) + 1
        assert watched.keys() == "n"


async def test_a_quick_drag_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bare().run_test(size=(80, 24)) as pilot:
        watched = Watched(pilot, monkeypatch)
        drag = "\x1b[<0;2;2M" + "".join(moves(20, 32)) + "\x1b[<0;20;20m"
        watched.send(drag + "\x1b[<35;1;1M" + drag)
        await until(pilot, lambda: watched.is_empty)
        names = [type(event).__name__ for event in watched.given]
        drag_names = ["MouseDown", "MouseMove", "MouseUp"]
        assert names == [*drag_names, "MouseMove", *drag_names]


@pytest.mark.parametrize("key", ["n", "\x1b[A", "n\x1b[A"])
async def test_of_keys_the_last_ones_count(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    async with Bare().run_test(size=(80, 24)) as pilot:
        watched = Watched(pilot, monkeypatch)
        watched.send(key * 1000 + "f")
        await until(pilot, lambda: watched.is_empty)
        assert watched.keys()[-1] == "f"
        assert len(watched.of(events.Key)) <= 2 * MOST["key"]  # with and without a character
        assert watched.of(Dropped)


async def test_few_keys_are_all_handed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bare().run_test(size=(80, 24)) as pilot:
        watched = Watched(pilot, monkeypatch)
        watched.send("nnf" * 20)
        await until(pilot, lambda: watched.is_empty)
        assert watched.keys() == "nnf" * 20
        assert not watched.of(Dropped)


async def test_text_for_a_field_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is typed faster than a field takes it, without the brackets of a paste."""
    async with Bare().run_test(size=(80, 24)) as pilot:
        field = pilot.app.query_one(TextField).focus()
        await until(pilot, lambda: field.has_focus)
        watched = Watched(pilot, monkeypatch)
        text = "".join(map(str, range(900)))
        watched.send(text)
        await until(pilot, lambda: watched.is_empty)
        await until(pilot, lambda: field.value == text)
        assert not watched.of(Dropped)


async def test_a_field_has_a_longest_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Bare().run_test(size=(80, 24)) as pilot:
        field = pilot.app.query_one(TextField).focus()
        await until(pilot, lambda: field.has_focus)
        watched = Watched(pilot, monkeypatch)
        for _ in range(3):
            watched.send("\x1b[200~" + "x" * 3000 + "\x1b[201~")
        await until(pilot, lambda: watched.is_empty)
        await until(pilot, lambda: bool(watched.of(Dropped)))
        assert field.value == "x" * LONGEST_TEXT

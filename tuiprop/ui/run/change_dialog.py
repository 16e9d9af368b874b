"""The dialog of the key c: change a number, or a training setting from here on."""

from collections.abc import Callable
from typing import Any

from textual.app import App

from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Position
from tuiprop.protocol.messages.settings import Change, EffectiveSettings
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.drawing.numbers import exact
from tuiprop.update.arrays import CellRef

_SETTINGS = {
    "learning_rate": "learning rate",
    "batch_size": "batch size, from the next epoch on (0: whole set)",
    "l2": "L2 penalty λ",
}


class ChangeDialog:
    """Asks what to change, and to what.

    Args:
        app: shows the dialogs.
        frame: the newest frame.
        optimizers: every optimiser, with its options.
        cell: the number under the cursor with its name and value; None if it cannot be changed.
        try_out: starts a what-if with another value of that number.
        send: asks the engine for a change, and shows the sentence when it is done.
    """

    def __init__(
        self,
        app: App[int],
        frame: Frame,
        optimizers: dict[str, dict[str, float | tuple[float, float]]],
        cell: tuple[CellRef, str, float] | None,
        try_out: Callable[[CellRef, float], None],
        send: Callable[[Change, str], None],
    ) -> None:
        self._app = app
        self._settings = frame[EffectiveSettings]
        self._next = frame[Position].update + 1
        self._begun = frame[Position].done > 0
        self._optimizers = optimizers
        self._cell = cell
        self._try_out = try_out
        self._send = send

    async def run(self) -> None:
        """Ask, and make the change."""
        settings = self._settings
        answers = {}
        if self._cell is not None:
            _, name, value = self._cell
            answers["cell"] = f"{name}, now {exact(value)} (what if?)"
        for setting, words in _SETTINGS.items():
            answers[setting] = f"{words}, now {getattr(settings, setting):g}"
        answers["optimizer"] = f"optimiser, now {settings.optimizer}"
        for option, default in self._optimizers[settings.optimizer].items():
            answers[f"option {option}"] = f"{option}, now {settings.options.get(option, default)}"
        what = await self._app.push_screen_wait(Choose("Change", answers))
        if what == "cell":
            await self._change_cell()
        elif what == "optimizer":
            await self._change_optimizer()
        elif what is not None and what.startswith("option "):
            await self._change_option(what.removeprefix("option "))
        elif what is not None:
            await self._change_setting(what)

    async def _change_cell(self) -> None:
        assert self._cell is not None
        cell, name, value = self._cell
        answer = await self._ask(
            name, "New value; everything after it is recomputed.", exact(value)
        )
        if answer is not None:
            self._try_out(cell, answer)

    async def _change_setting(self, setting: str) -> None:
        now = getattr(self._settings, setting)
        read = _whole if setting == "batch_size" else _number
        answer = await self._app.push_screen_wait(
            AskText(
                _SETTINGS[setting],
                _ALLOWED[read],
                f"{now}",
                check=lambda typed: _sentence(read, typed),
            )
        )
        if answer is not None:
            value: Any = read(answer)
            name = _SETTINGS[setting].partition(",")[0]
            since = "the next epoch" if setting == "batch_size" else ""
            self._change(Change(**{setting: value}), f"{name} {value}", since)

    async def _change_optimizer(self) -> None:
        answers = {name: name for name in self._optimizers}
        title = "New optimiser (its state starts empty)"
        answer = await self._app.push_screen_wait(Choose(title, answers))
        if answer is not None:
            self._change(Change(optimizer=answer), f"optimiser {answer}")

    async def _change_option(self, option: str) -> None:
        defaults = self._optimizers[self._settings.optimizer]
        now = self._settings.options.get(option, defaults[option])
        is_pair = isinstance(defaults[option], tuple | list)
        text = ", ".join(map(str, now)) if isinstance(now, tuple | list) else f"{now}"
        check = _pair if is_pair else _number
        answer = await self._app.push_screen_wait(
            AskText(option, _ALLOWED[check], text, check=lambda typed: _sentence(check, typed))
        )
        if answer is not None:
            options = {**self._settings.options, option: check(answer)}
            self._change(Change(options=options), f"{option} {answer}")

    def _change(self, change: Change, what: str, since: str = "") -> None:
        begun = f" Update {self._next} was partly computed and restarts." if self._begun else ""
        self._send(change, f"From {since or f'update {self._next}'} on: {what}.{begun}")

    async def _ask(self, title: str, words: str, initial: str) -> float | None:
        answer = await self._app.push_screen_wait(
            AskText(title, words, initial, check=lambda typed: _sentence(_number, typed))
        )
        return None if answer is None else _number(answer)


def _number(text: str) -> float:
    return float(text)


def _whole(text: str) -> int:
    return int(text)


def _pair(text: str) -> tuple[float, float]:
    first, second = map(float, text.split(","))
    return first, second


def _sentence(read: Callable[[str], Any], text: str) -> str:
    """Return what is wrong with a text, or "" if it can be read."""
    try:
        read(text)
    except ValueError:
        return f"Enter {_ALLOWED[read]}, not {text[:40]}."
    return ""


_ALLOWED: dict[Callable[[str], Any], str] = {
    _number: "a number, such as 0.25",
    _whole: "a whole number, 0 or more",
    _pair: "two numbers, such as 0.9, 0.999",
}

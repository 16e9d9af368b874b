"""Keys with their descriptions in one line, as many as fit."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen

from tuiprop.ui.drawing.line import Line, Zone
from tuiprop.ui.keys import KEYS, LEFT_OUT_FIRST

_ORDER = {id_: number for number, id_ in enumerate(KEYS)}


@dataclass(frozen=True)
class Item:
    """A key with its word.

    Attributes:
        key: the name of the key, as users write it.
        word: describes what the key does.
        action: runs when the item is clicked.
        node: the screen or the panel that the action is run on; None: the screen.
        id: the id of the key.
    """

    key: str
    word: str
    action: str
    node: DOMNode | None = None
    id: str = ""

    @property
    def width(self) -> int:
        """Return the columns that the item takes, with two spaces after it."""
        return cell_len(self.key) + cell_len(self.word) + 3

    @property
    def label(self) -> Content:
        """Return the key and the word as text."""
        return Content.assemble((self.key, "bold $now"), (f" {self.word}", "$foreground"))


class KeyLine(Line):
    """A line of keys; a click does what the key does."""

    _items: tuple[Item, ...] = ()

    def show_keys(self, items: Iterable[Item]) -> None:
        """Show as many of these keys as fit, without the dispensable ones if necessary."""
        self._items = tuple(items)
        self._paint()

    def on_resize(self) -> None:
        """Show as many keys as fit now."""
        self._paint()

    def _paint(self) -> None:
        items = list(self._items)
        for id_ in LEFT_OUT_FIRST:
            if 1 + sum(item.width for item in items) > self.size.width:
                items = [item for item in items if item.id != id_]
        parts: list[Content | str] = [" "]
        zones, end = [], 1
        for item in items:
            zones.append(Zone(end, end + item.width - 2, item.action, item.node))
            parts += [item.label, "  "]
            end += item.width
        self.show([Content.assemble(*parts)], [zones])


class KeyBar(KeyLine):
    """The bottom line of a screen: the keys that work where the focus is.

    It replaces Textual's `Footer`, which does not adapt to the width, and which mounts a dozen
    widgets again at each click, focus or remapping.
    """

    def on_mount(self) -> None:
        """Follow the focus and the keymap."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self._follow(self.screen)

    def _follow(self, screen: Screen[Any]) -> None:
        """Show the active keys in the order of the table, the keys of a group together."""
        if not self.app.app_focus:
            return
        shown: dict[str, ActiveBinding] = {}
        for each in screen.active_bindings.values():
            if each.binding.show and each.binding.id in _ORDER:
                shown.setdefault(each.binding.id, each)
        items: dict[Binding.Group | None, Item] = {}
        for id_ in sorted(shown, key=_ORDER.__getitem__):
            node, binding, _, _ = shown[id_]
            others = items.get(binding.group)
            names = (others.key if others else "") + self.app.get_key_display(binding)
            items[binding.group] = Item(names, binding.description, binding.action, node, id_)
        self.show_keys(items.values())

"""Keys with their actions and words, and the keymap that replaces some of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from textual.app import App
from textual.binding import Binding, BindingType, Keymap
from textual.dom import DOMNode
from textual.keys import format_key


@dataclass(frozen=True)
class Key:
    """A key and its action.

    Attributes:
        id: the name in a keymap.
        keys: Textual's names of the keys, separated by commas.
        action: the action of the screen or the panel that the key belongs to.
        words: the description. Keys of one place with the same words share a line of the help page.
        bar: the word in the bottom bar; "" if the bar does not show it.
        command: the entry of the command palette, "noun: verb"; "" for none.
        bar_key: the key as the bar writes it, unless remapped; "" for the first key.
        priority: True if it works before the keys of the focused panel.
        tab: the name and the short name of its view in the title; () without a tab.
    """

    id: str
    keys: str
    action: str
    words: str
    bar: str = ""
    command: str = ""
    bar_key: str = ""
    priority: bool = False
    tab: tuple[str, ...] = ()

    @property
    def binding(self) -> Binding:
        """The binding for Textual."""
        return Binding(
            self.keys,
            self.action,
            self.bar or self.words,
            show=bool(self.bar),
            key_display=self.bar_key or None,
            priority=self.priority,
            tooltip=self.words if self.bar else "",
            id=self.id,
            group=Binding.Group(self.words, compact=True),
        )

    def names(self, keymap: Mapping[str, str]) -> list[str]:
        """List its keys as people write them.

        Args:
            keymap: keys that replace the default ones, by id.
        """
        return [key_name(key.strip()) for key in keymap.get(self.id, self.keys).split(",")]


@dataclass(frozen=True)
class Place:
    """A screen or a panel, and the keys that work there."""

    title: str
    keys: tuple[Key, ...]

    @property
    def bindings(self) -> list[BindingType]:
        """The bindings for the class of the screen or the panel."""
        return [key.binding for key in self.keys]

    def rows(self, keymap: Mapping[str, str]) -> list[tuple[list[Key], list[str], str]]:
        """List the lines of the help page: keys with the same words, their names, the words.

        Args:
            keymap: keys that replace the default ones, by id.
        """
        rows: dict[str, list[Key]] = {}
        for key in self.keys:
            rows.setdefault(key.words, []).append(key)
        return [
            (keys, [name for key in keys for name in key.names(keymap)], words)
            for words, keys in rows.items()
        ]


_NAMES = {
    "backspace": "Backspace",
    "delete": "Delete",
    "end": "End",
    "enter": "Enter",
    "escape": "Escape",
    "home": "Home",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "tab": "Tab",
}


def key_name(key: str) -> str:
    """Write a key as people do: Ctrl+P, PgUp, ?.

    Args:
        key: Textual's name of one key.
    """
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    name = _NAMES.get(last) or format_key(last)
    if modifiers or (name[:1] == "f" and name[1:].isdigit()):
        name = name[:1].upper() + name[1:]
    return "+".join([*(each.capitalize() for each in modifiers), name])


def forwarded(keys: Iterable[Key], action: str, shown: Iterable[str]) -> Iterator[Binding]:
    """Bind keys on a screen other than their own.

    Args:
        keys: the keys.
        action: the name of the other screen's action, which takes the id of a key.
        shown: the ids of the keys in its bar.
    """
    for key in keys:
        binding = key.binding
        yield replace(
            binding, action=f"{action}('{key.id}')", show=binding.show and key.id in shown
        )


class RemappableApp(App[int]):
    """An application that knows its keymap, and writes keys as people do."""

    keymap: Mapping[str, str] = {}
    """Keys that replace the default ones, by id."""

    def set_keymap(self, keymap: Keymap) -> None:
        """Replace the keys of some bindings, by id, and reset the others."""
        self.keymap = dict(keymap)
        super().set_keymap(keymap)

    def update_keymap(self, keymap: Keymap) -> None:
        """Replace the keys of some more bindings, by id."""
        self.set_keymap({**self.keymap, **keymap})

    def get_key_display(self, binding: Binding) -> str:
        """Write the key of a binding."""
        return binding.key_display or key_name(binding.key)


def keymap_of(node: DOMNode) -> Mapping[str, str]:
    """Return the keymap of the application that a screen or a widget belongs to."""
    return node.app.keymap if isinstance(node.app, RemappableApp) else {}

"""Names and values as sentences show them: quoted, shortened, listed, on one line."""

from collections.abc import Iterable


def listed(names: Iterable[str], most: int = 20) -> str:
    """Return names joined by commas; names beyond the first `most` are counted."""
    names = list(names)
    text = ", ".join(shortened(name) for name in names[:most])
    return text if len(names) <= most else f"{text} and {len(names) - most} more"


def quote(text: str) -> str:
    """Return a cell or a name in quotes, shortened."""
    return f'"{shortened(text)}"'


def shortened(text: str, most: int = 40) -> str:
    """Return a cell or a name cut to `most` characters, unprintable characters replaced."""
    text = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return text if len(text) <= most else text[: most - 3] + "..."


def one_line(error: BaseException | str, most: int = 80) -> str:
    """Return the message of another library on one line, or the name of a wordless exception."""
    text = " ".join(str(error).split())
    if not text and isinstance(error, BaseException):
        text = type(error).__name__
    return shortened(text, most)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: "1 row", "2 rows"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"

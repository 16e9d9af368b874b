"""Messages over a pipe, each preceded by its length."""

from typing import IO

BEAT = 0.25
"""Seconds between two signs of life of an engine that is saving its run or ending."""

LONGEST = 60.0
"""Seconds within which an engine must end, the saving of its run included."""

_LENGTH = 4


def read_message(stream: IO[bytes]) -> bytes | None:
    """Read the next message; None at the end of the stream."""
    head = _read_exactly(stream, _LENGTH)
    if head is None:
        return None
    return _read_exactly(stream, int.from_bytes(head, "little"))


def write_message(stream: IO[bytes], content: bytes) -> None:
    """Write a whole message."""
    remaining = memoryview(len(content).to_bytes(_LENGTH, "little") + content)
    while remaining:
        remaining = remaining[stream.write(remaining) :]
    stream.flush()


def soonest(*waits: float | None) -> float | None:
    """Return the shortest of some waiting times; None means for ever."""
    return min((each for each in waits if each is not None), default=None)


def _read_exactly(stream: IO[bytes], count: int) -> bytes | None:
    content = bytearray()
    while len(content) < count:
        part = stream.read(count - len(content))
        if not part:
            return None
        content += part
    return bytes(content)

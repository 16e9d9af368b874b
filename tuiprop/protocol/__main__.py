"""The engine in a separate process: `python -m tuiprop.protocol`.

It reads messages from standard input and writes messages to standard output, each preceded by its
length (4 bytes, little-endian). It ends when its input ends.
"""

import gc
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING

import msgspec

from tuiprop.protocol.codec import decode_request, encode
from tuiprop.protocol.messages.base import Refused, Saving, Unsaved
from tuiprop.protocol.pipe import BEAT, LONGEST, read_message, soonest, write_message

if TYPE_CHECKING:
    from tuiprop.protocol.server import Engine

SWITCH = 0.001
"""Seconds after which the receiving thread may interrupt the training thread."""


def main() -> None:
    """Serve one dashboard."""
    sys.setswitchinterval(SWITCH)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the dashboard's
    gc.disable()
    from tuiprop.protocol.server import Engine

    gc.freeze()  # imported objects live for ever, so they need not be scanned
    gc.enable()
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # the output of a library must not mix with the messages
    incoming, sys.stdin = sys.stdin.buffer, None  # nothing else may read the messages
    requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    writing = threading.Lock()

    def send(reply: object) -> None:
        with writing:
            write_message(replies, encode(reply))

    def beat(done: threading.Event) -> None:
        """Give signs of life until something is done, or has taken too long."""
        until = monotonic() + LONGEST
        while not done.wait(BEAT) and monotonic() < until:
            with suppress(OSError):  # the dashboard is gone
                send(Saving())

    @contextmanager
    def alive() -> Iterator[None]:
        done = threading.Event()
        threading.Thread(target=beat, args=(done,), daemon=True).start()
        try:
            yield
        finally:
            done.set()

    def receive() -> None:
        try:
            while (content := read_message(incoming)) is not None:
                requests.put(content)
        finally:
            requests.put(None)
        beat(threading.Event())
        os._exit(1)  # the dashboard has given up waiting

    threading.Thread(target=receive, daemon=True).start()
    engine = Engine(alive)
    try:
        _serve(engine, requests, send)
    except Exception:
        # The reading thread would abort an interpreter that shuts down in the usual way, and its
        # message would be the last line, where the dashboard looks for the reason.
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    # the run is saved even if the dashboard is gone
    if sentence := engine.close():
        with suppress(OSError):
            send(Unsaved(sentence=sentence))


def _serve(
    engine: "Engine",
    requests: "queue.SimpleQueue[bytes | None]",
    send: Callable[[object], None],
) -> None:
    """Answer and work until the requests end, or nobody reads the replies."""
    wait: float | None = None
    while True:
        try:
            content = requests.get(timeout=wait) if wait != 0 else requests.get_nowait()
        except queue.Empty:
            wait = soonest(engine.work(), engine.keep())
            continue
        if content is None:
            return
        try:
            request = decode_request(content)
        except msgspec.DecodeError as error:
            reply: object = Refused(sentence=f"the engine does not know this request: {error}")
        else:
            reply = engine.handle(request)
        try:
            send(reply)
        except BrokenPipeError:
            return
        wait = 0


if __name__ == "__main__":
    main()

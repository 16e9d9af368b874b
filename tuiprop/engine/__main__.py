"""The engine in a process of its own: `python -m tuiprop.engine`.

Messages come on standard input and go to standard output, each after its length (4 bytes,
little-endian). It ends when its input ends.
"""

import gc
import os
import queue
import signal
import sys
import threading

import msgspec

from tuiprop.engine.channel import read_message, soonest, write_message
from tuiprop.engine.protocol import decode_request, encode
from tuiprop.engine.replies import Refused, Reply

SWITCH = 0.001
"""Seconds after which the thread that receives may interrupt the one that trains."""


def main() -> None:
    """Serve one dashboard."""
    sys.setswitchinterval(SWITCH)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the dashboard's
    gc.disable()
    from tuiprop.engine.engine import Engine

    gc.freeze()  # what has been imported stays; nobody waits while it is looked through
    gc.enable()
    replies = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints must not get among the messages
    incoming, sys.stdin = sys.stdin.buffer, None  # no one else is to read the messages
    requests: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    def receive() -> None:
        while (content := read_message(incoming)) is not None:
            requests.put(content)
        requests.put(None)

    threading.Thread(target=receive, daemon=True).start()
    engine = Engine()
    wait: float | None = None
    while True:
        try:
            content = requests.get(timeout=wait) if wait != 0 else requests.get_nowait()
        except queue.Empty:
            wait = soonest(engine.work(), engine.keep())
            continue
        if content is None:
            break
        try:
            request = decode_request(content)
        except msgspec.DecodeError as error:
            reply: Reply = Refused(sentence=f"the engine does not know that request: {error}")
        else:
            reply = engine.handle(request)
        try:
            write_message(replies, encode(reply))
        except BrokenPipeError:
            break
        wait = 0
    engine.close()  # whatever became of the dashboard, its run is kept


if __name__ == "__main__":
    main()

"""Runs a command that ends in the dashboard, in a terminal of its own, and leaves by `q`.

python3 in_terminal.py COMMAND

Fails unless the dashboard opens on the truth table of exclusive or, ends with status 0 and gives
the terminal back. Needs the standard library only.
"""

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

PATIENCE = 300.0
"""Seconds that setting up and opening may take."""

ALTERNATE, MAIN = b"\x1b[?1049h", b"\x1b[?1049l"
"""What a program writes to begin and to end its full screen."""

ESCAPE = re.compile(rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]|\x1b[@-Z\\-_]")


def main(command: str) -> None:
    """Run it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execvp("bash", ["bash", "-euo", "pipefail", "-c", command])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    written, asked = b"", False
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # the terminal has no writer any more
                break
            if not chunk:
                break
            written += chunk
        shown = ESCAPE.sub(b"", written.partition(ALTERNATE)[2])
        if not asked and b"xor-table" in shown and b"PAUSED" in shown:
            os.write(terminal, b"q")
            asked = True
    else:
        os.kill(pid, 15)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not asked or status != 0 or MAIN not in written:
        text = ESCAPE.sub(b"", written).decode(errors="replace")
        sys.exit(f"{text}\nthe dashboard did not open and end: exit status {status}")
    print("the dashboard opened on xor-table; q ended it and gave the terminal back")


if __name__ == "__main__":
    main(sys.argv[1])

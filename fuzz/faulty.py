"""The command, in whose dashboard SIGUSR1 brings a fault about.

python fuzz/faulty.py [WHAT]
"""

import asyncio
import signal

from tuiprop.cli import main
from tuiprop.ui.app import TuipropApp

_end_on_signals = TuipropApp._end_on_signals


class UnexpectedError(Exception):
    """What nobody expects."""


def fault() -> None:
    """As a mistake in the program would."""
    raise UnexpectedError("of the dashboard")


def _waiting_for_it(app: TuipropApp) -> None:
    _end_on_signals(app)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, app.call_later, fault)


if __name__ == "__main__":
    TuipropApp._end_on_signals = _waiting_for_it  # type: ignore[method-assign, assignment]
    main()

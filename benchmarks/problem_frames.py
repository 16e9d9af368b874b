"""Processor time of a painted frame of each aspect of the Problem view, at 120x36.

    python -m benchmarks.problem_frames [DATA …]

Two frames, one update apart, are painted in turn; what the dashboard costs while nothing is
painted is taken off. The engine's time is not in it: it works in a process of its own.
"""

import asyncio
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from unittest.mock import patch

from tests.ui.driving import opened, until
from tuiprop.protocol.inline_client import InlineClient
from tuiprop.protocol.messages.frame import Frame
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.predictions.screen import ProblemScreen
from tuiprop.ui.settings import Settings

PAUSE = 0.03
"""Seconds from one frame to the next."""

FRAMES, ROUNDS = 12, 9


async def cost(screen: ProblemScreen, frames: tuple[Frame, ...]) -> float:
    """Processor seconds of so many frames."""
    began = time.process_time()
    for i in range(FRAMES):
        if frames:
            screen._paint(frames[i % len(frames)])
        await asyncio.sleep(PAUSE)
    return time.process_time() - began


async def measure(what: str) -> None:
    """Print a line for each aspect of one data set."""
    async with TuipropApp(InlineClient(), what, Settings()).run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        if isinstance(pilot.app.screen, DataScreen):  # a table by itself is looked at first
            await pilot.press("enter")
            await opened(pilot)
        await pilot.press("e", "e", "e", "4")
        await until(pilot, lambda: isinstance(pilot.app.screen, ProblemScreen))
        screen = pilot.app.screen
        assert isinstance(screen, ProblemScreen)
        await asyncio.sleep(0.5)
        for _ in screen._offered():
            first = screen.frame
            await pilot.press("b")
            await until(pilot, lambda first=first: screen.frame is not first)  # type: ignore[misc]
            await asyncio.sleep(0.5)
            assert first is not None
            assert screen.frame is not None
            frames = first, screen.frame
            costs = [await cost(screen, frames) - await cost(screen, ()) for _ in range(ROUNDS)]
            each = sorted(1000 * seconds / FRAMES for seconds in costs)
            print(
                f"{what:14} {screen.aspect:9} {median(each):5.1f} ms a frame "
                f"({each[1]:.1f} to {each[-2]:.1f})",
                flush=True,
            )
            await pilot.press("m")
            await asyncio.sleep(0.5)


def main() -> None:
    """Measure what is named, or one data set of every kind."""
    with (
        TemporaryDirectory() as folder,
        patch("tuiprop.ui.settings._path", lambda: Path(folder) / "settings.json"),
    ):
        for what in sys.argv[1:] or ["spiral", "bumps", "iris", "digits"]:
            asyncio.run(measure(what))


if __name__ == "__main__":
    main()

"""Make docs/overview.svg, the picture in the README, from the running program.

    python docs/make_picture.py [FILE]

The iris data set at 120 × 36, inside the second update after epoch 47, at dW[2].
"""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from tuiprop.protocol.messages.arrays import Numbers
from tuiprop.protocol.messages.moving import Motion, Position
from tuiprop.protocol.process_client import start
from tuiprop.ui.app import TuipropApp
from tuiprop.ui.settings import Settings
from tuiprop.update.arrays import ArrayRef

PATIENCE = 30.0
"""Seconds to wait for the engine."""

EPOCH = 47
DW2 = ArrayRef("dW", 2)


async def picture() -> str:
    """The dashboard as SVG."""
    client = start()
    app = TuipropApp(client, "iris", Settings())
    try:
        async with app.run_test(size=(120, 36)) as pilot:

            async def until(true: Callable[[], bool]) -> None:
                started = monotonic()
                while not true():
                    if monotonic() - started > PATIENCE:
                        raise TimeoutError("the dashboard did not get there")
                    await pilot.pause(0.02)

            def stands_at(update: int) -> bool:
                frame = app.run_screen.frame
                return (
                    frame is not None
                    and frame[Position].update == update
                    and frame[Motion].status == "paused"
                )

            def shows_dw2() -> bool:
                frame = app.run_screen.frame
                matrix = frame[Numbers].matrix if frame is not None else None
                return matrix is not None and (matrix.window.array, matrix.made) == (DW2, True)

            await until(lambda: stands_at(0) and app.link.outline is not None)
            assert app.link.outline is not None
            goal = EPOCH * app.link.outline.per_epoch
            await pilot.press("g", *str(EPOCH), "enter")
            await until(lambda: stands_at(goal))
            await pilot.press("b")
            await until(lambda: stands_at(goal + 1))
            await pilot.press("p", "p", "o", "o", "o")  # forward, cost, da[2], dz[2], dW[2]
            await until(shows_dw2)
            await pilot.pause(0.5)
            return app.export_screenshot(title="tuiprop iris")
    finally:
        app.link.client.close()


def without_links(svg: str) -> str:
    """The picture with the reader's own monospace font: nothing is fetched, no id is random."""
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"terminal-\d+-", "terminal-", svg)
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


if __name__ == "__main__":
    file = Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).with_name("overview.svg")
    file.write_text(without_links(asyncio.run(picture())), encoding="utf-8")

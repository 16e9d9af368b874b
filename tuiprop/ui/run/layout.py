"""The layout of the run screen: its style rules, and the classes that they depend on."""

from textual.geometry import Size

from tuiprop.ui.run.matrix import LEAST_HEIGHT
from tuiprop.ui.title import WIDE

LEAST_BENCH = 14
"""Lines for an operation and three rows of its result; where they are missing, the chart yields."""

LEAST_BOTTOM = 9
"""The fewest lines of the chart."""

LINES_OF_TEXT = 4
"""The lines outside the panels: two of the title, the hint, the keys."""

TALL = 30
"""The height from which all panels are shown, if the screen is also `WIDE`."""

CSS = """
RunScreen #bench { height: 3fr; }
RunScreen #bottom { height: 2fr; min-height: 9; }
RunScreen #cost { width: 1fr; height: 1fr; }
RunScreen #layers { max-height: 13; }
RunScreen.-cramped #bottom { min-height: 7; }
RunScreen.-compact #bottom { display: none; }
RunScreen.-compact #layers { max-height: 9; }
RunScreen.-compact.-engaged #layers { max-height: 7; }
RunScreen.-low.-engaged #bottom { display: none; }
RunScreen.-operation #bottom, RunScreen.-operation #layers { display: none; }
RunScreen.-cost #bench, RunScreen.-cost #layers, RunScreen.-cost #facts { display: none; }
RunScreen.-cost #bottom, RunScreen.-low.-engaged.-cost #bottom { display: block; height: 1fr; }
RunScreen.-compact.-cost #bottom { layout: vertical; }
RunScreen.-compact.-cost #facts { display: block; width: 100%; height: 8; }
RunScreen.-hidden-hint #hint { display: none; }
"""


def is_compact(size: Size) -> bool:
    """Return True if a screen has no room for all panels."""
    return size.width < WIDE or size.height < TALL


def classes_by_room(size: Size, layers: int, *, engaged: bool) -> dict[str, bool]:
    """Return the classes that make room for numbers where there is too little.

    While an update is partly computed, the chart yields; otherwise the operation does.

    Args:
        size: the size of the screen.
        layers: the lines of the Layers panel.
        engaged: True while an update is partly computed or a what-if is open.
    """
    room = size.height - LINES_OF_TEXT - layers
    return {
        "-low": not is_compact(size) and room < LEAST_BENCH + LEAST_BOTTOM,
        "-cramped": room < LEAST_HEIGHT + LEAST_BOTTOM,
        "-engaged": engaged,
    }

"""What is in sight when the terminal is made smaller and larger."""

from textual.pilot import Pilot

from tests.ui.conftest import MakeApp
from tests.ui.driving import bench_of, opened, until
from tuiprop.ui.drawing.grid import first_in_sight
from tuiprop.ui.predictions.confusion import Confusion
from tuiprop.ui.predictions.screen import ProblemScreen

NARROW, WIDE = (46, 12), (120, 36)


def test_the_cursor_is_seen_and_no_room_stays_empty() -> None:
    assert first_in_sight(0, 0, 5, 20) == 0
    assert first_in_sight(0, 7, 5, 20) == 3
    assert first_in_sight(6, 7, 5, 20) == 6
    assert first_in_sight(6, 2, 5, 20) == 2
    assert first_in_sight(18, 19, 5, 20) == 15
    assert first_in_sight(18, 19, 50, 20) == 0
    assert first_in_sight(3, 0, 0, 0) == 0


async def resize(pilot: Pilot[int], size: tuple[int, int]) -> None:
    await pilot.resize_terminal(*size)
    await pilot.pause()


async def test_the_classes_when_there_is_room_for_all_again(make_app: MakeApp) -> None:
    async with make_app("digits").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("4")
        await until(
            pilot,
            lambda: (
                isinstance(pilot.app.screen, ProblemScreen)
                and bool(pilot.app.screen.query(Confusion))
                and pilot.app.screen.query_one(Confusion)._note is not None
            ),
        )
        confusion = pilot.app.screen.query_one(Confusion)
        confusion.focus()
        await pilot.press(*["right"] * 9, *["down"] * 9)
        assert (confusion.row, confusion.column) == (9, 9)
        lines = ["".join(s.text for s in confusion.render_line(y)) for y in range(3)]
        assert "0" not in lines[0].split()
        await resize(pilot, WIDE)
        header = "".join(s.text for s in confusion.render_line(0)).split()
        assert header[:10] == [str(k) for k in range(10)]


async def test_the_matrix_when_there_is_room_for_all_again(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("2", "f")
        matrix = bench_of(pilot).matrix
        await until(pilot, lambda: matrix.matrix is not None)
        assert matrix.matrix is not None
        rows, columns = matrix.matrix.shape
        matrix.focus()
        await pilot.press(*["down"] * rows, *["right"] * columns)
        await resize(pilot, WIDE)
        await until(pilot, lambda: matrix.matrix is not None and matrix.window.column == 0)
        assert (matrix.window.row, matrix.window.column) == (0, 0)
        assert (matrix.row, matrix.column) == (rows - 1, columns - 1)

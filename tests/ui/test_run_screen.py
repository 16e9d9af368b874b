"""Keys, mouse and panels of the run screen."""

from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

import tuiprop
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, frame_of, go_to, opened, told, until
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.protocol.messages.moving import Motion, Position
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.training import Costs
from tuiprop.ui.dialogs import Choose
from tuiprop.ui.drawing.numbers import short
from tuiprop.ui.run.chart import CostChart
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.run.matrix import MatrixView
from tuiprop.update.arrays import ArrayRef

WIDE = (120, 36)


def text_of(pilot: Pilot[int], y: int) -> str:
    """A line of the screen."""
    width = pilot.app.size.width
    strips = pilot.app.screen._compositor.render_strips()
    return strips[y].crop(0, width).text


async def test_opens_paused_on_the_initial_weights(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=WIDE) as pilot:
        await opened(pilot)
        frame = frame_of(pilot)
        assert (frame[Motion].status, frame[Position].update, frame[CurrentOperation].computed) == (
            "paused",
            0,
            False,
        )
        assert "xor-table  2 → 3 tanh → 1 sigmoid" in text_of(pilot, 0)
        assert "PAUSED  update 0: epoch 0/500, batch 0/1" in text_of(pilot, 0)


async def test_batches_and_epochs_on_and_back(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        for key, update in (
            *(("b", 1), ("b", 2), ("e", 4), ("e", 8), ("b", 9), ("E", 8), ("E", 4)),
            *(("B", 3), ("e", 4), ("0", 0), ("B", 0), ("E", 0), ("G", 9)),
        ):
            await pilot.press(key)
            await at(pilot, update)


async def test_what_is_shown_is_the_record_bit_for_bit(make_app: MakeApp) -> None:
    record = tuiprop.record(suggested_experiment("iris"), update=7)
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "u9", 9)
        await go_to(pilot, "u7", 7)
        layers, view = (
            pilot.app.screen.query_one(LayersPanel),
            pilot.app.screen.query_one("#matrix", MatrixView),
        )
        for symbol in ("z", "a", "da", "dz", "dW", "db"):
            for l in (1, 2):
                array = ArrayRef(symbol, l)
                layers.choose(array)
                await until(
                    pilot,
                    lambda array=array: (
                        view.matrix is not None  # type: ignore[misc]
                        and view.matrix.window.array == array
                    ),
                )
                matrix = view.matrix
                assert matrix is not None
                whole = getattr(record, symbol)[l]
                window = matrix.window
                part = whole[
                    window.row : window.row + window.rows,
                    window.column : window.column + window.columns,
                ]
                assert np.array_equal(matrix.values, part), (symbol, l)
                assert matrix.shape == whole.shape
                assert matrix.figures is not None
                assert matrix.figures.largest == whole.max()
        assert frame_of(pilot)[Costs].batch == record.J
        assert view.matrix is not None


async def test_a_penalty_is_shown_beside_the_loss(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "penalty.toml"
    path.write_text('[data]\nsource = "xor-table"\n[network]\nl2 = 0.1\n')
    async with make_app(str(path)).run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.pause()
        costs = frame_of(pilot)[Costs]
        assert costs.penalty > 0
        words = f"{short(costs.training_loss)} loss + {short(costs.penalty)} L2 term"
        assert any(words in text_of(pilot, y) for y in range(36))


async def test_columns_are_named_by_the_rows_of_the_table(make_app: MakeApp) -> None:
    record = tuiprop.record(suggested_experiment("iris"), update=1)
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        view = pilot.app.screen.query_one("#matrix", MatrixView)
        pilot.app.screen.query_one(LayersPanel).choose(ArrayRef("z", 2))
        await until(
            pilot, lambda: view.matrix is not None and view.matrix.window.array.symbol == "z"
        )
        assert view.matrix is not None
        shown = view.matrix.window.columns
        assert view.matrix.column_names == [f"#{row}" for row in record.examples[:shown]]
        assert view.matrix.row_names == ["setosa", "versicolor", "virginica"]


async def test_plays_to_the_end_and_pauses(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("space")
        await at(pilot, 500)
        assert "500 of 500 epochs done" in "\n".join(text_of(pilot, y) for y in range(36))
        await pilot.press("space")
        await until(pilot, lambda: any("all 500 epochs are done" in each for each in told(pilot)))


async def test_pause_and_pace(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        for _ in range(8):
            await pilot.press("minus")
        await pilot.press("space")
        await until(pilot, lambda: frame_of(pilot)[Motion].status == "playing")
        await pilot.press("plus")
        await pilot.press("space")
        await until(pilot, lambda: frame_of(pilot)[Motion].status == "paused")
        assert frame_of(pilot)[Position].update < 20  # a second or two at 1 or 2 updates a second


async def test_the_first_key_after_another_is_not_lost(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press(*"bbbbb")
        await until(pilot, lambda: frame_of(pilot)[Position].update >= 1)
        assert frame_of(pilot)[Position].update == 5


async def test_go_to(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "3", 12)
        await go_to(pilot, "+2", 20)
        await go_to(pilot, "u7", 7)
        await go_to(pilot, "newest", 20)
        await go_to(pilot, "start", 0)
        await pilot.press("g", "x", "enter")
        await pilot.pause()
        assert "47, +10" in str(pilot.app.screen.query_one(".error").render())
        await pilot.press("escape")


async def test_going_back_keeps_the_history(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "10", 40)
        chart = pilot.app.screen.query_one(CostChart)
        assert chart.courses.training.count == 11
        await go_to(pilot, "2", 8)
        assert chart.courses.training.count == 11


async def test_choosing_arrays_with_arrows_and_the_mouse(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        layers, view = (
            pilot.app.screen.query_one(LayersPanel),
            pilot.app.screen.query_one("#matrix", MatrixView),
        )
        await pilot.press("right", "right", "down")
        assert (view.array.symbol, view.array.layer) == ("z", 2)
        await pilot.press("up", "up")
        assert (view.array.symbol, view.array.layer) == ("a", 0)
        place = layers.render_line(0).text.index("dW")
        await pilot.click(LayersPanel, offset=(layers.gutter.left + place, 3))
        assert (view.array.symbol, view.array.layer) == ("dW", 1)
        await pilot.press("enter")
        assert pilot.app.focused is view


async def test_matrix_cursor_scrolls(make_app: MakeApp) -> None:
    async with make_app("digits").run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        view = pilot.app.screen.query_one("#matrix", MatrixView)
        view.focus()
        await pilot.press("end", "pagedown", "down")
        await until(
            pilot,
            lambda: view.matrix is not None and view.matrix.column_names[-1] == "pixel_7_7",
        )
        assert view.matrix is not None
        last = view.matrix.window.row + view.matrix.window.rows - 1
        assert view.column == 63
        assert view.row <= last
        assert f"W[1][u{view.row},pixel_7_7]" in str(view.border_subtitle).replace("\\", "")
        await pilot.press("home")
        await until(pilot, lambda: view.matrix is not None and view.matrix.window.column == 0)


async def test_views_and_maximise(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        screen = pilot.app.screen
        for key, shown, hidden in (
            ("2", MatrixView, CostChart),
            ("3", CostChart, MatrixView),
            ("1", LayersPanel, None),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert screen.query_one(shown).is_on_screen
            assert hidden is None or not screen.query_one(hidden).is_on_screen
        screen.query_one(CostChart).focus()
        await pilot.press("f")
        await pilot.pause()
        assert not screen.query_one(LayersPanel).is_on_screen
        await pilot.press("f")
        await pilot.pause()
        assert screen.query_one(LayersPanel).is_on_screen


async def test_names_instead_of_numbers(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("n")
        assert "(n[2],n[1])" in text_of(pilot, 6)


async def test_log_scale(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        chart = pilot.app.screen.query_one(CostChart)
        chart.focus()
        await pilot.press("up")
        assert chart.logarithmic
        await pilot.press("down")
        assert not chart.logarithmic


async def test_escape_hides_the_hint_for_good(make_app: MakeApp, settings_file: Path) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        hint = pilot.app.screen.query_one("#hint")
        assert hint.display
        await pilot.press("escape")
        assert not hint.display
    assert b'"hint":false' in settings_file.read_bytes()


async def test_export_reads_back_and_asks_before_it_replaces(
    make_app: MakeApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "5", 20)
        await pilot.press("x")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 2)
        await pilot.press("enter")
        await until(pilot, lambda: Path("iris.npz").exists())
        model = tuiprop.open("iris.npz")
        trained = tuiprop.train(suggested_experiment("iris"), epochs=5)
        assert np.array_equal(model.parameters.vector, trained.parameters.vector)
        before = Path("iris.npz").stat().st_mtime_ns
        await pilot.press("x")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 2)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 2)
        assert Path("iris.npz").stat().st_mtime_ns == before
        # what is exported is not lost by quitting
        await pilot.press("q")
        await pilot.pause()
    assert pilot.app.return_code == 0


async def test_quitting_asks_when_work_would_be_lost(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("b", "q")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("escape")
        await until(pilot, lambda: len(pilot.app.screen_stack) == 2)
        assert pilot.app.is_running


async def test_new_run_with_the_same_seed_and_with_another(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=WIDE) as pilot:
        await opened(pilot)
        view = pilot.app.screen.query_one("#matrix", MatrixView)
        assert view.matrix is not None
        first = view.matrix.values
        for action, same in (("app.new_run(False)", True), ("app.new_run(True)", False)):
            run = app_of(pilot).link.run
            await pilot.app.run_action(action)
            await until(pilot, lambda run=run: app_of(pilot).link.run == run + 1)  # type: ignore[misc]
            await opened(pilot)
            await until(pilot, lambda: view.matrix is not None)
            assert (view.matrix.values == first) is same


async def test_divergence_is_said(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "wild.toml").write_text(
        '[data]\nsource = "bumps"\n[network]\nlayers = [{ units = 4, activation = "relu" },'
        ' { units = 1, activation = "linear" }]\n[training]\nlearning_rate = 1e9\n'
    )
    async with make_app(str(tmp_path / "wild.toml")).run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("space")
        await until(pilot, lambda: bool(frame_of(pilot)[Motion].diverged))
        assert "DIVERGED" in text_of(pilot, 0)
        assert "diverged at update" in text_of(pilot, 34)
        assert frame_of(pilot)[Motion].status == "paused"


async def test_what_cannot_be_opened_ends_with_a_sentence(make_app: MakeApp) -> None:
    app = make_app("irsi")
    async with app.run_test(size=WIDE) as pilot:
        await until(pilot, lambda: bool(app.farewell))
    assert app.return_code == 2
    assert "iris" in app.farewell


async def test_any_size_is_painted(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(1, 1)) as pilot:
        await opened(pilot)
        for size in ((1, 1), (5, 3), (20, 8), (40, 12), (300, 90)):
            await pilot.resize_terminal(*size)
            await pilot.press("b", "2", "3", "1", "n")
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "iris" in text_of(pilot, 0))


async def test_operations_on_and_back(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        view = pilot.app.screen.query_one("#matrix", MatrixView)
        for number, (symbol, l) in enumerate([("z", 1), ("a", 1), ("z", 2), ("a", 2)], start=1):
            await pilot.press("o")
            await until(
                pilot,
                lambda number=number: (
                    (now := frame_of(pilot)[CurrentOperation].now) is not None  # type: ignore[misc]
                    and now.number == number
                ),
            )
            array = ArrayRef(symbol, l)
            await until(pilot, lambda array=array: view.array == array)  # type: ignore[misc]
        assert "operation 4 of 17, forward" in text_of(pilot, 8)
        assert "▶(3,32)◀" in text_of(pilot, 6)
        assert "…(8,4)" in text_of(pilot, 5)
        await pilot.press("P")
        await until(pilot, lambda: frame_of(pilot)[CurrentOperation].now is None)
        await pilot.press("p", "p", "l")
        await until(
            pilot,
            lambda: (now := frame_of(pilot)[CurrentOperation].now) is not None and now.number == 9,
        )
        await pilot.press("b")
        await at(pilot, 1)
        assert frame_of(pilot)[CurrentOperation].now is None


async def test_at_80_columns_every_cost_is_on_the_screen(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(80, 24)) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        line = text_of(pilot, 1)
        assert all(f"  {letter} " in line for letter in "btv"), line
        await pilot.press("3")
        await pilot.pause()
        shown = "\n".join(text_of(pilot, y) for y in range(24))
        assert "accuracy" in shown
        assert "0 of 200 epochs done" in shown


async def test_initial_weights_outlive_their_file(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "w.npz"
    trained = tuiprop.train(suggested_experiment("iris"), epochs=3)
    tuiprop.save(trained, path)
    async with make_app(str(path)).run_test(size=WIDE) as pilot:
        await opened(pilot)
        path.unlink()
        run = app_of(pilot).link.run
        await pilot.app.run_action("app.new_run(False)")
        await until(pilot, lambda: app_of(pilot).link.run == run + 1)
        await opened(pilot)
        view = pilot.app.screen.query_one("#matrix", MatrixView)
        await until(pilot, lambda: view.matrix is not None)
        assert view.matrix is not None
        assert np.array_equal(view.matrix.values, trained.parameters.W[1])


async def test_names_are_shown_as_they_are(make_app: MakeApp, tmp_path: Path) -> None:
    table = tmp_path / "odd.csv"
    table.write_text("[b]x[/b],y\n" + "".join(f"{i},{i * i}.5\n" for i in range(9)))
    async with make_app(str(table)).run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("escape")  # from the look at its columns
        await until(
            pilot,
            lambda: any(" W[1][u0,[b]x[/b]] = " in text_of(pilot, y) for y in range(36)),
        )


async def test_divergence_is_said_each_time_even_without_the_hint(
    make_app: MakeApp, tmp_path: Path
) -> None:
    (tmp_path / "wild.toml").write_text(
        '[data]\nsource = "bumps"\n[network]\nlayers = [{ units = 4, activation = "relu" },'
        ' { units = 1, activation = "linear" }]\n[training]\nlearning_rate = 1e9\n'
    )
    app = make_app(str(tmp_path / "wild.toml"), hint=False)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot)
        for key in ("space", "e", "b"):
            await pilot.press(key)
            await until(
                pilot,
                lambda: any("learning rate below" in each for each in told(pilot)),
            )
            pilot.app.clear_notifications()
            await until(pilot, lambda: not told(pilot))


async def test_the_chart_marks_where_the_run_is(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "20", 80)
        chart = pilot.app.screen.query_one(CostChart)
        await until(pilot, lambda: chart.epoch == 20)
        assert "epoch 20" in str(chart.border_subtitle)
        assert "newest" not in str(chart.border_subtitle)
        await go_to(pilot, "5", 20)
        await until(pilot, lambda: chart.epoch == 5)
        assert "newest" in str(chart.border_subtitle)

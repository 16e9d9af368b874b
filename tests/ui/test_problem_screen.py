"""The Problem view: it follows the run, moves it, and answers its keys."""

from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, frame_of, opened, until
from tuiprop.protocol.messages.frame import Frame, Look
from tuiprop.protocol.messages.moving import Motion, Position, Seek
from tuiprop.protocol.messages.opening import Locate, Located
from tuiprop.protocol.messages.pictures import SHADES, Grid, WeightPictures
from tuiprop.protocol.messages.scores import Scores, ScoresQuery
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.drawing.diagrams import r_squared
from tuiprop.ui.drawing.shading import by_light, by_sign, line_of, of_class, shaded
from tuiprop.ui.predictions.aspects.aspect import Panel
from tuiprop.ui.predictions.aspects.listing import trace_of
from tuiprop.ui.predictions.confusion import Confusion
from tuiprop.ui.predictions.examples import Examples
from tuiprop.ui.predictions.heatmap import HeatMap
from tuiprop.ui.predictions.screen import ProblemScreen
from tuiprop.ui.predictions.tiles import Tiles, _shortened
from tuiprop.ui.theme import DARK, LIGHT, mix

LARGE, SMALL = (120, 36), (80, 24)


def screen_of(pilot: Pilot[int]) -> ProblemScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ProblemScreen)
    return screen


def views_of(pilot: Pilot[int]) -> Frame:
    frame = screen_of(pilot).frame
    assert frame is not None
    return frame


def scores_of(pilot: Pilot[int]) -> Scores:
    return views_of(pilot)[Scores]


async def current(pilot: Pilot[int]) -> None:
    """Wait until what is shown is of the newest frame, and nothing is on its way."""
    screen = screen_of(pilot)
    for _ in range(2):
        await pilot.pause()
        await until(
            pilot,
            lambda: (
                screen.run_screen.look.is_idle and screen.look.is_idle and screen.frame is not None
            ),
        )


async def problem(pilot: Pilot[int], epoch: int = 0, *keys: str) -> ProblemScreen:
    """Open the view after so many epochs, and press keys there."""
    await opened(pilot)
    if epoch:
        app_of(pilot).run_screen.seek(Seek(epoch=epoch))
        await until(
            pilot,
            lambda: (
                frame_of(pilot)[Position].epochs_done == epoch
                and frame_of(pilot)[Motion].status == "paused"
            ),
        )
    await pilot.press("4")
    await until(pilot, lambda: isinstance(pilot.app.screen, ProblemScreen))
    await current(pilot)
    for key in keys:
        await pilot.press(key)
        await current(pilot)
    return screen_of(pilot)


async def test_it_follows_the_run_on_and_back(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=LARGE) as pilot:
        await problem(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        await until(pilot, lambda: scores_of(pilot).update == 1)
        first = views_of(pilot)
        await pilot.press("e")
        await at(pilot, 4)
        await until(pilot, lambda: scores_of(pilot).update == 4)
        assert scores_of(pilot).classes != first[Scores].classes
        await pilot.press("E", "b")
        await at(pilot, 1)
        await until(pilot, lambda: scores_of(pilot).update == 1)
        assert views_of(pilot) == first


async def test_it_follows_while_the_run_plays(make_app: MakeApp, tmp_path: Path) -> None:
    (tmp_path / "long.toml").write_text('[data]\nsource = "spiral"\n[training]\nepochs = 1000000\n')
    async with make_app(str(tmp_path / "long.toml")).run_test(size=LARGE) as pilot:
        await problem(pilot)
        await pilot.press("space")
        await until(pilot, lambda: scores_of(pilot).update > 20)
        assert frame_of(pilot)[Motion].status == "playing"
        await pilot.press("space")
        await until(pilot, lambda: frame_of(pilot)[Motion].status == "paused")
        await until(pilot, lambda: scores_of(pilot).update == frame_of(pilot)[Position].update)


async def test_hidden_it_asks_nothing(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app("iris")
    async with app.run_test(size=LARGE) as pilot:
        await problem(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.run_screen)
        sent: list[object] = []
        ask = app.link.client.ask

        def noted(request: Any) -> Any:
            sent.append(request)
            return ask(request)

        monkeypatch.setattr(app.link.client, "ask", noted)
        await pilot.press("b")
        await at(pilot, 1)
        assert sent
        assert not any(
            isinstance(query, ScoresQuery)
            for request in sent
            if isinstance(request, Look)
            for query in request.queries
        )


@pytest.mark.parametrize(
    ("source", "aspects"),
    [
        ("circle", ["map", "classes", "trace"]),
        ("plane", ["map", "numbers", "trace"]),
        ("digits", ["classes", "pictures", "trace"]),
    ],
)
async def test_each_problem_has_its_aspects(
    make_app: MakeApp, source: str, aspects: list[str]
) -> None:
    async with make_app(source).run_test(size=LARGE) as pilot:
        screen = await problem(pilot)
        found = []
        for _ in aspects:
            found.append(screen.aspect)
            await pilot.press("m")
            await current(pilot)
        assert found == aspects
        assert screen.aspect == aspects[0]
        await pilot.press("M")
        assert screen.aspect == aspects[-1]


async def test_the_cursor_reads_the_map(make_app: MakeApp) -> None:
    app = make_app("circle")
    async with app.run_test(size=LARGE) as pilot:
        screen = await problem(pilot, 3)
        heat = screen.query_one(HeatMap)
        before = heat.note
        await pilot.press("right", "right", "up")
        await until(pilot, lambda: heat.note is not before and heat.note is not None)
        await current(pilot)
        assert before is not None
        assert heat.note is not None
        assert heat.note.cursor[0] > before.cursor[0]
        assert heat.note.cursor[1] > before.cursor[1]
        output = heat.note.outputs[0]
        assert f"{output:.2f}" in str(heat.border_subtitle)
        assert str(heat.border_subtitle).endswith(f" → {'1' if output > 0.5 else '-1'}")
        await pilot.press("home", "home", "home", "home", "home", "home", "home")
        assert heat.cursor[0] == 0


async def test_a_unit_is_shown_large(make_app: MakeApp) -> None:
    async with make_app("spiral").run_test(size=LARGE) as pilot:
        screen = await problem(pilot)
        heat, units = screen.query_one(HeatMap), screen.query_one("#units", Tiles)
        units.focus()
        for _ in range(13):
            await pilot.press("right")
        await current(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: heat.note is not None and heat.note.name == "a[2][u1]")
        assert heat.unit == (2, 1)
        await pilot.press("escape")
        await until(pilot, lambda: heat.note is not None and heat.note.name == "ŷ")
        assert screen.is_current


async def test_a_unit_is_chosen_that_there_is_no_more(make_app: MakeApp) -> None:
    """As where another network has just been begun."""
    async with make_app("circle").run_test(size=LARGE) as pilot:
        screen = await problem(pilot)
        tiles = screen.query_one(Tiles)
        tiles.post_message(Tiles.Chosen(1000))
        await pilot.pause()
        await current(pilot)
        assert screen.query_one(HeatMap).unit is None


async def test_a_cell_lists_its_examples_and_one_is_followed(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=LARGE) as pilot:
        screen = await problem(pilot, 20, "down", "right", "right")
        confusion, mistakes = screen.query_one(Confusion), screen.query_one("#mistakes", Examples)
        assert (confusion.row, confusion.column) == (1, 2)
        await pilot.press("enter")
        await current(pilot)
        scores = scores_of(pilot).classes
        assert scores is not None
        assert {(each.actual, each.predicted) for each in scores.examples} == {(1, 2)}
        assert scores.found == scores.counts[1][2] == len(scores.examples) > 1
        await pilot.press("down")
        await current(pilot)
        row = mistakes.table_row
        assert row == scores.examples[1].row
        await pilot.press("enter")
        await until(
            pilot, lambda: (trace := trace_of(views_of(pilot))) is not None and trace.row == row
        )
        assert screen.aspect == "trace"
        await pilot.press("right_square_bracket")
        await until(
            pilot, lambda: (trace := trace_of(views_of(pilot))) is not None and trace.row == row + 1
        )


async def test_the_subset_and_the_threshold(make_app: MakeApp) -> None:
    async with make_app("breast_cancer").run_test(size=LARGE) as pilot:
        await problem(pilot)
        assert scores_of(pilot).of == 569
        await pilot.press("t")
        await until(pilot, lambda: scores_of(pilot).of == 456)
        await pilot.press("t")
        await until(pilot, lambda: scores_of(pilot).of == 113)
        await pilot.press("full_stop", "full_stop", "comma", "full_stop")
        await until(
            pilot,
            lambda: (scores := scores_of(pilot).classes) is not None and scores.threshold == 0.52,
        )


async def test_each_of_several_targets_is_shown(make_app: MakeApp, tmp_path: Path) -> None:
    table, experiment = tmp_path / "rooms.csv", tmp_path / "rooms.toml"
    rows = "".join(f"{k},{k % 7},{2 * k},{-k % 5}\n" for k in range(40))
    table.write_text(f"area,floor,price,rent\n{rows}")
    experiment.write_text(
        '[data]\nsource = "rooms.csv"\ntarget = ["price", "rent"]\n'
        '[network]\nloss = "mse"\nlayers = [{ units = 2, activation = "linear" }]\n'
    )
    async with make_app(str(experiment)).run_test(size=SMALL) as pilot:
        screen = await problem(pilot, 1, "m")
        residuals = screen.query_one("#residuals", Examples)
        figures = screen.query_one("#figures", Panel)
        prices, rents = scores_of(pilot).numbers
        for key, score, other in (("full_stop", rents, prices), ("full_stop", prices, rents)):
            await pilot.press(key)
            await current(pilot)
            assert score.name in str(figures.border_title)
            hint = str(figures.border_subtitle)
            assert f"{other.name}: R² {r_squared(other)}" in hint
            assert len(hint) <= figures.size.width
            assert residuals.table_row == score.worst[0][0]


async def test_names_with_brackets_are_shown_as_they_are(make_app: MakeApp, tmp_path: Path) -> None:
    """None of them is markup."""
    classes = ("[/i]", "a[b]c")
    table = tmp_path / "t.csv"
    table.write_text(
        "[/b],[red]x,kind\n" + "".join(f"{i},{i % 5},{classes[i % 2]}\n" for i in range(40))
    )
    async with make_app(str(table)).run_test(size=LARGE) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        await pilot.press("enter")
        screen = await problem(pilot, 1)
        for aspect, end in (("classes", "◉ a[b]c if p > 0.50"), ("trace", ": [/i]")):
            screen.action_choose(aspect)
            await current(pilot)
            titles = [
                Content.from_markup(title).plain
                for panel in screen.query(Panel)
                for title in (panel.border_title, panel.border_subtitle)
                if title and panel.is_on_screen
            ]
            assert any(end in title for title in titles), titles


async def test_the_pictures_follow_the_list(make_app: MakeApp) -> None:
    async with make_app("digits").run_test(size=LARGE) as pilot:
        screen = await problem(pilot, 1, "m")
        album = screen.query_one("#album", Examples)
        await until(pilot, lambda: trace_of(views_of(pilot)) is not None)
        await pilot.press("down", "down")
        await current(pilot)
        trace = trace_of(views_of(pilot))
        assert trace is not None
        assert trace.row == album.table_row
        assert trace.picture is not None
        assert views_of(pilot)[WeightPictures].pictures


async def test_another_run_begins_anew(make_app: MakeApp) -> None:
    app = make_app("spiral")
    async with app.run_test(size=LARGE) as pilot:
        screen = await problem(pilot)
        screen.query_one("#units", Tiles).focus()
        await pilot.press("down", "down", "enter")
        await current(pilot)
        assert screen.query_one(HeatMap).unit is not None
        located = await app.link.ask(Locate(what="iris"))
        assert isinstance(located, Located)
        await app.link.open(located.experiment)
        app.run_screen.begin()
        await until(pilot, lambda: screen.aspect == "classes")
        await until(
            pilot,
            lambda: (scores := scores_of(pilot).classes) is not None and len(scores.classes) == 3,
        )
        assert screen.query_one(HeatMap).unit is None


async def test_views_of_the_run_close_it(make_app: MakeApp) -> None:
    app = make_app("xor-table")
    async with app.run_test(size=LARGE) as pilot:
        await problem(pilot)
        await pilot.press("2")
        await until(pilot, lambda: app.screen is app.run_screen)
        assert app.run_screen.has_class("-operation")


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_colours_of_maps(palette: Any) -> None:
    for colours in (by_sign(palette), by_light(palette), of_class(palette, 11)):
        assert len(colours) == 2 * SHADES + 1
    assert by_sign(palette)[0] == palette.negative
    assert by_sign(palette)[-1] == palette.positive
    assert by_sign(palette)[SHADES] == palette.background
    assert mix("#000000", "#ff8000", 0.5) == "#804000"


def test_without_colour_blocks_are_positive_and_dashes_negative() -> None:
    row = [shaded(shade, shade, signed=True)[0] for shade in range(0, 2 * SHADES + 1, SHADES // 4)]
    assert "".join(row) == "≡=-· ░▒▓█"
    light = [
        shaded(shade, shade, signed=False)[0] for shade in range(0, 2 * SHADES + 1, SHADES // 2)
    ]
    assert "".join(light) == " ░▒▓█"


@pytest.mark.parametrize(
    ("names", "width", "expected"),
    [
        (["a[1][u0]", "a[1][u1]"], 8, ["a[1][u0]", "a[1][u1]"]),
        (["a[1][u9]", "a[1][u10]"], 8, ["a[1][u9]", "[1][u10]"]),
        (["a[2][no]", "a[2][maybe]"], 8, ["no", "maybe"]),
        (["a[2][versicolor]"], 8, ["versico…"]),
    ],
)
def test_names_of_units_are_shortened_alike(
    names: list[str], width: int, expected: list[str]
) -> None:
    assert [_shortened(name, names, width) for name in names] == expected


def test_an_odd_row_ends_in_the_middle() -> None:
    grid = Grid(columns=2, rows=3, shades=bytes([0, 2 * SHADES] * 3))
    colours = by_sign(DARK)
    (_, left), (_, right) = line_of(grid, 1, colours, plain=False)
    assert (left.color and left.color.name) == DARK.negative
    assert (right.bgcolor and right.bgcolor.name) == DARK.background

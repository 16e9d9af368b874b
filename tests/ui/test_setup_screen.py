"""The set-up: what is typed, what is said about it, what starts."""

import asyncio
from pathlib import Path

from textual.events import Click
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Select, Static

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, opened, until
from tuiprop.protocol.messages.training import Costs
from tuiprop.training.experiment import load
from tuiprop.ui.dialogs import Choose
from tuiprop.ui.setup.layer_editor import LayerEditor, LayerLine
from tuiprop.ui.setup.screen import SetupScreen

WIDE = (120, 36)


async def set_up(pilot: Pilot[int]) -> SetupScreen:
    """Open the set-up and wait for what it says of the experiment."""
    await opened(pilot)
    await pilot.press("s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
    screen = pilot.app.screen
    assert isinstance(screen, SetupScreen)
    await says(pilot, "parameters")
    return screen


def outline(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("#outline", Static).render())


async def says(pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: bool(pilot.app.screen.query("#outline")) and words in outline(pilot))


async def test_shapes_follow_what_is_typed(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        assert "(8,4)" in outline(pilot)
        units = screen.query(LayerLine)[0].query_one(Input)
        units.value = "5"
        await says(pilot, "(5,4)")
        assert "43 parameters" in outline(pilot)  # 5·4 + 5 + 3·5 + 3


async def test_what_is_wrong_is_said_at_the_field(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#training-learning_rate", Input).value = "-1"
        await says(pilot, "training.learning_rate")
        error = screen.query_one("#error-training-learning-rate", Static)
        assert error.display
        assert "must be a number greater than 0, got -1" in str(error.render())
        assert screen.query_one("#start", Button).disabled
        screen.query_one("#training-learning_rate", Input).value = "0.5"
        await says(pilot, "67 parameters")
        assert not error.display


async def test_another_data_set_brings_what_suits_it(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#data-name", Select).value = "spiral"
        await says(pilot, "500 rows")
        assert [line.settings["units"] for line in screen.query(LayerLine)][-1] == 1
        assert screen.query_one("#training-optimizer", Select).value == "adam"
        row = screen.query_one("#data-noise").parent
        assert row is not None
        assert row.display


async def test_a_file_by_its_path(make_app: MakeApp, tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_text("a,b,c\n" + "".join(f"{i},{i * i},{0.5 * i}\n" for i in range(20)))
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#data-name", Select).value = "a file …"
        source = screen.query_one("#data-source", Input)
        await until(pilot, lambda: pilot.app.focused is source)
        source.value = str(table)
        await pilot.press("tab")
        await says(pilot, "20 rows")
        assert screen.query_one("#network-loss", Select).value == "mse"
        assert screen.query_one("#data-target", Input).value == "c"


async def test_layers_are_added_moved_and_removed(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        editor = screen.query_one(LayerEditor)
        await pilot.click("#add-layer")
        await says(pilot, "139 parameters")
        screen.query(LayerLine)[1].query_one(Input).value = "6"
        await until(pilot, lambda: [x["units"] for x in editor.settings] == [8, 6, 3])
        await pilot.click(screen.query(LayerLine)[1].query_one(".up"))
        await until(pilot, lambda: [x["units"] for x in editor.settings] == [6, 8, 3])
        await pilot.click(screen.query(LayerLine)[1].query_one(".up"))
        await until(pilot, lambda: [x["units"] for x in editor.settings] == [8, 6, 3])
        await pilot.click(screen.query(LayerLine)[0].query_one(".remove"))
        await until(pilot, lambda: [x["units"] for x in editor.settings] == [6, 3])
        await says(pilot, "51 parameters")


async def test_another_loss_changes_the_output_layer(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#network-loss", Select).value = "binary_cross_entropy"
        await until(
            pilot,
            lambda: (
                [x["activation"] for x in screen.query_one(LayerEditor).settings]
                == ["tanh", "sigmoid"]
            ),
        )
        await says(pilot, "sigmoid")


async def test_the_options_are_those_of_the_optimiser(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        assert not screen.query("#option-betas")
        screen.query_one("#training-optimizer", Select).value = "adam"
        await until(pilot, lambda: bool(screen.query("#option-betas")))
        await until(pilot, lambda: not screen.query("#option-momentum"))
        screen.query_one("#option-betas", Input).value = "0.8, 2"
        await says(pilot, "training.options.betas")


async def test_start_begins_another_run(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#training-batch_size", Input).value = "10"
        await says(pilot, "12 updates per epoch")
        screen.query_one("#training-batch_size", Input).focus()
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(pilot.app.screen, SetupScreen))
        await until(pilot, lambda: app_of(pilot).link.run == 2)
        link = app_of(pilot).link.outline
        assert link is not None
        assert link.per_epoch == 12


async def test_start_asks_before_work_is_lost(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await set_up(pilot)
        await pilot.click("#start")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        assert app_of(pilot).link.run == 1


async def test_save_and_open(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#training-epochs", Input).value = "7"
        await pilot.click("#save")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 3)
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, path.exists)
        assert load(path).training.epochs == 7
        screen.query_one("#training-epochs", Input).value = "9"
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.click("#open")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 3)
        pilot.app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: screen.query_one("#training-epochs", Input).value == "7")
        await asyncio.sleep(0)


async def test_conditions_of_a_file_are_kept(make_app: MakeApp, tmp_path: Path) -> None:
    path, saved = tmp_path / "watched.toml", tmp_path / "saved.toml"
    path.write_text(
        '[data]\nsource = "iris"\n[[breakpoint]]\nwhen = "dead(1) > 0.5"\nenabled = false\n'
    )
    async with make_app(str(path)).run_test(size=WIDE) as pilot:
        await set_up(pilot)
        await pilot.click("#save")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 3)
        pilot.app.screen.query_one(Input).value = str(saved)
        await pilot.press("enter")
        await until(pilot, saved.exists)
        assert load(saved).breakpoint == load(path).breakpoint != ()


async def test_weights_are_opened_as_initial_ones(make_app: MakeApp, tmp_path: Path) -> None:
    import numpy as np

    import tuiprop
    from tests.ui.driving import frame_of
    from tuiprop.data.catalogue import suggested_experiment
    from tuiprop.ui.run.matrix import MatrixView

    trained = tuiprop.train(suggested_experiment("iris"), epochs=3)
    path = tmp_path / "trained.npz"
    tuiprop.save(trained, path)
    async with make_app(str(path)).run_test(size=WIDE) as pilot:
        await opened(pilot)
        view = pilot.app.screen.query_one(MatrixView)
        assert view.matrix is not None
        assert np.array_equal(view.matrix.values, trained.parameters.W[1])
        assert frame_of(pilot)[Costs].training == trained.history[-1]["train_loss"]


async def test_loaded_weights_are_shown_kept_and_can_be_dropped(
    make_app: MakeApp, tmp_path: Path
) -> None:
    import tuiprop
    from tuiprop.data.catalogue import suggested_experiment

    path = tmp_path / "trained.npz"
    tuiprop.save(tuiprop.train(suggested_experiment("iris"), epochs=3), path)
    async with make_app(str(path)).run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        assert screen.query_one("#weights").display
        screen.query(LayerLine)[0].query_one(Input).value = "5"
        await says(pilot, "W1 is (8, 4), expected (5, 4)")
        await pilot.click("#no-weights")
        await says(pilot, "43 parameters")
        assert not screen.query_one("#weights").display


async def test_enter_in_the_path_loads_the_file(make_app: MakeApp, tmp_path: Path) -> None:
    table = tmp_path / "own.csv"
    table.write_text("a,b\n" + "".join(f"{i},{0.5 * i}\n" for i in range(20)))
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#data-name", Select).value = "a file …"
        source = screen.query_one("#data-source", Input)
        await until(pilot, lambda: pilot.app.focused is source)
        source.value = str(table)
        await pilot.press("enter")
        await says(pilot, "20 rows")
        assert screen.query_one("#data-target", Input).value == "b"


async def test_edits_are_not_dropped_unasked(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        screen.query_one("#training-epochs", Input).value = "7"
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        screen.query_one("#training-epochs", Input).value = "200"
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, SetupScreen))


async def test_another_target_brings_its_loss_and_output(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        target = screen.query_one("#data-target", Input)
        target.focus()
        target.value = "petal_length"
        await pilot.press("enter")
        await until(pilot, lambda: screen.query_one("#network-loss", Select).value == "mse")
        assert screen.query_one(LayerEditor).settings[-1]["activation"] == "linear"


async def test_a_layer_added_where_there_are_none(make_app: MakeApp) -> None:
    """As of a table that is not read yet."""
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        editor = screen.query_one(LayerEditor)
        add = editor.query_one("#add-layer", Button)
        await editor.fill([])
        assert add.disabled
        editor.post_message(Button.Pressed(add))  # pressed just before that
        await pilot.pause()
        assert editor.settings == []


async def test_a_layer_added_while_others_are_filled_in(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        screen = await set_up(pilot)
        editor = screen.query_one(LayerEditor)
        add = editor.query_one("#add-layer", Button)
        output = editor.settings[-1]
        filling = asyncio.create_task(editor.fill([output]))
        editor.post_message(Button.Pressed(add))
        await asyncio.sleep(0)
        await editor.fill([output])
        await filling
        await pilot.pause()
        assert [each["activation"] for each in editor.settings] in (
            [output["activation"]],
            ["tanh", output["activation"]],
        )


async def test_a_page_key_before_a_list_has_its_place(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        assert await pilot.app.run_action("page_down", OptionList("a", "b"))


async def test_a_page_key_in_a_palette_without_room_for_its_list(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(120, 1)) as pilot:
        await opened(pilot)
        await pilot.press("colon")
        await until(pilot, lambda: bool(pilot.app.screen.query(OptionList)))
        await pilot.press("pagedown", "pageup", "down", "pagedown")
        assert pilot.app.is_running
        assert pilot.app.return_code is None


async def test_a_click_on_the_palette_in_a_terminal_that_has_shrunk(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("colon")
        await until(pilot, lambda: bool(pilot.app.screen.query(OptionList)))
        palette = pilot.app.screen
        palette.post_message(click_at(palette, 500, 30))
        await pilot.pause()
        assert pilot.app.screen is palette
        palette.post_message(click_at(palette, 0, WIDE[1] - 1))
        await until(pilot, lambda: pilot.app.screen is not palette)


def click_at(widget: Widget, x: int, y: int) -> Click:
    return Click(widget, x, y, 0, 0, 1, False, False, False, screen_x=x, screen_y=y)

"""The Data screen: what it shows, what its keys change, where it leads."""

import struct
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Select, Static

from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, opened, until
from tests.ui.test_setup_screen import says, set_up
from tuiprop.protocol.messages.data import Tables
from tuiprop.protocol.messages.opening import Locate, Located
from tuiprop.ui.data.column_list import ColumnList
from tuiprop.ui.data.screen import DataScreen
from tuiprop.ui.data.table_words import facts
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.setup.screen import SetupScreen

SIZE = (80, 24)
MONKEY_KEYS = [
    "t",
    "T",
    "u",
    "e",
    "m",
    "s",
    "space",
    "up",
    "down",
    "end",
    "home",
    "pageup",
    "pagedown",
]


def untidy(folder: Path) -> Path:
    """Names, missing numbers, missing text, a semicolon and decimal commas."""
    path = folder / "untidy.csv"
    rows = (
        f"P{i};{'' if i % 7 == 0 else f'{20 + i % 9},5'};{'SCQ'[i % 3] if i % 5 else ''};"
        f"{'yes' if i % 4 else 'no'}\n"
        for i in range(40)
    )
    path.write_text("name;age;port;survived\n" + "".join(rows))
    return path


async def data(pilot: Pilot[int], what: str) -> tuple[DataScreen, list[Tables | None]]:
    """The screen on some data, and where its result will be."""
    await opened(pilot)
    app = app_of(pilot)
    located = await app.link.ask(Locate(what=what))
    assert isinstance(located, Located), located
    result: list[Tables | None] = []
    screen = DataScreen(app.link, located.experiment)
    app.push_screen(screen, result.append)
    await until(pilot, lambda: screen.described is not None)
    return screen, result


def outcome(screen: DataScreen) -> str:
    return str(screen.query_one("#becomes", Static).render())


def lines(screen: DataScreen) -> list[str]:
    """What the list of columns says."""
    view = screen.query_one(ColumnList)
    return [view.render_line(y).text.rstrip() for y in range(view.size.height)]


def settings(screen: DataScreen, name: str) -> Any:
    assert screen.described is not None
    columns = msgspec.json.decode(msgspec.json.encode(screen.described.experiment["data"]))
    return columns.get("columns", {}).get(name)


async def use(pilot: Pilot[int], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_what_is_shown_of_iris(make_app: MakeApp) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        screen, result = await data(pilot, "iris")
        found = lines(screen)
        assert "petal_width" in found[4]
        assert "0.1 … 2.5" in found[4]
        assert "█" in found[4]
        assert found[5].split()[:2] == ["y", "species"]
        assert outcome(screen).startswith("150 rows → 120 + 30 examples · 4 inputs")
        note = screen.query_one(ColumnList).note
        assert note is not None
        for width in (80, 60, 45):
            words = facts(note, width).plain
            assert len(words) <= width
            assert words.endswith(("none missing", " distinct")) == (width > 45)
        rows = str(screen.query_one("#rows", Static).render())
        assert "5.1" in rows
        assert "setosa" in rows
        await pilot.press("enter")
        await until(pilot, lambda: bool(result))
        assert result[0] is not None
        assert not screen.changed


async def test_columns_are_left_out_encoded_filled_and_scaled(
    make_app: MakeApp, tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},{i * i % 5 or ''},{i % 2}\n" for i in range(30)))
    async with make_app().run_test(size=SIZE) as pilot:
        screen, result = await data(pilot, str(path))
        await pilot.press("u")
        await until(pilot, lambda: settings(screen, "a") == {"use": False})
        assert "1 input " in outcome(screen)
        await pilot.press("space", "s", "down", "m", "e")
        await until(pilot, lambda: settings(screen, "b") == {"encoding": "one-hot"})
        assert settings(screen, "a") == {"scaling": "range"}
        assert "4 inputs" in outcome(screen)  # a, b=1, b=4, b missing
        await pilot.press("e", "m")
        await until(pilot, lambda: "missing" in (settings(screen, "b") or {}))
        await pilot.press("enter")
        await until(pilot, lambda: bool(result))
        assert result[0] is not None
        assert result[0]["data"]["columns"]["a"] == {"scaling": "range"}


async def test_keys_pressed_at_once_act_one_after_the_other(make_app: MakeApp) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        screen, _ = await data(pilot, "iris")
        for key in "sss":
            pilot.app.post_message(Key(key, key))
        await until(pilot, lambda: settings(screen, "sepal_length") == {"scaling": "standardize"})
        for key in "su":
            pilot.app.post_message(Key(key, key))
        await until(
            pilot,
            lambda: settings(screen, "sepal_length") == {"scaling": "range", "use": False},
        )


async def test_another_target_and_several(make_app: MakeApp) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        screen, result = await data(pilot, "iris")
        await pilot.press("down", "t")
        await until(pilot, lambda: "→ 1 output" in outcome(screen))
        await pilot.press("up", "T")
        await until(pilot, lambda: "→ 2 outputs" in outcome(screen))
        await pilot.press("enter")
        await until(pilot, lambda: bool(result))
        assert result[0] is not None
        assert list(result[0]["data"]["target"]) == ["sepal_width", "sepal_length"]
        assert result[0]["network"]["loss"] == "mse"
        assert result[0]["network"]["layers"][-1] == {"units": 2, "activation": "linear"}


async def test_a_column_says_which_rows_are_held_out(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    part = ("train", "train", "train", "test")
    path.write_text("part,x,y\n" + "".join(f"{part[i % 4]},{i},{i * i}\n" for i in range(20)))
    async with make_app().run_test(size=SIZE) as pilot:
        screen, result = await data(pilot, str(path))
        assert "h validation rows" in str(
            screen.query_one("#column-keys", Line).render_line(0).text
        )
        await pilot.press("h")
        await until(pilot, lambda: "15 + 5 examples" in outcome(screen))
        assert "1 input " in outcome(screen)
        assert lines(screen)[1].endswith("validation split")
        await pilot.press("h")
        await until(pilot, lambda: "16 + 4 examples" in outcome(screen))
        await pilot.press("h")
        await until(pilot, lambda: "15 + 5 examples" in outcome(screen))
        await pilot.press("enter")
        await until(pilot, lambda: bool(result))
        assert result[0] is not None
        assert result[0]["data"]["validation"]["column"] == "part"


async def test_the_order_of_categories(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("size,y\n" + "small,1\nlarge,2.5\nmedium,2\n" * 6)
    async with make_app().run_test(size=SIZE) as pilot:
        screen, _ = await data(pilot, str(path))
        await pilot.press("e")
        await until(pilot, lambda: settings(screen, "size") == {"encoding": "ordinal"})
        await pilot.press("o")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        field = pilot.app.screen.query_one(Input)
        assert field.value == "large, medium, small"
        field.value = "small, medium, large"
        await pilot.press("enter")
        order = ["small", "medium", "large"]
        await until(
            pilot, lambda: settings(screen, "size") == {"encoding": "ordinal", "order": order}
        )


async def choose(pilot: Pilot[int], words: str) -> None:
    """Take the answer that begins so."""
    await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
    options = pilot.app.screen.query_one(OptionList)
    names = [str(options.get_option_at_index(i).prompt) for i in range(options.option_count)]
    options.highlighted = next(i for i, name in enumerate(names) if name.startswith(words))
    dialog = pilot.app.screen
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is not dialog)


async def test_a_file_that_is_no_table_until_it_is_said_how(
    make_app: MakeApp, tmp_path: Path
) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        screen, result = await data(pilot, str(untidy(tmp_path)))
        assert 'data.decimal = "," reads decimal commas' in outcome(screen)
        assert "P1;21,5;C;yes" in str(screen.query_one("#file", Static).render())
        await pilot.press("enter")
        assert pilot.app.screen is screen  # not yet
        await pilot.press("r")
        await choose(pilot, "decimal")
        await choose(pilot, "comma")
        await until(pilot, lambda: outcome(screen).startswith("40 rows → 32 + 8"))
        assert settings(screen, "name") == {"use": False}
        assert screen.query_one(ColumnList).has_focus
        await pilot.press("r")
        await choose(pilot, "missing values")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "20,5, 21,5"
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("enter")
        await until(pilot, lambda: bool(result))
        assert result[0] is not None
        assert result[0]["data"]["decimal"] == ","


async def test_missing_cells_are_typed(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "".join(f"{-999 if i % 5 == 0 else i},{i % 2}\n" for i in range(20)))
    async with make_app().run_test(size=SIZE) as pilot:
        screen, _ = await data(pilot, str(path))
        for typed, missing in (("-999, none", 4), ("default", 0)):
            await pilot.press("r")
            await choose(pilot, "missing values")
            await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
            pilot.app.screen.query_one(Input).value = typed
            await pilot.press("enter")
            await until(
                pilot,
                lambda missing=missing: (  # type: ignore[misc]
                    (note := screen.query_one(ColumnList).note) is not None
                    and note.missing == missing
                ),
            )


async def test_only_what_is_in_sight_is_asked_for(make_app: MakeApp, tmp_path: Path) -> None:
    images = tmp_path / "t-images-idx3-ubyte"
    pixels = np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype("u1")
    images.write_bytes(struct.pack(">IIII", 2051, 30, 28, 28) + pixels.tobytes())
    (tmp_path / "t-labels-idx1-ubyte").write_bytes(
        struct.pack(">II", 2049, 30) + bytes(i % 3 for i in range(30))
    )
    async with make_app().run_test(size=SIZE) as pilot:
        screen, _ = await data(pilot, str(images))
        view = screen.query_one(ColumnList)
        await pilot.press("end")
        await until(pilot, lambda: view.note is not None)
        assert view.note is not None
        assert (view.note.name, view.note.role) == ("label", "target")
        assert screen.described is not None
        assert len(screen.described.columns) == view.rows_in_sight < 20
        await pilot.press("pageup")
        await until(pilot, lambda: view.note is not None and view.note.name != "label")
        await pilot.press("home")
        await until(pilot, lambda: (note := view.note) is not None and note.name == "pixel_0_0")


async def test_changes_are_not_dropped_unasked(make_app: MakeApp) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        screen, result = await data(pilot, "iris")
        await pilot.press("u")
        await until(pilot, lambda: "3 inputs" in outcome(screen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen)
        await pilot.press("u")
        await until(pilot, lambda: "4 inputs" in outcome(screen))
        await pilot.press("escape")
        await until(pilot, lambda: result == [None])


async def test_with_the_mouse(make_app: MakeApp) -> None:
    async with make_app().run_test(size=SIZE) as pilot:
        screen, _ = await data(pilot, "iris")
        view = screen.query_one(ColumnList)
        await pilot.click(ColumnList, offset=(10, 4))
        await until(pilot, lambda: (note := view.note) is not None and note.name == "petal_length")
        await pilot.click("#column-keys", offset=(2, 0))
        await until(pilot, lambda: settings(screen, "petal_length") == {"use": False})


async def test_from_the_set_up_and_back(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=(120, 36)) as pilot:
        form = await set_up(pilot)
        await pilot.press("ctrl+t")
        await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
        screen = pilot.app.screen
        assert isinstance(screen, DataScreen)
        await until(pilot, lambda: screen.described is not None)
        await pilot.press("u", "down", "down", "t", "enter")
        await until(pilot, lambda: pilot.app.screen is form)
        assert isinstance(form, SetupScreen)
        await says(pilot, "5 inputs")  # a species is three inputs
        assert form.query_one("#data-target", Input).value == "petal_length"


async def test_a_file_named_in_the_set_up_is_said_how_to_read(
    make_app: MakeApp, tmp_path: Path
) -> None:
    async with make_app("iris").run_test(size=(120, 36)) as pilot:
        form = await set_up(pilot)
        form.query_one("#data-name", Select).value = "a file …"
        source = form.query_one("#data-source", Input)
        await until(pilot, lambda: pilot.app.focused is source)
        source.value = str(untidy(tmp_path))
        await pilot.press("tab")
        await says(pilot, "reads decimal commas")
        await pilot.press("ctrl+t")
        await looked_at(pilot)
        await pilot.press("r")
        await choose(pilot, "decimal")
        await choose(pilot, "comma")
        screen = pilot.app.screen
        assert isinstance(screen, DataScreen)
        await until(pilot, lambda: outcome(screen).startswith("40 rows"))
        await pilot.press("enter")
        await says(pilot, "5 inputs")


async def looked_at(pilot: Pilot[int]) -> DataScreen:
    """Wait for the screen that comes by itself."""
    await until(pilot, lambda: isinstance(pilot.app.screen, DataScreen))
    screen = pilot.app.screen
    assert isinstance(screen, DataScreen)
    await until(pilot, lambda: screen.described is not None)
    return screen


async def test_a_table_by_itself_is_looked_at_first(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b,y\n" + "".join(f"{i % 7},{i},{i % 2}\n" for i in range(20)))
    async with make_app(str(path)).run_test(size=SIZE) as pilot:
        await looked_at(pilot)
        await pilot.press("u", "enter")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)
        outline = app_of(pilot).link.outline
        assert outline is not None
        assert outline.sizes[0] == 1
        await opened(pilot)


async def test_what_cannot_be_read_is_said_how_and_begins(
    make_app: MakeApp, tmp_path: Path
) -> None:
    async with make_app(str(untidy(tmp_path))).run_test(size=SIZE) as pilot:
        screen = await looked_at(pilot)
        await pilot.press("r")
        await choose(pilot, "decimal")
        await choose(pilot, "comma")
        await until(pilot, lambda: outcome(screen).startswith("40 rows"))
        await pilot.press("enter")
        await opened(pilot)
        outline = app_of(pilot).link.outline
        assert outline is not None
        assert outline.columns == ["name", "age", "port", "survived"]


async def test_what_cannot_be_read_can_be_left(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(str(untidy(tmp_path)))
    async with app.run_test(size=SIZE) as pilot:
        await looked_at(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 2
    assert "reads decimal commas" in app.farewell


async def test_from_the_run_changes_lead_through_the_set_up(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        await opened(pilot)
        await pilot.press("5")
        await looked_at(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)
        await pilot.press("5")
        await looked_at(pilot)
        await pilot.press("u", "enter")
        await says(pilot, "3 inputs")
        assert isinstance(pilot.app.screen, SetupScreen)
        await pilot.press("enter")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)
        outline = app_of(pilot).link.outline
        assert outline is not None
        assert outline.sizes[0] == 3


async def test_no_keys_break_it(make_app: MakeApp) -> None:
    """Every key in any order leaves what an experiment can be, or the sentence on it."""
    import random

    async with make_app().run_test(size=SIZE) as pilot:
        screen, _ = await data(pilot, "iris")
        for key in random.Random(3).choices(MONKEY_KEYS, k=40):
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: screen.idle)
        assert screen.described is not None
        refused = screen.described.refused
        assert refused is None or refused.sentence in outcome(screen)[2:]

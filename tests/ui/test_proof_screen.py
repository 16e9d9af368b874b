"""The proof: what is found, what a mistake makes of it, what is refused; in Layers and in words."""

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from tests.session.runs import ask, go, look_at
from tests.session.runs import opened as engine_with
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, at, opened, told, until
from tests.ui.test_run_screen import text_of
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.protocol.messages.data import Check, Outline
from tuiprop.protocol.messages.frame import Frame
from tuiprop.protocol.messages.moving import Move, Position
from tuiprop.protocol.messages.proof import (
    ArrayProof,
    MistakeNote,
    Proof,
    ProofNote,
    SetMistake,
    Verify,
)
from tuiprop.training.experiment import to_tables
from tuiprop.ui import status
from tuiprop.ui.dialogs import Choose
from tuiprop.ui.drawing.line import Line
from tuiprop.ui.run.facts import proof_lines
from tuiprop.ui.run.layers import LayerRow, LayersPanel, Marks
from tuiprop.ui.verify import words as proving
from tuiprop.ui.verify.screen import ProofScreen
from tuiprop.update.arrays import ArrayRef
from tuiprop.verify.injection import Mistake
from tuiprop.verify.mistakes import MISTAKES

SIZE = (80, 24)


async def proof(pilot: Pilot[int]) -> ProofScreen:
    """Open the proof on a run that is open, and wait for what it finds."""
    await opened(pilot)
    pilot.app.push_screen(ProofScreen(app_of(pilot).link))
    await until(pilot, lambda: isinstance(pilot.app.screen, ProofScreen))
    screen = pilot.app.screen
    assert isinstance(screen, ProofScreen)
    await until(pilot, lambda: screen.query_one("#mistakes", OptionList).option_count > 0)
    await says(pilot, "all checks pass")
    return screen


async def says(pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: words in str(pilot.app.screen.query_one("#found").border_title))


def report(pilot: Pilot[int]) -> str:
    return str(pilot.app.screen.query_one("#report", Static).render())


async def choose(pilot: Pilot[int], mistake: str) -> None:
    mistakes = pilot.app.screen.query_one("#mistakes", OptionList)
    mistakes.focus()
    mistakes.highlighted = list(MISTAKES).index(mistake)
    await pilot.press("enter")


async def test_what_is_right(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await proof(pilot)
        assert "✓ all 67 parameters" in report(pilot)
        assert "no update yet" in report(pilot)
        assert "the next batch (32 examples)" in report(pilot)
        assert not screen.query_one("#flag").display
        await pilot.press("b")
        await until(pilot, lambda: "✓ update 1" in report(pilot))
        assert "db[2] ✓" in report(pilot)
        assert "b[2] ✓" in report(pilot)
        await pilot.press("B")
        await until(pilot, lambda: "no update yet" in report(pilot))
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        ("weight_gradient", "wrong: dW[1], dW[2]"),
        ("bias_gradient", "wrong: db[1], db[2]"),
        ("bias_twice", "wrong: b[1], b[2]"),
    ],
)
async def test_a_mistake_goes_on_and_off_by_enter(
    make_app: MakeApp, mistake: str, wrong: str
) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await proof(pilot)
        await choose(pilot, mistake)
        await until(
            pilot,
            lambda: str(screen.query_one("#found").border_title).replace("\\", "").endswith(wrong),
        )
        assert screen.query_one("#found").has_class("-wrong")
        flag = screen.query_one("#flag", Line)
        assert flag.display
        assert "MISTAKE INJECTED" in text_of(pilot, 1)
        assert MISTAKES[mistake].title in text_of(pilot, 1) + text_of(pilot, 2)
        await pilot.press("enter")
        await says(pilot, "all checks pass")
        await until(pilot, lambda: not flag.display)
        assert "✓ update 2" in report(pilot)


async def test_weights_computed_with_a_mistake_are_not_exported(
    make_app: MakeApp, tmp_path: Path
) -> None:
    async with make_app("iris").run_test(size=SIZE, notifications=True) as pilot:
        await opened(pilot)
        await pilot.press("v")
        await says(pilot, "all checks pass")
        await choose(pilot, "bias_gradient")
        await says(pilot, "db")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is app_of(pilot).run_screen)
        await until(pilot, lambda: bool((f := app_of(pilot).run_screen.frame) and f[Proof].mistake))
        await pilot.press("x")
        await until(pilot, lambda: len(pilot.app.screen_stack) > 2)
        pilot.app.screen.query_one(Input).value = str(tmp_path / "w.npz")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        await pilot.press("enter")  # the newest, not those of the best epoch
        await until(
            pilot,
            lambda: any("go back to update" in each for each in told(pilot)),
        )
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("mistake", MISTAKES.values())
def test_the_flag_says_all_in_80_columns(mistake: Mistake) -> None:
    note = MistakeNote(name=mistake.name, title=mistake.title, right="", sentence="")
    lines = proving.flag(note, 80)
    assert max(line.cell_length for line in lines) <= 80
    text = "".join(line.plain for line in lines)
    assert mistake.title in text
    assert "weights cannot be exported" in text


async def test_one_mistake_takes_the_place_of_another(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        await proof(pilot)
        await choose(pilot, "bias_gradient")
        await says(pilot, "db")
        await choose(pilot, "weight_gradient")
        await says(pilot, "dW")
        assert f"MISTAKE INJECTED: {MISTAKES['weight_gradient'].title}" in text_of(pilot, 1)


async def test_a_mistake_that_changes_nothing_is_refused(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        screen = await proof(pilot)
        await choose(pilot, "loss")
        error = screen.query_one(".error", Static)
        await until(pilot, lambda: error.display)
        assert "the loss here is cross_entropy" in str(error.render())
        assert screen.frame is not None
        assert screen.frame[Position].update == 0
        await pilot.press("down")
        assert not error.display


async def test_with_the_mouse(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZE) as pilot:
        await proof(pilot)
        await pilot.click("#mistakes", offset=(8, 3))
        await says(pilot, "dW")
        footer = pilot.app.screen.query_one("#footer", Line).render_line(0).text
        await pilot.click("#footer", offset=(footer.index("update"), 0))
        await until(pilot, lambda: "update 2" in report(pilot))


# The words


@pytest.fixture(scope="module")
def iris() -> Outline:
    experiment = to_tables(suggested_experiment("iris"))
    engine = engine_with()
    return ask(engine, Check(experiment=experiment))


@pytest.fixture(scope="module")
def proved() -> Frame:
    engine = engine_with()
    go(engine, 3)
    ask(engine, Verify())
    while engine.work() is not None:
        pass
    return ask(engine, look_at())


@pytest.fixture(scope="module")
def mistaken() -> Frame:
    engine = engine_with()
    ask(engine, SetMistake(name="bias_twice"))
    ask(engine, Move(updates=1))
    ask(engine, Verify())
    while engine.work() is not None:
        pass
    return ask(engine, look_at())


def note_of(frame: Frame) -> ProofNote:
    note = frame[Proof].note
    assert note is not None
    return note


def with_note(frame: Frame, note: ProofNote | None) -> Frame:
    """Put another proof into a frame."""
    proof = replace(frame[Proof], note=note)
    return replace(frame, views=[proof if each is frame[Proof] else each for each in frame.views])


def words(frame: Frame, outline: Outline, width: int = 60) -> list[str]:
    lines = proof_lines(frame, width)
    assert all(line.cell_length <= width for line in lines)
    return [line.plain.rstrip() for line in lines]


def test_the_title(proved: Frame, mistaken: Frame) -> None:
    assert status.proof(proved[Proof], 40).plain == "✓ proof 2/2"
    assert status.proof(mistaken[Proof], 40).plain.startswith(" mistake: bias_twice  ✗ b[1], b[2]")
    assert status.proof(mistaken[Proof], 24).plain == " mistake: bias_twice  ✗…"
    assert status.proof(replace(proved[Proof], note=None), 40).plain == ""
    unfinished = replace(
        note_of(proved), finished=False, compared=7, passed=None, layers=[], checks=[]
    )
    assert status.proof(replace(proved[Proof], note=unfinished), 40).plain == "… proof 7/43"
    small = replace(note_of(proved), layers=["rounding dominates"] * 2)
    assert status.proof(replace(proved[Proof], note=small), 40).plain == "· proof 0/2"
    half = replace(note_of(proved), layers=["✓ 1e-10", "rounding dominates"])
    assert status.proof(replace(proved[Proof], note=half), 40).plain == "· proof 1/2"
    failed = replace(unfinished, fault="KeyError: 'lion'")
    assert status.proof(replace(proved[Proof], note=failed), 40).plain == "· proof failed"


def test_the_panel(proved: Frame, mistaken: Frame, iris: Outline) -> None:
    first, second = (each.split()[1] for each in note_of(proved).layers)
    assert words(proved, iris) == [
        f"gradient check  ✓ 1: {first}  ✓ 2: {second}",
        "                all 43 parameters",
        "update audit    ✓ update 3",
    ]
    assert words(mistaken, iris)[0] == "mistake         b[l] is changed twice by its gradient"
    assert words(mistaken, iris)[3].startswith("update audit    ✗ b[1], b[2], m(b[1])")
    assert words(with_note(proved, None), iris) == ["gradient check  … in a moment"]
    many = replace(note_of(proved), layers=["✓ 1e-10"] * 9, parameters=5000)
    assert words(with_note(proved, many), iris)[:2] == [
        "gradient check  ✓ 9 of 9 layers",
        "                all 5,000 parameters",
    ]
    half = replace(note_of(proved), layers=["✓ 1e-10"] * 8 + ["not finite"])
    assert words(with_note(proved, half), iris)[0] == "gradient check  · 8 of 9 layers"
    failed = replace(note_of(proved), finished=False, fault="KeyError: 'lion'")
    assert words(with_note(proved, failed), iris) == ["gradient check  · failed: KeyError: 'lion'"]
    none = replace(note_of(proved), audits=[])
    assert words(with_note(proved, none), iris)[2] == "update audit    … v audits an update"


def test_the_report_tells_bounds_and_what_is_unchecked(proved: Frame) -> None:
    def array(symbol: str, l: int, verdict: str, **fields: Any) -> ArrayProof:
        return ArrayProof(array=ArrayRef(symbol, l), verdict=verdict, **fields)

    checks = [
        array("dW", 1, "right", figure=3e-16, bound=5e-14, compared=24),
        array("db", 1, "unchecked", why="rounding dominates", figure=0.5),
        array("dW", 2, "wrong", figure=0.871, bound=1e-14, compared=24),
        array("db", 2, "wrong", figure=2e-6, bound=1e-14, compared=3),
    ]
    note = replace(note_of(proved), checks=checks, passed=False)
    lines = [line.plain for line in proving.report(note)]
    text = "\n".join(lines)
    assert "dW[1] ✓ 3e-16 ≤ 5e-14 of 24" in text
    assert "db[1] · rounding dominates" in text
    assert "dW[2] ✗ 0.87 > 1e-14 of 24" in text
    assert "db[2] ✗ 2e-06 > 1e-14 of 3" in text
    assert proving.wrong(note) == ["dW[2]", "db[2]"]
    checks[2] = replace(checks[2], ratio=-1 / 24)
    note = replace(note, checks=checks, mistakes=["dW[l] = 0: It is."])
    explained = [line.plain for line in proving.report(note)]
    row = next(line for line in explained if "dW[2]" in line)
    assert "dW[2] ✗ -0.0417 × the right one  " in row
    assert "  explained by dW[l] = 0: It is." in explained
    assert "  z, a, J, da, dz  ✓ 9 arrays" in lines
    operations = [array("z", 1, "right", figure=0), array("J", 2, "wrong", figure=0.25)]
    note = replace(note_of(proved), operations=operations)
    assert proving.wrong(note) == ["J"]
    assert head_of(note).startswith("✗ ")
    assert "  z, a, J, da, dz  ✗ J 0.25" in [line.plain for line in proving.report(note)]
    note = replace(note, operations=[operations[0], array("a", 1, "unchecked", figure=0)])
    assert "  z, a, J, da, dz  · 1 of 2 arrays right" in [e.plain for e in proving.report(note)]


def test_nothing_is_wrong_is_said_only_where_every_array_was_compared(proved: Frame) -> None:
    note = note_of(proved)
    assert proving.verdict(note) == "✓ all checks pass"
    assert head_of(note).startswith("✓ all 43 parameters")
    checks = [replace(note.checks[0], verdict="unchecked", why="not finite"), *note.checks[1:]]
    one = replace(note, checks=checks)
    assert proving.verdict(one) == "· 1 of 4 arrays cannot be checked"
    assert head_of(one).startswith("· 1 of 4 arrays cannot be checked; all 43 parameters")
    failed = replace(note, finished=False, checks=[], audits=[], fault="KeyError: 'lion'")
    assert proving.verdict(failed) == "· check failed"
    assert head_of(failed) == "· failed: KeyError: 'lion'"
    assert proving.verdict(None) == proving.verdict(replace(note, finished=False)) == "…"


def head_of(note: ProofNote) -> str:
    """The heading of the gradient check, from its sign on."""
    return proving.report(note)[0].plain.removeprefix("Gradient check").strip()


@pytest.mark.parametrize("width", [100, 110, 120, 160])
async def test_layers_have_the_proof_where_it_fits(make_app: MakeApp, width: int) -> None:
    async with make_app("iris").run_test(size=(width, 36)) as pilot:
        await opened(pilot)
        await at(pilot, 0)
        panel = pilot.app.screen.query_one(LayersPanel)
        shapes = panel.layer_rows[1].shapes
        row = LayerRow(8, "tanh", shapes, 1.0, 0.1, "✗ dW[1], db[1]")
        small = LayerRow(3, "softmax", shapes, 1.0, 0.1, "rounding dominates")
        panel.show(
            [panel.layer_rows[0], row, small], Marks()
        )  # no pause: the run would show its own
        lines = [panel.render_line(y).text for y in range(4)]
        assert "proof" in lines[0]
        assert "✗ dW[1]" in lines[2]
        assert ("rounding dominates" in lines[3]) != ("unchecked" in lines[3])
        assert "‖dW‖" in lines[0]
        assert width < 160 or "✗ dW[1], db[1]" in lines[2]

"""The operation with its numbers: operands, origins, what if, branches, copies."""

import re
from decimal import Decimal
from itertools import product
from pathlib import Path

import numpy as np
from textual.pilot import Pilot
from textual.widgets import Input, OptionList

import tuiprop
from tests.ui.conftest import MakeApp
from tests.ui.driving import (
    app_of,
    at,
    bench_of,
    frame_of,
    go_to,
    opened,
    originates,
    told,
    try_out,
    until,
)
from tests.ui.reading import still
from tuiprop.data.catalogue import suggested_experiment
from tuiprop.protocol.messages.arrays import Numbers
from tuiprop.protocol.messages.moving import Motion, Move, Position
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.provenance import Provenance
from tuiprop.protocol.messages.settings import EffectiveSettings
from tuiprop.protocol.messages.training import Branches, BranchNote, History
from tuiprop.protocol.messages.what_if import Trial
from tuiprop.ui.dialogs import AskText, Choose
from tuiprop.ui.drawing.numbers import short
from tuiprop.ui.run.go_to import PLACES, branch_words
from tuiprop.ui.run.layers import LayersPanel
from tuiprop.ui.run.operation import NowPanel
from tuiprop.ui.run.what_if import WhatIfPanel
from tuiprop.update.arrays import ArrayRef

WIDE, NARROW, LOW = (120, 36), (80, 24), (80, 18)


async def at_operation(pilot: Pilot[int], number: int) -> None:
    await until(
        pilot,
        lambda: (now := frame_of(pilot)[CurrentOperation].now) is not None and now.number == number,
    )


async def at_array(pilot: Pilot[int], array: ArrayRef) -> None:
    await until(pilot, lambda: bench_of(pilot).matrix.array == array)


async def test_the_operands_are_those_of_the_record(make_app: MakeApp) -> None:
    record = tuiprop.record(suggested_experiment("iris"), update=1)
    async with make_app("iris").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("p", "p", "l", "2")  # to db[2]: the backward operations of layer 2
        await at_operation(pilot, 9)
        await pilot.press("O")
        await at_operation(pilot, 8)
        operands = bench_of(pilot).operands
        await until(pilot, lambda: all(view.matrix is not None for view in operands.views))
        assert [str(view.array) for view in operands.views] == ["dz[2]", "a[1]"]
        for size in (NARROW, WIDE):
            await pilot.resize_terminal(*size)
            await still(pilot)
            for view, array in zip(operands.views, (record.dz[2], record.a[1]), strict=True):
                assert view.matrix is not None
                shown = view.matrix.values
                window = view.matrix.window
                rows = slice(window.row, window.row + window.rows)
                columns = slice(window.column, window.column + window.columns)
                assert shown == array[rows, columns].tolist()


async def test_the_operands_follow_the_cursor_in_the_result(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("o", "2")
        await at_operation(pilot, 1)
        bench = bench_of(pilot)
        await until(pilot, lambda: len(bench.operands.views) == 3)
        await pilot.press("down", "down", "right", "right", "right")
        W, a, b = bench.operands.views
        await until(pilot, lambda: (W.row, a.column, b.row) == (2, 3, 2))
        assert (W.followed, a.followed, b.followed) == (
            *((True, False), (False, True)),
            (True, False),
        )


async def test_adam_is_seen_whole_with_its_slots_and_steps(
    make_app: MakeApp, tmp_path: Path
) -> None:
    (tmp_path / "adam.toml").write_text(
        '[data]\nsource = "spiral"\n[training]\noptimizer = "adam"\n'
    )
    async with make_app(str(tmp_path / "adam.toml")).run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("b", "2")
        bench = bench_of(pilot)
        await until(
            pilot,
            lambda: (
                len(bench.operands.views) == 4
                and all(
                    view.matrix is not None and view.matrix.window.columns == 2
                    for view in (bench.matrix, *bench.operands.views)
                )
            ),
        )
        views = (bench.matrix, *bench.operands.views)
        assert all(len(view._not_shown()) <= view.size.width for view in views)
        await until(pilot, lambda: bench.source.terms is not None)
        assert bench.source.terms is not None
        page = bench.source.terms.page()
        seen = [line.plain for line in page.lines[: page.room]]
        for step in ("m = ", "v = ", "m̂ = ", "v̂ = ", "ΔW = "):
            (line,) = (line for line in seen if line.startswith(step))
            assert line.count(" = ") == 3, "the rule, its numbers, what comes of them"
        assert page.foot[-1].plain.startswith("✓")


async def test_what_lies_beyond_the_edges_is_never_cut(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("o", "2", "right", "right", "down")
        await at_operation(pilot, 1)
        view = bench_of(pilot).matrix
        for width, steps in ((60, 12), (26, 0)):
            view.styles.width, view.styles.max_width = width, width
            await until(pilot, lambda width=width: view.size.width < width)  # type: ignore[misc]
            await pilot.press(*["right"] * steps)
            await until(pilot, lambda: view.matrix is not None and view.matrix.window.column > 0)
            await still(pilot)
            text = view._not_shown()
            assert "←" in text
            assert text.rstrip().endswith("→")
            assert len(text) <= view.size.width


async def test_at_80_columns_the_operands_stand_below_the_result(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("o", "2")
        await at_operation(pilot, 1)
        bench = bench_of(pilot)
        await until(pilot, lambda: len(bench.operands.views) == 3)
        views = [bench.matrix, *bench.operands.views]
        for view in views:
            await until(pilot, lambda view=view: view.has_focus)  # type: ignore[misc]
            assert all(each.is_on_screen for each in views)
            await pilot.press("tab")
        await until(pilot, lambda: bench.source.has_focus)
        assert not any(view.is_on_screen for view in views)


async def test_in_few_lines_the_operands_are_one_key_away(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=LOW) as pilot:
        await opened(pilot)
        await pilot.press("o", "2")
        await at_operation(pilot, 1)
        bench = bench_of(pilot)
        await until(pilot, lambda: len(bench.operands.views) == 3)
        seen = []
        for _ in range(5):
            shown = [view for view in (bench.matrix, *bench.operands.views) if view.is_on_screen]
            seen.append([str(view.array) for view in shown] or ["source"])
            assert bench.source.is_on_screen is (not shown)
            before = pilot.app.focused
            await pilot.press("tab")
            await until(pilot, lambda before=before: pilot.app.focused is not before)  # type: ignore[misc]
            await pilot.pause(0.05)
        assert seen == [["z[1]"], ["W[1]"], ["a[0]"], ["b[1]"], ["source"]]


async def test_terms_are_followed_and_backspace_returns(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        pilot.app.screen.query_one(LayersPanel).choose(ArrayRef("dW", 2))
        await at_array(pilot, ArrayRef("dW", 2))
        await pilot.press("enter", "enter")
        bench = bench_of(pilot)
        await originates(pilot, "dW[2][setosa,u0]")
        await until(pilot, lambda: bench.source.has_focus)
        origin = frame_of(pilot)[Provenance].note
        assert origin is not None
        assert origin.matches
        sizes = [abs(term.value) for term in origin.terms]
        assert sizes == sorted(sizes, reverse=True)
        example = origin.terms[0].name
        assert example.split()[1] in ("setosa", "versicolor", "virginica")
        await pilot.press("right", "enter")
        await originates(pilot, f"a[1][u0,{example.split()[0]}]")
        await pilot.press("enter")
        await originates(pilot, f"z[1][u0,{example.split()[0]}]")
        assert bench.matrix.value == frame_of(pilot)[Provenance].note.shown  # type: ignore[union-attr]
        await pilot.press("enter")
        await until(pilot, lambda: "before" in frame_of(pilot)[Provenance].note.name)  # type: ignore[union-attr]
        origin = frame_of(pilot)[Provenance].note
        assert origin is not None
        assert "Initial value" in origin.sentence
        for array in (ArrayRef("z", 1), ArrayRef("a", 1), ArrayRef("dW", 2)):
            await pilot.press("backspace")
            await at_array(pilot, array)
        await pilot.press("escape")
        await until(pilot, lambda: bench.matrix.has_focus)


async def test_a_number_is_tried_nudged_and_reverted(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        before = bench_of(pilot).matrix.value
        await try_out(pilot, "0.5")
        assert "WHAT IF" in str(pilot.app.screen.query_one("#title").render_line(0))
        await until(pilot, lambda: bench_of(pilot).matrix.value == 0.5)
        await pilot.press("+")
        await until(pilot, lambda: frame_of(pilot)[Trial].what_if.after > 0.5)  # type: ignore[union-attr]
        await pilot.press("b")
        await pilot.pause(0.2)
        assert frame_of(pilot)[Trial].what_if is not None, "nothing moves before it is decided"
        await pilot.press("escape")
        await until(pilot, lambda: frame_of(pilot)[Trial].what_if is None)
        assert (frame_of(pilot)[Branches].current, frame_of(pilot)[Position].update) == (0, 1)
        await until(pilot, lambda: bench_of(pilot).matrix.value == before)


async def test_kept_it_is_a_branch_and_the_first_is_returned_to(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "10", 40)
        await go_to(pilot, "5", 20)
        await try_out(pilot, "3")
        await pilot.press("enter")
        await until(pilot, lambda: frame_of(pilot)[Trial].what_if is None)
        assert frame_of(pilot)[Branches].current == 1
        await pilot.press("e")
        await at(pilot, 24)
        courses = app_of(pilot).run_screen.chart.courses
        assert courses.training.count == 7
        assert [curve.count for curve in courses.others] == [11]
        await go_to(pilot, "branch 0", 40)
        assert frame_of(pilot)[Branches].current == 0
        assert courses.training.count == 11


async def test_settings_are_changed_from_here_on(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE, notifications=True) as pilot:
        await opened(pilot)
        await go_to(pilot, "2", 8)
        await pilot.press("c")
        await until(pilot, lambda: isinstance(pilot.app.screen, Choose))
        options = pilot.app.screen.query_one(OptionList)
        options.highlighted = options.get_option_index("learning_rate")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        pilot.app.screen.query_one(Input).value = "much"
        await pilot.press("enter")
        assert "a number, such as" in str(pilot.app.screen.query_one(".error").render())
        pilot.app.screen.query_one(Input).value = "0.05"
        await pilot.press("enter")
        await until(pilot, lambda: frame_of(pilot)[EffectiveSettings].learning_rate == 0.05)
        await until(pilot, lambda: said(pilot, "From update 9 on: learning rate 0.05."))
        assert "sgd 0.05" in str(pilot.app.screen.query_one("#title").render_line(0))
        assert frame_of(pilot)[History].settings_changed == [2]


def said(pilot: Pilot[int], words: str) -> bool:
    return any(words in each for each in told(pilot))


async def test_the_last_operation_is_shown_when_the_update_is_complete(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("p", "p", "p", "p")
        await at(pilot, 1)
        bench = bench_of(pilot)
        await at_array(pilot, ArrayRef("b", 2))
        await until(pilot, lambda: "NOW" in str(bench.query_one("#now", NowPanel).border_title))
        assert bench.has_class("-has-operation")
        assert "operation 17 of 17" in str(bench.query_one("#now", NowPanel).border_title)
        await pilot.press("b")
        await at(pilot, 2)
        await until(pilot, lambda: not bench.has_class("-has-operation"))


async def test_an_update_can_be_followed_with_paper_and_pencil(make_app: MakeApp) -> None:
    """At 80x24, of every operation: every number is there whole, and what is printed adds up."""
    async with make_app("xor-table").run_test(size=NARROW) as pilot:
        await opened(pilot)
        bench = bench_of(pilot)
        await pilot.press("2")
        for number in range(1, 18):
            await pilot.press("o")
            await until(pilot, lambda n=number: now_of(pilot) == n)  # type: ignore[misc]
            await pilot.press("enter", "end")
            await until(
                pilot,
                lambda: bench.source.has_focus and frame_of(pilot)[Provenance].note is not None,
            )
            origin = frame_of(pilot)[Provenance].note
            assert origin is not None
            assert origin.matches
            terms = bench.source.terms
            assert terms is not None
            page = terms.page()
            lines = [line.plain.rstrip() for line in [*page.lines, *page.foot]]
            assert max(map(len, lines)) <= bench.source.size.width
            assert not any("…" in line for line in lines)
            scale = terms.scale
            printed = {float(scale.write(term.value)) for term in origin.terms}
            parts = [part.strip("[]") for line in lines for part in line.split()]
            of_screen = {float(part) for part in parts if is_number(part)}
            assert printed <= of_screen
            total = sum(float(scale.write(term.value)) for term in origin.terms)
            assert abs(total - float(scale.write(origin.total))) < 3 * 10.0**-scale.places
            for term in origin.terms:
                factors = [float(short(f.value, terms.figures)) for f in term.factors]
                assert all(any(abs(f - s) < 1e-12 for s in of_screen) for f in factors)


async def test_what_is_in_sight_of_a_sum_closes(make_app: MakeApp) -> None:
    """The visible terms and the rest add up to the sum, as printed too."""
    async with make_app("iris").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press(*"oooooooo", "2", "enter")  # dW[2]
        bench = bench_of(pilot)
        await until(
            pilot, lambda: bench.source.has_focus and frame_of(pilot)[Provenance].note is not None
        )
        for size, key in product((NARROW, WIDE), ("down", "pagedown", "end", "home")):
            await pilot.resize_terminal(*size)
            await pilot.press(key)
            terms = bench.source.terms
            assert terms is not None
            page = terms.page()
            assert 0 <= bench.source.size.height - page.room - len(page.foot) <= 1
            seen = page.lines[terms.top : terms.top + page.room][max(0, page.first - terms.top) :]
            numbers = [[part.strip("[]") for part in line.plain.split()] for line in seen]
            values = [Decimal([part for part in parts if is_number(part)][-1]) for parts in numbers]
            more, total, *printed, verdict = (line.plain for line in page.foot)
            assert more.split()[:2] == [str(32 - len(seen)), "more"]
            adds_up_to = sum(values, Decimal(more.split()[-1]))
            assert adds_up_to == Decimal((printed or [total])[-1].split()[-1])
            assert abs(adds_up_to - Decimal(total.split()[-1])) < Decimal("0.01")
            assert verdict.startswith("✓")


def now_of(pilot: Pilot[int]) -> int:
    now = frame_of(pilot)[CurrentOperation].now or frame_of(pilot)[CurrentOperation].completed
    return now.number if now else 0


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", text) is not None


async def test_one_panel_or_all_as_the_terminal_grows_and_shrinks(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=LOW) as pilot:
        await opened(pilot)
        await pilot.press("o", "2")
        await at_operation(pilot, 1)
        bench = bench_of(pilot)
        await until(pilot, lambda: len(bench.operands.views) == 3)
        await pilot.press("tab", "tab")
        W, a, b = bench.operands.views
        await until(pilot, lambda: a.is_on_screen and a.has_focus)
        await pilot.resize_terminal(*WIDE)
        await until(pilot, lambda: all(v.is_on_screen for v in (bench.matrix, W, a, b)))
        await pilot.press("tab")
        await until(pilot, lambda: b.has_focus)
        await pilot.resize_terminal(*LOW)
        await until(pilot, lambda: b.is_on_screen and not bench.matrix.is_on_screen)
        assert b.has_focus
        await pilot.press("o")
        await until(pilot, lambda: bench.matrix.is_on_screen and bench.matrix.has_focus)


async def test_what_is_tried_is_seen_from_where_it_is_asked(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=NARROW) as pilot:
        await opened(pilot)
        await pilot.press("b", "2", "enter")
        bench = bench_of(pilot)
        await until(pilot, lambda: bench.source.has_focus)
        app_of(pilot).run_screen.try_out(bench.matrix.cell, 0.75)
        await until(pilot, lambda: bench.query_one("#whatif").is_on_screen)
        assert "more arrays" in str(bench.query_one("#whatif", WhatIfPanel).render_line(5).text)


async def test_go_to_lists_the_branches(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await go_to(pilot, "2", 8)
        await try_out(pilot, "0.5")
        await pilot.press("enter")
        await until(pilot, lambda: frame_of(pilot)[Trial].what_if is None)
        await pilot.press("g")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        words = str(pilot.app.screen.query_one(".words").render())
        assert "branch 1: from 0 at update 8, reaches 8 (here)" in words
        assert "branch 0: reaches 8" in words


async def test_go_to_has_room_for_many_branches_at_80_columns(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=NARROW) as pilot:
        await opened(pilot)
        branches = [
            BranchNote(number=i, parent=i - 1, fork=12345, reached=12345, edits=[])
            for i in range(30)
        ]
        words = branch_words(Branches(current=29, branches=branches))
        pilot.app.push_screen(AskText("Go to", f"{PLACES}\n{words}"))
        await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
        await pilot.pause()
        for part in (".title", ".words", "Input"):
            assert pilot.app.screen.query_one(part).region.bottom <= NARROW[1] - 2
            assert pilot.app.screen.query_one(part).region.y >= 1


async def choose(pilot: Pilot[int], answer: str) -> None:
    await until(
        pilot,
        lambda: (
            isinstance(pilot.app.screen, Choose)
            and answer in [option.id for option in pilot.app.screen.query_one(OptionList).options]
        ),
    )
    options = pilot.app.screen.query_one(OptionList)
    options.highlighted = options.get_option_index(answer)
    await pilot.press("enter")


async def test_an_array_is_copied(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("y")
        await choose(pilot, "array NumPy")
        await choose(pilot, "clipboard")
        await until(pilot, lambda: bool(pilot.app.clipboard))
        namespace: dict[str, object] = {"np": np}
        exec(pilot.app.clipboard, namespace)
        record = tuiprop.record(suggested_experiment("xor-table"), update=1)
        assert np.array_equal(namespace["W1"], record.W[1])  # type: ignore[arg-type]


async def test_an_operation_is_copied_and_runs(make_app: MakeApp) -> None:
    record = tuiprop.record(suggested_experiment("spiral"), update=1)
    async with make_app("spiral").run_test(size=WIDE) as pilot:
        await opened(pilot)
        reached = 0
        for operations in (1, 5, 8, 14):
            app_of(pilot).run_screen.move(Move(operations=operations - reached))
            reached = operations
            await at_operation(pilot, operations)
            now = frame_of(pilot)[CurrentOperation].now
            assert now is not None
            await at_array(pilot, now.result)
            await until(pilot, lambda: bench_of(pilot).matrix.matrix is not None)
            pilot.app.copy_to_clipboard("")
            await pilot.press("y")
            await choose(pilot, "operation NumPy")
            await choose(pilot, "clipboard")
            await until(pilot, lambda: bool(pilot.app.clipboard))
            namespace: dict[str, object] = {}
            exec(pilot.app.clipboard, namespace)
            expected = record.array(now.result)
            assert np.allclose(namespace[now.result.numpy], expected, rtol=1e-12)  # type: ignore[arg-type]


async def test_into_a_file_where_the_clipboard_is_refused(
    make_app: MakeApp, tmp_path: Path
) -> None:
    async with make_app("xor-table").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press("b")
        await at(pilot, 1)
        for what, suffix in (("array CSV", "csv"), ("operation LaTeX", "tex"), ("record", "npz")):
            if what.startswith("operation"):
                pilot.app.screen.query_one(LayersPanel).choose(ArrayRef("dW", 1))
                await until(pilot, lambda: frame_of(pilot)[Numbers].shown is not None)
            await pilot.press("y")
            await choose(pilot, what)
            if what != "record":
                await choose(pilot, "file")
            await until(pilot, lambda: isinstance(pilot.app.screen, AskText))
            path = tmp_path / f"out.{suffix}"
            pilot.app.screen.query_one(Input).value = str(path)
            await pilot.press("enter")
            await until(pilot, path.exists)
            await until(pilot, lambda: not isinstance(pilot.app.screen, AskText))
        assert (tmp_path / "out.csv").read_text().startswith(",x1,x2\nu0,")
        assert r"\frac{1}{m}" in (tmp_path / "out.tex").read_text()
        record = tuiprop.record(suggested_experiment("xor-table"), update=1)
        with np.load(tmp_path / "out.npz") as arrays:
            assert np.array_equal(arrays["dW1"], record.dW[1])


async def test_operations_are_walked_at_a_pace(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=WIDE) as pilot:
        await opened(pilot)
        await pilot.press(*["minus"] * 20)  # down to one operation a second
        await pilot.press(*["plus"] * 4)  # 20 a second
        await pilot.press("space")
        seen = set()

        def eight_operations() -> bool:
            now = frame_of(pilot)[CurrentOperation].now
            seen.add(now.number if now else 0)
            return len(seen) > 8

        await until(pilot, eight_operations)
        assert frame_of(pilot)[Motion].status == "playing"
        await pilot.press("space")
        await until(pilot, lambda: frame_of(pilot)[Motion].status == "paused")

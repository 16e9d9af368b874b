"""Every number on the screen is whole, has its power of ten, and is that of the record."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot

import tuiprop
from tests.ui.conftest import MakeApp
from tests.ui.driving import app_of, bench_of, frame_of, opened, until
from tests.ui.reading import matrix_on, screen_lines, still, terms_on
from tuiprop.protocol.messages.moving import Motion, Move, Position
from tuiprop.protocol.messages.operation import CurrentOperation
from tuiprop.protocol.messages.provenance import Provenance
from tuiprop.ui.run.matrix import MatrixView
from tuiprop.update.arrays import ArrayRef, CellRef
from tuiprop.update.record import Record

SIZES = [(80, 24), (100, 30), (120, 36), (160, 48)]
ENOUGH = 3
"""Rows of numbers of a result that are seen at every size."""

DIVERGING = """
[data]
source = "plane"
points = 200
validation = 0.2
[network]
layers = [{ units = 8, activation = "relu" }, { units = 1, activation = "linear" }]
initializer = "he_normal"
loss = "mse"
[training]
learning_rate = 1.0
batch_size = 20
"""


def network(optimizer: str, layers: int) -> str:
    """Iris with as many layers, three units wide but for the first."""
    hidden = '{ units = 8, activation = "tanh" }, ' * (layers - 1)
    return (
        f'[data]\nsource = "iris"\n[network]\nlayers = [{hidden}'
        '{ units = 3, activation = "softmax" }]\n'
        f'[training]\noptimizer = "{optimizer}"\nlearning_rate = 0.05\n'
    )


def value(record: Record, place: CellRef, *, done: bool) -> float:
    """A number of an update.

    Args:
        record: of the update.
        place: of the number.
        done: the update has changed the array.
    """
    return float(record.array(place.array, after=done)[place.row, place.column])


def check_matrix(pilot: Pilot[int], view: MatrixView, record: Record, *, is_result: bool) -> None:
    matrix = view.matrix
    assert matrix is not None
    window = matrix.window
    shown = matrix_on(pilot, view)
    assert shown.columns >= 1
    least = min(ENOUGH, matrix.shape[0])
    assert len(shown.rows) >= least
    now = frame_of(pilot)[CurrentOperation].now
    done = is_result and now is not None and now.result.symbol in ("W", "b")
    for i, row in enumerate(shown.rows, window.row):
        for j, number in enumerate(row, window.column):
            at = CellRef(view.array, i, j)
            assert number.is_of(value(record, at, done=done)), (at, number)
    told = "\n".join(screen_lines(pilot))
    beyond = matrix.shape[1] - window.column - shown.columns
    assert not beyond or re.search(rf"\b{beyond} (more columns? )?→", told)


def check_terms(pilot: Pilot[int]) -> None:
    panel = bench_of(pilot).source
    origin = panel.origin
    if not panel.is_on_screen or origin is None or not origin.terms:
        return
    terms = iter(origin.terms)
    for before, number in terms_on(pilot, panel):
        if before == ["sum"]:
            assert number.is_of(origin.total)
        elif before[-1:] == ["more"] or before == ["rounded", "terms"]:
            continue
        else:
            term = next(terms)
            assert number.is_of(term.value), (term, number)


def check_screen(pilot: Pilot[int], record: Record) -> None:
    """All that is on the screen."""
    for line in screen_lines(pilot):
        assert not re.search(r"[\d.]…|…[\d.]", line), line
    bench = bench_of(pilot)
    check_matrix(pilot, bench.matrix, record, is_result=True)
    operands = [view for view in bench.operands.views if view.is_on_screen]
    for view in operands:
        check_matrix(pilot, view, record, is_result=False)
    check_terms(pilot)
    if operands:
        shared = {
            matrix_on(pilot, view).exponent
            for view in (bench.matrix, *operands)
            if view in (bench.matrix, *bench.operands.summands) and view.largest
        }
        sizes = [view.largest for view in (bench.matrix, *bench.operands.summands) if view.largest]
        assert len(shared) <= 1 or max(sizes) > 1e4 * min(sizes)


async def check_everywhere(
    pilot: Pilot[int], record: Record, sizes: Sequence[tuple[int, int]] = SIZES
) -> None:
    """Check the overview and the operation view, at each of these sizes."""
    for view in ("1", "2"):
        await pilot.press(view)
        for size in sizes:
            await pilot.resize_terminal(*size)
            await still(pilot)
            assert bench_of(pilot).matrix.is_on_screen
            check_screen(pilot, record)
    await pilot.press("1")


@pytest.mark.parametrize(
    ("optimizer", "layers", "sizes"),
    [
        ("sgd", 2, SIZES[2:3]),
        ("sgd", 2, (*SIZES[:2], SIZES[3])),
        ("adam", 9, SIZES[::2]),
    ],
)
async def test_numbers_at_every_size(
    make_app: MakeApp,
    tmp_path: Path,
    optimizer: str,
    layers: int,
    sizes: Sequence[tuple[int, int]],
) -> None:
    path = tmp_path / "experiment.toml"
    path.write_text(network(optimizer, layers))
    record = tuiprop.record(tuiprop.load(path), update=1)
    operations = 8 * layers + 1
    first_da = 2 * layers + 1 + 4 * (layers - 1) + 1
    async with make_app(str(path)).run_test(size=SIZES[0]) as pilot:
        await opened(pilot)
        await check_everywhere(pilot, record, sizes)  # before the first operation
        at = 0

        def is_there() -> bool:
            now = frame_of(pilot)[CurrentOperation].now
            return now is not None and now.number == at

        for number in (1, first_da, first_da + 2, 6 * layers + 2, 6 * layers + 3):
            app_of(pilot).run_screen.move(Move(operations=number - at))
            at = number
            await until(pilot, is_there)
            await check_everywhere(pilot, record, sizes)
        assert frame_of(pilot)[Position].operations == operations


async def test_numbers_where_a_run_diverges(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "diverging.toml"
    path.write_text(DIVERGING)
    async with make_app(str(path)).run_test(size=SIZES[0]) as pilot:
        await opened(pilot)
        await pilot.press("space")
        await until(pilot, lambda: bool(frame_of(pilot)[Motion].diverged))
        with np.errstate(all="ignore"):
            record = tuiprop.record(tuiprop.load(path), update=frame_of(pilot)[Position].update + 1)
        assert not np.isfinite(record.z[2]).all()
        await check_everywhere(pilot, record)
        origin = frame_of(pilot)[Provenance].note
        assert origin is not None
        assert not np.isfinite(origin.shown)


async def test_no_operands_before_the_first_operation(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("2")
        await still(pilot)
        bench = bench_of(pilot)
        assert [view for view in bench.query(MatrixView) if view.is_on_screen] == [bench.matrix]
        assert bench.matrix.outer_size.width == 120
        assert not bench.operands.is_on_screen
        assert any("Press o" in line for line in screen_lines(pilot)[:6])


async def test_the_opening_example_is_whole(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=SIZES[0]) as pilot:
        await opened(pilot)
        await pilot.press("o", "2")
        await until(pilot, lambda: len(bench_of(pilot).operands.views) == 3)
        bench = bench_of(pilot)
        for size in SIZES[:3]:
            await pilot.resize_terminal(*size)
            await still(pilot)
            shapes = {}
            for view in (bench.matrix, *bench.operands.views):
                shown = matrix_on(pilot, view)
                shapes[str(view.array)] = (len(shown.rows), shown.columns)
            assert shapes == {"z[1]": (3, 4), "W[1]": (3, 2), "a[0]": (2, 4), "b[1]": (3, 1)}, size


async def test_every_operand_shows_numbers(make_app: MakeApp) -> None:
    async with make_app("iris").run_test(size=SIZES[0]) as pilot:
        await opened(pilot)
        app_of(pilot).run_screen.move(Move(operations=10))  # da[1] = W[2]ᵀ · dz[2]
        await pilot.press("2")
        await until(pilot, lambda: len(bench_of(pilot).operands.views) == 2)
        bench = bench_of(pilot)
        for size in ((80, 24), (80, 36), (80, 50), (90, 24), (100, 30), (120, 36)):
            await pilot.resize_terminal(*size)
            await still(pilot)
            for view in (bench.matrix, *bench.operands.views):
                shown = matrix_on(pilot, view)
                assert len(shown.rows) >= ENOUGH, size
                assert shown.columns >= 2, size


async def test_terms_of_a_sum_have_one_power_of_ten(make_app: MakeApp) -> None:
    async with make_app("wine").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        app_of(pilot).run_screen.move(Move(updates=1))
        app_of(pilot).run_screen.move(Move(operations=15))  # b[1] := b[1] − α db[1]
        await pilot.press("2")
        bench = bench_of(pilot)
        await until(
            pilot,
            lambda: (
                bench.matrix.array == ArrayRef("b", 1)
                and len(bench.operands.views) == 2
                and all(view.matrix is not None for view in bench.operands.views)
            ),
        )
        await still(pilot)
        views = [bench.matrix, *bench.operands.views]
        own = {view.largest >= 0.1 for view in views}
        assert own == {True, False}, "each by itself would have another"
        assert {matrix_on(pilot, view).exponent for view in views} == {0}


async def test_a_panel_of_any_width_shows_whole_numbers_or_none(make_app: MakeApp) -> None:
    async with make_app("xor-table").run_test(size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("b", "2")
        view = bench_of(pilot).matrix
        await until(pilot, lambda: view.matrix is not None and view.matrix.made)
        record = tuiprop.record(tuiprop.data.catalogue.suggested_experiment("xor-table"), update=2)
        app_of(pilot).run_screen.layers_panel.choose(ArrayRef("dW", 1))
        record = tuiprop.record(tuiprop.data.catalogue.suggested_experiment("xor-table"), update=1)
        await until(pilot, lambda: view.array.symbol == "dW" and view.matrix is not None)
        for width in range(6, 28):
            view.styles.width = view.styles.max_width = width
            await still(pilot)
            shown = matrix_on(pilot, view)
            for row, exact in zip(shown.rows, record.dW[1], strict=True):
                for number, each in zip(row, exact, strict=False):
                    assert number.is_of(float(each)), (width, number)

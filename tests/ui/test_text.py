"""What becomes text without a screen: numbers, curves, ticks, places, copies."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from tuiprop.protocol.messages.arrays import Matrix, Window
from tuiprop.protocol.messages.moving import Seek
from tuiprop.ui.drawing.curve import MOST, Curve
from tuiprop.ui.drawing.numbers import exact, scale_of, short, sparkline, whole, within
from tuiprop.ui.drawing.ticks import linear_ticks, log_ticks
from tuiprop.ui.run.copying import COPY_FORMS
from tuiprop.ui.run.go_to import parse_place
from tuiprop.ui.setup.fields import to_option, to_text, to_value, without
from tuiprop.update.arrays import ArrayRef


@pytest.mark.parametrize(
    ("largest", "exponent", "places"),
    [(0.0130, -3, 2), (1.0, 0, 3), (12.3, 0, 2), (999.0, 0, 1), (1000.0, 3, 3), (3e-9, -9, 3)],
)
def test_one_power_of_ten_for_a_matrix(largest: float, exponent: int, places: int) -> None:
    scale = scale_of(largest)
    assert (scale.exponent, scale.places) == (exponent, places)


@given(st.floats(min_value=1e-290, max_value=1e290), st.floats(min_value=-1, max_value=1))
def test_a_cell_is_at_most_six_wide_and_right_to_its_last_place(
    largest: float, share: float
) -> None:
    scale = scale_of(largest)
    value = largest * share
    written = scale.write(value)
    assert len(written) <= 6
    step = 10.0 ** (scale.exponent - scale.places)
    assert abs(float(written) * 10.0**scale.exponent - value) <= 0.5001 * step
    assert written != "-" + "0" * (len(written) - 1)


def test_no_minus_zero_and_ascii_minus() -> None:
    assert scale_of(1.0).write(-0.0001) == "0.000"
    assert scale_of(1.0).write(-0.5) == "-0.500"
    assert scale_of(0.0).write(math.nan) == "nan"
    assert (scale_of(0.013).mark, scale_of(1.0).mark, scale_of(6.7e121).mark) == ("e-3", "", "e120")


@given(st.floats(min_value=5e-324, max_value=1.797e308), st.integers(5, 12))
def test_a_number_has_the_columns_it_is_given_and_its_power_of_ten(
    largest: float, width: int
) -> None:
    scale = scale_of(largest, width)
    for value in (largest, -largest, -largest / 3):
        written = scale.write(value)
        assert len(written) <= scale.width <= width
        step = Decimal(10) ** (scale.exponent - scale.places)
        shown = Decimal(f"{written}{scale.mark}")
        assert abs(shown - Decimal(value)) <= step * Decimal("0.5000001")


@given(st.floats(min_value=1e-5, max_value=999), st.integers(5, 12))
def test_a_smaller_array_has_the_power_of_ten_of_a_larger_one(largest: float, width: int) -> None:
    scale = scale_of(largest, width, exponent=0)
    assert not scale.mark
    written = scale.write(-largest)
    assert len(written) <= scale.width <= width
    assert abs(Decimal(written) + Decimal(largest)) <= Decimal("0.5000001") * Decimal(10) ** (
        -scale.places
    )
    if width >= 9:
        assert float(written) != 0


@given(
    st.floats(allow_nan=False, allow_infinity=False).filter(bool),
    st.integers(7, 20),
    st.integers(1, 12),
)
def test_a_number_is_within_its_columns_or_not_there(
    value: float, width: int, figures: int
) -> None:
    written = within(value, width, figures)
    assert 0 < len(written) <= width
    exact = Decimal(value)
    assert abs(Decimal(written) - exact) <= abs(exact) * Decimal("0.501")
    assert within(value, 2, 1) == "" or len(within(value, 2, 1)) <= 2


@given(st.text(alphabet="ab1.5e-(, )", max_size=30), st.integers(0, 30))
def test_a_line_is_never_cut_within_a_number(words: str, width: int) -> None:
    line = whole(Content(words), width)
    assert line.cell_length <= width
    kept = line.plain.removesuffix("…")
    if kept != words:
        assert words.startswith(kept)
        cut = (kept.split(" ")[-1], words[len(kept) :].split(" ")[0])
        assert not any(c.isdigit() for part in cut for c in part) or not all(cut)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        *((None, "…"), (0.0, "0"), (0.079, "0.0790"), (12.345, "12.3"), (3.2e-6, "3.20e-6")),
        *((math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "nan"), (123456.7, "1.23e5")),
    ],
)
def test_short(value: float | None, written: str) -> None:
    assert short(value) == written


@pytest.mark.parametrize(
    ("value", "written"), [(-0.0, "0.0"), (0.1 + 0.2, "0.30000000000000004"), (-1e-310, "-1e-310")]
)
def test_every_digit(value: float, written: str) -> None:
    assert exact(value) == written


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=5000),
    st.integers(1, 200),
)
def test_a_curve_keeps_extremes_in_bounded_memory(values: list[float | None], columns: int) -> None:
    curve = Curve()
    for value in values:
        curve.add(value)
    points = curve.points(columns)
    known = [(e, v) for e, v in enumerate(values) if v is not None]
    assert len(curve._buckets) <= MOST
    assert len(points) <= 2 * columns
    assert points == sorted(points)
    assert set(points) <= set(known)
    if known:
        assert min(v for _, v in points) == min(v for _, v in known)
        assert max(v for _, v in points) == max(v for _, v in known)
        assert (curve.first, curve.newest) == (known[0][1], known[-1][1])


def test_a_long_curve_stays_small() -> None:
    curve = Curve()
    for epoch in range(100_000):
        curve.add(1.0 / (1 + epoch))
    assert len(curve._buckets) <= MOST
    points = curve.points(50)
    assert points[0] == (0.0, 1.0)
    assert points[-1][0] > 99_000


def test_what_is_not_finite_is_counted_and_left_out() -> None:
    curve = Curve()
    for value in (1.0, math.inf, math.nan, 2.0):
        curve.add(value)
    assert curve.left_out == 2
    assert [v for _, v in curve.points(10)] == [1.0, 2.0]


@given(st.floats(-1e9, 1e9), st.floats(0, 1e9))
def test_linear_ticks_are_round_and_span_the_values(low: float, span: float) -> None:
    high = low + span
    ticks = linear_ticks(low, high)
    places = [place for place, _ in ticks]
    step = places[1] - places[0]
    assert 2 <= len(ticks) <= 8
    assert len({label for _, label in ticks}) == len(ticks)
    assert places[0] <= low + 1e-5 * step
    assert places[-1] >= high - 1e-5 * step
    leading = step / 10.0 ** math.floor(math.log10(step) + 1e-3)
    assert min(abs(leading - factor) for factor in (1, 2, 5, 10)) < 1e-3 * leading


def test_log_ticks() -> None:
    assert [label for _, label in log_ticks(-4.2, 1.3)] == ["1e-4", "1e-2", "1e0"]
    assert [label for _, label in log_ticks(math.log10(0.1), math.log10(0.6))] == [
        "0.1",
        "0.2",
        "0.5",
    ]
    assert [label for _, label in log_ticks(math.log10(0.3), math.log10(0.4))] == ["0.3", "0.4"]
    assert [label for _, label in log_ticks(math.log10(0.34), math.log10(1.7))] == [
        *("0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"),
    ]


def test_sparkline() -> None:
    assert sparkline([0.0, 1.0, 2.0]) == "▁▅█"
    assert sparkline([]) == ""
    assert sparkline([3.0, 3.0]) == "▁▁"


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("47", Seek(epoch=47)),
        ("epoch 3", Seek(epoch=3)),
        ("e3", Seek(epoch=3)),
        ("+10", Seek(ahead=10)),
        ("-2", Seek(ahead=-2)),
        ("- 99", Seek(ahead=-99)),
        ("u187", Seek(update=187)),
        ("update 7", Seek(update=7)),
        ("start", Seek(update=0)),
        ("newest", Seek(place="newest")),
        ("best", Seek(place="best")),
        ("END", Seek(place="end")),
        ("branch 2", Seek(branch=2)),
        ("br0", Seek(branch=0)),
    ],
)
def test_places(typed: str, place: Seek) -> None:
    assert parse_place(typed) == place


@pytest.mark.parametrize("typed", ["", "x", "1.5", "u", "+", "10 epochs", "9" * 30])
def test_places_that_are_none(typed: str) -> None:
    sentence = parse_place(typed)
    assert isinstance(sentence, str)
    assert "u187" in sentence


def test_form_values() -> None:
    assert to_value("3", "whole") == 3
    assert to_value(" 0.5 ", "number") == 0.5
    assert to_value("abc", "whole") == "abc"
    assert to_value("a, b", "text") == ["a", "b"]
    assert to_option("0.9, 0.999") == [0.9, 0.999]
    column = {"column": "split", "value": 'a "b"'}
    assert to_value(to_text(column), "number") == column
    assert to_value("{ column", "number") == "{ column"
    assert to_text([0.9, 0.999]) == "0.9, 0.999"
    assert to_text(0.25) == "0.25"
    tables = {"network": {"loss": "mse", "seed": 0}}
    assert without(tables, "network.loss") == {"network": {"seed": 0}}
    assert tables["network"]["loss"] == "mse"


def _matrix() -> Matrix:
    return Matrix(
        window=Window(array=ArrayRef("dW", 2), rows=2, columns=2),
        shape=(2, 2),
        before=[],
        values=[[0.1, -2.5e-7], [1 / 3, 4.0]],
        row_names=["a,b", "u1"],
        column_names=["u0", 'q"'],
        figures=None,
    )


def test_copies_are_exact() -> None:
    namespace: dict[str, object] = {"np": np}
    exec(COPY_FORMS["NumPy"](_matrix()), namespace)
    assert np.array_equal(namespace["dW2"], _matrix().values)  # type: ignore[arg-type]
    import csv
    import io

    rows = list(csv.reader(io.StringIO(COPY_FORMS["CSV"](_matrix()))))
    assert rows[0] == ["", "u0", 'q"']
    assert [float(cell) for cell in rows[2][1:]] == [1 / 3, 4.0]
    assert rows[1][0] == "a,b"
    assert COPY_FORMS["LaTeX"](_matrix()).startswith("dW^{[2]} = \\left[\\begin{array}{cc}")

"""The terms of a number as lines: whole at every width."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprop.protocol.messages.provenance import FactorNote, ProvenanceNote, TermNote
from tuiprop.ui.drawing.numbers import whole
from tuiprop.ui.run.terms import Terms
from tuiprop.update.arrays import ArrayRef, CellRef

PLACE = CellRef(ArrayRef("dW", 2))
numbers = st.floats(allow_nan=False, allow_infinity=False)


def origin_of(values: list[float], factors: list[float]) -> ProvenanceNote:
    return ProvenanceNote(
        cell=PLACE,
        name="dW[2][versicolor,u4]",
        shown=sum(values),
        equation="dW[2][versicolor,u4] = (1/32) Σᵢ dz[2][versicolor,i] * a[1][u4,i]",
        terms=[
            TermNote(
                name=f"#{i + 98} versicolor",
                value=value,
                factors=[
                    FactorNote(array=f"a[{k}]", name="", value=factor, cell=PLACE)
                    for k, factor in enumerate(factors)
                ],
            )
            for i, value in enumerate(values)
        ],
        total=sum(values),
        value=sum(values),
    )


@given(
    st.lists(numbers, min_size=1, max_size=6),
    st.lists(numbers, max_size=4),
    st.integers(24, 130),
    st.booleans(),
)
def test_every_term_is_whole(
    values: list[float], factors: list[float], width: int, chosen: bool
) -> None:
    origin = origin_of(values, factors)
    terms = Terms(origin, width, 40, 0, (0, 0) if chosen else None)
    page = terms.page()
    lines = page.lines[page.first : page.first + len(values)]
    heading = page.lines[page.first - 1].plain
    assert heading.rstrip().endswith(terms.scale.mark)
    for line, value in zip(lines, values, strict=True):
        assert whole(line, width) is line
        words = re.sub(r"[█▒ ]+$", "", line.plain).split()
        assert words[-1] == terms.scale.write(value)
    for line in (*page.lines, *page.foot):
        assert not re.search(r"[\d.]…|…[\d.]", whole(line, width).plain)


@pytest.mark.parametrize("width", [42, 60, 116])
def test_a_sum_with_an_infinity_has_the_power_of_ten_of_its_finite_terms(width: int) -> None:
    values = [float("-inf"), -6.741195574864599e121, 3.0e121]
    terms = Terms(origin_of(values, [1.0]), width, 20, 0, None)
    page = terms.page()
    assert terms.scale.mark == "e120"
    written = [line.plain.rstrip(" █▒").split()[-1] for line in page.lines[page.first :]]
    assert written[0] == "-inf"
    assert Decimal(f"{written[1]}e120") == pytest.approx(
        Decimal("-67.412e120"), rel=Decimal("1e-3")
    )
    assert page.foot[0].plain.split() == ["sum", "-inf"]


@pytest.mark.parametrize("factors", [0, 1, 2, 3, 4])
def test_the_sum_beside_three_factors_is_whole(factors: int) -> None:
    terms = Terms(origin_of([0.25, 0.125], [1.5] * factors), 42, 20, 0, None)
    foot = [line.plain.split() for line in terms.page().foot]
    assert ["sum", terms.scale.write(0.375)] in foot
    assert all(line.cell_length <= 42 for line in terms.page().foot)

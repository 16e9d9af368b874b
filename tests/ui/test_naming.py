"""Names that are cut and still told apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprop.ui.drawing.names import cut, told_apart


@pytest.mark.parametrize(
    ("names", "width", "expected"),
    [
        (["setosa", "versicolor"], 8, ["setosa", "versico…"]),
        (["category a", "category b"], 10, ["category a", "category b"]),
        (["category a", "category b", "z"], 5, ["cat…a", "cat…b", "z"]),
        (["a_long_name_1", "a_long_name_12"], 8, ["a_lon…1", "a_lon…12"]),
        (["xx_one_long_end", "xx_two_long_fin"], 3, ["x…d", "x…n"]),
        (["concave_points_mean", "concave_points_worst"], 14, ["concave_…mean", "concave_…worst"]),
    ],
)
def test_names_are_told_apart(names: list[str], width: int, expected: list[str]) -> None:
    assert told_apart(names, width) == expected


def test_the_beginning_is_kept() -> None:
    assert cut("versicolor", 5) == "vers…"
    assert cut("abc", 3) == "abc"


@given(st.lists(st.text("ab_", min_size=1, max_size=12), unique=True), st.integers(1, 14))
def test_they_fit(names: list[str], width: int) -> None:
    assert all(len(name) <= width for name in told_apart(names, width))
    assert told_apart(names, 12 + width) == names

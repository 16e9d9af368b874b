from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuiprop.data.catalogue import CATALOGUE, load_table
from tuiprop.data.column_summary import (
    ALL_MISSING,
    BINS,
    CONSTANT,
    GIVES_AWAY,
    IDENTIFIER,
    Bar,
    Summary,
    summary_of,
)
from tuiprop.data.table import Column, Table
from tuiprop.training.experiment import DataSettings


def summary(values: Any) -> Summary:
    return summary_of(Column("x", values), ())


def test_numbers_are_summed_up() -> None:
    found = summary(np.array([1.0, np.nan, 3.0, 3.0, 5.0]))
    assert (found.kind, found.missing, found.distinct) == ("whole number", 1, 3)
    assert (found.low, found.high, found.mean) == (1.0, 5.0, 3.0)
    assert found.deviation == np.std([1, 3, 3, 5])
    assert [bar.count for bar in found.bars if bar.count] == [1, 2, 1]
    assert (found.bars[0].label, len(found.bars), found.others) == ("1", BINS, 0)
    assert summary(np.array([0.5, 1.0])).kind == "number"


def test_text_is_counted_the_most_frequent_first() -> None:
    found = summary(("b", "a", "", "b", "c"))
    assert (found.kind, found.missing, found.distinct) == ("text", 1, 3)
    assert found.bars == (Bar("b", 2), Bar("a", 1), Bar("c", 1))
    assert (found.low, found.mean) == (None, None)
    many = summary(tuple(f"n{i}" for i in range(40)))
    assert (len(many.bars), many.others) == (16, 24)
    assert many.flags == (IDENTIFIER,)


def test_columns_are_flagged() -> None:
    codes = np.array([0.0, 1.0, 1.0, 0.0] * 5)
    table = Table(
        "t",
        (
            Column("id", np.arange(20.0)),
            Column("copy", 3 - codes),
            Column("same", ("x",) * 20),
            Column("none", np.full(20, np.nan)),
            Column("y", codes),
        ),
    )
    flags = {each.name: summary_of(each, [table["y"]]).flags for each in table.columns}
    assert flags == {
        "id": (IDENTIFIER,),
        "copy": (GIVES_AWAY,),
        "same": (CONSTANT,),
        "none": (ALL_MISSING,),
        "y": (),
    }


@pytest.mark.parametrize("name", CATALOGUE)
def test_nothing_is_flagged_in_what_comes_with_it(name: str) -> None:
    table = load_table(DataSettings(source=name))
    targets = [table.columns[-1]]
    flagged = [each.name for each in table.columns if summary_of(each, targets).flags]
    # corners of the picture in which nobody writes
    assert flagged == (["pixel_0_0", "pixel_4_0", "pixel_4_7"] if name == "digits" else [])


@given(
    st.lists(st.floats(allow_infinity=False), min_size=1, max_size=30)
    | st.lists(st.text(max_size=3), min_size=1, max_size=30).map(tuple)
)
def test_every_cell_is_counted_once(values: Any) -> None:
    values = values if isinstance(values, tuple) else np.array(values)
    found = summary(values)
    assert found.missing + sum(bar.count for bar in found.bars) + found.others == len(values)
    if found.low is not None and found.high is not None:
        assert found.low <= found.high

import numpy as np

from tests.refusals import refused
from tuiprop.data.table import Column, DataError, Table, format_number
from tuiprop.wording import listed, quote

TABLE = Table("t.csv", (Column("a", np.array([1.0, 2.5])), Column("b", ("x", "y"))))


def test_a_table_has_rows_and_names_and_columns_by_name() -> None:
    assert TABLE.rows == 2
    assert TABLE.names == ("a", "b")
    assert "a" in TABLE
    assert "c" not in TABLE
    assert TABLE["b"].is_text
    assert not TABLE["a"].is_text


def test_an_absent_column_is_answered_with_those_that_exist() -> None:
    with refused(DataError, "", 'no column "c"; the columns are a, b', file="t.csv"):
        TABLE["c"]


def test_no_missing_cell_takes_no_memory() -> None:
    for values in (np.arange(1000.0), ("x",) * 1000):
        missing = Column("a", values).missing
        assert missing.shape == (1000,)
        assert missing.strides == (0,)
        assert not missing.any()
    assert list(Column("a", np.array([1.0, np.nan])).missing) == [False, True]
    assert list(Column("a", ("", "x")).missing) == [True, False]


def test_numbers_as_text_are_whole_or_the_shortest_exact_decimal() -> None:
    assert TABLE["a"].as_text() == ("1", "2.5")
    assert TABLE["b"].as_text() == ("x", "y")
    assert [format_number(x) for x in (-1.0, -0.0, 0.1, 1e15, 1e16)] == [
        "-1",
        "0",
        "0.1",
        "1000000000000000",
        "1e+16",
    ]


def test_names_in_a_sentence_are_shortened_and_counted() -> None:
    assert listed(["a", "b", "c"], most=2) == "a, b and 1 more"
    assert quote("x" * 50) == '"' + "x" * 37 + '..."'
    assert quote("a\nb\x1b") == '"a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}"'

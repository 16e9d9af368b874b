from pathlib import Path

import numpy as np
import pytest

from tuiprop.data.catalogue import CATALOGUE, load_table
from tuiprop.data.readers.formats import read_table
from tuiprop.data.table import Column, Table
from tuiprop.data.writer import to_csv
from tuiprop.training.experiment import DataSettings


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_is_written_is_read_again(tmp_path: Path, name: str) -> None:
    table = load_table(DataSettings(source=name))
    path = tmp_path / "t.csv"
    path.write_text(to_csv(table))
    again = read_table(path)
    assert again.names == table.names
    for column, twin in zip(table.columns, again.columns, strict=True):
        np.testing.assert_array_equal(column.values, twin.values)


def test_missing_cells_are_empty_and_text_is_quoted_where_it_must() -> None:
    columns = (Column("a", np.array([1.0, np.nan])), Column("b", ('x, "y"', "")))
    assert to_csv(Table("t", columns)) == 'a,b\n1,"x, ""y"""\n,\n'

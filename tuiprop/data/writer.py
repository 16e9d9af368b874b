"""A table as text, for other programs."""

import csv
import io

from tuiprop.data.table import Table


def to_csv(table: Table) -> str:
    """The table as CSV: a header, commas, a decimal point; numbers at full precision."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(table.names)
    writer.writerows(zip(*(column.as_text() for column in table.columns), strict=True))
    return text.getvalue()

"""Converter from Parquet on standard input to Arrow's format on standard output.

It is a process of its own, as a damaged file can abort the process that reads it.
"""

import sys
from io import BytesIO

import polars as pl


def main() -> None:
    """Convert the table; on failure write the reason and exit with status 1."""
    content = sys.stdin.buffer.read()
    try:
        frame = pl.read_parquet(BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        sys.stdout.write(str(error))
        sys.exit(1)
    frame.write_ipc_stream(sys.stdout.buffer)


if __name__ == "__main__":
    main()

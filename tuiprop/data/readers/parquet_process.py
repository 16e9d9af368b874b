"""A Parquet file on standard input, the same table in Arrow's format on standard output.

It runs in a process of its own, as a damaged file can abort the process that reads it.
"""

import sys
from io import BytesIO

import polars as pl


def main() -> None:
    """Read, and write; where that cannot be, write why, and end with status 1."""
    content = sys.stdin.buffer.read()
    try:
        frame = pl.read_parquet(BytesIO(content))
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        sys.stdout.write(str(error))
        sys.exit(1)
    frame.write_ipc_stream(sys.stdout.buffer)


if __name__ == "__main__":
    main()

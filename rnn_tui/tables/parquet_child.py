"""A program of its own that reads a Parquet file, so that a damaged one ends only this process.

The library that reads it checks little: a wrong length can end the whole process, past any
exception. This program gets the file at standard input and the limits as arguments, and answers
with a column store that is known to be whole; its exit code says what was wrong.

It is run by its path and imports nothing of the package.
"""

from __future__ import annotations

import io
import os
import sys

DAMAGED, TOO_WIDE, TOO_LARGE = 11, 12, 13


def main() -> int:
    """Convert standard input; the arguments are the most columns and the most cells."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # the library prints its own account of a failure
    import polars as pl

    widest, most = int(sys.argv[1]), int(sys.argv[2])
    data = sys.stdin.buffer.read()
    try:
        width = len(pl.read_parquet_schema(data))
        if width > widest:
            return TOO_WIDE
        rows = pl.scan_parquet(data).select(pl.len()).collect().item()
        if rows * max(width, 1) > most:
            return TOO_LARGE
        frame = pl.read_parquet(data)
        target = io.BytesIO()
        frame.write_ipc(target)
    except BaseException:
        return DAMAGED
    sys.stdout.buffer.write(target.getbuffer())
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # threads of the library may still wait for one another

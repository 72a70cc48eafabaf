"""The library that splits tables into cells, imported where the first one is read.

It starts threads of its own and then has locks that a fork would not release: a process that forks
must not have imported it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rnn_tui.files.data_file import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

_THREADS = "POLARS_MAX_THREADS"
_ALLOCATOR = "_RJEM_MALLOC_CONF"
_MOST_THREADS = 4  # each reserves memory, of which a guest's process has little


def prepare() -> None:
    """Import polars with few threads, and with an allocator that has none.

    Where threads are refused, the allocator would fill the terminal with its complaints.
    """
    settings = {
        _THREADS: str(min(_MOST_THREADS, os.cpu_count() or 1)),
        _ALLOCATOR: "background_thread:false",
    }
    added = [name for name in settings if name not in os.environ]
    os.environ.update({name: settings[name] for name in added})
    try:
        import polars  # noqa: F401
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextmanager
def errors_as(path: str, reason: str) -> Iterator[None]:
    """Turn whatever the library raises, a panic too, into a `DataError` with `reason`."""
    import polars as pl

    try:
        yield
    except DataError:
        raise
    except (pl.exceptions.PolarsError, OSError, ValueError, RuntimeError):
        raise DataError("--data", path, reason) from None
    except MemoryError:
        raise DataError("--data", path, "there is not enough memory to read it") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise DataError("--data", path, reason) from None

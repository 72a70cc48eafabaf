"""What a terminal shows while a data file is read: a line that is gone when the screen comes."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rnn_tui.files.data_file import shown_name


@contextlib.contextmanager
def said_while_reading(options: Mapping[str, Any]) -> Iterator[None]:
    """Show "reading FILE …" on stderr, where that is a terminal, until the block ends.

    Args:
        options: those of the command line, of which "data" names the file.
    """
    path = str(options.get("data", ""))
    terminal = sys.stderr.isatty()
    if not path or not terminal or options.get("quiet"):
        yield
        return
    columns = max(shutil.get_terminal_size().columns - 1, 1)  # the last column would wrap
    text = f"reading {shown_name(path)} …"
    _write(f"\r{text[:columns]}\r")
    try:
        yield
    finally:
        _write(f"\r{'':{min(len(text), columns)}}\r")


def _write(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write(text)
        sys.stderr.flush()

"""What is piped into the program: ``--data -`` reads it once, and later readers get it again.

A run reads its data more than once: to see what they are, at a restart, for a second network. A
pipe gives them once.
"""

from __future__ import annotations

import os
import sys
from functools import cache

from rnn_tui.files.limits import data_limit
from rnn_tui.files.regular_file import RefusedFileError, size_text

NAME = "-"
"""The path that stands for standard input."""
_CHUNK = 2**20


@cache
def piped_content() -> bytes:
    """Return all bytes of standard input.

    Raises:
        RefusedFileError: it is a terminal, closed, or longer than --max-data.
        OSError: it cannot be read.
    """
    try:
        descriptor = sys.stdin.fileno()
        terminal = os.isatty(descriptor)
    except (AttributeError, OSError, ValueError):
        raise RefusedFileError("standard input is closed") from None
    if terminal:
        raise RefusedFileError(
            "standard input is a terminal; pipe something into it, or name a file"
        )
    limit, size, parts = data_limit(), 0, []
    while chunk := os.read(descriptor, _CHUNK):
        size += len(chunk)
        if size > limit:
            most = size_text(limit)
            raise RefusedFileError(f"it is longer than the limit of {most}", too_large=True)
        parts.append(chunk)
    return b"".join(parts)


def use_terminal() -> bool:
    """Let standard input be the terminal again, for keys, once all that was piped has been read.

    Returns:
        Whether there is a terminal.
    """
    piped_content()
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError:  # no terminal; or Windows, which has no such file
        return False
    os.dup2(terminal, 0)
    os.close(terminal)
    return True

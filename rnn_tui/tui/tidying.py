"""Tidying after programs that were killed, and what is said of runs that they left."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial


def tidy_up(*, announce: bool) -> tuple[str, Callable[[], None]] | None:
    """Remove what a killed program left in this folder and in the state folder.

    In a thread, after the first screen.

    Args:
        announce: whether runs that can be resumed are to be told of.

    Returns:
        What is said of them, and what notes that it has been said; None if there is nothing to say.
    """
    from rnn_tui.files.atomic_file import remove_leftovers

    remove_leftovers(os.curdir)
    if not announce:
        return None
    from rnn_tui.autosave.resume import announcement, lost_runs, mark_announced
    from rnn_tui.files.autosave_folder import tidy

    tidy()
    runs = lost_runs()
    text = announcement(runs)
    return (text, partial(mark_announced, runs)) if text else None

"""The folder for what the program keeps by itself: autosaves and the log."""

from __future__ import annotations

import errno
from pathlib import Path

from rnn_tui import PROGRAM
from rnn_tui.files.guard import installed


def state_path() -> Path:
    """Return where the folder is, or would be; nothing is created.

    It is `$XDG_STATE_HOME/rnn-tui` or `~/.local/state/rnn-tui` on Linux, and the platform's own
    place elsewhere.
    """
    from platformdirs import user_state_path  # seldom needed, and start-up time counts

    return user_state_path(PROGRAM, appauthor=False)


def state_folder(*below: str) -> Path:
    """Return the folder, or the one called `below` in it; only its owner may enter it.

    It is created if it does not exist.

    Raises:
        OSError: it does not exist and cannot be created; or this is a guest's session.
    """
    if installed():
        raise PermissionError(errno.EPERM, "a kiosk keeps nothing")
    folder = state_path()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in below:
        folder /= name
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder

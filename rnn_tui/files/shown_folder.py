"""The folder of a file, as it is told: from the user's own on, and short."""

from __future__ import annotations

import os

MOST = 30  # characters; of a longer one the middle is left out


def shown_folder(path: str) -> str:
    """Return the folder that a file is in: ~/runs/of-to…/may."""
    folder = os.path.dirname(os.path.abspath(path))
    home = os.path.expanduser("~")
    if os.path.isabs(home) and home != os.sep:
        if folder == home:
            return "~"
        if folder.startswith(home.rstrip(os.sep) + os.sep):
            folder = "~" + folder[len(home.rstrip(os.sep)) :]
    shown = folder if folder.isprintable() else repr(folder)[1:-1]
    if len(shown) <= MOST:
        return shown
    end = (MOST - 1) // 2
    return f"{shown[: MOST - 1 - end]}…{shown[-end:]}"

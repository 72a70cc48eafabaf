"""Which data file a checkpoint may open: one that lies beside it, or one that the user names.

A checkpoint may come from a stranger, and the path in its settings may be that of any file. So the
program does not open it because the checkpoint says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.files.standard_input import NAME as STANDARD_INPUT
from rnn_tui.settings import DECLARATIONS, Settings
from rnn_tui.tensor_files.content import ContentError

_LONGEST_PATH = 4096  # characters of a path that are shown; systems have about this limit


class UnaskedDataError(CheckpointError):
    """A checkpoint names a data file that does not lie beside it, and nobody has agreed to it.

    Attributes:
        data: the path of that file, as the checkpoint has it.
        there: whether there is such a file.
    """

    def __init__(self, path: str | os.PathLike[str], data: str) -> None:
        """Write the message, which names the option that helps."""
        self.data = data
        shown = repr(data[:_LONGEST_PATH])
        self.there = _exists(data)
        lies = "does not lie beside it; if that is meant, "
        if data == STANDARD_INPUT:
            shown, lies = "standard input", "has nothing more; "
        elif not self.there:
            lies = "is not there, nor beside it; if it has moved, "
        super().__init__(path, f"it learns from {shown}, which {lies}name the file with --data")


def with_data_file(
    checkpoint: str | os.PathLike[str], settings: Settings, data: str | None, *, trusted: bool
) -> Settings:
    """Return the settings of a checkpoint with the path of the data file that may be opened.

    Args:
        checkpoint: the file that the settings come from.
        settings: its settings.
        data: the path that the user names; None if there is none.
        trusted: whether the program itself wrote the checkpoint for this user, to a folder of its
            own: then the path in the settings is the one that the user chose.

    Raises:
        UnaskedDataError: the user has to say which file it is.
        ContentError: the user names a file, but this run learns from none.
        SettingError: the user's path does not fit the other settings.
    """
    if not DECLARATIONS["data"].used_by(settings):
        if data is not None and not trusted:
            raise ContentError(f"its task {settings.task} reads no file; leave --data out")
        return settings
    if data is not None:
        return settings.with_(data=data)
    if trusted or not settings.data:
        return settings
    folder = os.path.dirname(os.path.realpath(checkpoint))
    for candidate in _candidates(os.fspath(checkpoint), folder, settings.data):
        if _lies_in(folder, candidate):
            return settings.with_(data=candidate)
    raise UnaskedDataError(checkpoint, settings.data)


def _candidates(checkpoint: str, folder: str, data: str) -> Iterator[str]:
    """Yield the paths that `data` may stand for: as it is, from the checkpoint's folder, its name.

    A file of the same name stands for one that is not there, not for one that is.

    Args:
        checkpoint: the path of the checkpoint.
        folder: its real folder.
        data: the path in its settings.
    """
    exists = os.path.exists(os.path.expanduser(data))
    if exists or os.path.isabs(data):
        yield data
    near = os.path.dirname(checkpoint) or "."
    start = near if os.path.realpath(near) == folder else folder
    for name in (data, os.path.basename(data)):
        path = os.path.normpath(os.path.join(start, name))
        if not path.startswith("~") and os.path.exists(path) and not (exists and name != data):
            exists = True
            yield path


def _exists(path: str) -> bool:
    """Return whether there is a file at a path, which may be unusable."""
    try:
        return os.path.exists(os.path.expanduser(path))
    except ValueError:  # a NUL
        return False


def _lies_in(folder: str, path: str) -> bool:
    """Return whether the real file lies in `folder` itself and is not hidden."""
    try:
        where, name = os.path.split(os.path.realpath(os.path.expanduser(path)))
    except ValueError:  # a NUL
        return False
    return where == folder and not name.startswith(".")

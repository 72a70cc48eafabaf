"""Several files that belong together: all of them are written, or none."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from types import TracebackType

from rnn_tui.files.atomic_file import WriteGuard, write_atomically, writing
from rnn_tui.files.ownership import FileIdentity

NewFile = tuple[str, bytes, WriteGuard]
"""The path, the content, and who says whether it may get its name."""


def write_together(files: Sequence[NewFile]) -> None:
    """Write files completely beside their places, then give all of them their names.

    If one cannot get its name, those that have theirs are taken back: what was there before is
    there again.

    Raises:
        OSError: one of them cannot be written; all is as before.
    """
    with contextlib.ExitStack() as stack:
        recorded = [_Recorded(path, guard) for path, _, guard in files]
        for each in recorded:
            stack.push(each.take_back)
        for (path, content, _), guard in zip(files, recorded, strict=True):
            stack.enter_context(writing(path, content, guard))
        for each in recorded:
            each.may_replace()  # refuses what may not be written while nothing has changed yet


class _Recorded:
    """Asks another guard, and knows what to do if a file that got its name is to lose it again."""

    def __init__(self, path: str, guard: WriteGuard) -> None:
        """Read what is there."""
        self._path, self._guard = path, guard
        self._written: FileIdentity | None = None
        self._before: bytes | None = None
        with contextlib.suppress(FileNotFoundError), open(path, "rb") as file:
            self._before = file.read()

    def may_replace(self) -> bool:
        """Return whether a file is to be replaced."""
        return self._guard.may_replace()

    def written(self, status: os.stat_result) -> None:
        """Note that the file with this status has got the name."""
        self._written = FileIdentity.of(status)
        self._guard.written(status)

    def take_back(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Put back what was there, after an error, unless somebody else has changed it since."""
        if error is None or self._written is None:
            return
        with contextlib.suppress(OSError):
            if FileIdentity.of(os.stat(self._path)) != self._written:
                return
            if self._before is None:
                os.unlink(self._path)
            else:
                write_atomically(self._path, self._before)

"""Atomic writing: a file is written completely or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], content: bytes) -> None:
    """Write `content` to `path`; at every moment either the old or the new file is there, complete.

    The content goes to a temporary file in the same folder, which is synced to the disk and then
    renamed. A symbolic link is followed; the permissions of a replaced file are kept.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
    """
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    with _replacement(target) as file:
        _write_all(file, content)
        os.fsync(file)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # so that the new name, too, survives a power cut
    finally:
        os.close(folder)


def _write_all(file: int, content: bytes) -> None:
    """Write all of `content`, in as many system calls as it takes."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


@contextlib.contextmanager
def _replacement(target: Path) -> Iterator[int]:
    """Open a temporary file that replaces `target` when the block ends.

    Yields its descriptor. On any exception the temporary file is removed instead.
    """
    file, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", suffix=".tmp", dir=target.parent)
    try:
        try:
            os.fchmod(file, _mode(target))
            yield file
        finally:
            os.close(file)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def _mode(target: Path) -> int:
    """Return the permission bits of `target`, or those of a new file if there is none."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask

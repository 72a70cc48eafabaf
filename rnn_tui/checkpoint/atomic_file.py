"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path


def _write(path: str | os.PathLike[str], content: bytes) -> None:
    """A temporary file in the same folder, synced and then renamed: never half a file."""
    target = Path(os.path.realpath(path))  # through a link, to the file it names
    if target.is_dir():
        raise IsADirectoryError(None, "it is a folder")
    with _temporary(target) as file:
        _write_all(file, content)
        os.fsync(file)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too, survives a power cut
    finally:
        os.close(folder)


def _write_all(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


@contextlib.contextmanager
def _temporary(target: Path) -> Iterator[int]:
    """A new file beside `target` that takes its place, or vanishes when anything goes wrong."""
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
    """The permissions of the file that is replaced, or those of any new file."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask

"""Atomic writing: a file is written completely or not at all.

The content goes to a temporary file beside the target, which is then renamed. A process that is
killed on the way leaves its temporary file behind; `remove_leftovers` deletes such files. The
writer holds a lock on its file that ends with the process, so that a file in use is never deleted.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from rnn_tui.files.process_lock import try_lock

LEFTOVER = re.compile(r"\..{1,120}\.[0-9a-f]{16}\.rnn-tui-tmp", re.DOTALL)
"""The names of temporary files; no other file is ever deleted."""
LONGEST_NAME = 120  # bytes of the target's name that are part of its temporary file's name
NEVER_WAIT = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
SAFE_AGE = 3600.0  # seconds after which a temporary file is a leftover where there are no locks


class WriteGuard(Protocol):
    """Says whether a file may get its name; see `rnn_tui.files.ownership.WriteCheck`."""

    def may_replace(self) -> bool:
        """Return whether a file is to be replaced: if not, the name must still be free.

        Raises:
            OSError: nothing may be written there.
        """

    def written(self, status: os.stat_result) -> None:
        """Note that the file with this status has got the name."""


def write_atomically(
    path: str | os.PathLike[str], content: bytes, guard: WriteGuard | None = None
) -> None:
    """Write `content` to `path`; at every moment either the old or the new file is there, complete.

    The content goes to a temporary file in the same folder, which is synced to the disk and then
    renamed. A symbolic link is followed; the permissions of a replaced file are kept. What killed
    processes left of earlier attempts is removed. Nothing but a regular file is ever replaced.

    Args:
        path: the file.
        content: all of it.
        guard: asked right before the renaming; None: whatever file is there may be replaced.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
    """
    with writing(path, content, guard):
        pass


@contextlib.contextmanager
def writing(
    path: str | os.PathLike[str], content: bytes, guard: WriteGuard | None = None
) -> Iterator[None]:
    """Write `content` beside `path`; it gets its name when the block ends: see `write_atomically`.

    On any exception in the block nothing has changed.

    Raises:
        OSError: the file cannot be written; what was there before is untouched.
    """
    target = Path(os.path.realpath(path))
    _check_kind(path, target)
    remove_leftovers(target.parent)
    with _replacement(target, guard) as file:
        _write_all(file, content)
        os.fsync(file)
        yield
    _sync_folder(target.parent)


def _check_kind(path: str | os.PathLike[str], target: Path) -> None:
    """Refuse a folder, and anything else that is there and is no regular file.

    Where the kernel makes up a link, as for /dev/stdout, its text does not say where it leads.
    """
    for look, each in ((os.stat, path), (os.lstat, target)):
        with contextlib.suppress(FileNotFoundError):
            mode = look(each).st_mode
            if stat.S_ISDIR(mode):
                raise IsADirectoryError(None, "it is a folder")
            if not stat.S_ISREG(mode):
                raise OSError(None, "it is not a regular file")


def check_folder(folder: Path) -> None:
    """Check that files can be made in `folder`; leave none behind.

    Raises:
        OSError: they cannot.
    """
    remove_leftovers(folder)
    file, name = _make_temporary(folder / "check", 0o600)
    os.close(file)
    os.unlink(name)


def remove_leftovers(folder: str | os.PathLike[str]) -> int:
    """Delete the temporary files in `folder` whose writers have died; return how many there were.

    Errors are ignored: a folder that cannot be read is left as it is.
    """
    removed = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if LEFTOVER.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    removed += _remove_leftover(entry.path)
    return removed


def _remove_leftover(path: str) -> bool:
    """Delete a temporary file if it is ours and nobody writes it; return whether it was deleted."""
    status = os.lstat(path)
    ours = not hasattr(os, "geteuid") or status.st_uid == os.geteuid()
    if not (stat.S_ISREG(status.st_mode) and ours):
        return False
    if os.name == "nt":  # nobody can delete a file there that its writer has open
        abandoned = _is_old(status)
    else:
        file = os.open(path, os.O_RDWR | NEVER_WAIT)
        try:
            abandoned = _is_abandoned(file, path)
        finally:
            os.close(file)
    if abandoned:
        os.unlink(path)
    return abandoned


def _is_abandoned(file: int, path: str) -> bool:
    """Return whether the writer of an open temporary file is dead.

    Names are used once: one that still means this file, after its writer has gone, stays unused.
    """
    try:
        return try_lock(file) and os.path.samestat(os.fstat(file), os.lstat(path))
    except FileNotFoundError:
        return False  # its writer has just renamed it
    except OSError:  # a file system without locks
        return _is_old(os.fstat(file))


def _is_old(status: os.stat_result) -> bool:
    return time.time() - status.st_mtime > SAFE_AGE


def _write_all(file: int, content: bytes) -> None:
    """Write all of `content`, in as many system calls as it takes."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync_folder(folder: Path) -> None:
    """Sync a folder to the disk, so that a new name, too, survives a power cut."""
    if os.name == "nt":  # a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _replacement(target: Path, guard: WriteGuard | None) -> Iterator[int]:
    """Open a temporary file that replaces `target` when the block ends.

    Yields its descriptor. On any exception the temporary file is removed instead.
    """
    mode = _mode(target)
    # The system takes the user's umask off the permissions of a new file.
    file, name = _make_temporary(target, 0o666 if mode is None else 0o600)
    with contextlib.ExitStack() as cleanup:
        cleanup.callback(_remove_quietly, name)
        closing = cleanup.enter_context(contextlib.ExitStack())
        closing.callback(os.close, file)
        if mode is not None and hasattr(os, "fchmod"):
            os.fchmod(file, mode)
        yield file
        status = os.fstat(file)
        if os.name == "nt":  # an open file cannot be renamed there
            closing.close()
        _rename(name, target, guard)
        if guard is not None:
            guard.written(status)


def _rename(name: str, target: Path, guard: WriteGuard | None) -> None:
    """Rename a temporary file, if `guard` agrees; a new file never replaces one that appeared.

    Raises:
        FileExistsError: one has appeared.
    """
    if guard is None or guard.may_replace():
        os.replace(name, target)
        return
    try:
        os.link(name, target)  # unlike a renaming it fails if there is such a file
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: an empty file keeps the name free
        os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.replace(name, target)


def _remove_quietly(name: str) -> None:
    """Delete a file; it is no error if there is none any more."""
    with contextlib.suppress(OSError):
        os.unlink(name)


def _make_temporary(target: Path, mode: int) -> tuple[int, str]:
    """Make and lock a temporary file for `target`; return its descriptor and its path."""
    # Cut between two characters; whatever the locale, the file system has the same bytes.
    cut = os.fsencode(target.name)[:LONGEST_NAME].decode("utf-8", "ignore").encode()
    start = os.fsdecode(cut) or "file"
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        name = str(target.parent / f".{start}.{os.urandom(8).hex()}.rnn-tui-tmp")
        file = os.open(name, flags, mode)
        if os.name == "nt" or _is_mine(file, name):
            return file, name
        os.close(file)  # another process took it for a leftover before it was locked


def _is_mine(file: int, name: str) -> bool:
    """Lock a new temporary file; return whether it is there still."""
    try:
        return try_lock(file) and os.path.samestat(os.fstat(file), os.lstat(name))
    except FileNotFoundError:
        return False
    except OSError:  # a file system without locks
        return True


def _mode(target: Path) -> int | None:
    """Return the permission bits of `target`; None if there is no such file."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return None

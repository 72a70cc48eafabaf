"""Locks on files that end with the process that holds them, however it ends."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from types import ModuleType

fcntl: ModuleType | None
msvcrt: ModuleType | None = None
try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    with contextlib.suppress(ImportError):
        import msvcrt

FAR_BYTE = 1 << 30  # the one byte that is locked on Windows: others can still read the content
LOOKS, LOOK_SECONDS = 10, 0.005  # attempts, while somebody only looks who has a lock
HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def try_lock(descriptor: int) -> bool:
    """Lock an open file until it is closed or the process ends; return whether that worked.

    It does not if another process holds the lock, or this one through another descriptor.

    Raises:
        OSError: this file system or platform has no locks.
    """
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        elif msvcrt is not None:
            here = os.lseek(descriptor, 0, os.SEEK_CUR)
            os.lseek(descriptor, FAR_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            finally:
                os.lseek(descriptor, here, os.SEEK_SET)
        else:
            raise OSError(errno.ENOTSUP, "there are no locks on this platform")
    except OSError as error:
        if error.errno in HELD:
            return False
        raise
    return True


def process_lives(number: int) -> bool:
    """Return whether there is a process `number` on this machine; True where nobody can tell."""
    if os.name == "nt":
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


class ProcessLock:
    """A lock file that belongs to one process at a time; it contains that process's number."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Name the lock file; nothing is locked yet."""
        self._path = os.fspath(path)
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """True while this object holds the lock."""
        return self._descriptor is not None

    def acquire(self) -> bool:
        """Take the lock if nobody has it; return whether it is held now.

        Raises:
            OSError: the lock file cannot be made.
        """
        if self.held:
            return True
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(self._path, flags, 0o600)
        try:
            if not self._take(descriptor):
                os.close(descriptor)
                return False
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back, if it is held."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def owner(self) -> int | None:
        """Return the process that holds the lock, 0 if its number is not known, None if none."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            return None
        try:
            return None if self._is_free(descriptor) else _written_number(descriptor)
        finally:
            os.close(descriptor)  # which gives back a lock that was taken to find out

    def _take(self, descriptor: int) -> bool:
        """Take the lock; be patient with a process that has it only for a look, as `owner` does."""
        for _ in range(LOOKS):
            if self._is_free(descriptor):
                return True
            number = _written_number(descriptor)
            if number and process_lives(number):
                return False
            time.sleep(LOOK_SECONDS)
        return False

    def _is_free(self, descriptor: int) -> bool:
        """Take the lock through `descriptor`; return whether that worked, on the file at the path.

        Where the file system has no locks, the number in the file says who holds it.
        """
        try:
            taken = try_lock(descriptor)
        except OSError:
            number = _written_number(descriptor)
            taken = number in (0, os.getpid()) or not process_lives(number)
        # Somebody may have deleted the file since it was opened.
        with contextlib.suppress(OSError):
            return taken and os.path.samestat(os.fstat(descriptor), os.stat(self._path))
        return False


def _written_number(descriptor: int) -> int:
    """Return the process number in a lock file; 0 if there is none."""
    with contextlib.suppress(OSError, ValueError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        return int(os.read(descriptor, 32))
    return 0

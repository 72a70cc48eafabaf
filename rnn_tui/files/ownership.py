"""Which files a run may write: those it loaded or made itself, and names that nobody has taken.

Everything that writes a file the user named asks `RunFiles.check` first. A file is known by what it
is (device and inode), not by how its path is spelled, and by its size and time of change: one that
was replaced or changed behind the program's back is no longer the run's own.
"""

from __future__ import annotations

import contextlib
import dataclasses
import enum
import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rnn_tui.files.regular_file import RefusedFileError, check_kind, kernel_folder

Pathlike = str | os.PathLike[str]

_MOST_NAMES = 10_000  # that are tried for a free one
_MOST_LINKS = 40  # that are followed; systems have this limit


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """A file as it was at one moment.

    Attributes:
        device: the file system.
        inode: the file's number there.
        size: in bytes.
        modified: when its content was changed last, in ns.
    """

    device: int
    inode: int
    size: int
    modified: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileIdentity:
        """Return the identity of the file with this status."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)

    @property
    def place(self) -> tuple[int, int]:
        """The device and inode, which stay when the content changes."""
        return self.device, self.inode


class Standing(enum.Enum):
    """How a run stands to a path that it is to write to."""

    FREE = "there is no file, or an empty one"
    OWN = "the run loaded or made the file"
    AGREED = "the user agreed that the file is replaced"
    FOREIGN = "another run, program or person made the file"
    FORBIDDEN = "the file is never replaced: a special file, or what the run reads"


class FileTakenError(OSError):
    """A path that a run may not write to; the message is a phrase: "it is a folder"."""

    def __init__(self, reason: str) -> None:
        """Keep `reason` where the system's words are kept, too; there is no number."""
        super().__init__(None, reason)
        self.strerror = reason

    def __str__(self) -> str:
        """Return the phrase alone."""
        return str(self.strerror)


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file that a run reads and that nothing it writes may replace.

    Attributes:
        role: what it is to the run, as part of a sentence: "the --data file".
        path: as it was written.
    """

    role: str
    path: str


def data_file(path: str) -> tuple[InputFile, ...]:
    """Return the file that a run learns from, if it has one."""
    return (InputFile("the --data file", path),) if path else ()


class WriteCheck:
    """The answer to whether a run may write to a path, to be given to `write_atomically`.

    Attributes:
        path: the path as it was written.
        standing: how the run stands to it.
        reason: why it may not be written, as a phrase; empty if it may.
        seen: the file that is there; None if there is none.
    """

    def __init__(
        self,
        files: RunFiles,
        path: Pathlike,
        standing: Standing,
        reason: str = "",
        seen: FileIdentity | None = None,
    ) -> None:
        self.path = os.fspath(path)
        self.standing = standing
        self.reason = reason
        self.seen = seen
        self._files = files

    @property
    def allowed(self) -> bool:
        """Whether the run may write to the path."""
        return self.standing in (Standing.FREE, Standing.OWN, Standing.AGREED)

    def require(self) -> None:
        """Refuse a path that may not be written.

        Raises:
            FileTakenError: it may not.
        """
        if not self.allowed:
            raise FileTakenError(self.reason)

    def may_replace(self) -> bool:
        """Look again, right before the new content gets its name.

        Returns:
            Whether a file is to be replaced; otherwise the name must still be free.

        Raises:
            FileTakenError: the path may not be written, or what is there has changed since.
        """
        self.require()
        now = self._files.check(self.path, self.seen)
        if now.standing is Standing.FREE:
            return now.seen is not None
        if not now.allowed or now.seen != self.seen:
            raise FileTakenError(now.reason or "it was changed a moment ago")
        return True

    def written(self, status: os.stat_result) -> None:
        """Note that the file with this status has just been written there: it is the run's own."""
        self._files.note(FileIdentity.of(status), self.path)


class RunFiles:
    """The files that one run loaded or made.

    A restart is a new run, and so is a second network: each begins with no file of its own.

    Attributes:
        path: the file that the run is saved to when no other is named; None for none yet.
    """

    def __init__(self, inputs: Iterable[InputFile] = (), path: str | None = None) -> None:
        """Own nothing yet.

        Args:
            inputs: what the run reads; these files are never replaced.
            path: see the class.
        """
        self.path = path
        self._own: set[FileIdentity] = set()
        self._names: set[str] = set()  # real paths of what it loaded or made
        self._inputs: list[tuple[str, str, tuple[int, int] | None]] = []
        self.protect(*inputs)

    @classmethod
    def of_checkpoint(cls, path: str, inputs: Iterable[InputFile] = ()) -> RunFiles:
        """Return the files of a run that is about to be loaded from `path`.

        To be called before the file is read: what replaces it meanwhile is not the run's own.
        """
        files = cls(inputs, path)
        with contextlib.suppress(OSError, ValueError):  # reading it will say why
            files.note(FileIdentity.of(os.stat(path)), path)
        return files

    def note(self, identity: FileIdentity, path: Pathlike) -> None:
        """Note a file that the run loaded or made."""
        self._own.add(identity)
        self._names.add(_real(path))

    def own_text(self) -> str:
        """Return what `own_again` takes: the file at `path` if it is the run's own, else ""."""
        with contextlib.suppress(OSError):
            check = None if self.path is None else self.check(self.path)
            if check is not None and check.standing is Standing.OWN and check.seen is not None:
                return " ".join(map(str, dataclasses.astuple(check.seen)))
        return ""

    def own_again(self, text: str) -> None:
        """Own the file at `path` as this run did in another process; see `own_text`."""
        with contextlib.suppress(TypeError, ValueError):
            if self.path is not None and text:
                self.note(FileIdentity(*map(int, text.split())), self.path)

    def protect(self, *inputs: InputFile) -> None:
        """Note files that the run reads."""
        for file in inputs:
            path = os.path.expanduser(file.path)
            with contextlib.suppress(OSError):  # a path that leads nowhere needs no protection
                status = _status(path)
                place = None if status is None else FileIdentity.of(status).place
                self._inputs.append((file.role, _real(path), place))

    def check(self, path: Pathlike, agreed: FileIdentity | None = None) -> WriteCheck:
        """Return whether the run may write to `path`.

        Args:
            path: a path as the user wrote it; symbolic links are followed.
            agreed: a file that the user agreed to have replaced, if it is still the same.

        Raises:
            OSError: the path cannot be looked at.
        """
        try:
            status, real = _status(path), _real(path)
        except FileTakenError as error:
            return WriteCheck(self, path, Standing.FORBIDDEN, str(error))
        seen = None if status is None else FileIdentity.of(status)
        if seen in self._own:
            return WriteCheck(self, path, Standing.OWN, seen=seen)
        for role, name, place in self._inputs:
            if name == real or (seen is not None and seen.place == place):
                return WriteCheck(self, path, Standing.FORBIDDEN, f"it is {role}", seen)
        if seen is None or seen.size == 0:
            return WriteCheck(self, path, Standing.FREE, seen=seen)
        if seen == agreed:
            return WriteCheck(self, path, Standing.AGREED, seen=seen)
        changed = "it was changed since this run read or wrote it"
        reason = changed if real in self._names else "there is a file that this run did not make"
        return WriteCheck(self, path, Standing.FOREIGN, reason, seen)

    def check_forced(self, path: Pathlike) -> WriteCheck:
        """Return the same for a user who agreed beforehand to replace what is there."""
        check = self.check(path)
        return self.check(path, check.seen) if check.standing is Standing.FOREIGN else check

    def free_beside(self, path: Pathlike) -> WriteCheck:
        """Return a check of the first path that is free: `path`, or with -2, -3 … in its name.

        Nobody has named it, so an empty file there, or a link that leads nowhere, is not written
        to; where the user names one, it counts as absent.

        Raises:
            OSError: the folder cannot be looked at, or no name in it is free.
        """
        for name in _names_beside(path):
            check = self.check(name)
            taken = check.seen is not None or os.path.islink(name)
            if check.standing is Standing.FREE and not taken:
                return check
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path))


def _names_beside(path: Pathlike) -> Iterable[Path]:
    """Yield `path`, and names like it with numbers: run.safetensors, run-2.safetensors."""
    path = Path(path)
    yield path
    for number in range(2, _MOST_NAMES):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _real(path: Pathlike) -> str:
    """Return the path without symbolic links, as far as it exists."""
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL, or half of a surrogate pair
        raise FileTakenError("it is not a usable path") from None


def _status(path: Pathlike) -> os.stat_result | None:
    """Return the status of the regular file at `path`, None if there is no file.

    Raises:
        FileTakenError: it is something else than a regular file.
        OSError: the path cannot be looked at.
    """
    try:
        status = os.stat(path)
    except FileNotFoundError:
        status = None  # perhaps a symbolic link to nowhere: the file is made there
    except ValueError:
        raise FileTakenError("it is not a usable path") from None
    if status is not None:
        _check_regular(status)
    if _leads_through_kernel(path):
        raise FileTakenError("it is a link of the kernel: name the file itself")
    try:
        there = os.lstat(_real(path))
    except FileNotFoundError:
        there = None
    # What the kernel calls a link may lead elsewhere than its text says: /dev/stdout.
    same = status is there is None or (status and there and os.path.samestat(status, there))
    if not same:
        raise FileTakenError("it is not a regular file")
    return status


def _leads_through_kernel(path: Pathlike) -> bool:
    """Return whether a path is, or leads through, a link that the kernel makes up: /dev/stdout.

    The file at its end belongs to who gave it to the program as its output or input.
    """
    here = os.path.abspath(path)
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(here)
        here = os.path.join(os.path.realpath(folder), name)
        try:
            if not os.path.islink(here):
                return False
            if kernel_folder(os.lstat(here)):
                return True
            here = os.path.join(os.path.dirname(here), os.readlink(here))
        except OSError:  # it has gone
            return False
    return False


def _check_regular(status: os.stat_result) -> None:
    """Refuse folders, devices, pipes, sockets and what the kernel makes up."""
    if stat.S_ISDIR(status.st_mode):
        raise FileTakenError("it is a folder")
    try:
        check_kind(status)
    except RefusedFileError as error:
        raise FileTakenError(str(error)) from None

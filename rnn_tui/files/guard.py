"""A second wall around a guest's session: the process itself refuses what a session never needs.

Nothing in the program lets a guest open a file; should something be forgotten, this still refuses
it. Python tells its audit hooks of every file that is opened, every process that is started and
every connection. The hook reads modules of the installation, the files that the command line names
and what the kernel says of memory; it writes to the terminal. All else is refused. A hook is of the
whole process and cannot be taken away again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable

FAMILIES = frozenset({
    "_winapi", "ftplib", "http", "imaplib", "msvcrt", "nntplib",
    "open", "os", "pickle", "poplib", "pty", "resource", "shutil", "signal", "smtplib",
    "socket", "sqlite3", "subprocess", "syslog", "telnetlib", "tempfile", "urllib", "webbrowser",
    "winreg",
})  # fmt: skip
"""The first words of the events that concern the machine; the others concern Python itself."""
HARMLESS = frozenset({
    "fcntl.fcntl", "mmap.__new__",  # of what is open already
    "os.putenv", "os.unsetenv", "resource.setrlimit", "resource.prlimit", "signal.pthread_kill",
    "socket.__new__",  # two ends within the process, of asyncio; the one to the server
})  # fmt: skip
KERNEL_FILES = (
    "/proc/self/environ", "/sys/fs/cgroup/memory.max",
    "/sys/fs/cgroup/memory/memory.limit_in_bytes",
)  # fmt: skip
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

_installed: list[Guard] = []  # at most one: a hook stays for the life of the process


class RefusedError(PermissionError):
    """What a guest's session may not do; there is no path in the message."""

    def __init__(self, event: str) -> None:
        super().__init__(1, "a kiosk opens no file but those that its command line names")
        self.event = event


class Guard:
    """Decides on the events of the audit hook.

    Attributes:
        refused: the events that were refused, the first hundred of them.
    """

    def __init__(self, files: Iterable[str] = ()) -> None:
        """Allow the installation and the terminal.

        Args:
            files: what the command line names, to be read.
        """
        import sysconfig  # here, because start-up time counts

        paths = sysconfig.get_paths()
        package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        found = [paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
        found += [each for each in sys.path if each.endswith(("-packages", "lib-dynload", ".zip"))]
        self._roots = tuple(
            {os.path.join(os.path.realpath(each), "") for each in (*found, package)}
        )
        self._listed = frozenset(sys.path)  # where the import system looks
        self._readable = frozenset(
            [*KERNEL_FILES, os.devnull, *(os.path.realpath(os.path.expanduser(f)) for f in files)]
        )
        self._writable = frozenset([os.devnull, "/dev/tty", *_terminals()])
        self.refused: list[str] = []
        self._answers: dict[str, Callable[[tuple[object, ...]], bool]] = {
            "open": self._may_open,
            "os.listdir": self._may_list,
            "os.scandir": self._may_list,
            "socket.sendmsg": lambda arguments: arguments[1] is None,  # to its other end alone
            "os.kill": lambda arguments: arguments[0] == os.getpid(),
        }

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        """Refuse an event.

        Raises:
            RefusedError: it is not allowed.
        """
        family = event.partition(".")[0]
        if family not in FAMILIES or event in HARMLESS:
            return
        answer = self._answers.get(event)
        if answer is not None and answer(arguments):
            return
        if len(self.refused) < 100:
            self.refused.append(event)
        raise RefusedError(event)

    def _may_open(self, arguments: tuple[object, ...]) -> bool:
        path, mode, flags = (*arguments, None, None)[:3]
        if isinstance(path, int):
            return True  # it is open already
        name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
        writes = isinstance(flags, int) and bool(flags & _WRITES)
        writes |= isinstance(mode, str) and not set("wax+").isdisjoint(mode)
        if name in self._writable:
            return True
        if writes:
            return False
        return name in self._readable or self._is_installed(name)

    def _may_list(self, arguments: tuple[object, ...]) -> bool:
        path = arguments[0] if arguments else None
        return isinstance(path, str) and (path in self._listed or self._is_installed(path))

    def _is_installed(self, name: str) -> bool:
        """Return whether a path lies in the installation, wherever its links lead."""
        real = os.path.realpath(name)
        return os.path.join(real, "").startswith(self._roots) or real in self._readable


def install(guard: Guard) -> None:
    """Let `guard` decide on all that this process does from now on, for good."""
    sys.dont_write_bytecode = True
    _installed.append(guard)
    sys.addaudithook(guard)


def installed() -> bool:
    """Return whether this process has a guard: then it keeps nothing by itself."""
    return bool(_installed)


def _terminals() -> list[str]:
    """Return the names of the terminals that the process was started with."""
    names = []
    for descriptor in (0, 1, 2):
        try:
            names.append(os.ttyname(descriptor))
        except OSError:
            continue
    return names

"""What a guest's process does with itself between the fork and the program: terminal and limits.

All of this holds against mistakes and against a guest who finds a way to run code: the process has
no file of the server's, cannot gain rights, cannot be read by a debugger of another guest, and ends
with its parent. It has the server's account, though, so that it could signal processes of that
account: run the server in an account of its own.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import struct
import sys
import termios
import time
from dataclasses import dataclass

PRESENTERS_NICE, FOLLOWERS_NICE = 1, 10  # whoever presents waits for none of those who follow
SHORT_TURN = 300_000  # nanoseconds
NICE = 5  # the server's own work, and so all keys on their way, goes before training
CPU_SECONDS = 4 * 60 * 60  # of one session; then SIGXCPU
GROUP_SECONDS = 0.4  # for the kernel to take the nice value of a session
OPEN_FILES = 64
LARGEST_FILE = 2**20  # bytes; guests write nothing but the log of unexpected errors
LARGEST_PICTURE = 2**28  # bytes; a picture for followers is memory, but counts as a file
MORE_DATA = 512 * 2**20  # bytes beyond twice the resident memory that are reserved, not used
THREADS_EACH, THREADS_BESIDE = 64, 1024
OOM_SCORE = 500  # of -1000 … 1000: guests are ended before all else if the machine has no memory
MESSAGES = 3  # the descriptor of the socket to the server, where there is one
_PDEATHSIG, _DUMPABLE, _NO_NEW_PRIVILEGES = 1, 4, 38  # <linux/prctl.h>


@dataclass(frozen=True, slots=True)
class Limits:
    """What a guest's process may take.

    Attributes:
        memory: resident memory in bytes, which the server watches.
        processes: threads of the account; see `most_threads`.
    """

    memory: int
    processes: int


def most_threads(guests: int) -> int:
    """Return how many threads the account may have: those it has, some more, and the guests'.

    The limit counts all threads of an account, not those of a process, and not those of root.
    """
    count = 0
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc"):
            if name.isdigit():
                with contextlib.suppress(OSError):
                    if os.stat(f"/proc/{name}").st_uid == os.getuid():
                        count += len(os.listdir(f"/proc/{name}/task"))
    return count + THREADS_BESIDE + THREADS_EACH * guests


def become_guest(terminal: int, messages: int | None, limits: Limits, role: str = "") -> None:
    """Make this process, just forked, that of a guest.

    Args:
        terminal: the descriptor of the guest's end of the terminal.
        messages: that of the socket to the server, which becomes `MESSAGES`; None for none.
        limits: what the process may take.
        role: "presenter" or "follower", where somebody presents.

    Raises:
        OSError: the terminal is gone.
    """
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    _take_descriptors(terminal, messages)
    _reset_signals()
    nice_values = {"presenter": PRESENTERS_NICE, "follower": FOLLOWERS_NICE}
    _lower_priority(nice_values.get(role, NICE))
    if role == "presenter":
        _ask_for_short_turns()
    _set_limits(limits, LARGEST_PICTURE if role == "presenter" else LARGEST_FILE)
    end_with_parent(signal.SIGKILL)
    _prctl(_NO_NEW_PRIVILEGES, 1)
    _prctl(_DUMPABLE, 0)  # last: files of this process in /proc are root's from here on
    os.umask(0o077)


def _take_descriptors(terminal: int, messages: int | None) -> None:
    """Have the terminal as 0, 1 and 2, the socket as 3, and close all others."""
    for descriptor in (0, 1, 2):
        os.dup2(terminal, descriptor)
    if messages is not None:
        os.dup2(messages, MESSAGES)
    first = MESSAGES if messages is None else MESSAGES + 1
    os.closerange(first, max(os.sysconf("SC_OPEN_MAX"), 1 << 16))


def _reset_signals() -> None:
    """Have every signal do what it does in a program that a shell has just started."""
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError, RuntimeError):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)  # as Python has it
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())


def _lower_priority(nice: int) -> None:
    """Go after the server when there is not enough of the processor or of memory."""
    with contextlib.suppress(OSError):
        nice = os.nice(nice)
    _tell_kernel("/proc/self/oom_score_adj", OOM_SCORE)
    # Where the kernel groups processes by session, nice values count only within one; this is the
    # session's own, which accounts other than root's may set ten times a second, all together.
    deadline = time.monotonic() + GROUP_SECONDS
    while not _tell_kernel("/proc/self/autogroup", nice) and time.monotonic() < deadline:
        time.sleep(0.03)


def _tell_kernel(path: str, value: int) -> bool:
    """Write a number to a file of the kernel; return False if it wants to be asked again."""
    try:
        with open(path, "w", encoding="ascii") as file:
            file.write(str(value))
    except BlockingIOError:
        return False
    except OSError:  # there is no such file, or it is not ours
        return True
    return True


def _ask_for_short_turns() -> None:
    """Have the kernel let this process run at once when it has something to do (Linux 6.12).

    Whoever asks for short turns interrupts those who have longer ones, such as programs that draw.
    Other kernels, and processors that are not listed, do without.
    """
    number = {"x86_64": 314, "aarch64": 274}.get(os.uname().machine)  # sched_setattr
    if sys.platform == "linux" and number is not None:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        fields = (48, 0, 0, nice, 0, SHORT_TURN, 0, 0)  # struct sched_attr, SCHED_OTHER
        attributes = struct.pack("=IIQiIQQQ", *fields)
        ctypes.CDLL(None).syscall(number, 0, ctypes.c_char_p(attributes), 0)


def _set_limits(limits: Limits, largest_file: int) -> None:
    """Set the kernel's limits; where there are narrower ones already, those stay.

    Resident memory has none in the kernel, so the server watches it. What is reserved without being
    used is limited generously, against an allocation that is faster than the watch.
    """
    data = _data_now() + 2 * limits.memory + MORE_DATA
    for name, value in (
        ("RLIMIT_CPU", CPU_SECONDS),
        ("RLIMIT_NOFILE", OPEN_FILES),
        ("RLIMIT_FSIZE", largest_file),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_NPROC", limits.processes),
        ("RLIMIT_DATA", data),
    ):
        if (kind := getattr(resource, name, None)) is not None:
            with contextlib.suppress(OSError, ValueError):
                _, hardest = resource.getrlimit(kind)
                value = value if hardest == resource.RLIM_INFINITY else min(value, hardest)
                # SIGXCPU first, on which the program gives the terminal back; then SIGKILL.
                hard = value if name != "RLIMIT_CPU" else value + 10
                resource.setrlimit(kind, (value, hard))


def _data_now() -> int:
    """Return the private memory that this process has reserved, in bytes; 0 where none can tell."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[5]) * resource.getpagesize()
    return 0


def end_with_parent(number: int) -> None:
    """Have the kernel send this process a signal when its parent ends (Linux)."""
    _prctl(_PDEATHSIG, number)


def _prctl(option: int, value: int) -> None:
    """Call Linux's prctl; elsewhere nothing happens."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)

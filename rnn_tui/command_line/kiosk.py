"""`--kiosk` and the environment: no variable has an effect but TERM, and that by its kind alone.

Variables that Python and the C library read at their start act before this program can remove them.
So the program starts itself again with TERM alone: what PYTHONINSPECT or PYTHONWARNINGS asked for
ends there.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import sys
from collections.abc import Mapping, MutableMapping

from rnn_tui.command_line.exit import print_error

OPTION = "--kiosk"
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""The environment variables that limit the threads of NumPy's matrix products."""
START = "import sys; sys.path.append({!r}); from rnn_tui.cli import main; main()"
"""What Python runs when the program starts itself again, from the same folder as before."""
ANY_TERMINAL = "xterm"
"""What a terminal is taken for whose kind this program does not know."""
_KIND = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,63}", re.ASCII)
_EARLY_SIGNALS = ("SIGINT", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU")
"""Signals of the terminal's keys, which act until the program has taken the terminal."""


def wants_kiosk(arguments: list[str]) -> bool:
    """Return whether the command line may have the option; a value spelled so changes nothing."""
    return OPTION in arguments


def begin_again() -> None:
    """Start the program again without an environment, unless Python ignores that already.

    Nothing is imported from the folder that it is started in.

    On Windows, where a process cannot become another one, the variables are only removed.
    """
    kept = _kept(os.environ)
    if sys.platform != "win32" and not sys.flags.ignore_environment:
        ignore_keys()
        folder = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        arguments = ["-E", "-P", "-c", START.format(folder), *sys.argv[1:]]
        with contextlib.suppress(OSError):
            os.execve(sys.executable, [sys.executable, *arguments], kept)
    set_environment(kept)


def ignore_keys() -> None:
    """Ignore the signals that keys send before the program has the terminal."""
    for name in _EARLY_SIGNALS:
        with contextlib.suppress(AttributeError, OSError, ValueError):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def set_environment(environment: Mapping[str, str]) -> None:
    """Let the process have these variables alone; of them only what a guest may set."""
    kept = _kept(environment)
    os.environ.clear()
    os.environ.update(kept)


def terminal_of(environment: Mapping[str, str]) -> dict[str, str]:
    """Return TERM alone; a kind that is not known is taken for `ANY_TERMINAL`."""
    from rnn_tui.tui.terminal_kind import KNOWN, SCREENLESS

    kind = environment.get("TERM", "").strip()
    if kind.lower() in SCREENLESS:
        return {"TERM": kind} if kind else {}
    known = _KIND.fullmatch(kind) and kind.lower().startswith(KNOWN)
    return {"TERM": kind if known else ANY_TERMINAL}


def attach_streams() -> None:
    """Let the standard streams be those of the process's descriptors 0, 1 and 2, in UTF-8.

    After a fork they may be others; and a variable may have chosen another encoding.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # it is closed; the number that is free is the one that is opened
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = open(0, encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    setattr(sys, "__stdin__", sys.stdin)  # noqa: B010 # final, for mypy
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            open(descriptor, "wb", closefd=False),  # noqa: SIM115 # for the life of the process
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _kept(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that stay."""
    return {name: value for name, value in environment.items() if name == "TERM"}


def limit_memory(environment: MutableMapping[str, str], size: int) -> None:
    """Let a run take no more than `size` bytes, unless the command line says otherwise."""
    from rnn_tui.files.limits import MAX_MEMORY

    environment.setdefault(MAX_MEMORY, str(size))


def limit_threads(environment: MutableMapping[str, str]) -> None:
    """Let NumPy's products use one thread, unless the user wants more; before it is imported."""
    for name in THREADS:
        environment.setdefault(name, "1")


def keep_quiet() -> None:
    """Let no library print warnings or tracebacks on a guest's terminal."""
    import logging
    import warnings

    logging.disable()
    logging.lastResort = None
    logging.raiseExceptions = False
    warnings.simplefilter("ignore")
    sys.excepthook = lambda *_: print_error("an unexpected error ended the program")

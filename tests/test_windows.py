"""Training and the app where names are absent that Windows does not have.

It is no Windows: paths, files and the terminal are those of this system. But nothing is called that
would raise an AttributeError or ImportError there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# This program's modules get their own os, signal, select and sys; all others keep theirs.
ABSENT = """
import builtins, os, select, signal, sys, types

class Without(types.ModuleType):
    def __init__(self, real, absent, **other):
        super().__init__(real.__name__)
        vars(self).update(real=real, absent=absent, other=other)

    def __getattr__(self, name):
        if name in self.absent:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return self.other[name] if name in self.other else getattr(self.real, name)

    def __setattr__(self, name, value):
        setattr(self.real, name, value)

def opened(path, flags, *rest, **more):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", path)
    return os.open(path, flags, *rest, **more)

SIGNALS = {"SIGINT", "SIGTERM", "SIGABRT", "SIGFPE", "SIGILL", "SIGSEGV", "SIG_DFL", "SIG_IGN"}
OURS = {
    "os": Without(os, {
        "fchmod", "getuid", "geteuid", "getsid", "getpgrp", "getpgid", "tcgetpgrp", "ttyname",
        "killpg", "openpty", "mkfifo", "mknod", "fork", "sysconf", "set_blocking", "uname",
        "get_blocking", "O_NONBLOCK", "O_NOCTTY", "O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC",
        "O_SYNC", "statvfs", "sched_getaffinity", "chown", "fchown", "WNOHANG", "register_at_fork",
    }, name="nt", open=opened, O_BINARY=0),
    "signal": Without(signal, {name for name in dir(signal) if name.startswith("SIG")} - SIGNALS | {
        "pthread_sigmask", "pthread_kill", "sigwait", "sigpending", "pause", "alarm", "setitimer",
    }),
    "select": Without(select, {"poll", "epoll"}),
    "sys": Without(sys, set(), platform="win32"),
    "msvcrt": types.SimpleNamespace(LK_NBLCK=2, LK_UNLCK=0, locking=lambda *_: None),
}
ABSENT = {"fcntl", "termios", "tty", "pty", "resource", "curses", "pwd", "grp"}
import_before = builtins.__import__

def imported(name, globals=None, *rest, **more):
    if (globals or {}).get("__name__", "").startswith("rnn_tui"):
        if name in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name in OURS:
            return OURS[name]
    return import_before(name, globals, *rest, **more)

builtins.__import__ = imported
from rnn_tui.cli import run
"""

TRAIN = """
import rnn_tui.command_line.train.job
assert rnn_tui.command_line.train.job.os.name == "nt"
small = ["train", "--hidden", "3", "--steps", "4", "--updates", "30", "--quiet"]
assert run([*small, "--out", "run", "--metrics", "m.csv"]) == 0
assert run(["train", "run", "--updates", "5", "--out", "run", "--metrics", "m.csv"]) == 0

"""

APP = """
from rnn_tui.tui.app import RnnTui
import functools
sys.stdin.isatty = sys.stdout.isatty = lambda: True

async def use(pilot):
    await pilot.press("n", "n", "u", "ctrl+z", "w", "tab")
    await pilot.pause(0.3)
    pilot.app.exit()

# The headless driver stands for the one that Textual has for Windows.
RnnTui.run = functools.partialmethod(RnnTui.run, headless=True, auto_pilot=use, size=(80, 24))
code = run(["--hidden", "3", "--steps", "4"])
assert code == 0, code
"""


@pytest.mark.parametrize("script", [TRAIN, APP], ids=["train", "app"])
def test_without_the_names_that_windows_has_not(script: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "RNN_TUI_TRACEBACK": "1"}
    env["XDG_STATE_HOME"] = str(tmp_path / "state")
    done = subprocess.run(
        [sys.executable, "-c", ABSENT + script],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr

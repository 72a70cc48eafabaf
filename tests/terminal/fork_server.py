"""Starts the program by forking a process that has imported it, which saves most of its start-up.

    process = start(["--hidden", "4"], terminal=descriptor, env=variables, cwd=folder)
    process.wait(10)

One fork server serves all tests of a worker; it has no threads, and ends with it. What depends on
how the interpreter itself starts (its variables, the locale) is tested with programs of their own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUEST_LIMIT = 1 << 18  # bytes; the environment is most of it
ALLOWED = {
    "PYTHONPATH", "XDG_STATE_HOME", "TERM", "COLORTERM", "NO_COLOR", "SSH_CONNECTION", "SSH_TTY",
    "TERM_PROGRAM", "TERM_PROGRAM_VERSION",
}  # fmt: skip
"""The variables that have no effect before the program itself looks at them."""


class ForkedProcess:
    """A program that the fork server has started, as `subprocess.Popen` shows one.

    Attributes:
        pid: of the process, which leads a session of its own.
        returncode: as of `subprocess.Popen`: None while it runs, minus the signal that killed it.
    """

    def __init__(self, pid: int, ending: int) -> None:
        """Watch a process.

        Args:
            pid: of the process.
            ending: a pipe from which its exit status is read, once it has been waited for.
        """
        self.pid = pid
        self.returncode: int | None = None
        self._ending = ending

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code; raise `subprocess.TimeoutExpired` if it runs on so long."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["rnn_tui"], timeout or 0)
        return code

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._ending], [], [], timeout)[0]:
            self.returncode = os.waitstatus_to_exitcode(int(os.read(self._ending, 100)))
            os.close(self._ending)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)


def start(
    options: Sequence[str],
    terminal: int,
    env: Mapping[str, str],
    cwd: str | os.PathLike[str] | None,
) -> ForkedProcess:
    """Start the program with `terminal` as its controlling terminal and its standard streams."""
    server = _server()
    ending, write_end = os.pipe()
    request = json.dumps([[*options], dict(env), os.fspath(cwd or Path.cwd())]).encode()
    socket.send_fds(server, [len(request).to_bytes(4) + request], [terminal, write_end])
    os.close(write_end)
    return ForkedProcess(int.from_bytes(server.recv(4, socket.MSG_WAITALL)), ending)


@functools.cache
def _server() -> socket.socket:
    """Start the fork server of this process; return the connection to it."""
    here, there = socket.socketpair()
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__)), str(there.fileno())],
        pass_fds=[there.fileno()],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"},
    )
    there.close()
    atexit.register(process.wait)
    atexit.register(here.close)
    return here


# ---------------------------------------------------------------- in the fork server


def serve(connection: socket.socket) -> list[str]:
    """Fork a process for each request until the connection closes.

    Returns:
        In a forked process: the options of the program. In the server: it does not return.
    """
    endings: dict[int, int] = {}  # where the status of a process is to be written, by its id
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake_write)
    while True:
        ready, _, _ = select.select([connection.fileno(), wake], [], [])
        if wake in ready:
            os.read(wake, 100)
            _report(endings)
        if connection.fileno() not in ready:
            continue
        head, descriptors, _, _ = socket.recv_fds(connection, 4, 2)
        if not head:
            os._exit(0)
        request = connection.recv(int.from_bytes(head), socket.MSG_WAITALL)
        terminal, ending = descriptors
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (connection.detach(), wake, wake_write, ending, *endings.values()):
                os.close(descriptor)
            return _become(request, terminal)
        endings[pid] = ending
        os.close(terminal)
        connection.sendall(pid.to_bytes(4))


def _report(endings: dict[int, int]) -> None:
    """Write the status of each process that has ended."""
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            ending = endings.pop(pid)
            with contextlib.suppress(BrokenPipeError):  # nobody waits for it any more
                os.write(ending, str(status).encode())
            os.close(ending)


def _become(request: bytes, terminal: int) -> list[str]:
    """Take the terminal, the environment and the folder; return the options."""
    import fcntl
    import termios

    options, env, cwd = json.loads(request)
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
    for standard in (0, 1, 2):
        os.dup2(terminal, standard)
    os.close(terminal)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    time.tzset()
    sys.stdin = sys.__stdin__ = os.fdopen(0, closefd=False)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", closefd=False)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", closefd=False)  # type: ignore[misc]
    return list(options)


def import_program() -> None:
    """Import all that the program imports, without starting a thread."""
    import rnn_tui.command_line.options
    import rnn_tui.command_line.train.job
    import rnn_tui.tui.app
    from rnn_tui.tui import preload
    from rnn_tui.tui.charts import chart, raster

    preload.import_all()
    raster.load()
    del chart, rnn_tui


if __name__ == "__main__":
    sys.path.remove(str(Path(__file__).parent))
    for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(_name, "1")
    import_program()
    assert len(os.listdir("/proc/self/task")) == 1 if Path("/proc/self/task").exists() else True
    OPTIONS = serve(socket.socket(fileno=int(sys.argv[1])))
    from rnn_tui.cli import main

    sys.argv = ["rnn-tui", *OPTIONS]
    main()

"""The fork server: a process that has imported everything and forks one guest for each request.

A process with threads or an event loop must not fork: the child would have locks that nobody
releases. So this one is forked from the server before that has any, and has none itself; the test
in `ForkServer.run` sees to that. It reads requests from a Unix socket and reports on the same one:

    {"start": 7, "options": {}, "environment": {"TERM": "xterm"}, "role": "guest"}
                                                      with the terminal, and a socket where needed
    {"signal": 7, "number": 15}
    -> {"ready": true}, or {"error": "a line", "code": 2}, once
    -> {"started": 7, "pid": 4711}
    -> {"ended": 7, "status": 0, "peak": 74113024, "cpu": 12.5}

It knows the processes by their numbers, as only their parent can: a number is not given to another
process before the parent has asked how the first one ended.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pkgutil
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import rnn_tui
from rnn_tui.command_line.app import check_guest, run_guest
from rnn_tui.command_line.exit import BROKEN, DONE, explain
from rnn_tui.serve.frames import receive_json, send_json
from rnn_tui.serve.guest_process import Limits, become_guest, end_with_parent

NOT_FOR_GUESTS = ("rnn_tui.__main__", "rnn_tui.command_line.train", "rnn_tui.serve")
# Of other packages, what the app imports only when it needs it.
LIBRARIES = (
    "numpy.ma",
    "numpy.random",
    "textual.drivers.linux_driver",
    "textual.layouts.factory",
    "textual.layouts.horizontal",
    "textual.pilot",
    "textual.scrollbar",
)
PATIENCE = 3.0  # seconds for guests to end when the server has ended, before they are killed


@dataclass(frozen=True, slots=True)
class Program:
    """The program that guests get.

    Attributes:
        options: those that every guest has.
        limits: what one process may take.
    """

    options: Mapping[str, Any]
    limits: Limits


def start_fork_server(program: Program) -> tuple[int, socket.socket]:
    """Fork the fork server, and return its process and the socket to it.

    To be called while this process has one thread and no event loop.
    """
    own, other = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    process = os.fork()
    if process:
        other.close()
        return process, own
    own.close()
    code = BROKEN
    try:
        code = ForkServer(program, other).run()
    finally:
        os._exit(code)  # nothing of the server's is to be closed twice


class ForkServer:
    """The loop that forks, in a process of its own."""

    def __init__(self, program: Program, server: socket.socket) -> None:
        """Fork guests with `program` when `server` asks for it."""
        self._program = program
        self._server = server
        self._guests: dict[int, int] = {}  # process by guest
        self._wake, self._wake_writer = os.pipe()  # a byte for each child that has ended

    def run(self) -> int:
        """Serve requests until the server ends; return the exit code."""
        end_with_parent(signal.SIGTERM)
        os.setsid()  # Ctrl-C in the server's terminal is for the server
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.close(null)
        for name in ("SIGINT", "SIGHUP"):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
        error, code = self._check()
        if error:
            send_json(self._server, {"error": error, "code": code})
            return code
        _import_all()
        os.set_blocking(self._wake_writer, False)
        signal.set_wakeup_fd(self._wake_writer, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGTERM, lambda number, frame: self._end_guests())
        if threading.active_count() != 1 or _kernel_threads() > 1:
            line = f"{_kernel_threads()} threads before the first guest; cannot fork"
            send_json(self._server, {"error": line, "code": BROKEN})
            return BROKEN
        gc.collect()
        gc.freeze()  # so that guests do not copy what only the collector writes to
        send_json(self._server, {"ready": True})
        with contextlib.suppress(OSError):
            self._loop()
        self._end_guests()
        return 0

    def _check(self) -> tuple[str, int]:
        """Return why the app would not start; a child tries, as that may start threads."""
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            code = BROKEN
            with contextlib.suppress(BaseException):
                line, code = _why_not(self._program.options)
                os.write(writing, line.encode()[:4000])
            os._exit(code)
        os.close(writing)
        with open(reading, "rb") as file:
            line = file.read().decode(errors="replace")
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        return line or ("the options could not be checked" if code else ""), abs(code)

    def _loop(self) -> None:
        """Serve requests and report ends until the server's side is closed."""
        while True:
            ready, _, _ = select.select([self._server.fileno(), self._wake], [], [])
            if self._wake in ready:
                os.read(self._wake, 4096)
                self._report_ended()
            if self._server.fileno() in ready:
                received = receive_json(self._server)
                if received is None:
                    return
                self._serve(*received)

    def _serve(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Do what a request says."""
        if "start" in request:
            self._start(request, descriptors)
        elif "signal" in request:
            process = self._guests.get(request["signal"])
            if process is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, request["number"])

    def _start(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Fork a guest."""
        guest = request["start"]
        # Signals for the guest wait until it takes them: this process' handlers are not for it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            process = os.fork()
        except OSError:  # too many processes, or no memory
            process = -1
        if not process:
            self._be_guest(request, descriptors)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for descriptor in descriptors:
            os.close(descriptor)
        if process < 0:
            send_json(self._server, {"ended": guest, "status": BROKEN << 8, "peak": 0, "cpu": 0.0})
            return
        self._guests[guest] = process
        send_json(self._server, {"started": guest, "pid": process})

    def _be_guest(self, request: dict[str, Any], descriptors: list[int]) -> None:
        """Run the program in this process, just forked, and end the process."""
        code = BROKEN
        try:
            terminal, *more = descriptors
            limits = self._program.limits
            options = {**self._program.options, **request["options"]}
            role = options.get("follow", "")
            become_guest(terminal, more[0] if more else None, limits, role)
            code = run_guest(options, environment=request["environment"])
            sys.stdout.flush()
            sys.stderr.flush()
        except BaseException:  # a traceback would go to the guest's terminal
            code = BROKEN
        finally:
            os._exit(code)

    def _report_ended(self) -> None:
        """Tell the server of each guest that has ended."""
        while True:
            try:
                process, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            guest = next((n for n, p in self._guests.items() if p == process), None)
            if guest is None:
                continue
            del self._guests[guest]
            peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
            cpu = round(usage.ru_utime + usage.ru_stime, 2)
            send_json(self._server, {"ended": guest, "status": status, "peak": peak, "cpu": cpu})

    def _end_guests(self) -> None:
        """End all guests: ask them, wait a moment, then by force; then end this process."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._signal_all(signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE
        while self._guests and time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                self._report_ended()
            time.sleep(0.02)
        self._signal_all(signal.SIGKILL)
        os._exit(0)

    def _signal_all(self, number: int) -> None:
        """Send a signal to every guest."""
        for process in self._guests.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


def _why_not(options: Mapping[str, Any]) -> tuple[str, int]:
    """Return why the program would not open with these options, and the exit code; or ("", 0)."""
    try:
        check_guest(options)
    except Exception as error:
        return explain(error)
    return "", DONE


def _import_all() -> None:
    """Import all that a guest's program needs, now or later, so that all guests share it."""
    for each in pkgutil.walk_packages(rnn_tui.__path__, "rnn_tui.", onerror=lambda name: None):
        if not each.name.startswith(NOT_FOR_GUESTS):
            import_module(each.name)
    for name in LIBRARIES:
        with contextlib.suppress(ImportError):  # in another version of it
            import_module(name)


def _kernel_threads() -> int:
    """Return how many threads this process has, those of libraries too; 1 where none can tell."""
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return 1

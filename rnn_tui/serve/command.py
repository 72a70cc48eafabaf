"""The command ``serve``: reads its options, forks the fork server, and runs the server."""

from __future__ import annotations

import importlib.util
import os
import sys

from rnn_tui import PROGRAM
from rnn_tui.command_line.exit import CommandError
from rnn_tui.serve.fork_server import Program, start_fork_server
from rnn_tui.serve.guest_process import Limits, most_threads
from rnn_tui.serve.options import read_serve

INSTALL = f"pip install '{PROGRAM}[serve]'"


def serve(arguments: list[str]) -> int:
    """Serve as the arguments after ``serve`` say, and return the exit code.

    Raises:
        CommandError: something is missing, or the options do not fit together.
    """
    options = read_serve(arguments)
    if options is None:
        return 0
    if sys.platform == "win32":
        raise CommandError(f"{PROGRAM} serve needs Linux or macOS")
    if importlib.util.find_spec("asyncssh") is None:
        raise CommandError(f"{PROGRAM} serve needs asyncssh, which is not installed: {INSTALL}")
    if options.present and not hasattr(os, "memfd_create"):
        raise CommandError("--present needs Linux, as followers share the memory of its processes")
    slides = {} if options.slides is None else {"slides": options.slides}
    program = Program(
        {**options.app, **slides, "kiosk": True, "no_autosave": True},
        Limits(options.memory, most_threads(options.guests)),
    )
    process, connection = start_fork_server(program)
    from rnn_tui.serve.fork_client import ForkClient
    from rnn_tui.serve.server import run_server

    return run_server(options, ForkClient(process, connection))

"""The program as a guest has it, and a witness that notes what it asks of the machine.

    python kiosk_child.py LOG OPTION ...

Python tells the witness of every file that is opened, every process, connection and change of the
file system. The program's own guard, which would refuse them, is not installed: what is noted is
what the program tries by itself.
"""

from __future__ import annotations

import os
import sys

from rnn_tui.files import guard

FAMILIES = (
    "open", "os.", "subprocess.", "socket.", "shutil.", "pty.", "pickle.", "webbrowser.", "urllib.",
    "tempfile.", "sqlite3.", "mmap.", "syslog.", "glob.", "http.", "ftplib.",
)  # fmt: skip


def watch(log: str) -> None:
    """Note events from now on."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def note(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(FAMILIES):
            os.write(file, f"{event}\t{arguments!r}\n".encode(errors="backslashreplace"))

    sys.addaudithook(note)


def pretend(one: guard.Guard) -> None:
    """Do what `install` does, but for the hook."""
    sys.dont_write_bytecode = True
    guard._installed.append(one)


if __name__ == "__main__":
    from rnn_tui.cli import main

    log, *options = sys.argv[1:]
    setattr(guard, "install", pretend)  # noqa: B010 # the witness is to see everything
    sys.argv = ["rnn-tui", *options]
    watch(log)
    main()

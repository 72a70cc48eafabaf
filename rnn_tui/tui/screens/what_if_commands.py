"""The palette's commands for what-ifs: each can be released, and all kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from rnn_tui.session.commands import Command
from rnn_tui.tui.screens.what_if import listed_what_ifs

if TYPE_CHECKING:
    from rnn_tui.tui.screens.debugger import Debugger


def what_if_commands(debugger: Debugger) -> Iterable[SystemCommand]:
    """Yield a command for each what-if, and for each value that is held for good."""

    def sender(command: Command) -> Callable[[], None]:
        return lambda: debugger.session.send(command)

    for listed in reversed(listed_what_ifs(debugger.session.latest)):
        does = "as if it had never been" if listed.tried else "from this window on"
        help_text = f"what if {listed.origin}: {does}" if listed.tried else f"kept: {does}"
        yield SystemCommand(f"release {listed.text}", help_text, sender(listed.release))

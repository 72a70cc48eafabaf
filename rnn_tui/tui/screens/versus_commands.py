"""The palette's commands for a second network, trained beside this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand

from rnn_tui.second_network import Versus
from rnn_tui.session.commands import SetSecondNetwork
from rnn_tui.settings import DECLARATIONS
from rnn_tui.tui.screens.lost_training import lost_by_replacing_second
from rnn_tui.tui.screens.questions import ConfirmScreen

if TYPE_CHECKING:
    from rnn_tui.tui.screens.debugger import Debugger


def versus_commands(debugger: Debugger) -> Iterable[SystemCommand]:
    """Yield commands that start a second network of any cell, or drop it."""

    def setter(versus: Versus | None) -> Callable[[], None]:
        return lambda: _set_second_network(debugger, versus)

    for cell in DECLARATIONS["cell"].choices:
        same, matched = Versus(cell), Versus(cell, match=True)
        yield SystemCommand(f"versus {cell}", "beside this network, same size", setter(same))
        help_text = "beside this network, as many parameters"
        yield SystemCommand(f"versus {cell}, matched", help_text, setter(matched))
    yield SystemCommand("versus none", "no network beside this one", setter(None))


def _set_second_network(debugger: Debugger, versus: Versus | None) -> None:
    """Set another second network, or none; ask first when much of this one would be lost."""

    def change(confirmed: bool | None) -> None:
        if confirmed:
            debugger.session.send(SetSecondNetwork(versus))

    lost = lost_by_replacing_second(debugger.session.latest)
    if lost is None:
        change(True)
        return
    does = "drops that network" if versus is None else "replaces that network"
    question = ConfirmScreen(lost.text, does, f"after esc, {lost.way_out}")
    debugger.app.push_screen(question, change)

"""The panel that shows what the cursor is at: a timestep, the window between passes, or an update.

While a run is under way it shows the timestep looked at of the newest window, whole.
"""

from __future__ import annotations

from types import ModuleType

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panel_spec import PanelSpec


def title(context: DrawContext) -> tuple[str, str]:
    """What stands in the rule above."""
    result: tuple[str, str] = _part(context).title(context)
    return result


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """The part that fits the pass."""
    result: Lines = _part(context).draw(context, width, height)
    return result


def _part(context: DrawContext) -> ModuleType:
    # One of them is enough for the first screen, so each is imported where it is shown.
    match _pass(context.snapshot):
        case Pass.FORWARD | Pass.BACKWARD:
            from rnn_tui.tui.panels.current_pass import timestep

            return timestep
        case Pass.BATCH | Pass.LOSS:
            from rnn_tui.tui.panels.current_pass import window_table as window

            return window
        case _:
            from rnn_tui.tui.panels.current_pass import clip_and_update as update

            return update


def _pass(snapshot: Snapshot) -> Pass:
    """The pass to show; where a timestep is looked at, one that is made of timesteps."""
    looking = snapshot.request.t is not None or (snapshot.running and bool(snapshot.cursor.update))
    return Pass.FORWARD if looking else snapshot.cursor.stage


PANEL = PanelSpec(draw, title)

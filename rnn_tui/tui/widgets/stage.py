"""The panel that shows what the cursor is at: a timestep, the window between passes, or an update.

While a run is under way it shows the timestep looked at of the newest window, whole.
"""

from __future__ import annotations

from types import ModuleType

from rnn_tui.engine.program import Pass
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.view import Scene
from rnn_tui.tui.widgets import timestep, update, window


def title(scene: Scene) -> tuple[str, str]:
    """What stands in the rule above."""
    result: tuple[str, str] = _part(scene).title(scene)
    return result


def draw(scene: Scene, width: int, height: int) -> Lines:
    """The part that fits the pass."""
    result: Lines = _part(scene).draw(scene, width, height)
    return result


def _part(scene: Scene) -> ModuleType:
    snapshot = scene.snapshot
    if snapshot.look.t is not None or (snapshot.running and snapshot.cursor.update):
        return timestep
    match snapshot.cursor.stage:
        case Pass.FORWARD | Pass.BACKWARD:
            return timestep
        case Pass.BATCH | Pass.LOSS:
            return window
        case _:
            return update

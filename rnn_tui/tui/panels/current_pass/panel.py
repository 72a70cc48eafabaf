"""The panel of the current pass: a timestep, the window as a table, or the update.

During a run it shows one timestep of the newest window, with both of its passes done.
"""

from __future__ import annotations

from types import ModuleType

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bar_scales import PROOF
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panel_help import Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.parameter_names import tensors

EQUATION = 3  # lines
LISTED = 14  # operations that are listed at once
TENSORS = 5  # those of one layer and of the readout

CELL = "cell"


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    if _shows_cell(context):
        from rnn_tui.tui.panels.current_pass import cell_view

        return cell_view.title(context)
    result: tuple[str, str] = _module(context).title(context)
    return result


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the current pass."""
    if _shows_cell(context):
        from rnn_tui.tui.panels.current_pass import cell_view

        if picture := cell_view.draw(context, width, height):
            return picture
    result: Lines = _module(context).draw(context, width, height)
    return result


def need(snapshot: Snapshot) -> Need:
    """Return the lines of a timestep: rows, equation, then the operations of its pass and of both.

    An update needs as many for its tensors and one parameter; all other passes fill what there is.
    """
    declaration = snapshot.window.declaration
    forward, backward = declaration.forward_operations, declaration.backward_operations
    rows = len(snapshot.rows) + 2  # with the title, and what arrives from t+1
    update = 4 + min(len(tensors(snapshot)), TENSORS) + len(snapshot.optimizer.operations())
    least = rows + EQUATION
    enough = max(least, update)
    listed = max(least + 1, update) + 1  # with the contribution to a parameter, and a heading
    most = listed + len(backward) + len(forward) + 1
    return Need(least, enough, listed + min(len(backward), LISTED), most)


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what a timestep can be shown as on the whole screen: a picture, or rows."""
    return (CELL, "rows") if pass_shown(snapshot) in (Pass.FORWARD, Pass.BACKWARD) else ()


def _shows_cell(context: DrawContext) -> bool:
    """Return whether the cell is drawn instead of the rows."""
    shown = variants(context.snapshot)
    focused = context.selection.panel == "timestep"
    return (
        context.zoomed
        and focused
        and bool(shown)
        and context.selection.variant("timestep", shown) == CELL
    )


def _module(context: DrawContext) -> ModuleType:
    """Return the module that draws the current pass, importing it when it is first shown."""
    if not context.snapshot.cursor.has_batch:
        from rnn_tui.tui.panels.current_pass import first_screen

        return first_screen
    match pass_shown(context.snapshot):
        case Pass.FORWARD | Pass.BACKWARD:
            from rnn_tui.tui.panels.current_pass import timestep

            return timestep
        case Pass.BATCH | Pass.LOSS:
            from rnn_tui.tui.panels.current_pass import window_table as window

            return window
        case _:
            from rnn_tui.tui.panels.current_pass import clip_and_update as update

            return update


def pass_shown(snapshot: Snapshot) -> Pass:
    """Return the pass to show: the cursor's, or FORWARD where a timestep is selected."""
    shows_timestep = snapshot.request.t is not None or (
        snapshot.running and bool(snapshot.cursor.update)
    )
    return Pass.FORWARD if shows_timestep else snapshot.cursor.stage


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    from rnn_tui.tui.panels.current_pass.signs import signs_of

    return signs_of(context, pass_shown(context.snapshot))


PANEL = PanelSpec(
    draw,
    title,
    proofs=(PROOF, "contributions"),
    need=need,
    help=signs,
    variants=variants,
    variants_in_zoom=True,
    table="window:timestep",
)

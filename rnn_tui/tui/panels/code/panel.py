"""The code of an update in NumPy or PyTorch, with the line of the operation that the cursor is at.

The lines come from the expressions that are computed and that the equations show
(`rnn_tui/source_code/`). While one steps nothing but the mark moves: which lines are seen depends
on the loop that the cursor is in, and on its line only where the loop has no room.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from rnn_tui.engine.network.edits import Edit
from rnn_tui.engine.training.clipping import Clipping
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.source_code.dialects import DIALECTS, NUMPY
from rnn_tui.source_code.listing.step import ListedStep
from rnn_tui.source_code.listing.update import ListedUpdate, listed_lines
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, fit
from rnn_tui.tui.panel_help import Sign, Signs, joined, values, weights
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.code.place import CodePlace, marked, place_of
from rnn_tui.tui.panels.code.rows import (
    GAP,
    GUTTER,
    CodeRow,
    CodeRows,
    SeenRows,
    code_rows,
    seen_rows,
)
from rnn_tui.tui.panels.code.shape_lines import most_lines, shape_lines
from rnn_tui.tui.scope_words import joined as joined_words
from rnn_tui.tui.scope_words import what_if_words
from rnn_tui.tui.title_rule import title_rule

USUAL = 78  # cells of a panel that the need is counted for
LEAST, ENOUGH, GOOD = 6, 10, 14  # lines
TITLES = {dialect.title: name for name, dialect in DIALECTS.items()}
PLACES = {
    Pass.BATCH: "the window",
    Pass.FORWARD: "forward loop",
    Pass.LOSS: "the loss",
    Pass.BACKWARD: "backward loop",
    Pass.CLIP: "clipping",
    Pass.UPDATE: "the step",
}


# ------------------------------------------------------------------------- what is shown


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the libraries that the code can be written for."""
    return tuple(TITLES)


def shown(context: DrawContext) -> str:
    """Return the library that it is written for."""
    return context.selection.variant("code", tuple(TITLES))


def update_of(snapshot: Snapshot) -> ListedUpdate:
    """Return what the code of the snapshot's update is written from."""
    settings, optimizer = snapshot.settings, snapshot.optimizer
    made = snapshot.cursor.stage is Pass.UPDATE and bool(optimizer.updates_made)
    clipping = Clipping(settings.clip_by, settings.clip)
    return ListedUpdate(
        snapshot.window.declaration,
        snapshot.window.pins,
        settings.carry,
        snapshot.task.gives_states,
        clipping if snapshot.gradient is None else snapshot.gradient.clipping,
        ListedStep.of(optimizer, made=made),
        _edits(snapshot),
    )


def _edits(snapshot: Snapshot) -> tuple[Edit, ...]:
    """Return the what-ifs that have changed parameters before this window."""
    if snapshot.what_if is None:
        return ()
    window = snapshot.cursor.update - (snapshot.cursor.stage is Pass.UPDATE)
    made = zip(snapshot.what_if.interventions, snapshot.what_if.since, strict=True)
    return tuple(each for each, since in made if isinstance(each, Edit) and since == window)


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs: with all of the code there is no more to show."""
    update, dialect = update_of(snapshot), next(iter(TITLES.values()))
    rows = len(code_rows(update, dialect, USUAL).rows)
    return Need(LEAST, ENOUGH, GOOD, rows + most_lines(update, dialect, USUAL) + 1)


# ------------------------------------------------------------------------- drawing


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    stage = place_of(context).stage
    where = PLACES[stage] if stage is not None else "one update"
    held = what_if_words("with", context.snapshot.pins)
    return f"code in {shown(context)}", joined_words(held, where)


def rule(
    context: DrawContext, left: str, right: str, width: int, height: int, focused: bool
) -> Line:
    """Return the title line; where not all lines are seen, it says which are."""
    rows, _ = _seen(context, width, height)
    if not rows.all_seen:
        first, last = rows.lines_seen()
        right = joined_words(right, f"lines {first}–{last} of {len(rows.whole.lines)}")
    return title_rule(left, right, width, focused)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the code around the line that the cursor is at, and the shapes that belong to it."""
    rows, mark = _seen(context, width, height)
    whole, place, slow = rows.whole, place_of(context), context.slow_link
    columns = [
        [_row(whole, whole.rows[k], place, mark, rows.width, slow) for k in numbers]
        for numbers in rows.columns
    ]
    drawn = tuple(_side_by_side(line, rows.width) for line in zip_longest(*columns, fillvalue=()))
    line = None if mark is None else whole.lines[mark]
    declaration, below = context.snapshot.window.declaration, _below(context, width, height)
    return (*drawn, *shape_lines(line, declaration, width, below))[:height]


def _side_by_side(parts: Sequence[Line], width: int) -> Line:
    """Return one line of columns that have so many cells."""
    *others, last = parts
    return (*(run for part in others for run in (*fit(part, width), (" " * GAP, ""))), *last)


def _seen(context: DrawContext, width: int, height: int) -> tuple[SeenRows, int | None]:
    """Return the rows that are drawn, and the number of the line that the cursor is at."""
    update, dialect = update_of(context.snapshot), TITLES[shown(context)]
    mark = marked(listed_lines(update, dialect), place_of(context))
    room = max(height - _below(context, width, height), 1)
    return seen_rows(update, dialect, mark, width, room), mark


def _below(context: DrawContext, width: int, height: int) -> int:
    """Return the lines for the shapes, below the code: as many for each line of it."""
    if height < LEAST - 1:
        return 0
    most = most_lines(update_of(context.snapshot), TITLES[shown(context)], width)
    return min(most, max(height // 4, 1))


def _row(
    whole: CodeRows, row: CodeRow, place: CodePlace, mark: int | None, width: int, slow: bool
) -> Line:
    """Return a row of the code: after ▸ where the cursor is, after a dot where it is to come.

    On a `slow` link it has the dot alone, as all lines of a loop are to come at each timestep.
    """
    line, text = whole.lines[row.number], row.text
    if line.loops and place.t and line.stage is place.stage:
        room = width - GUTTER - len(text)
        forms = (f"  # t = {place.t}", f" # t={place.t}", f" #{place.t}")
        text += next((form for form in forms if len(form) <= room), forms[-1])
    if row.number == mark:
        parts: Line = ((" ▸ " if row.first else "   ", "accent"), (text, "strong"))
        filled = (*parts, (" " * max(width - cell_width(parts), 0), ""))
        return tuple((each, f"computed-{role}") for each, role in filled)
    done = place.is_done(line)
    return (("   " if done else " · ", "dim"), (text, "" if done or slow else "dim"))


# ------------------------------------------------------------------------- help


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    numpy, settings = TITLES[shown(context)] == NUMPY.name, context.snapshot.settings
    return joined(
        (
            Sign("▸", "the line of the operation at the cursor; PgUp PgDn: before, next", "accent"),
            Sign("·", "a line that is still to come, in this pass through its loop", "dim"),
            Sign(f"# t = {context.snapshot.t}", "the timestep that the loop is at"),
            Sign(
                f"[B,H]=[{settings.batch},{settings.hidden}]",
                "the shape of an array: its letters, and its numbers",
                "dim",
            ),
            Sign("T  B", "timesteps of a window, samples of a batch"),
            Sign("D  H  O  P", "the numbers of an input, units, outputs; all parameters"),
            Sign("h_prev  c_prev", "h_<t-1> and c_<t-1>; h, c, x, y are those of t"),
            Sign("dh  dh_prev", "∂L/∂h_t and ∂L/∂h_<t-1>"),
            Sign("dh_y  dh_next  dc_next", "the parts from y_t, and what arrives from t+1"),
            Sign("@  *  **2", "product of matrices; by entries; squared"),
            Sign("dh_up", "the part of dh that comes from the layer above"),
            Sign("da_o", "the gradient of what is within a gate's function; da: of all gates"),
            Sign("+=  #", "added to what there is; a comment, which computes nothing"),
            Sign("axis  dim", "the direction that is summed or divided"),
            Sign("next_window", "draws inputs and targets; fresh: and a new state"),
            Sign("start_states", "the states that the task gives a window to begin with"),
            Sign("counts  mask", "where the loss counts, for each sample"),
            Sign("tape", "the values of each timestep, kept for the way back"),
            Sign("views", "the parameters in their shapes, all of one vector, params"),
            Sign("lr  eps  beta1", "numbers that the optimizer is given"),
            Sign("s  v  buf  mean", "what it remembers of earlier gradients"),
            Sign("correction1", "1 − beta1 to the power of step: memory begins with zeros"),
            Sign("N", "how many terms the loss is the mean of"),
            *(NUMPY_SIGNS if numpy else TORCH_SIGNS),
        ),
        values(context.snapshot),
        weights(context.snapshot),
    )


NUMPY_SIGNS = (
    Sign("NumPy  np", "a library of arrays for Python"),
    Sign("map  min", "a function of each of a list; the smaller number"),
    Sign("dah", "as da, with the gradient of m_t for that of n's function"),
    Sign("softmax", "the probabilities of the classes"),
    Sign("sigmoid(a)", "0.5 + 0.5·tanh(a/2) = 1/(1 + e^−a)"),
)
TORCH_SIGNS = (
    Sign("loss.backward()", "autograd: what it computes stands below it, in comments"),
    Sign("softmax", "the probabilities of the classes"),
    Sign("nn  functional", "torch.nn and torch.nn.functional"),
)


PANEL = PanelSpec(draw, title, need=need, help=signs, variants=variants, rule=rule)

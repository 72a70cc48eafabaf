"""The network panel: the network unrolled, a column for each timestep.

From the top: timesteps, targets, outputs, hidden states, inputs, gradient norms. Outputs stand only
where the loss counts and inputs only where there is one; symbols and classes are shown by name, and
of the outputs the most probable class. In the backward pass the arrows turn round, and the gradient
norms fill in from the right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.bar_scales import PROOF, magnitudes_of, value_scale
from rnn_tui.tui.bars import UNIT, BarScale, bars
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, centre, cut, text_width
from rnn_tui.tui.number_format import SHORT, UNKNOWN, short
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.scope_words import joined, sample_words
from rnn_tui.tui.symbols import (
    MARK,
    answer_cell,
    column_width,
    in_column,
    input_code,
    name_of,
    target_code,
    vector,
)

LABEL = 10  # cells of the label at the left
_ALWAYS = 5  # rows at any height: t, y, h, x, dh
_Cell = Callable[[int], Line]  # gives the cell of a row at a timestep


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    carried = "carried state" if snapshot.settings.carry else "zero state"
    if not snapshot.window.declaration.cell.recurrent:
        carried = "no recurrence"
    steps = f"{snapshot.steps} steps" if snapshot.steps > 1 else "1 step"
    layers = snapshot.settings.layers
    cell = snapshot.settings.cell + (f" layer {snapshot.layer} of {layers}" if layers > 1 else "")
    words = (snapshot.task.topology.name, steps, carried)
    if snapshot.settings.batch == 1:
        return "network", ", ".join((cell, *words))
    norm = f"‖{name_in_layer('dh_t', snapshot.layer)}‖ of all"
    return "network", joined(", ".join(words), cell, f"{sample_words(snapshot)}, {norm}")


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw as many rows as fit; what is left out first are inputs, targets and hidden units."""
    snapshot, columns = context.snapshot, visible(context.snapshot, width)
    cell, spare = cell_width_of(snapshot), max(height - _ALWAYS, 0)
    inputs = _inputs(snapshot, cell, spare + 1)
    spare -= len(inputs) - 1
    targets = spare > (snapshot.task.labels is None)
    spare -= targets
    rows = [_row("t", (_time(snapshot, t, cell) for t in columns))]
    if targets:
        rows.append(_row("target", _counted(snapshot, columns, cell, _target)))
    rows.append(_row("y_t", _counted(snapshot, columns, cell, _output)))
    rows += _hidden(context, columns, spare + 1, cell)
    rows += [_row(label, map(cell_at, columns)) for label, cell_at in inputs]
    rows.append(
        _row(
            f"‖{name_in_layer('dh_t', snapshot.layer)}‖",
            (_gradient(snapshot, t, cell) for t in columns),
        )
    )
    return tuple(rows)


def need(snapshot: Snapshot) -> Need:
    """Return the lines of the rows; three of hidden units are good, with all nothing is left."""
    cell = cell_width_of(snapshot)
    least = 1 + _ALWAYS
    enough = least + (snapshot.task.labels is None) + len(snapshot.task.parts or " ") - 1
    units = -(-snapshot.settings.hidden // (cell - 2))
    width = LABEL + cell * snapshot.steps
    return Need(least, enough, enough + min(units - 1, 2), enough + units - 1, width)


def cell_width_of(snapshot: Snapshot) -> int:
    """Return the cells of a timestep: more if inputs, or targets at most timesteps, are words."""
    task = snapshot.task
    most_count = 2 * sum(task.topology.counted) > snapshot.steps
    return max(column_width(task.symbols), column_width(task.labels if most_count else None))


def visible(snapshot: Snapshot, width: int) -> range:
    """Return the page of timesteps that has the current one."""
    available = max((width - LABEL) // cell_width_of(snapshot), 1)
    steps = snapshot.steps
    first = min((snapshot.t - 1) // available * available, max(steps - available, 0)) + 1
    return range(first, min(first + available, steps + 1))


def timestep_at(snapshot: Snapshot, width: int, x: int) -> int | None:
    """Return the timestep whose column is at cell `x`; None where there is none."""
    columns = visible(snapshot, width)
    index = (x - LABEL) // cell_width_of(snapshot)
    return columns[index] if x >= LABEL and index < len(columns) else None


def _row(label: str, cells: Iterable[Line]) -> Line:
    """Return a labelled row of cells."""
    runs: list[Run] = [(f" {cut(label, LABEL - 1):<{LABEL - 1}}", "dim")]
    for cell in cells:
        runs.extend(cell)
    return tuple(runs)


def _cell(text: str, role: str, width: int) -> Line:
    """Return a cell with `text` in its middle."""
    return ((centre(text, width), role),)


def _number_cell(value: float, role: str, width: int) -> Line:
    """Return a cell with a number, and a blank between it and the next."""
    return _cell(short(value, min(width - 1, SHORT)), role, width)


def _time(snapshot: Snapshot, t: int, width: int) -> Line:
    """Return the number of a timestep: ‹t› at the cursor, [t] where it is selected."""
    if t == snapshot.cursor.t:
        return _cell(f"‹{t}›", "accent", width)
    if t == snapshot.request.t:
        return _cell(f"[{t}]", "strong", width)
    return _cell(str(t), "dim", width)


def _known(snapshot: Snapshot, symbol: str, t: int) -> bool:
    """Return True if the forward pass has revealed `symbol` at timestep `t`."""
    return any(operation.symbol == symbol for operation in snapshot.forward_revealed(t))


# Outputs and targets


def _counted(
    snapshot: Snapshot,
    columns: range,
    cell: int,
    draw_cell: Callable[[Snapshot, int, int, int], Line],
) -> Iterable[Line]:
    """Generate the cells of a row that is blank where the loss does not count.

    Args:
        snapshot: what is drawn.
        columns: the timesteps of the row.
        cell: cells of a timestep.
        draw_cell: draws one cell from snapshot, timestep, width and greatest width; a long name may
            take the blank cells to its left.

    Yields:
        For each timestep that counts its cell, with the blanks before it.
    """
    counted, blank = snapshot.task.topology.counted, 0
    for t in columns:
        if not counted[t - 1]:
            blank += cell
            continue
        line = draw_cell(snapshot, t, cell, cell + blank)
        yield ((" " * (blank + cell - cell_width(line)), ""), *line)
        blank = 0


def _output(snapshot: Snapshot, t: int, width: int, widest: int) -> Line:
    """Return an output: its number, or its most probable class and whether that is the target."""
    if not _known(snapshot, "y_t", t):
        return _cell(UNKNOWN, "dim", width)
    if snapshot.task.labels is not None:
        return answer_cell(snapshot, t, width, widest)
    return _number_cell(float(snapshot.window.tape["y"][t - 1, 0, 0]), "one-step", width)


def _target(snapshot: Snapshot, t: int, width: int, widest: int) -> Line:
    """Return a target: its number or its class."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN, "dim", width)
    labels = snapshot.task.labels
    if labels is not None:
        name = name_of(labels, target_code(snapshot, t))
        available = min(max(text_width(name) + 2, width), widest)
        return _cell(in_column(name, available), "truth", available)
    return _number_cell(float(snapshot.window.tape["target"][t - 1, 0, 0]), "truth", width)


# Inputs


def _inputs(snapshot: Snapshot, cell: int, available: int) -> list[tuple[str, _Cell]]:
    """Return the inputs' rows, label and cells: one for each number if that fits."""
    task = snapshot.task
    if task.symbols is not None:
        return [("x_t", partial(_symbol, snapshot, width=cell))]
    parts = task.parts
    if parts is None:
        return [("x_t", partial(_number, snapshot, k=0, width=cell))]
    if len(parts) <= available:
        places = range(len(parts))
        return [(parts[k], partial(_number, snapshot, k=k, width=cell)) for k in places]
    return [(parts[0], partial(_vector, snapshot, width=cell))]


def _has_input(snapshot: Snapshot, t: int) -> bool:
    """Return True if there is an input at timestep `t`, from the task or from a what-if."""
    return snapshot.task.topology.inputs[t - 1] or bool(snapshot.window.tape["x"][t - 1].any())


def _symbol(snapshot: Snapshot, t: int, width: int) -> Line:
    """Return the symbol that goes in."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN, "dim", width)
    code = input_code(snapshot, t)
    name = in_column(name_of(snapshot.task.symbols or (), code), width)
    return _cell(name, "strong" if code is None else "", width)


def _number(snapshot: Snapshot, t: int, k: int, width: int) -> Line:
    """Return the input's number `k`; a number that marks a timestep is drawn as ▲."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN if snapshot.task.topology.inputs[t - 1] else "", "dim", width)
    if not _has_input(snapshot, t):
        return _cell("", "", width)
    value = float(snapshot.window.tape["x"][t - 1, 0, k])
    parts = snapshot.task.parts
    if parts is not None and parts[k] == "mark" and value in (0, 1):
        return _cell(MARK if value else "", "strong", width)
    return _number_cell(value, "", width)


def _vector(snapshot: Snapshot, t: int, width: int) -> Line:
    """Return the first of several numbers, with ▲ before it if another one marks it."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN if snapshot.task.topology.inputs[t - 1] else "", "dim", width)
    if not _has_input(snapshot, t):
        return _cell("", "", width)
    text = vector(snapshot.task.parts or (), snapshot.window.tape["x"][t - 1, 0])
    return _cell(text, "strong" if text.startswith(MARK) else "", width)


# Hidden states and their gradients


def _gradient(snapshot: Snapshot, t: int, width: int) -> Line:
    """Return ‖∂L/∂h_t‖."""
    gradient = name_in_layer("dh_t", snapshot.layer)
    if not any(operation.symbol == gradient for operation in snapshot.backward_revealed(t)):
        blank = snapshot.cursor.stage in (Pass.BATCH, Pass.FORWARD)
        return _cell("" if blank else UNKNOWN, "dim", width)
    return _number_cell(float(snapshot.gradient_norms[t - 1]), "gradient", width)


def _hidden(context: DrawContext, columns: range, rows: int, cell: int) -> list[Line]:
    """Return the rows of hidden units: the page that has the selected one."""
    snapshot, hidden, each = context.snapshot, context.snapshot.settings.hidden, cell - 2
    unit = min(context.selection.unit, hidden - 1)
    shown = min(rows * each, hidden)
    first = min(unit // shown * shown, max(hidden - shown, 0))
    scale = _scale(snapshot)
    lines = []
    for start in range(first, first + shown, each):
        units = range(start, min(start + each, first + shown))
        h = name_in_layer("h", snapshot.layer)
        label = f"{h} {start + 1}–{units[-1] + 1}" if len(units) > 1 else f"{h} {start + 1}"
        draw_units = partial(_units, context, units=units, scale=scale, width=cell)
        lines.append(_row(label, map(draw_units, columns)))
    return lines


def _scale(snapshot: Snapshot) -> BarScale:
    """Return what the bars of h are measured by, at all timesteps."""
    h = name_in_layer("h_t", snapshot.layer)
    row = next(row for row in snapshot.rows if row.symbol == h)
    return UNIT if row.span else value_scale(row, magnitudes_of(snapshot))


def _units(context: DrawContext, t: int, units: range, scale: BarScale, width: int) -> Line:
    """Return the units of one timestep, with an arrow to the next or, going back, the previous one.

    Without recurrence there are no arrows: nothing goes from timestep to timestep.
    """
    snapshot = context.snapshot
    layer = snapshot.layer
    if not _known(snapshot, name_in_layer("h_t", layer), t):
        return _cell(UNKNOWN, "dim", width)
    state = snapshot.window.tape[name_in_layer("h", layer)][t, 0]
    selected = min(context.selection.unit, len(state) - 1) - units[0]
    shown = bars(state[units[0] : units[-1] + 1], scale, context.bar_glyphs, selected)
    runs: list[Run] = [*shown, (" " * (width - 2 - len(units)), "")]
    if not snapshot.window.declaration.cell.recurrent:
        return ((" ", ""), *runs, (" ", ""))
    sent = name_in_layer("dh_<t-1>", layer)
    if any(operation.symbol == sent for operation in snapshot.backward_revealed(t)):
        return (("←", "gradient"), *runs, (" ", ""))
    return ((" ", ""), *runs, ("→", "dim"))


def signs(context: DrawContext) -> Signs:
    """Return what the signs in the strip mean."""
    snapshot = context.snapshot
    recurrent = snapshot.window.declaration.cell.recurrent
    named, parts = snapshot.task.labels is not None, snapshot.task.parts or ()
    return panel_help.joined(
        (
            Sign("t", "a timestep has a column"),
            Sign("‹7›", "the cursor: what has just been computed", "accent"),
            Sign("[7]", "selected: the panels show this timestep; esc goes back to the cursor"),
            Sign("target", "what the output should be", "truth"),
            Sign("y_t", "the likeliest class" if named else "the output", "one-step"),
        ),
        (Sign("✓", "it is the target", "good"), Sign("✗", "it is not", "error")) if named else (),
        (Sign("h 1–3", "these units of the hidden state h, a bar each, full at 1"),),
        panel_help.bars(context),
        (
            Sign("→", "the state goes on to the next timestep", "dim"),
            Sign("←", "the gradient has been sent to the timestep before", "gradient"),
        )
        if recurrent
        else (),
        (Sign("x_t", "the input"),) if not parts else (Sign("  ".join(parts), "the input"),),
        (Sign(MARK, "the input that marks this timestep"),) if "mark" in parts else (),
        (Sign("held", "a what-if holds the input"),) if snapshot.task.symbols else (),
        (
            Sign("‖dh_t‖", "the size of the loss's gradient for h at this timestep", "gradient"),
            Sign("h2  dh2_t", "a digit after a name is a layer"),
        ),
    )


PANEL = PanelSpec(
    draw,
    title,
    proofs=(PROOF,),
    timestep_keys="←→",
    timestep_at=timestep_at,
    help=signs,
    need=need,
)

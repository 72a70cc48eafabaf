"""The network panel: the network unrolled, a column for each timestep.

From the top: timesteps, targets, outputs, hidden states, inputs, gradient norms. Outputs stand only
where the loss counts and inputs only where there is one; symbols and classes are shown by name, and
of the outputs the most probable class. Of several numbers as outputs the selected one is shown, or
all where there is room. In the backward pass the gradient norms fill in from the
right. The title is the rail of the six passes.

Where there is no room for all timesteps, `strip_columns` says which are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import numpy as np

from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.bar_scales import PROOF
from rnn_tui.tui.column_names import short_names
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, centre, cut, text_width
from rnn_tui.tui.number_format import SHORT, UNKNOWN
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.network_help import hidden_sign, signs
from rnn_tui.tui.panels.network_states import (
    NormRow,
    UnitRows,
    is_known,
    shown_states,
    states_of,
    words_of,
)
from rnn_tui.tui.pass_rail import rail_rule
from rnn_tui.tui.scope_words import joined, sample_words
from rnn_tui.tui.strip_columns import StripColumn, columns_of
from rnn_tui.tui.strip_numbers import exponent_of, exponent_words, fixed
from rnn_tui.tui.symbols import (
    MARK,
    answer_cell,
    column_width,
    has_input,
    in_column,
    input_code,
    name_of,
    target_code,
    vector,
)

LABEL = 10  # cells of the label at the left
RAIL = 72  # cells with which the rail of the passes is whole
_ALWAYS = 5  # rows at any height: t, y, h, x, dh
_Cell = Callable[[int], Line]  # gives the cell of a row at a timestep


@dataclass(frozen=True, slots=True)
class StripRow:
    """A row of the strip.

    Attributes:
        label: what it shows.
        cell_at: draws the cell of a timestep.
        exponent: the power of ten that its numbers are in units of.
    """

    label: str
    cell_at: _Cell
    exponent: int = 0


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line, beside the rail."""
    snapshot = context.snapshot
    carried = "given state" if snapshot.task.gives_states else "zero state"
    if snapshot.settings.carry:
        carried = "carried state"
    if not snapshot.window.declaration.cell.recurrent:
        carried = "no recurrence"
    layers = snapshot.settings.layers
    layer = f"layer {snapshot.layer} of {layers}" if layers > 1 else ""
    batch = ""
    if snapshot.settings.batch > 1:
        norm = f"‖{name_in_layer('dh_t', snapshot.layer)}‖ of all"
        batch = f"{sample_words(snapshot)}, {norm}"
    return "network", joined(f"{snapshot.task.topology.name}, {carried}", layer, batch)


def rule(
    context: DrawContext, left: str, right: str, width: int, height: int, focused: bool
) -> Line:
    """Return the title line, with the rail and, at its end, which of all units are shown."""
    units = _plan(context, height).units
    hidden, shown = context.snapshot.settings.hidden, units.shown
    whole = len(shown) == hidden or not context.snapshot.cursor.has_batch  # or none: see `draw`
    said = "" if whole else f"{units.name} {words_of(shown)} of {hidden}"
    parts = right.split(" · ")
    layer = next((part for part in parts if part.startswith("layer ")), "")
    optional = [part for part in parts if part != layer]
    return rail_rule(context, left, optional, (layer, said), width, focused)


@dataclass(frozen=True, slots=True)
class _Plan:
    """The rows of the panel at one height; they stay the same from place to place.

    Attributes:
        inputs: rows of the inputs.
        targets: whether targets have a row.
        outputs: the numbers of the outputs that have rows, from 0.
        units: the rows of units.
        norms: the rows of gradients' norms.
    """

    inputs: list[StripRow]
    targets: bool
    outputs: range
    units: UnitRows
    norms: list[NormRow]


def _plan(context: DrawContext, height: int) -> _Plan:
    """Return the rows that there is room for: inputs, then norms, then targets, then units."""
    snapshot = context.snapshot
    cell, spare = cell_width_of(snapshot), max(height - _ALWAYS, 0)
    states = states_of(snapshot)
    chosen = context.selection.variant("network", states)
    inputs = _inputs(snapshot, cell, spare + 1)
    spare -= len(inputs) - 1
    all_norms = spare >= len(states) - 1
    spare -= (len(states) - 1) * all_norms
    targets = spare > 0
    count = len(snapshot.task.output_names or " ")
    selected = min(context.selection.unit, count - 1)
    outputs = range(selected, selected + 1)
    if targets and spare - 1 >= 2 * (count - 1):
        outputs, spare = range(count), spare - 2 * (count - 1)
    units = UnitRows(context, chosen, cell, 1 + spare - targets)
    shown = shown_states(snapshot, chosen, all_norms)
    return _Plan(inputs, targets, outputs, units, [NormRow(context, each, cell) for each in shown])


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw as many rows as fit; what is left out first are hidden units, then targets."""
    if not context.snapshot.cursor.has_batch:
        from rnn_tui.tui.panels.current_pass import first_screen

        return first_screen.unrolled(context.snapshot, width, height)
    snapshot, columns = context.snapshot, columns_shown(context.snapshot, width)
    plan, cell = _plan(context, height), cell_width_of(context.snapshot)
    strip = partial(_line, context, columns, cell)
    rows_left_out = left_out(context, height)
    count = len(rows_left_out)
    forms = (f"t ({'' if context.zoomed else 'z: '}+{count})", f"t (+{count})", "t")
    label = next(each for each in forms if text_width(each) < LABEL) if count else "t"
    lines = [strip(label, _times(context, columns, cell))]
    for k in plan.outputs:
        exponent = _target_exponent(snapshot, k)
        if plan.targets:
            target = partial(_target, k=k, exponent=exponent)
            lines.append(strip("target", _counted(snapshot, columns, cell, target), exponent))
        output = partial(_output, k=k, exponent=exponent)
        cells = _counted(snapshot, columns, cell, output)
        lines.append(strip(_output_label(snapshot, k, exponent), cells, exponent))
    rows: list[StripRow] = []
    scale = plan.units.scale()
    for units in plan.units.parts():
        draw_units = partial(plan.units.cell, units=units, scale=scale)
        rows.append(StripRow(plan.units.label(units), draw_units))
    rows += plan.inputs
    for norm in plan.norms:
        scale_of_norms = norm.scale()
        draw_norm = partial(norm.cell, scale=scale_of_norms)
        rows.append(StripRow(norm.label, draw_norm))
    blank = _cell("", "", cell)
    for row in rows:
        cells = (row.cell_at(column.t) if column.t else blank for column in columns)
        lines.append(strip(row.label, cells, row.exponent))
    return tuple(lines)


def left_out(context: DrawContext, height: int) -> list[str]:
    """Return the labels of the rows that have no room."""
    plan, states = _plan(context, height), states_of(context.snapshot)
    shown = {norm.state for norm in plan.norms}
    absent = [f"‖d{state}_t‖" for state in states if state not in shown]
    parts = context.snapshot.task.parts or ()
    inputs = [part for part in parts[len(plan.inputs) :] if part != "mark"]  # ▲ stands for it
    outputs = [
        name if name.startswith("y[") else f"y {name}"
        for k, name in enumerate(context.snapshot.task.output_names or ("",))
        if k not in plan.outputs
    ]
    return ["target"] * (not plan.targets) + outputs + inputs + absent


def need(snapshot: Snapshot) -> Need:
    """Return the lines of the rows; three of hidden units are good, with all nothing is left."""
    cell = cell_width_of(snapshot)
    least = 1 + _ALWAYS
    enough = least + len(states_of(snapshot)) + len(snapshot.task.parts or " ") - 1
    enough += 2 * (len(snapshot.task.output_names or " ") - 1)
    units = -(-snapshot.settings.hidden // (2 * (cell - 1)))
    width = max(LABEL + cell * snapshot.steps, RAIL)
    return Need(least, enough, enough + min(units - 1, 2), enough + units - 1, width)


def cell_width_of(snapshot: Snapshot) -> int:
    """Return the cells of a timestep: more if inputs, or targets at most timesteps, are words.

    The number of every timestep has room with the signs of the cursor's, as ‹2000› has.
    """
    task = snapshot.task
    most_count = 2 * sum(task.topology.counted) > snapshot.steps
    words = max(column_width(task.symbols), column_width(task.labels if most_count else None))
    return max(words, len(str(snapshot.steps)) + 2)


def columns_shown(snapshot: Snapshot, width: int) -> tuple[StripColumn, ...]:
    """Return the columns for which there is room, one of them for the timestep shown."""
    available = max((width - LABEL) // cell_width_of(snapshot), 1)
    if snapshot.steps <= available:
        return tuple(map(StripColumn, range(1, snapshot.steps + 1)))
    counted, alike = snapshot.window.counted, _alike(snapshot)
    if snapshot.cursor.stage is Pass.UPDATE and not snapshot.request.t:
        # Nothing was selected since the clipping: its page stays if it has the timestep shown.
        columns = columns_of(snapshot.steps, 1, available, counted, alike)
        if any(column.t == snapshot.t for column in columns):
            return columns
    return columns_of(snapshot.steps, snapshot.t, available, counted, alike)


def _alike(snapshot: Snapshot) -> list[bool]:
    """Return for each timestep whether the batch says the same of it as of the one before, [T].

    That is the input and, where the loss counts, a class as the target.
    """
    tape, counted = snapshot.window.tape, np.asarray(snapshot.window.counted)
    if not snapshot.cursor.has_batch:
        return [False] * snapshot.steps
    alike = (tape["x"][1:, 0] == tape["x"][:-1, 0]).all(axis=-1) & (counted[1:] == counted[:-1])
    if snapshot.task.labels is None:
        alike &= ~counted[1:]
    else:
        classes = tape["classes"][:, 0]
        alike &= ~counted[1:] | (classes[1:] == classes[:-1])
    return [False, *alike.tolist()]


def timestep_at(snapshot: Snapshot, width: int, x: int) -> int | None:
    """Return the timestep whose column is at cell `x`; None where there is none."""
    columns = columns_shown(snapshot, width)
    index = (x - LABEL) // cell_width_of(snapshot)
    return (columns[index].t or None) if x >= LABEL and index < len(columns) else None


def _line(
    context: DrawContext,
    columns: tuple[StripColumn, ...],
    cell: int,
    label: str,
    cells: Iterable[Line],
    exponent: int = 0,
) -> Line:
    """Return a labelled row of cells, with the ground of the timestep that is looked at."""
    unit = exponent_words(exponent)
    name = cut(label, LABEL - 1 - text_width(unit)) + unit
    if label and unit and not name.startswith(label):  # then the blank before it gives way
        name = cut(label, LABEL - text_width(unit)) + unit
    size = text_width(name)
    flush = size == LABEL or (size == LABEL - 1 and columns[0].hidden >= 100)
    start: Run = (" " * (not flush) + name + " " * (LABEL - size - (not flush)), "dim")
    runs: list[Run] = [start]
    for line in cells:
        runs.extend(line)
    here = _place_of_here(context, columns)
    if here is None:
        return tuple(runs)
    return _on_ground(runs, LABEL + here * cell, LABEL + (here + 1) * cell)


def _place_of_here(context: DrawContext, columns: tuple[StripColumn, ...]) -> int | None:
    """Return the index of the column that has a ground; None if there is none."""
    snapshot = context.snapshot
    if not context.grounds or not (snapshot.cursor.t or snapshot.request.t):
        return None
    return next((k for k, column in enumerate(columns) if column.t == snapshot.t), None)


def _on_ground(runs: list[Run], start: int, stop: int) -> Line:
    """Return a line whose cells from `start` to `stop` are on the ground of the timestep shown."""
    line: list[Run] = []
    place = 0
    for text, role in runs:
        end = place + text_width(text)
        if end <= start or place >= stop:
            line.append((text, role))
        elif start <= place and end <= stop:
            line.append((text, _here(role)))
        else:
            at = place
            for character in text:
                line.append((character, _here(role) if start <= at < stop else role))
                at += text_width(character)
        place = end
    if place < stop:
        line += [(" " * max(start - place, 0), ""), (" " * (stop - max(place, start)), "computed-")]
    return tuple(line)


def _here(role: str) -> str:
    """Return a role on the ground of the timestep shown; what has a ground of its own keeps it."""
    return role if role.startswith(("units-", "heat-")) else f"computed-{role}"


def _cell(text: str, role: str, width: int) -> Line:
    """Return a cell with `text` in its middle."""
    return ((centre(text, width), role),)


def _number_cell(value: float, role: str, width: int, exponent: int = 0) -> Line:
    """Return a cell with a number, and a blank between it and the next."""
    return _cell(fixed(value, exponent, min(width - 1, SHORT)), role, width)


def _times(context: DrawContext, columns: tuple[StripColumn, ...], width: int) -> Iterable[Line]:
    """Generate the numbers of the timesteps: ‹t› at the cursor, [t] where it is selected.

    Where timesteps are hidden it is their number: ⋯12. What fills its cell has no blank beside it,
    so a long number of hidden ones stands at the other side of its own.
    """
    here = {context.snapshot.cursor.t: ("‹", "›", "accent")}
    here.setdefault(context.snapshot.request.t or 0, ("[", "]", "strong"))
    before = False  # whether the cell before has signs around its number
    for column in columns:
        if column.t:
            before = column.t in here
            left, right, role = here.get(column.t, ("", "", "dim"))
            yield _cell(f"{left}{column.t}{right}", role, width)
            continue
        text = f"{hidden_sign(context)}{column.hidden}" if column.hidden else ""
        long = len(text) == width - 1
        before, aligned = False, text.rjust(width) if before else text.ljust(width)
        yield ((aligned, "dim"),) if long else _cell(text, "dim", width)


# Outputs and targets


def _counted(
    snapshot: Snapshot,
    columns: tuple[StripColumn, ...],
    cell: int,
    draw_cell: Callable[[Snapshot, int, int, int], Line],
) -> Iterable[Line]:
    """Generate the cells of a row that is blank where the loss does not count.

    Args:
        snapshot: what is drawn.
        columns: those of the row.
        cell: cells of a timestep.
        draw_cell: draws one cell from snapshot, timestep, width and greatest width; a long name may
            take the blank cells to its left.

    Yields:
        For each timestep that counts its cell, with the blanks before it.
    """
    counted, blank = snapshot.window.counted, 0
    for column in columns:
        t = column.t
        if not t or not counted[t - 1]:
            blank += cell
            continue
        line = draw_cell(snapshot, t, cell, cell + blank)
        yield ((" " * (blank + cell - cell_width(line)), ""), *line)
        blank = 0


def _output_label(snapshot: Snapshot, k: int, exponent: int) -> str:
    """Return the label of output `k`: y_t, or with the name of what it predicts."""
    names = snapshot.task.output_names
    if names is None:
        return "y_t"
    name = short_names(names, LABEL - 3 - text_width(exponent_words(exponent)))[k]
    return name if name.startswith("y[") else f"y {name}"


def _target_exponent(snapshot: Snapshot, k: int) -> int:
    """Return the power of ten that target and output `k` are in units of: that of the targets."""
    if snapshot.task.labels is not None or not snapshot.cursor.has_batch:
        return 0
    counted = list(snapshot.window.counted)
    return exponent_of(snapshot.window.tape["target"][counted, 0, k])


def _output(snapshot: Snapshot, t: int, width: int, widest: int, *, k: int, exponent: int) -> Line:
    """Return output `k`: its number, or the most probable class and whether that is the target."""
    if not is_known(snapshot, "y_t", t):
        return _cell(UNKNOWN, "dim", width)
    if snapshot.task.labels is not None:
        return answer_cell(snapshot, t, width, widest)
    value = float(snapshot.window.tape["y"][t - 1, 0, k])
    return _number_cell(value, "one-step", width, exponent)


def _target(snapshot: Snapshot, t: int, width: int, widest: int, *, k: int, exponent: int) -> Line:
    """Return the target of output `k`: its number, or its class."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN, "dim", width)
    labels = snapshot.task.labels
    if labels is not None:
        name = name_of(labels, target_code(snapshot, t))
        available = min(max(text_width(name) + 2, width), widest)
        return _cell(in_column(name, available), "truth", available)
    value = float(snapshot.window.tape["target"][t - 1, 0, k])
    return _number_cell(value, "truth", width, exponent)


# Inputs


def _inputs(snapshot: Snapshot, cell: int, available: int) -> list[StripRow]:
    """Return the inputs' rows: one for each number if that fits."""
    task = snapshot.task
    if task.symbols is not None:
        return [StripRow("x_t", partial(_symbol, snapshot, width=cell))]
    parts = task.parts
    if parts is None:
        return [_numbers(snapshot, "x_t", 0, cell)]
    if len(parts) <= available:
        return [_numbers(snapshot, part, k, cell) for k, part in enumerate(_labels(parts))]
    return [StripRow(_labels(parts)[0], partial(_vector, snapshot, width=cell))]


def _labels(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the labels of the input's numbers; there may be the unit of a row beside them."""
    return short_names(parts, LABEL - 1)


def _numbers(snapshot: Snapshot, label: str, k: int, cell: int) -> StripRow:
    """Return the row of the input's number `k`."""
    there = snapshot.cursor.has_batch
    exponent = exponent_of(snapshot.window.tape["x"][:, 0, k]) if there else 0
    return StripRow(label, partial(_number, snapshot, k=k, width=cell, exponent=exponent), exponent)


def _symbol(snapshot: Snapshot, t: int, width: int) -> Line:
    """Return the symbol that goes in."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN, "dim", width)
    code = input_code(snapshot, t)
    name = in_column(name_of(snapshot.task.symbols or (), code), width)
    return _cell(name, "strong" if code is None else "", width)


def _number(snapshot: Snapshot, t: int, k: int, width: int, exponent: int) -> Line:
    """Return the input's number `k`; a number that marks a timestep is drawn as ▲."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN if snapshot.task.topology.inputs[t - 1] else "", "dim", width)
    if not has_input(snapshot, t):
        return _cell("", "", width)
    value = float(snapshot.window.tape["x"][t - 1, 0, k])
    parts = snapshot.task.parts
    if parts is not None and parts[k] == "mark" and value in (0, 1):
        return _cell(MARK if value else "", "strong", width)
    return _number_cell(value, "", width, exponent)


def _vector(snapshot: Snapshot, t: int, width: int) -> Line:
    """Return the first of several numbers, with ▲ before it if another one marks it."""
    if not snapshot.cursor.has_batch:
        return _cell(UNKNOWN if snapshot.task.topology.inputs[t - 1] else "", "dim", width)
    if not has_input(snapshot, t):
        return _cell("", "", width)
    text = vector(snapshot.task.parts or (), snapshot.window.tape["x"][t - 1, 0])
    return _cell(text, "strong" if text.startswith(MARK) else "", width)


PANEL = PanelSpec(
    draw,
    title,
    proofs=(PROOF,),
    timestep_keys="←→",
    timestep_at=timestep_at,
    variants=states_of,
    rule=rule,
    help=signs,
    need=need,
    table="window:network",
)

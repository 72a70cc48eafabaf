"""The carpet: units × time, one value or gradient of a layer as a heat map.

A row is a unit, a column a timestep; the key ``d`` chooses what is shown. The units stand by where
each is strongest, so that what follows in time stands below, or by their numbers. Of more units
than there is room for a sample is drawn, with the selected one; of more timesteps each cell is the
strongest of several; the time axis says so. Where inputs are characters they stand above as text,
coloured by the selected unit; its bars are below them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.analysis.unit_values import (
    UnitValues,
    activity_order,
    unit_symbols,
    unit_values,
    value_at,
)
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.proofs.carpet import BY_NUMBER, shown_value
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui import panel_help
from rnn_tui.tui.bar_scales import PROOF as MAGNITUDES
from rnn_tui.tui.bar_scales import gradient_scale, magnitudes_of
from rnn_tui.tui.bars import BarScale
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.heat_map import (
    CellSize,
    cut_lines,
    divide,
    heat_lines,
    heat_role,
    page_of,
    row_label,
    spread,
    strongest,
)
from rnn_tui.tui.lines import Line, Lines, cut, merge, text_width
from rnn_tui.tui.number_format import NOT_FINITE, UNKNOWN, number, signed
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec
from rnn_tui.tui.panels.proofs.status import missing
from rnn_tui.tui.scope_words import joined, layer_words, sample_words, what_if_words
from rnn_tui.tui.symbols import input_code, name_of, visible, without_blank
from rnn_tui.tui.title_rule import title_rule

PROOF = "carpet"
AT_ONCE = 100  # timesteps up to which the values are collected while drawing
_LEAST_OF_WORD = 3  # cells of a word that is cut
OTHER = "~"  # stands for a symbol that has no room in the text
AROUND_UNITS = 3  # lines: title, time axis, scale
LOWEST = 5  # lines of the panel
TEXT_ACROSS = 66  # cells of a line of text, about
WIDEST, HIGHEST = 4, 3  # cells and lines of an entry at most
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # between two labels of the time axis


def variants(snapshot: Snapshot) -> tuple[str, ...]:
    """Return what can be shown: values, then, from the last one back, each by number."""
    names = tuple(unit_symbols(snapshot.window.declaration))
    return (*names, *(f"{name}{BY_NUMBER}" for name in reversed(names)))


def shown(context: DrawContext) -> str:
    """Return the variant that is shown."""
    return context.selection.variant(PROOF, variants(context.snapshot))


# ---------------------------------------------------------------- what is shown


@dataclass(frozen=True, slots=True)
class _Carpet:
    """What the panel draws.

    Attributes:
        found: the values.
        known: [T], at which timesteps they are computed.
        order: [H], the units from the top down.
        unit: the selected unit, from 0.
        t: the selected timestep, from 1.
        scale: what bars are measured by.
    """

    found: UnitValues
    known: npt.NDArray[np.bool_]
    order: npt.NDArray[np.int64]
    unit: int
    t: int
    scale: BarScale


def carpet_shown(context: DrawContext) -> _Carpet | None:
    """Return what is to be drawn; None while it is not there."""
    snapshot, variant = context.snapshot, shown(context)
    name = shown_value(variant)
    symbol = unit_symbols(snapshot.window.declaration)[name]
    known = known_timesteps(snapshot, symbol)
    found = snapshot.proofs.get(PROOF)
    fits = isinstance(found, UnitValues) and (found.name, found.layer) == (name, snapshot.layer)
    if not fits:
        if snapshot.steps > AT_ONCE or not known.any():
            return None
        found = complete(unit_values(snapshot.window, name, snapshot.layer))
    assert isinstance(found, UnitValues)
    order = found.order
    if snapshot.running or variant.endswith(BY_NUMBER):  # in a run the order would change
        order = np.arange(len(found.values))
    elif not fits:
        order = activity_order(np.where(known, found.values, 0))
    unit = min(context.selection.unit, len(order) - 1)
    scale = _scale(snapshot, symbol) or BarScale(found.largest)
    return _Carpet(found, known, order, unit, snapshot.t, scale)


def known_timesteps(snapshot: Snapshot, symbol: str) -> npt.NDArray[np.bool_]:
    """Return at which timesteps a value of the layer shown is computed, [T].

    Args:
        snapshot: the place of both passes.
        symbol: the cell's symbol of the value.
    """
    declaration, cursor = snapshot.window.declaration, snapshot.cursor
    named = _named(snapshot, symbol)
    forward = [operation.symbol for operation in declaration.forward_operations]
    times = range(1, snapshot.steps + 1)
    if named in forward:
        place, count = forward.index(named), len(forward)
        revealed = [cursor.revealed_forward(t, count) > place for t in times]
    else:
        backward = [operation.symbol for operation in declaration.backward_operations]
        place, count = backward.index(named), len(backward)
        revealed = [cursor.revealed_backward(t, count) > place for t in times]
    return np.array(revealed)


def _scale(snapshot: Snapshot, symbol: str) -> BarScale | None:
    """Return the scale that the same values have on the timestep's panel; None if unbounded."""
    rows = {row.symbol: row for row in snapshot.window.declaration.cell.rows}
    if symbol in rows:
        span = rows[symbol].span
        if span is not None:
            return BarScale(max(map(abs, span)), signed=span[0] < 0)
    elif MAGNITUDES in snapshot.proofs or snapshot.backward_complete(1):
        scale = gradient_scale(magnitudes_of(snapshot))
        if scale.largest:
            return scale
    return None


def units_in_order(context: DrawContext) -> Sequence[int]:
    """Return the units from the top down."""
    carpet = carpet_shown(context)
    if carpet is None:
        return range(context.snapshot.settings.hidden)
    return [int(unit) for unit in carpet.order]


# ---------------------------------------------------------------- the title


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line: what is shown and how; the selected entry."""
    snapshot, variant = context.snapshot, shown(context)
    layer = layer_words(snapshot, snapshot.layer)
    name = f"carpet of {shown_value(variant)}{f', {layer}' if layer else ''}"
    held = what_if_words("with", snapshot.pins)
    order = "by number" if variant.endswith(BY_NUMBER) or snapshot.running else "by time of peak"
    symbol = unit_symbols(snapshot.window.declaration)[shown_value(variant)]
    unit, t = min(context.selection.unit, snapshot.settings.hidden - 1), snapshot.t
    value = UNKNOWN
    if known_timesteps(snapshot, symbol)[t - 1]:
        value = signed(float(value_at(snapshot.window, _named(snapshot, symbol), t)[unit]))
    scale = _scale(snapshot, symbol)
    log = f"log, {scale.decades} decades" if scale is not None and scale.decades else ""
    entry = f"{value_name(_named(snapshot, symbol), t, unit + 1)} = {value}"
    return name, joined(sample_words(snapshot), held, log, f"units {order}", entry)


def _named(snapshot: Snapshot, symbol: str) -> str:
    """Return what the layer shown calls the cell's `symbol`."""
    return snapshot.window.declaration.layers[snapshot.layer - 1].name(symbol)


# ---------------------------------------------------------------- the picture


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the time axis, the text, the selected unit, and all units."""
    carpet = carpet_shown(context)
    if carpet is None:
        if context.snapshot.cursor.has_batch and not context.snapshot.proving:
            return (((_filled_by(context), "dim"),),)
        return missing(context, PROOF, width)
    if not carpet.known.any():
        empty = cut_lines(_lines(context, carpet, width, height - 1), width) if height > 1 else ()
        return (((_filled_by(context), "dim"),), *empty[: height - 1])
    return cut_lines(_lines(context, carpet, width, height)[:height], width)


def _filled_by(context: DrawContext) -> str:
    """Return which pass computes what is shown."""
    symbol = unit_symbols(context.snapshot.window.declaration)[shown_value(shown(context))]
    forward = context.snapshot.window.declaration.cell.forward_operations
    if symbol in (operation.symbol for operation in forward):
        return " filled by the forward pass, 1 → T"
    return " filled by the backward pass, T → 1"


def _lines(context: DrawContext, carpet: _Carpet, width: int, height: int) -> Lines:
    """Return the lines of the panel; of a very narrow one they may be too long."""
    label = _label_width(context.snapshot)
    columns, cell = _columns(context.snapshot.steps, width - label)
    above = _text(context, carpet, columns, cell, width - label, (height - 1) // 2)
    rows = max(height - 1 - len(above), 1)
    large = context.zoomed and bool(carpet.known.any())
    tall = min(max(rows // len(carpet.order), 1), HIGHEST, cell) if large else 1
    units = _units(context, carpet, _all_units(carpet, rows), columns, CellSize(cell, tall), label)
    lines = (_head(carpet, columns, cell, label), *above, *units)
    full = number(carpet.scale.largest, 2)
    return (*lines, ((f" full bar {full}", "dim"),)) if len(lines) < height else lines


def rule(
    context: DrawContext, left: str, right: str, width: int, height: int, focused: bool
) -> Line:
    """Return the title line, with how many units are drawn, and what a cell stands for."""
    carpet = carpet_shown(context)
    if carpet is not None and carpet.known.any():
        label = _label_width(context.snapshot)
        columns, cell = _columns(context.snapshot.steps, width - label)
        above = _text(context, carpet, columns, cell, width - label, (height - 1) // 2)
        said = _left_out(len(carpet.order), max(height - 1 - len(above), 1), columns)
        brief = said.replace("strongest of ", "").replace(" units", "")
        names = (left + said, left + brief, left.partition(",")[0] + brief)
        left = next((name for name in names if text_width(name) + 4 <= width), names[-1])
    return title_rule(left, right, width, focused)


def _label_width(snapshot: Snapshot) -> int:
    """Return the cells of a row's label."""
    return len(str(snapshot.settings.hidden)) + 3


def _columns(steps: int, across: int) -> tuple[list[int], int]:
    """Return the first timestep of each column, from 0, and the cells of a column."""
    columns = divide(steps, max(across, 1))
    return columns, min(max(across // len(columns), 1), WIDEST)


def _left_out(units: int, rows: int, columns: Sequence[int]) -> str:
    """Return how many units are drawn, and what a cell stands for; "" if there is all."""
    each = _per_column(columns)
    parts = [f"{rows} of {units} units"] * (rows < units) + [f"strongest of {each} t"] * (each > 1)
    return f" ({', '.join(parts)})" if parts else ""


def _head(carpet: _Carpet, columns: Sequence[int], cell: int, label: int) -> Line:
    """Return the time axis, with a mark at the selected timestep."""
    each = _per_column(columns)
    room = len(str(len(carpet.known))) + 1
    step = next((step for step in _STEPS if step * cell // each >= room), _STEPS[-1])
    axis = len(columns) * cell
    at, own = (bisect_right(columns, carpet.t - 1) - 1) * cell, str(carpet.t)
    own = own if at + 1 + len(own) <= axis else ""
    text = [" "] * axis
    for t in (1, *range(step, len(carpet.known) + 1, step)):
        start, label_of_t = (bisect_right(columns, t - 1) - 1) * cell, str(t)
        end = start + len(label_of_t)
        if end <= axis and (end < at - 1 or start >= at + len(own) + 2):
            text[start:end] = label_of_t
    before, after = "".join(text[:at]), "".join(text[at + 1 + len(own) :])
    mark: Line = (("▾", "accent"), (own, "strong"))
    return ((f"{'t':>{label - 1}} ", "dim"), (before, "dim"), *mark, (after, "dim"))


def _per_column(columns: Sequence[int]) -> int:
    """Return how many timesteps a column stands for."""
    return columns[1] - columns[0] if len(columns) > 1 else 1


def _units(
    context: DrawContext,
    carpet: _Carpet,
    units: Sequence[int],
    columns: Sequence[int],
    size: CellSize,
    label: int,
) -> Lines:
    """Return a row for each of these units."""
    drawn = _cells(context, carpet, units, columns, size)
    lines = []
    for place, line in enumerate(drawn):
        unit = units[place // size.height]
        name = str(unit + 1) if place % size.height == size.height - 1 else ""
        lines.append((*row_label(name, bool(name) and unit == carpet.unit, label), *line))
    return tuple(lines)


def _all_units(carpet: _Carpet, rows: int) -> list[int]:
    """Return the units of the rows in their order; if too many, a sample with the selected one."""
    places = spread(len(carpet.order), rows)
    selected = int(np.flatnonzero(carpet.order == carpet.unit)[0])
    places[bisect_right(places, selected) - 1] = selected
    return [int(unit) for unit in carpet.order[places]]


def _cells(
    context: DrawContext,
    carpet: _Carpet,
    units: Sequence[int],
    columns: Sequence[int],
    size: CellSize,
) -> Lines:
    """Return the cells of these units, a line or more for each."""
    known = carpet.known
    values = carpet.found.values[list(units)]
    if not known.all():
        values = np.where(known, values, 0)
    there = known if len(columns) == len(known) else np.logical_or.reduceat(known, columns)
    place = list(units).index(carpet.unit), bisect_right(columns, carpet.t - 1) - 1
    return heat_lines(
        strongest(values, range(len(units)), columns),
        carpet.scale,
        context.bar_glyphs,
        size=size,
        selected=place if context.grounds else None,  # else ▾ and ▸ say which
        known=there,
        name=_namer(context, units, columns) if context.mark is not None else None,
    )


def _namer(
    context: DrawContext, units: Sequence[int], columns: Sequence[int]
) -> Callable[[int, int], str]:
    """Return what names the entry in a row and column; of several timesteps, the first."""
    snapshot = context.snapshot
    symbol = _named(
        snapshot, unit_symbols(snapshot.window.declaration)[shown_value(shown(context))]
    )
    return lambda row, column: value_name(symbol, columns[column] + 1, units[row] + 1)


# ---------------------------------------------------------------- text × unit


def _text(
    context: DrawContext,
    carpet: _Carpet,
    columns: Sequence[int],
    cell: int,
    across: int,
    most: int,
) -> Lines:
    """Return the input as text, coloured by the selected unit; () where it is no text.

    On the time axis where each timestep has a column: one line.
    Else as text in lines, each with the unit's bars below it, the lines around the timestep.
    """
    snapshot = context.snapshot
    wide = _character_width(snapshot)
    if not wide or most < 2:
        return ()
    label = _label_width(snapshot)
    if len(columns) == snapshot.steps and wide <= cell:
        characters = _characters(context, carpet, range(snapshot.steps), cell)
        return ((("  ", ""), (f"{'':>{label - 2}}", ""), *characters),)
    lines: list[Line] = []
    timed = max(label, len(f"t={snapshot.steps} "))  # not to be taken for a unit
    room, each = most // 2, max((across - timed + label) // wide, 1)
    starts = range(0, snapshot.steps, each)
    for place in page_of((carpet.t - 1) // each, len(starts), room):
        times = range(starts[place], min(starts[place] + each, snapshot.steps))
        start = f"{f't={times.start + 1}':>{timed - 1}} "
        lines.append(((start, "dim"), *_characters(context, carpet, times, wide)))
        lines.append(((" " * timed, ""), *_bars_below(context, carpet, times, wide)))
    return tuple(lines)


def _character_width(snapshot: Snapshot) -> int:
    """Return the cells of a character of the input, 1 or 2; 0 where symbols are no characters."""
    widths = [text_width(visible(name)) for name in snapshot.task.symbols or ()]
    fitting = [width for width in widths if width <= 2]
    return max(fitting) if 2 * len(fitting) > len(widths) else 0


def _bars_below(context: DrawContext, carpet: _Carpet, times: range, wide: int) -> Line:
    """Return the bars of the selected unit at some timesteps, from 0."""
    part = slice(times.start, times.stop)
    row = carpet.found.values[carpet.unit : carpet.unit + 1, part]
    seen = context.grounds and carpet.t - 1 in times  # without grounds ▾ and ▸ say which
    chosen = (0, carpet.t - 1 - times.start) if seen else None
    known = carpet.known[part]
    size = CellSize(wide)
    glyphs = context.bar_glyphs
    return heat_lines(row, carpet.scale, glyphs, size=size, selected=chosen, known=known)[0]


def _characters(context: DrawContext, carpet: _Carpet, times: range, cell: int) -> Line:
    """Return the characters of some timesteps, from 0, on grounds of the selected unit's values."""
    line: list[tuple[str, str]] = []
    for k in times:
        name = name_of(context.snapshot.task.symbols or (), input_code(context.snapshot, k + 1))
        name = _within(name, cell)
        value = float(carpet.found.values[carpet.unit, k])
        role = "" if carpet.known[k] else "dim"
        if k == carpet.t - 1:
            role = "selected-strong"
        elif context.grounds and carpet.known[k] and np.isfinite(value):
            hue = "gate" if not carpet.scale.signed else "negative" if value < 0 else "positive"
            role = heat_role("strong", hue, carpet.scale.share(value))
        line.append((name + " " * (cell - text_width(name)), role))
    return merge(line)


def _within(name: str, cell: int) -> str:
    """Return a symbol in at most `cell` cells: a word is cut, without the blank before it."""
    if text_width(name) > cell:
        name = without_blank(name)
    if text_width(name) <= cell:
        return name
    return cut(name, cell) if cell >= _LEAST_OF_WORD and not name.startswith("U+") else OTHER


def timestep_at(snapshot: Snapshot, width: int, x: int) -> int | None:
    """Return the timestep drawn at a column of the panel; None where there is none."""
    label = _label_width(snapshot)
    columns, cell = _columns(snapshot.steps, width - label)
    place = (x - label) // cell
    return columns[place] + 1 if 0 <= place < len(columns) and x >= label else None


def need(snapshot: Snapshot) -> Need:
    """Return the lines of the panel: a row for each unit, the time axis, and the text if any."""
    most = max(snapshot.settings.hidden + AROUND_UNITS + _text_lines(snapshot), LOWEST)
    return Need(min(8, most), min(8, most), min(10, most), most)


def _text_lines(snapshot: Snapshot) -> int:
    """Return the lines of the input as text: one, or pairs where a timestep has no column."""
    cells = _character_width(snapshot) * snapshot.steps
    return 2 * -(-cells // TEXT_ACROSS) if cells > TEXT_ACROSS else int(cells > 0)


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    carpet = carpet_shown(context)
    gates, t = carpet is not None and not carpet.scale.signed, context.snapshot.t
    own = (
        Sign(
            "carpet of h", "a row for each unit, a column for each timestep; d shows another value"
        ),
        Sign("d", "before a name: its gradient, dh is ∂L/∂h_t"),
        Sign("da_f", "the gradient before the σ or tanh of gate f"),
        Sign("h by number", "the same with the units in the order of their numbers: D"),
        Sign("units by time of peak", "the unit that is strongest first stands on top"),
        Sign(f"h_{t}[1] = +0.12", f"the selected entry: unit 1 at t={t}"),
        Sign("(7 of 64 units)", "a row for 7 of them, one after so many; ↑↓ go through all", "dim"),
        Sign("(strongest of 3 t)", "a cell is the largest at 3 timesteps", "dim"),
        Sign("▸  ▾", "the selected unit and the selected timestep", "accent"),
        Sign("full bar", "the magnitude that the highest bar stands for"),
        Sign("log, 6 decades", "bars are logarithmic: no bar is 10⁶ times less than a full one"),
        Sign(OTHER, "a symbol of the text that has no room"),
        Sign(UNKNOWN, "in the title: not computed yet", "dim"),
        Sign(NOT_FINITE, "a number that is not finite", "error"),
    )
    shared = panel_help.bars(context, signed=not gates, gates=gates)
    return panel_help.joined(shared, own, panel_help.values(context.snapshot))


PANEL = PanelSpec(
    draw,
    title,
    proofs=(MAGNITUDES, PROOF),
    timestep_keys="←→",
    timestep_at=timestep_at,
    units=units_in_order,
    rule=rule,
    variants=variants,
    help=signs,
    need=need,
    table="update:carpet",
)

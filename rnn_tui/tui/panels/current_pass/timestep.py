"""One timestep: a row a value, its gradient beside it, and the equation of one operation below.

Rows keep their places. What is not computed yet is dots; the forward pass fills the values from
the top down, the backward pass the gradients from the bottom up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.gradient_flow import loss_parts
from rnn_tui.engine.core.expressions import Array, Values
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.core.operations import Operation, Row
from rnn_tui.engine.network.sample_window import SampleWindow
from rnn_tui.session.snapshot import Snapshot, TaskInfo
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.equation import numbers_line, with_unit
from rnn_tui.tui.lines import ELLIPSIS, Line, Lines, cell_width, fit, fold, text_width
from rnn_tui.tui.number_format import BAD, UNKNOWN, number, short, signed, strip
from rnn_tui.tui.panels.current_pass.bad_value_origin import explain as explain_bad
from rnn_tui.tui.parameter_names import parameter_name, tensors
from rnn_tui.tui.symbols import code_of, quoted, visible

SYMBOL = 11  # cells of the symbol with its marker
NUMBER = 9
EQUATION = 3  # lines kept for the equation, once folded, however low the panel
OUTPUTS = ("y_t", "p_t", "dy_t")  # whose entries are outputs, not hidden units
THROUGH = 15  # cells of the third column of the backward pass


@dataclass(frozen=True, slots=True)
class _Columns:
    """Widths of the two strips."""

    value: int
    gradient: int

    @classmethod
    def of(cls, width: int, entries: int) -> _Columns:
        """For vectors of at most `entries`."""
        room = width - SYMBOL - 2 * NUMBER - THROUGH - 6
        value = max(min(entries, room * 3 // 5), 1)
        return cls(value, max(min(entries, room - value), 1))


@dataclass(frozen=True, slots=True)
class _Look:
    """What a row needs: the values of this timestep, what of it is revealed, the unit."""

    values: Values
    forward: tuple[Operation, ...]
    backward: tuple[Operation, ...]
    unit: int
    columns: _Columns
    drawn: bool
    reached: bool  # whether the states before this timestep are there
    held: bool  # whether a what-if holds or cuts anything
    before: Values | None  # the same without the what-if at hand
    entered: bool  # whether the backward pass has reached this timestep
    width: int
    t: int
    subject: TaskInfo
    window: SampleWindow

    @property
    def counts(self) -> bool:
        """Whether the loss counts here."""
        return self.subject.topology.counted[self.t - 1]

    @property
    def current(self) -> Operation | None:
        """The newest operation."""
        return (self.backward or self.forward or (None,))[-1]

    def known(self, symbol: str) -> bool:
        """Whether this value is on the tape and revealed."""
        operations = (*self.forward, *self.backward)
        return any(operation.symbol == symbol for operation in operations)


def title(context: DrawContext) -> tuple[str, str]:
    """What stands in the rule above."""
    snapshot, unit = context.snapshot, context.selection.unit
    t = snapshot.t
    cursor = snapshot.cursor
    at_cursor = t == cursor.t
    operations = f" · operation {cursor.operation} of {cursor.operations}" if at_cursor else ""
    what, entries = "unit", snapshot.settings.hidden
    revealed = snapshot.backward_revealed(t) or snapshot.forward_revealed(t)
    outputs = snapshot.window.declaration.architecture.outputs
    if revealed and outputs > 1 and _chosen(context, revealed).symbol in OUTPUTS:
        what, entries = "output", outputs
    right = f"{what} {min(unit + 1, entries)} of {entries}"
    if (layers := snapshot.settings.layers) > 1 and what == "unit":
        right = f"layer {snapshot.layer} of {layers} · {right}"
    if snapshot.settings.batch > 1:
        right = f"sample {snapshot.request.sample + 1} of {snapshot.settings.batch} · {right}"
    return f"timestep {t}{operations}", right


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Rows, then as much explanation as there is room for."""
    look = _look(context, width)
    rows = _rows(context.snapshot, look)
    kept = min(_equation_height(context, look, width), EQUATION)
    rows = _around_current(rows, look, context.snapshot, max(height - kept, 1))
    room = height - len(rows)
    explanation = _explain(context, look, width, room)
    spare = room - len(explanation)
    gap: Lines = ((),) if spare > 0 else ()
    return rows + gap + explanation


def _look(context: DrawContext, width: int) -> _Look:
    snapshot = context.snapshot
    t = snapshot.t
    backward = snapshot.backward_revealed(t)
    return _Look(
        values=snapshot.window.values(t),
        forward=snapshot.forward_revealed(t),
        backward=backward,
        unit=context.selection.unit,
        columns=_Columns.of(width, _longest(snapshot)),
        held=bool(snapshot.pins),
        before=_before(snapshot, t),
        drawn=snapshot.cursor.has_batch,
        reached=snapshot.cursor.has_batch and (t == 1 or bool(snapshot.forward_complete(t - 1))),
        entered=bool(backward),
        width=width,
        t=t,
        subject=snapshot.task,
        window=snapshot.window,
    )


def _longest(snapshot: Snapshot) -> int:
    """Entries of the longest vector."""
    sizes = snapshot.window.declaration.architecture
    return max(sizes.features, sizes.hidden, sizes.outputs)


def _around_current(rows: Lines, look: _Look, snapshot: Snapshot, height: int) -> Lines:
    """On a low panel: as many rows as leave room for the equation, the current one among them."""
    symbols = [row.symbol for row in snapshot.rows]
    current = look.current
    place = symbols.index(current.row) if current and current.row in symbols else 0
    place += place >= _output(snapshot)  # the line of what arrives stands before y_t
    first = min(max(place - height + 1, 0), max(len(rows) - height, 0))
    return rows[first : first + height]


def _before(snapshot: Snapshot, t: int) -> Values | None:
    what_if = snapshot.what_if
    return what_if.before.values(t) if what_if is not None and what_if.before else None


# Rows


def _rows(snapshot: Snapshot, look: _Look) -> Lines:
    lines = [_row(row, look) for row in snapshot.rows]
    lines.insert(_output(snapshot), _arriving(snapshot, look))
    return tuple(lines)


def _output(snapshot: Snapshot) -> int:
    """The place of y_t among the rows."""
    return [row.symbol for row in snapshot.rows].index("y_t")


def _row(row: Row, look: _Look) -> Line:
    """Symbol, strip and number of the value; in the backward pass the same of its gradient."""
    before = row.symbol.endswith("<t-1>")
    given = look.reached if before else row.symbol == "x_t" and look.drawn
    known = look.known(row.symbol) or given
    values = look.values[row.symbol][0]
    current = look.current
    marked = current is not None and current.row == row.symbol
    symbol: Line = (
        ((" ▸ " if marked else "   "), "accent"),
        (f"{row.symbol:<{SYMBOL - 3}}", "strong" if marked else ""),
    )
    if known and row.symbol == "x_t" and (words := _input(look)):
        return (*symbol, *words)
    if known and row.symbol == "p_t" and look.before is None:
        return (*symbol, *_probabilities(look, values))
    shown = _strip(values, look.unit, look.columns.value, row.span, known)
    line = (*symbol, *shown, *_number(values, look.unit, known))
    if look.entered:
        return (*line, *_gradient(row, look))
    if known and look.before is not None and row.symbol in look.before:
        return (*line, ("  ", ""), *_difference(row.symbol, look, look.before))
    return (*line, ("  ", ""), *_words(row, look, known))


def _words(row: Row, look: _Look, known: bool) -> Line:
    """In the forward pass: what it is, or the operation's reading of it; the target of y."""
    if row.symbol == "y_t" and look.drawn:
        return _wanted(row, look)
    for operation in look.forward:
        if operation.symbol == row.symbol and operation.note and known:
            array = look.values[row.symbol][0]
            value = float(array[min(look.unit, len(array) - 1)])
            note = operation.note.format(value=value).replace("%", " %")
            return ((f"{row.title}: {note}", "dim"),)
    return ((row.title, "dim"),)


# Inputs and outputs in words


def _input(look: _Look) -> Line:
    """The symbol, the named numbers, or that there is none; empty where the row says it all."""
    x, subject = look.values["x_t"][0], look.subject
    if not subject.topology.inputs[look.t - 1] and not x.any():
        return (("no input here", "dim"),)
    if subject.symbols is not None and (code := code_of(x)) is not None:
        place = f"{code + 1} of {len(subject.symbols)}"
        symbol = f"{quoted(subject.symbols[code]):<{SYMBOL}} " if code >= 0 else "no symbol"
        return ((symbol, "strong"), (f"({place})  input" if code >= 0 else "", "dim"))
    if subject.parts is None:
        return ()
    line: Line = ()
    for part, value in zip(subject.parts, x, strict=True):
        line = (*line, (f"{part} ", "dim"), (f"{signed(float(value))}   ", ""))
    return line


def _wanted(row: Row, look: _Look) -> Line:
    """Which output that is, and what it should be."""
    labels, target = look.subject.labels, look.values["target_t"][0]
    unit = min(look.unit, len(look.values["y_t"][0]) - 1)
    title = row.title if labels is None else f"{row.title} {quoted(labels[unit])}"
    if not look.counts:
        return ((f"{title}, not counted here", "dim"),)
    words = quoted(labels[target.argmax()]) if labels else signed(float(target[unit]))
    return ((f"{title}, target ", "dim"), (words, "truth"))


def _probabilities(look: _Look, p: Array) -> Line:
    """The likeliest classes and, at the right, what the target got: of −log p the loss is made."""
    labels, target = look.subject.labels or (), code_of(look.values["target_t"][0])
    right: Line = (("not counted here", "dim"),)
    wanted = target if look.counts else None
    if wanted is not None:
        declaration = look.window.declaration
        part = float(loss_parts(declaration, look.window.tape)[look.t - 1, 0])
        right = (
            ("target ", "dim"),
            (quoted(labels[wanted]), "truth"),
            (f" p {number(float(p[wanted]), 3)}, −log p ", "dim"),
            (number(part * declaration.term_count, 3), "strong"),
        )
    room = look.width - SYMBOL - cell_width(right) - 3
    return (*fit(_likeliest(labels, p, wanted, room), room), ("  ", ""), *right)


def _likeliest(labels: tuple[str, ...], p: Array, wanted: int | None, room: int) -> Line:
    """``e .41  a .12  ␣ .08 …``, as many as fit."""
    if not np.isfinite(p).all():
        return ((BAD, "error"),)
    order = np.argsort(-p, kind="stable")
    line: Line = ()
    for place, code in enumerate(order):
        text = f"{'  ' * bool(line)}{visible(labels[code])} {short(float(p[code]))}"
        more = 2 * (place + 1 < len(order))
        if cell_width(line) + text_width(text) + more > room:
            return (*line, (f" {ELLIPSIS}", "dim"))
        line = (*line, (text, "strong" if code == wanted else ""))
    return line


def _difference(symbol: str, look: _Look, before: Values) -> Line:
    """What it was on the branch left behind, and how far it has moved: ``was +0.72, Δ +0.28``."""
    now, was = look.values[symbol][0], before[symbol][0]
    unit = min(look.unit, len(now) - 1)
    moved = float(now[unit]) - float(was[unit])
    role = "accent" if moved else "dim"
    return ((f"was {signed(float(was[unit]))}  ", "dim"), (f"Δ {signed(moved)}", role))


def _gradient(row: Row, look: _Look) -> Line:
    """Strip and number of the gradient, and of what passes through."""
    by_column = {op.column: op for op in look.backward if op.row == row.symbol}
    line: Line = (("  ", ""),)
    operation = by_column.get("gradient")
    known = operation is not None
    array = look.values[operation.symbol][0] if operation else look.values[row.symbol][0]
    expects = row.symbol not in ("x_t", "p_t")
    if expects:
        line += _strip(array, look.unit, look.columns.gradient, None, known)
        line += _number(array, look.unit, known)
    through = by_column.get("through")
    if operation is not None and look.before is not None:
        was = float(look.before[operation.symbol][0][min(look.unit, len(array) - 1)])
        return (*line, (" was ", "dim"), (f"{signed(was):>{NUMBER}}", "accent"))
    if through is not None:
        value = look.values[through.symbol][0]
        shown = signed(float(value[min(look.unit, len(value) - 1)]))
        line += ((f" {_through_label(through):>4} ", "dim"), (f"{shown:>{NUMBER}}", "gradient"))
    return line


def _through_label(operation: Operation) -> str:
    return "→h" if operation.symbol == "dh_y" else operation.symbol


def _arriving(snapshot: Snapshot, look: _Look) -> Line:
    """What arrives from timestep t+1; a line of its own, empty in the forward pass."""
    if not look.entered:
        return ()
    place = f"t+1={snapshot.t + 1}" if snapshot.t < snapshot.steps else "the window's end"
    left = SYMBOL + look.columns.value + 1 + NUMBER
    label: Line = ((f"   arrives from {place}", "dim"),)
    label = (*label, (" " * max(left - cell_width(label), 1), ""), ("  ", ""))
    array = look.values["dh_next"][0]
    line = label + _strip(array, look.unit, look.columns.gradient, None, True)
    line += _number(array, look.unit, True)
    if "dc_next" in look.values:
        dc = look.values["dc_next"][0]
        value = float(dc[min(look.unit, len(dc) - 1)])
        line += (("    c ", "dim"), (f"{signed(value):>{NUMBER}}", "gradient"))
    return line


def _strip(
    values: Array, unit: int, width: int, span: tuple[float, float] | None, known: bool
) -> Line:
    """As many units as there is room for, around the selected one."""
    first = min(max(unit - width // 2, 0), max(len(values) - width, 0))
    chosen = [float(v) for v in values[first : first + width]]
    line = strip(chosen, span, known, unit - first if len(values) > 1 else -1)
    return (*line, (" " * (width - len(chosen) + 1), ""))


def _number(values: Array, unit: int, known: bool) -> Line:
    value = float(values[min(unit, len(values) - 1)])
    if not known:
        return ((f"{UNKNOWN:>{NUMBER}}", "dim"),)
    return ((f"{signed(value):>{NUMBER}}", ""),)


# Explanation


def _explain(context: DrawContext, look: _Look, width: int, room: int) -> Lines:
    """The equation of the selected operation; with room to spare, all operations of the pass."""
    snapshot = context.snapshot
    revealed = look.backward or look.forward
    shares = _shares(context, width)
    if not revealed:
        return _next_hint(snapshot, room)
    chosen = _chosen(context, revealed)
    cause = explain_bad(context, chosen, width, room)
    if cause:
        return cause
    equation = _equation(chosen, look, width)
    spare = room - len(equation) - len(shares) - 2
    if spare < 3:
        return (*equation, *shares)[: max(room, 0)]
    listing = _listing(context, look, chosen, width, spare)
    table = _tensor_shares(snapshot)
    whole = (*equation, (), *listing, (), *shares, *table)
    if table and len(whole) <= room:
        return whole
    return (*equation, *shares, (), *listing)


def _chosen(context: DrawContext, revealed: tuple[Operation, ...]) -> Operation:
    """The operation looked at."""
    return revealed[max(len(revealed) - 1 - context.selection.operation, 0)]


def _equation_height(context: DrawContext, look: _Look, width: int) -> int:
    """Lines of the equation."""
    revealed = look.backward or look.forward
    return len(_equation(_chosen(context, revealed), look, width)) if revealed else 1


def _next_hint(snapshot: Snapshot, room: int) -> Lines:
    if room < 1:
        return ()
    if not snapshot.cursor.has_batch:
        return (((" n draws the first window; space trains", "dim"),),)
    return (((" not computed yet: n computes one timestep, s one operation", "dim"),),)


def _equation(operation: Operation, look: _Look, width: int) -> Lines:
    """In symbols, and with the numbers of the selected unit; folded where it is too wide."""
    symbols = f"{operation.equation()}"
    first: Line = ((" ", ""), (symbols, "accent"))
    title = f"   {operation.title}{_of_class(operation, look)}"
    if cell_width(first) + text_width(title) <= width:
        first = (*first, (title, "dim"))
    numbers = _overruled(operation, look) or numbers_line(operation, look.values, 0, look.unit)
    return (first, *(((" ", ""), (part, "strong")) for part in fold(numbers, width - 2)))


def _of_class(operation: Operation, look: _Look) -> str:
    """Of an output the class it stands for, by name."""
    labels = look.subject.labels
    if labels is None or operation.symbol not in OUTPUTS:
        return ""
    return f", {quoted(labels[min(look.unit, len(labels) - 1)])}"


def _overruled(operation: Operation, look: _Look) -> str:
    """Where a what-if holds or cuts this value, the equation alone would tell something else."""
    if not look.held:
        return ""
    value = look.values[operation.symbol][0]
    unit = min(look.unit, len(value) - 1)
    with np.errstate(all="ignore"):
        alone = operation.expression.evaluate(look.values)[0][unit]
    if np.isclose(alone, value[unit], rtol=1e-4, atol=1e-12):
        return ""
    symbol = with_unit(operation.symbol, unit)
    held = f"{symbol} = {number(float(value[unit]))}"
    return f"{held} by what-if; the equation alone gives {number(float(alone))}"


def _listing(
    context: DrawContext, look: _Look, chosen: Operation, width: int, height: int
) -> Lines:
    """The operations of this pass, around the chosen one: equation and, once revealed, number."""
    declaration = context.snapshot.window.declaration
    backward = bool(look.backward)
    made = declaration.backward_operations_at(context.snapshot.t) if backward else None
    operations = made or declaration.forward_operations
    revealed = len(look.backward or look.forward)
    first = max(min(operations.index(chosen) - height // 2, len(operations) - height), 0)
    lines: list[Line] = []
    for index, operation in enumerate(operations[first : first + height], first):
        known = index < revealed
        marker = "▸" if operation is chosen else " "
        left: Line = (
            (f" {marker} ", "accent"),
            (operation.equation(), "" if known else "dim"),
        )
        value = look.values[operation.symbol][0]
        shown = signed(float(value[min(look.unit, len(value) - 1)])) if known else UNKNOWN
        lines.append(
            (*fit(left, width - NUMBER - 3), (f" {shown:>{NUMBER}}", "" if known else "dim"))
        )
    return tuple(lines)


def _shares(context: DrawContext, width: int) -> Lines:
    """This timestep's share of the selected weight's gradient, beside the sum so far."""
    snapshot = context.snapshot
    shares = snapshot.contributions
    if shares is None or not snapshot.backward_complete(shares.t):
        return ()
    index = context.selection.parameter
    name = parameter_name(snapshot, index)
    share, so_far = float(shares.share[index]), float(shares.so_far[index])
    span = f"Σ t={snapshot.steps}…{shares.t}" if shares.t < snapshot.steps else f"Σ t={shares.t}"
    line: Line = (
        (f" d{name}", "accent"),
        ("  this timestep ", "dim"),
        (signed(share), "gradient"),
        (f"   {span} ", "dim"),
        (signed(so_far), "strong"),
    )
    return (line,)


def _tensor_shares(snapshot: Snapshot) -> Lines:
    """The same for whole tensors: norms of this timestep's share and of the sum so far."""
    shares = snapshot.contributions
    if shares is None or not snapshot.backward_complete(shares.t):
        return ()
    lines: list[Line] = [((f"   {'':6}{'‖share‖':>11}{'‖Σ so far‖':>12}", "dim"),)]
    for tensor in tensors(snapshot):
        share, so_far = norm(shares.share[tensor.part]), norm(shares.so_far[tensor.part])
        lines.append(
            (
                (f"   {tensor.spec.name:6}", ""),
                (f"{number(share):>11}", "gradient"),
                (f"{number(so_far):>12}", ""),
            )
        )
    return tuple(lines)

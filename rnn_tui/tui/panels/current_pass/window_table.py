"""The window as a table, between the passes over time: what went in, what came out, how wrong.

Shown for BATCH (inputs and targets) and LOSS (outputs, targets and each one's share of the loss,
at the timesteps that count).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rnn_tui.engine.analysis.gradient_flow import loss_parts
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, cut, fit, text_width
from rnn_tui.tui.number_format import NOT_FINITE, number, signed
from rnn_tui.tui.symbols import MARK, answer, input_code, name_of, target_code

_GAP = 2  # cells between two blocks of the table
_NUMBER, _SHORT = 9, 8  # cells of a column of numbers with four digits, with three
_BAR = 40  # of a bar that stands for certainty
_NAME = 6, 12  # of one with names, at least and at most


@dataclass(frozen=True, slots=True)
class _Column:
    """A column of the table: its heading, its width, and what stands there at a timestep."""

    head: str
    width: int
    at: Callable[[int], Line]
    names: bool = False  # which stand left; numbers stand right

    @property
    def heading(self) -> str:
        """The heading, as wide as the column."""
        return self.head.ljust(self.width) if self.names else self.head.rjust(self.width)


def title(context: DrawContext) -> tuple[str, str]:
    """What stands in the rule above."""
    snapshot = context.snapshot
    name = "batch" if snapshot.cursor.stage is Pass.BATCH else "loss"
    batch = snapshot.settings.batch
    right = f"sample {snapshot.request.sample + 1} of {batch}" if batch > 1 else ""
    return name, right


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """A line of explanation, then timesteps in as many columns as needed."""
    snapshot = context.snapshot
    if snapshot.cursor.stage is Pass.BATCH:
        return _batch(snapshot, width, height)
    return _loss(snapshot, width, height)


def _batch(snapshot: Snapshot, width: int, height: int) -> Lines:
    if not snapshot.cursor.has_batch:
        return (
            (),
            (("   The network has its weights and no data yet.", ""),),
            (),
            (("   n", "key"), ("      draws the first window, then walks through it", "")),
            (("   s", "key"), ("      walks operation by operation", "")),
            (("   space", "key"), ("  trains until pressed again", "")),
            (("   ?", "key"), ("      all keys", "")),
        )
    carries = snapshot.settings.carry
    origin = "goes on, or is 0 at a new start" if carries else "starts at 0"
    words = f" The next window. Its state {origin}"
    where = _where(snapshot)
    fits = text_width(f"{words}{where}.") <= width
    first: Line = ((f"{words}{where if fits else ''}.", "dim"),)
    steps = range(1, snapshot.steps + 1)
    columns = (*_inputs(snapshot), _target(snapshot))
    return (first, *_table(snapshot, columns, steps, width, height - 1))


def _where(snapshot: Snapshot) -> str:
    """That there is only one input, or only one output that counts."""
    topology = snapshot.task.topology
    masks = {"the input comes": topology.inputs, "the loss counts": topology.counted}
    words = [f"{what} at t={m.index(True) + 1} only" for what, m in masks.items() if sum(m) == 1]
    return f"; {words[-1]}" if words and snapshot.steps > 1 else ""


def _loss(snapshot: Snapshot, width: int, height: int) -> Lines:
    counted = snapshot.task.topology.counted
    steps = [t for t, counts in enumerate(counted, 1) if counts]
    parts = loss_parts(snapshot.window.declaration, snapshot.window.tape)[:, 0]  # [T]
    named = snapshot.task.labels is not None
    head = _equation(snapshot, float(parts.sum()), len(steps), width)
    columns = _classes_lost(snapshot, parts) if named else _numbers_lost(snapshot, parts)
    table = _table(snapshot, columns, steps, width, height - len(head))
    room = height - len(head) - len(table) - 1
    if named and len(steps) == 1 and room > 1:
        return (*head, *table, (), *_distribution(snapshot, steps[0], width, room))
    return (*head, *table)


def _distribution(snapshot: Snapshot, t: int, width: int, room: int) -> Lines:
    """Every class with its probability at the one timestep that counts, the likeliest first."""
    labels, p = snapshot.task.labels or (), snapshot.window.tape["p"][t - 1, 0]
    if not np.isfinite(p).all():
        return ()
    name = min(max(map(text_width, labels)), _NAME[1])
    bar = min(max(width - name - _SHORT - 14, 0), _BAR)
    lines: list[Line] = []
    for code in np.argsort(-p, kind="stable")[:room]:
        wanted = code == target_code(snapshot, t)
        label = fit(((f"  {cut(name_of(labels, int(code)), name)}", ""),), name + 2)
        chance: Line = ((f"{number(float(p[code]), 3):>{_SHORT + 1}} ", ""),)
        filled = "█" * round(bar * float(p[code]))
        mark: Line = ((" ← target", "truth"),) if wanted else ()
        lines.append((*label, *chance, (filled, "gate"), *mark))
    return tuple(lines)


def _equation(snapshot: Snapshot, part: float, steps: int, width: int) -> Lines:
    """The loss, what N counts and, of a batch, the sample's `part` of it."""
    named = snapshot.task.labels is not None
    what = "L = −1/N · Σ log p_t[target]" if named else "L = 1/N · Σ (y_t − target_t)²"
    batch, outputs = snapshot.settings.batch, snapshot.window.declaration.architecture.outputs
    factors = [f"{steps} timestep{'s' * (steps > 1)}"]
    factors += [f"{batch} samples"] if batch > 1 else []
    factors += [f"{outputs} outputs"] if outputs > 1 and not named else []
    count = snapshot.window.declaration.term_count
    words = " · ".join(factors) + (f" = {count}" if len(factors) > 1 else "")
    equation: Line = ((f" {what} ", "accent"), (f"= {_loss_now(snapshot)}", "strong"))
    counts: Line = ((f"   N = {words}", "dim"),)
    if cell_width(equation) + cell_width(counts) > width:
        counts = ((f"   N = {count}", "dim"),)
    if batch == 1:
        return ((*equation, *counts),)
    return ((*equation, *counts), ((f" this sample's part of it: {number(part)}", "dim"),))


# Columns


def _value(head: str, role: str, read: Callable[[int], float]) -> _Column:
    return _Column(head, _NUMBER, lambda t: ((f"{signed(read(t)):>{_NUMBER}}", role),))


def _named(
    head: str, names: tuple[str, ...], read: Callable[[int], Line], marks: int = 0
) -> _Column:
    """A column of names and `marks` signs after them; `read` gives one uncut."""
    longest = max(map(text_width, names)) + marks
    least, most = _NAME
    return _Column(head, min(max(longest, least, text_width(head)), most), read, names=True)


def _inputs(snapshot: Snapshot) -> tuple[_Column, ...]:
    """The symbol, or the numbers by name; blank where the topology has none."""
    subject, x = snapshot.task, snapshot.window.tape["x"]
    if (symbols := subject.symbols) is not None:

        def name(t: int) -> Line:
            return ((name_of(symbols, input_code(snapshot, t)), ""),)

        return (_named("x_t", symbols, name),)

    def part(head: str, k: int) -> _Column:
        column = _value(head, "", lambda t: float(x[t - 1, 0, k]))
        if head == "mark":
            column = _Column(head, _NUMBER, lambda t: _marked(float(x[t - 1, 0, k])))
        return _Column(head, _NUMBER, lambda t: column.at(t) if _given(snapshot, t) else ())

    return tuple(part(cut(head, _NUMBER), k) for k, head in enumerate(subject.parts or ("x_t",)))


def _marked(value: float) -> Line:
    """A mark with its sign."""
    return ((f"{f'{MARK} ' if value else ''}{signed(value)}".rjust(_NUMBER), "accent"),)


def _given(snapshot: Snapshot, t: int) -> bool:
    return snapshot.task.topology.inputs[t - 1] or bool(snapshot.window.tape["x"][t - 1].any())


def _target(snapshot: Snapshot) -> _Column:
    """What is wanted; blank where the loss does not count."""
    subject, target = snapshot.task, snapshot.window.tape["target"]
    if (labels := subject.labels) is not None:

        def name(t: int) -> Line:
            return ((name_of(labels, target_code(snapshot, t)), "truth"),)

        return _named("target", labels, name)
    column = _value("target", "truth", lambda t: float(target[t - 1, 0, 0]))
    counted = subject.topology.counted
    return _Column("target", _NUMBER, lambda t: column.at(t) if counted[t - 1] else ())


def _numbers_lost(snapshot: Snapshot, parts: Array) -> tuple[_Column, ...]:
    y = snapshot.window.tape["y"]
    output = _value("y_t", "one-step", lambda t: float(y[t - 1, 0, 0]))

    def share(t: int) -> Line:
        return ((f"{number(float(parts[t - 1])):>{_NUMBER}}", "strong"),)

    return (output, _target(snapshot), _Column("error²/N", _NUMBER, share))


def _classes_lost(snapshot: Snapshot, parts: Array) -> tuple[_Column, ...]:
    labels, p = snapshot.task.labels or (), snapshot.window.tape["p"]
    target = _target(snapshot)

    def given(t: int) -> Line:
        name, sign, role = answer(snapshot, t)
        return ((name + sign, role),)

    argmax = _named("argmax", labels, given, marks=1)

    def wanted(t: int) -> Line:
        return ((f"{number(float(p[t - 1, 0, target_code(snapshot, t)]), 3):>{_SHORT}}", ""),)

    def share(t: int) -> Line:
        return ((f"{number(float(parts[t - 1]), 3):>{_SHORT}}", "strong"),)

    return (target, argmax, _Column("p", _SHORT, wanted), _Column("−log p/N", _SHORT, share))


def _loss_now(snapshot: Snapshot) -> str:
    """The loss of this window, unless it is what the run broke on."""
    return NOT_FINITE if snapshot.divergence is not None else number(snapshot.loss)


def _table(
    snapshot: Snapshot, columns: Sequence[_Column], steps: Sequence[int], width: int, height: int
) -> Lines:
    """Timesteps downward, then in the next block; the page that holds the timestep looked at."""
    heads = " ".join(column.heading for column in columns)
    times = max(len(str(snapshot.steps)), 2) + 1
    block = times + 1 + len(heads) + _GAP
    blocks = max(width // block, 1)
    rows = max(min(height - 1, math.ceil(len(steps) / blocks)), 1)
    page = rows * blocks
    here = sum(t <= snapshot.t for t in steps) - 1
    first = min(max(here, 0) // page * page, max(len(steps) - page, 0))
    used = math.ceil(min(len(steps) - first, page) / rows)
    lines: list[Line] = [(((f"{'t':>{times}} {heads}" + " " * _GAP) * used, "dim"),)]
    for row in range(rows):
        line: Line = ()
        for place in range(first + row, min(first + page, len(steps)), rows):
            line += fit(_entry(columns, steps[place], times), block)
        lines.append(line)
    return tuple(lines)


def _entry(columns: Sequence[_Column], t: int, times: int) -> Line:
    """One timestep of the table, its number in `times` cells."""
    line: Line = ((f"{t:>{times}}", "dim"),)
    for column in columns:
        line = (*line, (" ", ""), *fit(column.at(t), column.width))
    return line

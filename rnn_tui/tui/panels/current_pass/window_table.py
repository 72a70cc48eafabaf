"""BATCH and LOSS: the window as a table, a row for each timestep.

BATCH shows inputs and targets; LOSS shows outputs, targets and the timestep's part of the loss,
for the timesteps that count.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from rnn_tui.engine.analysis.loss_per_timestep import loss_of_sample
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.aligned_numbers import HeadedColumn, column_of
from rnn_tui.tui.column_names import page_of, short_names
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cut, fit, text_width
from rnn_tui.tui.loss_words import division
from rnn_tui.tui.number_format import signed
from rnn_tui.tui.panels.current_pass import window_pictures
from rnn_tui.tui.panels.current_pass.loss_equation import loss_equation
from rnn_tui.tui.scope_words import sample_words
from rnn_tui.tui.symbols import MARK, answer, has_input, input_code, name_of, target_code

PAGES = "J next, K before"  # keys that show other pages
_GAP = 2  # cells between two blocks of the table
_NUMBER, _SHORT = 9, 8  # cells of a column of numbers with four digits, and with three
_BAR = 40  # cells at most of the bar of a probability
_TALLEST = 3  # lines of the bar of a probability at most
_NAME = 6, 12  # cells of a column of names, at least and at most


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of the table.

    Attributes:
        head: the text of the heading.
        width: cells of the column.
        at: gives the text in a row, from 1: those of the timesteps, see `_rows_of`.
        names: the column holds names, which are aligned left; numbers are aligned right.
        power: the power of ten of its numbers, unless that is 1.
        above: what stands above the heading.
    """

    head: str
    width: int
    at: Callable[[int], Line]
    names: bool = False
    power: str = ""
    above: str = ""

    @property
    def heading(self) -> str:
        """The heading, as wide as the column."""
        blanks = " " * max(self.width - text_width(self.head), 0)
        return self.head + blanks if self.names else blanks + self.head

    def in_one_line(self) -> TableColumn:
        """Return the column with its power of ten beside the name, not below it."""
        head = f"{self.head} {self.power}".rstrip()
        more = max(text_width(head) - self.width, 0)

        def at(t: int) -> Line:
            """Return the text at timestep `t`, at the right of a wider column."""
            return ((" " * more, ""), *self.at(t))

        return replace(self, head=head, width=self.width + more, at=at, power="")


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    name = "batch" if snapshot.cursor.stage is Pass.BATCH else "loss"
    return name, sample_words(snapshot)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw a line of explanation, then the table in as many blocks as needed."""
    snapshot = context.snapshot
    if snapshot.cursor.stage is Pass.BATCH:
        return _batch(context, width, height)
    return _loss(context, width, height)


def has_pages(context: DrawContext, width: int, height: int) -> bool:
    """Return whether the table has more rows than one page of the panel shows."""
    return any(PAGES in text for line in draw(context, width, height) for text, _ in line)


def _batch(context: DrawContext, width: int, height: int) -> Lines:
    """Return inputs and targets as a table and, with room, as a picture."""
    snapshot = context.snapshot
    carries = snapshot.settings.carry
    origin = "goes on, or is 0 at a new start" if carries else "starts at 0"
    if snapshot.task.gives_states and not carries:
        origin = "starts as the task gives it"
    words = f" The next window. Its state {origin}"
    single = _single_timestep(snapshot)
    fits = text_width(f"{words}{single}.") <= width
    first: Line = ((f"{words}{single if fits else ''}.", "dim"),)
    steps = range(1, snapshot.steps + 1)
    columns = (*_inputs(context), *_targets(context))
    table = _table(context, columns, steps, width, height - 1)
    picture = window_pictures.of_batch(context, width, height - 1 - len(table))
    if not picture:
        table = _table(context, columns, steps, width, height - 1, spread=True)
    return (first, *table, *picture)


def _single_timestep(snapshot: Snapshot) -> str:
    """Return where the only input, or the only output that counts, is; empty if there are more."""
    topology = snapshot.task.topology
    masks = {"the input comes": topology.inputs, "the loss counts": topology.counted}
    words = [f"{what} at t={m.index(True) + 1} only" for what, m in masks.items() if sum(m) == 1]
    return f"; {words[-1]}" if words and snapshot.steps > 1 else ""


def _loss(context: DrawContext, width: int, height: int) -> Lines:
    """Return the loss, its table and, where one answer counts, the distribution over classes."""
    snapshot = context.snapshot
    counted = snapshot.window.counted
    steps = [t for t, counts in enumerate(counted, 1) if counts]
    parts = loss_of_sample(snapshot.window)  # [T]
    rows = _rows_of(steps)
    named = snapshot.task.labels is not None
    head = loss_equation(snapshot, float(parts.sum()), width)
    if not steps:
        return (*head, ((" No output of this sample counts in the loss.", "dim"),))
    if named:
        columns = _class_columns(context, parts)
    else:
        terms = _terms(snapshot)
        columns = _number_columns(context, terms)
        rows = _rows_of(steps, terms.shape[1])
    table = _table(context, columns, rows, width, height - len(head))
    available = height - len(head) - len(table)
    if named and len(steps) == 1 and available > 2:
        return (*head, *table, *_distribution(context, steps[0], width, available))
    if picture := window_pictures.of_loss(snapshot, parts, width, available):
        return (*head, *table, *picture)
    return (*head, *_table(context, columns, rows, width, height - len(head), spread=True))


def _terms(snapshot: Snapshot) -> Array:
    """Return the terms of the loss of numbers, [T, O]: all of them add up to it."""
    tape, counted = snapshot.window.tape, np.array(snapshot.window.counted)
    with np.errstate(all="ignore"):
        squares = (tape["y"][:, 0].astype(np.float64) - tape["target"][:, 0]) ** 2
    terms: Array = np.where(counted[:, None], squares, 0.0) / snapshot.window.declaration.term_count
    return terms


def _distribution(context: DrawContext, t: int, width: int, available: int) -> Lines:
    """Return the classes with their probabilities at timestep `t`, the most probable first."""
    snapshot = context.snapshot
    labels, p = snapshot.task.labels or (), snapshot.window.tape["p"][t - 1, 0]
    if not np.isfinite(p).all():
        return ()
    name = min(max(map(text_width, labels)), _NAME[1])
    numbers = HeadedColumn("p", column_of(p, signed=False), _SHORT, context.ascii)
    bar = min(max(width - name - numbers.width - 14, 0), _BAR)
    lines: list[Line] = [((f"  {'class':<{name}} {numbers.heading}", "dim"),)]
    tall = min(max((available - 1) // len(p), 1), _TALLEST)
    for code in np.argsort(-p, kind="stable")[: available - 1]:
        is_target = code == target_code(snapshot, t)
        label = fit(((f"  {cut(name_of(labels, int(code)), name)}", ""),), name + 2)
        chance: Line = ((f" {numbers.text(float(p[code]))} ", ""),)
        filled = "█" * round(bar * float(p[code]))
        mark: Line = ((" ← target", "truth"),) if is_target else ()
        lines.append((*label, *chance, (filled, "gate"), *mark))
        below = fit(((" " * (name + numbers.width + 4), ""), (filled, "gate")), width)
        lines += [below] * (tall - 1)
    return tuple(lines)


# Columns


def _number_column(
    context: DrawContext,
    head: str,
    role: str,
    values: Array,
    beside: Array | None = None,
    *,
    signed: bool = True,
) -> TableColumn:
    """Return a column of `values` [T]; written as those `beside` are, with which one compares."""
    shown = values if beside is None else np.concatenate([values, beside])
    numbers = column_of(shown, signed=signed)
    column = HeadedColumn(head, numbers, _NUMBER if signed else _SHORT, context.ascii)
    width = max(numbers.width, column.least, text_width(head), len(column.power))

    def at(t: int) -> Line:
        """Return the number at timestep `t`."""
        return ((f"{numbers.text(float(values[t - 1])):>{width}}", role),)

    return TableColumn(head, width, at, power=column.power)


def _name_column(
    head: str, names: tuple[str, ...], read: Callable[[int], Line], marks: int = 0
) -> TableColumn:
    """Return a column of names.

    Args:
        head: the heading.
        names: all names that may stand in the column.
        read: gives the name at a timestep, of any length.
        marks: cells of the signs that `read` puts after a name.
    """
    longest = max(map(text_width, names)) + marks
    least, most = _NAME
    return TableColumn(head, min(max(longest, least, text_width(head)), most), read, names=True)


def _inputs(context: DrawContext) -> tuple[TableColumn, ...]:
    """Return the columns of the input: one of symbols, or one for each number."""
    snapshot = context.snapshot
    task, x = snapshot.task, snapshot.window.tape["x"]
    if (symbols := task.symbols) is not None:

        def name(t: int) -> Line:
            """Return the symbol at timestep `t`."""
            return ((name_of(symbols, input_code(snapshot, t)), ""),)

        return (_name_column("x_t", symbols, name),)

    def part(head: str, k: int) -> TableColumn:
        """Return the column of the input's number `k`, blank where there is no input."""
        column = _number_column(context, head, "", x[:, 0, k])
        if head == "mark":
            column = TableColumn(head, _NUMBER, lambda t: _marked(float(x[t - 1, 0, k])))
        return replace(column, at=lambda t: column.at(t) if has_input(snapshot, t) else ())

    return tuple(
        part(head, k) for k, head in enumerate(short_names(task.parts or ("x_t",), _NUMBER))
    )


def _marked(value: float) -> Line:
    """Return a number that marks a timestep, with ▲ where it is not 0."""
    return ((f"{f'{MARK} ' if value else ''}{signed(value)}".rjust(_NUMBER), "strong"),)


def _targets(context: DrawContext) -> tuple[TableColumn, ...]:
    """Return the columns of targets, blank where the loss does not count."""
    names = context.snapshot.task.output_names or ("target",)
    if len(names) == 1:
        return (_target(context),)
    heads = short_names(names, _NUMBER)
    columns = (_target(context, k=k, head=head) for k, head in enumerate(heads))
    return tuple(replace(column, above="target") for column in columns)


def _target(context: DrawContext, *, k: int = 0, head: str = "target") -> TableColumn:
    """Return the column of the targets of output `k`, blank where the loss does not count."""
    snapshot = context.snapshot
    task, target = snapshot.task, snapshot.window.tape["target"]
    if (labels := task.labels) is not None:

        def name(t: int) -> Line:
            """Return the target class at timestep `t`."""
            return ((name_of(labels, target_code(snapshot, t)), "truth"),)

        return _name_column("target", labels, name)
    counted = snapshot.window.counted
    values = np.where(counted, target[:, 0, k], 0.0)
    column = _number_column(context, head, "truth", values)
    return replace(column, at=lambda t: column.at(t) if counted[t - 1] else ())


def _number_columns(context: DrawContext, terms: Array) -> tuple[TableColumn, ...]:
    """Return the columns of the loss of numbers; `terms` [T, O] are those of the loss.

    Of several outputs each has a row at each timestep: see `_rows_of`.
    """
    task, tape = context.snapshot.task, context.snapshot.window.tape
    counted = np.array(context.snapshot.window.counted)[:, None]
    y, target = (np.where(counted, tape[name][:, 0], 0.0).ravel() for name in ("y", "target"))
    names, per = task.output_names or ("",), division(context.snapshot.window.declaration)
    head = "y_t" if len(names) > 1 or not names[0] else f"y {short_names(names, _NUMBER - 2)[0]}"
    columns = (
        _number_column(context, head, "one-step", y, target),
        _number_column(context, "target", "truth", target, y),
        _number_column(context, f"error²{per}", "strong", terms.ravel(), signed=False),
    )
    if len(names) == 1:
        return columns
    named = short_names(names, _NAME[1])

    def output(row: int) -> Line:
        """Return the name of the output in a row."""
        return ((named[(row - 1) % len(named)], ""),)

    return (_name_column("output", named, output), *columns)


def _class_columns(context: DrawContext, parts: Array) -> tuple[TableColumn, ...]:
    """Return the columns of the loss of classes; `parts` [T] are the terms of the loss."""
    snapshot = context.snapshot
    labels, p = snapshot.task.labels or (), snapshot.window.tape["p"]
    per = division(snapshot.window.declaration)
    codes = [max(target_code(snapshot, t), 0) for t in range(1, snapshot.steps + 1)]
    target_p = p[np.arange(len(codes)), 0, codes]  # of the target class at each timestep

    def predicted(t: int) -> Line:
        """Return the most probable class at timestep `t`, and whether it is the target."""
        name, sign, role = answer(snapshot, t)
        return ((name + sign, role),)

    return (
        _target(context),
        _name_column("argmax", labels, predicted, marks=1),
        _number_column(context, "p", "", target_p, signed=False),
        _number_column(context, f"−log p{per}", "strong", parts, signed=False),
    )


def _table(
    context: DrawContext,
    columns: Sequence[TableColumn],
    rows: Sequence[int],
    width: int,
    height: int,
    *,
    spread: bool = False,
) -> Lines:
    """Return a page of the table: that of the selected timestep, or another one chosen.

    Where there are others a line below says which rows it has of how many, and which columns.

    Args:
        context: where the selected timestep and the page are read from.
        columns: the columns beside the number of the timestep.
        rows: the numbers of the rows, see `_rows_of`. They run down, then on in the next block.
        width: cells of a line.
        height: lines at most.
        spread: in as few blocks as there are lines for, else in as few lines as there are cells
            for.
    """
    snapshot = context.snapshot
    each = _rows_each(columns, snapshot)
    times = max(len(str(snapshot.steps)), 2) + 1
    groups = _column_pages(columns, width - times)
    if len(groups) > 1:
        columns = max(groups, key=lambda group: _block(group, times))
    wider = [column.in_one_line() for column in columns]
    if len(groups) == 1 and width // _block(wider, times) == width // _block(columns, times):
        columns = wider
        groups = [wider]
    block = _block(columns, times)
    blocks = max(width // block, 1)
    heads = _heads([column for group in groups for column in group])
    height -= heads - 1
    if spread:
        blocks = min(max(math.ceil(len(rows) / max(height - 1, 1)), 1), blocks)
    count = math.ceil(len(rows) / blocks)
    whole = count < height and len(groups) == 1
    count = count if count < height - (len(groups) > 1) else max(height - 2, 1)
    page = count * blocks
    pages = math.ceil(len(rows) / page)
    here = sum(_time_of(row, each) < snapshot.t for row in rows)
    here = min(here + min(context.selection.unit, each - 1), len(rows) - 1)
    chosen = (max(here, 0) // page * len(groups) + context.selection.page) % (pages * len(groups))
    shown, group = divmod(chosen, len(groups))
    columns = groups[group]
    first = min(shown * page, max(len(rows) - page, 0))
    last = min(first + page, len(rows))
    used = math.ceil((last - first) / count)
    lines = [*_heading_lines(columns, times, heads, used)]
    for place in range(first, first + count):
        line: Line = ()
        for row in range(place, last, count):
            line += fit(_row(columns, rows[row], times, each), block)
        lines.append(line)
    if not whole:
        ends = _time_of(rows[first], each), _time_of(rows[last - 1], each)
        what = "timesteps" if each == 1 else "terms"
        words = f" t={ends[0]}–{ends[1]}: {last - first} of {len(rows)} {what}"
        if len(groups) > 1:
            before = sum(map(len, groups[:group]))
            words += f", columns {before + 1}–{before + len(columns)}"
            words += f" of {sum(map(len, groups))}"
        lines.append(((f"{words}; {PAGES}", "dim"),))
    return tuple(lines)


def _rows_of(steps: Sequence[int], each: int = 1) -> list[int]:
    """Return the numbers of the rows, from 1, of some timesteps with so many rows each."""
    return [(t - 1) * each + k for t in steps for k in range(1, each + 1)]


def _rows_each(columns: Sequence[TableColumn], snapshot: Snapshot) -> int:
    """Return the rows of each timestep: one, or one for each output where these are named."""
    named = any(column.head == "output" for column in columns)
    return len(snapshot.task.output_names or " ") if named else 1


def _time_of(row: int, each: int) -> int:
    """Return the timestep of a row."""
    return (row - 1) // each + 1


def _column_pages(columns: Sequence[TableColumn], room: int) -> list[Sequence[TableColumn]]:
    """Return the columns page by page: those that have room in so many cells, then the others."""
    widths = [1 + column.width for column in columns]
    pages: list[Sequence[TableColumn]] = []
    first = 0
    while first < len(columns):
        _, last = page_of(widths[first:], room, 0)
        pages.append(columns[first : first + last])
        first += last
    return pages


def _heads(columns: Sequence[TableColumn]) -> int:
    """Return the lines of the headings."""
    return 1 + any(column.above for column in columns) + any(column.power for column in columns)


def _heading_lines(
    columns: Sequence[TableColumn], times: int, heads: int, blocks: int
) -> Iterator[Line]:
    """Yield the headings: what stands above names, the names, the powers of ten below them."""
    above = " ".join(_right(column.above, column.width) for column in columns)
    names = " ".join(column.heading for column in columns)
    below = " ".join(_right(column.power, column.width) for column in columns)
    lines = [f"{'t':>{times}} {names}"]
    if above.strip():
        lines.insert(0, f"{'':{times}} {above}")
    if below.strip():
        lines.append(f"{'':{times}} {below}")
    lines = [""] * (heads - len(lines)) + lines  # the rows of all pages keep their place
    for line in lines[:heads]:
        yield (((line + " " * _GAP) * blocks, "dim"),)


def _right(text: str, width: int) -> str:
    """Return `text` at the right of so many cells."""
    return " " * max(width - text_width(text), 0) + text


def _block(columns: Sequence[TableColumn], times: int) -> int:
    """Return the cells of a block of the table, with the gap behind it."""
    return times + sum(1 + column.width for column in columns) + _GAP


def _row(columns: Sequence[TableColumn], row: int, times: int, each: int) -> Line:
    """Return one row of the table, with its timestep in `times` cells."""
    line: Line = ((f"{_time_of(row, each):>{times}}", "dim"),)
    for column in columns:
        line = (*line, (" ", ""), *fit(column.at(row), column.width))
    return line

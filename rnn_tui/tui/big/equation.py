"""The equation at the cursor with its numbers, as large as there is room for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rnn_tui.engine.core.expressions import UnitReader
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.big.block_text import BlockSize, block_lines, folded, sizes
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.equation_text import Fits, numbers_line, spell, with_blanks
from rnn_tui.tui.lines import Line, Lines, fold
from rnn_tui.tui.loss_words import loss_words
from rnn_tui.tui.number_format import number, role_of
from rnn_tui.tui.parameter_names import parameter_name

AIRY = 16  # lines from which on there are blank ones between the parts
HEAD = 0.12  # of the lines are for the symbols in large
LONGEST = 2_000  # characters of an equation that is written


@dataclass(frozen=True, slots=True)
class Equation:
    """An equation to be shown.

    Attributes:
        symbols: in symbols.
        numbers: returns it with numbers, given what has room; of several, one below the other.
        value: its result.
        subject: what it is about, where that is a part of the symbols: which parameter.
    """

    symbols: str
    numbers: Callable[[Fits], tuple[str, ...]]
    value: float
    subject: str = ""


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the equation of the selected operation, or what there is instead of one."""
    equation = _equation(context, width)
    if equation is None:
        return in_large((((_instead(context.snapshot), "strong"),)), context, width, height)
    symbols = fold(context.written(equation.symbols), width)
    head = _head(context, equation.symbols, width, height)
    below = height - len(head) - (height >= AIRY)
    drawn = _in_blocks(context, equation, width, below)
    if drawn is None:
        return _mostly_plain(context, equation, symbols, width, height)
    spare = height - len(head) - len(drawn)
    gap: Lines = ((),) * min(spare, 1 + (spare > 8))
    above: Lines = ((),) * max((spare - len(gap)) // 2, 0)
    return (*above, *head, *gap, *drawn)


def _head(context: DrawContext, symbols: str, width: int, height: int) -> Lines:
    """Return the symbols above the numbers: in large, too, where that takes little of the room."""
    line: Line = ((context.written(symbols), "title"),)
    for size in sizes(context.ascii)[-2:]:
        lines = folded(line, width, size)
        if size.height(len(lines)) <= height * HEAD:
            return block_lines(lines, size)
    return tuple(((part, "title"),) for part in fold(context.written(symbols), width))


def in_large(line: Line, context: DrawContext, width: int, height: int) -> Lines:
    """Return a line of text in the middle, as large as it fits."""
    for size in sizes(context.ascii):
        lines = folded(line, width, size)
        if size.height(len(lines)) <= height:
            drawn = block_lines(lines, size)
            return (*((),) * ((height - len(drawn)) // 2), *drawn)
    text = "".join(part for part, _ in line)
    return tuple(((part, line[0][1]),) for part in fold(text, width))[:height]


# ---------------------------------------------------------------- what is shown


def _instead(snapshot: Snapshot) -> str:
    """Return what is said where there is no equation."""
    if not snapshot.cursor.has_batch:
        return "n: the first window"
    if snapshot.cursor.stage is Pass.BATCH and snapshot.request.t is None:
        return f"{snapshot.steps} timesteps of data; s: the first operation"
    return f"t={snapshot.t} is not computed yet; s: one operation"


def _equation(context: DrawContext, width: int) -> Equation | None:
    """Return the equation of the place that is looked at; None where there is none."""
    snapshot = context.snapshot
    if not snapshot.cursor.has_batch:
        return None
    timestep = snapshot.request.t is not None or snapshot.running
    if timestep or snapshot.cursor.stage in (Pass.FORWARD, Pass.BACKWARD):
        return _of_timestep(context, width)
    match snapshot.cursor.stage:
        case Pass.LOSS:
            what = loss_words(snapshot.task, snapshot.window.declaration)
            value = snapshot.loss
            return Equation(what, lambda fits: (f"L = {number(value)}",), value)
        case Pass.CLIP:
            return _of_clip(context)
        case Pass.UPDATE:
            return _of_update(context)
    return None


def _of_timestep(context: DrawContext, width: int) -> Equation | None:
    """Return the selected operation of a timestep with the numbers of the selected unit."""
    from rnn_tui.tui.panels.current_pass.timestep_equation import pinned
    from rnn_tui.tui.panels.current_pass.timestep_view import timestep_view

    view = timestep_view(context, width)
    operation = view.selected
    if operation is None:
        return None
    value = view.entry(view.values[operation.symbol][0])
    if held := pinned(operation, view):
        return Equation(operation.equation(), lambda fits: (held,), value)
    line = partial(numbers_line, operation, view.values, 0, view.unit, view.t)
    return Equation(operation.equation(), lambda fits: (line(fits=fits),), value)


def _of_clip(context: DrawContext) -> Equation | None:
    """Return what clipping does to the selected parameter's gradient."""
    snapshot, index = context.snapshot, context.selection.parameter
    gradient = snapshot.gradient
    if gradient is None:
        return None
    name = parameter_name(snapshot, index)
    raw, clipped = float(gradient.raw[index]), float(gradient.clipped[index])
    norms = f"‖g‖ = {number(gradient.norm_before)}, after clipping {number(gradient.norm_after)}"
    text = f"d{name} = {number(raw)} → {number(clipped)}"
    return Equation(norms, lambda fits: (text,), clipped)


def _of_update(context: DrawContext) -> Equation | None:
    """Return the optimizer's operations with the numbers of the selected parameter."""
    from rnn_tui.tui.panels.current_pass.clip_and_update import in_symbols

    snapshot, index = context.snapshot, context.selection.parameter
    optimizer, gradient = snapshot.optimizer, snapshot.gradient
    if gradient is None or not optimizer.updates_made:
        return None
    reader = UnitReader(optimizer.values(gradient.clipped, index), 0, 0)
    texts, symbols = [], [f"p = {parameter_name(snapshot, index)}"]
    value = 0.0
    for operation in optimizer.operations():
        in_words = in_symbols(operation, optimizer)
        value = reader.number(operation.symbol)
        left = in_words.split(" ")[0]
        numbers, result = spell(operation.expression.tokens(reader)), number(value)
        texts.append(" = ".join((left, *((numbers,) if numbers != result else ()), result)))
        symbols.append(in_words)
    return Equation(", ".join(symbols), lambda fits: tuple(texts), value, symbols[0])


# ---------------------------------------------------------------- how it is drawn


def _in_blocks(context: DrawContext, equation: Equation, width: int, height: int) -> Lines | None:
    """Return it in the largest size in which it fits; None if it does in none.

    With a term of each product at least, if there is a size in which that fits.
    """
    first: tuple[BlockSize, tuple[str, ...]] | None = None
    for size in sizes(context.ascii):

        def has_room(text: str, size: BlockSize = size) -> bool:
            if len(text) > LONGEST:
                return False
            lines = folded(_line(context, text, 0.0), width, size)
            return size.height(len(lines)) <= height

        texts = equation.numbers(has_room)
        if not all(map(has_room, texts)) or not _fit(context, texts, width, height, size):
            continue
        first = first or (size, texts)
        if not any(" terms: " in text for text in texts):
            first = size, texts
            break
    if first is None:
        return None
    size, texts = first
    airy = tuple(with_blanks(text) for text in texts)
    texts = airy if _fit(context, airy, width, height, size) else texts
    return block_lines(_lines(context, texts, equation.value, width, size), size)


def _fit(
    context: DrawContext, texts: tuple[str, ...], width: int, height: int, size: BlockSize
) -> bool:
    """Return whether there is room for texts in a size."""
    return size.height(len(_lines(context, texts, 0.0, width, size))) <= height


def _lines(
    context: DrawContext, texts: tuple[str, ...], value: float, width: int, size: BlockSize
) -> list[Line]:
    """Return texts in lines."""
    return [line for text in texts for line in folded(_line(context, text, value), width, size)]


def _line(context: DrawContext, text: str, value: float) -> Line:
    """Return an equation with the roles of its parts: its name, its numbers, its result."""
    parts = context.written(text).split(" = ")
    line: list[tuple[str, str]] = [(parts[0], "strong" if len(parts) > 1 else "")]
    for part in parts[1:-1]:
        line += [(" = ", "dim"), (part, "")]
    if len(parts) > 1:
        line += [(" = ", "dim"), (parts[-1], _role(value))]
    return tuple(line)


def _role(value: float) -> str:
    """Return the role of a result."""
    role = role_of(value)
    return "strong" if role == "dim" else role


def _mostly_plain(
    context: DrawContext, equation: Equation, symbols: list[str], width: int, height: int
) -> Lines:
    """Return it in plain text, and its result in large: the terminal's own letters are large.

    Of several equations the last one is in large, if there is room. Where the result has no room
    below all else, the symbols and then the first equations are left out.
    """

    room_of = context, width, height

    def least(text: str) -> int:
        return len(fold(context.written(text), width))

    most = max(height - len(symbols) - 4, 1)
    texts = equation.numbers(lambda text: len(text) <= LONGEST and least(text) <= most)
    head: Lines = tuple(((part, "title"),) for part in symbols)
    whole = (_line(context, texts[-1], equation.value),) if len(texts) > 1 else ()
    if drawn := _below((*head, *_in_plain(context, texts[:-1], width)), whole, *room_of):
        return drawn
    results = _results(context, texts[-1], equation.value)
    subject: Lines = (((context.written(equation.subject), "title"),),) if equation.subject else ()
    tails = [_in_plain(context, texts[k:], width) for k in range(len(texts))]
    for above in ((*head, *tails[0]), *((*subject, *tail) for tail in tails), tails[-1]):
        if drawn := _below(above, results, *room_of):
            return drawn
    return _below((), (*whole, *results), *room_of) or (*head, *tails[0])[:height]


def _in_plain(context: DrawContext, texts: tuple[str, ...], width: int) -> Lines:
    """Return texts in the letters of the terminal."""
    return tuple(((part, ""),) for text in texts for part in fold(context.written(text), width))


def _results(context: DrawContext, text: str, value: float) -> tuple[Line, ...]:
    """Return the ends of an equation that say what its result is, the longest first."""
    name, _, rest = text.partition(" = ")
    result = rest.rpartition(" = ")[2]
    ends = [f"{name} = {result}", f" = {result}"]
    last = result.rpartition(" → ")[2]
    ends += [f" = {last}"] if last != result else []
    ends.append(last)
    alone = ((context.written(ends.pop()), _role(value)),)
    return (*(_line(context, end, value) for end in ends), alone)


def _below(
    above: Lines, lines: tuple[Line, ...], context: DrawContext, width: int, height: int
) -> Lines:
    """Return the first of some lines that has room in large, below others; () if none has.

    One that would have to be broken within a number comes last.
    """
    room = height - len(above)
    for breaks, line in [(breaks, line) for breaks in (False, True) for line in lines]:
        for size in sizes(context.ascii):
            parts = folded(line, width, size)
            if size.height(len(parts)) <= room and (breaks or _is_unbroken(line, parts)):
                drawn = block_lines(parts, size)
                gap: Lines = ((),) * min(room - len(drawn), 1 if above else 0)
                return (*above, *gap, *drawn)
    return ()


def _is_unbroken(line: Line, parts: list[Line]) -> bool:
    """Return whether a line was wrapped into parts between words alone."""
    words = " ".join("".join(text for text, _ in part) for part in parts)
    return words.split() == "".join(text for text, _ in line).split()

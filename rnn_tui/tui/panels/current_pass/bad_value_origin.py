"""Explanation of the first number that was not finite: its inputs, with the worst one marked."""

from __future__ import annotations

import math

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin, OperationInput
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.aligned_numbers import NumberColumn
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.number_format import MINUS
from rnn_tui.tui.parameter_names import is_parameter
from rnn_tui.tui.scope_words import sample_words

NAME = 16  # cells of an input's name
NUMBERS = NumberColumn(4)


def explain(context: DrawContext, selected: Operation, width: int, available: int) -> Lines:
    """Return the operation and its inputs, if it made the first number that is not finite.

    Args:
        context: the snapshot, with the proof of the origin.
        selected: the operation whose equation would be shown otherwise.
        width: cells of a line.
        available: lines at most.

    Returns:
        The lines; none if another operation made that number, or there is none.
    """
    snapshot = context.snapshot
    origin = snapshot.proofs.get("cause")
    if not isinstance(origin, BadValueOrigin) or (origin.symbol, origin.t) != (
        selected.symbol,
        snapshot.t,
    ):
        return ()
    what = value_name(origin.symbol, origin.t, origin.unit + 1)
    if sample := sample_words(snapshot, origin.sample):
        what += f" of {sample}"
    head: Line = ((" ", ""), (selected.equation(), "strong"))
    became = "NaN" if math.isnan(origin.number) else "inf" if origin.number > 0 else f"{MINUS}inf"
    statement: Line = ((f" {what} became {became}; it was computed from", "error"),)
    entries = [_entry(snapshot, origin, place) for place in range(len(origin.inputs))]
    if len(entries) + 2 <= available:
        return (head, statement, *entries)
    return (head, *_together(statement, entries, width))[: max(available, 0)]


def _entry(snapshot: Snapshot, origin: BadValueOrigin, place: int) -> Line:
    """Return the line of one input; the suspect is marked and described."""
    operand = origin.inputs[place]
    suspect = place == origin.suspect
    line: Line = (
        (" ▸ " if suspect else "   ", "error"),
        (f"{_name(snapshot, origin, operand):<{NAME}}", "strong" if suspect else ""),
        (NUMBERS.text(operand.number), "error" if suspect else ""),
    )
    if operand.nonfinite:
        many = (
            f", {operand.nonfinite} of {len(operand.numbers)}" if len(operand.numbers) > 1 else ""
        )
        return (*line, (f"  not finite{many}", "error"))
    return (*line, ("  the largest", "dim")) if suspect else line


def _together(statement: Line, entries: list[Line], width: int) -> Lines:
    """Return the inputs one after the other in as few lines as possible, the suspect first."""
    lines: list[Line] = [statement]
    for entry in sorted(entries, key=lambda line: line[0][0] == "   "):
        short = tuple((" ".join(text.split()), role) for text, role in entry[:3])
        spaced: Line = tuple((f" {text}", role) for text, role in short if text)
        if cell_width(lines[-1]) + cell_width(spaced) + 1 <= width:
            lines[-1] = (*lines[-1], (" ", ""), *spaced)
        else:
            lines.append(spaced)
    return tuple(lines)


def _name(snapshot: Snapshot, origin: BadValueOrigin, operand: OperationInput) -> str:
    """Return an input's name, with the entry that is shown of it."""
    name, entry, unit = operand.name, operand.place + 1, origin.unit + 1
    array = snapshot.window.values(origin.t).get(name)
    if array is None or array.ndim == 0:
        return name  # a number that has no entries, such as N
    if not is_parameter(snapshot, name):
        single = min(unit, array.shape[-1])
        return value_name(name, origin.t, single if len(operand.numbers) == 1 else entry)
    if array.ndim == 1:
        return value_name(name, None, unit)
    divergence = snapshot.divergence
    backward = divergence is not None and divergence.stage is Pass.BACKWARD
    return value_name(name, None, *((unit, entry) if backward else (entry, unit)))

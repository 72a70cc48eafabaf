"""Explanation of the first number that was not finite: its inputs, with the worst one marked."""

from __future__ import annotations

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin, OperationInput
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.number_format import NOT_FINITE, signed

NAME = 16  # cells of an input's name


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
    what = f"{origin.symbol} of unit {origin.unit + 1}"
    if snapshot.settings.batch > 1:
        what += f", sample {origin.sample + 1},"
    head: Line = ((" ", ""), (selected.equation(), "accent"))
    statement: Line = ((f" {what} is {NOT_FINITE}: it was made from", "error"),)
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
        (signed(operand.number), "error" if suspect else ""),
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
    """Return an input's symbol and, of several numbers, the index of the one shown, from 1."""
    if len(operand.numbers) == 1:
        return operand.name
    entry, unit = operand.place + 1, origin.unit + 1
    if not operand.name.startswith("W"):
        return f"{operand.name}[{entry}]"
    divergence = snapshot.divergence
    backward = divergence is not None and divergence.stage is Pass.BACKWARD
    return f"{operand.name}[{unit},{entry}]" if backward else f"{operand.name}[{entry},{unit}]"

"""The first number that was not finite: what went into it, the worst of it marked."""

from __future__ import annotations

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin, OperationInput
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width
from rnn_tui.tui.number_format import NOT_FINITE, signed

NAME = 16  # cells


def explain(context: DrawContext, chosen: Operation, width: int, room: int) -> Lines:
    """The operation and its inputs, if it made that number; otherwise nothing."""
    snapshot = context.snapshot
    cause = snapshot.proofs.get("cause")
    if not isinstance(cause, BadValueOrigin) or (cause.symbol, cause.t) != (
        chosen.symbol,
        snapshot.t,
    ):
        return ()
    what = f"{cause.symbol} of unit {cause.unit + 1}"
    if snapshot.settings.batch > 1:
        what += f", sample {cause.sample + 1},"
    head: Line = ((" ", ""), (chosen.equation(), "accent"))
    said: Line = ((f" {what} is {NOT_FINITE}: it was made from", "error"),)
    entries = [_entry(snapshot, cause, place) for place in range(len(cause.inputs))]
    if len(entries) + 2 <= room:
        return (head, said, *entries)
    return (head, *_together(said, entries, width))[: max(room, 0)]


def _entry(snapshot: Snapshot, cause: BadValueOrigin, place: int) -> Line:
    """One input; the suspect is marked and said to be what it is."""
    found = cause.inputs[place]
    suspect = place == cause.suspect
    line: Line = (
        (" ▸ " if suspect else "   ", "error"),
        (f"{_name(snapshot, cause, found):<{NAME}}", "strong" if suspect else ""),
        (signed(found.number), "error" if suspect else ""),
    )
    if found.bad:
        many = f", {found.bad} of {len(found.numbers)}" if len(found.numbers) > 1 else ""
        return (*line, (f"  not finite{many}", "error"))
    return (*line, ("  the largest", "dim")) if suspect else line


def _together(said: Line, entries: list[Line], width: int) -> Lines:
    """Where there is no line for each: one after the other, the suspect first."""
    lines: list[Line] = [said]
    for entry in sorted(entries, key=lambda line: line[0][0] == "   "):
        short = tuple((" ".join(text.split()), role) for text, role in entry[:3])
        spaced: Line = tuple((f" {text}", role) for text, role in short if text)
        if cell_width(lines[-1]) + cell_width(spaced) + 1 <= width:
            lines[-1] = (*lines[-1], (" ", ""), *spaced)
        else:
            lines.append(spaced)
    return tuple(lines)


def _name(snapshot: Snapshot, cause: BadValueOrigin, found: OperationInput) -> str:
    """Its symbol, and of a factor the entry that is looked at, counted from 1."""
    if len(found.numbers) == 1:
        return found.name
    entry, unit = found.place + 1, cause.unit + 1
    if not found.name.startswith("W"):
        return f"{found.name}[{entry}]"
    divergence = snapshot.divergence
    backward = divergence is not None and divergence.stage is Pass.BACKWARD
    return f"{found.name}[{unit},{entry}]" if backward else f"{found.name}[{entry},{unit}]"

"""Lines that stand in a proof's panel while its result is not there."""

from __future__ import annotations

from rnn_tui.proofs.base import Refusal
from rnn_tui.registry import PROOFS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, fold
from rnn_tui.tui.number_format import percent


def paragraph(text: str, width: int, role: str = "") -> Lines:
    """Return `text` in as many lines of `width` cells as it takes, all of one role."""
    folded = fold(text, max(width - 3, 1))
    return tuple(((f" {line.strip()}", role),) for line in folded)


def missing(context: DrawContext, name: str, width: int) -> Lines:
    """Return why the proof `name` has no result, or how far it is."""
    snapshot = context.snapshot
    result = snapshot.proofs.get(name)
    if isinstance(result, Refusal):
        return paragraph(result.why, width, "dim")
    if snapshot.running:
        return paragraph("Computed while the run stands still: space pauses.", width, "dim")
    return (progress_bar(snapshot, width),) if snapshot.proving else ()


def progress_bar(snapshot: Snapshot, width: int) -> Line:
    """Return the progress of the proof that is being worked on; empty if there is none."""
    if snapshot.proving is None:
        return ()
    name, share = snapshot.proving
    words = f" {PROOFS.load(name).words} "
    end = f" {percent(share)}" + ("  esc stops" if name == "proof" else "")
    cells = min(max(width - len(words) - len(end) - 4, 1), 30)
    done = round(share * cells)
    return (
        (words, ""),
        ("█" * done, "title"),
        ("·" * (cells - done), "dim"),
        (end, "dim"),
    )

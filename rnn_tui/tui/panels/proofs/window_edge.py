"""The truncation report: what the window's edge cuts off, and what a longer window would add."""

from __future__ import annotations

from rnn_tui.engine.analysis.truncation import Truncation
from rnn_tui.proofs.window_edge import EdgeReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import UNKNOWN, number
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panels.proofs.status import missing, paragraph
from rnn_tui.tui.scope_words import batch_words, joined, what_if_words

NUMBER, WIDE_NUMBER = 13, 18  # cells of the two columns


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    snapshot = context.snapshot
    size = f"T = {snapshot.steps}"
    held = what_if_words("with", snapshot.pins)
    return "edge of the window", joined(batch_words(snapshot), size, held)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the norms at the window's edge, then what a longer window would add."""
    snapshot = context.snapshot
    report = snapshot.proofs.get("edge")
    if not isinstance(report, EdgeReport):
        return missing(context, "edge", width)
    diagram = _diagram(snapshot, width)
    table = _table(snapshot, report)
    if not snapshot.backward_complete(1):
        rest: Lines = paragraph("The backward pass has not come to the edge yet.", width, "dim")
    elif report.truncation is None:
        rest = paragraph(report.why, width, "dim")
    else:
        rest = _longer(snapshot, report.truncation, width)
    gap: Lines = ((),) if len(diagram) + len(table) + len(rest) + 2 <= height else ()
    return (*diagram, *gap, *table, *gap, *rest)


def _diagram(snapshot: Snapshot, width: int) -> Lines:
    """Return a sketch of the edge: the state crosses it, the gradient is cut."""
    steps = snapshot.steps
    across: Line = ((" … ── state ─→ ", "dim"), ("│", "axis"), (f" t=1 … {steps}", ""))
    cut: Line = (("      cut ╳ ←── ", "dim"), ("│", "axis"), (" gradient", "gradient"))
    if width < 60:
        return (across, cut)
    return ((*across, ("      ", ""), *cut),)


def _table(snapshot: Snapshot, report: EdgeReport) -> Lines:
    """Return a row for each state: the norm carried in, and of the gradient that is cut."""
    known = snapshot.backward_complete(1)
    lines: list[Line] = [
        ((f"      {'‖carried in‖':>{NUMBER}}{'‖gradient cut‖':>{WIDE_NUMBER}}", "dim"),)
    ]
    for name in report.edge.carried:
        cut = number(report.edge.gradient[name]) if known else UNKNOWN
        lines.append(
            (
                (f" {f'{name}_0':<5}", "strong"),
                (f"{number(report.edge.carried[name]):>{NUMBER}}", ""),
                (f"{cut:>{WIDE_NUMBER}}", "gradient" if known else "dim"),
            )
        )
    return tuple(lines)


def _longer(snapshot: Snapshot, truncation: Truncation, width: int) -> Lines:
    """Return what the window before would add to the gradient, in numbers and in words."""
    steps = snapshot.steps
    lines: list[Line] = [
        ((f" {2 * steps} timesteps for {steps}, same loss:", "dim"),),
        (
            (" added ", "dim"),
            (number(truncation.added_norm), "strong"),
            ("  to ‖∇L‖ ", "dim"),
            (number(truncation.truncated_norm), ""),
        ),
    ]
    words = paragraph(_in_words(truncation), width, "strong")
    drift: Lines = ()
    if truncation.drift is not None:
        moved = f"{number(100 * truncation.drift, 2)} %"
        words_of_drift = f"The weights have moved on: they would now carry in a state {moved} off."
        drift = paragraph(words_of_drift, width, "dim")
    return (*lines, *words, *drift)


def _in_words(truncation: Truncation) -> str:
    """Return a sentence on how large a share of the gradient is cut."""
    if truncation.relative is None:
        return "There is no gradient to compare with."
    share = f"{number(100 * truncation.relative, 3)} %"
    if truncation.relative < 0.01:
        return f"Hardly anything is cut: a longer window would add {share} of ‖∇L‖."
    if truncation.relative < 0.3:
        return f"A part is cut: a longer window would add {share} of ‖∇L‖."
    return f"Much is cut: a longer window would add {share} of ‖∇L‖."


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return (
        Sign("│", "the window's edge, before t=1", "axis"),
        Sign("── state ─→", "the state crosses it: it is carried in from the window before", "dim"),
        Sign("╳ ←──", "the gradient does not: it is cut there", "dim"),
        Sign("h_0  c_0", "the states that the window begins with"),
        Sign("‖carried in‖", "the size of that state"),
        Sign("‖gradient cut‖", "the size of the gradient that arrives at it and goes no further"),
        Sign("T", "the timesteps of a window"),
        Sign("‖∇L‖", "the size of the gradient of all parameters"),
        Sign("%", "of that size"),
    )


PANEL = PanelSpec(draw, title, proofs=("edge",), help=signs)

"""The truncation lens: what the window's edge cuts off, and what a longer window would add."""

from __future__ import annotations

from rnn_tui.engine.analysis.truncation import Truncation
from rnn_tui.proofs.window_edge import EdgeReport
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines
from rnn_tui.tui.number_format import UNKNOWN, number
from rnn_tui.tui.panel_spec import PanelSpec
from rnn_tui.tui.panels.proofs.verification import paragraph, waiting

NUMBER, WIDE = 13, 18  # cells


def title(context: DrawContext) -> tuple[str, str]:
    """What stands in the rule above."""
    return "edge of the window", f"T = {context.snapshot.steps}"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """The numbers at the edge, then those of a longer window."""
    snapshot = context.snapshot
    lens = snapshot.proofs.get("edge")
    if not isinstance(lens, EdgeReport):
        return waiting(context, "edge", width)
    picture = _picture(snapshot, width)
    table = _table(snapshot, lens)
    if not snapshot.backward_complete(1):
        rest: Lines = paragraph("The backward pass has not come to the edge yet.", width, "dim")
    elif lens.truncation is None:
        rest = paragraph(lens.why, width, "dim")
    else:
        rest = _longer(snapshot, lens.truncation, width)
    gap: Lines = ((),) if len(picture) + len(table) + len(rest) + 2 <= height else ()
    return (*picture, *gap, *table, *gap, *rest)


def _picture(snapshot: Snapshot, width: int) -> Lines:
    """Where the cut is."""
    steps = snapshot.steps
    across: Line = ((" … ── state ─→ ", "dim"), ("│", "accent"), (f" t=1 … {steps}", ""))
    cut: Line = (("      cut ╳ ←── ", "dim"), ("│", "accent"), (" gradient", "gradient"))
    if width < 60:
        return (across, cut)
    return ((*across, ("      ", ""), *cut),)


def _table(snapshot: Snapshot, lens: EdgeReport) -> Lines:
    """A row a state: what comes in, and what would leave."""
    known = snapshot.backward_complete(1)
    lines: list[Line] = [((f"      {'‖carried in‖':>{NUMBER}}{'‖gradient cut‖':>{WIDE}}", "dim"),)]
    for name in lens.edge.carried:
        cut = number(lens.edge.gradient[name]) if known else UNKNOWN
        lines.append(
            (
                (f" {name}_0  ", "accent"),
                (f"{number(lens.edge.carried[name]):>{NUMBER}}", ""),
                (f"{cut:>{WIDE}}", "gradient" if known else "dim"),
            )
        )
    return tuple(lines)


def _longer(snapshot: Snapshot, found: Truncation, width: int) -> Lines:
    """What the window before would have added, in numbers and in words."""
    steps = snapshot.steps
    lines: list[Line] = [
        ((f" {2 * steps} timesteps for {steps}, same loss:", "dim"),),
        (
            (" added ", "dim"),
            (number(found.added_norm), "strong"),
            ("  to ‖∇L‖ ", "dim"),
            (number(found.truncated_norm), ""),
        ),
    ]
    words = paragraph(_in_words(found), width, "accent")
    drift: Lines = ()
    if found.drift is not None:
        moved = f"{number(100 * found.drift, 2)} %"
        words_of_drift = f"The weights have moved on: they would now carry in a state {moved} off."
        drift = paragraph(words_of_drift, width, "dim")
    return (*lines, *words, *drift)


def _in_words(found: Truncation) -> str:
    """How much is cut, as a share."""
    if found.relative is None:
        return "There is no gradient to compare with."
    share = f"{number(100 * found.relative, 3)} %"
    if found.relative < 0.01:
        return f"Hardly anything is cut: a longer window would add {share} of ‖∇L‖."
    if found.relative < 0.3:
        return f"A part is cut: a longer window would add {share} of ‖∇L‖."
    return f"Much is cut: a longer window would add {share} of ‖∇L‖."


PANEL = PanelSpec(draw, title, proofs=("edge",))

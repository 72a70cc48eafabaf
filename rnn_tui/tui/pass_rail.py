"""The rail of the six passes: which is over, which is under way, which is to come.

    batch › forward › loss › [backward 13/20] › clip › update

It stands in the title of the network panel; where that is not visible, in the header.
"""

from __future__ import annotations

from collections.abc import Sequence

from rnn_tui.engine.training.schedule import Cursor, Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, cell_width

SEPARATORS = (" › ", "›")  # from the longest form to a shorter one; the last is the pill alone
OVER_TIME = (Pass.FORWARD, Pass.BACKWARD)


def rail_forms(context: DrawContext) -> tuple[Line, ...]:
    """Return the rail of the place shown, from the longest form to the shortest."""
    pill = pass_pill(context)
    return (*(_rail(context.snapshot, pill, separator) for separator in SEPARATORS), pill)


def widths(context: DrawContext) -> tuple[int, ...]:
    """Return how wide each of `rail_forms` is in the pass where it is widest."""
    snapshot = context.snapshot
    last = f"{snapshot.steps}/{snapshot.steps}"
    widest = len(Pass.BACKWARD) + 1 + len(last) + 2
    others = sum(len(stage) for stage in Pass if stage is not Pass.BACKWARD)
    rails = (others + widest + (len(Pass) - 1) * len(separator) for separator in SEPARATORS)
    return (*rails, widest)


def pass_pill(context: DrawContext) -> Line:
    """Return the pass under way, with how many of its timesteps are done."""
    words = f"{_word(context.snapshot.cursor.stage)}{_progress(context.snapshot)}"
    if context.grounds:
        return ((f" {words} ", "pill-accent"),)
    return ((f"[{words}]", "accent"),)


def done(cursor: Cursor, steps: int) -> int:
    """Return how many timesteps of its pass are complete."""
    before = cursor.t - 1 if cursor.stage is Pass.FORWARD else steps - cursor.t
    return before + cursor.complete


def _word(stage: Pass) -> str:
    """Return the name of a pass in the rail."""
    return stage.value.lower()


def _progress(snapshot: Snapshot) -> str:
    """Return how many timesteps of the pass are done: " 13/20"; nothing where it has none."""
    if snapshot.cursor.stage not in OVER_TIME:
        return ""
    return f" {done(snapshot.cursor, snapshot.steps)}/{snapshot.steps}"


def _rail(snapshot: Snapshot, pill: Line, separator: str) -> Line:
    """Return the rail with its passes separated so."""
    line: Line = ()
    here = list(Pass).index(snapshot.cursor.stage)
    for place, stage in enumerate(Pass):
        if place:
            line = (*line, (separator, "dim"))
        role = "title" if place < here else "dim"
        line = (*line, *(pill if place == here else ((_word(stage), role),)))
    return line


def fitting_rail(context: DrawContext, room: int) -> Line:
    """Return the longest form of the rail that has room in every pass; at least the pill."""
    forms = zip(rail_forms(context), widths(context), strict=True)
    return next((form for form, width in forms if width <= room), pass_pill(context))


def rail_rule(
    context: DrawContext,
    left: str,
    optional: Sequence[str],
    needed: Sequence[str],
    width: int,
    focused: bool,
) -> Line:
    """Return the title line of the panel that has the rail.

    Args:
        context: what is drawn.
        left: the name of the panel.
        optional: what is said at the right where the rail has room, the most important last.
        needed: what is said there too; the rail loses its other passes for it.
        width: cells of the line.
        focused: whether the panel has the focus.
    """
    dash, role = ("═", "focus") if focused else ("─", "rule")
    start: Line = ((dash * 2 + " ", role), (left, "title-focus" if focused else "title"))
    start = (*start, ("  ", ""))
    room = width - cell_width(start) - 1  # for the rail, a dash, and what is said

    def closing(*said: str) -> Line:
        """Return what is said at the right."""
        words = " · ".join(filter(None, said))
        return ((f" {words} ", "dim"), (dash * 2, role)) if words else ()

    sizes = widths(context)
    choices = [
        (size, closing(*optional[dropped:], *needed))
        for size in sizes[:-1]
        for dropped in range(len(optional) + 1)
    ]
    choices += [(sizes[-1], closing(*needed[dropped:])) for dropped in range(len(needed) + 1)]
    fitting = (choice for choice in choices if choice[0] + cell_width(choice[1]) <= room)
    size, end = next(fitting, choices[-1])
    line = (*start, *fitting_rail(context, size), (" ", ""))
    free = max(width - cell_width(line) - cell_width(end), 0)
    return (*line, (dash * free, role), *end)

"""The header: what is trained and the place in the run, in a form that people and tests read.

cos(x) · many→many · lstm 16 · 1,169 parameters
FORWARD t=7/20 · update 132 · loss 0.0123 · 5210/s · paused
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from rnn_tui.engine.training.breakpoint_conditions import Kind
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, cut_middle, fit, plain, text_width
from rnn_tui.tui.number_format import COVERED, count, number, percent, unwritten
from rnn_tui.tui.pass_rail import fitting_rail, pass_pill, widths

HEIGHT = 2
SHORTEST = 12  # cells of a task's title at least
LONGEST_WHAT_IF = 24  # cells; of more than one what-if their number is told
PILL = 5  # cells around the words of what a what-if is told in
SEPARATOR = " · "
_STATE_ROLE = {"paused": "accent", "running": "accent", "diverged": "error", "seeking": "accent"}


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the two lines: what is trained, and the place in the run.

    The first keeps its words at the left in every state. What else there is to say stands at its
    right end, the most important first: the rail of the passes where no panel has it, what has no
    room in the second line, the link, settings, the timeline.
    """
    place, left_over = _second_line(context, width)
    link: Line = ((context.link, "strong"),)
    needed = [link, *left_over] if context.link else left_over
    if context.followers is not None:
        followers: Line = ((f"{count(context.followers)} follow", "strong"),)
        needed = [followers, *needed]
    return (_first_line(context, needed, width), fit(place, width))


def _first_line(context: DrawContext, needed: list[Line], width: int) -> Line:
    """Return what is trained and, at the right, as much of all else as there is room for."""
    snapshot = context.snapshot
    room = sum(cell_width(part) + len(SEPARATOR) for part in needed)
    rail: Line = ()
    if context.rail:
        shortest = pass_pill(context)
        for counted in (True, False):
            left = _left(context, width - room - cell_width(shortest) - 4, counted=counted)
            free = width - cell_width(left) - room - 4
            if free >= widths(context)[-1]:
                break
        rail = fitting_rail(context, free)
        room += cell_width(rail) + 2
    while True:
        lefts = [_left(context, width - room - 3, counted=counted) for counted in (True, False)]
        left = next((each for each in lefts if cell_width(each) + room + 3 <= width), lefts[-1])
        if not needed or cell_width(left) + room + 3 <= width:
            break
        room -= cell_width(needed.pop()) + len(SEPARATOR)  # the least important of them
    said = list(needed)
    details = list(_details(snapshot, bool(context.link)))
    if context.followers:  # who takes their room: brief, as each of them is still to be told
        details = [forms[-1:] if k + 1 < len(details) else forms for k, forms in enumerate(details)]
    for forms in details:
        for words in forms:
            taken = cell_width(left) + cell_width(rail) + 2 * bool(rail) + 3
            taken += sum(cell_width(part) + len(SEPARATOR) for part in said) + text_width(words)
            if taken <= width:
                said.append(((words, "dim"),))
                break
    end: Line = ()
    for part in reversed(said):
        pill = part[0][0][:1] in (" ", "[")  # is set apart by its ground
        between: Line = (("  " if pill else SEPARATOR, "dim"),) if end else ()
        end = (*end, *between, *part)
    if rail:
        end = (*rail, ("  ", ""), *end) if end else rail
    if not end:
        return fit(left, width)
    return fit((*left, (" " * (width - cell_width(left) - cell_width(end) - 1), ""), *end), width)


def _left(context: DrawContext, width: int, *, counted: bool) -> Line:
    """Return what is trained in at most `width` cells, if it can be."""
    return ((context.written(_trained(context.snapshot, width, counted=counted)), "title"),)


def _loss(loss: float) -> str:
    """Return a loss as the header has it; a dash where there is none."""
    known = math.isfinite(loss) or unwritten(loss) == COVERED
    return number(loss, 3) if known else "–"


def _versus(snapshot: Snapshot) -> str:
    """Return the second network's loss and how far it is behind; "" if there is none."""
    second = snapshot.second_network
    if second is None:
        return ""
    loss = _loss(second.loss)
    if second.divergence is not None:
        return f" vs diverged at {count(second.diverged_at)}"
    return f" vs {loss}" + (f" ({count(second.behind)} behind)" if second.behind else "")


def _trained(snapshot: Snapshot, width: int, *, counted: bool = True) -> str:
    """Return the task, its topology and the networks; the task's title is cut if need be.

    Args:
        snapshot: what is trained.
        width: cells.
        counted: with the number of parameters.
    """
    networks = _network(snapshot.settings, snapshot.optimizer.parameters.size if counted else None)
    if (second := snapshot.second_network) is not None:
        networks += f" vs {_network(second.settings, second.parameters if counted else None)}"
    title, topology = snapshot.task.title, f"{snapshot.task.topology.name} · "
    if second is not None and text_width(f" {title} · {topology}{networks}") > width:
        topology = ""
    rest = f" · {topology}{networks}"
    title = cut_middle(title, max(width - text_width(rest) - 1, SHORTEST))
    tried = snapshot.what_if.texts if snapshot.what_if is not None else ()
    held = [text for text in snapshot.pins if text not in tried]  # what is tried is no news yet
    pins = f" · {', '.join(held)}" if held else ""
    return f" {title}{rest}{pins}"


def _network(settings: Settings, parameters: int | None) -> str:
    """Return the cell, its size and the number of parameters, unless that is None."""
    size = f"{settings.layers}×{settings.hidden}" if settings.layers > 1 else str(settings.hidden)
    counted = "" if parameters is None else f" · {count(parameters)} parameters"
    return f"{settings.cell} {size}{counted}"


def _details(snapshot: Snapshot, slow: bool) -> Iterator[tuple[str, ...]]:
    """Yield what is said where there is room, each from its longest form to its shortest.

    Args:
        snapshot: what is trained.
        slow: the link is; then nothing is told that changes all the time.
    """
    s, timeline = snapshot.settings, snapshot.timeline
    clip = f"clip {s.clip:g}" if s.clip_by != "none" else "no clip"
    rate = f"{s.optimizer} lr {s.lr:g}"
    yield (f"{rate} · {clip} · T {s.steps} · B {s.batch}", rate, f"lr {s.lr:g}")
    if not slow:
        budget = timeline.budget / 2**20  # how much is used depends on the way here
        short = f"timeline {timeline.first}–{timeline.newest}"
        yield (f"{short}, {budget:.0f} MiB", short)


def _second_line(context: DrawContext, width: int) -> tuple[Line, list[Line]]:
    """Return the place with what there is room for, and what there is not, in order."""
    line = _place(context)
    left_over: list[Line] = []
    for extra in _extras(context, width - cell_width(line)):
        if cell_width(line) + cell_width(extra) <= width:
            line = (*line, *extra)
        else:
            left_over.append(extra[1:])  # without what separates it
    return line, left_over


def names_stop(context: DrawContext, width: int) -> bool:
    """Return whether the second line says which breakpoint has stopped a run, as it does mostly."""
    stop = context.snapshot.stop
    if stop is None or stop.breakpoint.kind is Kind.NAN:
        return True
    return str(stop.breakpoint) in plain((_second_line(context, width)[0],))


def names_what_ifs(context: DrawContext, width: int) -> bool:
    """Return whether the two lines name all what-ifs, not their number alone."""
    what_if = context.snapshot.what_if
    if what_if is None or len(what_if.texts) == 1:
        return True
    return what_if.text in plain((_second_line(context, width)[0],))


def _extras(context: DrawContext, room: int) -> Iterator[Line]:
    """Yield what is said behind the state, the most important first; each after a separator."""
    snapshot = context.snapshot
    role = _STATE_ROLE[snapshot.state]
    if snapshot.seeking is not None:
        yield ((" ", ""), (percent(snapshot.seeking), role))
    if snapshot.divergence is not None:
        divergence = snapshot.divergence
        words = f"{divergence.name} is {divergence.value} ✗ "  # read by scripts from its start on
        yield ((SEPARATOR, ""), (words, "pill-error" if context.grounds else "error"))
    elif snapshot.stop is not None:
        what = str(snapshot.stop.breakpoint)
        forms = (f"■ stopped: {what}", f"■ {what}")
        words = next((each for each in forms if len(each) + 3 <= room), "■ stopped")
        yield ((" ", ""), *_pill(context, words, "accent"))
    elif snapshot.what_if is not None:
        many, texts = len(snapshot.what_if.texts), snapshot.what_if.text
        words = f"what if {texts}"
        if many > 1 and (len(texts) > LONGEST_WHAT_IF or len(words) + PILL > room):
            words = f"{many} what-ifs"
        yield ((" ", ""), *_pill(context, f"? {words}", "accent"))
    if snapshot.seeking is None and snapshot.timeline.in_past:
        yield ((SEPARATOR, ""), (f"past of {snapshot.timeline.newest}", "strong"))
    if snapshot.timeline.forks:
        yield ((SEPARATOR, ""), (f"fork {snapshot.timeline.forks}", "strong"))
    known = snapshot.cursor.stage not in (Pass.BATCH, Pass.FORWARD)  # the loss of this window
    if known and snapshot.what_if is not None and math.isfinite(snapshot.what_if.loss_before):
        yield ((SEPARATOR, ""), (f"loss was {number(snapshot.what_if.loss_before, 3)}", "dim"))
    if snapshot.what_if is not None and snapshot.what_if.behind:
        them = "it" if len(snapshot.what_if.texts) == 1 else "them"
        words = f"without {them} {count(snapshot.what_if.behind)} behind"
        yield ((SEPARATOR, ""), (words, "dim"))


def _pill(context: DrawContext, words: str, role: str) -> Line:
    """Return words on a ground of their role, or in brackets where grounds cannot be seen."""
    if context.grounds:
        return ((f" {words} ", f"pill-{role}"),)
    return ((f"[{words}]", role),)


def _place(context: DrawContext) -> Line:
    """Return the place in the run, the loss, the speed and the state.

    Scripts read this form, so nothing is padded in it, though it moves between t=9 and t=10.
    """
    snapshot, cursor = context.snapshot, context.snapshot.cursor
    apart = " | " if context.ascii else SEPARATOR  # a dot alone is a value that is not known
    place = f"{cursor.stage} t={cursor.t}/{snapshot.steps}" if cursor.t else str(cursor.stage)
    loss = _loss(snapshot.loss)
    # At a place that is named the screen is the same each time, so a paused run shows no speed of
    # before.
    speed, role = (snapshot.speed, "") if snapshot.running else (0.0, "dim")
    return (
        (" ", ""),
        (place, "strong"),
        (f"{apart}update {cursor.update}{apart}loss {loss}{_versus(snapshot)}{apart}", ""),
        (f"{speed:.0f}/s", role),
        (apart, ""),
        (snapshot.state, _STATE_ROLE[snapshot.state]),
    )

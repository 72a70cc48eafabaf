"""The first screen, before any data: the network unrolled, the six passes, and three keys."""

from __future__ import annotations

from collections.abc import Sequence

from rnn_tui.engine.core.operations import Operation
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Line, Lines, cell_width, cut_middle, fit, text_width
from rnn_tui.tui.loss_words import loss_words
from rnn_tui.tui.number_format import count

LABEL = 11  # cells of the name of a pass
KEY = 9  # cells of a key
KEYS = (
    ("n", "walk through the first window, timestep by timestep"),
    ("space", "train, until it is pressed again"),
    ("?", "all keys and words"),
    ("s", "walk operation by operation"),
    ("o", "choose cell, size, learning rate and all else"),
    ("q", "quit"),
)
THEIRS_KEYS = "/ i"  # of the panel that has their numbers
FOLLOWERS_KEYS = (
    ("tab", "look at another panel"),
    ("z", "give it the whole screen"),
    ("?", "all keys and words"),
)
LONGER = 5  # lines by which an arrow is longer at most
LEAST_NAME = 8  # cells of the name of a tensor
LEAST_START = 6  # cells before the first arrow, with which the names of rows have room
LOWEST = 5  # lines of the network unrolled, of one layer


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    if context.snapshot.task.brings_weights:
        return "batch", "weights of the case, nothing computed yet"
    return "batch", "weights are drawn, no data yet"


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the verdict on theirs, the six passes and the keys; with room, what is computed."""
    snapshot = context.snapshot
    keys = FOLLOWERS_KEYS if context.following else KEYS
    passes, shown_keys = _passes(snapshot), list(keys[:3])
    if snapshot.task.has_theirs:
        passes = (("theirs", _verdict(snapshot, width - LABEL - 3)), *passes)
    spare = height - len(passes) - len(shown_keys)
    more = keys[3 : 3 + max(min(spare - 1, len(keys) - 3), 0)]
    shown_keys += more
    spare -= len(more)
    forward, backward = _operations(snapshot)
    lines: list[Line] = []
    room = max(spare - 1, 0)
    listed = {"forward": _listed(context, _equations(forward), width, room)}
    room -= len(listed["forward"])
    listed["backward"] = _listed(context, _equations(backward), width, room)
    room -= len(listed["backward"])
    listed["update"] = _listed(context, _update(snapshot), width, room) if room > 1 else ()
    for name, words in passes:
        lines += [((f"   {name:<{LABEL}}", "title"), (words, "")), *listed.get(name, ())]
    if len(lines) + len(shown_keys) < height:
        lines.append((("   keys", "dim"),))
    for key, words in shown_keys:
        lines.append(((f"   {key:<{KEY}}", "key"), (f"  {words}", "")))
    return tuple(fit(line, width) for line in lines)


def _verdict(snapshot: Snapshot, width: int) -> str:
    """Return in `width` cells how many of their numbers differ, the first of them, and the key."""
    from rnn_tui.proofs.base import Refusal  # for cases only
    from rnn_tui.proofs.theirs import TheirsReport

    report = snapshot.proofs.get("theirs")
    long, short = f" — {THEIRS_KEYS} shows them", f" — {THEIRS_KEYS}"
    if isinstance(report, Refusal):
        return f"not compared{long}"
    if not isinstance(report, TheirsReport):
        return "being compared …"
    tensors, first = report.comparison.tensors, report.comparison.first
    if first is None:
        words = f"all {len(tensors)} tensors agree" if len(tensors) > 1 else "it agrees"
        return f"✓ {words}{long}"
    differ = sum(not each.agrees for each in tensors)
    start = f"✗ {differ} of {len(tensors)} tensors differ; first: "
    if len(tensors) == 1:
        start = "✗ 1 of 1 tensor differs; first: "
    time = f", t={first.t}" if first.t is not None else ""
    name = report.names[first.name]
    end = long if text_width(f"{start}{name}{time}{long}") <= width else short
    if text_width(f"{start}{time}{end}") + min(text_width(name), 2 * LEAST_NAME) > width:
        start = start.replace(" tensors", "")
    room = max(width - text_width(f"{start}{time}{end}"), LEAST_NAME)
    return f"{start}{cut_middle(name, room)}{time}{end}"


def _equations(operations: Sequence[Operation]) -> list[tuple[str, str]]:
    """Return operations in symbols, and what they are called."""
    return [(operation.equation(), operation.title) for operation in operations]


def _update(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return the same of the optimizer's operations."""
    from rnn_tui.tui.panels.current_pass.clip_and_update import in_symbols

    optimizer = snapshot.optimizer
    return [(in_symbols(each, optimizer), each.title) for each in optimizer.operations()]


def _listed(
    context: DrawContext, operations: Sequence[tuple[str, str]], width: int, room: int
) -> Lines:
    """Return operations in symbols, indented; in less room the first ones, the others counted."""
    indent = " " * (LABEL + 5)
    lines: list[Line] = []
    for equation, name in operations if room > 1 else ():
        title = f"   {name}" if name else ""
        line: Line = ((f"{indent}{context.written(equation)}", "dim"),)
        fits = cell_width(line) + text_width(title) <= width
        lines.append((*line, (title, "dim")) if fits else fit(line, width))
    if len(lines) <= room:
        return tuple(lines)
    left_out = len(lines) - room + 1
    return (*lines[: room - 1], ((f"{indent}… {left_out} more", "dim"),))


def _operations(snapshot: Snapshot) -> tuple[tuple[Operation, ...], tuple[Operation, ...]]:
    """Return the operations of a timestep, forward and backward."""
    declaration = snapshot.window.declaration
    return declaration.forward_operations, declaration.backward_operations


def _passes(snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """Return the six passes with a sentence on each."""
    s, steps = snapshot.settings, snapshot.steps
    forward, backward = map(len, _operations(snapshot))
    times = f"t = 1 … {steps}" if steps > 1 else "t = 1"
    back = f"t = {steps} … 1" if steps > 1 else "t = 1"
    state = " and h_<t-1>" if snapshot.window.declaration.cell.recurrent else ""
    windows = "a window" if s.batch == 1 else f"{count(s.batch)} windows"
    of_steps = f"{count(steps)} timesteps" if steps > 1 else "one timestep"
    drawn = "is drawn" if s.batch == 1 else "are drawn"
    batch = f"{windows} of {of_steps} {drawn} from {snapshot.task.drawn_from or 'the data'}"
    if s.task == "case":
        samples = f"{count(s.batch)} samples" if s.batch > 1 else "one sample"
        batch = f"the batch of the case: {samples} of {of_steps}"
    loss = loss_words(snapshot.task, snapshot.window.declaration)
    clip = {
        "value": f"each entry of the gradient is limited to ±{s.clip:g}",
        "norm": f"the gradient's norm is limited to {s.clip:g}",
        "none": "nothing is clipped",
    }[s.clip_by]
    parameters = count(snapshot.optimizer.parameters.size)
    return (
        ("batch", batch),
        ("forward", f"{times}: from x_t{state} to y_t in {forward} operations"),
        ("loss", f"{loss}: how far y_t is off"),
        ("backward", f"{back}: the same way back in {backward} operations"),
        ("clip", clip),
        ("update", f"{s.optimizer} with lr {s.lr:g} changes {parameters} parameters"),
    )


# ---------------------------------------------------------------- the network


def unrolled(snapshot: Snapshot, width: int, height: int) -> Lines:
    """Return the network unrolled: inputs go in below, the state goes on, outputs come out above.

    Of many timesteps the first ones and the last are drawn, and as many layers as fit.
    """
    steps, settings = snapshot.steps, snapshot.settings
    cell = snapshot.window.declaration.cell
    layers = [
        ", ".join(f"{layer.name(state)}_0" for state in cell.states)
        for layer in reversed(snapshot.window.declaration.layers)
    ]
    start = f"  {max(layers, key=text_width)} " if cell.recurrent else " " * LEAST_START
    box = f"[{settings.cell}]"
    arrow = " ──→ " if cell.recurrent else "     "
    each = text_width(box) + text_width(arrow)
    room = (width - text_width(start) - 1) // each
    shown: list[int | None] = list(range(1, steps + 1))
    if len(shown) > room:
        shown = [*range(1, max(room - 1, 1)), None, steps]
    topology = snapshot.task.topology
    outputs = [t is not None and topology.counted[t - 1] for t in shown]
    inputs = [t is not None and topology.inputs[t - 1] for t in shown]
    indent = text_width(start) + text_width(arrow)
    half = (text_width(box) - 1) // 2

    def row(texts: list[str], name: str = "") -> Line:
        """Return texts in the columns of the timesteps, each over the middle of its box."""
        line = f"  {name}" if text_width(name) < indent - 3 else ""
        for k, text in enumerate(texts):
            at = indent + k * each + half - (text_width(text) > 3)
            line = f"{line:<{at}}{text}"
        return ((line, "dim"),)

    boxes = [box if t is not None else f"{'⋯':^{text_width(box)}}" for t in shown]

    def layer(states: str) -> Line:
        """Return a layer: its boxes, and the state that goes from each to the next."""
        begin = f"{f'  {states} ' if cell.recurrent else '  ':<{text_width(start)}}{arrow}"
        return ((begin + arrow.join(boxes), "dim"),)

    arrows = ["↑" if t is not None else "" for t in shown]
    above = [f"y_{t}" if out else "" for t, out in zip(shown, outputs, strict=True)]
    below = [f"x_{t}" if goes_in else "" for t, goes_in in zip(shown, inputs, strict=True)]
    stack: list[Line] = []
    for states in layers[-1 - max(height - LOWEST, 0) // 2 :]:
        stack += [layer(states), row(arrows)]
    drawn = stack[:-1]
    more = max(height - len(drawn) - LOWEST + 1, 0)  # lines by which the arrows are longer

    def arrow_up(there: Sequence[bool], longer: int) -> Lines:
        """Return the arrows from or to a layer."""
        line = row(["│" if each else "" for each in there])
        return (row(["↑" if each else "" for each in there]), *(line,) * min(longer, LONGER))

    longer = more // 2 if sum(outputs) > 1 else 0  # a single arrow leaves its line empty
    lines = (
        row(above, "outputs"),
        *arrow_up(outputs, longer),
        *drawn,
        *arrow_up(inputs, (more - longer) * any(inputs)),
        row(below, "inputs"),
    )
    gap = height - len(lines) == 2  # with more room, something else stands below
    return (
        *((),) * gap,
        *(fit(line, width) for line in lines),
    )

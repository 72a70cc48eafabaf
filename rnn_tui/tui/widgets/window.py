"""The window as a table, between the passes over time: what went in, what came out, how wrong.

Shown for BATCH (inputs and targets) and LOSS (outputs, targets and each one's share of the loss).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from rnn_tui.engine.program import Pass
from rnn_tui.session import Snapshot
from rnn_tui.tui.lines import Line, Lines, fit
from rnn_tui.tui.numbers import BAD, number, signed
from rnn_tui.tui.view import Scene

_GAP = 2  # cells between two blocks of the table


def title(scene: Scene) -> tuple[str, str]:
    """What stands in the rule above."""
    snapshot = scene.snapshot
    name = "batch" if snapshot.cursor.stage is Pass.BATCH else "loss"
    batch = snapshot.settings.batch
    right = f"sample {snapshot.look.sample + 1} of {batch}" if batch > 1 else ""
    return name, right


def draw(scene: Scene, width: int, height: int) -> Lines:
    """A line of explanation, then timesteps in as many columns as needed."""
    snapshot = scene.snapshot
    if snapshot.cursor.stage is Pass.BATCH:
        return _batch(snapshot, width, height)
    return _loss(snapshot, width, height)


def _batch(snapshot: Snapshot, width: int, height: int) -> Lines:
    if not snapshot.cursor.drawn:
        return (
            (),
            (("   The network has its weights and no data yet.", ""),),
            (),
            (("   n", "key"), ("      draws the first window, then walks through it", "")),
            (("   s", "key"), ("      walks operation by operation", "")),
            (("   space", "key"), ("  trains until pressed again", "")),
            (("   ?", "key"), ("      all keys", "")),
        )
    carries = snapshot.settings.carry
    origin = "goes on, or is 0 at a new start" if carries else "starts from zero"
    first: Line = ((f" The next window; its hidden state {origin}.", "dim"),)
    header = f"{'t':>4} {'x_t':>9} {'target':>9}"

    def entry(t: int) -> Line:
        tape = snapshot.picture.tape
        x, target = float(tape["x"][t - 1, 0, 0]), float(tape["target"][t - 1, 0, 0])
        return ((f"{t:>4}", "dim"), (f" {signed(x):>9}", ""), (f" {signed(target):>9}", "truth"))

    return (first, *_table(snapshot, header, entry, width, height - 1))


def _loss(snapshot: Snapshot, width: int, height: int) -> Lines:
    count = snapshot.picture.network.counted
    equation: Line = (
        (" L = 1/N · Σ (y_t − target_t)² ", "accent"),
        (f"= {_loss_now(snapshot)}", "strong"),
        (f"   N = {count}", "dim"),
    )
    header = f"{'t':>4} {'y_t':>9} {'target':>9} {'error²/N':>9}"

    def entry(t: int) -> Line:
        tape = snapshot.picture.tape
        y, target = float(tape["y"][t - 1, 0, 0]), float(tape["target"][t - 1, 0, 0])
        return (
            (f"{t:>4}", "dim"),
            (f" {signed(y):>9}", "one-step"),
            (f" {signed(target):>9}", "truth"),
            (f" {number((y - target) ** 2 / count):>9}", ""),
        )

    return (equation, *_table(snapshot, header, entry, width, height - 1))


def _loss_now(snapshot: Snapshot) -> str:
    """The loss of this window, unless it is what the run broke on."""
    return BAD if snapshot.divergence is not None else number(snapshot.loss)


def _table(
    snapshot: Snapshot, header: str, entry: Callable[[int], Line], width: int, height: int
) -> Lines:
    """Timesteps downward, then in the next block; the page that holds the timestep looked at."""
    block = len(header) + _GAP
    blocks = max(width // block, 1)
    rows = max(min(height - 1, math.ceil(snapshot.steps / blocks)), 1)
    page = rows * blocks
    first = min((snapshot.t - 1) // page * page, max(snapshot.steps - page, 0))
    used = math.ceil(min(snapshot.steps - first, page) / rows)
    lines: list[Line] = [((" ".join([header.ljust(block - 1)] * used), "dim"),)]
    for row in range(rows):
        line: Line = ()
        for column in range(used):
            t = first + column * rows + row + 1
            if t <= snapshot.steps:
                line += fit(entry(t), block)
        lines.append(line)
    return tuple(lines)

"""The network, unrolled: a column a timestep, outputs above, hidden states, inputs below.

In the backward pass the arrows turn round and a row of gradient norms fills from the right.
"""

from __future__ import annotations

from collections.abc import Iterable

from rnn_tui.engine.program import Pass
from rnn_tui.session import Snapshot
from rnn_tui.tui.lines import Line, Lines, Run
from rnn_tui.tui.numbers import UNKNOWN, level, role_of, short
from rnn_tui.tui.view import Scene

LABEL = 8  # cells of the label at the left
COLUMN = 5  # cells of a timestep
UNITS = 3  # hidden units shown in a column, in each row of them
HEIGHT = 6


def title(scene: Scene) -> tuple[str, str]:
    """What stands in the rule above."""
    snapshot = scene.snapshot
    carried = "carried state" if snapshot.settings.carry else "zero state"
    return "network", f"{snapshot.settings.cell}, {snapshot.steps} steps, {carried}"


def draw(scene: Scene, width: int, height: int) -> Lines:
    """Timesteps, outputs, hidden states (as many rows as there is room for), inputs, gradients."""
    snapshot, hidden_rows = scene.snapshot, max(height - 4, 1)
    columns = visible(snapshot, width)
    lines = [
        _row("t", (_time(snapshot, t) for t in columns)),
        _row("y_t", (_number(snapshot, "y", "y_t", t) for t in columns)),
        *_hidden(scene, columns, hidden_rows),
        _row("x_t", (_input(snapshot, t) for t in columns)),
        _row("‖dh_t‖", (_gradient(snapshot, t) for t in columns)),
    ]
    return tuple(lines)


def visible(snapshot: Snapshot, width: int) -> range:
    """The timesteps there is room for: pages, so that nothing moves while the cursor is on one."""
    room = max((width - LABEL) // COLUMN, 1)
    steps = snapshot.steps
    first = min((snapshot.t - 1) // room * room, max(steps - room, 0)) + 1
    return range(first, min(first + room, steps + 1))


def timestep_at(snapshot: Snapshot, width: int, x: int) -> int | None:
    """The timestep whose column is at cell `x`."""
    columns = visible(snapshot, width)
    index = (x - LABEL) // COLUMN
    return columns[index] if x >= LABEL and index < len(columns) else None


def _row(label: str, cells: Iterable[Line]) -> Line:
    runs: list[Run] = [(f" {label:<{LABEL - 1}}", "dim")]
    for cell in cells:
        runs.extend(cell)
    return tuple(runs)


def _cell(text: str, role: str) -> Line:
    return ((f"{text:^{COLUMN}}", role),)


def _time(snapshot: Snapshot, t: int) -> Line:
    if t == snapshot.cursor.t:
        return _cell(f"‹{t}›", "accent")
    if t == snapshot.look.t:
        return _cell(f"[{t}]", "strong")
    return _cell(str(t), "dim")


def _known(snapshot: Snapshot, symbol: str, t: int) -> bool:
    return any(operation.symbol == symbol for operation in snapshot.forward_revealed(t))


def _number(snapshot: Snapshot, name: str, symbol: str, t: int) -> Line:
    if not _known(snapshot, symbol, t):
        return _cell(UNKNOWN, "dim")
    value = float(snapshot.picture.tape[name][t - 1, 0, 0])
    return _cell(short(value), "one-step")


def _input(snapshot: Snapshot, t: int) -> Line:
    if not snapshot.cursor.drawn:
        return _cell(UNKNOWN, "dim")
    return _cell(short(float(snapshot.picture.tape["x"][t - 1, 0, 0])), "")


def _gradient(snapshot: Snapshot, t: int) -> Line:
    if not any(operation.symbol == "dh_t" for operation in snapshot.backward_revealed(t)):
        blank = snapshot.cursor.stage in (Pass.BATCH, Pass.FORWARD)
        return _cell("" if blank else UNKNOWN, "dim")
    return _cell(short(float(snapshot.gradient_norms[t - 1])), "gradient")


def _hidden(scene: Scene, columns: range, rows: int) -> list[Line]:
    """As many rows of UNITS hidden units as fit, the page that holds the selected one."""
    snapshot, unit = scene.snapshot, scene.view.unit
    hidden = snapshot.settings.hidden
    shown = min(rows * UNITS, hidden)
    first = min(unit // shown * shown, max(hidden - shown, 0))
    lines = []
    for start in range(first, first + shown, UNITS):
        units = range(start, min(start + UNITS, first + shown))
        label = f"h {start + 1}–{units[-1] + 1}" if len(units) > 1 else f"h {start + 1}"
        lines.append(_row(label, (_units(snapshot, t, units, unit) for t in columns)))
    return lines


def _units(snapshot: Snapshot, t: int, units: range, selected: int) -> Line:
    """The units of one timestep and the arrow to the next, or, in the backward pass, back."""
    if not _known(snapshot, "h_t", t):
        return _cell(UNKNOWN * len(units), "dim")
    state = snapshot.picture.tape["h"][t, 0]
    runs: list[Run] = []
    for unit in units:
        value = float(state[unit])
        role = f"selected-{role_of(value)}" if unit == selected else role_of(value)
        runs.append((level(value, -1.0, 1.0), role))
    runs.append((" " * (UNITS - len(units)), ""))
    if any(operation.symbol == "dh_<t-1>" for operation in snapshot.backward_revealed(t)):
        return (("←", "gradient"), *runs, (" ", ""))
    return ((" ", ""), *runs, ("→", "dim"))

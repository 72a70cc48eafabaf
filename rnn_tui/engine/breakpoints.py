"""Breakpoints: conditions that stop a run, written as text, checked once an update.

    loss<0.01             the newest window's loss; also <=, > and >=
    smoothed<0.01         its moving average
    grad>10               the gradient's norm before clipping
    clipped               clipping changed an entry of the gradient
    saturated f>0.9       the share of gate f's entries in the window within 0.05 of its bounds
    update=500            update 500 is done
    pass=BACKWARD         the first micro-operation of that pass, in every update
    t=7                   timestep 7, forward and backward
    pass=BACKWARD t=7     timestep 7 of one pass
    nan                   a number is not finite; always there and always on

Conditions on numbers look at edges: one fires when it becomes true, and again only after it has
been false, so that going on after a stop goes on.
"""

from __future__ import annotations

import math
import operator
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from rnn_tui.engine.cells.base import Cell
from rnn_tui.engine.clipping import norm
from rnn_tui.engine.expressions import Array
from rnn_tui.engine.network import Network
from rnn_tui.engine.program import Pass, Program
from rnn_tui.engine.trainer import Divergence, Trainer
from rnn_tui.settings import quote

NEAR = 0.05  # how close to a bound an entry counts as saturated
YOUNG = 100  # updates before which the smoothed loss says little
COMPARISONS: dict[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
}
ALLOWED = (
    "loss<X, smoothed<X, grad<X (also <=, >, >=), clipped, saturated GATE>X, update=N, pass=NAME, "
    "t=N, pass=NAME t=N or nan"
)


Gauge = Callable[[Trainer], float]  # what tells the number that a condition compares
Compare = Callable[[float, float], bool]


class BreakpointError(ValueError):
    """A condition that cannot be; the message is one line that begins with the condition."""


class Kind(StrEnum):
    """What a breakpoint looks at, by the word it begins with."""

    LOSS = "loss"
    SMOOTHED = "smoothed"
    GRAD = "grad"
    CLIPPED = "clipped"
    SATURATED = "saturated"
    UPDATE = "update"
    PLACE = "pass"  # or t=
    NAN = "nan"


_NEEDS_TAPE = (Kind.CLIPPED, Kind.SATURATED)  # what is left of the window tells, nothing else


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """One condition; `str` gives the text that `parse` reads.

    Attributes:
        kind: what it looks at.
        comparison: how the number compares with `limit`, a key of `COMPARISONS`.
        limit: the number compared with; the update of UPDATE; 0 of CLIPPED, which counts entries.
        gate: of SATURATED, by the cell's name for it.
        stage: of PLACE; None for both passes over time.
        t: of PLACE; 0 for the pass's first micro-operation.
        enabled: whether it stops the run.
    """

    kind: Kind
    comparison: str = ""
    limit: float = 0.0
    gate: str = ""
    stage: Pass | None = None
    t: int = 0
    enabled: bool = True

    def __str__(self) -> str:
        match self.kind:
            case Kind.PLACE:
                stage = f"pass={self.stage}" if self.stage else ""
                return f"{stage} {f't={self.t}' if self.t else ''}".strip()
            case Kind.NAN | Kind.CLIPPED:
                return self.kind.value
            case Kind.SATURATED:
                return f"{self.kind} {self.gate}{self.comparison}{_plain(self.limit)}"
            case _:
                return f"{self.kind}{self.comparison}{_plain(self.limit)}"

    def fits(self, cell: Cell, steps: int | None = None) -> None:
        """Check it against a cell and, if given, a window of `steps` timesteps.

        Raises:
            BreakpointError: there is no such gate, or no such timestep.
        """
        if self.kind is Kind.SATURATED and self.gate not in (gates := saturable(cell)):
            there = f"whose gates are {', '.join(gates)}" if gates else "which saturates nowhere"
            raise BreakpointError(f"{quote(str(self))} does not fit the {cell.name} cell, {there}")
        if steps is not None and self.t > steps:
            raise BreakpointError(f"{quote(str(self))} does not fit a window of {steps} timesteps")

    def positions(self, program: Program) -> tuple[int, ...]:
        """Positions in `program` where a PLACE stands; none for other kinds and places beyond."""
        if self.kind is not Kind.PLACE or self.t > program.steps:
            return ()
        if self.stage is None:
            return program.forward(self.t), program.backward(self.t)
        if self.t:
            forward = self.stage is Pass.FORWARD
            return ((program.forward if forward else program.backward)(self.t),)
        return (_starts(program)[self.stage],)


NOT_FINITE = Breakpoint(Kind.NAN)


def _plain(number: float) -> str:
    """The shortest text that reads back as `number`."""
    return repr(number).removesuffix(".0")


def _starts(program: Program) -> dict[Pass, int]:
    """The position after the first micro-operation of each pass."""
    return {
        Pass.BATCH: program.batch,
        Pass.FORWARD: program.forward(1),
        Pass.LOSS: program.loss,
        Pass.BACKWARD: program.backward(program.steps),
        Pass.CLIP: program.clip,
        Pass.UPDATE: program.end,
    }


def saturable(cell: Cell) -> dict[str, tuple[float, float]]:
    """Gates that can saturate, by name, and their bounds; the simple cell's one "gate" is h."""
    spans = {row.symbol: row.span for row in cell.rows}
    found = {gate or "h": spans.get(f"{gate or 'h'}_t") for gate in cell.gates}
    return {gate: span for gate, span in found.items() if span is not None}


# Reading text

_NUMBER = r"(?P<limit>(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,4})?)"
_COMPARISON = r"(?P<comparison><=|>=|<|>)"
# Compiled when one is first read, and kept by `re`.
_COMPARED = rf"(?P<kind>loss|smoothed|grad)\s*{_COMPARISON}\s*{_NUMBER}"
_SATURATED = rf"saturated\s+(?P<gate>[a-z]\w*)\s*{_COMPARISON}\s*{_NUMBER}"
_UPDATE = r"update\s*=\s*(?P<update>\d{1,12})"
_PLACE = r"(?:pass\s*=\s*(?P<stage>[a-z]+))?(?:(?:^|\s+)t\s*=\s*(?P<t>\d{1,12}))?"
_STAGES = ", ".join(Pass)
_HINTS = {
    "loss": "must compare with a number of at least 0: loss<0.01 (also <=, >, >=)",
    "smoothed": "must compare with a number of at least 0: smoothed<0.01 (also <=, >, >=)",
    "grad": "must compare with a number of at least 0: grad>10 (also <, <=, >=)",
    "clipped": "stands alone: clipped",
    "saturated": "must be a gate and a share from 0 to 1: saturated f>0.9 (also <, <=, >=)",
    "update": "must be a whole number of at least 1: update=500",
    "pass": f"must be one of {_STAGES}, and t with FORWARD and BACKWARD only: pass=BACKWARD t=7",
    "t": "must be a whole number of at least 1: t=7 or pass=BACKWARD t=7",
    "nan": "stands alone: nan",
}


def parse(text: str) -> Breakpoint:
    """The breakpoint that `text` describes; spaces and capitals are free.

    Raises:
        BreakpointError: it describes none.
    """
    plain = " ".join(text.lower().split())
    found = _parse_word(plain) or _parse_compared(plain) or _parse_place(plain)
    if found is None:
        word = re.match("[a-z]*", plain)
        hint = _HINTS.get(word.group() if word else "")
        raise BreakpointError(f"{quote(text)} {hint or f'is no breakpoint; allowed: {ALLOWED}'}")
    return found


def _parse_word(text: str) -> Breakpoint | None:
    """``clipped``, ``nan`` and ``update=N``."""
    if text == Kind.CLIPPED:
        return Breakpoint(Kind.CLIPPED, ">")
    if text == Kind.NAN:
        return NOT_FINITE
    if (match := re.fullmatch(_UPDATE, text, re.ASCII)) and int(match["update"]):
        return Breakpoint(Kind.UPDATE, "=", int(match["update"]))
    return None


def _parse_compared(text: str) -> Breakpoint | None:
    """A number compared with a limit."""
    if match := re.fullmatch(_COMPARED, text, re.ASCII):
        kind, gate, most = Kind(match["kind"]), "", math.inf
    elif match := re.fullmatch(_SATURATED, text, re.ASCII):
        kind, gate, most = Kind.SATURATED, match["gate"], 1.0
    else:
        return None
    limit = float(match["limit"])
    if limit > most or math.isinf(limit):
        return None
    return Breakpoint(kind, match["comparison"], limit, gate)


def _parse_place(text: str) -> Breakpoint | None:
    """``pass=NAME``, ``t=N`` or both."""
    match = re.fullmatch(_PLACE, text, re.ASCII)
    if not match or not text:
        return None
    name, t = match["stage"], match["t"]
    stage = Pass.__members__.get(name.upper()) if name else None
    if (name and not stage) or (t and not int(t)):
        return None
    if stage and t and stage not in (Pass.FORWARD, Pass.BACKWARD):
        return None
    return Breakpoint(Kind.PLACE, stage=stage, t=int(t or 0))


# Stopping


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run stopped.

    Attributes:
        breakpoint: the condition; the first of the list if several fired.
        value: the number that made it true: NaN or ±inf of `nan`, the timestep of a place.
        reason: one line with the value: "loss 0.00987 < 0.01 at update 812".
        advice: one sentence that follows from the numbers.
        also: further conditions that fired at the same place.
    """

    breakpoint: Breakpoint
    value: float
    reason: str
    advice: str
    also: tuple[Breakpoint, ...] = ()


@dataclass(slots=True)
class _Entry:
    """A breakpoint in the list; `held`: whether its condition was true when last looked at."""

    breakpoint: Breakpoint
    hits: int = 0
    held: bool = False
    gauge: Gauge | None = None  # None: off, of another kind, or it does not fit this run


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list, for the screen.

    Attributes:
        breakpoint: the condition and whether it is enabled.
        hits: how often it fired in this run.
        armed: enabled, fitting, and not waiting for its condition to become false first.
    """

    breakpoint: Breakpoint
    hits: int
    armed: bool


class Breakpoints:
    """An ordered list of breakpoints with their hits; the first is always `nan`.

    Belongs to whoever runs the trainer. A trainer it has not seen is another run: everything is
    armed and no hits are counted yet. Whoever goes back in time calls `forget` and then `settle`.
    """

    def __init__(self, *breakpoints: Breakpoint) -> None:
        self._entries = [_Entry(NOT_FINITE)]
        self._network: Network | None = None
        self._trainer: Trainer | None = None
        self._watched: list[tuple[Gauge, Compare, float, _Entry]] = []
        self._places: dict[int, list[_Entry]] = {}
        self._positions: list[int] = []
        self._divergence: Divergence | None = None  # the newest that was counted
        for each in breakpoints:
            self.add(each)

    # The list

    @property
    def lines(self) -> tuple[Line, ...]:
        """The list as it is now."""
        return tuple(Line(e.breakpoint, e.hits, self._armed(e)) for e in self._entries)

    @property
    def placed(self) -> bool:
        """Whether a pass or timestep stops anywhere, so that a run has to walk there."""
        return any(e.breakpoint.enabled and e.breakpoint.kind is Kind.PLACE for e in self._entries)

    @property
    def idle(self) -> bool:
        """Whether there is nothing enabled but `nan`, which the trainer looks after."""
        return not any(entry.breakpoint.enabled for entry in self._entries[1:])

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Breakpoint:
        return self._entries[index].breakpoint

    def add(self, breakpoint: Breakpoint) -> int:
        """Append it, armed, and return its place; one that is there already is armed again."""
        texts = [str(entry.breakpoint) for entry in self._entries]
        if str(breakpoint) in texts:
            index = texts.index(str(breakpoint))
            entry = self._entries[index]
            entry.breakpoint, entry.held = replace(breakpoint, enabled=True), False
        else:
            index = len(self._entries)
            self._entries.append(_Entry(breakpoint))
        self._compile()
        return index

    def remove(self, index: int) -> Breakpoint:
        """Take it out of the list.

        Raises:
            BreakpointError: it is `nan`.
        """
        removed = self._entries[self._own(index)].breakpoint
        del self._entries[index]
        self._compile()
        return removed

    def toggle(self, index: int) -> Breakpoint:
        """Switch it off, or on and armed.

        Raises:
            BreakpointError: it is `nan`.
        """
        entry = self._entries[self._own(index)]
        entry.breakpoint = replace(entry.breakpoint, enabled=not entry.breakpoint.enabled)
        entry.held = False
        self._compile()
        return entry.breakpoint

    def _own(self, index: int) -> int:
        if self._entries[index].breakpoint.kind is Kind.NAN:
            raise BreakpointError("'nan' is always on")
        return index

    def forget(self) -> None:
        """Arm everything, whatever was true before; hits stay."""
        self._divergence = None
        for entry in self._entries:
            entry.held = False

    def settle(self, trainer: Trainer) -> None:
        """Take what is true here as seen: it does not fire again before it has been false.

        For a place gone back to. Between updates only; where the window is not on the tape,
        clipping and saturation stay as they are. In mid-window it does nothing.
        """
        self._bind(trainer)
        if 0 < trainer.position < trainer.program.end:
            return
        for gauge, compare, limit, entry in self._watched:
            if trainer.position or entry.breakpoint.kind not in _NEEDS_TAPE:
                entry.held = compare(gauge(trainer), limit)

    # Checking

    def after_update(self, trainer: Trainer) -> Stop | None:
        """Whether to stop here; called once after each completed update, and on divergence."""
        if trainer.network is not self._network:
            self._bind(trainer)
        if trainer.divergence is not None:
            return self._diverged(trainer, trainer.divergence)
        fired = None
        for gauge, compare, limit, entry in self._watched:
            if compare(gauge(trainer), limit) != entry.held:
                entry.held = not entry.held
                if entry.held:
                    fired = [*(fired or ()), entry]
        return self._fire(trainer, fired) if fired else None

    def after_micro(self, trainer: Trainer) -> Stop | None:
        """Whether a pass or timestep stops here; called after a move to `next_position`."""
        self._bind(trainer)
        if trainer.divergence is not None:
            return self._diverged(trainer, trainer.divergence)
        fired = self._places.get(trainer.position)
        return self._fire(trainer, fired) if fired else None

    def next_position(self, trainer: Trainer) -> int | None:
        """The next position at which a pass or timestep stops: of this update or, standing at its
        end, of the next. None: there is none before the update is complete."""
        self._bind(trainer)
        here = 0 if trainer.position == trainer.program.end else trainer.position
        index = bisect_right(self._positions, here)
        return self._positions[index] if index < len(self._positions) else None

    def _armed(self, entry: _Entry) -> bool:
        what = entry.breakpoint
        if what.kind is Kind.NAN:
            return True
        if self._trainer is None:
            return what.enabled
        if what.kind is Kind.PLACE:
            return what.enabled and bool(what.positions(self._trainer.program))
        return entry.gauge is not None and not entry.held

    def _bind(self, trainer: Trainer) -> None:
        """Be about this trainer; if it is another, a new run has begun."""
        if trainer.network is self._network:
            return
        self._trainer, self._network = trainer, trainer.network
        self.forget()
        for entry in self._entries:
            entry.hits = 0
        self._compile()

    def _compile(self) -> None:
        """What to look at while running, and where to stop, ready to be looked at fast."""
        trainer = self._trainer
        if trainer is None:
            return
        self._watched, self._places = [], {}
        for entry in self._entries:
            what = entry.breakpoint
            entry.gauge = _gauge(what, trainer) if what.enabled else None
            if entry.gauge:
                compare = COMPARISONS[what.comparison]
                self._watched.append((entry.gauge, compare, what.limit, entry))
            for position in what.positions(trainer.program) if what.enabled else ():
                self._places.setdefault(position, []).append(entry)
        self._positions = sorted(self._places)

    def _fire(self, trainer: Trainer, fired: list[_Entry]) -> Stop:
        for entry in fired:
            entry.hits += 1
        first = fired[0]
        value = first.gauge(trainer) if first.gauge else trainer.cursor.t
        also = tuple(entry.breakpoint for entry in fired[1:])
        what = first.breakpoint
        return Stop(what, value, _reason(what, value, trainer), _advice(what, value, trainer), also)

    def _diverged(self, trainer: Trainer, divergence: Divergence) -> Stop:
        if divergence is not self._divergence:
            self._divergence = divergence
            self._entries[0].hits += 1
        reason = f"{divergence} in update {trainer.updates + 1:,}"
        return Stop(NOT_FINITE, divergence.value, reason, _advice_nan(trainer))


def run_until(
    trainer: Trainer,
    breakpoints: Breakpoints,
    updates: int,
    stop: Callable[[], bool] | None = None,
) -> Stop | None:
    """Complete up to `updates` more updates, or fewer when a breakpoint is hit.

    Args:
        trainer: what to run, from wherever it stands.
        breakpoints: where to stop. What holds at the start does not stop it before it has moved.
        updates: how many to complete.
        stop: asked before each update, for a deadline or a key; True returns None early.
    """
    if breakpoints.idle and stop is None:
        trainer.run(updates)
        return breakpoints.after_update(trainer) if trainer.divergence else None
    goal, placed = trainer.updates + updates, breakpoints.placed
    if not placed:
        return _run_watched(trainer, breakpoints, updates, stop)
    while trainer.updates < goal and not (stop and stop()):
        position = breakpoints.next_position(trainer) if placed else None
        if position is None:
            trainer.run(1)
            found = breakpoints.after_update(trainer)
        else:
            found = _run_to(trainer, breakpoints, position)
        if found:
            return found
    return None


def _run_watched(
    trainer: Trainer,
    breakpoints: Breakpoints,
    updates: int,
    stop: Callable[[], bool] | None,
) -> Stop | None:
    """Whole updates, asking after each."""
    stops: list[Stop] = []

    def over() -> bool:
        hit = breakpoints.after_update(trainer)
        stops.extend([hit] if hit else [])
        return bool(stops) or bool(stop and stop())

    if not (stop and stop()):
        trainer.run(updates, over)
    if trainer.divergence is not None and not stops:
        return breakpoints.after_update(trainer)
    return stops[0] if stops else None


def _run_to(trainer: Trainer, breakpoints: Breakpoints, position: int) -> Stop | None:
    """Go on to `position` of this update or, from its end, of the next, and stop there."""
    trainer.advance(trainer.index - trainer.position % trainer.program.end + position)
    done = trainer.position == trainer.program.end
    found = breakpoints.after_update(trainer) if done else None
    there = breakpoints.after_micro(trainer)
    if found and there:
        return replace(found, also=(*found.also, there.breakpoint, *there.also))
    return found or there


# What is measured

_ATTRIBUTES = {
    Kind.LOSS: "loss",
    Kind.SMOOTHED: "history.smoothed",
    Kind.GRAD: "grad_norm",
    Kind.UPDATE: "updates",
}


def _gauge(what: Breakpoint, trainer: Trainer) -> Gauge | None:
    """What tells the number that `what` compares; None where there is none in this run."""
    match what.kind:
        case Kind.CLIPPED:
            return _clipped_gauge(trainer)
        case Kind.SATURATED:
            return _saturation_gauge(trainer.network, what.gate)
        case kind:
            attribute = _ATTRIBUTES.get(kind)
            return operator.attrgetter(attribute) if attribute else None


def _clipped_gauge(trainer: Trainer) -> Gauge:
    """How many entries clipping changed."""
    changed = np.empty(trainer.clipped.shape, bool)

    def gauge(trainer: Trainer) -> int:
        limit = trainer.clipping.limit
        # No entry exceeds the norm, so a norm well below the limit tells without looking at them.
        if trainer.grad_norm < 0.9 * limit and limit > 1e-5:
            return 0
        np.not_equal(trainer.network.gradient, trainer.clipped, out=changed)
        return int(np.count_nonzero(changed))

    return gauge


def _gate(network: Network, gate: str) -> Array:
    """A gate over the whole window, a view [T, B, H]."""
    array = network.tape[gate]
    return array if gate in network.cell.blocks else array[1:]  # the simple cell's h


def _saturation_gauge(network: Network, gate: str) -> Gauge | None:
    """The share of a gate's entries within NEAR of its bounds: |a − centre| ≥ radius."""
    bounds = saturable(network.cell).get(gate)
    if bounds is None:
        return None
    low, high = bounds
    values = _gate(network, gate)  # [T, B, H]
    distance, near = np.empty(values.shape, values.dtype), np.empty(values.shape, bool)
    centre = np.asarray((low + high) / 2, values.dtype)
    radius = np.asarray((high - low) / 2 - NEAR, values.dtype)
    shift, size = bool(centre), values.size
    subtract, absolute, at_least, count = np.subtract, np.abs, np.greater_equal, np.count_nonzero

    def gauge(_: Trainer) -> float:
        if shift:
            subtract(values, centre, out=distance)
            absolute(distance, out=distance)
        else:
            absolute(values, out=distance)
        at_least(distance, radius, out=near)
        return int(count(near)) / size

    return gauge


# What is said


def _reason(what: Breakpoint, value: float, trainer: Trainer) -> str:
    update = f"update {trainer.updates:,}"
    match what.kind:
        case Kind.UPDATE:
            return f"{update} is done"
        case Kind.PLACE:
            cursor = trainer.cursor
            place = f" t={cursor.t}" if cursor.t else ""
            done = cursor.stage is Pass.UPDATE
            return f"{cursor.stage}{place} of update {cursor.update + (not done):,}"
        case Kind.CLIPPED:
            total = trainer.parameters.size
            return f"clipping changed {value:,} of {total:,} entries at {update}"
        case _:
            gate = f" {what.gate}" if what.gate else ""
            told = f"{_true_figure(what, value)} {what.comparison} {_plain(what.limit)}"
            return f"{what.kind}{gate} {told} at {update}"


def _true_figure(what: Breakpoint, value: float) -> str:
    """`value` in as few digits, from three, as still make the comparison true."""
    holds = COMPARISONS[what.comparison]
    texts = (f"{value:.{digits}g}" for digits in range(3, 18))
    return next((text for text in texts if holds(float(text), what.limit)), repr(value))


def _advice(what: Breakpoint, value: float, trainer: Trainer) -> str:
    """One sentence for a student."""
    below = what.comparison.startswith("<")
    match what.kind:
        case Kind.LOSS | Kind.SMOOTHED if trainer.updates < YOUNG and not below:
            return f"A high loss is normal this early: {YOUNG} updates tell more."
        case Kind.LOSS:
            return _advice_loss(what, value, trainer)
        case Kind.SMOOTHED if below:
            windows = min(trainer.updates, YOUNG)
            return f"It averages the last {windows:,} windows or so: the test error is next to see."
        case Kind.SMOOTHED:
            rate = f"lr {trainer.settings.lr:g}"
            return f"The last {YOUNG} windows are this bad: if it rises, lower {rate}."
        case Kind.GRAD:
            return _advice_small(trainer) if below else _advice_large(value, trainer)
        case Kind.CLIPPED:
            return _advice_clipped(trainer)
        case Kind.SATURATED:
            return _advice_saturated(what, value, trainer)
        case Kind.UPDATE:
            smoothed, grad = trainer.history.smoothed, trainer.grad_norm
            return f"The loss is {trainer.loss:.3g}, smoothed {smoothed:.3g}, ‖g‖ {grad:.3g}."
        case _:
            return _advice_place(trainer)


def _advice_loss(what: Breakpoint, value: float, trainer: Trainer) -> str:
    smoothed = trainer.history.smoothed
    if COMPARISONS[what.comparison](smoothed, what.limit):
        agrees = f"The smoothed loss, {smoothed:.3g}, agrees"
        if what.comparison.startswith("<"):
            return f"{agrees}: the test error is next to see."
        return f"{agrees}: this is no spike; lr may be too high."
    if what.comparison.startswith("<"):
        wait = f"smoothed{what.comparison}{what.limit:.4g}"
        return f"One window only; the smoothed loss is {smoothed:.3g}: see {wait}."
    times = value / smoothed if smoothed else math.inf
    return f"A spike, {times:.3g} times the smoothed loss: step back through this window."


def _advice_large(value: float, trainer: Trainer) -> str:
    clipping = trainer.clipping
    if clipping.by == "none":
        return f"Nothing clips it: clip by norm, or lower {_rate(trainer)}."
    if clipping.by == "norm":
        factor = clipping.factor(value)
        return f"Clipping to a norm of {clipping.limit:g} lets {factor:.3g} of it through."
    changed = int(np.count_nonzero(trainer.network.gradient != trainer.clipped))
    if not changed:
        return f"Clipping by value lets it pass: no single entry exceeds ±{clipping.limit:g}."
    entries = f"{changed:,} of {trainer.parameters.size:,} entries"
    return f"Clipping by value changed {entries}, to ±{clipping.limit:g}."


def _advice_small(trainer: Trainer) -> str:
    loss = f"At loss {trainer.loss:.3g} little moves"
    return f"{loss}; {_arrivals(trainer, 1)}." if trainer.program.steps > 1 else f"{loss}."


def _arrivals(trainer: Trainer, t: int) -> str:
    """What makes up ∂L/∂h_t, t before the last."""
    tape = trainer.network.tape
    later, own = _norm(tape["dh_next"][t]), _norm(tape["dh_y"][t - 1])
    return f"h_{t} gets {later:.3g} from later steps, {own:.3g} from y_{t}"


def _norm(array: Array) -> float:
    return norm(array.astype(np.float64).ravel())


def _rate(trainer: Trainer) -> str:
    return f"the learning rate ({trainer.settings.lr:g})"


def _advice_clipped(trainer: Trainer) -> str:
    clipping, length = trainer.clipping, trainer.grad_norm
    lower = f"if at every update, lower lr {trainer.settings.lr:g}"
    if clipping.by == "norm":
        factor = clipping.factor(length)
        return f"Norm {length:.3g}, scaled by {factor:.3g}; {lower}."
    largest = float(np.max(np.abs(trainer.network.gradient)))
    return f"The largest entry, {largest:.3g}, cut to {clipping.limit:g}; {lower}."


def _advice_saturated(what: Breakpoint, value: float, trainer: Trainer) -> str:
    low, high = saturable(trainer.network.cell)[what.gate]
    curve, slope, best = (
        ("σ", (1 - NEAR) * NEAR, 0.25) if low == 0 else ("tanh", 1 - (1 - NEAR) ** 2, 1.0)
    )
    gate = what.gate
    if what.comparison.startswith("<"):
        return f"{1 - value:.0%} of {gate} is where {curve}′ passes gradient on."
    upper = np.mean(_gate(trainer.network, gate) >= high - NEAR)
    sides = f"{upper:.0%} near {high:g}, {max(value - upper, 0.0):.0%} near {low:g}"
    return f"Of {gate}, {sides}: there {curve}′ is at most {slope:.3g} instead of {best:g}."


def _advice_place(trainer: Trainer) -> str:
    cursor, network = trainer.cursor, trainer.network
    match cursor.stage:
        case Pass.FORWARD:
            before, here = (_norm(network.tape["h"][t]) for t in (cursor.t - 1, cursor.t))
            return f"‖h_{cursor.t}‖ is {here:.3g}, after {before:.3g} before it."
        case Pass.BACKWARD if cursor.t < trainer.program.steps:
            return f"On the way back, {_arrivals(trainer, cursor.t)}."
        case Pass.BACKWARD:
            here = _norm(network.tape["dh"][cursor.t - 1])
            return f"‖∂L/∂h_{cursor.t}‖ is {here:.3g}, all of it from this timestep's own output."
        case Pass.LOSS:
            return f"The loss of this window is {trainer.loss:.3g}; next it goes back through time."
        case Pass.CLIP:
            changed = int(np.count_nonzero(network.gradient != trainer.clipped))
            return f"‖g‖ was {trainer.grad_norm:.3g}; clipping changed {changed:,} entries."
        case Pass.BATCH:
            start = (
                "zeros"
                if not any(s.any() for s in network.state(0).values())
                else "the state carried over"
            )
            return f"A new window is drawn; it begins with {start}."
        case _:
            return f"The weights took this step; the window's loss was {trainer.loss:.3g}."


def _advice_nan(trainer: Trainer) -> str:
    clip = " or clip by norm" if trainer.clipping.by == "none" else ""
    return (
        f"The weights are still those of update {trainer.updates:,}: lower {_rate(trainer)}{clip}."
    )

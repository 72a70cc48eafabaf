"""The session: owns a trainer and the thread it works in. Commands in, immutable snapshots out.

The screen sends commands, which return at once, and reads `latest`. While a run is under way no
snapshot is made unless the screen has asked for one (`refresh`), so the engine never paces drawing
and a slow screen simply sees fewer, always the newest, states.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.analysis.contributions import shares
from rnn_tui.engine.analysis.gradient_flow import gradient_norms
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.architecture import views
from rnn_tui.engine.network.interventions import Intervention, InterventionError
from rnn_tui.engine.network.layers import layer_of
from rnn_tui.engine.network.network import SampleWindow
from rnn_tui.engine.time_travel.counterfactual import Counterfactual
from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.search_back import search_back, to_next_stop
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint, BreakpointError
from rnn_tui.engine.training.breakpoints import Breakpoints, Stop
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions import BUDGET, Predictor
from rnn_tui.proofs.requests import Verify
from rnn_tui.session.commands import (
    INTERRUPTS,
    MOVES,
    WALKS,
    AddBreakpoint,
    Back,
    BackToStop,
    ClearGhosts,
    Command,
    Configure,
    Discard,
    GoTo,
    Intervene,
    Keep,
    Pause,
    RemoveBreakpoint,
    Restart,
    Run,
    RunTo,
    Save,
    SetSecondNetwork,
    Step,
    StopProof,
    Swap,
    Toggle,
    ToggleBreakpoint,
    ViewRequest,
)
from rnn_tui.session.snapshot import (
    Gradient,
    Notice,
    Snapshot,
    TaskInfo,
    TimelineView,
    WhatIf,
)
from rnn_tui.settings import Settings

if TYPE_CHECKING:
    from rnn_tui.proofs.prover import Prover, Result
    from rnn_tui.second_network import SecondNetwork, Versus

SLICE = 0.004  # seconds of work between two looks at the commands
EVERYTHING = 10**6  # operations to reveal: more than any timestep has
PATIENCE = 0.06  # seconds after which a walk that is not over yet is shown on its way
LONGEST_HOLD = 0.1  # seconds the worker waits for a screen that holds it, at most


@dataclass(slots=True)
class _Goal:
    """What the worker is working towards."""

    stride: Stride
    left: float  # strides left, may be infinite
    way: Iterator[float] | None = None  # to a place, instead of strides
    done: float = 0.0  # share of that way
    begun: float = field(default_factory=time.perf_counter)
    announced: bool = False  # whether the screen knows of it


class Session:
    """Runs a trainer in a thread of its own. All public methods return at once."""

    def __init__(
        self,
        trainer: Trainer,
        breakpoints: Iterable[Breakpoint] = (),
        versus: Versus | None = None,
    ) -> None:
        """A session at the trainer's place, with a second network beside it if there is `versus`.

        Raises:
            SettingError: the second network's settings do not go together.
        """
        self._trainer = trainer
        self._versus = versus
        self._rival = self._make_rival()
        self._behind_since: float | None = None  # since when it is not where this one stands
        self._beside = 0.0  # seconds it took since the speed was last measured
        self._untold = False  # whether the screen is to hear of something once it is
        self._breakpoints = Breakpoints(*breakpoints)
        self._stop: Stop | None = None
        self._shadow: Counterfactual | None = None
        self._timeline = Timeline(trainer, trainer.settings.timeline * 2**20)
        self._notify: Callable[[], None] = lambda: None
        self._commands: deque[Command] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._wanted = False
        self._free = threading.Event()
        self._free.set()
        self._goal: _Goal | None = None
        self._number = 0
        self._notice: Notice | None = None
        self._look = ViewRequest()
        self._speed = 0.0
        self._trained = 0.0
        self._saved_at = trainer.updates
        self._started_at = trainer.updates
        self._leave_behind()
        self._predictor = Predictor(trainer)
        self._prover: Prover | None = None  # see `_proving`
        self._asked: Verify | None = None  # a check that waits for the walk under way to end
        self.latest: Snapshot = self._snapshot()
        self._thread = threading.Thread(target=self._work, name="trainer", daemon=True)

    # For the screen

    def listen(self, notify: Callable[[], None]) -> None:
        """Have `notify` called, from the worker's thread, whenever a new snapshot is there."""
        self._notify = notify

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """End the thread; what it was doing stops within a slice."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def send(self, command: Command) -> None:
        """Hand over a command; it is carried out in order.

        Only what ends a walk overtakes the walks that were still waiting for their turn.
        """
        with self._wake:
            if isinstance(command, INTERRUPTS):
                waiting = [each for each in self._commands if not isinstance(each, WALKS)]
                self._commands = deque(waiting)
            self._commands.append(command)
            self._wake.notify()

    def refresh(self) -> None:
        """Ask for a snapshot newer than `latest`, if a run is under way."""
        self._wanted = True

    def hold(self) -> None:
        """Let the worker rest after the update at hand, while the screen answers a key or draws.

        Both share one interpreter: drawing beside a working trainer takes more than twice as long.
        """
        self._free.clear()

    def release(self) -> None:
        """The screen is done; see `hold`."""
        self._free.set()

    @property
    def trainer(self) -> Trainer:
        """The trainer; only while the thread does not run."""
        if self._thread.is_alive():
            raise RuntimeError("the trainer belongs to the session's thread")
        return self._trainer

    # The worker

    def _work(self) -> None:
        while True:
            with self._wake:
                while not (self._commands or self._busy or self._stopping):
                    self._wake.wait()
                if self._stopping:
                    return
                command = self._commands.popleft() if self._next_may_begin() else None
            try:
                if command is not None:
                    self._carry_out(command)
                news = self._continue(command)
            except Exception as error:  # whatever it is, the screen must hear of it and live on
                self._fail(error)
                news = True
            self._untold |= news and not self._commands
            if (self._wanted or self._untold) and self._presentable():
                self._publish()
            if self._busy:
                self._free.wait(LONGEST_HOLD)

    @property
    def _busy(self) -> bool:
        behind = self._behind_since is not None
        proving = self._prover is not None and self._prover.busy
        aside = proving or self._predictor.busy
        return self._goal is not None or behind or aside

    def _continue(self, command: Command | None) -> bool:
        """A slice of what is under way; whether the screen is to hear of something."""
        if self._behind_since is not None:
            there = self._catch_up()
            endless = self._goal is not None and math.isinf(self._goal.left)
            walking = self._goal is not None and not endless
            if there or not walking:  # a walk does not wait for the other network, a run does
                return command is not None or (there and not endless)
        if self._goal is not None:
            self._slice(self._goal)
            self._leave_behind()
            return self._is_news(command)
        proved = self._prover is not None and self._prover.work(SLICE)
        predicted = self._predictor.work(SLICE)
        return proved or predicted or command is not None

    def _next_may_begin(self) -> bool:
        """Whether the next command has its turn; a walk waits until the one before is over."""
        if not self._commands:
            return False
        walking = self._goal is not None and not math.isinf(self._goal.left)
        return not (walking and isinstance(self._commands[0], WALKS))

    def _is_news(self, command: Command | None) -> bool:
        """Whether the screen is to hear of this without asking.

        A walk that is over in no time is told of once, at its end: nothing flickers.
        """
        goal = self._goal
        if goal is None:
            return True
        if math.isinf(goal.left):
            return command is not None
        overdue = not goal.announced and time.perf_counter() - goal.begun > PATIENCE
        goal.announced |= overdue
        return overdue

    # The network beside

    def _make_rival(self) -> SecondNetwork | None:
        if self._versus is None:
            return None
        from rnn_tui.second_network import (  # most often there is none
            SecondNetwork,
            second_network_settings,
        )

        trainer = self._trainer
        settings = second_network_settings(trainer.settings, trainer.architecture, self._versus)
        return SecondNetwork.fresh(settings)

    def _leave_behind(self) -> None:
        """The first one has moved."""
        if self._rival is not None and self._behind_since is None:
            self._behind_since = time.perf_counter()

    def _catch_up(self) -> bool:
        """Bring the other a slice nearer to where this one stands; whether it has come there."""
        if self._rival is None or self._behind_since is None:
            return False
        here, complete = self._timeline.here, self._trainer.cursor.complete
        place = Place(here.index, EVERYTHING if complete else here.revealed)
        start = time.perf_counter()
        there = self._rival.follow(place, start + SLICE)
        self._beside += time.perf_counter() - start
        if there:
            self._behind_since = None
        return there

    def _presentable(self) -> bool:
        """Whether both stand at the same place, or that takes too long to wait for."""
        since = self._behind_since
        return since is None or time.perf_counter() - since > PATIENCE

    def _set_beside(self, versus: Versus | None) -> None:
        kept, self._versus = self._versus, versus
        try:
            self._rival = self._make_rival()
        except ValueError as error:
            self._versus = kept
            self._say(str(error), error=True)
        self._behind_since = None if self._rival is None else time.perf_counter()

    def _swap(self) -> None:
        """The other network leads from here on; what belongs to one of them is made anew."""
        rival, versus = self._rival, self._versus
        if rival is None or versus is None:
            self._say("there is no other network: ctrl+p sets one beside this one")
            return
        from rnn_tui.second_network import SecondNetwork  # there is one, so it is imported

        self._goal, self._versus = None, replace(versus, cell=self._trainer.settings.cell)
        self._rival = SecondNetwork(self._timeline)
        self._trainer, self._timeline = rival.trainer, rival.timeline
        self._shadow = None
        self._predictor = Predictor(self._trainer)
        self._prover = None

    def _fail(self, error: Exception) -> None:
        self._goal = None
        self._say(f"{type(error).__name__}: {error}", error=True)

    def _carry_out(self, command: Command) -> None:
        if isinstance(command, MOVES):
            self._stop = self._asked = None
        match command:
            case Step(stride, count):
                self._goal = _Goal(stride, count)
            case Back(stride, count):
                self._seek(self._timeline.back(stride, count))
            case GoTo(None):
                self._seek(self._timeline.newest)
            case GoTo(int(update)):
                self._seek(self._timeline.place_of(update))
            case RunTo(t):
                self._run_to(t)
            case BackToStop():
                self._goal = _Goal(Stride.UPDATE, 1, self._back_to_stop())
            case AddBreakpoint() | RemoveBreakpoint() | ToggleBreakpoint():
                self._edit_breakpoints(command)
            case Intervene(intervention):
                self._intervene(intervention)
            case Discard():
                self._goal, self._shadow = None, None
                if not self._timeline.discard():
                    self._say("there is no what-if to discard")
            case Keep():
                self._timeline.keep()
                self._shadow = None
            case ClearGhosts():
                self._timeline.clear_ghosts()
            case Run():
                self._goal = _Goal(Stride.UPDATE, math.inf)
            case Toggle():
                running = self._goal is not None
                self._goal = None if running else _Goal(Stride.UPDATE, math.inf)
            case Pause():
                self._goal = None
            case Configure(settings):
                self._configure(settings)
            case Restart(settings):
                self._restart(settings or self._trainer.settings)
            case ViewRequest(sample):
                last = self._trainer.settings.batch - 1
                self._look = replace(command, sample=min(sample, last))
            case Save(path):
                self._save(path)
            case Verify():
                self._ask(command)
            case StopProof():
                self._proving().stop()
            case SetSecondNetwork(versus):
                self._set_beside(versus)
            case Swap():
                self._swap()
        self._leave_behind()
        forward = self._goal is not None and self._goal.way is None
        if forward and self._trainer.divergence is not None:
            self._goal = None
            self._say("the network diverged: r restarts it, o changes its settings", error=True)

    def _ask(self, request: Verify) -> None:
        """A numeric check, once the walk under way is over."""
        if self._goal is not None and math.isinf(self._goal.left):
            self._say("a gradient is checked while the run stands still: space pauses")
        elif request.parameter < self._trainer.parameters.size:
            self._asked = request

    def _configure(self, settings: Settings) -> None:
        self._timeline.budget = settings.timeline * 2**20
        before = self._trainer.optimizer.parameters_before
        self._timeline.configure(settings)
        if self._rival is not None:
            self._rival.configure(settings)
        # Another optimizer has no last step, but this window was computed with these weights.
        np.copyto(self._trainer.optimizer.parameters_before, before)

    def _intervene(self, intervention: Intervention) -> None:
        self._goal = None
        try:
            self._timeline.intervene(intervention)
        except InterventionError as error:
            self._say(str(error), error=True)
            return
        start = self._timeline.left_at
        self._shadow = Counterfactual(self._trainer, start) if start is not None else None

    def _what_if(self) -> WhatIf | None:
        intervention = self._timeline.discardable
        if intervention is None:
            return None
        before = None
        if self._shadow is not None and self._goal is None:
            before = self._shadow.at(self._trainer.index)
        if before is None:
            return WhatIf(str(intervention), None, None)
        window = before.network.sample_window(self._look.sample)
        norms = gradient_norms(before.network, self._layer())
        return WhatIf(str(intervention), window, norms)

    def _edit_breakpoints(
        self, command: AddBreakpoint | RemoveBreakpoint | ToggleBreakpoint
    ) -> None:
        try:
            match command:
                case AddBreakpoint(breakpoint):
                    breakpoint.fits(self._trainer.network.cell, self._trainer.settings.steps)
                    self._breakpoints.add(breakpoint)
                case RemoveBreakpoint(line):
                    self._breakpoints.remove(line)
                case ToggleBreakpoint(line):
                    self._breakpoints.toggle(line)
        except BreakpointError as error:
            self._say(str(error), error=True)

    def _back_to_stop(self) -> Iterator[float]:
        if self._breakpoints.idle:
            self._say("there is no breakpoint to go back to: b adds one", error=True)
            return
        self._stop = yield from search_back(self._timeline, self._breakpoints)
        if self._stop is None:
            self._say("no breakpoint stops before this place")

    def _run_to(self, t: int) -> None:
        trainer = self._trainer
        schedule, start = trainer.schedule, trainer.index - trainer.position % trainer.schedule.end
        places = (schedule.forward(t), schedule.backward(t), schedule.end + schedule.forward(t))
        index = next(start + p for p in places if start + p > trainer.index)
        self._goal = _Goal(Stride.TIMESTEP, 1, self._timeline.seek(Place(index, EVERYTHING)))

    def _seek(self, place: Place) -> None:
        self._breakpoints.forget()
        first = self._timeline.first
        if place < self._timeline.place_of(first) and self._timeline.here.index > 0:
            self._say(f"the timeline begins at update {first}")
        self._goal = _Goal(Stride.UPDATE, 1, self._timeline.seek(place))

    def _restart(self, settings: Settings) -> None:
        before = self._trainer
        try:
            self._trainer = Trainer(settings)
            self._rival = self._make_rival()
        except ValueError as error:
            self._trainer = before
            self._say(str(error), error=True)
            return
        self._goal = None
        trainer = self._trainer
        self._timeline = Timeline(trainer, settings.timeline * 2**20)
        self._shadow = None
        self._speed = self._trained = 0.0
        self._saved_at = self._started_at = trainer.updates
        self._predictor = Predictor(trainer)
        self._prover = None
        self._look = replace(self._look, t=None, sample=min(self._look.sample, settings.batch - 1))

    def _save(self, path: str) -> None:
        from rnn_tui.checkpoint.saving import save  # not needed before the first save

        try:
            save(path, self._trainer)
        except (OSError, ValueError) as error:
            self._say(f"not saved: {error}", error=True)
            return
        self._saved_at, self._trained = self._trainer.updates, 0.0
        self._say(f"saved {path} at update {self._trainer.updates}")

    def _say(self, text: str, error: bool = False) -> None:
        number = self._notice.number + 1 if self._notice else 1
        self._notice = Notice(number, " ".join(text.split()), error)

    def _slice(self, goal: _Goal) -> None:
        """Work on the goal for about SLICE seconds."""
        if goal.way is not None:
            self._follow(goal, goal.way)
            return
        trainer, start = self._trainer, time.perf_counter()
        updates = trainer.updates
        if goal.stride is Stride.UPDATE and goal.left > 1:
            self._run_some(goal, start + SLICE)
        else:
            self._stride_some(goal, start + SLICE)
        if trainer.updates > updates and goal.stride is Stride.UPDATE:
            self._measure(trainer.updates - updates, time.perf_counter() - start)
        if goal.left <= 0 or self._stop is not None or trainer.divergence is not None:
            self._goal = None
        self._tell_divergence()

    def _stride_some(self, goal: _Goal, deadline: float) -> None:
        """Stride by stride until the deadline."""
        trainer = self._trainer
        while goal.left > 0 and trainer.divergence is None:
            if trainer.position == trainer.schedule.end:
                self._proving().remember(trainer)
            self._timeline.forward(goal.stride)
            goal.left -= 1
            if time.perf_counter() > deadline:
                return

    def _run_some(self, goal: _Goal, deadline: float) -> None:
        """Whole updates until the deadline, a breakpoint, or the screen wants the interpreter.

        The last one of a counted walk is left to `_stride_some`.
        """
        trainer, endless, watched = self._trainer, math.isinf(goal.left), self._breakpoints
        watching = not watched.idle

        def over() -> bool:
            if watching:
                self._stop = watched.after_update(trainer)
            held = endless and not self._free.is_set()
            return self._stop is not None or held or time.perf_counter() > deadline

        if not watched.placed:
            most = 10**9 if endless else int(goal.left) - 1
            goal.left -= self._timeline.run(most, over)
            return
        while goal.left > 0 and trainer.divergence is None and self._stop is None:
            before = trainer.updates
            self._stop = to_next_stop(self._timeline, watched)
            goal.left -= trainer.updates - before
            if time.perf_counter() > deadline or (endless and not self._free.is_set()):
                return

    def _follow(self, goal: _Goal, way: Iterator[float]) -> None:
        """The same towards a place."""
        start = time.perf_counter()
        for goal.done in way:
            if time.perf_counter() - start > SLICE:
                return
        self._goal = None
        self._tell_divergence()

    def _tell_divergence(self) -> None:
        trainer = self._trainer
        if trainer.divergence is not None:
            self._say(f"{trainer.divergence}; weights of update {trainer.updates} kept", error=True)

    def _measure(self, updates: int, seconds: float) -> None:
        """Speed while working, smoothed over about half a second; both networks' work counts."""
        seconds, self._beside = seconds + self._beside, 0.0
        self._trained += seconds
        now = updates / max(seconds, 1e-9)
        weight = 1.0 - math.exp(-seconds / 0.5)
        self._speed = now if self._speed == 0.0 else self._speed + weight * (now - self._speed)

    # Snapshots

    def _publish(self) -> None:
        self._wanted = self._untold = False
        try:
            self.latest = self._snapshot()
        except Exception as error:
            self._fail(error)
            self.latest = replace(
                self.latest, number=self._number, running=False, notice=self._notice
            )
        self._notify()

    @np.errstate(
        all="ignore"
    )  # after a divergence there is a lot to warn of, and stderr is the screen
    def _snapshot(self) -> Snapshot:
        trainer, look = self._trainer, self._look
        self._number += 1
        cursor = trainer.cursor
        if cursor.stage is Pass.FORWARD:  # later they are there, made before the update
            trainer.network.readout()
        predictor = self._predict()
        snapshot = Snapshot(
            number=self._number,
            settings=trainer.settings,
            task=TaskInfo.of(trainer.task),
            cursor=cursor,
            running=self._goal is not None,
            divergence=trainer.divergence,
            loss=trainer.loss,
            smoothed=trainer.history.smoothed,
            grad_norm=trainer.grad_norm,
            speed=self._speed,
            window=self._sample_window(),
            layer=self._layer(),
            gradient_norms=gradient_norms(trainer.network, self._layer()),
            gradient=self._gradient(),
            optimizer=trainer.optimizer.copy(),
            contributions=None,
            curve=trainer.history.curve(),
            recent=trainer.history.recent(512),
            predictions=predictor.predictions if look.predictions else None,
            text_sample=predictor.text_sample if look.predictions else None,
            answer=predictor.answer,
            vocabulary=predictor.vocabulary,
            baseline=trainer.task.baseline,
            request=look,
            notice=self._notice,
            timeline=self._timeline_view(),
            what_if=self._what_if(),
            pins=tuple(map(str, trainer.network.pins)),
            breakpoints=self._breakpoints.lines,
            stop=self._stop,
            seeking=self._goal.done if self._goal is not None and self._goal.way else None,
            unsaved=trainer.updates not in (self._saved_at, self._started_at),
            trained=self._trained,
            proofs=self._prove(),
            proving=self._prover.proving if self._prover is not None else None,
            second_network=self._rival.view(trainer.index, self._layer()) if self._rival else None,
        )
        if cursor.stage is Pass.BACKWARD and snapshot.t >= cursor.t:
            return replace(snapshot, contributions=shares(trainer.network, snapshot.t))
        return snapshot

    def _layer(self) -> int:
        """The layer to show: the one chosen, else the newest operation's, else the top one."""
        trainer = self._trainer
        layers, cursor = trainer.settings.layers, trainer.cursor
        if self._look.layer is not None:
            return min(self._look.layer, layers)
        operations = trainer.operations
        if layers == 1 or not operations or not cursor.operation:
            return layers
        row = operations[cursor.operation - 1].row
        outputs = (output.symbol for output in trainer.network.measure.rows)
        return layers if row in outputs else layer_of(row)

    def _prove(self) -> Mapping[str, Result]:
        """What the screen wants proved here; what is quickly done is there at once."""
        trainer, look = self._trainer, self._look
        if self._goal is not None:
            if self._prover is not None:
                self._prover.pause()
            return {}
        parameter = min(look.parameter, trainer.parameters.size - 1)
        if self._prover is None and not look.proofs and self._asked is None:
            return self._cause()
        prover = self._proving()
        if self._asked is not None:
            prover.verify(trainer, self._asked)
            self._asked = None
        prover.look(trainer, look.proofs, parameter, look.sample)
        prover.work(SLICE)
        return {**prover.results, **self._cause()}

    def _proving(self) -> Prover:
        """The prover, made when it is first needed: to import it takes a while."""
        if self._prover is None:
            from rnn_tui.proofs.prover import Prover

            self._prover = Prover()
        return self._prover

    def _cause(self) -> Mapping[str, Result]:
        """Where the numbers stopped being finite, if they did."""
        if self._trainer.divergence is None:
            return {}
        from rnn_tui.proofs.prover import cause_of  # likewise

        cause = cause_of(self._trainer)
        return {"cause": cause} if cause is not None else {}

    def _sample_window(self) -> SampleWindow:
        """The sample looked at, with the weights it was computed with, even after the update."""
        trainer = self._trainer
        window = trainer.network.sample_window(self._look.sample)
        if trainer.cursor.stage is not Pass.UPDATE:
            return window
        before = trainer.optimizer.parameters_before.copy()
        return replace(window, parameters=views(trainer.network.specs, before))

    def _timeline_view(self) -> TimelineView:
        timeline = self._timeline
        return TimelineView(
            first=timeline.first,
            newest=timeline.newest.index // self._trainer.schedule.end,
            in_past=timeline.in_past,
            used=timeline.bytes,
            budget=timeline.budget,
            keyframes=timeline.keyframes,
            ghosts=timeline.ghosts,
        )

    def _gradient(self) -> Gradient | None:
        trainer = self._trainer
        if trainer.position < trainer.schedule.clip or trainer.divergence is not None:
            return None
        raw, clipped = trainer.network.gradient.copy(), trainer.clipped.copy()
        return Gradient(
            raw=raw,
            clipped=clipped,
            norm_before=trainer.grad_norm,
            norm_after=norm(clipped),
            changed=int((raw != clipped).sum()),
            clipping=trainer.clipping,
        )

    def _predict(self) -> Predictor:
        """What is soon predicted is there at once; the rest comes in slices."""
        predictor, look = self._predictor, self._look
        attend = predictor.attend if self._goal is None else predictor.attend_running
        attend(self._trainer, look.predictions, look.text, look.sample)
        predictor.work(BUDGET)
        return predictor

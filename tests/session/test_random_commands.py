"""Any commands in any order: no exception, and every number is that of a plain run."""

from __future__ import annotations

import math
import random
import re
from dataclasses import dataclass, field, replace

import pytest

from rnn_tui.engine.network.interventions import Intervention, InterventionError, parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training import breakpoint_parser
from rnn_tui.engine.training.breakpoint_conditions import BreakpointError
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.results import TextRequest
from rnn_tui.registry import CELLS, OPTIMIZERS, PROOFS, TASKS
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Back,
    BackToStop,
    CheckGradient,
    ClearGhosts,
    Command,
    Configure,
    Continue,
    Discard,
    GoTo,
    Intervene,
    Keep,
    Pause,
    ReleaseWhatIf,
    RemoveBreakpoint,
    Restart,
    RunTo,
    SetSecondNetwork,
    Step,
    StopGradientCheck,
    Swap,
    SwitchBreakpoint,
    UndoStep,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import SettingError, Settings, Value, compose

CHOSEN = {
    "steps": (1, 2, 3, 5, 8),
    "batch": (1, 1, 2, 3),
    "hidden": (1, 2, 3, 5),
    "layers": (1, 1, 2, 3),
    "gap": (0, 1, 3),
    "blanks": (1, 2),
    "copy_length": (1, 3),
    "carry": (True, False),
    "windows": ("sweep", "random"),
    "activation": ("tanh", "relu"),
    "dtype": ("float32", "float64"),
    "cell": CELLS.names,
    "optimizer": OPTIMIZERS.names,
    "seed": (0, 1, 2),
}
LIVE: dict[str, tuple[Value, ...]] = {
    "lr": (0.1, 0.01, 0.001, 3.0, 100.0),
    "optimizer": OPTIMIZERS.names,
    "momentum": (0.0, 0.9),
    "clip": (0.01, 1.0),
    "clip_by": ("value", "norm", "none"),
    "timeline": (1, 64),
}
WHAT_IFS = (
    "h_1[1] = 1",
    "h_1[1:2] = 0.5",
    "W_h *= 1.5",
    "W_y[:,1] -= 0.1",
    "b_y += 0.1",
    "W_h = 0.9·I",
    "W_hf = 0.9·I",
    "release x",
    "x_1 = 0",
    "detach @1",
    "f = 1",
    "W_h = 0",
    "W_y = 0",
    "release",
    "o = 0",
)
BREAKPOINTS = ("loss<0.3", "loss>0.3", "grad>0.5", "smoothed<0.4", "clipped", "update=9", "t=1")
MORE_BREAKPOINTS = ("pass=BACKWARD", "pass=UPDATE", "pass=BACKWARD t=2", "saturated h>0.1", "nan")


def random_settings(pick: random.Random) -> Settings:
    """Return settings that go together, of any task that needs no file."""
    tasks = [name for name in TASKS.names if name not in ("series", "case")]
    while True:
        names = pick.sample(sorted(CHOSEN), pick.randrange(3, 8))
        chosen = {name: pick.choice(CHOSEN[name]) for name in names}
        try:
            return compose({"hidden": 3, "steps": 4, **chosen, "task": pick.choice(tasks)})
        except SettingError:
            continue


def bits(trainer: Trainer) -> tuple[object, ...]:
    """Return all that a place of a run is, as far as a plain run has it too."""
    parts: list[object] = [trainer.index, trainer.optimizer.name, trainer.optimizer.updates_made]
    parts += [trainer.parameters.tobytes(), str(trainer.task.state()), str(trainer.divergence)]
    parts += [array.tobytes() for array in trainer.optimizer.memory.values()]
    parts += [repr(trainer.loss), repr(trainer.grad_norm), repr(trainer.history.smoothed)]
    if trainer.position == trainer.schedule.end:
        parts += [trainer.network.gradient.tobytes(), trainer.clipped.tobytes()]
    return tuple(parts)


@dataclass
class Model:
    """What a plain run needs to know to come to the same place: the settings and their changes."""

    began_with: Settings
    changes: list[tuple[int, Settings]] = field(default_factory=list)

    def copy(self) -> Model:
        return replace(self, changes=list(self.changes))

    def plain(self, like: Trainer) -> Trainer:
        """Return a plain run at the place of `like`, with that one's cell and size."""
        cell, hidden = like.settings.cell, like.settings.hidden
        trainer = Trainer(self.began_with.with_(cell=cell, hidden=hidden))
        for index, settings in self.changes:
            if index > like.index:
                break
            trainer.advance_to(index)
            if trainer.divergence is not None:
                break
            trainer.configure(settings.with_(cell=cell, hidden=hidden))
        trainer.advance_to(like.index if like.divergence is None else like.index + 10**4)
        return trainer


def plain_with_what_ifs(model: Model, timeline: Timeline) -> Trainer:
    """Return a plain run at the place of a timeline, with all changes that this has on the way."""
    like = timeline.trainer
    trainer = Trainer(model.began_with.with_(cell=like.settings.cell, hidden=like.settings.hidden))
    last = like.index if like.divergence is None else like.index + 10**4
    for change in timeline._branch.changes:
        what_if = not isinstance(change.value, Settings)
        if change.index > last + (what_if and like.position == 0):
            break
        trainer.advance_to(change.index - what_if)
        if trainer.divergence is not None:
            break
        (trainer.intervene if what_if else trainer.configure)(change.value)  # type: ignore[arg-type]
    trainer.advance_to(last)
    return trainer


class Walk:
    """A session that random commands are sent to, and the model of what it must be."""

    def __init__(self, seed: int) -> None:
        self.pick = pick = random.Random(seed)
        settings = random_settings(pick)
        versus = Versus(pick.choice(CELLS.names), pick.random() < 0.5)
        self.session = Session(Trainer(settings), versus=versus if pick.random() < 0.6 else None)
        self.model = Model(settings)
        self.old: Model | None = None
        self.before_what_if: dict[int, Model] = {}  # by id of the what-if
        self.log: list[Command] = []
        self.perform(ViewRequest(predictions=False))

    @property
    def timelines(self) -> list[Timeline]:
        run = self.session._state.run
        return [run.timeline] + ([run.second_network.timeline] if run.second_network else [])

    @property
    def latest(self) -> Snapshot:
        return self.session.latest

    def perform(self, command: Command) -> Snapshot:
        self.log.append(command)
        snapshot = self.session.perform(command)
        notice = snapshot.notice
        assert notice is None or not re.search(r"\b[A-Z]\w+(Error|Exception)\b", notice.text), (
            notice
        )
        return snapshot

    # What is done

    def act(self) -> None:
        """Do something at random, and have the model follow."""
        pick = self.pick
        stride = pick.choice(list(Stride))
        others = [self.back, self.move, self.configure, self.what_if, self.breakpoints]
        others += [self.network, self.look, self.restart]
        action = pick.choice((self.step, self.step, self.step, *others))
        action(stride)

    def step(self, stride: Stride) -> None:
        self.perform(Step(stride, self.pick.choice((1, 1, 2, 3, 20))))

    def back(self, stride: Stride) -> None:
        self.perform(Back(stride, self.pick.choice((1, 1, 2, 9, 999_999_999, 10**100))))

    def move(self, stride: Stride) -> None:
        pick, update = self.pick, self.latest.cursor.update
        stop = breakpoint_parser.parse(f"update={update + 3}")
        moves = (
            (GoTo(None),),
            (GoTo(pick.randrange(30)),),
            (RunTo(pick.randrange(1, 9)),),
            (BackToStop(),),
            (AddBreakpoint(stop), Continue(), RemoveBreakpoint(stop)),
            (Pause(),),
        )
        for command in pick.choice(moves):
            self.perform(command)

    def configure(self, stride: Stride) -> None:
        pick, model, trainer = self.pick, self.model, self.session.trainer
        name = pick.choice(sorted(LIVE))
        base, index = trainer.settings, trainer.index
        shown = base.with_(lr=0.5) if pick.random() < 0.3 else base  # the form may be behind
        changes: dict[str, Value] = {name: pick.choice(LIVE[name])}
        settings = shown.with_(**changes)
        self.perform(Configure(settings, shown))
        changed = base.with_(**{n: getattr(settings, n) for n in settings.differences(shown)})
        assert self.session.trainer.settings == changed
        if not set(changed.differences(base)) <= {"timeline"}:
            model.changes = [(i, s) for i, s in model.changes if i <= index] + [(index, changed)]

    def what_if(self, stride: Stride) -> None:
        pick, trainer = self.pick, self.session.trainer
        what_if = self.latest.what_if
        if what_if is not None and pick.random() < 0.5:
            self.end_what_if(what_if.interventions)
            return
        try:
            declaration = trainer.network.declaration
            intervention: Intervention = parse(pick.choice(WHAT_IFS), declaration)
        except InterventionError:
            return
        before, index = self.model.copy(), trainer.index
        after = self.perform(Intervene(intervention, declaration))
        if after.what_if is not None and after.what_if.intervention is intervention:
            self.before_what_if[id(intervention)] = before
            self.model.changes = [(i, s) for i, s in before.changes if i <= index]

    def end_what_if(self, what_ifs: tuple[Intervention, ...]) -> None:
        """Keep all what-ifs, discard the newest, or release one."""
        pick = self.pick
        if pick.random() < 0.2:
            self.perform(Keep(what_ifs[-1]))
            assert self.latest.what_if is None
        elif pick.random() < 0.5:
            self.perform(Discard(what_ifs[-1]))
            self.model = self.before_what_if.get(id(what_ifs[-1])) or self.as_it_is()
        else:
            row, cursor = pick.randrange(len(what_ifs)), str(self.latest.cursor)
            diverged = self.latest.divergence is not None
            self.perform(ReleaseWhatIf(what_ifs[row]))
            left = self.latest.what_if
            assert (left.interventions if left else ()) == what_ifs[:row] + what_ifs[row + 1 :]
            assert diverged or self.latest.divergence or str(self.latest.cursor) == cursor
            for later in what_ifs[row + 1 :]:
                self.before_what_if.pop(id(later), None)

    def as_it_is(self) -> Model:
        """Return the model of what the timeline says, where it cannot be known otherwise."""
        return replace(self.model, changes=list(self.timelines[0].settings_changes))

    def breakpoints(self, stride: Stride) -> None:
        pick = self.pick
        text = pick.choice((*BREAKPOINTS, *MORE_BREAKPOINTS))
        try:
            one = breakpoint_parser.parse(text)
        except BreakpointError:
            return
        commands = (AddBreakpoint(one), RemoveBreakpoint(one), SwitchBreakpoint(one, False))
        self.perform(pick.choice(commands))

    def network(self, stride: Stride) -> None:
        pick = self.pick
        if pick.random() < 0.25:
            versus = Versus(pick.choice(CELLS.names), pick.random() < 0.5)
            self.perform(SetSecondNetwork(versus if pick.random() < 0.7 else None))
            return
        before = self.sizes()
        self.perform(Swap())
        assert self.sizes() == before[::-1]

    def sizes(self) -> list[tuple[str, int]]:
        """Return cell and hidden size of both networks."""
        networks = [each.trainer.settings for each in self.timelines]
        return [(settings.cell, settings.hidden) for settings in networks]

    def look(self, stride: Stride) -> None:
        pick, snapshot = self.pick, self.latest
        parameter = pick.randrange(-1, snapshot.optimizer.parameters.size + 5)
        request = ViewRequest(
            sample=pick.randrange(5),
            t=pick.choice((None, 1, 5, 99)),
            layer=pick.choice((None, 1, 3)),
            predictions=pick.random() < 0.2,
            proofs=frozenset(PROOFS.names) if pick.random() < 0.2 else frozenset(),
            parameter=max(parameter, 0),
            text=TextRequest(characters=pick.choice((0, 20))),
        )
        commands = (
            request,
            ViewRequest(predictions=False),
            CheckGradient(max(parameter, 0), pick.random() < 0.1),
            StopGradientCheck(),
            ClearGhosts(),
        )
        self.perform(pick.choice(commands))

    def restart(self, stride: Stride) -> None:
        pick = self.pick
        if pick.random() < 0.6:
            return
        if pick.random() < 0.3:
            self.perform(UndoStep())
            if self.old is not None:
                self.model, self.old = self.old, self.model
            return
        before, run = self.sizes(), self.session._state.run
        shown = run.trainer.settings
        settings = pick.choice((None, shown.with_(seed=shown.seed + 1)))
        kept = self.session._state.old is None or self.session._state.unsaved
        self.perform(Restart(settings, shown if settings else None))
        assert self.session._state.run is not run
        assert self.sizes() == before
        if kept:
            self.old = self.model
        self.model = Model(self.session.trainer.settings)

    # What must hold

    def check(self) -> None:
        """Check that all is what it must be."""
        snapshot, trainer = self.latest, self.session.trainer
        assert snapshot.state in ("paused", "diverged"), snapshot.state
        assert snapshot.cursor.operation <= snapshot.cursor.operations
        assert snapshot.cursor.has_batch == (trainer.position > 0)
        assert (snapshot.stop is None) or snapshot.stop.reason
        if trainer.divergence is not None:
            assert snapshot.stop is None or str(snapshot.stop.breakpoint) == "nan"
        places = {each.trainer.index for each in self.timelines if not each.trainer.divergence}
        if trainer.divergence is None:
            assert len(places) <= 1, places
        for timeline in self.timelines:
            like = timeline.trainer
            edited = any(
                not isinstance(c.value, Settings) for c in timeline._branch.changes._changes
            )
            if like.divergence is None or like is trainer:
                model = self.model
                plain = plain_with_what_ifs(model, timeline) if edited else model.plain(like)
                assert bits(like) == bits(plain), (like.settings, plain.settings)
                assert like.settings.differences(plain.settings) in ((), ("timeline",))
            assert like.settings.timeline == trainer.settings.timeline
        self.check_back_and_forward()

    def check_back_and_forward(self) -> None:
        """Check that going back and to the newest place again gives the same bits."""
        snapshot, trainer = self.latest, self.session.trainer
        if snapshot.timeline.in_past or self.pick.random() < 0.7:
            return
        before = (bits(trainer), str(trainer.cursor), trainer.settings, trainer.network.pins)
        self.perform(Back(self.pick.choice(list(Stride)), self.pick.choice((1, 2, 30))))
        self.perform(GoTo(None))
        after = (bits(trainer), str(trainer.cursor), trainer.settings, trainer.network.pins)
        assert after == before


def walk(seed: int, length: int) -> None:
    """Walk at random from `seed`; a failure tells the commands that led to it."""
    one = Walk(seed)
    try:
        for _ in range(length):
            one.act()
            one.check()
    except Exception as error:
        log = "\n".join(map(str, one.log))
        raise AssertionError(f"seed {seed}, {one.model.began_with}:\n{log}") from error


@pytest.mark.parametrize("seed", range(2))
def test_random_commands(seed: int) -> None:
    walk(seed, 30)


@pytest.mark.long
@pytest.mark.parametrize("block", range(20))
def test_many_random_commands(block: int) -> None:
    for seed in range(1000 + 100 * block, 1100 + 100 * block):
        walk(seed, 80)


def test_the_model_is_no_fiction() -> None:
    """So that a model which follows nothing would be seen."""
    settings = Settings(hidden=3, steps=4, num_points=60)
    changed = Model(settings, [(30, settings.with_(lr=0.5))])
    like = Trainer(settings)
    like.advance_to(60)
    assert bits(Model(settings).plain(like)) == bits(like)
    assert bits(changed.plain(like)) != bits(like)
    assert math.isfinite(like.loss)

"""The state that the parts of a session share. It belongs to the session's thread."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.error_log import ErrorReports
from rnn_tui.predictions.predictor import Predictor
from rnn_tui.session.commands import CheckGradient, ShowFollowers, ViewRequest
from rnn_tui.session.run_records import RunRecords, SaveQuestion, UnsavedRun
from rnn_tui.session.saved_view import breakpoint_statuses, run_view, screen_view, view_request
from rnn_tui.session.snapshot import Notice

if TYPE_CHECKING:
    from rnn_tui.autosave.writer import AutosaveTarget
    from rnn_tui.checkpoint.run_view import RunView, ScreenView
    from rnn_tui.claims.run_state import TestFigures
    from rnn_tui.engine.time_travel.counterfactual import Counterfactual
    from rnn_tui.files.ownership import RunFiles
    from rnn_tui.kiosk import Kiosk
    from rnn_tui.places.bookmark import Bookmark
    from rnn_tui.proofs.prover import Prover
    from rnn_tui.second_network import SecondNetwork
    from rnn_tui.session.evaluated import EvaluatedTexts


@dataclass(slots=True)
class Goal:
    """The aim of the session's work: a number of strides, or a place.

    Attributes:
        stride: the unit of `remaining`.
        remaining: strides still to make; infinite for continuous training.
        route: the way to a place, None for strides. Each item moves the trainer a little and is
            the fraction of the way that is done.
        fraction: the newest item of `route`.
        started: `time.perf_counter` when the goal was set.
        announced: true once the screen has been notified of it.
        trains: true if it is more than one update.
        quiet: whether nothing is measured or predicted meanwhile but what the route itself does.
        settling: finds out which breakpoints were true before the first stride; None: not begun.
    """

    stride: Stride
    remaining: float
    route: Iterator[float] | None = None
    fraction: float = 0.0
    started: float = field(default_factory=time.perf_counter)
    announced: bool = False
    quiet: bool = False
    trains: bool = field(init=False)
    settling: Iterator[float] | None = None

    def __post_init__(self) -> None:
        self.trains = self.stride is Stride.UPDATE and self.route is None and self.remaining > 1

    @property
    def endless(self) -> bool:
        """True for continuous training, which only a command, a breakpoint or divergence ends."""
        return math.isinf(self.remaining)


def timeline_of(trainer: Trainer) -> Timeline:
    """Return a timeline that begins where `trainer` stands, with the memory its settings allow."""
    return Timeline(trainer, trainer.settings.timeline * 2**20)


class TrainingRun:
    """A trainer and everything that is about this trainer only.

    A restart and a swap of the two networks make a new one and replace the old one as a whole.

    Attributes:
        trainer: the trainer that commands move.
        timeline: the timeline that moves it.
        second_network: the network trained in lock step; None if there is none.
        predictor: evaluates the network and writes text with it.
        counterfactual: the run without the what-ifs; None if there are none.
        prover: computes proofs; None before the first, see `make_prover`.
        autosave_target: where the run is autosaved; None if it is not autosaved.
    """

    def __init__(self, timeline: Timeline, second_network: SecondNetwork | None = None) -> None:
        self.trainer = timeline.trainer
        self.timeline = timeline
        self.second_network = second_network
        self.predictor = Predictor(self.trainer)
        self.counterfactual: Counterfactual | None = None
        self.prover: Prover | None = None
        self.autosave_target: AutosaveTarget | None = None
        self.note_what_if()

    @property
    def trainers(self) -> tuple[Trainer, ...]:
        """The trainer, and that of the second network if there is one."""
        second = self.second_network
        return (self.trainer,) if second is None else (self.trainer, second.trainer)

    @property
    def timelines(self) -> tuple[Timeline, ...]:
        """The timeline, and that of the second network if there is one."""
        second = self.second_network
        return (self.timeline,) if second is None else (self.timeline, second.timeline)

    def note_what_if(self) -> None:
        """Note that a what-if was made or is over: the counterfactual may be another one."""
        begin = self.timeline.counterfactual_start
        if self.counterfactual is not None and begin == self.counterfactual.begin:
            return
        self.counterfactual = None
        if begin is not None:
            from rnn_tui.engine.time_travel.counterfactual import Counterfactual

            self.counterfactual = Counterfactual(self.trainer, *begin)

    @property
    def compared(self) -> bool:
        """True unless the counterfactual is still on its way to the place of the run."""
        run, timeline = self.counterfactual, self.timeline
        return run is None or run.is_done(self.trainer.index, timeline.kept_changes)

    def compare(self, seconds: float) -> bool:
        """Bring the counterfactual nearer to the place of the run for about so many seconds.

        Returns:
            True if there is nothing left to do.
        """
        if self.counterfactual is None:
            return True
        timeline = self.timeline
        return self.counterfactual.follow(self.trainer.index, timeline.kept_changes, seconds)

    def make_prover(self) -> Prover:
        """Return the prover; it is made when first needed, as importing it takes a while."""
        if self.prover is None:
            from rnn_tui.proofs.prover import Prover

            self.prover = Prover()
        return self.prover


@dataclass(frozen=True, slots=True)
class OldRun:
    """The run before a restart, as it was left.

    Attributes:
        run: the trainer and what belongs to it.
        breakpoints: its list of breakpoints.
    """

    run: TrainingRun
    breakpoints: Breakpoints


class SessionState:
    """The mutable state of a session: commands change it, snapshots show it.

    Attributes:
        run: the trainer and what belongs to it.
        breakpoints: the list of breakpoints.
        bookmarks: places with notes, in the order in which they were noted.
        goal: what is being worked towards; None while paused.
        stop: the breakpoint at which training stopped last; None once a command moves on.
        request: what the screen requests for its snapshots.
        followers: what those who follow look at besides.
        check: the gradient check that waits for the goal to be reached.
        evaluated: the answer to the newest `EvaluateTexts`; None if there was none.
        figures: of both networks on test data, as far as expressions asked; None: never.
        notice: the newest message for the user.
        speed: updates per second while working, smoothed.
        records: what of each run is in files.
        question: the newest question about where to save; None if there was none.
        old: the run before the newest restart; None if there was none, or a save since.
        snapshots: the number of the newest snapshot.
        ended_at: the number of the newest snapshot when the last goal ended by itself.
        kiosk: what a guest may do; None for a user.
        screen_view: returns what is selected on the screen; None where there is no screen.
    """

    def __init__(
        self,
        run: TrainingRun,
        breakpoints: Iterable[Breakpoint],
        files: RunFiles | None = None,
        view: RunView | None = None,
        kiosk: Kiosk | None = None,
    ) -> None:
        """Begin with a run.

        Args:
            run: the run.
            breakpoints: breakpoints to add to those of the view.
            files: the files that the run owns; None for none.
            view: how the run was looked at when it was saved.
            kiosk: what a guest may do; None for a user.
        """
        self.run = run
        self.kiosk = kiosk
        self.records = RunRecords()
        self.records.of(run.trainer, files)
        self.question: SaveQuestion | None = None
        self.old: OldRun | None = None
        self.breakpoints = Breakpoints()
        if view is not None:
            self.breakpoints.resume(run.trainer, breakpoint_statuses(view))
        for each in breakpoints:
            self.breakpoints.add(each)
        self.bookmarks: tuple[Bookmark, ...] = () if view is None else view.bookmarks
        self.goal: Goal | None = None
        self.stop: BreakpointHit | None = None
        self.request = view_request(view, run.trainer.settings)
        self.followers = ShowFollowers()
        self.screen_view: Callable[[], ScreenView | None] = lambda: None
        self.check: CheckGradient | None = None
        self.evaluated: EvaluatedTexts | None = None
        self.figures: tuple[TestFigures, TestFigures] | None = None
        self.notice: Notice | None = None
        self._errors = ErrorReports()
        self.speed = 0.0
        self.snapshots = self.ended_at = 0

    # The run

    def restart(self, run: TrainingRun) -> None:
        """Begin `run`, a new one, and keep the present one as the old run.

        If nothing was trained since the last restart, the run before that one stays the old run; so
        does one with training in no file, where the present one has none.
        """
        kept_in_files = not any(each.of_old for each in self.at_risk())
        trained = self.run.trainer.updates > 0
        if self.old is None or self.unsaved or (trained and kept_in_files):
            self.old = OldRun(self.run, self.breakpoints)
        statuses = self.breakpoints.statuses[1:]  # the first is `nan`, which every list has
        self.show(run, Breakpoints(*(status.breakpoint for status in statuses)))

    def show(self, run: TrainingRun, breakpoints: Breakpoints) -> None:
        """Make `run` the present one, and reset all that was about the one before."""
        self.run, self.breakpoints = run, breakpoints
        self.goal = None
        self.speed = 0.0
        last_sample = run.trainer.settings.batch - 1
        sample = min(self.request.sample, last_sample)
        self.request = replace(self.request, t=None, sample=sample)

    @property
    def shown(self) -> ViewRequest:
        """What snapshots show: to the screen, and besides to those who follow."""
        request, followers = self.request, self.followers
        characters = max(request.text.characters, followers.characters)
        return replace(
            request,
            predictions=request.predictions or followers.predictions,
            proofs=request.proofs | followers.proofs,
            text=replace(request.text, characters=characters),
        )

    def end_goal(self) -> None:
        """Note that the goal is reached, or cannot be reached."""
        self.goal = None
        self.ended_at = self.snapshots

    def view(self) -> RunView:
        """Return how the run is looked at, for a checkpoint."""
        screen = self.screen_view() or screen_view(self.request)
        return run_view(self.breakpoints, screen, self.bookmarks)

    # What is in files

    @property
    def trained(self) -> float:
        """Seconds of training since the last save or start."""
        return self.records.of(self.run.trainer).trained

    @property
    def unsaved(self) -> bool:
        """True if updates would be lost on quitting."""
        return any(not each.of_old for each in self.at_risk())

    def note_training(self, seconds: float) -> None:
        """Note that both networks were trained for so long."""
        for trainer in self.run.trainers:
            self.records.of(trainer).trained += seconds

    def at_risk(self) -> tuple[UnsavedRun, ...]:
        """Return the training of all runs in memory that is in no file."""
        runs = [(self.run, False), *([] if self.old is None else [(self.old.run, True)])]
        return tuple(
            each
            for run, of_old in runs
            for row, timeline in enumerate(run.timelines)
            for each in self.records.unsaved(timeline, of_old=of_old, of_second=row > 0)
        )

    def forget_old(self) -> bool:
        """Drop the old run; return whether there was training in it that is in no file."""
        lost = any(each.of_old for each in self.at_risk())
        self.old = None
        return lost

    def say(self, text: str, error: bool = False) -> None:
        """Leave one line for the user; it is in the next snapshot."""
        number = self.notice.number + 1 if self.notice else 1
        self.notice = Notice(number, " ".join(text.split()), error)

    def report(self, error: BaseException, what: str) -> None:
        """Log an unexpected error, and tell the user in one line that begins with `what`."""
        if isinstance(error, MemoryError):
            what += ": there is not enough memory"
        self.say(self._errors.line(error, what, "the session"), error=True)

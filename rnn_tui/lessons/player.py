"""Plays a lesson through a session: each action of a step when the one before is done.

The screen and `lesson check` both use it, so what is checked is what is played. It draws nothing
and waits for nothing: whoever owns it hands it every new snapshot (`LessonPlayer.take`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from rnn_tui.claims.run_state import Remembered
from rnn_tui.engine.core.expressions import Array
from rnn_tui.lessons.evaluation import StepEvaluation, evaluation_of, requests_of
from rnn_tui.lessons.lesson import Lesson, LessonStep
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.lessons.moves import LessonMoves, Work
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.session.commands import (
    Command,
    EvaluateTexts,
    NoteMoment,
    Pause,
    Restart,
    ReturnToMoment,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings

BEFORE_FIRST = -1
"""The step before the first one: where the run begins."""


class CommandSink(Protocol):
    """What a player needs of a session."""

    def send(self, command: Command) -> None:
        """Have a command carried out."""
        ...


@dataclass(frozen=True, slots=True)
class _Here:
    """What tells whether somebody has left the place of a step."""

    values: tuple[object, ...]

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Here:
        """Return the place of a snapshot."""
        what_if, second = snapshot.what_if, snapshot.second_network
        return cls(
            (
                snapshot.cursor,
                snapshot.settings.with_(timeline=1),
                snapshot.loss,
                snapshot.pins,
                () if what_if is None else what_if.texts,
                None if second is None else second.settings,
            )
        )


class LessonPlayer:
    """Plays the steps of one lesson.

    Attributes:
        lesson: the lesson.
        step: the number of the step that is shown or being entered, from 0; −1 before the first.
        error: what went wrong in entering it; None if nothing has.
        interrupted: whether entering it was given up, by `cancel` or because the user paused.
    """

    def __init__(
        self,
        lesson: Lesson,
        session: CommandSink,
        *,
        on_key: Callable[[str], None] = lambda key: None,
        on_place: Callable[[PlaceLine], None] = lambda place: None,
        on_play: Callable[[int], None] = lambda step: None,
    ) -> None:
        """Play `lesson` through `session`, whose run must be at its beginning.

        Args:
            lesson: the lesson.
            session: what takes the commands.
            on_key: called with each key of a step that only a screen can press, such as ``z``.
            on_place: called with each place that a step goes to, for what is looked at there.
            on_play: called with each step before its actions are done; not where one that was
                entered before comes back as it was.
        """
        self.lesson = lesson
        self._moves = LessonMoves(lesson.path, on_key, on_place)
        self._on_play = on_play
        self.step = BEFORE_FIRST
        self.error: LessonError | None = None
        self.interrupted = False
        self._session = session
        self._numbers = count(1)
        self._awaited = 0  # the number of the evaluation that says that a command is done
        self._work: Work | None = None
        self._settings: Settings | None = None  # those that the run begins with
        self._moments: dict[int, _Here] = {}  # by step: where it was once it had been entered
        self._remembered: dict[int, Remembered] = {}
        self._evaluations: dict[int, StepEvaluation] = {}

    # ---------------------------------------------------------------- what there is

    @property
    def busy(self) -> bool:
        """Whether a step is being entered."""
        return self._work is not None

    @property
    def current(self) -> LessonStep | None:
        """The step that is shown or being entered; None before the first."""
        return self.lesson.steps[self.step] if self.step >= 0 else None

    @property
    def evaluated(self) -> StepEvaluation | None:
        """The texts, answers and claims of the step, with numbers; None until it is entered."""
        return None if self.busy else self._evaluations.get(self.step)

    @property
    def remembered(self) -> Remembered:
        """The values that this step and those before it have remembered, by name."""
        return self._known(self.step)

    def left(self, snapshot: Snapshot) -> bool:
        """Return whether the run is elsewhere than the step has put it."""
        here = self._moments.get(self.step)
        return not self.busy and here is not None and here != _Here.of(snapshot)

    # ---------------------------------------------------------------- what is done

    def enter(self, step: int) -> None:
        """Enter a step, by its number from 0: go there and show it.

        One that was entered before comes back as it was. What is under way is given up.
        """
        if not 0 <= step < len(self.lesson.steps):
            return
        self._give_up()
        self._begin(step)

    def come_back(self) -> None:
        """Come back to where the present step has put the run."""
        if not self.busy and self.step >= 0:
            self._begin(self.step)

    def cancel(self) -> None:
        """Give up what is under way; the run stays where it is."""
        self.interrupted |= self._give_up()

    def pause(self) -> None:
        """Stop what the user has set going: steps are entered only once nothing runs."""
        self._session.send(Pause())

    def keep_here(self) -> None:
        """Leave out what is still to be done of the step: its place is where the run is now."""
        self._give_up()
        self.error, self.interrupted = None, False
        self._work = self._settle(max(self.step, 0))
        self._go_on(None)

    def _give_up(self) -> bool:
        """Stop what is under way; return whether there was something."""
        if self._work is None:
            return False
        self._work.close()
        self._work = None
        commands: tuple[Command, ...] = (Pause(), *self._moves.removals())
        for command in commands:
            self._session.send(command)
        return True

    def take(self, snapshot: Snapshot) -> None:
        """Go on, if `snapshot` shows that the last command is done."""
        evaluated = snapshot.evaluated
        if self._work is None or evaluated is None or evaluated.number != self._awaited:
            return
        if not snapshot.running:  # else it trains on, and the question was answered meanwhile
            self._go_on(snapshot)

    # ---------------------------------------------------------------- entering a step

    def _begin(self, step: int) -> None:
        self.step, self.error, self.interrupted = step, None, False
        self._work = self._enter(step)
        self._go_on(None)

    def _go_on(self, snapshot: Snapshot | None) -> None:
        """Send the next commands, with a question whose answer says that they are done."""
        work = self._work
        assert work is not None
        try:
            commands = next(work) if snapshot is None else work.send(snapshot)
        except StopIteration:
            self._work = None
        except LessonError as error:
            self._work, self.error = None, error
        except InterruptedError:
            self._work, self.interrupted = None, True
        else:
            asked = [each for each in commands if isinstance(each, EvaluateTexts)]
            self._awaited = asked[-1].number if asked else next(self._numbers)
            for command in commands:
                self._session.send(command)
            if not asked:
                self._session.send(EvaluateTexts(self._awaited))

    def _enter(self, step: int) -> Work:
        """Enter a step from wherever the run is."""
        snapshot = yield ()
        if BEFORE_FIRST not in self._moments:
            snapshot = yield from self._note(BEFORE_FIRST)
            self._settings = snapshot.settings
        if step in self._moments:
            return (yield from self._return(step, snapshot))
        begin = max(each for each in self._moments if each < step)
        snapshot = yield from self._return(begin, snapshot)
        for each in range(begin + 1, step + 1):
            self.step = each
            snapshot = yield from self._play(each, snapshot)
        return snapshot

    def _settle(self, step: int) -> Work:
        """Take the place of the run for that of a step, without doing what it does."""
        self.step = step
        yield (Pause(),)
        yield from self._evaluate(step)
        return (yield from self._note(step))

    def _play(self, number: int, snapshot: Snapshot) -> Work:
        """Do what a step does, then ask for its texts, answers and claims."""
        step = self.lesson.steps[number]
        self._on_play(number)
        for action, line in zip(step.do, step.lines, strict=True):
            snapshot = yield from self._moves.carry_out(action, line, snapshot)
        snapshot = yield from self._evaluate(number)
        return (yield from self._note(number))

    def _evaluate(self, number: int) -> Work:
        """Ask for the numbers of a step: first for what it remembers, then for all else."""
        step, known = self.lesson.steps[number], dict(self._known(number - 1))
        snapshot = None
        if step.remember:
            names = tuple(step.remember)
            asked = EvaluateTexts(
                next(self._numbers), expressions=tuple(step.remember.values()), remembered=known
            )
            snapshot = yield (asked,)
            assert snapshot.evaluated is not None
            for name, found in zip(names, snapshot.evaluated.values, strict=True):
                if found.value is None:
                    line = step.line_of(f"remember.{name}")
                    raise LessonError(self.lesson.path, line, f"remember {name}: {found.error}")
                known[name] = found.value
        self._remembered[number] = {name: known[name] for name in step.remember}
        snapshot = yield (requests_of(step, next(self._numbers), known),)
        assert snapshot.evaluated is not None
        self._evaluations[number] = evaluation_of(step, snapshot.evaluated)
        return snapshot

    def _known(self, step: int) -> dict[str, float | Array]:
        """Return what is remembered at a step, by name."""
        known: dict[str, float | Array] = {}
        for number in sorted(self._remembered):
            if number <= step:
                known.update(self._remembered[number])
        return known

    # ---------------------------------------------------------------- moments

    def _note(self, step: int) -> Work:
        """Note the moment at which a step has been entered."""
        snapshot = yield (NoteMoment(_key(step)),)
        self._moments[step] = _Here.of(snapshot)
        return snapshot

    def _return(self, step: int, snapshot: Snapshot) -> Work:
        """Go back to a moment, if the run is elsewhere; play up to it where it is lost."""
        before = snapshot.notice
        snapshot = yield (ReturnToMoment(_key(step)),)
        notice = snapshot.notice
        if notice is None or not notice.error or notice == before:
            return snapshot
        if self.lesson.checkpoint:  # a restart does not begin there
            raise LessonError(self.lesson.path, self.lesson.run_line, notice.text)
        return (yield from self._replay(step))

    def _replay(self, step: int) -> Work:
        """Begin again, and play all steps up to one."""
        self._moments.clear()
        shown = self.step
        snapshot = yield (Restart(self._settings),)
        snapshot = yield from self._note(BEFORE_FIRST)
        for each in range(step + 1):
            snapshot = yield from self._play(each, snapshot)
        self.step = shown
        return snapshot


def _key(step: int) -> str:
    """Return the name of a step's moment in the session."""
    return f"lesson step {step}"

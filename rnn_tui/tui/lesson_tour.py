"""A lesson played on the screen without a terminal, and a picture of each of its steps.

The pictures are the same each time: they are taken when nothing is under way, and what depends on
how fast the machine is stays out of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from rnn_tui.files.error_log import ErrorReports
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.take_home.cast import TimedFigure
from rnn_tui.tui.take_home.figure import Figure

if TYPE_CHECKING:
    from rnn_tui.tui.lesson.facts import StepFacts
    from rnn_tui.tui.lesson.guide import LessonGuide

ASKED, REVEALED = "asked", "revealed"
STEP_SECONDS = 600.0  # that the actions of a step may take
NUMBERS_SECONDS = 10.0  # until its numbers are there, once nothing is under way
TESTS_SECONDS = 20.0  # after which a test loss is not waited for
POLL = 0.02  # seconds
DIGITS = 4  # of a number that is typed
READ_AT_ONCE, WORDS_PER_SECOND = 2.0, 3.0  # of who reads a recording
LONGEST = 25.0  # seconds that a picture of it stays
TYPING = 0.3  # seconds for each character of an answer


class TourError(Exception):
    """The lesson cannot be played to its end; the message is one line."""


@dataclass(frozen=True, slots=True)
class StepPicture:
    """The screen at one step.

    Attributes:
        step: the step, from 0.
        state: "asked" or "revealed"; "" where nothing is asked.
        title: of the step.
        figure: the screen.
        frames: what a recording shows up to this picture, and for how long.
    """

    step: int
    state: str
    title: str
    figure: Figure
    frames: tuple[TimedFigure, ...]

    @property
    def name(self) -> str:
        """The name of its file, without an ending: ``02-why-it-shrinks-asked``."""
        words = re.findall(r"[a-z0-9]+", self.title.lower())
        parts = (f"{self.step + 1:02}", *words[:6], self.state)
        return "-".join(part for part in parts if part)


def step_pictures(app: RnnTui, size: tuple[int, int]) -> list[StepPicture]:
    """Play the lesson of an app that has one; return its pictures.

    Raises:
        TourError: a step cannot be played.
        LoggedError: something unexpected has failed.
        KeyboardInterrupt: the user has pressed ctrl+c.
    """
    tour = _Tour(app)
    app.animation_level = "none"

    async def play(pilot: Any) -> None:
        try:
            await tour.play()
        finally:
            app.exit()

    try:
        asyncio.run(app.run_async(headless=True, size=size, auto_pilot=play))
    finally:
        app.session.stop()
    if tour.interrupted:
        raise KeyboardInterrupt
    if tour.failed is not None:
        raise tour.failed
    if app.end is not None:
        raise app.end
    return tour.pictures


class Patience:
    """Says when something has lasted too long."""

    def __init__(self, seconds: float) -> None:
        """Wait for so many seconds."""
        self._seconds = seconds
        self._since: float | None = None

    def over(self, lasts: bool) -> bool:
        """Return whether it has lasted too long without a break."""
        now = time.monotonic()
        if not lasts:
            self._since = None
        elif self._since is None:
            self._since = now
        return self._since is not None and now - self._since > self._seconds


class _Errors(ErrorReports):
    """Notes what is said of a panel that could not be drawn, as no picture is to have that.

    Attributes:
        said: the newest of it; "" for nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said = ""

    def line(self, error: BaseException, what: str, where: str) -> str:
        """Return what is said of an error."""
        self.said = super().line(error, what, where)
        return self.said


class _Tour:
    """Plays a lesson step by step.

    Attributes:
        pictures: those taken so far.
        failed: why it could not go on.
        interrupted: the user has pressed ctrl+c.
    """

    def __init__(self, app: RnnTui) -> None:
        self.pictures: list[StepPicture] = []
        self.failed: TourError | None = None
        self.interrupted = False
        self._app = app
        self._errors = _Errors()
        self._charts = ChartCache()  # whose axes remember nothing but pictures

    async def play(self) -> None:
        """Play all steps."""
        with contextlib.suppress(NotImplementedError, ValueError):  # Windows; no main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._interrupt)
        try:
            await self._until(lambda: self._app.debugger.lesson is not None, "begins")
            for step in range(len(self._guide.plan.lesson.steps)):
                await self._play_step(step)
        except TourError as error:
            self.failed = error

    def _interrupt(self) -> None:
        """Note that the user has pressed ctrl+c."""
        self.interrupted = True

    @property
    def _path(self) -> str:
        """The file of the lesson."""
        return "" if self._app.debugger.lesson is None else self._guide.plan.lesson.path

    @property
    def _guide(self) -> LessonGuide:
        """What guides through the lesson."""
        guide = self._app.debugger.lesson
        assert guide is not None
        return guide

    async def _play_step(self, step: int) -> None:
        """Enter a step, and answer what it asks."""
        guide = self._guide
        if step:
            guide.enter(step)
        title = guide.plan.lesson.steps[step].title
        where = f"step {step + 1}, {title!r}"
        idle = Patience(NUMBERS_SECONDS)
        await self._until(
            lambda: (
                guide.known is not None
                or guide.player.error is not None
                or idle.over(not guide.player.busy)
            ),
            where,
        )
        facts, found = guide.known, guide.player.evaluated
        if guide.player.error is not None:
            raise TourError(str(guide.player.error))
        if facts is None or found is None:
            raise TourError(f"{self._path}: {where}: its numbers do not come")
        if found.mistakes:
            first = found.mistakes[0]
            raise TourError(f"{self._path}:{first.line}: {first.reason}")
        await self._still(where)
        asks = guide.open
        text = f"{facts.say} {facts.question} {' '.join(facts.choices)}"
        self._take(step, ASKED if asks else "", text, title)
        if not asks:
            return
        typed = self._type(facts)
        guide.pressed_enter()
        if guide.open:
            raise TourError(f"{self._path}: {where}: the right answer is not taken")
        await self._still(where)
        self._take(step, REVEALED, facts.reveal, "", typed)

    def _type(self, facts: StepFacts) -> list[TimedFigure]:
        """Type the right answer; return what is seen meanwhile."""
        guide, frames = self._guide, []
        if not guide.typing:
            guide.pressed_enter()
        asked = guide.view.asked
        text = f"{facts.right:.{DIGITS}g}" if asked == "number" else str(int(facts.right))
        for character in text:
            guide.key(character, character, in_focus=False)
            frames.append(TimedFigure(self._figure(), TYPING))
        return frames

    def _take(
        self,
        step: int,
        state: str,
        text: str,
        marker: str,
        before: list[TimedFigure] | None = None,
    ) -> None:
        """Take a picture; in a recording it stays as long as `text` takes to be read."""
        figure = self._figure()
        seconds = min(READ_AT_ONCE + len(text.split()) / WORDS_PER_SECOND, LONGEST)
        label = f"{step + 1} {marker}" if marker else ""
        frames = (*(before or ()), TimedFigure(figure, seconds, label))
        title = self._guide.plan.lesson.steps[step].title
        self.pictures.append(StepPicture(step, state, title, figure, frames))

    def _figure(self) -> Figure:
        """Return the screen as it is now, without what depends on the machine."""
        self._app.debugger.take_snapshot()
        capture = self._app.debugger.capture()
        assert capture is not None
        snapshot = _steady(capture.context.snapshot)
        context = replace(
            capture.context, snapshot=snapshot, chart_cache=self._charts, errors=self._errors
        )
        figure = replace(capture, context=context).figure(whole=True)
        if self._errors.said:
            raise TourError(f"{self._path}: step {self._guide.step + 1}: {self._errors.said}")
        return figure

    # ---------------------------------------------------------------- waiting

    async def _until(self, condition: Callable[[], bool], where: str) -> None:
        """Wait until something is so.

        Raises:
            TourError: it takes too long, or the program has ended.
        """
        deadline = time.monotonic() + STEP_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise TourError(f"{self._path}: {where}: not done after {STEP_SECONDS:.0f} s")
            if self.interrupted or self._app.end is not None or self._app._exit:
                raise TourError(f"{self._path}: {where}: the program has ended")
            await asyncio.sleep(POLL)

    async def _still(self, where: str) -> None:
        """Wait until nothing is under way whose result will be seen."""
        await self._until(self._is_still, where)
        deadline = time.monotonic() + TESTS_SECONDS
        await self._until(lambda: self._tested() or time.monotonic() > deadline, where)
        await self._until(self._is_still, where)

    def _is_still(self) -> bool:
        """Return whether all that the screen asks for is there."""
        app, debugger = self._app, self._app.debugger
        snapshot = app.session.latest
        second, predictions = snapshot.second_network, snapshot.predictions
        asked = snapshot.request == debugger.asked and not app.session.waiting
        together = second is None or not second.behind
        wanted = snapshot.request.predictions and snapshot.task.tested
        predicted = not wanted or (
            predictions is not None and predictions.update == snapshot.cursor.update
        )
        proofs = snapshot.request.proofs <= {*snapshot.proofs, "contributions", "proof"}
        proved = snapshot.proving is None and (proofs or not snapshot.cursor.has_batch)
        compared = snapshot.what_if is None or not snapshot.what_if.behind
        drawn = asked and debugger.laid_out and not snapshot.running
        return all((drawn, together, predicted, proved, compared, not self._guide.player.busy))

    def _tested(self) -> bool:
        """Return whether the test loss of this update is measured, if there is one."""
        snapshot = self._app.session.latest
        update = snapshot.cursor.update
        return not update or not snapshot.task.tested or update in snapshot.test_losses.update


def _steady(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot without its speed and the test losses that were measured on the way.

    Which updates they are measured at depends on the machine; that of the place stays.
    """
    test, update = snapshot.test_losses, snapshot.cursor.update
    here = np.asarray(test.update == update)
    kept = replace(test, update=test.update[here], loss=test.loss[here])
    return replace(snapshot, speed=0.0, test_losses=kept)

"""What the tests of lessons share: a lesson in a text, played without a screen."""

from __future__ import annotations

from rnn_tui.lessons.lesson import Lesson
from rnn_tui.lessons.player import LessonPlayer
from rnn_tui.lessons.reading import lesson_of
from rnn_tui.lessons.run import begin_run
from rnn_tui.session.commands import Command, ReturnToMoment, ViewRequest
from rnn_tui.session.snapshot import Snapshot

RUN = """\
title = "A test"
[run]
hidden = 2
steps = 3
noise = 0
dtype = "float64"
optimizer = "sgd"
"""


def lesson_with(*steps: str) -> Lesson:
    """Return a lesson with steps; each is the lines of its table."""
    parts = (f'[[step]]\ntitle = "Step {k}"\n{text}\n' for k, text in enumerate(steps, 1))
    return lesson_of(RUN + "\n" + "\n".join(parts), "test.toml")


class PlayedLesson:
    """A lesson and its session, which carries commands out when it is asked to.

    Attributes:
        session: the session.
        player: the player.
        keys: the keys that only a screen can press, as they came.
        loses_moments: whether the session can return to none of its moments.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.session = begin_run(lesson).session()
        self.session.perform(ViewRequest(predictions=False))
        self.keys: list[str] = []
        self.loses_moments = False
        self.queue: list[Command] = []
        self.player = LessonPlayer(lesson, self, on_key=self.keys.append)

    def send(self, command: Command) -> None:
        """Take a command of the player."""
        lost = self.loses_moments and isinstance(command, ReturnToMoment)
        self.queue.append(ReturnToMoment("none") if lost else command)

    def finish(self) -> Snapshot:
        """Carry out all commands until the player waits for nothing."""
        while self.queue:
            queue, self.queue = self.queue, []
            self.player.take(self.session.perform(*queue))
        return self.session.latest

    def enter(self, step: int) -> Snapshot:
        """Enter a step, to its end."""
        self.player.enter(step)
        return self.finish()


def place_of(snapshot: Snapshot) -> tuple[object, ...]:
    """Return where a run is, with all that a step can change."""
    return (
        snapshot.cursor,
        snapshot.settings,
        snapshot.loss,
        snapshot.pins,
        snapshot.optimizer.parameters.tobytes(),
        () if snapshot.what_if is None else snapshot.what_if.texts,
    )

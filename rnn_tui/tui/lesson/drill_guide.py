"""The drill: whoever answers finds the numbers of the equation, which a hint gives."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.tui.lesson.guide import LessonGuide
from rnn_tui.tui.lesson.view import Covered


class DrillGuide(LessonGuide):
    """Guides through a round of the drill.

    The equation is there in symbols; its numbers come with the hint, after a wrong answer.
    """

    def _covered(self) -> Covered:
        """Return what is not to be seen yet."""
        covered = super()._covered()
        return replace(covered, workings=bool(covered.names) and not self._attempt.tries)

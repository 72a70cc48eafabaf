"""Makes what guides through a lesson, once there is a session."""

from __future__ import annotations

from rnn_tui.session.source import SnapshotSource
from rnn_tui.tui.lesson.guide import LessonGuide, LessonScreen
from rnn_tui.tui.lesson.plan import LessonPlan


def make_guide(plan: LessonPlan, session: SnapshotSource, screen: LessonScreen) -> LessonGuide:
    """Return what guides through the lesson of `plan`."""
    from rnn_tui.lessons.player import LessonPlayer

    player = LessonPlayer(
        plan.lesson,
        session,
        on_key=lambda key: guide.presses(key),
        on_place=lambda place: guide.looks_from(place),
        on_play=lambda step: guide.plays(step),
    )
    guide = (plan.make_guide or LessonGuide)(plan, player, screen)
    return guide

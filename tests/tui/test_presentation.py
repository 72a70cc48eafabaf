"""Slides are turned once however often a clicker clicks; what takes long can be skipped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from tui.screen_support import snapshot_after

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.lessons.evaluation import StepEvaluation
from rnn_tui.lessons.lesson import (
    Choice,
    Lesson,
    LessonStep,
    Prediction,
    PressKeys,
    Show,
    TakePlace,
)
from rnn_tui.lessons.lesson_file import LessonError
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lesson.guide import KeptLook
from rnn_tui.tui.lesson.plan import LessonPlan
from rnn_tui.tui.lesson.presentation import FIRST, LAST, PresentationGuide

CHOICES = (Choice("yes", "1 < 2"), Choice("no", "2 < 1"))
STEPS = (
    LessonStep("one", show=Show(panel="loss")),
    LessonStep("two", say="Notes."),
    LessonStep("why?", ask=Prediction("choice", "Does it?", choices=CHOICES)),
    LessonStep("four", show=Show(panel="network", big="curve")),
)


class Player:
    """Enters steps at once, or when `done` is called."""

    def __init__(self) -> None:
        self.step, self.busy, self.interrupted, self.slow = -1, False, False, False
        self.error: LessonError | None = None
        self.calls: list[str] = []

    def enter(self, step: int) -> None:
        self.step, self.busy = step, self.slow
        self.calls.append(f"enter {step}")

    def keep_here(self) -> None:
        self.busy, self.interrupted, self.error = False, False, None
        self.calls.append("keep")

    def pause(self) -> None:
        self.calls.append("pause")

    def take(self, snapshot: object) -> None:
        pass

    def left(self, snapshot: object) -> bool:
        return False

    @property
    def evaluated(self) -> StepEvaluation | None:
        asks = STEPS[self.step].ask is not None
        failed = self.error is not None or self.interrupted
        if self.busy or failed:
            return None
        return StepEvaluation(
            say=STEPS[self.step].say,
            question="Does it?" if asks else "",
            choices=("yes", "no") if asks else (),
            right=(True, False) if asks else (),
        )


class Kept:
    """Nothing is looked at."""

    def again(self) -> None:
        pass

    def carried(self, before: Snapshot, snapshot: Snapshot) -> KeptLook:
        return self


class Desk:
    """A presentation with a clock that is set by hand.

    Attributes:
        now: the time.
    """

    def __init__(self, notes: bool = False) -> None:
        self.now = 10.0
        self.player = Player()
        self.shown: list[Show] = []
        plan = LessonPlan(Lesson("slides.toml", "slides", "Slides", steps=STEPS), "slides")
        self.guide = PresentationGuide(
            plan, cast(Any, self.player), cast(Any, self), notes=notes, clock=lambda: self.now
        )
        self.guide.begin()
        self.taken()

    def taken(self, running: bool = False) -> None:
        """Hand the guide a snapshot."""
        snapshot = snapshot_after()
        if running:
            snapshot = replace(snapshot, running=True)
        self.guide.takes(snapshot)

    def press(self, distance: int = 1, after: float = 1.0) -> str:
        """Turn slides after so many seconds; return what is said."""
        self.now += after
        said = self.guide.turn(distance)
        self.taken()
        return said

    def keep_axes(self) -> Callable[[], None]:
        return lambda: None

    def keep_look(self) -> KeptLook:
        return Kept()

    def show_for_lesson(self, show: Show) -> None:
        self.shown.append(show)

    def draw_lesson(self) -> None:
        pass


def test_a_double_click_and_a_key_held_down_turn_one_slide() -> None:
    desk = Desk()
    desk.press()
    for _ in range(60):
        desk.press(after=0.03)
    assert desk.guide.step == 1
    assert desk.press() == ""
    assert desk.guide.words == "3/4 · why?"


def test_at_both_ends_it_is_said_that_there_is_no_more() -> None:
    desk = Desk()
    assert desk.press(-1) == FIRST
    assert desk.press(9) == ""
    assert (desk.guide.step, desk.press()) == (3, LAST)
    assert desk.guide.words == "4/4 · four"


def test_an_open_question_is_answered_before_one_goes_on() -> None:
    desk = Desk()
    desk.press(2)
    assert desk.guide.open
    assert not desk.guide.typing  # digits are counts
    assert desk.guide.room is not None
    desk.press()
    assert desk.guide.step == 2
    assert desk.guide.view.right == "yes"
    desk.press()
    assert desk.guide.step == 3
    assert desk.guide.room is None


def test_work_that_takes_long_can_be_skipped_and_a_press_before_waits() -> None:
    desk = Desk()
    desk.player.slow = True
    desk.press()
    desk.press(after=0.5)  # waits until the slide is there
    assert desk.guide.step == 1
    desk.player.slow = desk.player.busy = False
    desk.taken()
    assert desk.guide.step == 2
    desk.player.slow = True
    desk.press(-1)
    desk.now += 1.5
    assert desk.guide.words == "2/4 · working: PgDn skips the rest · two"
    assert desk.press().startswith("skipped")
    assert desk.player.calls[-1] == "keep"
    assert desk.guide.words == "2/4 · two"


@pytest.mark.parametrize("error", ["slides.toml:7: no such value", ""])
def test_a_slide_that_fails_or_is_paused_says_so_and_one_can_go_on(error: str) -> None:
    desk = Desk()
    desk.player.slow = True
    desk.press()
    desk.player.busy = False
    desk.player.error = LessonError("slides.toml", 7, "no such value") if error else None
    desk.player.interrupted = not error
    desk.taken()
    desk.taken()
    assert desk.player.calls[-1] == "keep"
    assert desk.guide.words.startswith("2/4 · ")
    assert ("no such value" in desk.guide.words) == bool(error)
    desk.player.slow = False
    desk.press()
    assert desk.guide.words == "3/4 · why?"


def test_training_is_paused_before_a_slide_is_turned() -> None:
    desk = Desk()
    desk.taken(running=True)
    desk.press()
    assert desk.player.calls[-2:] == ["pause", "enter 1"]


def test_who_has_left_comes_back_to_the_same_slide_by_a_clickers_start_key() -> None:
    desk = Desk()
    desk.press()
    desk.guide.leave()
    assert desk.guide.words == "2/4 left · esc comes back"
    assert desk.guide.key("f5", None, in_focus=False)
    assert not desk.guide.away
    assert desk.guide.words == "2/4 · two"


def test_a_slide_looks_the_same_from_wherever_one_comes() -> None:
    desk = Desk()
    desk.press()
    assert desk.shown[-1].panel == "loss"  # as slide 1 said
    desk.press(2)
    assert (desk.shown[-1].panel, desk.shown[-1].big) == ("network", "curve")
    desk.press(-2)
    assert (desk.shown[-1].panel, desk.shown[-1].big) == ("loss", "")


def test_notes_are_shown_where_they_are_wanted() -> None:
    for notes in (False, True):
        desk = Desk(notes)
        desk.press()
        assert (desk.guide.room is not None) == notes
        assert desk.guide.view.say == "Notes."  # the panel has it when one looks there


def test_a_key_of_a_slide_zooms_it_alone() -> None:
    zooms, go = PressKeys(("u", "z")), TakePlace(PlaceLine(3, Pass.CLIP, looking=(("zoom", ""),)))
    steps = [LessonStep("a", do=(zooms,)), LessonStep("b"), LessonStep("c", do=(go,))]
    assert [each.zooms() for each in steps] == [True, False, True]
    assert not steps[0].zooms(before=True)
    assert LessonStep("d", show=Show(zoom=True)).zooms()

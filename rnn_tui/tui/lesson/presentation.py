"""Guides a presenter through slides, which are the steps of a lesson's file.

A slide is turned by PgDn and PgUp, as a clicker sends them. What is pressed twice within a moment,
or held down, turns one: nobody clicks that fast to see something in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from rnn_tui.tui.lesson.guide import KeptLook, LessonGuide, LessonScreen
from rnn_tui.tui.lesson.plan import LessonPlan
from rnn_tui.tui.lesson.room import LessonRoom
from rnn_tui.tui.lesson.view import LessonView

if TYPE_CHECKING:
    from rnn_tui.lessons.lesson import Lesson, Show
    from rnn_tui.lessons.player import LessonPlayer
    from rnn_tui.places.place_line import PlaceLine
    from rnn_tui.session.snapshot import Snapshot
    from rnn_tui.tui.lesson.plan import LessonPlan

TOO_SOON = 0.2  # seconds after a press within which another one is the same click, or a key held
SLOW = 1.0  # seconds of work from which on it can be skipped
RE_ENTERS = ("f5", "shift+f5", "f17")  # a clicker's "start the presentation"
FIRST, LAST = "this is the first slide", "this is the last slide"


class PresentationGuide(LessonGuide):
    """Guides through a presentation.

    What a slide says are the presenter's notes: the panel ``lesson`` has them. It has a place by
    itself where a slide asks for a prediction, or with `notes`.

    Attributes:
        away: the presenter has left the slides: keys are those of the program.
    """

    presents = True

    def __init__(
        self,
        plan: LessonPlan,
        player: LessonPlayer,
        screen: LessonScreen,
        *,
        notes: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Guide through the slides of `plan`; with `notes`, what they say is always shown."""
        self._notes = notes
        self._clock = clock
        self._pressed = -TOO_SOON  # when a slide was turned last, or should have been
        self._entered = 0.0  # when the slide was
        self._waiting = 0  # slides to turn as soon as this one is there
        self._failed = ""  # what a slide could not do
        self._runs = False  # something does, in the newest snapshot
        self.away = False
        self._first = screen.keep_look()  # how the run is looked at before the first slide
        self._look: KeptLook | None = None  # likewise as far as a slide's actions have come
        self._look_in: Snapshot | None = None  # the snapshot that it is in
        self._axes: dict[int, Callable[[], None]] = {}  # of the charts when a slide was shown first
        self._looks: dict[int, KeptLook] = {}  # likewise by slide once its actions are done
        super().__init__(plan, player, screen)

    # ---------------------------------------------------------------- turning slides

    def turn(self, distance: int) -> str:
        """Turn so many slides, back where it is negative; return what is said of it, if anything.

        An open question is answered first. Work that takes long is skipped: the run stays where
        it has come to.
        """
        now, before = self._clock(), self._pressed
        self._pressed = now
        if now - before < TOO_SOON:
            return ""
        if self.player.busy:
            if now - self._entered < SLOW:
                self._waiting = distance
                return ""
            if distance > 0:
                self.player.keep_here()
                return "skipped: the run stays where it has come to"
        elif distance > 0 and self.open:
            self._attempt.settled = True
            self._changed()
            return ""
        steps = len(self.plan.lesson.steps)
        there = min(max(self.step + distance, 0), steps - 1)
        if there == self.step and not self._off_path:
            return LAST if distance > 0 else FIRST
        self.enter(there)
        return ""

    def enter(self, step: int) -> None:
        """Enter a slide, or come back to it."""
        self.away, self._waiting, self._entered = False, 0, self._clock()
        self._failed = ""
        if self._runs and not self.player.busy:
            self.player.pause()
        super().enter(step)

    def leave(self) -> None:
        """Leave the slides; `enter` comes back."""
        self.away = True
        self._changed()

    def key(self, key: str, character: str | None, *, in_focus: bool) -> bool:
        """Take a key if it is one for the slides; see `LessonGuide`."""
        if key in RE_ENTERS:
            self.enter(self.step)
            return True
        if key in ("pageup", "pagedown"):  # the main screen's, with a count: see `turn`
            return False
        return super().key(key, character, in_focus=in_focus)

    def _is_answered_early(self) -> bool:
        """Return False: digits count on a slide until somebody answers."""
        return False

    def pressed_enter(self) -> None:
        """Answer, or begin to; slides are turned by other keys."""
        if self.open:
            super().pressed_enter()

    def takes(self, snapshot: Snapshot) -> bool:
        """Go on with what the slide does; return whether the snapshot is to be drawn."""
        before, player = self._facts, self.player
        self._carry_look(snapshot)
        self._runs = snapshot.running
        drawn = super().takes(snapshot)
        if before is None and self._facts is not None:
            self.typing = False  # digits count, as everywhere, until enter
            self._refresh()
        if self._facts is not None:
            if self._waiting:
                self.enter(min(max(self.step + self._waiting, 0), len(self.plan.lesson.steps) - 1))
        elif not player.busy:
            self._note, self._off_path = "", False
            if player.error is not None or player.interrupted:
                self._failed = str(player.error or "")
                player.keep_here()
            elif player.step != self.step:
                player.enter(self.step)
            self._refresh()
        return drawn

    # ---------------------------------------------------------------- what is shown

    @property
    def words(self) -> str:
        """What the footer says: ``3/14 · why does it shrink?``."""
        place = f"{self.step + 1}/{len(self.plan.lesson.steps)}"
        if self._failed:
            return f"{place} · {self._failed}"
        if self.away:
            return f"{place} left · esc comes back"
        if self.player.busy and self._clock() - self._entered >= SLOW:
            return f"{place} · working: PgDn skips the rest · {self._now.title}"
        if self._off_path:
            return f"{place} · esc comes back · {self._now.title}"
        return f"{place} · {self._now.title}"

    def _show_of(self, step: int) -> Show:
        """Return what a slide shows; a panel that it does not name is that of a slide before it."""
        steps = self.plan.lesson.steps
        panels = [each.named_panel for each in steps[: step + 1] if each.named_panel]
        return replace(super()._show_of(step), panel=panels[-1] if panels else "timestep")

    def plays(self, step: int) -> None:
        """Look at the run as the slide before a slide does, whatever was selected there since.

        So a slide looks the same from wherever one has come to it.
        """
        if step:
            self._look_of(step - 1).again()
            self._screen.show_for_lesson(self._show_of(step - 1))
        else:
            self._first.again()
        self._look = self._screen.keep_look()

    def presses(self, key: str) -> None:
        """Press a key of a slide's actions, with what was selected meanwhile out of its way."""
        if self._look is not None:
            self._look.again()
        super().presses(key)
        self._look = self._screen.keep_look()

    def looks_from(self, place: PlaceLine) -> None:
        """Look at what a place says that a slide goes to; see `presses`."""
        if self._look is not None:
            self._look.again()
        super().looks_from(place)
        self._look = self._screen.keep_look()

    def show_again(self) -> None:
        """Look at the run as the slide does, all that it does not name included."""
        if self.step in self._axes:
            self._axes[self.step]()
        else:
            self._axes[self.step] = self._screen.keep_axes()
        self._look_of(self.step).again()
        super().show_again()

    def _look_of(self, step: int) -> KeptLook:
        """Return how the run is looked at on a slide whose actions are done, before it shows."""
        look = self._look if self._look is not None else self._screen.keep_look()
        return self._looks.setdefault(step, look)

    def _carry_look(self, snapshot: Snapshot) -> None:
        """Have what is selected for a slide that is being made mean the same in another network."""
        look, before = self._look, self._look_in
        if look is not None and before is not None and before is not snapshot:
            self._look = look.carried(before, snapshot)
        self._look_in = snapshot

    def _refresh(self) -> None:
        """Make what is shown anew; the panel has a place by itself only where it is needed."""
        super()._refresh()
        step = self._now
        if self._notes or step.ask is not None:
            lesson = self.plan.lesson
            self.room = LessonRoom.of(replace(lesson, steps=(step,)))
        else:
            self.room = None

    def _view(self) -> LessonView:
        """Return what the panel shows: notes only where they are wanted, or asked for by tab."""
        place = f"{self.step + 1} of {len(self.plan.lesson.steps)}"
        view = replace(super()._view(), place=place, turned=True)
        if self._now.ask is not None and not self._notes:
            return replace(view, say="")
        return view


def slides_plan(lesson: Lesson, slide: int = 1, *, notes: bool = False) -> LessonPlan:
    """Return how a presentation is played.

    Args:
        lesson: the file.
        slide: that it begins with, from 1.
        notes: whether what the slides say is always shown.
    """
    make = partial(PresentationGuide, notes=notes)
    return LessonPlan(lesson, "slides", slide - 1, make_guide=make)

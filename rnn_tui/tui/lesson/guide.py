"""Guides a learner through a lesson: which step, what is shown and covered, answers and grades."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from rnn_tui.lessons.lesson import LessonStep, Show
from rnn_tui.lessons.player import LessonPlayer
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.lesson.answer import AnswerField, wrong_form
from rnn_tui.tui.lesson.covering import covered_text
from rnn_tui.tui.lesson.facts import StepFacts, facts_of, graded
from rnn_tui.tui.lesson.plan import LessonPlan, StepResult
from rnn_tui.tui.lesson.room import LessonRoom
from rnn_tui.tui.lesson.view import Covered, LessonView, Try

TRIES = 2  # the second comes after the hint


class KeptLook(Protocol):
    """How the run was looked at, all of it."""

    def again(self) -> None:
        """Look at the run so again."""
        ...

    def carried(self, before: Snapshot, snapshot: Snapshot) -> KeptLook:
        """Return the same in the network of `snapshot`; it was kept in that of `before`."""
        ...


class LessonScreen(Protocol):
    """What the main screen does for a lesson."""

    def show_for_lesson(self, show: Show) -> None:
        """Look at what a step shows."""
        ...

    def focus_panel(self, panel: str) -> None:
        """Give a panel the focus."""
        ...

    def press_for_lesson(self, key: str) -> None:
        """Press a key that changes what is looked at."""
        ...

    def take_place_of_lesson(self, place: PlaceLine) -> None:
        """Look at what a place says is looked at."""
        ...

    def keep_axes(self) -> Callable[[], None]:
        """Return what gives the charts the axes that they have now."""
        ...

    def keep_look(self) -> KeptLook:
        """Return how the run is looked at."""
        ...

    def move_timestep_of_answer(self, direction: int) -> None:
        """Select the timestep beside the selected one, or that at the end of the window again."""
        ...

    def draw_lesson(self) -> None:
        """Draw what has changed of the lesson."""
        ...


@dataclass(slots=True)
class _Attempt:
    """What has been answered in one step."""

    tries: tuple[Try, ...] = ()
    settled: bool = False


class LessonGuide:
    """Guides through a lesson on the main screen.

    Attributes:
        plan: the lesson and how it is played.
        player: does the actions of the steps.
        room: says how many lines its panel needs; None where it has no place by itself.
        presents: the steps are slides of a presentation.
        step: the step, from 0.
        typing: keys of the answer go to its field.
        view: what the panel shows.
        covered: what is not to be seen yet.
    """

    presents = False

    def __init__(self, plan: LessonPlan, player: LessonPlayer, screen: LessonScreen) -> None:
        """Guide through the lesson of `plan` on `screen`; nothing is done before `begin`.

        Args:
            plan: the lesson.
            player: does the actions of its steps.
            screen: the main screen.
        """
        self.plan = plan
        self.player = player
        self.room: LessonRoom | None = LessonRoom.of(plan.lesson)
        self.step = plan.begin
        self.typing = False
        self._screen = screen
        self._attempts = {
            each.step: _Attempt(tuple(map(Try, each.given, each.grades)), settled=True)
            for each in plan.results
        }
        self._facts: StepFacts | None = None  # None until all is done and known
        self._ungraded: set[int] = set()  # steps whose question has no one right answer
        self._field = AnswerField()
        self._note = ""  # why what was typed cannot be an answer
        self._off_path = False
        self._ended = False
        self._turning = False  # the key before turned to a step, or has answered
        self._refresh()

    # ---------------------------------------------------------------- steps

    def begin(self) -> None:
        """Enter the first step; called once the session works."""
        self.enter(self.plan.begin)

    def enter(self, step: int) -> None:
        """Enter a step, or come back to it."""
        self.step, self._ended = step, False
        self._facts, self._off_path = None, False
        self._turning = True
        self._note = ""
        self.typing = False
        ask = self._now.ask
        self._field = AnswerField(ask.kind, len(ask.choices)) if ask else AnswerField()
        self.player.enter(step)
        self.plan.progress(step, self.results)
        self._changed()

    def on(self) -> None:
        """Go on: to the next step, or to the end."""
        if self.step + 1 < len(self.plan.lesson.steps):
            self.enter(self.step + 1)
        elif not self._ended:
            self._ended, self.typing = True, False
            self.plan.progress(self.step + 1, self.results)
            self._changed()

    def back(self) -> None:
        """Go back: from the end to the last step, or to the step before."""
        if self._ended or not self.step:
            self._ended = False
            self._changed()
        else:
            self.enter(self.step - 1)

    def come_back(self) -> bool:
        """Come back to the lesson's place; return whether the run was elsewhere."""
        if not self._off_path:
            return False
        typed = self._field.text
        self.enter(self.step)
        self._field.text = typed
        return True

    def show_again(self) -> None:
        """Look at what the step shows."""
        self._screen.show_for_lesson(self._show)

    def plays(self, step: int) -> None:
        """Take it that the actions of a step are about to be done."""

    def presses(self, key: str) -> None:
        """Press a key of a step's actions that changes what is looked at."""
        self._screen.press_for_lesson(key)

    def looks_from(self, place: PlaceLine) -> None:
        """Look at what a place says that a step goes to."""
        self._screen.take_place_of_lesson(place)

    @property
    def results(self) -> tuple[StepResult, ...]:
        """How the predictions went whose answers are in, in the order of the steps."""
        return tuple(
            StepResult(
                step,
                tuple(each.given for each in attempt.tries),
                tuple(each.grade for each in attempt.tries),
            )
            for step, attempt in sorted(self._attempts.items())
            if attempt.settled and attempt.tries
        )

    @property
    def known(self) -> StepFacts | None:
        """What is known of the step; None until its actions are done."""
        return self._facts

    @property
    def _now(self) -> LessonStep:
        """The step."""
        return self.plan.lesson.steps[self.step]

    @property
    def _show(self) -> Show:
        """What the step shows."""
        return self._show_of(self.step)

    def _show_of(self, step: int) -> Show:
        """Return what a step shows, zoomed by its actions or not."""
        steps, zoomed = self.plan.lesson.steps, False
        for each in steps[: step + 1]:
            zoomed = each.zooms(zoomed)
        show = steps[step].show
        return replace(show, zoom=zoomed, big=show.big or steps[step].named("big"))

    @property
    def _attempt(self) -> _Attempt:
        """What has been answered in this step."""
        return self._attempts.setdefault(self.step, _Attempt())

    @property
    def open(self) -> bool:
        """Whether an answer is awaited."""
        known = self._facts is not None and not self._facts.problem
        return self._now.ask is not None and known and not self._attempt.settled and not self._ended

    @property
    def waits(self) -> bool:
        """Whether the actions of the step are being done, so that no key may move the run."""
        return self._facts is None and self.player.busy and not self._ended

    # ---------------------------------------------------------------- snapshots

    def takes(self, snapshot: Snapshot) -> bool:
        """Go on with the actions of the step; return whether the snapshot is to be drawn.

        It is not where it may show what will be asked for.
        """
        self.player.take(snapshot)
        if self._facts is None:
            self._find_out(snapshot)
        else:
            self._off_path = snapshot.running or self.player.left(snapshot)
        self._refresh()
        asks = self._now.ask is not None and not self._attempt.settled
        on_its_way = snapshot.training or snapshot.seeking is not None
        return on_its_way or self._facts is not None or not asks

    def _find_out(self, snapshot: Snapshot) -> None:
        """Take what is said and asked once all is done; or what has gone wrong."""
        player = self.player
        if player.busy or player.step != self.step:
            return
        found = player.evaluated
        if player.error is not None or found is None:
            self._note = str(player.error or "stopped on the way there: esc goes to the step")
            self._off_path = True
            return
        seed = None if self.plan.lesson.checkpoint else snapshot.settings.seed
        self._facts = facts_of(self._now, found, snapshot.steps, seed)
        if self._facts.problem:
            self._ungraded.add(self.step)
        self.typing = self.open
        self._refresh()
        self.show_again()

    # ---------------------------------------------------------------- keys

    def key(self, key: str, character: str | None, *, in_focus: bool) -> bool:
        """Take a key if it is one for the lesson; return whether it was.

        Args:
            key: its name in Textual.
            character: the character that it types; None for none.
            in_focus: the panel ``lesson`` has the focus.
        """
        turns = key in ("pageup", "pagedown")
        # A step gives the focus to the panel that it shows; the same keys go on turning.
        shown = self._facts is not None  # else it was stopped on the way to the step
        turning = in_focus or self._ended or self._turning or (self.typing and self.open)
        turning |= not shown
        if key == "pageup" and not self.step and not in_focus and not self._ended:
            turning = False  # there is none before: it is the main screen's
        if self._turning and not turns:
            self._turning = False
            self._changed()
        self._turning = turns and turning
        if self._turning:
            self.on() if key == "pagedown" else self.back()
            return True
        if self.waits:  # for the question, which comes
            return self._is_answered_early() and self._type(key, character)
        if not self.open or not (self.typing or in_focus):
            return False
        if self._field.asked == "timestep" and key in ("left", "right"):
            self._screen.move_timestep_of_answer(1 if key == "right" else -1)
            return True
        return self._type(key, character)

    def _type(self, key: str, character: str | None) -> bool:
        """Give a key to the field; return whether it is one for it."""
        if not self._field.key(key, character):
            return False
        self.typing, self._note = self.open, ""
        self._changed()
        return True

    def _is_answered_early(self) -> bool:
        """Return whether what is typed before there is a question is its answer."""
        return self._now.ask is not None and not self._attempt.settled

    def paste(self, text: str, *, in_focus: bool) -> bool:
        """Take a pasted text if the field has the keys; return whether it has."""
        early = self.waits and self._is_answered_early()
        if not early and (not self.open or not (self.typing or in_focus)):
            return False
        self._field.paste(text)
        self._changed()
        return True

    def clicked(self) -> None:
        """Give the keys of the answer to the field, if one is awaited."""
        if self.open:
            self.typing = True
            self._changed()

    def timestep_selected(self, t: int) -> None:
        """Take a timestep that was selected for the answer, if one is asked for."""
        if self.open and self._field.asked == "timestep":
            self._field.text = str(t)
            self._changed()

    def pressed_enter(self) -> None:
        """Answer, begin to, or go on."""
        if self._facts is None and not self._ended:
            return
        if not self.open:
            if not self._ended:
                self.on()
        elif not self.typing:
            self.clicked()
        else:
            self._answer()

    def pressed_escape(self) -> bool:
        """Give the keys back; return whether the field had them."""
        had, self.typing = self.typing, False
        if had:
            self._changed()
        return had

    def _answer(self) -> None:
        """Grade what was typed, if it can be an answer."""
        ask, facts = self._now.ask, self._facts
        assert ask is not None
        assert facts is not None
        text = self._field.text
        self._note = wrong_form(ask.kind, text, facts.steps)
        if not self._note:
            attempt = self._attempt
            attempt.tries = (*attempt.tries, graded(ask, facts, text))
            right = attempt.tries[-1].grade != "off"
            most = TRIES if facts.hint and len(ask.choices) != 2 else 1
            attempt.settled = right or len(attempt.tries) >= most
            self._field.text = ""
            if attempt.settled:
                self.typing, self._turning = False, True
                self.plan.progress(self.step, self.results)
        self._changed()

    # ---------------------------------------------------------------- what is shown

    def _changed(self) -> None:
        """Draw what a key has changed."""
        self._refresh()
        self._screen.draw_lesson()

    def _refresh(self) -> None:
        """Make the view and what is covered anew."""
        covered = self.covered = self._covered()
        view = self._view()
        if covered.numbers:
            view = replace(
                view,
                say=covered_text(view.say, covered),
                question=covered_text(view.question, covered),
                hint=covered_text(view.hint, covered),
                choices=tuple(covered_text(each, covered) for each in view.choices),
            )
        self.view = view

    def _covered(self) -> Covered:
        """Return what is not to be seen yet."""
        ask = self._now.ask
        known = self._facts
        if ask is None or self._attempt.settled or self._ended or (known and known.problem):
            return Covered()
        numbers = () if known is None else known.numbers
        names = (*((ask.answer,) if ask.kind == "number" else ()), *ask.hides)
        return Covered(numbers, names, ask.hides_panels)

    def _view(self) -> LessonView:
        """Return what the panel shows."""
        lesson, step, attempt = self.plan.lesson, self._now, self._attempt
        heading = f"{self.plan.name} · {lesson.title}"
        if self._ended:
            return LessonView(heading, "the end", say=self._sum_up(), ended=True)
        facts, ask = self._facts, step.ask
        known = facts if facts is not None else StepFacts()
        settled = attempt.settled
        return LessonView(
            heading,
            step.title,
            f"step {self.step + 1} of {len(lesson.steps)}",
            known.say,
            known.question,
            ask.kind if ask is not None else "",
            known.choices,
            self._field.text,
            open=self.open,
            typing=self.typing,
            tries=attempt.tries,
            right=known.right_text if settled else "",
            hint=known.hint if attempt.tries and not settled else "",
            reveal=known.reveal if settled else "",
            busy=facts is None and not self._note,
            off_path=self._off_path,
            turns=self.step > 0 and self._turning,
            last=self.step + 1 == len(lesson.steps),
            problem=self._note or known.not_graded,
            otherwise=known.otherwise(told=ask is None or settled or bool(known.problem)),
            mark=step.show.mark,
            dim=step.show.dim,
        )

    def _sum_up(self) -> str:
        """Return the paragraphs of the end."""
        results = self.results
        asked = sum(step.ask is not None for step in self.plan.lesson.steps) - len(self._ungraded)
        lines = ["This was the last step."]
        if asked:
            first = sum(each.right_at_first for each in results)
            later = sum(each.right for each in results) - first
            second = f", {later} at the second try" if later else ""
            lines = [f"{first} of {asked} predictions were right at the first try{second}."]
        if without := len(self._ungraded):
            lines.append(f"{without} could not be graded: no one answer was right.")
        return "\n".join([*lines, *self.plan.sum_up(results)])

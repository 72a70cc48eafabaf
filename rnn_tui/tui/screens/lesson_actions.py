"""Keys of a lesson, and what the main screen does for one; nothing where there is none."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import events
from textual.actions import parse
from textual.geometry import Region

from rnn_tui.tui.draw_context import THINGS
from rnn_tui.tui.key_bindings import KEYS
from rnn_tui.tui.key_order import Question
from rnn_tui.tui.panel_spec import hidden_panels
from rnn_tui.tui.parameter_names import parameter_name
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.desk_actions import DeskActions

if TYPE_CHECKING:
    from rnn_tui.lessons.lesson import Show
    from rnn_tui.places.place_line import PlaceLine
    from rnn_tui.session.snapshot import Snapshot
    from rnn_tui.tui.lesson.guide import LessonGuide
    from rnn_tui.tui.lesson.presentation import PresentationGuide
    from rnn_tui.tui.lesson.room import LessonRoom
    from rnn_tui.tui.lesson.view import Covered, LessonView
    from rnn_tui.tui.presented_view import PresentedView
    from rnn_tui.tui.screens.place_looking import Look

LESSON = "lesson"
MOVES = (
    "go", "back_by", "go_to", "go_to_newest", "continue", "back_to_stop", "run_to", "run_or_pause",
    "what_if", "enter", "clear_ghosts", "restart", "undo_step", "settings", "bookmarks", "swap",
    "play", "breakpoints",
)  # fmt: skip
"""Actions that move or change the run; while a lesson does so itself, nobody else does."""
TYPED = "+-−.,%"  # besides digits, what an answer begins with
ON_ITS_WAY = "one moment: the lesson is on its way to this step"
UNSEEN_SECONDS = 1.5  # after which enter counts, whatever the link says of what was seen
_TEXTUAL = {
    "pgup": "pageup", "pgdn": "pagedown", "esc": "escape", "[": "left_square_bracket",
    "]": "right_square_bracket", "+": "plus", "-": "minus", ",": "comma", ".": "full_stop",
    "*": "asterisk", ";": "semicolon",
}  # fmt: skip


class LessonActions(DeskActions):
    """What the keys do while there is a lesson.

    Attributes:
        lesson: guides through it; None where there is none.
        awaits_lesson: whether there will be one, as soon as the session works.
    """

    lesson: LessonGuide | None = None
    awaits_lesson = False
    _early_keys: tuple[tuple[str, str | None], ...] = ()  # typed before there was a lesson
    _lesson_news: Question | None = None  # what enter has brought, until it was seen
    _lesson_news_since = 0.0
    _lesson_looks_at: tuple[object, ...] = ()

    @property
    def _in_lesson(self) -> bool:
        """Whether the panel of the lesson has the focus."""
        return self.selection.panel == LESSON

    def on_key(self, event: events.Key) -> None:
        """Hand a key to the lesson, which may take it; else it is that of the main screen.

        Textual calls this method of the other classes, too.
        """
        if self.awaits_lesson and _is_for_lesson(event):
            self._early_keys = (*self._early_keys, (event.key, event.character))
            _end(event)
        if self.lesson is None or self.selection.prefix:
            return
        if self.lesson.key(event.key, event.character, in_focus=self._in_lesson):
            if self.lesson.presents:
                self.stop_play()  # it is not for the slide that one comes back to
            event.stop()
        elif self._comes_too_early(event.key):
            _end(event)
            self._show_notice(ON_ITS_WAY)

    def _comes_too_early(self, key: str) -> bool:
        """Return whether a key would move the run while the lesson does."""
        lesson = self.lesson
        if lesson is None or not lesson.waits:
            return False
        if key.isdigit():
            return not lesson.presents
        stops = key in ("space", "f5") and self.session.latest.running
        return _moves(key) and not stops

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted answer."""
        if self.lesson is not None and self.lesson.paste(event.text, in_focus=self._in_lesson):
            event.stop()

    def on_click(self, event: events.Click) -> None:
        """Give the keys of the answer to its field."""
        if self.lesson is not None and event.widget is not None and event.widget.id == LESSON:
            self.lesson.clicked()

    def action_enter(self) -> None:
        """Answer, or go on; on a chart with a cursor, and after a what-if of one's own, as ever."""
        lesson = self.lesson
        if lesson is None or (self._enter_is_own() and not lesson.typing):
            super().action_enter()
            return
        self._take_count()
        if self._passes_over_news():
            return
        shown = lesson.view
        lesson.pressed_enter()
        if lesson.view.tries != shown.tries or lesson.view.place != shown.place:
            self._lesson_news, self._lesson_news_since = Question(self), time.monotonic()

    def _passes_over_news(self) -> bool:
        """Return whether ``enter`` was typed twice, or held: what it has brought was not seen."""
        news, since = self._lesson_news, self._lesson_news_since
        soon = time.monotonic() - since < UNSEEN_SECONDS
        return news is not None and soon and not news.answered_in_knowledge()

    def _enter_is_own(self) -> bool:
        """Return whether ``enter`` is about what the user looks at or has tried beside a lesson."""
        panel = self.selection.panel
        tried = self.lesson is not None and self.lesson.view.off_path
        tried = tried and self.session.latest.what_if is not None
        on_chart = panel == "loss" and self.selection.chart_view(panel).cursor is not None
        return tried or on_chart or panel == "theirs"

    def action_operation(self, direction: int) -> None:
        """Turn slides in a presentation; else see `SelectionActions`."""
        guide = self.presentation
        if guide is None or guide.away:
            super().action_operation(direction)
            return
        self.stop_play()
        if said := guide.turn(-direction * self._take_count()):
            self._show_notice(said)
        else:
            self._frames.draw_after_key()

    @property
    def presentation(self) -> PresentationGuide | None:
        """What guides through slides; None where there are none."""
        if self.lesson is None or not self.lesson.presents:
            return None
        from rnn_tui.tui.lesson.presentation import PresentationGuide

        assert isinstance(self.lesson, PresentationGuide)
        return self.lesson

    def slide_words(self) -> str:
        """Return which slide is shown; "" outside presentations."""
        return "" if self.presentation is None else self.presentation.words

    def with_lesson(self, view: PresentedView) -> PresentedView:
        """Return the presenter's view with what followers see of the lesson: not the notes."""
        lesson = self.lesson
        if lesson is None:
            return view
        room = lesson.room if lesson.view.question else None
        shown = replace(lesson.view, say="")
        return replace(
            view, slide=self.slide_words(), lesson=shown, covered=lesson.covered, room=room
        )

    def _leave_or_come_back(self, guide: PresentationGuide) -> None:
        """Leave the slides of a presentation, or come back to the one that was left."""
        if guide.away or guide.come_back():
            if guide.away:
                guide.enter(guide.step)
        elif self._looked_at() != self._lesson_looks_at:
            guide.show_again()
        else:
            guide.leave()
            if self.selection.big:
                self.show_big("")

    def action_escape(self) -> None:
        """Pause, or come back to the lesson's place, or give back the keys of the answer."""
        lesson, snapshot = self.lesson, self.session.latest
        busy = snapshot.running or snapshot.number <= self._moved_at
        if (
            lesson is None
            or self.selection.prefix
            or self.selection.pointing
            or busy
            or self.playing_words()
        ):
            super().action_escape()
        elif (guide := self.presentation) is not None and not guide.typing:
            self._leave_or_come_back(guide)
        elif lesson.come_back():
            return
        elif self._looked_at() != self._lesson_looks_at:
            lesson.show_again()
        elif not lesson.pressed_escape():
            self._frames.draw_after_key()

    def _select_timestep(self, t: int) -> None:
        """Select timestep `t`, which is an answer where one is asked for."""
        super()._select_timestep(t)
        if self.lesson is not None:
            self.lesson.timestep_selected(min(max(t, 1), self.session.latest.steps))

    def _hidden_panels(self) -> dict[str, str]:
        """Return the panels that have nothing to show, and why."""
        return hidden_panels(self.session.latest, lesson=self.lesson is not None)

    # ---------------------------------------------------------------- what a lesson does

    def _lesson_shown(self) -> tuple[LessonView | None, Covered | None]:
        """Return what is shown of the lesson, and what is not to be seen."""
        if self.lesson is None:
            return None, None
        return self.lesson.view, self.lesson.covered

    def _lesson_has_pages(self, regions: Mapping[str, Region]) -> bool:
        """Return whether the text of the lesson has no room on one page."""
        region = regions.get(LESSON)
        if self.lesson is None or region is None:
            return False
        from rnn_tui.tui.panels.lesson import page_count

        return page_count(self.lesson.view, region.width, region.height - 1) > 1

    def _lesson_room(self) -> LessonRoom | None:
        """Return what says how many lines the lesson needs; None for no place."""
        return None if self.lesson is None else self.lesson.room

    def begin_lesson(self, lesson: LessonGuide) -> None:
        """Play a lesson from now on."""
        self.lesson, self.awaits_lesson = lesson, False
        self._other_panel = "timestep"
        lesson.begin()
        taken = [lesson.key(*each, in_focus=False) for each in self._early_keys]
        if not all(taken):
            self._show_notice(ON_ITS_WAY)

    def show_for_lesson(self, show: Show) -> None:
        """Look at what a step shows."""
        for name, value in show.looking:
            self._look_at(name, value)
        self._zoomed = show.zoom
        self.selection = replace(self.selection, operation=0)
        self.selection = replace(self.selection, big="")
        self.focus_panel(show.panel or self._shown_panel())
        for big in THINGS:
            if big == show.big:
                self.show_big(big)
        self._lesson_looks_at = self._looked_at()

    def _shown_panel(self) -> str:
        """Return the panel that was looked at last, beside the lesson."""
        panel = self.selection.panel
        return self._other_panel if panel == LESSON else panel

    def _looked_at(self) -> tuple[object, ...]:
        """Return what is looked at, as far as ``esc`` brings it back."""
        if self.presentation is not None:  # a slide looks as it did, all of it
            return (self.look(),)
        panel, request = self.selection.panel, self._request
        view = self.selection.chart_view(panel)
        return panel, self._zoomed, request.t, request.layer, view, self.selection.big

    def keep_axes(self) -> Callable[[], None]:
        """Return what gives the charts the axes that they have now."""
        return self._chart_cache.ranges.kept()

    def keep_look(self) -> ScreenLook:
        """Return how the run is looked at."""
        return ScreenLook(self, self.look())

    def take_place_of_lesson(self, place: PlaceLine) -> None:
        """Look at what a place says is looked at.

        Raises:
            PlaceError: the run has no such thing.
        """
        if place.looking:
            from rnn_tui.tui.screens.place_looking import check_of, look_of

            snapshot = self.session.latest
            look = look_of(snapshot, place.looking, lesson=True, before=self.look())
            self.look_at(look)
            if (check := check_of(snapshot, place.looking)) is not None:
                self.session.send(check)

    def press_for_lesson(self, key: str) -> None:
        """Press a key that changes what is looked at, with the count before it."""
        name = key.lstrip("0123456789")
        found = next((each for each in KEYS if _names(name) & {*each.keys.split(",")}), None)
        if found is None or found.action == "escape":
            return
        count = key.removesuffix(name)
        self.selection = replace(self.selection, prefix=count)
        _, action, parameters = parse(found.action)
        getattr(self, f"action_{action}")(*parameters)

    def _look_at(self, name: str, value: str) -> None:
        """Look at one thing that a step shows; see `rnn_tui.places.looking`."""
        snapshot, selection = self.session.latest, self.selection
        if name == "unit":
            self.selection = selection_moves.move_unit(
                snapshot, selection, int(value) - 1 - selection.unit
            )
        elif name == "shown":
            t = int(value.removeprefix("t="))
            self._send_request(t=selection_moves.timestep_to_request(snapshot, t))
        elif name in ("layer", "sample"):
            self._send_request(**{name: int(value) - (name == "sample")})
        elif name == "weight":
            names = (parameter_name(snapshot, k) for k in range(snapshot.optimizer.parameters.size))
            found = next((k for k, each in enumerate(names) if each == value), None)
            if found is not None:
                self.selection = replace(selection, parameter=found)
        elif name == "panel":
            self.focus_panel(value)
        elif name == "zoom":
            self._zoomed = True
        elif name == "variant":
            panel, _, variant = value.partition("=")
            others = tuple(each for each in selection.variants if each[0] != panel)
            self.selection = replace(selection, variants=(*others, (panel, variant)))

    def move_timestep_of_answer(self, direction: int) -> None:
        """Select the timestep beside the selected one, or that at the end of the window again."""
        snapshot = self.session.latest
        here = self._request.t or snapshot.t
        self._select_timestep(min(max(here + direction, 1), snapshot.steps))

    def draw_lesson(self) -> None:
        """Draw what has changed of the lesson."""
        self._frames.draw_after_key()


def _moves(key: str) -> bool:
    """Return whether a key, by its name in Textual, may move or change the run."""
    return any(
        key in each.keys.split(",") and each.action.partition("(")[0] in MOVES for each in KEYS
    )


def _is_for_lesson(event: events.Key) -> bool:
    """Return whether a key may begin an answer, or moves the run."""
    return event.key.isdigit() or _moves(event.key) or (event.character or " ") in TYPED


def _end(event: events.Key) -> None:
    """Let nobody else take a key."""
    event.stop()
    event.prevent_default()


@dataclass(frozen=True, slots=True)
class ScreenLook:
    """How the run was looked at on a screen; see `rnn_tui.tui.lesson.guide.KeptLook`."""

    screen: LessonActions
    look: Look

    def again(self) -> None:
        """Look at the run so again."""
        self.screen.look_at(self.look)

    def carried(self, before: Snapshot, snapshot: Snapshot) -> ScreenLook:
        """Return the same in another network."""
        selection = selection_moves.carried_selection(before, snapshot, self.look.selection)
        return ScreenLook(self.screen, replace(self.look, selection=selection))


def _names(key: str) -> set[str]:
    """Return the names in Textual of a key as a lesson writes it."""
    return {_TEXTUAL.get(key, key)}

"""Display at the pace of the link: what it has no room for is not sent, and drawn anew later."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from textual import events
from textual.screen import Screen

from rnn_tui.tui.key_order import OrderedKeys, Question
from rnn_tui.tui.link import Link, LinkSetting
from rnn_tui.tui.output_diff import OutputDiff
from rnn_tui.tui.terminal_answers import Answer, StringReport

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rnn_tui.tui.terminal_driver import TerminalDriver


class PacedDisplay(OrderedKeys):
    """An app whose displays wait for room in the link; all that the user does goes on meanwhile.

    Attributes:
        link: the link to the terminal.
        output_diff: what has been sent to the terminal.
    """

    def __init__(self, link: Link) -> None:
        """Display at the pace of `link`."""
        self.link = link
        self.output_diff = OutputDiff()
        super().__init__()
        self._held = False  # a display had no room, so that all of the screen may be out of date
        self._drawn: list[tuple[int, Question]] = []  # in which display; until they are seen
        self._look: asyncio.TimerHandle | None = None

    def room_came(self) -> None:
        """Start the frame that waits for room, if one does."""

    def frames_go_on(self) -> bool:
        """Return whether frames are to be displayed without a key."""
        return False

    @property
    def _terminal(self) -> TerminalDriver | None:
        """The driver, if it is one that hands over the terminal's answers."""
        driver: Any = self._driver
        return driver if hasattr(driver, "write_directly") else None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Display, and end with a query that the terminal answers; or hold the display back."""
        terminal = self._terminal
        if renderable is None or self._batch_count:
            super()._display(screen, renderable)
        elif terminal is None:
            super()._display(screen, renderable)
            self.link.displayed_without_query()
            self._note_answered()
        elif not self.link.has_room_for_key():
            self._held = True
            self.post_display_hook()
            self._look_later()
        else:
            if self._held:  # what is displayed now may be only a part of what is to be drawn
                self._held = False
                renderable = self._whole_screen()
            before = terminal.bytes_written
            super()._display(screen, renderable)
            # Also where nothing was sent, since all was there: questions wait for an answer.
            if terminal.bytes_written > before or self._drawn:
                self._ask(self.link.displayed(terminal.bytes_written - before))
                self._note_answered()
            self._look_later()

    def _whole_screen(self) -> RenderableType | None:
        """Render all of the screen."""
        stack = self._background_screens
        return self.screen._compositor.render_update(full=True, screen_stack=stack)

    def note_drawn(self, questions: list[Question]) -> None:
        """Note in which display questions have been drawn; its answer says that they are seen."""
        self._drawn += [(self.link.displays + 1, question) for question in questions]

    def _note_answered(self) -> None:
        """Note which questions the user has seen by now."""
        seen = [question for display, question in self._drawn if display <= self.link.seen]
        self._drawn = [(display, each) for display, each in self._drawn if display > self.link.seen]
        self.note_seen(seen)

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; a key tells that the link is alive."""
        if isinstance(event, events.Key):
            self.link.heard()
        await super().on_event(event)

    def _ask(self, query: str) -> None:
        """Send a query; one that moves the cursor is noted."""
        if query and self._terminal is not None:
            self._terminal.write_directly(query)
            if query.endswith("6n"):
                self.output_diff.forget_cursor()

    def take_answers(self, answers: list[Answer], at: float) -> None:
        """Take answers of the terminal, read `at`, and display what has waited for them."""
        for query in self.note_answers(answers, at):
            self._ask(query)
        self._note_answered()
        if self._terminal is not None:
            self._terminal.escape_patience = self.link.escape_patience
        self._display_held()

    def note_answers(self, answers: list[Answer], at: float) -> list[str]:
        """Tell the link of answers; return what it asks then."""
        reports = [answer for answer in answers if not isinstance(answer, StringReport)]
        return [self.link.answered(report, at) for report in reports]

    def set_link(self, setting: LinkSetting) -> None:
        """Measure the link, or take it for what the user says."""
        self.link.setting = setting
        self._display_held()

    def _display_held(self) -> None:
        """Display all that was held back and start the frame that waits, if there is room."""
        if self._held and self.link.has_room_for_key() and self.is_running and self._screen_stack:
            self._display(self.screen, self._whole_screen())
        self.room_came()
        self._look_later()

    def _look_later(self) -> None:
        """Look at the link again when there may be room or a probe is due, without an answer."""
        if self._look is not None:
            self._look.cancel()
            self._look = None
        seconds = self.link.seconds_to_wait()
        if seconds is not None and self._terminal is not None:
            self._look = asyncio.get_running_loop().call_later(seconds, self._look_now)

    def _look_now(self) -> None:
        """Send a probe if one is due, and display what was held back if there is room.

        Where nothing waits for an answer none is asked for again: paused and untouched, the
        program sends nothing.
        """
        self._look = None
        if not (self._held or self._drawn or self.frames_go_on()):
            return
        with self._context():
            self._ask(self.link.probe())
            self._note_answered()
            self._display_held()

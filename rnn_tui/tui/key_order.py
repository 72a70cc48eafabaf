"""Keys in the order in which they were typed, also where they arrive in one packet.

Textual hands every key at once to the widget that has the focus at that moment. Of keys in one
packet, those after one that opens a dialog were lost, and those after one that closes it too. Here
they wait until it is open or closed. A dialog takes a moment, so this also holds for quick typing.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen

from rnn_tui.tui.key_bindings import OPENING_KEYS

if TYPE_CHECKING:
    from rich.console import RenderableType

PATIENCE = 5.0  # seconds that keys wait at most: for a dialog that fails to open
POLL_SECONDS = 0.01  # between looks whether a widget that is waited for has been removed


class Question:
    """A question to the user, which is not answered by keys that were typed before it was seen.

    Attributes:
        seen_at: when it was certainly seen; Textual's clock.
    """

    def __init__(self, screen: Screen[Any]) -> None:
        """Be a question that `screen` is about to draw."""
        self._app = screen.app
        self.seen_at = math.inf
        if isinstance(self._app, OrderedKeys):
            self._app.undrawn.append(self)

    def answered_in_knowledge(self) -> bool:
        """Return whether the key whose action is being called was typed after it was seen."""
        return not isinstance(self._app, OrderedKeys) or self._app.typed_at > self.seen_at


class OrderedKeys(App[None]):
    """An app that hands out the keys after one that may open or close a screen once that is done.

    Attributes:
        typed_at: when the key was typed whose action is being called; Textual's clock.
        undrawn: questions that have not been drawn yet.
    """

    def __init__(self) -> None:
        super().__init__()
        self.undrawn: list[Question] = []
        self._shown: Screen[Any] | None = None  # the screen that was drawn last
        self._shown_since = 0.0
        self.typed_at = math.inf
        self._waiting: deque[events.Key | events.Paste] = deque()
        self._settling: asyncio.Task[None] | None = None

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; a key or pasted text waits if an earlier key is not done yet."""
        if isinstance(event, events.Key):
            self.typed_at = event.time
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._settling is not None:
            self._waiting.append(event)
        else:
            await self._hand_out(event)

    async def _hand_out(self, event: events.Key | events.Paste) -> None:
        """Hand out a key or a text; have later ones wait if it may open or close a screen."""
        before = self._screens()
        taker = self.focused or before[-1] if before else None
        if isinstance(event, events.Key):
            self.typed_at = event.time
        await super().on_event(event)
        if taker is not None and isinstance(event, events.Key) and self._may_matter(event, before):
            self._settling = asyncio.create_task(self._settled(taker, before, event.key))

    def _may_matter(self, event: events.Key, before: list[Screen[Any]]) -> bool:
        """Return whether a key may open or close a screen: most of the main screen do not."""
        if len(before) == 1:
            return event.key in OPENING_KEYS
        from textual.widgets import Input  # a dialog has imported it

        return not (isinstance(self.focused, Input) and event.is_printable)

    def _screens(self) -> list[Screen[Any]]:
        """Return the open screens; none before the first."""
        try:
            return self.screen_stack
        except KeyError:
            return []

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Draw; from then on, questions are seen."""
        drawn: list[Question] = []
        if renderable is not None and not self._batch_count:
            if screen is not self._shown:
                self._shown, self._shown_since = screen, events.Event().time
            drawn, self.undrawn = self.undrawn, []
        super()._display(screen, renderable)
        self.note_drawn(drawn)

    def note_drawn(self, questions: list[Question]) -> None:
        """Note that questions have been drawn; unless a class knows better, that is to be seen."""
        self.note_seen(questions)

    def note_seen(self, questions: list[Question]) -> None:
        """Note that questions have been seen: keys from now on may answer them."""
        for question in questions:
            question.seen_at = events.Event().time

    # ---------------------------------------------------------------- waiting

    async def _settled(self, taker: DOMNode, before: list[Screen[Any]], key: str) -> None:
        """Wait until all has been done that follows from a key; then hand out those that wait.

        Args:
            taker: the widget or screen that has been given the key.
            before: the screens that were open then.
            key: its name.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                # To the app the key itself, then what its action has posted.
                for pump in (*taker.ancestors_with_self, *taker.ancestors_with_self):
                    await self._has_caught_up(pump)
                top: Screen[Any] | None = before[-1]
                while self._screens() and self.screen is not top:
                    top = self.screen
                    await self._has_caught_up(top)  # it is mounted, and has asked for the focus
                    await self._has_caught_up(self)  # its widget has it
        closed = len(self._screens()) < len(before)
        self.call_later(self._hand_out_waiting, key if closed else "")

    async def _has_caught_up(self, pump: MessagePump) -> None:
        """Wait until `pump` has dealt with the messages that wait now; not if it is closed."""
        done = asyncio.Event()
        # What a closed dialog returns is dealt with as the next thing after a message.
        then = done.set if pump is not self else lambda: self.call_next(done.set)
        if not pump.call_later(then):
            return
        while not (done.is_set() or pump._closing or pump._closed):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), POLL_SECONDS)

    async def _hand_out_waiting(self, closing: str) -> None:
        """Hand out the keys that wait, until one of them is to be waited for.

        Args:
            closing: the key that has closed a dialog, if it has: pressed again before the screen
                below was drawn, it means nothing to that.
        """
        self._settling = None
        while closing and self._waiting and _name(self._waiting[0]) == closing:
            if self._shown is self.screen and self._waiting[0].time > self._shown_since:
                break
            self._waiting.popleft()
        while self._waiting and self._settling is None:
            await self._hand_out(self._waiting.popleft())


def _name(event: events.Key | events.Paste) -> str:
    """Return the name of a key; none for a text."""
    return event.key if isinstance(event, events.Key) else ""

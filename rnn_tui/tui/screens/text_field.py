"""The text field of all dialogs."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.filter import LineFilter
from textual.widgets import Input

LONGEST = 4096
"""Characters of what is typed, unless a field takes fewer: those of a path."""


class TextField(Input):
    """A field in which every key does its work in the order of typing.

    In Textual a letter is inserted by the field at once, while a key such as backspace first goes
    up to the app and comes back as an action. Typed in one packet, ``6⌫7`` would lose the 7.

    Its cursor does not blink: nothing is sent while nothing happens.
    """

    def __init__(
        self,
        value: str = "",
        *,
        id: str,
        placeholder: str = "",
        max_length: int = LONGEST,
        select_on_focus: bool = True,
    ) -> None:
        """Make a field of one line, without a border, of at most `max_length` characters.

        Textual's `compact` would compute all styles once more, a third of the time of a form.
        """
        super().__init__(
            value,
            placeholder,
            id=id,
            max_length=max_length,
            select_on_focus=select_on_focus,
        )
        self.set_reactive(Input.compact, True)
        self.add_class("-textual-compact", update=False)

    def validate(self, value: str) -> None:
        """Leave the classes as they are: what is wrong is found by the dialog."""

    def on_mount(self) -> None:
        """Keep the cursor still."""
        self.cursor_blink = False

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what a rendered line is put through: in ASCII, typed characters stay different."""
        from rnn_tui.tui.ascii_filter import AsciiFilter, TypedTextFilter

        filters = super().get_line_filters()
        return [TypedTextFilter() if isinstance(each, AsciiFilter) else each for each in filters]

    async def _on_key(self, event: events.Key) -> None:
        actions = [
            binding.action
            for binding in self._bindings.key_to_bindings.get(event.key, ())
            if not binding.priority
        ]
        if event.is_printable or not actions:
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        self._restart_blink()
        await self.run_action(actions[0])

"""What all screens that open over the main one share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from textual.await_complete import AwaitComplete
from textual.events import Click
from textual.screen import ModalScreen

from rnn_tui.tui.error_boundary import ErrorBoundary

if TYPE_CHECKING:
    from textual.widgets import OptionList as AnyOptionList
else:
    AnyOptionList = object  # for Textual's style sheets a class has one base

Result = TypeVar("Result")
NARROW = 76  # columns


class ClosesOnce(ErrorBoundary):
    """Of a dialog: it closes once however often it is asked to, and after an error."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close this dialog, with what lies over it; one that is closed already stays so.

        A key that is pressed twice arrives twice before the first has closed the dialog. Textual
        would close the screen below for the second.
        """
        if self not in self.app.screen_stack:
            return AwaitComplete()
        self._close_above()
        closing: AwaitComplete = super().dismiss(result)
        return closing

    def _close_above(self) -> None:
        """Close what lies over this dialog, at once: Textual's method does it later."""
        while self.app.screen is not self:
            self.app.pop_screen()

    def failed(self, error: Exception) -> None:
        """Close this dialog without a result; the main screen says why.

        Where it is closed already, a message came too late to find what it was for.
        """
        main, *above = self.app.screen_stack
        if self not in above:
            return
        self._close_above()
        self.app.pop_screen()
        where = type(self).__name__
        main.post_message(self.Failed(error, "this dialog had to be closed", where))


class Dialog(ClosesOnce, ModalScreen[Result]):
    """A dialog of this program, in the style that all have."""

    CSS_PATH = "../dialogs.tcss"

    def on_resize(self) -> None:
        """Take the whole width of a narrow terminal, where the main screen shows one thing.

        A class that wide ones have, too, would have all styles computed twice.
        """
        self.set_class(self.app.size.width < NARROW, "-narrow")


class PagesAnywhere(AnyOptionList):
    """Of a list of options: pages where there is no room, clicks on what has just gone."""

    async def _on_click(self, event: Click) -> None:
        """Do nothing where the option that was clicked is no longer there."""
        option = event.style.meta.get("option")
        if option is not None and option >= self.option_count:
            event.prevent_default()

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        """Move by a page, or by one option where Textual knows no lines yet."""
        if not self.scrollable_content_region.height or self.highlighted not in self._index_to_line:
            (self.action_cursor_down if direction > 0 else self.action_cursor_up)()
        else:
            super()._move_page(direction)

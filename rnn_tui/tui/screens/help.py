"""The help: what is on the panel in focus, the keys, and what stands everywhere."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll

from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.help_sections import everywhere, following, keys
from rnn_tui.tui.help_text import Section, lay_out
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panel_help import written
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panel_widget import LinesWidget
from rnn_tui.tui.screens.dialog import Dialog

TWO_COLUMNS = 110  # columns of the terminal from which on the help has two


class HelpScreen(Dialog[None]):
    """The help, which scrolls; esc, ? or q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "close"),
    ]

    def __init__(self, context: DrawContext) -> None:
        """Explain the panel with the focus in `context`."""
        super().__init__()
        self._drawn = context
        self._laid_out: Lines = ()

    def compose(self) -> ComposeResult:
        """Yield the text in a box whose border says how to close it."""
        with VerticalScroll(id="help") as box:
            box.border_title = "help"
            box.border_subtitle = "esc closes · ↑ ↓ scroll"
            yield LinesWidget(self._part, "help-text")

    def on_resize(self) -> None:
        """Lay the text out for the width there is."""
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        """Lay the text out; only the lines that are seen are rendered."""
        box = self.query_one("#help", VerticalScroll)
        width = box.scrollable_content_region.width
        columns = 2 if self.app.size.width >= TWO_COLUMNS else 1
        self._laid_out = self._lines(width, columns)
        text = self.query_one(LinesWidget)
        text.styles.height = len(self._laid_out)
        text.draw_anew(self._drawn)

    def _part(self, context: DrawContext, width: int, height: int) -> Lines:
        """Return the lines of the text."""
        return self._laid_out

    def _lines(self, width: int, columns: int) -> Lines:
        """Return the text in lines."""
        context = self._drawn
        spec = panel_spec(context.selection.panel)
        left, _ = spec.title(context)
        panel = Section(f"This panel: {left}", written(spec.help(context), ascii=context.ascii))
        words = Section("Everywhere", everywhere(context))
        first, of_keys = following(context), keys(context.guest, bool(context.following))
        if columns == 2:
            return lay_out([panel, words], (*first, *of_keys), width, columns)
        return lay_out([*first, panel, *of_keys, words], (), width, columns)

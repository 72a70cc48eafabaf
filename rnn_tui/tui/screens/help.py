"""The help: what is on the panel in focus, the keys, and what stands everywhere."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.events import Resize

from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.key_bindings import PALETTE_KEY, followers_keys, keys_for
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.panel_help import Sign
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panel_widget import LinesWidget
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.screens.help_text import Section, lay_out

TWO_COLUMNS = 110  # columns of the terminal from which on the help has two


def everywhere(context: DrawContext) -> tuple[Sign, ...]:
    """Return the words and signs that stand on more than one panel, and in the header."""
    classes = context.snapshot.task.labels is not None
    loss = "the mean of −log p of the right class" if classes else "the mean squared error"
    return (
        Sign("BATCH", "the next window: T inputs, T targets"),
        Sign("FORWARD", "timestep by timestep, t=1 to T, each from the h before it"),
        Sign("LOSS", f"{loss}, over what counts in the window"),
        Sign("BACKWARD", "the way back, t=T to 1: backpropagation through time"),
        Sign("CLIP", "the gradient is kept from being too large"),
        Sign("UPDATE", "the optimizer changes the parameters"),
        Sign("many→many", "inputs at many timesteps, and the loss counts at many"),
        Sign("T → 1", "from the last timestep back to the first"),
        Sign("rnn  lstm  gru", "cells: without gates; with three gates and a memory c; with two"),
        Sign("t  T", "a timestep of the window; the last one"),
        Sign("h_7[3]", "a subscript is a time, brackets are a unit: unit 3 of h at timestep 7"),
        Sign("W_h[3,1]", "row 3, column 1 of a parameter"),
        Sign("dh_t", "∂L/∂h_t: how the loss L changes if h_t changes a little"),
        Sign("‖ ‖", "the norm: the root of the sum of squares", "gradient"),
        Sign("σ  tanh", "the logistic function, from 0 to 1; tanh, from −1 to 1"),
        Sign("⊙  ·  ᵀ", "product by entries; product, also of matrices; transposed"),
        Sign("Σ", "the sum"),
        Sign("▸", "here: the row or timestep that the cursor is at", "accent"),
        Sign("·", "not computed yet", "dim"),
        Sign("!  inf  NaN", "not a finite number", "error"),
        Sign("…", "there is more than fits", "dim"),
        Sign("3e−4", "3·10⁻⁴"),
        Sign("with f = 1", "with a what-if in force"),
        Sign("/s", "updates in a second"),
        Sign("lr", "the learning rate"),
        Sign("MiB", "memory of the timeline: how far one can go back"),
        Sign("═ ─", "the title of a panel; double: it has the focus", "title"),
    )


def following(context: DrawContext) -> tuple[Section, ...]:
    """Return what is said of following the presenter: to who follows, and to who is followed."""
    if context.followers is not None:
        meaning = "so many others see what this screen shows, on their own terminals"
        return (Section("You present", (Sign("1 follow", meaning),)),)
    if not context.following:
        return ()
    words = (
        Sign("following the presenter", "what the presenter sees, laid out for your screen"),
        Sign("your own view", "the panel is your choice; what is selected stays the presenter's"),
        Sign("the presenter has left", "the last picture stays, until the presenter comes back"),
    )
    return (Section("Following", words, "All keys that are not named below are the presenter's."),)


def keys(guest: bool = False, follows: bool = False) -> tuple[Section, ...]:
    """Return the keys and what they do: those that a number before them repeats, and the others."""
    keys = followers_keys() if follows else keys_for(guest)
    counted = tuple(Sign(key.shown, key.help) for key in keys if key.takes_count)
    others = tuple(Sign(key.shown, key.help) for key in keys if not key.takes_count)
    note = "Digits before one of these repeat it: 5n, 200u, 12s."
    return (
        Section("Keys that count", counted, note),
        Section("More keys", (*others, Sign(PALETTE_KEY, "the palette: all commands"))),
    )


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

    def on_resize(self, event: Resize) -> None:
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
        panel = Section(f"This panel: {left}", spec.help(context))
        words = Section("Everywhere", everywhere(context))
        of_keys = (*following(context), *keys(context.guest, bool(context.following)))
        if columns == 2:
            return lay_out([panel, words], of_keys, width, columns)
        return lay_out([panel, *of_keys, words], (), width, columns)

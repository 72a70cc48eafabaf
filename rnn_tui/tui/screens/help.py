"""The help: the keys, read from the bindings, and a glossary of the screen."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from rnn_tui.tui.ascii_filter import draws_ascii
from rnn_tui.tui.key_bindings import KEYS
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.themes import style_of

_WORDS = (
    ("BATCH", "the next window of the series: T inputs, T targets"),
    ("FORWARD", "timestep by timestep, t=1 to T, each from the h before it"),
    ("LOSS", "the mean squared error of all outputs of the window"),
    ("BACKWARD", "the way back, t=T to 1: backpropagation through time"),
    ("CLIP", "the gradient is kept from being too large"),
    ("UPDATE", "the optimizer changes the parameters"),
    ("dh_t", "∂L/∂h_t: how the loss changes if h_t changes a little"),
    ("h_7[3]", "unit 3 of h at timestep 7; W_h[3,1] is row 3, column 1"),
)


def _scales(cut: str) -> tuple[tuple[str, str], ...]:
    """Return words about full bars; `cut` stands for the rest of a title."""
    return (
        ("full bar", "h, gates: 1; without a bound: the window's largest"),
        (f"bars: {cut}", "all gradients of a window have one scale, of the largest;"),
        ("", "where that hides most of them, log over so many powers of 10"),
        ("!", "not a finite number"),
    )


_SIGNS = (
    ("▁▂▄▆█", "positive entries, and gates: the height is the magnitude"),
    ("⡀⣀⣤⣶⣿", "negative entries, as high as positive ones"),
    ("·", "less than 1/64 of a full bar; elsewhere not computed yet"),
    *_scales("…"),
    ("σ  ⊙  ·  ᵀ", "logistic, product by entries, matrix product, transposed"),
)
_SIGNS_IN_ASCII = (
    (".:=#", "positive entries, and gates: more ink is larger"),
    (",;%@", "negative entries, as large as positive ones"),
    ("_", "less than 1/64 of a full bar; . is not computed yet"),
    *_scales("~"),
    ("*  @  ^T", "product by entries, matrix product, transposed; sigma: logistic"),
    ("+  x  ~", "right answer, wrong answer; here more is cut off"),
)
GLOSSARY = (*_WORDS, *_SIGNS)
GLOSSARY_IN_ASCII = (*_WORDS, *_SIGNS_IN_ASCII)
"""The same where the terminal shows ASCII alone."""


class HelpScreen(Dialog[None]):
    """The help, which scrolls; esc, ? or q closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "close"),
    ]

    def compose(self) -> ComposeResult:
        """Yield the text in a box whose border says how to close it."""
        with VerticalScroll(id="help") as box:
            box.border_title = "help"
            box.border_subtitle = "esc closes · ↑ ↓ scroll"
            yield Static(self._text())

    def _text(self) -> Text:
        """Return the keys and the glossary."""
        theme = self.app.theme
        text = Text()

        def heading(title: str) -> None:
            text.append(f"{title}\n", style_of("title-focus", theme))

        heading("Keys")
        for key in KEYS:
            text.append(f"  {key.shown:<10}", style_of("strong", theme))
            text.append(f" {key.help}")
            text.append(" · counts\n" if key.takes_count else "\n", style_of("dim", theme))
        text.append("  ctrl+p     ", style_of("strong", theme))
        text.append("command palette\n")
        text.append("\n  Digits before a key that counts repeat it: 5n, 200u, 12s.\n\n")
        heading("Words")
        for word, meaning in GLOSSARY_IN_ASCII if draws_ascii(self.app) else GLOSSARY:
            text.append(f"  {word:<10}", style_of("strong", theme))
            text.append(f" {meaning}\n")
        return text

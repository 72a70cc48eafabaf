"""A prompt: type a beginning, as on a phone's keyboard, and see what the network makes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from rnn_tui.predictions import LONGEST_PROMPT, TextRequest, TextSample
from rnn_tui.session.worker import Session
from rnn_tui.tasks.text import shown_character
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.numbers import count
from rnn_tui.tui.panels.prediction_parts import chance
from rnn_tui.tui.panels.text_sample import NEWLINE, flowing, temperature_words, warmer
from rnn_tui.tui.themes import style_of

_LINES = 5  # of the continuation
_EVERY = 0.1  # seconds between two looks at what the network says


class PromptScreen(ModalScreen[float | None]):
    """Every character typed is read by the network from a state of zeros; training goes on.

    It returns the temperature chosen.
    """

    CSS_PATH = "../dialogs.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", priority=True),
        Binding("tab", "accept", "accept the likeliest", priority=True),
        Binding("up", "temperature(1)", "hotter", priority=True),
        Binding("down", "temperature(-1)", "cooler", priority=True),
    ]

    def __init__(
        self, session: Session, wish: TextRequest, tell: Callable[[TextRequest], None]
    ) -> None:
        """`tell` is called with what is wanted of the network, which `session` then answers."""
        super().__init__()
        self._session = session
        self._wish = replace(wish, prompt=())
        self._tell = tell
        self._vocabulary = session.latest.vocabulary or ()
        self._shown: TextSample | None = None
        self._unknown: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """A field, what is wrong with what is in it, the next characters, a continuation."""
        with Vertical(id="prompt") as box:
            box.border_title = "prompt"
            box.border_subtitle = "tab accepts · enter draws anew · ↑ ↓ temperature · esc closes"
            yield Input(id="beginning", compact=True, max_length=LONGEST_PROMPT)
            yield Static(id="unknown", markup=False)
            yield Static(id="next")
            yield Static(id="continuation")

    def on_mount(self) -> None:
        """Ready to be typed in; keep up with the session."""
        self._tell(self._wish)
        self._show()
        self.set_interval(_EVERY, self._show)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Ask again; what the network does not know is named and not read."""
        codes, self._unknown = codes_of(event.value, self._vocabulary)
        if not self._unknown:
            self._ask(replace(self._wish, prompt=codes))
        self._show()

    def on_input_submitted(self) -> None:
        """Another draw of the same network."""
        self._ask(replace(self._wish, draw=self._wish.draw + 1))

    def action_accept(self) -> None:
        """What is likeliest is as if it had been typed."""
        answer = self._session.latest.answer
        field = self.query_one(Input)
        if answer is not None and answer.next and answer.read == self._wish.prompt:
            field.value += typed(answer.symbols[answer.next[0].code])
            field.cursor_position = len(field.value)

    def action_temperature(self, direction: int) -> None:
        """Hotter or cooler."""
        self._ask(replace(self._wish, temperature=warmer(self._wish.temperature, direction)))
        self._show()

    def action_leave(self) -> None:
        """Back, with the temperature."""
        self.dismiss(self._wish.temperature)

    def _ask(self, wish: TextRequest) -> None:
        self._wish = wish
        self._tell(wish)

    def _show(self) -> None:
        """The newest answer; one to an earlier prompt stays until its own is there."""
        unknown = ", ".join(map(repr, self._unknown))
        words = f"the network has never seen {unknown}: take it out" if unknown else ""
        self.query_one("#unknown", Static).update(words)
        answer = self._session.latest.answer
        if not self._wish.prompt:
            answer = None
        heading = temperature_words(self._wish.temperature)
        if answer is None:
            self.query_one("#next", Static).update(f"{heading} · type a beginning")
            self.query_one("#continuation", Static).update("")
            return
        self.query_one("#next", Static).update(self._next(answer, heading))
        width = self.query_one("#continuation", Static).size.width
        begun = [(answer.symbols[code], "dim") for code in answer.read]
        text = [*begun, *((answer.symbols[each.code], "strong") for each in answer.text)]
        self.query_one("#continuation", Static).update(
            self._styled(flowing(text, max(width, 20), _LINES))
        )

    def _next(self, answer: TextSample, heading: str) -> Text:
        theme = self.app.theme
        self.query_one("#prompt").border_title = f"prompt · update {count(answer.update)}"
        text = Text("next")
        for symbol in answer.next:
            text.append(f"  {answer.symbols[symbol.code]}", style_of("key", theme))
            text.append(f" {chance(symbol.probability)}")
        if not answer.next:
            text.append(": the outputs are not finite", style_of("error", theme))
        text.append(f" · {heading}", style_of("dim", theme))
        return text

    def _styled(self, lines: Lines) -> Text:
        text = Text()
        for k, line in enumerate(lines):
            text.append("\n" if k else "")
            for piece, role in line:
                text.append(piece, style_of(role, self.app.theme))
        return text


def codes_of(text: str, vocabulary: Sequence[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The codes of the characters of `text`, and those of them that the vocabulary lacks.

    ↵ stands for the end of a line, which cannot be typed in a field.
    """
    places = {name: code for code, name in enumerate(vocabulary)}
    names = [NEWLINE if each == NEWLINE else shown_character(each) for each in text]
    unknown = dict.fromkeys(
        each for each, name in zip(text, names, strict=True) if name not in places
    )
    return tuple(places[name] for name in names if name in places), tuple(unknown)


def typed(name: str) -> str:
    """What to type for the symbol of this name."""
    if name == "␣":
        return " "
    return chr(int(name[2:], 16)) if name.startswith("U+") and len(name) > 2 else name

"""The prompt: type the beginning of a text and see how the network continues it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from rnn_tui.predictions.results import LONGEST_PROMPT, TextRequest, TextSample
from rnn_tui.session.source import SnapshotSource
from rnn_tui.tasks.tokens import TypedText
from rnn_tui.tui.ascii_filter import draws_ascii
from rnn_tui.tui.ascii_names import text_in_ascii
from rnn_tui.tui.lines import Lines, text_width
from rnn_tui.tui.number_format import count, probability
from rnn_tui.tui.panels.predictions.text_sample import (
    symbol_runs,
    temperature_words,
    wrap_characters,
)
from rnn_tui.tui.prompt_lines import (
    decision_lines,
    in_field,
    line_start,
    read_field,
    unread,
    words_line,
)
from rnn_tui.tui.scope_words import held_words, joined
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.screens.prompt_field import PLACEHOLDER, PromptField
from rnn_tui.tui.screens.selection_moves import temperature_to_request
from rnn_tui.tui.themes import style_of
from rnn_tui.tui.visible_names import visible_text

SUBTITLE = "ctrl+j ↵ · enter draws anew · ↑↓ temperature"
TAKES, TAKES_ONE = "tab F1–F3 take", "tab takes"
_CONTINUATION_LINES = 5
_REFRESH = 0.1  # seconds from one check for a newer answer to the next


class PromptScreen(Dialog[float | None]):
    """The prompt: the network reads the typed text from a state of zeros while training goes on.

    It returns the temperature chosen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "close", priority=True),
        Binding("tab", "accept", "accept the likeliest", priority=True),
        *(Binding(f"f{k}", f"take({k})", "take a word", priority=True) for k in (1, 2, 3)),
        Binding("up", "temperature(1)", "hotter", priority=True),
        Binding("down", "temperature(-1)", "cooler", priority=True),
    ]

    def __init__(
        self, session: SnapshotSource, request: TextRequest, send: Callable[[TextRequest], None]
    ) -> None:
        """Begin with an empty prompt and the other values of `request`.

        Args:
            session: its snapshots hold the answers.
            request: the text request so far.
            send: sends a request to the session.
        """
        super().__init__()
        self._session = session
        self._request = replace(request, prompt=())
        self._send = send
        self._vocabulary = session.latest.vocabulary
        self._shown: TextSample | None = None
        self._typed = TypedText(())
        self._taken = ""  # the text after a word was taken: that one is whole
        self._cut = ("", "")  # the text after a paste that was cut, and words that say so

    def compose(self) -> ComposeResult:
        """Yield a field, its unknown characters, the likeliest next characters, a continuation."""
        with Vertical(id="prompt") as box:
            box.border_title = "prompt"
            as_bytes = self._vocabulary is not None and self._vocabulary.kind == "bytes"
            box.border_subtitle = joined(TAKES_ONE if as_bytes else TAKES, SUBTITLE)
            yield PromptField(id="beginning", placeholder=PLACEHOLDER, max_length=LONGEST_PROMPT)
            yield Static(id="words")
            yield Static(id="unknown", markup=False)
            yield Static(id="next")
            yield Static(id="decided")
            yield Static(id="continuation")

    def on_mount(self) -> None:
        """Let the keys go to the field, and show answers as they come."""
        self._ask(self._read(self._typed))
        self._show()
        self.set_interval(_REFRESH, self._show)
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Request an answer to what is typed."""
        self._read_value(event.value)

    def _read_value(self, value: str) -> None:
        """Request an answer; characters that are not in the vocabulary are named, not read."""
        typed = read_field(value, self._vocabulary, whole=value == self._taken)
        self._typed = typed
        if not typed.refused:
            self._ask(self._read(typed))
        self._show()

    def _read(self, typed: TypedText) -> TextRequest:
        """Return the request to read what is typed; its first word comes after a line end."""
        codes, first = typed.codes, typed.first or not typed.codes
        if self._vocabulary is not None and first:
            codes = (line_start(self._vocabulary),)
        return replace(self._request, prompt=codes, beginning=typed.beginning, first=first)

    def on_prompt_field_cut(self, event: PromptField.Cut) -> None:
        """Say how much of a paste there was no room for."""
        most = f"a prompt has at most {LONGEST_PROMPT}"
        words = f"{count(event.taken)} of {count(event.pasted)} characters pasted: {most}"
        self._cut = (event.value, words)
        self._show()

    def on_input_submitted(self) -> None:
        """Request another draw of the same network."""
        self._ask(replace(self._request, draw=self._request.draw + 1))

    def action_accept(self) -> None:
        """Type the likeliest next character or word."""
        answer = self._answer()
        if answer is None or not answer.next:
            return
        if self._vocabulary is not None and self._vocabulary.kind == "words":
            self.action_take(1)
        elif self._vocabulary is not None:
            self._type(self._vocabulary.texts[answer.next[0].code], answer)

    def action_take(self, number: int) -> None:
        """Type one of the words that are suggested."""
        answer = self._answer()
        if answer is not None and number <= len(answer.suggestions):
            self._type(answer.suggestions[number - 1].text, answer)

    def _answer(self) -> TextSample | None:
        """Return the answer to what is in the field; None until there is one."""
        answer, request = self._session.latest.answer, self._request
        if answer is None or answer.read != request.prompt:
            return None
        return answer if answer.beginning == request.beginning else None

    def _type(self, text: str, answer: TextSample) -> None:
        """Put `text` in the place of what was typed of it."""
        field = self.query_one(Input)
        begun = field.value[: len(field.value) - len(answer.beginning)]
        self._taken = begun + in_field(text if begun else text.lstrip(" "))
        if field.value == self._taken:  # a word that others begin with: now it is whole
            self._read_value(field.value)
            return
        field.value = self._taken
        field.cursor_position = len(field.value)

    def action_temperature(self, direction: int) -> None:
        """Raise or lower the temperature."""
        temperature = temperature_to_request(self._request.temperature, direction)
        self._ask(replace(self._request, temperature=temperature))
        self._show()

    def action_leave(self) -> None:
        """Close the prompt and return the temperature."""
        self.dismiss(self._request.temperature)

    def _ask(self, request: TextRequest) -> None:
        """Send a changed request."""
        self._request = request
        self._send(request)

    def _show(self) -> None:
        """Show the newest answer, even while it is that to an earlier text."""
        reason = unread(self._typed)
        value, cut = self._cut
        if cut and value == self.query_one(Input).value:
            reason = f"{cut}; {reason}" if reason else cut
        self.query_one("#unknown", Static).update(reason)
        answer = self._session.latest.answer if self._request.prompt else None
        answer = text_in_ascii(answer) if draws_ascii(self.app) else visible_text(answer)
        heading = temperature_words((answer or self._request).temperature)
        if not self.query_one(Input).value:
            heading += (
                f" · after {answer.symbols[answer.read[0]]}" if answer and answer.read else ""
            )
        if answer is None:
            self.query_one("#next", Static).update(heading)
            for name in ("words", "decided", "continuation"):
                self.query_one(f"#{name}", Static).update("")
            return
        self.query_one("#next", Static).update(self._next(answer, heading))
        width = self.query_one("#continuation", Static).size.width
        room = self.query_one("#words", Static).size.width
        words = words_line(answer, room, ascii_only=draws_ascii(self.app))
        lines: dict[str, Lines] = {"words": (words,), "decided": decision_lines(answer, room)}
        for name, shown in lines.items():
            self.query_one(f"#{name}", Static).update(self._styled(shown))
        read = answer.read[1:] if answer.first else answer.read
        written = [each.code for each in answer.text]
        text = symbol_runs(answer.symbols, read, "dim")
        text += symbol_runs(answer.symbols, written, "strong")
        self.query_one("#continuation", Static).update(
            self._styled(wrap_characters(text, max(width, 20), _CONTINUATION_LINES))
        )

    def _next(self, answer: TextSample, heading: str) -> Text:
        """Return the line of likeliest next characters with their probabilities."""
        theme = self.app.theme
        title = joined("prompt", f"update {count(answer.update)}", held_words(answer.held))
        self.query_one("#prompt").border_title = title
        text = Text("next")
        room = self.query_one("#next", Static).size.width - text_width(f" · {heading}")
        for symbol in answer.next:
            name, p = f"  {answer.symbols[symbol.code]}", f" {probability(symbol.probability)}"
            if text.cell_len + text_width(name + p) > room:
                break
            text.append(name, style_of("key", theme))
            text.append(p)
        if not answer.next:
            text.append(": the outputs are not finite", style_of("error", theme))
        text.append(f" · {heading}", style_of("dim", theme))
        return text

    def _styled(self, lines: Lines) -> Text:
        """Return `lines` as a Rich text."""
        text = Text()
        for k, line in enumerate(lines):
            text.append("\n" if k else "")
            for piece, role in line:
                text.append(piece, style_of(role, self.app.theme))
        return text

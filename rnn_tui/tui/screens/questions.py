"""Questions before something is lost: where to save, and whether to throw training away."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from rnn_tui.session.commands import Save
from rnn_tui.session.run_records import SaveQuestion
from rnn_tui.tui.key_order import Question
from rnn_tui.tui.screens.dialog import Dialog
from rnn_tui.tui.screens.text_field import TextField


class SaveScreen(Dialog[Save | None]):
    """A file would be replaced that the run did not make: another name, or that file all the same.

    It returns the command that saves, None for not saving. Training goes on meanwhile.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "cancel", priority=True),
        Binding("ctrl+o", "overwrite", "overwrite", priority=True),
    ]

    def __init__(self, question: SaveQuestion) -> None:
        """Ask `question`."""
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """Yield the reason, and a field with a name that is free."""
        question = self._question
        overwrites = "ctrl+o overwrites the file · " if question.replaceable else ""
        with Vertical(id="save") as box:
            box.border_title = "not saved yet"
            box.border_subtitle = f"enter saves under this name · {overwrites}esc cancels"
            yield Static(f"{question.path}\n{question.reason}", markup=False)
            yield TextField(question.suggestion, id="save-name", select_on_focus=False)

    def on_mount(self) -> None:
        """Let the keys go to the field, of which the end is shown."""
        self._seen = Question(self)
        field = self.query_one(Input)
        field.focus()
        field.cursor_position = len(field.value)

    def action_overwrite(self) -> None:
        """Replace the file."""
        if self._question.replaceable and self._seen.answered_in_knowledge():
            self.dismiss(Save(self._question.path, self._question))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Save under the name that was typed."""
        if path := os.path.expanduser(event.value.strip()):
            self.dismiss(Save(path, self._question))

    def action_cancel(self) -> None:
        """Save nothing."""
        self.dismiss(None)


class ConfirmScreen(Dialog[bool]):
    """Training would be lost: y goes on all the same, esc does not.

    Attributes:
        what: what is about to be done, as the last word of "y restarts".
    """

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "close(True)", "yes"),
        Binding("escape,n", "close(False)", "no"),
    ]

    def __init__(self, lost: str, what: str, hint: str = "") -> None:
        """Ask.

        Args:
            lost: a sentence about what would be lost.
            what: see the class.
            hint: a further line.
        """
        super().__init__()
        self.what = what
        self._question: Question | None = None
        self._text = "\n".join(filter(None, (lost, hint)))

    def compose(self) -> ComposeResult:
        """Yield the sentence in a box whose border says how to answer."""
        with Vertical(id="confirm") as box:
            box.border_title = "not saved"
            box.border_subtitle = f"y {self.what} · esc stays"
            yield Static(self._text, markup=False)

    def on_mount(self) -> None:
        """Accept no answer before the question is there."""
        self._question = Question(self)

    def was_seen(self) -> bool:
        """Return whether the key whose action is being called was typed after that."""
        return self._question is not None and self._question.answered_in_knowledge()

    def action_close(self, answer: bool) -> None:
        """Return the answer, unless it is a yes that was typed before the question was seen."""
        if not answer or self.was_seen():
            self.dismiss(answer)

"""The prompt: typed text is read, its continuation shown, and tab takes the likeliest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input, Static

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.results import TextRequest, TextSample
from rnn_tui.session.commands import ViewRequest
from rnn_tui.session.worker import Session
from rnn_tui.settings import compose
from rnn_tui.tui.number_format import probability
from rnn_tui.tui.prompt_lines import read_field
from rnn_tui.tui.screens.prompt import PromptScreen
from rnn_tui.tui.screens.prompt_field import letter_at, shown_in_field


class Bare(App[None]):
    """An application with nothing but the prompt."""

    def __init__(self, tokens: str = "chars") -> None:
        super().__init__()
        trainer = Trainer(compose({"task": "text", "hidden": 8, "tokens": tokens, "steps": 10}))
        for _ in range(3):
            trainer.finish_update()
        self.session = Session(trainer)
        self.requests: list[TextRequest] = []
        self.results: list[float | None] = []

    def on_mount(self) -> None:
        self.session.start()
        self.push_screen(
            PromptScreen(self.session, TextRequest(), self.request), self.results.append
        )

    def request(self, request: TextRequest) -> None:
        self.requests.append(request)
        self.session.send(ViewRequest(text=request))

    def on_unmount(self) -> None:
        self.session.stop()

    def text(self, name: str) -> str:
        return str(self.screen.query_one(f"#{name}", Static).render())

    async def answered(self, pilot: Pilot[None], text: str, *, whole: bool = False) -> TextSample:
        """Wait until the answer to `text` is shown, and return it."""
        typed = read_field(text, self.session.latest.vocabulary, whole=whole)
        for _ in range(100):
            await pilot.pause(0.05)
            answer = self.session.latest.answer
            if (
                answer is not None
                and (answer.read == typed.codes or typed.first or not typed.codes)
                and answer.beginning == typed.beginning
                and answer.temperature == (self.requests[-1].temperature)
            ):
                await pilot.pause(0.15)
                return answer
        raise AssertionError(f"no answer to {text!r}")


def at_the_prompt(
    act: Callable[[Bare, Pilot[None]], Awaitable[None]], tokens: str = "chars"
) -> None:
    async def run() -> None:
        app = Bare(tokens)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await act(app, pilot)

    asyncio.run(run())


def test_the_next_characters_and_a_continuation_are_shown_while_typing() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        assert app.screen.query_one(Input).placeholder == "type a beginning"
        assert app.screen.query_one("#prompt").region.x == (80 - 72) // 2  # in the middle
        await pilot.press("t", "h")
        answer = await app.answered(pilot, "th")
        for symbol in answer.next:
            assert f"{answer.symbols[symbol.code]} {probability(symbol.probability)}" in app.text(
                "next"
            )
        written = "".join(answer.symbols[s.code] for s in answer.text[:10]).replace("␣", " ")
        shown = "".join(line.removeprefix(" ") for line in app.text("continuation").split("\n"))
        assert shown.startswith(f"th{written}")

    at_the_prompt(act)


def test_tab_takes_the_likeliest_and_up_and_down_change_the_temperature() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        await pilot.press("t")
        first = await app.answered(pilot, "t")
        await pilot.press("tab")
        field = app.screen.query_one(Input)
        name = first.symbols[first.next[0].code]
        assert field.value == "t" + {"␣": " "}.get(name, name)
        await app.answered(pilot, field.value)
        await pilot.press(*["down"] * 9)
        await app.answered(pilot, field.value)
        assert "always the likeliest" in app.text("next")
        await pilot.press("up")
        await app.answered(pilot, field.value)
        assert "temperature 0.20" in app.text("next")
        await pilot.press("enter")
        assert app.requests[-1].draw == 1
        await pilot.press("escape")
        await pilot.pause()
        assert app.results == [0.2]

    at_the_prompt(act)


def test_unknown_characters_are_named_and_not_read() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        await pilot.press("t")
        await app.answered(pilot, "t")
        asked = len(app.requests)
        await pilot.press("at")  # the character @
        await pilot.pause(0.1)
        assert "'@'" in app.text("unknown")
        assert len(app.requests) == asked
        await pilot.press("backspace", "h")
        await app.answered(pilot, "th")
        assert app.text("unknown").strip() == ""

    at_the_prompt(act)


def test_words_are_completed_and_taken_one_after_the_other() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        field = app.screen.query_one(Input)
        await pilot.press("T", "h", "e", "space", "r")
        answer = await app.answered(pilot, "The r")
        assert answer.beginning == " r"
        second = answer.suggestions[1]
        assert f"F2 {second.text.strip()} {probability(second.probability)}" in app.text("words")
        one, other = (answer.symbols[each.code].removeprefix("␣") for each in answer.next[:2])
        assert app.text("decided").startswith(f"{one} before {other}: y +")
        await pilot.press("f2")
        assert field.value == f"The{second.text}"
        answer = await app.answered(pilot, field.value, whole=True)
        assert not answer.beginning  # what was taken is whole
        first = answer.suggestions[0].text
        await pilot.press("tab")
        assert field.value == f"The{second.text}{first}"

    at_the_prompt(act, "words")


def test_words_are_suggested_before_anything_is_typed() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        answer = await app.answered(pilot, "")
        assert " · after ↵" in app.text("next")
        await pilot.press("f1")
        field = app.screen.query_one(Input)
        assert field.value == answer.suggestions[0].text.strip()

    at_the_prompt(act, "words")


def test_taking_a_word_that_is_typed_already_makes_it_whole() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        await pilot.press(*"river")
        answer = await app.answered(pilot, "river")
        if answer.beginning:  # a longer word begins so
            texts = [each.text.strip() for each in answer.suggestions]
            await pilot.press(f"f{texts.index('river') + 1}")
        assert not app.requests[-1].beginning

    at_the_prompt(act, "words")


def test_a_first_word_and_one_that_nobody_knows() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        await pilot.press("r", "i")
        answer = await app.answered(pilot, "ri")
        assert answer.first
        assert {each.text.strip()[:2] for each in answer.suggestions} == {"ri"}
        await pilot.press("q")
        await pilot.pause(0.1)
        assert "the network has never seen 'riq': take it out" in app.text("unknown")
        await pilot.press("backspace", "tab")
        assert app.screen.query_one(Input).value == answer.suggestions[0].text.strip()

    at_the_prompt(act, "words")


def test_characters_spell_words_to_take() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        await pilot.press("t", "h")
        answer = await app.answered(pilot, "th")
        assert answer.suggestions
        await pilot.press("f1")
        word = answer.suggestions[0]
        assert app.screen.query_one(Input).value == f"th{word.text}"
        assert word.text[0] == " " or word.word == f"th{word.text}"

    at_the_prompt(act)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("I \u200d", "I ZWJ"),
        ("👨\u200d👩", "👨ZWJ👩"),
        ("☀\ufe0f ", "☀VS16 "),
        ("e\u0301", "e\u0301"),
        (" \u0301", " ◌\u0301"),
        ("می\u200cخوا", "می\u200cخوا"),
        ("नदी पुरानी", "नदी  पुरानी  "),  # cells for vowel signs
        ("a\u202eb", "aU+202Eb"),
        ("the ↵ café", "the ↵ café"),
    ],
)
def test_every_character_is_seen_in_the_field(value: str, shown: str) -> None:
    pieces = shown_in_field(value)
    assert "".join(pieces) == shown
    assert len(pieces) == len(value)


def test_the_cursor_is_on_a_letter_with_its_marks() -> None:
    pieces = shown_in_field("e\u0301 नी a")
    places = [letter_at(pieces, place) for place in range(len(pieces))]
    assert places == [(0, 2), (0, 2), (2, 3), (3, 5), (3, 5), (5, 6), (6, 7)]

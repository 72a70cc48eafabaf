"""The prompt: typed text is read, its continuation shown, and tab takes the likeliest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

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


class Bare(App[None]):
    """An application with nothing but the prompt."""

    def __init__(self) -> None:
        super().__init__()
        trainer = Trainer(compose({"task": "text", "hidden": 8}))
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

    async def answered(self, pilot: Pilot[None], text: str) -> TextSample:
        """Wait until the answer to `text` is shown, and return it."""
        codes = read_field(text, self.session.latest.vocabulary).codes
        for _ in range(100):
            await pilot.pause(0.05)
            answer = self.session.latest.answer
            if (
                answer is not None
                and answer.read == codes
                and answer.temperature == (self.requests[-1].temperature)
            ):
                await pilot.pause(0.15)
                return answer
        raise AssertionError(f"no answer to {text!r}")


def at_the_prompt(act: Callable[[Bare, Pilot[None]], Awaitable[None]]) -> None:
    async def run() -> None:
        app = Bare()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await act(app, pilot)

    asyncio.run(run())


def test_the_next_characters_and_a_continuation_are_shown_while_typing() -> None:
    async def act(app: Bare, pilot: Pilot[None]) -> None:
        assert "type a beginning" in app.text("next")
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

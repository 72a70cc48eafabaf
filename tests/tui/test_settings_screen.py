"""The form: fields at their task's default follow the task, other values stay."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.pilot import Pilot

from rnn_tui.settings import DECLARATIONS, Settings, Value, compose
from rnn_tui.tui.screens.settings import Field, SettingsScreen


class Bare(App[None]):
    """An application with nothing but the form."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.form = SettingsScreen(settings)

    def on_mount(self) -> None:
        self.push_screen(self.form)


def in_the_form(settings: Settings, act: Callable[[Pilot[None]], Awaitable[None]]) -> None:
    async def run() -> None:
        app = Bare(settings)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())


async def fill(pilot: Pilot[None], **values: Value) -> None:
    """Set the text of fields, one after the other."""
    for name, value in values.items():
        field = pilot.app.screen.query_one(f"#field-{name}", Field)
        field.value = DECLARATIONS[name].show(value)
        await pilot.pause()


def draft(pilot: Pilot[None]) -> Settings | None:
    assert isinstance(pilot.app.screen, SettingsScreen)
    return pilot.app.screen.draft


def test_another_task_brings_its_defaults() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for task in ("adding", "copy", "text", "neuron", "parity", "cos"):
            await fill(pilot, task=task)
            assert draft(pilot) == compose({"task": task})

    in_the_form(Settings(), act)


def test_a_chosen_value_stays() -> None:
    chosen: dict[str, Value] = {"hidden": 9, "lr": 0.5, "clip_by": "none"}

    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, seed=4, task="recall")
        assert draft(pilot) == compose({**chosen, "seed": 4, "task": "recall"})
        await fill(pilot, cell="gru", task="reber")
        assert draft(pilot) == compose({**chosen, "seed": 4, "task": "reber", "cell": "gru"})

    in_the_form(compose(chosen), act)


def test_the_steps_follow_the_length_of_the_task() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, blanks=7)
        assert draft(pilot) == compose({"task": "copy", "blanks": 7})
        pilot.app.screen.query_one("#field-blanks", Field).value = ""
        await pilot.pause()
        assert draft(pilot) is None
        await fill(pilot, blanks=3, copy_length=2)
        assert draft(pilot) == compose({"task": "copy", "blanks": 3, "copy_length": 2})
        await fill(pilot, task="recall", gap=40)
        rest = {"blanks": 3, "copy_length": 2}
        assert draft(pilot) == compose({"task": "recall", "gap": 40, **rest})

    in_the_form(compose({"task": "copy"}), act)


def test_chosen_steps_are_refused_if_they_are_too_few() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, gap=40)
        assert draft(pilot) is None
        verdict = str(pilot.app.screen.query_one("#verdict").render())
        assert verdict == "--gap must be at most 21 with --steps 30, 9 fewer"

    in_the_form(compose({"task": "recall", "gap": 20, "steps": 30}), act)


def test_each_task_shows_the_settings_it_uses() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for task in DECLARATIONS["task"].choices:
            if task == "series":  # without a file nothing is valid
                continue
            await fill(pilot, task=task)
            settings = compose({"task": task})
            for name, declaration in DECLARATIONS.items():
                line = pilot.app.screen.query_one(f"#line-{name}")
                assert bool(line.display) == declaration.used_by(settings), (task, name)

    in_the_form(Settings(), act)

"""The form: what stands at a task's default follows the task, what was chosen stays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.pilot import Pilot

from rnn_tui.settings import DECLARATIONS, Settings, Value, compose
from rnn_tui.tui.screens.settings import Field, SettingsScreen


class Bare(App[None]):
    """Nothing but the form."""

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


async def put(pilot: Pilot[None], **values: Value) -> None:
    """Write into fields, one after the other."""
    for name, value in values.items():
        field = pilot.app.screen.query_one(f"#field-{name}", Field)
        field.value = DECLARATIONS[name].show(value)
        await pilot.pause()


def draft(pilot: Pilot[None]) -> Settings | None:
    assert isinstance(pilot.app.screen, SettingsScreen)
    return pilot.app.screen._draft


def test_another_task_brings_its_defaults() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for task in ("adding", "copy", "text", "neuron", "parity", "cos"):
            await put(pilot, task=task)
            assert draft(pilot) == compose({"task": task})

    in_the_form(Settings(), act)


def test_what_was_chosen_stays() -> None:
    chosen: dict[str, Value] = {"hidden": 9, "lr": 0.5, "clip_by": "none"}

    async def act(pilot: Pilot[None]) -> None:
        await put(pilot, seed=4, task="recall")
        assert draft(pilot) == compose({**chosen, "seed": 4, "task": "recall"})
        await put(pilot, cell="gru", task="reber")
        assert draft(pilot) == compose({**chosen, "seed": 4, "task": "reber", "cell": "gru"})

    in_the_form(compose(chosen), act)


def test_the_window_follows_what_it_must_hold() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await put(pilot, blanks=7)
        assert draft(pilot) == compose({"task": "copy", "blanks": 7})
        pilot.app.screen.query_one("#field-blanks", Field).value = ""
        await pilot.pause()
        assert draft(pilot) is None
        await put(pilot, blanks=3, copy_length=2)
        assert draft(pilot) == compose({"task": "copy", "blanks": 3, "copy_length": 2})
        await put(pilot, task="recall", gap=40)
        rest = {"blanks": 3, "copy_length": 2}
        assert draft(pilot) == compose({"task": "recall", "gap": 40, **rest})

    in_the_form(compose({"task": "copy"}), act)


def test_a_window_that_was_chosen_is_refused_where_it_does_not_fit() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await put(pilot, gap=40)
        assert draft(pilot) is None
        verdict = str(pilot.app.screen.query_one("#verdict").render())
        assert verdict == "--gap must be at most 21 with --steps 30, 9 fewer"

    in_the_form(compose({"task": "recall", "gap": 20, "steps": 30}), act)


def test_of_each_task_its_own_settings_are_fields() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for task in DECLARATIONS["task"].choices:
            if task == "series":  # without a file nothing is valid
                continue
            await put(pilot, task=task)
            settings = compose({"task": task})
            for name, declaration in DECLARATIONS.items():
                line = pilot.app.screen.query_one(f"#line-{name}")
                assert bool(line.display) == declaration.used_by(settings), (task, name)

    in_the_form(Settings(), act)

"""The form of hyperparameters in an application of its own, for tests that fill it in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.app import App
from textual.pilot import Pilot

from rnn_tui.settings import DECLARATIONS, Settings, Value
from rnn_tui.tui.screens.settings import Field, SettingsScreen


class Bare(App[None]):
    """An application with nothing but the form."""

    def __init__(self, settings: Settings, not_drawn: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.form = SettingsScreen(settings, not_drawn=not_drawn)

    def on_mount(self) -> None:
        self.push_screen(self.form)


def in_the_form(
    settings: Settings,
    act: Callable[[Pilot[None]], Awaitable[None]],
    not_drawn: tuple[str, ...] = (),
) -> None:
    """Show the form with `settings` and call `act`."""

    async def run() -> None:
        app = Bare(settings, not_drawn)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await act(pilot)

    asyncio.run(run())


async def fill(pilot: Pilot[None], **values: Value) -> None:
    """Set the text of fields, one after the other."""
    for name, value in values.items():
        field = pilot.app.screen.query_one(f"#field-{name}", Field)
        field.value = DECLARATIONS[name].show(value)
        await settled(pilot)


async def settled(pilot: Pilot[None]) -> None:
    """Wait until no message is on its way, however slow the machine is."""
    empty = 0
    while empty < 3:
        await pilot.pause(0.002)
        screen = pilot.app.screen
        waiting = any(each.message_queue_size for each in screen.walk_children(with_self=True))
        empty = 0 if waiting else empty + 1


def draft(pilot: Pilot[None]) -> Settings | None:
    """Return the settings as typed, None while they are refused."""
    assert isinstance(pilot.app.screen, SettingsScreen)
    return pilot.app.screen.draft

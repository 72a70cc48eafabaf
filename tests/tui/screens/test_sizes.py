"""Sizes and clicks that are out of date when they arrive."""

from __future__ import annotations

import asyncio

from textual import events
from textual.app import App
from textual.geometry import Size
from textual.screen import Screen

from rnn_tui.tui.error_boundary import ErrorBoundary


class Counting(ErrorBoundary, Screen[None]):
    """Counts its changes of size, and keeps its failures."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[Size] = []
        self.failures: list[Exception] = []

    def on_resize(self, event: events.Resize) -> None:
        self.sizes.append(event.size)
        assert len(self.sizes) < 20

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.get_widget_at(int(event.screen_x), int(event.screen_y))

    def failed(self, error: Exception) -> None:
        self.failures.append(error)


class OneScreen(App[None]):
    """Shows one screen."""

    def get_default_screen(self) -> Counting:
        return Counting()


def test_two_sizes_at_once_do_not_follow_each_other_forever() -> None:
    async def run() -> None:
        async with OneScreen().run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            screen = pilot.app.screen
            assert isinstance(screen, Counting)
            screen.sizes.clear()
            with pilot.app.batch_update():  # as while a dialog closes
                for size in (Size(120, 40), Size(80, 24)):
                    screen.post_message(events.Resize(size, size))
                    screen.call_later(lambda: None)  # two in a row would be one
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await pilot.pause()
            assert screen.failures == []
            assert screen.size == Size(80, 24)

    asyncio.run(run())


def test_a_click_beyond_a_terminal_that_has_shrunk_is_no_error() -> None:
    async def run() -> None:
        async with OneScreen().run_test(size=(80, 24)) as pilot:
            screen = pilot.app.screen
            assert isinstance(screen, Counting)
            down = events.MouseDown(screen, 300, 90, 0, 0, 1, False, False, False)
            screen.post_message(down)
            await pilot.pause()
            assert screen.failures == []

    asyncio.run(run())

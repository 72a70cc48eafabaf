"""Screenshots of a Textual application, taken without a terminal and the same every time."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from textual.app import App
from textual.events import Key
from textual.keys import _character_to_key
from textual.widgets import Input

from rnn_tui.tui.take_home.figure import Figure, figure_of_app
from rnn_tui.tui.take_home.svg import svg_text

# A key to press, or a condition of the application to wait for.
Action = str | Callable[[App[Any]], bool]

PAUSE_BETWEEN_PICTURES = 0.25  # seconds; two equal pictures in a row are final
CONDITION_TIMEOUT = 120.0
STILL_TIMEOUT = 3.0


async def take_screenshot_async(
    app: App[Any],
    size: tuple[int, int],
    actions: Iterable[Action],
    path: Path,
    theme: str | None = None,
    draw: Callable[[Figure], str] = svg_text,
) -> Path:
    """Run an application without a terminal, perform the actions and write what it shows.

    Args:
        app: the application, not yet running.
        size: columns and rows.
        actions: keys and conditions, in order.
        path: the SVG file to write; beside it, as .txt, the text on the screen is written.
        theme: a theme to set before the actions; None: the application's own.
        draw: makes an SVG of the figure.

    Returns:
        `path`.

    Raises:
        TimeoutError: a condition did not become true.
    """
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True):
        if theme is not None:
            app.theme = theme
        await asyncio.sleep(PAUSE_BETWEEN_PICTURES)
        for action in actions:
            await _perform(app, action)
        svg = draw(await _final_figure(app, path.stem))
        text = _text(app)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg, encoding="utf-8")
    path.with_suffix(".txt").write_text(text, encoding="utf-8")
    return path


def take_screenshot(
    app: App[Any],
    size: tuple[int, int],
    actions: Iterable[Action],
    path: Path,
    theme: str | None = None,
    draw: Callable[[Figure], str] = svg_text,
) -> Path:
    """Call `take_screenshot_async` from a script that has no event loop of its own."""
    return asyncio.run(take_screenshot_async(app, size, actions, path, theme, draw))


def _text(app: App[Any]) -> str:
    """Return the text on the screen, without what depends on the speed of the machine.

    That is the number of updates in a second, and the chart of the loss: test losses are measured
    when there is time for it.
    """
    rows = [strip.text for strip in app.screen._compositor.render_strips()]
    for chart in app.screen.query("#loss"):
        region = chart.region
        for y in range(region.y, region.bottom):
            rows[y] = rows[y][: region.x] + " " * region.width + rows[y][region.right :]
    text = "\n".join(row.rstrip() for row in rows)
    return re.sub(r"[\d,]+/s\b", "N/s", text) + "\n"


async def _perform(app: App[Any], action: Action) -> None:
    """Press a key, or wait for a condition."""
    if callable(action):
        await _wait_until(lambda: action(app), repr(action))
        return
    # pilot.press would wait for an idle application after each key; one that trains never is.
    # A single character is sent as a terminal sends it: fields need it besides the key's name.
    character = action if len(action) == 1 else None
    app.post_message(Key(_character_to_key(action) if character else action, character))
    await asyncio.sleep(0.02)


async def _wait_until(condition: Callable[[], bool], name: str) -> None:
    """Wait until `condition` is true."""
    deadline = time.monotonic() + CONDITION_TIMEOUT
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {CONDITION_TIMEOUT:g} s still not: {name}")
        await asyncio.sleep(0.02)


async def _final_figure(app: App[Any], title: str) -> Figure:
    """Return the figure once two in a row are equal, or the last one after a while."""
    for field in app.screen.query(Input):
        field.cursor_blink = False
    deadline = time.monotonic() + STILL_TIMEOUT
    await asyncio.sleep(PAUSE_BETWEEN_PICTURES)
    figure = figure_of_app(app, title)
    while time.monotonic() < deadline:
        await asyncio.sleep(PAUSE_BETWEEN_PICTURES)
        before, figure = figure, figure_of_app(app, title)
        if figure == before and figure.rows:  # a dialog that has just opened has none
            break
    return figure

"""Screenshots of a Textual app, taken without a terminal and the same every time."""

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from portable_svg import portable
from textual.app import App
from textual.events import Key
from textual.keys import _character_to_key
from textual.widgets import Input

# A step is a key to press, or a question to ask of the app until it says yes.
Step = str | Callable[[App[Any]], bool]

SETTLE = 0.25
PATIENCE = 120.0


async def until(question: Callable[[], bool], what: str = "", patience: float = PATIENCE) -> None:
    """Wait until the answer is yes. Never wait for idleness: a live trainer is never idle."""
    deadline = time.monotonic() + patience
    while not question():
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {patience:g} s still not: {what or question!r}")
        await asyncio.sleep(0.02)


async def shoot_async(
    app: App[Any],
    size: tuple[int, int],
    steps: Iterable[Step],
    out: Path,
    theme: str | None = None,
) -> Path:
    """Run the app headless at this size, take the steps, and write what it then shows."""
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True):
        if theme is not None:
            app.theme = theme
        await asyncio.sleep(SETTLE)
        for step in steps:
            await _take(app, step)
        svg = portable(await _still_picture(app), out.stem, dark=app.current_theme.dark)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(svg, encoding="utf-8")
    return out


def shoot(
    app: App[Any],
    size: tuple[int, int],
    steps: Iterable[Step],
    out: Path,
    theme: str | None = None,
) -> Path:
    """`shoot_async` for a script that has no event loop of its own."""
    return asyncio.run(shoot_async(app, size, steps, out, theme))


async def _take(app: App[Any], step: Step) -> None:
    if callable(step):
        await until(lambda: step(app), what=repr(step))
        return
    # pilot.press would wait for an idle process after each key.
    # A single character is typed as a terminal would: fields need it beside the key's name.
    character = step if len(step) == 1 else None
    app.post_message(Key(_character_to_key(step) if character else step, character))
    await asyncio.sleep(0.02)


async def _still_picture(app: App[Any], patience: float = 3.0) -> str:
    """The picture once two in a row are the same, or the last one if it never rests."""
    for field in app.screen.query(Input):
        field.cursor_blink = False
    deadline = time.monotonic() + patience
    picture = ""
    while time.monotonic() < deadline:
        await asyncio.sleep(SETTLE)
        before, picture = picture, app.export_screenshot()
        if picture == before:
            break
    return picture

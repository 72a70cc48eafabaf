"""Every key that the footer names does something there; every other key does, or says why not.

The keys are pressed in the app, which stands still: what is seen on the screen changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from tui.screen_support import SMALL

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.key_bindings import KEYS
from rnn_tui.tui.key_hint import KeyHint
from rnn_tui.tui.key_hints import hints

CHANGES_PLACE = {"s", "n", "f", "u", "S", "N", "F", "U", "space"}
NOT_PRESSED = {"q", "space", "f5", "ctrl+z", "w", "r", "R"}
"""They end, run or write; tests in a terminal press them."""
SILENT = {"escape"}
"""Keys that may do nothing without a word."""
LSTM = SMALL.with_(cell="lstm")
STATES: dict[str, tuple[Settings, tuple[str, ...]]] = {
    "start": (LSTM, ()),
    "batch": (LSTM, ("n",)),
    "forward": (LSTM, ("n", "n", "n", "s")),
    "loss": (LSTM, ("n", "f", "n")),
    "backward": (LSTM, ("n", "f", "f", "n", "n", "s", "s")),
    "update": (LSTM, ("u",)),
    "layers": (LSTM.with_(layers=2, batch=2), ("n", "n", "n")),
    "text": (compose({"task": "text", "hidden": 4}), ("n", "n")),
    "pages": (LSTM.with_(steps=90, num_points=400), ("n", "f", "n")),
}
LONG = pytest.mark.long
PLACES = [
    pytest.param("forward", "timestep", id="forward"),
    pytest.param("pages", "timestep", id="pages"),
    *(
        pytest.param(state, panel, marks=LONG, id=f"{state} {panel}")
        for state in STATES
        for panel in PANELS.names
    ),
]
SECONDS = 3.0  # that something has to happen in


def seen(app: RnnTui) -> tuple[object, ...]:
    """Return what the user sees: the dialogs, and the lines of the main screen."""
    lines = [line for widget in app.debugger._frames.widgets for line in widget._lines]
    return (len(app.screen_stack), app.debugger._zoomed, *lines)


async def press(pilot: Pilot[None], app: RnnTui, key: str) -> bool:
    """Press a key; return whether something is seen to change."""
    before = seen(app)
    await pilot.press(key)
    for _ in range(round(SECONDS / 0.02)):
        if seen(app) != before:
            return True
        await pilot.pause(0.02)
    return False


async def settle(pilot: Pilot[None], app: RnnTui) -> None:
    """Close what a key has opened, and take back what it has selected."""
    while len(app.screen_stack) > 1:
        await pilot.press("escape")
        await pilot.pause()
    if app.debugger._zoomed:
        await pilot.press("z")
    await pilot.pause(0.02)


async def at(place: tuple[str, str], check: Callable[[Pilot[None], RnnTui], object]) -> None:
    """Call `check` with the app in a state, with the focus on a panel."""
    settings, keys = STATES[place[0]]
    app = RnnTui(Trainer(settings))
    async with app.run_test(size=(120, 30)) as pilot:
        for key in keys:
            await press(pilot, app, key)
        if app.debugger.selection.panel != place[1]:
            app.debugger.focus_panel(place[1])
        await pilot.pause(0.05)
        result = check(pilot, app)
        assert asyncio.iscoroutine(result)
        await result


def hints_of(app: RnnTui) -> tuple[KeyHint, ...]:
    """Return the keys that the footer may name now."""
    return hints(app.debugger._draw_context(app.session.latest))


def order(hint: KeyHint) -> tuple[bool, bool]:
    """Return when a key is pressed: pages before a timestep is selected, which has no table."""
    return bool({*hint.keys} & CHANGES_PLACE), hint.shown != "J K"


@pytest.mark.parametrize(("state", "panel"), PLACES)
def test_every_key_in_the_footer_does_something(state: str, panel: str) -> None:
    async def check(pilot: Pilot[None], app: RnnTui) -> None:
        named = {hint.shown for hint in hints_of(app)}
        assert ("J K" in named) == (state == "pages" and app.debugger._other_panel == "network")
        for hint in sorted(hints_of(app), key=order):
            if {*hint.keys} & NOT_PRESSED:
                continue
            done = [await press(pilot, app, key) for key in hint.keys]
            assert all(done), f"{hint.shown} {hint.word}: {done}"
            assert not app.debugger._notice[1], hint
            await settle(pilot, app)

    asyncio.run(at((state, panel), check))


@pytest.mark.long
@pytest.mark.parametrize(("state", "panel"), PLACES)
def test_every_other_key_does_something_or_says_why_not(state: str, panel: str) -> None:
    async def check(pilot: Pilot[None], app: RnnTui) -> None:
        for key in KEYS:
            name = key.keys.split(",")[0]
            if name in NOT_PRESSED | SILENT:
                continue
            done = await press(pilot, app, name)
            assert done or app.debugger._notice[0], f"{key.shown}: {key.help}"
            await settle(pilot, app)

    asyncio.run(at((state, panel), check))


def test_at_an_end_keys_say_which_one_and_enter_says_what_it_is_for() -> None:
    async def check(pilot: Pilot[None], app: RnnTui) -> None:
        async def notice(key: str, panel: str = "") -> str:
            if panel and app.debugger.selection.panel != panel:
                app.debugger.focus_panel(panel)
                await pilot.pause(0.05)
            await press(pilot, app, key)
            return app.debugger._notice[0]

        assert "no unit before" in await notice("up", "timestep")
        assert "no operation at this timestep after" in await notice("pagedown")
        for _ in range(len(app.session.latest.selectable_operations(app.session.latest.t))):
            said = await notice("pageup")
        assert "no operation at this timestep before" in said
        assert "at the cursor: ← → set it" in await notice("enter", "loss")
        await notice("left", "predictions")
        assert "an update in the loss chart alone" in await notice("enter", "predictions")

    asyncio.run(at(("forward", "timestep"), check))

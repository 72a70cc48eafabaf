"""The colours of dialogs, with Textual's widgets in them: known, and readable in any number."""

from __future__ import annotations

import asyncio

import pytest
from rich.color import Color
from rich.style import Style
from textual.geometry import Region
from textual.screen import Screen
from textual.widgets import Input
from tui.colour_support import TERMINALS, contrast, rgb_of

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.results import TextRequest
from rnn_tui.settings import compose
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.colour_depth import Depth
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.screens.breakpoints import BreakpointsScreen
from rnn_tui.tui.screens.help import HelpScreen
from rnn_tui.tui.screens.jump import JumpScreen
from rnn_tui.tui.screens.palette import Palette
from rnn_tui.tui.screens.prompt import PromptScreen
from rnn_tui.tui.screens.questions import ConfirmScreen
from rnn_tui.tui.screens.settings import SettingsScreen
from rnn_tui.tui.screens.what_if import WhatIfScreen
from rnn_tui.tui.terminal_colours import GROUNDS, INKS, styled

REASONS = "#breakpoint-reason.bad, #what-if-reason.wrong, #setting-help.bad, #verdict.bad"
"""Why something typed is refused: it is in the colour of errors in every dialog."""


def dialogs(app: RnnTui) -> list[tuple[Screen[object], tuple[str, ...]]]:
    """Return the dialogs and keys to press in them."""
    session, snapshot = app.session, app.session.latest
    ask = PromptScreen(session, TextRequest(), lambda request: None)
    made = [
        (HelpScreen(DrawContext(snapshot, Selection())), ()),
        (SettingsScreen(snapshot.settings), ("x", "up")),
        (BreakpointsScreen(session), ("z",)),
        (BreakpointsScreen(session), ("tab",)),
        (WhatIfScreen(session, Selection()), ("z",)),
        (ask, ("ä",)),
        (ConfirmScreen("much is lost", "replaces", "after esc, save"), ()),
        (JumpScreen(DrawContext(snapshot, Selection())), ()),
        (Palette(app.get_system_commands(app.debugger)), ("t", "h")),
    ]
    return made  # type: ignore[return-value]


def styles_of(screen: Screen[object]) -> set[tuple[Style, bool]]:
    """Return the styles on a dialog itself, and whether there is text in them."""
    styles: dict[Style, bool] = {}
    for widget in screen.query("*"):
        if not widget.size or not widget.visible or not widget.display:
            continue
        for strip in widget.render_lines(Region(0, 0, *widget.outer_size)):
            for text, style, _ in strip:
                if style is not None and style.bgcolor is not None:
                    styles[style] = styles.get(style, False) or any(map(str.isalnum, text))
    return set(styles.items())


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_all_colours_of_dialogs_are_known_and_readable(theme: str) -> None:
    asyncio.run(open_all(theme))


async def open_all(theme: str) -> None:
    """Open one dialog after another and check its colours."""
    app = RnnTui(Trainer(compose({"task": "text", "hidden": 4})), theme=theme)
    reasons = 0
    async with app.run_test(size=(80, 40)) as pilot:
        for screen, keys in dialogs(app):
            await app.push_screen(screen)
            for field in screen.query(Input):
                field.cursor_blink = False
            await pilot.press(*keys)
            await pilot.pause(0.1)
            for said in screen.query(REASONS):
                reasons += 1
                assert said.styles.color.hex.lower() == app.current_theme.error
            found = styles_of(screen)
            assert len(found) > 3, screen
            for style, is_text in found:
                check(style, is_text, type(screen).__name__)
            screen.dismiss()
            await pilot.pause()
        assert reasons >= 3


def check(style: Style, is_text: bool, where: str) -> None:
    """Check one style of a dialog."""
    assert style.bgcolor is not None
    assert style.bgcolor.name in GROUNDS, where
    if not is_text or style.color is None:
        return
    assert style.color.name in INKS, where
    for depth in (Depth.INDEXED, Depth.TRUECOLOR):
        shown = style if depth is Depth.TRUECOLOR else styled(style, style.bgcolor, depth)
        assert contrast(*rgb_of(shown)) >= 4.5, (where, depth, style)
    sixteen = styled(style, style.bgcolor, Depth.SIXTEEN)
    assert contrast(*rgb_of(sixteen, TERMINALS["xterm"])) >= 4.5, (where, style)
    assert sixteen.color is not None
    on_black = _number(sixteen.bgcolor) == 0
    assert on_black or not sixteen.bold or _number(sixteen.color) >= 8, "bold may be shown bright"
    assert styled(style, style.bgcolor, Depth.NONE).color == Color.default()


def _number(colour: Color | None) -> int:
    assert colour is not None
    assert colour.number is not None
    return colour.number

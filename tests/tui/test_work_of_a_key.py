"""How much is done for a key: counted, not timed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.css.stylesheet import Stylesheet
from tui.screen_support import context, snapshot_after
from tui.screens.form_support import Bare

from rnn_tui.engine.core.expressions import Dot, Value
from rnn_tui.engine.core.operations import Operation
from rnn_tui.settings import Settings
from rnn_tui.tui import equation_text
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import Lines
from rnn_tui.tui.number_format import DIGITS, number
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panel_widget import Panel

LARGE = 4096  # units


def test_terms_that_have_no_room_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written = 0

    def count(value: float, digits: int = DIGITS) -> str:
        nonlocal written
        written += 1
        return number(value, digits)

    monkeypatch.setattr(equation_text, "number", count)
    dice = np.random.default_rng(0)
    values = {"h": dice.normal(size=(1, LARGE)), "W": dice.normal(size=(LARGE, 1))}
    values["a"] = values["h"] @ values["W"]
    expression = Dot("h", "W") + Value("a")
    operation = Operation("a", "title", expression, "a")

    def fits(text: str) -> bool:
        return len(equation_text.fold_numbers(text, 80)) <= 3

    line = equation_text.numbers_line(operation, values, 0, 0, 1, fits)
    assert "more: " in line
    assert line.count("·") > 8
    assert written < 600
    assert equation_text.numbers_line(operation, values, 0, 0, 1, at_most=400) == ""


def test_a_panel_is_drawn_once_for_what_it_shows() -> None:
    drawn: list[DrawContext] = []

    def draw(shown: DrawContext, width: int, height: int) -> Lines:
        drawn.append(shown)
        return ((("text", ""),),)

    panel = Panel(replace(panel_spec("network"), draw=draw, rule=None), "network")

    class Screen(App[None]):
        def compose(self) -> ComposeResult:
            yield panel

    async def run() -> None:
        async with Screen().run_test(size=(80, 24)):
            shown = context(snapshot_after())
            panel.show(shown)
            drawn.clear()
            others = ({"notice": "a notice"}, {"link": "link 200 ms"}, {"rail": True})
            for other in ({}, *others):
                panel.show(replace(shown, **other))
            panel.show(replace(shown, selection=replace(shown.selection, prefix="12")))
            assert not drawn
            panel.show(replace(shown, selection=replace(shown.selection, unit=1)))
            panel.show(context(replace(shown.snapshot, number=7), unit=1))
            assert len(drawn) == 2
            assert not any(each.notice or each.selection.prefix for each in drawn)

    asyncio.run(run())


def test_the_form_has_a_widget_for_each_field_and_computes_its_styles_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    computed, apply = 0, Stylesheet.apply

    def count(*args: object, **options: object) -> None:
        nonlocal computed
        computed += 1
        apply(*args, **options)  # type: ignore[arg-type]  # as they come

    async def run() -> None:
        nonlocal computed
        app = Bare(Settings())
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            fields = len(app.form._fields)
            assert len(list(app.form.walk_children())) < fields + 30
            app.pop_screen()
            await pilot.pause()
            computed = 0
            monkeypatch.setattr(Stylesheet, "apply", count)
            await app.push_screen(type(app.form)(Settings()))
            await pilot.pause()
            assert computed < 12 * fields  # of the field and its parts

    asyncio.run(run())

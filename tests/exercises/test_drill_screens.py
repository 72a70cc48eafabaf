"""Where the drill asks, the numbers of its equation stand in the rows or in the question."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import numpy as np
import pytest
from tui.screen_support import SnapshotMaker

from rnn_tui.claims.expressions import parse_expression
from rnn_tui.claims.run_state import RunState
from rnn_tui.exercises.drill import Round, draw_round, levels_of
from rnn_tui.lessons.checking import played_steps
from rnn_tui.lessons.lesson import TakePlace
from rnn_tui.lessons.run import LessonRun
from rnn_tui.registry import CELLS
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lesson.covering import covered_snapshot
from rnn_tui.tui.lesson.view import Covered
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_widget import Panel

LAST = 4  # of the levels whose equations are those of a timestep
WRITTEN = re.compile(r"\d+\.\d+")
ELSEWHERE = ("W_", "b", "p_", "tanh(")  # on the panel weights; and what a calculator says
ROUNDED = 2.5e-3  # decades, of a number in three digits
HEIGHT = 14  # of the panel below a question at 80×23, with its title


def test_the_numbers_of_an_equation_are_on_the_screen() -> None:
    assert list(missing(draw_round("lstm", 3, 4))) == []


@pytest.mark.long
def test_the_numbers_of_all_equations_are_on_the_screen() -> None:
    for cell in CELLS.names:
        for level in levels_of(cell):
            for seed in range(10 if level <= LAST else 0):
                assert list(missing(draw_round(cell, level, seed))) == [], (cell, level, seed)


def missing(drawn: Round) -> Iterator[str]:
    """Yield the numbers of equations that are neither in the question nor in the rows."""
    trainer = drawn.network.trainer()
    maker = SnapshotMaker(trainer)
    played = played_steps(drawn.lesson, run=LessonRun(trainer))
    for question, (step, filled) in zip(drawn.questions, played, strict=True):
        action, ask = step.do[0], step.ask
        assert isinstance(action, TakePlace)
        assert ask is not None
        units = range(drawn.network.case.hidden)  # ↑ and ↓ show them, one after the other
        snapshot = maker.snapshot(t=action.place.t)
        covered = Covered(filled.covered, (question.name,), workings=True)
        shown = [
            plain(
                Panel.registered("timestep").drawn(
                    DrawContext(
                        covered_snapshot(snapshot, covered),
                        Selection(unit=unit, panel="timestep"),
                        chart_cache=ChartCache(),
                        covered_values=covered,
                    ),
                    80,
                    HEIGHT,
                )
            )
            for unit in units
        ]
        texts = " ".join([filled.question, *shown])
        for name in re.findall(r"\{([^}]*)\}", ask.hint):
            value = float(np.ravel(parse_expression(name).evaluate(RunState(trainer)))[0])
            if not name.startswith(ELSEWHERE) and not is_written(value, texts):
                yield f"{question.name}: {name} = {value}"


def is_written(value: float, text: str) -> bool:
    """Return whether a text has a number in three digits or more, but for its power of ten."""
    for written in WRITTEN.findall(text):
        if len(written.replace(".", "").lstrip("0")) > 2:
            decades = math.log10(float(written) / abs(value))
            if abs(decades - round(decades)) < ROUNDED:
                return True
    return False

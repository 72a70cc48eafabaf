"""What a lesson asks for is not to be read off any panel before the answer is in."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from tui.screen_support import PROVED

from rnn_tui.claims.expressions import parse_expression
from rnn_tui.claims.run_state import RunState
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.number_text import COVERED, COVERING, number
from rnn_tui.registry import PANELS
from rnn_tui.session.commands import Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.equation_text import spell
from rnn_tui.tui.lesson.covering import covered_snapshot, covered_text
from rnn_tui.tui.lesson.view import Covered
from rnn_tui.tui.lines import plain
from rnn_tui.tui.marks import MARKED, ValueMark
from rnn_tui.tui.panel_widget import LinesWidget, Panel
from rnn_tui.tui.panels import footer, header

WRITTEN = re.compile(r"\d*\.?\d+(?:e[−+]?\d+)?")
NOT_WRITTEN = re.compile(r"(?<![A-Za-z])(?:nan|inf)(?![A-Za-z])(?!  NaN)")  # but in the legend
ONE = Settings(hidden=1, steps=3, noise=0.0, dtype="float64", optimizer="sgd", lr=0.1)
LSTM = Settings(cell="lstm", hidden=4, steps=5, num_points=100)
STRIDES = {"FORWARD": 1, "BACKWARD": 3, "CLIP": 4, "UPDATE": 5}


def at(settings: Settings, stage: str, t: int | None) -> tuple[Snapshot, Trainer]:
    """Return a snapshot at the end of a pass, all proofs done, and the trainer."""
    trainer = Trainer(settings)
    session = Session(trainer)
    session.perform(Step(Stride.PASS, 1))
    session.perform(Step(Stride.PASS, STRIDES[stage]))
    return session.perform(ViewRequest(proofs=PROVED, predictions=True, t=t)), trainer


def drawings(snapshot: Snapshot, covered: Covered, unit: int = 0) -> dict[str, str]:
    """Return all panels, header and footer as they are drawn with something covered."""
    shown = covered_snapshot(snapshot, covered)
    drawn = {}
    for name in ("header", "footer", *PANELS.names):
        if name == "lesson":
            continue
        widget = (
            LinesWidget(header.draw if name == "header" else footer.draw, name)
            if name in ("header", "footer")
            else Panel.registered(name)
        )
        for zoomed in (False, True):
            context = DrawContext(
                shown,
                Selection(unit=unit, panel=name if name in PANELS else "timestep"),
                chart_cache=ChartCache(),
                zoomed=zoomed,
                mark=ValueMark(""),
                covered_values=covered,
            )
            lines = widget.drawn(context, 150 if zoomed else 80, 40 if zoomed else 14)
            drawn[f"{name}{' zoomed' * zoomed}"] = plain(lines)
    return drawn


def reads_as(written: str, value: float) -> bool:
    """Return whether a number in at least two digits is `value`, up to a power of ten."""
    digits = written.partition("e")[0].replace(".", "").lstrip("0")
    if len(digits) < 3:
        return False
    rounded = f"{abs(value):.{len(digits) - 1}e}".partition("e")[0].replace(".", "")
    return digits == rounded


@pytest.mark.parametrize(
    ("settings", "stage", "name"),
    [
        (ONE, "BACKWARD", "da_2[1]"),
        pytest.param(ONE, "BACKWARD", "dh_2[1]", marks=pytest.mark.long),
        pytest.param(ONE, "UPDATE", "dW_h[1,1]", marks=pytest.mark.long),
        pytest.param(ONE, "FORWARD", "h_2[1]", marks=pytest.mark.long),
        pytest.param(ONE, "CLIP", "grad_norm", marks=pytest.mark.long),
        (ONE, "UPDATE", "loss"),
        (LSTM, "BACKWARD", "dc_3[2]"),
        pytest.param(LSTM, "BACKWARD", "f_3[2]", marks=pytest.mark.long),
        pytest.param(LSTM, "CLIP", "dh_1[1]", marks=pytest.mark.long),
    ],
)
def test_no_panel_leaks_a_hidden_number(settings: Settings, stage: str, name: str) -> None:
    timed = re.search(r"_(\d)\[", name)
    snapshot, trainer = at(settings, stage, int(timed[1]) if timed else None)
    value = float(np.ravel(parse_expression(name).evaluate(RunState(trainer)))[0])
    covered = Covered((value,), (name,))
    plainly = drawings(snapshot, Covered(), unit=1 if "[2]" in name else 0)
    seen = {
        panel
        for panel, text in plainly.items()
        if any(reads_as(each, value) for each in WRITTEN.findall(text))
    }
    assert seen, "it stands somewhere without the cover"
    drawn = drawings(snapshot, covered, unit=1 if "[2]" in name else 0)
    leaks = {
        panel: [each for each in WRITTEN.findall(text) if reads_as(each, value)]
        for panel, text in drawn.items()
    }
    assert not {panel: found for panel, found in leaks.items() if found}
    assert any(COVERED in drawn[panel] for panel in seen)
    assert not {panel: text for panel, text in drawn.items() if NOT_WRITTEN.search(text)}
    assert not any("could not be drawn" in text for text in drawn.values())


def test_a_covered_gate_has_no_share_and_its_numbers_can_be_written() -> None:
    snapshot, _ = at(LSTM, "FORWARD", 2)
    covered = Covered(names=("f_2",))
    context = DrawContext(
        covered_snapshot(snapshot, covered),
        Selection(panel="timestep"),
        chart_cache=ChartCache(),
        covered_values=covered,
    )
    text = plain(Panel.registered("timestep").drawn(context, 90, 20))
    assert f"forget gate: keeps {COVERED} % of c_1" in text
    assert spell(("(", 1.0, " − ", COVERING, "²", ")")) == f"(1 − {COVERED}²)"


@pytest.mark.parametrize("zoomed", [False, True])
def test_where_numbers_are_to_be_found_no_row_is_folded(zoomed: bool) -> None:
    """As the equation has none of them, and no table, in the drill at 80×23."""
    snapshot, _ = at(LSTM, "BACKWARD", 2)
    covered = Covered(names=("da_g_2",), workings=True)
    context = DrawContext(
        covered_snapshot(snapshot, covered),
        Selection(panel="timestep"),
        chart_cache=ChartCache(),
        zoomed=zoomed,
        covered_values=covered,
    )
    text = plain(Panel.registered("timestep").drawn(context, 80, 14))
    assert "folded" not in text
    assert all(f" {row.symbol} " in text for row in snapshot.rows)
    assert COVERED in text


def test_a_cover_survives_32_bits_and_sums() -> None:
    array = np.array([1.0, COVERING], np.float32)
    assert number(float(array.sum())) == COVERED
    assert number(float(-array[1] * 2)) == COVERED
    assert number(math.nan) == "!"


def test_numbers_in_texts_are_covered_as_they_are_rounded() -> None:
    covered = Covered((0.0183649,))
    assert covered_text("0.01836, 1.836e−2, −18.4 and 0.01837", covered) == (
        "███, ███, −███ and 0.01837"
    )


def test_a_covered_cell_that_is_marked_can_be_seen() -> None:
    snapshot, trainer = at(ONE, "BACKWARD", 2)
    value = float(np.ravel(parse_expression("dh_2[1]").evaluate(RunState(trainer)))[0])
    covered = Covered((value,), ("dh_2[1]",))
    context = DrawContext(
        covered_snapshot(snapshot, covered),
        Selection(),
        chart_cache=ChartCache(),
        mark=ValueMark("dh_2[1]"),
        covered_values=covered,
    )
    lines = Panel.registered("timestep").drawn(context, 80, 14)
    covers = {role for line in lines for text, role in line if COVERED in text}
    assert "accent" in covers
    assert MARKED not in covers
    row = next(line for line in lines if any(COVERED in text for text, _ in line))
    assert f"▸{COVERED}" in "".join(text for text, _ in row)  # without colours, too


def test_what_is_not_finite_is_said_while_nothing_is_covered() -> None:
    panel = Panel.registered("timestep")
    lines = ((("   !  ", "error"),),)
    assert panel._covered(lines, (), Covered()) == lines
    assert plain(panel._covered(lines, (), Covered((0.123,)))).strip() == "?"


def test_a_loss_is_covered_by_its_name_on_the_way_there() -> None:
    snapshot, _ = at(ONE, "UPDATE", None)
    assert f"loss {COVERED}" in drawings(snapshot, Covered(names=("loss",)))["header"]

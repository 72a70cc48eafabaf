"""With a what-if, a row has its value, what it was without it, and how far it has moved."""

from __future__ import annotations

import re

import pytest
from tui.screen_support import SMALL, context, power_in, text_of

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Intervene, Step
from rnn_tui.session.worker import Session
from rnn_tui.tui.panels.current_pass import panel

NUMBER = r"([+−]?\d[\d.]*(?:e−?\d+)?)"
COMPARED = re.compile(rf"{NUMBER} +was *{NUMBER} +Δ *{NUMBER}")


def value(text: str, exponent: int) -> float:
    """Return what a number stands for."""
    scale = 1.0 if "e" in text else 10.0**exponent
    return float(text.replace("−", "-")) * scale


@pytest.mark.parametrize("width", [72, 80, 120])
def test_was_and_delta_stand_beside_the_new_value_in_both_passes(width: int) -> None:
    session = Session(Trainer(SMALL.with_(cell="lstm")))
    session.perform(Step(Stride.UPDATE, 2), Step(Stride.PASS, 3), Step(Stride.TIMESTEP, 2))
    what_if = Intervene(parse("f = 1", session.trainer.network.declaration))
    snapshot = session.perform(Step(Stride.OPERATION, 14), what_if)
    assert snapshot.what_if is not None
    assert snapshot.what_if.before is not None
    now, before = (w.values(snapshot.t) for w in (snapshot.window, snapshot.what_if.before))
    exponent = power_in(" ".join(panel.title(context(snapshot))))
    lines = text_of(panel.draw(context(snapshot), width, 14))
    for symbol in ("f_t", "c_t", "h_t", "y_t", "c_<t-1>"):
        line = next(each for each in lines if each[3:].startswith(f"{symbol} "))
        found = COMPARED.findall(line)
        names = ((symbol, 0), (f"d{symbol}", exponent))
        assert len(found) >= 1 + (symbol not in ("f_t",)), line  # its da_f is what is read
        for (new, was, moved), (name, scale) in zip(found, names, strict=False):
            exact, old = float(now[name][0, 0]), float(before[name][0, 0])
            size = max(abs(exact), abs(old), 1e-3 * 10.0**scale)
            size *= 4 if "e" in new + was and width < 80 else 1  # two digits there
            assert value(new, scale) == pytest.approx(exact, abs=1e-2 * size), line
            assert value(was, scale) == pytest.approx(old, abs=1e-2 * size), line
            assert value(moved, scale) == pytest.approx(exact - old, abs=2e-2 * size), line


@pytest.mark.parametrize("width", [60, 64, 68, 74, 80, 92, 120])
@pytest.mark.parametrize("what_if", ["W_h *= 2", None])
def test_words_beside_a_row_are_whole_or_cut_with_a_sign(width: int, what_if: str | None) -> None:
    """No remark on bars stands where there are none, and what has no room leaves the title."""
    session = Session(Trainer(SMALL.with_(cell="gru")))
    snapshot = session.perform(Step(Stride.UPDATE, 2), Step(Stride.TIMESTEP, 3))
    if what_if is not None:
        change = Intervene(parse(what_if, session.trainer.network.declaration))
        snapshot = session.perform(change)
    lines = text_of(panel.draw(context(snapshot), width, 14))
    titles = {row.symbol: row.title for row in snapshot.rows}
    for symbol in ("r_t", "z_t", "n_t", "h_t", "x_t"):
        line = next(each for each in lines if each[3:].startswith(f"{symbol} "))
        bars = re.search(r"[\u2581-\u2588\u2800-\u28ff]", line)
        assert bars or "full bar" not in line
        words = re.split(r"\d(?:e−\d+)? *  (?=[a-z])", line.rstrip())[1:]
        for said in words:
            assert said.startswith(titles[symbol]) or said.endswith("…"), line
            assert said.count(":") == 0 or re.search(r"(_\d|>|%|n)$", said), line
        if width >= 80:
            assert words, line


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_what_a_what_if_does_not_touch_has_moved_by_nothing(cell: str) -> None:
    session = Session(Trainer(SMALL.with_(cell=cell, hidden=7, batch=2)))
    session.perform(Step(Stride.UPDATE, 12), Step(Stride.TIMESTEP, 2))
    session.perform(Intervene(parse("detach @3", session.trainer.network.declaration)))
    # The loss, then back to timestep 4: the path is cut before all that comes earlier.
    snapshot = session.perform(Step(Stride.TIMESTEP, SMALL.steps + 1))
    assert snapshot.what_if is not None
    assert snapshot.cursor.t >= 4
    for unit in range(7):
        text = "\n".join(text_of(panel.draw(context(snapshot, unit=unit), 120, 14)))
        moved = [each[2] for each in COMPARED.findall(text)]
        assert moved
        assert all(float(each.replace("−", "-")) == 0 for each in moved), text

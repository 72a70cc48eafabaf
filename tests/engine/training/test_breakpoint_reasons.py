"""What a stop says: its reason and advice follow from the numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from engine.training.breakpoint_support import LIVELY, SMALL, plain_share

from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.training.breakpoint_conditions import (
    Breakpoint,
    Kind,
)
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.breakpoints import BreakpointHit, Breakpoints, run_until
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

# ---------------------------------------------------------------- what is said


def told(text: str, settings: Settings = SMALL, after: int = 0) -> tuple[Trainer, BreakpointHit]:
    """Return a trainer at the first stop after `after` updates, and the stop."""
    trainer = Trainer(settings)
    trainer.run(after)
    stop = run_until(trainer, Breakpoints(parse(text)), 1000)
    assert stop is not None
    assert stop.reason.count("\n") == stop.advice.count("\n") == 0
    assert stop.advice.endswith(".")
    assert max(len(stop.reason), len(stop.advice)) <= 78, stop  # a line of 80 columns
    return trainer, stop


def test_the_reason_has_the_value() -> None:
    trainer, stop = told("loss>0", after=811)
    assert stop.reason == f"loss {trainer.loss:.3g} > 0 at update 812"
    assert stop.value == trainer.loss
    _, stop = told("update=12")
    assert (stop.reason, stop.value) == ("update 12 is done", 12)
    trainer, stop = told("saturated f>=0", SMALL.with_(cell="lstm"))
    assert stop.reason == f"saturated f {stop.value:.3g} >= 0 at update 1"
    trainer, stop = told("clipped", SMALL.with_(clip=1e-3))
    changed = int((trainer.network.gradient != trainer.clipped).sum())
    assert (
        stop.reason
        == f"clipping changed {changed} of {trainer.parameters.size} entries at update 1"
    )


def test_the_value_told_never_contradicts_the_condition() -> None:
    trainer = Trainer(SMALL)
    trainer.run(1)
    limit = np.nextafter(trainer.loss, math.inf)
    list_ = Breakpoints(Breakpoint(Kind.LOSS, "<", float(limit)))
    trainer = Trainer(SMALL)
    stop = run_until(trainer, list_, 1)
    assert stop is not None
    shown, sign, bound = stop.reason.split()[1:4]
    assert sign == "<"
    assert float(shown) < float(bound)


@pytest.mark.parametrize(
    ("text", "settings", "after", "expected"),
    [
        ("loss>0", SMALL, 0, "normal this early"),
        ("loss>0", SMALL, 200, "So is the smoothed loss, "),
        ("loss<100", SMALL, 0, "The smoothed loss, "),
        ("smoothed<100", SMALL, 4, "It averages the last 5 windows or so"),
        ("smoothed>0", SMALL, 300, "The last 100 windows are this bad"),
        ("grad>0", SMALL.with_(clip_by="none"), 0, "Nothing clips it"),
        ("grad>0", SMALL.with_(clip_by="norm", clip=1e-3), 0, "Clipping to a norm of 0.001 lets"),
        ("grad>0", SMALL, 0, "no single entry exceeds ±5"),
        ("grad>0", SMALL.with_(clip=1e-3), 0, "Clipping by value changed "),
        ("grad<100", SMALL, 0, "‖dh_1‖ is "),
        ("grad<100", SMALL.with_(steps=1), 0, " little moves."),
        ("clipped", SMALL.with_(clip_by="norm", clip=1e-3), 0, ", scaled by "),
        ("clipped", SMALL.with_(clip=1e-3), 0, "cut to 0.001; if always, lower lr 0.01."),
        ("saturated h<0.5", SMALL, 0, "of h is where tanh′ passes gradient on"),
        ("saturated h>=0", SMALL, 0, "there tanh′ ≤ 0.0975, not 1."),
        ("saturated z>=0", SMALL.with_(cell="gru"), 0, "σ′ ≤ 0.0475, not 0.25."),
        ("update=3", SMALL, 0, "The loss is "),
        ("pass=BATCH", SMALL, 0, "A new window is drawn; it begins with zeros."),
        ("pass=BATCH", SMALL.with_(windows="random"), 5, "it begins with the state carried over."),
        ("t=3", SMALL, 0, "‖h_3‖ is "),
        ("pass=LOSS", SMALL, 0, "This window's loss is "),
        ("pass=BACKWARD t=3", SMALL, 0, "‖dh_3‖ is "),
        ("pass=BACKWARD", SMALL, 0, "all of it from y_5, whole batch."),
        ("pass=BACKWARD", SMALL.with_(batch=1), 0, "all of it from y_5."),
        ("pass=CLIP", SMALL, 0, "clipping changed 0 entries"),
        ("pass=UPDATE", SMALL, 0, "the window's loss was "),
    ],
)
def test_advice_follows_from_the_numbers(
    text: str, settings: Settings, after: int, expected: str
) -> None:
    advice = told(text, settings, after)[1].advice
    assert expected in advice
    assert len(advice) <= 63, advice  # keys have room beside it at 80 columns


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_advice_in_a_stack_is_about_the_layer_that_it_names(layers: int) -> None:
    settings = SMALL.with_(cell="lstm", layers=layers)
    number = str(layers) if layers > 1 else ""

    def size(array: str, index: int) -> str:
        return f"{norm(trainer.network.tape[array][index].astype(float).ravel()):.3g}"

    trainer, stop = told("pass=FORWARD t=3", settings)
    before, here = (size(f"h{number}", t) for t in (2, 3))
    assert stop.advice == f"‖h{number}_3‖ is {here}, after {before} before it, whole batch."
    trainer, stop = told("pass=BACKWARD t=3", settings)
    later, own = size(f"dh{number}_next", 3), size("dh_y", 2)
    parts = f"‖dh{number}_3‖ is {later} from later t, {own} from y_3"
    assert stop.advice == f"Whole batch: {parts}."
    trainer, stop = told("pass=BACKWARD", settings)
    assert stop.advice.startswith(f"‖dh{number}_5‖ is {size(f'dh{number}', 4)}, ")
    for gate in ("i", f"f{number}"):
        trainer, stop = told(f"saturated {gate}>=0", settings)
        assert stop.value == plain_share(trainer, gate)
        assert stop.reason.startswith(f"saturated {gate} {stop.value:.3g} >= 0")
        assert stop.advice.startswith(f"Of {gate}, ")


def test_a_spike_and_a_lucky_window_are_told_from_a_trend() -> None:
    trainer = Trainer(LIVELY)
    trainer.run(200)
    smoothed = trainer.history.smoothed
    for text, expected in (
        (f"loss>{1.2 * smoothed}", "A spike, "),
        (f"loss<{0.8 * smoothed}", "One window only; smoothed it is "),
    ):
        stop = run_until(trainer, Breakpoints(parse(text)), 1000)
        assert stop is not None
        assert expected in stop.advice

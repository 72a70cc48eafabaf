"""Cases on the screen: losses that count by sample, sums, given states; theirs beside ours."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from checks.random_cases import random_case, with_numbers
from tui.equation_reading import check
from tui.screen_support import SnapshotMaker, context, text_of, title_text

from rnn_tui.cases.case import Case
from rnn_tui.checks.comparison import names_in_order
from rnn_tui.checks.compute import GRADIENT, compute
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.proofs.base import Refusal
from rnn_tui.proofs.theirs import TheirsReport
from rnn_tui.session.commands import GoToOperation, Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tasks.case import case_settings
from rnn_tui.tui import key_hints
from rnn_tui.tui.equation_text import numbers_line
from rnn_tui.tui.panel_spec import hidden_panels, panel_spec
from rnn_tui.tui.panels.current_pass import first_screen
from rnn_tui.tui.panels.current_pass import panel as current_pass
from rnn_tui.tui.panels.current_pass.their_numbers import their_gradient, their_loss
from rnn_tui.tui.panels.proofs import theirs

REQUEST = ViewRequest(predictions=False, proofs=frozenset({"theirs"}))


def trainer_of(case: Case) -> Trainer:
    return new_trainer(case_settings(case), case)


def a_case(seed: int, cell: str | None = None) -> Case:
    """Return a random case of which some timesteps count for some samples only."""
    random = np.random.default_rng(seed)
    case = random_case(random, cell)
    while case.outputs < 2 or (case.mask == case.mask[:, :1]).all():
        case = random_case(random, cell)
    return case


@pytest.mark.parametrize("seed", range(4))
def test_what_stands_on_the_screen_is_true_of_the_sample_shown(seed: int) -> None:
    case = a_case(seed)
    trainer = trainer_of(case)
    maker = SnapshotMaker(trainer)
    for _ in range(3):  # batch, forward, loss
        trainer.finish_pass()
    total = 0.0
    for sample in range(case.batch):
        snapshot = maker.snapshot(sample=sample)
        assert snapshot.window.counted == tuple(case.mask[:, sample])
        lines = text_of(current_pass.draw(context(snapshot), 100, 30))
        assert ("1/N" in lines[0]) == (case.reduction == "mean")
        part = re.search(r"this sample's part of it: (\S+)", "\n".join(lines))
        assert part is not None
        total += float(part[1].replace("−", "-"))
        if not case.mask[:, sample].any():
            assert "No output of this sample counts" in "\n".join(lines)
    assert total == pytest.approx(trainer.loss, rel=2e-3, abs=1e-6)
    trainer.finish_pass()
    for t in range(1, case.steps + 1):
        for sample in range(case.batch):
            snapshot = maker.snapshot(t, sample)
            values, operations = snapshot.window.values(t), snapshot.backward_revealed(t)
            for operation in operations[:2]:
                array = values[operation.symbol][0]
                unit = t % array.size
                numbers = numbers_line(operation, values, 0, unit, t)
                check(operation.equation(), numbers, values, unit, float(array[unit]))
            counted = case.mask[t - 1, sample]
            assert (operations[0].equation() == "dy_t = 0") == (not counted)


def proved(session: Session, *commands: object) -> Snapshot:
    """Return a snapshot with the comparison, after these commands."""
    return session.perform(REQUEST, *commands)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "seed", [pytest.param(seed, marks=[pytest.mark.long] * (seed > 0)) for seed in range(9)]
)
def test_enter_goes_to_what_differs_and_there_ours_is_what_was_compared(seed: int) -> None:
    random = np.random.default_rng(seed)
    case = a_case(seed, ["gru", "lstm", "rnn"][seed % 3])
    ours = compute(case)
    for name in names_in_order(case)[:: 3 if seed == 0 else 1]:  # all in a long run
        changed = ours[name].copy()
        place = tuple(int(random.integers(n)) for n in changed.shape)
        changed[place] += 3.0
        wrong = replace(case, theirs={**ours, name: changed})
        session = Session(trainer_of(wrong))
        report = proved(session).proofs["theirs"]
        assert isinstance(report, TheirsReport)
        first, there = report.comparison.first, report.place
        assert first is not None
        assert there is not None
        assert first.name == name
        updates = Step(Stride.UPDATE, int(random.integers(3)))
        command = GoToOperation(0, there.stage, there.t, there.symbol)
        request = replace(REQUEST, sample=first.sample or 0)
        snapshot = session.perform(request, updates, command)
        assert (snapshot.cursor.update, snapshot.cursor.stage) == (0, there.stage)
        if there.symbol:
            operations = snapshot.backward_revealed(there.t) or snapshot.forward_revealed(there.t)
            assert operations[-1].symbol == there.symbol
            value = snapshot.window.values(there.t)[there.symbol][0][first.unit or 0]
            assert snapshot.theirs is not None
            shown = snapshot.theirs.values[there.symbol][there.t - 1][first.unit or 0]
            assert shown == first.theirs
            tensor, layer = snapshot.theirs.tensors[there.symbol]
            entry = (layer, there.t - 1, first.sample or 0, first.unit or 0)
            assert report.comparison.differs(tensor, entry)
        elif there.parameter is not None:
            value = session.trainer.network.gradient[there.parameter]
        else:
            value = snapshot.loss
        assert value == pytest.approx(first.ours, rel=1e-9, abs=1e-12)


def test_theirs_stand_beside_ours_until_the_weights_have_changed() -> None:
    case = a_case(3, "lstm")
    case = with_numbers(np.random.default_rng(1), case, compute(case))
    session = Session(trainer_of(case))
    forward = session.perform(REQUEST, Step(Stride.TIMESTEP, 2))
    assert forward.theirs is not None
    lines = text_of(current_pass.draw(context(forward), 100, 30))
    assert sum("theirs" in line and "✓" in line for line in lines) >= 2
    assert not any("✗" in line for line in lines)
    backward = session.perform(Step(Stride.TIMESTEP, case.steps + 1))
    assert backward.cursor.stage is Pass.BACKWARD
    lines = text_of(current_pass.draw(context(backward), 100, 30))
    assert any("theirs" in line and "✓" in line for line in lines)
    assert session.perform(Step(Stride.UPDATE)).theirs is not None  # it is of the same window
    after = session.perform(Step(Stride.TIMESTEP))
    assert after.theirs is None
    after = proved(session)
    lines = text_of(theirs.draw(context(after), 60, 20))
    assert "all" in lines[0]
    assert "an update has changed them" in " ".join(line.strip() for line in lines)


@pytest.mark.parametrize(("width", "height"), [(35, 8), (60, 12), (78, 11), (120, 40)])
def test_the_panel_has_room_for_what_matters(width: int, height: int) -> None:
    case = a_case(2, "gru")
    ours = compute(case)
    wrong = {
        name: array * 2 if name.startswith(GRADIENT) else array for name, array in ours.items()
    }
    snapshot = proved(Session(trainer_of(replace(case, theirs=wrong))))
    shown = context(snapshot, panel="theirs")
    lines = text_of(theirs.draw(shown, width, height))
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    text = " ".join(line.strip() for line in lines)
    assert "tensors differ; first" in text
    assert "grad.output[" in text
    assert "agree to 1e−7" in title_text(theirs.PANEL, shown, 60)
    assert theirs.place_of_first(snapshot) is not None


def test_without_a_case_the_panel_is_hidden_and_says_why() -> None:
    session = Session(Trainer(Settings(hidden=2, steps=3, num_points=60)))
    snapshot = proved(session)
    assert isinstance(snapshot.proofs["theirs"], Refusal)
    assert set(hidden_panels(snapshot)) == {"theirs", "lesson"}
    assert "case file" in text_of(theirs.draw(context(snapshot), 60, 10))[0]
    assert "case file" in theirs.why_nowhere(snapshot)
    assert snapshot.theirs is None


def test_the_first_screen_says_whether_theirs_agree() -> None:
    case = a_case(4, "lstm")
    ours = compute(case)
    wrong = {**ours, "grad.rnn.weight_hh_l0": ours["grad.rnn.weight_hh_l0"] + 1.0}
    for theirs_are, words in (
        (ours, rf"theirs +✓ all {len(ours)} tensors agree — / i"),
        (wrong, rf"theirs +✗ 1 of {len(ours)} (tensors )?differ; first: g.* — / i"),
    ):
        session = Session(trainer_of(replace(case, theirs=theirs_are)))
        before = context(session.perform(ViewRequest()))
        now = context(proved(session))
        assert "/ i" in [hint.shown for hint in key_hints.hints(now)]
        for width in (60, 72, 78, 120):
            lines = text_of(first_screen.draw(before, width, 14))
            assert any("theirs     being compared" in line for line in lines)
            after = text_of(first_screen.draw(now, width, 14))
            assert [re.search(words, line) is not None for line in after].count(True) == 1
            assert len(after) == len(lines)  # nothing moves when the verdict comes


def test_a_loss_near_0_has_the_sign_that_the_check_gives_it() -> None:
    case = a_case(3, "rnn")
    case = replace(case, loss="mse", target=compute(case)["output"] + 1e-11)
    ours = compute(case)
    theirs_loss = ours["loss"] * (1 + 1e-6)  # differs by the formula, not by more than rounding
    for loss, sign in ((theirs_loss, "✓"), (ours["loss"] * 2, "✗")):
        session = Session(trainer_of(replace(case, theirs={"loss": np.asarray(loss)})))
        after_loss = GoToOperation(0, Pass.LOSS, 0)
        snapshot = session.perform(REQUEST, after_loss)
        report = snapshot.proofs["theirs"]
        assert isinstance(report, TheirsReport)
        assert report.comparison.agrees == (sign == "✓")
        assert text_of((their_loss(snapshot),))[0].endswith(sign)
        unjudged = replace(snapshot, proofs={})
        assert text_of((their_loss(unjudged),))[0].strip()[-1] not in "✓✗"


def test_the_ledger_has_their_gradient_of_either_bias() -> None:
    case = a_case(3, "lstm")
    ours = compute(case)
    wrong = ours["grad.rnn.bias_hh_l0"].copy()
    wrong[0] += 1.0
    session = Session(trainer_of(replace(case, theirs={**ours, "grad.rnn.bias_hh_l0": wrong})))
    found = theirs.place_of_first(proved(session))
    assert found is not None
    there = found[0]
    assert there.parameter is not None
    snapshot = session.perform(REQUEST, GoToOperation(0, there.stage, there.t, there.symbol))
    assert text_of((their_gradient(snapshot, there.parameter),))[0].endswith("✗")
    assert text_of((their_gradient(snapshot, there.parameter + 1),))[0].endswith("✓")


def test_enter_is_offered_only_where_update_0_is_in_reach() -> None:
    case = a_case(3, "lstm")
    ours = compute(case)
    session = Session(trainer_of(replace(case, theirs={**ours, "h": ours["h"] + 1.0})))
    snapshot = proved(session)
    assert key_hints.GO_THERE in theirs.keys(context(snapshot, panel="theirs"))
    later = replace(snapshot, timeline=replace(snapshot.timeline, first=40))
    assert key_hints.GO_THERE not in theirs.keys(context(later, panel="theirs"))
    assert "update 0 is out of reach" in theirs.why_nowhere(later)


@pytest.mark.parametrize("width", [60, 72, 78, 120])
def test_a_number_that_differs_stands_beside_ours_however_narrow(width: int) -> None:
    case = with_numbers(np.random.default_rng(1), a_case(3, "lstm"), {})
    ours = compute(case)
    for name, stage in (("output", Pass.FORWARD), ("h", Pass.FORWARD), ("grad.h", Pass.BACKWARD)):
        session = Session(trainer_of(replace(case, theirs={**ours, name: ours[name] + 1.0})))
        found = theirs.place_of_first(proved(session))
        assert found is not None
        there = found[0]
        assert there.stage is stage
        go_there = GoToOperation(0, there.stage, there.t, there.symbol)
        snapshot = session.perform(replace(REQUEST, layer=found[1].layer), go_there)
        lines = text_of(current_pass.draw(context(snapshot), width, 30))
        marked = [line for line in lines if line.startswith(" ▸ ") and "theirs" in line]
        assert len(marked) == 1
        assert marked[0].endswith("✗")
        assert len(marked[0]) <= width


def test_numbers_in_help_are_those_of_the_run() -> None:
    session = Session(Trainer(Settings(cell="lstm", hidden=3, steps=5, num_points=60)))
    snapshot = session.perform(Step(Stride.PASS, 3))
    for name, signs in (
        ("gradients", ("‖dh‖ of L_5",)),
        ("code", ("[B,H]=[1,3]",)),
        ("carpet", ()),
    ):
        shown = [sign.shown for sign in panel_spec(name).help(context(snapshot, panel=name))]
        assert {*signs} <= {*shown}, name
        times = re.findall(r"(?:\bt ?= ?|L_|h_)(\d+)", " ".join(shown))
        assert all(int(t) <= 5 for t in times), (name, times)

"""The panels of the proofs: they fit, they show what was found, and nothing too early."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from shares import share
from tui.screen_support import (
    KINDS,
    SMALL,
    ProofSnapshotMaker,
    context,
    panels,
    place,
    power_of,
    regions,
    stands_for,
    text_of,
)

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin
from rnn_tui.engine.analysis.gradient_flow import describe_gradient_flow
from rnn_tui.engine.analysis.gradient_map import GradientMap
from rnn_tui.engine.analysis.jacobians import JacobianNorms
from rnn_tui.engine.analysis.ledger import Ledger
from rnn_tui.engine.analysis.loss_gradient import loss_gradient
from rnn_tui.engine.analysis.spectra import spectral_radii
from rnn_tui.engine.analysis.window_edges import WindowEdges
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.pins import Cut
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import Refusal
from rnn_tui.proofs.gradient_check import GradientCheckReport
from rnn_tui.proofs.window_edge import EdgeReport
from rnn_tui.registry import PANELS
from rnn_tui.session.commands import CheckGradient
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings, Value
from rnn_tui.tui.lines import cell_width
from rnn_tui.tui.number_format import number, signed
from rnn_tui.tui.panels.current_pass import bad_value_origin
from rnn_tui.tui.panels.current_pass import panel as current_pass
from rnn_tui.tui.panels.proofs import gradient_check, gradient_map, ledger, window_edge
from rnn_tui.tui.panels.proofs.gradient_shades import shade
from rnn_tui.tui.panels.proofs.gradient_strips import passed_on

PROOFS = panels("proof")
each_kind = pytest.mark.parametrize("kind", sorted(KINDS))


def sizes(panel: str) -> set[tuple[int, int]]:
    """Return the sizes of this panel below its title on several screens, and a very large one."""
    found = {(200, 50)}
    for screen in ((80, 23), (80, 24), (110, 34), (120, 40)):
        for zoomed in (False, True):
            region = regions(screen, panel, "loss", zoomed=zoomed)[panel]
            found.add((region.width, region.height - 1))
    return found


def places(settings: Settings) -> Iterator[Snapshot]:
    """Every place of the second update and into the third, with a check at each."""
    maker = ProofSnapshotMaker(Trainer(settings))
    maker.trainer.run(1)
    parameter = maker.trainer.parameters.size // 2
    for _ in range(2 * settings.steps + 6):
        yield maker.proved(parameter, CheckGradient(parameter))
        maker.step()


def check_fits(snapshot: Snapshot, **view: object) -> None:
    looked_at = context(snapshot, **view)
    for panel, spec in PROOFS.items():
        for width, height in sizes(panel):
            where = f"{panel} {width}×{height} at {place(snapshot.cursor)}"
            lines = spec.draw(looked_at, width, height)
            assert len(lines) <= height, where
            for line in lines:
                assert cell_width(line) <= width, f"{where}: {text_of((line,))}"
        left, right = spec.title(looked_at)
        assert len(left) + 4 <= 35, left
        text = "\n".join(text_of(spec.draw(looked_at, 80, 20))) + left + right
        assert not re.search(r"(?i)\b(nan|inf)\b|∞", text), text


@pytest.mark.parametrize("kind", share(sorted(KINDS)))
def test_every_line_fits_at_every_place(kind: str) -> None:
    for snapshot in places(SMALL.with_(hidden=5, **KINDS[kind])):
        check_fits(snapshot, parameter=snapshot.request.parameter)


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": 1},
        {"steps": 100, "num_points": 400},
        {"steps": 450, "num_points": 1000, "hidden": 2},
        {"hidden": 64, "cell": "lstm", "steps": 20},
        {"batch": 3, "cell": "gru"},
        {"windows": "random"},
        {"carry": False},
    ],
)
def test_every_line_fits_for_extreme_networks(changes: dict[str, Value]) -> None:
    maker = ProofSnapshotMaker(Trainer(SMALL.with_(**changes)))
    maker.trainer.run(1)
    maker.step()
    maker.trainer.finish_update()
    parameter = maker.trainer.parameters.size - 1
    snapshot = maker.proved(parameter, CheckGradient(parameter, whole=True))
    check_fits(snapshot, parameter=parameter)


# ---------------------------------------------------------------- the ledger


def backward(kind: str, at: int = 1) -> ProofSnapshotMaker:
    """At timestep `at` of the backward pass of the third window."""
    maker = ProofSnapshotMaker(Trainer(SMALL.with_(**KINDS[kind])))
    maker.trainer.run(1)
    while maker.trainer.updates < 2 or (maker.trainer.cursor.stage, maker.trainer.cursor.t) != (
        Pass.BACKWARD,
        at,
    ):
        maker.step()
    return maker


@each_kind
def test_the_ledger_shows_each_share_the_running_sum_and_the_gradient(kind: str) -> None:
    maker = backward(kind)
    parameter = 9
    snapshot = maker.proved(parameter)
    found = snapshot.proofs["ledger"]
    assert isinstance(found, Ledger)
    text = text_of(ledger.draw(context(snapshot, parameter=parameter), 80, 20))
    for t in range(1, 6):
        row = next(line for line in text if re.match(rf"[ ▸]+{t} ", line))
        share, running = re.findall(r"[+−]\S+|(?<= )0(?= )", row)[:2]
        assert stands_for(share, float(found.contribution[t - 1]), power_of(text[0], "share"))
        assert stands_for(running, float(found.running_sum[t - 1]), power_of(text[0], "sum T…t"))
    total = signed(float(maker.trainer.network.gradient[parameter]))
    assert f"= Σ = {total}," in text[-1]


def test_timesteps_without_a_row_of_the_ledger_are_counted() -> None:
    for at in (5, 3, 1):
        snapshot = backward("lstm", at).proved(9)
        for width in (40, 47, 80):
            for height in range(3, 9):
                text = text_of(ledger.draw(context(snapshot, parameter=9), width, height))
                rows = sum(bool(re.match(r"[ ▸]+\d ", line)) for line in text)
                counted = re.search(r"(\d+) more|\+(\d+) t", text[-1])
                assert rows + (int(counted[1] or counted[2]) if counted else 0) == 5, text
                assert len(text[-1]) <= width


def test_the_ledger_fills_with_the_backward_pass() -> None:
    for at in (5, 3, 1):
        snapshot = backward("lstm", at).proved(9)
        text = text_of(ledger.draw(context(snapshot, parameter=9), 80, 20))
        for t in range(1, 6):
            row = next(line for line in text if re.match(rf"[ ▸]+{t} ", line))
            assert ("·" in row) == (t < at), row


@pytest.mark.parametrize(
    ("share", "expected"),
    [(1.0, "    │████"), (-1.0, "████│"), (0.5, "    │██"), (-0.13, "   ▐│"), (0.0, "    │")],
)
def test_a_bar_says_its_sign_by_its_side(share: float, expected: str) -> None:
    assert text_of((ledger.bar(share, 1.0, 4),))[0] == expected


# ---------------------------------------------------------------- the map


@each_kind
def test_the_map_shades_each_entry_and_reads_the_last_row(kind: str) -> None:
    snapshot = backward(kind).proved()
    found = snapshot.proofs["map"]
    assert isinstance(found, GradientMap)
    states = snapshot.window.declaration.cell.states
    assert gradient_map.shown(context(snapshot))[0] == states[-1]  # the memory, if there is one
    for state in states:
        norms = found.of(state, None)
        shown = context(snapshot, variants=(("map", state),))
        text = text_of(gradient_map.draw(shown, 80, 20))
        fate = describe_gradient_flow(norms[-1], 5).partition(" (")[0]
        name = f"L_5: {state}" if len(states) > 1 else "L_5"
        assert text[0].strip().startswith(f"{name} {fate}")
        for other in states:
            fate = describe_gradient_flow(found.of(other, None)[-1], 5).partition(" (")[0]
            assert fate in " ".join(" ".join(text[:2]).split())
        assert gradient_map.title(shown)[0] == f"map of ‖∂L_t/∂{state}_<t-k>‖"
        top = np.nanmax(norms)
        for t in range(1, 6):
            row = next(line for line in text[2:] if re.match(rf"[ ▸]+{t} ", line))
            expected = "".join(shade(norms[t - 1, k], top) * 3 for k in range(t + 1))
            assert row[8:].rstrip() == expected + "│"


@pytest.mark.parametrize(
    ("size", "mark"),
    [(1.0, "#"), (0.32, "#"), (0.31, "*"), (0.05, "+"), (0.009, "-"), (1e-4, " "), (0.0, " ")],
)
def test_a_mark_of_the_ramp_is_a_factor_of_root_ten(size: float, mark: str) -> None:
    assert shade(size, 1.0) == mark


def test_the_map_shows_nothing_the_backward_pass_has_not_reached() -> None:
    snapshot = backward("gru", 3).proved()
    text = text_of(gradient_map.draw(context(snapshot), 80, 20))
    for t, known in ((5, 3), (4, 2), (3, 1), (2, 0), (1, 0)):
        row = next(line for line in text[2:] if re.match(rf"[ ▸]+{t} ", line))
        assert row.count("·") == t + 1 - known, row


@each_kind
def test_the_strips_end_with_the_numbers_of_the_whole_way(kind: str) -> None:
    maker = backward(kind)
    snapshot = maker.proved()
    norms = snapshot.proofs["jacobians"]
    assert isinstance(norms, JacobianNorms)
    lines = text_of(gradient_map.draw(context(snapshot), 80, 20))
    text = "\n".join(lines)
    one = loss_gradient(maker.trainer.network, 5)
    for state in snapshot.window.declaration.cell.states:
        [strip] = [line for line in lines if line.startswith(f" ‖d{state}‖ ")]
        left = number(float(passed_on(one, state, None)[-1]), 3)
        assert strip.split()[-1] == left
        assert f"d{state} ×{left}" in " ".join(text.split())
    end = number(float(norms.product[0]), 3)
    assert re.search(rf"^ ≤‖J⋯J‖.* {re.escape(end)} *$", text, re.MULTILINE)
    assert f"‖J⋯J‖ {end}: the most that any gradient could become" in text
    for name, radius in spectral_radii(maker.trainer.network).items():
        assert f"{name} {number(radius, 3)}" in text
    gated = maker.trainer.network.cell.gates != ("",)
    assert ("⊙" in text) == gated


# ---------------------------------------------------------------- the edge


@pytest.mark.parametrize("kind", ["rnn-tanh", "lstm", "gru"])  # relu carries zeros here
def test_the_edge_shows_what_is_cut_and_what_a_longer_window_adds(kind: str) -> None:
    snapshot = backward(kind).proved()
    found = snapshot.proofs["edge"]
    assert isinstance(found, EdgeReport)
    assert found.truncation is not None
    assert found.truncation.relative is not None
    text = "\n".join(text_of(window_edge.draw(context(snapshot), 80, 10)))
    edges = snapshot.proofs["edges"]
    assert isinstance(edges, WindowEdges)
    assert edges.count == 16
    words = " ".join(text.split())
    exponents = [
        power_of(text, name) for name in ("‖carried in‖", "‖gradient cut‖", "next 16 windows")
    ]
    for name, sizes in edges.cut.items():
        row = re.search(rf"{name}_0 +(\S+) +(\S+) +(\S+) +± (\S+)", text)
        assert row is not None
        exact = found.edge.carried[name], found.edge.gradient[name], float(np.mean(sizes))
        for shown, value, exponent in zip(row.groups(), exact, exponents, strict=False):
            assert stands_for(shown, value, exponent)
        assert stands_for(row[4], float(np.std(sizes)), exponents[2])
    most = max(edges.left(name) or 0 for name in edges.cut)
    assert f"{number(100 * most, 3)} % of what the losses send" in words
    assert f"would add {number(100 * (edges.added_share or 0), 3)} % to ‖∇L‖" in words
    assert f"{number(100 * found.truncation.relative, 3)} % in this one" in words


@pytest.mark.parametrize(
    ("cut", "word"), [(0.001, "Hardly anything is cut"), (0.1, "A part is cut"), (1.0, "Much is")]
)
def test_the_edge_is_judged_by_the_gradient_that_is_left_there(cut: float, word: str) -> None:
    snapshot = backward("rnn-tanh").proved()
    edges = WindowEdges(
        {"h": np.full(4, cut)}, np.ones(4), np.array([1e-9, 1.0]), np.array([0.5, 0.5])
    )
    shown = replace(snapshot, proofs={**snapshot.proofs, "edges": edges})
    text = " ".join(" ".join(text_of(window_edge.draw(context(shown), 80, 12))).split())
    assert f"{word}" in text
    assert f"{number(100 * cut, 3)} % of what the losses send back (4 windows)" in text


def test_without_the_window_before_the_edge_says_why() -> None:
    for changes, why in (
        ({"windows": "random"}, "at random"),
        ({"carry": False}, "starts from zeros"),
        ({}, "starts from zeros"),
    ):
        maker = ProofSnapshotMaker(Trainer(SMALL.with_(**changes)))
        maker.trainer.finish_update()
        text = " ".join(text_of(window_edge.draw(context(maker.proved()), 80, 10)))
        assert why in text
    maker.trainer.run(3)
    text = " ".join(text_of(window_edge.draw(context(maker.proved()), 80, 10)))
    assert "was not kept" in text


# ---------------------------------------------------------------- the proof


@each_kind
def test_the_proof_shows_both_numbers_method_error_and_verdict(kind: str) -> None:
    snapshot = backward(kind).proved(9, CheckGradient(9))
    found = snapshot.proofs["proof"]
    assert isinstance(found, GradientCheckReport)
    checked = found.check
    text = "\n".join(text_of(gradient_check.draw(context(snapshot, parameter=9), 80, 9)))
    assert f"✓ {checked.verdict}" in text
    assert ("complex step" if kind != "rnn-relu" else "central differences") in text
    for value in (checked.analytic[0], checked.numeric[0]):
        assert signed(float(value), gradient_check.DIGITS) in text
    assert number(float(checked.relative[0]), 3) in text
    assert number(float(checked.tolerance[0])) in text


def test_a_wrong_gradient_is_said_to_differ() -> None:
    maker = backward("rnn-tanh")
    maker.trainer.network.gradient[9] *= 1.01
    maker.trainer.windows += 1  # as nobody but the trainer writes there
    snapshot = maker.proved(9, CheckGradient(9))
    text = "\n".join(text_of(gradient_check.draw(context(snapshot, parameter=9), 80, 9)))
    assert "✗ differs" in text
    assert "> tolerance" in text


@pytest.mark.parametrize("whole", [False, True])
def test_a_cut_path_is_said_to_make_the_gradient_differ_and_how(whole: bool) -> None:
    maker = backward("lstm")
    clean = maker.trainer.network.gradient.copy()
    maker.trainer.network.pins = (Cut(3),)
    maker.trainer.network.backward(1, 5)
    maker.trainer.windows += 1  # as nobody but the trainer does that
    gradient = maker.trainer.network.gradient
    snapshot = maker.proved(9, CheckGradient(9, whole=whole))
    found = snapshot.proofs["proof"]
    assert isinstance(found, GradientCheckReport)
    indices, change = found.check.indices, clean - gradient
    lines = gradient_check.draw(context(snapshot, parameter=9), 80, 14)
    text = " ".join(" ".join(text_of(lines)).split())
    assert "✓ agrees" in text
    assert found.without_cuts == pytest.approx(clean[indices], rel=1e-5)
    largest = indices[np.argmax(np.abs(change[indices]))]
    assert "detach @3: checked with the state before it held constant" in text
    [(derivative, difference)] = re.findall(r"derivative (\S+?),? .*differ by (\S+),", text)
    assert value_of(derivative.rstrip(":")) == pytest.approx(clean[largest], rel=1e-3)
    assert value_of(difference) == pytest.approx(change[largest], rel=1e-2)


def value_of(text: str) -> float:
    """Return the number that is written so."""
    return float(text.replace("−", "-"))


def test_of_a_tensor_the_worst_entry_is_shown() -> None:
    maker = backward("lstm")
    start = 16
    maker.trainer.network.gradient[start + 7] += 0.5
    maker.trainer.windows += 1  # as nobody but the trainer writes there
    snapshot = maker.proved(start, CheckGradient(start, whole=True))
    found = snapshot.proofs["proof"]
    assert isinstance(found, GradientCheckReport)
    assert len(found.check.indices) == 64
    text = "\n".join(text_of(gradient_check.draw(context(snapshot, parameter=start), 80, 9)))
    assert "✗ differs" in text
    assert "dW_hi[1,4]" in text  # gates are stored o, i, f, g


# ---------------------------------------------------------------- after a divergence


@each_kind
def test_the_cause_of_a_bad_number_is_shown_with_the_worst_input_marked(kind: str) -> None:
    chosen = SMALL.with_(optimizer="sgd", lr=100.0, clip_by="none", **KINDS[kind])
    for scale in (1e19, 3e37):
        trainer = Trainer(chosen)
        with np.errstate(all="ignore"):
            trainer.parameters *= np.float32(scale)
        while trainer.divergence is None and trainer.updates < 100:
            trainer.reveal()
        if trainer.divergence is None:
            continue
        snapshot = ProofSnapshotMaker(trainer).proved()
        check_fits(snapshot)
        found = snapshot.proofs.get("cause")
        if not isinstance(found, BadValueOrigin) or not snapshot.cursor.t:
            continue
        assert not math.isfinite(found.number)
        for size in ((80, 10), (80, 14), (74, 30)):
            lines = current_pass.draw(context(snapshot), *size)
            assert len(lines) <= size[1]
            text = "\n".join(text_of(lines))
            became = re.compile(r" became (−?inf|NaN)(;| )")
            named = value_name(found.symbol, found.t, found.unit + 1)
            assert became.search(text.partition(f" {named}")[2]), text
            assert not re.search(r"(?i)\b(nan|inf)\b|∞", became.sub("", text)), text
            on_error = [line for line in lines if any(r.startswith("wrong-") for _, r in line)]
            assert len(on_error) <= 1, text  # the row of that number, if it is not folded
            assert found.suspect is not None
            suspect = found.inputs[found.suspect]
            stem = re.sub(r"_(t|<t-1>)$", "", suspect.name)
            name = rf"{re.escape(stem)}(_\d+)?(\[[\d,]+\])?"
            assert re.search(rf"▸ +{name} ", text), text
            assert bad_value_origin.NUMBERS.text(suspect.number).strip() in text


def test_only_what_diverged_is_explained() -> None:
    maker = backward("lstm")
    operation = maker.trainer.network.declaration.forward_operations[0]
    assert bad_value_origin.explain(context(maker.proved()), operation, 80, 9) == ()


def test_the_four_are_in_the_ring_after_the_charts() -> None:
    names = PANELS.names
    assert names[names.index("gradients") + 1 :][:4] == ("ledger", "map", "edge", "proof")


def test_before_the_first_window_there_is_nothing_to_prove() -> None:
    snapshot = ProofSnapshotMaker(Trainer(SMALL)).proved(0, CheckGradient(0))
    for name in ("ledger", "map", "edge", "proof"):
        assert isinstance(snapshot.proofs[name], Refusal)
        assert "n draws one" in " ".join(text_of(PROOFS[name].draw(context(snapshot), 80, 9)))

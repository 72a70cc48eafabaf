"""Moves of the selection: every key's move, its ends, and what a restart leaves of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui.screen_support import SMALL, TASKS, SnapshotMaker, snapshot_after

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.tui.draw_context import Selection
from rnn_tui.tui.parameter_names import parameter_name, tensors
from rnn_tui.tui.screens import selection_moves as moves


def name(selection: Selection) -> str:
    return parameter_name(snapshot_after(), selection.parameter)


def test_the_first_selection_is_a_recurrent_weight() -> None:
    assert name(moves.initial_selection(snapshot_after())) == "W_h[1,1]"
    assert moves.initial_selection(snapshot_after(TASKS["neuron"])).parameter == 0  # it has no W_h


def test_units_stop_at_the_first_and_last() -> None:
    snapshot = snapshot_after()
    assert moves.move_unit(snapshot, Selection(), 2) == Selection(unit=2)
    assert moves.move_unit(snapshot, Selection(unit=2), 9).unit == SMALL.hidden - 1
    assert moves.move_unit(snapshot, Selection(unit=2), -9).unit == 0
    outputs = snapshot_after(TASKS["text"]).window.declaration.architecture.outputs
    assert moves.move_unit(snapshot_after(TASKS["text"]), Selection(), 999).unit == outputs - 1


def test_parameters_and_tensors_stop_at_the_ends() -> None:
    snapshot = snapshot_after()
    start = Selection(parameter=1, unit=3)
    assert moves.move_parameter(snapshot, start, 2) == replace(start, parameter=3)
    last = moves.move_parameter(snapshot, start, 10**6)
    assert last.parameter == snapshot.optimizer.parameters.size - 1
    starts = [tensor.start for tensor in tensors(snapshot)]
    assert moves.move_tensor(snapshot, start, 1) == replace(start, parameter=starts[1])
    assert moves.move_tensor(snapshot, last, 1).parameter == starts[-1]
    assert moves.move_tensor(snapshot, last, -99).parameter == 0


def test_operations_are_those_revealed_at_the_timestep_shown() -> None:
    trainer = Trainer(SMALL)
    one = SnapshotMaker(trainer)
    assert moves.move_operation(one.snapshot(), Selection(), 1).operation == 0  # none yet
    for _ in range(2):
        trainer.step()  # the batch, the first timestep
    revealed = len(one.snapshot().forward_revealed(1))
    assert revealed > 1
    assert moves.move_operation(one.snapshot(), Selection(), 1).operation == 1
    assert moves.move_operation(one.snapshot(), Selection(), 99).operation == revealed - 1
    assert moves.move_operation(one.snapshot(), Selection(operation=1), -9).operation == 0


def test_the_timestep_of_the_cursor_is_no_selection() -> None:
    trainer = Trainer(SMALL)
    for _ in range(3):
        trainer.step()
    snapshot = SnapshotMaker(trainer).snapshot()
    assert snapshot.cursor.t == 2
    requested = [moves.timestep_to_request(snapshot, t) for t in (-3, 1, 2, 5, 99)]
    assert requested == [1, 1, None, 5, 5]


def test_layers_end_at_the_first_and_follow_the_cursor_above_the_last() -> None:
    snapshot = snapshot_after(SMALL.with_(layers=2))
    lower, upper = replace(snapshot, layer=1), replace(snapshot, layer=2)
    assert [moves.layer_to_request(lower, by) for by in (-1, 1)] == [1, 2]
    assert [moves.layer_to_request(upper, by) for by in (-1, 1)] == [1, None]


def test_samples_and_panels_go_round() -> None:
    snapshot = snapshot_after(SMALL.with_(batch=3))
    assert [moves.sample_to_request(snapshot, 1, by) for by in (1, 2, -2)] == [2, 0, 2]
    first, *_, last = PANELS.names
    assert moves.next_panel(last, 1) == first
    assert moves.next_panel(first, -1) == last


def test_a_smaller_network_resets_the_selection() -> None:
    snapshot = snapshot_after()
    selection = Selection(unit=3, parameter=5, operation=2, panel="loss", prefix="1")
    assert moves.valid_selection(snapshot, selection) is selection
    reset = replace(
        selection, unit=0, parameter=moves.initial_selection(snapshot).parameter, operation=0
    )
    assert moves.valid_selection(snapshot, replace(selection, unit=4)) == reset
    assert moves.valid_selection(snapshot, replace(selection, parameter=10**6)) == reset


@pytest.mark.parametrize(
    ("panel", "selects"), [("timestep", True), ("loss", True), ("network", False), ("map", False)]
)
def test_arrows_select_parameters_at_an_update(panel: str, selects: bool) -> None:
    trainer = Trainer(SMALL)
    one, selection = SnapshotMaker(trainer), Selection(panel=panel)
    trainer.step()
    assert not moves.arrows_select_parameters(one.snapshot(), selection)
    trainer.finish_update()
    snapshot = one.snapshot()
    assert moves.arrows_select_parameters(snapshot, selection) == selects
    assert not moves.arrows_select_parameters(replace(snapshot, running=True), selection)
    assert not moves.arrows_select_parameters(one.snapshot(t=2), selection)


def test_temperatures_go_up_and_down_and_stop() -> None:
    assert moves.temperature_to_request(1.0, 1) == 1.2
    assert moves.temperature_to_request(1.0, -99) == 0.0
    assert moves.temperature_to_request(0.33, 0) in moves.TEMPERATURES
    assert moves.temperature_to_request(2.0, 1) == 2.0


@pytest.mark.parametrize(
    ("before", "selected", "after", "expected"),
    [
        ("gru", "W_hz[2,3]", "lstm", "W_h[1,1]"),  # it has no gate of that name
        ("lstm", "W_xg[1,2]", "gru", "W_h[1,1]"),
        ("lstm", "W_hf[2,3]", "lstm-peephole", "W_hf[2,3]"),
        ("lstm", "W_y[2,1]", "gru", "W_y[2,1]"),
        ("gru", "b_y[1]", "rnn", "b_y[1]"),
        ("lstm", "b_f[3]", "lstm-coupled", "b_f[3]"),
        ("rnn", "W_h[4,4]", "gru", "W_h[1,1]"),
    ],
)
def test_in_another_network_the_same_parameter_is_selected(
    before: str, selected: str, after: str, expected: str
) -> None:
    one, other = (snapshot_after(SMALL.with_(cell=cell)) for cell in (before, after))
    names = [parameter_name(one, k) for k in range(one.optimizer.parameters.size)]
    selection = Selection(parameter=names.index(selected))
    carried = moves.carried_selection(one, other, selection)
    found = parameter_name(other, carried.parameter)
    if expected == "W_h[1,1]":
        assert carried == moves.initial_selection(other)
        assert found.startswith("W_h")
    else:
        assert found == expected
    assert moves.carried_selection(one, one, selection) is selection

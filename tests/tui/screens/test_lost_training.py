"""What is asked before training is thrown away: only a minute or more, and the way out is true."""

from __future__ import annotations

from dataclasses import replace

from tui.screen_support import snapshot_after

from rnn_tui.session.run_records import UnsavedRun
from rnn_tui.tui.screens.lost_training import (
    LostTraining,
    lost_by_quitting,
    lost_by_replacing_second,
    lost_by_restarting,
)

SNAPSHOT = snapshot_after()
PRESENT, OLD = UnsavedRun(500, 150.0), UnsavedRun(9000, 600.0, of_old=True)
SHORT = UnsavedRun(500, 59.0)


def after(
    *runs: UnsavedRun, unsaved: bool = True, by: int = 1
) -> tuple[LostTraining | None, LostTraining | None]:
    """Return what quitting and restarting would lose."""
    snapshot = replace(SNAPSHOT, at_risk=runs, unsaved=unsaved, old_is_back_by=by)
    return lost_by_quitting(snapshot), lost_by_restarting(snapshot)


def test_less_than_a_minute_is_not_asked_about() -> None:
    assert after() == (None, None)
    assert after(SHORT) == (None, None)


def test_the_present_run_can_be_saved() -> None:
    loss = LostTraining("update 500 is not saved (2 min of training)", "w saves")
    assert after(PRESENT) == (loss, loss)


def test_the_old_run_can_be_brought_back() -> None:
    loss = LostTraining(
        "the old run's update 9000 is not saved (10 min of training)", "R brings it back"
    )
    assert after(PRESENT, OLD) == (loss, loss)
    assert after(SHORT, OLD) == (loss, loss)
    for by, words in ((2, "2R brings it back"), (0, "R cannot bring it back any more")):
        there = replace(loss, way_out=words)
        assert after(PRESENT, OLD, by=by) == (there, there)


def test_a_restart_drops_the_old_run_only_for_one_that_was_trained() -> None:
    quitting, restarting = after(OLD, unsaved=False)
    assert quitting is not None
    assert restarting is None


def test_another_network_in_its_place_loses_the_second_network_only() -> None:
    second = UnsavedRun(500, 150.0, of_second=True)
    loss = LostTraining(
        "the other network's update 500 is not saved (2 min of training)", "a w saves"
    )
    old = replace(second, of_old=True)
    for at_risk, expected in (((second,), loss), ((PRESENT,), None), ((old,), None)):
        snapshot = replace(SNAPSHOT, at_risk=at_risk, unsaved=True)
        assert lost_by_replacing_second(snapshot) == expected


def test_what_lies_ahead_of_a_place_in_the_past_is_saved_from_there() -> None:
    loss = LostTraining("update 500 is not saved (2 min of training)", "G w saves")
    assert after(replace(PRESENT, ahead=True)) == (loss, loss)

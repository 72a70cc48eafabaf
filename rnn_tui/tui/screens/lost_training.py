"""What the user is told before training is thrown away that is in no file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rnn_tui.session.run_records import UnsavedRun
from rnn_tui.session.snapshot import Snapshot

ASKS_AFTER = 60.0  # seconds of training that are not thrown away without a question


@dataclass(frozen=True, slots=True)
class LostTraining:
    """Training that something is about to throw away.

    Attributes:
        text: a sentence about it.
        way_out: the keys that keep it, as part of a sentence.
    """

    text: str
    way_out: str


def lost_by_quitting(snapshot: Snapshot) -> LostTraining | None:
    """Return what quitting would lose; None if that is not worth a question."""
    return _longest(snapshot.at_risk, snapshot.old_is_back_by)


def lost_by_restarting(snapshot: Snapshot) -> LostTraining | None:
    """Return the same for a restart, after which the present run can still be brought back.

    The old run would make room for the present one if that has been trained.
    """
    at_risk = [each for each in snapshot.at_risk if snapshot.unsaved or not each.of_old]
    return _longest(at_risk, snapshot.old_is_back_by)


def lost_by_replacing_second(snapshot: Snapshot) -> LostTraining | None:
    """Return the same for another second network, or none; it can never be brought back."""
    return _longest([each for each in snapshot.at_risk if each.of_second and not each.of_old])


def _longest(runs: Sequence[UnsavedRun], old_is_back_by: int = 0) -> LostTraining | None:
    """Return the longest unsaved training; None if it is a short one.

    Args:
        runs: what is not saved.
        old_is_back_by: the count with which R brings the old run back; 0 if none does.
    """
    longest = max(runs, key=lambda each: each.seconds, default=None)
    if longest is None or longest.seconds < ASKS_AFTER:
        return None
    minutes = f"{longest.seconds / 60:.0f} min of training"
    if longest.of_old:
        # A save of the present run would only make an end of the old one.
        text = f"the old run's update {longest.update} is not saved ({minutes})"
        key = f"{old_is_back_by}R" if old_is_back_by > 1 else "R"
        way_out = f"{key} brings it back" if old_is_back_by else "R cannot bring it back any more"
        return LostTraining(text, way_out)
    whose = "the other network's " if longest.of_second else ""
    text = f"{whose}update {longest.update} is not saved ({minutes})"
    keys = [*(["a"] if longest.of_second else []), *(["G"] if longest.ahead else []), "w"]
    return LostTraining(text, f"{' '.join(keys)} saves")

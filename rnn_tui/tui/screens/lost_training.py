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
    return _longest(snapshot.at_risk)


def lost_by_restarting(snapshot: Snapshot) -> LostTraining | None:
    """Return the same for a restart, after which the present run can still be brought back.

    The old run would make room for the present one if that has been trained.
    """
    return _longest([each for each in snapshot.at_risk if snapshot.unsaved or not each.of_old])


def lost_by_replacing_second(snapshot: Snapshot) -> LostTraining | None:
    """Return the same for another second network, or none; it can never be brought back."""
    return _longest([each for each in snapshot.at_risk if each.of_second and not each.of_old])


def _longest(runs: Sequence[UnsavedRun]) -> LostTraining | None:
    """Return the longest unsaved training; None if it is a short one."""
    longest = max(runs, key=lambda each: each.seconds, default=None)
    if longest is None or longest.seconds < ASKS_AFTER:
        return None
    minutes = f"{longest.seconds / 60:.0f} min of training"
    if longest.of_old:
        # A save of the present run would only make an end of the old one.
        text = f"the old run's update {longest.update} is not saved ({minutes})"
        return LostTraining(text, "R brings it back")
    whose = "the other network's " if longest.of_second else ""
    text = f"{whose}update {longest.update} is not saved ({minutes})"
    keys = [*(["a"] if longest.of_second else []), *(["G"] if longest.ahead else []), "w"]
    return LostTraining(text, f"{' '.join(keys)} saves")

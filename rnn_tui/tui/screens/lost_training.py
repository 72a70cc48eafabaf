"""What the user is told before training is thrown away that is in no file."""

from __future__ import annotations

from rnn_tui.session.snapshot import Snapshot

ASKS_AFTER = 60.0  # seconds of training that are not thrown away without a question


def lost_by_quitting(snapshot: Snapshot) -> str:
    """Return what quitting would lose, as a sentence; empty if that is not worth a question."""
    return _longest(snapshot, of_old=True)


def lost_by_restarting(snapshot: Snapshot) -> str:
    """Return the same for a restart, after which the present run can still be brought back.

    The old run would make room for the present one if that has been trained.
    """
    return _longest(snapshot, of_old=snapshot.unsaved)


def _longest(snapshot: Snapshot, *, of_old: bool) -> str:
    """Return a sentence about the longest unsaved training; empty if it is a short one."""
    runs = [each for each in snapshot.at_risk if of_old or not each.of_old]
    longest = max(runs, key=lambda each: each.seconds, default=None)
    if longest is None or longest.seconds < ASKS_AFTER:
        return ""
    whose = " of the old run" if longest.of_old else ""
    minutes = f"{longest.seconds / 60:.0f} min of training"
    return f"update {longest.update}{whose} is not saved ({minutes})"

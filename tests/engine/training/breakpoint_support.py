"""What the tests of breakpoints share."""

from __future__ import annotations

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, batch=2)
LIVELY = SMALL.with_(lr=0.1, noise=0.2)  # its loss and gradient go up and down


# ---------------------------------------------------------------- where they fire


def plain_share(trainer: Trainer, gate: str) -> float:
    """Compute the share of saturated entries one by one, from the declaration's values."""
    entries: list[float] = []
    for t in range(1, trainer.schedule.steps + 1):
        entries += trainer.network.values(t)[f"{gate}_t"].ravel().tolist()
    low = -1.0 if gate[0] in "gnh" else 0.0
    return sum(min(abs(e - low), abs(1 - e)) <= 0.05 for e in entries) / len(entries)

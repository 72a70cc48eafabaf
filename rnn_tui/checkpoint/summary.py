"""A checkpoint in one line: what is learned, by what network, how far and how well."""

from __future__ import annotations

import contextlib
import math
import os
from dataclasses import dataclass

from rnn_tui.checkpoint.format import LARGEST_COUNT, CheckpointError
from rnn_tui.checkpoint.validation import checked_settings
from rnn_tui.checkpoint.versions import without_weight
from rnn_tui.engine.training.history import smoothed_loss
from rnn_tui.settings import Settings
from rnn_tui.tensor_files.content import NUMBERS, ContentError
from rnn_tui.tensor_files.reading import open_content, whole_number


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What the header of a checkpoint says of its run.

    Attributes:
        settings: its settings.
        updates: the number of updates completed.
        smoothed: the moving average of the loss; NaN before the first update.
    """

    settings: Settings
    updates: int
    smoothed: float

    @property
    def network(self) -> str:
        """The task, the cell and the size: "cos · lstm 16", "text · gru 128, 2 layers"."""
        settings = self.settings
        layers = f", {settings.layers} layers" if settings.layers > 1 else ""
        return f"{settings.task} · {settings.cell} {settings.hidden}{layers}"


def read_summary(path: str | os.PathLike[str]) -> RunSummary:
    """Read the header of a checkpoint, and nothing else of it.

    Raises:
        CheckpointError: it cannot be read.
    """
    try:
        with open_content(path, NUMBERS) as file:
            header = file.header
            settings = checked_settings(header)
            updates = whole_number(header.mapping("place"), "updates", LARGEST_COUNT)
            history = header.mapping("history")
    except ContentError as error:
        raise CheckpointError(path, str(error)) from error
    smoothed = math.nan
    with contextlib.suppress(ContentError):
        if "weight" in history:  # the lag of an earlier version's average is in it
            history = without_weight(history)
        average, twice = history.get("average"), history.get("twice")
        if isinstance(average, float) and isinstance(twice, float):
            smoothed = smoothed_loss(average, twice)
    return RunSummary(settings, updates, smoothed)

"""A place of a run and what is looked at there, as one line of text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from rnn_tui.engine.training.schedule import Pass

START = "start"
"""How the place before the first batch is written."""
SHORT = {
    Pass.BATCH: "BATCH",
    Pass.FORWARD: "F",
    Pass.LOSS: "L",
    Pass.BACKWARD: "B",
    Pass.CLIP: "C",
    Pass.UPDATE: "U",
}
"""How the passes are written in a short line: B is BACKWARD, whose timestep always follows."""
OVER_TIME = (Pass.FORWARD, Pass.BACKWARD)
"""The passes that have timesteps."""

Looking = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """A place that can be named, sent and opened: ``update 40 BACKWARD t=7 op 3 unit 2``.

    Attributes:
        update: the number of updates completed before; with `stage` UPDATE, of those completed.
        stage: the pass.
        t: the timestep, from 1; 0 outside the two passes over time.
        operation: how many operations of the timestep are revealed; None for all. 0 only before
            the first batch, in pass BATCH.
        looking: what is selected and shown there, by name, where that is not as at the start:
            ``unit`` 2, ``layer`` 2, ``panel`` carpet. Values are as they are written; see
            `rnn_tui.places.looking`.
    """

    update: int
    stage: Pass
    t: int = 0
    operation: int | None = None
    looking: Looking = field(default=())

    @property
    def at_start(self) -> bool:
        """Whether this is the place before the first batch."""
        return self.stage is Pass.BATCH and self.operation == 0

    @property
    def alone(self) -> PlaceLine:
        """The same place, without what is looked at."""
        return replace(self, looking=())

    @property
    def short(self) -> str:
        """The short form: ``40:B7.3 unit 2``."""
        return " ".join((self._short_place(), *self._looking_words()))

    def __str__(self) -> str:
        return " ".join((*self._long_place(), *self._looking_words()))

    def _short_place(self) -> str:
        if self.at_start:
            return START
        t = str(self.t) if self.stage in OVER_TIME else ""
        operation = "" if self.operation is None else f".{self.operation}"
        return f"{self.update}:{SHORT[self.stage]}{t}{operation}"

    def _long_place(self) -> tuple[str, ...]:
        if self.at_start:
            return (START,)
        words = [f"update {self.update}", self.stage.value]
        if self.stage in OVER_TIME:
            words.append(f"t={self.t}")
        if self.operation is not None:
            words.append(f"op {self.operation}")
        return tuple(words)

    def _looking_words(self) -> tuple[str, ...]:
        return tuple(f"{name} {quoted(value)}" if value else name for name, value in self.looking)


def quoted(value: str) -> str:
    """Return a value as it stands in a line: in quotes where it has blanks or quotes itself."""
    if value and re.fullmatch(r'[^\s"\\]+', value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

"""Questions of the drill as an exercise: the cell, the level and how many; the seed draws them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rnn_tui.registry import CELLS

if TYPE_CHECKING:
    from rnn_tui.exercises.drill import Round

VERSION = 1
"""Of what is drawn with a seed: whoever changes that counts it up, so that no other is marked."""
_NAME = re.compile(r"drill --cell ([a-z0-9-]{1,40}) --level ([1-9]) --questions ([1-9][0-9]?)")
_TEXT = re.compile(r"drill = \d+\n")


class NoSheetError(ValueError):
    """Nothing can be drawn as it is wanted; one line."""


@dataclass(frozen=True, slots=True)
class DrillSheet:
    """What is asked, but for the numbers.

    Attributes:
        cell: the cell.
        level: the level.
        count: how many questions.
    """

    cell: str
    level: int
    count: int

    @property
    def name(self) -> str:
        """The name in place of that of a lesson."""
        return f"drill --cell {self.cell} --level {self.level} --questions {self.count}"

    @property
    def text(self) -> str:
        """What stands in place of a lesson's text."""
        what = f'cell = "{self.cell}"\nlevel = {self.level}\nquestions = {self.count}\n'
        return f"drill = {VERSION}\n{what}"

    def round(self, seed: int) -> Round:
        """Return the network and the questions of a seed.

        Raises:
            NoSheetError: they are fewer than there are to be.
        """
        from rnn_tui.exercises.drill import draw_round, levels_of

        if self.level not in levels_of(self.cell):
            raise NoSheetError(f"the drill of {self.cell} has no level {self.level}")
        drawn = draw_round(self.cell, self.level, seed, count=self.count)
        if (found := len(drawn.questions)) < self.count:
            raise NoSheetError(
                f"with seed {seed}, level {self.level} of {self.cell} has {found} questions, "
                f"not {self.count}"
            )
        return drawn


def drill_sheet(name: str) -> DrillSheet | None:
    """Return what a name says is asked; None for that of a lesson."""
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in CELLS.names:
        return None
    return DrillSheet(match[1], int(match[2]), int(match[3]))


def is_drill(text: str) -> bool:
    """Return whether a text stands for questions of the drill, of whatever version."""
    return _TEXT.match(text) is not None

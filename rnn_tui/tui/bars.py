"""Bars of values and gradients: the height is the magnitude, texture and hue are the sign.

Positive entries are solid, negative ones dotted, both in eight heights, four while training,
so that −0.5 is as high as +0.5 and differs from it without colour. What is compared has one scale:
see `rnn_tui.tui.bar_scales`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rnn_tui.tui.lines import Line, Run
from rnn_tui.tui.number_format import LEVELS, NOT_FINITE, number, role_of

LEAST = 1 / 64  # of the scale; what is less has no bar


@dataclass(frozen=True, slots=True)
class BarGlyphs:
    """The characters of bars, the lowest first; as many for both signs.

    Attributes:
        positive: of positive entries.
        negative: of negative entries.
        nothing: of entries that are too small for a bar.
    """

    positive: str
    negative: str
    nothing: str

    @property
    def coarse(self) -> BarGlyphs:
        """Every other height of these."""
        return BarGlyphs(self.positive[1::2], self.negative[1::2], self.nothing)


UNICODE_BARS = BarGlyphs(LEVELS, "⡀⣀⣄⣤⣦⣶⣷⣿", "·")
MOVING_BARS = UNICODE_BARS.coarse  # while the network trains: fewer of them change in a second
ASCII_BARS = BarGlyphs(".:=#", ",;%@", "_")


@dataclass(frozen=True, slots=True)
class BarScale:
    """What bars are measured by.

    Attributes:
        largest: the magnitude of a full bar.
        decades: of a logarithmic scale, the powers of ten from no bar to a full one; 0: linear.
        signed: whether entries may be negative; else they are gates or probabilities.
    """

    largest: float
    decades: int = 0
    signed: bool = True

    def share(self, value: float) -> float:
        """Return the height of the bar of a finite `value` as a share of a full one.

        It does not depend on the sign, and never falls where the magnitude rises.
        """
        size = abs(value)
        if not self.largest or not size:
            return 0.0
        if self.decades:
            exponent = math.log10(size) - math.log10(self.largest)
            return min(max(1 + exponent / self.decades, 0.0), 1.0)
        return min(size / self.largest, 1.0)

    def height(self, value: float, levels: int) -> int:
        """Return how many of `levels` heights the bar of a finite `value` has; 0: no bar."""
        share = self.share(value)
        return max(round(levels * share), 1) if share >= LEAST else 0

    def words(self, exponent: int = 0) -> str:
        """Return the scale in words: ``bars: log, 6 decades``, ``bars: linear to 0.0063``.

        Args:
            exponent: the power of ten that the numbers beside the bars are in units of.
        """
        if self.decades:
            return f"bars: log, {self.decades} decades"
        return f"bars: linear to {number(self.largest / 10.0**exponent, 3 if exponent else 2)}"


UNIT = BarScale(1.0)


def bar(value: float, scale: BarScale, glyphs: BarGlyphs = UNICODE_BARS) -> Run:
    """Return the bar of a value, with the role of its sign."""
    if not math.isfinite(value):
        return NOT_FINITE, role_of(value)
    height = scale.height(value, len(glyphs.positive))
    if not height:
        return glyphs.nothing, "dim"
    drawn = glyphs.negative if value < 0 else glyphs.positive
    return drawn[height - 1], role_of(value) if scale.signed else "gate"


def bars(
    values: Iterable[float],
    scale: BarScale,
    glyphs: BarGlyphs = UNICODE_BARS,
    selected: int = -1,
) -> Line:
    """Return a bar for each value; that of index `selected` is underlined, −1 for none."""
    runs: list[Run] = []
    for k, value in enumerate(values):
        glyph, role = bar(float(value), scale, glyphs)
        runs.append((glyph, f"selected-{role}" if k == selected else role))
    return tuple(runs)

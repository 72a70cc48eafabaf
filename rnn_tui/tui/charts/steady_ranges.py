"""Ranges of axes that grow at once and shrink never while a run goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rnn_tui.settings import Settings

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Known:
    """The range of an axis so far, the run that it belongs to, and what it had to hold last."""

    settings: Settings
    newest: int
    ends: Range
    asked: Range | None


class SteadyRanges:
    """The ranges of the axes of a screen, by name.

    Going back in a run, and changing what needs no restart, leave them as they are; leaving a
    future, as a change in the past does, is the beginning of another run.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}
        self._given: dict[str, Range] = {}

    def begin_with(self, given: Mapping[str, Range]) -> None:
        """Forget all ranges; begin with these, by name, in the run that is drawn next."""
        self._known, self._given = {}, dict(given)

    def kept(self) -> Callable[[], None]:
        """Return what makes all ranges again what they are now."""
        known, given = dict(self._known), dict(self._given)

        def again() -> None:
            self._known, self._given = dict(known), dict(given)

        return again

    def wider(self) -> dict[str, Range]:
        """Return the ranges that are wider than what they have to hold now, by name."""
        return {name: each.ends for name, each in self._known.items() if each.ends != each.asked}

    def hold(
        self, name: str, settings: Settings, newest: int, ends: Range | None, keep: bool = True
    ) -> Range | None:
        """Return the range of an axis from now on: all that it has been in this run.

        Args:
            name: of the axis.
            settings: of the run.
            newest: the newest update of the run; another run has begun where this is less.
            ends: what it has to hold; None if nothing.
            keep: whether that is to be held later, too; of a run that diverges it is not.
        """
        asked, before = ends, self._known.get(name)
        if before is not None and not _same_run(before, settings, newest):
            before = None
        held = self._given.pop(name, None) if before is None else before.ends
        if held is not None:
            low, high = held
            ends = held if ends is None else (min(low, ends[0]), max(high, ends[1]))
        if keep and ends is not None:
            self._known[name] = _Known(settings, newest, ends, asked)
        return ends


def _same_run(before: _Known, settings: Settings, newest: int) -> bool:
    """Return whether a run goes on."""
    if newest < before.newest:
        return False
    return settings == before.settings or not settings.needs_restart(before.settings)

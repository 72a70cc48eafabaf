"""Ranges of axes that grow at once and shrink never while a run goes on."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.settings import Settings

Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Known:
    """The range of an axis so far, and the run that it belongs to."""

    settings: Settings
    newest: int
    ends: Range


class SteadyRanges:
    """The ranges of the axes of a screen, by name.

    Going back in a run, and changing what needs no restart, leave them as they are; leaving a
    future, as a change in the past does, is the beginning of another run.
    """

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

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
        before = self._known.get(name)
        if before is not None and not _same_run(before, settings, newest):
            before = None
        if before is not None:
            low, high = before.ends
            ends = before.ends if ends is None else (min(low, ends[0]), max(high, ends[1]))
        if keep and ends is not None:
            self._known[name] = _Known(settings, newest, ends)
        return ends


def _same_run(before: _Known, settings: Settings, newest: int) -> bool:
    """Return whether a run goes on."""
    if newest < before.newest:
        return False
    return settings == before.settings or not settings.needs_restart(before.settings)

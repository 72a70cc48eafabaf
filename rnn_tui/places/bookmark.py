"""Bookmarks: places with a note, kept with a run."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.places.place_line import PlaceLine

MOST = 200  # bookmarks of a run
LONGEST_NOTE = 200  # characters


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A place that was noted.

    Attributes:
        place: the place, with what was looked at.
        note: what the user wrote beside it.
    """

    place: PlaceLine
    note: str = ""


def plain_note(text: str) -> str:
    """Return a note as it is kept: on one line, without what cannot be printed, not too long."""
    printable = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(printable.split())[:LONGEST_NOTE]

"""What the records of a run tell: frames, their age, keys' effects, all looked at afterwards."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from link.far_terminal import Picture
from link.run import STILL
from terminal.program import HEADER

PAUSE_FRAMES = 0.015  # seconds without output, which end a frame
SMALLEST_FRAME = 64  # bytes; less is a query or a mode


@dataclass(frozen=True)
class Frame:
    """Output in one go: when it began, and how many bytes of output were written at its end."""

    begun: float
    until: int


def frames(written: Sequence[tuple[float, int]]) -> Iterator[Frame]:
    """Yield what was written between two pauses, if it is more than a query."""
    begun, begin_offset = written[0][0], 0
    for (at, until), following in zip(written, [*written[1:], None], strict=True):
        if following is None or following[0] - at > PAUSE_FRAMES:
            if until - begin_offset >= SMALLEST_FRAME:
                yield Frame(begun, until)
            if following is not None:
                begun, begin_offset = following[0], until


def offsets(pieces: Sequence[tuple[float, bytes]]) -> list[tuple[float, int]]:
    """Return when each piece arrived, and how many bytes until then."""
    until, offsets = 0, []
    for at, data in pieces:
        until += len(data)
        offsets.append((at, until))
    return offsets


def when(arrived: Sequence[tuple[float, int]], offset: int) -> float:
    """Return when this many bytes had arrived."""
    return arrived[bisect_left(arrived, offset, key=lambda each: each[1])][0]


def until(written: Sequence[tuple[float, int]], at: float) -> int:
    """Return how many bytes had been written at a moment."""
    place = bisect_left(written, at, key=lambda each: each[0])
    return written[place - 1][1] if place else 0


def ages_at_any_moment(
    shown: Sequence[tuple[float, float]], begin: float, end: float
) -> list[float]:
    """Return, for moments 50 ms apart, how long ago the newest frame that is seen was written."""
    ages, newest, at, rest = [], None, begin, list(shown)
    while at < end:
        while rest and rest[0][1] <= at:
            newest = rest.pop(0)[0]
        if newest is not None:
            ages.append(at - newest)
        at += 0.05
    return ages


def key_times(seen: Sequence[Picture], pressed: Sequence[tuple[float, str]]) -> list[float]:
    """Return the seconds from each key to the first picture with its effect."""
    times, rest = [], list(pressed)
    for picture in seen:
        if rest and picture.at > rest[0][0] and any(rest[0][1] in row for row in picture.rows):
            times.append(picture.at - rest.pop(0)[0])
    if rest:
        raise AssertionError(f"{len(rest)} keys had no effect")
    return times


def last_change(seen: Sequence[Picture], pressed: float) -> float:
    """Return when the picture changed last after a key, before it stood still."""
    last = pressed
    for picture in seen:
        if picture.at - last > STILL and last > pressed:
            break
        if picture.at > pressed:
            last = picture.at
    return last


def numbers(seen: Sequence[Picture], begin: float, end: float) -> int:
    """Return how many other updates the header told of."""
    updates = []
    for picture in seen:
        if begin <= picture.at < end and (found := HEADER.match(picture.rows[1].rstrip())):
            updates.append(found["update"])
    return sum(one != other for one, other in pairwise(updates))

"""What can be looked at in a place, by name, and how it is written.

unit 2             the selected unit
layer 2            the layer shown, where that is not the newest operation's
sample 3           the sample of the batch
shown t=5          the timestep shown, where that is not the cursor's
equation -2        the equation of the operation 2 before the newest one
weight W_h[3,1]    the selected parameter
panel carpet       the panel with the focus
zoom               it has the whole screen
above loss         the panel above the timestep, where there is room for one
page 1             the page of a table or of terms
variant map=c      which of the things that a panel can show
chart loss=@40:0..80   the cursor of a panel's chart, and the part that is seen
temperature 0.5    of the text that a network writes
draw 2             how often that text was drawn anew
front lstm         the network that commands move, where `a` has exchanged the two
checked W_h[3,1]   the entry whose gradient is checked; checked-all: its whole tensor
reached 60:U       how far the run had come before it went back to the place
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from rnn_tui.registry import PANELS
from rnn_tui.settings import quote

MOST = 999_999_999
"""The largest number in a place."""
REPEATED = ("variant", "chart", "axis")
"""What there may be several of, one for each panel."""
MOST_TESTED = 512
"""How many test losses a run keeps."""
NONE = "none"
FLAGS = ("zoom", "dims")
"""What stands alone."""

_NUMBER = r"-?(?:\d{1,20}(?:\.\d{1,25})?|\.\d{1,25})(?:e[+-]?\d{1,3})?"


class PlaceError(ValueError):
    """A place that is refused; the message is one line that names it and what is allowed."""


def checked(name: str, value: str) -> str:
    """Return `value` as it is written best.

    Args:
        name: what is looked at, one of `NAMES`.
        value: its value; "" for one that stands alone.

    Raises:
        PlaceError: it is no value of that.
    """
    return _READERS[name](name, value)


def key_of(name: str, value: str) -> tuple[str, str]:
    """Return what there may be only one of in a line: the name, and the panel where it has one."""
    return name, value.partition("=")[0] if name in REPEATED else ""


def _refused(name: str, value: str, allowed: str) -> PlaceError:
    return PlaceError(f"{name} must be {allowed}, not {quote(value)}")


def whole(name: str, text: str, lowest: int = 0, highest: int = MOST) -> int:
    """Return the whole number that `text` is.

    Raises:
        PlaceError: it is none, or out of bounds.
    """
    if re.fullmatch(r"-?\d{1,12}", text, re.ASCII) and lowest <= int(text) <= highest:
        return int(text)
    raise _refused(name, text, f"a whole number from {lowest} to {highest}")


def _counted(name: str, value: str) -> str:
    return str(whole(name, value, lowest=1))


def _shown(name: str, value: str) -> str:
    return f"t={whole(f'{name} t', value.removeprefix('t='), lowest=1)}"


def _equation(name: str, value: str) -> str:
    return str(whole(name, value, -MOST, -1))


def _weight(name: str, value: str) -> str:
    plain = "".join(value.split())
    if re.fullmatch(r"[A-Za-z]\w{0,40}\[\d{1,9}(?:,\d{1,9})?\]", plain, re.ASCII):
        return plain
    raise _refused(name, value, "an entry of a parameter, as W_h[3,1] or b_h[3]")


def _panel(name: str, value: str) -> str:
    if value.lower() in PANELS:
        return value.lower()
    raise _refused(name, value, f"one of {', '.join(PANELS.names)}")


def _alone(name: str, value: str) -> str:
    if value:
        raise PlaceError(f"{name} stands alone, without {quote(value)}")
    return ""


def _page(name: str, value: str) -> str:
    return str(whole(name, value, -MOST, MOST))


def _variant(name: str, value: str) -> str:
    panel, equals, variant = value.partition("=")
    if not equals or not variant.isprintable() or not 0 < len(variant) <= 200:
        raise _refused(name, value, "PANEL=WHAT IT SHOWS, as map=c")
    return f"{_panel(name, panel)}={variant}"


def _chart(name: str, value: str) -> str:
    panel, equals, view = value.partition("=")
    if not equals or view_of(view) is None:
        raise _refused(name, value, "PANEL=@CURSOR:FROM..TO, as loss=@40:0..80 or loss=@end")
    return f"{_panel(name, panel)}={view}"


def view_of(text: str) -> tuple[float | None, tuple[float, float] | None] | None:
    """Return the cursor and the span of a chart that `text` writes; None if it writes none.

    ``@40:0..80``, ``@end``, ``:0..80``; a cursor at the end is infinite.
    """
    pattern = rf"(?:@(?P<at>end|{_NUMBER}))?(?::(?P<from>{_NUMBER})\.\.(?P<to>{_NUMBER}))?"
    match = re.fullmatch(pattern, text, re.ASCII)
    if match is None or not text:
        return None
    at = None if match["at"] is None else math.inf if match["at"] == "end" else float(match["at"])
    if match["from"] is None:
        return at, None
    span = float(match["from"]), float(match["to"])
    return (at, span) if span[0] < span[1] else None


def view_text(cursor: float | None, span: tuple[float, float] | None) -> str:
    """Return the text of a chart's cursor and span, which `view_of` reads."""
    at = "" if cursor is None else "@end" if cursor == math.inf else f"@{_short(cursor)}"
    return at if span is None else f"{at}:{_short(span[0])}..{_short(span[1])}"


def _short(value: float) -> str:
    """Return the shortest text of a number that reads back as the same."""
    return repr(value).removesuffix(".0")


def _word(name: str, value: str) -> str:
    if re.fullmatch(r"[a-z][a-z-]{0,40}", value.lower(), re.ASCII):
        return value.lower()
    raise _refused(name, value, "a word, as equation")


def _pointed(name: str, value: str) -> str:
    if value.isprintable() and 0 < len(value) <= 100:
        return value
    raise _refused(name, value, "the name of a value, as h_7[3]")


def _axis(name: str, value: str) -> str:
    panel, equals, span = value.partition("=")
    if not equals or (view_of(f":{span}") or (0, None))[1] is None:
        raise _refused(name, value, "PANEL=FROM..TO, as loss=0.01..2")
    return f"{_panel(name, panel)}={span}"


def _temperature(name: str, value: str) -> str:
    if re.fullmatch(_NUMBER, value, re.ASCII) and 0 <= float(value) <= 1e3:
        return _short(float(value))
    raise _refused(name, value, "a number from 0 to 1000")


def _tested(name: str, value: str) -> str:
    if not value or (found := updates_of(value)) is None:
        raise _refused(name, value, "numbers of updates that rise, as 3,9..12, or none")
    return updates_text(found)


def updates_of(text: str) -> tuple[int, ...] | None:
    """Return the numbers that `text` writes, ``3,9..12``; None if it writes none that rise."""
    found: list[int] = []
    for part in [] if text == NONE else text.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:\.\.(\d{1,9}))?", part, re.ASCII)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if first <= (found[-1] if found else -1) or last < first or last - first > MOST_TESTED:
            return None
        found += range(first, last + 1)
    return tuple(found) if len(found) <= MOST_TESTED else None


def updates_text(updates: Sequence[int]) -> str:
    """Return the text of numbers that rise, which `updates_of` reads."""
    runs: list[list[int]] = []
    for each in updates:
        if runs and runs[-1][-1] == each - 1:
            runs[-1] = [runs[-1][0], each]
        else:
            runs.append([each])
    return ",".join("..".join(map(str, run)) for run in runs) or NONE


def _reached(name: str, value: str) -> str:
    return value  # a place itself: whoever reads places checks it


_READERS: dict[str, Callable[[str, str], str]] = {
    "unit": _counted,
    "layer": _counted,
    "sample": _counted,
    "shown": _shown,
    "equation": _equation,
    "weight": _weight,
    "panel": _panel,
    "zoom": _alone,
    "above": _panel,
    "page": _page,
    "variant": _variant,
    "chart": _chart,
    "big": _word,
    "pointed": _pointed,
    "dims": _alone,
    "temperature": _temperature,
    "draw": _counted,
    "front": _word,
    "checked": _weight,
    "checked-all": _weight,
    "tested": _tested,
    "looked": _tested,
    "axis": _axis,
    "reached": _reached,
}
NAMES = tuple(_READERS)
"""What can be looked at, in the order in which a line has it."""

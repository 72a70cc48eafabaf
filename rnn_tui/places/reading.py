"""Reading a place from a line: ``update 40 BACKWARD t=7 op 3 unit 2``, in short ``40:B7.3``.

    start                      before the first batch
    40                         the end of update 40, as update 40 UPDATE and 40:U
    update 40 FORWARD t=7      all of timestep 7; in short 40:F7
    40:B7.3                    three operations of timestep 7 of the backward pass
    40:BATCH 40:L 40:C         the batch, the loss and the clipping of the update after the 40th
    B7.3                       in the update at hand, where there is one

What is selected and shown there may follow: ``unit 2 panel carpet``; see `rnn_tui.places.looking`.
Capitals do not matter.
"""

from __future__ import annotations

import re
from dataclasses import replace

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.places.looking import FLAGS, NAMES, PlaceError, checked, key_of, whole
from rnn_tui.places.place_line import OVER_TIME, SHORT, START, Looking, PlaceLine
from rnn_tui.settings import quote

__all__ = ["EXAMPLE", "PlaceError", "parse_place"]

EXAMPLE = "update 40 BACKWARD t=7 op 3, in short 40:B7.3"
"""What a message says a place is."""
LONGEST = 2000  # characters of a line

_TOKEN = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+')
_PASSES = {"": Pass.UPDATE} | {short.lower(): stage for stage, short in SHORT.items()}
_PASSES |= {stage.value.lower(): stage for stage in Pass}
_SHORT = re.compile(r"(?P<update>\d+)?:?(?P<stage>[a-z]+)(?P<t>\d+)?(?:\.(?P<op>\d+))?", re.ASCII)


def parse_place(text: str, update: int | None = None) -> PlaceLine:
    """Return the place that a line names, in its long form or its short one.

    Args:
        text: the line.
        update: the number of updates completed before the window at hand, for a line that names
            none; None where it must name one.

    Raises:
        PlaceError: it names no place; the message is one line.
    """
    if len(text) > LONGEST:
        raise PlaceError(f"{quote(text)}: a place is at most {LONGEST} characters")
    words = _TOKEN.findall(text)
    if not words or ("".join(words) != "".join(text.split()) and "".join(words) != _packed(text)):
        raise PlaceError(f"{quote(text)} is no place; expected one as {EXAMPLE}")
    try:
        place, rest = _place(words, update)
        return replace(place, looking=_looking(rest))
    except PlaceError as error:
        said = str(error)  # which may have the whole line already
        raise PlaceError(said if quote(text) in said else f"{quote(text)}: {said}") from None


def _packed(text: str) -> str:
    """Return a line without the blanks outside of quotes."""
    return "".join(part for part in re.split(r'("(?:[^"\\]|\\.)*")|\s+', text) if part)


def _place(words: list[str], update: int | None) -> tuple[PlaceLine, list[str]]:
    """Return the place that the first words name, and the other words."""
    first = words[0].lower()
    if first == START or first == f"0:{START}":
        return PlaceLine(0, Pass.BATCH, 0, 0), words[1:]
    if first == "update":
        if len(words) < 2:
            raise PlaceError(f"the number of the update is missing; expected {EXAMPLE}")
        number = whole("update", words[1])
        if number == 0 and len(words) > 2 and words[2].lower() == START:
            return PlaceLine(0, Pass.BATCH, 0, 0), words[3:]
        return _long(number, words[2:])
    if first.isdecimal() and first.isascii():
        return _long(whole("update", first), words[1:])
    match = _SHORT.fullmatch(first)
    if match is None or match["stage"] not in _PASSES or _unlike(first, match):
        raise PlaceError(f"{quote(words[0])} is no place; expected one as {EXAMPLE}")
    at_hand = update if match["update"] is None else whole("update", match["update"])
    if at_hand is None:
        raise PlaceError(f"the number of the update is missing; expected {EXAMPLE}")
    stage, rest = _PASSES[match["stage"]], words[1:]
    if match["t"] is None and match["op"] is None:
        # A pass by its whole name may be followed by its timestep, as in the long form.
        return _with_timestep(at_hand, stage, rest)
    if match["t"] is None:
        raise PlaceError("an operation belongs to a timestep, as 40:B7.3")
    operation = None if match["op"] is None else whole("op", match["op"], lowest=1)
    return _made(at_hand, stage, whole("t", match["t"], lowest=1), operation), rest


def _unlike(text: str, match: re.Match[str]) -> bool:
    """Return whether a colon stands where it does not belong, or lacks: ``:B7``, ``40B7``."""
    return (":" in text) != (match["update"] is not None)


def _long(number: int, rest: list[str]) -> tuple[PlaceLine, list[str]]:
    """Return the place of the long form, whose words after the number are `rest`."""
    stage = _PASSES.get(rest[0].lower()) if rest else None
    if stage is None:
        known = not rest or rest[0].lower() in NAMES
        if not known:
            allowed = f"a pass ({', '.join(Pass)}) or what is shown ({', '.join(NAMES)})"
            raise PlaceError(f"after the update comes {allowed}, not {quote(rest[0])}")
        at_start = PlaceLine(0, Pass.BATCH, 0, 0)
        return (PlaceLine(number, Pass.UPDATE) if number else at_start), rest
    return _with_timestep(number, stage, rest[1:])


def _with_timestep(number: int, stage: Pass, rest: list[str]) -> tuple[PlaceLine, list[str]]:
    """Return the place of an update and a pass, whose timestep and operation may follow."""
    t: int | None = None
    operation: int | None = None
    rest = list(rest)
    if rest and (match := re.fullmatch(r"t(?:=(\S+))?", rest[0].lower())):
        rest.pop(0)
        t = whole("t", match[1] or (rest.pop(0) if rest else ""), lowest=1)
    if rest and (match := re.fullmatch(r"op(?:=(\S+))?", rest[0].lower())):
        rest.pop(0)
        lowest = 0 if stage is Pass.BATCH else 1
        operation = whole("op", match[1] or (rest.pop(0) if rest else ""), lowest)
    return _made(number, stage, t, operation), rest


def _made(number: int, stage: Pass, t: int | None, operation: int | None) -> PlaceLine:
    """Return the place, after checking that its parts go together."""
    if stage in OVER_TIME and t is None:
        short = f"{number}:{SHORT[stage]}7"
        raise PlaceError(f"{stage} needs a timestep, as update {number} {stage} t=7 or {short}")
    if stage not in OVER_TIME and t is not None:
        raise PlaceError(f"{stage} has no timesteps; FORWARD and BACKWARD have")
    if stage is Pass.BATCH and operation == 0 and number == 0:
        return PlaceLine(0, stage, 0, 0)
    if stage not in OVER_TIME and operation not in (None, 1):
        raise PlaceError(f"{stage} has no operations to count; FORWARD and BACKWARD have")
    if stage is Pass.UPDATE and number == 0:
        raise PlaceError("UPDATE counts the updates that are completed, from 1; start is before")
    return PlaceLine(number, stage, t or 0, None if stage not in OVER_TIME else operation)


def _looking(words: list[str]) -> Looking:
    """Return what the words after the place say, in the order of `NAMES`."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    rest = list(words)
    while rest:
        name = rest.pop(0).lower()
        if name not in NAMES:
            raise PlaceError(f"{quote(name)} is nothing to look at; allowed: {', '.join(NAMES)}")
        value = ""
        if name not in FLAGS:
            if not rest:
                raise PlaceError(f"the value of {name} is missing")
            value = _unquoted(rest.pop(0))
        value = _reached(value) if name == "reached" else checked(name, value)
        key = key_of(name, value)
        if key in found:
            raise PlaceError(f"{' '.join(key).strip()} is there twice")
        found[key] = name, value
    return tuple(sorted(found.values(), key=lambda pair: NAMES.index(pair[0])))


def _reached(value: str) -> str:
    """Return a place in its short form, which stands in the line of another."""
    place = parse_place(value)
    if place.looking:
        raise PlaceError(f"reached is a place alone, as 60:U or 60:B7.3, not {quote(value)}")
    return place.short


def _unquoted(word: str) -> str:
    """Return a word without its quotes."""
    return re.sub(r'"((?:[^"\\]|\\.)*)"', lambda quotes: re.sub(r"\\(.)", r"\1", quotes[1]), word)

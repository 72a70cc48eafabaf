"""What what-ifs hold and cut, as a checkpoint keeps it: a list of JSON objects, in their order.

{"hold": "f_t", "value": 1.0, "unit": 3, "t": null}         unit 3 of f is 1 at every timestep
{"hold": "f_t", "value": 1.0, "unit": [1, 8], "t": null}    units 1 to 8 (before format 4: no such)
{"cut": 7}                                                  no gradient from timestep 7 to 6
"""

from __future__ import annotations

from typing import Any

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.interventions import InterventionError, check
from rnn_tui.engine.network.pins import Cut, Pin, Pins
from rnn_tui.engine.network.spans import Span
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import ContentError

MOST_HELD = 1000


def held_to_json(pins: Pins) -> list[dict[str, Any]]:
    """Return pins and cuts as a list for JSON.

    Raises:
        ContentError: there are too many.
    """
    if len(pins) > MOST_HELD:
        raise ContentError(f"a checkpoint keeps at most {MOST_HELD} held values, not {len(pins)}")
    return [
        # A range is a tuple, which JSON has as a list.
        {"hold": pin.symbol, "value": float(pin.value), "unit": pin.unit, "t": pin.t}
        if isinstance(pin, Pin)
        else {"cut": pin.t}
        for pin in pins
    ]


def held_from_json(values: object, declaration: NetworkDeclaration) -> Pins:
    """Read the list that `held_to_json` returned.

    Raises:
        ContentError: it is no such list, or does not fit the network of `declaration`.
    """
    if not isinstance(values, list) or len(values) > MOST_HELD:
        raise ContentError(f"held: expected a list of up to {MOST_HELD} values")
    pins = tuple(map(_pin, values))
    try:
        for pin in pins:
            check(pin, declaration)
    except InterventionError as error:
        raise ContentError(f"held: {error}") from error
    return pins


def _pin(values: object) -> Pin | Cut:
    """Read one pin or cut."""
    match values:
        case {"cut": int(t), **more} if type(t) is int and not more:
            return Cut(t)
        case {"hold": str(symbol), "value": float(value), "unit": unit, "t": t, **more}:
            units, times = _span(unit), _number(t)
            if not more and times == t and (units == unit or isinstance(units, tuple)):
                return Pin(symbol, value, units, times)
    raise ContentError(f"held: {quote(values)} is neither a held value nor a cut")


def _span(value: object) -> Span:
    """Return a unit or a range of units; None where it is neither."""
    match value:
        case [int(first), int(last)] if type(first) is type(last) is int and first <= last:
            return first, last
    return _number(value)


def _number(value: object) -> int | None:
    """Return `value` if it is a whole number; else None, which it may be too."""
    return value if type(value) is int else None

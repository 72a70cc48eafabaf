"""Parser of the texts that breakpoints are written as, such as ``loss<0.01``.

`rnn_tui.engine.training.breakpoint_conditions` lists all forms.
"""

from __future__ import annotations

import math
import re

from rnn_tui.engine.training.breakpoint_conditions import (
    NON_FINITE,
    Breakpoint,
    BreakpointError,
    Kind,
)
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.settings import quote

ALLOWED = (
    "loss<X, smoothed<X, test<X, grad<X (also <=, >, >=), clipped, saturated GATE>X, update=N, "
    "pass=NAME, t=N, pass=NAME t=N or nan"
)

_NUMBER = r"(?P<limit>(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:e[+-]?\d{1,4})?)"
_COMPARISON = r"(?P<comparison><=|>=|<|>)"
# Not compiled here: `re` does so, and caches it, when the first condition is parsed.
_COMPARED = rf"(?P<kind>loss|smoothed|test|grad)\s*{_COMPARISON}\s*{_NUMBER}"
_SATURATED = rf"saturated\s+(?P<gate>[a-z]\w*)\s*{_COMPARISON}\s*{_NUMBER}"
_UPDATE = r"update\s*=\s*(?P<update>\d{1,12})"
_PASS = r"(?:pass\s*=\s*(?P<stage>[a-z]+))?(?:(?:^|\s+)t\s*=\s*(?P<t>\d{1,12}))?"
_STAGES = ", ".join(Pass)
_HINTS = {
    "loss": "must compare with a number of at least 0: loss<0.01 (also <=, >, >=)",
    "smoothed": "must compare with a number of at least 0: smoothed<0.01 (also <=, >, >=)",
    "test": "must compare with a number of at least 0: test<0.05 (also <=, >, >=)",
    "grad": "must compare with a number of at least 0: grad>10 (also <, <=, >=)",
    "clipped": "stands alone: clipped",
    "saturated": "must be a gate and a share from 0 to 1: saturated f>0.9 (also <, <=, >=)",
    "update": "must be a whole number of at least 1: update=500",
    "pass": f"must be one of {_STAGES}, and t with FORWARD and BACKWARD only: pass=BACKWARD t=7",
    "t": "must be a whole number of at least 1: t=7 or pass=BACKWARD t=7",
    "nan": "stands alone: nan",
}


def parse(text: str) -> Breakpoint:
    """Return the breakpoint that `text` describes; spaces and capitals do not matter.

    Raises:
        BreakpointError: it describes none.
    """
    plain = " ".join(text.lower().split())
    breakpoint = _parse_word(plain) or _parse_comparison(plain) or _parse_pass(plain)
    if breakpoint is None:
        word = re.match("[a-z]*", plain)
        hint = _HINTS.get(word.group() if word else "")
        raise BreakpointError(f"{quote(text)} {hint or f'is no breakpoint; allowed: {ALLOWED}'}")
    return breakpoint


def _parse_word(text: str) -> Breakpoint | None:
    """Parse ``clipped``, ``nan`` and ``update=N``; None if `text` is something else."""
    if text == Kind.CLIPPED:
        return Breakpoint(Kind.CLIPPED, ">")
    if text == Kind.NAN:
        return NON_FINITE
    if (match := re.fullmatch(_UPDATE, text, re.ASCII)) and int(match["update"]):
        return Breakpoint(Kind.UPDATE, "=", int(match["update"]))
    return None


def _parse_comparison(text: str) -> Breakpoint | None:
    """Parse a number compared with a limit; None if `text` is something else."""
    if match := re.fullmatch(_COMPARED, text, re.ASCII):
        kind, gate, most = Kind(match["kind"]), "", math.inf
    elif match := re.fullmatch(_SATURATED, text, re.ASCII):
        kind, gate, most = Kind.SATURATED, match["gate"], 1.0
    else:
        return None
    limit = float(match["limit"])
    if limit > most or math.isinf(limit):
        return None
    return Breakpoint(kind, match["comparison"], limit, gate)


def _parse_pass(text: str) -> Breakpoint | None:
    """Parse ``pass=NAME``, ``t=N`` or both; None if `text` is something else."""
    match = re.fullmatch(_PASS, text, re.ASCII)
    if not match or not text:
        return None
    name, t = match["stage"], match["t"]
    stage = Pass.__members__.get(name.upper()) if name else None
    if (name and not stage) or (t and not int(t)):
        return None
    if stage and t and stage not in (Pass.FORWARD, Pass.BACKWARD):
        return None
    return Breakpoint(Kind.PASS, stage=stage, t=int(t or 0))

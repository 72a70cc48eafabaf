"""The one notation of the program: a subscript is a time, brackets are a unit or an entry.

``h_7[3]`` is unit 3 of h at timestep 7, ``W_h[3,1]`` an entry of a weight, which has no time. Where
an equation stands in symbols the time is t: ``h_t``, ``h_<t-1>``. Names with a time or an entry are
all written here; the grammars of what-ifs (`engine/network/interventions.py`) and of expressions
(`rnn_tui.claims`) read them.
"""

from __future__ import annotations

import re

_BEFORE = re.compile(r"_<t-1>")
_NOW = re.compile(r"_t(?![A-Za-z0-9_])")


def at_time(text: str, t: int) -> str:
    """Return symbols with the timestep in place of t: ``c_<t-1>`` at 7 is ``c_6``."""
    return _NOW.sub(f"_{t}", _BEFORE.sub(f"_{t - 1}", text))


def value_name(symbol: str, t: int | None = None, *entry: int | str) -> str:
    """Return the name of a value, or of one entry of it.

    Args:
        symbol: as equations write it: ``h_t``, ``dh_<t-1>``, ``da_i``, ``tanh(c_t)``, ``W_h``.
        t: the timestep; None for a parameter, or for every timestep.
        entry: the unit, or row and column, from 1, or a range of them as text, ``1:8``; nothing for
            the whole value.

    Returns:
        ``h_7[3]``, ``dh_6[3]``, ``da_i_7[3]``, ``tanh(c_7[3])``, ``W_h[3,1]``. Without a timestep
        ``h_t`` is ``h``.
    """
    name, closing = symbol.rstrip(")"), ")" * symbol.count(")")
    if t is None:
        name = name.removesuffix("_t")
    else:
        timed = at_time(name, t)
        name = timed if timed != name else f"{name}_{t}"
    inside = f"[{','.join(map(str, entry))}]" if entry else ""
    return f"{name}{inside}{closing}"

"""How values are called in code: ``h_t`` is ``h``, ``dh_<t-1>`` is ``dh_prev``."""

from __future__ import annotations

import re

_WORDS = {
    "target_t": "target",
    "α": "alpha",
    "β₁": "beta1",
    "β₂": "beta2",
    "μ": "momentum",
    "Δ": "delta",
    "(1−β₁ⁿ)": "correction1",
    "√(1−β₂ⁿ)": "correction2",
}
_CALL = re.compile(r"([A-Za-z_]+)\((.+)\)")


def code_name(symbol: str) -> str:
    """Return the name in code of a value as equations write it.

    Time is the timestep's own and is left out; the one before is ``prev``: ``h_t`` is ``h``,
    ``c2_<t-1>`` is ``c2_prev``, ``dh_<t-1>`` is ``dh_prev``. Names of weights stay: ``W_xf``. What
    an equation calls by an expression, ``tanh(c_t)``, is ``tanh_c``.
    """
    if symbol in _WORDS:
        return _WORDS[symbol]
    if call := called(symbol):
        function, inner = call
        return f"{function}_{code_name(inner)}"
    if symbol.endswith("_<t-1>"):
        return f"{symbol.removesuffix('_<t-1>')}_prev"
    return symbol.removesuffix("_t")


def called(symbol: str) -> tuple[str, str] | None:
    """Return the function and its argument of a name such as ``tanh(c_t)``; None of any other."""
    match = _CALL.fullmatch(symbol)
    return (match[1], match[2]) if match else None

"""Equations with live numbers: the text of an operation's tokens.

`f_7[3] = σ(0.4970·0.3100 + 1.830 + 1.000) = σ(2.984) = 0.9519`: the numbers shown are the numbers
used, rounded to four significant digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rnn_tui.engine.core.expressions import Function, Token, UnitReader, Values
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.tui.number_format import MINUS, number


def spell(tokens: Sequence[Token]) -> str:
    """Return tokens as one line; a negative number turns + into −, or is put in parentheses."""
    parts: list[str] = []
    for index, token in enumerate(tokens):
        if isinstance(token, str):
            parts.append(token)
            continue
        text = number(token)
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if text.startswith(MINUS):
            before = parts[-1] if parts else ""
            if before == " + " and following != "²":
                parts[-1] = f" {MINUS} "
                text = text[1:]
            elif following == "²" or not (before in ("", " + ") or before.endswith("(")):
                text = f"({text})"
        parts.append(text)
    return "".join(parts)


@np.errstate(all="ignore")  # what is not finite is marked
def numbers_line(operation: Operation, values: Values, sample: int, unit: int, t: int) -> str:
    """Return an operation with the numbers of one unit: ``f_7[3] = σ(…) = σ(2.98) = 0.952``.

    Args:
        operation: the operation.
        values: the values of its timestep, each [B, entries], by symbol.
        sample: the sample of the batch, from 0.
        unit: the unit, from 0; the last one of a shorter vector.
        t: the timestep, from 1.
    """
    reader = UnitReader(values, sample, unit)
    result = values[operation.symbol]
    shown = min(unit, result.shape[-1] - 1) if result.ndim else 0
    tokens = operation.expression.tokens(reader)
    steps = [value_name(operation.symbol, t, shown + 1)]
    if len(tokens) > 1:
        steps.append(spell(tokens))
        if isinstance(operation.expression, Function) and len(tokens) > 3:
            argument = operation.expression.argument.evaluate(values)
            inner = float(argument[sample][min(unit, argument.shape[-1] - 1)])
            steps.append(spell((f"{operation.expression.name}(", inner, ")")))
    steps.append(number(reader.number(operation.symbol)))
    return " = ".join(steps)

"""The real program: through both passes of a timestep, each row keeps its line."""

from __future__ import annotations

import re

import pytest
from terminal.program import program

OPERATIONS = 7 + 14  # of an LSTM's timestep, forward and backward
ROWS = ("h_<t-1>", "f_t", "g_t", "o_t", "c_t", "h_t", "y_t")


def places(lines: list[str]) -> dict[str, int]:
    """Return the line of each row that is not folded, and of the title."""
    found = {"timestep": next(k for k, line in enumerate(lines) if " timestep " in line)}
    for symbol in ROWS:
        label = re.compile(rf" [ ▸] {re.escape(symbol)} +[^= ]")
        found[symbol] = next(k for k, line in enumerate(lines) if label.match(line))
    return found


@pytest.mark.long
def test_rows_keep_their_lines_while_s_is_pressed() -> None:
    options = ("--cell", "lstm", "--hidden", "16", "--steps", "2")
    with program(*options, size=(80, 23)) as one:
        one.reach("nn", "FORWARD t=1/2")
        kept, seen = places(one.settled().split("\n")), 0
        for _ in range(OPERATIONS + 3):  # the loss is one of them
            one.send("s")
            lines = one.settled().split("\n")
            if "WARD t=" in lines[1]:
                assert places(lines) == kept, "\n".join(lines)
                seen += 1
        assert seen == OPERATIONS + 2

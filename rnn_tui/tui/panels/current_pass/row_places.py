"""Where the timestep panel's parts stand: a function of the panel's size and the cell alone.

So nothing moves while one steps through both passes. Where there is no room, rows are folded into
one line, always the same ones; and the equation has as many lines as the longest one needs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from rnn_tui.engine.core.expressions import Array, Products, UnitReader
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.ascii_text import in_ascii
from rnn_tui.tui.equation_text import fold_numbers, numbers_line
from rnn_tui.tui.lines import fold
from rnn_tui.tui.panels.current_pass.product_table import LEAST

ARRIVING = "arrives"  # stands for the line of what arrives from t+1 among the symbols of the rows
NUMBERS = 4  # lines at most that are kept for the numbers of an equation
LISTING = 4  # lines from which there is room for the list of operations, with its heading
MOST = 128  # entries that equations are measured with: more of them have no room anyway
_WIDEST = {"float32": -1.234e-12, "float64": -1.234e-100}  # so are products of two of them


@dataclass(frozen=True, slots=True)
class Places:
    """The lines of the panel's parts, from the top.

    Attributes:
        rows: of the table of rows, the line of those that are folded among them.
        folded: the rows that are folded into one line, by symbol.
        gap: 1 if there is a blank line below the rows.
        equation: of the equation.
        heading: 1 if there is a line between the equation and the list of operations.
        listing: of the list of operations; 0 without one.
        contribution: 1 if there is a line for the contribution to a parameter's gradient.
    """

    rows: int
    folded: tuple[str, ...] = ()
    gap: int = 0
    equation: int = 0
    heading: int = 0
    listing: int = 0
    contribution: int = 0


def places(
    snapshot: Snapshot, width: int, height: int, *, ascii: bool, zoomed: bool, bare: bool = False
) -> Places:
    """Return where the parts stand in a panel of this size, below its title.

    Args:
        snapshot: its declaration is read.
        width: cells of the panel.
        height: lines of the panel.
        ascii: equations are written in ASCII.
        zoomed: the panel has the whole screen, and terms as a table in place of the list.
        bare: equations have no numbers but their result, and no table.
    """
    symbols = row_symbols(snapshot)
    if bare:
        needed = wanted = symbol_lines(snapshot.window.declaration, width, ascii) + 1
    else:
        needed, wanted = equation_lines(snapshot.window.declaration, width, ascii)
    table = LEAST if zoomed and not bare else 0
    spare = height - len(symbols) - needed
    if spare < table:
        equation = min(needed, max(height - 2, 0))
        shown = max(height - equation - table - 1, 0)
        return Places(shown + 1, _folding_order(snapshot)[: len(symbols) - shown], 0, equation)
    return _below(snapshot, Places(len(symbols), equation=needed), spare, wanted * (not zoomed))


def places_below(snapshot: Snapshot, width: int, height: int, *, ascii: bool) -> Places:
    """Return where the parts below the picture of a cell stand, in so many lines."""
    needed, _ = equation_lines(snapshot.window.declaration, width, ascii)
    spare = max(height - needed, 0)
    return _below(snapshot, Places(0, equation=min(needed, height)), spare, 0)


def _below(snapshot: Snapshot, least: Places, spare: int, wanted: int) -> Places:
    """Return `least` with `spare` lines dealt out among the parts below the rows.

    Args:
        snapshot: its declaration is read.
        least: the rows, and the lines that every equation takes.
        spare: lines.
        wanted: lines of an equation with its terms.
    """
    declaration = snapshot.window.declaration
    operations = max(len(declaration.forward_operations), len(declaration.backward_operations))
    more = max(wanted - least.equation, 0)
    if spare > operations:
        spare -= operations + 1
        more = min(max(spare - 2, 0), more)
        gap, contribution, listing = int(spare > 1), int(spare > 0), operations
    else:
        more = min(spare, more)
        spare -= more
        gap, contribution = int(spare > 0), int(spare > 1)
        spare -= gap + contribution
        listing = spare - 1 if spare >= LISTING else 0
    return replace(
        least,
        gap=gap,
        equation=least.equation + more,
        heading=int(listing > 0),
        listing=listing,
        contribution=contribution,
    )


def row_symbols(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the symbols of the rows from the top, with `ARRIVING` before y_t."""
    symbols = [row.symbol for row in snapshot.rows]
    symbols.insert(symbols.index("y_t"), ARRIVING)
    return tuple(symbols)


def _folding_order(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the symbols of the rows, those that are folded first before others.

    That is what goes in, then the states before, then the gates from the top, then the rest.
    """
    cell = snapshot.window.declaration.cell
    symbols = row_symbols(snapshot)
    layer = snapshot.window.declaration.layers[snapshot.layer - 1]
    states = [layer.name(f"{state}_t") for state in cell.states]
    before = [each for each in symbols if each.endswith("<t-1>")]
    inner = [each for each in symbols[1:] if each not in (*before, *states, ARRIVING, "y_t", "p_t")]
    last = [each for each in ("p_t", *states[1:], "y_t", ARRIVING, states[0]) if each in symbols]
    return (symbols[0], *before[::-1], *inner, *last)


# ---------------------------------------------------------------- how high an equation can be


@lru_cache(32)
def symbol_lines(declaration: NetworkDeclaration, width: int, ascii: bool) -> int:
    """Return the lines of the highest equation of both passes in symbols."""
    operations = (*declaration.forward_operations, *declaration.backward_operations)
    return max(len(fold(_written(each.equation(), ascii), width - 2)) for each in operations)


@lru_cache(32)
def equation_lines(declaration: NetworkDeclaration, width: int, ascii: bool) -> tuple[int, int]:
    """Return the lines of the highest equation of both passes, whatever its numbers are.

    Returns:
        Without any term of a product written out; and with as many as `NUMBERS` lines have.
    """
    needed = wanted = 2
    sizes = declaration.architecture
    values = _WidestValues(
        min(max(sizes.features, sizes.hidden, sizes.outputs), MOST), _WIDEST[declaration.dtype.name]
    )
    operations: Sequence[Operation] = (
        *declaration.forward_operations,
        *declaration.backward_operations,
    )
    for operation in operations:
        symbols = len(fold(_written(operation.equation(), ascii), width - 2))
        least = symbols + _number_lines(operation, values, declaration, width, ascii, 0)
        needed, wanted = max(needed, least), max(wanted, least)
        reader = UnitReader(values, 0, values.entries - 1)
        if any(isinstance(each, Products) for each in operation.expression.tokens(reader)):
            most = _number_lines(operation, values, declaration, width, ascii, NUMBERS)
            wanted = max(wanted, symbols + min(most, NUMBERS))
    return needed, wanted


def _number_lines(
    operation: Operation,
    values: _WidestValues,
    declaration: NetworkDeclaration,
    width: int,
    ascii: bool,
    available: int,
) -> int:
    """Return the lines that the numbers of an equation take; more than `available` do not count."""

    def height(text: str) -> int:
        return len(fold_numbers(_written(text, ascii), width - 2))

    line = numbers_line(
        operation,
        values,
        0,
        values.entries - 1,
        declaration.steps,
        lambda t: height(t) <= available,
    )
    return height(line)


def _written(text: str, ascii: bool) -> str:
    return in_ascii(text) if ascii else text


class _WidestValues(Mapping[str, Array]):
    """Values of which every number is as wide as can be, for vectors and matrices of one size."""

    def __init__(self, entries: int, widest: float) -> None:
        """Give every vector so many `entries`, all `widest`."""
        self.entries = entries
        self._vector = np.full((1, entries), widest)
        self._matrix = np.full((entries, entries), -widest)

    def __getitem__(self, name: str) -> Array:
        return self._matrix if name.startswith("W") else self._vector

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

"""Draws a cell at one timestep: forward the values, backward the gradients on the same wires.

c_6 −1.668 ──────────────⊙ −1.329 ────+ c_7 −1.551 ─┬──────────────▸
                         │            │             │
              ┌ σ f_7 +0.7966 ─┘      │           tanh
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.layers import Layer, name_in_layer
from rnn_tui.tui.column_names import NAME, short_names
from rnn_tui.tui.lines import Line, Lines, merge, text_width
from rnn_tui.tui.number_format import DIGITS, UNKNOWN, short, signed
from rnn_tui.tui.panels.current_pass.cell_diagram.graph import Node, cell_graph
from rnn_tui.tui.panels.current_pass.cell_diagram.placement import (
    Placed,
    Placement,
    Room,
    best_order,
)
from rnn_tui.tui.panels.current_pass.cell_diagram.wires import (
    ALONG,
    IN_ASCII,
    SIGNS,
    THICK,
    Cell,
    directions,
)
from rnn_tui.tui.panels.current_pass.timestep_view import TimestepView
from rnn_tui.tui.symbols import code_of, quoted

WIRE = "axis"  # the role of lines on which nothing is under way
BEGINNINGS = "─┐┘┤┬┴┼▸━┓┛┫┳┻╋"  # of a line that goes off to the left
GRADIENT = 8  # cells of the number of a gradient: −3.54e−4
SHORT_GRADIENT = 7  # the same where there is little room: −3.5e−4
SHORTEST = 4  # cells of a value's number where its name would lack the timestep otherwise: −.27


@dataclass(frozen=True, slots=True)
class Detail:
    """How much a diagram shows.

    Attributes:
        number: cells of a value's number, 7 for "+0.7832", 5 for "+0.78", SHORTEST for ".78".
        parts: the values of parts of equations are shown too.
        readout: the output of the network is shown, of the topmost layer.
        gradient_names: gradients have their names: else ◂ alone, and ◂a before the function.
        times: names of values have their timestep.
        state_times: those of the states and the input have it at least.
    """

    number: int
    parts: bool
    readout: bool
    gradient_names: bool = True
    times: bool = True
    state_times: bool = True

    def name(self, node: Node, t: int, layer: Layer) -> str:
        """Return the name of a value of `layer` at timestep `t`."""
        bare = node.name.removesuffix("_<t-1>").removesuffix("_t")
        needs_time = not node.sign or bare in layer.states  # else both states have one name
        timed = self.times or (self.state_times and needs_time)
        return value_name(node.name, t) if timed else bare


DETAILS = (  # the first that fits is drawn
    Detail(7, True, True),
    Detail(7, True, False),
    Detail(6, True, False),
    Detail(7, False, False),
    Detail(6, False, False),
    Detail(7, False, False, gradient_names=False),
    Detail(5, False, False, gradient_names=False),
    Detail(SHORTEST, False, False, gradient_names=False),
    Detail(5, False, False, gradient_names=False, times=False),
    Detail(SHORTEST, False, False, gradient_names=False, times=False),
    Detail(5, False, False, gradient_names=False, times=False, state_times=False),
)


def diagram(
    view: TimestepView,
    layer: Layer,
    selected: Operation | None,
    width: int,
    heights: tuple[int, int],
    *,
    ascii: bool,
) -> Lines:
    """Draw the cell of `layer`; nothing where it does not fit.

    Args:
        view: the timestep.
        layer: the layer whose cell is drawn.
        selected: the operation that is lit; None for none.
        width: columns there are.
        heights: lines there are, with wires two lines from each other, and with three.
        ascii: lines are drawn in ASCII.
    """
    readout = view.window.declaration.readout_operations[0]
    for detail in DETAILS:
        if detail.readout and not layer.top:
            continue
        for lines, height in zip((3, 2), reversed(heights), strict=True):
            shown = readout if detail.readout else None
            placement = _placement(layer, shown, view.window.declaration.steps, detail, lines)
            if placement.width <= width and placement.height <= height:
                return _Drawing(placement, view, layer, selected, detail, ascii).lines(width)
    return ()


@lru_cache(maxsize=32)  # a placement takes a hundredth of a second to find, and few are needed
def _placement(
    layer: Layer, readout: Operation | None, steps: int, detail: Detail, lines: int
) -> Placement:
    """Return the placement of a layer's values, the same for all timesteps 1 … `steps`."""
    graph = cell_graph(layer, () if readout is None else (readout,))
    nodes = (node for node in graph.nodes.values() if node.has_symbol)
    names = {node.name: text_width(detail.name(node, steps, layer)) for node in nodes}
    room = Room(
        names=names,
        number=detail.number,
        gradients=_gradient_widths(layer, readout, steps, detail),
        parts=detail.parts,
        lines=lines,
    )
    return Placement(graph, room, _order(layer, readout))


def _gradient_widths(
    layer: Layer, readout: Operation | None, steps: int, detail: Detail
) -> dict[str, int]:
    """Return the cells of the widest gradient of each value, with its arrow."""
    symbols = [(each.row, each.symbol) for each in layer.backward_operations]
    if readout is not None:
        symbols.append((readout.symbol, f"d{readout.symbol}"))
    widths: dict[str, int] = {}
    for row, symbol in symbols:
        named = 2 + text_width(value_name(symbol, steps)) + 1 + GRADIENT
        width = named if detail.gradient_names else 3 + SHORT_GRADIENT
        widths[row] = max(widths.get(row, 0), width)
    return widths


@lru_cache(maxsize=16)
def _order(layer: Layer, readout: Operation | None) -> tuple[str, ...]:
    """Return the order of the rows, which is the same for all sizes and timesteps."""
    graph = cell_graph(layer, () if readout is None else (readout,))
    gradients = _gradient_widths(layer, readout, 9, DETAILS[0])
    names = dict.fromkeys(graph.nodes, 3)
    return best_order(graph, Room(names=names, number=7, gradients=gradients, parts=True, lines=2))


class _Drawing:
    """One drawing: texts and lines on a grid of cells."""

    def __init__(
        self,
        placement: Placement,
        view: TimestepView,
        layer: Layer,
        selected: Operation | None,
        detail: Detail,
        ascii: bool,
    ) -> None:
        self._placement, self._view, self._layer = placement, view, layer
        self._selected, self._detail, self._ascii = selected, detail, ascii
        self._unknown = "." if ascii else UNKNOWN  # a dot between blanks would be a separator
        self._cells: dict[Cell, tuple[str, str]] = {}
        self._gradients = {
            (each.row, each.column): each for each in view.backward if each.column != "value"
        }

    def lines(self, width: int) -> Lines:
        """Return the lines of the drawing, which is drawn at most `width` columns wide."""
        self._draw_wires()
        for placed in self._placement.values.values():
            self._draw_value(placed)
        for placed in self._placement.values.values():
            if self._is_known(placed.node):
                x, y = placed.place
                self._write_above(self._column_name(placed.node), x + placed.indent, y)
        if self._view.in_backward:
            self._draw_arriving(width)
        if self._ascii:
            self._cells = {
                cell: (IN_ASCII.get(sign, sign), role) for cell, (sign, role) in self._cells.items()
            }
        height = self._placement.height
        columns = max((x for x, _ in self._cells), default=0) + 1
        return tuple(
            merge(self._cells.get((x, y), (" ", "")) for x in range(columns)) for y in range(height)
        )

    # ---------------------------------------------------------------- wires

    def _draw_wires(self) -> None:
        """Draw all lines: those of the selected operation are lit, others show what has passed.

        A line along which several values go is thick.
        """
        placement = self._placement
        roles: dict[Cell, tuple[int, str]] = {}
        values: dict[Cell, dict[str, int]] = {}  # with the directions in which each goes
        for placed in placement.values.values():
            for source, line in placed.lines.items():
                rank, value = self._role_of(source, placed.node), self._value_on(source)
                for cell in line:
                    roles[cell] = max(roles.get(cell, rank), rank)
                for cell, ways in directions(line):
                    known = values.setdefault(cell, {})
                    known[value] = known.get(value, 0) | ways
        for cell in placement.wires:
            role = roles.get(cell, (0, WIRE))[1]
            sign, carried = placement.wires.sign(cell), values.get(cell, {})
            upright = {name for name, ways in carried.items() if ways & ALONG}
            if len(carried) > len(upright) and ALONG in carried.values():
                sign, carried = SIGNS[ALONG], dict.fromkeys(upright, ALONG)  # others pass it
            self._cells[cell] = (THICK[sign] if len(carried) > 1 else sign, role)
        for _, after in self._states():
            self._cells[self._end(after)] = ("▸", WIRE)

    def _value_on(self, source: str) -> str:
        """Return the value on the line from `source`, a sign in the line being none of its own."""
        while self._placement.values[source].inline:
            (source,) = self._placement.values[source].node.inputs
        return source

    def _role_of(self, source: str, node: Node) -> tuple[int, str]:
        """Return the role of the line from `source` to `node`, and its rank where several meet."""
        if self._is_lit(source, node):
            return 2, "accent"
        if (self._symbol_of(source), "gradient") in self._gradients:
            return 1, "gradient"
        return 0, WIRE

    def _is_lit(self, source: str, node: Node) -> bool:
        """Return whether the selected operation computes along the line from `source` to `node`."""
        selected = self._selected
        if selected is None:
            return False
        if selected.column == "value":
            return node.operation == selected.symbol
        if selected.column == "gradient":
            return self._symbol_of(source) == selected.row
        return False

    def _symbol_of(self, name: str) -> str:
        """Return the symbol that a line carries the gradient of: its own, or what it is made of."""
        node = self._placement.values[name].node
        return name if node.has_symbol else ""

    def _states(self) -> Iterator[tuple[str, str]]:
        """Yield those states whose wires go on to the next timestep."""
        for state in self._layer.states:
            after = f"{state}_t"
            if after in self._placement.values:
                yield state, after

    # ---------------------------------------------------------------- values and gradients

    def _draw_value(self, placed: Placed) -> None:
        """Draw the sign of a value, its name and number, and its gradient below."""
        node, (x, y) = placed.node, placed.place
        lit = self._selected is not None and node.operation == self._selected.symbol
        known = self._is_known(node)
        x += placed.indent
        sign_role = "accent" if lit else "title"
        line: Line = ((node.sign, sign_role), (" ", "")) if node.sign else ()
        if placed.inline:
            line = ((node.sign, sign_role),)
        elif node.has_symbol:
            name = self._detail.name(node, self._view.t, self._layer)
            line += ((f"{name} ", "strong" if lit else ""), self._number(node, known, lit))
        elif self._detail.parts:
            line += (self._number(node, known, lit),)
        end = self._write(line, x, y)
        wire, role = self._cells.get((placed.ends + 2, y), ("", ""))
        if wire and wire in BEGINNINGS and not placed.inline:  # the number may be shorter
            self._write((("─" * (placed.ends - end), role),), end + 2, y)
        x = placed.place[0] + self._placement.gradient_indent(node)
        for place, operation in enumerate(self._gradients_of(node)):
            self._write(self._gradient(operation), x, y + 1 + place)

    def _is_known(self, node: Node) -> bool:
        """Return whether the value is computed."""
        view = self._view
        if node.operation:
            return view.is_revealed(node.operation)
        if node.name.endswith("<t-1>"):
            return view.has_state
        return view.has_batch if node.name == "x_t" else view.is_revealed(node.name)

    def _number(self, node: Node, known: bool, lit: bool) -> tuple[str, str]:
        """Return the number of the selected unit, and its role."""
        if not known:
            return self._unknown, "dim"
        if node.name == "x_t" and (text := self._symbol_text()):
            return text, "strong"
        value = self._view.entry(self._value(node))
        cells = self._detail.number
        text = short(value, cells) if cells == SHORTEST else _within(value, cells)
        return text, "strong" if lit else ""

    def _symbol_text(self) -> str:
        """Return the input's symbol where it is one."""
        symbols = self._view.task.symbols
        if symbols is None:
            return ""
        code = code_of(self._view.values["x_t"][0])
        return quoted(symbols[code]) if code is not None and code >= 0 else ""

    def _value(self, node: Node) -> Array:
        """Return the entries of a value; a part of an equation is computed from it."""
        values = self._view.values
        if node.has_symbol or node.expression is None:
            entries: Array = values[node.name][0]
            return entries
        with np.errstate(all="ignore"):
            result: Array = node.expression.evaluate(values)[0]
        return result

    def _gradients_of(self, node: Node) -> list[Operation]:
        """Return the gradients that are shown below a value: as many as there are lines for.

        What passes through a sign comes after the gradient of its value; on one line it takes its
        place.
        """
        if not self._placement.has_gradient(node):
            return []
        pair = (self._gradients.get((node.name, column)) for column in ("gradient", "through"))
        known = [each for each in pair if each is not None and each.symbol != "dh_y"]
        room = self._placement.room.lines - 1
        chosen = [each for each in known if each is self._selected]
        return chosen if chosen and len(known) > room else known[-room:]

    def _gradient(self, operation: Operation) -> Line:
        """Return an arrow back, the name of a gradient and its number."""
        lit = operation is self._selected
        value = self._view.entry(self._view.values[operation.symbol][0])
        role = "accent" if lit else "gradient"
        if not self._detail.gradient_names:
            text = _within(value, SHORT_GRADIENT, 3)
            return (("◂a " if operation.column == "through" else "◂ ", role), (text, role))
        name = value_name(operation.symbol, self._view.t)
        return ((f"◂ {name} ", role), (_within(value, GRADIENT, 3), role))

    def _draw_arriving(self, width: int) -> None:
        """Draw the gradients that arrive from the next timestep at the right end of the wires."""
        for state, after in self._states():
            values = self._view.values[_arriving_name(state, self._layer)]
            text = f"◂ {_within(self._view.entry(values[0]), GRADIENT, 3)}"
            end, y = self._end(after)
            for x, line in ((end, y), (width - text_width(text), y + 1)):
                taken = max((column for column, row in self._cells if row == line), default=0)
                if x + text_width(text) <= width and (x >= taken + 2 or x == end):
                    self._write(((text, "gradient"),), x, line)
                    break

    def _end(self, after: str) -> Cell:
        """Return the cell at the right end of a state's wire."""
        y = self._placement.values[after].place[1]
        return max(x for x, line in self._placement.wires if line == y), y

    def _write(self, line: Line, x: int, y: int) -> int:
        """Write `line` from the cell (x, y) on; return the last column."""
        for text, role in line:
            for sign in text:
                cells = text_width(sign)
                if not cells and (x - 1, y) in self._cells:  # it stands on the one before
                    self._cells[x - 1, y] = (self._cells[x - 1, y][0] + sign, role)
                    continue
                self._cells[x, y] = (sign, role)
                if cells > 1:
                    self._cells[x + 1, y] = ("", role)
                x += max(cells, 1)
        return x - 1

    def _write_above(self, name: str, x: int, y: int) -> None:
        """Write which of several inputs or outputs a number is above it, if there is room."""
        taken = {(x + k, y - 1) for k in range(-1, text_width(name) + 1)} & self._cells.keys()
        if name and y > 0 and not taken:
            self._write(((name, "dim"),), x, y - 1)

    def _column_name(self, node: Node) -> str:
        """Return the name of the input or output whose number is shown; "" if it has none."""
        names = {"x_t": self._view.task.parts, "y_t": self._view.task.output_names}.get(node.name)
        if names is None:
            return ""
        return short_names(names, NAME)[min(self._view.unit, len(names) - 1)]


def _within(value: float, cells: int, digits: int = DIGITS) -> str:
    """Return a signed number in `cells`, with as many significant digits as fit, at most `digits`.

    One digit is written however long it is.
    """
    texts = (signed(value, count) for count in range(digits, 1, -1))
    return next((text for text in texts if len(text) <= cells), signed(value, 1))


def _arriving_name(state: str, layer: Layer) -> str:
    """Return the name of the gradient of `state` that arrives from the next timestep."""
    own = next(each for each in layer.cell.states if name_in_layer(each, layer.number) == state)
    return name_in_layer(f"d{own}_next", layer.number)

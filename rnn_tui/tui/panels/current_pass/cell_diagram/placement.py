"""Where the values of a cell stand in its diagram: a row for each wire, a column for each sign.

Time goes from left to right. A value has its row to itself from the sign that makes it to the last
one that reads it; a sign may go on in the row of an input that nothing else reads later, so that a
state that is passed on is one straight line. What else a sign reads comes down or up in its column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from rnn_tui.tui.panels.current_pass.cell_diagram.graph import CellGraph, Node
from rnn_tui.tui.panels.current_pass.cell_diagram.wires import Cell, Wires, straight

ARROW = 2  # columns from the last text to the right edge


@dataclass(frozen=True, slots=True)
class Room:
    """The cells that texts get, and the lines between wires.

    Attributes:
        names: of each value's name, by the value's name.
        number: of a value's number.
        gradients: of the gradient of a value, with its name and arrow, by the value's name.
        parts: the values of parts of equations are shown too.
        lines: lines from one wire to the next, at least 2.
    """

    names: Mapping[str, int]
    number: int
    gradients: Mapping[str, int]
    parts: bool
    lines: int


@dataclass(slots=True)
class Placed:
    """A value in the diagram.

    Attributes:
        node: the value.
        row: the row of its wire, from 0 at the top.
        place: the cell of its sign.
        ends: the last column of its text.
        inline: it stands in the vertical line to the sign that reads it, in no row.
        indent: columns from `place`, where lines end, to the sign.
        lines: the cells of the lines that lead to it, by input.
    """

    node: Node
    row: int
    place: Cell
    ends: int
    inline: bool = False
    indent: int = 0
    lines: dict[str, list[Cell]] = field(default_factory=dict)


class Placement:
    """The values of a cell, each with its place.

    Attributes:
        values: by name, those that are drawn.
        wires: the lines between them.
        width: the columns that all take.
        height: the lines.
    """

    def __init__(self, graph: CellGraph, room: Room, order: Sequence[str]) -> None:
        """Place all values of `graph`.

        Args:
            graph: the values.
            room: the cells they take.
            order: what begins a row between the states and the inputs, from the top down.
        """
        self._graph, self.room = graph, room
        self.values: dict[str, Placed] = {}
        self.wires = Wires()
        self._texts: set[Cell] = set()
        self._straight = straight_inputs(graph)
        self._rows = self._rows_in_order(order)
        for node in graph.nodes.values():
            if not node.sign and graph.consumers(node.name):
                self._place_source(node)
        for node in graph.nodes.values():
            if node.sign and node.name not in self.values and not self._is_inline(node):
                self._place(node)
        self._pass_on()
        self.width = max(x for x, _ in (*self._texts, *self.wires)) + 1
        self.height = max(y for _, y in (*self._texts, *self.wires)) + 1

    @property
    def cost(self) -> tuple[int, int, int]:
        """What is better small: the width, the number of crossings, the length of all lines."""
        lines = (line for placed in self.values.values() for line in placed.lines.values())
        return self.width, self.wires.crossings, sum(map(len, lines))

    def _pass_on(self) -> None:
        """Lay the lines of the states to the right edge, where the next timestep is."""
        column = max(placed.ends for placed in self.values.values()) + ARROW
        for _, after in self._graph.states:
            if after in self.values:
                placed = self.values[after]
                y = placed.place[1]
                self.wires.lay(straight((placed.ends + 2, y), (column, y)))
                self.wires.branch((column, y))  # it may be a single cell

    # ---------------------------------------------------------------- rows

    def _rows_in_order(self, order: Sequence[str]) -> dict[str, int]:
        """Return the row of each value that begins one, or goes on in it.

        States that are read as they are come first, then `order`, then what only weights multiply.
        """
        sources = [
            node.name
            for node in self._graph.nodes.values()
            if not node.sign and self._graph.consumers(node.name)
        ]
        first = [name for name in reversed(sources) if is_read_as_it_is(self._graph, name)]
        names = dict.fromkeys((*first, *order, *sources))
        rows = {name: row for row, name in enumerate(names)}
        for name, before in self._straight.items():  # inputs come first
            rows[name] = rows[before]
        return rows

    def _is_inline(self, node: Node) -> bool:
        """Return whether `node` stands in the line from its input to the sign that reads it."""
        return is_inline(self._graph, node, self._straight)

    # ---------------------------------------------------------------- columns

    def _place_source(self, node: Node) -> None:
        """Place a value that is there at the start of the timestep, at the left."""
        row = self._rows[node.name]
        sources = (each.name for each in self._graph.nodes.values() if not each.sign)
        name = max(self.room.names[each] for each in sources)
        self._write(node, row, 1, name + 1 + self.room.number)

    def _place(self, node: Node) -> None:
        """Place `node`, and with it those that are made from the same inputs by weights."""
        together = [node]
        if node.weighted:
            together = [
                each
                for each in self._graph.nodes.values()
                if each.weighted and each.inputs == node.inputs
            ]
        column = self._first_column(together)
        while not all(self._fits(each, column) for each in together):
            column += 1
        for each in together:
            self._lay_lines(each, column)
        for each in together:
            self._write(each, self._rows[each.name], column, self._text_width(each))

    def _first_column(self, nodes: list[Node]) -> int:
        """Return the first column to the right of all that `nodes` read."""
        columns = [2]
        for node in nodes:
            for name in node.inputs:
                columns.append(self._source_of(name).ends + 3)
            before = self._straight.get(node.name)
            if before is not None:  # what else reads it stands to the left
                others = (each.name for each in self._graph.consumers(before))
                columns += [
                    self.values[each].place[0] + 2 for each in others if each in self.values
                ]
        return max(columns)

    def _source_of(self, name: str) -> Placed:
        """Return the value whose row the line from `name` begins in."""
        node = self._graph.nodes[name]
        return self.values[node.inputs[0] if self._is_inline(node) else name]

    def _fits(self, node: Node, column: int) -> bool:
        """Return whether sign, text and lines of `node` have their cells free at `column`."""
        y = self._line(self._rows[node.name])
        text = {(column + k, y) for k in range(self._text_width(node) + 1)}
        if self.has_gradient(node):
            first = column + self.gradient_indent(node)
            text |= {(first + k, y + 1) for k in range(-1, self.room.gradients.get(node.name, 0))}
        if text & self._texts or any(cell in self._texts for cell in self._label(node, column)):
            return False
        if any(not self.wires.may_pass(cell, across=True) for cell in text - {(column, y)}):
            return False
        for name in node.inputs:
            source = self._source_of(name)
            start, corner = (
                (source.ends + 2, self._line(source.row)),
                (column, self._line(source.row)),
            )
            along = list(straight(corner, (column, y)))
            if any(cell in self._texts for cell in (*straight(start, corner), *along)):
                return False
            if any(not self._passes(cell, node) for cell in along[1:-1]):
                return False
        return True

    def _passes(self, cell: Cell, node: Node) -> bool:
        """Return whether the line down to `node` may pass through `cell`."""
        return self.wires.may_pass(cell, across=False) or cell in self._own(node)

    def _own(self, node: Node) -> set[Cell]:
        """Return the cells of lines that lead to values of the same inputs."""
        return {
            cell
            for placed in self.values.values()
            if placed.node.inputs == node.inputs and node.weighted
            for line in placed.lines.values()
            for cell in line
        }

    def _lay_lines(self, node: Node, column: int) -> None:
        """Lay the lines from the inputs of `node` to its sign."""
        y = self._line(self._rows[node.name])
        placed = Placed(node, self._rows[node.name], (column, y), column)
        for name in node.inputs:
            source = self._source_of(name)
            level = self._line(source.row)
            across = straight((source.ends + 2, level), (column, level))
            line = self.wires.lay(across)
            if level != y:
                line += self.wires.lay(straight((column, level), (column, y)))
            if self._indent(node):
                self.wires.branch((column, y))
            placed.lines[name] = line
            part = self._graph.nodes[name]
            if self._is_inline(part):
                label = self._label_of(part, column, level, y)
                self.values[name] = Placed(part, source.row, label[0], label[-1][0], True)
                self.values[name].lines[part.inputs[0]] = line
                self._texts.update(label)
        self.values[node.name] = placed

    def _label(self, node: Node, column: int) -> list[Cell]:
        """Return the cells of the signs that stand in the lines to `node`."""
        y = self._line(self._rows[node.name])
        parts = (self._graph.nodes[name] for name in node.inputs)
        return [
            cell
            for part in parts
            if self._is_inline(part)
            for cell in self._label_of(part, column, self._line(self._source_of(part.name).row), y)
        ]

    def _label_of(self, part: Node, column: int, level: int, y: int) -> list[Cell]:
        """Return the cells of a sign that stands in the line from line `level` to line `y`."""
        line = level + 1 if y > level else level - 1
        if y > level and y - level > 2:
            line = level + 2 if self.room.lines == 2 else level + 1
            line = y - 1 if line >= y else line
        first = column - len(part.sign) // 2
        return [(first + k, line) for k in range(len(part.sign))]

    def _write(self, node: Node, row: int, column: int, width: int) -> None:
        """Reserve the cells of a value's sign and text, and of its gradient below."""
        y = self._line(row)
        placed = self.values.setdefault(node.name, Placed(node, row, (column, y), column))
        placed.ends = column + width - 1
        placed.indent = self._indent(node)
        self._texts.update((column + k, y) for k in range(bool(node.sign), width + 1))
        if self.has_gradient(node):
            first = column + self.gradient_indent(node)
            width = self.room.gradients.get(node.name, 0) + 1  # with a blank behind
            self._texts.update((first + k, y + 1) for k in range(width))

    def _text_width(self, node: Node) -> int:
        """Return the columns of a value's sign, its name and its number."""
        room = self.room
        number = room.number + 1
        if not node.has_symbol:
            return len(node.sign) + (number if room.parts else 0)
        return self._indent(node) + len(node.sign) + 1 + room.names[node.name] + number

    def _indent(self, node: Node) -> int:
        """Return the columns from the line that comes down to a sign: 2 as in "├ σ", or none."""
        from_above = any(name != self._straight.get(node.name) for name in node.inputs)
        return 2 if from_above and node.has_symbol and (node.weighted or len(node.sign) > 1) else 0

    def gradient_indent(self, node: Node) -> int:
        """Return the columns from where lines end to a gradient, which stands below the sign."""
        from_above = any(name != self._straight.get(node.name) for name in node.inputs)
        return self._indent(node) or (2 if from_above else 0)

    def has_gradient(self, node: Node) -> bool:
        """Return whether the gradient of a value is drawn: not of an input, nor of a part."""
        before = {before for before, _ in self._graph.states}
        return node.has_symbol and (bool(node.sign) or node.name in before)

    def _line(self, row: int) -> int:
        """Return the line of a row's wire."""
        return row * self.room.lines


def best_order(graph: CellGraph, room: Room) -> tuple[str, ...]:
    """Return the order of rows that makes the diagram narrow, with few crossings and short lines.

    Pairs are exchanged, beginning with the order in which values are read, while that helps.
    """
    best = tuple(rows_to_order(graph))
    cost = Placement(graph, room, best).cost
    while True:
        exchanged = [_exchanged(best, *pair) for pair in combinations(range(len(best)), 2)]
        costs = [(Placement(graph, room, order).cost, order) for order in exchanged]
        least = min(costs, default=(cost, best))
        if least[0] >= cost:
            return best
        cost, best = least


def _exchanged(order: tuple[str, ...], first: int, second: int) -> tuple[str, ...]:
    """Return `order` with two of its places exchanged."""
    names = list(order)
    names[first], names[second] = names[second], names[first]
    return tuple(names)


def rows_to_order(graph: CellGraph) -> list[str]:
    """Return the values that begin a row of their own, in the order in which they are read."""
    straight_ones = straight_inputs(graph)
    order: list[str] = []

    def visit(node: Node) -> None:
        if not node.sign or node.name in order:
            return
        if node.weighted:
            order.append(node.name)
        for name in node.inputs:
            visit(graph.nodes[name])
        begins = node.name not in straight_ones and not is_inline(graph, node, straight_ones)
        if begins and node.name not in order:
            order.append(node.name)

    for node in graph.nodes.values():
        if node.has_symbol and not node.weighted and node.sign:
            visit(node)
    for node in graph.nodes.values():
        visit(node)
    return order


def is_read_as_it_is(graph: CellGraph, name: str) -> bool:
    """Return whether a value is read without weights."""
    return any(not node.weighted for node in graph.consumers(name))


def is_inline(graph: CellGraph, node: Node, straight_inputs: dict[str, str]) -> bool:
    """Return whether `node` stands in the line from its input to the sign that reads it.

    That is a part of an equation with one input, which another value reads beside one more.
    """
    if node.has_symbol or len(node.inputs) != 1 or node.weighted:
        return False
    (consumer,) = graph.consumers(node.name)
    return len(consumer.inputs) > 1 and straight_inputs.get(consumer.name) != node.name


def straight_inputs(graph: CellGraph) -> dict[str, str]:
    """Return for each value the input in whose row it goes on; nothing where there is none.

    An input does if nothing reads it later, and it is not passed on to the next timestep. Where
    there are several, a state of the timestep before comes first.
    """
    passed_on = {after for _, after in graph.states}
    before = {before for before, _ in graph.states}
    found: dict[str, str] = {}
    state_rows: set[str] = set(before)
    for node in graph.nodes.values():
        if node.weighted or not node.sign:
            continue
        candidates = [
            name
            for name in node.inputs
            if name not in passed_on
            and graph.consumers(name)[-1] is node
            and (graph.nodes[name].sign or name in before)
            and (graph.nodes[name].has_symbol or len(graph.nodes[name].inputs) > 1)
        ]
        candidates.sort(key=lambda name: name not in state_rows)
        if candidates:
            found[node.name] = candidates[0]
            if candidates[0] in state_rows:
                state_rows.add(node.name)
    return found

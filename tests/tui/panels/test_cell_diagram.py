"""The picture of a cell: its lines are the equations, its numbers the tape's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from shares import share
from tui.screen_support import KINDS, SMALL, SnapshotMaker, context, text_of

from rnn_tui.engine.core.value_names import value_name
from rnn_tui.engine.network.layers import Layer
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.lines import cell_width
from rnn_tui.tui.number_format import signed
from rnn_tui.tui.panels.current_pass import panel as current_pass
from rnn_tui.tui.panels.current_pass.cell_diagram.drawing import (
    DETAILS,
    _Drawing,
    _placement,
)
from rnn_tui.tui.panels.current_pass.cell_diagram.graph import WEIGHTS, CellGraph, cell_graph
from rnn_tui.tui.panels.current_pass.cell_diagram.placement import Placed, Placement
from rnn_tui.tui.panels.current_pass.cell_diagram.wires import Cell
from rnn_tui.tui.panels.current_pass.timestep_view import timestep_view

LEAST = (80, 19)  # the panel on a screen of 80×23
SIZES = (LEAST, (80, 20), (110, 27), (120, 36), (200, 56))
UP, DOWN, LEFT, RIGHT = (0, -1), (0, 1), (-1, 0), (1, 0)
BACK = {UP: DOWN, DOWN: UP, LEFT: RIGHT, RIGHT: LEFT}
ENDS = {  # where the line in a cell goes on
    "─": (LEFT, RIGHT),
    "│": (UP, DOWN),
    "┌": (RIGHT, DOWN),
    "┐": (LEFT, DOWN),
    "└": (RIGHT, UP),
    "┘": (LEFT, UP),
    "├": (RIGHT, UP, DOWN),
    "┤": (LEFT, UP, DOWN),
    "┬": (LEFT, RIGHT, DOWN),
    "┴": (LEFT, RIGHT, UP),
    "┼": (LEFT, RIGHT, UP, DOWN),
}


def layer_of(kind: str, number: int = 1, layers: int = 1) -> Layer:
    """Return a layer of the cell of `kind`."""
    architecture = Trainer(SMALL.with_(layers=layers, **KINDS[kind])).network.architecture
    return architecture.make_layers()[number - 1]


def zoomed(snapshot: Snapshot, **view: object) -> DrawContext:
    """Return a context in which the timestep panel has the whole screen."""
    return replace(context(snapshot, **view), zoomed=True)


def places(kind: str, layers: int = 1, steps: int = 3) -> Iterator[Snapshot]:
    """Yield a snapshot after each operation of the timesteps of one update."""
    trainer = Trainer(SMALL.with_(hidden=3, layers=layers, steps=steps, **KINDS[kind]))
    trainer.run(1)
    maker = SnapshotMaker(trainer)
    while trainer.updates < 2:
        trainer.reveal()
        if trainer.cursor.stage in (Pass.FORWARD, Pass.BACKWARD):
            yield maker.snapshot()


# ---------------------------------------------------------------- the lines are the equations


def connected(placement: Placement, start: Cell) -> set[Cell]:
    """Return the cells that the drawn lines lead to from `start`, as an eye follows them.

    A line that is not drawn in a cell, because another one passes there, goes straight on.
    """
    reached, waiting = set(), [(start, direction) for direction in (UP, DOWN, LEFT, RIGHT)]
    while waiting:
        cell, direction = waiting.pop()
        following = (cell[0] + direction[0], cell[1] + direction[1])
        sign = placement.wires.sign(following)
        if not sign or (following, direction) in reached:
            continue
        reached.add((following, direction))
        if BACK[direction] in ENDS[sign]:
            waiting += [(following, way) for way in ENDS[sign] if way != BACK[direction]]
        elif sign == "│" and direction in (LEFT, RIGHT):
            waiting.append((following, direction))
    return {cell for cell, _ in reached}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_lines_lead_from_each_value_to_what_is_made_from_it(kind: str) -> None:
    layer = layer_of(kind)
    graph = cell_graph(layer)
    for detail in DETAILS:
        for lines in (2, 3):
            placement = _placement(layer, None, 20, detail, lines)
            assert set(placement.values) == {
                name for name, node in graph.nodes.items() if node.sign or graph.consumers(name)
            }
            for placed in placement.values.values():
                for name in placed.node.inputs:
                    assert_connected(placement, placement.values[name], placed)


def assert_connected(placement: Placement, source: Placed, placed: Placed) -> None:
    """Assert that a line leads from the end of `source` to the sign of `placed`."""
    x, y = source.place
    end = source.place if source.inline else (source.ends + 1, y)
    line = next(iter(placed.lines.values()))
    cells = connected(placement, end) | connected(placement, (end[0] + 1, y)) | {line[0]}
    if source.inline:  # it stands in a line that leads on
        cells |= {cell for other in placed.lines.values() for cell in other}
    x, y = placed.place
    label = range(x, placed.ends + 1) if placed.inline else (x,)
    around = {(x - 1, y), *((column, y + way) for column in label for way in (-1, 0, 1))}
    assert cells & around, (source.node.name, placed.node.name)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_stands_on_something_else(kind: str) -> None:
    layer = layer_of(kind)
    for detail in DETAILS:
        placement = _placement(layer, None, 2000, detail, 2)
        taken: dict[Cell, str] = {}
        for name, placed in placement.values.items():
            (x, y), indent = placed.place, placed.indent
            text = {(column, y) for column in range(x + indent, placed.ends + 1)}
            if placement.has_gradient(placed.node):
                room = range(placement.room.gradients[name])
                first = x + placement.gradient_indent(placed.node)
                text |= {(first + column, y + 1) for column in room}
            assert not text & set(taken), (name, {taken[cell] for cell in text & set(taken)})
            taken |= dict.fromkeys(text, name)
            wires = {cell for cell in placement.wires if cell in text and cell != placed.place}
            assert placed.inline or not wires, name


def test_what_is_made_from_what_is_read_off_the_equations() -> None:
    def made(graph: CellGraph) -> dict[str, tuple[str, set[str]]]:
        return {
            name: (node.sign, set(node.inputs)) for name, node in graph.nodes.items() if node.sign
        }

    rnn = made(cell_graph(layer_of("rnn-tanh")))
    assert rnn == {"a_t": (WEIGHTS, {"x_t", "h_<t-1>"}), "h_t": ("tanh", {"a_t"})}
    lstm = made(cell_graph(layer_of("lstm")))
    assert lstm["i_t"] == ("σ", {"x_t", "h_<t-1>"})
    assert lstm["c_t"][0] == "+"
    products = {frozenset(lstm[name][1]) for name in lstm["c_t"][1]}
    assert products == {frozenset({"f_t", "c_<t-1>"}), frozenset({"i_t", "g_t"})}
    peephole = made(cell_graph(layer_of("lstm-peephole")))
    assert peephole["o_t"] == ("σ", {"x_t", "h_<t-1>", "c_t"})
    gru = made(cell_graph(layer_of("gru", 2, 2)))
    assert gru["z2_t"] == ("σ", {"h_t", "h2_<t-1>"})


# ---------------------------------------------------------------- the numbers are the tape's


NUMBER = r"[+−]?[\d.]+(?:e−?\d+)?|!"


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        pytest.param(kind, size, marks=[pytest.mark.long] * (size not in (LEAST, (120, 36))))
        for kind in sorted(KINDS)
        for size in SIZES
    ],
)
def test_every_cell_has_a_picture_with_the_numbers_of_the_tape(
    kind: str, size: tuple[int, int]
) -> None:
    for snapshot in places(kind, steps=2):
        shown = zoomed(snapshot, unit=1)
        lines = current_pass.draw(shown, *size)
        assert len(lines) <= size[1]
        assert all(cell_width(line) <= size[0] for line in lines)
        text = "\n".join(text_of(lines))
        assert "the cell" in current_pass.title(shown)[1]
        assert re.search("[├┌┣]", text)
        values = snapshot.window.values(snapshot.t)
        layer = snapshot.window.declaration.layers[0]
        for operation in snapshot.forward_revealed(snapshot.t):
            if operation in layer.forward_operations:
                timed = re.escape(value_name(operation.symbol, snapshot.t))
                name = f"(?:{timed}|{operation.symbol.removesuffix('_t')})"
                found = re.findall(rf"(?<!\w){name} ({NUMBER})", text)
                exact = float(values[operation.symbol][0][1])
                assert {signed(exact, digits) for digits in (1, 2, 3, 4)} & set(found), text


@pytest.mark.parametrize(
    ("kind", "layers"), share([*((kind, 1) for kind in sorted(KINDS)), ("lstm", 2)])
)
def test_signs_and_names_keep_their_cells(kind: str, layers: int) -> None:
    seen: dict[int, str] = {}
    for snapshot in places(kind, layers, steps=2):
        lines = text_of(current_pass.draw(zoomed(snapshot), *LEAST))
        picture = "\n".join(lines[: lines.index("")] if "" in lines else lines[:14])
        fixed = re.sub(r"[^┌├└┐┤┘┬┴┏┣┗┓┫┛┳┻⊙σ\n]", " ", picture)
        known = seen.setdefault(snapshot.layer, fixed)
        shared = min(len(known.split("\n")), len(fixed.split("\n")), 9)
        assert [line.rstrip() for line in fixed.split("\n")[:shared]] == [
            line.rstrip() for line in known.split("\n")[:shared]
        ]


@pytest.mark.parametrize("kind", share(sorted(KINDS), first=1))
def test_the_operation_at_the_cursor_is_lit(kind: str) -> None:
    for snapshot in places(kind):
        operation = snapshot.selectable_operations(snapshot.t)[-1]
        layer = snapshot.window.declaration.layers[0]
        if operation not in (*layer.forward_operations, *layer.backward_operations):
            continue
        if not snapshot.window.declaration.cell.recurrent and operation.row == "h_<t-1>":
            continue  # not there
        lines = current_pass.draw(zoomed(snapshot), *LEAST)
        end = next(k for k, line in enumerate(lines) if operation.equation() in text_of((line,))[0])
        lit = {text.strip() for line in lines[:end] for text, role in line if role == "accent"}
        assert lit, operation.symbol


@pytest.mark.parametrize("kind", ["lstm-coupled", "lstm-peephole"])
def test_no_equation_stands_twice_below_the_picture(kind: str) -> None:
    for snapshot in places(kind, steps=2):
        for height in (19, 20, 36):
            lines = text_of(current_pass.draw(zoomed(snapshot), 80, height))
            equations = [line.strip() for line in lines if re.match(r" [a-z]+\w*\[\d+\] = ", line)]
            assert len(equations) == len({*equations}), lines


def test_the_title_says_which_layer_and_sample_the_picture_has() -> None:
    trainer = Trainer(SMALL.with_(hidden=3, layers=2, steps=3, batch=2, cell="rnn"))
    trainer.step()
    trainer.step()
    maker = SnapshotMaker(trainer, layer=2)
    title = current_pass.title(zoomed(maker.snapshot(sample=1)))[1]
    assert title == "sample 2 of 2 · the cell, d rows · layer 2 of 2 · unit 1 of 3"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_states_have_their_timesteps_at_80_columns(kind: str) -> None:
    trainer = Trainer(SMALL.with_(hidden=3, steps=40, num_points=100, **KINDS[kind]))
    for _ in range(3):
        trainer.step()
    text = "\n".join(text_of(current_pass.draw(zoomed(SnapshotMaker(trainer).snapshot()), *LEAST)))
    assert trainer.cursor.t == 2
    names = {*re.findall(r"(?<!\w)[hcx](?:_\d+)? (?=[+−·])", text.split("\n\n")[0])}
    graph = cell_graph(layer_of(kind))
    states = {state for state, _ in graph.states}
    read = {state for state in states if graph.consumers(state)}
    assert {f"{state.partition('_')[0]}_1 " for state in read} <= names, text
    assert {f"{state.partition('_')[0]}_2 " for state in states} | {"x_2 "} <= names, text
    assert not names & {"h ", "c ", "x "}, text


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_names_have_their_timesteps_at_80_columns_in_stacks_and_long_windows(kind: str) -> None:
    for layers, steps, whole in ((1, 100, True), (2, 40, True), (3, 2000, False)):
        if kind == "neuron" and layers > 1:
            continue
        top = layer_of(kind, layers, layers)
        first = next(
            detail
            for detail in DETAILS
            if not detail.readout and _placement(top, None, steps, detail, 2).width <= 80
        )
        assert first.state_times
        assert first.times or not whole


def led_to(picture: list[str], start: Cell) -> set[Cell]:
    """Return the cells that thin lines lead to from `start`, as an eye follows them."""
    reached, waiting = set(), [(start, RIGHT)]
    while waiting:
        (x, y), (dx, _) = cell, direction = waiting.pop()
        sign = picture[y][x : x + 1] if 0 <= y < len(picture) and x >= 0 else ""
        if sign not in ENDS or (cell, direction) in reached:
            continue
        passed = sign == "│" and dx
        if not passed:
            reached.add((cell, direction))
        ways = (direction,) if passed else ENDS[sign]
        if passed or BACK[direction] in ENDS[sign]:
            waiting += [((x + way[0], y + way[1]), way) for way in ways if way != BACK[direction]]
    return {cell for cell, _ in reached}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_thin_lines_join_no_two_values(kind: str) -> None:
    """Where several values go along one line it is thick, and in ASCII no sum."""
    snapshot = next(places(kind))
    layer = snapshot.window.declaration.layers[0]
    view = timestep_view(context(snapshot), 200)
    for lines in (2, 3):
        placement = _placement(layer, None, snapshot.steps, DETAILS[0], lines)
        drawn = text_of(_Drawing(placement, view, layer, None, DETAILS[0], False).lines(200))
        found: dict[Cell, str] = {}
        for name, placed in placement.values.items():
            (x, y) = placed.ends + 2, placed.place[1]
            if placed.inline or drawn[y][x : x + 1] not in ENDS:
                continue
            for cell in led_to(drawn, (x, y)):
                assert found.setdefault(cell, name) == name, "\n".join(drawn)
        in_ascii = text_of(_Drawing(placement, view, layer, None, DETAILS[0], True).lines(200))
        for one, other in zip(drawn, in_ascii, strict=True):
            assert [x for x, sign in enumerate(one) if sign in ENDS and other[x] == "+"] == []

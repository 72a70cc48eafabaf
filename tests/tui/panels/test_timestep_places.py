"""The timestep panel: nothing moves that was not computed, what is cut is counted, and what the
equation reads is marked.

The panel is drawn after each operation of both passes, in every size that it has on screens of
80×23, 80×24 (with each of the others above), 100×30 and 120×40.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import pytest
from tui.screen_support import KINDS, TASKS, place, power_in, stands_for

from rnn_tui.engine.core.operations import Operation
from rnn_tui.engine.network.layers import name_in_layer
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import PANELS
from rnn_tui.session.commands import Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.layout import Focus, arrange
from rnn_tui.tui.lines import Line, Lines, cell_width, plain
from rnn_tui.tui.panel_spec import needs_of, panel_spec
from rnn_tui.tui.panels.current_pass import panel
from rnn_tui.tui.panels.current_pass.row_places import Places, places, row_symbols
from rnn_tui.tui.symbols import quoted

SCREENS = ((80, 23), (80, 24), (100, 30), (120, 40))
REQUEST = ViewRequest(proofs=frozenset(panel_spec("timestep").proofs))
WINDOW = Settings(hidden=16, steps=2, num_points=100)
RUNS = {
    **{kind: WINDOW.with_(**settings) for kind, settings in KINDS.items()},
    "two layers": WINDOW.with_(cell="lstm", layers=2),
    "classes": TASKS["text"].with_(cell="lstm", hidden=16, steps=2),
}
FOLDED = re.compile(r"(?:^   |\+| )(\d+) rows?\b")  # what the line of folded rows counts


UNIT = 1
SELDOM = {"rnn-relu", "neuron", "lstm-coupled", "gru-reset-before", "two layers", "classes"}
each_run = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in SELDOM)) for name in RUNS]
)
pytestmark = pytest.mark.xdist_group("frames")  # which are drawn once


def walk(settings: Settings) -> Iterator[Snapshot]:
    """Yield a snapshot after each operation of both passes of the third update."""
    session = Session(Trainer(settings))
    snapshot = session.perform(Step(Stride.UPDATE, 2), REQUEST)
    while snapshot.cursor.update == 2:
        snapshot = session.perform(Step(Stride.OPERATION, 1), REQUEST)
        while "magnitudes" not in snapshot.proofs:
            snapshot = session.perform(REQUEST)
        if snapshot.cursor.t:
            yield snapshot


def sizes_of(snapshot: Snapshot) -> list[tuple[int, int]]:
    """Return the sizes of the panel below its title, on all the screens."""
    needs = needs_of(snapshot)
    regions = (
        arrange(*screen, Focus("timestep", other), needs)["timestep"]
        for screen in SCREENS
        for other in PANELS.names
    )
    return sorted({(region.width, region.height - 1) for region in regions})


class Frame(NamedTuple):
    """The panel at one place of a run, in one size."""

    snapshot: Snapshot
    size: tuple[int, int]
    at: Places
    drawn: Lines

    @property
    def lines(self) -> list[str]:
        """The lines as text."""
        return [line.rstrip() for line in plain(self.drawn).split("\n")]


@cache
def frames_of(name: str) -> list[Frame]:
    """Return the panel after each operation of a run, in all sizes."""
    found = []
    for snapshot in walk(RUNS[name]):
        for size in sizes_of(snapshot):
            at = places(snapshot, *size, ascii=False, zoomed=False)
            drawn = panel.draw(DrawContext(snapshot, Selection(unit=UNIT)), *size)
            found.append(Frame(snapshot, size, at, drawn))
    return found


def newest(snapshot: Snapshot) -> Operation:
    """Return the operation that was revealed last."""
    revealed = snapshot.backward_revealed(snapshot.t) or snapshot.forward_revealed(snapshot.t)
    return revealed[-1]


def labels(lines: list[str], at: Places) -> dict[str, int]:
    """Return the line of each row by its label, but for the line that stands for folded ones."""
    first = int(bool(at.folded))
    found = {line[3:].partition(" ")[0]: y for y, line in enumerate(lines[: at.rows]) if y >= first}
    return {label: y for label, y in found.items() if label not in ("", "goes")}


def needed_rows(snapshot: Snapshot) -> set[str]:
    """Return the labels of the rows that show what the newest operation computes and reads."""
    declaration, operation = snapshot.window.declaration, newest(snapshot)
    shown = {row.symbol: row.symbol for row in snapshot.rows}
    for each in (*declaration.forward_operations, *declaration.backward_operations):
        shown[each.symbol] = each.row
    for state in declaration.cell.states:
        shown[name_in_layer(f"d{state}_next", snapshot.layer)] = "arrives"
    rows = {row.symbol for row in snapshot.rows} | {"arrives"}
    read = (operation.symbol, *operation.expression.symbols())
    return {shown[symbol] for symbol in read if symbol in shown} & rows


@each_run
def test_nothing_moves_or_changes_that_was_not_computed(name: str) -> None:
    """From one operation to the next: the row, the equation, the line in the list and the mark."""
    kept: dict[tuple[tuple[int, int], int], tuple[object, ...]] = {}
    before: dict[tuple[int, int], tuple[object, list[str]]] = {}
    for frame in frames_of(name):
        snapshot, size, at, _ = frame
        lines = frame.lines
        operation, cursor = newest(snapshot), snapshot.cursor
        same = (cursor.stage, cursor.t, snapshot.layer)
        found = labels(lines, at)
        found.pop("arrives", None)  # going forward it says where the state goes
        start = at.rows + at.gap
        here = (*found.items(), lines[start].startswith(f" {operation.symbol} = "))
        assert kept.setdefault((size, snapshot.layer), here) == here, "\n".join(lines)
        assert here[-1], lines
        was_same, old = before.get(size, (None, []))
        before[size] = same, lines
        if was_same != same:
            continue
        listed = start + at.equation + at.heading
        heading = lines[listed - 1 : listed] * at.heading
        turned = heading != old[listed - 1 : listed] * at.heading
        for y, (was, line) in enumerate(zip(old, lines, strict=False)):
            if was.replace("▸", " ") == line.replace("▸", " "):
                continue
            allowed = y == found.get(operation.row) or (y == 0 and bool(at.folded))
            allowed |= start <= y < listed or y >= listed + at.listing
            allowed |= y >= listed and (turned or operation.equation()[:40] in line)
            allowed |= line.startswith(" L: this timestep adds")  # comes with y_t
            assert allowed, f"{place(cursor)}\n{was}\n{line}"


@each_run
def test_the_rows_of_the_operation_are_never_folded_and_the_others_are_counted(name: str) -> None:
    for frame in frames_of(name):
        snapshot, at, lines = frame.snapshot, frame.at, frame.lines
        operation, needed = newest(snapshot), needed_rows(snapshot)
        if not at.folded:
            assert {*labels(lines, at), "arrives"} == {*row_symbols(snapshot)}
            continue
        folded = {*at.folded} & needed
        words = lines[0][3:].split()
        if len(folded) == 1:
            assert {words[0]} == folded, lines[0]
        for symbol in (operation.symbol, *operation.expression.symbols())[: 9 * len(folded)]:
            row = {symbol: symbol for symbol in at.folded}.get(symbol)
            assert row not in folded or symbol in words, lines[0]
        if len(folded) > 1 and "x_t" in folded and snapshot.task.symbols is not None:
            symbol = snapshot.task.symbols[snapshot.window.values(snapshot.t)["x_t"][0].argmax()]
            assert f"x_t {quoted(symbol)} " in f"{lines[0]} ", lines[0]
        counted = FOLDED.search(lines[0])
        hidden = len(at.folded) - len(folded)  # the others are shown
        assert int(counted[1] if counted else 0) == hidden, lines[0]


# ---------------------------------------------------------------- what is marked, and the numbers


def numbers_on(line: Line, ground: str) -> list[str]:
    """Return the texts on a ground, but for blanks and names."""
    return [
        text
        for text, role in line
        if role.startswith(ground) and re.fullmatch(r"[+−]?\d[\d.]*(e−?\d+)?", text)
    ]


def columns_of(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """Return row and column of each symbol that has a number in the rows."""
    declaration = snapshot.window.declaration
    shown = {row.symbol: (row.symbol, "value") for row in snapshot.rows if row.symbol != "p_t"}
    for each in (*declaration.forward_operations, *declaration.backward_operations):
        shown.setdefault(each.symbol, (each.row, each.column))
    for state in declaration.cell.states:
        shown[name_in_layer(f"d{state}_next", snapshot.layer)] = ("arrives", "gradient")
    rows = {row.symbol for row in snapshot.rows} | {"arrives"}
    return {symbol: at for symbol, at in shown.items() if at[0] in rows and symbol != "p_t"}


def entry_of(snapshot: Snapshot, symbol: str) -> float:
    """Return the selected unit's entry of a value."""
    array = snapshot.window.values(snapshot.t)[symbol][0]
    return float(array[min(UNIT, len(array) - 1)])


def power(snapshot: Snapshot) -> int:
    """Return the gradients' power of ten, as the title names it."""
    title = panel.title(DrawContext(snapshot, Selection(unit=UNIT)))
    return power_in(" ".join(title)) if snapshot.backward_revealed(snapshot.t) else 0


@each_run
def test_what_the_operation_reads_is_marked_and_what_it_computes(name: str) -> None:
    for snapshot, _, at, drawn in frames_of(name):
        if at.folded or snapshot.task.symbols is not None:
            continue
        operation, shown = newest(snapshot), columns_of(snapshot)
        read = [symbol for symbol in operation.expression.symbols() if symbol in shown]
        marked = {
            plain((line,))[3:].split()[0]: numbers_on(line, "operand-")
            for line in drawn[: at.rows]
            if numbers_on(line, "operand-")
        }
        assert sum(map(len, marked.values())) == len(read), (operation.equation(), marked)
        exponent = power(snapshot)
        for symbol in read:
            row, column = shown[symbol]
            scale = 0 if column == "value" else exponent
            exact = entry_of(snapshot, symbol)
            assert any(stands_for(text, exact, scale) for text in marked[row]), (symbol, marked)
        computed = [
            line for line in drawn[: at.rows] if line[:1] and line[0][1] == "computed-accent"
        ]
        row_line = next(line for line in computed if line[0][0] == " ▸ ")
        assert cell_width(row_line) >= 72  # all across
        scale = 0 if operation.column == "value" else exponent
        if operation.row == "p_t":
            continue
        strong = numbers_on(row_line, "computed-strong")
        assert len(strong) == 1, row_line
        assert stands_for(strong[0], entry_of(snapshot, operation.symbol), scale)
        for line in drawn[at.rows + at.gap : at.rows + at.gap + at.equation]:
            for text in numbers_on(line, "operand-"):  # the same numbers, with 4 digits
                exacts = [abs(entry_of(snapshot, symbol)) for symbol in read]
                assert any(stands_for(text.lstrip("−"), exact) for exact in exacts), (text, read)


@each_run
def test_points_stand_in_one_column_and_every_number_is_the_tapes(name: str) -> None:
    """Of the rows that are computed: their values, gradients and what passes through."""
    for snapshot, _, at, drawn in frames_of(name):
        exponent, shown = power(snapshot), columns_of(snapshot)
        known = {
            each.symbol
            for each in (
                *snapshot.forward_revealed(snapshot.t),
                *snapshot.backward_revealed(snapshot.t),
            )
        }
        points: dict[str, list[set[int]]] = {}
        for line in drawn[int(bool(at.folded)) : at.rows]:
            text = plain((line,))
            label, x = text[3:].partition(" ")[0], 0
            found: list[tuple[int, str]] = []
            for part, _ in line:
                if re.fullmatch(r"[+−]\d[\d.]*(e−?\d+)?", part) and "input" not in text[:x]:
                    found.append((x, part))
                x += len(part)
            mine = [s for s, (row, _) in shown.items() if row == label and s in known]
            if label.endswith("<t-1>") or label == "x_t":
                mine = [label, *mine]
            if label in ("arrives", "p_t") or (label == "x_t" and snapshot.task.symbols):
                continue
            for symbol in mine:
                column = shown[symbol][1]
                exact, scale = entry_of(snapshot, symbol), 0 if column == "value" else exponent
                if exact == 0:
                    continue
                hits = [(x, t) for x, t in found if stands_for(t, exact, scale)]
                assert hits, (symbol, exact, text)
                at_points = {x + t.index(".") for x, t in hits if "." in t}
                points.setdefault(column, []).append(at_points)
        for column, each in points.items():
            assert set.intersection(*filter(None, each)) or not any(each), (column, each)

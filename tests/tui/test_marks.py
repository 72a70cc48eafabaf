"""The pointer: cells know which value they show, wherever they stand, and only they are marked."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tui.screen_support import SnapshotMaker

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import compose
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.marks import ValueCell, ValueMark, beside, nearest, take_cells, with_mark
from rnn_tui.tui.number_format import number
from rnn_tui.tui.panel_widget import Panel

PANELS = ("timestep", "network", "weights", "carpet")


def context(panel: str, ascii: bool = False) -> DrawContext:
    """Return what a panel is drawn from in the middle of the backward pass."""
    trainer = Trainer(compose({"cell": "gru", "hidden": 6, "steps": 5, "num_points": 100}))
    for _ in range(5 + 3 + 2):
        trainer.step()
    snapshot = SnapshotMaker(trainer).snapshot()
    return DrawContext(snapshot, Selection(panel=panel), ascii=ascii)


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("panel", PANELS)
def test_names_change_nothing_that_is_drawn_and_stand_where_their_numbers_are(
    panel: str, ascii: bool
) -> None:
    one = context(panel, ascii)
    spec = Panel.registered(panel)
    before = spec.drawn(one, 100, 30)
    named = replace(one, mark=ValueMark(""))
    lines, cells = spec._with_cells(named, 100, 30)
    assert plain(lines) == plain(before)
    assert len(cells) > 10
    assert "\x1f" not in "".join(role for line in lines for _, role in line)
    texts = plain(lines).split("\n")
    for cell in cells:
        shown = texts[cell.y][cell.x : cell.x + cell.width]
        assert len(shown) == cell.width
        if panel == "timestep" and cell.width > 5 and not shown.strip().startswith("·"):
            assert shown[0] in "+−-" or shown[0].isdigit()


def test_a_value_of_the_timestep_is_found_by_its_name() -> None:
    one = context("timestep")
    snapshot, t = one.snapshot, one.snapshot.t
    _, cells = Panel.registered("timestep")._with_cells(replace(one, mark=ValueMark("")), 80, 20)
    for unit in (1, 3):
        name = f"h_{t}[{unit}]"
        found = [cell for cell in cells if cell.shows(name)]
        assert found
        right = number(float(snapshot.window.values(t)["h_t"][0][unit - 1]))
        assert {cell.number for cell in found} == {right}
    assert [cell.name for cell in cells if cell.name.startswith("dh_")]


def test_the_mark_is_on_its_cells_alone_and_all_else_is_dimmed() -> None:
    one = context("timestep")
    name = f"h_{one.snapshot.t}[1]"
    for dims in (False, True):
        lines, cells = Panel.registered("timestep")._with_cells(
            replace(one, mark=ValueMark(name, dims)), 80, 20
        )
        marked = sum(len(text) for line in lines for text, role in line if role == "pill-accent")
        assert marked == sum(cell.width for cell in cells if cell.shows(name)) > 0
        others = {role for line in lines for _, role in line} - {"pill-accent"}
        assert (others == {"faded"}) == dims


def test_one_cell_may_show_two_units() -> None:
    cell = ValueCell("h_7[1:2]", "0.1  0.2", 0, 0, 1)
    assert cell.shows("h_7[1]")
    assert cell.shows("h_7[2]")
    assert not cell.shows("h_7[3]")


def test_arrows_go_to_the_cells_beside() -> None:
    cells = [ValueCell(f"{x},{y}", "", 4 * x, y, 3) for y in (0, 2) for x in range(3)]
    here = cells[1]
    assert beside(cells, here, 1, 0).name == "2,0"
    assert beside(cells, here, -1, 0).name == "0,0"
    assert beside(cells, here, 0, 1).name == "1,2"
    assert beside(cells, here, 0, -1) is here
    assert beside(cells, cells[2], 1, 0) is cells[2]
    assert nearest(cells, 9.0, 2) is cells[5]
    assert nearest([], 0, 0) is None


def test_lines_without_names_stay_the_same_objects() -> None:
    lines = ((("a", "dim"),), (("b", ""),))
    taken, cells = take_cells(lines)
    assert taken == lines
    assert cells == ()
    assert with_mark(lines, (), ValueMark("x")) is lines

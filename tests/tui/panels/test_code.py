"""The code panel: the line of the cursor is marked and in view, and nothing else moves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tui.screen_support import SMALL, SnapshotMaker, places_of_an_update, snapshot_after

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Intervene, Step
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.source_code.names import code_name
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import Lines, cell_width, plain
from rnn_tui.tui.panels.code.panel import PANEL, TITLES

SIZES = ((78, 9), (47, 19), (78, 3), (40, 60))
STACK = SMALL.with_(cell="lstm", layers=2, batch=2)


def drawn(
    snapshot: Snapshot, size: tuple[int, int] = (78, 9), **selected: object
) -> tuple[DrawContext, Lines]:
    """Return the lines of the panel, without its title."""
    selection = Selection(panel="code", **selected)  # type: ignore[arg-type]
    context = DrawContext(snapshot, selection)
    return context, PANEL.draw(context, *size)


def mark_in(lines: Lines) -> str:
    """Return the code of the row that is marked, without what it is indented by."""
    rows = [text for text in plain(lines).split("\n") if text.startswith(" ▸ ")]
    assert len(rows) == 1, plain(lines)
    return rows[0][3:].strip().removeprefix("# ").strip()


def title_of(context: DrawContext, width: int, height: int) -> str:
    """Return the title line."""
    assert PANEL.rule is not None
    return plain((PANEL.rule(context, *PANEL.title(context), width, height, True),))


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("settings", [SMALL, STACK.with_(steps=2)], ids=["rnn", "lstm"])
def test_the_line_of_the_cursor_is_marked_and_in_view(settings: Settings, title: str) -> None:
    for snapshot in places_of_an_update(settings):
        for size in SIZES:
            lines = drawn(snapshot, size, variants=(("code", title),))[1]
            assert len(lines) <= size[1]
            assert all(cell_width(line) <= size[0] for line in lines)
            if not snapshot.cursor.has_batch:
                assert "▸" not in plain(lines)
                continue
            code, cursor = mark_in(lines), snapshot.cursor
            if cursor.t:
                made = snapshot.window.declaration.forward_operations
                if cursor.stage is Pass.BACKWARD:
                    made = snapshot.window.backward_operations_at(cursor.t)
                name = code_name(made[cursor.operation - 1].symbol)
                assert code.startswith((f"{name} =", f"({name}) ="))
                assert f"# t = {cursor.t}" in plain(lines) or size[1] == 3


def test_a_step_changes_the_mark_and_the_shapes_alone() -> None:
    before: list[str] = []
    for snapshot in places_of_an_update(STACK.with_(steps=2)):
        rows = [row.rstrip() for row in plain(drawn(snapshot, (100, 120))[1]).split("\n")]
        if snapshot.cursor.t == 2 and snapshot.cursor.operation > 1:
            changed = [k for k, old in enumerate(before) if old != rows[k]]
            moved = [k for k in changed if before[k][3:] != rows[k][3:]]
            shapes = len(rows) - 4
            assert len([k for k in changed if k < shapes]) == 2 or snapshot.cursor.complete
            assert all(k >= shapes for k in moved)
        before = rows


def test_all_of_the_program_is_seen_where_there_is_room_in_columns() -> None:
    snapshot = snapshot_after(SMALL.with_(cell="lstm"), steps=3)
    context, lines = drawn(snapshot, (120, 36))
    assert "params[:] = params + delta" in plain(lines)
    assert "inputs, targets, fresh = next_window()" in plain(lines)
    assert "of" not in title_of(context, 120, 36)
    assert "lines 16–21 of 57" in title_of(drawn(snapshot)[0], 78, 9)


def test_what_is_to_come_has_a_dot() -> None:
    trainer = Trainer(SMALL)
    maker = SnapshotMaker(trainer)
    for _ in range(5):
        trainer.step()
    trainer.reveal()
    rows = plain(drawn(maker.snapshot(), (78, 60))[1]).split("\n")
    here = next(k for k, row in enumerate(rows) if row.startswith(" ▸ "))
    assert all(not row.startswith(" · ") for row in rows[:here])
    to_come = [row for row in rows[here + 1 :] if not row.startswith(" · ")]
    assert all(("[" in row and "]=[" in row) or not row.strip() for row in to_come)


def test_an_operation_that_is_selected_is_marked_at_its_timestep() -> None:
    snapshot = snapshot_after(STACK, steps=5, t=2)
    assert mark_in(drawn(snapshot)[1]).startswith("y =")
    context, lines = drawn(snapshot, operation=2)
    assert mark_in(lines).startswith("c2 =")
    assert "# t = 2" in plain(lines)
    later = replace(snapshot, request=replace(snapshot.request, t=5))
    assert mark_in(drawn(later)[1]).startswith("for t in range(1, T + 1):  # t = 5")
    assert "forward loop" in title_of(context, 78, 9)


def test_shapes_are_those_of_the_arrays() -> None:
    checked = set()
    for snapshot in moments():
        known = {code_name(k): v.shape for k, v in snapshot.window.values(snapshot.t).items()}
        text = " ".join(plain(drawn(snapshot, (100, 70))[1]).split("\n")[-4:])
        for names, numbers in re.findall(r"((?:\w+, )*\w+) \[[A-Z,]+\]=\[([\d,]+)\]", text):
            for name in names.split(", "):
                shape = [int(each) for each in numbers.split(",")]
                of_batch = not name.startswith(("W", "b"))
                assert shape[of_batch:] == list(known[name])[of_batch:], name
                assert not of_batch or shape[0] == snapshot.settings.batch
                checked.add(name)
    assert len(checked) > 6


def moments() -> Iterator[Snapshot]:
    """Yield some places of both passes."""
    session = Session(Trainer(STACK))
    for _ in range(3):
        yield session.perform(Step(Stride.TIMESTEP, 1), Step(Stride.OPERATION, 4))
    yield session.perform(Step(Stride.PASS, 2), Step(Stride.OPERATION, 9))


def test_a_held_value_is_an_assignment() -> None:
    session = Session(Trainer(SMALL.with_(cell="lstm")))
    declaration = session.trainer.network.declaration
    held = Intervene(parse("f_2[3] = 1", declaration))
    snapshot = session.perform(Step(Stride.TIMESTEP, 3), held, Step(Stride.TIMESTEP, 3))
    numpy, torch = (
        plain(drawn(snapshot, (100, 70), variants=(("code", title),))[1]) for title in TITLES
    )
    assert "if t == 2: f[:, 2] = 1.0  # held: f_2[3] = 1" in numpy
    assert "if t == 2: df[:, 2] = 0  # f_2[3] = 1 is held: nothing flows back" in numpy
    assert "f = f.index_fill(1, torch.arange(H)[2], 1.0)" in torch
    context, _ = drawn(snapshot)
    assert "with f_2[3] = 1" in title_of(context, 100, 70)


def test_a_parameter_is_changed_before_the_window_in_which_it_was() -> None:
    session = Session(Trainer(SMALL))
    edit = Intervene(parse("W_h *= 2", session.trainer.network.declaration))
    snapshot = session.perform(Step(Stride.UPDATE, 2), Step(Stride.TIMESTEP, 3), edit)
    assert "W_h[:] *= 2.0  # what if" in plain(drawn(snapshot, (100, 70))[1])
    snapshot = session.perform(Step(Stride.UPDATE, 1))
    assert "W_h[:] *= 2.0  # what if" in plain(drawn(snapshot, (100, 70))[1])
    snapshot = session.perform(Step(Stride.TIMESTEP, 3))
    assert "W_h[:] *=" not in plain(drawn(snapshot, (100, 70))[1])

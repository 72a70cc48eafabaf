"""What fills the screen in large, at every size, in every pass: complete, true and within it."""

from __future__ import annotations

import re

import pytest
from tui.screen_support import KINDS, SnapshotMaker

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import OPTIMIZERS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import compose
from rnn_tui.tui.big import curve, equation, view
from rnn_tui.tui.big.timestep import rows_of
from rnn_tui.tui.draw_context import THINGS, Big, DrawContext, Selection
from rnn_tui.tui.lesson.view import Covered
from rnn_tui.tui.lines import cell_width, plain
from rnn_tui.tui.number_format import COVERED, number
from rnn_tui.tui.panel_spec import PANEL_COVERED

SIZES = ((40, 12), (60, 20), (80, 23), (120, 40), (250, 80), (21, 7), (1, 1))


def snapshots(cell: str = "lstm", every: int = 9) -> list[Snapshot]:
    """Return snapshots of operations of all passes of an update."""
    kind = KINDS.get(cell, {"cell": cell})
    trainer = Trainer(compose({**kind, "hidden": 5, "steps": 4, "num_points": 100}))
    maker = SnapshotMaker(trainer)
    found, place = [maker.snapshot()], 0
    while not trainer.updates:
        trainer.reveal()
        place += 1
        if place % every == 1 or trainer.cursor.stage not in (Pass.FORWARD, Pass.BACKWARD):
            found.append(maker.snapshot())
    return [*found, maker.snapshot()]


@pytest.mark.parametrize("big", THINGS)
@pytest.mark.parametrize("ascii", [False, True])
def test_it_fits_at_every_size_in_every_pass(big: Big, ascii: bool) -> None:
    for snapshot in snapshots():
        context = DrawContext(snapshot, Selection(big=big, unit=1), ascii=ascii)
        for width, height in SIZES:
            lines = view.draw(context, width, height)
            assert len(lines) <= height
            over = [plain((line,)) for line in lines if cell_width(line) > width]
            assert not over, (width, height)


@pytest.mark.parametrize("cell", ["rnn-tanh", "gru"])
def test_the_equation_is_that_of_the_cursor_with_its_result(cell: str) -> None:
    for snapshot in snapshots(cell, every=5):
        context = DrawContext(snapshot, Selection(big="equation", unit=1))
        if snapshot.cursor.stage not in (Pass.FORWARD, Pass.BACKWARD):
            continue
        found = equation._equation(context, 80)
        assert found is not None
        operation = snapshot.selectable_operations(snapshot.t)[-1]
        assert found.symbols == operation.equation()
        (text,) = found.numbers(lambda _: True)
        assert text.endswith(f"= {number(found.value)}")
        small = plain(view.draw(context, 40, 11))
        assert re.sub(r"\s", "", operation.equation()) in re.sub(r"\s", "", small)


def test_the_timestep_has_a_row_for_each_value() -> None:
    for snapshot in snapshots():
        if not snapshot.cursor.t:
            continue
        context = DrawContext(snapshot, Selection(big="timestep"))
        rows = rows_of(context, 80)
        assert len(rows) == len(snapshot.rows)
        assert sum(bool(row.marker[0]) for row in rows) <= 1
        text = plain(view.draw(context, 40, 12))
        assert all(row.name[0] in text for row in rows)


def test_the_curve_is_the_chart_in_focus_or_the_loss() -> None:
    snapshot = snapshots()[-1]
    for panel, shown in (("loss", "loss"), ("gradients", "gradients"), ("weights", "loss")):
        assert curve.panel_of(DrawContext(snapshot, Selection(panel=panel))) == shown


@pytest.mark.parametrize("optimizer", OPTIMIZERS.names)
def test_a_result_is_in_blocks_on_a_projector_in_every_pass(optimizer: str) -> None:
    size = {"hidden": 16, "steps": 3, "num_points": 100}
    trainer = Trainer(compose({"cell": "lstm", "optimizer": optimizer, **size}))
    maker, schedule = SnapshotMaker(trainer), trainer.schedule
    for index in (schedule.forward(2), schedule.loss, schedule.clip, schedule.end):
        while trainer.index < index:
            trainer.step()
        snapshot = maker.snapshot()
        for ascii in (False, True):
            context = DrawContext(snapshot, Selection(big="equation"), ascii=ascii)
            text = plain(view.draw(context, 40, 11))
            assert re.search("###" if ascii else "[▀▄█]{3}", text), (index, text)


COVERED_FOR: tuple[tuple[Big, str], ...] = (
    ("equation", "timestep"),
    ("timestep", "timestep"),
    ("curve", "loss"),
)


@pytest.mark.parametrize(("big", "panel"), COVERED_FOR)
def test_a_panel_that_a_lesson_covers_is_not_seen_in_large(big: Big, panel: str) -> None:
    context = DrawContext(
        snapshots()[5], Selection(big=big), covered_values=Covered(panels=(panel,))
    )
    lines = view.draw(context, 80, 23)[1:]
    assert plain(lines).strip() == f"{COVERED} {PANEL_COVERED}"

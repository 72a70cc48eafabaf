"""The numbers behind every panel are those of the snapshot, and read back to the same bits."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from case_with_mistake import case_with_mistake
from tui.screen_support import ProofSnapshotMaker
from tui.test_without_colours import all_scenes

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.proofs.theirs import TheirsReport
from rnn_tui.registry import CELLS, OPTIMIZERS, PANELS
from rnn_tui.session.commands import CheckGradient, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tasks.case import case_settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.panel_tables.number_table import NumberTable, Tables, joined_at
from rnn_tui.tui.parameter_names import tensors
from rnn_tui.tui.take_home.capture import tables_of

pytestmark = pytest.mark.xdist_group("drawings")  # which are made once

WITHOUT = {"code", "lesson"}
"""Panels that show no numbers of the run."""
MANY_DIGITS = re.compile(r"(?<![\w.,])[+−]?\d*\.\d{2,}(?:e−?\d+)?(?!\w)")


def read_back(table: NumberTable) -> dict[str, list[str]]:
    """Return the columns of a table's CSV, as texts."""
    heads, *rows = list(csv.reader(io.StringIO(table.csv())))
    assert len(set(heads)) == len(heads)
    assert all(heads)
    assert all(len(row) == len(heads) for row in rows)
    return {head: [row[k] for row in rows] for k, head in enumerate(heads)}


def require_same_bits(table: NumberTable) -> None:
    """Require every cell of the CSV to be the table's, bit for bit."""
    columns = read_back(table)
    assert list(columns) == list(table.columns)
    for head, column in table.columns.items():
        for text, value in zip(columns[head], column, strict=True):
            if value is None:
                assert text == ""
            elif isinstance(value, str):
                assert text == value
            elif isinstance(value, bool | np.bool_):
                assert text == ("yes" if value else "no")
            elif isinstance(value, int | np.integer):
                assert int(text) == value
            else:
                kind = np.asarray(value).dtype.type
                read = np.float64(text).astype(kind)
                assert read.tobytes() == np.asarray(value).tobytes() or math.isnan(float(value))


def numbers_of(tables: Tables) -> set[str]:
    """Return the digits of all numbers of some tables."""
    digits = set()
    for table in tables:
        for column in read_back(table).values():
            for text in column:
                if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) and float(text):
                    digits.add(f"{abs(float(text)):.16e}".replace(".", "").split("e")[0])
    return digits


def is_rounded(shown: str, digits: set[str]) -> bool:
    """Return whether a number on the screen is one of these, at some power of ten, rounded."""
    text = shown.lstrip("+−").partition("e")[0].replace(".", "").lstrip("0")
    if not text.strip("0"):
        return True
    size = len(text)
    return any(abs(int(each[: size + 1]) - 10 * int(text)) <= 6 for each in digits)


def scenes_of_panels() -> Iterator[tuple[str, DrawContext]]:
    """Yield every panel in every scene."""
    for snapshot in all_scenes():
        for name in PANELS.names:
            yield name, DrawContext(snapshot, Selection(panel=name))


def test_every_table_reads_back_to_the_same_bits_in_every_scene() -> None:
    found = set()
    for name, context in scenes_of_panels():
        tables = tables_of(name, context)
        assert len({each.name for each in tables}) == len(tables)
        assert not tables or not tables[0].name  # the main one
        for table in tables:
            assert table.rows, (name, table.name)
            require_same_bits(table)
        found |= {name} if tables else set()
    assert found == set(PANELS.names) - WITHOUT - {"theirs"}  # which needs a case


@pytest.mark.parametrize("panel", ["ledger", "map", "weights", "hyperparameters", "loss"])
def test_what_a_panel_draws_is_in_its_table(panel: str) -> None:
    for snapshot in all_scenes()[::3]:
        context = DrawContext(snapshot, Selection(panel=panel))
        tables = tables_of(panel, context)
        if not tables:
            continue
        digits = numbers_of(tables)
        for shown in MANY_DIGITS.findall(plain(panel_spec(panel).draw(context, 110, 44))):
            mantissa = shown.lstrip("+−").partition("e")[0].replace(".", "").lstrip("0")
            assert len(mantissa) < 4 or is_rounded(shown, digits), (panel, shown)


def main(panel: str, snapshot: Snapshot, **view: Any) -> dict[str, list[str]]:
    """Return the main table of a panel, as its CSV says it."""
    context = DrawContext(snapshot, Selection(panel=panel, **view))
    return read_back(tables_of(panel, context)[0])


def floats(column: list[str]) -> list[float]:
    return [float(text) for text in column]


def test_tables_are_those_of_the_snapshot() -> None:
    trainer = Trainer(Settings(cell="lstm", hidden=3, steps=4, num_points=100))
    for _ in range(3):
        trainer.finish_update()
    trainer.finish_pass()
    trainer.finish_pass()
    trainer.finish_pass()
    trainer.finish_pass()  # BACKWARD is complete
    snapshot = ProofSnapshotMaker(trainer, predictions=True).proved(
        5, CheckGradient(5, True, trainer.network.declaration)
    )
    curve = snapshot.curve
    loss = main("loss", snapshot)
    assert loss["update"] == ["1", "2", "3"]
    assert floats(loss["loss (the mean squared error)"]) == curve.loss.tolist()
    assert floats(loss["loss, smoothed (the mean squared error)"]) == curve.smoothed.tolist()
    ledger = main("ledger", snapshot, parameter=5)
    assert ledger["t"] == ["4", "3", "2", "1"]
    share = next(column for head, column in ledger.items() if head.startswith("share of dW_x"))
    found: Any = snapshot.proofs["ledger"]
    assert floats(share) == found.contribution[::-1].tolist()
    assert sum(floats(share)) == pytest.approx(found.total)
    norms: Any = snapshot.proofs["map"]
    of_c = norms.of("c", None)
    shown = main("map", snapshot)
    assert [floats([row]) for row in shown["‖∂L_t/∂c_<t-0>‖"]] == [[v] for v in of_c[:, 0].tolist()]
    assert shown["‖∂L_t/∂c_<t-4>‖"] == ["", "", "", repr(float(of_c[3, 4]))]
    values = snapshot.window.values(2)
    timestep = main("timestep", snapshot_at(snapshot, 2))
    row = timestep["name"].index("dh_2")
    assert [float(timestep[f"unit {k}"][row]) for k in (1, 2, 3)] == values["dh_t"][0].tolist()
    network = main("network", snapshot)
    assert floats(network["h[2]"]) == snapshot.window.tape["h"][1:, 0, 1].tolist()
    assert floats(network["‖∂L/∂h_t‖"]) == snapshot.gradient_norms.tolist()
    weights = main("weights", snapshot, parameter=0)
    specs = snapshot.window.declaration.specs
    size = math.prod(specs[0].shape)
    assert floats(weights["value"]) == snapshot.optimizer.parameters[:size].tolist()
    assert weights["entry"][:2] == ["W_xo[1,1]", "W_xo[1,2]"]
    carpet = main("carpet", snapshot)
    units = [int(unit) - 1 for unit in carpet["unit"]]
    assert floats(carpet["h_3"]) == snapshot.window.tape["h"][3, 0, units].tolist()
    predictions: Any = snapshot.predictions
    table = main("predictions", snapshot)
    first = predictions.evaluation.first
    assert floats(table["y, one step"][first : first + 5]) == [
        float(each) for each in predictions.evaluation.one_step[:5, 0]
    ]
    assert floats(table["y, truth"][:5]) == predictions.test.original[:5, 0].tolist()
    check: Any = snapshot.proofs["proof"]
    assert floats(main("proof", snapshot)["backpropagation"]) == check.check.analytic.tolist()
    edge: Any = snapshot.proofs["edge"]
    assert floats(main("edge", snapshot)["‖gradient cut‖"]) == list(edge.edge.gradient.values())


def test_theirs_beside_ours_have_a_table() -> None:
    case = case_with_mistake()
    request = ViewRequest(predictions=False, proofs=frozenset({"theirs"}))
    snapshot = Session(new_trainer(case_settings(case), case)).perform(request)
    report = snapshot.proofs["theirs"]
    assert isinstance(report, TheirsReport)
    table, first = tables_of("theirs", DrawContext(snapshot, Selection(panel="theirs")))
    require_same_bits(table)
    compared = report.comparison.tensors
    assert read_back(table)["agrees"] == ["yes" if each.agrees else "no" for each in compared]
    assert report.comparison.first is not None
    assert floats(read_back(first)["theirs"]) == [report.comparison.first.theirs]


def snapshot_at(snapshot: Snapshot, t: int) -> Snapshot:
    """Return the snapshot with another timestep selected."""
    return replace(snapshot, request=replace(snapshot.request, t=t))


def test_what_is_not_computed_yet_is_in_no_table() -> None:
    trainer = Trainer(Settings(hidden=3, steps=4, num_points=100))
    trainer.step()
    trainer.step()  # forward, t=1
    trainer.reveal()
    snapshot = ProofSnapshotMaker(trainer).snapshot()
    network = main("network", snapshot)
    assert network["h[1]"][1:] == ["", "", ""]
    assert network["‖∂L/∂h_t‖"] == ["", "", "", ""]
    assert not any(name.startswith("d") for name in main("timestep", snapshot)["name"])
    assert tables_of("ledger", DrawContext(snapshot, Selection())) == ()


def test_series_known_at_other_places_are_joined() -> None:
    parts: list[Any] = [("a", np.array([1.0, 2.0]), np.array([0.5, 0.25])), ("b", [2.0], [3.0])]
    table = joined_at("update", [*parts, ("a", np.array([3.0]), [9.0])])
    assert table.csv() == "update,a,b,a (2)\n1,0.5,,\n2,0.25,3.0,\n3,,,9.0\n"


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "uint8"])
def test_an_array_is_written_as_its_numbers_are(kind: str) -> None:
    numbers = np.array([0, 1, 3, 7, 250], dtype=kind)
    if numbers.dtype.kind == "f":
        numbers = np.concatenate([numbers / 3, [np.nan, -np.inf, -0.0]]).astype(kind)
    assert NumberTable({"a": numbers}).csv() == NumberTable({"a": list(numbers)}).csv()


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm-peephole"])
def test_all_entries_of_a_tensor_have_the_places_that_each_has(cell: str) -> None:
    snapshot = ProofSnapshotMaker(Trainer(Settings(cell=cell, hidden=3, steps=2))).snapshot()
    for tensor in tensors(snapshot):
        each = [tensor.place(index) for index in range(tensor.start, tensor.stop)]
        rows, columns = tensor.places()
        assert list(zip(rows.tolist(), columns.tolist(), strict=True)) == each


@pytest.mark.long
@pytest.mark.parametrize("cell", CELLS.names)
@pytest.mark.parametrize("optimizer", OPTIMIZERS.names)
def test_tables_of_every_cell_and_optimizer_at_every_place(cell: str, optimizer: str) -> None:
    hidden = 1 if cell == "neuron" else 5
    settings = Settings(cell=cell, optimizer=optimizer, hidden=hidden, steps=3, num_points=100)
    trainer = Trainer(settings)
    maker = ProofSnapshotMaker(trainer, predictions=True)
    for _ in range(60):
        snapshot = maker.proved(trainer.index % 7)
        for panel in PANELS.names:
            for variant in (*panel_spec(panel).variants(snapshot), ""):
                selection = Selection(panel=panel, variants=((panel, variant),))
                for table in tables_of(panel, DrawContext(snapshot, selection)):
                    require_same_bits(table)
        trainer.reveal()

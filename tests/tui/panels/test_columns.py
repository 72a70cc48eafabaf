"""Several inputs and targets on the panels: all are named, none is lost, at every size."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tui.screen_support import SnapshotMaker

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.predictor import Predictor
from rnn_tui.predictions.results import TextRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings
from rnn_tui.tui.ascii_names import snapshot_in_ascii
from rnn_tui.tui.charts.dates import date_text, date_ticks, date_words, resolution_of
from rnn_tui.tui.column_names import page_of, short_names
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import cell_width, plain, text_width
from rnn_tui.tui.panels import network
from rnn_tui.tui.panels.current_pass import window_table
from rnn_tui.tui.panels.predictions import panel as predictions

NAMES = ("price", "売上高合計金額", "temperature at noon", "temperature at night", "Ame\u0301lie")
SIZES = [(1, 1), (3, 1), (3, 2), (12, 5)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("columns") / "table.csv"
    random = np.random.default_rng(0)
    names = [*NAMES, *(f"station_{k}_humidity" for k in range(8))]
    days = np.datetime64("2019-11-20") + np.arange(150)
    rows = (
        ",".join([str(day), *(f"{value:.3f}" for value in random.normal(size=len(names)))])
        for day in days
    )
    file.write_text("\n".join([",".join(["day", *names]), *rows]), encoding="utf-8")
    return file


def run_of(path: Path, inputs: int, targets: int) -> Trainer:
    """Return a run whose inputs are the last columns, and whose targets are the first ones."""
    names = [*NAMES, *(f"station_{k}_humidity" for k in range(8))]
    return Trainer(
        Settings(
            task="series",
            data=str(path),
            target=",".join(names[:targets]),
            inputs=",".join(names[1 : 1 + inputs]),
            hidden=3,
        )
    )


def view_of(snapshot: Snapshot, unit: int = 0, page: int = 0) -> DrawContext:
    return DrawContext(snapshot, Selection(unit=unit, page=page))


@pytest.mark.parametrize(("inputs", "targets"), SIZES)
def test_all_columns_of_the_batch_are_named_on_some_page(
    path: Path, inputs: int, targets: int
) -> None:
    snapshot = SnapshotMaker(started(run_of(path, inputs, targets), 0)).snapshot()
    wanted = short_names(snapshot.task.parts or (), 9)
    seen = ""
    for page in range(40):
        lines = window_table.draw(view_of(snapshot, page=page), 80, 16)
        assert all(cell_width(line) <= 80 for line in lines)
        seen += plain(lines)
    for name in wanted:
        assert name in seen
    assert seen.count("target") >= 1


@pytest.mark.parametrize(("inputs", "targets"), SIZES)
def test_the_terms_of_the_loss_are_those_of_all_outputs(
    path: Path, inputs: int, targets: int
) -> None:
    trainer = started(run_of(path, inputs, targets), 3)
    snapshot = SnapshotMaker(trainer).snapshot()
    assert window_table._terms(snapshot).sum() == pytest.approx(snapshot.loss, rel=1e-6)
    seen = "".join(
        plain(window_table.draw(view_of(snapshot, page=page), 80, 16)) for page in range(30)
    )
    for name in short_names(snapshot.task.output_names or (), 12 if targets > 1 else 7):
        assert name in seen
    if targets > 1:
        assert f"of {20 * targets} terms" in seen


@pytest.mark.parametrize(("inputs", "targets"), SIZES)
def test_the_strip_names_the_output_and_counts_what_has_no_room(
    path: Path, inputs: int, targets: int
) -> None:
    snapshot = SnapshotMaker(started(run_of(path, inputs, targets), 2)).snapshot()
    for height in (5, 6, 8, 12, 30):
        for unit in (0, 2):
            context = view_of(snapshot, unit=unit)
            lines = network.draw(context, 80, height)
            assert len(lines) <= height
            assert all(cell_width(line) <= 80 for line in lines)
            labels = [plain((line,))[1:10] for line in lines]
            outputs = sum(label.startswith("y ") for label in labels)
            hidden = sum(each.startswith("y ") for each in network.left_out(context, height))
            assert outputs + hidden == targets
    assert outputs == targets


def started(trainer: Trainer, passes: int) -> Trainer:
    for _ in range(passes):
        trainer.finish_pass()
    return trainer


@pytest.mark.parametrize("ascii_only", [False, True])
def test_the_predictions_of_each_target_are_shown_by_name(path: Path, ascii_only: bool) -> None:
    trainer = run_of(path, 3, 2)
    predictor = Predictor(trainer)
    predictor.request(trainer, True, TextRequest(), 0)
    while predictor.busy:
        predictor.work(1.0)
    whole = replace(SnapshotMaker(trainer).snapshot(), predictions=predictor.predictions)
    shown = snapshot_in_ascii(whole) if ascii_only else whole
    assert predictions.variants(whole) == NAMES[:2]
    ranges = set()
    for k, name in enumerate(NAMES[:2]):
        context = DrawContext(shown, Selection(variants=(("predictions", name),)))
        assert predictions.variant(context) == k
        chart = predictions.chart(context)
        assert chart is not None
        ranges.add(chart.y_range)
        assert (chart.dates, chart.x_label) == ("D", "day")
        assert chart.borders[0].label == "train┊test"
        for width in (45, 80, 200):
            lines = predictions.draw(context, width, 14)
            assert all(cell_width(line) <= width for line in lines)
    assert len(ranges) == 2
    assert "taken from the data" in plain(lines)


def test_names_in_little_room_stay_different() -> None:
    alike = ("temperature at noon", "temperature at night")
    for width in range(4, 20):
        found = short_names(alike, width)
        assert len(set(found)) == 2
        assert all(text_width(name) <= width for name in found)
    assert short_names(("price", "volume"), 6) == ("price", "volume")
    assert short_names(NAMES[1:2], 6) == ("売上…",)
    assert page_of([3, 3, 3, 3], 6, 2) == (2, 4)


@pytest.mark.parametrize(
    ("first", "last", "labels", "words"),
    [
        ("2019-11-20", "2020-04-20", ["Dec 2019", "Jan 2020", "Feb 2020"], ""),
        ("2019-12-28", "2020-01-08", ["30 Dec", "1 Jan"], "2019 … 2020"),
        ("2020-03-01T08:00", "2020-03-02T20:00", ["12:00", "2 Mar"], "2020-03-01 … 2020-03-02"),
        ("1949-01", "1960-12", ["1950", "1952", "1954"], ""),
        ("1700", "1990", ["1700", "1750", "1800"], ""),
    ],
)
def test_dates_are_written_short(first: str, last: str, labels: list[str], words: str) -> None:
    low, high = (float(np.datetime64(each, "s").astype(np.int64)) for each in (first, last))
    ticks = date_ticks(low, high, 6)
    texts = [text for _, text in ticks]
    places = [texts.index(label) for label in labels]
    assert places == sorted(places)
    assert len(ticks) <= 8
    assert all(low <= at <= high for at, _ in ticks)
    assert date_words(low, high, 6) == words


def test_a_date_has_the_parts_that_differ() -> None:
    months = np.arange("2019-01", "2020-01", dtype="datetime64[M]")
    seconds = months.astype("datetime64[s]").astype(np.float64)
    assert resolution_of(seconds) == "M"
    assert date_text(seconds[10], "M") == "2019-11"
    assert resolution_of(seconds + 86_400) == "D"
    assert date_text(seconds[10] + 90_000, "m") == "2019-11-02 01:00"
    assert resolution_of(seconds + 0.5) == "ms"

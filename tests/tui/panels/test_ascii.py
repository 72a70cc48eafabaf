"""Every panel in ASCII: nothing else, the same numbers with their signs, curves that differ."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from shares import share
from tui.screen_support import KINDS, TASKS, ProofSnapshotMaker, panels

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings, compose
from rnn_tui.tui.ascii_names import snapshot_in_ascii
from rnn_tui.tui.ascii_text import line_in_ascii
from rnn_tui.tui.charts import chart
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.charts.curves import Chart, Curve
from rnn_tui.tui.charts.strokes import ASCII
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.lines import cell_width, plain
from rnn_tui.tui.panels import footer, header

NUMBER = re.compile(r"[-+]?\d*\.?\d+(?:e[-+]?\d+)?")
POWER = re.compile(r" *x1(?:0[-^\d]+|e-?\d+)")  # a power of ten as a factor, raised or in ASCII
TITLE = re.compile(r"sent to timestep \d+")  # gives way where names are longer in ASCII
SIZES = ((80, 16), (120, 30))
ALL = {**panels("fixed", "chart", "proof", "heat")}


def compare(snapshot: Snapshot, width: int, height: int) -> None:
    """Draw every panel in Unicode and in ASCII, and compare them."""
    cache = ChartCache()
    cache.ascii, cache.grounds = True, False
    for name in (*ALL, "header", "footer"):
        selection = Selection(panel=name if name in ALL else "timestep", unit=1)
        unicode = DrawContext(snapshot, selection, chart_cache=cache)  # curves are no text
        ascii = DrawContext(snapshot_in_ascii(snapshot), selection, chart_cache=cache, ascii=True)
        draw = {"header": header.draw, "footer": footer.draw}.get(name) or ALL[name].draw
        expected = draw(unicode, width, height)
        lines = [line_in_ascii(line, width) for line in draw(ascii, width, height)]
        for line in lines:
            text = plain((line,))
            assert text.isascii(), (name, text)
            assert cell_width(line) <= width, (name, text)
        text = plain(tuple(lines))
        before = plain(tuple(line_in_ascii(line, 1000) for line in expected))
        assert text.count("?") == before.count("?"), (name, text)
        if name == "header":  # its first line ends with what there is room for
            text, before = text.partition("\n")[2], before.partition("\n")[2]
        text, before = (each.replace("..", "~") for each in (text, before))  # what is left out
        text, before = (POWER.sub("x", each) for each in (text, before))
        text, before = (TITLE.sub("", each) for each in (text, before))
        assert NUMBER.findall(text) == NUMBER.findall(before), (name, text, before)


@pytest.mark.parametrize("task", TASKS)
def test_every_task(task: str) -> None:
    trainer = Trainer(replace(TASKS[task], cell="lstm", hidden=4))
    maker = ProofSnapshotMaker(trainer, predictions=True)
    for _ in range(3):
        compare(maker.snapshot(), *SIZES[0])
        for _ in range(trainer.settings.steps - 1):
            trainer.step()
    while trainer.cursor.update == 0:
        trainer.step()
    compare(maker.proved(), *SIZES[1])


@pytest.mark.parametrize(
    ("kind", "layers"), share((kind, 1 + k // 2 % 2) for k, kind in enumerate(KINDS))
)
def test_every_cell(kind: str, layers: int) -> None:
    settings = Settings(hidden=5, steps=4, num_points=100, layers=layers).with_(**KINDS[kind])
    maker = ProofSnapshotMaker(Trainer(settings))
    for _ in range(13):
        maker.step()
        compare(maker.proved(), *SIZES[0])


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adagrad"])
def test_the_equations_of_an_update_are_whole(optimizer: str) -> None:
    trainer = Trainer(compose({"optimizer": optimizer, "hidden": 4, "steps": 3}))
    maker = ProofSnapshotMaker(trainer)
    while trainer.updates == 0:
        trainer.step()
    shown = DrawContext(maker.snapshot(), Selection(), ascii=True)
    lines = tuple(line_in_ascii(line, 80) for line in ALL["timestep"].draw(shown, 80, 22))
    text = plain(lines)
    assert "<-" in text
    assert "~" not in text
    assert all(cell_width(line) <= 80 for line in lines)


def test_curves_have_characters_of_their_own_and_are_lines() -> None:
    x = np.arange(60.0)
    drawn = Chart(
        (
            Curve("raw", "raw", x, np.sin(x / 9)),
            Curve("other", "second-network", x, np.sin(x / 9 + 1)),
            Curve("before", "ghost", x, np.sin(x / 9 + 2)),
            Curve("smoothed", "smooth", x, np.sin(x / 9 + 3)),
            Curve("truth", "truth", x, np.sin(x / 9 + 4)),
            Curve("one-step", "one-step", x, np.sin(x / 9 + 5)),
        )
    )
    lines = chart.draw(drawn, 70, 20, ASCII)
    legend, *canvas = plain(lines).split("\n")
    samples = re.findall(r"(\S)\S? (?:raw|other|before|smoothed|truth|one-step)", legend)
    assert len(set(samples)) == len(drawn.curves)
    assert all(sample.isascii() for sample in samples)
    rows = [row[8:] for row in canvas[:-1]]
    smooth = [column for column in zip(*rows, strict=False) if "#" in column]
    assert len(smooth) > 55  # in every column that no other curve covers, so without gaps


def test_an_unknown_entry_of_the_map_is_no_step_of_its_ramp() -> None:
    trainer = Trainer(Settings(hidden=4, steps=40, num_points=100))
    maker = ProofSnapshotMaker(trainer)
    while trainer.cursor.stage != "BACKWARD" or trainer.cursor.t > 20:
        trainer.step()
    shown = DrawContext(maker.proved(), Selection(panel="map"), ascii=True)
    unknown = [
        text
        for line in ALL["map"].draw(shown, 60, 40)
        for text, role in line_in_ascii(line, 60)
        if role == "dim" and set(text) <= set(".' ")
    ]
    assert any("'" in text for text in unknown)
    assert not any("." in text for text in unknown)

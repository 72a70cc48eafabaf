"""No number touches its neighbour or is cut, whatever its magnitude, in any panel."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from tui.screen_support import KINDS, ProofSnapshotMaker, SnapshotMaker, context

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import Intervene, Step, ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.charts.chart_cache import ChartCache
from rnn_tui.tui.layout import Focus, arrange
from rnn_tui.tui.lines import plain
from rnn_tui.tui.panel_spec import needs_of, panel_spec

CHARTS = ("┤", "└")  # the numbers of an axis stand in its line
BARS = "▁▂▃▄▅▆▇█▀▌▐•⠀-⣿"
NUMBER = r"(?:\d[\d.,]*(?:e−?\d+)?|\.\d+)"
GLUED = re.compile(
    rf"\d[+−]\.?\d|[{BARS}][+−]?{NUMBER}|{NUMBER}[{BARS}]|\d·[+−]"
    r"|(?<!\d)…[+−]?\.?\d|(?:was|Δ)[+−\d]"
)
SCREENS = ((80, 23), (80, 24), (100, 30), (120, 40))
SIZES = Settings(hidden=16, steps=6, num_points=100)
RUNS = {
    "tiny": (SIZES.with_(**KINDS["lstm"]), 1e-6),
    "small": (SIZES.with_(**KINDS["gru"]), 1e-2),
    "large": (SIZES.with_(**KINDS["rnn-relu"]), 4.0),
    "huge": (SIZES.with_(**KINDS["rnn-tanh"], lr=100.0), 1e4),
    "neuron": (SIZES.with_(hidden=1, **KINDS["neuron"]), 1e3),
}


each_run = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] * (name in ("small", "neuron"))) for name in RUNS],
)
pytestmark = pytest.mark.xdist_group("separated")  # whose snapshots are made once


@cache
def snapshots(name: str) -> list[Snapshot]:
    """Return places of all passes in a run whose weights have been multiplied."""
    settings, factor = RUNS[name]
    trainer = Trainer(settings)
    trainer.parameters *= factor
    trainer.run(1)
    maker = ProofSnapshotMaker(trainer, predictions=True)
    found = []
    while trainer.updates < 2 and trainer.divergence is None:
        trainer.reveal()
        cursor = trainer.cursor
        if cursor.t in (0, 3) and cursor.operation in (1, 4, cursor.operations):
            found.append(maker.proved(parameter=trainer.parameters.size // 2))
    return found


def lines_of(snapshot: Snapshot, screen: tuple[int, int], panel: str, unit: int) -> Iterator[str]:
    """Yield the lines of all panels on a screen with `panel` in focus."""
    backward = snapshot.cursor.stage in (Pass.BACKWARD, Pass.CLIP)
    focus = Focus("timestep", panel, proofs=backward)
    shown = replace(context(snapshot, unit=unit, panel=panel), chart_cache=ChartCache())
    for name, region in arrange(*screen, focus, needs_of(snapshot)).items():
        for line in panel_spec(name).draw(shown, region.width, region.height - 1):
            text = plain((line,))
            if not any(sign in text for sign in CHARTS):
                yield text


@each_run
def test_every_number_stands_apart(name: str) -> None:
    panels = ("network", "ledger", "edge", "weights", "loss")
    for place, snapshot in enumerate(snapshots(name)):
        for screen in SCREENS[place % 2 :: 2]:
            unit = (0, 7, 15)[place % 3]
            for text in lines_of(snapshot, screen, panels[place % len(panels)], unit):
                found = GLUED.search(text)
                assert found is None, f"{found and found[0]}\n{text}"
                assert not re.search(r"\d…(?!\d)", text), text


@pytest.mark.parametrize("width", [72, 80, 120])
def test_compared_numbers_stand_apart(width: int) -> None:
    """Beside what they were without a what-if, and how far they have moved."""
    trainer = Trainer(SIZES.with_(**KINDS["rnn-relu"]))
    trainer.parameters *= 4.0
    session = Session(trainer)
    session.perform(Step(Stride.PASS, 3), Step(Stride.TIMESTEP, 2))
    what_if = Intervene(parse("h_2 = 50", trainer.network.declaration))
    snapshot = session.perform(Step(Stride.OPERATION, 2), what_if)
    assert snapshot.what_if is not None
    for t in (snapshot.t, 4):
        shown = context(session.perform(ViewRequest(t=t)), unit=3)
        text = plain(panel_spec("timestep").draw(shown, width, 14))
        assert " was " in text
        for line in text.split("\n"):
            assert GLUED.search(line) is None, line
            assert not re.search(r" · [+−]?\d", line), line


@pytest.mark.parametrize("steps", [150, 1000, 2000])
def test_the_numbers_of_timesteps_stand_apart_and_are_whole(steps: int) -> None:
    trainer = Trainer(Settings(steps=steps, hidden=2, num_points=steps + 20))
    trainer.step()
    maker = SnapshotMaker(trainer)
    for t in (1, 2, steps // 2, steps - 1, steps):
        snapshot = replace(maker.snapshot(), cursor=replace(maker.snapshot(t).cursor, t=t))
        for chosen in (snapshot, maker.snapshot(t)):
            for width in (80, 93, 110, 200):
                first = plain(panel_spec("network").draw(context(chosen), width, 5)).split("\n")[0]
                assert f"‹{t}›" in first or f"[{t}]" in first, first
                assert all(
                    re.fullmatch(r"t|\(z:|\+\d+\)|⋯?\d+|‹\d+›|\[\d+\]", word)
                    for word in first.split()
                ), first
                shown = [
                    int(word.strip("‹›[]"))
                    for word in first.split()
                    if re.fullmatch(r"[‹\[]?\d+[›\]]?", word)
                ]
                assert max(shown) <= steps, first


DECIMAL = re.compile(r"(?<![\d\]])[+−]?\d+\.\d+(?:e−?\d+)?")
ROW = re.compile(r" [ ▸] ?(\w+ +\d+(×\d+)? |\d+ +[+−\d])| +\d+ +[+−]?[\d]")


@each_run
def test_the_points_of_a_table_stand_below_each_other(name: str) -> None:
    """In BATCH, LOSS, CLIP and UPDATE, and in the ledger; none has two formats in a column."""
    tables = 0
    for snapshot in snapshots(name):
        drawn = [panel_spec("ledger").draw(context(snapshot), 80, 12)]
        if not snapshot.cursor.t:
            drawn.append(panel_spec("timestep").draw(context(snapshot), 80, 30))
        for lines in drawn:
            rows = [text for text in plain(lines).split("\n") if ROW.match(text)]
            points = [
                [
                    found.end() if "." not in found[0] else found.start() + found[0].index(".")
                    for found in DECIMAL.finditer(row)
                ]
                for row in rows
            ]
            most = max(map(len, points), default=0)
            full = [each for each in points if len(each) == most > 0]
            tables += len(full) > 1
            assert all(each == full[0] for each in full), "\n".join(rows)
    assert tables > 3

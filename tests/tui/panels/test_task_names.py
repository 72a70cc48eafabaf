"""Where a task and its settings are named: the header, the hyperparameters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tui.panels.test_panels import check_fits, sizes
from tui.screen_support import (
    TASKS,
    SnapshotMaker,
    context,
    text_of,
)

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, Settings, compose
from rnn_tui.tui.lines import cell_width
from rnn_tui.tui.panels import header, hyperparameters

NAMES = ("one→one", "one→many", "many→one", "many→many")
MINE = ("timestep", "network", "hyperparameters")  # panels


def full(task: str) -> Settings:
    """Return the task's default settings."""
    name, _, parity = task.partition(" ")
    return compose({"task": name, **({"parity": parity} if parity else {})})


@pytest.mark.parametrize("task", sorted(TASKS))
def test_the_header_names_task_topology_and_network_whole(task: str) -> None:
    trainer = Trainer(full(task))
    snapshot = SnapshotMaker(trainer).snapshot()
    for width in (80, 120):
        first, second = text_of(header.draw(context(snapshot), width, 2))
        s = trainer.settings
        networks = f"{s.cell} {s.hidden} · {trainer.parameters.size:,} parameters"
        expected = f" {trainer.task.title} · {trainer.task.topology.name} · {networks}"
        assert first.startswith(expected)
        assert "…" not in first + second
    assert trainer.task.topology.name in NAMES


def test_a_long_file_name_is_cut_in_the_middle(tmp_path: Path) -> None:
    file = tmp_path / f"{'a long name of a file ' * 5}the end.txt"
    file.write_text("to be or not to be " * 30, encoding="utf-8")
    trainer = Trainer(compose({"task": "text", "data": str(file), "batch": 1}))
    snapshot = SnapshotMaker(trainer).snapshot()
    first, _ = text_of(header.draw(context(snapshot), 80, 2))
    assert re.match(r" text: a long .*….*the end\.txt · many→many · lstm 64 · [\d,]+ par", first)
    assert len(first) == 80
    check_fits(snapshot, "a long name", MINE)


@pytest.mark.parametrize("task", sorted(TASKS))
def test_the_task_s_own_settings_are_in_the_panel(task: str) -> None:
    snapshot = SnapshotMaker(Trainer(full(task))).snapshot()
    for size in sizes("hyperparameters"):
        lines = hyperparameters.draw(context(snapshot), *size)
        text = "\n".join(text_of(lines))
        assert max(map(cell_width, lines)) <= size[0]
        found = dict(snapshot.task.found)
        for name, declaration in DECLARATIONS.items():
            said = declaration.show(getattr(snapshot.settings, name)) or found.get(name, "")
            if declaration.used_by(snapshot.settings) and (said or name in ("data", "target")):
                value = said or "–"
                shown = rf"{name.replace('_', '-')} +{re.escape(value)}(?= |$)"
                assert re.search(shown, text, re.MULTILINE), (name, size)

"""A task is one file and one line of the registry: one made here does what the others do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from engine.engine_support import same_bits
from tasks.invariants import check_precisions, check_restoring, check_test_windows, check_windows
from textual.pilot import Pilot
from tui.screen_support import ProofSnapshotMaker, context, panels, text_of
from tui.screens.form_support import draft, fill, in_the_form

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.cli import run
from rnn_tui.engine.analysis.gradient_check import gradient_check_work
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.network.scratch_network import gradient_record
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import TASKS, Entry
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Restart, Step
from rnn_tui.session.worker import Session
from rnn_tui.settings import SettingError, Settings, Value, compose, train_updates
from rnn_tui.tasks.base import Topology, WindowArray
from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tasks.random_windows import RandomWindowTask
from rnn_tui.tui.panels import header
from rnn_tui.tui.title_rule import title_rule


class EchoTask(RandomWindowTask):
    """Say which symbol came before: at t ≥ 2 the target is x_{t−1}, a symbol drawn from three."""

    name = "echo"
    title = "echo"
    features = 3
    outputs = 3
    loss = "cross-entropy"
    symbols = ("a", "b", "c")
    labels = symbols
    baseline = Baseline(float(np.log(3)), "guessing among 3")
    defaults: ClassVar[Mapping[str, Value]] = {
        **RandomWindowTask.defaults,
        "hidden": 16,
        "steps": 6,
        "batch": 8,
        "lr": 0.02,
    }
    updates = 300

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        every = (True,) * settings.steps
        self.topology = Topology(inputs=every, counted=(False, *every[1:]))

    @classmethod
    def check_settings(cls, settings: Settings) -> None:
        if settings.steps < 2:
            raise SettingError("steps", settings.steps, "at least 2 with --task echo")

    def draw(self, random: np.random.Generator, x: WindowArray, target: WindowArray) -> None:
        x[...] = random.integers(0, 3, x.shape)
        target[0] = -1
        target[1:] = x[:-1]


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Have it among the tasks."""
    with TASKS.registered(Entry("echo", EchoTask)):
        yield


def echo(**changes: Value) -> Settings:
    """Return settings of a small network that learns the task."""
    return compose({"task": "echo", "hidden": 4, "batch": 2, **changes})


# ---------------------------------------------------------------- its windows and settings


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_its_windows_are_as_those_of_the_others(dtype: str) -> None:
    for seed in range(5):
        settings = echo(seed=seed, batch=seed + 1)
        check_restoring(settings, dtype, before=seed, between=3)
        check_windows(settings)
        check_precisions(settings)
        check_test_windows(settings)


def test_it_has_its_defaults_and_its_check() -> None:
    settings = compose({"task": "echo"})
    assert (settings.steps, settings.hidden, settings.optimizer) == (6, 16, "adam")
    assert train_updates("echo") == 300
    with pytest.raises(SettingError, match=r"^--steps must be at least 2 with --task echo, not 1$"):
        echo(steps=1)


# ---------------------------------------------------------------- training


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_every_gradient_agrees_with_the_complex_step(cell: str) -> None:
    trainer = Trainer(echo(cell=cell, dtype="float64"))
    trainer.run(5)
    trainer.finish_pass()
    while trainer.cursor.stage is not Pass.BACKWARD:
        trainer.finish_pass()
    network = trainer.network
    result = complete(gradient_check_work(gradient_record(network), range(network.flat.size)))
    assert result.verdict == "agrees"


def test_stepping_and_going_back_give_the_same_bits() -> None:
    whole, stepped = Trainer(echo()), Timeline(Trainer(echo()))
    whole.run(30)
    while stepped.trainer.updates < 30:
        stepped.forward(Stride.TIMESTEP)
    assert same_bits(stepped.trainer.parameters, whole.parameters)
    for _ in stepped.seek(stepped.place_of(7)):
        pass
    stepped.run(23)
    assert same_bits(stepped.trainer.parameters, whole.parameters)


def test_a_saved_run_goes_on_where_its_task_is_registered(tmp_path: Path) -> None:
    trainer = Trainer(echo())
    trainer.run(9)
    trainer.step()
    save(tmp_path / "run", trainer)
    loaded = load(tmp_path / "run")
    assert isinstance(loaded.task, EchoTask)
    for each in (trainer, loaded):
        each.run(3)
    assert same_bits(loaded.parameters, trainer.parameters)
    assert loaded.task.state() == trainer.task.state()


def test_a_second_network_gets_the_same_windows_and_a_restart_the_same_run() -> None:
    session = Session(Trainer(echo()), versus=Versus("rnn"))
    first = session.perform(Step(Stride.UPDATE, 3))
    assert first.second_network is not None
    assert first.second_network.behind == 0
    assert first.second_network.loss == first.loss  # the same cell, so also the same numbers
    session.perform(Restart())
    again = session.perform(Step(Stride.UPDATE, 3))
    assert (again.loss, again.cursor) == (first.loss, first.cursor)


# ---------------------------------------------------------------- the screen


def test_every_panel_draws_it() -> None:
    one = ProofSnapshotMaker(Trainer(echo()), predictions=True)
    drawn: set[str] = set()
    while one.trainer.updates < 2:
        snapshot = one.proved()
        for spec in panels("fixed", "chart", "proof", "heat").values():
            for size in ((80, 12), (30, 5), (1, 1)):
                drawn.update(text_of(spec.draw(context(snapshot), *size)))
            legend = () if spec.legend is None else spec.legend(context(snapshot))
            left, right = spec.title(context(snapshot))
            drawn.update(text_of((title_rule(left, right, 120, False, legend),)))
        one.step()
        drawn.update(text_of(header.draw(context(snapshot), 80, 2)))
    assert any(line.startswith(" echo · many→many · rnn 4") for line in drawn)
    assert any("guessing among 3" in line for line in drawn)


def test_the_form_offers_it() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, task="echo")
        assert draft(pilot) == compose({"task": "echo"})

    in_the_form(Settings(), act)


# ---------------------------------------------------------------- the command line


def test_the_command_line_trains_it_and_goes_on(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["--help"]) == 0
    assert "case, echo." in " ".join(capsys.readouterr().out.split())
    assert run(["train", "--task", "echo", "--json", "--out", "run"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["updates"] == 300
    assert figures["test_accuracy"] > 0.95
    assert figures["test_loss"] < np.log(3) / 2
    assert run(["train", "run", "--updates", "5"]) == 0
    assert "test accuracy" in capsys.readouterr().out
    assert run(["train", "--task", "echo", "--steps", "1"]) == 2
    assert "--steps must be at least 2 with --task echo" in capsys.readouterr().err

"""Keys typed in one breath with moves are about the place where those end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from session.session_support import Driver

from rnn_tui.checkpoint.loading import load
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session import pacing
from rnn_tui.session.commands import Pause, Restart, Save, Step, Swap
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, num_points=60)


@pytest.fixture
def driver() -> Iterator[Driver]:
    one = Driver(Trainer(SMALL), Versus("gru"))
    yield one
    one.session.stop(10)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test be slow: a breath may take long."""
    monkeypatch.setattr(pacing, "ONE_BREATH", 60.0)


@pytest.mark.usefixtures("patient")
def test_a_save_after_moves(driver: Driver, tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    driver.send(Step(Stride.UPDATE, 1000), Step(Stride.UPDATE, 2), Save(str(path)))
    driver.until(lambda s: s.notice is not None)
    assert load(path).updates == 1002


@pytest.mark.usefixtures("patient")
def test_a_restart_after_a_save_after_a_move(driver: Driver, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    driver.send(Step(Stride.UPDATE, 400), Save(str(first)), Step(Stride.UPDATE, 7))
    driver.send(Restart(), Step(Stride.UPDATE, 3), Save(str(second)))
    driver.until(lambda s: s.notice is not None and "second" in s.notice.text)
    assert [load(path).updates for path in (first, second)] == [400, 3]


@pytest.mark.usefixtures("patient")
def test_another_network_after_moves(driver: Driver) -> None:
    swapped = driver.after(Step(Stride.UPDATE, 300), Swap())
    assert (swapped.settings.cell, swapped.cursor.update) == ("gru", 300)


def test_a_save_during_a_walk_is_of_the_place_that_is_seen(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "ONE_BREATH", 0.02)
    first, second = tmp_path / "first", tmp_path / "second"
    driver.send(Step(Stride.UPDATE, 10**9), Save(str(first)))
    driver.until(lambda s: s.cursor.update > 20)
    time.sleep(0.05)
    driver.send(Save(str(second)))  # now the first one need not wait either
    driver.until(lambda s: s.notice is not None and "second" in s.notice.text)
    assert driver.latest.running
    assert load(first).updates > 20
    driver.send(Pause())
    driver.until(lambda s: not s.running)

"""Proofs in a running session: asked for, stopped, dropped as the run goes on, never in the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from session.session_support import Driver

from rnn_tui.engine.analysis.jacobians import JacobianNorms
from rnn_tui.engine.core.background_work import complete
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.schedule import Cursor, Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import Refusal, WindowUnderTest
from rnn_tui.proofs.jacobians import MOST_STATES, JacobiansProof
from rnn_tui.session.commands import (
    Back,
    CheckGradient,
    Configure,
    Continue,
    Pause,
    Restart,
    Step,
    StopGradientCheck,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.settings import Settings

SMALL = Settings(hidden=4, steps=5, num_points=100, noise=0.0)
LONG = Settings(cell="lstm", hidden=64)  # its W_h has 16,384 entries: a check takes many seconds
MAP = ("map", "gates", "jacobians")  # what the panel of the map shows
SHOWN = ("ledger", "edge", *MAP)


@pytest.fixture
def make() -> Iterator[Callable[..., Driver]]:
    """Sessions that are over when the test is."""
    drivers: list[Driver] = []

    def start(settings: Settings) -> Driver:
        drivers.append(Driver(Trainer(settings)))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.session.stop()


def ask_for(driver: Driver, *names: str) -> None:
    driver.send(replace(driver.latest.request, proofs=frozenset(names), parameter=3))
    driver.until(lambda s: s.request.proofs == frozenset(names))


def proved(snapshot: Snapshot) -> bool:
    return snapshot.proving is None and "proof" in snapshot.proofs


def checked_share(snapshot: Snapshot) -> float:
    """How much of the check is done, from 0 to 1; −1 while none is under way."""
    name, share = snapshot.proving or ("", 0.0)
    return share if name == "proof" else -1.0


def running_after(number: int) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.running and snapshot.number > number


def away_from(cursor: Cursor) -> Callable[[Snapshot], bool]:
    return lambda snapshot: snapshot.cursor != cursor


def test_only_what_is_asked_for_is_computed(make: Callable[..., Driver]) -> None:
    driver = make(SMALL)
    assert not driver.after(Step(Stride.UPDATE, 3)).proofs
    ask_for(driver, "ledger")
    assert set(driver.latest.proofs) == {"ledger"}
    ask_for(driver, *MAP)
    snapshot = driver.until(lambda s: s.proving is None)
    assert set(snapshot.proofs) == {"map", "gates", "jacobians"}
    assert isinstance(snapshot.proofs["jacobians"], JacobianNorms)
    ask_for(driver)
    assert not driver.latest.proofs


def test_nothing_is_proved_while_training_runs(make: Callable[..., Driver]) -> None:
    driver = make(SMALL)
    ask_for(driver, *SHOWN)
    driver.send(Step(Stride.UPDATE), CheckGradient(3))
    driver.until(proved)
    driver.send(Continue())
    for _ in range(20):
        number = driver.latest.number
        snapshot = driver.until(running_after(number))
        assert not snapshot.proofs
        assert snapshot.proving is None
    assert "proof" not in snapshot.proofs
    driver.send(CheckGradient(3))
    snapshot = driver.until(lambda s: s.notice is not None and s.running)
    assert snapshot.notice is not None
    assert "stands still" in snapshot.notice.text
    driver.send(Pause())
    snapshot = driver.until(lambda s: not s.running and s.proving is None)
    assert set(snapshot.proofs) == {"ledger", "map", "gates", "jacobians", "edge"}


def test_a_check_belongs_to_its_place(make: Callable[..., Driver]) -> None:
    driver = make(SMALL)
    driver.send(Step(Stride.TIMESTEP, 9), CheckGradient(3))
    driver.until(proved)
    for move in (
        Step(Stride.TIMESTEP),
        Back(Stride.TIMESTEP),
        Step(Stride.PASS),
        Restart(),
    ):
        driver.send(CheckGradient(3))
        if driver.latest.cursor.has_batch:
            driver.until(proved)
        before = driver.latest.cursor
        driver.send(move)
        snapshot = driver.until(away_from(before))
        assert "proof" not in snapshot.proofs


def test_other_settings_leave_a_check_where_it_is(make: Callable[..., Driver]) -> None:
    driver = make(SMALL)
    driver.send(Step(Stride.TIMESTEP, 9), CheckGradient(3))
    driver.until(proved)
    driver.send(Configure(SMALL.with_(lr=0.5)))
    assert proved(driver.until(lambda s: s.settings.lr == 0.5))


def test_a_check_typed_after_a_move_waits_for_its_end(make: Callable[..., Driver]) -> None:
    driver = make(Settings(cell="lstm", hidden=16))
    driver.send(Step(Stride.UPDATE, 200), CheckGradient(3))
    assert driver.until(proved).cursor.update == 200


def test_a_long_check_reports_its_progress_and_can_be_stopped(make: Callable[..., Driver]) -> None:
    driver = make(LONG)
    first = driver.after(Step(Stride.UPDATE))
    start = 64 * 4
    driver.send(CheckGradient(start + 5, whole=True))
    one = driver.until(lambda s: checked_share(s) > 0, ask=False, timeout=60)
    two = driver.until(lambda s: checked_share(s) > checked_share(one), ask=False, timeout=60)
    assert two.cursor == first.cursor
    driver.send(StopGradientCheck())
    snapshot = driver.until(lambda s: s.proving is None, ask=False)
    assert "proof" not in snapshot.proofs


def test_a_key_is_answered_in_the_middle_of_a_check(make: Callable[..., Driver]) -> None:
    driver = make(LONG)
    driver.after(Step(Stride.UPDATE))
    driver.send(CheckGradient(300, whole=True))
    driver.until(lambda s: checked_share(s) > 0)
    driver.send(Step(Stride.TIMESTEP))
    snapshot = driver.until(lambda s: s.cursor.stage is Pass.BATCH, ask=False)
    assert snapshot.proving is None
    assert "proof" not in snapshot.proofs


def test_when_all_is_proved_there_are_no_more_snapshots(make: Callable[..., Driver]) -> None:
    driver = make(SMALL)
    ask_for(driver, *SHOWN)
    driver.send(Step(Stride.UPDATE), CheckGradient(3))
    driver.until(proved)
    heard = driver.heard
    time.sleep(0.3)
    assert driver.heard == heard


def test_the_state_entries_of_all_layers_are_counted() -> None:
    settings = Settings(cell="lstm", hidden=MOST_STATES // 4 + 1, layers=2, steps=2)
    trainer = Trainer(settings)
    trainer.run(1)
    result = complete(JacobiansProof(0, 2).work(WindowUnderTest(trainer)))
    assert result == Refusal(
        f"measured up to {MOST_STATES} state entries, these are {4 * settings.hidden}"
    )

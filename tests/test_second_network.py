"""The second network goes where the first goes, and is the network it would be alone."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import numpy as np
import pytest
from engine.engine_support import same_bits
from hypothesis import given
from hypothesis import strategies as st
from session.session_support import Driver

from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.time_travel.places import Place, Stride
from rnn_tui.engine.time_travel.timeline import Timeline
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import SecondNetwork, Versus, matching_size, second_network_settings
from rnn_tui.session.commands import (
    Back,
    Command,
    Configure,
    Continue,
    GoTo,
    Pause,
    Restart,
    SetSecondNetwork,
    Step,
    Swap,
    UndoStep,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import SettingError, Settings, Value

SMALL = Settings(hidden=4, steps=5, num_points=60, noise=0.1)
ALL_OPERATIONS = 10**6


def far() -> float:
    return time.perf_counter() + 60


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_it_is_the_network_it_would_be_alone(cell: str) -> None:
    leader, second = Trainer(SMALL), SecondNetwork.fresh(SMALL.with_(cell=cell))
    alone = Trainer(SMALL.with_(cell=cell))
    leader.run(7)
    for _ in range(4):
        leader.step()
    assert second.follow(Place(leader.index, ALL_OPERATIONS), far())
    alone.advance_to(leader.index)
    assert second.trainer.index == leader.index
    assert same_bits(second.trainer.parameters, alone.parameters)
    for name, array in alone.network.tape.arrays.items():
        assert same_bits(second.trainer.network.tape[name], array), name
    assert same_bits(second.trainer.network.tape["x"], leader.network.tape["x"])  # the same data


@given(st.lists(st.integers(0, 300), min_size=1, max_size=6))
def test_it_follows_back_and_forth(places: list[int]) -> None:
    second = SecondNetwork.fresh(SMALL.with_(cell="gru"))
    for index in places:
        assert second.follow(Place(index, ALL_OPERATIONS), far())
        assert second.trainer.index == index
    alone = Trainer(SMALL.with_(cell="gru"))
    alone.advance_to(places[-1])
    assert same_bits(second.trainer.parameters, alone.parameters)


def test_it_comes_in_slices() -> None:
    second, slices = SecondNetwork.fresh(SMALL.with_(cell="lstm")), 1
    while not second.follow(Place(400 * second.trainer.schedule.end, ALL_OPERATIONS), 0.0):
        slices += 1
    assert slices > 10
    assert second.trainer.updates == 400


def test_what_diverged_stays_until_the_place_lies_before() -> None:
    second = SecondNetwork.fresh(SMALL.with_(lr=1.0))
    end = second.trainer.schedule.end
    second.follow(Place(3 * end, ALL_OPERATIONS), far())
    second.trainer.network.parameters["W_y"][...] = 3e38
    assert second.follow(Place(9 * end, ALL_OPERATIONS), far())
    assert second.trainer.divergence is not None
    assert second.view(9 * end).behind == 0
    assert second.follow(Place(9 * end, ALL_OPERATIONS), far())
    assert second.follow(Place(2 * end, ALL_OPERATIONS), far())
    assert second.trainer.divergence is None
    assert second.trainer.updates == 2


@given(
    st.sampled_from(["rnn", "lstm", "gru"]),
    st.sampled_from(["rnn", "lstm", "gru"]),
    st.integers(1, 60),
    st.integers(1, 4),
)
def test_matching_is_as_close_as_can_be(one: str, other: str, hidden: int, features: int) -> None:
    architecture = Architecture(one, "tanh", features, hidden, 2)
    wanted = architecture.parameter_count()

    def distance(size: int) -> int:
        return abs(Architecture(other, "tanh", features, size, 2).parameter_count() - wanted)

    assert distance(matching_size(architecture, other)) == min(map(distance, range(1, 200)))


def test_an_unknown_cell_is_named() -> None:
    architecture = Trainer(SMALL).architecture
    with pytest.raises(SettingError, match=r"--versus must be one of .*, not 'lst'"):
        second_network_settings(SMALL, architecture, Versus("lst"))


# ---------------------------------------------------------------- in a session


@pytest.fixture
def both() -> Iterator[Driver]:
    driver = Driver(Trainer(SMALL), Versus("lstm"))
    yield driver
    driver.session.stop()


def places(driver: Driver) -> tuple[int, int]:
    """Return where both networks stand, once the thread has ended."""
    driver.session.stop(10)
    second = driver.session.second_network
    assert second is not None
    return driver.session.trainer.index, second.trainer.index


def test_steps_back_and_far_places_are_shared(both: Driver) -> None:
    both.send(Step(Stride.UPDATE, 12), Step(Stride.TIMESTEP, 3))
    both.until(lambda s: s.cursor.update == 12 and s.cursor.t == 2 and not s.running)
    both.send(Back(Stride.UPDATE, 2), GoTo(3), Step(Stride.OPERATION, 5))
    snapshot = both.until(lambda s: s.cursor.update == 3 and s.cursor.t == 2 and not s.running)
    assert snapshot.second_network is not None
    assert snapshot.second_network.behind == 0
    leader, second = places(both)
    assert leader == second


def test_while_running_what_is_shown_is_of_one_place(both: Driver) -> None:
    both.send(Continue())
    seen: list[Snapshot] = []
    both.until(lambda s: seen.append(s) or s.cursor.update > 300)  # type: ignore[func-returns-value]
    shown = [s.second_network for s in seen if s.second_network is not None and s.cursor.update]
    assert sum(second.behind for second in shown) == 0
    both.send(Pause())
    both.until(lambda s: not s.running)
    leader, second = places(both)
    assert leader == second


def test_swapping_and_the_way_back(both: Driver) -> None:
    both.send(Step(Stride.UPDATE, 5))
    before = both.until(lambda s: s.cursor.update == 5 and not s.running)
    assert before.second_network is not None
    both.send(Swap())
    after = both.until(lambda s: s.settings.cell == "lstm")
    assert after.second_network is not None
    assert (after.loss, after.second_network.loss) == (before.second_network.loss, before.loss)
    both.send(Swap(), Step(Stride.UPDATE, 2))
    both.until(lambda s: s.settings.cell == "rnn" and s.cursor.update == 7 and not s.running)
    leader, second = places(both)
    assert leader == second


def test_settings_reach_both_and_a_restart_makes_both_anew(both: Driver) -> None:
    both.send(Step(Stride.UPDATE, 4))
    both.until(lambda s: s.cursor.update == 4 and not s.running)
    both.send(Configure(SMALL.with_(lr=0.5)), Step(Stride.UPDATE, 1))
    snapshot = both.until(lambda s: s.cursor.update == 5 and not s.running)
    assert snapshot.second_network is not None
    assert snapshot.second_network.settings.lr == 0.5
    both.send(Restart(SMALL.with_(hidden=6)))
    snapshot = both.until(lambda s: s.cursor.update == 0)
    assert snapshot.second_network is not None
    second = snapshot.second_network.settings
    assert (second.cell, second.hidden) == ("lstm", 6)
    assert np.isnan(snapshot.second_network.loss)


def test_one_added_later_catches_up_while_moves_go_on() -> None:
    one = Driver(Trainer(SMALL))
    try:
        one.send(Step(Stride.UPDATE, 900))
        one.until(lambda s: s.cursor.update == 900 and not s.running)
        one.send(SetSecondNetwork(Versus("gru", match=True)), Step(Stride.UPDATE, 1))
        one.until(lambda s: s.cursor.update == 901 and s.second_network is not None)
        snapshot = one.until(lambda s: s.second_network is not None and not s.second_network.behind)
        assert snapshot.second_network is not None
        assert abs(snapshot.second_network.parameters - snapshot.optimizer.parameters.size) < 20
        one.send(SetSecondNetwork(None))
        one.until(lambda s: s.second_network is None)
        one.send(Swap())
        assert one.until(lambda s: s.notice is not None).notice is not None
    finally:
        one.session.stop()


# ---------------------------------------------------------------- live changes


def plain(settings: Settings, timeline: Timeline, index: int) -> Trainer:
    """Return a run of `settings` that changes where `timeline` does, at schedule index `index`."""
    trainer = Trainer(settings)
    for at, changed in timeline.settings_changes:
        if at > index:  # it went back to before that change
            break
        trainer.advance_to(at)
        trainer.configure(changed.with_(cell=settings.cell, hidden=settings.hidden))
    trainer.advance_to(index)
    return trainer


LIVE: tuple[dict[str, Value], ...] = (
    {"lr": 0.3},
    {"lr": 0.003},
    {"optimizer": "adam"},
    {"clip": 0.01, "clip_by": "norm"},
)


@pytest.mark.parametrize("seed", range(4))
def test_a_live_change_reaches_both_networks_at_the_same_update(seed: int) -> None:
    pick, cells = random.Random(seed), ("rnn", "lstm")
    driver, settings = Driver(Trainer(SMALL), Versus("lstm", match=seed % 2 == 1)), SMALL
    assert driver.latest.second_network is not None
    began = {each.cell: each for each in (SMALL, driver.latest.second_network.settings)}
    try:
        for _ in range(8):
            further = driver.latest.cursor.update + pick.randrange(1, 40)
            driver.send(Continue())
            driver.until(lambda s, further=further: s.cursor.update >= further)  # type: ignore[misc]
            base = settings.with_(cell=driver.latest.settings.cell)
            changes = pick.choice(LIVE)
            driver.send(Configure(base.with_(**changes), base))
            driver.send(pick.choice((Step(Stride.TIMESTEP, 3), Back(Stride.PASS, 9), Swap())))
        driver.after(Pause())
        driver.until(lambda s: s.second_network is not None and not s.second_network.behind)
    finally:
        driver.session.stop(10)
    first, second = driver.session.trainer, driver.session.second_network
    assert second is not None
    assert {first.settings.cell, second.trainer.settings.cell} == set(cells)
    assert first.index == second.trainer.index
    leader = driver.session._state.run.timeline
    assert leader.settings_changes
    for network in (first, second.trainer):
        alone = plain(began[network.settings.cell], leader, network.index)
        assert same_bits(network.parameters, alone.parameters)
        assert network.settings.differences(alone.settings) == ()


def test_a_network_added_later_has_had_the_changes_of_the_first() -> None:
    session = Session(Trainer(SMALL))
    session.perform(Step(Stride.UPDATE, 5), Configure(SMALL.with_(lr=0.5)), Step(Stride.UPDATE, 5))
    session.perform(SetSecondNetwork(Versus("gru")))
    second = session.second_network
    assert second is not None
    alone = plain(SMALL.with_(cell="gru"), session._state.run.timeline, session.trainer.index)
    assert same_bits(second.trainer.parameters, alone.parameters)


def test_swapping_before_the_other_has_come_keeps_the_place() -> None:
    driver = Driver(Trainer(SMALL))
    try:
        driver.send(Step(Stride.UPDATE, 900))
        driver.until(lambda s: s.cursor.update == 900 and not s.running)
        driver.send(SetSecondNetwork(Versus("gru")), Swap())
        there = driver.until(lambda s: s.settings.cell == "gru" and not s.running)
        assert there.cursor.update == 900
    finally:
        driver.session.stop()


@given(
    st.lists(
        st.sampled_from(("swap", "restart", "seed", "lr", "undo", "step", "back")), max_size=8
    ),
    st.booleans(),
)
def test_both_sizes_stay_what_they_are(actions: list[str], match: bool) -> None:
    session = Session(Trainer(SMALL.with_(hidden=32)), versus=Versus("lstm", match))
    second = session.second_network
    assert second is not None
    sizes = {(s.cell, s.hidden) for s in (session.trainer.settings, second.trainer.settings)}
    for action in actions:
        s = session.latest.settings
        commands: dict[str, Command] = {
            "swap": Swap(),
            "restart": Restart(),
            "seed": Restart(s.with_(seed=s.seed + 1), s),
            "lr": Configure(s.with_(lr=s.lr / 2), s),
            "undo": UndoStep(),
            "step": Step(Stride.UPDATE),
            "back": Back(Stride.PASS),
        }
        shown = session.perform(commands[action])
        assert shown.second_network is not None
        now = {(s.cell, s.hidden) for s in (shown.settings, shown.second_network.settings)}
        assert now == sizes

"""Snapshots share what has not changed, hold what the trainer held then, and never change."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.engine.network.interventions import parse
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import (
    Back,
    Command,
    Configure,
    Discard,
    GoTo,
    Intervene,
    ReleaseWhatIf,
    Step,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SETTINGS = Settings(cell="lstm", hidden=3, steps=4, batch=2, num_points=100, clip=0.01)
LIVE = [{"optimizer": "adam"}, {"optimizer": "adagrad"}, {"lr": 0.2}, {"clip": 0.002}]
WHAT_IFS = ["h_2[1] = 0.5", "W_h *= 1.5", "b = 0.1", "x_3 = 0.2"]


def arrays(snapshot: Snapshot) -> dict[str, np.ndarray]:
    """Return the large arrays of a snapshot."""
    optimizer, gradient, window = snapshot.optimizer, snapshot.gradient, snapshot.window
    found = {name: getattr(optimizer, name) for name in ("parameters", "parameters_before")}
    found |= {"delta": optimizer.delta}
    found |= {f"memory {name}": array for name, array in optimizer.memory.items()}
    found |= {f"before {name}": array for name, array in optimizer.memory_before.items()}
    found |= {f"window {name}": array for name, array in window.parameters.items()}
    found |= {f"tape {name}": array for name, array in window.tape.arrays.items()}
    return found | ({"raw": gradient.raw, "clipped": gradient.clipped} if gradient else {})


def in_the_trainer(trainer: Trainer, sample: int) -> dict[str, np.ndarray]:
    """Return copies of the same arrays, without any sharing."""
    optimizer = trainer.optimizer.copy()
    updated = trainer.position == trainer.schedule.end
    flat = (optimizer.parameters_before if updated else optimizer.parameters).copy()
    window = trainer.network.sample_window(sample, flat)
    found = {name: getattr(optimizer, name) for name in ("parameters", "parameters_before")}
    found |= {"delta": optimizer.delta}
    found |= {f"memory {name}": array for name, array in optimizer.memory.items()}
    found |= {f"before {name}": array for name, array in optimizer.memory_before.items()}
    found |= {f"window {name}": array for name, array in window.parameters.items()}
    found |= {f"tape {name}": array for name, array in window.tape.arrays.items()}
    if trainer.position >= trainer.schedule.clip:
        found |= {"raw": trainer.network.gradient.copy(), "clipped": trainer.clipped.copy()}
    return found


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    equal = (one[name].tobytes() == other[name].tobytes() for name in one)
    return one.keys() == other.keys() and all(equal)


MOVES = st.one_of(
    st.builds(Step, st.sampled_from(Stride), st.integers(1, 3)),
    st.builds(Back, st.sampled_from(Stride), st.integers(1, 3)),
    st.builds(GoTo, st.one_of(st.none(), st.integers(0, 4))),
    st.builds(ViewRequest, sample=st.integers(0, 1), text=st.just(ViewRequest().text)),
    st.sampled_from(LIVE),
    st.sampled_from(WHAT_IFS),
    st.just("discard"),
    st.just("release"),
)


@settings(max_examples=12)
@given(st.lists(MOVES, max_size=10))
def test_what_is_shared_is_what_a_copy_would_be(
    moves: list[Command | dict[str, object] | str],
) -> None:
    session = Session(Trainer(SETTINGS))
    seen = []
    for move in moves:
        snapshot = session.perform(*commands(session, move))
        trainer = session.trainer
        assert same(arrays(snapshot), in_the_trainer(trainer, snapshot.request.sample))
        seen.append((snapshot, {name: each.copy() for name, each in arrays(snapshot).items()}))
    for snapshot, before in seen:
        assert same(arrays(snapshot), before)


def commands(session: Session, move: Command | dict[str, object] | str) -> list[Command]:
    trainer, what_ifs = session.trainer, session._state.run.timeline.what_ifs
    if isinstance(move, dict):
        return [Configure(trainer.settings.with_(**move))]  # type: ignore[arg-type]
    if move == "discard":
        return [Discard()]
    if move == "release":
        return [ReleaseWhatIf(what_ifs[0])] if what_ifs else []
    if isinstance(move, str):
        return [Intervene(parse(move, trainer.network.declaration))]
    return [move]


def test_steps_within_a_window_copy_no_vector_again() -> None:
    session = Session(Trainer(SETTINGS.with_(optimizer="adam")))
    first = session.perform(Step(Stride.TIMESTEP, 3))
    second = session.perform(Step(Stride.TIMESTEP, 4))
    assert shared(first, second) == {"parameters", "parameters_before", "delta", "memory"}
    updated = session.perform(Step(Stride.UPDATE))
    assert shared(second, updated) == {"parameters_before"}  # those of the start
    assert updated.optimizer.parameters_before is second.optimizer.parameters
    assert updated.optimizer.memory_before is second.optimizer.memory
    batch = session.perform(Step(Stride.TIMESTEP))
    assert shared(updated, batch) == {"parameters", "parameters_before", "delta", "memory"}
    assert batch.window.tape is not updated.window.tape


def test_a_place_that_is_looked_at_twice_is_copied_once() -> None:
    session = Session(Trainer(SETTINGS))
    first = session.perform(Step(Stride.PASS, 5))
    second = session.perform()
    assert first.gradient is not None
    assert first.gradient is second.gradient
    assert first.window is second.window
    # Where nothing was clipped, both gradients are one.
    large = Session(Trainer(SETTINGS.with_(clip=1e6))).perform(Step(Stride.PASS, 5)).gradient
    assert large is not None
    assert (large.clipped is large.raw, large.changed) == (True, 0)


def shared(one: Snapshot, other: Snapshot) -> set[str]:
    """Return which of the optimizer's vectors two snapshots share."""
    names = ("parameters", "parameters_before", "delta", "memory")
    return {n for n in names if getattr(one.optimizer, n) is getattr(other.optimizer, n)}

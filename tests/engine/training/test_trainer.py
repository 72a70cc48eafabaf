"""The trainer: the same bits however a place is reached, and windows that follow each other."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from engine.engine_support import CELLS, RECURRENT_CELLS, same_bits
from engine.toy import ToyTask
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.network.network import Network
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.registry import OPTIMIZERS
from rnn_tui.settings import Settings

PLAIN = Settings(hidden=4, num_points=60, steps=5, batch=2)


def small_settings() -> st.SearchStrategy[Settings]:
    """Every cell, optimizer, clipping, precision and way of windows, in a small size."""
    return st.builds(
        lambda kind, **rest: PLAIN.with_(
            cell=kind[0], activation=kind[1], momentum=0.5, lr=0.05, clip=0.02, **rest
        ),
        st.sampled_from(CELLS),
        steps=st.integers(1, 6),
        batch=st.integers(1, 3),
        hidden=st.integers(1, 5),
        dtype=st.sampled_from(["float32", "float64"]),
        optimizer=st.sampled_from(sorted(OPTIMIZERS.names)),
        clip_by=st.sampled_from(["value", "norm", "none"]),
        windows=st.sampled_from(["sweep", "random"]),
        carry=st.booleans(),
        noise=st.sampled_from([0.0, 0.05]),
        seed=st.integers(0, 5),
    )


def micro_operations(trainer: Trainer) -> int:
    """How many schedule steps are done since the first batch."""
    inside = trainer.position % trainer.schedule.end  # at the end, the update is counted already
    return trainer.updates * trainer.schedule.end + inside


def bits(trainer: Trainer, whole_tape: bool = True) -> dict[str, Any]:
    """Everything a run consists of, to the bit."""
    optimizer, history = trainer.optimizer, trainer.history
    found: dict[str, Any] = {
        "parameters": trainer.parameters.tobytes(),
        "memory": {name: array.tobytes() for name, array in optimizer.memory.items()},
        "count": optimizer.updates_made,
        "data": trainer.task.state().to_json(),
        "place": (trainer.updates, trainer.position, trainer.divergence),
    }
    if whole_tape:
        found |= {
            "tape": {name: array.tobytes() for name, array in trainer.network.tape.arrays.items()},
            "gradient": trainer.network.gradient.tobytes(),
            "clipped": trainer.clipped.tobytes(),
            "delta": optimizer.delta.tobytes(),
            "loss": (np.float64(trainer.loss).tobytes(), np.float64(trainer.grad_norm).tobytes()),
            "losses": [array.tobytes() for array in history.recent(history.count)],
            "smoothed": history.smoothed,
        }
    return found


def plainly(settings: Settings, operations: int) -> Trainer:
    """Return a new trainer after so many schedule steps: whole updates, then single steps."""
    trainer = Trainer(settings)
    trainer.run(operations // trainer.schedule.end)
    for _ in range(operations % trainer.schedule.end):
        trainer.step()
    return trainer


moves = st.lists(
    st.one_of(
        st.sampled_from(["reveal", "step", "finish_pass", "finish_update"]).map(lambda m: (m,)),
        st.tuples(st.just("run"), st.integers(0, 3)),
        st.tuples(st.just("step"), st.integers(2, 9)),
        st.tuples(st.just("reveal"), st.integers(2, 30)),
    ),
    max_size=12,
)


def move(trainer: Trainer, name: str, count: int = 1) -> None:
    if name == "run":
        trainer.run(count)
        return
    for _ in range(count):
        getattr(trainer, name)()


@given(small_settings(), moves)
def test_any_mix_of_moves_reaches_the_same_bits(
    settings: Settings, mix: list[tuple[Any, ...]]
) -> None:
    trainer = Trainer(settings)
    for each in mix:
        before = micro_operations(trainer)
        move(trainer, *each)
        assert micro_operations(trainer) >= before
        assert 0 <= trainer.revealed <= trainer.cursor.operations
    assert bits(trainer) == bits(plainly(settings, micro_operations(trainer)))


@given(small_settings(), moves, moves)
def test_a_fresh_trainer_goes_on_from_a_keyframe(
    settings: Settings, before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]
) -> None:
    trainer = Trainer(settings)
    for each in before:
        move(trainer, *each)
    keyframe = trainer.keyframe()
    restored = Trainer(settings, parameters=trainer.parameters + 1)
    restored.restore(keyframe)

    if trainer.position < trainer.schedule.end:  # the end of an update is the next one's beginning
        assert restored.cursor == trainer.cursor
    assert micro_operations(restored) == micro_operations(trainer)
    for each in after:
        move(trainer, *each)
        move(restored, *each)
        assert micro_operations(restored) == micro_operations(trainer)
    trainer.run(1)  # rows of the tape not reached yet are left over from windows before
    restored.run(1)
    ours, theirs = bits(restored), bits(trainer)
    for history in ("losses", "smoothed"):  # the caller's
        del ours[history], theirs[history]
    assert ours == theirs


@given(small_settings(), moves)
def test_a_keyframe_is_a_copy(settings: Settings, mix: list[tuple[Any, ...]]) -> None:
    trainer = Trainer(settings)
    trainer.run(2)
    for each in mix:
        move(trainer, *each)
    keyframe, operations = trainer.keyframe(), micro_operations(trainer)
    trainer.run(3)
    trainer.restore(keyframe)
    assert (
        bits(trainer, whole_tape=False)["data"]
        == (bits(plainly(settings, operations), whole_tape=False)["data"])
    )
    trainer.finish_update()
    expected = plainly(settings, micro_operations(trainer))
    assert bits(trainer, whole_tape=False) == bits(expected, whole_tape=False)


def test_forty_five_steps_walk_the_program_and_into_the_next() -> None:
    trainer = Trainer(Settings())
    places = []
    for _ in range(45):
        trainer.step()
        cursor = trainer.cursor
        assert cursor.complete
        places.append((cursor.stage, cursor.t))
    assert places == [
        (Pass.BATCH, 0),
        *((Pass.FORWARD, t) for t in range(1, 21)),
        (Pass.LOSS, 0),
        *((Pass.BACKWARD, t) for t in range(20, 0, -1)),
        (Pass.CLIP, 0),
        (Pass.UPDATE, 0),
        (Pass.BATCH, 0),
    ]
    assert trainer.updates == 1


def test_passes_end_where_they_should() -> None:
    trainer = Trainer(PLAIN)
    places = []
    for _ in range(7):
        trainer.finish_pass()
        places.append((trainer.cursor.stage, trainer.cursor.t))
    assert places == [
        *((Pass.BATCH, 0), (Pass.FORWARD, 5), (Pass.LOSS, 0), (Pass.BACKWARD, 1)),
        *((Pass.CLIP, 0), (Pass.UPDATE, 0), (Pass.BATCH, 0)),
    ]


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_operations_are_revealed_one_by_one(cell: str, activation: str) -> None:
    trainer = Trainer(PLAIN.with_(cell=cell, activation=activation, steps=2))
    forward = len(trainer.network.declaration.forward_operations)
    backward = len(trainer.network.declaration.backward_operations)
    places = []
    for _ in range(1 + 2 * forward + 1 + 2 * backward + 2):
        trainer.reveal()
        cursor = trainer.cursor
        places.append((cursor.stage, cursor.t, cursor.operation))
    assert places == [
        (Pass.BATCH, 0, 1),
        *((Pass.FORWARD, t, n + 1) for t in (1, 2) for n in range(forward)),
        (Pass.LOSS, 0, 1),
        *((Pass.BACKWARD, t, n + 1) for t in (2, 1) for n in range(backward)),
        *((Pass.CLIP, 0, 1), (Pass.UPDATE, 0, 1)),
    ]


def test_a_step_reveals_the_rest_before_it_goes_on() -> None:
    trainer = Trainer(PLAIN)
    trainer.step()
    trainer.reveal()
    assert (trainer.cursor.stage, trainer.cursor.t, trainer.cursor.operation) == ("FORWARD", 1, 1)
    trainer.step()
    assert (trainer.cursor.t, trainer.cursor.complete) == (1, True)
    trainer.step()
    assert (trainer.cursor.t, trainer.cursor.complete) == (2, True)


def test_running_for_no_updates_is_nothing() -> None:
    trainer = Trainer(PLAIN)
    before = trainer.cursor
    assert trainer.run(0) == 0
    assert trainer.cursor == before
    trainer.step()
    trainer.reveal()
    before = trainer.cursor
    assert not before.complete
    assert trainer.run(0) == 0
    assert trainer.cursor == before


def test_the_same_settings_give_the_same_bits_and_another_seed_others() -> None:
    one, same, other = (Trainer(PLAIN.with_(seed=seed)) for seed in (3, 3, 4))
    assert one.parameters.tobytes() == same.parameters.tobytes()
    assert not np.any(one.parameters == other.parameters)
    for trainer in (one, same, other):
        trainer.run(20)
    assert bits(one) == bits(same)
    assert not same_bits(one.network.tape["target"], other.network.tape["target"])
    assert one.loss != other.loss


# Changing settings under way


@pytest.mark.parametrize("operations", [0, 3, 7, 12, 13, 14, 20])
def test_a_learning_rate_changed_live_is_that_of_the_next_update(operations: int) -> None:
    trainer = Trainer(PLAIN.with_(optimizer="sgd"))
    for _ in range(operations):
        trainer.step()
    trainer.configure(trainer.settings.with_(lr=0.5))
    trainer.finish_update()
    if operations == 14:  # was the end of an update: that goes on to the end of the next
        assert trainer.updates == 2
    expected = -np.float32(0.5) * trainer.clipped
    assert same_bits(trainer.optimizer.delta, expected.astype(np.float32))


def test_clipping_changed_live_takes_effect() -> None:
    trainer = Trainer(PLAIN.with_(clip_by="none"))
    trainer.finish_update()
    while trainer.cursor.stage is not Pass.CLIP:
        trainer.step()
    raw = trainer.network.gradient.copy()
    assert same_bits(trainer.clipped, raw)
    limit = float(np.abs(raw).max()) / 2
    trainer.configure(trainer.settings.with_(clip_by="value", clip=limit))
    assert np.abs(trainer.clipped).max() == np.float32(limit)
    assert same_bits(trainer.network.gradient, raw)
    trainer.configure(trainer.settings.with_(clip_by="none"))
    assert same_bits(trainer.clipped, raw)


def test_another_optimizer_starts_with_an_empty_memory() -> None:
    trainer = Trainer(PLAIN.with_(optimizer="adam"))
    trainer.run(3)
    kept = trainer.optimizer
    trainer.configure(trainer.settings.with_(lr=0.002))
    assert trainer.optimizer is kept
    assert kept.updates_made == 3
    trainer.configure(trainer.settings.with_(optimizer="rmsprop"))
    assert trainer.optimizer.name == "rmsprop"
    assert trainer.optimizer.updates_made == 0
    assert not any(array.any() for array in trainer.optimizer.memory.values())
    before = trainer.parameters.copy()
    trainer.run(1)
    assert trainer.optimizer.updates_made == 1
    assert np.any(trainer.parameters != before)


@pytest.mark.parametrize(
    "change",
    [{"hidden": 5}, {"cell": "lstm"}, {"steps": 4}, {"batch": 1}, {"carry": False}, {"seed": 9}],
)
def test_what_needs_a_restart_is_refused(change: dict[str, Any]) -> None:
    trainer = Trainer(PLAIN)
    trainer.run(1)
    before = bits(trainer)
    (name,) = change
    with pytest.raises(ValueError, match=name):
        trainer.configure(trainer.settings.with_(lr=0.5, **change))
    assert bits(trainer) == before
    assert trainer.settings == PLAIN


def test_given_parameters_are_copied_in_the_precision_asked_for() -> None:
    given_ones = np.linspace(-1, 1, Trainer(PLAIN).parameters.size)
    trainer = Trainer(PLAIN, given_ones)
    assert trainer.parameters.dtype == np.float32
    trainer.run(2)
    assert same_bits(given_ones, np.linspace(-1, 1, given_ones.size))


# Windows: truncated backpropagation through time


def windows(settings: Settings, count: int) -> list[dict[str, np.ndarray]]:
    """Return a copy of the tape after each of the first `count` updates."""
    trainer = Trainer(settings)
    found = []
    for _ in range(count):
        trainer.finish_update()
        found.append({name: array.copy() for name, array in trainer.network.tape.arrays.items()})
    return found


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_a_sweep_carries_the_state_and_starts_again_with_zeros(cell: str, activation: str) -> None:
    settings = PLAIN.with_(cell=cell, activation=activation, noise=0.0, steps=5, num_points=42)
    # Two streams of 21 points: windows at 0, 5, 10, 15 (15 … 20 is the last that fits), then 0.
    tapes = windows(settings, 9)
    states = ("h", "c") if cell.startswith("lstm") else ("h",)
    for k, (before, after) in enumerate(itertools.pairwise(tapes), start=1):
        for name in states:
            if k % 4:
                assert same_bits(after[name][0], before[name][-1])
            else:
                assert not after[name][0].any()
        joined = same_bits(after["x"][0], before["target"][-1])
        assert joined == bool(k % 4)
    assert not tapes[0]["h"][0].any()
    assert same_bits(tapes[4]["x"], tapes[0]["x"])


@pytest.mark.parametrize("kind", ["sweep", "random"])
def test_without_carry_every_window_starts_from_zeros(kind: str) -> None:
    for tape in windows(PLAIN.with_(cell="lstm", carry=False, windows=kind), 6):
        assert not tape["h"][0].any()
        assert not tape["c"][0].any()


def test_random_windows_carry_the_state_to_an_unrelated_place() -> None:
    tapes = windows(PLAIN.with_(windows="random", noise=0.0), 6)
    assert not tapes[0]["h"][0].any()
    for before, after in itertools.pairwise(tapes):
        assert same_bits(after["h"][0], before["h"][-1])
        assert not same_bits(after["x"][0], before["target"][-1])


@pytest.mark.parametrize(("cell", "activation"), RECURRENT_CELLS)
def test_the_gradient_is_cut_at_the_windows_edge(cell: str, activation: str) -> None:
    """The state comes in from the window before, the gradient takes it for a constant."""
    settings = PLAIN.with_(cell=cell, activation=activation, dtype="float64", clip_by="none")
    trainer = Trainer(settings)
    trainer.run(3)
    parameters = trainer.parameters.copy()
    trainer.run(1)
    tape = trainer.network.tape
    alone = Network(trainer.architecture, parameters, settings.steps, settings.batch)
    alone.tape["x"][...], alone.tape["target"][...] = tape["x"], tape["target"]
    alone.set_state(trainer.network.state(0))
    assert tape["h"][0].any()
    alone.forward(1, settings.steps)
    alone.loss()
    alone.backward(1, settings.steps)
    assert same_bits(alone.gradient, trainer.network.gradient)
    for name in trainer.network.cell.states:
        assert not tape[f"d{name}_next"][-1].any()  # nothing arrives from beyond the window
        assert tape[f"d{name}_next"][0].any()  # what would leave it is there to be seen


def test_a_custom_task_is_known_and_can_be_had_as_it_was_given() -> None:
    settings = Settings(steps=4, batch=2)
    assert Trainer(settings).custom_task is None
    assert Trainer(settings).fresh_custom_task() is None
    task = ToyTask(settings)
    trainer = Trainer(settings, task=task)
    trainer.run(5)
    assert trainer.custom_task is trainer.task is task
    again = Trainer(settings, task=trainer.fresh_custom_task())
    again.run(5)
    assert np.array_equal(again.parameters, trainer.parameters)

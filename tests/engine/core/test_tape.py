"""The tape: the memory layout makes no difference to the numbers."""

from __future__ import annotations

import numpy as np
import pytest
from engine.engine_support import CELLS, Case, cases, trained, worst
from hypothesis import given

from rnn_tui.engine.cells import make_cell
from rnn_tui.engine.core import tape
from rnn_tui.engine.core.tape import ArraySpec, Tape, gate_parts
from rnn_tui.engine.network.network import Network

GATED = tuple(kind for kind in CELLS if any(spec.split for spec in make_cell(*kind).arrays(1)))


def network_of(case: Case, smallest: int) -> Network:
    """Return the network of `case`, where batches from `smallest` samples on are split."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tape, "MIN_BATCH_TO_SPLIT", smallest)
        return case.network()


@given(cases(GATED))
def test_split_and_joined_gates_are_the_same_numbers(case: Case) -> None:
    split, joined = network_of(case, 1), network_of(case, 10**9)
    assert split.tape.is_split("gates")
    assert not joined.tape.is_split("gates")
    assert trained(split) == pytest.approx(trained(joined), rel=1e-12)
    assert worst(split.gradient, joined.gradient) < 1e-12
    names = {"h", "c", "gates", "da", "dc", "dh_dc", "dh", "dh_next", "dc_next", "dah", "dm", "m"}
    for name in names & set(joined.tape.names):
        assert worst(split.tape.flat(name), joined.tape.flat(name)) < 1e-12, name


each_layout = pytest.mark.parametrize(("batch", "split"), [(1, False), (5, False), (5, True)])


def memory(batch: int, split: bool) -> Tape:
    """Return a tape with three gates and a state of two units in one group, five timesteps."""
    gates = ArraySpec("gates", 6, group="m", parts=gate_parts("", "ofg", 2), split=split)
    made = Tape(5, batch, (gates, ArraySpec("c", 2, state=True, group="m", split=split)), float)
    random = np.random.default_rng(0)
    for name in (*made.part_names("gates"), "c"):
        made[name][...] = random.normal(size=made[name].shape)
    return made


def test_two_arrays_of_one_name_are_refused() -> None:
    for twice in (ArraySpec("a", 2), ArraySpec("b", 2, parts=(("a", 0, 1),))):
        with pytest.raises(ValueError, match="two arrays of the tape are called 'a'"):
            Tape(3, 1, (ArraySpec("a", 2), twice), float)


def test_a_single_sample_is_never_split() -> None:
    assert not memory(1, split=True).is_split("gates")
    assert memory(2, split=True).is_split("gates")


@each_layout
def test_adjacent_arrays_are_viewed_as_one(batch: int, split: bool) -> None:
    made = memory(batch, split)
    assert made.is_split("gates") == split
    parts = [made[name] for name in "ofg"]
    expected = [*parts, made["c"][:-1]]
    for shown, pieces in (
        (made.adjacent("o", "g"), expected[:3]),
        (made.adjacent("g", "c_prev"), expected[2:]),
        (made.adjacent("o", "c_prev"), expected),
        (made.all_parts("gates"), expected[:3]),
    ):
        axis = 1 if made.is_split("gates") else 2
        join = np.stack if made.is_split("gates") else np.concatenate
        assert np.array_equal(shown, join(pieces, axis=axis))
        assert all(np.shares_memory(shown, piece) for piece in pieces)
    assert np.array_equal(made.flat("gates"), np.concatenate(parts, axis=2).reshape(-1, 6))


@each_layout
def test_samples_halves_and_other_names_are_the_same_arrays(batch: int, split: bool) -> None:
    made = memory(batch, split)
    last = batch - 1
    assert np.array_equal(made.sample(last).flat("gates"), made.flat("gates")[last::batch])
    half = made.batch_slice(slice(batch // 2, batch))
    assert np.shares_memory(half["f"], made["f"])
    shown = made.adjacent("f", "c_prev")[..., batch // 2 :, :]
    assert np.array_equal(half.adjacent("f", "c_prev"), shown)
    other = made.with_names({f"{name}2": name for name in made.names})
    assert np.array_equal(other.flat("gates2"), made.flat("gates"))
    assert np.shares_memory(other["o2"], made["o"])
    assert other.is_split("gates2") == made.is_split("gates")

"""The store of keyframes: in order, within its budget, thinned out where they are missed least."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.time_travel.keyframe_memory import DENSE, MOST, KeyframeStore
from rnn_tui.engine.training.keyframe import Keyframe
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings

FIRST = Trainer(Settings(hidden=2, steps=2)).keyframe()
SIZE = FIRST.size
ROOMY = 10**6 * SIZE


def after(updates: int) -> Keyframe:
    """Return a keyframe after `updates` updates."""
    return replace(FIRST, updates=updates)


def filled(updates: list[int], budget: int = ROOMY) -> KeyframeStore:
    """Return a store of the first keyframe and of one after each of these numbers of updates."""
    store = KeyframeStore(FIRST, budget)
    for each in updates:
        store.insert(after(each))
    return store


@given(st.lists(st.integers(0, 300)), st.integers(0, 300))
def test_they_are_in_order_and_the_nearest_is_not_after(updates: list[int], wanted: int) -> None:
    store = filled(updates)
    assert store.updates == tuple(sorted({0, *updates}))
    assert len(store) == len(store.updates)
    assert store.bytes == len(store) * SIZE
    assert store.nearest(wanted).updates == max(u for u in {0, *updates} if u <= wanted)


def test_a_second_one_of_as_many_updates_is_not_kept() -> None:
    store, one, other = filled([]), after(5), after(5)
    store.insert(one)
    store.insert(other)
    assert store.nearest(5) is one
    assert store.bytes == 2 * SIZE


def test_before_the_first_the_nearest_is_the_first() -> None:
    store = KeyframeStore(after(7), ROOMY)
    assert store.nearest(3).updates == 7


@pytest.mark.parametrize(
    ("after_", "left"), [(0, (0,)), (4, (0, 1, 4)), (5, (0, 1, 4)), (-1, (0,)), (9, (0, 1, 4, 9))]
)
def test_what_lies_ahead_is_dropped_but_never_the_first(after_: int, left: tuple[int, ...]) -> None:
    store = filled([1, 4, 9])
    store.drop_after(after_)
    assert store.updates == left
    assert store.bytes == len(left) * SIZE


def test_a_copy_is_its_own() -> None:
    store = filled([1, 2])
    copy = store.copy()
    store.insert(after(3))
    copy.drop_after(1)
    assert store.updates == (0, 1, 2, 3)
    assert copy.updates == (0, 1)
    assert (store.bytes, copy.bytes) == (4 * SIZE, 2 * SIZE)
    assert copy.nearest(1) is store.nearest(1)


@given(st.integers(2, 60), st.integers(1, 400))
def test_the_budget_holds_and_the_first_and_newest_stay(count: int, last: int) -> None:
    store = filled(list(range(1, last + 1)), count * SIZE)
    assert store.bytes == len(store) * SIZE <= count * SIZE
    assert store.updates[0] == 0
    newest = min(DENSE, len(store)) - 1 if count > DENSE + 2 else 1
    assert store.updates[-newest:] == tuple(range(last - newest + 1, last + 1))


def test_the_first_and_the_newest_stay_even_beyond_the_budget() -> None:
    assert filled([1, 2, 3], budget=0).updates == (0, 3)


def test_the_one_whose_neighbours_are_closest_is_dropped() -> None:
    store = filled([10, 20, 21, 40], budget=5 * SIZE)
    store.insert(after(60))  # the gaps around 10, 20, 21, 40 are 20, 11, 20, 39
    assert store.updates == (0, 10, 21, 40, 60)


def test_there_are_never_more_than_most() -> None:
    store = filled(list(range(1, MOST + 50)))
    assert len(store) <= MOST
    assert store.updates[-DENSE:] == tuple(range(MOST + 50 - DENSE, MOST + 50))

"""Topologies: their names, and what no window can be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.tasks import Topology


@pytest.mark.parametrize(
    ("topology", "name"),
    [
        (Topology.many_to_many(3), "many→many"),
        (Topology.many_to_one(3), "many→one"),
        (Topology.one_to_many(3), "one→many"),
        (Topology.one_to_one(), "one→one"),
        (Topology((True, False, False), (False, False, True)), "one→one"),
        (Topology((True, True, False), (False, True, True)), "many→many"),
    ],
)
def test_a_topology_is_called_by_what_goes_in_and_what_counts(
    topology: Topology, name: str
) -> None:
    assert topology.name == name


@given(st.integers(1, 50))
def test_where_inputs_are_and_where_the_loss_counts(steps: int) -> None:
    every, first, last = {*range(steps)}, {0}, {steps - 1}
    for topology, inputs, counted in (
        (Topology.many_to_many(steps), every, every),
        (Topology.many_to_one(steps), every, last),
        (Topology.one_to_many(steps), first, every),
    ):
        assert {t for t, here in enumerate(topology.inputs) if here} == inputs
        assert {t for t, here in enumerate(topology.counted) if here} == counted
        assert len(topology.inputs) == len(topology.counted) == steps


@pytest.mark.parametrize(
    ("inputs", "counted", "reason"),
    [
        ((True,), (True, True), "one length, not 1 and 2"),
        ((False, False), (True, True), "at least one input"),
        ((True, True), (False, False), "one counted output"),
        ((), (), "at least one"),
    ],
)
def test_what_no_window_can_be(
    inputs: tuple[bool, ...], counted: tuple[bool, ...], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Topology(inputs, counted)


def test_the_loss_that_is_looked_at_is_the_selected_one_or_the_last_there_is() -> None:
    some = Topology((True,) * 4, (False, True, True, False))
    assert [some.loss_at(t) for t in (None, 1, 2, 3, 4, 9)] == [3, 3, 2, 3, 3, 3]
    assert Topology.many_to_one(5).loss_at(2) == 5

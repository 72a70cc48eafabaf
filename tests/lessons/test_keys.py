"""The keys of lessons are keys of the main screen."""

from __future__ import annotations

import pytest

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.lessons.keys import MOVES, VIEW_KEYS, KeyTextError, parse_key
from rnn_tui.session.commands import Back, GoTo, RunTo, Step
from rnn_tui.tui.key_bindings import KEYS

SPELLED = {
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "plus": "+",
    "minus": "-",
    "comma": ",",
    "full_stop": ".",
    "pageup": "pgup",
    "pagedown": "pgdn",
    "escape": "esc",
}


def test_every_key_of_a_lesson_is_one_of_the_screen() -> None:
    names = {SPELLED.get(name, name) for key in KEYS for name in key.keys.split(",")}
    assert {*MOVES, *VIEW_KEYS} <= names


def test_counts_and_capitals_are_as_on_the_screen() -> None:
    forward, back = parse_key("3n").command(), parse_key("12U").command()
    assert isinstance(forward, Step)
    assert isinstance(back, Back)
    assert (forward.stride, forward.count) == (Stride.TIMESTEP, 3)
    assert (back.stride, back.count) == (Stride.UPDATE, 12)
    update, timestep = parse_key("40g").command(), parse_key("5t").command()
    assert isinstance(update, GoTo)
    assert isinstance(timestep, RunTo)
    assert (update.update, timestep.t) == (40, 5)
    assert not parse_key("2j").moves


@pytest.mark.parametrize("text", ["", "q", "5", "t", "g", "0n", "5c", "space", "9999999n", "nn"])
def test_other_keys_are_refused(text: str) -> None:
    with pytest.raises(KeyTextError):
        parse_key(text)

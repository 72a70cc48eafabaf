"""The states that a task gives a window to begin with, as a network takes them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.network import Network
from rnn_tui.settings import SettingError
from rnn_tui.tasks.base import Task


def start_states(task: Task, network: Network) -> Mapping[str, Array] | None:
    """Return the states of `Task.start_states` that `network` has, with zeros for those missing.

    States that it does not have, as those of another cell, are left out.

    Returns:
        [B, H] by name, in the network's precision; None where the task gives none.

    Raises:
        SettingError: a state is of another size.
    """
    given = task.start_states
    if given is None:
        return None
    result = {}
    for name in network.states:
        array = np.zeros_like(network.tape.states[name][0])
        state = given.get(name)
        if state is not None and state.shape != array.shape:
            given_words = f"the {name} that its windows begin with"
            units, hidden = state.shape[-1], array.shape[-1]
            if units == hidden:
                raise SettingError("batch", len(array), f"{len(state)}, as {given_words} is")
            raise SettingError("hidden", hidden, f"{units}, as {given_words} is")
        if state is not None:
            array[...] = state
        result[name] = array
    return result

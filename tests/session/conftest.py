"""A session whose thread runs, for the tests that ask for `make`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from session.session_support import SMALL, Driver

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings


@pytest.fixture
def make() -> Iterator[Callable[..., Driver]]:
    """Sessions that are over when the test is."""
    drivers: list[Driver] = []

    def start(settings: Settings | Trainer = SMALL) -> Driver:
        trainer = settings if isinstance(settings, Trainer) else Trainer(settings)
        drivers.append(Driver(trainer))
        return drivers[-1]

    yield start
    for driver in drivers:
        driver.session.stop()

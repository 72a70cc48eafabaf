"""A server in a process of its own, for all of these tests that need nothing special."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("asyncssh")

from serve.running import RunningServer

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have one worker run them, which starts the server once."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("serve"))


@pytest.fixture(autouse=True)
def _collect_connections() -> Iterator[None]:
    """Collect what asyncssh's client leaves unclosed where a connection is refused."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server that lets everybody in, with three places."""
    folder = tmp_path_factory.mktemp("serve")
    with RunningServer(folder, "--anonymous", "--guests", "3", "--cell", "gru") as running:
        yield running

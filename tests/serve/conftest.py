"""A server in a process of its own for each module of these tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from serve.running import RunningServer

pytest.importorskip("asyncssh")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server that lets everybody in, with three places."""
    folder: Path = tmp_path_factory.mktemp("serve")
    with RunningServer(folder, "--anonymous", "--guests", "3", "--cell", "gru") as running:
        yield running

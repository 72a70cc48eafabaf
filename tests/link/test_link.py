"""The program over a real OpenSSH, through a link that stands still for a while."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from link.far_terminal import ANSWERS, Answers, wait_until
from link.measure import LSTM, main
from link.run import KIB, Link, Run
from link.sshd import Server, missing
from link.throttle import Throttle

from rnn_tui.tui.link import BUDGET

needs_server = pytest.mark.skipif(bool(missing()), reason=missing() or "there is a server")

FROZEN = 2.0  # seconds
LINK = Link("", 64 * KIB, (120, 40), (0, 0, 0, 0), delay=0.02)
MOST_WAITING = 8 * KIB  # bytes


def port_of(server: socket.socket) -> int:
    """Return the port where a socket listens."""
    port: int = server.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


def test_the_throttle_loses_nothing_and_queues_without_end() -> None:
    data = bytes(range(256)) * 4096  # more than the system's own buffers hold
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        Throttle(port_of(server)) as throttle,
        socket.create_connection(("127.0.0.1", throttle.port)) as far,
        server.accept()[0] as near,
    ):
        assert wait_until(lambda: len(throttle.links) == 1, 10)
        throttle.freeze(60)
        near.sendall(data)
        assert wait_until(lambda: throttle.down.waiting == len(data), 10)
        assert throttle.down.passed == 0
        throttle.thaw()
        near.shutdown(socket.SHUT_WR)
        assert b"".join(iter(lambda: far.recv(1 << 16), b"")) == data
        assert (throttle.down.waiting, throttle.down.passed) == (0, len(data))


@needs_server
def test_what_waits_in_a_frozen_link_is_bounded(server: Server, tmp_path: Path) -> None:
    def freeze(answers: Answers) -> int:
        """Return the most bytes that waited in the link while it stood still."""
        with Run(server, tmp_path / answers, LINK, answers, LSTM, still=0.4) as run:
            terminal, link = run.terminal, run.throttle
            run.press(" ")
            terminal.wait_for("running", 30)
            time.sleep(0.5)  # a few frames, to know the link by
            begun = time.monotonic()
            link.freeze(FROZEN)
            time.sleep(FROZEN)
            most = link.down.within(begun, time.monotonic())[1]
            run.press(" ")
            terminal.wait_for("paused", 30)
            run.wait_still(30)
            passed = link.down.passed  # on a busy machine the last answer may still go up
            time.sleep(0.5)
            assert link.down.passed == passed, "bytes while paused"
            run.quit()
            return most

    with ThreadPoolExecutor() as pool:  # most of the time they wait
        most = dict(zip(ANSWERS, pool.map(freeze, ANSWERS), strict=True))
    # Where nothing is answered, nothing tells that the link stands still.
    limits = {**dict.fromkeys(ANSWERS, MOST_WAITING), "neither": MOST_WAITING + BUDGET * FROZEN}
    assert {answers: waited for answers, waited in most.items() if waited > limits[answers]} == {}


@needs_server
@pytest.mark.long
def test_table(capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        assert main([]) == 0

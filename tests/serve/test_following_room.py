"""One presenter and ten followers of all sizes, two of them on a thin link.

By hand: `-m long -s` prints the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import statistics
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest
from link.throttle import Throttle
from serve.running import RunningServer, Visit, visit
from serve.test_full_room import HELP, LightGuest

ROOT = Path(__file__).parents[2]
SIZES = (
    (80, 24), (80, 23), (100, 30), (110, 32), (120, 40), (132, 43), (150, 44), (170, 50), (80, 24),
    (120, 40),
)  # fmt: skip
THIN = 2  # of the followers, the last ones
RATE, DELAY = 8 * 1024, 0.05  # bytes a second, seconds each way
ROUNDS, KEYS = 3, 12
PLACE = re.compile(r"t=(\d+)/20 ")
UPDATE = re.compile(r" update (\d+) ")


class Hall:
    """A server at which somebody presents, and all connections to it.

    Attributes:
        ports: that of the server, and that of the thin link to it.
        key: the presenter's.
    """

    def __init__(self, ports: tuple[int, int], key: asyncssh.SSHKey | None = None) -> None:
        self.ports, self.key = ports, key
        self._connections: list[asyncssh.SSHClientConnection] = []

    async def close(self) -> None:
        """End all connections."""
        for each in self._connections:
            each.abort()
            await each.wait_closed()

    async def connect(self, port: int, key: asyncssh.SSHKey | None) -> asyncssh.SSHClientConnection:
        """Return a connection of the presenter's, if there is a key, or a follower's."""
        connection = await asyncssh.connect(
            "127.0.0.1",
            port,
            username="guest",
            password="any",
            client_keys=None if key is None else [key],
            known_hosts=None,
            config=None,
            agent_path=None,
        )
        self._connections.append(connection)
        return connection

    def port(self, follower: int) -> int:
        """Return the port that a follower connects to."""
        return self.ports[follower >= len(SIZES) - THIN]

    async def light(self, port: int, size: tuple[int, int], key: asyncssh.SSHKey | None) -> Light:
        """Return a session whose screen is not emulated."""
        connection = await self.connect(port, key)
        process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(
            term_type="xterm-256color", term_size=size, encoding=None
        )
        return Light(connection, process)

    async def visit(self, port: int, size: tuple[int, int], key: asyncssh.SSHKey | None) -> Visit:
        """Return a session whose screen is emulated."""
        connection = await self.connect(port, key)
        return await visit(connection, columns=size[0], lines=size[1])


class Light(LightGuest):
    """A session whose screen is not emulated."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]
    ) -> None:
        super().__init__(process)
        self.connection = connection
        self.reading = asyncio.create_task(self.read())

    async def has_shown(self, text: bytes) -> None:
        """Wait until a text has come."""
        async with asyncio.timeout(60):
            while text not in self._recent:
                await asyncio.sleep(0.05)

    async def step(self) -> float:
        """Go forward by an operation; return the seconds until something is shown."""
        before, began = self.received, time.monotonic()
        self.process.stdin.write(b"s")
        while self.received == before:
            self._changed.clear()
            await asyncio.wait_for(self._changed.wait(), 10)
        return time.monotonic() - began

    def leave(self) -> None:
        """End the session."""
        self.reading.cancel()
        self.connection.abort()


@contextlib.contextmanager
def followers(hall: Hall) -> Iterator[None]:
    """Have all followers come in, and leave again.

    Their terminals are in a process of their own, so that they take no time from who measures.
    """
    argv = [sys.executable, __file__, *map(str, hall.ports)]
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, stdin=pipe, stdout=pipe, env={**os.environ, "PYTHONPATH": path}
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"all follow\n"
        yield
        process.stdin.close()


async def follow(hall: Hall) -> None:
    """Have all follow, until the standard input ends."""
    found = [await hall.light(hall.port(k), size, None) for k, size in enumerate(SIZES)]
    for each in found:
        await each.has_shown(b"following the presenter")
    print("all follow", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await hall.close()


async def keys(presenter: Light) -> tuple[list[float], list[float]]:
    """Return how long the presenter's keys take: steps while paused, the help while training."""
    steps, helps = [], []
    for _ in range(KEYS):
        steps.append(await presenter.step())
        await asyncio.sleep(0.25)
    presenter.process.stdin.write(b" ")
    await asyncio.sleep(1)
    for _ in range(KEYS):
        helps.append(await presenter.press(b"?", HELP))
        await asyncio.sleep(0.3)
        presenter.process.stdin.write(b"?")
        await asyncio.sleep(0.5)
    presenter.process.stdin.write(b" ")
    await asyncio.sleep(1)
    return steps, helps


@pytest.mark.long
def test_followers_do_not_slow_the_presenter(tmp_path: Path) -> None:
    async def scene(hall: Hall) -> None:
        presenter = await hall.light(hall.ports[0], (120, 40), hall.key)
        await presenter.press(b"", b"first window", 30)
        presenter.process.stdin.write(b"3u")
        await asyncio.sleep(3)
        found: dict[bool, tuple[list[float], list[float]]] = {True: ([], []), False: ([], [])}
        for _ in range(ROUNDS):
            for with_followers in (False, True):
                with contextlib.ExitStack() as stack:
                    if with_followers:
                        await asyncio.to_thread(stack.enter_context, followers(hall))
                    await asyncio.sleep(1)
                    measured = await keys(presenter)
                for known, new in zip(found[with_followers], measured, strict=True):
                    known += new
        presenter.leave()
        for k, what in enumerate(("a step while paused", "the help while training")):
            alone, followed = (statistics.median(found[each][k]) for each in (False, True))
            late = [sorted(found[each][k])[int(0.95 * len(found[each][k]))] for each in found]
            print(
                f"\n{what}: alone {1000 * alone:.0f} ms, with {len(SIZES)} followers "
                f"{1000 * followed:.0f} ms: {100 * (followed / alone - 1):+.0f} %; "
                f"p95 {1000 * late[1]:.0f} and {1000 * late[0]:.0f} ms"
            )

    in_hall(tmp_path, scene)


@pytest.mark.long
def test_every_follower_sees_what_is_new(tmp_path: Path) -> None:
    async def scene(hall: Hall) -> None:
        presenter = await hall.visit(hall.ports[0], (120, 40), hall.key)
        await presenter.wait_for("BATCH")
        seen = [await hall.visit(hall.port(k), size, None) for k, size in enumerate(SIZES)]
        for each in seen:
            await each.wait_for("following the presenter", 60)
        presenter.send("n")
        await asyncio.sleep(2)
        delays: list[list[float]] = [[] for _ in seen]
        for _ in range(12):
            await one_step(presenter, seen, delays)
        presenter.send(" ")
        await asyncio.sleep(2)
        ages = await watch(presenter, seen, 30)
        presenter.send(" ")
        print()
        for k, size in enumerate(SIZES):
            link = f"{RATE // 1024} KiB/s" if hall.port(k) == hall.ports[1] else "no limit"
            print(
                f"{size[0]}×{size[1]}, {link}: a step is seen {median(delays[k])} s after the key; "
                f"while training what is seen is {median(ages[k])} s old, "
                f"{len(ages[k]) / 30:.1f} pictures/s"
            )

    in_hall(tmp_path, scene)


def place_line(visit: Visit) -> str:
    """Return the beginning of the second line of a screen, which names the place."""
    row = visit._emulator.shown.buffer[1]
    return "".join(row[x].data for x in range(40))


async def one_step(presenter: Visit, seen: list[Visit], delays: list[list[float]]) -> None:
    """Step, and note how long it takes until each follower sees it."""
    found = PLACE.search(place_line(presenter))
    following = f"t={int(found[1]) + 1 if found else 1}/20"
    began, waiting = time.monotonic(), set(range(len(seen)))
    presenter.send("n")
    while waiting and time.monotonic() < began + 20:
        await asyncio.sleep(0.005)
        for k in [*waiting]:
            if following in place_line(seen[k]):
                delays[k].append(time.monotonic() - began)
                waiting.remove(k)
    assert not waiting, [seen[k].text() for k in waiting]
    await asyncio.sleep(1)


async def watch(presenter: Visit, seen: list[Visit], seconds: float) -> list[list[float]]:
    """Return how old each new picture of each follower is by what the presenter's screen says."""
    times: list[tuple[int, float]] = []  # updates and when the presenter's screen had them
    shown: list[list[tuple[int, float]]] = [[] for _ in seen]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        await asyncio.sleep(0.02)
        now = time.monotonic()
        for visit_, known in ((presenter, times), *zip(seen, shown, strict=True)):
            found = UPDATE.search(place_line(visit_))
            if found and (not known or known[-1][0] != int(found[1])):
                known.append((int(found[1]), now))
    return [[age for each in one if (age := age_of(each, times)) is not None] for one in shown]


def age_of(picture: tuple[int, float], times: list[tuple[int, float]]) -> float | None:
    """Return how long before a picture was seen the presenter's screen had its update."""
    update, at = picture
    place = bisect_left(times, (update, 0.0))
    if not 0 < place < len(times):
        return None
    (low, early), (high, late) = times[place - 1 : place + 1]
    return at - (early + (late - early) * (update - low) / (high - low))


def median(values: list[float]) -> str:
    """Return the median, and the 95th percentile."""
    if not values:
        return "–"
    ordered = sorted(values)
    return f"{statistics.median(values):.2f} (p95 {ordered[int(0.95 * len(ordered))]:.2f})"


def in_hall(folder: Path, scene: Callable[[Hall], Coroutine[Any, Any, None]]) -> None:
    """Run a scene at a server of its own."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    (folder / "key.pub").write_bytes(key.export_public_key())
    options = ("--present", str(folder / "key.pub"), "--cell", "lstm", "--hidden", "16")
    with RunningServer(folder, *options) as server, Throttle(server.port, RATE, DELAY) as thin:
        hall = Hall((server.port, thin.port), key)

        async def whole() -> None:
            try:
                await scene(hall)
            finally:
                await hall.close()

        asyncio.run(whole())


if __name__ == "__main__":
    asyncio.run(follow(Hall((int(sys.argv[1]), int(sys.argv[2])))))

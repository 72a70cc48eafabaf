"""Crowds and abuse: the server lives, its guests get answers, and nothing is left behind.

With `-m long`: 200 attempts, 1,000 abuses. Always: 24 of them, and in test_serve.py one too many.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest
from asyncssh.packet import Boolean, String, UInt32
from serve.running import RunningServer, Visit, connect, resident, run, visit

FULL = b"rnn-tui: all %d places are taken; try again later\r\n"
# What a failed attempt may end with; whatever else is a fault of the server's.
ENDINGS = (asyncssh.Error, asyncssh.ChannelListenError, OSError, TimeoutError)


async def attempt(server: RunningServer, connections: list[asyncssh.SSHClientConnection]) -> bytes:
    """Try to come in; return what is said, or b"in"."""
    connection = await connect(server, login_timeout=60)
    connections.append(connection)
    guest = await visit(connection)
    while not guest.ended and "BATCH" not in guest.text():
        await asyncio.sleep(0.05)
    return guest.raw if guest.ended else b"in"


@pytest.mark.long
def test_more_attempts_than_places(tmp_path: Path) -> None:
    attempts, places = 200, 20

    async def play(server: RunningServer) -> None:
        connections: list[asyncssh.SSHClientConnection] = []
        said = Counter(
            await asyncio.gather(*(attempt(server, connections) for _ in range(attempts)))
        )
        assert said == {b"in": places, FULL % places: attempts - places}
        for connection in connections:
            connection.abort()

    with RunningServer(tmp_path, "--anonymous", "--guests", str(places)) as server:
        before = open_files(server)
        run(play(server))
        server.wait_for_guests(0)
        wait_for(lambda: open_files(server) == before)


# ---------------------------------------------------------------- abuses


async def raw(server: RunningServer, *pieces: bytes) -> None:
    """Send bytes to the port, and leave."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.wait_for(writer.drain(), 5)
        await asyncio.wait_for(reader.read(1000), 5)
    finally:
        writer.transport.abort()


async def nothing(server: RunningServer, chance: random.Random) -> None:
    """Connect, and leave at once."""
    socket.create_connection(("127.0.0.1", server.port)).close()


async def noise(server: RunningServer, chance: random.Random) -> None:
    """Send noise in place of a version."""
    await raw(server, chance.randbytes(chance.randrange(1, 20_000)) + b"\n")


async def cut_handshake(server: RunningServer, chance: random.Random) -> None:
    """Send a version, and noise in place of a key exchange."""
    await raw(server, b"SSH-2.0-x\r\n", chance.randbytes(chance.randrange(1, 5000)))


async def huge_packet(server: RunningServer, chance: random.Random) -> None:
    """Announce a packet of four gigabytes."""
    await raw(server, b"SSH-2.0-x\r\n", b"\xff\xff\xff\xff" + bytes(100))


async def requests(server: RunningServer, chance: random.Random) -> None:
    """Ask for everything that there is, in any order."""
    async with await connect(server) as connection:
        wishes: list[Callable[[], Awaitable[object]]] = [
            lambda: connection.run("id", check=True),
            lambda: connection.start_sftp_client(),
            lambda: connection.open_connection("127.0.0.1", 22),
            lambda: connection.forward_remote_port("", 0, "127.0.0.1", 22),
            lambda: connection.open_unix_connection("/run/x"),
            lambda: connection._make_global_request(chance.randbytes(20), chance.randbytes(50)),
        ]
        chance.shuffle(wishes)
        for wish in wishes:
            try:
                await wish()
            except ENDINGS:
                continue


async def channel_requests(server: RunningServer, chance: random.Random) -> None:
    """Send requests of a session with random content, before it has begun."""
    async with await connect(server) as connection:
        channel, _ = await connection.create_session(
            asyncssh.SSHClientSession, term_type=None, encoding=None
        )
        names = b"env exec x11-req auth-agent-req@openssh.com subsystem shell pty-req".split()
        names += b"window-change signal break xon-xoff exit-status".split()
        for _ in range(20):
            content = [
                String(chance.randbytes(chance.randrange(40))),
                UInt32(chance.getrandbits(32)),
            ]
            channel._send_request(chance.choice(names), *content, want_reply=True)
        await asyncio.sleep(0.05)


async def many_variables(server: RunningServer, chance: random.Random) -> None:
    """Send variables as fast as it goes."""
    async with await connect(server) as connection:
        channel, _ = await connection.create_session(
            asyncssh.SSHClientSession, term_type="xterm", encoding=None
        )
        for k in range(200):
            channel._send_request(b"env", String(f"V{k}"), String("x" * 500))
        await asyncio.sleep(0.05)


async def strange_terminal(server: RunningServer, chance: random.Random) -> None:
    """Ask for a terminal of a strange kind, size and mode."""
    async with await connect(server) as connection:
        size = tuple(chance.choice((0, 1, 80, 65535, 65536, 2**32 - 1)) for _ in range(4))
        kind = "".join(chr(chance.randrange(1, 128)) for _ in range(chance.choice((3, 3000))))
        process = await connection.create_process(
            term_type=kind, term_size=size, term_modes={chance.randrange(1, 128): 2**32 - 1},
            encoding=None,
        )  # fmt: skip
        await asyncio.wait_for(process.stdout.read(10), 20)


async def size_storm(server: RunningServer, chance: random.Random) -> None:
    """Change the size of the terminal as fast as it goes."""
    async with await connect(server) as connection:
        process = await connection.create_process(term_type="xterm", encoding=None)
        await asyncio.wait_for(process.stdout.read(10), 20)
        for _ in range(300):
            process.change_terminal_size(chance.getrandbits(32), chance.getrandbits(32))
        await asyncio.sleep(0.1)


async def many_sessions(server: RunningServer, chance: random.Random) -> None:
    """Ask for many sessions on one connection."""
    async with await connect(server) as connection:
        for _ in range(10):
            try:
                await connection.create_session(asyncssh.SSHClientSession, encoding=None)
            except asyncssh.ChannelOpenError:
                continue


async def wrong_keys(server: RunningServer, chance: random.Random) -> None:
    """Try a name that is too long."""
    await connect(server, username="x" * 2000)


async def key_exchanges(server: RunningServer, chance: random.Random) -> None:
    """Exchange keys again and again."""
    async with await connect(server, rekey_bytes=2000) as connection:
        for _ in range(5):
            await connection._make_global_request(b"x", String(bytes(3000)))


ABUSES = (
    nothing, noise, cut_handshake, huge_packet, requests, channel_requests, many_variables,
    strange_terminal, size_storm, many_sessions, wrong_keys, key_exchanges,
)  # fmt: skip


async def abuse(server: RunningServer, number: int) -> str:
    """Abuse the server in one way; return how that ended."""
    chance = random.Random(number)
    try:
        await asyncio.wait_for(ABUSES[number % len(ABUSES)](server, chance), 60)
    except ENDINGS as error:
        return type(error).__name__
    return "ended"


@pytest.mark.parametrize("count", [24, pytest.param(1000, marks=pytest.mark.long)])
def test_the_server_outlives_abuse(count: int, tmp_path: Path) -> None:
    at_once = 12

    async def play(server: RunningServer) -> None:
        async with await connect(server) as connection:
            guest = await visit(connection)
            await guest.wait_for("BATCH")
            waits, endings = [], Counter[str]()
            for first in range(0, count, at_once):
                some = range(first, min(first + at_once, count))
                others = asyncio.gather(*(abuse(server, k) for k in some))
                waits.append(await time_of_key(guest))
                endings.update(await others)
            print(dict(endings))
            print(f"a key among abuse: {sorted(waits)[len(waits) // 2]:.2f} s, {max(waits):.2f} s")
            guest.send("q")
            assert await guest.wait_end() == 0

    # An address has 10 attempts for each place: so all of them get to what they abuse.
    with RunningServer(tmp_path, "--anonymous", "--guests", str(max(20, count // 10))) as server:
        files, memory = open_files(server), resident(server.process.pid)
        run(play(server))
        server.wait_for_guests(0)
        wait_for(lambda: open_files(server) == files)
        grown = resident(server.process.pid) - memory
        print(f"{count} abuses: the server grew by {grown / 2**20:.1f} MiB")
        assert grown < 40 * 2**20
        assert len(server.processes()) == 1  # the fork server


async def time_of_key(guest: Visit) -> float:
    """Return how long a guest waits for the help, which a key opens and another closes."""
    began = time.monotonic()
    guest.send("?")
    await guest.wait_for("esc closes", 30)
    waited = time.monotonic() - began
    guest.send("\x1b")
    while "esc closes" in guest.text():
        await asyncio.sleep(0.02)
    return waited


def test_who_reads_nothing_takes_no_memory_of_the_server(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as connection:
            guest = await visit(connection, window=2**31 - 1)
            await guest.wait_for("BATCH")
            transport = connection._transport
            assert transport is not None
            transport.pause_reading()
            before = resident(server.process.pid)
            guest.send(" ")  # it runs
            for k in range(2000):  # each would have an answer
                connection.send_packet(80, String(b"x"), Boolean(True), String(b"y" * 20))
                if k % 200 == 0:
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.5)
            assert resident(server.process.pid) - before < 8 * 2**20
            connection.abort()

    run(play())
    server.wait_for_guests(0)


def open_files(server: RunningServer) -> int:
    """Return how many descriptors the server has."""
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def wait_for(condition: Callable[[], bool], timeout: float = 15) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)

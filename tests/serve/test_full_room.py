"""A full room on one machine: 20 guests train at the same time, and every key is answered.

By hand: `-m long -s` prints the figures.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import asyncssh
import pytest
from serve.running import RunningServer, connect

GUESTS, KEYS = 20, 30  # keys of each guest
HELP = b"esc closes"  # stands in the help, and nowhere else
QUERY = re.compile(rb"\x1b\[\?(\d+)\$p")
PLACE = re.compile(rb"\x1b\[6n")


@dataclass
class LightGuest:
    """A guest whose terminal answers and is not emulated, so that 20 of them need little time.

    Attributes:
        process: the session.
        waits: seconds from a key to its answer.
        received: bytes of output.
    """

    process: asyncssh.SSHClientProcess[bytes]
    waits: list[float] = field(default_factory=list)
    received: int = 0
    _recent: bytes = b""
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Read and answer until the end."""
        rest = b""
        while data := await self.process.stdout.read(1 << 16):
            self.received += len(data)
            self._recent += data
            rest += data
            with contextlib.suppress(OSError):  # the session has just ended
                for query in QUERY.findall(rest):
                    self.process.stdin.write(b"\x1b[?%s;2$y" % query)
                self.process.stdin.write(b"\x1b[2;2R" * len(PLACE.findall(rest)))
            rest = rest[max(rest.rfind(b"p"), rest.rfind(b"n")) + 1 :][-16:]
            self._changed.set()

    async def press(self, key: bytes, answer: bytes, timeout: float = 20) -> float:
        """Press a key, and return how long it takes until an answer is there."""
        self._recent = b""
        began = time.monotonic()
        self.process.stdin.write(key)

        async def answered() -> None:
            while answer not in self._recent:
                self._changed.clear()
                await self._changed.wait()

        await asyncio.wait_for(answered(), timeout)
        return time.monotonic() - began


async def play(server: RunningServer, number: int, begin: asyncio.Barrier) -> LightGuest:
    """Be a guest: train, and look at the help again and again."""
    chance = random.Random(number)
    async with await connect(server) as connection:
        process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(
            term_type="xterm-256color", term_size=(80, 24), encoding=None
        )
        guest = LightGuest(process)
        reading = asyncio.create_task(guest.read())
        await guest.press(b"", b"BATCH")
        await guest.press(b" ", b"pause", 30)  # the footer says what the key does now
        await begin.wait()
        for _ in range(KEYS):
            await asyncio.sleep(chance.uniform(1.5, 3.5))
            guest.waits.append(await guest.press(b"?", HELP))
            await asyncio.sleep(0.5)
            process.stdin.write(b"\x1b")
        await begin.wait()
        process.stdin.write(b"\x1b")
        await asyncio.sleep(0.6)
        process.stdin.write(b"q")
        await asyncio.wait_for(reading, 20)
    return guest


@pytest.mark.long
def test_every_key_is_answered_in_a_full_room(tmp_path: Path) -> None:
    async def room(server: RunningServer) -> list[LightGuest]:
        begin = asyncio.Barrier(GUESTS)
        return await asyncio.gather(*(play(server, k, begin) for k in range(GUESTS)))

    with RunningServer(tmp_path, "--anonymous", "--hidden", "8") as server:
        guests = asyncio.run(room(server))
        server.wait_for_guests(0)
        assert len(server.processes()) == 1
        waits = sorted(wait for guest in guests for wait in guest.waits)
        p95 = sorted(sorted(guest.waits)[int(0.95 * KEYS)] for guest in guests)
        server.wait_for_log(f"session {GUESTS}:")
        lines = [line for line in server.log if re.search(r"session \d+:", line)]
        assert len(lines) == GUESTS
        cpu = sorted(float(line.split()[-2]) for line in lines)
        peak = sorted(float(re.findall(r"peak memory ([\d.]+) MiB", line)[0]) for line in lines)
        print(
            f"\nkeys: median {waits[len(waits) // 2]:.2f} s, p95 "
            f"{waits[int(0.95 * len(waits))]:.2f} s, worst {waits[-1]:.2f} s; "
            f"p95 of each guest {p95[0]:.2f} … {p95[-1]:.2f} s\n"
            f"processor of a guest: {cpu[0]:.1f} … {cpu[-1]:.1f} s; "
            f"peak memory {peak[0]} … {peak[-1]} MiB"
        )
        assert all(len(guest.waits) == KEYS for guest in guests)
        assert cpu[-1] < 3 * cpu[0]  # nobody starves

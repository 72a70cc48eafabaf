"""What ends a session that takes too much, and what is left when the server is killed."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path

from serve.running import RunningServer, alive, connect, run, visit

from rnn_tui.serve.guest_process import CPU_SECONDS, LARGEST_FILE, OPEN_FILES


def test_too_much_memory_and_too_long_without_a_key_end_a_session(tmp_path: Path) -> None:
    async def play(server: RunningServer) -> None:
        async with await connect(server) as greedy, await connect(server) as idle:
            big, quiet = await visit(greedy), await visit(idle)
            await big.wait_for("BATCH")
            await quiet.wait_for("BATCH")
            while not big.ended:
                big.send("u")
                await asyncio.sleep(0.5)
            assert b"this session took more than 140 MiB of memory and was ended" in big.raw
            assert b"\x1b[?1049l" in big.raw
            await quiet.wait_end(20)
            assert b"ended after 4 seconds without a key" in quiet.raw

    limits = "--anonymous --memory 140M --max-memory 2GiB --idle 4s"
    network = "--cell lstm --hidden 128 --layers 4 --steps 100 --batch 16 --num-points 2000"
    with RunningServer(tmp_path, *limits.split(), *network.split()) as server:
        run(play(server))
        server.wait_for_log("session .* memory; ")
        server.wait_for_log("session .* idle; ")


def test_a_killed_server_leaves_no_process(tmp_path: Path) -> None:
    async def play(server: RunningServer) -> None:
        async with await connect(server) as connection:
            guest = await visit(connection)
            await guest.wait_for("BATCH")
            processes = server.processes()
            assert len(processes) == 2
            server.process.kill()
            await guest.wait_end()
            deadline = time.monotonic() + 15
            while any(alive(each) for each in processes):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)

    with RunningServer(tmp_path, "--anonymous") as server:
        run(play(server))


def test_a_guest_has_limits_and_nothing_of_the_server(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as connection:
            guest = await visit(connection)
            await guest.wait_for("BATCH")
            (process,) = server.guests()
            folder = Path(f"/proc/{process}")
            limits = {
                line[:26].strip(): line[26:].split()[0]
                for line in (folder / "limits").read_text().splitlines()
            }
            assert limits["Max cpu time"] == str(CPU_SECONDS)
            assert limits["Max file size"] == str(LARGEST_FILE)
            assert limits["Max open files"] == str(OPEN_FILES)
            assert limits["Max core file size"] == "0"
            assert limits["Max data size"] != "unlimited"
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            assert int(stat[16]) == os.getpriority(os.PRIO_PROCESS, 0) + 5  # nice
            assert stat[3] == str(process)  # a session of its own
            if os.getuid() == 0:
                names = {os.readlink(each) for each in (folder / "fd").iterdir()}
                terminals = {name for name in names if name.startswith("/dev/pts/")}
                assert len(terminals) == 1
                assert not any("socket" in each and "key" in each for each in names)
                assert str(server.port) not in "".join(names)
            connection.abort()

    run(play())
    server.wait_for_guests(0)
    assert resource.getrlimit(resource.RLIMIT_CPU)[0] != CPU_SECONDS  # those of others are theirs

"""A guest's session from beginning to end, over asyncssh's own client."""

import asyncio
import stat
from pathlib import Path

from serve.running import RunningServer, alive, connect, run, visit

from rnn_tui.serve.keys import load_host_key
from rnn_tui.serve.session_log import RefusalLog

FOLDER_OF_KEY = "rnn-tui/serve/ssh_host_ed25519_key"


def test_a_guest_gets_the_program_in_a_process_of_its_own(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as first, await connect(server) as second:
            one, two = await visit(first), await visit(second, columns=100, lines=30)
            assert "gru" in await one.wait_for("BATCH")
            await two.wait_for("BATCH")
            assert len(server.guests()) == 2
            one.send("nn")
            await one.wait_for("FORWARD t=1/")
            assert "BATCH" in two.text().splitlines()[1]
            one.send("q")
            assert await one.wait_end() == 0
            two.send("q")
            assert await two.wait_end() == 0

    run(play())
    server.wait_for_guests(0)
    line = server.wait_for_log(r"session \d+: guest 127.0.0.1 without a key; .* left; .*")[0]
    for part in ("from 20", "left", "sent ", "received ", "peak memory ", "MiB"):
        assert part in line


def test_one_line_says_that_the_room_is_full(server: RunningServer) -> None:
    async def play() -> None:
        connections = [await connect(server) for _ in range(4)]
        visits = [await visit(each) for each in connections]
        for each in visits[:3]:
            await each.wait_for("BATCH")
        assert await visits[3].wait_end() == 1
        assert visits[3].raw == b"rnn-tui: all 3 places are taken; try again later\r\n"
        for connection in connections:  # as where a network is lost
            connection.abort()

    run(play())
    server.wait_for_guests(0)
    server.wait_for_log("no session: 127.0.0.1 without a key; all 3 places are taken$")


def test_a_crowd_that_is_turned_away_is_few_lines_of_the_log() -> None:
    lines: list[str] = []
    now = 0.0
    refusals = RefusalLog(lines.append, lambda: now)
    for k in range(250):
        now = k / 10
        refusals.add("192.0.2.1 without a key", "full")
    refusals.add("192.0.2.2 without a key", "no terminal")
    refusals.close()
    assert lines == [
        "no session: 192.0.2.1 without a key; full",
        "no session: 192.0.2.1 without a key; full; 99 more since the line before",
        "no session: 192.0.2.1 without a key; full; 99 more since the line before",
        "no session: 192.0.2.2 without a key; no terminal",
        "no session: 49 more; full",
    ]


def test_the_end_of_the_input_ends_the_session_with_a_line(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as first, await connect(server) as second:
            early, late = await visit(first), await visit(second)
            early.process.stdin.write_eof()  # before the program is there
            await late.wait_for("BATCH")
            late.process.stdin.write_eof()
            for each in (early, late):
                assert await each.wait_end() == 1
                said = each.raw.rpartition(b"\x1b[?1049l")[2]
                assert said.endswith(b"rnn-tui: the input has ended, and with it this session\r\n")
                assert said.count(b"rnn-tui: ") == 1

    run(play())
    server.wait_for_log("session .* end of input; ")


def test_the_end_of_the_server_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    async def play(server: RunningServer) -> None:
        async with await connect(server) as first, await connect(server) as second:
            guests = [await visit(each) for each in (first, second)]
            for guest in guests:
                await guest.wait_for("BATCH")
                guest.send(" ")
                await guest.wait_for("pause")
            processes = server.processes()
            assert len(processes) == 3
            slow = guests[1].process.channel
            slow.pause_reading()  # it has what comes, and shows it later
            ending = asyncio.create_task(asyncio.to_thread(server.end))
            await asyncio.sleep(0.1)
            slow.resume_reading()
            codes = [await guest.wait_end() for guest in guests]
            assert await ending == 0
            assert codes == [1, 1]
            for guest in guests:
                said = guest.raw.rpartition(b"\x1b[?1049l")[2]
                assert said.endswith(b"rnn-tui: the server ends\r\n")
                assert said.count(b"rnn-tui: ") == 1
                assert b"SIG" not in said
            for each in processes:
                assert not alive(each)

    with RunningServer(tmp_path, "--anonymous") as server:
        run(play(server))
        assert "the server ends" in server.wait_for_log("session 1: .*")[0]
    key = tmp_path / FOLDER_OF_KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    again = load_host_key(str(key))
    assert again.get_fingerprint() in server.log[0]  # made once, and the same from then on

"""All that SSH can do beside a terminal with the program in it is refused."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncssh
import pytest
from asyncssh.constants import MSG_REQUEST_FAILURE
from asyncssh.packet import Boolean, Byte, String, UInt32
from serve.running import RunningServer, connect, run, visit

Connection = asyncssh.SSHClientConnection


async def global_request(connection: Connection) -> None:
    """Send a request that nobody knows."""
    kind, _ = await connection._make_global_request(b"none@such", String("x"))
    if kind == MSG_REQUEST_FAILURE:
        raise asyncssh.ChannelOpenError(0, "")


REFUSED: dict[str, Callable[[Connection], Awaitable[object]]] = {
    "exec": lambda c: c.run("id", check=True),
    "subsystem": lambda c: c.create_process(subsystem="netconf"),
    "sftp": lambda c: c.start_sftp_client(),
    "scp": lambda c: asyncssh.scp((c, "/etc/hostname"), "."),
    "to a port": lambda c: c.open_connection("127.0.0.1", 22),
    "to a socket": lambda c: c.open_unix_connection("/run/some.sock"),
    "from a port": lambda c: c.forward_remote_port("127.0.0.1", 0, "127.0.0.1", 22),
    "from a socket": lambda c: c.start_unix_server(lambda: None, "/tmp/rnn-tui-test.sock"),
    "a global request": global_request,
    "a network": lambda c: c.create_tun(lambda: asyncssh.SSHTunTapSession()),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(server: RunningServer, what: str) -> None:
    errors = (asyncssh.Error, asyncssh.ChannelListenError, OSError)

    async def play() -> None:
        async with await connect(server) as connection:
            with pytest.raises(errors):
                await REFUSED[what](connection)

    run(play())


def test_a_session_has_a_terminal_and_nothing_else(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as connection:
            guest = await visit(connection, kind="xterm-256color")
            await guest.wait_for("BATCH")
            channel = guest.process.channel
            size = b"".join((UInt32(80), UInt32(24), UInt32(0), UInt32(0)))
            for name, *content in (
                (b"env", String("LANG"), String("C")),
                (b"auth-agent-req@openssh.com",),
                (b"x11-req", Boolean(False), String("MIT-MAGIC-COOKIE-1"), String("00"), UInt32(0)),
                (b"exec", String("id")),
                (b"subsystem", String("sftp")),
                (b"shell",),
                (b"pty-req", String("xterm"), size, String(b"")),
                (b"signal", String("KILL")),
                (b"break", UInt32(0)),
                (b"nothing-like-that@example.org", Byte(0)),
            ):
                assert not await channel._make_request(name, *content), name
            with pytest.raises(asyncssh.ChannelOpenError):
                await visit(connection)  # one session a connection
            guest.send("q")
            assert await guest.wait_end() == 0

    run(play())


def test_without_a_terminal_one_line_says_how(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as connection:
            process = await connection.create_process(encoding=None)
            assert await process.stdout.read() == b"rnn-tui: this needs a terminal; use: ssh -t\r\n"
        async with await connect(server) as connection:
            guest = await visit(connection, kind="dumb")
            assert await guest.wait_end() == 1
            assert b"a terminal that can move its cursor" in guest.raw

    run(play())


def test_an_unknown_terminal_is_taken_for_another_and_that_is_said(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as connection:
            guest = await visit(connection, kind="../../etc/passwd\x1b[31m")
            await guest.wait_for("BATCH")
            assert guest.raw.startswith(b"rnn-tui: this server does not know your terminal")
            assert b"passwd" not in guest.raw
            guest.send("q")
            await guest.wait_end()

    run(play())


def test_sizes_are_clamped_and_storms_are_few(server: RunningServer) -> None:
    async def play() -> None:
        async with await connect(server) as connection:
            process = await connection.create_process(
                term_type="xterm", term_size=(2**32 - 1, 2**32 - 1), encoding=None
            )
            assert await process.stdout.read(100)
            for k in range(500):
                process.change_terminal_size(k % 3 * (2**31 - 1), k % 7 * 1000)
            process.change_terminal_size(80, 24)
            process.stdin.write(b"q")
            while await process.stdout.read(1 << 16):
                pass
            await process.wait_closed()
            assert process.exit_status == 0

    run(play())


def test_keys_decide_who_comes_in(tmp_path: Path) -> None:
    known, other = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
    file = tmp_path / "class.pub"
    file.write_bytes(b"# the class\n\n" + known.export_public_key())

    async def play(server: RunningServer) -> None:
        async with await connect(server, client_keys=[other, known]) as connection:
            guest = await visit(connection)
            await guest.wait_for("BATCH")
            guest.send("q")
            await guest.wait_end()
        for keys in (None, [other]):
            with pytest.raises(asyncssh.PermissionDenied):
                await connect(server, client_keys=keys)
        with pytest.raises(asyncssh.PermissionDenied):
            await connect(server, client_keys=None, password="secret")
        file.write_bytes(other.export_public_key())  # it is read again
        async with await connect(server, client_keys=[other]):
            pass
        with pytest.raises(asyncssh.PermissionDenied):
            await connect(server, client_keys=[known])

    with RunningServer(tmp_path, "--authorized-keys", str(file)) as server:
        run(play(server))
        assert known.get_fingerprint() in server.wait_for_log("session 1: .*")[0]
        assert "guest" in server.wait_for_log("session 1: .*")[0]

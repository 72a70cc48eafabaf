"""Following the presenter over SSH: one drives, the others look, each in their own way."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest
from serve.running import RunningServer, Visit, connect, visit

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs Linux")

FOLLOWING = "following the presenter"


@pytest.fixture(scope="module")
def key() -> asyncssh.SSHKey:
    """Return the presenter's key."""
    return asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, key: asyncssh.SSHKey) -> Iterator[RunningServer]:
    """Return a server at which the holder of the key presents."""
    folder: Path = tmp_path_factory.mktemp("following")
    (folder / "key.pub").write_bytes(key.export_public_key())
    options = ("--present", str(folder / "key.pub"), "--cell", "lstm", "--hidden", "8")
    with RunningServer(folder, *options) as running:
        yield running


async def come_in(
    room: RunningServer, key: asyncssh.SSHKey | None = None, **terminal: int | str
) -> Visit:
    """Return a session of the presenter's, if there is a key, or a follower's."""
    keys = None if key is None else [key]
    connection = await connect(room, client_keys=keys, password="any")
    return await visit(connection, **terminal)  # type: ignore[arg-type]


async def until(visit: Visit, pattern: str) -> str:
    """Wait until the screen has what a pattern says."""
    for _ in range(1500):
        if re.search(pattern, visit.text()):
            return visit.text()
        await asyncio.sleep(0.01)
    raise AssertionError(f"no {pattern!r}:\n{visit.text()}")


def test_followers_see_what_the_presenter_shows(room: RunningServer, key: asyncssh.SSHKey) -> None:
    async def scene() -> None:
        small = await come_in(room)
        waiting = await small.wait_for("Waiting for the presenter")
        assert "Nobody who waits is sent away within 1 hour." in waiting
        presenter = await come_in(room, key, columns=110, lines=32)
        await presenter.wait_for("1 follow")
        await small.wait_for(FOLLOWING)
        large = await come_in(room, columns=150, lines=44, kind="vt100")
        await large.wait_for(FOLLOWING)
        await presenter.wait_for("2 follow")

        presenter.send("nnnnj")  # the batch, three timesteps, the second unit
        for each in (presenter, small, large):
            await until(each, r"FORWARD t=3/20 . update 0(.|\n)*unit 2 of 8")

        small.send("n")
        await small.wait_for("you follow the presenter")
        small.send("\t")  # its own panel from now on: the loss
        await small.wait_for("your own view  esc follow again")
        presenter.send("z")  # the whole timestep
        await until(large, r"\A(?!(.|\n)*test: all)")
        assert "the loss of every update" in small.text()
        presenter.send("n")
        await small.wait_for("FORWARD t=4/20")
        assert "the loss of every update" in small.text()
        small.send("\x1b")
        await small.wait_for(FOLLOWING)
        await until(small, r"\A(?!(.|\n)*the loss of every update)")
        small.send("?")
        await small.wait_for("This panel")
        assert "run / pause" not in small.text()
        small.send("?")
        await until(small, r"\A(?!(.|\n)*This panel)")

        presenter.send(" ")
        for each in (small, large):
            await until(each, r"update [1-9]\d* .*running")
        presenter.send("q")
        await presenter.wait_end()
        for each in (small, large):
            await until(each, r"paused(.|\n)*the presenter has left")
        again = await come_in(room, key)
        await until(large, rf"update 0 (.|\n)*{FOLLOWING}")
        for each in (again, small, large):
            each.process.channel.close()

    asyncio.run(scene())
    room.wait_for_guests(0)

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

        presenter.send("z;")  # all panels again, and a value pointed at, its name in large
        for each in (small, large):
            await until(each, r"[▀▄█]{2,} +[▀▄█]{2,}(.|\n)*following")
        presenter.send(";;*")  # no pointer, but one thing in large
        for each in (small, large):
            await until(each, r"\A ?FORWARD t=4/20 . update 0 +unit 2 of 8")
        presenter.send("*")
        await until(large, r"update 0 . loss")
        small.send(";")  # a pointer of one's own, which the arrows move
        await until(small, r"[▀▄█]{2,} +[▀▄█]{2,}(.|\n)*arrows move the pointer")
        small.send("\x1b[A;")
        await until(small, r"your own view")
        small.send("\x1b")
        await small.wait_for(FOLLOWING)

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


SLIDES = """
title = "Two slides"
[run]
hidden = 4
steps = 5
[[step]]
title = "a window"
do = ["keys n"]
say = "Notes."
[[step]]
title = "why does it shrink?"
do = ["keys 3n"]
show = { panel = "timestep", mark = "h_3[1]" }
[[step]]
title = "which way?"
show = { big = "equation" }
[step.ask]
question = "Does it grow?"
choices = [{ text = "it grows", when = "1 < 2" }, { text = "it shrinks", when = "2 < 1" }]
"""


@pytest.mark.long
def test_followers_see_the_slides(tmp_path: Path, key: asyncssh.SSHKey) -> None:
    (tmp_path / "key.pub").write_bytes(key.export_public_key())
    (tmp_path / "slides.toml").write_text(SLIDES)
    options = ("--present", str(tmp_path / "key.pub"), "--slides", str(tmp_path / "slides.toml"))

    async def scene(room: RunningServer) -> None:
        follower = await come_in(room)
        presenter = await come_in(room, key)
        for each in (presenter, follower):
            await until(each, r"BATCH . update 0(.|\n)* 1/3 · a window")
        assert "Notes." not in follower.text()
        presenter.send("\x1b[6~")  # PgDn
        for each in (presenter, follower):
            await until(each, r"FORWARD t=3/5(.|\n)* 2/3 · why does it shrink\?")
        await asyncio.sleep(0.3)
        presenter.send("\x1b[6~")
        for each in (presenter, follower):
            await until(each, r"Does it grow\?(.|\n)* 3/3 · which way\?|3/3 · which way\?")
        presenter.send("q")
        await presenter.wait_end()
        follower.process.channel.close()

    with RunningServer(tmp_path, *options) as room:
        asyncio.run(scene(room))
        room.wait_for_guests(0)

"""The relay: the newest picture for each follower that asks, and nobody waits for anybody."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from rnn_tui.following.messages import (
    LONGEST,
    Ask,
    Audience,
    Looks,
    Message,
    MessageError,
    Picture,
    Presence,
    Wanted,
    decode,
    encode,
    receive,
    send,
    socket_pair,
)
from rnn_tui.following.relay import Relay
from rnn_tui.following.sealed_memory import SealedMemoryError, check, seal, view

pytestmark = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs Linux")


class End:
    """The guest's end of a connection to the relay."""

    def __init__(self, attach: Callable[[socket.socket], None]) -> None:
        self.server, self.own = socket_pair()
        attach(self.server)

    async def next(self, kind: type[Message]) -> Message:
        """Return the next message of a kind; others before it are dropped."""
        return (await self.next_with_content(kind))[0]

    async def next_with_content(self, kind: type[Message]) -> tuple[Message, bytes]:
        """Return the next message of a kind and what its descriptor holds."""
        async with asyncio.timeout(5):
            while True:
                try:
                    received = receive(self.own)
                except BlockingIOError:
                    await asyncio.sleep(0.002)
                    continue
                assert received is not None, "the relay has closed the socket"
                message, descriptor = received
                content = b""
                if descriptor is not None:
                    content = bytes(view(descriptor))
                    os.close(descriptor)
                if isinstance(message, kind):
                    return message, content

    def send_picture(self, content: bytes) -> None:
        """Send a picture."""
        descriptor = seal([content])
        assert send(self.own, Picture(False), descriptor)
        os.close(descriptor)


def run(scene: Callable[[Relay], Coroutine[Any, Any, None]]) -> None:
    """Run a scene with a relay; at the end it has left no descriptor open."""

    async def whole() -> None:
        relay = Relay()
        try:
            await scene(relay)
        finally:
            relay.close()

    before = len(os.listdir("/proc/self/fd"))
    asyncio.run(whole())
    assert len(os.listdir("/proc/self/fd")) <= before


def test_who_asks_gets_the_next_picture_once() -> None:
    async def scene(relay: Relay) -> None:
        presenter, follower = End(relay.present), End(relay.follow)
        assert await presenter.next(Audience) == Audience(0)
        assert await presenter.next(Audience) == Audience(1)
        assert await follower.next(Presence) == Presence(True)
        send(follower.own, Ask(Looks(frozenset({"map"}), True, 7)))
        assert await presenter.next(Wanted) == Wanted(Looks(frozenset({"map"}), True, 7))
        presenter.send_picture(b"one")
        assert await follower.next_with_content(Picture) == (Picture(False), b"one")
        send(follower.own, Ask(Looks()))
        await presenter.next(Wanted)
        presenter.send_picture(b"two")
        assert (await follower.next_with_content(Picture))[1] == b"two"
        for each in (presenter, follower):
            each.own.close()

    run(scene)


def test_who_does_not_read_holds_up_nobody_and_gets_the_newest_later() -> None:
    async def scene(relay: Relay) -> None:
        presenter, quick, slow = End(relay.present), End(relay.follow), End(relay.follow)
        send(slow.own, Ask(Looks()))
        for n in range(10):
            send(quick.own, Ask(Looks()))
            await presenter.next(Wanted)
            presenter.send_picture(b"%d" % n)
            assert (await quick.next_with_content(Picture))[1] == b"%d" % n
        assert (await slow.next_with_content(Picture))[1] == b"0"
        send(slow.own, Ask(Looks()))
        assert (await slow.next_with_content(Picture))[1] == b"9"
        for each in (presenter, quick, slow):
            each.own.close()

    run(scene)


def test_presenter_is_asked_only_if_somebody_waits_and_for_all_that_is_looked_at() -> None:
    async def scene(relay: Relay) -> None:
        presenter, one, two = End(relay.present), End(relay.follow), End(relay.follow)
        await asyncio.sleep(0.05)
        assert await presenter.next(Audience) == Audience(0)
        assert await presenter.next(Audience) == Audience(1)
        assert await presenter.next(Audience) == Audience(2)
        with pytest.raises(BlockingIOError):
            receive(presenter.own)
        send(one.own, Ask(Looks(frozenset({"map"}), False, 50)))
        assert await presenter.next(Wanted) == Wanted(Looks(frozenset({"map"}), False, 50))
        send(two.own, Ask(Looks(frozenset({"gates"}), True, 20)))
        both = Looks(frozenset({"map", "gates"}), True, 50)
        assert await presenter.next(Wanted) == Wanted(both)
        for each in (presenter, one, two):
            each.own.close()

    run(scene)


def test_presenter_leaves_and_comes_back() -> None:
    async def scene(relay: Relay) -> None:
        follower = End(relay.follow)
        assert await follower.next(Presence) == Presence(False)
        send(follower.own, Ask(Looks()))
        await asyncio.sleep(0.05)
        for content in (b"first", b"second"):
            presenter = End(relay.present)
            assert await follower.next(Presence) == Presence(True)
            await presenter.next(Wanted)
            presenter.send_picture(content)
            assert (await follower.next_with_content(Picture))[1] == content
            send(follower.own, Ask(Looks()))
            relay.leave(presenter.server)
            presenter.own.close()
            assert await follower.next(Presence) == Presence(False)
            assert not relay.presented
        late = End(relay.follow)
        assert await late.next(Presence) == Presence(False)
        relay.leave(late.server)
        for each in (follower, late):
            each.own.close()

    run(scene)


@pytest.mark.parametrize("bad", ["nonsense", "picture", "not sealed", "flood", "gone"])
def test_a_follower_that_misbehaves_harms_nobody(bad: str) -> None:
    async def scene(relay: Relay) -> None:
        presenter, good, wrong = End(relay.present), End(relay.follow), End(relay.follow)
        if bad == "nonsense":
            wrong.own.send(b"{" * 3000)
        elif bad == "picture":
            wrong.send_picture(b"false")
        elif bad == "not sealed":
            descriptor = os.memfd_create("open")
            send(presenter.own, Picture(False), descriptor)
            os.close(descriptor)
        elif bad == "flood":
            while send(wrong.own, Ask(Looks())):
                pass
        else:
            wrong.own.close()
        for n in range(3):
            send(good.own, Ask(Looks()))
            await presenter.next(Wanted)
            presenter.send_picture(b"%d" % n)
            assert (await good.next_with_content(Picture))[1] == b"%d" % n
        for each in (presenter, good, wrong):
            each.own.close()

    run(scene)


@pytest.mark.parametrize(
    "message",
    [
        Ask(Looks(frozenset({"map", "carpet"}), True, 80)),
        Wanted(Looks()),
        Audience(12),
        Picture(True),
        Presence(False),
    ],
)
def test_messages_survive_the_way(message: Message) -> None:
    assert decode(encode(message)) == message


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "ask"},
        {"kind": "ask", "proofs": ["os"], "predictions": True, "characters": 1},
        {"kind": "ask", "proofs": ["map"] * 99, "predictions": True, "characters": 1},
        {"kind": "ask", "proofs": [{}], "predictions": True, "characters": 1},
        {"kind": "ask", "proofs": [], "predictions": 1, "characters": 1},
        {"kind": "ask", "proofs": [], "predictions": True, "characters": True},
        {"kind": "ask", "proofs": [], "predictions": True, "characters": -1},
        {"kind": "ask", "proofs": [], "predictions": True, "characters": 10**9},
        {"kind": "ask", "proofs": [], "predictions": True, "characters": 1, "more": 1},
        {"kind": "audience", "followers": 1.5},
        {"kind": "step"},
        {"kind": ["ask"]},
        [],
        None,
        "ask",
    ],
)
def test_what_is_no_message_is_refused(wrong: object) -> None:
    with pytest.raises(MessageError):
        decode(json.dumps(wrong).encode())


def test_what_is_too_long_or_nested_is_refused() -> None:
    for data in (b" " * (LONGEST + 1), b"[" * LONGEST, b"\xff\xfe", b""):
        with pytest.raises(MessageError):
            decode(data)


def test_sealed_memory_cannot_be_changed() -> None:
    pieces: list[bytes | memoryview] = [b"ab", b"", memoryview(b"cd"), *[b"x"] * 2000]
    descriptor = seal(pieces)
    try:
        assert bytes(view(descriptor)) == b"abcd" + b"x" * 2000
        for change in (
            lambda: os.write(descriptor, b"y"),
            lambda: os.ftruncate(descriptor, 1),
            lambda: os.ftruncate(descriptor, 9999),
        ):
            with pytest.raises(OSError):
                change()
    finally:
        os.close(descriptor)


def test_only_sealed_memory_is_taken() -> None:
    reading, writing = os.pipe()
    memory = os.memfd_create("open", os.MFD_ALLOW_SEALING)
    os.write(memory, b"abc")
    for descriptor in (reading, writing, memory):
        with pytest.raises(SealedMemoryError):
            check(descriptor)
        os.close(descriptor)

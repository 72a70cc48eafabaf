"""From the presenter's program to those of the followers: the newest message, never a queue.

Each program has a Unix socket to the server. Messages (`rnn_tui.serve.frames`) begin with a byte
that says of which kind they are:

    from        to          kind
    follower    server      b"?" and what is looked at     send me what is newer, once there is
    server      presenter   b"?" and the audience          somebody waits: send what is newest
    presenter   server      b"=" and a snapshot            it replaces the one before, unsent
    server      follower    b"=" and a snapshot            the answer, once for each b"?"
    server      presenter   b"#" and the audience          the followers have changed
    server      follower    b"!" and 0 or 1                whether there is a presenter

A follower that is slow asks seldom, and gets what is newest when it asks; nobody waits for it. The
audience is JSON: how many followers there are, and what they look at, each thing once. What that
and a snapshot are is up to the programs; nothing here looks into them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import Callable
from typing import cast

from rnn_tui.serve.frames import FrameError, FrameReader, frame

ASK, SNAPSHOT, AUDIENCE, PRESENTED = b"?", b"=", b"#", b"!"
Send = Callable[[bytes], object]


class Follower:
    """What the relay knows of one follower.

    Attributes:
        looks_at: what it has said last that it looks at.
    """

    def __init__(self, relay: Relay, send: Send) -> None:
        self.looks_at = b""
        self._relay = relay
        self._send = send
        self._seen = 0  # number of the newest snapshot that it got
        self._waits = False

    def receive(self, message: bytes) -> None:
        """Take a message of the follower's program."""
        if message[:1] != ASK:
            return
        changed, self.looks_at = self.looks_at != message[1:], message[1:]
        self._waits = True
        if changed:
            self._relay.audience_changed()
        self.give()
        if self._waits:
            self._relay.ask()

    def give(self) -> None:
        """Send what is newest, if the follower waits for it and does not have it."""
        if self._waits and self._relay.newest is not None and self._relay.number > self._seen:
            self._waits, self._seen = False, self._relay.number
            self._send(SNAPSHOT + self._relay.newest)

    def tell_presented(self, presented: bool) -> None:
        """Say whether there is a presenter."""
        self._send(PRESENTED + (b"1" if presented else b"0"))

    def leave(self) -> None:
        """Follow no more."""
        self._relay.leave(self)

    @property
    def waits(self) -> bool:
        """Whether it has asked and got nothing yet."""
        return self._waits


class Relay:
    """The slot between one presenter and all followers.

    Attributes:
        newest: the newest snapshot; None before the first one.
        number: how many there have been.
    """

    def __init__(self) -> None:
        self.newest: bytes | None = None
        self.number = 0
        self._followers: list[Follower] = []
        self._presenter: Send | None = None
        self._asked = False  # the presenter has been asked, and has not answered

    # ---------------------------------------------------------------- the presenter

    def present(self, send: Send) -> None:
        """Have another presenter, whose program gets messages by `send`."""
        self._presenter = send
        self.newest, self._asked = None, False
        for follower in self._followers:
            follower.tell_presented(True)
        self.audience_changed()
        if any(follower.waits for follower in self._followers):
            self.ask()

    def receive(self, message: bytes) -> None:
        """Take a message of the presenter's program."""
        if message[:1] != SNAPSHOT:
            return
        self.newest, self.number, self._asked = message[1:], self.number + 1, False
        for follower in self._followers:
            follower.give()

    def end_presenting(self, send: Send) -> None:
        """Have no presenter, if it is this one; what was shown last stays."""
        if self._presenter == send:
            self._presenter, self._asked = None, False
            for follower in self._followers:
                follower.tell_presented(False)

    # ---------------------------------------------------------------- the followers

    def follow(self, send: Send) -> Follower:
        """Return a new follower, whose program gets messages by `send`."""
        follower = Follower(self, send)
        self._followers.append(follower)
        follower.tell_presented(self._presenter is not None)
        self.audience_changed()
        return follower

    def leave(self, follower: Follower) -> None:
        """Forget a follower."""
        with contextlib.suppress(ValueError):
            self._followers.remove(follower)
            self.audience_changed()

    def ask(self) -> None:
        """Ask the presenter for what is newest, unless it has been asked."""
        if self._presenter is not None and not self._asked:
            self._asked = True
            self._presenter(ASK + self._audience())

    def audience_changed(self) -> None:
        """Tell the presenter how many follow, and what they look at."""
        if self._presenter is not None:
            self._presenter(AUDIENCE + self._audience())

    def _audience(self) -> bytes:
        looked_at = sorted({each.looks_at.decode("latin-1") for each in self._followers})
        return json.dumps({"followers": len(self._followers), "look_at": looked_at}).encode()


class MessageLink(asyncio.Protocol):
    """The server's end of the socket to one program.

    Attributes:
        receive: takes a message of the program.
        ended: called once when the program's end is closed.
        begun: called once when messages can be sent.
        connecting: the task that connects.
    """

    def __init__(self) -> None:
        self.begun: Callable[[], object] = lambda: None
        self.connecting: asyncio.Task[None] | None = None
        self.receive: Callable[[bytes], object] = lambda message: None
        self.ended: Callable[[], object] = lambda: None
        self._transport: asyncio.Transport | None = None
        self._reader = FrameReader()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket."""
        self._transport = cast(asyncio.Transport, transport)
        self.begun()

    def data_received(self, data: bytes) -> None:
        """Take messages; one that is too long ends the link."""
        try:
            for message in self._reader.feed(data):
                self.receive(message)
        except FrameError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the program is gone."""
        self._transport = None
        self.ended()

    def send(self, message: bytes) -> None:
        """Send a message; at most one snapshot waits, as each is asked for."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame(message))

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.abort()


def connect_program(relay: Relay, *, presents: bool) -> tuple[socket.socket, MessageLink]:
    """Return the program's end of a new socket, and the server's, which `relay` reads and writes.

    Args:
        relay: where messages go and come from.
        presents: whether the program is the presenter's; else it is a follower's.

    Raises:
        OSError: there are no descriptors left.
    """
    own, programs = socket.socketpair()
    own.setblocking(False)
    link = MessageLink()
    loop = asyncio.get_running_loop()

    def begin() -> None:
        if presents:
            relay.present(link.send)
            link.receive, link.ended = relay.receive, lambda: relay.end_presenting(link.send)
        else:
            follower = relay.follow(link.send)
            link.receive, link.ended = follower.receive, follower.leave

    async def connect() -> None:
        await loop.connect_accepted_socket(lambda: link, own)

    link.begun = begin
    link.connecting = loop.create_task(connect())
    return programs, link

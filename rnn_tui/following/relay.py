"""In the server: the newest picture of the presenter, handed to each follower that waits for one.

Nothing waits here and nothing is queued. The relay has one picture, the newest. A follower has
asked for the next one or it has not; the presenter has been told that somebody waits or it has not.
Whoever does not read is passed over, and gets the picture that is newest when it asks again.

    relay = Relay()
    server_end, guest_end = socket_pair()    # the guest's process gets guest_end
    relay.present(server_end)                # or relay.follow(server_end)
    …
    relay.leave(server_end)                  # once that process has ended; this closes the socket
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce

from rnn_tui.following.messages import (
    NOTHING,
    Ask,
    Audience,
    Looks,
    Message,
    MessageError,
    Picture,
    Presence,
    Wanted,
    receive,
    send,
)
from rnn_tui.following.sealed_memory import SealedMemoryError, check

_Hear = Callable[[socket.socket, Message, int | None], None]
REST = 0.04  # seconds from one message of a process to the next that is read


@dataclass(eq=False, slots=True)
class _Follower:
    """What the relay knows of a follower.

    Attributes:
        connection: the server's end of the socket.
        looks: what it looks at.
        waits: whether it has asked for a picture and got none yet.
        seen: the number of the newest picture that it got; 0 for none.
        told: what it has been told of the presenter's presence; None for nothing.
    """

    connection: socket.socket
    looks: Looks = NOTHING
    waits: bool = False
    seen: int = 0
    told: bool | None = None


@dataclass(eq=False, slots=True)
class _Presenter:
    """What the relay knows of the presenter.

    Attributes:
        connection: the server's end of the socket.
        wanted: what it was asked for and has not sent yet; None for nothing.
        audience: how many followers it has been told of; −1 for nothing.
    """

    connection: socket.socket
    wanted: Looks | None = None
    audience: int = -1


@dataclass(eq=False, slots=True)
class Relay:
    """Hands pictures on. All of its methods are for the thread of the event loop, and are quick."""

    _presenter: _Presenter | None = None
    _followers: dict[socket.socket, _Follower] = field(default_factory=dict)
    _picture: tuple[int, Picture, int] | None = None  # its number, message and descriptor
    _number: int = 0
    _resting: dict[socket.socket, asyncio.TimerHandle] = field(default_factory=dict)

    @property
    def presented(self) -> bool:
        """Whether the presenter is there."""
        return self._presenter is not None

    @property
    def followers(self) -> int:
        """How many follow."""
        return len(self._followers)

    def present(self, connection: socket.socket) -> None:
        """Have the process at the other end of `connection` be the presenter from now on."""
        if self._presenter is not None:
            self._unwatch(self._presenter.connection)
            self._drop_picture()
        self._presenter = _Presenter(connection)
        self._watch(connection, self._hear_presenter)
        self._tell_presence()
        self._tell_audience()
        self._ask_presenter()

    def follow(self, connection: socket.socket) -> None:
        """Have the process at the other end of `connection` follow."""
        self._followers[connection] = follower = _Follower(connection)
        self._watch(connection, self._hear_follower)
        self._tell(follower, self.presented)
        self._tell_audience()

    def leave(self, connection: socket.socket) -> None:
        """Forget a presenter or follower, whose process has ended, and close its socket."""
        self._unwatch(connection)
        if self._presenter is not None and self._presenter.connection is connection:
            self._presenter = None
            self._drop_picture()  # who comes now waits for the presenter
            self._tell_presence()
        elif self._followers.pop(connection, None) is not None:
            self._tell_audience()
            if not self._followers:
                self._drop_picture()  # it would be old for who comes next
                if self._presenter is not None:
                    self._presenter.wanted = None  # who presents has heard that nobody waits
        connection.close()

    def close(self) -> None:
        """Forget all of them."""
        presenter = [] if self._presenter is None else [self._presenter.connection]
        for connection in (*presenter, *self._followers):
            self.leave(connection)

    # ---------------------------------------------------------------- reading

    def _watch(self, connection: socket.socket, hear: _Hear) -> None:
        """Read a message whenever there is one, but no more often than every `REST` seconds."""
        connection.setblocking(False)
        asyncio.get_running_loop().add_reader(connection, self._read, connection, hear)

    def _unwatch(self, connection: socket.socket) -> None:
        """Read no more messages."""
        if connection in self._resting:
            self._resting.pop(connection).cancel()
        if connection.fileno() >= 0:
            asyncio.get_running_loop().remove_reader(connection)

    def _read(self, connection: socket.socket, hear: _Hear) -> None:
        """Read one message; after one that cannot be read, or the end, no more."""
        self._unwatch(connection)
        try:
            received = receive(connection)
        except BlockingIOError:
            pass
        except (MessageError, OSError):
            return
        else:
            if received is None:
                return
            hear(connection, *received)
        if connection.fileno() >= 0:  # else it has left meanwhile
            self._resting[connection] = asyncio.get_running_loop().call_later(
                REST, self._watch, connection, hear
            )

    def _hear_presenter(
        self, connection: socket.socket, message: Message, descriptor: int | None
    ) -> None:
        """Take a new picture, and hand it to all that wait for one."""
        presenter = self._presenter
        if not isinstance(message, Picture) or descriptor is None:
            return
        if presenter is None or presenter.connection is not connection:
            os.close(descriptor)
            return
        try:
            check(descriptor)
        except SealedMemoryError:
            os.close(descriptor)
            return
        self._drop_picture()
        self._number += 1
        self._picture = self._number, message, descriptor
        presenter.wanted = None
        for follower in self._followers.values():
            self._hand_on(follower)
        self._ask_presenter()

    def _hear_follower(
        self, connection: socket.socket, message: Message, descriptor: int | None
    ) -> None:
        """Note what a follower asks for."""
        follower = self._followers.get(connection)
        if descriptor is not None:
            os.close(descriptor)
        if not isinstance(message, Ask) or follower is None:
            return
        follower.looks, follower.waits = message.looks, True
        self._tell(follower, self.presented)
        self._hand_on(follower)
        self._ask_presenter()

    # ---------------------------------------------------------------- telling

    def _hand_on(self, follower: _Follower) -> None:
        """Give a follower that waits the newest picture, if that is new to it."""
        if self._picture is None or not follower.waits or follower.seen == self._picture[0]:
            return
        number, message, descriptor = self._picture
        with contextlib.suppress(OSError):
            if send(follower.connection, message, descriptor):
                follower.seen, follower.waits, follower.told = number, False, True

    def _ask_presenter(self) -> None:
        """Tell the presenter if somebody waits, unless it was told so."""
        presenter = self._presenter
        if presenter is None:
            return
        self._tell_audience()
        if not any(each.waits for each in self._followers.values()):
            return
        looks = reduce(Looks.with_those_of, (each.looks for each in self._followers.values()))
        with contextlib.suppress(OSError):
            if looks != presenter.wanted and send(presenter.connection, Wanted(looks)):
                presenter.wanted = looks

    def _tell_audience(self) -> None:
        """Tell the presenter how many follow, if that has changed."""
        presenter = self._presenter
        if presenter is not None and presenter.audience != self.followers:
            with contextlib.suppress(OSError):
                if send(presenter.connection, Audience(self.followers)):
                    presenter.audience = self.followers

    def _tell_presence(self) -> None:
        """Tell all followers whether the presenter is there."""
        for follower in self._followers.values():
            self._tell(follower, self.presented)

    def _tell(self, follower: _Follower, present: bool) -> None:
        """Tell a follower whether the presenter is there, unless it knows."""
        with contextlib.suppress(OSError):
            if follower.told != present and send(follower.connection, Presence(present)):
                follower.told = present

    def _drop_picture(self) -> None:
        """Close the picture; the followers that got it have it still."""
        if self._picture is not None:
            os.close(self._picture[2])
            self._picture = None

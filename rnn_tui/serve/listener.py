"""The listener: accepts connections, and lets a few at a time through to their login."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from rnn_tui.serve.admission import Admission, address_group

BACKLOG = 128
WAIT_SECONDS = 20.0  # for the login to begin
FULL_SECONDS = 0.2  # until another attempt where there are no descriptors left


@dataclass(frozen=True, slots=True, eq=False)
class WaitingConnection:
    """A connection that waits for its login.

    Attributes:
        connection: the connection.
        address: where it comes from.
    """

    connection: socket.socket
    address: str


class Listener:
    """Accepts connections at some sockets, until it is closed."""

    def __init__(
        self,
        sockets: list[socket.socket],
        guests: int,
        new_connection: Callable[[str], asyncio.Protocol],
    ) -> None:
        """Accept at `sockets`; what `new_connection` makes has the login.

        Args:
            sockets: they listen.
            guests: the places.
            new_connection: makes what talks to a client, given its address.
        """
        self._sockets = sockets
        self._new_connection = new_connection
        self._loop = asyncio.get_running_loop()
        self._admission: Admission[WaitingConnection] = Admission(guests, self._loop.time)
        self._tasks = {self._loop.create_task(self._accept(each)) for each in sockets}

    async def _accept(self, listener: socket.socket) -> None:
        """Accept connections for ever."""
        while True:
            try:
                connection, address = await self._loop.sock_accept(listener)
            except OSError:  # no descriptors are left, or the client has gone already
                await asyncio.sleep(FULL_SECONDS)
                continue
            waiting = WaitingConnection(connection, str(address[0]))
            if self._admission.arrive(address_group(waiting.address), waiting):
                self._loop.call_later(WAIT_SECONDS, self._drop, waiting)
                self._let_in()
            else:
                connection.close()

    def _drop(self, waiting: WaitingConnection) -> None:
        """Close a connection that has waited too long."""
        if self._admission.drop(waiting):
            waiting.connection.close()

    def _let_in(self) -> None:
        """Let those begin their login who may."""
        while (waiting := self._admission.next()) is not None:
            task = self._loop.create_task(self._connect(waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _connect(self, waiting: WaitingConnection) -> None:
        """Hand a connection over to what talks to the client."""
        try:
            waiting.connection.setblocking(False)
            make = partial(self._new_connection, waiting.address)
            await self._loop.connect_accepted_socket(make, waiting.connection)
        except OSError:
            waiting.connection.close()
            self.login_ended(waiting.address, failed=True)
            self.connection_ended()

    def login_ended(self, address: str, *, failed: bool) -> None:
        """Note that a login is over; the next one may begin."""
        self._admission.login_ended(address_group(address), failed=failed)
        self._let_in()

    def connection_ended(self) -> None:
        """Note that a connection has ended."""
        self._admission.gone()

    @property
    def refused(self) -> int:
        """How many connections were closed unanswered, as their address came too often."""
        return self._admission.refused

    def close(self) -> None:
        """Accept no more."""
        for task in self._tasks:
            task.cancel()
        for listener in self._sockets:
            with contextlib.suppress(OSError):
                listener.close()

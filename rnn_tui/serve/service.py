"""The service: its places, who has one, and when somebody must go."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rnn_tui.files.regular_file import size_text
from rnn_tui.following.messages import socket_pair
from rnn_tui.following.relay import Relay
from rnn_tui.kiosk import waits_for_presenter
from rnn_tui.serve.access import Access
from rnn_tui.serve.fork_client import ForkClient
from rnn_tui.serve.guest import Guest, resident_memory
from rnn_tui.serve.guest_process import MESSAGES
from rnn_tui.serve.options import ServeOptions
from rnn_tui.serve.session import REFUSED, GuestSession
from rnn_tui.serve.session_log import RefusalLog, SessionRecord, log

if TYPE_CHECKING:
    from rnn_tui.serve.connection import Client

WATCH_SECONDS = 1.0
IDLE_GRACE = 5  # seconds beyond the idle time, in which the program ends by itself
FAR_ABOVE = 1.5  # times the memory: ended at once, without giving the terminal back first
END_SECONDS = 6.0  # for all guests to end with the server
LAST_SECONDS = 3.0  # for clients to take the last lines and to end their connections
SERVER_ENDS = "the server ends"


class Service:
    """Everybody who is connected, and the guests among them.

    Attributes:
        access: who may come in.
        forks: forks the guests' processes.
        clients: the connections.
        guests: those with a place, by session number; the presenter is beside them.
        relay: hands what the presenter's program shows to those of the followers.
        login_ended: called with an address when a login is over, and whether it failed.
        connection_ended: called when a connection has ended.
    """

    def __init__(self, options: ServeOptions, access: Access, forks: ForkClient) -> None:
        self.access = access
        self.forks = forks
        self.clients: set[Client] = set()
        self.guests: dict[int, Guest] = {}
        self.login_ended: Callable[..., object] = lambda address, *, failed: None
        self.connection_ended: Callable[[], object] = lambda: None
        self.relay = Relay()
        self._options = options
        self._sessions = 0
        self._refusals = RefusalLog(log, time.monotonic)
        self._closing = False
        self._empty = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to watch the guests."""
        self._watching = asyncio.get_running_loop().create_task(self._watch())

    # ---------------------------------------------------------------- in and out

    def login_over(self, address: str, *, failed: bool) -> None:
        """Tell the listener that a login is over."""
        self.login_ended(address, failed=failed)

    def connection_over(self) -> None:
        """Tell the listener that a connection has ended."""
        self.connection_ended()

    def join(self, session: GuestSession) -> Guest | None:
        """Start the program for a session; None if it gets none, which is said there."""
        identity = session.identity
        who = f"{identity.address} {identity.key or 'without a key'}"
        if line := self._why_not(session):
            self._refusals.add(who, line.partition(";")[0])
            session.say(line)
            session.end(REFUSED)
            return None
        if session.taken_for:
            session.say(f"this server does not know your terminal; it takes it for {session.kind}")
        role = self.access.role(presents=identity.presents)
        options: dict[str, Any] = {}
        if role == "presenter":
            self._end_presenters()
        self._sessions += 1
        record = SessionRecord(self._sessions, who, role, time.time())
        try:
            guest = self._start(session, record, options)
        except OSError as error:
            log(f"session {record.number}: not started: {(error.strerror or 'error').lower()}")
            session.say("the server has no room for another session now; try again later")
            session.end(REFUSED)
            return None
        self.guests[record.number] = guest
        return guest

    def _start(
        self, session: GuestSession, record: SessionRecord, options: dict[str, Any]
    ) -> Guest:
        """Start a guest's process; where somebody presents, with a socket to the relay.

        Raises:
            OSError: it cannot be started.
        """
        if record.role == "guest":
            return Guest(self.forks, session, record, options, None, self._left)
        servers_end, programs_end = socket_pair()
        options |= {"follow": record.role, "messages": MESSAGES}

        def left(guest: Guest) -> None:
            self.relay.leave(servers_end)
            self._left(guest)

        with programs_end:
            try:
                guest = Guest(self.forks, session, record, options, programs_end, left)
            except OSError:
                servers_end.close()
                raise
        attach = self.relay.present if record.role == "presenter" else self.relay.follow
        attach(servers_end)
        return guest

    def _end_presenters(self) -> None:
        """End the presenter's session, as another one begins: a lost link is no obstacle then."""
        for guest in self.guests.values():
            if guest.record.role == "presenter":
                guest.end("replaced", "you have logged in again, so this session was ended")

    def _why_not(self, session: GuestSession) -> str:
        """Return why a session gets no program, as a line for the guest; "" if it does."""
        if self._closing:
            return SERVER_ENDS
        if session.size is None:
            return "this needs a terminal; use: ssh -t"
        if not session.kind:
            return "this needs a terminal that can move its cursor; use: TERM=xterm ssh"
        presents = session.identity.presents
        taken = sum(guest.record.role != "presenter" for guest in self.guests.values())
        if not presents and taken >= self._options.guests:
            places = "the only place is" if taken == 1 else f"all {taken} places are"
            return f"{places} taken; try again later"
        return ""

    def _left(self, guest: Guest) -> None:
        """Free the place of a guest whose process has ended."""
        self.guests.pop(guest.record.number, None)
        if not self.guests:
            self._empty.set()

    # ---------------------------------------------------------------- who must go

    async def _watch(self) -> None:
        """Look at every guest's memory and last key, again and again."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = asyncio.get_running_loop().time()
            for guest in [*self.guests.values()]:
                self._look_at(guest, now)

    def _look_at(self, guest: Guest, now: float) -> None:
        """End a guest that takes too much memory, or does nothing."""
        memory = resident_memory(guest.process) if guest.process else 0
        if memory > self._options.memory:
            most = size_text(self._options.memory)
            guest.end("memory", f"this session took more than {most} of memory and was ended")
            if memory > FAR_ABOVE * self._options.memory:
                guest.kill()
        elif self._is_awake(guest, now):
            guest.last_key = now
        elif now - guest.last_key > self._options.idle + IDLE_GRACE:
            guest.end("idle", "no key was pressed for long, so this session was ended")

    def _is_awake(self, guest: Guest, now: float) -> bool:
        """Return whether a guest is not idle even without a key: where somebody presents, or may.

        The program of a follower knows better whether somebody has presented; it ends itself.
        """
        if guest.record.role == "follower":
            waits = waits_for_presenter(self._options.idle, now - guest.joined)
            return self.relay.presented or waits
        return guest.record.role == "presenter"

    async def close(self) -> None:
        """Tell everybody that the server ends, and wait until all guests have ended."""
        self._closing = True
        self._refusals.close()
        if self._watching is not None:
            self._watching.cancel()
        self._empty.clear()
        for guest in [*self.guests.values()]:
            guest.end(SERVER_ENDS, SERVER_ENDS)
        if self.guests:
            try:
                await asyncio.wait_for(self._empty.wait(), END_SECONDS)
            except TimeoutError:
                log(f"{len(self.guests)} guests did not end in time")
        await self._end_connections()

    async def _end_connections(self) -> None:
        """Have the clients end their connections, and end those that do not.

        A connection that the server ends takes with it what is on its way, and clients then do not
        show what they have. One that has shown its session's last line ends the session itself.
        """
        loop = asyncio.get_running_loop()
        for client in [*self.clients]:
            if not client.has_session:
                client.disconnect()
        deadline = loop.time() + LAST_SECONDS
        while self.clients and loop.time() < deadline:
            await asyncio.sleep(0.02)
        for client in [*self.clients]:
            client.disconnect()
        await asyncio.sleep(0.02)
        for client in [*self.clients]:
            client.abort()

"""One connection: what a client may do before and after it has logged in, which is next to nothing.

A client may log in, ask for one session with a terminal, and have the program there. Everything
else that SSH can do is refused, here and in `server_options`, each by name: commands, subsystems
(sftp), variables, agents, X11, and forwarding of ports, sockets and networks in both directions.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, NoReturn, Protocol, cast

import asyncssh

from rnn_tui.serve.access import Access
from rnn_tui.serve.guest import Guest
from rnn_tui.serve.session import GuestSession, Identity

SERVER_VERSION = "rnn-tui"
LOGIN_SECONDS = 20
SESSION_SECONDS = 10.0  # from the login to the session
KEEPALIVE_SECONDS, KEEPALIVE_MOST = 15, 3
WINDOW = 32 * 1024  # bytes of input that a client may send ahead
MOST_KEYS = 12  # that a client may offer at one login
# Bytes a second that a client may send, and at once. Keys, pastes and the terminal's answers are
# less by far; what is more costs the server time that other guests' keys need.
BYTES_A_SECOND, BYTES_AT_ONCE = 16 * 1024, 128 * 1024
UNREAD = 32 * 1024  # bytes on their way to a client that takes none, until output stops
UNREAD_IN_KERNEL = 16 * 1024
MOST_UNANSWERED = 64 * 1024  # bytes that a client may send while it takes none


def server_options(
    host_key: asyncssh.SSHKey, access: Access
) -> asyncssh.SSHServerConnectionOptions:
    """Return what holds for every connection: all that is not needed is off."""
    return asyncssh.SSHServerConnectionOptions(
        server_host_keys=[host_key],
        server_version=SERVER_VERSION,
        config=None,
        host_based_auth=False,
        public_key_auth=True,
        kbdint_auth=access.open_to_all,
        password_auth=access.open_to_all,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        x509_trusted_certs=None,
        allow_pty=True,
        line_editor=False,
        agent_forwarding=False,
        x11_forwarding=False,
        sftp_factory=None,
        allow_scp=False,
        encoding=None,
        window=WINDOW,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=KEEPALIVE_SECONDS,
        keepalive_count_max=KEEPALIVE_MOST,
        tcp_keepalive=True,
    )


def _refusal() -> asyncssh.ChannelOpenError:
    """Return what refuses a connection to elsewhere; a new one, as each keeps its traceback."""
    prohibited = asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED
    return asyncssh.ChannelOpenError(prohibited, "this server forwards nothing")


class GuestConnection(asyncssh.SSHServerConnection):
    """A connection that is read no faster than is fair, and written no faster than it is read."""

    def __init__(self, options: asyncssh.SSHServerConnectionOptions, client: Client) -> None:
        """Make a connection for a client, with `server_options`."""
        super().__init__(asyncio.get_running_loop(), options)
        self._protocol_factory = lambda: client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Limit what waits on its way out, here and in the kernel."""
        self._wire = cast(asyncio.Transport, transport)
        self._budget, self._budget_at = float(BYTES_AT_ONCE), self._loop.time()
        self._writing_paused = False
        self._unanswered = 0
        self._wire.set_write_buffer_limits(high=UNREAD)
        connection = transport.get_extra_info("socket")
        option = getattr(socket, "TCP_NOTSENT_LOWAT", None)
        if connection is not None and option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, UNREAD_IN_KERNEL)
        super().connection_made(transport)

    def data_received(self, data: bytes, datatype: Any = None) -> None:
        """Take data, and read on only when the client's share of time allows it."""
        now = self._loop.time()
        self._budget += (now - self._budget_at) * BYTES_A_SECOND
        self._budget, self._budget_at = min(self._budget, BYTES_AT_ONCE) - len(data), now
        if self._writing_paused:
            self._unanswered += len(data)
            if self._unanswered > MOST_UNANSWERED:  # it asks, and does not read the answers
                self.abort()
                return
        if self._budget < 0 and not self._wire.is_closing():
            self._wire.pause_reading()
            self._loop.call_later(-self._budget / BYTES_A_SECOND, self._read_on)
        super().data_received(data, datatype)

    def _read_on(self) -> None:
        """Read again."""
        if not self._wire.is_closing():
            self._wire.resume_reading()

    def pause_writing(self) -> None:
        """Stop the program's output: the network takes no more."""
        self._writing_paused, self._unanswered = True, 0
        if (client := self._client()) is not None:
            client.network_full(True)
        super().pause_writing()

    def resume_writing(self) -> None:
        """Let the program's output go on."""
        self._writing_paused = False
        if (client := self._client()) is not None:
            client.network_full(False)
        super().resume_writing()

    def _client(self) -> Client | None:
        return self._owner if isinstance(self._owner, Client) else None


class GuestChannel(asyncssh.SSHServerChannel[bytes]):
    """A session's channel that refuses all requests but those for a terminal and a shell."""

    def _refuse(self, packet: Any) -> bool:
        return False

    # Named as asyncssh looks them up; a test sends each of them. Its own for agents returns None,
    # as it reports later; a bool is reported at once.
    _process_env_request = _refuse
    _process_x11_req_request = _refuse
    _process_auth_agent_req_at_openssh_dot_com_request = _refuse  # type: ignore[assignment]
    _process_exec_request = _refuse
    _process_subsystem_request = _refuse
    _process_break_request = _refuse
    _process_signal_request = _refuse


class ServiceForClients(Protocol):
    """What a client asks of the service.

    Attributes:
        access: who may come in.
        clients: all connections.
    """

    access: Access
    clients: set[Client]

    def join(self, session: GuestSession) -> Guest | None:
        """Start the program for a session."""

    def login_over(self, address: str, *, failed: bool) -> None:
        """Note that a login is over."""

    def connection_over(self) -> None:
        """Note that a connection has ended."""


class Client(asyncssh.SSHServer):
    """Who is at the other end of a connection: nobody known, until they have logged in.

    Attributes:
        service: where they want a place.
        address: where they come from.
        key: the fingerprint of the key that they have logged in with; "" without one.
        presents: whether that is a presenter's key.
    """

    def __init__(self, service: ServiceForClients, address: str) -> None:
        """Wait for somebody from `address` to log in."""
        self.service = service
        self.address = address
        self.key = ""
        self.presents = False
        self._connection: asyncssh.SSHServerConnection | None = None
        self._session: GuestSession | None = None
        self._logged_in = False
        self._offered = 0
        self._timer: asyncio.TimerHandle | None = None

    # ---------------------------------------------------------------- the connection

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Take the connection."""
        self._connection = conn
        self.service.clients.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it has ended."""
        if self._timer is not None:
            self._timer.cancel()
        self.service.clients.discard(self)
        if not self._logged_in:
            self.service.login_over(self.address, failed=True)
        self.service.connection_over()
        self._connection = None

    @property
    def has_session(self) -> bool:
        """Whether there is a session, whose end ends the connection."""
        return self._session is not None

    def disconnect(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()

    def abort(self) -> None:
        """End the connection without another word."""
        if self._connection is not None:
            self._connection.abort()

    def network_full(self, full: bool) -> None:
        """Have the program's output wait, or go on."""
        if self._session is not None:
            self._session.network_full(full)

    # ---------------------------------------------------------------- the login

    def begin_auth(self, username: str) -> bool:
        """Return whether a login is needed; the name tells nothing."""
        return self.service.access.needs_login

    def public_key_auth_supported(self) -> bool:
        """Return True: keys are what tells people apart."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Return whether this key lets its holder in."""
        self._offered += 1
        if self._offered > MOST_KEYS:
            if self._connection is not None:
                self._connection.disconnect(
                    asyncssh.DISC_NO_MORE_AUTH_METHODS_AVAILABLE, "too many keys"
                )
            return False
        admitted, presents = self.service.access.admits(key)
        if admitted:
            self.key, self.presents = key.get_fingerprint(), presents
        return admitted

    def kbdint_auth_supported(self) -> bool:
        """Return whether one may come in without a key, once all keys have been offered."""
        return self.service.access.open_to_all

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        """Ask nothing; who answers that comes in."""
        self.key, self.presents = "", False
        return "", "", "", []

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        """Return True where everybody may come in."""
        return self.service.access.open_to_all

    def password_auth_supported(self) -> bool:
        """Return whether any password will do: some clients know no other way without a key."""
        return self.service.access.open_to_all

    def validate_password(self, username: str, password: str) -> bool:
        """Return True where everybody may come in; the password is not looked at."""
        self.key, self.presents = "", False
        return self.service.access.open_to_all

    def auth_completed(self) -> None:
        """Wait for the session, not for long."""
        self._logged_in = True
        self.service.login_over(self.address, failed=False)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(SESSION_SECONDS, self._end_without_session)

    def _end_without_session(self) -> None:
        if self._session is None or not self._session.asked_for:
            self.abort()

    # ---------------------------------------------------------------- what they may have

    def session_requested(self) -> Any:
        """Return the one session that a connection may have."""
        if self._session is not None or self._connection is None:
            return False
        connection = self._connection
        channel = GuestChannel(
            connection, asyncio.get_running_loop(), True, False, False, 0, 1024, None, "strict",
            WINDOW, WINDOW,
        )  # fmt: skip
        identity = Identity(self.address, self.key, self.presents)
        self._session = GuestSession(identity, self.service.join, self.disconnect)
        return channel, self._session

    def connection_requested(self, *_: Any) -> NoReturn:
        """Refuse to connect to any host (``ssh -L``, ``-D``, ``-W``)."""
        raise _refusal()

    def unix_connection_requested(self, dest_path: str) -> NoReturn:
        """Refuse to connect to a socket of this machine."""
        raise _refusal()

    def server_requested(self, listen_host: str, listen_port: int) -> bool:
        """Refuse to listen on a port (``ssh -R``)."""
        return False

    def unix_server_requested(self, listen_path: str) -> bool:
        """Refuse to listen on a socket."""
        return False

    def tun_requested(self, unit: int | None) -> bool:
        """Refuse a network (``ssh -w``)."""
        return False

    def tap_requested(self, unit: int | None) -> bool:
        """Refuse a network of the other kind."""
        return False

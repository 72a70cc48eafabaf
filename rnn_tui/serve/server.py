"""The server's process, after the fork: listens, and runs until a signal ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket

import asyncssh

from rnn_tui.command_line.exit import CommandError
from rnn_tui.serve.access import Access
from rnn_tui.serve.connection import Client, GuestConnection, server_options
from rnn_tui.serve.fork_client import ForkClient
from rnn_tui.serve.keys import KeyFile, load_host_key
from rnn_tui.serve.listener import BACKLOG, Listener
from rnn_tui.serve.options import ServeOptions
from rnn_tui.serve.service import Service
from rnn_tui.serve.session_log import log

FILES_BESIDE, FILES_EACH = 1024, 4  # descriptors


def make_access(options: ServeOptions) -> Access:
    """Return who may come in.

    Raises:
        CommandError: a file of keys cannot be read.
    """
    files = (("--authorized-keys", options.authorized_keys), ("--present", options.present))
    guests, presenters = (KeyFile(name, path, log) if path else None for name, path in files)
    return Access(options.open_to_all, guests, presenters)


def run_server(options: ServeOptions, forks: ForkClient) -> int:
    """Serve until SIGINT or SIGTERM; return the exit code."""
    return asyncio.run(_serve(options, forks))


async def _serve(options: ServeOptions, forks: ForkClient) -> int:
    """Start the service, wait for the end, and close it."""
    loop = asyncio.get_running_loop()
    end: asyncio.Future[int] = loop.create_future()

    def finish(code: int) -> None:
        if not end.done():
            end.set_result(code)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as nohup has it
            loop.add_signal_handler(number, finish, 0)
    try:
        access = make_access(options)
        host_key = load_host_key(options.host_key)
        listeners = _listen(options)
        error, code = await forks.ready()
        if error:
            log(error)
            return code
        _allow_files(options.guests)
        service = Service(options, access, forks)
        ssh = server_options(host_key, access)
        listener = Listener(
            listeners,
            options.guests,
            lambda address: GuestConnection(ssh, Client(service, address)),
        )
        service.login_ended, service.connection_ended = (
            listener.login_ended,
            listener.connection_ended,
        )
        service.open()
        forks.lost = lambda: finish(70)
        _announce(options, listeners, host_key)
        code = await end
        listener.close()
        await service.close()
        if listener.refused:
            log(f"{listener.refused} connections were not answered: their addresses came too often")
        return code
    finally:
        await forks.close()


def _listen(options: ServeOptions) -> list[socket.socket]:
    """Return sockets that listen where they are to.

    Raises:
        CommandError: they cannot.
    """
    found = socket.getaddrinfo(
        options.listen, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    port = options.port
    for family, kind, protocol, _, address in found:
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], port, *address[2:]))
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            if sockets and family == socket.AF_INET6:
                continue  # a machine without IPv6
            for each in sockets:
                each.close()
            reason = (error.strerror or str(error)).lower()
            raise CommandError(f"cannot listen on {options.listen} port {port}: {reason}") from None
        listener.setblocking(False)
        port = port or listener.getsockname()[1]  # a free one is the same for all addresses
        sockets.append(listener)
    return sockets


def _allow_files(guests: int) -> None:
    """Raise the limit of open files to what all guests and connections need, if that may be."""
    _, hardest = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_BESIDE + FILES_EACH * guests
    if hardest != resource.RLIM_INFINITY:
        wanted = min(wanted, hardest)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hardest))


def _announce(
    options: ServeOptions, listeners: list[socket.socket], host_key: asyncssh.SSHKey
) -> None:
    """Say where the server listens, and what its key is."""
    port = listeners[0].getsockname()[1]
    log(f"host key {host_key.get_fingerprint()} ({host_key.get_algorithm()})")
    if hasattr(os, "getuid") and os.getuid() == 0:
        log("this runs as root, and so do the guests; better use an account of its own")
    places = "1 place" if options.guests == 1 else f"{options.guests} places"
    log(f"{places} at {options.listen} port {port}: ssh -p {port} {_reachable(options.listen)}")


def _reachable(listen: str) -> str:
    """Return what a guest types for the address."""
    if listen in ("0.0.0.0", "::", ""):
        return socket.gethostname()
    return "localhost" if listen in ("127.0.0.1", "::1") else listen

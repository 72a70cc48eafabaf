"""A slow link for tests: a proxy with so many bytes per second and a delay, each way.

What has not been sent waits in a queue without end, as in the routers of a poor link: who writes
faster than the link carries is never stopped, only late.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from closing import Closing

PIECE_SECONDS = 0.01  # how long one piece takes on the link
READ = 1 << 16


@dataclass
class Queue:
    """One way over the link.

    Attributes:
        source, sink: where bytes come from, and where they go.
        waiting: bytes that have not been sent.
        changes: when `waiting` changed, and to what.
        passed: bytes that have been sent.
    """

    source: socket.socket
    sink: socket.socket
    waiting: int = 0
    passed: int = 0
    changes: list[tuple[float, int]] = field(default_factory=list)
    _chunks: deque[bytes] = field(default_factory=deque)
    _on_the_way: deque[tuple[float, bytes]] = field(default_factory=deque)
    _arrived: bytearray = field(default_factory=bytearray)
    _free_at: float = 0.0  # when the link has sent what it is sending
    ended: bool = False  # the source will say no more
    closed: bool = False  # the sink has been told

    def take(self) -> None:
        """Take what the source has."""
        try:
            data = self.source.recv(READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            return
        if not self._chunks:  # a link that was idle begins now
            self._free_at = max(self._free_at, time.monotonic())
        self._chunks.append(data)
        self._count(len(data))

    def _count(self, more: int) -> None:
        self.waiting += more
        self.changes.append((time.monotonic(), self.waiting))

    def move(self, now: float, rate: float, delay: float, frozen_until: float) -> float:
        """Send what is due, and return when there will be something to do again."""
        if self._chunks:
            self._free_at = max(self._free_at, frozen_until)
        while self._chunks and self._free_at <= now:
            piece = self._next_piece(max(1, int(rate * PIECE_SECONDS)))
            self._free_at += len(piece) / rate  # on from where it was, however late we are
            self._on_the_way.append((self._free_at + delay, piece))
            self.passed += len(piece)
            self._count(-len(piece))
        while self._on_the_way and self._on_the_way[0][0] <= now:
            self._arrived += self._on_the_way.popleft()[1]
        self._deliver()
        times = [self._free_at] if self._chunks else []
        times += [self._on_the_way[0][0]] if self._on_the_way else []
        times += [now + PIECE_SECONDS] if self._arrived else []
        return min(times, default=now + 1)

    def _next_piece(self, size: int) -> bytes:
        first = self._chunks.popleft()
        if len(first) > size:
            self._chunks.appendleft(first[size:])
        return first[:size]

    def _deliver(self) -> None:
        """Hand over what has arrived, and the end after all of it."""
        with contextlib.suppress(BlockingIOError):
            try:
                while self._arrived:
                    del self._arrived[: self.sink.send(self._arrived)]
            except BlockingIOError:
                raise
            except OSError:  # the sink has gone: nobody misses the rest
                self._arrived.clear()
                self._chunks.clear()
                self._on_the_way.clear()
        done = not (self._chunks or self._on_the_way or self._arrived)
        if self.ended and done and not self.closed:
            self.closed = True
            with contextlib.suppress(OSError):
                self.sink.shutdown(socket.SHUT_WR)

    def within(self, begin: float, end: float) -> tuple[int, int]:
        """Return the median over time and the most of `waiting` between two moments."""
        first = max(bisect_left(self.changes, (begin, -1)) - 1, 0)
        spans: list[tuple[int, float]] = []
        changes = [*self.changes[first:], (end, self.waiting)]
        for (at, waiting), (until, _) in pairwise(changes):
            seconds = min(until, end) - max(at, begin)
            if seconds > 0:
                spans.append((waiting, seconds))
        half = sum(seconds for _, seconds in spans) / 2
        for waiting, seconds in sorted(spans):
            half -= seconds
            if half <= 0:
                return waiting, max(waiting for waiting, _ in spans)
        return 0, 0


class Throttle(Closing):
    """A proxy on 127.0.0.1 before a server's port; leaving the `with` block ends it.

    Attributes:
        port: where it listens.
        rate: bytes per second, each way; may be changed at any time.
        delay: seconds that each byte is on its way, each way.
        links: of each connection so far, the way to the terminal and the way to the server.
    """

    def __init__(self, server_port: int, rate: float = float(1 << 30), delay: float = 0.0) -> None:
        self.rate, self.delay = rate, delay
        self._server = ("127.0.0.1", server_port)
        self._frozen_until = 0.0
        self._stop = False
        self.links: list[tuple[Queue, Queue]] = []
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._waker, self._woken = socket.socketpair()
        self._woken.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="throttle", daemon=True)
        self._thread.start()

    @property
    def down(self) -> Queue:
        """The newest connection's way to the terminal."""
        return self.links[-1][0]

    @property
    def up(self) -> Queue:
        """The newest connection's way to the server."""
        return self.links[-1][1]

    def freeze(self, seconds: float) -> None:
        """Let nothing pass for so long, either way."""
        self._frozen_until = time.monotonic() + seconds
        self._wake()

    def thaw(self) -> None:
        """Let bytes pass again."""
        self._frozen_until = 0.0
        for queue in self._queues():
            queue._free_at = time.monotonic()
        self._wake()

    def _wake(self) -> None:
        self._waker.send(b".")

    def _queues(self) -> Iterator[Queue]:
        for pair in self.links:
            yield from pair

    def _run(self) -> None:
        while not self._stop:
            now = time.monotonic()
            due = min(
                (q.move(now, self.rate, self.delay, self._frozen_until) for q in self._queues()),
                default=now + 1,
            )
            for key, _ in self._selector.select(max(0.0, min(due - time.monotonic(), 0.5))):
                if key.fileobj is self._listener:
                    self._accept()
                elif key.fileobj is self._woken:
                    self._woken.recv(READ)
                else:
                    queue: Queue = key.data
                    queue.take()
                    if queue.ended:
                        self._selector.unregister(queue.source)

    def _accept(self) -> None:
        """Connect a client that has come with the server."""
        client, _ = self._listener.accept()
        server = socket.create_connection(self._server)
        for one in (client, server):
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        down, up = Queue(server, client), Queue(client, server)
        self.links.append((down, up))
        self._selector.register(server, selectors.EVENT_READ, down)
        self._selector.register(client, selectors.EVENT_READ, up)

    def close(self) -> None:
        """End all connections."""
        self._stop = True
        self._wake()
        self._thread.join()
        for queue in self._queues():
            queue.source.close()
        for one in (self._listener, self._waker, self._woken):
            one.close()
        self._selector.close()

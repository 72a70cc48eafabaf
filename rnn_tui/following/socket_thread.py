"""A thread that waits for a socket, for the clock, or to be woken by another thread."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import threading
from abc import ABC, abstractmethod

from rnn_tui.following.messages import Message, MessageError, receive


class SocketThread(ABC):
    """Reads a socket, and does what is due, in a thread of its own.

    Subclasses say what that is; their methods are called in that thread alone.
    """

    def __init__(self, connection: socket.socket, name: str) -> None:
        """Prepare the thread `name`; the socket becomes this object's."""
        connection.setblocking(False)
        self.connection = connection
        self._sleeper, self._waker = os.pipe()
        os.set_blocking(self._waker, False)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def take(self, message: Message, descriptor: int | None) -> None:
        """Take a message, and the descriptor that came with it."""

    @abstractmethod
    def ended(self) -> None:
        """Note that nothing more will be read."""

    @abstractmethod
    def work(self) -> float | None:
        """Do what is due; return the seconds until more is, None if that is not known."""

    @abstractmethod
    def failed(self, error: Exception) -> None:
        """Note that `work` failed; it is called again when there is something new."""

    def start_thread(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop_thread(self, timeout: float = 1.0) -> None:
        """End the thread and close the socket."""
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self.connection.close()

    def wake(self) -> None:
        """Have `work` called soon; from any thread."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._waker, b".")

    def _run(self) -> None:
        watched = [self.connection.fileno(), self._sleeper]
        while not self._stopping:
            seconds = None
            try:
                seconds = self.work()
            except Exception as error:
                self.failed(error)
            ready, _, _ = select.select(watched, [], [], seconds)
            if self._sleeper in ready:
                os.read(self._sleeper, 4096)
            others = [each for each in ready if each != self._sleeper]
            if others and not self._stopping and not self._read():
                watched.remove(others[0])
                self.ended()

    def _read(self) -> bool:
        """Read the messages that are there; return False if no more will come."""
        while True:
            try:
                received = receive(self.connection)
            except BlockingIOError:
                return True
            except MessageError:
                continue
            except OSError:
                return False
            if received is None:
                return False
            self.take(*received)

"""Messages between the server and the fork server: JSON over a Unix socket, with descriptors.

A stream has no ends of messages, so each begins with its length.
"""

from __future__ import annotations

import array
import json
import socket
import struct
from typing import Any

HEADER = struct.Struct("!I")
LONGEST = 16 * 2**20  # bytes of one message; a longer one is an error
MOST_DESCRIPTORS = 2


class FrameError(Exception):
    """A message that cannot be one: it is too long."""


def frame(message: bytes) -> bytes:
    """Return a message with its length before it.

    Raises:
        FrameError: it is too long.
    """
    if len(message) > LONGEST:
        raise FrameError(f"a message of {len(message)} bytes; {LONGEST} are allowed")
    return HEADER.pack(len(message)) + message


class FrameReader:
    """Puts messages together from the pieces in which they arrive."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the messages that are complete with this piece.

        Raises:
            FrameError: one is too long.
        """
        self._data += data
        messages = []
        while len(self._data) >= HEADER.size:
            (length,) = HEADER.unpack_from(self._data)
            if length > LONGEST:
                raise FrameError(f"a message of {length} bytes; {LONGEST} are allowed")
            end = HEADER.size + length
            if len(self._data) < end:
                break
            messages.append(bytes(self._data[HEADER.size : end]))
            del self._data[:end]
        return messages


def send_json(
    connection: socket.socket, message: dict[str, Any], descriptors: tuple[int, ...] = ()
) -> None:
    """Send a message; descriptors go with it, and are duplicates for who gets them.

    Raises:
        OSError: nobody reads it any more.
    """
    data = frame(json.dumps(message).encode())
    with_it = (socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors).tobytes())
    sent = connection.sendmsg([data], [with_it] if descriptors else [])
    connection.sendall(data[sent:])


def receive_json(connection: socket.socket) -> tuple[dict[str, Any], list[int]] | None:
    """Wait for a message, and return it with the descriptors that go with it; None at the end.

    Raises:
        OSError, ValueError: it cannot be read.
    """
    header, descriptors = _receive(connection, HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    if length > LONGEST:
        raise FrameError(f"a message of {length} bytes; {LONGEST} are allowed")
    body, more = _receive(connection, length)
    if len(body) < length:
        return None
    return json.loads(body), [*descriptors, *more]


def _receive(connection: socket.socket, size: int) -> tuple[bytes, list[int]]:
    """Return so many bytes, or fewer at the end, and the descriptors that came with them."""
    data, descriptors = bytearray(), array.array("i")
    room = socket.CMSG_SPACE(MOST_DESCRIPTORS * descriptors.itemsize)
    while len(data) < size:
        piece, ancillary, _, _ = connection.recvmsg(size - len(data), room)
        for level, kind, content in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                descriptors.frombytes(content[: len(content) // descriptors.itemsize * 4])
        if not piece:
            break
        data += piece
    return bytes(data), descriptors.tolist()

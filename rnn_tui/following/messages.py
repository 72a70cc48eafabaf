"""What presenter, server and followers tell each other: small messages of fixed forms.

They go over sockets that keep the ends of messages (SOCK_SEQPACKET). Each is one JSON object; what
has not exactly the fields and types of its form is refused, as a guest's process is not trusted.
"""

from __future__ import annotations

import array
import json
import os
import socket
from dataclasses import dataclass
from typing import Any

from rnn_tui.registry import PROOFS

LONGEST = 4096  # bytes of a message
MOST_CHARACTERS = 4_000  # of the text that a network writes for followers
MOST_FOLLOWERS = 100_000
_MOST_DESCRIPTORS = 2  # with a message; one more than there may be


class MessageError(Exception):
    """A message that is none of those that there are."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What followers look at, as far as the presenter's session has to compute it for them.

    Attributes:
        proofs: the registered names of the proofs that visible panels show.
        predictions: whether predictions are visible.
        characters: how many characters of the network's own text there is room for.
    """

    proofs: frozenset[str] = frozenset()
    predictions: bool = False
    characters: int = 0

    def with_those_of(self, other: Looks) -> Looks:
        """Return what is looked at in both."""
        return Looks(
            self.proofs | other.proofs,
            self.predictions or other.predictions,
            max(self.characters, other.characters),
        )


NOTHING = Looks()


@dataclass(frozen=True, slots=True)
class Ask:
    """From a follower: the next picture, please.

    Attributes:
        looks: what the follower looks at.
    """

    looks: Looks


@dataclass(frozen=True, slots=True)
class Wanted:
    """To the presenter: somebody waits for a picture newer than the last one.

    Attributes:
        looks: what all followers together look at.
    """

    looks: Looks


@dataclass(frozen=True, slots=True)
class Audience:
    """To the presenter: how many follow."""

    followers: int


@dataclass(frozen=True, slots=True)
class Picture:
    """From the presenter, and on to followers: a new picture, whose descriptor goes with this.

    Attributes:
        running: whether training is under way in it.
    """

    running: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """To a follower: whether the presenter is there."""

    present: bool


Message = Ask | Wanted | Audience | Picture | Presence


def encode(message: Message) -> bytes:
    """Return a message in the form in which it travels."""
    match message:
        case Ask(looks) | Wanted(looks):
            fields: dict[str, Any] = {
                "proofs": sorted(looks.proofs),
                "predictions": looks.predictions,
                "characters": looks.characters,
            }
        case Audience(followers):
            fields = {"followers": followers}
        case Picture(running):
            fields = {"running": running}
        case Presence(present):
            fields = {"present": present}
    return json.dumps({"kind": type(message).__name__.lower(), **fields}).encode()


def decode(data: bytes) -> Message:
    """Return the message that `data` is.

    Raises:
        MessageError: it is none.
    """
    if len(data) > LONGEST:
        raise MessageError("a message is too long")
    try:
        fields = json.loads(data)
    except (ValueError, RecursionError):
        raise MessageError("a message cannot be read") from None
    kind = fields.pop("kind", None) if isinstance(fields, dict) else None
    match kind, fields:
        case "ask" | "wanted", {
            "proofs": list(proofs),
            "predictions": bool(predictions),
            "characters": int(characters),
            **rest,
        } if not rest:
            looks = Looks(_proofs(proofs), predictions, _number(characters, MOST_CHARACTERS))
            return Ask(looks) if kind == "ask" else Wanted(looks)
        case "audience", {"followers": int(followers), **rest} if not rest:
            return Audience(_number(followers, MOST_FOLLOWERS))
        case "picture", {"running": bool(running), **rest} if not rest:
            return Picture(running)
        case "presence", {"present": bool(present), **rest} if not rest:
            return Presence(present)
    raise MessageError("a message has no form that there is")


def _proofs(names: list[Any]) -> frozenset[str]:
    """Return names of proofs that are all registered."""
    if len(names) > len(PROOFS.names) or not all(isinstance(name, str) for name in names):
        raise MessageError("a list of proofs cannot be one")
    if unknown := set(names) - set(PROOFS.names):
        raise MessageError(f"there is no proof {min(unknown)[:20]!r}")
    return frozenset(names)


def _number(value: int, most: int) -> int:
    """Return a count that is in its range."""
    if isinstance(value, bool) or not 0 <= value <= most:
        raise MessageError("a count is out of range")
    return value


# ---------------------------------------------------------------- the socket


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a connection between the server and the process of a guest.

    Raises:
        OSError: this system has none that keeps the ends of messages.
    """
    if not hasattr(socket, "SOCK_SEQPACKET"):
        raise OSError("following the presenter needs Linux")
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(connection: socket.socket, message: Message, descriptor: int | None = None) -> bool:
    """Send a message without waiting; return False if there is no room for it now.

    Args:
        connection: the socket.
        message: the message.
        descriptor: goes with it; the sender still has it, and must close it.

    Raises:
        OSError: nobody reads it any more.
    """
    descriptors = array.array("i", [] if descriptor is None else [descriptor])
    with_it = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if descriptors else []
    try:
        connection.sendmsg([encode(message)], with_it, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    return True


def receive(connection: socket.socket) -> tuple[Message, int | None] | None:
    """Return the next message and the descriptor that came with it; None at the end.

    It does not wait: `BlockingIOError` says that there is none now.

    Raises:
        MessageError: what came is no message; its descriptors are closed.
        OSError: the connection is broken.
    """
    descriptors = array.array("i")
    # Not `socket.recv_fds`, which takes no notice of its flags.
    data, ancillary, flags, _ = connection.recvmsg(
        LONGEST + 1,
        socket.CMSG_LEN(_MOST_DESCRIPTORS * descriptors.itemsize),
        socket.MSG_DONTWAIT | getattr(socket, "MSG_CMSG_CLOEXEC", 0),
    )
    for level, kind, content in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            descriptors.frombytes(content[: len(content) // descriptors.itemsize * 4])
    if not data:
        for each in descriptors:
            os.close(each)
        return None
    try:
        if flags & socket.MSG_CTRUNC or len(descriptors) > 1:
            raise MessageError("too many descriptors came with a message")
        message = decode(data)
        if bool(descriptors) != isinstance(message, Picture):
            raise MessageError("a descriptor is missing, or came with what needs none")
    except MessageError:
        for each in descriptors:
            os.close(each)
        raise
    return message, descriptors[0] if descriptors else None

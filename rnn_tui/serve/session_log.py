"""The log of the server: one line a session on stderr, and what an operator must know.

Nothing that a guest typed is in it, nor the guest's name: an address, and the fingerprint of a key.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from rnn_tui.cli_exit import print_error
from rnn_tui.files.regular_file import size_text


@dataclass(slots=True)
class SessionRecord:
    """What is logged of one session.

    Attributes:
        number: of the session, from 1.
        who: the address, and the fingerprint of the key or "no key".
        role: "guest", "presenter" or "follower".
        began: when, in seconds since 1970.
        reason: why it ended.
        sent: bytes of output.
        received: bytes of input.
        peak: most resident memory, in bytes.
        cpu: seconds of the processor.
    """

    number: int
    who: str
    role: str
    began: float
    reason: str = ""
    sent: int = 0
    received: int = 0
    peak: int = 0
    cpu: float = 0.0


def session_line(record: SessionRecord, ended: float) -> str:
    """Return the line for a session that has ended."""
    first, last = (time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at)) for at in (
        record.began, ended,
    ))  # fmt: skip
    return (
        f"session {record.number}: {record.role} {record.who}; from {first} to {last}; "
        f"{record.reason}; sent {size_text(record.sent)}, received {size_text(record.received)}; "
        f"peak memory {size_text(record.peak)}, processor {record.cpu:.1f} s"
    )


def log(line: str) -> None:
    """Write a line to stderr."""
    print_error(line)

"""The log of the server: one line a session on stderr, and what an operator must know.

Nothing that a guest typed is in it, nor the guest's name: an address, and the fingerprint of a key.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rnn_tui.command_line.exit import print_error
from rnn_tui.files.regular_file import size_text

REFUSAL_SECONDS = 10.0  # from one line for those who got no session to the next of the same reason


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


class RefusalLog:
    """Logs who got no session; of each reason a line in so many seconds, whatever a crowd does."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float]) -> None:
        """Give lines to `write`; `clock` tells seconds that only grow."""
        self._write, self._clock = write, clock
        self._next: dict[str, float] = {}  # when a reason is logged again
        self._unsaid: Counter[str] = Counter()

    def add(self, who: str, reason: str) -> None:
        """Log one, or count it for the next line of the same reason."""
        if self._clock() < self._next.get(reason, float("-inf")):
            self._unsaid[reason] += 1
            return
        self._next[reason] = self._clock() + REFUSAL_SECONDS
        more = self._unsaid.pop(reason, 0)
        others = f"; {more} more since the line before" if more else ""
        self._write(f"no session: {who}; {reason}{others}")

    def close(self) -> None:
        """Log how many were not named."""
        for reason, more in self._unsaid.items():
            self._write(f"no session: {more} more; {reason}")


def log(line: str) -> None:
    """Write a line to stderr."""
    print_error(line)

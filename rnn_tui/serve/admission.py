"""Which connections are let through to a login, and when: limits for each address.

A connection costs the server a key exchange before it knows who comes. So only a few are at that at
a time, the others wait for their turn, and an address that comes too often is not answered. An
address may be a whole class behind one router: limits grow with the number of guests.
"""

from __future__ import annotations

import ipaddress
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

LOGINS_AT_ONCE = 16  # key exchanges and logins under way
LOGINS_OF_ADDRESS = 12  # of these, from one address
MOST_CONNECTIONS = 512  # of all kinds, waiting ones too
ATTEMPTS_A_GUEST = 10  # attempts of one address at once, for each place
ATTEMPTS_BACK = 10.0  # seconds in which an address gets one attempt back, divided by the places
FAILURE_COST = 4  # further attempts that a failed login costs
MOST_ADDRESSES = 4096  # that are remembered

Held = TypeVar("Held")


def address_group(address: str) -> str:
    """Return what is counted as one address: of IPv6 the network, as one has many in it."""
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


@dataclass(slots=True)
class _Budget:
    """The attempts that an address has left."""

    left: float
    at: float


@dataclass(slots=True)
class Admission(Generic[Held]):
    """Decides on connections; what they are is up to the caller.

    Attributes:
        guests: the places.
        clock: seconds that only grow.
        connections: how many there are, of all kinds.
        refused: how many were not let in.
    """

    guests: int
    clock: Callable[[], float]
    connections: int = 0
    refused: int = 0
    _budgets: dict[str, _Budget] = field(default_factory=dict)
    _logins: Counter[str] = field(default_factory=Counter)
    _waiting: deque[tuple[str, Held]] = field(default_factory=deque)

    @property
    def _most_attempts(self) -> float:
        return float(max(40, ATTEMPTS_A_GUEST * self.guests))

    def arrive(self, address: str, connection: Held) -> bool:
        """Take a new connection in, to wait for `next`; return False if it is not let in."""
        budget = self._budget(address)
        if budget.left < 1 or self.connections >= MOST_CONNECTIONS:
            self.refused += 1
            return False
        budget.left -= 1
        self.connections += 1
        self._waiting.append((address, connection))
        return True

    def next(self) -> Held | None:
        """Return a connection whose login begins now; None if none may."""
        if self._logins.total() >= LOGINS_AT_ONCE:
            return None
        for k, (address, connection) in enumerate(self._waiting):
            if self._logins[address] < LOGINS_OF_ADDRESS:
                del self._waiting[k]
                self._logins[address] += 1
                return connection
        return None

    def login_ended(self, address: str, *, failed: bool) -> None:
        """Note that a login has succeeded, failed, or been given up."""
        self._logins[address] -= 1
        if self._logins[address] <= 0:
            del self._logins[address]
        if failed:
            budget = self._budget(address)
            budget.left = max(-self._most_attempts, budget.left - FAILURE_COST)

    def gone(self) -> None:
        """Note that a connection that was let in has ended."""
        self.connections -= 1

    def drop(self, connection: Held) -> bool:
        """Forget a connection that waits; return whether it did."""
        for k, (_, each) in enumerate(self._waiting):
            if each is connection:
                del self._waiting[k]
                self.connections -= 1
                return True
        return False

    def _budget(self, address: str) -> _Budget:
        """Return what an address has left now."""
        now, most = self.clock(), self._most_attempts
        budget = self._budgets.get(address)
        if budget is None:
            if len(self._budgets) >= MOST_ADDRESSES:
                self._forget(now)
            budget = self._budgets[address] = _Budget(most, now)
        budget.left = min(most, budget.left + (now - budget.at) * self.guests / ATTEMPTS_BACK)
        budget.at = now
        return budget

    def _forget(self, now: float) -> None:
        """Forget addresses that have all their attempts again, or else the oldest half."""
        rate, most = self.guests / ATTEMPTS_BACK, self._most_attempts
        kept = {a: b for a, b in self._budgets.items() if b.left + (now - b.at) * rate < most}
        if len(kept) >= MOST_ADDRESSES:
            newest = sorted(kept, key=lambda a: kept[a].at)[MOST_ADDRESSES // 2 :]
            kept = {address: kept[address] for address in newest}
        self._budgets = kept

"""Which connections are let through to a login, and when."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from rnn_tui.serve.admission import (
    ATTEMPTS_BACK,
    FAILURE_COST,
    LOGINS_AT_ONCE,
    LOGINS_OF_ADDRESS,
    MOST_ADDRESSES,
    MOST_CONNECTIONS,
    Admission,
    address_group,
)


@dataclass
class Arrivals:
    """An admission with ten places, with a clock of its own."""

    now: float = 0.0
    admission: Admission[object] = field(init=False)

    def __post_init__(self) -> None:
        self.admission = Admission(10, lambda: self.now)

    def come(self, address: str, times: int = 1) -> int:
        """Arrive so many times, and return how many are let in."""
        return sum(self.admission.arrive(address, object()) for _ in range(times))

    def pass_through(self, address: str, *, failed: bool) -> None:
        """Log in, and leave."""
        assert self.admission.arrive(address, object())
        assert self.admission.next() is not None
        self.admission.login_ended(address, failed=failed)
        self.admission.gone()


def test_a_few_log_in_at_a_time_and_the_others_wait_for_their_turn() -> None:
    arrivals = Arrivals()
    assert arrivals.come("a", 30) == 30
    assert arrivals.come("b", 30) == 30
    begun = [arrivals.admission.next() for _ in range(60)]
    assert sum(each is not None for each in begun) == LOGINS_AT_ONCE
    arrivals.admission.login_ended("a", failed=False)
    assert arrivals.admission.next() is not None


def test_one_address_leaves_room_for_others() -> None:
    arrivals = Arrivals()
    arrivals.come("a", 60)
    assert sum(arrivals.admission.next() is not None for _ in range(60)) == LOGINS_OF_ADDRESS
    arrivals.come("b")
    assert arrivals.admission.next() is not None


def test_an_address_that_comes_too_often_is_not_let_in_for_a_while() -> None:
    arrivals = Arrivals()
    for _ in range(100):  # ten attempts for each place
        arrivals.pass_through("a", failed=False)
    assert arrivals.come("a") == 0
    assert arrivals.come("b") == 1
    assert arrivals.admission.refused == 1
    arrivals.now += 2.5 * ATTEMPTS_BACK / 10
    assert arrivals.come("a", 5) == 2


def test_a_failed_login_costs_more_attempts() -> None:
    arrivals = Arrivals()
    for _ in range(100 // (1 + FAILURE_COST)):
        arrivals.pass_through("a", failed=True)
    assert arrivals.come("a") == 0
    arrivals.now += ATTEMPTS_BACK * 100
    assert arrivals.come("a", 200) == 100  # and no more than at first


def test_there_is_an_end_to_connections_and_to_what_is_remembered() -> None:
    arrivals = Arrivals()
    for k in range(MOST_CONNECTIONS):
        assert arrivals.come(f"10.0.{k // 250}.{k % 250}") == 1
    assert arrivals.come("192.0.2.1") == 0
    for _ in range(MOST_CONNECTIONS):
        arrivals.admission.gone()
    for k in range(MOST_ADDRESSES + 100):
        arrivals.now += 0.001
        if arrivals.come(f"10.{k // 60000}.{k // 250 % 250}.{k % 250}"):
            arrivals.admission.gone()
    assert len(arrivals.admission._budgets) <= MOST_ADDRESSES


def test_who_gives_up_waiting_is_forgotten() -> None:
    arrivals, held = Arrivals(), object()
    assert arrivals.admission.arrive("a", held)
    assert arrivals.admission.drop(held)
    assert not arrivals.admission.drop(held)
    assert (arrivals.admission.next(), arrivals.admission.connections) == (None, 0)


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_a_network_of_ipv6_counts_as_one_address(address: str, group: str) -> None:
    assert address_group(address) == group

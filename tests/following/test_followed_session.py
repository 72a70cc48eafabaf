"""A presenter's session, the relay, and followers: what each of them sees, and when."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.following.followed_session import FollowedSession, Presenter
from rnn_tui.following.messages import socket_pair
from rnn_tui.following.presenting import PICTURES_PER_SECOND, Presenting
from rnn_tui.following.relay import Relay
from rnn_tui.session.commands import Continue, Pause, Say, Step, ViewRequest
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

pytestmark = pytest.mark.skipif(not hasattr(socket, "SOCK_SEQPACKET"), reason="needs Linux")
SMALL = Settings(hidden=4, steps=5, num_points=60)


def until(condition: Callable[[], object], what: str = "", timeout: float = 30) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, what or "never came true"
        time.sleep(0.005)


class Desk:
    """A presenter's session with its side of the connection.

    Attributes:
        view: the place on the screen.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.view: object = "first"
        self.session = Session(Trainer(SMALL))
        self.counts: list[int] = []
        self.presenting = Presenting(
            self.session,
            connection,
            lambda: self.view,
            lambda: self.counts.append(self.presenting.followers),
        )
        self.session.start()
        self.presenting.start_thread()

    def close(self) -> None:
        """Leave."""
        self.presenting.stop_thread()
        self.session.stop()


class Hall:
    """A relay in a thread of its own, and who is connected to it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._relay = Relay()
        self._ends: dict[int, socket.socket] = {}
        self._open: list[Desk | FollowedSession] = []

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        async def call() -> None:
            function(*arguments)

        asyncio.run_coroutine_threadsafe(call(), self._loop).result(5)

    def presenter(self) -> Desk:
        """Return a new presenter."""
        servers, own = socket_pair()
        self._call(self._relay.present, servers)
        desk = Desk(own)
        self._ends[id(desk)] = servers
        self._open.append(desk)
        return desk

    def follower(self, *, reads: bool = True) -> FollowedSession:
        """Return a new follower."""
        servers, own = socket_pair()
        self._call(self._relay.follow, servers)
        followed = FollowedSession(own, Session(Trainer(SMALL)).latest)
        if reads:
            followed.start()
        self._ends[id(followed)] = servers
        self._open.append(followed)
        return followed

    def leave(self, guest: Desk | FollowedSession) -> None:
        """Have somebody leave."""
        self._open.remove(guest)
        (guest.close if isinstance(guest, Desk) else guest.stop)()
        self._call(self._relay.leave, self._ends.pop(id(guest)))

    def cut(self, guest: Desk | FollowedSession) -> None:
        """End the connection of somebody who is still there."""
        self._call(self._relay.leave, self._ends[id(guest)])

    def close(self) -> None:
        """End all."""
        for each in [*self._open]:
            self.leave(each)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def hall() -> Iterator[Hall]:
    """Return an empty hall."""
    hall = Hall()
    yield hall
    hall.close()


def test_followers_see_what_the_presenter_does_and_selects(hall: Hall) -> None:
    desk, one, two = hall.presenter(), hall.follower(), hall.follower()
    until(lambda: one.presenter is two.presenter is Presenter.HERE)
    desk.session.send(Step(Stride.TIMESTEP, 3))
    until(lambda: one.latest.cursor.t == two.latest.cursor.t == 2)
    desk.view = "second"
    desk.presenting.changed()
    until(lambda: one.picture.view == two.picture.view == "second")
    until(lambda: desk.counts[-1:] == [2])
    hall.leave(two)
    until(lambda: desk.counts[-1:] == [1])


def test_who_comes_after_the_last_has_left_sees_what_is_true_then(hall: Hall) -> None:
    desk = hall.presenter()
    for n in (1, 2, 3):
        follower = hall.follower()
        until(lambda f=follower: f.presenter is Presenter.HERE)  # type: ignore[misc]
        desk.session.send(Step(Stride.UPDATE, 1))
        until(lambda f=follower, n=n: f.latest.cursor.update == n)  # type: ignore[misc]
        hall.leave(follower)
        until(lambda: desk.presenting.followers == 0)


def test_where_nobody_follows_nothing_is_made(hall: Hall) -> None:
    desk = hall.presenter()
    desk.session.send(Step(Stride.UPDATE, 2))
    until(lambda: desk.session.latest.cursor.update == 2)
    time.sleep(0.1)
    assert desk.presenting._sent is None


def test_while_training_a_follower_gets_what_is_newest_when_it_asks(hall: Hall) -> None:
    desk, quick, slow = hall.presenter(), hall.follower(), hall.follower()
    until(lambda: quick.presenter is slow.presenter is Presenter.HERE)
    desk.session.send(Continue())
    until(lambda: quick.latest.running and slow.latest.running)
    begun = slow.latest.cursor.update
    seen = set()
    deadline = time.monotonic() + 1.5
    while time.monotonic() < deadline:
        quick.refresh()
        seen.add(quick.latest.number)
        time.sleep(0.01)
    assert 3 <= len(seen) <= 1.5 * PICTURES_PER_SECOND + 2
    assert slow.latest.cursor.update == begun  # it has not asked
    newest = quick.latest.cursor.update

    def caught_up() -> bool:
        slow.refresh()
        return slow.latest.cursor.update >= newest

    until(caught_up)
    desk.session.send(Pause())
    until(lambda: not (quick.latest.running or slow.latest.running))  # that is told unasked
    assert quick.latest.cursor == slow.latest.cursor == desk.session.latest.cursor


def test_what_followers_look_at_is_computed_after_what_the_presenter_looks_at(hall: Hall) -> None:
    desk, follower = hall.presenter(), hall.follower()
    desk.session.send(ViewRequest(predictions=False, proofs=frozenset({"ledger"})))
    desk.session.send(Step(Stride.UPDATE, 1))
    until(lambda: follower.latest.cursor.update == 1)
    follower.send(ViewRequest(predictions=True, proofs=frozenset({"map"})))
    until(lambda: {"ledger", "map"} <= follower.latest.proofs.keys())
    until(lambda: follower.latest.predictions is not None)
    request = desk.session.latest.request
    assert (request.predictions, request.proofs) == (False, frozenset({"ledger"}))
    heard: list[int] = []
    desk.session.listen(lambda: heard.append(1))
    follower.send(ViewRequest(predictions=True, proofs=frozenset({"map", "gates"})))
    until(lambda: "gates" in follower.latest.proofs)
    assert heard == []  # nothing is drawn on the presenter's screen for that
    hall.leave(follower)
    until(lambda: "map" not in desk.session.latest.proofs)


def test_however_often_followers_look_elsewhere_the_presenter_works_at_its_own_rate(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, follower = hall.presenter(), hall.follower()
    until(lambda: follower.presenter is Presenter.HERE)
    sent: list[object] = []
    monkeypatch.setattr(desk.session, "send", sent.append)
    begun = time.monotonic()
    for n in range(200):
        follower.send(ViewRequest(proofs=frozenset({("map", "gates")[n % 2]})))
        time.sleep(0.005)
    assert 1 <= len(sent) <= (time.monotonic() - begun) * PICTURES_PER_SECOND + 2


def test_the_last_picture_stays_until_the_presenter_comes_back(hall: Hall) -> None:
    follower = hall.follower()
    assert follower.presenter is Presenter.AWAITED
    desk = hall.presenter()
    desk.session.send(Continue())
    until(lambda: follower.latest.running)
    hall.leave(desk)
    until(lambda: follower.presenter is Presenter.GONE)
    assert not follower.latest.running
    last = follower.latest.cursor
    late = hall.follower()
    time.sleep(0.1)
    assert (late.presenter, follower.latest.cursor) == (Presenter.AWAITED, last)
    hall.presenter()
    until(lambda: follower.presenter is late.presenter is Presenter.HERE)
    assert follower.latest.cursor.update == 0


def test_one_who_reads_nothing_holds_up_nobody(hall: Hall) -> None:
    desk, follower = hall.presenter(), hall.follower()
    hall.follower(reads=False)
    for n in range(1, 4):
        desk.session.send(Step(Stride.UPDATE, 1))
        until(lambda n=n: follower.latest.cursor.update == n)  # type: ignore[misc]


def test_a_message_to_this_user_stays_over_new_pictures(hall: Hall) -> None:
    desk, follower = hall.presenter(), hall.follower()
    until(lambda: follower.presenter is Presenter.HERE)
    follower.send(Say("hello"))
    desk.session.send(Say("for the presenter alone"))
    desk.session.send(Step(Stride.UPDATE, 1))
    until(lambda: follower.latest.cursor.update == 1)
    assert follower.latest.notice is not None
    assert follower.latest.notice.text == "hello"


def test_the_end_of_the_server_is_the_end_of_the_presenter(hall: Hall) -> None:
    hall.presenter()
    follower = hall.follower()
    until(lambda: follower.presenter is Presenter.HERE)
    hall.cut(follower)
    until(lambda: follower.presenter is Presenter.GONE)
    follower.send(ViewRequest(proofs=frozenset({"map"})))  # asks nobody
    time.sleep(0.05)
    assert follower.latest.notice is None

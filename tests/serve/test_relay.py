"""The slot between the presenter and the followers."""

import asyncio
import json

from rnn_tui.serve.frames import FrameReader, frame
from rnn_tui.serve.relay import Relay, connect_program


class Program:
    """Keeps the messages that a program gets."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.messages.append(message)

    def take(self) -> list[bytes]:
        messages, self.messages = self.messages, []
        return messages


def test_a_follower_gets_the_newest_when_it_asks_and_never_what_was_between() -> None:
    relay, presenter, fast, slow = Relay(), Program(), Program(), Program()
    relay.present(presenter.send)
    quick, lazy = relay.follow(fast.send), relay.follow(slow.send)
    for program in (presenter, fast, slow):
        program.take()
    lazy.receive(b"?")
    quick.receive(b"?")
    assert presenter.take() == [b'?{"followers": 2, "look_at": [""]}']  # asked once
    for k in range(5):
        relay.receive(b"=" + str(k).encode())
        assert fast.take() == [b"=" + str(k).encode()]
        quick.receive(b"?")
    assert slow.take() == [b"=0"]
    lazy.receive(b"?")
    assert slow.take() == [b"=4"]
    lazy.receive(b"?")
    assert slow.take() == []  # nothing is newer
    relay.receive(b"=5")
    assert (fast.take(), slow.take()) == ([b"=5"], [b"=5"])


def test_the_presenter_is_asked_only_while_somebody_waits() -> None:
    relay, presenter, program = Relay(), Program(), Program()
    follower = relay.follow(program.send)
    follower.receive(b"?loss")
    relay.present(presenter.send)
    audience = {"followers": 1, "look_at": ["loss"]}
    first, second = presenter.take()
    assert (first[:1], json.loads(first[1:])) == (b"#", audience)
    assert (second[:1], json.loads(second[1:])) == (b"?", audience)
    relay.receive(b"=1")
    assert presenter.take() == []
    follower.receive(b"?timestep")
    assert [message[:1] for message in presenter.take()] == [b"#", b"?"]
    follower.leave()
    assert json.loads(presenter.take()[0][1:]) == {"followers": 0, "look_at": []}


def test_followers_are_told_whether_there_is_a_presenter() -> None:
    relay, one, two, program = Relay(), Program(), Program(), Program()
    relay.follow(program.send)
    relay.present(one.send)
    relay.present(two.send)
    relay.end_presenting(one.send)  # it has been replaced
    relay.end_presenting(two.send)
    assert program.take() == [b"!0", b"!1", b"!1", b"!0"]


def test_messages_go_through_sockets() -> None:
    async def play() -> None:
        relay = Relay()
        loop = asyncio.get_running_loop()
        presenter, _ = connect_program(relay, presents=True)
        follower, _ = connect_program(relay, presents=False)
        readers = {each: FrameReader() for each in (presenter, follower)}
        for each in readers:
            each.setblocking(False)

        async def message(program: object, kind: bytes) -> bytes:
            while True:
                data = await loop.sock_recv(program, 1 << 16)  # type: ignore[arg-type]
                for each in readers[program].feed(data):  # type: ignore[index]
                    if each[:1] == kind:
                        return each

        await loop.sock_sendall(follower, frame(b"?x"))
        assert b'"x"' in await message(presenter, b"?")
        await loop.sock_sendall(presenter, frame(b"=" + b"y" * 300_000))
        assert len(await message(follower, b"=")) == 300_001
        presenter.close()
        assert await message(follower, b"!") == b"!0"
        follower.close()
        await asyncio.sleep(0)

    asyncio.run(play())

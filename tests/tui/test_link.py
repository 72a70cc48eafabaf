"""The link's pace, on simulated links: a bottleneck of so many bytes a second, and a delay."""

from __future__ import annotations

import heapq
import itertools
import re
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnn_tui.tui.link import Link
from rnn_tui.tui.terminal_answers import CursorReport, ModeReport

KIB = 1024
QUERY = re.compile(r"\x1b\[\?(?P<mode>\d+)\$p|\x1b\[(?P<row>\d+);(?P<column>\d+)H\x1b\[6n")


@dataclass
class Far:
    """A terminal behind a bottleneck with an endless queue; it answers what it is asked."""

    rate: float
    delay: float
    answers: str | None
    over_ssh: bool = True
    now: float = 0.0
    free_at: float = 0.0  # when the bottleneck has sent all that is in its queue
    frozen_until: float = 0.0
    lost: set[int] = field(default_factory=set)  # numbers of queries that get no answer
    modes: set[int] | None = None  # that it answers for; None for all
    again_after: float | None = None  # seconds, after which it gives each answer once more
    most_waiting: float = 0.0
    ages: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.link = Link(over_ssh=self.over_ssh, clock=lambda: self.now)
        self._events: list[tuple[float, int, ModeReport | CursorReport]] = []
        self._order = itertools.count()
        self.send(0, self.link.begin())

    def send(self, size: int, queries: str) -> None:
        """Put bytes and then queries into the queue."""
        start = max(self.free_at, self.now, self.frozen_until)
        self.free_at = start + (size + len(queries)) / self.rate
        self.most_waiting = max(self.most_waiting, self.waiting)
        if size:
            self.ages.append(self.free_at + self.delay - self.now)
        for match in QUERY.finditer(queries):
            number = next(self._order)
            if number in self.lost:
                continue
            answer = self._answer(match)
            if answer is not None:
                at = max(self.free_at + self.delay, self.frozen_until) + self.delay
                heapq.heappush(self._events, (at, number, answer))
                if self.again_after is not None:
                    again = (at + self.again_after, next(self._order), answer)
                    heapq.heappush(self._events, again)

    def _answer(self, query: re.Match[str]) -> ModeReport | CursorReport | None:
        if query["mode"]:
            mode = int(query["mode"])
            answers = self.answers == "decrqm" and (self.modes is None or mode in self.modes)
            return ModeReport(mode, 2) if answers else None
        report = CursorReport(int(query["row"]), int(query["column"]))
        return report if self.answers in ("decrqm", "cpr") else None

    @property
    def waiting(self) -> float:
        """Bytes in the queue."""
        return (self.free_at - max(self.now, min(self.frozen_until, self.free_at))) * self.rate

    def pass_time(self, seconds: float) -> None:
        """Let answers arrive, and probes be sent."""
        end = self.now + seconds
        while True:
            wait = self.link.seconds_to_wait()
            look = self.now + wait if wait is not None else end
            at = self._events[0][0] if self._events else end
            self.now = min(at, look, end)
            if self.now >= end:
                self.send(0, self.link.probe())
                return
            if self.now == at:
                _, _, answer = heapq.heappop(self._events)
                self.send(0, self.link.answered(answer, self.now))
            else:
                self.send(0, self.link.probe())

    def display(self, size: int) -> None:
        self.send(size, self.link.displayed(size))

    def run(self, seconds: float, size: int, tick: float = 0.01) -> int:
        """Display frames of `size` bytes by the clock, as far as there is room; return how many."""
        end, due, displayed = self.now + seconds, self.now, 0
        while self.now < end:
            self.pass_time(tick)
            if self.now >= due and self.link.has_room_for_frame():
                self.display(size)
                displayed += 1
                due = self.now + 1 / self.link.frames_per_second
        return displayed


WAYS = ["decrqm", "cpr", None]


@pytest.mark.parametrize("answers", WAYS)
@pytest.mark.parametrize("rate", [2, 8, 16, 32, 1000])
@pytest.mark.parametrize("delay", [0.001, 0.1, 0.4])
def test_the_queue_stays_short_and_frames_go_on(answers: str, rate: int, delay: float) -> None:
    far = Far(rate * KIB, delay, answers)
    far.display(12 * KIB)  # the first screen
    far.run(10, 3 * KIB)
    far.most_waiting = 0
    displayed = far.run(20, 3 * KIB)
    if answers is not None or rate >= 8:
        assert far.most_waiting <= (6.1 if rate >= 8 else 8) * KIB
    if answers is not None:  # half of what would fit, or of what is wanted
        assert displayed >= min(0.5 * 20 * rate / 3, 0.5 * 4 * 20)


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
def test_large_frames_go_one_at_a_time_over_a_thin_link(answers: str) -> None:
    far = Far(8 * KIB, 0.1, answers)
    far.run(10, 4 * KIB)
    far.most_waiting = 0
    assert far.run(20, 4 * KIB) >= 0.8 * 20 / (0.2 + 4 / 8)
    assert far.most_waiting <= 4.1 * KIB


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
def test_a_wide_link_loses_no_frame_however_long(answers: str) -> None:
    for delay in (0.001, 0.1, 0.5):
        far = Far(100 * KIB, delay, answers)
        far.run(5, 3 * KIB)
        assert far.run(10, 3 * KIB) >= 38
        assert far.link.limit_text() == ""


@pytest.mark.parametrize("answers", WAYS)
@pytest.mark.parametrize("size", [9 * KIB, 2 * KIB])
def test_whole_screens_and_held_keys_do_not_pile_up(answers: str | None, size: int) -> None:
    far = Far(8 * KIB, 0.1, answers)
    far.run(10, 3 * KIB)
    far.pass_time(3)
    far.most_waiting = 0
    for _ in range(60):  # sizes while a window is dragged, or keys
        if far.link.has_room_for_key():
            far.display(size)
        far.pass_time(0.05)
    owed = 4 if answers is None else 2
    assert far.most_waiting <= max(size, 6 * KIB) + owed * KIB


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
@pytest.mark.parametrize("asked_about", ["a probe", "a small display"])
def test_what_comes_through_quickly_after_a_large_display_is_not_the_large_one(
    answers: str, asked_about: str
) -> None:
    far = Far(5 * KIB, 0.3, answers)
    far.pass_time(3)
    far.display(9 * KIB)
    far.pass_time(1.8)
    if asked_about == "a small display":
        far.display(50)
    far.pass_time(0.65)
    far.display(6 * KIB)
    far.pass_time(0.2)
    far.most_waiting = 0
    for _ in range(20):  # keys
        if far.link.has_room_for_key():
            far.display(5 * KIB)
        far.pass_time(0.02)
    assert far.most_waiting <= (6 + 5) * KIB


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
def test_nothing_piles_up_in_a_frozen_link_and_it_goes_on_afterwards(answers: str) -> None:
    far = Far(32 * KIB, 0.1, answers)
    far.run(5, 3 * KIB)
    far.frozen_until = far.now + 60
    far.most_waiting = 0
    assert far.run(60, 3 * KIB) <= 3
    assert far.most_waiting <= 8 * KIB
    far.ages.clear()
    assert far.run(10, 3 * KIB) >= 20
    assert max(far.ages[1:]) < 1


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
@pytest.mark.parametrize(
    "links",
    [
        [(64, 0.02), (4, 0.02), (1, 0.02), (64, 0.02)],
        [(64, 0.02), (64, 0.4), (64, 0.02)],
        [(1000, 0.001), (8, 0.4), (2, 0.1), (1000, 0.4)],
    ],
)
def test_a_link_may_change_while_it_is_used(links: list[tuple[int, float]], answers: str) -> None:
    far = Far(links[0][0] * KIB, links[0][1], answers)
    for rate, delay in links:
        far.rate, far.delay = rate * KIB, delay
        displayed = far.run(25, 3 * KIB)
        assert displayed >= min(0.8 * 25 / (2 * delay + 3 / rate), 0.9 * 4 * 25)
        assert far.most_waiting <= 7 * KIB
        far.pass_time(10)  # what waits is reckoned at the new rate


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
@pytest.mark.parametrize("rate", [5, 8, 32])
@pytest.mark.parametrize("delay", [0.02, 0.3])
@pytest.mark.parametrize("again_after", [0, 0.2])
def test_two_who_look_at_one_terminal_both_answer(
    answers: str, rate: int, delay: float, again_after: float
) -> None:
    far = Far(rate * KIB, delay, answers, again_after=again_after)
    far.display(12 * KIB)  # the first screen
    far.run(10, 3 * KIB)
    far.most_waiting = 0
    assert far.run(30, 3 * KIB) >= min(0.5 * 30 * rate / 3, 0.5 * 4 * 30)
    assert far.most_waiting <= 6.1 * KIB


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
def test_answers_that_nobody_asked_for_change_nothing(answers: str) -> None:
    far = Far(5 * KIB, 0.1, answers)
    far.run(10, 3 * KIB)
    far.most_waiting = 0
    for _ in range(10):
        for column in (*range(1, 10), 200):
            far.link.answered(CursorReport(2, column), far.now)
        for mode in (2026, 2048, 25, 9):
            far.link.answered(ModeReport(mode, 0), far.now)
        far.run(3, 3 * KIB)
    assert far.most_waiting <= 9.1 * KIB


@given(
    st.sets(st.integers(8, 60)),
    st.sampled_from(["decrqm", "cpr"]),
    st.sampled_from([None, {2026}, {25, 2026}, {7, 2026}, {7, 25, 1004, 2026}]),
)
@settings(deadline=None, max_examples=15)
def test_lost_answers_stop_nothing_for_good(
    lost: set[int], answers: str, modes: set[int] | None
) -> None:
    far = Far(100 * KIB, 0.05, answers, lost=lost, modes=modes)
    for _ in range(200):
        far.run(5, 1 * KIB)
        if next(far._order) > 70:  # all that are lost have been asked
            break
    far.run(35, 1 * KIB)
    assert far.run(10, 1 * KIB) >= 35


def test_one_lost_answer_costs_one_probe() -> None:
    far = Far(100 * KIB, 0.05, "decrqm")
    far.run(5, 1 * KIB)
    far.lost = {next(far._order) + 1}
    far.display(KIB)
    far.display(KIB)
    far.pass_time(0.5)
    assert far.link.has_room_for_key()


def test_keys_are_answered_at_once_until_two_displays_are_on_their_way() -> None:
    far = Far(8 * KIB, 0.1, "decrqm")
    far.pass_time(1)
    assert far.link.has_room_for_key()
    far.display(3 * KIB)
    far.pass_time(0.4)
    assert not far.link.has_room_for_frame()
    assert far.link.has_room_for_key()
    far.display(1 * KIB)
    assert not far.link.has_room_for_key()
    far.pass_time(0.3)
    assert far.link.has_room_for_key()


def test_a_terminal_that_answers_no_more_is_shown_something_again_when_keys_come() -> None:
    far = Far(100 * KIB, 0.05, "decrqm")
    far.run(5, KIB)
    far.answers = None
    far.run(5, KIB)
    assert not far.link.has_room_for_frame()
    for _ in range(8):
        far.link.heard()
        far.run(2, KIB)
    far.link.heard()
    far.run(10, KIB)
    assert far.run(10, KIB) >= 20


def test_a_key_just_before_the_link_freezes_is_no_sign_that_answers_are_lost() -> None:
    far = Far(8 * KIB, 0.1, "decrqm")
    far.run(5, 3 * KIB)
    far.pass_time(3)
    far.frozen_until, far.most_waiting = far.now + 60, 0
    far.display(3 * KIB)
    far.pass_time(0.5)
    assert not far.link.has_room_for_frame()  # the answer is late when the key comes
    far.link.heard()
    far.run(59, 3 * KIB)
    for _ in range(10):  # keys typed meanwhile arrive before the answers do
        far.link.heard()
    assert far.run(0.2, 3 * KIB) <= 1
    assert far.most_waiting <= 8 * KIB


@pytest.mark.parametrize(("setting", "rate"), [("remote", 6), ("local", 20)])
def test_the_user_may_say_what_the_link_is(setting: str, rate: int) -> None:
    far = Far(1000 * KIB, 0.1, "decrqm")
    far.link.setting = setting  # type: ignore[assignment]  # one of two
    far.run(5, 4 * KIB)
    assert far.run(20, 4 * KIB) == pytest.approx(20 * rate / 4, rel=0.15)


def test_without_ssh_and_without_answers_nothing_is_held_back() -> None:
    far = Far(1000 * KIB, 0, None, over_ssh=False)
    assert far.run(10, 10 * KIB) >= 48
    assert far.link.escape_patience == 0


def test_the_header_names_the_link_only_while_it_limits() -> None:
    far = Far(8 * KIB, 0.1, "decrqm")
    far.run(10, 3 * KIB)
    assert far.link.limit_text() == ""  # the schedule of frames notes that one has waited
    far.link.note_wait()
    assert re.fullmatch(r"link \d+ ms · \d\.\d/s", far.link.limit_text())
    far.pass_time(3)
    assert far.link.limit_text() == ""


def test_escape_sequences_are_waited_for_longer_on_a_long_link() -> None:
    for delay, least in ((0.001, 0.0), (0.1, 0.1), (0.4, 0.3)):
        far = Far(1000 * KIB, delay, "decrqm")
        far.run(5, KIB)
        assert least <= far.link.escape_patience <= 0.4
        assert (far.link.escape_patience > 0) == (delay > 0.05)


def test_a_link_is_slow_where_most_frames_wait_for_it_until_they_do_not() -> None:
    link = Link(over_ssh=True, clock=lambda: 0.0)
    for _ in range(8):
        assert not link.is_slow
        link.note_frame(True)
    assert link.is_slow
    for _ in range(4):
        link.note_frame(False)
    assert not link.is_slow
    link.setting = "remote"
    assert link.is_slow
    link.setting = "local"
    for _ in range(8):
        link.note_frame(True)
    assert not link.is_slow


@pytest.mark.parametrize("answers", ["decrqm", "cpr"])
@pytest.mark.parametrize("delay", [0.005, 0.15])
@pytest.mark.parametrize(("rate", "slow"), [(8, True), (64, False), (1000, False)])
def test_a_link_is_slow_where_few_bytes_a_second_come_through(
    answers: str, delay: float, rate: int, slow: bool
) -> None:
    far = Far(rate * KIB, delay, answers)
    far.run(20, 5 * KIB // 2)
    far.link.note_frame(False)  # it did not have to wait
    assert far.link.is_slow is slow

"""The schedule of frames: everything while paused; while running, charts one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, cast

import pytest
from textual.screen import Screen as TextualScreen
from tui.screen_support import snapshot_after

from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.link import Link
from rnn_tui.tui.panel_widget import LinesWidget
from rnn_tui.tui.screens.frame_schedule import REST, FrameSchedule

CHARTS = list(PANELS.in_group("chart"))
OTHERS = ["header", "network", "footer"]
PAUSED = snapshot_after()
RUNNING = replace(PAUSED, running=True, training=True)


@dataclass
class FakeSession:
    """The calls that the schedule makes."""

    latest: Snapshot
    refreshes: int = 0

    def refresh(self) -> None:
        self.refreshes += 1

    def suspend(self) -> None: ...

    def resume(self) -> None: ...


@dataclass
class FakeWidget:
    """A widget that notes its name and the snapshot when it is drawn."""

    id: str
    drawn: list[tuple[str, Snapshot]]
    display: bool = True

    def show(self, context: DrawContext) -> None:
        self.drawn.append((self.id, context.snapshot))


@dataclass
class Screen:
    """A schedule with fake widgets and session."""

    session: FakeSession
    drawn: list[tuple[str, Snapshot]] = field(default_factory=list)
    link: Link = field(default_factory=lambda: Link("local"))
    now: float = 0.0
    panel: str = "timestep"

    def __post_init__(self) -> None:
        self.schedule = FrameSchedule(
            cast(Session, self.session),
            self.link,
            lambda snapshot: DrawContext(snapshot, Selection(panel=self.panel)),
            lambda: self.now,
        )
        widgets = [FakeWidget(name, self.drawn) for name in (*OTHERS, *CHARTS)]
        self.schedule.widgets = cast(list[LinesWidget], widgets)

    def arrive(self, snapshot: Snapshot) -> None:
        self.session.latest = snapshot
        self.schedule.draw_snapshot(snapshot)

    def take(self) -> list[tuple[str, Snapshot]]:
        """Return what was drawn since the last call."""
        taken = self.drawn[:]
        self.drawn.clear()
        return taken


def all_of(names: list[str], snapshot: Snapshot) -> list[tuple[str, Snapshot]]:
    return [(name, snapshot) for name in names]


def test_while_paused_everything_is_drawn() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(PAUSED)
    assert screen.take() == all_of(OTHERS + CHARTS, PAUSED)
    screen.schedule.draw_after_key()
    assert screen.take() == all_of(OTHERS + CHARTS, PAUSED)


def test_the_first_and_last_frame_of_a_run_have_everything() -> None:
    screen = Screen(FakeSession(PAUSED))
    last = replace(PAUSED, number=3)
    screen.arrive(RUNNING)
    assert screen.take() == all_of(OTHERS + CHARTS, RUNNING)
    screen.arrive(last)
    assert screen.take() == all_of(OTHERS + CHARTS, last)


class Refresh:
    """A screen that keeps what is to be called after its refresh."""

    def __init__(self) -> None:
        self.then: list[Callable[[], None]] = []

    def call_after_refresh(self, function: Callable[[], None]) -> None:
        self.then.append(function)

    def refreshed(self) -> None:
        for function in self.then[:]:
            self.then.remove(function)
            function()


def test_guests_of_one_machine_draw_fewer_frames_where_each_takes_long() -> None:
    screen, refresh = Screen(FakeSession(RUNNING)), Refresh()
    screen.schedule._screen = cast(TextualScreen[None], refresh)

    def frame(takes: float) -> None:
        screen.schedule.tick()
        screen.now += takes
        refresh.then.append(screen.schedule._resume)
        refresh.refreshed()

    for shares_machine, frames in ((False, 2), (True, 1)):
        screen.schedule.shares_machine, screen.session.refreshes = shares_machine, 0
        frame(0.5)
        screen.now += REST * 0.5 - 0.1
        screen.schedule.tick()
        assert screen.session.refreshes == frames
        screen.now += 0.2
        screen.schedule.tick()
        assert screen.session.refreshes == frames + 1


def test_while_running_the_keys_before_a_refresh_are_drawn_at_once() -> None:
    screen, refresh = Screen(FakeSession(PAUSED)), Refresh()
    screen.arrive(RUNNING)
    screen.schedule._screen = cast(TextualScreen[None], refresh)
    screen.take()
    screen.schedule.draw_after_key()
    one = screen.take()
    assert one  # the first of them immediately
    for _ in range(9):
        screen.schedule.draw_after_key()
    assert screen.take() == []
    refresh.refreshed()
    assert screen.take() == one
    refresh.refreshed()
    assert screen.take() == []


def test_while_running_the_loss_is_in_every_frame_and_tables_are_once_a_second() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.take()
    frames: list[list[str]] = []
    for number in range(30):
        screen.now += 0.2
        screen.arrive(replace(RUNNING, number=number))
        taken = screen.take()
        assert {snapshot.number for _, snapshot in taken} == {number}
        frames.append([name for name, _ in taken])
    assert all({"header", "footer", "loss"} <= set(names) for names in frames)
    with_tables = [names for names in frames if "network" in names]
    assert len(with_tables) == 6
    assert all(CHARTS[1] not in names and CHARTS[2] not in names for names in with_tables)
    others = [name for names in frames for name in names if name in CHARTS[1:]]
    assert len(others) == 24  # one a frame
    assert all(before != after for before, after in pairwise(others))


def test_while_running_a_picture_is_drawn_every_three_seconds_unless_it_has_the_focus() -> None:
    for focus, times in (("timestep", 2), ("carpet", 6)):
        screen = Screen(FakeSession(PAUSED), panel=focus)
        pictures = [FakeWidget(name, screen.drawn) for name in ("weights", "carpet")]
        screen.schedule.widgets += cast(list[LinesWidget], pictures)
        screen.arrive(RUNNING)
        screen.take()
        frames: list[list[str]] = []
        for number in range(30):
            screen.now += 0.2
            screen.arrive(replace(RUNNING, number=number))
            frames.append([name for name, _ in screen.take()])
        drawn = [name for names in frames for name in names]
        assert drawn.count("network") == 6
        assert (drawn.count("weights"), drawn.count("carpet")) == (2, times)
        assert not any({"weights", "carpet"} <= {*names} for names in frames) or times == 6


def test_a_key_while_running_draws_the_same_frame_again_without_charts() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.take()
    screen.session.latest = replace(RUNNING, number=2)
    screen.schedule.draw_after_key()
    assert screen.take() == all_of(OTHERS, RUNNING)


def test_a_key_while_running_leaves_tables_at_the_update_that_they_name() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    newer = replace(RUNNING, number=2)
    screen.arrive(newer)  # no table is due
    screen.take()
    screen.schedule.draw_after_key()
    assert screen.take() == [("header", newer), ("network", RUNNING), ("footer", newer)]
    other = replace(newer, settings=replace(newer.settings, hidden=2))
    screen.arrive(other)
    screen.take()
    screen.schedule.draw_after_key()
    assert screen.take() == all_of(OTHERS, other)


def test_what_a_key_has_done_is_in_the_next_frames_tables() -> None:
    changes: list[dict[str, Any]] = [
        {"settings": RUNNING.settings.with_(lr=0.5)},
        {"request": replace(RUNNING.request, t=3)},
        {"pins": ("f = 1",)},
    ]
    for change in changes:
        screen = Screen(FakeSession(PAUSED))
        screen.arrive(RUNNING)
        screen.schedule.draw_after_key()
        screen.take()
        screen.now += 0.1
        screen.arrive(replace(RUNNING, number=2))  # from before the key
        assert "network" not in [name for name, _ in screen.take()]
        screen.now += 0.1
        screen.arrive(replace(RUNNING, number=3, **change))
        assert "network" in [name for name, _ in screen.take()]
        screen.now += 0.1
        screen.arrive(replace(RUNNING, number=4, **change))
        assert "network" not in [name for name, _ in screen.take()]


def test_ticks_ask_for_a_frame_where_the_link_has_room() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    for _ in range(5):
        screen.schedule.tick()
    assert screen.session.refreshes == 5
    screen.link.setting = "remote"
    screen.link.displayed(10**6)
    screen.schedule.tick()
    assert screen.session.refreshes == 5
    screen.link.setting = "local"
    screen.schedule.room_came()
    screen.schedule.room_came()
    assert screen.session.refreshes == 6


def test_hidden_charts_take_no_turn() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.take()
    for widget in screen.schedule.widgets:
        widget.display = widget.id == CHARTS[1]
    for number in range(4):
        screen.arrive(replace(RUNNING, number=number))
    assert [name for name, _ in screen.take()] == [CHARTS[1]] * 4


@pytest.mark.parametrize(("seconds", "named"), [(0.01, False), (0.1, True)])
def test_the_header_names_the_link_where_a_frame_has_waited_long_enough_to_be_missed(
    seconds: float, named: bool
) -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.link.setting = "remote"
    screen.link.displayed(10**6)
    screen.schedule.tick()
    screen.now += seconds
    screen.link.setting = "local"
    screen.schedule.room_came()
    assert bool(screen.link.limit_text()) is named
    assert screen.session.refreshes == 1


def test_the_header_names_the_link_where_a_frame_still_waits_at_the_next_tick() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.link.setting = "remote"
    screen.link.displayed(10**6)
    screen.schedule.tick()
    assert not screen.link.limit_text()
    screen.schedule.tick()
    assert screen.link.limit_text()

"""The schedule of frames: everything while paused; while running, charts one at a time."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import cast

from tui.screen_support import snapshot_after

from rnn_tui.registry import PANELS
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.link import Link
from rnn_tui.tui.panel_widget import LinesWidget
from rnn_tui.tui.screens.frame_schedule import FrameSchedule

CHARTS = list(PANELS.in_group("chart"))
OTHERS = ["header", "network", "footer"]
PAUSED = snapshot_after()
RUNNING = replace(PAUSED, running=True)


@dataclass
class FakeSession:
    """The calls that the schedule makes."""

    latest: Snapshot
    refreshes: int = 0

    def refresh(self) -> None:
        self.refreshes += 1

    def suspend(self) -> None: ...


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

    def __post_init__(self) -> None:
        self.schedule = FrameSchedule(
            cast(Session, self.session),
            Link("local"),
            lambda snapshot: DrawContext(snapshot, Selection()),
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


def test_the_first_and_last_frame_of_a_run_have_charts_and_the_others_have_none() -> None:
    screen = Screen(FakeSession(PAUSED))
    second, last = replace(RUNNING, number=2), replace(PAUSED, number=3)
    screen.arrive(RUNNING)
    assert screen.take() == all_of(OTHERS + CHARTS, RUNNING)
    screen.arrive(second)
    assert screen.take() == all_of(OTHERS, second)
    screen.arrive(last)
    assert screen.take() == all_of(OTHERS + CHARTS, last)


def test_a_key_while_running_draws_the_same_frame_again_without_charts() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.take()
    screen.session.latest = replace(RUNNING, number=2)
    screen.schedule.draw_after_key()
    assert screen.take() == all_of(OTHERS, RUNNING)


def test_ticks_ask_for_a_frame_and_draw_a_chart_in_turn() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.take()
    for _ in range(4 * len(CHARTS)):
        screen.schedule.tick()
    names = [name for name, _ in screen.take()]
    assert screen.session.refreshes == 2 * len(CHARTS)
    assert len(names) == 2 * len(CHARTS)
    assert set(names[: len(CHARTS)]) == set(CHARTS)
    assert names[: len(CHARTS)] == names[len(CHARTS) :]


def test_hidden_charts_take_no_turn() -> None:
    screen = Screen(FakeSession(PAUSED))
    screen.arrive(RUNNING)
    screen.take()
    for widget in screen.schedule.widgets:
        widget.display = widget.id == CHARTS[0]
    for _ in range(4):
        screen.schedule.tick()
    assert screen.take() == all_of([CHARTS[0]] * 2, RUNNING)

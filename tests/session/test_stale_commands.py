"""A command about what was shown a moment ago does nothing else than what was meant."""

from __future__ import annotations

import pytest
from session.session_support import Driver

from rnn_tui.engine.network.interventions import parse as parse_what_if
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    CheckGradient,
    Command,
    Configure,
    Discard,
    GoTo,
    Intervene,
    Keep,
    ReleaseWhatIf,
    RemoveBreakpoint,
    Restart,
    RunTo,
    Step,
    Swap,
    SwitchBreakpoint,
    ViewRequest,
)
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(cell="lstm", hidden=4, steps=5, num_points=60)
BREAKPOINTS = [parse(text) for text in ("update=30", "loss<0.1", "t=2")]


@pytest.fixture
def session() -> Session:
    return Session(Trainer(SMALL), BREAKPOINTS, versus=Versus("gru"))


def refused(snapshot: Snapshot, before: Snapshot, words: str) -> None:
    """Check that nothing changed and that it is said."""
    assert snapshot.notice is not None
    assert words in snapshot.notice.text
    assert before.notice is None or snapshot.notice.number > before.notice.number
    assert (snapshot.settings, snapshot.cursor) == (before.settings, before.cursor)
    assert snapshot.breakpoints == before.breakpoints
    assert snapshot.pins == before.pins


def test_two_quick_deletes_remove_one_breakpoint(session: Session) -> None:
    once = session.perform(RemoveBreakpoint(BREAKPOINTS[0]))
    assert [str(each.breakpoint) for each in once.breakpoints] == ["nan", "loss<0.1", "t=2"]
    refused(session.perform(RemoveBreakpoint(BREAKPOINTS[0])), once, "no longer in the list")
    refused(session.perform(SwitchBreakpoint(BREAKPOINTS[0], True)), once, "no longer in the list")


def test_the_last_one_deleted_twice_leaves_the_run_alone() -> None:
    driver = Driver(Trainer(SMALL))
    try:
        far = parse("update=999999999")
        driver.send(AddBreakpoint(far), Step(Stride.UPDATE, 10**6))
        driver.send(*[RemoveBreakpoint(far)] * 2)
        said = driver.until(lambda s: s.notice is not None)
        assert said.notice is not None
        assert "no longer" in said.notice.text
        driver.until(lambda s: s.running and s.cursor.update > said.cursor.update)
    finally:
        driver.session.stop()


def test_switching_off_twice_is_off(session: Session) -> None:
    for _ in range(2):
        off = session.perform(SwitchBreakpoint(BREAKPOINTS[1], False))
        assert [each.breakpoint.enabled for each in off.breakpoints] == [True, True, False, True]


def test_the_form_changes_only_what_was_typed(session: Session) -> None:
    session.perform(Step(Stride.UPDATE, 20), Configure(SMALL.with_(lr=0.5)))
    session.perform(Step(Stride.UPDATE, 5), GoTo(10))  # where lr is still 0.01
    form = session.latest.settings
    session.perform(GoTo(None))
    changed = session.perform(Configure(form.with_(clip=2.0), form))
    assert (changed.settings.lr, changed.settings.clip) == (0.5, 2.0)


@pytest.mark.parametrize("shown", [SMALL, SMALL.with_(lr=0.1)])
def test_a_form_of_another_network_changes_nothing(session: Session, shown: Settings) -> None:
    session.perform(Configure(shown)) if shown != SMALL else None
    before = session.perform(Swap())
    for command in (
        Configure(shown.with_(clip=2.0), shown),
        Restart(shown.with_(hidden=9), shown),
    ):
        refused(session.perform(command), before, "meanwhile the network shown has another cell")


def test_a_what_if_or_a_check_of_another_network_does_nothing(session: Session) -> None:
    declaration = session.latest.window.declaration
    session.perform(Step(Stride.TIMESTEP, 3))
    before = session.perform(Swap())
    what_if = parse_what_if("W_h[1,2] = 0", declaration)
    refused(session.perform(Intervene(what_if, declaration)), before, "another network")
    refused(session.perform(CheckGradient(3, False, declaration)), before, "another network")
    swapped = session.perform(Swap())
    assert session.perform(Intervene(what_if, declaration)).what_if is not None
    assert swapped.cursor == session.latest.cursor


@pytest.mark.parametrize("command", [Discard, Keep])
def test_only_the_what_if_that_is_shown_is_discarded_or_kept(
    session: Session, command: type[Discard] | type[Keep]
) -> None:
    declaration = session.latest.window.declaration
    session.perform(Step(Stride.TIMESTEP, 3))
    first, second = (parse_what_if(text, declaration) for text in ("f = 1", "o = 0"))
    session.perform(Intervene(first))
    before = session.perform(Intervene(second))
    refused(session.perform(command(first)), before, "meanwhile the what-if is o = 0")
    assert session.latest.what_if is not None
    after = session.perform(command(second)).what_if
    assert (after is None) == (command is Keep)
    assert after is None or after.texts == ("f = 1",)


def test_only_a_what_if_that_is_still_in_the_list_is_released(session: Session) -> None:
    declaration = session.latest.window.declaration
    session.perform(Step(Stride.TIMESTEP, 3))
    first, second = (parse_what_if(text, declaration) for text in ("f = 1", "o = 0"))
    session.perform(Intervene(first), Intervene(second))
    before = session.perform(ReleaseWhatIf(first))
    assert before.what_if is not None
    assert before.what_if.texts == ("o = 0",)
    refused(session.perform(ReleaseWhatIf(first)), before, "f = 1 is no what-if any more")


@pytest.mark.parametrize("t", [0, -1, 6, 10**9])
def test_a_timestep_that_is_not_there_is_not_run_to(session: Session, t: int) -> None:
    before = session.perform(Step(Stride.TIMESTEP, 3))
    refused(session.perform(RunTo(t)), before, f"no timestep {t}")


def test_what_is_shown_may_lie_beyond_a_smaller_run(session: Session) -> None:
    session.perform(Restart(SMALL.with_(hidden=1, steps=1)))
    session.perform(Step(Stride.UPDATE))
    far = session.perform(ViewRequest(sample=99, t=99, parameter=10**6, layer=9))
    assert (far.t, far.layer, far.request.sample) == (1, 1, 0)


@pytest.mark.parametrize(
    "change",
    [
        Configure(SMALL.with_(lr=0.5)),
        Intervene(parse_what_if("f = 1", Trainer(SMALL).network.declaration)),
        Swap(),
    ],
    ids=lambda c: type(c).__name__,
)
def test_a_change_waits_until_the_run_is_at_the_place_it_goes_to(change: Command) -> None:
    """On the way there it would change the past, wherever that happened to be."""
    places = []
    for threaded in (True, False):
        driver = Driver(Trainer(SMALL), Versus("gru"))
        try:
            driver.send(Step(Stride.UPDATE, 1500))
            driver.until(lambda s: s.cursor.update == 1500 and not s.running)
            if threaded:
                driver.send(GoTo(1400), GoTo(None), change)
                driver.after()
            driver.session.stop(10)
            if not threaded:
                driver.session.perform(GoTo(1400), GoTo(None), change)
            trainer = driver.session.trainer
            places.append((trainer.index, trainer.settings, trainer.parameters.tobytes()))
        finally:
            driver.session.stop()
    assert places[0] == places[1]
    assert places[0][0] == 1500 * Trainer(SMALL).schedule.end

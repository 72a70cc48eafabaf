"""Expressions, claims and texts that a session evaluates."""

from __future__ import annotations

import threading

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Continue, EvaluateTexts, Pause, Step
from rnn_tui.session.worker import Session
from rnn_tui.settings import Value, compose


def session(**settings: Value) -> Session:
    """Return a session of a small network, beside a second one."""
    chosen: dict[str, Value] = {"hidden": 2, "steps": 4, **settings}
    return Session(Trainer(compose(chosen, "")), versus=Versus("rnn"))


def test_a_session_answers_where_it_stands() -> None:
    """With values, results and texts; errors are one line each, and nothing is raised."""
    run = session()
    asked = EvaluateTexts(
        7,
        ("updates", "h_1", "h_9", "before + 1", "("),
        ("loss < 9", "loss"),
        ("{updates} done, {h_9} unknown", "{", "plain"),
        {"before": 2.0},
    )
    found = run.perform(Step(Stride.UPDATE, 3), asked).evaluated
    assert found is not None
    assert found.number == 7
    assert [each.value for each in found.values][::3] == [3.0, 3.0]
    assert [bool(each.error) for each in found.values] == [False, False, True, False, True]
    assert found.claims[0].result is not None
    assert found.claims[0].result.holds
    assert found.claims[1].error
    assert found.claims[1].result is None
    assert [each.text for each in found.texts] == ["3 done, · unknown", "{", "plain"]
    assert "9" in found.texts[0].error
    assert found.texts[1].error


def test_it_waits_for_moves_and_for_the_second_network() -> None:
    """In the session's own thread, as the screen has it."""
    run, news = session(), threading.Event()
    run.listen(news.set)
    run.start()

    def answer(number: int) -> float | None:
        """Return the value that the answer has."""
        for _ in range(2000):
            news.wait(0.05)
            news.clear()
            found = run.latest.evaluated
            if found is not None and found.number == number:
                value = found.values[0].value
                assert value is None or isinstance(value, float)
                return value
        raise AssertionError("no answer")

    try:
        for number in (1, 2, 3):
            run.send(Step(Stride.UPDATE, 20))
            run.send(EvaluateTexts(number, ("updates + versus.updates",)))
            assert answer(number) == 40 * number
        run.send(Continue())
        run.send(EvaluateTexts(4, ("updates",)))
        assert answer(4) is None
        run.send(Pause())
        run.send(EvaluateTexts(5, ("updates - versus.updates",)))
        assert answer(5) == 0
    finally:
        run.stop()

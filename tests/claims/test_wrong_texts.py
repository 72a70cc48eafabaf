"""Whatever is written, there is a value, or one line that says what is wrong."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.claims import window_functions
from rnn_tui.claims.answers import read_number
from rnn_tui.claims.expressions import ClaimError, parse_claim, parse_expression
from rnn_tui.claims.filling import fill
from rnn_tui.claims.functions import FUNCTIONS, OVER_TIME
from rnn_tui.claims.grading import grade
from rnn_tui.claims.names import NAMES
from rnn_tui.claims.reference import ANSWERS, CLAIMS, EXAMPLES, SIGNS, TEXTS, page
from rnn_tui.claims.run_state import RunState
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Value, compose

PAGE = Path(__file__).parents[2] / "docs" / "expressions.md"
FORMS = [form for each in (*NAMES, *OVER_TIME) for form in each.form.split("  ")]
FORMS += [form for each in FUNCTIONS.values() for form in each.form.split("  ")]
FORMS += [each.form for each in window_functions.FUNCTIONS.values()]
PIECES = [
    *FORMS, "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", ":", "<", "<=", "=", "!=", "within",
    "5%", "of", "and", "or", "not", "for every t:", "first t where", "prod over t", "from 1 to 3",
    "in sample 2", "in all samples", "versus.", "0", "1", "-1", "1e308", "1e-320", "999999999",
    ".5", "²", "‖", "√", "h_0", "h_<t+1>", "W_h", "dh", "t", "∂L/∂", "Δ", "𝄞", "\n", "{", "}", "_",
    "__import__", "x" * 300, "gradient", "norm(", "argmax(", "share(", "alone(", "numeric(",
]  # fmt: skip
SETTINGS: dict[str, Value] = {
    "hidden": 3,
    "steps": 20,
    "batch": 2,
    "cell": "lstm",
    "layers": 2,
    "dtype": "float64",
}


@cache
def states() -> list[RunState]:
    """Return states of runs at several places, one of a network that has diverged."""
    found = []
    for position in (44, 25, 1, 0, -1):
        trainer = Trainer(compose({**SETTINGS, "clip_by": "none"}, ""))
        trainer.advance_to(max(position, 0))
        if position < 0:
            trainer.parameters[:] = 1e300
            trainer.advance_to(trainer.schedule.end)
            assert trainer.divergence is not None
        second = Trainer(compose({**SETTINGS, "cell": "rnn", "layers": 1}, ""))
        second.advance_to(trainer.index)
        found.append(RunState(trainer, second, {"before": 2.0, "many": np.ones(3)}))
    return found


def test_the_page_is_that_of_the_declarations() -> None:
    """Run `python -c "from rnn_tui.claims.reference import page; print(page(), end='')"`."""
    assert PAGE.read_text() == page()


def test_every_form_of_the_page_has_a_value() -> None:
    """Of a network in which it means something."""
    done = states()[0]
    trainer = Trainer(compose({**SETTINGS, "layers": 1, "cell": "rnn"}, ""))
    trainer.advance_to(trainer.schedule.end)
    other = RunState(trainer)
    text = Trainer(compose({**SETTINGS, "task": "parity"}, ""))
    text.advance_to(text.schedule.end)
    classes = RunState(text)
    without = []
    for form in FORMS:
        wrapped = f"max over t from 2 to 3 ({form})" if re.search(r"\bt\b|_t\b|<t", form) else form
        if form.startswith(tuple(each.form.split(" ")[0] for each in OVER_TIME)):
            wrapped = form
        for state in (done, other, classes):
            try:
                parse_expression(re.sub(r"\bx\b", "2", wrapped.replace("a, b", "2, 3"))).evaluate(
                    state
                )
            except ClaimError:
                continue
            break
        else:
            without.append(form)
    # `test` is measured beside training, `beyond` needs a window before this one
    assert without == ["test", "first t where norm(dh_t) > 1", "beyond()"]


def test_every_form_of_a_claim_can_be_read() -> None:
    """With numbers in place of A, B and claims."""
    for claims, _ in CLAIMS:
        for form in claims.split("  "):
            parse_claim(form.replace("CLAIM", "1 < 2").replace("A", "loss").replace("B", "2"))
    for signs, _ in SIGNS[1:]:
        for form in signs.replace("x", "2").split("  "):
            parse_expression(form)
    for claim, _ in EXAMPLES:
        parse_claim(claim)
    for answers, _ in ANSWERS:
        assert [read_number(each) for each in answers.split("  ")]
    for texts, _ in TEXTS:
        for form in texts.split("  "):
            fill(form.replace("accuracy", "0.5"), states()[0])


def random_text(choose: random.Random) -> str:
    """Return a text of pieces, or a form with a change."""
    if choose.random() < 0.6:
        blank = choose.choice(["", " "])
        return blank.join(choose.choice(PIECES) for _ in range(choose.randint(1, 9)))
    text = list(choose.choice(FORMS) + choose.choice(["", " < 3", " within 5% of 2", "/0", "[1]"]))
    for _ in range(choose.randint(0, 3)):
        place = choose.randrange(len(text) + 1)
        text[place : place + choose.randint(0, 2)] = choose.choice(PIECES)
    return "".join(text)


def try_texts(count: int, seed: int) -> int:
    """Try so many texts in all ways; return how many had a value."""
    choose, having = random.Random(seed), 0
    places = states()
    for _ in range(count):
        text, state = random_text(choose), choose.choice(places)
        for read in READERS:
            having += not error_of(partial(read, text, state))
    return having


READERS: tuple[Callable[[str, RunState], object], ...] = (
    lambda text, state: parse_expression(text).evaluate(state),
    lambda text, state: parse_claim(text).check(state),
    lambda text, state: fill(f"{{{text}}}", state),
    lambda text, _: read_number(text),
    lambda text, _: grade(text, 0.5),
)


def error_of(read: Callable[[], object]) -> str:
    """Return the error that reading ends with; "" for none."""
    message = ""
    try:
        read()
    except ClaimError as error:
        message = str(error) or "no message"
    assert "\n" not in message
    assert len(message) < 2500
    return message


@pytest.mark.filterwarnings("error")
def test_texts_at_random_never_fail_otherwise() -> None:
    """A value, or an error of one line; no warning either."""
    assert try_texts(150, 0) > 20


@pytest.mark.long
@pytest.mark.filterwarnings("error")
def test_many_texts_at_random_never_fail_otherwise() -> None:
    """The same of a twenty thousand."""
    for seed in range(1, 11):
        assert try_texts(2_000, seed) > 200


@pytest.mark.parametrize(
    "text",
    [
        "(" * 29 + "1" + ")" * 29,
        "(" * 31 + "1" + ")" * 31,
        "-" * 200 + "1",
        "not " * 150 + "1 < 2",
        "2^" * 100 + "2",
        "1+" * 140 + "1",
        "√" * 200 + "4",
        "1 < " * 100 + "2",
        "9" * 1001,
        "9^9^9^9^9",
        "sum over t (sum over t (1))",
        "norm(" * 40 + "1" + ")" * 40,
        "[" * 100,
        "{" * 100,
    ],
    ids=range(14),
)
def test_what_is_large_or_deep_is_bounded(text: str) -> None:
    """Neither Python's stack nor its memory is at risk."""
    state = states()[0]
    assert len(error_of(lambda: parse_claim(text).check(state))) < 500
    assert len(error_of(lambda: parse_expression(text).evaluate(state))) < 500

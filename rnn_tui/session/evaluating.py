"""Evaluates expressions, claims and texts where the run stands. Imported when one is asked for."""

from __future__ import annotations

from rnn_tui.claims.expressions import ClaimError, parse_claim, parse_expression
from rnn_tui.claims.filling import fill_known
from rnn_tui.claims.run_state import RunState, TestFigures
from rnn_tui.engine.time_travel.places import Place
from rnn_tui.session.commands import EvaluateTexts
from rnn_tui.session.evaluated import (
    EvaluatedClaim,
    EvaluatedText,
    EvaluatedTexts,
    EvaluatedValue,
)
from rnn_tui.session.state import SessionState

_TRAINING = "the network is training: space pauses it"


def evaluate_texts(session: SessionState, command: EvaluateTexts) -> EvaluatedTexts:
    """Return what became of all that `command` asks for; nothing is raised."""
    if session.figures is None:
        session.figures = TestFigures(), TestFigures()
    trainer, second, prover = (
        session.run.trainer,
        session.run.second_network,
        session.run.prover,
    )
    state = RunState(
        trainer,
        None if second is None else second.trainer,
        command.remembered,
        previous=None if prover is None else prover.previous,
        figures=session.figures,
    )
    training = session.goal is not None
    return EvaluatedTexts(
        command.number,
        Place(trainer.index, trainer.revealed),
        tuple(_value(text, state, training) for text in command.expressions),
        tuple(_claim(text, state, training) for text in command.claims),
        tuple(_text(text, state, training) for text in command.texts),
    )


def _value(text: str, state: RunState, training: bool) -> EvaluatedValue:
    if training:
        return EvaluatedValue(None, _TRAINING)
    try:
        return EvaluatedValue(parse_expression(text).evaluate(state))
    except ClaimError as error:
        return EvaluatedValue(None, str(error))


def _claim(text: str, state: RunState, training: bool) -> EvaluatedClaim:
    if training:
        return EvaluatedClaim(None, _TRAINING)
    try:
        return EvaluatedClaim(parse_claim(text).check(state))
    except ClaimError as error:
        return EvaluatedClaim(None, str(error))


def _text(text: str, state: RunState, training: bool) -> EvaluatedText:
    try:
        return EvaluatedText(*fill_known(text, None if training else state))
    except ClaimError as error:  # the text itself is wrong
        return EvaluatedText(text, str(error))

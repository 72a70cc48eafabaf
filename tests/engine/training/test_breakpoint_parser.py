"""Texts of breakpoints: every form is read and reads back; other texts are refused in one line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.training.breakpoint_conditions import (
    NON_FINITE,
    Breakpoint,
    BreakpointError,
    Kind,
)
from rnn_tui.engine.training.breakpoint_parser import ALLOWED, parse
from rnn_tui.engine.training.schedule import Pass

READ = {
    "loss<0.01": Breakpoint(Kind.LOSS, "<", 0.01),
    " Loss  >=  1e0 ": Breakpoint(Kind.LOSS, ">=", 1.0),
    "smoothed <= .5": Breakpoint(Kind.SMOOTHED, "<=", 0.5),
    "test<0.05": Breakpoint(Kind.TEST, "<", 0.05),
    "grad>10.": Breakpoint(Kind.GRAD, ">", 10.0),
    "grad<1E-6": Breakpoint(Kind.GRAD, "<", 1e-6),
    "CLIPPED": Breakpoint(Kind.CLIPPED, ">"),
    "saturated f > 0.9": Breakpoint(Kind.SATURATED, ">", 0.9, "f"),
    "update = 500": Breakpoint(Kind.UPDATE, "=", 500),
    "pass=backward": Breakpoint(Kind.PASS, stage=Pass.BACKWARD),
    "t=7": Breakpoint(Kind.PASS, t=7),
    "pass = FORWARD  t = 3": Breakpoint(Kind.PASS, stage=Pass.FORWARD, t=3),
    "nan": NON_FINITE,
}
_NUMBER = "must compare with a number of at least 0:"
_OTHERS = "(also <=, >, >=)"
_PASSES = "one of BATCH, FORWARD, LOSS, BACKWARD, CLIP, UPDATE"
_SHARE = "must be a gate and a share from 0 to 1: saturated f>0.9 (also <, <=, >=)"
_PLACE = f"must be {_PASSES}, and t with FORWARD and BACKWARD only: pass=BACKWARD t=7"
_TIME = "must be a whole number of at least 1: t=7 or pass=BACKWARD t=7"
REFUSED = {
    "": f"'' is no breakpoint; allowed: {ALLOWED}",
    "los<1": f"'los<1' is no breakpoint; allowed: {ALLOWED}",
    "0.1>loss": f"'0.1>loss' is no breakpoint; allowed: {ALLOWED}",
    "two\nlines": f"'two\\nlines' is no breakpoint; allowed: {ALLOWED}",
    "loss": f"'loss' {_NUMBER} loss<0.01 {_OTHERS}",
    "loss=1": f"'loss=1' {_NUMBER} loss<0.01 {_OTHERS}",
    "loss<-1": f"'loss<-1' {_NUMBER} loss<0.01 {_OTHERS}",
    "loss<1e999": f"'loss<1e999' {_NUMBER} loss<0.01 {_OTHERS}",
    "loss<nan": f"'loss<nan' {_NUMBER} loss<0.01 {_OTHERS}",
    "loss<٣": f"'loss<٣' {_NUMBER} loss<0.01 {_OTHERS}",
    "smoothed<x": f"'smoothed<x' {_NUMBER} smoothed<0.01 {_OTHERS}",
    "test": f"'test' {_NUMBER} test<0.05 {_OTHERS}",
    "grad>1 2": f"'grad>1 2' {_NUMBER} grad>10 (also <, <=, >=)",
    "clipped>3": "'clipped>3' stands alone: clipped",
    "saturated": f"'saturated' {_SHARE}",
    "saturated f": f"'saturated f' {_SHARE}",
    "saturated f>90": f"'saturated f>90' {_SHARE}",
    "update=0": "'update=0' must be a whole number of at least 1: update=500",
    "update=1.5": "'update=1.5' must be a whole number of at least 1: update=500",
    "pass=SIDEWAYS": f"'pass=SIDEWAYS' {_PLACE}",
    "pass=LOSS t=3": f"'pass=LOSS t=3' {_PLACE}",
    "pass=": f"'pass=' {_PLACE}",
    "t=0": f"'t=0' {_TIME}",
    "t=7 pass=FORWARD": f"'t=7 pass=FORWARD' {_TIME}",
    "nan>1": "'nan>1' stands alone: nan",
}

_limits = st.floats(0, allow_infinity=False).map(abs)
_signs = st.sampled_from(("<", "<=", ">", ">="))
_timed = st.sampled_from((Pass.FORWARD, Pass.BACKWARD))
_COMPARED = (Kind.LOSS, Kind.SMOOTHED, Kind.TEST, Kind.GRAD)
breakpoints = st.one_of(
    st.sampled_from((NON_FINITE, Breakpoint(Kind.CLIPPED, ">"))),
    st.builds(
        Breakpoint,
        st.sampled_from((Kind.LOSS, Kind.SMOOTHED, Kind.TEST, Kind.GRAD)),
        _signs,
        _limits,
    ),
    st.builds(
        Breakpoint,
        st.just(Kind.SATURATED),
        _signs,
        st.floats(0, 1).map(abs),
        st.sampled_from("ifgorznh"),
    ),
    st.builds(Breakpoint, st.just(Kind.UPDATE), st.just("="), st.integers(1, 10**12 - 1)),
    st.builds(lambda stage: Breakpoint(Kind.PASS, stage=stage), st.sampled_from(Pass)),
    st.builds(
        lambda stage, t: Breakpoint(Kind.PASS, stage=stage, t=t),
        st.none() | _timed,
        st.integers(1, 10**12 - 1),
    ),
)


@pytest.mark.parametrize("text", READ)
def test_conditions_are_read(text: str) -> None:
    assert parse(text) == READ[text]


@given(breakpoints)
def test_text_reads_back(breakpoint: Breakpoint) -> None:
    assert parse(str(breakpoint)) == breakpoint


@pytest.mark.parametrize("text", REFUSED)
def test_refusals(text: str) -> None:
    with pytest.raises(BreakpointError) as caught:
        parse(text)
    assert str(caught.value) == REFUSED[text]


@given(st.text(st.sampled_from("loss<>=0.9e-+ pas t7updategrclidf\n"), max_size=20))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        found = parse(text)
    except BreakpointError as error:
        message = str(error)
    else:
        message = str(found)
        assert parse(message) == found
    assert "\n" not in message

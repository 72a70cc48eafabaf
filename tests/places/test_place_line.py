import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.training.schedule import Pass
from rnn_tui.places.looking import NAMES, updates_of, updates_text, view_of, view_text
from rnn_tui.places.place_line import OVER_TIME, PlaceLine
from rnn_tui.places.reading import PlaceError, parse_place
from rnn_tui.registry import PANELS

COUNTS = st.integers(1, 999_999_999)
PANEL = st.sampled_from(PANELS.names)
NUMBER = st.floats(-1e9, 1e9, allow_nan=False)
VALUES = {
    "unit": COUNTS.map(str),
    "layer": COUNTS.map(str),
    "sample": COUNTS.map(str),
    "shown": COUNTS.map(lambda t: f"t={t}"),
    "equation": COUNTS.map(lambda n: str(-n)),
    "weight": st.sampled_from(["W_h[3,1]", "b_h[2]", "W2_x[1,12]", "W_y[4,4]"]),
    "panel": PANEL,
    "zoom": st.just(""),
    "above": PANEL,
    "page": st.integers(-9, 9).map(str),
    "variant": st.builds(
        "{}={}".format, PANEL, st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
    ).filter(str.isprintable),
    "chart": st.builds(
        "{}={}".format,
        PANEL,
        st.builds(
            view_text,
            NUMBER | st.just(math.inf),
            st.tuples(NUMBER, NUMBER).filter(lambda s: s[0] < s[1]),
        ),
    ),
    "big": st.sampled_from(["equation", "curve"]),
    "pointed": st.sampled_from(["h_7[3]", "W_h[1,2]", "tanh(c_7[3])"]),
    "dims": st.just(""),
    "temperature": st.floats(0, 1000).map(lambda x: repr(x).removesuffix(".0")),
    "draw": COUNTS.map(str),
    "front": st.sampled_from(["lstm", "rnn"]),
    "checked": st.sampled_from(["W_h[1,2]", "b_h[3]"]),
    "checked-all": st.sampled_from(["W_h[1,2]", "b_h[3]"]),
    "tested": st.sets(st.integers(1, 60)).map(sorted).map(updates_text),
    "looked": st.sets(st.integers(0, 60)).map(sorted).map(updates_text),
    "axis": st.sampled_from(["loss=0.01..2.0", "gradients=1e-07..1.0"]),
    "reached": st.sampled_from(["60:U", "60:B7.3", "7:L"]),
}


@st.composite
def lines(draw: st.DrawFn) -> PlaceLine:
    stage = draw(st.sampled_from([*Pass]))
    timed = stage in OVER_TIME
    update = draw(st.integers(1 if stage is Pass.UPDATE else 0, 999_999_999))
    operation = draw(st.none() | st.integers(1, 99)) if timed else None
    if stage is Pass.BATCH and draw(st.booleans()):
        update, operation = 0, 0
    names = draw(st.sets(st.sampled_from(NAMES), max_size=4))
    looking = tuple((name, draw(VALUES[name])) for name in NAMES if name in names)
    return PlaceLine(update, stage, draw(COUNTS) if timed else 0, operation, looking)


@given(lines())
def test_both_forms_read_back_as_the_same_place(line: PlaceLine) -> None:
    assert parse_place(str(line)) == line
    assert parse_place(line.short) == line
    assert parse_place(f"  {str(line.alone).upper()}  ") == line.alone


@given(st.none() | NUMBER | st.just(math.inf), st.none() | st.tuples(NUMBER, NUMBER))
def test_views_of_charts_read_back(cursor: float | None, span: tuple[float, float] | None) -> None:
    if (cursor, span) != (None, None) and (span is None or span[0] < span[1]):
        assert view_of(view_text(cursor, span)) == (cursor, span)


@given(
    st.text(max_size=40)
    | st.lists(
        st.sampled_from(
            [
                "update",
                "40",
                "B7.3",
                "BACKWARD",
                "t=7",
                "op",
                "3",
                "unit",
                "zoom",
                "variant",
                "map=c",
                '"',
            ]
        )
    ).map(" ".join)
)
def test_whatever_is_typed_is_a_place_or_one_line_that_says_why_not(text: str) -> None:
    place, said = None, ""
    try:
        place = parse_place(text)
    except PlaceError as error:
        said = str(error)
    assert said.isprintable() if place is None else parse_place(str(place)) == place


@pytest.mark.parametrize(
    ("text", "written", "short"),
    [
        ("40:backward t=7 op 3 unit 2", "update 40 BACKWARD t=7 op 3 unit 2", "40:B7.3 unit 2"),
        ("40:b7.3", "update 40 BACKWARD t=7 op 3", "40:B7.3"),
        ("40", "update 40 UPDATE", "40:U"),
        ("update 40 unit 2", "update 40 UPDATE unit 2", "40:U unit 2"),
        ("40:batch", "update 40 BATCH", "40:BATCH"),
        ("40:L", "update 40 LOSS", "40:L"),
        ("0", "start", "start"),
        ("update 0 start", "start", "start"),
        ("40:FORWARD t 7", "update 40 FORWARD t=7", "40:F7"),
    ],
)  # fmt: skip
def test_places_are_read(text: str, written: str, short: str) -> None:
    place = parse_place(text)
    assert (str(place), place.short) == (written, short)


def test_a_place_in_the_update_at_hand() -> None:
    assert parse_place("B7.3", update=12).short == "12:B7.3"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("foo", "is no place"),
        ("40:F", "FORWARD needs a timestep"),
        ("B7", "the number of the update is missing"),
        ("40:B7 unit 0", "unit must be a whole number from 1 to 999999999, not '0'"),
        ("40:B7 panel maps", "panel must be one of timestep"),
        ("40:C3", "CLIP has no timesteps"),
        ("0:U", "UPDATE counts the updates"),
        ("40:B7 unit 2 unit 3", "unit is there twice"),
        ("40 forwards", "after the update comes a pass"),
    ],
)
def test_what_is_refused_says_what_is_allowed(text: str, said: str) -> None:
    with pytest.raises(PlaceError) as error:
        parse_place(text)
    assert said in str(error.value)
    assert str(error.value).startswith(repr(text))
    assert str(error.value).count(repr(text)) == 1


@given(st.sets(st.integers(1, 80)).map(sorted))
def test_numbers_of_updates_read_back(updates: list[int]) -> None:
    assert updates_of(updates_text(updates)) == tuple(updates)


@pytest.mark.parametrize(
    "text", ["9" * 20 + ":F1", "2" * 300, "3:B" + "9" * 20, "3:B7." + "9" * 20]
)
def test_numbers_that_are_too_large_have_their_range_once(text: str) -> None:
    with pytest.raises(PlaceError, match=r"must be a whole number from \d to 999999999") as error:
        parse_place(text)
    assert len(str(error.value)) < 160

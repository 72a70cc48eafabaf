"""Which timesteps the strip shows: the current one always, each at one place, the rest counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.tui.strip_columns import BLANK, StripColumn, columns_of


def shown(columns: tuple[StripColumn, ...]) -> str:
    """Return columns as text: ⋯13 14 15 _."""
    words = (str(one.t) if one.t else f"⋯{one.hidden}" if one.hidden else "_" for one in columns)
    return " ".join(words)


def strip(steps: int, t: int, available: int, first_loss: int = 1, alike: range = range(0)) -> str:
    """Return the columns where the loss counts from `first_loss` on."""
    counted = [each >= first_loss for each in range(1, steps + 1)]
    same = [each in alike for each in range(1, steps + 1)]
    return shown(columns_of(steps, t, available, counted, same))


@pytest.mark.parametrize(
    ("t", "expected"),
    [
        (1, "1 2 3 4 5 6 7 8 9 10 11 12 13 ⋯7"),
        (13, "1 2 3 4 5 6 7 8 9 10 11 12 13 ⋯7"),
        (14, "⋯7 8 9 10 11 12 13 14 15 16 17 18 19 20"),
        (20, "⋯7 8 9 10 11 12 13 14 15 16 17 18 19 20"),
    ],
)
def test_pages_are_those_of_a_fixed_grid(t: int, expected: str) -> None:
    assert strip(20, t, 14) == expected


def test_of_three_pages_and_more_all_are_full() -> None:
    assert strip(40, 1, 14) == "1 2 3 4 5 6 7 8 9 10 11 12 13 ⋯27"
    assert strip(40, 25, 14) == "⋯13 14 15 16 17 18 19 20 21 22 23 24 25 ⋯15"
    assert strip(40, 27, 14) == "⋯15 16 17 18 19 20 21 22 23 24 25 26 27 ⋯13"
    assert strip(40, 28, 14) == "⋯27 28 29 30 31 32 33 34 35 36 37 38 39 40"


def test_the_only_loss_is_always_there() -> None:
    assert strip(29, 1, 8, first_loss=29) == "1 2 3 4 5 6 ⋯22 29"
    assert strip(29, 9, 8, first_loss=29) == "⋯6 7 8 9 10 11 ⋯17 29"
    assert strip(29, 22, 8, first_loss=29) == "⋯17 18 19 20 21 22 ⋯6 29"
    assert strip(29, 29, 8, first_loss=29) == "⋯22 23 24 25 26 27 28 29"


def test_what_is_alike_is_folded_and_counted() -> None:
    alike = range(12, 30)  # 11 to 29
    assert strip(33, 1, 16, alike=alike) == "1 2 3 4 5 6 7 8 9 10 11 ⋯18 30 31 32 33"
    assert strip(33, 20, 16, alike=alike) == "1 2 3 4 5 6 7 8 9 10 20 ⋯18 30 31 32 33"
    assert strip(33, 1, 20, alike=alike).startswith("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 ⋯14 30")


@given(
    steps=st.integers(1, 60),
    available=st.integers(1, 30),
    first_loss=st.integers(1, 60),
    alike=st.sets(st.integers(2, 60)),
)
def test_pages_are_full_steady_and_lose_no_timestep(
    steps: int, available: int, first_loss: int, alike: set[int]
) -> None:
    counted = [t >= min(first_loss, steps) for t in range(1, steps + 1)]
    same = [t in alike for t in range(1, steps + 1)]
    pages: dict[tuple[StripColumn, ...], list[int]] = {}
    for t in range(1, steps + 1):
        columns = columns_of(steps, t, available, counted, same)
        there = [one.t for one in columns if one.t]
        assert len(columns) <= available
        assert t in there
        assert there == sorted(set(there))
        if steps > available >= 3:
            assert sum(one.timesteps for one in columns) == steps
            assert all(one.timesteps for one in columns)
        pages.setdefault(columns, []).append(t)
    for shown_at in pages.values():  # a page is left once, on the way from 1 to T
        assert shown_at == list(range(shown_at[0], shown_at[-1] + 1))


def test_a_blank_stands_for_nothing() -> None:
    assert BLANK.timesteps == 0
    assert StripColumn(hidden=4).timesteps == 4
    assert StripColumn(3).timesteps == 1


def test_what_is_folded_is_counted_where_it_is_hidden() -> None:
    alike = range(11, 30)  # 10 to 29
    assert strip(31, 20, 20, alike=alike) == "1 2 3 4 5 6 7 8 9 ⋯5 15 16 17 18 19 20 21 ⋯8 30 31"
    assert strip(31, 29, 14, alike=alike) == "1 2 3 4 5 6 7 8 9 ⋯18 28 29 30 31"
    assert strip(33, 27, 16, alike=range(12, 30)).endswith("10 ⋯18 27 30 31 32 33")

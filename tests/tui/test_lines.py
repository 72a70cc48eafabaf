"""Lines are cropped and padded by cells, not by characters."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.tui.lines import (
    Line,
    cell_width,
    cut,
    cut_middle,
    fit,
    join,
    merge,
    plain,
    text_width,
)

styles = st.sampled_from(["", "dim", "truth", "error"])
texts = st.text(st.one_of(st.characters(), st.sampled_from("ab∂₁‖漢字e\u0301\u200d👩\ufe0f")))
lines = st.lists(st.tuples(texts, styles), max_size=5).map(tuple)


@given(lines, st.integers(0, 40))
def test_fit_gives_exactly_the_width(line: Line, width: int) -> None:
    assert cell_width(fit(line, width)) == width


def test_fit_pads_with_unstyled_spaces() -> None:
    assert fit((("loss", "dim"),), 7) == (("loss", "dim"), ("   ", ""))


def test_fit_leaves_alone_what_fits() -> None:
    assert fit((("loss", "dim"),), 4) == (("loss", "dim"),)


def test_fit_crops_with_an_ellipsis_in_the_style_it_cuts() -> None:
    assert fit((("one", "truth"), ("step", "dim")), 5) == (("one", "truth"), ("s…", "dim"))


def test_fit_does_not_split_a_wide_character() -> None:
    assert fit((("漢字漢", ""),), 4) == (("漢… ", ""),)


def test_a_combining_character_stays_with_its_letter() -> None:
    assert fit((("e\u0301e\u0301e\u0301", ""),), 2) == (("e\u0301…", ""),)


@given(lines)
def test_merge_changes_neither_text_nor_style(line: Line) -> None:
    def spelled(line: Line) -> list[tuple[str, str]]:
        return [(character, style) for text, style in line for character in text]

    merged = merge(line)
    assert spelled(merged) == spelled(line)
    assert all(text for text, _ in merged)
    assert all(a[1] != b[1] for a, b in itertools.pairwise(merged))


def test_join_skips_empty_parts() -> None:
    assert plain((join([(("a", ""),), (), (("b", ""),)], (" · ", "dim")),)) == "a · b"


def test_plain_is_one_line_of_text_a_line() -> None:
    assert plain(((("a", "dim"), ("b", "")), ())) == "ab\n"


@pytest.mark.parametrize("width", range(8))
@pytest.mark.parametrize("text", ["", "a", "abcdefgh", "漢字かな", "a漢b字c"])
def test_what_is_cut_fits_and_keeps_its_ends(text: str, width: int) -> None:
    for shorter in (cut(text, width), cut_middle(text, width)):
        assert text_width(shorter) <= width
        assert shorter == text or text_width(text) > width
    if text_width(text) > width > 2:
        assert cut(text, width).endswith("…")
        assert cut_middle(text, width)[0] == text[0]

"""Text in ASCII: as many cells, every sign of the program's own, different names that stay so."""

from __future__ import annotations

import io
import tokenize
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import rnn_tui
from rnn_tui.tasks.tokens import shown_character
from rnn_tui.tui.ascii_names import names_in_ascii
from rnn_tui.tui.ascii_text import cells_in_ascii, in_ascii, line_in_ascii
from rnn_tui.tui.bars import ASCII_BARS, UNIT, bars
from rnn_tui.tui.lines import Line, cell_width, plain, text_width
from rnn_tui.tui.number_format import LEVELS
from rnn_tui.tui.panel_help import Sign, written
from rnn_tui.tui.symbols import column_width, in_column

PACKAGE = Path(rnn_tui.__file__).parent
TEXT = st.text(max_size=40)


READ_SIGNS = {
    PACKAGE / "tables" / name for name in ("clocks.py", "numbers.py", "recognition.py", "times.py")
}
"""What these know are signs of users' tables, currencies and months; none of them is drawn."""


def signs_of_the_program() -> set[str]:
    """Return the characters in the program's texts that are not ASCII."""
    signs: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        if path.name.startswith("ascii_") or path in READ_SIGNS:
            continue
        for token in tokenize.generate_tokens(io.StringIO(path.read_text("utf-8")).readline):
            text = token.string
            if token.type != tokenize.COMMENT and not text.startswith(('"""', 'r"""')):
                signs |= {each for each in text if not each.isascii()}
    return signs


def test_every_sign_of_the_program_has_its_own_text() -> None:
    signs = signs_of_the_program()
    assert {"−", "‖", "▇", "σ"} <= signs
    for sign in sorted(signs):
        assert cells_in_ascii(sign) not in ("", "~") or sign in "…⋯~", sign
        assert "U+" not in in_ascii(sign), f"add {sign} to rnn_tui/tui/ascii_text.py"


@given(TEXT)
def test_text_keeps_its_cells(text: str) -> None:
    shown = cells_in_ascii(text)
    assert shown.isascii()
    assert text_width(shown) == text_width(text) or not text.isprintable()


@given(st.lists(st.tuples(TEXT, st.sampled_from(["", "dim", "rule"]))), st.integers(1, 120))
def test_a_line_is_ascii_with_the_same_roles(line: list[tuple[str, str]], width: int) -> None:
    shown = line_in_ascii(tuple(line), width)
    assert plain((shown,)).isascii()
    assert [role for _, role in shown] == [role for _, role in line]


def test_longer_texts_take_their_room_from_what_follows() -> None:
    title: Line = (("══ ", "focus"), ("map of ‖h²‖", "title"), (" " + "═" * 20, "focus"))
    shown = line_in_ascii(title, cell_width(title))
    assert plain((shown,)) == "== map of |h^2| " + "=" * 19
    full: Line = (("a ≤ b  ", ""), ("c", ""))
    assert plain((line_in_ascii(full, 20),)) == "a <= b  c"
    right: Line = (("═" * 9 + " a ≤ b", "rule"),)
    assert plain((line_in_ascii(right, cell_width(right)),)) == "=" * 8 + " a <= b"


def test_the_dot_means_what_its_neighbours_say() -> None:
    assert (
        in_ascii("FORWARD t=7/20 · update 132 · paused") == "FORWARD t=7/20 | update 132 | paused"
    )
    assert in_ascii("σ(x_t·W_xf + h·W_hfᵀ)") == "sigma(x_t@W_xf + h@W_hf^T)"
    assert in_ascii("0.42·(−0.91)") == "0.42*(-0.91)"
    assert in_ascii("L = 1/N · Σ (y_t − target_t)²") == "L = 1/N * sum (y_t - target_t)^2"
    assert in_ascii("h_t   ····  ·   .5") == "h_t   ....  .   .5"
    assert in_ascii("+0.6 · +0.1 = +0.06, 2 −0.3 · −0.4") == "+0.6 * +0.1 = +0.06, 2 -0.3 * -0.4"
    assert in_ascii("y = 0.2 · 0.3 + 0.1 · (−0.4) − 1") == "y = 0.2 * 0.3 + 0.1 * (-0.4) - 1"
    assert in_ascii("×10⁻² · ×1 = ×10⁻²") == "x1e-2 * x1 = x1e-2"
    assert in_ascii("proof · with h_2[1] = · ══") == "proof | with h_2[1] = . =="
    assert in_ascii("test · ⠶⠶ smoothed 0.3").startswith("test . ")
    assert in_ascii("lstm 5 · 146 parameters · lr 0.01 · 3 layers") == (
        "lstm 5 | 146 parameters | lr 0.01 | 3 layers"
    )


def test_signs_that_are_one_in_ascii_are_named_once() -> None:
    signs = (Sign("█ ▌ ▐", "a bar"), Sign("─  ┌  ┐", "a line"), Sign("a  b", "two"))
    assert [in_ascii(each.shown) for each in written(signs, ascii=True)] == ["# =", "-  +", "a  b"]
    assert written(signs, ascii=False) == signs


def test_arrows_are_keys_or_point() -> None:
    assert in_ascii("s ← s + g²") == "s <- s + g^2"
    assert in_ascii("esc closes · ↑ ↓ scroll") == "esc closes | up down scroll"
    assert in_ascii("many→many, T → 1") == "many->many, T -> 1"
    assert in_ascii("←▃▅▁") == "<:=_"


def test_bars_differ_from_each_other_and_from_what_is_unknown() -> None:
    values = [-1.0, -0.7, -0.5, -0.2, 0.0, 0.2, 0.5, 0.7, 1.0]
    shown = plain((bars(values, UNIT, ASCII_BARS),))
    assert shown == "@%;,_.:=#"
    assert len(set(plain((bars(values, UNIT),)))) == 9
    assert len(set(in_ascii(LEVELS))) == len(LEVELS)


@given(st.sets(st.characters(codec="utf-8"), min_size=2, max_size=12))
def test_different_characters_stay_different(characters: set[str]) -> None:
    names = tuple(map(shown_character, sorted(characters)))
    shown = names_in_ascii(names)
    assert shown is not None
    assert all(name.isascii() for name in shown)
    assert len(set(shown)) == len(set(names))
    width = column_width(shown)
    assert len({in_column(name, width) for name in shown}) == len(shown)


def test_what_is_the_users_is_shown_by_its_number() -> None:
    assert names_in_ascii(("é", "−", "a", "␣", "été")) == (
        *("U+00E9", "U+2212", "a", "SP"),
        "<U+00E9>t<U+00E9>",
    )
    assert in_ascii("saved größe 中") == "saved gr<U+00F6><U+00DF>e <U+4E2D>"
    assert cells_in_ascii("中é") == "~ e"

"""Numbers as learners type them, and their grades."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from rnn_tui.claims.answers import read_number, read_timestep
from rnn_tui.claims.expressions import ClaimError
from rnn_tui.claims.grading import grade


@pytest.mark.parametrize(
    ("typed", "value", "note"),
    [
        ("−.017", -0.017, ""),
        ("+1.5", 1.5, ""),
        ("1e-3", 0.001, ""),
        ("1.5E−3", 0.0015, ""),
        ("1,5", 1.5, "read as 1.5"),
        ("-0,123", -0.123, "read as −0.123"),
        (",5", 0.5, "read as .5"),
        ("1,2345", 1.2345, "read as 1.2345"),
        ("1,234.5", 1234.5, ""),
        ("1.234,5", 1234.5, "read as 1234.5"),
        ("76 %", 0.76, ""),
        ("7,5%", 0.075, "read as 7.5%"),
        ("2/3", 2 / 3, ""),
        ("0.5^19", 0.5**19, ""),
        (".5²⁹", 0.5**29, ""),
        ("ln(8)", 2.0794415, ""),
        ("3·0.5", 1.5, ""),
    ],
)
def test_numbers_are_read_as_typed(typed: str, value: float, note: str) -> None:
    """A decimal comma is said where it was understood."""
    found = read_number(typed)
    assert found.value == pytest.approx(value)
    assert found.note == note


@pytest.mark.parametrize(
    "typed", ["", "x", "1,234", "1,2,3", "loss", "1/0", "9e9999", "--", "5 %%", "h_1[1]", "1.2.3"]
)
def test_what_is_no_number_is_refused_in_one_line(typed: str) -> None:
    """Or what could be two numbers."""
    with pytest.raises(ClaimError) as caught:
        read_number(typed)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("typed", "right", "kind", "words"),
    [
        ("0.01836", 0.0183600103, "exact", "exact"),
        (".018", 0.0183600103, "exact", "exact"),
        ("1.836e-2", 0.0183600103, "exact", "exact"),
        ("1.8 %", 0.0183600103, "exact", "exact"),
        (".0183", 0.0183600103, "approximate", "0.33 %"),
        (".02", 0.0183600103, "off", "8.9 %"),
        ("-.01836", 0.0183600103, "off", "sign is the other one; the size is right"),
        (".1836", 0.0183600103, "off", "10 times too large"),
        ("76", 0.76, "off", "100 times too large"),
        ("0.5^19", 0.5**19, "exact", "exact"),
        ("2/3", 0.66666666, "exact", "exact"),
        ("2/3", 0.68, "approximate", "2.0 %"),
        ("0", 0.0, "exact", "exact"),
        ("0", 1e-17, "exact", "exact"),
        ("9", -0.2966, "off", "off: the other sign, and about 30 times too large"),
        ("-.2", 0.3, "off", "off: the other sign, and a size 33 % off"),
        ("9", 0.0818, "off", "off: about 110 times too large"),
        ("1e-30", 1.0, "off", "off: over 1,000,000 times too small"),
        ("99.9", 50.0, "off", "off by 100 %"),
        ("0", 1e-9, "off", "not 0"),
        ("1e-9", 0.0, "off", "exactly 0"),
        ("20", 20.0, "exact", "exact"),
        ("2.5", 2.45, "exact", "exact"),
        ("0,018", 0.01836, "exact", "exact; read as 0.018"),
        ("1", float("nan"), "off", "not finite"),
    ],
)
def test_grades(typed: str, right: float, kind: str, words: str) -> None:
    """Exact is what is rightly rounded; near is told from wrong, and wrong signs are named."""
    found = grade(typed, right)
    assert (found.kind, words in found.words) == (kind, True), found


def test_numbers_may_be_graded_without_their_text() -> None:
    """The shortest decimal form counts as typed."""
    assert grade(0.018, 0.01836).kind == "exact"
    assert grade(0.0183, 0.01836, 0.001).kind == "off"


def test_timesteps() -> None:
    """With t= or without."""
    assert [read_timestep(text, 20) for text in ("7", "t=7", " T = 20 ", "t7")] == [7, 7, 20, 7]
    for wrong in ("0", "21", "seven", "7.0", ""):
        with pytest.raises(ClaimError, match="1 to 20"):
            read_timestep(wrong, 20)


def test_rightly_rounded_numbers_are_exact_however_they_are_written() -> None:
    """Of any size and sign; one digit further off they are not."""
    choose = random.Random(0)
    for _ in range(400):
        right = choose.choice((-1, 1)) * 10 ** choose.uniform(-12, 6)
        digits = choose.randint(2, 7)
        mantissa, power = f"{right:.{digits - 1}e}".split("e")
        plain = f"{Decimal(f'{mantissa}e{power}'):f}"
        for text in (
            f"{mantissa}e{int(power)}",
            f"{mantissa}E{power}".replace("-", "−"),
            plain,
            plain.replace("0.", ".", 1) if abs(right) < 1 else plain,
            f"{Decimal(f'{mantissa}e{int(power) + 2}'):f} %",
        ):
            if "." in text:
                assert grade(text, right).kind == "exact", (text, right)
        off = Decimal(mantissa) + Decimal(choose.choice((-2, 2))) / 10 ** (digits - 1)
        assert grade(f"{off}e{int(power)}", right, 0).kind == "off", (off, right)
        assert grade(f"{-Decimal(mantissa)}e{power}", right).kind == "off"

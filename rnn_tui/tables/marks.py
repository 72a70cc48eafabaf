"""Which mark separates the decimals of a column and which groups its digits."""

from __future__ import annotations

from collections.abc import Sequence

from rnn_tui.tables.numbers import Marks, Numbers

_GROUP_NAMES = {"blank": " ", "space": " ", "none": "none"}


def decide(
    columns: Sequence[Numbers], decimal: str, thousands: str, delimiter: str
) -> list[Marks | str]:
    """Return the marks of each column, or why they cannot be known.

    Args:
        columns: the table's columns of numbers, examined.
        decimal: what the user says; "" leaves it to be found.
        thousands: the same.
        delimiter: what separates the cells; "" for a single column.
    """
    group = _GROUP_NAMES.get(thousands, thousands)
    if not decimal and group in (".", ","):
        decimal = "," if group == "." else "."
    if decimal:
        return [Marks(decimal, group)] * len(columns)
    point = any(each.point for each in columns)
    comma = any(each.comma for each in columns)
    return [_of_column(each, point and not comma, comma and not point, group, delimiter)
            for each in columns]  # fmt: skip


def _of_column(found: Numbers, point: bool, comma: bool, group: str, delimiter: str) -> Marks | str:
    """Return the marks of one column; `point` or `comma`: that others have it for decimals."""
    if found.point and found.comma:
        return "it has decimal points and decimal commas; say --decimal"
    if found.point or found.comma:
        return Marks("." if found.point else ",", group)
    if found.either_point and found.either_comma:
        return "it has numbers like 1.001 and like 1,001; say --decimal"
    if not (found.either_point or found.either_comma):
        return Marks("," if comma else ".", group)
    mark, other = (".", ",") if found.either_point else (",", ".")
    if group == "none":
        return Marks(mark, group)
    if comma if mark == "." else point:
        return Marks(other, group)
    if found.currency:  # nobody writes a thousandth of a dollar
        return Marks(other, group)
    decides = (point if mark == "." else comma) or (mark == "." and delimiter == ",")
    if decides and not found.whole:
        return Marks(mark, group)
    example = f"1{mark}001"
    return (
        f"{example} can be a thousand and one or one and a thousandth there, and nothing decides; "
        f"say --thousands {mark} or --decimal {mark}"
    )

"""Names of columns as an option gives them."""

from __future__ import annotations

import csv


def split_names(text: str) -> tuple[str, ...]:
    """Return the names of columns in `text`, separated by commas; quotes protect a comma.

    ``A,"b,c"`` names A and b,c.
    """
    rows = list(csv.reader([" ".join(text.splitlines())], skipinitialspace=True))
    names = [name.strip() for name in rows[0]] if rows else []
    return tuple(name for name in names if name)

"""Numbers as people write them: marks, signs, units and words for what is missing.

A column is examined whole before one of its cells is read: whether 1.001 is a thousand and one is
said by the other cells, by the other columns or by nobody, never by the cell itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import polars as pl

MISSING = frozenset({
    "", "na", "n/a", "#n/a", "<na>", "n.a.", "n.a", "k.a.", "null", "#null!", "nan", "-nan", "nat",
    "none", "nil", "missing", "?", "-", "–", "—", "--", "---", ".", "..", "...", "…", "*", "\\n",
    "#num!", "#value!", "#ref!", "#div/0!", "#name?",
})  # fmt: skip
"""Words for a value that is missing, in lower case."""
_BLANKS = " \t\u00a0\u2007\u2009\u202f"
_CURRENCY = (
    r"[$€£¥₹₽₩₺₪₫฿₴₦]|[A-Z]{0,3}\$|(?i:eur|usd|gbp|jpy|chf|cny|inr|rub|krw|sek|nok|dkk|pln|czk|huf"
    r"|aud|cad|nzd|brl|zar|mxn|sgd|hkd|try|kr|zł|kč|ft|fr|rs|sfr)\.?"
)
_UNIT = r"[%‰°′″]?[A-Za-zµμΩ]{0,6}[²³]?(?:/[A-Za-z0-9³²]{1,4})?"
_DIGITS = r"[0-9][0-9.,'’_ \x{a0}\x{2007}\x{2009}\x{202f}]*|[.,][0-9]+"
_SIGN = r"[-+−–]"
_PATTERN = (
    rf"^(?P<open>\()?(?P<sign>{_SIGN})?[ \x{{a0}}]?(?P<before>{_CURRENCY})?[ \x{{a0}}]?"
    rf"(?P<second>{_SIGN})?[ \x{{a0}}]?(?P<digits>{_DIGITS})(?P<exponent>[eE][-+−]?[0-9]{{1,3}})?"
    rf"[ \x{{a0}}\x{{202f}}]?(?P<after>{_CURRENCY}|{_UNIT})?(?P<trailing>{_SIGN})?(?P<close>\))?$"
)
_PYTHON_PATTERN = re.compile(re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), _PATTERN))
_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[-+]?inf(inity)?", re.I)
_ONE_COMMA = r"^\s*[-+]?(?:[0-9]+,?[0-9]*|,[0-9]+)\s*$"
_OTHER_GROUPS = r"['’_ \x{a0}\x{2007}\x{2009}\x{202f}]"
_POINT_CERTAIN = (
    r"^[0-9]*\.(?:[0-9]{1,2}|[0-9]{4,})?$|^(?:0[0-9]*|[0-9]{4,})?\.[0-9]+$"
    r"|^[0-9]{1,3}(?:,[0-9]{2,3})+\.[0-9]*$|^[0-9]{1,3}(?:,[0-9]{3}){2,}$"
    rf"|^[0-9]{{1,2}}(?:,[0-9]{{2}})+,[0-9]{{3}}$|^[0-9]{{1,3}}(?:{_OTHER_GROUPS}[0-9]{{3}})+\.[0-9]*$"
)
_COMMA_CERTAIN = (
    r"^[0-9]*,(?:[0-9]{1,2}|[0-9]{4,})?$|^(?:0[0-9]*|[0-9]{4,})?,[0-9]+$"
    r"|^[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*$|^[0-9]{1,3}(?:\.[0-9]{3}){2,}$"
    rf"|^[0-9]{{1,3}}(?:{_OTHER_GROUPS}[0-9]{{3}})+,[0-9]*$"
)
_PLAIN_POINT_CERTAIN = (
    r"^[-+]?(?:[0-9]*\.(?:[0-9]{1,2}|[0-9]{4,})?|(?:0[0-9]*|[0-9]{4,})?\.[0-9]+)$|\..*[eE]"
)
_EITHER = r"^[1-9][0-9]{{0,2}}\{}[0-9]{{3}}$"
_GROUPS = {".": r"\.", ",": ",", "'": "['’]", "_": "_", " ": r"[ \x{a0}\x{2007}\x{2009}\x{202f}]"}


@dataclass(frozen=True, slots=True)
class Marks:
    """How a column writes its numbers.

    Attributes:
        decimal: "." or ",".
        thousands: what groups digits; "" for what does not stand against the decimal mark, "none"
            for nothing.
    """

    decimal: str = "."
    thousands: str = ""


@dataclass(slots=True, eq=False)
class Numbers:
    """A column examined for numbers.

    Attributes:
        values: [N] float64; NaN where there is none.
        missing: [N] where a word says that there is none, or nothing is written.
        bad: [N] where something else is written.
        plain: whether the numbers are written with a point at most, nothing else.
        point: whether some cells can only have a decimal point; comma: a decimal comma.
        either_point: whether all cells with a point are like 1.001, which can be a thousand and
            one; either_comma: the same of commas.
        whole: whether there are also numbers with neither.
        unit: what stands beside every number, such as $ or %.
        currency: whether that is a currency.
        mark: how they were read.
        parts: the pieces of the cells, where they are not plain.
    """

    values: npt.NDArray[np.float64]
    missing: npt.NDArray[np.bool_]
    bad: npt.NDArray[np.bool_]
    plain: bool = True
    point: bool = False
    comma: bool = False
    either_point: bool = False
    either_comma: bool = False
    whole: bool = False
    unit: str = ""
    currency: bool = False
    marks: Marks = field(default_factory=Marks)
    parts: pl.DataFrame | None = None

    @property
    def count(self) -> int:
        """How many cells hold a number."""
        return len(self.values) - int(np.count_nonzero(self.missing | self.bad))


def is_missing(cell: str) -> bool:
    """Return whether a cell is empty or a word for a missing value."""
    return cell.strip().lower() in MISSING


def is_plain(cell: str) -> bool:
    """Return whether a cell is a number as a computer writes it."""
    return _PLAIN.fullmatch(cell.strip()) is not None


def looks_like_number(cell: str) -> bool:
    """Return whether a cell could be a number in some way of writing."""
    cell = cell.strip()
    return bool(_PLAIN.fullmatch(cell)) or bool(_PYTHON_PATTERN.match(cell))


def examine_plain(cells: pl.Series) -> Numbers | None:
    """Return the numbers of a column that are all written plainly; None if one is not."""
    import polars as pl

    if not _are_plain(cells.head(100)):  # at once, where nothing is a number
        return None
    numbers = cells.cast(pl.Float64, strict=False)
    if numbers.null_count():
        if not _are_plain(cells.filter(numbers.is_null()).unique()):
            return None
        cells = cells.str.strip_chars()
        numbers = cells.cast(pl.Float64, strict=False)
    values = numbers.fill_null(np.nan).to_numpy()
    none = np.zeros(len(values), np.bool_) if not _has_nan(values) else np.isnan(values)
    found = Numbers(values, none, np.zeros(len(values), np.bool_))
    _examine_points(found, cells)
    return found


def examine_commas(cells: pl.Series) -> Numbers | None:
    """Return the numbers of a column that differ from plain ones by one comma alone.

    These are frequent, and need no taking apart; they are read as if commas were decimal marks.
    None where one is not so.
    """
    import polars as pl

    head = cells.head(100).str.strip_chars()
    if not head.str.contains(_ONE_COMMA).any() or not head.str.contains(",", literal=True).any():
        return None
    odd = cells.filter(~cells.str.contains(_ONE_COMMA)).unique().head(len(MISSING) * 8 + 1)
    if not all(is_missing(cell) for cell in odd.to_list()):
        return None
    texts = cells.str.strip_chars()
    numbers = texts.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    values = numbers.fill_null(np.nan).to_numpy()
    found = Numbers(values, np.isnan(values), np.zeros(len(values), np.bool_), plain=False)
    sizes = texts.str.strip_prefix("-")
    found.comma = bool(
        sizes.head(1000).str.contains(_COMMA_CERTAIN).any()
        or sizes.str.contains(_COMMA_CERTAIN).any()
    )
    found.either_comma = not found.comma
    found.whole = bool(sizes.str.contains(r"^[1-9][0-9]*$").any())
    return found


def _are_plain(cells: pl.Series) -> bool:
    """Return whether cells are numbers written plainly, or words for missing ones."""
    import polars as pl

    texts = cells.fill_null("").str.strip_chars()
    rest = texts.filter(texts.cast(pl.Float64, strict=False).is_null()).unique()
    return all(cell.lower() in MISSING for cell in rest.head(len(MISSING) * 8 + 1).to_list())


def _has_nan(values: npt.NDArray[np.float64]) -> bool:
    return bool(len(values)) and bool(np.isnan(values.min()))


def _examine_points(found: Numbers, cells: pl.Series) -> None:
    """Find out what the points of plain numbers can be."""
    if not len(cells):
        return
    if cells.head(1000).str.contains(_PLAIN_POINT_CERTAIN).any() or _has_parts(found.values):
        found.point = True
        return
    dotted = cells.filter(cells.str.contains(".", literal=True))
    if not len(dotted):
        found.whole = True
        return
    found.point = bool(dotted.str.contains(_PLAIN_POINT_CERTAIN).any())
    found.either_point = not found.point
    found.whole = bool(cells.str.contains(r"^[-+]?[1-9][0-9]*$").any())


def _has_parts(values: npt.NDArray[np.float64]) -> bool:
    """Return whether a number written plainly can only have a decimal point; a quick look.

    0.001 and 1000.5 are no thousands, nor is what has a fourth decimal.
    """
    size = np.abs(values)
    with np.errstate(all="ignore"):
        whole = np.floor(size)
        odd = ((size > 0) & (size < 1)) | ((size >= 1000) & (size != whole))
    return bool(odd.any())


def examine_parts(cells: pl.Series) -> Numbers:
    """Take the cells apart: sign, currency, digits, unit."""
    import polars as pl

    cells = cells.str.strip_chars()
    lower = cells.fill_null("").str.to_lowercase()
    missing = lower.is_in(sorted(MISSING))
    parts = cells.fill_null("").str.extract_groups(_PATTERN).struct.unnest()
    digits = parts["digits"].str.strip_chars(_BLANKS)
    unit = (parts["before"].fill_null("") + "\t" + parts["after"].fill_null("")).str.strip_chars(
        " "
    )
    good = digits.is_not_null() & ~missing
    signs = sum(
        (
            parts[name].is_not_null().cast(pl.Int8)
            for name in ("open", "sign", "second", "trailing")
        ),
        pl.zeros(len(cells), pl.Int8, eager=True),
    )
    good &= (signs <= 1) & (parts["open"].is_not_null() == parts["close"].is_not_null())
    units = unit.filter(good)
    main = ""
    if len(units):
        counted = units.value_counts(sort=True)
        main = counted[counted.columns[0]][0]
        good &= unit == main
    texts = digits.filter(good)
    count = len(cells)
    found = Numbers(
        np.full(count, np.nan), missing.to_numpy(), (~good & ~missing).to_numpy(), plain=False
    )
    found.unit = " ".join(main.split())
    found.currency = re.fullmatch(_CURRENCY, found.unit) is not None
    found.parts = parts.with_columns(digits.alias("digits"), good.alias("good"))
    exponents = bool(parts["exponent"].filter(good).is_not_null().any())
    found.point = exponents or bool(texts.str.contains(_POINT_CERTAIN).any())
    found.comma = bool(texts.str.contains(_COMMA_CERTAIN).any())
    if not (found.point or found.comma):
        found.either_point = bool(texts.str.contains(_EITHER.format(".")).any())
        found.either_comma = bool(texts.str.contains(_EITHER.format(",")).any())
    found.whole = bool(texts.str.contains(r"^[1-9][0-9]*$").any())
    return found


def read(cells: pl.Series, found: Numbers, marks: Marks) -> Numbers:
    """Return the numbers of an examined column; `values` and `bad` are then right."""
    import polars as pl

    commas = found.comma or found.either_comma
    as_read = marks.decimal == "," if commas else marks.decimal == "."
    if found.parts is None and (as_read or not (commas or found.point or found.either_point)):
        infinite = np.isinf(found.values)
        if infinite.any():
            found.bad = infinite
        found.marks = marks
        return found
    if found.parts is None:
        found = examine_parts(cells)
    parts, found.parts = found.parts, None
    assert parts is not None
    digits = parts["digits"]
    good = parts["good"] & digits.str.contains(_allowed(marks)).fill_null(False)
    text = digits.str.replace_all(f"[^0-9{marks.decimal}]", "")
    text = text.str.replace(marks.decimal, ".", literal=True)
    exponent = parts["exponent"].fill_null("").str.replace("−", "-", literal=True)
    values = (text + exponent).cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    negative = parts["open"].is_not_null()
    for name in ("sign", "second", "trailing"):
        negative |= parts[name].fill_null("").is_in(["-", "−", "–"])
    values = np.where(negative.to_numpy(), -values, values)
    fine = good.to_numpy() & np.isfinite(values)
    found.bad = ~fine & ~found.missing
    found.values = np.where(fine, values, np.nan)
    found.marks = marks
    return found


def _allowed(marks: Marks) -> str:
    """Return the pattern of the digits of a number with these marks."""
    point = re.escape(marks.decimal)
    plain = rf"^[0-9]*(?:{point}[0-9]*)?$"
    if marks.thousands == "none":
        return plain
    names = [marks.thousands] if marks.thousands else [n for n in _GROUPS if n != marks.decimal]
    ways = [rf"^[0-9]{{1,3}}(?:{_GROUPS[n]}[0-9]{{3}})+(?:{point}[0-9]*)?$" for n in names]
    if "," in names:
        ways.append(rf"^[0-9]{{1,2}}(?:,[0-9]{{2}})*,[0-9]{{3}}(?:{point}[0-9]*)?$")
    return "|".join([plain, *ways])

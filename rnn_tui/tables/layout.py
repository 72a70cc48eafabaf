"""How a text is laid out as a table: what separates its cells, which lines are rows.

Evidence is taken from many lines, never from the first alone: a line is a header because its cells
are unlike those below it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.headings import Cells, Heading, classes, find_heading
from rnn_tui.tables.lines import Lines, Positions, blanks_to_tabs
from rnn_tui.tables.numbers import MISSING
from rnn_tui.tables.table import TableOptions

BLANKS = "blanks"
WIDEST = 2000
"""Columns of the widest table that is read."""
_CANDIDATES = ("\t", ";", "|", ",", BLANKS)  # in this order where two split equally well
_NAMES = {"tab": "\t", "\\t": "\t", "blank": BLANKS, "space": BLANKS, " ": BLANKS,
          "comma": ",", "semicolon": ";", "pipe": "|"}  # fmt: skip
_COMMENTS = b"#%"
_ERROR_WORDS = tuple(word for word in MISSING if word.startswith("#"))
_MOST_TITLES = 100  # lines above the header
_MOST_FOOTERS = 50
_TOTAL = re.compile(
    r"(grand |sub)?-?(total|sum|summe|gesamt|insgesamt|average|mean|mittel(wert)?|durchschnitt"
    r"|moyenne|minimum|maximum|min|max|count|std|median)\b.*",
    re.I,
)


@dataclass(slots=True, eq=False)
class Layout:
    """A text laid out.

    Attributes:
        lines: its lines; blanks that separate cells are tabs in them.
        delimiter: what separates the cells: a character, "blanks", "" for a single column.
        separator: the character that does so in `lines`.
        width: cells of a row.
        names: the columns' names; "" where there is none.
        header: whether a line names them.
        rows: numbers of the lines, in `lines`, that are rows.
        skipped: lines before the header that are no rows.
        notes: what was assumed, a sentence each.
    """

    lines: Lines
    delimiter: str
    separator: str
    width: int
    names: tuple[str, ...]
    header: bool
    rows: Positions
    skipped: int
    notes: list[str] = field(default_factory=list)


def find_layout(options: TableOptions, lines: Lines) -> Layout:
    """Lay out a text as a table.

    Raises:
        DataError: it is none, or could be two different ones.
    """
    return _Finder(options, lines).layout()


def delimiter_of(name: str) -> str:
    """Return the delimiter that a user's word stands for; "" for none."""
    return _NAMES.get(name.lower(), name) if name else ""


class _Finder:
    """The search for the layout of one text."""

    def __init__(self, options: TableOptions, lines: Lines) -> None:
        self._options = options
        self._path = options.path
        self._lines = lines
        self._notes: list[str] = []
        self._kept = self._content_lines()
        self._delimiter = delimiter_of(options.delimiter)
        self._skip_separator_line()
        if not len(self._kept):
            raise self._error("the file is empty")

    def layout(self) -> Layout:
        """Return what was found."""
        delimiter = self._find_delimiter()
        if delimiter == "," and not self._delimiter and self._is_one_column():
            self._notes.append("its header has one name, so the commas are within the numbers")
            delimiter = ""
        cells = Cells(self._lines, delimiter)
        if delimiter == BLANKS:
            cells = Cells(blanks_to_tabs(self._lines), "\t")
        self._drop_empty_rows(cells)
        sample = self._sample()
        width = self._width(cells, sample)
        if width > WIDEST:
            reason = f"it has {width:,} columns; at most {WIDEST:,} are read"
            raise self._error(f"{reason}. If it lies on its side, transpose it")
        top, narrow = self._skip_titles(cells, width)
        end = self._skip_footers(cells, width, top)
        body = self._kept[top:end]
        heading = find_heading(self._path, cells, body, width, narrow, self._comment_above(top))
        rows = body[heading.lines :]
        self._notes += heading.notes
        if not len(rows):
            raise self._error("there is a header but no row below it")
        rows = rows[: len(rows) - self._totals(cells, rows, width)]
        if not delimiter:
            rows = self._with_blank_lines(body, rows)
        self._check_comma(heading, cells, rows, delimiter, width)
        skipped = int(cells.lines.numbers[body[0]]) - 1
        return Layout(cells.lines, delimiter, cells.delimiter, width, heading.names,
                      heading.found, rows, skipped, self._notes)  # fmt: skip

    def _content_lines(self) -> Positions:
        """Return the lines that are neither skipped, nor blank, nor comments."""
        lines = self._lines
        first = lines.first_bytes()
        keep = lines.numbers > self._options.skip_rows
        for index in np.flatnonzero(keep & (first <= 32)):
            keep[index] = bool(lines.text(int(index)).strip())
        comment = np.isin(first, np.frombuffer(_COMMENTS, np.uint8)) & keep
        for index in np.flatnonzero((first == ord("/")) & keep):
            comment[index] = lines.text(int(index)).startswith("//")
        for index in np.flatnonzero(comment):
            comment[index] = not _is_error_word(lines.text(int(index)))
        self._comments = np.flatnonzero(comment)
        kept = np.flatnonzero(keep & ~comment)
        within = self._comments[self._comments > kept[0]] if len(kept) else self._comments
        if len(within):
            number = int(lines.numbers[within[0]])
            self._notes.append(
                f"{_count(len(within), 'comment')} within the table skipped, from line {number} on"
            )
        if not len(kept) and len(self._comments):  # every line begins with #
            return np.flatnonzero(keep)
        return kept

    def _skip_separator_line(self) -> None:
        """Obey a first line such as sep=; as spreadsheets write it."""
        if not len(self._kept):
            return
        found = re.fullmatch(r'"?sep=(.|\\t)"?', self._lines.text(int(self._kept[0])).strip(" "))
        if found:
            self._delimiter = self._delimiter or delimiter_of(found[1])
            self._kept = self._kept[1:]

    def _sample(self) -> list[int]:
        """Return lines from the beginning, the middle and the end."""
        kept, count = self._kept, len(self._kept)
        if count <= 450:
            return [int(index) for index in kept]
        middle = np.linspace(300, count - 60, 100).astype(int)
        return [int(index) for index in (*kept[:300], *kept[middle], *kept[-50:])]

    def _find_delimiter(self) -> str:
        if self._delimiter:
            if self._delimiter != BLANKS and not (
                len(self._delimiter) == 1 and self._delimiter.isascii()
            ):
                allowed = "one character of ASCII, tab or blanks"
                raise DataError("--delimiter", self._options.delimiter, f"must be {allowed}")
            return self._delimiter
        texts = [self._lines.text(index) for index in self._sample()]
        scores = {each: _score(texts, each) for each in self._candidates()}
        best = max(scores, key=scores.__getitem__)
        return best if scores[best] > 0 else ""

    def _candidates(self) -> Sequence[str]:
        if "," in (self._options.decimal, self._options.thousands):
            return [each for each in _CANDIDATES if each != ","]
        return _CANDIDATES

    def _drop_empty_rows(self, cells: Cells) -> None:
        """Leave out lines of nothing but delimiters."""
        lines, mark = cells.lines, cells.delimiter
        if not mark:
            return
        first = lines.first_bytes()[self._kept]
        suspects = np.flatnonzero(first == ord(mark))
        blank = [at for at in suspects if not lines.text(int(self._kept[at])).strip(mark + ' "')]
        if blank:
            self._kept = np.delete(self._kept, blank)
            if blank[0] < len(self._kept):
                number = lines.numbers[self._kept[blank[0] - 1 if blank[0] else 0]] + 1
                self._notes.append(
                    f"{_count(len(blank), 'empty line')} skipped, from line {number} on"
                )
        if not len(self._kept):
            raise self._error("its cells are all empty")

    def _width(self, cells: Cells, sample: list[int]) -> int:
        widths = Counter(len(cells.split(index)) for index in sample)
        most = max(widths.values())
        return max(width for width, count in widths.items() if count == most)

    def _skip_titles(self, cells: Cells, width: int) -> tuple[int, bool]:
        """Return how many lines stand above the header, and whether it has a cell too few."""
        for top, index in enumerate(self._kept[: _MOST_TITLES + 1]):
            row = cells.split(int(index))
            written = sum(1 for cell in row if cell.strip())
            if self._is_padded_title(top, cells, width):
                continue
            if len(row) == width:
                return self._said(top, cells), False
            below = cells.split(int(self._kept[top + 1])) if top + 1 < len(self._kept) else []
            narrow = len(row) == written == width - 1 and len(below) == width
            names = set(classes(row)) <= {"x"} and (width > 2 or " " not in row[0].strip())
            if narrow and names:
                return self._said(top, cells), True
            if written > max(2, width // 2) or not set(classes(row)) & {"x"}:
                break
        index = int(self._kept[min(top, len(self._kept) - 1)])
        raise self._ragged(cells, index, width)

    def _is_padded_title(self, top: int, cells: Cells, width: int) -> bool:
        """Return whether a line is a title that a spreadsheet filled up with empty cells.

        That it is none shows below it: a line of names, with more cells written.
        """
        most = 0
        for at in range(top, min(top + _MOST_TITLES, len(self._kept))):
            row = cells.split(int(self._kept[at]))
            if not (len(row) == width and row[0].strip()):
                return False
            written = [cell for cell in row if cell.strip()]
            kinds = classes(written)
            if (
                not row[-1].strip()
                and kinds[0] == "x"
                and (len(kinds) == 1 or {*kinds[1:]} - {"x"})
            ):
                most = max(most, len(written))
            else:
                return at > top and set(kinds) == {"x"} and len(written) > most
        return False

    def _said(self, top: int, cells: Cells) -> int:
        if top:
            first, last = (int(cells.lines.numbers[self._kept[at]]) for at in (0, top - 1))
            lines = f"line {first} is" if top == 1 else f"lines {first} to {last} are"
            self._notes.append(f"{lines} a title and skipped")
        return top

    def _ragged(self, cells: Cells, index: int, width: int) -> DataError:
        return self._error(ragged(cells, index, width))

    def _is_one_column(self) -> bool:
        """Return whether all commas stand within whole numbers, below a header without one."""
        texts = [self._lines.text(index).strip() for index in self._sample()]
        return "," not in texts[0] and all(
            re.fullmatch(r"[-+]?[0-9]+(?:,[0-9]+)*(?:\.[0-9]*)?", text) for text in texts[1:]
        )

    def _skip_footers(self, cells: Cells, width: int, top: int) -> int:
        """Return where the lines end that have as many cells as a row."""
        end = len(self._kept)
        while end > top + 2 and len(self._kept) - end < _MOST_FOOTERS:
            row = cells.split(int(self._kept[end - 1]))
            written = [cell for cell in row if cell.strip()]
            if len(row) == width or len(written) > max(2, width // 2):
                break
            if "x" not in classes(row):
                break
            end -= 1
        if end < len(self._kept):
            number = int(cells.lines.numbers[self._kept[end]])
            count = len(self._kept) - end
            self._notes.append(
                f"{_count(count, 'line')} below the table skipped, from line {number} on"
            )
        return end

    def _with_blank_lines(self, body: Positions, rows: Positions) -> Positions:
        """Return the rows of a single column with the blank lines within: values that are missing.

        Where one follows every row, or two do, they are spacing.
        """
        above = body[np.searchsorted(body, rows[0]) - 1] if len(rows) < len(body) else rows[0]
        first = self._lines.first_bytes()
        between = above + 1 + np.flatnonzero(first[above + 1 : rows[-1]] <= 32)
        blank = [index for index in between if not self._lines.text(int(index)).strip()]
        gaps = np.diff(rows)
        if not blank or (len(rows) > 2 and gaps[0] > 1 and (gaps == gaps[0]).all()):
            return rows
        return np.sort(np.concatenate((rows, np.array(blank, rows.dtype))))

    def _totals(self, cells: Cells, rows: Positions, width: int) -> int:
        """Return how many of the last rows are sums and the like of those above."""
        count = 0
        while width > 1 and count < min(10, len(rows) - 2):
            if not _is_total(cells.split(int(rows[-1 - count])), cells.split(int(rows[0]))):
                break
            count += 1
        if count:
            number = int(cells.lines.numbers[rows[-count]])
            self._notes.append(
                f"line {number} is {first_word(cells, rows, count)!r}, no row; skipped"
            )
        return count

    def _comment_above(self, top: int) -> list[str]:
        """Return the last comment before the table, where names may stand."""
        first = int(self._kept[top])
        before = self._comments[self._comments < first]
        return [self._lines.text(int(before[-1])).lstrip("#%/ ")] if len(before) else []

    def _check_comma(
        self, heading: Heading, cells: Cells, rows: Positions, delimiter: str, width: int
    ) -> None:
        """Refuse rows such as 205,69 that can be two numbers or one.

        Raises:
            DataError: nothing decides.
        """
        options = self._options
        said = heading.found or options.delimiter or options.target or options.time
        if said or delimiter != "," or len(rows) < 2:
            return
        texts = [cells.lines.text(int(index)) for index in rows[:1000]]
        one = r"[-+]?[0-9]+,[0-9]+" if width == 2 else r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+"
        if all(re.fullmatch(one, text.strip()) for text in texts):
            other = "--decimal ," if width == 2 else "--thousands ,"
            raise self._error(
                f"{texts[0].strip()!r} can be {width} numbers or one with commas in it, and "
                f"nothing decides; say --delimiter , or {other}"
            )

    def _error(self, reason: str) -> DataError:
        return DataError("--data", self._path, reason)


def ragged(cells: Cells, index: int, width: int) -> str:
    """Return what is wrong with a line that has too many cells or too few."""
    count = len(cells.split(index))
    number = int(cells.lines.numbers[index])
    reason = f"line {number} has {_count(count, 'cell')} where most lines have {width}"
    if cells.delimiter == "," and count > width:
        reason += "; a number with a decimal comma must stand in quotes"
    return reason


def first_word(cells: Cells, rows: Positions, count: int) -> str:
    """Return the word for a sum in the first of the last `count` rows."""
    row = cells.split(int(rows[-count]))
    return next(cell.strip() for cell in row if _TOTAL.fullmatch(cell.strip()))


def _is_error_word(line: str) -> bool:
    """Return whether a line begins with a word of spreadsheets for no value, such as #N/A."""
    return line.lower().startswith(_ERROR_WORDS)


def _is_total(row: list[str], usual: list[str]) -> bool:
    """Return whether a row says that it is a sum, in its first cell or where a time should be."""
    words = [bool(_TOTAL.fullmatch(cell.strip())) for cell in row]
    if True not in words or len(row) != len(usual):
        return False
    at = words.index(True)
    return not any(cell.strip() for cell in row[:at]) or classes([usual[at]]) == ["t"]


def _score(texts: list[str], delimiter: str) -> float:
    """Return how well a delimiter splits lines: evenly, and into numbers and times; 0 if not."""
    cells = Cells.of_texts(texts, delimiter)
    rows = [cells.split(index) for index in range(len(texts))]
    widths = Counter(map(len, rows))
    most = max(widths.values())
    width = max(width for width, count in widths.items() if count == most)
    if width < 2 or most < 0.5 * len(rows):
        return 0.0
    below = rows[len(rows) // 3 :] if len(rows) > 2 else rows  # not titles and headers
    even = [row[:8] for row in below if len(row) == width] or [row[:8] for row in rows]
    step = max(1, len(even) // 12)
    looked = [cell for row in even[-1::-step] for cell in row]
    good = sum(kind != "x" for kind in classes(looked))
    quality = good / len(looked)
    if delimiter == BLANKS and quality < 0.4:
        return 0.0
    score = round(most / len(rows), 2) * (0.5 + 0.5 * quality)
    return 0.9 * score if delimiter == BLANKS else score  # blanks stand within cells, too


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")

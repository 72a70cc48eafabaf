"""The marks of a class: as a table for people, and as CSV for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from rnn_tui.exercises.marking import MarkedAnswers, same_seeds

_SHORT = {"exact": "exact", "approximate": "approx", "off": "off", "none": "–"}
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "−")
WIDEST_NAME = 24


def table_lines(marked: Sequence[MarkedAnswers]) -> list[str]:
    """Return a table for each lesson: who, which file, the grade of each question, the marks."""
    lines: list[str] = []
    for group in by_lesson(marked):
        if lines:
            lines.append("")
        lines += _lesson_lines(group)
    return lines


def by_lesson(marked: Iterable[MarkedAnswers]) -> list[list[MarkedAnswers]]:
    """Return the answers lesson by lesson, in the order in which they came."""
    groups: dict[str, list[MarkedAnswers]] = {}
    for each in marked:
        groups.setdefault(each.answers.digest, []).append(each)
    return list(groups.values())


def _lesson_lines(marked: Sequence[MarkedAnswers]) -> list[str]:
    """Return the table of one lesson."""
    count = len(marked[0].grades)
    head = ["name", "file", "seed", *(str(k) for k in range(1, count + 1)), "marks"]
    rows = [head]
    for each in marked:
        grades = [_SHORT[grade] for grade in each.grades]
        who = [shown(each.answers.name), shown(each.path), str(each.answers.seed)]
        rows.append([*who, *grades, f"{written(each.marks)}/{count}"])
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    lines = [marked[0].answers.lesson_name]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        lines.append(f"  {'  '.join(cells).rstrip()}")
    if rights := _per_question(marked):
        lines.append(f"  right, of {len(marked)}: {rights}")
    for seed, group in same_seeds(marked):
        names = ", ".join(shown(each.answers.name) for each in group)
        lines.append(f"  the same numbers, seed {seed}: {names}")
    return lines


def _per_question(marked: Sequence[MarkedAnswers]) -> str:
    """Return how many have answered each question right; "" for a single student."""
    if len(marked) < 2:
        return ""
    columns = zip(*(each.grades for each in marked), strict=True)
    counts = [sum(grade in ("exact", "approximate") for grade in column) for column in columns]
    return ", ".join(f"question {k}: {count}" for k, count in enumerate(counts, 1))


def shown(text: str) -> str:
    """Return a name as a table shows it: what a terminal would obey as its number, and short."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return plain if len(plain) <= WIDEST_NAME else f"…{plain[1 - WIDEST_NAME :]}"


def written(marks: float) -> str:
    """Return marks without zeros at their end: 3, 2.5."""
    return f"{marks:.2f}".rstrip("0").rstrip(".")


def to_csv(marked: Sequence[MarkedAnswers]) -> str:
    """Return a line for each student, with the grade of each question."""
    most = max((len(each.grades) for each in marked), default=0)
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    head = ("name", "file", "lesson", "seed", "marks", "of")
    writer.writerow([*head, *(f"question {k}" for k in range(1, most + 1))])
    for each in marked:
        answers = each.answers
        texts = map(harmless, (answers.name, each.path, answers.lesson_name))
        numbers = (answers.seed, written(each.marks), len(each.grades))
        rest = [""] * (most - len(each.grades))
        writer.writerow([*texts, *numbers, *each.grades, *rest])
    return output.getvalue()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" \u00a0").startswith(_FORMULAS) else text

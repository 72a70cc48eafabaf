"""Spans: one unit, row or column, a range of them, or all; counted from 1.

``3`` is one, ``1:8`` are those from 1 to 8, both included, and ``:`` are all.
"""

from __future__ import annotations

import re

Span = int | tuple[int, int] | None
"""One; the first and the last of a range; None for all."""


def span_text(span: Span) -> str:
    """Return a span as it is typed."""
    if span is None:
        return ":"
    return str(span) if isinstance(span, int) else f"{span[0]}:{span[1]}"


def parse_span(text: str, most: int) -> Span:
    """Read a span as it is typed; ``:8`` begins at 1, and ``3:`` ends at `most`.

    Raises:
        ValueError: `text` is none.
    """
    match = re.fullmatch(r"\s*(\d{0,9})\s*(:?)\s*(\d{0,9})\s*", text, re.ASCII)
    if match is None:
        raise ValueError(text)
    first, colon, last = match.groups()
    if not colon:
        return int(first + last)
    return (int(first or 1), int(last or most)) if first or last else None


def span_slice(span: Span) -> slice:
    """Return the slice of an axis, which counts from 0."""
    if span is None:
        return slice(None)
    first, last = (span, span) if isinstance(span, int) else span
    return slice(first - 1, last)


def span_contains(span: Span, other: Span) -> bool:
    """Return whether all of `other` is in `span`."""
    if span is None or span == other:
        return True
    if other is None:
        return False
    one, two = span_slice(span), span_slice(other)
    return bool(one.start <= two.start and two.stop <= one.stop)


def spans_meet(span: Span, other: Span) -> bool:
    """Return whether something is in both."""
    if span is None or other is None:
        return True
    one, two = span_slice(span), span_slice(other)
    return bool(one.start < two.stop and two.start < one.stop)

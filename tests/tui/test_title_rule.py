"""Title lines of panels: what of a legend has no room is left out whole, never torn."""

from __future__ import annotations

import pytest

from rnn_tui.tui.charts.legend import LegendEntry, rest_line
from rnn_tui.tui.lines import cell_width, plain
from rnn_tui.tui.title_rule import title_and_rest

NAMES = {"raw", "test", "smoothed", "smooth", "no", "memory", "mem", "gru", "beside", "loss"}


def entry(name: str, *briefs: str, value: str = "0.167", named: bool = False) -> LegendEntry:
    """Return an entry of a legend."""
    role = {"raw": "raw", "no memory": "level"}.get(name, "")
    return LegendEntry(("⠒⠒", "⠒⠒", "⠒", "⠒"), role, (name, *briefs), (value,), named)


LEGEND = (
    entry("raw"),
    entry("gru beside", "gru"),
    entry("test"),
    entry("smoothed", "smoothed", "smoothed", "smooth", named=True),
    entry("no memory", "no mem"),
)


@pytest.mark.parametrize("width", range(24, 130))
def test_no_word_of_a_title_is_torn_and_no_entry_is_lost(width: int) -> None:
    title, rest = title_and_rest("loss at update 3", "", width, False, LEGEND, "loss")
    assert cell_width(title) == width
    text = plain((title,))
    shown = [each for each in LEGEND if each not in rest]
    words = {word for word in text.split() if word.isalpha()}
    assert words <= NAMES | {"at", "update"}, text
    assert text.count("0.167") == len(shown)
    assert "smooth" in text
    if rest and width >= 50:
        assert plain((rest_line(rest, width),)).count("0.167") == len(rest)
    assert bool(rest) == (width < 69), text


def test_the_legend_keeps_the_second_network_longer_than_what_the_header_has() -> None:
    _, rest = title_and_rest("loss", "", 64, False, LEGEND, "loss")
    assert [each.labels[0] for each in rest] == ["raw"]
    _, rest = title_and_rest("loss", "", 50, False, LEGEND, "loss")
    assert [each.labels[0] for each in rest] == ["raw", "no memory"]

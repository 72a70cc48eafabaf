"""How the predictions of a series compare with forecasts without a network, at every width."""

from __future__ import annotations

import pytest

from rnn_tui.tasks.baselines import Baseline
from rnn_tui.tui.lines import cell_width, plain
from rnn_tui.tui.panels.predictions.skill_line import skill_line

SEASON = Baseline(0.01, "repeating the value 1,440 rows ago", "season")
BEST = (SEASON, Baseline(0.5, "repeating the last value", "last"))


@pytest.mark.parametrize("mse", [0.0, 1e-7, 0.0043, 0.01, 0.0102, 0.032, 3.7, 1e9])
def test_it_is_said_at_every_width(mse: float) -> None:
    for width in range(24, 140):
        line = skill_line(mse, BEST, width)
        text = plain((line,)).rstrip()
        assert cell_width(line) == width
        verdict = "better" if mse < 0.01 else "worse" if mse > 0.01 else "as good"
        assert verdict in text
        assert text.endswith(("season", "1,440 rows ago"))


def test_the_longest_form_that_has_room() -> None:
    forms = [plain((skill_line(0.032, BEST, width),)).strip() for width in (120, 55, 45, 30, 24)]
    assert forms == [
        "one step ahead 3.2× worse than repeating the value 1,440 rows ago",
        "3.2× worse than repeating the value 1,440 rows ago",
        "3.2× worse than the value 1,440 rows ago",
        "3.2× worse than season",
        "3.2× worse than season",
    ]


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert skill_line(float("nan"), BEST, 80) == ()
    assert skill_line(0.1, (), 80) == ()

"""How the one-step predictions of a series compare with forecasts that need no network."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.tasks.baselines import Baseline, comparison
from rnn_tui.tui.lines import Line, fit, text_width


def skill_line(mse: float, baselines: tuple[Baseline, ...], width: int) -> Line:
    """Return the comparison with the best forecast, in as many words as have room.

    Args:
        mse: of the network.
        baselines: the forecasts' errors, the best one first.
        width: cells of the line.
    """
    words = comparison(mse, baselines)
    if not words:
        return ()
    brief = comparison(mse, tuple(replace(each, words=each.brief) for each in baselines))
    better, worse = " better than ", " worse than "
    shortest = brief.replace(better, " better: ").replace(worse, " worse: ")
    plainer = words.replace("repeating ", "").replace("going on by ", "")
    forms = (f"one step ahead {words}", words, plainer, brief, shortest)
    text = next((each for each in forms if text_width(each) + 1 <= width), shortest)
    verdict = next((each for each in ("better", "worse") if each in text), "")
    head, _, rest = text.partition(verdict) if verdict else (text, "", "")
    return fit(((f" {head}{verdict}", "title"), (rest, "dim")), width)

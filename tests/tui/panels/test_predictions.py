"""The predictions panel of every task: it fits, and every number on it is the network's."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shares import share
from tasks.task_support import WINDOW_TASKS
from tui.screen_support import context, text_of, title_text

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.forecast_data import forecast, kept_data
from rnn_tui.predictions.results import SeriesPredictions, TextRequest, WindowsPredictions
from rnn_tui.predictions.text_job import CANDIDATES
from rnn_tui.session.commands import ViewRequest
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import compose
from rnn_tui.tasks.reber import legal_next
from rnn_tui.tasks.tokens import TypedText, Vocabulary, tokenise
from rnn_tui.tui.lines import cell_width, text_width
from rnn_tui.tui.number_format import NOT_FINITE, blocks, number, precise_percent, probability
from rnn_tui.tui.panels import loss_chart as loss
from rnn_tui.tui.panels.predictions import panel as predictions
from rnn_tui.tui.panels.predictions.common_lines import history_strip, summary_line, table
from rnn_tui.tui.panels.predictions.future import future_curves
from rnn_tui.tui.panels.predictions.text_sample import (
    symbol_runs,
    wrap_characters,
)
from rnn_tui.tui.prompt_lines import in_field, read_field

TASKS = (*WINDOW_TASKS, "parity last-step", "cos")
SIZES = ((80, 9), (45, 9), (80, 20), (120, 36), (44, 12))


@cache
def looked_at(task: str, updates: int = 3, **changes: Any) -> Snapshot:
    """Return a snapshot whose predictions and text are complete."""
    name, _, kind = task.partition(" ")
    chosen = {"task": name, "hidden": 6, **({"parity": kind} if kind else {}), **changes}
    trainer = Trainer(compose(chosen))
    session = Session(trainer)
    snapshot = session.perform(ViewRequest(text=TextRequest(characters=600)))
    for _ in range(updates):
        trainer.finish_update()
        snapshot = session.perform()
    return snapshot


def panel(snapshot: Snapshot, width: int = 80, height: int = 9) -> list[str]:
    return text_of(predictions.draw(context(snapshot), width, height))


def found_in(snapshot: Snapshot) -> WindowsPredictions:
    assert isinstance(snapshot.predictions, WindowsPredictions)
    return snapshot.predictions


# ---------------------------------------------------------------- it fits


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("size", share((each,) for each in SIZES))
def test_every_line_fits_and_the_room_is_used(task: str, size: tuple[int, int]) -> None:
    snapshot = looked_at(task)
    lines = predictions.draw(context(snapshot), *size)
    assert 4 <= len(lines) <= size[1]
    for line in lines:
        assert cell_width(line) <= size[0], text_of((line,))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize(
    "size", share((each,) for each in [(0, 0), (1, 1), (7, 3), (20, 2), (30, 5), (79, 1)])
)
def test_no_size_is_too_small(task: str, size: tuple[int, int]) -> None:
    assert len(predictions.draw(context(looked_at(task)), *size)) <= max(size[1], 1)


@pytest.mark.parametrize("task", [task for task in TASKS if task != "cos"])
def test_numbers_that_are_not_finite_are_told(task: str) -> None:
    snapshot = looked_at(task)
    found = found_in(snapshot)
    outputs = np.full_like(found.evaluation.outputs, np.nan)
    evaluation = replace(found.evaluation, loss=np.nan, outputs=outputs)
    influence = None if found.influence is None else np.full_like(found.influence, np.nan)
    broken = replace(found, evaluation=evaluation, influence=influence)
    snapshot = replace(snapshot, predictions=broken)
    for size in SIZES:
        lines = predictions.draw(context(snapshot), *size)
        assert all(cell_width(line) <= size[0] for line in lines)
        assert "nan" not in "\n".join(text_of(lines))
    if task != "oscillator":
        assert "!" in "\n".join(panel(snapshot, 80, 20))
        assert "✓" not in "\n".join(panel(snapshot, 80, 20))


@pytest.mark.parametrize("task", TASKS)
def test_the_title_names_the_update(task: str) -> None:
    assert predictions.title(context(looked_at(task)))[1].endswith("at update 3")


# ---------------------------------------------------------------- it is true


@pytest.mark.parametrize("task", ["recall", "copy", "parity", "reber", "waveform", "neuron"])
def test_accuracy_is_that_of_the_test_windows(task: str) -> None:
    snapshot = looked_at(task)
    found = found_in(snapshot)
    judged = int(found.test.judged.sum())
    match = re.match(r" ([\d.]+) % of ([\d,]+) ", panel(snapshot)[0])
    assert match is not None
    assert found.evaluation.accuracy is not None
    assert float(match[1]) == pytest.approx(100 * found.evaluation.accuracy, abs=0.05001)
    assert int(match[2].replace(",", "")) == judged


def test_copy_judges_the_copied_symbols_alone() -> None:
    found = found_in(looked_at("copy"))
    assert found.test.judged.sum(axis=0).tolist() == [10] * 500
    assert found.test.judged[-10:].all()


def test_copy_shows_the_symbols_wanted_above_those_given() -> None:
    snapshot = looked_at("copy")
    found = found_in(snapshot)
    lines = panel(snapshot, 44, 9)
    wanted = [" abcdefgh_"[k + 1] for k in found.test.target[-10:, 0]]
    given = [" abcdefgh_"[k + 1] for k in found.evaluation.outputs[-10:, 0].argmax(axis=1)]
    assert lines[1].split() == ["wanted", *wanted]
    assert lines[2].split() == ["given", *given]
    assert lines[3].split() == ["✓" if a == b else "✗" for a, b in zip(wanted, given, strict=True)]
    columns = [line[10::2] for line in lines[1:5]]
    assert len({len(column.rstrip()) for column in columns}) == 1


def test_recall_shows_accuracy_by_gap_and_the_words_that_matter() -> None:
    snapshot = looked_at("recall")
    found = found_in(snapshot)
    lines = panel(snapshot)
    own = snapshot.settings.gap
    assert lines[1].split() == ["gap", *(f"‹{g}›" if g == own else str(g) for g, _ in found.gaps)]
    assert lines[2].split() == ["right", *(f"{100 * share:.0f}%" for _, share in found.gaps)]
    ends = [[cell.end() for cell in re.finditer(r"\S+", line)][1:] for line in lines[1:3]]
    assert ends[0] == ends[1]
    assert found.influence is not None
    strip = blocks(np.maximum(found.influence, 0), 0, 1)
    assert lines[4].split()[:2] == ["matters", strip]
    roomy = " ".join(panel(snapshot, 80, 20))
    words = [found.symbols[k] for k in found.test.x[:, 0]] if found.symbols else []
    for word, bar in zip(words, strip, strict=True):
        assert f" {word}{bar}" in roomy


@pytest.mark.parametrize("task", ["recall", "waveform", "neuron", "parity last-step"])
def test_examples_name_the_answer_wanted_the_one_given_and_its_probability(task: str) -> None:
    snapshot = looked_at(task)
    found = found_in(snapshot)
    assert found.labels is not None
    rows = [line.split() for line in panel(snapshot, 45, 24) if line[:2] in (" ✓", " ✗")]
    assert len(rows) == 8
    for n, row in enumerate(rows):
        p = found.evaluation.outputs[-1, n]
        wanted, given = int(found.test.target[-1, n]), int(p.argmax())
        assert row[0] == ("✓" if wanted == given else "✗")
        assert row[-3:] == [found.labels[wanted], found.labels[given], probability(p.max())]


def test_adding_shows_both_numbers_the_sum_and_the_error() -> None:
    snapshot = looked_at("adding")
    found = found_in(snapshot)
    assert found.evaluation.close is not None
    assert f"{precise_percent(found.evaluation.close)} of 500 within 0.04" in panel(snapshot)[0]
    rows = [line.split() for line in panel(snapshot, 80, 20) if line[:2] in (" ✓", " ✗")]
    assert len(rows) == 8
    for n, row in enumerate(rows):
        x = found.test.x[:, n]
        first, second = x[x[:, 1] == 1, 0]
        given = float(found.evaluation.outputs[-1, n, 0])
        assert row[1:4] == [f"{first:.3f}", "+", f"{second:.3f}"]
        assert float(row[4]) == pytest.approx(first + second, rel=1e-3)
        assert float(row[5].replace("−", "-")) == pytest.approx(given, rel=1e-3)
        assert row[0] == ("✓" if abs(given - first - second) < 0.04 else "✗")


def test_reber_shows_the_legal_symbols_with_their_probabilities() -> None:
    snapshot = looked_at("reber")
    found = found_in(snapshot)
    assert found.symbols is not None
    lines = panel(snapshot)
    codes = found.test.x[:, 0].tolist()
    legal, first = legal_next(codes), int(np.flatnonzero(found.test.judged[:, 0])[0])
    shown = lines[1].split()[1:]
    start = max(first + 2 - len(shown), 0)
    assert shown == [found.symbols[k] for k in codes[start : start + len(shown)]]
    for place, t in enumerate(range(start, start + len(shown))):
        p = dict(zip(found.symbols, found.evaluation.outputs[t, 0].tolist(), strict=True))
        cells = [line[10 + 6 * place : 15 + 6 * place].strip() for line in lines[2:6]]
        for symbol, cell in zip(legal[t], cells[:2], strict=False):
            assert cell == f"{symbol} {probability(p[symbol])}"
        assert cells[2] == probability(sum(p[s] for s in p if s not in legal[t]))
        assert bool(cells[3]) == bool(found.test.judged[t, 0])


def test_text_shows_what_was_read_and_what_was_written() -> None:
    snapshot = looked_at("text")
    found, written = found_in(snapshot), snapshot.text_sample
    assert written is not None
    lines = panel(snapshot)
    bits = found.evaluation.loss / np.log(2)
    assert re.search(rf"{bits:.2f} bits a character", lines[0])
    shown = re.findall(r" (\S) (\.\d\d|1\.0)", lines[1])
    best = written.next[: len(shown)]
    assert len(shown) == len(best) == CANDIDATES
    assert shown == [(written.symbols[s.code], probability(s.probability)) for s in best]
    text = "".join(line.removeprefix(" ") for line in lines[2:])
    read = "".join(written.symbols[k] for k in written.read[-40:]).replace("␣", " ")
    after = "".join(written.symbols[s.code] for s in written.text).replace("␣", " ")
    assert text.startswith(f"{read}▸")
    assert after.startswith(text.removeprefix(f"{read}▸"))


def test_an_oscillator_shows_both_curves() -> None:
    text = "\n".join(panel(looked_at("oscillator")))
    assert "wanted:" in text
    assert "⠒ drawn" in text


# ---------------------------------------------------------------- parts


def test_a_trend_goes_from_the_first_update_to_the_last() -> None:
    assert history_strip([(0, 0.0), (10, 1.0)], True, 4) == "▁▁▁█"
    assert history_strip([(5, 0.5), (10, 1.0)], True, 4) == "·▅▅█"
    assert history_strip([(0, 4.0), (2, 1.0), (4, np.nan)], False, 4) == "█▃▃!"


def test_a_head_drops_what_has_no_room() -> None:
    parts = [("first", ""), ("second", ""), ("third", "")]
    history = [(0, 0.1), (4, 0.9)]
    assert text_of((summary_line(parts, history, True, 16),)) == [" first · second"]
    assert text_of((summary_line(parts, [], True, 80),)) == [" first · second · third"]
    assert "so far" in text_of((summary_line(parts, history, True, 80),))[0]


def test_tables_stand_side_by_side_only_where_rows_would_be_lost() -> None:
    rows = [[(str(k), "")] for k in range(6)]
    assert text_of(table(rows, ("n",), 80, 7)) == [" n", *(f" {k}" for k in range(6))]
    assert text_of(table(rows, ("n",), 80, 4)) == [" n   n", " 0   3", " 1   4", " 2   5"]
    assert text_of(table(rows, ("n",), 3, 4)) == [" n", " 0", " 1", " 2"]


def test_text_flows_and_breaks_after_the_end_of_a_line() -> None:
    text = [(character, "") for character in "ab␣cd↵efghij"]
    assert text_of(wrap_characters(text, 5, 9)) == [" ab c", " d↵", " efgh", " ij"]
    assert text_of(wrap_characters(text, 5, 2)) == [" ab c", " d↵"]


def test_words_in_running_text_have_their_blanks_and_are_cut_where_a_line_is_too_short() -> None:
    words = ["The", "␣river", "␣×3", "␣runs", ".", "↵", "Donaudampfschiff", "␣日本", "␣◌\u0301a"]
    text = [(name, "") for name in words]
    assert text_of(wrap_characters(text, 12, 9)) == [
        " The river",
        "  runs.↵",
        " Donaudampfs",
        " chiff 日本",
        " ◌\u0301a",
    ]
    for width in range(3, 20):
        lines = text_of(wrap_characters(text, width, 99))
        assert all(text_width(line) <= width for line in lines)
        assert "".join("".join(lines).split()) == "Theriverruns.↵Donaudampfschiff日本◌\u0301a"


def test_bytes_in_running_text_are_characters_where_they_are_some() -> None:
    names = tokenise(["a"], "bytes").vocabulary.names
    codes = [*"é\n日x".encode(), 0xC3, 0x41, 0xF0, 0x9F]
    shown = [name for name, _ in symbol_runs(names, codes, "")]
    assert shown == ["é", "↵", "日", "x", r"\xC3", "A", r"\xF0", r"\x9F"]


def test_chances_are_three_cells() -> None:
    values = (0.0, 0.004, 0.49, 0.994, 0.995, 1.0, np.nan)
    assert [probability(p) for p in values] == [".00", ".00", ".49", ".99", "1.0", "1.0", "  !"]


# ---------------------------------------------------------------- the prompt's own


def test_a_prompt_names_what_the_network_has_never_seen() -> None:
    vocabulary = Vocabulary.of("chars", ["\n", " ", "a", "b", "\u0301"])
    assert read_field("a b↵", vocabulary) == TypedText((2, 1, 3, 0))
    assert read_field("a@b#@", vocabulary) == TypedText((2, 3), refused=("@", "#"))
    for code, text in enumerate(vocabulary.texts):
        assert read_field(in_field(text), vocabulary) == TypedText((code,))


# ---------------------------------------------------------------- the baseline


@pytest.mark.parametrize("task", [task for task in TASKS if task != "cos"])
@pytest.mark.parametrize("width", [80, 45])
def test_the_baseline_is_named_beside_the_loss(task: str, width: int) -> None:
    snapshot = looked_at(task)
    title = title_text(loss.PANEL, context(snapshot), width)
    assert snapshot.baselines
    assert re.search(rf"[╍↑↓].*:? {snapshot.baselines[0].loss:.3g}0*\b", title), title
    assert "smoothed" in title
    assert "…" not in title


def test_cos_has_no_baseline() -> None:
    lines = text_of(loss.draw(context(looked_at("cos")), 80, 9))
    assert not any("╍" in line for line in lines)


# ---------------------------------------------------------------- a series


@pytest.mark.parametrize("width", [36, 40, 45, 47, 66, 80, 112])
@pytest.mark.parametrize("errors", [(0.5, 0.25), (1.2e-10, 2.3e-5), (1234.5, 1.1e12)])
def test_the_title_names_both_errors_at_every_width(
    width: int, errors: tuple[float, float]
) -> None:
    snapshot = looked_at("cos")
    found = snapshot.predictions
    assert isinstance(found, SeriesPredictions)
    evaluation = replace(
        found.evaluation, target_one_step_mse=errors[:1], target_free_run_mse=errors[1:]
    )
    snapshot = replace(snapshot, predictions=replace(found, evaluation=evaluation))
    title = title_text(predictions.PANEL, context(snapshot), width)
    points, first = len(found.evaluation.one_step), found.test.horizons[0]
    for error, covered in zip(errors, (points, first), strict=True):
        texts = "|".join(re.escape(number(error, digits)) for digits in (2, 3))
        assert re.search(rf" ({texts}) (\({covered}\)|over (all|the first) {covered}\b)", title), (
            title
        )
    assert "…" not in title
    assert len(title.split("\n")[0]) == width
    assert width < 60 or "1-step" in title


def test_the_range_is_that_of_the_task() -> None:
    ranges = set()
    for updates in (0, 3, 9):
        snapshot = looked_at("cos", updates)
        assert isinstance(snapshot.predictions, SeriesPredictions)
        for _ in range(2):
            chart = predictions._series(context(snapshot), snapshot.predictions)
            ranges.add(chart.y_range)
    assert len(ranges) == 1


def test_predictions_that_are_not_finite_are_drawn() -> None:
    snapshot = looked_at("cos")
    found = snapshot.predictions
    assert isinstance(found, SeriesPredictions)
    bad = np.full(len(found.evaluation.one_step), np.inf)
    bad[::2], bad[1], bad[::7] = np.nan, 1e300, -np.inf
    bad = bad[:, None]
    evaluation = replace(
        found.evaluation, one_step=bad, free_run=bad[:20], target_one_step_mse=(np.inf,)
    )
    diverged = replace(snapshot, predictions=replace(found, evaluation=evaluation))
    for height in (9, 14):
        lines = text_of(predictions.draw(context(diverged), 80, height))
        assert len(lines) == height
    assert NOT_FINITE in lines[-1]


@pytest.mark.parametrize("width", [45, 80, 120])
def test_the_largest_errors_are_below_the_chart(width: int) -> None:
    snapshot = looked_at("cos")
    lines = text_of(predictions.draw(context(snapshot), width, 14))
    found = snapshot.predictions
    assert isinstance(found, SeriesPredictions)
    chart = predictions._series(context(snapshot), found)
    worst = float(np.abs(chart.curves[2].y - chart.curves[0].y).max())
    assert lines[-1].startswith("|err| ")
    assert re.search(rf" (max |≤){re.escape(number(worst, 2))} ", lines[-2])
    assert len(lines[-1]) == width


@pytest.mark.parametrize("width", [60, 83, 133])
def test_each_error_stands_below_its_place_in_the_chart(width: int) -> None:
    snapshot = looked_at("cos")
    found = snapshot.predictions
    assert isinstance(found, SeriesPredictions)
    test = found.test
    exact = test.values[found.evaluation.first :][: len(found.evaluation.one_step)]
    x = predictions._series(context(snapshot), found).curves[0].x
    size = len(x)
    for place in (0, size // 2, size - 3, size - 1):
        given = np.array(exact, dtype=np.float64)
        given[place] += 9.0
        evaluation = replace(found.evaluation, one_step=given)
        spiked = replace(snapshot, predictions=replace(found, evaluation=evaluation))
        errors = text_of(predictions.draw(context(spiked), width, 14))[-1]
        column = 6 + min(int((x[place] - x[0]) / (x[-1] - x[0]) * (width - 6)), width - 7)
        assert errors[6:].strip("▁").strip("█") == ""
        assert errors.find("█") <= column <= errors.rfind("█")
        assert len(errors) == width


@pytest.mark.parametrize("task", ["adding", "recall", "parity last-step"])
def test_a_caption_stands_above_its_strip_at_every_height(task: str) -> None:
    view = context(looked_at(task))
    for height in range(2, 20):
        drawn = text_of(predictions.draw(view, 47, height))
        caption = [line for line in drawn if "blanked" in line or "x_t = 0" in line]
        words = height - 1 >= 14 and task == "recall"  # each with its own block
        assert len(drawn) <= height
        assert bool(caption) == (words or any(line.startswith(" matters") for line in drawn))


def test_the_future_after_the_last_row_is_the_forecast(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [50 + 10 * float(np.sin(0.5 * k)) + k % 3 for k in range(160)]
    (tmp_path / "a.csv").write_text("sales\n" + "".join(f"{row:.2f}\n" for row in rows))
    snapshot = looked_at("series", data=str(tmp_path / "a.csv"))
    found = snapshot.predictions
    assert isinstance(found, SeriesPredictions)
    lower, upper, shown = future_curves(found, 0)
    assert shown.x.tolist() == [*map(float, range(161, 181))]
    trainer = Trainer(snapshot.settings)
    trainer.run(3)
    source = trainer.task.source()
    assert source is not None
    data = kept_data(source)
    table, _ = forecast(trainer.architecture, trainer.parameters, (), data, len(shown.x))
    np.testing.assert_allclose(shown.y, table.forecast.future[:, 0], rtol=1e-4)
    np.testing.assert_allclose(lower.y, table.forecast.lower[:, 0], rtol=1e-3)
    np.testing.assert_allclose(upper.y, table.forecast.upper[:, 0], rtol=1e-3)
    for width, height in SIZES:
        drawn = predictions.draw(context(snapshot), width, height)
        assert all(cell_width(line) <= width for line in drawn)
    names = [entry.labels[0] for entry in predictions.legend(context(snapshot))]
    assert names == ["truth", "one-step MSE", "free-run MSE", "forecast"]
    whole = predictions.chart(context(snapshot))
    monkeypatch.setattr(predictions, "WHOLE", 20)
    monkeypatch.setattr(predictions, "SHOWN", 12)
    end = predictions.chart(context(snapshot))  # of a long test part
    assert whole is not None
    assert end is not None
    assert [len(curve.x) for curve in end.curves] == [12, 0, 12, 20, 20, 20]
    for k in (0, 2):
        np.testing.assert_array_equal(end.curves[k].y, whole.curves[k].y[-12:])

"""Each task's answers, recomputed from its inputs by other means than the task's own."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tasks.task_support import side_by_side, windows

from rnn_tui.settings import Value, compose
from rnn_tui.tasks import TestWindows, make_task
from rnn_tui.tasks.reber import SYMBOLS, legal_next

SEEDS = st.integers(0, 2**32)
BATCH = st.integers(1, 6)


# ---------------------------------------------------------------- adding


@given(steps=st.integers(2, 60), batch=BATCH, seed=SEEDS)
def test_adding_is_the_sum_at_the_two_marks(steps: int, batch: int, seed: int) -> None:
    for each in windows(
        compose({"task": "adding", "steps": steps, "batch": batch, "seed": seed}), 2
    ):
        for sample in range(batch):
            values, marks = each.x[:, sample].T.tolist()
            assert all(0 <= value < 1 for value in values)
            places = [t for t, mark in enumerate(marks) if mark == 1]
            assert sorted(set(marks)) == [0, 1] or steps == 2
            assert len(places) == 2
            assert places[0] < steps // 2 <= places[1]
            assert each.target[-1, sample, 0] == values[places[0]] + values[places[1]]


def test_adding_marks_every_place_equally_often() -> None:
    x, _ = side_by_side(compose({"task": "adding", "steps": 10, "batch": 4000}), 20_000)
    share = x[..., 1].mean(axis=1)  # [T], 1/5 each: one mark in five places of each half
    assert np.abs(share - 0.2).max() < 5 * math.sqrt(0.2 * 0.8 / 20_000)


# ---------------------------------------------------------------- copy


@given(blanks=st.integers(1, 30), length=st.integers(1, 12), batch=BATCH, seed=SEEDS)
def test_copy_says_after_the_marker_what_came_first(
    blanks: int, length: int, batch: int, seed: int
) -> None:
    sizes = {"blanks": blanks, "copy_length": length, "batch": batch}
    settings = compose({"task": "copy", **sizes, "seed": seed})
    task = make_task(settings)
    assert task.symbols is not None
    assert task.labels is not None
    for each in windows(settings, 2):
        for sample in range(batch):
            said = "".join(task.symbols[code] for code in each.x[:, sample])
            wanted = "".join(task.labels[code] for code in each.target[:, sample])
            found = re.fullmatch(rf"([a-h]{{{length}}})(_*)>(_{{{length}}})", said)
            assert found
            assert len(found[2]) == blanks - 1
            assert wanted == "_" * (length + blanks) + found[1]


# ---------------------------------------------------------------- parity


@given(
    steps=st.integers(1, 40),
    batch=BATCH,
    seed=SEEDS,
    when=st.sampled_from(["per-step", "last-step"]),
)
def test_parity_counts_the_ones(steps: int, batch: int, seed: int, when: str) -> None:
    settings = compose(
        {"task": "parity", "steps": steps, "batch": batch, "seed": seed, "parity": when}
    )
    task = make_task(settings)
    assert task.topology.name == (
        "one→one" if steps == 1 else "many→many" if when == "per-step" else "many→one"
    )
    for each in windows(settings, 2):
        for sample in range(batch):
            bits = each.x[:, sample].tolist()
            counts = [bits[: t + 1].count(1) for t in range(steps)]
            expected = [count % 2 for count in counts]
            if when == "last-step":
                expected = [-1] * (steps - 1) + expected[-1:]
            assert each.target[:, sample].tolist() == expected


# ---------------------------------------------------------------- Reber

# Reber's grammar written as an expression, found by eliminating the nodes of its graph by hand.
INNER = "B(?:(?:TS*X|PT*VP)(?:XT*VP)*(?:S|XT*VV)|PT*VV)E"
STRING = re.compile(f"BT{INNER}TE|BP{INNER}PE")


@given(steps=st.integers(9, 80), batch=BATCH, seed=SEEDS)
def test_reber_windows_are_whole_strings_and_the_beginning_of_one(
    steps: int, batch: int, seed: int
) -> None:
    settings = compose({"task": "reber", "steps": steps, "batch": batch, "seed": seed})
    task = make_task(settings)
    each = windows(settings)[0]
    np.testing.assert_array_equal(each.x[1:], each.target[:-1])
    for sample in range(batch):
        codes = [*each.x[:, sample].tolist(), int(each.target[-1, sample])]
        said = "".join(SYMBOLS[code] for code in codes)
        end, remembered = 0, []
        while found := STRING.match(said, end):
            end = found.end()
            remembered.append(end - 2)  # place in the string; as a target one timestep before
        legal = legal_next(codes)  # raises where the cut string is no beginning of one
        for place in range(len(codes) - 1):
            assert said[place + 1] in legal[place]
        judged = task.judged(each.target)[:, sample]  # type: ignore[attr-defined]
        places = (np.flatnonzero(judged) + 1).tolist()
        assert [p for p in places if p < end] == remembered
        # of the string that is cut at most the second-to-last symbol may just be in
        assert len(places) - len(remembered) <= 1
        for place in places:
            assert legal[place - 1] == (said[place],)  # it is certain


def test_reber_ways_on_are_equally_likely() -> None:
    x, target = side_by_side(compose({"task": "reber", "steps": 9, "batch": 4000}), 20_000)
    share = (target[0] == SYMBOLS.index("T")).mean()
    assert abs(share - 0.5) < 5 * math.sqrt(0.25 / 20_000)
    inner = x[3]  # B, T or P, B, then T or P
    assert abs((inner == SYMBOLS.index("T")).mean() - 0.5) < 5 * math.sqrt(0.25 / 20_000)


@pytest.mark.parametrize("string", ["T", "BB", "BTBTE", "BTBTXSEP"])
def test_what_the_grammar_does_not_say_is_refused(string: str) -> None:
    with pytest.raises(ValueError, match=f"has symbol . at place {len(string) - 1}$"):
        legal_next([SYMBOLS.index(each) for each in string])
    assert legal_next([SYMBOLS.index(each) for each in string[:-1]]) is not None


def test_reber_judges_one_symbol_a_string_on_average() -> None:
    tests = make_task(compose({"task": "reber"})).test()
    assert isinstance(tests, TestWindows)
    ends = (tests.x == SYMBOLS.index("E")).sum() / 2  # two in each string
    assert abs(tests.judged.sum() - ends) <= tests.judged.shape[1]


# ---------------------------------------------------------------- recall

SPOKEN = {
    "India": "Hindi", "France": "French", "Japan": "Japanese", "Brazil": "Portuguese",
    "Egypt": "Arabic", "Greece": "Greek", "Poland": "Polish", "Kenya": "Swahili",
}  # fmt: skip


@given(gap=st.integers(0, 60), before=st.integers(0, 30), batch=BATCH, seed=SEEDS)
def test_recall_asks_for_the_language_of_the_country(
    gap: int, before: int, batch: int, seed: int
) -> None:
    settings = compose(
        {"task": "recall", "gap": gap, "steps": before + gap + 9, "batch": batch, "seed": seed}
    )
    task = make_task(settings)
    assert task.symbols is not None
    assert task.labels is not None
    for each in windows(settings, 2):
        for sample in range(batch):
            words = [task.symbols[code] for code in each.x[:, sample]]
            assert words[before : before + 4] == ["I", "was", "born", "in"]
            assert words[before + 5 + gap :] == ["so", "today", "I", "speak"]
            country = words[before + 4]
            assert [word for word in words if word in SPOKEN] == [country]
            assert task.labels[each.target[-1, sample]] == SPOKEN[country]


def test_recall_fills_its_gap_with_other_words_each_time() -> None:
    x, target = side_by_side(compose({"task": "recall", "batch": 500}), 500)
    assert len(np.unique(x, axis=1).T) == 500
    assert np.bincount(target[-1], minlength=8).min() > 30


# ---------------------------------------------------------------- waveform


def which_wave(curve: list[float]) -> str:
    """Tell the waves apart by what each of them alone does from one point to the next."""
    steps = np.diff(curve)
    if {abs(y) for y in curve} == {1.0}:
        return "square"
    if np.isclose(steps[steps > 0], steps.max()).all() and (steps[steps < 0] < -1).all():
        return "saw"
    # x[t+1] + x[t−1] = 2 cos(ω) x[t], the same cosine everywhere
    around, here = np.array(curve[2:]) + np.array(curve[:-2]), np.array(curve[1:-1])
    cosine = around @ here / (here @ here)
    if np.allclose(around, cosine * here, atol=1e-9):
        return "sine"
    # all but the steps over a corner have one size
    sizes = np.abs(steps)
    assert np.isclose(sizes, sizes.max()).mean() > 0.5
    return "triangle"


@given(steps=st.integers(40, 60), batch=BATCH, seed=SEEDS)
def test_waveforms_are_what_they_are_called(steps: int, batch: int, seed: int) -> None:
    settings = compose(
        {"task": "waveform", "noise": 0, "steps": steps, "batch": batch, "seed": seed}
    )
    task = make_task(settings)
    assert task.labels is not None
    each = windows(settings)[0]
    assert np.abs(each.x).max() <= 1
    for sample in range(batch):
        curve = each.x[:, sample, 0].tolist()
        assert task.labels[each.target[-1, sample]] == which_wave(curve)


def test_waveforms_have_the_noise_that_was_asked_for() -> None:
    chosen: dict[str, Value] = {"task": "waveform", "batch": 400}
    quiet, noisy = (windows(compose({**chosen, "noise": sigma}))[0].x for sigma in (0, 0.2))
    noise = (noisy - quiet).ravel()  # 20,000 numbers: the deviation is known to 0.5 %
    assert abs(noise.std() / 0.2 - 1) < 5 * 0.005
    assert abs(noise.mean()) < 5 * 0.2 / math.sqrt(noise.size)


# ---------------------------------------------------------------- oscillator


@given(steps=st.integers(1, 50), batch=BATCH, seed=SEEDS)
def test_oscillator_draws_the_curve_that_was_described(steps: int, batch: int, seed: int) -> None:
    settings = compose({"task": "oscillator", "steps": steps, "batch": batch, "seed": seed})
    assert make_task(settings).topology.name == ("one→one" if steps == 1 else "one→many")
    for each in windows(settings, 2):
        for sample in range(batch):
            amplitude, frequency, phase = each.x[0, sample].tolist()
            assert 0.5 <= amplitude <= 1
            assert 0.5 <= frequency <= 1
            assert -1 <= phase <= 1
            for t in range(1, steps + 1):
                turns = frequency * (t - 1) / 10 + phase / 2
                expected = amplitude * math.sin(2 * math.pi * turns)
                assert each.target[t - 1, sample, 0] == pytest.approx(expected, abs=1e-12)


# ---------------------------------------------------------------- neuron


@given(batch=BATCH, seed=SEEDS)
def test_neuron_says_which_number_is_larger(batch: int, seed: int) -> None:
    settings = compose({"task": "neuron", "batch": batch, "seed": seed})
    task = make_task(settings)
    assert task.labels == ("first", "second")
    for each in windows(settings, 3):
        for (u, v), code in zip(each.x[0].tolist(), each.target[0].tolist(), strict=True):
            assert -1 <= min(u, v) <= max(u, v) < 1
            assert task.labels[code] == ("first" if u > v else "second")


# ---------------------------------------------------------------- baselines


def cross_entropies(keys: np.ndarray, target: np.ndarray, classes: int) -> np.ndarray:
    """Losses [T, second half] of a table of frequencies learnt from the first half of the samples.

    `keys` [T, N] is all that the predictor knows at each timestep.
    """
    half = target.shape[1] // 2
    counts = np.ones((int(keys.max()) + 1, classes))
    np.add.at(counts, (keys[:, :half], target[:, :half]), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    losses: np.ndarray = -np.log(shares[keys[:, half:], target[:, half:]])
    return losses


@pytest.mark.parametrize(
    ("chosen", "knows"),
    [
        ({"task": "recall", "gap": 5}, "nothing"),
        ({"task": "parity", "steps": 12}, "nothing"),
        ({"task": "parity", "steps": 12, "parity": "last-step"}, "symbol"),
        ({"task": "waveform", "steps": 3}, "nothing"),
        ({"task": "neuron"}, "nothing"),
        ({"task": "copy"}, "timestep"),
        ({"task": "copy", "blanks": 3, "copy_length": 2}, "timestep"),
        ({"task": "reber"}, "symbol"),
        ({"task": "reber", "steps": 9}, "symbol"),
    ],
    ids=str,
)
def test_a_table_without_memory_reaches_the_baseline(chosen: dict[str, Value], knows: str) -> None:
    """On 20,000 windows a table of frequencies ends within 5 standard errors of the baseline.

    Its own frequencies are learnt from as many windows again, which costs at most about one nat a
    cell over the number of windows.
    """
    settings = compose({**chosen, "batch": 4000})
    task = make_task(settings)
    assert task.baseline is not None
    x, target = side_by_side(settings, 40_000)
    counted = np.array(task.topology.counted)
    target = target[counted]
    if knows == "symbol":
        keys = x[counted]
    elif knows == "timestep":
        keys = np.broadcast_to(np.arange(len(target))[:, None], target.shape)
    else:
        keys = np.zeros_like(target)
    losses = cross_entropies(keys, target, task.outputs).mean(axis=0)  # [20,000]
    error = losses.std() / math.sqrt(losses.size)
    cells = (int(keys.max()) + 1) * task.outputs
    assert abs(losses.mean() - task.baseline.loss) < 5 * error + cells / losses.size


@pytest.mark.parametrize(("task_name", "answer"), [("adding", 1.0), ("oscillator", 0.0)])
def test_always_the_mean_costs_the_baseline(task_name: str, answer: float) -> None:
    """On 20,000 windows, within 5 standard errors; and no other constant does better."""
    settings = compose({"task": task_name, "steps": 20, "batch": 4000})
    task = make_task(settings)
    assert task.baseline is not None
    _, target = side_by_side(settings, 20_000)
    wanted = target[np.array(task.topology.counted)][..., 0]  # [counted, N]
    losses = np.square(wanted - answer).mean(axis=0)
    error = losses.std() / math.sqrt(losses.size)
    assert abs(losses.mean() - task.baseline.loss) < 5 * error
    best = wanted.mean(axis=0)
    assert abs(best.mean() - answer) < 5 * best.std() / math.sqrt(best.size)

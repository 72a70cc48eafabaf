"""The history: the newest updates whole, all of them decimated, in memory that does not grow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.training import history as history_module
from rnn_tui.engine.training.history import BUCKETS, RECENT, History
from rnn_tui.engine.training.test_losses import MOST, TestLosses

LONG = 1_000_000


def losses_of(count: int, seed: int = 0) -> np.ndarray:
    """Return a falling, noisy curve with a few peaks, [count]."""
    random = np.random.default_rng(seed)
    k = np.arange(count)
    losses = np.exp(-k / (count / 3 + 1)) * (1 + 0.3 * random.random(count))
    losses[random.integers(0, count, 1 + count // 50)] *= 40
    return losses


def filled(losses: np.ndarray) -> History:
    history = History()
    for loss in losses.tolist():
        history.append(loss, 2 * loss)
    return history


def smoothed_by_hand(losses: np.ndarray) -> np.ndarray:
    a, b, found = 0.0, 0.0, []
    for k, loss in enumerate(losses, 1):
        constant = min(50, max(min(k, 5), k / 5))
        a += (loss - a) / constant
        b += (a - b) / constant
        found.append(a * (a / b) if b else a)
    return np.array(found)


def check(history: History, losses: np.ndarray) -> None:
    """Each bucket of the curve says what its updates say."""
    curve, count = history.curve(), len(losses)
    buckets = count // curve.stride
    assert len(curve.update) == buckets < history_module.BUCKETS
    covered = losses[: buckets * curve.stride].reshape(buckets, curve.stride)
    ends = curve.stride * np.arange(1, buckets + 1)
    smoothed = smoothed_by_hand(losses)
    assert np.array_equal(curve.update, ends)
    assert np.array_equal(curve.low, covered.min(axis=1))
    assert np.array_equal(curve.high, covered.max(axis=1))
    assert np.allclose(curve.loss, covered.mean(axis=1), rtol=1e-12, atol=0)
    assert np.allclose(curve.grad_norm, 2 * covered.mean(axis=1), rtol=1e-12, atol=0)
    assert np.allclose(curve.smoothed, smoothed[ends - 1], rtol=1e-12, atol=0)
    newest = min(count, history_module.RECENT)
    recent, norms = history.recent(count)
    assert np.array_equal(recent, losses[count - newest :])
    assert np.array_equal(norms, 2 * losses[count - newest :])
    if count:
        assert history.smoothed == pytest.approx(smoothed[-1], rel=1e-12)


@given(st.integers(0, 3000), st.integers(0, 100))
def test_the_curve_tells_what_was_appended(count: int, seed: int) -> None:
    losses = losses_of(count, seed) if count else np.empty(0)
    check(filled(losses), losses)


@given(st.integers(0, 2000), st.sampled_from([1, 4, 16]), st.sampled_from([2, 8, 64]))
def test_whatever_is_kept_whole_and_decimated(count: int, recent: int, buckets: int) -> None:
    """Also when a bucket holds more updates than are kept whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "RECENT", recent)
        patch.setattr(history_module, "BUCKETS", buckets)
        losses = losses_of(count) if count else np.empty(0)
        check(filled(losses), losses)


@given(st.integers(0, 700), st.integers(0, 300))
def test_going_on_from_a_saved_history_changes_nothing(count: int, more: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_module, "RECENT", 4)
        patch.setattr(history_module, "BUCKETS", 8)
        losses = losses_of(count + more + 1)
        whole, again = filled(losses[:count]), History()
        again.restore(*whole.state())
        for loss in losses[count:].tolist():
            whole.append(loss, 2 * loss)
            again.append(loss, 2 * loss)
        assert again.smoothed == whole.smoothed
        for ours, theirs in zip(state_bits(again), state_bits(whole), strict=True):
            assert ours == theirs


def state_bits(history: History) -> list[object]:
    numbers, arrays = history.state()
    return [numbers, *(array.tobytes() for array in arrays.values())]


def bytes_held(history: History) -> int:
    """Its arrays' size, without the finer rows; it must hold nothing else that can grow."""
    held = [each for name, each in vars(history).items() if name != "_finer"]
    assert not any(isinstance(each, (list, dict, set, tuple)) for each in held)
    return sum(each.nbytes for each in held if isinstance(each, np.ndarray))


def test_a_million_updates_stay_bounded_and_keep_their_extremes() -> None:
    history = History()
    held = bytes_held(history)
    random = np.random.default_rng(1)
    losses = random.random(LONG) + 1
    losses[[7, 300_000, 654_321]] = 99, 0.001, 77
    for loss in losses.tolist():
        history.append(loss, loss)
    assert bytes_held(history) == held < 200_000
    finer = [rows.nbytes for rows in history._finer.values()]
    assert sum(finer) < 50_000 * math.log2(LONG / BUCKETS) + 50_000
    curve = history.curve()
    assert BUCKETS / 2 <= len(curve.update) < BUCKETS
    assert curve.stride == 1024
    buckets = LONG // 1024
    covered = losses[: buckets * 1024].reshape(buckets, 1024)
    assert np.array_equal(curve.low, covered.min(axis=1))
    assert np.array_equal(curve.high, covered.max(axis=1))
    assert np.array_equal(history.recent(10**9)[0], losses[-RECENT:])


def test_the_smoothed_loss_is_not_biased_to_its_start() -> None:
    history = History()
    assert history.smoothed == 0
    for _ in range(5):
        history.append(3.0, 1.0)
        assert history.smoothed == pytest.approx(3.0, rel=1e-12)


def test_what_is_handed_out_is_a_copy() -> None:
    history = filled(losses_of(100))
    curve, recent = history.curve(), history.recent(50)
    before = curve.loss.copy(), recent[0].copy()
    curve.high[:] = 0
    history.append(5.0, 5.0)
    assert np.array_equal(curve.loss, before[0])
    assert np.array_equal(recent[0], before[1])
    assert history.curve().high.all()


@pytest.mark.parametrize(("asked", "given_back"), [(0, 0), (1, 1), (5, 5), (500, 100)])
def test_recent_gives_the_newest_oldest_first(asked: int, given_back: int) -> None:
    losses = losses_of(100)
    recent, _ = filled(losses).recent(asked)
    assert np.array_equal(recent, losses[100 - given_back :])


@pytest.mark.parametrize("factor", [1.0, 0.995, 0.99])
def test_the_smoothed_loss_does_not_lag_where_the_loss_falls_by_a_factor(factor: float) -> None:
    """A plain average over 100 updates lay 2 to 100 times above it."""
    losses = factor ** np.arange(1500)
    smoothed = filled(losses).curve()
    settled = smoothed.update > 1000
    ratio = smoothed.smoothed[settled] / losses[smoothed.update[settled].astype(int) - 1]
    assert np.allclose(ratio, 1.0, atol=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_the_smoothed_loss_is_what_one_sees(seed: int) -> None:
    """A fall by three decades and a plateau, with noise: within a third of the mean around it."""
    random = np.random.default_rng(seed)
    level = 10.0 ** np.interp(np.arange(1000), [0, 100, 500, 1000], [0, 0, -3, -3])
    losses = level * random.gamma(4.0, 0.25, 1000)
    around = np.convolve(losses, np.ones(21) / 21, "valid")  # what is seen at updates 11 … 990
    ratio = filled(losses).curve().smoothed[10:-10] / around
    assert 0.4 < ratio[300:].min() <= ratio[300:].max() < 2.2
    assert 0.75 < np.median(ratio) < 1.25


def test_the_smoothed_loss_of_noise_is_its_mean() -> None:
    """So it can be compared with a loss without memory, also where a few losses are large."""
    losses = np.random.default_rng(0).exponential(1.0, 20_000)
    smoothed = filled(losses).curve().smoothed[50:]
    assert smoothed.mean() == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("count", [0, 1, 7, 300, 1023, 1024, 5000])
def test_smoothing_again_gives_what_appending_gave(count: int) -> None:
    history = filled(losses_of(count) if count else np.empty(0))
    again = filled(losses_of(count) if count else np.empty(0))
    again._full[:, 4] = again.average = again.twice = 7.0
    before = again.smooth_again()
    whole = count <= RECENT
    assert again.smoothed == pytest.approx(history.smoothed, rel=1e-12 if whole else 1e-3)
    ours, theirs = again.curve().smoothed, history.curve().smoothed
    assert np.array_equal(ours, theirs) if whole else abs(np.median(ours / theirs) - 1) < 0.05
    again.rewind(before)
    if count:
        again.append(losses_of(count)[-1], 0.0)
        assert again.smoothed == pytest.approx(history.smoothed, rel=1e-12 if whole else 1e-3)


def test_going_back_keeps_test_losses_until_others_follow() -> None:
    history = filled(losses_of(20))
    for update in (5, 10, 15, 20):
        history.tested.add(update, update / 10)
    places = History()
    for loss in losses_of(20)[:12].tolist():
        places.append(loss, 2 * loss)
    history.rewind(places.position)
    assert history.tested.rows[:, 0].tolist() == [5, 10, 15, 20]
    assert history.state()[1]["tested"][:, 0].tolist() == [5, 10]
    history.forget_after()
    assert history.forks == 1
    assert history.tested.rows.tolist() == [[5, 0.5], [10, 1.0]]


def test_test_losses_stay_few_and_apart() -> None:
    tested = TestLosses()
    for update in range(1, 30_000):
        if tested.due(update):
            tested.add(update, 1 / update)
    updates = tested.rows[:, 0]
    assert MOST / 4 < len(updates) < MOST
    assert np.diff(updates).min() >= tested.spacing
    assert np.diff(updates).max() < 30_000 / 100
    assert np.array_equal(tested.rows[:, 1], 1 / updates)
    assert not tested.due(int(updates[7]) + 1)
    again = TestLosses()
    again.restore(tested.rows, 30_000)
    assert again.spacing == tested.spacing


def test_a_test_loss_that_is_not_finite_is_left_out() -> None:
    tested = TestLosses()
    tested.add(3, float("nan"))
    tested.add(4, 1.0)
    tested.add(2, 2.0)
    tested.add(4, 3.0)
    assert tested.rows.tolist() == [[2, 2.0], [4, 3.0]]
    assert not tested.due(0)

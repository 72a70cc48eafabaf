"""Writing: probabilities, draws, and a network that reads what it has written."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from engine.engine_support import CELLS, same_bits
from engine.toy import ToyTask
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.analysis.sampling import SymbolSampler, draw, most_probable, probabilities
from rnn_tui.engine.network.architecture import Architecture, architecture_of
from rnn_tui.engine.network.initialisation import initialise
from rnn_tui.engine.network.network import Network
from rnn_tui.settings import Settings
from rnn_tui.tasks.base import Topology

outputs = st.lists(st.floats(-50, 50), min_size=2, max_size=9).map(np.array)


def writing(cell: str = "lstm", activation: str = "tanh") -> tuple[Architecture, np.ndarray]:
    settings = Settings(steps=6, hidden=5, cell=cell, activation=activation)
    kind = architecture_of(settings, ToyTask(settings, topology=Topology.many_to_many(6)))
    return kind, 3 * initialise(kind, "uniform", 1.0, 3, np.float64)


# ---------------------------------------------------------------- probabilities


@given(y=outputs, temperature=st.floats(0.05, 20))
def test_probabilities_are_softmax_of_outputs_over_temperature(
    y: np.ndarray, temperature: float
) -> None:
    weights = [float(np.exp((value - max(y)) / temperature)) for value in y]
    expected = [weight / sum(weights) for weight in weights]
    assert probabilities(y, temperature) == pytest.approx(expected, rel=1e-12)


@given(y=outputs)
def test_temperature_zero_is_the_likeliest_and_what_small_ones_come_to(y: np.ndarray) -> None:
    certain = probabilities(y, 0)
    assert certain.argmax() == y.argmax()
    assert certain.sum() == certain.max() == 1
    top, next_best = sorted(y)[-1], sorted(y)[-2]
    if top - next_best > 1e-3:
        assert probabilities(y, 1e-6) == pytest.approx(certain, abs=1e-12)
        assert probabilities(y, 1e-300) == pytest.approx(certain, abs=0)


@pytest.mark.parametrize("temperature", [-1.0, np.nan, np.inf])
def test_a_temperature_that_is_none_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature"):
        probabilities(np.zeros(3), temperature)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_nothing_is_probable_where_an_output_is_not_finite(bad: float, temperature: float) -> None:
    p = probabilities(np.array([0.0, bad, 1.0]), temperature)
    assert np.isnan(p).all()
    assert most_probable(p, 2) == ()


@given(y=outputs, count=st.integers(1, 12))
def test_the_likeliest_come_first(y: np.ndarray, count: int) -> None:
    p = probabilities(y)
    found = most_probable(p, count)
    assert [each.probability for each in found] == sorted(p, reverse=True)[:count]
    assert all(each.probability == p[each.code] for each in found)
    assert len({each.code for each in found}) == len(found) == min(count, len(p))


# ---------------------------------------------------------------- draws


@pytest.mark.parametrize("temperature", [0.6, 1.0, 2.5])
def test_symbols_are_drawn_as_often_as_they_are_probable(temperature: float) -> None:
    """Pearson's χ² of 20,000 draws: with 6 degrees of freedom above 27.9 once in 10,000 times."""
    p = probabilities(np.array([0.0, 1.0, -1.0, 0.5, 2.0, -0.5, 0.2]), temperature)
    random, draws = np.random.default_rng(1), 20_000
    counts = np.bincount([draw(p, random) for _ in range(draws)], minlength=7)
    assert (draws * p > 5).all()
    assert float(((counts - draws * p) ** 2 / (draws * p)).sum()) < 27.9


class Fixed(np.random.Generator):
    """Says the same number all the time."""

    def __init__(self, number: float) -> None:
        super().__init__(np.random.PCG64(0))
        self.number = number

    def random(self, *_: object, **__: object) -> float:  # type: ignore[override]  # any call
        return self.number


@pytest.mark.parametrize("number", [0.0, 0.25, np.nextafter(1, 0), 1.0])
def test_what_is_impossible_is_never_drawn(number: float) -> None:
    p = np.array([0.0, 0.25, 0.0, 0.75, 0.0])
    assert draw(p, Fixed(number)) == (1 if number < 0.25 else 3)


# ---------------------------------------------------------------- writing


def outputs_after(kind: Architecture, flat: np.ndarray, codes: list[int]) -> np.ndarray:
    """Return y at the last timestep of a network unrolled over all of `codes`."""
    network = Network(kind.unmasked(), flat, len(codes), 1)
    network.inputs[:, 0] = codes
    network.encode()
    network.set_state(None)
    network.forward(1, len(codes))
    network.readout()
    y: np.ndarray = network.tape["y"][-1, 0]
    return y


@pytest.mark.parametrize(("cell", "activation"), CELLS)
def test_it_reads_as_one_long_window(cell: str, activation: str) -> None:
    kind, flat = writing(cell, activation)
    sampler = SymbolSampler(kind, flat)
    codes = [3, 0, 1, 1, 2, 0, 3]
    sampler.read(codes[:3])
    sampler.read(codes[3:])
    assert sampler.outputs() == pytest.approx(outputs_after(kind, flat, codes), rel=1e-12)
    sampler.begin()
    sampler.read([2])
    assert sampler.outputs() == pytest.approx(outputs_after(kind, flat, [2]), rel=1e-12)


def test_it_goes_on_from_a_state() -> None:
    kind, flat = writing()
    whole, part = SymbolSampler(kind, flat), SymbolSampler(kind, flat)
    whole.read([0, 1, 2])
    network = Network(kind.unmasked(), flat, 2, 1)
    network.inputs[:, 0] = [0, 1]
    network.encode()
    network.forward(1, 2)
    part.begin(network.state(2))
    part.read([2])
    assert part.outputs() == pytest.approx(whole.outputs(), rel=1e-12)


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_it_reads_what_it_writes(temperature: float) -> None:
    kind, flat = writing()
    sampler = SymbolSampler(kind, flat)
    sampler.read([1])
    codes = [1]
    for symbol in islice(sampler.sample(temperature, np.random.default_rng(7)), 30):
        p = probabilities(outputs_after(kind, flat, codes), temperature)
        assert symbol.probability == pytest.approx(p[symbol.code], rel=1e-9)
        if temperature == 0:
            assert symbol.code == p.argmax()
        codes.append(symbol.code)
    assert len(set(codes)) > 1


def test_the_same_generator_writes_the_same_and_parameters_stay() -> None:
    kind, flat = writing()
    kept, texts = flat.copy(), []
    for seed in (1, 1, 2):
        sampler = SymbolSampler(kind, flat)
        sampler.read([0])
        texts.append(list(islice(sampler.sample(1.0, np.random.default_rng(seed)), 50)))
    assert texts[0] == texts[1] != texts[2]
    assert same_bits(flat, kept)


def test_it_stops_where_outputs_are_not_finite() -> None:
    kind, flat = writing()
    flat[-1] = np.nan
    sampler = SymbolSampler(kind, flat)
    sampler.read([0])
    assert list(sampler.sample(1.0, np.random.default_rng(0))) == []


def test_what_cannot_be_is_refused() -> None:
    kind, flat = writing()
    sampler = SymbolSampler(kind, flat)
    with pytest.raises(ValueError, match="nothing was read"):
        sampler.outputs()
    for code in (-1, 4):
        with pytest.raises(ValueError, match="codes go from 0 to 3"):
            sampler.read([code])
    settings = Settings(steps=6, hidden=5)
    numbers = architecture_of(settings, ToyTask(settings, symbols=False))
    with pytest.raises(ValueError, match="predicts the symbols it reads"):
        SymbolSampler(numbers, flat)

"""Writes text with a network: after the present window, or after a prompt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

import numpy as np
import numpy.typing as npt

from rnn_tui.engine.analysis.held_values import HeldValues
from rnn_tui.engine.analysis.sampling import (
    Symbol,
    SymbolSampler,
    draw,
    most_probable,
    probabilities,
)
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.pins import Pins, forward_pins
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.job import PredictionJob
from rnn_tui.predictions.results import Suggestion, TextRequest, TextSample
from rnn_tui.predictions.suggestions import (
    decide,
    restricted,
    spelled_suggestions,
    word_suggestions,
)
from rnn_tui.tasks.base import TestWindows
from rnn_tui.tasks.tokens import Vocabulary, completes

LONGEST_TEXT = 2000  # characters written after a window, at most
CONTINUATION = 160  # characters written after a prompt
CANDIDATES = 6  # next symbols whose probabilities are reported
_SYMBOLS_PER_STEP = 16  # read or written in one part of the work
_WRITING_STREAM = 4  # of the seed; see rnn_tui.tasks


class TextJob(PredictionJob):
    """Writes one text with the newest parameters.

    Attributes:
        sample: the newest result; None before the first.
    """

    def __init__(self, trainer: Trainer) -> None:
        super().__init__()
        self.sample: TextSample | None = None
        self._task = trainer.task
        self._seed = trainer.settings.seed
        self._architecture = trainer.architecture
        self._vocabulary: Vocabulary | None = getattr(trainer.task, "vocabulary", None)
        self._sampler: SymbolSampler | None = None

    def continue_window(self, trainer: Trainer, request: TextRequest, sample: int) -> None:
        """Write after this sample of the trainer's window, as far as its forward pass has come.

        Before the forward pass the text follows the first test window.
        """
        network, read = trainer.network, _timesteps_read(trainer)
        states = {name: a[sample : sample + 1] for name, a in network.state(0).items()}
        codes = tuple(network.inputs[:read, sample].tolist())
        initial = tuple(a.tobytes() for a in states.values()) if read else ()
        update, request = trainer.updates, replace(request, prompt=None)
        pins = forward_pins(network.pins, timed=True)
        self.begin(
            (update, codes, initial, request, pins),
            trainer.copies.optimizer(trainer).parameters,
            lambda: self._continue_window(update, codes, states, request, pins),
        )

    def answer_prompt(self, trainer: Trainer, request: TextRequest) -> None:
        """Write after the prompt, which is read from a state of zeros."""
        update, request = trainer.updates, replace(request, characters=CONTINUATION)
        pins = forward_pins(trainer.network.pins, timed=True)
        self.begin(
            (update, request, pins),
            trainer.copies.optimizer(trainer).parameters,
            lambda: self._answer_prompt(update, request, pins),
        )

    def prepare(self, parameters: Array) -> None:
        """Make the sampler."""
        self._sampler = SymbolSampler(self._architecture, parameters)

    def _continue_window(
        self,
        update: int,
        codes: tuple[int, ...],
        states: Mapping[str, Array],
        request: TextRequest,
        pins: Pins,
    ) -> Work[object]:
        of_window = bool(codes)
        if not of_window:
            test = self._task.test()
            assert isinstance(test, TestWindows)
            codes = tuple(test.x[:, 0].tolist())
        held = HeldValues.of(pins, timed=True)
        return (yield from self._write(update, codes, states if of_window else None, request, held))

    def _answer_prompt(self, update: int, request: TextRequest, pins: Pins) -> Work[object]:
        """Write after the prompt; as it is no window, pins at one timestep are left out."""
        assert request.prompt is not None
        held = HeldValues.of(pins, timed=False)
        return self._write(update, request.prompt, None, request, held)

    def _write(
        self,
        update: int,
        codes: tuple[int, ...],
        states: Mapping[str, Array] | None,
        request: TextRequest,
        held: HeldValues,
    ) -> Work[object]:
        """Read `codes` from the states, each [1, H], or from zeros; then write.

        Pins at one timestep hold while the window is read; what is written comes after it.
        """
        sampler, symbols = self._sampler, self._task.symbols
        assert sampler is not None
        assert symbols is not None
        sampler.begin(states, held.used)
        count = min(request.characters, LONGEST_TEXT)
        for start in range(0, len(codes), _SYMBOLS_PER_STEP):
            yield Progress(start, len(codes) + count)
            sampler.read(codes[start : start + _SYMBOLS_PER_STEP])
        outputs = sampler.outputs()
        fits = self._fits(request)
        following = _likeliest(outputs, fits, request.temperature)
        suggestions: tuple[Suggestion, ...] = ()
        decision = None
        if request.prompt is not None:
            if len(following) > 1:
                decision = decide(sampler, following[0].code, following[1].code)
            suggestions = yield from self._suggested(sampler, outputs, fits, request)
        random = random_generator(self._seed, request.draw)
        begun = _begun(outputs, fits, request.temperature, random) if request.beginning else ()
        sampler.read(each.code for each in begun)
        source = sampler.sample(request.temperature, random)
        text = yield from _take(islice(source, count - len(begun)), len(codes), count)
        self.sample = TextSample(
            update=update,
            symbols=symbols,
            temperature=request.temperature,
            read=codes,
            of_window=states is not None,
            next=following,
            text=(*begun, *text),
            held=held,
            beginning=request.beginning,
            first=request.first,
            share=float(probabilities(outputs)[fits].sum()),
            suggestions=suggestions,
            decision=decision,
        )
        return None

    def _suggested(
        self,
        sampler: SymbolSampler,
        outputs: Array,
        fits: npt.NDArray[np.bool_],
        request: TextRequest,
    ) -> Work[tuple[Suggestion, ...]]:
        """Return the likeliest words after what the sampler has read; it stays there."""
        vocabulary, temperature = self._vocabulary, request.temperature
        if vocabulary is None or vocabulary.kind == "bytes":
            return ()
        if vocabulary.kind == "words":
            usual, p = (restricted(outputs, fits, each) for each in (1.0, temperature))
            return word_suggestions(usual, p, vocabulary)
        place = sampler.place()
        found = yield from spelled_suggestions(
            sampler, vocabulary, request.prompt or (), temperature
        )
        sampler.go_back(place)
        return found

    def _fits(self, request: TextRequest) -> npt.NDArray[np.bool_]:
        """Return which symbols may come next: all, but for a word that is being typed."""
        if not request.beginning or self._vocabulary is None:
            return np.ones(self._architecture.outputs, np.bool_)
        return completes(self._vocabulary, request.beginning, request.first)


def _likeliest(
    outputs: Array, fits: npt.NDArray[np.bool_], temperature: float
) -> tuple[Symbol, ...]:
    """Return the most probable symbols that fit, with their probabilities at a temperature."""
    p = restricted(outputs, fits, temperature)
    usual = restricted(outputs, fits, 1.0)  # at 0 all but one are alike
    if np.isnan(usual).any():
        return ()
    likeliest = most_probable(usual, CANDIDATES)
    return tuple(Symbol(each.code, float(p[each.code])) for each in likeliest if fits[each.code])


def _begun(
    outputs: Array, fits: npt.NDArray[np.bool_], temperature: float, random: np.random.Generator
) -> tuple[Symbol, ...]:
    """Draw the symbol that is being typed; none where outputs are not finite."""
    p = restricted(outputs, fits, temperature)
    if np.isnan(p).any() or not fits.any():
        return ()
    code = draw(p, random)
    return (Symbol(code, float(p[code])),)


def _take(source: Iterator[Symbol], done: int, count: int) -> Work[tuple[Symbol, ...]]:
    """Take all symbols of `source`, at most `count`, after `done` were read."""
    text: list[Symbol] = []
    while symbols := list(islice(source, _SYMBOLS_PER_STEP)):
        text += symbols
        yield Progress(done + len(text), done + count)
    return tuple(text)


def random_generator(seed: int, draw: int) -> np.random.Generator:
    """Return a generator of the same numbers every time: only another network changes a text."""
    seeds = np.random.SeedSequence([seed, _WRITING_STREAM, draw])
    return np.random.Generator(np.random.PCG64(seeds))


def _timesteps_read(trainer: Trainer) -> int:
    """Return how many timesteps of the window the forward pass has left behind."""
    cursor = trainer.cursor
    if cursor.stage is Pass.BATCH:
        return 0
    if cursor.stage is not Pass.FORWARD:
        return trainer.settings.steps
    operations = len(trainer.network.declaration.forward_operations)
    return cursor.t - (cursor.revealed_forward(cursor.t, operations) < operations)

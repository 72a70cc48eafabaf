"""What the network makes of data it is never trained on, worked out in slices beside training.

Every piece of work starts with a copy of the parameters and keeps to it until it is done: all
numbers of one result belong to one update, which the result names, however far training has moved
on. While training runs, a piece of work gets `BUDGET` seconds whenever the screen asks for a
snapshot, and a new one begins only when the one before is done: nothing is queued.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from rnn_tui.engine.analysis.evaluation import (
    Evaluation,
    Evaluator,
    WindowsEvaluation,
    WindowsEvaluator,
)
from rnn_tui.engine.analysis.influence import influence_work
from rnn_tui.engine.analysis.sampling import Symbol, Writer, likeliest, probabilities
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer, architecture_of
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
from rnn_tui.tasks.base import TestSeries, TestWindows

BUDGET = 0.04  # seconds of a snapshot that go into this, about: until the next place to rest
EVALUATE_EVERY = 0.8  # seconds from one beginning to the next while running, at least
GAP_WINDOWS = 100  # at each of the other gaps
LONGEST_GAP_WINDOW = 300  # timesteps
LONGEST_PROMPT = 120  # characters
LONGEST_TEXT = 2000  # characters written for a panel, at most
TEXT_WHILE_RUNNING = 320  # the same while the network is changing
CONTINUATION = 160  # characters that follow a prompt
CANDIDATES = 6  # next characters whose probabilities are told
_AT_ONCE = 16  # characters read or written between two rests
_WRITING_STREAM = 4  # of the seed; see rnn_tui.tasks


@dataclass(frozen=True, slots=True, eq=False)
class SeriesPredictions:
    """The test series and what the network of `update` predicts for it."""

    update: int
    test: TestSeries
    evaluation: Evaluation


@dataclass(frozen=True, slots=True, eq=False)
class WindowsPredictions:
    """The test windows and what the network of `update` makes of them.

    Attributes:
        history: update and accuracy (of task text, and where the targets are no classes, the loss)
            of the evaluations that there were, this one the last.
        gaps: task recall: gap and accuracy, measured on windows with that gap, rising.
        influence: of the inputs of the first window, [T], see
            `rnn_tui.engine.analysis.influence`; None where the loss
            counts more than once in a window, or there is only one input.
    """

    update: int
    test: TestWindows
    evaluation: WindowsEvaluation
    symbols: tuple[str, ...] | None
    labels: tuple[str, ...] | None
    history: tuple[tuple[int, float], ...]
    gaps: tuple[tuple[int, float], ...]
    influence: Array | None


Predictions = SeriesPredictions | WindowsPredictions


@dataclass(frozen=True, slots=True)
class TextSample:
    """What the network of `update` has written, one symbol after the other.

    Attributes:
        symbols: the names of all symbols by code.
        read: codes of what it had read before.
        of_window: whether that is of the window at hand, from the state it began with; otherwise
            it was read from a state of zeros.
        next: what is likeliest to come next after what was read, with its probability, whatever
            the temperature.
        text: drawn at `temperature`; shorter than asked for where outputs are not finite.
    """

    update: int
    symbols: tuple[str, ...]
    temperature: float
    read: tuple[int, ...]
    of_window: bool
    next: tuple[Symbol, ...]
    text: tuple[Symbol, ...]


@dataclass(frozen=True, slots=True)
class TextRequest:
    """What is wanted of a network that predicts the symbols it reads.

    Attributes:
        characters: how many to write after the window at hand.
        prompt: codes to write on from instead, beginning with a state of zeros; None: none is open.
        temperature: see `rnn_tui.engine.analysis.sampling`.
        draw: which draw of the same network; another number draws differently.
    """

    characters: int = 0
    prompt: tuple[int, ...] | None = None
    temperature: float = 1.0
    draw: int = 0


Key = tuple[object, ...]


class _PredictionJob:
    """One piece of work after another of a kind, each with a copy of the parameters."""

    def __init__(self, make: Callable[[Array], None]) -> None:
        """`make` keeps the parameters [P] in place: it is called once, with the copy."""
        self._make = make
        self.parameters: Array | None = None
        self._key: Key | None = None
        self._work: Work[object] | None = None
        self.begun = -np.inf

    @property
    def busy(self) -> bool:
        return self._work is not None

    def begin(self, key: Key, parameters: Array, work: Callable[[], Work[object]]) -> None:
        """Begin, unless that is what was begun last."""
        mine = self.parameters
        if mine is not None and key == self._key and np.array_equal(mine, parameters):
            return
        if mine is None:
            mine = self.parameters = parameters.copy()
            self._make(mine)
        np.copyto(mine, parameters)
        self._key, self._work, self.begun = key, work(), time.perf_counter()

    def drop(self) -> None:
        """Give up what is under way; it may be begun again."""
        if self._work is not None:
            self._key = self._work = None

    def step(self) -> bool:
        """A little of the work; whether that was its end."""
        work = self._work
        if work is None:
            return False
        try:
            next(work)
        except StopIteration:
            self._work = None
            return True
        except BaseException:
            self._work = None  # and the key stays: what fails is not begun again and again
            raise
        return False


class Predictor:
    """Evaluates a trainer's network and writes with it, never touching the trainer."""

    def __init__(self, trainer: Trainer) -> None:
        """Nothing is made before it is asked for."""
        self.predictions: Predictions | None = None
        self.text_sample: TextSample | None = None
        self.answer: TextSample | None = None  # to the prompt
        self._settings = trainer.settings
        self._task = trainer.task
        self._architecture = trainer.architecture
        self._evaluator: Evaluator | WindowsEvaluator | None = None
        self._gaps: Mapping[int, WindowsEvaluator | None] = {}
        self._history: list[tuple[int, float]] = []
        self._asked = TextRequest()
        self._writer: Writer | None = None
        self._prompted: Writer | None = None
        self._evaluation = _PredictionJob(self._make_evaluators)
        self._writing = _PredictionJob(self._make_writer)
        self._answering = _PredictionJob(self._make_prompted)
        self._jobs = (self._answering, self._writing, self._evaluation)

    @property
    def busy(self) -> bool:
        """Whether there is work under way."""
        return any(job.busy for job in self._jobs)

    @property
    def vocabulary(self) -> tuple[str, ...] | None:
        """The names of the symbols of a network that writes: task text; otherwise None."""
        return self._task.symbols if self._settings.task == "text" else None

    # What is to be done

    def attend(self, trainer: Trainer, looked_at: bool, wish: TextRequest, sample: int) -> None:
        """While paused: all that is looked at, of the network as it is now."""
        self._answer(trainer, wish)
        self._evaluate(trainer, looked_at)
        self._write(trainer, looked_at, wish, sample)

    def attend_running(
        self, trainer: Trainer, looked_at: bool, wish: TextRequest, sample: int
    ) -> None:
        """While running: the same, no sooner than all of it is done, and not too often.

        Only another prompt has its answer at once.
        """
        due = time.perf_counter() - EVALUATE_EVERY
        idle = not (self._evaluation.busy or self._writing.busy)
        if idle and self._evaluation.begun <= due:
            self._evaluate(trainer, looked_at)
            shorter = replace(wish, characters=min(wish.characters, TEXT_WHILE_RUNNING))
            self._write(trainer, looked_at, shorter, sample)
        if wish != self._asked or (not self._answering.busy and self._answering.begun <= due):
            self._answer(trainer, wish)

    def work(self, seconds: float) -> bool:
        """Work for about so long; whether there is something new, at least one slice is done."""
        deadline, news = time.perf_counter() + seconds, False
        for job in self._jobs:
            while job.busy:
                news |= job.step()
                if time.perf_counter() >= deadline:
                    return news
        return news

    def _evaluate(self, trainer: Trainer, looked_at: bool) -> None:
        if not looked_at:
            self._evaluation.drop()
            return
        update = trainer.updates
        self._evaluation.begin((update,), trainer.parameters, lambda: self._evaluating(update))

    def _write(self, trainer: Trainer, looked_at: bool, wish: TextRequest, sample: int) -> None:
        if self.vocabulary is None:
            return
        if not looked_at or not wish.characters:
            self._writing.drop()
            return
        network, read = trainer.network, _timesteps_read(trainer)
        states = {name: a[sample : sample + 1] for name, a in network.state(0).items()}
        codes = tuple(network.inputs[:read, sample].tolist())
        seed = tuple(a.tobytes() for a in states.values()) if read else ()
        wish = replace(wish, prompt=None)
        self._writing.begin(
            (trainer.updates, codes, seed, wish),
            trainer.parameters,
            lambda: self._writing_on(trainer.updates, codes, states, wish),
        )

    def _answer(self, trainer: Trainer, wish: TextRequest) -> None:
        self._asked = wish
        if not wish.prompt or self.vocabulary is None:
            self._answering.drop()
            self.answer = None
            return
        update, wish = trainer.updates, replace(wish, characters=CONTINUATION)
        self._answering.begin(
            (update, wish), trainer.parameters, lambda: self._answering_to(update, wish)
        )

    # What is made once, with a copy of the parameters

    def _make_evaluators(self, parameters: Array) -> None:
        test = self._task.test()
        if isinstance(test, TestSeries):
            self._evaluator = Evaluator(self._architecture, parameters, test)
            return
        self._evaluator = WindowsEvaluator(self._architecture, parameters, test)
        if self._settings.task == "recall":
            self._gaps = dict.fromkeys(_gaps(self._settings))

    def _make_writer(self, parameters: Array) -> None:
        self._writer = Writer(self._architecture, parameters)

    def _make_prompted(self, parameters: Array) -> None:
        self._prompted = Writer(self._architecture, parameters)

    # The work

    def _evaluating(self, update: int) -> Work[object]:
        evaluator = self._evaluator
        if isinstance(evaluator, Evaluator):
            series = yield from evaluator.evaluating()
            self.predictions = SeriesPredictions(update, evaluator.test, series)
            return None
        assert evaluator is not None
        found = yield from evaluator.evaluating()
        gaps = yield from self._evaluating_gaps(found)
        influence = yield from self._influence(evaluator.test)
        test, task = evaluator.test, self._task
        self.predictions = WindowsPredictions(
            update=update,
            test=test,
            evaluation=found,
            symbols=task.symbols,
            labels=task.labels,
            history=self._remember(update, found),
            gaps=gaps,
            influence=influence,
        )
        return None

    def _evaluating_gaps(self, found: WindowsEvaluation) -> Work[tuple[tuple[int, float], ...]]:
        """Accuracy at each gap; at the gap of the settings that of all test windows."""
        accuracies: list[tuple[int, float]] = []
        for gap, evaluator in self._gaps.items():
            accuracy = found.accuracy
            if gap != self._settings.gap:
                yield Progress(len(accuracies), len(self._gaps))
                if evaluator is None:
                    evaluator = self._gap_evaluator(gap)
                    self._gaps = {**self._gaps, gap: evaluator}
                accuracy = (yield from evaluator.evaluating()).accuracy
            if accuracy is not None:
                accuracies.append((gap, accuracy))
        return tuple(accuracies)

    def _gap_evaluator(self, gap: int) -> WindowsEvaluator:
        settings = _with_gap(self._settings, gap)
        task = make_task(settings)
        test, some = task.test(), slice(GAP_WINDOWS)
        assert isinstance(test, TestWindows)
        part = TestWindows(test.x[:, some], test.target[:, some], test.judged[:, some])
        parameters = self._evaluation.parameters
        assert parameters is not None
        return WindowsEvaluator(architecture_of(settings, task), parameters, part)

    def _influence(self, test: TestWindows) -> Work[Array | None]:
        parameters, topology = self._evaluation.parameters, self._task.topology
        if parameters is None or sum(topology.counted) != 1 or len(topology.counted) == 1:
            return None
        x, target = test.x[:, :1], test.target[:, :1]
        return (yield from influence_work(self._architecture, parameters, x, target))

    def _remember(self, update: int, found: WindowsEvaluation) -> tuple[tuple[int, float], ...]:
        """What was found before on the way here, and this; thinned out where it grows long."""
        history = [entry for entry in self._history if entry[0] < update]
        measure = found.accuracy
        if measure is None or self.vocabulary is not None:
            measure = found.loss
        if len(history) >= 400:
            history = history[::2]
        self._history = [*history, (update, measure)]
        return tuple(self._history)

    def _writing_on(
        self, update: int, codes: tuple[int, ...], states: Mapping[str, Array], wish: TextRequest
    ) -> Work[object]:
        """After the window as far as it was read; where it was not, after the first test window."""
        of_window = bool(codes)
        if not of_window:
            test = self._task.test()
            assert isinstance(test, TestWindows)
            codes = tuple(test.x[:, 0].tolist())
        writer = self._writer
        assert writer is not None
        writer.begin(states if of_window else None)
        self.text_sample = yield from self._write_with(writer, update, codes, wish, of_window)
        return None

    def _answering_to(self, update: int, wish: TextRequest) -> Work[object]:
        writer = self._prompted
        assert writer is not None
        assert wish.prompt is not None
        writer.begin()
        self.answer = yield from self._write_with(writer, update, wish.prompt, wish, False)
        return None

    def _write_with(
        self,
        writer: Writer,
        update: int,
        codes: tuple[int, ...],
        wish: TextRequest,
        of_window: bool,
    ) -> Work[TextSample]:
        count = min(wish.characters, LONGEST_TEXT)
        for start in range(0, len(codes), _AT_ONCE):
            yield Progress(start, len(codes) + count)
            writer.read(codes[start : start + _AT_ONCE])
        following = likeliest(probabilities(writer.outputs()), CANDIDATES)
        source = writer.write(wish.temperature, _generator(self._settings.seed, wish.draw))
        text = yield from _taking(islice(source, count), len(codes), count)
        symbols = self._task.symbols
        assert symbols is not None
        return TextSample(update, symbols, wish.temperature, codes, of_window, following, text)


def _taking(source: Iterator[Symbol], done: int, count: int) -> Work[tuple[Symbol, ...]]:
    text: list[Symbol] = []
    while some := list(islice(source, _AT_ONCE)):
        text += some
        yield Progress(done + len(text), done + count)
    return tuple(text)


def _generator(seed: int, draw: int) -> np.random.Generator:
    """The same numbers every time: what is written changes only as the network does."""
    seeds = np.random.SeedSequence([seed, _WRITING_STREAM, draw])
    return np.random.Generator(np.random.PCG64(seeds))


def _timesteps_read(trainer: Trainer) -> int:
    """How many timesteps of the window the cursor has left behind in the forward pass."""
    cursor = trainer.cursor
    if cursor.stage is Pass.BATCH:
        return 0
    if cursor.stage is not Pass.FORWARD:
        return trainer.settings.steps
    operations = len(trainer.network.declaration.forward_operations)
    return cursor.t - (cursor.revealed_forward(cursor.t, operations) < operations)


def _gaps(settings: Settings) -> tuple[int, ...]:
    """The gap of the settings, and shorter and longer ones whose windows are not too long."""
    gap = settings.gap
    wanted = {0, gap // 4, gap // 2, gap, 2 * gap, 4 * gap}
    most = LONGEST_GAP_WINDOW - (settings.steps - gap)
    return tuple(sorted(each for each in wanted if each in (gap, 0) or each <= most))


def _with_gap(settings: Settings, gap: int) -> Settings:
    return settings.with_(gap=gap, steps=settings.steps - settings.gap + gap)

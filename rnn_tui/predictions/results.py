"""Requests for predictions on data that the network is never trained on, and results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from rnn_tui.engine.analysis.held_values import HeldValues
    from rnn_tui.engine.analysis.sampling import Symbol
    from rnn_tui.engine.analysis.series_evaluation import SeriesEvaluation
    from rnn_tui.engine.analysis.windows_evaluation import WindowsEvaluation
    from rnn_tui.engine.core.expressions import Array
    from rnn_tui.predictions.series_future import SeriesFuture
    from rnn_tui.tasks.base import TestSeries, TestWindows

LONGEST_PROMPT = 120  # characters


@dataclass(frozen=True, slots=True)
class TestCoverage:
    """The part of the test data that the loss along a run is measured on.

    Attributes:
        first: how many are covered, the first ones.
        all: how many there are.
        what: "points" of a series, or "windows".
    """

    __test__: ClassVar[bool] = False  # keeps pytest from collecting this class

    first: int
    all: int
    what: str


@dataclass(frozen=True, slots=True)
class TextRequest:
    """A request for text written by a network that predicts the symbols it reads.

    Attributes:
        characters: how many to write after the window at hand.
        prompt: codes to read, beginning with a state of zeros, and to continue; None where no
            prompt is open.
        temperature: see `rnn_tui.engine.analysis.sampling`.
        draw: the number of the draw: another number draws another text from the same network.
        beginning: of the token after the prompt, which is being typed; "" where none is.
        first: whether nothing stands before that, so that it may lack the blank of a word.
    """

    characters: int = 0
    prompt: tuple[int, ...] | None = None
    temperature: float = 1.0
    draw: int = 0
    beginning: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What may be typed next.

    Attributes:
        codes: the symbols: one word, or the characters of one.
        text: the same as a text.
        word: the whole word, with what of it is typed already.
        probability: of it, at the temperature asked for.
    """

    codes: tuple[int, ...]
    text: str
    word: str
    probability: float


@dataclass(frozen=True, slots=True)
class UnitShare:
    """What one unit of the top layer did for one symbol against another.

    Attributes:
        unit: the unit, from 0.
        share: h·(W_y of the one − W_y of the other): its part of the difference of their outputs.
        gates: (name, value) of its gates at that timestep; none for a cell without gates.
    """

    unit: int
    share: float
    gates: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Why a symbol is likelier than another: the outputs' difference, and the units behind it.

    Attributes:
        chosen: the code of the likelier one.
        other: the code of the other one.
        difference: y of the one − y of the other, which is the logarithm of how many times likelier
            it is at temperature 1.
        shares: those of the units with the largest shares, the largest first.
        rest: what all other units and the bias add.
        state: the name of their hidden state, without the time.
    """

    state: str
    chosen: int
    other: int
    difference: float
    shares: tuple[UnitShare, ...]
    rest: float


@dataclass(frozen=True, slots=True)
class TextSample:
    """A text that the network of one update has written, symbol by symbol.

    Attributes:
        update: the update.
        symbols: the names of all symbols by code.
        temperature: the temperature at which the text was drawn.
        read: codes of what the network read before it wrote.
        of_window: true if it read the window at hand, from that window's initial state; false if
            it read something else, from a state of zeros.
        next: the most probable symbols to come next after what was read, with their probabilities
            at that temperature.
        text: the text; shorter than requested where outputs are not finite.
        held: the what-ifs in force.
        beginning: what the next symbol has to begin with; "" where it may be any.
        first: whether nothing was typed before that: what was read is not part of it.
        share: the probability that it begins so.
        suggestions: the likeliest words to type next; after a prompt alone.
        decision: why the first of `next` comes before the second; after a prompt alone.
    """

    update: int
    symbols: tuple[str, ...]
    temperature: float
    read: tuple[int, ...]
    of_window: bool
    next: tuple[Symbol, ...]
    text: tuple[Symbol, ...]
    held: HeldValues
    beginning: str = ""
    first: bool = False
    share: float = 1.0
    suggestions: tuple[Suggestion, ...] = ()
    decision: Decision | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SeriesPredictions:
    """The predictions of the network of one update for a test series.

    Attributes:
        update: the update.
        test: the test series.
        evaluation: predictions and errors.
        held: the what-ifs in force.
        future: the forecast beyond the last row; None where there is none.
    """

    update: int
    test: TestSeries
    evaluation: SeriesEvaluation
    held: HeldValues
    future: SeriesFuture | None = None


@dataclass(frozen=True, slots=True, eq=False)
class WindowsPredictions:
    """The predictions of the network of one update for test windows.

    Attributes:
        update: the update.
        test: the test windows.
        evaluation: outputs, loss and accuracy.
        held: the what-ifs in force.
        symbols: the names of the input symbols by code; None where inputs are numbers.
        labels: the names of the classes by code; None where there are none.
        history: (update, accuracy) of all evaluations so far, this one the last. For task text,
            and where the targets are no classes, the loss stands in place of the accuracy.
        gaps: for task recall, (gap, accuracy) measured on windows with that gap, rising. While a
            value is held at one timestep, that of the settings alone.
        influence: the influence of each input of the first window, [T], see
            `rnn_tui.engine.analysis.influence`; None where the loss counts more than once in a
            window, or where there is only one input.
    """

    update: int
    test: TestWindows
    evaluation: WindowsEvaluation
    held: HeldValues
    symbols: tuple[str, ...] | None
    labels: tuple[str, ...] | None
    history: tuple[tuple[int, float], ...]
    gaps: tuple[tuple[int, float], ...]
    influence: Array | None


Predictions = SeriesPredictions | WindowsPredictions

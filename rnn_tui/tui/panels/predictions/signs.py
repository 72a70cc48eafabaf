"""What the signs on the panel of predictions mean, by the kind of task."""

from __future__ import annotations

from rnn_tui.predictions.results import SeriesPredictions
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.panel_help import Sign, Signs, chart, joined

_ANSWER = (Sign("✓", "right", "good"), Sign("✗", "wrong", "error"))
_HISTORY = Sign("so far ▁▂▃▄▅▆▇█", "the metric at each look since update 0, oldest first", "smooth")
_BLANKED = Sign(
    "what p loses", "how much the answer changes if this one input is left out", "gradient"
)


def signs(context: DrawContext) -> Signs:
    """Return the signs for the task at hand."""
    snapshot = context.snapshot
    predictions = snapshot.predictions
    if isinstance(predictions, SeriesPredictions):
        return _series(snapshot.settings.task)
    if snapshot.settings.task == "text":
        return _text(snapshot.settings)
    counted = snapshot.task.topology.counted
    if sum(counted) == 1:
        return _one_answer(context)
    if snapshot.task.labels is None:
        return _curves()
    return _reber() if snapshot.settings.task == "reber" else _sequences()


def _series(task: str) -> Signs:
    """Return the signs of the chart of a series."""
    return joined(
        (
            Sign("truth", "the data that were kept from training", "grounded-truth"),
            Sign("one-step  1-step", "each predicted from the true values before it", "one-step"),
            Sign("free-run  free", "each predicted from its own predictions", "free-run"),
            *(
                (
                    Sign(
                        "forecast", "each from its own predictions, after the last row", "free-run"
                    ),
                    Sign("⠂⠂", "the interval that should hold 80 % of what comes", "ghost"),
                )
                if task == "series"
                else ()
            ),
            Sign("MSE .01 (99)", "the mean squared error over so many points, the first ones"),
            Sign("2× better: last", "one-step MSE against the best forecast without a network"),
            Sign("|err| ▁▂▃▄▅▆▇█", "the largest one-step error of the column", "one-step"),
            Sign("|err| max 0.1  ≤0.1", "what a full bar of them is", "axis"),
        ),
        chart(log=False, x="rows of the table, or times" if task == "series" else "x, of cos(x)"),
        (Sign("train┊test", "where the part ends that is trained on", "rule"),)
        if task == "series"
        else (),
        (Sign("x  row", "the coordinate of the x axis"),),
    )


def _text(settings: Settings) -> Signs:
    """Return the signs of a text sample, and of the prompt."""
    one = {"words": "word", "bytes": "byte"}.get(settings.tokens, "character")
    words = settings.tokens == "words"
    return joined(
        (
            Sign("next a .41", f"the likeliest next {one}s, with their probabilities"),
            Sign("▸", "the text before it was read, the text after it is the network's"),
            Sign("nats  bits", f"the loss for one {one}, to base e and to base 2"),
        ),
        (Sign("perplexity", "e to the loss: among how many words one would have to guess"),)
        if words
        else (),
        (Sign("↵  ␣", "a line break, a space"),),
        (Sign("␣river  ␣×3", "a word with the space before it; three spaces"),) if words else (),
        (Sign("⟨unk⟩", f"a {one} that is not in the vocabulary (--vocabulary)"),)
        if settings.vocabulary
        else (),
        (Sign(r"\xC3", "a byte that is no character of ASCII"),) if one == "byte" else (),
        (Sign("temperature", "below 1 likelier ones are preferred, above 1 unlikely ones"),),
        ()
        if one == "byte"
        else (
            Sign("F1 river .41", "prompt (p): a key takes the word; the probability of the word"),
            Sign(".03 begin so", "of all words .03; those of F1 to F3 are of these alone"),
        ),
        (
            Sign("a before b: y +0.4", "prompt: how much larger the output of the likeliest is"),
            Sign("+0.3 h[12]", "what unit 12 adds to that, h·(W_y of a − W_y of b); its gates"),
            _HISTORY,
        ),
    )


def _one_answer(context: DrawContext) -> Signs:
    """Return the signs of tasks with one answer a window."""
    task = context.snapshot.settings.task
    classes = context.snapshot.task.labels is not None
    return joined(
        _ANSWER if classes or task in ("adding", "neuron") else (),
        (Sign("p", "the probability of the answer given"),) if classes else (),
        () if classes else (Sign("MSE", "the mean squared error of all test windows"),),
        (
            Sign("gap  ‹1›", "words between question and answer; ‹ ›: as in training"),
            Sign("▁", "after a word: how much the answer needs it", "gradient"),
        )
        if task == "recall"
        else (),
        (Sign("▾", "where the input is marked"),) if task in ("adding", "parity") else (),
        (
            _BLANKED,
            Sign("y_T  x_t", "the output at the last timestep; the input"),
            Sign("p(odd)", "the probability of that answer"),
            Sign("▁▂▃▄▅▆▇█", "how much it changes; of an input: its value", "gradient"),
            Sign("t", "a timestep"),
            _HISTORY,
        ),
    )


def _curves() -> Signs:
    """Return the signs of tasks that draw a curve."""
    return joined(
        (
            Sign("wanted: 1 0.3", "the curve that the inputs before the colon ask for", "truth"),
            Sign("drawn", "what the network draws", "one-step"),
            Sign("MSE", "the mean squared error of all test windows"),
            _HISTORY,
        ),
        chart(log=False, x="timesteps"),
    )


def _sequences() -> Signs:
    """Return the signs of tasks with an answer at many timesteps."""
    return (
        *_ANSWER,
        Sign("x_t", "the input"),
        Sign("wanted  given", "the right answer; the network's"),
        Sign("p(given) ▁▂▃▄▅▆▇█", "how sure the network is, from 0 to 1", "gate"),
        Sign("e  o  d", "first letters of the answers, such as even and odd; data for others"),
        _HISTORY,
    )


def _reber() -> Signs:
    """Return the signs of the grammar."""
    return (
        *_ANSWER,
        Sign("x_t", "a string of the grammar, symbol by symbol"),
        Sign("next  or", "which symbols may follow, with the network's probabilities"),
        Sign("illegal", "the probability of all others together"),
        Sign("memory", "whether the answer that needs the second symbol is right"),
        Sign("B T P S X V E", "the symbols of the grammar"),
        _HISTORY,
    )

"""Keys at the largest sizes allowed: from a key to the first that the screen says of it.

Parts of `tests/benchmarks/screen.py`: ``--only large``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.recorder import Bench, Recorder

SIZES = {
    "T 2000": ("--cell", "lstm", "--hidden", "32", "--steps", "2000", "--num-points", "5000"),
    "H 1024": ("--cell", "lstm", "--hidden", "1024"),
    "4 layers": ("--cell", "lstm", "--hidden", "128", "--layers", "4"),
    "H 256, T 200, B 32, 2 layers": (
        *("--cell", "lstm", "--hidden", "256", "--steps", "200"),
        *("--batch", "32", "--layers", "2", "--num-points", "20000"),
    ),
}
# Each key is pressed at the place that the ones before lead to.
KEYS = ["n", "n", "s", "f", "f", "n", "s", "N", "S", "u", "U", "tab", "z", "z", "N"]
WHAT_IF = "h_2[1] = 0.5"
STILL = 0.4  # seconds without output, after which a key has been answered to the end
PATIENCE = 60.0  # seconds


@dataclass(frozen=True)
class Answer:
    """How a key was answered.

    Attributes:
        first, last: milliseconds to its first and to its last output.
        work: milliseconds of processor time until the first, of all threads; on a busy machine it
            says more.
    """

    first: float
    last: float
    work: float


def answers(bench: Bench) -> Iterator[tuple[str, dict[str, Answer]]]:
    """Yield, per size, the worst answer of each key."""
    for name, options in SIZES.items():
        with bench.app(*options, answers="decrqm") as recorder:
            found: dict[str, Answer] = {}
            recorder.wait_idle()  # until what is imported and predicted first is done
            for key in KEYS:
                answer = press(recorder, "\t" if key == "tab" else key)
                if key not in found or answer.first > found[key].first:
                    found[key] = answer
            for key, sent in (("?", "?"), ("esc", "\x1b"), ("o", "o"), ("esc", "\x1b")):
                found[key] = press(recorder, sent)
                if key == "o":
                    recorder.wait_for("next choice", PATIENCE)
            press(recorder, "e")
            recorder.send(WHAT_IF)
            time.sleep(2 * STILL)
            found["what-if"] = press(recorder, "\r")
            yield name, found


def press(recorder: Recorder, key: str) -> Answer:
    """Press a key; return how it was answered, once the program is paused again."""
    recorder.wants_work = True
    recorder.worked = [0.0] * len(recorder.chunks)
    known, sent, before = len(recorder.chunks), time.monotonic(), recorder.seconds_worked()
    recorder.send(key)
    while time.monotonic() - sent < PATIENCE:
        time.sleep(0.02)
        if len(recorder.chunks) == known:
            continue
        first, last = recorder.chunks[known][0], recorder.chunks[-1][0]
        if time.monotonic() - last > STILL and "paused" in recorder.screen()[1]:
            work = recorder.worked[known] - before
            return Answer(1e3 * (first - sent), 1e3 * (last - sent), 1e3 * work)
    raise AssertionError(f"key {key!r} was not answered: {recorder.screen()[1]}")

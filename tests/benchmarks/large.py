"""Keys at the largest sizes allowed: from a key to the first that the screen says of it.

Parts of `tests/benchmarks/screen.py`: ``--only large``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

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


def answers(bench: Bench) -> Iterator[tuple[str, dict[str, float], float]]:
    """Yield, per size, the milliseconds to the first answer of each key, and to the last one."""
    for name, options in SIZES.items():
        with bench.app(*options, answers="decrqm") as recorder:
            found: dict[str, float] = {}
            longest = 0.0
            for key in KEYS:
                first, last = press(recorder, "\t" if key == "tab" else key)
                found[key] = max(first, found.get(key, 0.0))
                longest = max(longest, last)
            press(recorder, "e")
            recorder.send(WHAT_IF)
            time.sleep(2 * STILL)
            found["what-if"], last = press(recorder, "\r")
            yield name, found, max(longest, last)


def press(recorder: Recorder, key: str) -> tuple[float, float]:
    """Press a key; return the milliseconds to its first and to its last output, paused again."""
    known, sent = len(recorder.chunks), time.monotonic()
    recorder.send(key)
    while time.monotonic() - sent < PATIENCE:
        time.sleep(0.02)
        if len(recorder.chunks) == known:
            continue
        first, last = recorder.chunks[known][0], recorder.chunks[-1][0]
        if time.monotonic() - last > STILL and "paused" in recorder.screen()[1]:
            return 1e3 * (first - sent), 1e3 * (last - sent)
    raise AssertionError(f"key {key!r} was not answered: {recorder.screen()[1]}")

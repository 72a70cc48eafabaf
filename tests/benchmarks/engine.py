"""Whole updates per second, against PyTorch, JAX, a plain NumPy loop and compiled code.

    python tests/benchmarks/engine.py [--quick]

Run by hand, in an environment that has PyTorch, JAX and numba where those rows are wanted; a row
says absent where they are not. Everything is float32; one BLAS thread for us, PyTorch has the
better of one and two, JAX its own pool. Figures are medians of ratios taken in turns within one
run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from benchmarks.alternate import alternate, ratio  # noqa: E402 - after the path and the threads
from benchmarks.peers import (  # noqa: E402
    Size,
    compiled,
    installed,
    jax_updates,
    ours,
    plain_loop,
    torch_updates,
)
from benchmarks.plot import Panel, svg  # noqa: E402

CELLS = ("rnn", "lstm", "gru")
GOALS = {
    Size(16, 20, 1): (10, 4.5, 8),
    Size(64, 20, 1): (10, 3.7, 7),
    Size(100, 20, 1): (10, 2.7, 6),
    Size(128, 20, 1): (8, 1.7, 4),
    Size(64, 20, 32): (4, 1.3, 2),
    Size(128, 100, 32): (1.3, 1, 1),
    Size(256, 100, 64): (1, 1, 1),
}
JAX_SIZES = (Size(16, 20, 1), Size(64, 20, 1), Size(128, 20, 1), Size(64, 20, 32))
AT_ONCE = 200  # updates in one call, of the form that cannot stop in between
PLOT = Path(__file__).parents[2] / "docs" / "growth.svg"
LOOP_GOAL = 5.0
COMPILED_GOALS = {16: 0.2, 64: 0.4, 100: 0.6, 128: 0.8}
DOUBLED = {
    "H": [Size(8 << k, 20, 1) for k in range(6)],
    "T": [Size(32, 10 << k, 1) for k in range(6)],
    "B": [Size(32, 20, 1 << k) for k in range(6)],
}


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: rounds, and about so many seconds a turn."""

    rounds: int
    seconds: float
    plots: bool = False


def against_torch(effort: Effort) -> Iterator[str]:
    """Yield the table of goals: our rate as a multiple of PyTorch's."""
    yield f"{'H, T, B':>13}  cell   ours/s  torch/s   ratio    goal"
    for size, goals in GOALS.items():
        for cell, goal in zip(CELLS, goals, strict=True):
            label = f"{size.hidden:>4},{size.steps:>4},{size.batch:>3}  {cell:<5}"
            if not installed("torch"):
                yield f"{label} absent: torch is not installed"
                continue
            sides = {"ours": ours(cell, size)}
            sides |= {f"{n}": torch_updates(cell, size, n) for n in (1, 2)}
            spent = alternate(sides, effort.rounds, effort.seconds)
            best = min(("1", "2"), key=lambda name: median(spent[name]))
            found = ratio(spent[best], spent["ours"])
            rates = f"{1 / median(spent['ours']):8,.0f} {1 / median(spent[best]):8,.0f}"
            yield f"{label} {rates} {found:6.2f}× ≥ {goal:>4}× {_mark(found >= goal)}"


def against_jax(effort: Effort) -> Iterator[str]:
    """How many times JAX's rate, compiled whole: called for each update, and for 200 at once."""
    if not installed("jax"):
        yield "JAX: absent, jax is not installed"
        return
    yield f"{'H, T, B':>13}  cell   ours/s   jax/s  ratio   jax/s, {AT_ONCE} a call  ratio"
    for size in JAX_SIZES:
        for cell in CELLS:
            label = f"{size.hidden:>4},{size.steps:>4},{size.batch:>3}  {cell:<5}"
            sides = {"ours": ours(cell, size), "one": jax_updates(cell, size)}
            sides["many"] = jax_updates(cell, size, AT_ONCE)
            spent = alternate(sides, effort.rounds, effort.seconds)
            spent["many"] = tuple(seconds / AT_ONCE for seconds in spent["many"])
            rates = {name: 1 / median(seconds) for name, seconds in spent.items()}
            ratios = {name: ratio(spent[name], spent["ours"]) for name in ("one", "many")}
            yield (
                f"{label} {rates['ours']:8,.0f} {rates['one']:7,.0f} {ratios['one']:5.2f}×"
                f" {rates['many']:18,.0f} {ratios['many']:5.2f}×"
            )


def against_loop(effort: Effort) -> Iterator[str]:
    """How many times the rate of a plain loop."""
    size = Size(100, 20, 1)
    spent = alternate(
        {"ours": ours("rnn", size), "loop": plain_loop(size)}, effort.rounds, effort.seconds
    )
    found = ratio(spent["loop"], spent["ours"])
    mark = _mark(found >= LOOP_GOAL)
    yield f"plain NumPy loop, rnn 100, 20, 1: {found:.2f}× ≥ {LOOP_GOAL}× {mark}"


def against_compiled(effort: Effort) -> Iterator[str]:
    """Which part of the rate of compiled code."""
    if not installed("numba"):
        yield "compiled code: absent, numba is not installed"
        return
    for hidden, goal in COMPILED_GOALS.items():
        size = Size(hidden, 20, 1)
        spent = alternate(
            {"ours": ours("rnn", size), "numba": compiled(size)}, effort.rounds, effort.seconds
        )
        found = ratio(spent["numba"], spent["ours"])
        rate = f"{1 / median(spent['numba']):8,.0f}/s"
        label = f"compiled, rnn {hidden:>3}, 20, 1 ({rate})"
        yield f"{label}: {found:5.0%} ≥ {goal:.0%} {_mark(found >= goal)}"


def growth(effort: Effort) -> Iterator[str]:
    """Yield updates per second as H, T and B are doubled; plot them in docs/growth.svg."""
    panels = []
    for name, sizes in DOUBLED.items():
        attribute = {"H": "hidden", "T": "steps", "B": "batch"}[name]
        values = [getattr(size, attribute) for size in sizes]
        yield f"{name:<5}" + " ".join(f"{value:>9}" for value in values)
        rates: dict[str, list[float]] = {}
        for cell in CELLS:
            sides = {str(size): ours(cell, size) for size in sizes}
            spent = alternate(sides, effort.rounds, effort.seconds)
            rates[cell] = [1 / median(times) for times in spent.values()]
            yield f"{cell:<5}" + " ".join(f"{rate:>9,.0f}" for rate in rates[cell])
        panels.append(Panel(f"updates/s over {name}", values, rates))
    if effort.plots:
        PLOT.write_text(svg(panels), encoding="utf-8")


def _mark(met: bool) -> str:
    return "" if met else "MISSED"


def main(arguments: list[str]) -> None:
    """Print every table, or those whose names are given."""
    effort = Effort(5, 0.05) if "--quick" in arguments else Effort(15, 0.3, plots=True)
    tables = (against_torch, against_jax, against_loop, against_compiled, growth)
    wanted = [name for name in arguments if not name.startswith("--")]
    for table in tables:
        if not wanted or table.__name__ in wanted:
            print(f"— {table.__doc__ and table.__doc__.splitlines()[0]}")
            for line in table(effort):
                print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""What names stand for: values of the window, parameters, gradients, figures of the run, settings.

`NAMES` declares them for users; docs/lessons.md is made of it.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from rnn_tui.claims.errors import ClaimError
from rnn_tui.claims.run_state import RunState, Values
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.settings import DECLARATIONS, quote


class Form(NamedTuple):
    """A form of names or of functions, and what it is."""

    form: str
    meaning: str


NAMES: tuple[Form, ...] = (
    Form("h_7[3]", "unit 3 of h at timestep 7; every name of the timestep panel is written so"),
    Form("h_7", "all units of h at timestep 7, of all samples"),
    Form("h[3]  h", "unit 3, or all units, at all timesteps"),
    Form("h_0  dh_0", "the state that the window began with; the gradient that its edge cuts off"),
    Form("h2_7[3]  da2_f_7[3]", "the same of the second layer"),
    Form("x_7[1]  y_7[1]  target_7[1]  p_7[1]", "input, output, target and probability"),
    Form("dh_7[3]  ∂L/∂h_7[3]", "the gradient of the loss with respect to h_7[3]"),
    Form("‖∂L_20/∂h_12‖", "the size of the gradient of timestep 20's loss alone; alone(dh_12, 20)"),
    Form("dh_y_7[3]  dh_next_7[3]", "its part from y_7, and what arrives from timestep 8"),
    Form("da_7[3]  da_f_7[3]", "that of a pre-activation, of the simple cell or of a gate"),
    Form("h_7[3] in sample 2", "of another sample of the batch; without it, a unit's first one"),
    Form("h_7 in all samples", "all samples, which is meant where no single unit is named"),
    Form("h_t  h_<t-1>", "at timestep t and before it, within something over t"),
    Form("t", "the timestep, likewise"),
    Form("W_h[3,1]  b[2]  W_hf  W_h[:,1]", "a parameter, as it is now: row 3, column 1; a block"),
    Form("dW_h[3,1]  ∂L/∂W_h[3,1]", "its gradient before clipping, after the backward pass"),
    Form("ΔW_h[3,1]", "its change in this update, at UPDATE; update(W_h[3,1]) is the same"),
    Form("gradient  clipped  update  parameters", "those of all parameters together"),
    Form("loss  smoothed", "the newest loss, and the smoothed loss, as the header has them"),
    Form("loss_7", "what timestep 7 adds to the loss"),
    Form("grad_norm", "‖g‖, the norm of the newest whole gradient before clipping"),
    Form("updates", "the number of updates done"),
    Form("accuracy", "test_accuracy, of the classes judged on test data"),
    Form("test_loss  test_one_step_mse", "figures on test data, as rnn-tui train --json has them"),
    Form("test", "the newest loss measured on test data, which breakpoints compare"),
    Form("baseline", "the lowest loss that is reached without a network, or without memory"),
    Form("lr  clip  steps  batch  seed", "every setting that is a number; its name with _ for -"),
    Form("T  B  H  D  O  P", "timesteps, samples, units, inputs, outputs, parameters"),
    Form("pi  e", "π and e"),
    Form("versus.loss  versus.dh_7", "of the second network"),
)


def gradient(state: RunState) -> Values:
    """Return the gradient [P] before clipping."""
    state.require_gradient("the gradient")
    return np.array(state.trainer.network.gradient, np.float64)


def clipped(state: RunState) -> Values:
    """Return the gradient [P] after clipping."""
    trainer = state.trainer
    if trainer.position < trainer.schedule.clip or trainer.divergence is not None:
        raise state.not_computed("the clipped gradient")
    return np.array(trainer.clipped, np.float64)


def update(state: RunState) -> Values:
    """Return Δ [P], the change of this update."""
    require_update(state, "the change of the parameters")
    return np.array(state.trainer.optimizer.delta, np.float64)


def require_update(state: RunState, name: str) -> None:
    """Check that the parameters have just been changed."""
    if state.trainer.cursor.stage is not Pass.UPDATE:
        raise state.not_computed(name)
    if not state.trainer.optimizer.updates_made:
        raise ClaimError(f"{name} is not known: another optimizer was chosen after this update")


def parameters(state: RunState) -> Values:
    """Return the parameters [P] as they are now."""
    return np.array(state.trainer.parameters, np.float64)


def _known(value: float, name: str, state: RunState) -> float:
    """Return a figure of the run, which is NaN where there is none yet."""
    if math.isnan(value):
        raise state.not_computed(name)
    return value


def _test(state: RunState) -> float:
    trainer = state.trainer
    return _known(trainer.history.tested.at(trainer.updates), "test", state)


def _baseline(state: RunState) -> float:
    found = state.trainer.task.baselines()
    if not found:
        raise ClaimError("there is no baseline for this task")
    return min(each.loss for each in found)


_SCALARS: Mapping[str, Callable[[RunState], float | Values]] = {
    "loss": lambda state: _known(state.trainer.loss, "loss", state),
    "smoothed": lambda state: _known(state.trainer.history.smoothed, "smoothed", state),
    "grad_norm": lambda state: _known(state.trainer.grad_norm, "grad_norm", state),
    "updates": lambda state: state.trainer.updates,
    "test": _test,
    "baseline": _baseline,
    "T": lambda state: state.steps,
    "B": lambda state: state.trainer.network.tape.batch,
    "H": lambda state: state.trainer.architecture.hidden,
    "D": lambda state: state.trainer.architecture.features,
    "O": lambda state: state.trainer.architecture.outputs,
    "P": lambda state: state.trainer.parameters.size,
    "pi": lambda state: math.pi,
    "e": lambda state: math.e,
    "gradient": gradient,
    "clipped": clipped,
    "update": update,
    "parameters": parameters,
}
_TEST_FIGURES = (
    "test_loss", "test_accuracy", "test_one_step_mse", "test_free_run_mse", "test_free_run_3_mse",
    "test_rmse", "test_mae", "skill", "perplexity",
)  # fmt: skip
_TIMED = re.compile(r"(?P<base>.+?)_(?:(?P<t>\d{1,9})|(?P<bound>t)|<t(?P<shift>[+-]1)>)")


class Found(NamedTuple):
    """The value of a name before anything is chosen of it.

    Attributes:
        values: float64.
        axes: what its axes are: "t", "sample", "entry"; "" for a number.
        kind: what an index counts, for messages.
    """

    values: Values
    axes: tuple[str, ...] = ()
    kind: str = "entries"


def look_up(state: RunState, name: str, t: int | None) -> Found:
    """Return what a name stands for.

    Args:
        state: the state of the run.
        name: as it was written, without brackets.
        t: the timestep that t stands for; None: for none.

    Raises:
        ClaimError: there is no such name, or no value yet.
    """
    if name == "t":
        return Found(np.array(float(_bound(name, t))))
    if name in _SCALARS:
        values = np.array(_SCALARS[name](state), np.float64)
        return Found(values, ("entry",) * values.ndim)
    if name == "accuracy" or name in _TEST_FIGURES:
        return Found(np.array(_test_figure(state, name)))
    if name in state.remembered:
        if name in state.places or name in state.reader.symbols or name in DECLARATIONS:
            raise ClaimError(f"{name} has a meaning already: what is remembered needs another name")
        values = np.array(state.remembered[name], np.float64)
        return Found(values, ("entry",) * values.ndim)
    found = _parameter(state, name) or _in_window(state, name, t) or _setting(state, name)
    if found is None:
        raise ClaimError(_unknown(state, name))
    return found


def _bound(name: str, t: int | None) -> int:
    """Return what t stands for."""
    if t is None:
        raise ClaimError(
            f"{quote(name)}: t is a timestep only after over t, where or for every t; "
            "another time is written h_7"
        )
    return t


def _test_figure(state: RunState, name: str) -> float:
    """Return a figure on test data."""
    name = "test_accuracy" if name == "accuracy" else name
    figures = state.test_figures
    if name not in figures:
        there = ", ".join(each for each in figures) or "none"
        raise ClaimError(f"there is no {name} for this task; on test data there are {there}")
    return figures[name]


def _parameter(state: RunState, name: str) -> Found | None:
    """Return a parameter, or the gradient of one."""
    places = state.places
    if name in places:
        return _entries(parameters(state)[places[name]])
    if name[:1] == "d" and name[1:] in places:
        state.require_gradient(name)
        return _entries(gradient(state)[places[name[1:]]])
    return None


def _entries(values: Values) -> Found:
    return Found(values, ("entry",) * values.ndim, "rows and columns")


def _in_window(state: RunState, name: str, t: int | None) -> Found | None:
    """Return a value of the window, at one timestep or at all."""
    symbols = state.reader.symbols
    if name in symbols:
        return _at_all(state, name, symbols[name])
    match = _TIMED.fullmatch(name)
    if match is None or (match["base"] not in symbols and match["base"] != "loss"):
        return None
    typed = match["t"]
    time = int(typed) if typed else _bound(name, t) + int(match["shift"] or 0)
    return _at(state, match["base"], time)


def _at(state: RunState, base: str, t: int) -> Found:
    """Return a value at one timestep."""
    steps, symbols = state.steps, state.reader.symbols
    if t == 0 and f"{base}_prev" in symbols:  # what is before the window
        symbol, row = symbols[f"{base}_prev"], 1
    elif 1 <= t <= steps and base == "loss":
        return Found(_losses(state, t)[t - 1], ("sample",))
    elif 1 <= t <= steps:
        symbol, row = symbols[base], t
    else:
        raise ClaimError(f"there is no {base}_{t}: timesteps go from 1 to {steps}")
    state.require_known(symbol, row)
    return Found(state.over_time(symbol)[row - 1], ("sample", "unit"), f"units of {base}")


def _at_all(state: RunState, name: str, symbol: str) -> Found:
    """Return a value at all timesteps."""
    backward = symbol.startswith("d")
    steps = range(1, state.steps + 1)
    for t in reversed(steps) if backward else steps:
        state.require_known(symbol, t)
    return Found(state.over_time(symbol), ("t", "sample", "unit"), f"units of {name}")


def _losses(state: RunState, t: int) -> Values:
    """Return what each timestep of each sample adds to the loss, [T, B]."""
    from rnn_tui.engine.analysis.loss_per_timestep import loss_per_timestep

    state.require_known(state.reader.symbols["y"], t)
    state.over_time(state.reader.symbols["y"])  # makes the outputs
    network = state.trainer.network
    return loss_per_timestep(network.declaration, network.tape)


def _setting(state: RunState, name: str) -> Found | None:
    """Return a setting that is a number."""
    if name not in DECLARATIONS:
        return None
    value = getattr(state.trainer.settings, name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ClaimError(f"the setting {name} is no number: it is {quote(str(value))}")
    return Found(np.array(float(value)))


def names_of(state: RunState) -> tuple[str, ...]:
    """Return the names that there are, without times and entries."""
    symbols = tuple(state.reader.symbols)
    weights = tuple(state.places)
    return (*symbols, *weights, *(f"d{each}" for each in weights), *_SCALARS, *_TEST_FIGURES)


def _unknown(state: RunState, name: str) -> str:
    """Return that there is no such name, and what is meant perhaps."""
    match = _TIMED.fullmatch(name)
    base = match["base"] if match else name
    symbols = state.reader.symbols
    parameter = base if base in state.places else base[1:] if base[1:] in state.places else ""
    if match and parameter:
        return f"there is no {name}: {base} is the same at every timestep"
    near = difflib.get_close_matches(base, names_of(state), 3, 0.6)
    if near:
        return f"there is no {name} here; near it are {', '.join(near)}"
    return f"there is no {name} here; of the window there are {', '.join(symbols)}"

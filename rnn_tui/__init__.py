"""A terminal step debugger for training recurrent networks.

    import rnn_tui as rt
    t = rt.Trainer.from_arrays(x, y, cell="lstm", hidden=16, loss="mse", seed=0)
    t.run(500)                      # 500 updates; step() and back() go through one
    t.values["f"]                   # the forget gate at every timestep, [T, B, H]
    t.gradients()["rnn.weight_hh_l0"]
    rt.verify(t)                    # the gradient beside the complex step
    rt.open(t)                      # the debugger on it
    rt.save(t, "run.safetensors")   # and rt.load
    rt.dump("case.safetensors", lstm, linear, x, y)    # a model of PyTorch's as a case file
    rt.check("case.safetensors")    # somebody's numbers beside ours

docs/python.md explains it. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnn_tui.api.checking import CheckedCase, check
    from rnn_tui.api.dump import dump
    from rnn_tui.api.files import load, save
    from rnn_tui.api.screen import open as open
    from rnn_tui.api.trainer import Trainer, TrainerCursor
    from rnn_tui.api.values import WindowValues
    from rnn_tui.api.verification import Verification, WorstEntry, verify

__version__ = "0.1.0"
PROGRAM = "rnn-tui"
THEME = "dark"  # the default of --theme

__all__ = [
    "CheckedCase",
    "Trainer",
    "TrainerCursor",
    "Verification",
    "WindowValues",
    "WorstEntry",
    "__version__",
    "check",
    "dump",
    "load",
    "save",
    "verify",
]  # without `open`: a star import is not to hide Python's own

_PLACES = {
    "CheckedCase": "checking",
    "Trainer": "trainer",
    "TrainerCursor": "trainer",
    "Verification": "verification",
    "WindowValues": "values",
    "WorstEntry": "verification",
    "check": "checking",
    "dump": "dump",
    "load": "files",
    "open": "screen",
    "save": "files",
    "verify": "verification",
}
"""The module of `rnn_tui.api` that each name comes from."""


def __getattr__(name: str) -> object:
    """Import what is asked for: `import rnn_tui` alone costs nothing."""
    if name not in _PLACES:
        raise AttributeError(f"module 'rnn_tui' has no attribute {name!r}")
    from importlib import import_module

    found: object = getattr(import_module(f"rnn_tui.api.{_PLACES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the names that there are, those that are not imported yet too."""
    return sorted({*globals(), *_PLACES})

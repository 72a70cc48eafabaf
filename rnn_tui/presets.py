"""Presets: named sets of settings to begin with, as ``--preset`` takes them.

To add a preset, add it to `PRESETS`. This module imports the standard library only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Preset:
    """A named set of settings.

    Attributes:
        summary: the values in words, for the help.
        updates: how many updates ``rnn-tui train`` runs.
        values: value by setting; what is not in it keeps the default of the preset's task.
    """

    summary: str
    updates: int
    values: Mapping[str, bool | int | float | str]


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "tutorial": Preset(
            "cos, rnn, hidden 100, Adagrad, lr 0.001, random windows",
            updates=100_000,
            values={
                "task": "cos",
                "noise": 0.05,
                "steps": 20,
                "batch": 1,
                "windows": "random",
                "carry": True,
                "cell": "rnn",
                "hidden": 100,
                "layers": 1,
                "optimizer": "adagrad",
                "lr": 0.001,
            },
        ),
        "min-char-rnn": Preset(
            "text, rnn, hidden 100, steps 25, Adagrad, lr 0.1",
            updates=100_000,
            values={
                "task": "text",
                "tokens": "chars",
                "vocabulary": 0,
                "line_ends": "keep",  # min-char-rnn reads its file as it is
                "steps": 25,
                "batch": 1,
                "windows": "sweep",
                "carry": True,
                "cell": "rnn",
                "activation": "tanh",
                "hidden": 100,
                "layers": 1,
                "init": "small",
                "optimizer": "adagrad",
                "lr": 0.1,
                # min-char-rnn sums the loss over its 25 timesteps, while this program takes the
                # mean. So its gradients are 25 times ours, and its clipping at 5 and its eps of
                # 1e-8 have to be scaled.
                "eps": 1e-8 / 25**2,
                "eps_place": "inside",
                "clip_by": "value",
                "clip": 5.0 / 25,
            },
        ),
    }
)
"""Every preset by name."""

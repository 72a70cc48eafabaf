"""The cells as a student would write them: one line of NumPy after another, forward and backward.

These pages of lines are what a guess runs, see `rnn_tui.checks.reference`: written apart from the
engine, so that the two cannot share a fault, and as text, so that a mistake is another line in the
place of one of these and can be shown. Arrays are [B, n]; weights are [n, H], one block a gate:
W_x· and b_x· are rows of the file's weight_ih and bias_ih, W_h· and b_h· of weight_hh and bias_hh.
In the lines of gradients, arrays are of all timesteps, [T·B, n].
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Lines = Mapping[str, str]
"""Right sides of assignments, by what is assigned, in the order of the program."""


@dataclass(frozen=True, slots=True)
class CellProgram:
    """A cell's lines.

    Attributes:
        gates: the blocks of its weights, in the order of PyTorch's file; "" where there is one.
        states: what a timestep hands to the next.
        forward: of a timestep, from x, h_prev and c_prev.
        backward: of a timestep, from dh_y (of the output and of the layer above), dh_next and
            dc_next.
        gradients: of the weights, by the weight.
        families: lines that say the same of several gates, by a name for all of them.
        slopes: of a line of the backward pass, the derivative in it, as people write it.
    """

    gates: tuple[str, ...]
    states: tuple[str, ...]
    forward: Lines
    backward: Lines
    gradients: Lines
    families: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    slopes: Mapping[str, str] = field(default_factory=dict)


READOUT_FORWARD = {"y": "h @ W_y + b_y"}
READOUT_BACKWARD = {"dh_y": "dy @ W_y.T"}
READOUT_GRADIENTS = {"W_y": "h.T @ dy", "b_y": "dy.sum(0)"}


def simple(activation: str) -> CellProgram:
    """Return the simple cell with `activation` "tanh" or "relu"."""
    slope = "1 - h**2" if activation == "tanh" else "h > 0"
    return CellProgram(
        gates=("",),
        states=("h",),
        forward={"a": "x @ W_x + b_x + h_prev @ W_h + b_h", "h": f"{activation}(a)"},
        backward={
            "dh": "dh_y + dh_next",
            "da": f"dh * ({slope})",
            "dh_prev": "da @ W_h.T",
            "dx": "da @ W_x.T",
        },
        gradients={
            "W_x": "x.T @ da",
            "W_h": "h_prev.T @ da",
            "b_x": "da.sum(0)",
            "b_h": "da.sum(0)",
        },
        families={"biases": ("b_x", "b_h")},
        slopes={"da": "(1 − h²)" if activation == "tanh" else "relu′"},
    )


def _for_gates(gates: str, name: str, text: str) -> dict[str, str]:
    """Return a line for each gate k, ``{k}`` in it replaced."""
    return {name.format(k=k): text.format(k=k) for k in gates}


def _sum_over(gates: str, text: str) -> str:
    return " + ".join(text.format(k=k) for k in gates)


def _families(gates: str, *names: str) -> dict[str, tuple[str, ...]]:
    return {name.format(k="·"): tuple(name.format(k=k) for k in gates) for name in names}


LSTM = CellProgram(
    gates=("i", "f", "g", "o"),
    states=("h", "c"),
    forward=_for_gates("ifgo", "a_{k}", "x @ W_x{k} + b_x{k} + h_prev @ W_h{k} + b_h{k}")
    | {"i": "sigmoid(a_i)", "f": "sigmoid(a_f)", "g": "tanh(a_g)", "o": "sigmoid(a_o)"}
    | {"c": "f * c_prev + i * g", "tanh_c": "tanh(c)", "h": "o * tanh_c"},
    backward={
        "dh": "dh_y + dh_next",
        "dc": "dc_next + dh * o * (1 - tanh_c**2)",
        "do": "dh * tanh_c",
        "df": "dc * c_prev",
        "di": "dc * g",
        "dg": "dc * i",
    }
    | _for_gates("ifo", "da_{k}", "d{k} * ({k} * (1 - {k}))")
    | {
        "da_g": "dg * (1 - g**2)",
        "dc_prev": "dc * f",
        "dh_prev": _sum_over("ifgo", "da_{k} @ W_h{k}.T"),
        "dx": _sum_over("ifgo", "da_{k} @ W_x{k}.T"),
    },
    gradients=_for_gates("ifgo", "W_x{k}", "x.T @ da_{k}")
    | _for_gates("ifgo", "W_h{k}", "h_prev.T @ da_{k}")
    | _for_gates("ifgo", "b_x{k}", "da_{k}.sum(0)")
    | _for_gates("ifgo", "b_h{k}", "da_{k}.sum(0)"),
    families=_families("ifo", "{k}", "da_{k}")
    | _families("ifgo", "a_{k}", "W_x{k}", "W_h{k}", "b_x{k}", "b_h{k}"),
    slopes={
        "dc": "(1 − tanh²(c))",
        "da_i": "i(1 − i)",
        "da_f": "f(1 − f)",
        "da_g": "(1 − g²)",
        "da_o": "o(1 − o)",
    },
)

GRU = CellProgram(
    gates=("r", "z", "n"),
    states=("h",),
    forward=_for_gates("rz", "a_{k}", "x @ W_x{k} + b_x{k} + h_prev @ W_h{k} + b_h{k}")
    | _for_gates("rz", "{k}", "sigmoid(a_{k})")
    | {
        "m": "h_prev @ W_hn + b_hn",
        "a_n": "x @ W_xn + b_xn + r * m",
        "n": "tanh(a_n)",
        "h": "(1 - z) * n + z * h_prev",
    },
    backward={
        "dh": "dh_y + dh_next",
        "dn": "dh * (1 - z)",
        "dz": "dh * (h_prev - n)",
        "da_n": "dn * (1 - n**2)",
        "dm": "da_n * r",
        "dr": "da_n * m",
        "da_r": "dr * (r * (1 - r))",
        "da_z": "dz * (z * (1 - z))",
        "dh_prev": "dh * z + da_r @ W_hr.T + da_z @ W_hz.T + dm @ W_hn.T",
        "dx": _sum_over("rzn", "da_{k} @ W_x{k}.T"),
    },
    gradients=_for_gates("rzn", "W_x{k}", "x.T @ da_{k}")
    | _for_gates("rz", "W_h{k}", "h_prev.T @ da_{k}")
    | {"W_hn": "h_prev.T @ dm"}
    | _for_gates("rzn", "b_x{k}", "da_{k}.sum(0)")
    | _for_gates("rz", "b_h{k}", "da_{k}.sum(0)")
    | {"b_hn": "dm.sum(0)"},
    families=_families("rz", "{k}", "a_{k}", "da_{k}")
    | _families("rzn", "W_x{k}", "W_h{k}", "b_x{k}", "b_h{k}"),
    slopes={"da_n": "(1 − n²)", "da_r": "r(1 − r)", "da_z": "z(1 − z)"},
)


GRU_RESET_BEFORE = CellProgram(
    gates=GRU.gates,
    states=GRU.states,
    forward={
        "a_r": GRU.forward["a_r"],
        "a_z": GRU.forward["a_z"],
        "r": "sigmoid(a_r)",
        "z": "sigmoid(a_z)",
        "rh": "r * h_prev",
        "a_n": "x @ W_xn + b_xn + rh @ W_hn + b_hn",
        "n": "tanh(a_n)",
        "h": GRU.forward["h"],
    },
    backward={
        "dh": "dh_y + dh_next",
        "dn": "dh * (1 - z)",
        "dz": "dh * (h_prev - n)",
        "da_n": "dn * (1 - n**2)",
        "drh": "da_n @ W_hn.T",
        "dr": "drh * h_prev",
        "da_r": GRU.backward["da_r"],
        "da_z": GRU.backward["da_z"],
        "dh_prev": "dh * z + drh * r + da_r @ W_hr.T + da_z @ W_hz.T",
        "dx": GRU.backward["dx"],
    },
    gradients=dict(GRU.gradients) | {"W_hn": "(r * h_prev).T @ da_n", "b_hn": "da_n.sum(0)"},
    families=GRU.families,
    slopes=GRU.slopes,
)


def program_of(cell: str, activation: str) -> CellProgram | None:
    """Return the lines of `cell`; None for a cell that has none here."""
    if cell == "rnn" and activation in ("tanh", "relu"):
        return simple(activation)
    return {"lstm": LSTM, "gru": GRU}.get(cell)

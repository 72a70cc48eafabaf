"""The forms of what-ifs, with examples that the network at hand understands."""

from __future__ import annotations

from dataclasses import dataclass

from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.edits import block_shapes
from rnn_tui.engine.network.interventions import pinnable
from rnn_tui.tui.column_names import NAME, short_names
from rnn_tui.tui.lines import ELLIPSIS, text_width

_COLUMN = 15  # cells of an example
_MEANING = 44  # cells of what it does


@dataclass(frozen=True, slots=True)
class WhatIfForm:
    """One form of a what-if.

    Attributes:
        example: what can be typed.
        meaning: what that does, and names that can be typed in its place.
    """

    example: str
    meaning: str

    @property
    def line(self) -> str:
        """The form in one line."""
        return f"{self.example:<{_COLUMN}} {self.meaning}"


def forms(
    declaration: NetworkDeclaration, inputs: tuple[str, ...] | None = None
) -> tuple[WhatIfForm, ...]:
    """Return the forms of what-ifs for a network whose inputs have these names."""
    steps, hidden = declaration.steps, declaration.architecture.hidden
    t, unit, last = min(7, steps), min(3, hidden), min(8, hidden)
    values = [name for name in pinnable(declaration) if name not in ("x", *declaration.states)]
    value = "f" if "f" in values else values[0]
    state = declaration.states[0]
    (weight, rows), square = _weight(declaration), _square(declaration)
    row = min(3, rows)
    units = f"; {value}[{unit}], {value}[1:{last}] these units" if hidden > 1 else ""
    everywhere = f"at every timestep{units}"
    if len(declaration.layers) > 1:
        everywhere = f"at every t; {value}2 in layer 2{units.removesuffix(' these units')}"
    return (
        WhatIfForm(f"{value} = 1", everywhere),
        WhatIfForm(
            f"{value}_{t}[{unit}] = 0.5",
            f"at timestep {t} only; also {state}_{t}[{unit}], {state}_{t}, x_{t}",
        ),
        *([_of_input(inputs)] if inputs is not None else []),
        WhatIfForm(
            f"{weight}[{row},1] = 0",
            f"an entry; {weight}[{row},:] a row, {weight}[:,1] a column",
        ),
        WhatIfForm(f"{weight} *= 2", f"also /=, += and -=; {weight}[{row},1] one entry"),
        *([WhatIfForm(f"{square} = 0.9·I", "0.9 times the identity; or 0.9*I")] if square else []),
        WhatIfForm(f"detach @{t}", f"no gradient from timestep {t} to {t - 1}"),
        WhatIfForm(f"release {value}", f"{value} is no longer held; release: nothing is"),
    )


def _of_input(names: tuple[str, ...]) -> WhatIfForm:
    """Return the form that holds one of several named numbers of the input."""
    k = min(2, len(names))
    shown = [f"{j} {name}" for j, name in enumerate(short_names(names, NAME), 1)]
    meaning = f"an input: {', '.join(shown)}"
    while text_width(meaning) > _MEANING and len(shown) > 1:
        shown.pop()
        meaning = f"an input: {', '.join(shown)} {ELLIPSIS} {len(names)}"
    return WhatIfForm(f"x[{k}] = 0", meaning)


def _weight(declaration: NetworkDeclaration) -> tuple[str, int]:
    """Return a weight, the recurrent one if there is one, and the number of its rows."""
    shapes = block_shapes(declaration)
    name = "W_h" if "W_h" in shapes else next(name for name in shapes if len(shapes[name]) == 2)
    return name, shapes[name][0]


def _square(declaration: NetworkDeclaration) -> str:
    """Return a square weight, a recurrent one if there is one; "" if there is none."""
    shapes = block_shapes(declaration).items()
    squares = [name for name, shape in shapes if len(shape) == 2 and len(set(shape)) == 1]
    recurrent = (name for name in squares if name.startswith("W_h"))
    return next(recurrent, squares[0] if squares else "")

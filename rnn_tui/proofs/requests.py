"""What the screen may ask to have proved; `prover` answers, and is imported once anything is."""

from __future__ import annotations

from dataclasses import dataclass

PANELS = frozenset({"ledger", "edge", "map"})  # what is computed when it is looked at


@dataclass(frozen=True, slots=True)
class Verify:
    """Check one entry of the gradient numerically, or all of the tensor it belongs to."""

    parameter: int  # index into the flat vector
    whole: bool = False

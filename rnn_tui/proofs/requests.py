"""What the screen may ask to have proved. What answers, `prover`, is imported once anything is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verify:
    """Check one entry of the gradient numerically, or all of the tensor it belongs to."""

    parameter: int  # index into the flat vector
    whole: bool = False


@dataclass(frozen=True, slots=True)
class LedgerOf:
    """One entry of the gradient as a sum over timesteps."""

    parameter: int


@dataclass(frozen=True, slots=True)
class MapOf:
    """Each timestep's loss on its way back through time."""


@dataclass(frozen=True, slots=True)
class GatesOf:
    """What the recurrent weights and the gates alone would let through."""

    sample: int


@dataclass(frozen=True, slots=True)
class JacobiansOf:
    """How much the state's way through time stretches a gradient at most."""

    sample: int


@dataclass(frozen=True, slots=True)
class EdgeOf:
    """What the window's edge cuts off."""


Request = Verify | LedgerOf | MapOf | GatesOf | JacobiansOf | EdgeOf

PANELS = frozenset({"ledger", "edge", "map"})  # what is computed when it is looked at


def requests(looked_at: frozenset[str], parameter: int, sample: int) -> tuple[Request, ...]:
    """What the panels `looked_at` need."""
    wanted: list[Request] = []
    if "ledger" in looked_at:
        wanted.append(LedgerOf(parameter))
    if "edge" in looked_at:
        wanted.append(EdgeOf())
    if "map" in looked_at:
        wanted += [MapOf(), GatesOf(sample), JacobiansOf(sample)]
    return tuple(wanted)

"""What the screen may ask of a session. What says it all by its name is a plain class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
from rnn_tui.predictions import TextRequest
from rnn_tui.proofs.requests import Verify
from rnn_tui.settings import Settings

if TYPE_CHECKING:
    from rnn_tui.second_network import Versus


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """Go forward by `count` strides."""

    stride: Stride
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Back:
    """Go back by `count` strides."""

    stride: Stride
    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class GoTo:
    """Go to where an update has just been made, by number; None: to the newest place."""

    update: int | None


class ClearGhosts:
    """Forget the curves of futures that were left."""


class Run:
    """Train until told to pause."""


@dataclass(frozen=True, slots=True, eq=False)
class RunTo:
    """Go forward to timestep `t` of this pass, or of the next one that reaches it."""

    t: int


class BackToStop:
    """Go back to the last place at which a breakpoint stops."""


@dataclass(frozen=True, slots=True, eq=False)
class AddBreakpoint:
    """Stop a run where this holds."""

    breakpoint: Breakpoint


@dataclass(frozen=True, slots=True, eq=False)
class RemoveBreakpoint:
    """Take the breakpoint at this line out of the list."""

    line: int


@dataclass(frozen=True, slots=True, eq=False)
class ToggleBreakpoint:
    """Switch the breakpoint at this line off or on."""

    line: int


@dataclass(frozen=True, slots=True, eq=False)
class Intervene:
    """What if: hold a value, cut a path or set parameters, from the start of this window on."""

    intervention: Intervention


class Discard:
    """Be where the newest what-if was made, as if it had never been."""


class Keep:
    """The newest what-if stays."""


class Toggle:
    """Pause if something is under way, else run."""


class Pause:
    """Stop where we are: at the end of an update, or of a stride."""


@dataclass(frozen=True, slots=True, eq=False)
class Restart:
    """Begin again from the seed, with other settings if given."""

    settings: Settings | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Configure:
    """Take live changes of the settings."""

    settings: Settings


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """What the screen looks at: which sample, which timestep (None: the cursor's), predictions,
    which proofs (`PANELS` of rnn_tui.proofs.requests), whose ledger, which layer, from 1 (None:
    that of the newest operation), and what is to be written."""

    sample: int = 0
    t: int | None = None
    predictions: bool = True
    proofs: frozenset[str] = frozenset()
    parameter: int = 0
    layer: int | None = None
    text: TextRequest = field(default_factory=TextRequest)


@dataclass(frozen=True, slots=True, eq=False)
class SetSecondNetwork:
    """Train a second network in lock step with this one; None: no longer."""

    versus: Versus | None


class Swap:
    """Look at the other network, and move it: the two change places."""


class StopProof:
    """Give up the numeric check under way."""


@dataclass(frozen=True, slots=True, eq=False)
class Save:
    """Write a checkpoint."""

    path: str


Command = (
    Step
    | Back
    | GoTo
    | RunTo
    | BackToStop
    | AddBreakpoint
    | RemoveBreakpoint
    | ToggleBreakpoint
    | ClearGhosts
    | Run
    | Toggle
    | Pause
    | Restart
    | Configure
    | ViewRequest
    | Save
    | Verify
    | StopProof
    | Intervene
    | Discard
    | Keep
    | SetSecondNetwork
    | Swap
)


WALKS = (Step, Back, GoTo, RunTo, BackToStop)  # with an end of their own
INTERRUPTS = (Pause, Toggle, Restart)
MOVES = (*WALKS, Run, Toggle, Restart, Intervene, Discard)

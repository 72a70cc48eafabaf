"""Commands that the screen sends to a session; `command_handler` carries them out.

Commands without arguments are plain classes: their name says it all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.declaration import NetworkDeclaration
from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.places.bookmark import Bookmark
from rnn_tui.places.place_line import PlaceLine
from rnn_tui.predictions.results import TextRequest
from rnn_tui.settings import Settings

if TYPE_CHECKING:
    from rnn_tui.second_network import Versus
    from rnn_tui.session.run_records import SaveQuestion

# Moving


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
    """Go to the end of the update with this number; None: to the newest place reached."""

    update: int | None


@dataclass(frozen=True, slots=True, eq=False)
class RunTo:
    """Go forward to timestep `t` of this pass, or of the next one that reaches it."""

    t: int


@dataclass(frozen=True, slots=True, eq=False)
class GoToOperation:
    """Go to an operation of an update, wherever the run is.

    Attributes:
        update: the number of updates before it.
        stage: the pass.
        t: the timestep, from 1; 0 outside the two passes over time.
        symbol: what the operation computes; "" for all of the timestep.
    """

    update: int
    stage: Pass
    t: int
    symbol: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class GoToPlace:
    """Go to a place that was named, wherever the run is; what it says of looking is left out.

    Attributes:
        place: the place.
        noted: the key under which the moment before is noted; "" for none.
        reached: a place further on to go to first, which the run is to have reached; None for none.
        tested: the updates on the way after which the loss on test data is measured, in order; None
            for as there is time.
        looked: the updates on the way after which predictions are looked at, in order.
    """

    place: PlaceLine
    noted: str = ""
    reached: PlaceLine | None = None
    tested: tuple[int, ...] | None = None
    looked: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class NoteMoment:
    """Note the whole moment: the run, its branch, place, settings and what-ifs, and the second one.

    Attributes:
        key: what `ReturnToMoment` calls it; a moment that was called so before is forgotten.
    """

    key: str


@dataclass(frozen=True, slots=True, eq=False)
class ReturnToMoment:
    """Return to a moment exactly, also after forks and restarts; `UndoStep` comes back from there.

    Attributes:
        key: what it was called.
        exchanged: whether the moment at hand is called so from now on.
    """

    key: str
    exchanged: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ChangeBookmark:
    """Add a bookmark, take one out, or let another one take its place.

    Attributes:
        old: the one that is meant; None to add one at the end.
        new: the one instead; None to take it out.
    """

    old: Bookmark | None
    new: Bookmark | None


class BackToStop:
    """Go back to the last place at which a breakpoint stops."""


class Continue:
    """Train until a breakpoint, a pause or divergence; `RunOrPause` does so while paused."""


class Pause:
    """Stop at the end of the update or stride under way."""


@dataclass(frozen=True, slots=True, eq=False)
class RunOrPause:
    """Pause if something is under way, else train on as `Continue` does.

    Attributes:
        pausing: the number of the newest snapshot that was seen if that showed work under way. If
            the work has ended by itself since then, this was to pause it, and does not train on.
    """

    pausing: int | None = None


# Changing the run


@dataclass(frozen=True, slots=True, eq=False)
class Restart:
    """Begin again from the seed; with these settings, or those of the run if None.

    Attributes:
        settings: all settings.
        base: the settings that were changed to these; see `Configure`.
    """

    settings: Settings | None = None
    base: Settings | None = None


@dataclass(frozen=True, slots=True, eq=False)
class UndoStep:
    """Take back the newest destructive step: a restart, a fork, what was removed.

    Taken back already, it is made again.

    Attributes:
        count: how many of the newest steps are taken back, where that is more than one.
    """

    count: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Configure:
    """Change settings that need no restart: learning rate, clipping, optimizer and so on.

    Attributes:
        settings: all settings.
        base: the settings that were changed to these. Only what differs is changed, whatever else
            the run's settings have become since `base` was seen; None for the run's settings.
    """

    settings: Settings
    base: Settings | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Save:
    """Write a checkpoint, if that replaces no file but the run's own; else there is a question.

    Attributes:
        path: the file; None: that of the last save or load, or a free name made of the settings.
        answer: the question whose file the user agreed to replace, or to which `path` is another
            name; None if there was none.
    """

    path: str | None = None
    answer: SaveQuestion | None = None


# What-ifs


@dataclass(frozen=True, slots=True, eq=False)
class Intervene:
    """Try an intervention from this window's start on: a pin, a cut or an edit.

    Attributes:
        intervention: the what-if.
        declaration: the network that it was typed for; None for the run's, whatever that is.
    """

    intervention: Intervention
    declaration: NetworkDeclaration | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Discard:
    """Return to where the newest what-if was made, as if it had never been made.

    Attributes:
        intervention: the what-if that is meant; None for the newest, whatever that is.
    """

    intervention: Intervention | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReleaseWhatIf:
    """Go to the same place without one of the what-ifs; the others stay.

    Attributes:
        intervention: the what-if that is meant.
    """

    intervention: Intervention


@dataclass(frozen=True, slots=True, eq=False)
class Keep:
    """Make all what-ifs a part of the run: they can no longer be discarded.

    Attributes:
        intervention: the newest of those that are meant; None for all, whatever they are.
    """

    intervention: Intervention | None = None


class ClearGhosts:
    """Remove the curves of futures that were left."""


# Breakpoints


@dataclass(frozen=True, slots=True, eq=False)
class AddBreakpoint:
    """Add a breakpoint to the end of the list."""

    breakpoint: Breakpoint


@dataclass(frozen=True, slots=True, eq=False)
class RemoveBreakpoint:
    """Remove a breakpoint; its text says which one is meant."""

    breakpoint: Breakpoint


@dataclass(frozen=True, slots=True, eq=False)
class SwitchBreakpoint:
    """Switch a breakpoint on or off; its text says which one is meant."""

    breakpoint: Breakpoint
    on: bool


# Looking


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """Say what the snapshots from now on are to show.

    Attributes:
        sample: the sample of the batch, from 0.
        t: the timestep, from 1; None: the cursor's.
        predictions: whether predictions on test data are requested.
        proofs: the names of the requested proofs (`PROOFS` of rnn_tui.registry).
        parameter: the entry that proofs are about, as an index into the flat vector.
        layer: the layer, from 1; None: that of the newest operation.
        text: the text that a network of task text is to write.
        variants: panels and which of the things was chosen that they can show.
    """

    sample: int = 0
    t: int | None = None
    predictions: bool = True
    proofs: frozenset[str] = frozenset()
    parameter: int = 0
    layer: int | None = None
    text: TextRequest = field(default_factory=TextRequest)
    variants: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ShowFollowers:
    """Say what snapshots from now on are to show besides, for those who follow the presenter.

    Attributes:
        proofs: the names of proofs; they are worked on after those that were requested.
        predictions: whether predictions on test data are wanted.
        characters: how many characters of the network's own text.
    """

    proofs: frozenset[str] = frozenset()
    predictions: bool = False
    characters: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class CheckGradient:
    """Check one entry of the gradient numerically, or all entries of its tensor.

    Attributes:
        parameter: the entry, as an index into the flat vector.
        whole: whether the whole tensor is checked.
        declaration: the network that the entry belongs to; None for the run's, whatever that is.
    """

    parameter: int
    whole: bool = False
    declaration: NetworkDeclaration | None = None


class StopGradientCheck:
    """Cancel the gradient check under way, or forget its result."""


@dataclass(frozen=True, slots=True, eq=False)
class EvaluateTexts:
    """Evaluate expressions, claims and texts, see `rnn_tui.claims`, where the run then stands.

    That is once all moves before have ended. The answer is `Snapshot.evaluated`; during continuous
    training it says that the network is training.

    Attributes:
        number: tells the answer from others.
        expressions: of numbers and arrays.
        claims: that hold or do not.
        texts: with numbers to be filled in.
        remembered: values that expressions may name, by name.
    """

    number: int
    expressions: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    remembered: Mapping[str, float | Array] = field(default_factory=dict)


# The second network


@dataclass(frozen=True, slots=True, eq=False)
class SetSecondNetwork:
    """Train a second network in lock step with this one; None: no longer."""

    versus: Versus | None


class Swap:
    """Let the two networks change places: commands move the other one from now on."""


# Messages


@dataclass(frozen=True, slots=True)
class Say:
    """Show the user one line; sent by what works beside the session, such as the autosave."""

    text: str
    error: bool = False


Command = (
    Step
    | Back
    | GoTo
    | RunTo
    | GoToOperation
    | GoToPlace
    | NoteMoment
    | ReturnToMoment
    | ChangeBookmark
    | BackToStop
    | Continue
    | Pause
    | RunOrPause
    | Restart
    | UndoStep
    | Configure
    | Save
    | Intervene
    | Discard
    | ReleaseWhatIf
    | Keep
    | ClearGhosts
    | AddBreakpoint
    | RemoveBreakpoint
    | SwitchBreakpoint
    | ViewRequest
    | ShowFollowers
    | CheckGradient
    | StopGradientCheck
    | EvaluateTexts
    | SetSecondNetwork
    | Swap
    | Say
)

FINITE_MOVES = (Step, Back, GoTo, RunTo, GoToOperation, GoToPlace, ReturnToMoment, BackToStop)
"""Moves that end by themselves; the next one waits for that."""
WAIT_FOR_ROUTES = (
    Continue,
    Configure,
    Intervene,
    ReleaseWhatIf,
    Save,
    Swap,
    SetSecondNetwork,
    NoteMoment,
)
"""Commands about a place: they wait while the run is on its way to another one, and for the moves
that they were sent in one breath with."""
OVERTAKE = (ViewRequest, ShowFollowers, StopGradientCheck)
"""Commands that only change what is shown: they are carried out while others wait."""
RESTARTS = (Restart, UndoStep)
"""Commands that put another run in the place of the present one."""
INTERRUPTS = (Pause, RunOrPause, *RESTARTS)
"""Commands that cancel the moves still waiting, and let all other commands begin."""
LARGEST_COUNT = 999_999_999
"""The most strides that one command goes; a larger count stands for this one."""
CLEARS_STOP = (
    *FINITE_MOVES,
    Continue,
    RunOrPause,
    Restart,
    Intervene,
    Discard,
    ReleaseWhatIf,
)
"""Commands that leave the present place: its breakpoint hit and gradient check are forgotten."""
CHANGES_RUN = (
    ChangeBookmark,
    UndoStep,
    ReturnToMoment,
    Configure,
    Intervene,
    Discard,
    ReleaseWhatIf,
    Keep,
    AddBreakpoint,
    RemoveBreakpoint,
    SwitchBreakpoint,
    SetSecondNetwork,
    Swap,
)
"""Commands that change at once what an autosave keeps; others set a goal, or change nothing."""

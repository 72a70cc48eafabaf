"""Proofs on the spot: what the screen may ask of the window at hand, worked out in slices.

Everything is computed aside, on a copy of the parameters and the window that is carried through
both passes by the same code, so it does not matter how far the trainer has come with it and nothing
of the trainer is touched. Nothing is computed that nobody looks at, and nothing while training
runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

import numpy as np

from rnn_tui.engine.analysis.bad_value_origin import BadValueOrigin, find_operation, inputs_of
from rnn_tui.engine.analysis.contributions import Ledger, ledger, locate
from rnn_tui.engine.analysis.gradient_map import GradientMap, gradient_map_work
from rnn_tui.engine.analysis.jacobians import (
    DirectPath,
    JacobianNorms,
    direct_path,
    jacobian_norms_work,
    spectral_radius,
)
from rnn_tui.engine.analysis.truncation import Truncation, WindowEdge, edge, truncation
from rnn_tui.engine.analysis.verification import Verification, tensor_indices, verify
from rnn_tui.engine.core.background_work import Progress, Work
from rnn_tui.engine.core.expressions import Array
from rnn_tui.engine.network.architecture import Architecture
from rnn_tui.engine.network.network import Network
from rnn_tui.engine.network.pins import Pins
from rnn_tui.engine.network.scratch import GradientRecord as Copy
from rnn_tui.engine.network.scratch import WindowData, copy_window, scratch_network
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.requests import Verify
from rnn_tui.settings import Settings

TELL_EVERY = 0.25  # seconds between two reports of how far a proof is
MOST_STEPS = 400  # timesteps up to which the gradient is followed item by item: T² numbers
MOST_STATES = 512  # entries of the state up to which its Jacobians are measured


# Requests, beside `Verify`


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
    """How much the state's way through time ranges a gradient at most."""

    sample: int


@dataclass(frozen=True, slots=True)
class EdgeOf:
    """What the window's edge cuts off."""


Request = Verify | LedgerOf | MapOf | GatesOf | JacobiansOf | EdgeOf

_NAMES: Mapping[type, str] = {
    LedgerOf: "ledger",
    EdgeOf: "edge",
    MapOf: "map",
    GatesOf: "gates",
    Verify: "proof",
    JacobiansOf: "jacobians",
}
_ORDER = tuple(_NAMES)  # of working: what is soon done comes first


# Results, beside the engine's own


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no result, and this is why."""

    why: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of a numeric check; `aside`: the trainer itself had not finished this gradient."""

    request: Verify
    verification: Verification
    aside: bool


@dataclass(frozen=True, slots=True)
class GateReport:
    """max |λ| of each gate's block of W_h, by name; the direct path, of a cell that has one."""

    radii: Mapping[str, float]
    direct: DirectPath | None


@dataclass(frozen=True, slots=True)
class EdgeReport:
    """The window's edge, and what a window twice as long would add; if that is unknown, why."""

    edge: WindowEdge
    truncation: Truncation | None
    why: str = ""


Result = (
    Ledger
    | GradientMap
    | GateReport
    | JacobianNorms
    | EdgeReport
    | Verified
    | BadValueOrigin
    | Refused
)


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


def cause_of(trainer: Trainer) -> BadValueOrigin | None:
    """What went into the first number that was not finite; None where no operation made it."""
    bad = trainer.divergence
    if bad is None or not bad.t:
        return None
    backward = bad.stage is Pass.BACKWARD
    operation = find_operation(trainer.network, bad.tensor, bad.t, backward)
    return inputs_of(trainer.network, operation, bad.t) if operation is not None else None


@dataclass(frozen=True, slots=True)
class _WindowUnderTest:
    """The parameters and the window that everything is about; copies."""

    architecture: Architecture
    parameters: Array
    window: WindowData
    pins: Pins

    @classmethod
    def of(cls, trainer: Trainer) -> _WindowUnderTest:
        """Of the window under way; after the update with the parameters from before it."""
        done = trainer.position == trainer.schedule.end
        parameters = trainer.optimizer.parameters_before if done else trainer.parameters
        network = trainer.network
        return cls(trainer.architecture, parameters.copy(), copy_window(network), network.pins)

    def same_as(self, other: _WindowUnderTest | None) -> bool:
        """Whether all of it is the same, to the bit."""
        if other is None or (self.architecture, self.pins) != (other.architecture, other.pins):
            return False
        mine, theirs = self.arrays(), other.arrays()
        return all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))

    def arrays(self) -> tuple[Array, ...]:
        """All there is to compare."""
        given = self.window
        return (self.parameters, given.x, given.target, *given.states.values())


@dataclass(frozen=True, slots=True)
class _Previous:
    """A window that was done, and the states it ended with."""

    window: WindowData
    ends: Mapping[str, Array]

    def leads_to(self, network: Network) -> bool:
        """Whether the window of `network` began with those states, to the bit."""
        begins = network.state(0)
        if begins.keys() != self.ends.keys():
            return False
        return all(np.array_equal(begins[name], end) for name, end in self.ends.items())


@dataclass(frozen=True, slots=True)
class _ProofJob:
    """A request being worked on."""

    request: Request
    work: Work[Result]


class Prover:
    """Works on requests about the place a trainer stands at. Belongs to the trainer's thread."""

    def __init__(self) -> None:
        self._subject: _WindowUnderTest | None = None
        self._settings: Settings | None = None
        self._index = -1
        self._verify: Verify | None = None
        self._gradient: Array | None = None  # the trainer's own, where it is complete
        self._network: Network | None = None  # the subject, both passes done
        self._wanted: tuple[Request, ...] = ()
        self._results: dict[Request, Result] = {}
        self._task: _ProofJob | None = None
        self._share = 0.0
        self._told = 0.0
        self._previous: _Previous | None = None

    # What is wanted

    def verify(self, trainer: Trainer, request: Verify) -> None:
        """Have this checked where `trainer` stands; it begins with the next `attend`."""
        self._verify = None
        self.attend(trainer, self._wanted)
        self._task = None  # what is under way begins again afterwards
        self._verify, self._told = request, time.perf_counter()

    def stop(self) -> None:
        """Give up the check under way, or forget its result."""
        self._verify = None

    def pause(self) -> None:
        """Training goes on: nothing is wanted."""
        self._verify, self._wanted, self._task = None, (), None

    def look(self, trainer: Trainer, panels: frozenset[str], parameter: int, sample: int) -> None:
        """Attend to what these panels need."""
        self.attend(trainer, requests(panels, parameter, sample))

    def attend(self, trainer: Trainer, wanted: tuple[Request, ...]) -> None:
        """Look at where `trainer` stands; drop what was about another place."""
        if trainer.index != self._index:
            self._verify, self._index = None, trainer.index
        if trainer.position == 0:  # there is no window yet
            self._forget()
            self._wanted = self._in_order(wanted)
            self._results = dict.fromkeys(self._wanted, _NO_WINDOW)
            return
        self._take(trainer)
        self._wanted = self._in_order(wanted)
        kept = self._results
        self._results = {request: kept[request] for request in self._wanted if request in kept}
        if self._task is not None and self._task.request not in self._wanted:
            self._task = None

    def _take(self, trainer: Trainer) -> None:
        subject = _WindowUnderTest.of(trainer)
        complete = trainer.position >= trainer.schedule.clip - 1 and trainer.divergence is None
        self._gradient = trainer.network.gradient.copy() if complete else None
        self._settings = trainer.settings
        if not subject.same_as(self._subject):
            if self._subject is not None:  # changed under our hands
                self._verify = None
            self._forget()
            self._subject = subject

    def _forget(self) -> None:
        self._subject = self._network = self._task = None
        self._results = {}

    def _in_order(self, wanted: tuple[Request, ...]) -> tuple[Request, ...]:
        whole = (*wanted, self._verify) if self._verify is not None else wanted
        return tuple(sorted(whole, key=lambda request: _ORDER.index(type(request))))

    # The window before

    def remember(self, trainer: Trainer) -> None:
        """Keep the window just done, if the one after it will go on from there."""
        settings = trainer.settings
        if settings.carry and settings.windows == "sweep":
            network = trainer.network
            self._previous = _Previous(copy_window(network), network.state(network.tape.steps))

    # Work

    @property
    def busy(self) -> bool:
        """Whether there is anything left to do."""
        return any(request not in self._results for request in self._wanted)

    def work(self, seconds: float) -> bool:
        """Work for about so long; whether there is something to tell of."""
        start, news = time.perf_counter(), False
        with np.errstate(all="ignore"):
            while self.busy and time.perf_counter() - start < seconds:
                news |= self._step()
        overdue = self.busy and time.perf_counter() - self._told > TELL_EVERY
        if news or overdue:
            self._told = time.perf_counter()
        return news or overdue

    def _step(self) -> bool:
        """One part; whether a result came of it."""
        if self._task is None:
            request = next(r for r in self._wanted if r not in self._results)
            self._task, self._share = _ProofJob(request, self._begin(request)), 0.0
        request = self._task.request
        try:
            progress = next(self._task.work)
            self._share = progress.done / max(progress.of, 1)
            return False
        except StopIteration as end:
            self._results[request] = end.value
        except Exception as error:  # a proof that fails must not be begun again and again
            self._results[request] = Refused(f"not computed: {error}")
        self._task = None
        return True

    def _begin(self, request: Request) -> Work[Result]:
        network = yield from self._finished()
        subject = self._subject
        assert subject is not None
        match request:
            case LedgerOf(parameter):
                return ledger(network, parameter)
            case EdgeOf():
                return self._lens(network)
            case MapOf():
                return (yield from _map(network))
            case GatesOf(sample):
                return (yield from _gates(network, sample))
            case JacobiansOf(sample):
                return (yield from _jacobians(network, sample))
            case Verify():
                return (yield from self._check(request, network, subject))

    def _finished(self) -> Work[Network]:
        """The subject with both passes done, a timestep at a time."""
        if self._network is not None:
            return self._network
        subject = self._subject
        assert subject is not None
        given, pins = subject.window, subject.pins
        network = scratch_network(subject.architecture, subject.parameters, given, pins=pins)
        steps = range(1, network.tape.steps + 1)
        for t in steps:
            network.forward(t, t)
            yield Progress(0, 1)
        network.loss()
        for t in reversed(steps):
            network.backward(t, t)
            yield Progress(0, 1)
        self._network = network
        return network

    def _check(self, request: Verify, network: Network, subject: _WindowUnderTest) -> Work[Result]:
        found = self._gradient
        gradient = network.gradient if found is None else found
        given, pins = subject.window, subject.pins
        copy = Copy(subject.architecture, subject.parameters, given, gradient, pins)
        indices: Array = np.array([request.parameter])
        if request.whole:
            indices = tensor_indices(copy, locate(network, request.parameter)[0])
        checked = yield from verify(copy, indices)
        return Verified(request, checked, aside=found is None)

    def _lens(self, network: Network) -> EdgeReport:
        why = self._why_no_previous(network)
        if why or self._previous is None:
            return EdgeReport(edge(network), None, why)
        found = truncation(network, self._previous.window)
        return EdgeReport(found.edge, found)

    def _why_no_previous(self, network: Network) -> str:
        """Why it is not known what a longer window would add; empty if it is."""
        settings = self._settings
        assert settings is not None
        if settings.windows != "sweep":
            return "The windows are drawn at random: none of them leads up to this one."
        if not settings.carry:
            return "Every window starts from zeros: nothing comes in across the edge."
        if not any(state.any() for state in network.state(0).values()):
            return "This window starts from zeros: nothing comes in across the edge."
        if self._previous is None or not self._previous.leads_to(network):
            return "The window before was not kept while running: u or n goes on and keeps it."
        return ""

    # What there is

    @property
    def results(self) -> Mapping[str, Result]:
        """By name of the proof, of those that are wanted and done."""
        return MappingProxyType(
            {_NAMES[type(request)]: result for request, result in self._results.items()}
        )

    @property
    def proving(self) -> tuple[str, float] | None:
        """What is being worked on, and the share of it that is done."""
        if not self.busy:
            return None
        if self._task is None:
            waiting = next(r for r in self._wanted if r not in self._results)
            return _NAMES[type(waiting)], 0.0
        return _NAMES[type(self._task.request)], self._share


_NO_WINDOW = Refused("There is no window yet: n draws one.")


def _map(network: Network) -> Work[Result]:
    if network.tape.steps > MOST_STEPS:
        return Refused(f"The map is made of windows of up to {MOST_STEPS} timesteps.")
    return (yield from gradient_map_work(network))


def _jacobians(network: Network, sample: int) -> Work[Result]:
    states = network.architecture.hidden * len(network.states)
    if states > MOST_STATES:
        return Refused(f"measured up to {MOST_STATES} state entries, these are {states}")
    return (yield from jacobian_norms_work(network, sample))


def _gates(network: Network, sample: int) -> Work[Result]:
    """A block of W_h at a time: eigenvalues take a while."""
    radii = {}
    found = (layer.recurrent(network.parameters).items() for layer in network.layers)
    blocks = tuple(chain.from_iterable(found))
    for done, (name, block) in enumerate(blocks, 1):
        radii[name] = spectral_radius(block)
        yield Progress(done, len(blocks))
    return GateReport(MappingProxyType(radii), direct_path(network, sample))

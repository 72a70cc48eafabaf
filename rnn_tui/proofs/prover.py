"""The prover computes the requested proofs of the present window, a slice of time at a time.

It computes on copies, so it does not matter how far the trainer has come with the window, and the
trainer is not changed. Only requested proofs are computed, and none while training runs.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from rnn_tui.engine.core.background_work import Work
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.proofs.base import PreviousWindow, Proof, Refusal, Selected, WindowUnderTest
from rnn_tui.registry import PROOFS

REPORT_EVERY = 0.25  # seconds between two reports of how far a proof is
GRADIENT_CHECK = "proof"  # its registered name; a command asks for it, not a visible panel
_NO_WINDOW = Refusal("There is no window yet: n draws one.")


@dataclass(slots=True)
class _Job:
    """The proof being computed.

    Attributes:
        name: its registered name.
        proof: the proof.
        work: the rest of the work.
        fraction: the fraction of the work that is done.
    """

    name: str
    proof: Proof
    work: Work[object]
    fraction: float = 0.0


class Prover:
    """Computes proofs of the window that a trainer is at. Only the session's thread may use it."""

    def __init__(self) -> None:
        self._window: WindowUnderTest | None = None
        self._index = -1  # the schedule step of the trainer at the last request
        self._check: Proof | None = None
        self._later: Collection[str] = ()  # names that are worked on last
        self._requested: Mapping[str, Proof] = {}  # by registered name, in the order of work
        self._results: dict[Proof, object] = {}
        self._job: _Job | None = None
        self._reported = 0.0  # `time.perf_counter`
        self._previous: PreviousWindow | None = None

    @property
    def previous(self) -> PreviousWindow | None:
        """The window before, where it was kept."""
        return self._previous

    # Requests

    def request(
        self,
        trainer: Trainer,
        names: Iterable[str],
        selected: Selected,
        later: Collection[str] = (),
    ) -> None:
        """Request these proofs of the window that `trainer` is at, and cancel all others.

        Args:
            trainer: the trainer; it is only read.
            names: registered names of proofs.
            selected: what they are about besides the window.
            later: those of the names that are worked on after all others.
        """
        self._later = later
        proofs = {name: PROOFS.load(name).at(selected).at_place(trainer) for name in names}
        self._sync_window(trainer, proofs)

    def request_check(self, trainer: Trainer, parameter: int, whole: bool = False) -> None:
        """Request a gradient check, from the next `request` until the trainer moves.

        Args:
            trainer: the trainer; it is only read.
            parameter: the entry to check, as an index into the flat vector.
            whole: whether to check all entries of its tensor.
        """
        self._check = None
        self._sync_window(trainer, self._requested)
        self._job = None  # the proof under way begins again after the check
        self._check = PROOFS.load(GRADIENT_CHECK)(parameter, whole)
        self._reported = time.perf_counter()

    def stop_check(self) -> None:
        """Cancel the check under way, or forget its result."""
        self._check = None

    def cancel_all(self) -> None:
        """Cancel all requests, as training goes on."""
        self._check, self._requested, self._job = None, {}, None

    def keep_window(self, trainer: Trainer) -> None:
        """Keep the window that is over now, if the next one goes on from its final states."""
        settings = trainer.settings
        if settings.carry and settings.windows == "sweep":
            self._previous = PreviousWindow.of(trainer.network)

    def _sync_window(self, trainer: Trainer, proofs: Mapping[str, Proof]) -> None:
        """Copy the trainer's window, set what is requested, drop what is about another window."""
        if trainer.index != self._index:
            self._check, self._index = None, trainer.index
        self._copy_window(trainer)
        self._requested = self._in_order(proofs)
        requested, known = self._requested.values(), self._results
        results = {proof: known[proof] for proof in requested if proof in known}
        self._results = {proof: each for proof, each in results.items() if each is not _NO_WINDOW}
        if trainer.position == 0:
            silent = (proof for proof in requested if proof.needs_window)
            self._results.update(dict.fromkeys(silent, _NO_WINDOW))
        if self._job is not None and self._job.proof not in requested:
            self._job = None

    def _copy_window(self, trainer: Trainer) -> None:
        """Copy the trainer's window unless it is the same one as before."""
        if self._window is not None and self._window.take_progress(trainer, self._previous):
            return
        if self._window is not None:  # parameters or data were changed at this place
            self._check = None
        self._window = WindowUnderTest(trainer, self._previous)
        kept = ((p, result) for p, result in self._results.items() if not p.of_window)
        self._results = dict(kept)
        if self._job is not None and self._job.proof.of_window:
            self._job = None

    def _in_order(self, proofs: Mapping[str, Proof]) -> Mapping[str, Proof]:
        """Return the proofs, with the check if there is one, in the order of their registration."""
        every = dict(proofs)
        if self._check is not None:
            every[GRADIENT_CHECK] = self._check
        names = sorted(PROOFS.names, key=lambda name: name in self._later)  # the order stays else
        return {name: every[name] for name in names if name in every}

    # Work

    @property
    def busy(self) -> bool:
        """True while a requested proof has no result."""
        return any(proof not in self._results for proof in self._requested.values())

    @property
    def busy_first(self) -> bool:
        """True while a proof has no result that is not among those to be worked on later."""
        names = (name for name, proof in self._requested.items() if proof not in self._results)
        return any(name not in self._later for name in names)

    def work(self, seconds: float) -> bool:
        """Compute for about `seconds`.

        Returns:
            True if there is a new result, or if it is time to report the progress.
        """
        start, completed = time.perf_counter(), False
        with np.errstate(all="ignore"):
            while self.busy and time.perf_counter() - start < seconds:
                completed |= self._work_a_little()
        overdue = self.busy and time.perf_counter() - self._reported > REPORT_EVERY
        if completed or overdue:
            self._reported = time.perf_counter()
        return completed or overdue

    def _work_a_little(self) -> bool:
        """Do one part of the work; return True if that gave a result."""
        job = self._job = self._job or self._next_job()
        try:
            progress = next(job.work)
            job.fraction = progress.done / max(progress.of, 1)
            return False
        except StopIteration as end:
            self._results[job.proof] = end.value
        except Exception as error:  # kept as a result, so it is not begun again
            self._results[job.proof] = _refusal(error, job.name)
        self._job = None
        return True

    def _next_job(self) -> _Job:
        assert self._window is not None
        name, proof = self._waiting()
        return _Job(name, proof, proof.work(self._window))

    def _waiting(self) -> tuple[str, Proof]:
        """Return the first proof without a result."""
        return next(each for each in self._requested.items() if each[1] not in self._results)

    # Results

    @property
    def results(self) -> Mapping[str, object]:
        """The results of the requested proofs that are done, by registered name."""
        done = (each for each in self._requested.items() if each[1] in self._results)
        return MappingProxyType({name: self._results[proof] for name, proof in done})

    @property
    def proving(self) -> tuple[str, float] | None:
        """The name of the proof being computed and the fraction that is done; None if none is."""
        if not self.busy:
            return None
        if self._job is None:
            return self._waiting()[0], 0.0
        return self._job.name, self._job.fraction


def _refusal(error: Exception, name: str) -> Refusal:
    """Log an unexpected error of a proof and return what is shown in place of its result."""
    from rnn_tui.files.error_log import details_in, log_error  # seldom needed

    why = "there is not enough memory" if isinstance(error, MemoryError) else "an unexpected error"
    return Refusal(f"not computed: {why}; {details_in(log_error(error, f'the proof {name}'))}")

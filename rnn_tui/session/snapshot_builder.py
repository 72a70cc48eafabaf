"""Building snapshots: everything the screen shows, copied out of the trainer at one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rnn_tui.engine.analysis.gradient_flow import gradient_norms, memory_gradient_norms
from rnn_tui.engine.core.norms import norm
from rnn_tui.engine.network.layers import layer_number
from rnn_tui.engine.training.schedule import Pass
from rnn_tui.layouts.new_trainer import begins_as_given
from rnn_tui.predictions.predictor import BUDGET, Predictor
from rnn_tui.session.named_places import line_of
from rnn_tui.session.pacing import SLICE
from rnn_tui.session.snapshot import (
    Gradient,
    Snapshot,
    TaskInfo,
    TestLossesView,
    TimelineView,
    WhatIf,
    shown_timestep,
)
from rnn_tui.session.state import SessionState

if TYPE_CHECKING:
    from rnn_tui.engine.analysis.contributions import Contributions
    from rnn_tui.second_network import SecondNetworkView
    from rnn_tui.session.their_values import TheirValues, TheirWindow

# Proofs that say nothing before there is a window: the prover is not imported for them alone.
_SILENT = frozenset({"magnitudes", "contributions"})
# Multiplications of a pass over the window from which on a snapshot of a paused run waits for no
# results: the answer to a key comes first.
LARGE = 20_000_000
RECENT = 512  # updates that are shown one by one


class SnapshotBuilder:
    """Builds snapshots of a session's state."""

    def __init__(self, state: SessionState, count_to_old: Callable[[], int]) -> None:
        """Build snapshots of `state`; `count_to_old` is that of `DoneSteps`."""
        self._state, self._count_to_old = state, count_to_old
        self._newest_gradient: Gradient | None = None
        self._their_window: TheirWindow | None = None

    # After a divergence there is a lot to warn of, and stderr is the screen.
    @np.errstate(all="ignore")
    def build(self, waiting: bool = False) -> Snapshot:
        """Return a snapshot of the present state.

        Requested proofs and predictions are begun. The results of those that take long are in later
        snapshots, see `Snapshot.proving`.

        Args:
            waiting: whether commands wait that will move or change the run.
        """
        state, trainer = self._state, self._state.run.trainer
        state.snapshots += 1
        cursor = trainer.cursor
        if cursor.stage is Pass.FORWARD:  # later the outputs are there, made before the update
            trainer.network.readout()
        layer, goal, predictor = self._layer(), state.goal, self._predict()
        proofs = self._prove()
        predicting = state.shown.predictions
        snapshot = Snapshot(
            number=state.snapshots,
            settings=trainer.settings,
            task=TaskInfo.of(trainer.task, trainer.settings, given=begins_as_given(trainer)),
            cursor=cursor,
            running=goal is not None or waiting,
            training=goal is not None and goal.trains,
            divergence=trainer.divergence,
            loss=trainer.loss,
            smoothed=trainer.history.smoothed,
            grad_norm=trainer.grad_norm,
            speed=state.speed,
            window=trainer.copies.sample_window(trainer, state.request.sample),
            layer=layer,
            gradient_norms=gradient_norms(trainer.network, layer),
            memory_norms=memory_gradient_norms(trainer.network, layer),
            gradient=self._gradient(),
            optimizer=trainer.copies.optimizer(trainer),
            contributions=None,
            curve=trainer.history.curve(),
            recent=trainer.history.recent(RECENT),
            test_losses=self._test_losses(),
            predictions=predictor.predictions if predicting else None,
            text_sample=predictor.text_sample if predicting else None,
            answer=predictor.answer,
            vocabulary=predictor.vocabulary,
            baselines=trainer.task.baselines(),
            request=state.request,
            notice=state.notice,
            timeline=self._timeline_view(),
            what_if=self._what_if(),
            pins=tuple(map(str, trainer.network.pins)),
            breakpoints=state.breakpoints.statuses,
            bookmarks=state.bookmarks,
            stop=state.stop,
            seeking=goal.fraction if goal is not None and goal.route else None,
            unsaved=state.unsaved,
            trained=state.trained,
            at_risk=state.at_risk(),
            question=state.question,
            old_update=state.old.run.trainer.updates if state.old is not None else None,
            old_is_back_by=self._count_to_old(),
            proofs=proofs,
            proving=state.run.prover.proving if state.run.prover is not None else None,
            second_network=self._second_network(layer),
            theirs=self._theirs(),
            evaluated=state.evaluated,
        )
        if cursor.stage is Pass.BACKWARD and snapshot.t >= cursor.t:
            return replace(snapshot, contributions=self._contributions(snapshot))
        return snapshot

    def under_way(self, latest: Snapshot) -> Snapshot:
        """Return the latest snapshot, now with a move under way.

        It takes no time: a snapshot of a large network that is on its way takes tens of
        milliseconds, and the screen is to say at once that something is done.
        """
        state, goal = self._state, self._state.goal
        state.snapshots += 1
        return replace(
            latest,
            number=state.snapshots,
            running=True,
            training=False,
            seeking=goal.fraction if goal is not None and goal.route else None,
            notice=state.notice,
        )

    # Parts of a snapshot

    def _layer(self) -> int:
        """Return the layer to show: the chosen one, else the newest operation's, else the top."""
        trainer, chosen = self._state.run.trainer, self._state.request.layer
        layers, cursor = trainer.settings.layers, trainer.cursor
        if chosen is not None:
            return min(chosen, layers)
        operations = trainer.operations
        if layers == 1 or not operations or not cursor.operation:
            return layers
        row = operations[cursor.operation - 1].row
        outputs = (output.symbol for output in trainer.network.declaration.loss_function.rows)
        return layers if row in outputs else layer_number(row)

    def _gradient(self) -> Gradient | None:
        """Return the gradient before and after clipping; None before CLIP and after divergence."""
        trainer = self._state.run.trainer
        if trainer.position < trainer.schedule.clip or trainer.divergence is not None:
            return None
        known, raw = self._newest_gradient, trainer.copies.gradient(trainer)
        if known is not None and known.raw is raw and known.clipping == trainer.clipping:
            return known
        whole = trainer.clipped is trainer.network.gradient
        clipped = raw if whole else trainer.clipped.copy()
        self._newest_gradient = Gradient(
            raw=raw,
            clipped=clipped,
            norm_before=trainer.grad_norm,
            norm_after=norm(clipped),
            changed=0 if whole else int(np.count_nonzero(raw != clipped)),
            clipping=trainer.clipping,
        )
        return self._newest_gradient

    def _test_losses(self) -> TestLossesView:
        run = self._state.run
        update, loss = run.trainer.history.tested.rows.T
        return TestLossesView(update, loss, run.predictor.coverage)

    def _contributions(self, snapshot: Snapshot) -> Contributions | None:
        """Return what the timestep shown adds to the gradients; None if that is not known yet."""
        from rnn_tui.engine.analysis import contributions  # not for the first screen

        network = self._state.run.trainer.network
        if not contributions.take_long(network):
            return contributions.timestep_contributions(network, snapshot.t)
        found = snapshot.proofs.get("contributions")
        return found if isinstance(found, contributions.Contributions) else None

    def _timeline_view(self) -> TimelineView:
        run = self._state.run
        timeline = run.timeline
        return TimelineView(
            first=timeline.first,
            newest=timeline.newest.index // run.trainer.schedule.end,
            in_past=timeline.in_past,
            used=timeline.keyframes.bytes,
            budget=timeline.budget,
            keyframes=len(timeline.keyframes),
            ghosts=timeline.ghosts,
            forks=timeline.forks,
            changes=timeline.changes_until_here,
            reached=line_of(run.trainer, timeline.newest) if timeline.in_past else None,
        )

    def _theirs(self) -> TheirValues | None:
        """Return what the file of a case says of this window; nothing while it trains on."""
        state, trainer = self._state, self._state.run.trainer
        if trainer.settings.task != "case" or (state.goal is not None and state.goal.trains):
            return None
        if self._their_window is None:
            from rnn_tui.session.their_values import TheirWindow  # for cases only

            self._their_window = TheirWindow()
        return self._their_window.values(trainer, state.request.sample)

    def _what_if(self) -> WhatIf | None:
        """Return the what-ifs and, while paused, the same place without them."""
        run = self._state.run
        interventions, since = run.timeline.what_ifs, run.timeline.what_ifs_since
        if not interventions:
            return None
        without, index = run.counterfactual, run.trainer.index
        if without is None or self._state.goal is not None:
            return WhatIf(interventions, since, back_to=run.timeline.back_to)
        run.compare(SLICE)
        before = without.at(index)
        if before is None:
            behind = without.behind(index)
            return WhatIf(interventions, since, behind=behind, back_to=run.timeline.back_to)
        window = before.network.sample_window(self._state.request.sample)
        norms = gradient_norms(before.network, self._layer())
        back_to = run.timeline.back_to
        return WhatIf(interventions, since, window, norms, before.loss, back_to=back_to)

    def _second_network(self, layer: int) -> SecondNetworkView | None:
        run = self._state.run
        if run.second_network is None:
            return None
        return run.second_network.view(run.trainer.index, layer)

    # Background work

    @property
    def large(self) -> bool:
        """Whether a pass over the window, and all that is computed of it, takes noticeably long."""
        network = self._state.run.trainer.network
        return network.tape.steps * network.tape.batch * network.flat.size > LARGE

    def _predict(self) -> Predictor:
        """Work on the requested predictions for about BUDGET seconds."""
        run, request = self._state.run, self._state.shown
        predictor = run.predictor
        if self._state.goal is not None and self._state.goal.quiet:
            return predictor
        paused = self._state.goal is None
        request_results = predictor.request if paused else predictor.request_while_running
        request_results(run.trainer, request.predictions, request.text, request.sample)
        predictor.measure_test_loss(run.trainer, running=not paused)
        if not (paused and self.large):
            predictor.work(BUDGET)
        return predictor

    def _prove(self) -> Mapping[str, object]:
        """Return the requested proofs that are complete, by name; none while running."""
        state, run = self._state, self._state.run
        if state.goal is not None:
            if run.prover is not None:
                run.prover.cancel_all()
            return {}
        request, later = state.shown, state.shown.proofs - state.request.proofs
        parameter = min(request.parameter, run.trainer.parameters.size - 1)
        wanted = request.proofs if run.trainer.position else request.proofs - _SILENT
        if run.prover is None and not wanted and state.check is None:
            return self._bad_value_origin()
        prover = run.make_prover()
        if state.check is not None:
            prover.request_check(run.trainer, state.check.parameter, state.check.whole)
            state.check = None
        from rnn_tui.proofs.base import Selected  # imported with the prover

        topology, steps = run.trainer.task.topology, run.trainer.settings.steps
        selected = Selected(
            parameter,
            request.sample,
            topology.loss_at(request.t),
            shown_timestep(request.t, run.trainer.cursor, steps, topology),
            self._layer(),
            request.variants,
        )
        prover.request(run.trainer, self._in_parts(request.proofs), selected, later)
        if prover.busy_first and not self.large:  # what is for followers alone delays no snapshot
            prover.work(SLICE)
        return {**prover.results, **self._bad_value_origin()}

    def _in_parts(self, proofs: frozenset[str]) -> frozenset[str]:
        """Return the requested proofs without the contributions, if a snapshot has them at once."""
        trainer = self._state.run.trainer
        if trainer.cursor.stage is Pass.BACKWARD:
            from rnn_tui.engine.analysis.contributions import take_long  # not for the first screen

            if take_long(trainer.network):
                return proofs
        return proofs - {"contributions"}

    def _bad_value_origin(self) -> Mapping[str, object]:
        """Return the origin of the first value that was not finite, if there is one."""
        trainer = self._state.run.trainer
        if trainer.divergence is None:
            return {}
        from rnn_tui.proofs.bad_value_origin import bad_value_origin  # most runs do not diverge

        origin = bad_value_origin(trainer)
        return {"cause": origin} if origin is not None else {}

"""Keys that move through the training: forward, back, to a place, run."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.session import commands
from rnn_tui.tui.screens.screen_actions import ScreenActions


class TrainingActions(ScreenActions):
    """Send the commands that move the cursor."""

    def action_go(self, stride: str) -> None:
        """Go forward by the count of strides; the timestep and equation shown follow."""
        count = self._take_count()
        self.selection = replace(self.selection, operation=0)
        self._send_move(commands.Step(Stride(stride), count))

    def action_back_by(self, stride: str) -> None:
        """Go back by the count of strides; the timestep and equation shown follow."""
        count = self._take_count()
        self.selection = replace(self.selection, operation=0)
        self._send_move(commands.Back(Stride(stride), count))

    def action_go_to_newest(self) -> None:
        """Go to the newest place reached."""
        self._send_move(commands.GoTo(None))

    def action_run_or_pause(self) -> None:
        """Pause if something is under way, else train on."""
        shown = self._frames.frame
        self._send_move(commands.RunOrPause(shown.number if shown.running else None))

    def action_continue(self) -> None:
        """Train on until a breakpoint stops it."""
        self._send_move(commands.Continue())

    def action_back_to_stop(self) -> None:
        """Go back to the last place where a breakpoint stops."""
        self._send_move(commands.BackToStop())

    def action_run_to(self) -> None:
        """Go forward to the selected timestep."""
        t = self._request.t
        if t is None:
            self._show_notice("select a timestep with ← → first, then t runs to it")
            return
        self._send_move(commands.RunTo(t))

    def action_restart(self) -> None:
        """Restart from the same seed; ask first when much would be lost."""
        if not self._asks("r", "restarts", self._lost_by_restarting()):
            self._send_move(commands.Restart())

    def action_undo_step(self) -> None:
        """Take the newest destructive step back, or the count of them; or make it again."""
        self._send_move(commands.UndoStep(self._take_count()))

    def action_swap(self) -> None:
        """Exchange this network and the second one."""
        self._send(commands.Swap())

    def action_clear_ghosts(self) -> None:
        """Forget the curves of futures that were left."""
        if not self.session.latest.timeline.ghosts:
            self._take_count()
            self._show_notice("there are no futures to forget: one is left by a change in the past")
            return
        self._send(commands.ClearGhosts())

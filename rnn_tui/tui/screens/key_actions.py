"""What each key does: the actions that `KEYS` names, and the commands they send to the session."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.screen import Screen

from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.files.error_log import ErrorReports
from rnn_tui.predictions.results import TextRequest
from rnn_tui.session import commands
from rnn_tui.session.run_records import SaveQuestion
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings
from rnn_tui.tui.draw_context import DrawContext, Selection
from rnn_tui.tui.error_boundary import ErrorBoundary
from rnn_tui.tui.key_bindings import KEYS
from rnn_tui.tui.key_order import Question
from rnn_tui.tui.link import Link
from rnn_tui.tui.panel_spec import panel_spec
from rnn_tui.tui.screens import selection_moves
from rnn_tui.tui.screens.frame_schedule import FrameSchedule
from rnn_tui.tui.screens.lost_training import LostTraining, lost_by_quitting, lost_by_restarting

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import ScreenView


class KeyActions(ErrorBoundary, Screen[None]):
    """The actions of the main screen, and what they change.

    Some actions change what is selected, `selection` and the `_request` to the session; the others
    send a command to the session. The screen itself derives from this class and draws.
    """

    # Digits are bindings like all keys, so that a count belongs to the key typed after it.
    BINDINGS: ClassVar[list[BindingType]] = [
        *(key.binding() for key in KEYS),
        *(Binding(str(digit), f"digit({digit})", show=False) for digit in range(10)),
    ]

    def __init__(self, session: Session, link: Link) -> None:
        """Act on `session`.

        Args:
            session: the session that the screen shows.
            link: the link to the terminal, whose pace the frames of training follow.
        """
        super().__init__()
        self.session = session
        self._link = link
        self.selection = selection_moves.initial_selection(session.latest)
        self._request = session.latest.request  # the newest that was sent
        self._other_panel = "network"  # above the timestep on a narrow screen
        self._zoomed = False
        self._notice = ("", False)  # text and whether it is an error
        self._asked = ""  # the key that, pressed again, answers the question in the notice
        self._question: Question | None = None
        self.notice_seen: Callable[[], None] | None = None  # called once when a notice is answered
        self._moved_at = -1  # number of the newest snapshot when a move was sent last
        self._errors = ErrorReports()
        self._frames = FrameSchedule(session, link, self._draw_context)

    def restore_view(self, view: ScreenView) -> None:
        """Select what was selected when the run was saved; called before the screen opens."""
        self.selection = selection_moves.restored_selection(self.session.latest, view)
        self._zoomed = view.zoomed
        if view.panel != "timestep":
            self._other_panel = view.panel

    def screen_view(self) -> ScreenView:
        """Return what is selected, to be saved with the run; called by the session's thread."""
        from rnn_tui.checkpoint.run_view import ScreenView

        selection, request = self.selection, self._request
        return ScreenView(
            panel=selection.panel,
            zoomed=self._zoomed,
            unit=selection.unit,
            operation=selection.operation,
            parameter=selection.parameter,
            sample=request.sample,
            t=request.t,
            layer=request.layer,
        )

    @abstractmethod
    def _draw_context(self, snapshot: Snapshot) -> DrawContext:
        """Return all that the widgets need to draw `snapshot`."""

    @abstractmethod
    def _arrange(self, width: int, height: int) -> None:
        """Place the panels, hide those without a place, and request what the visible ones show."""

    # ---------------------------------------------------------------- what all keys share

    def on_key(self, event: events.Key) -> None:
        """Clear the notice, and the question in it unless it is answered."""
        self._frames.suspend_session()
        if self._notice[0]:
            self._notice = ("", False)
            self._frames.draw_after_key()  # the key may do nothing else here, as one of a dialog
        if self.notice_seen is not None:
            self.notice_seen()
            self.notice_seen = None
        if event.key != self._asked:
            self._asked = ""

    def show_notice(self, text: str) -> None:
        """Show why a key does nothing, until the next key; it stands where a question stood."""
        self._notice, self._asked = (text, True), ""
        self._frames.draw_after_key()

    def action_digit(self, digit: int) -> None:
        """Add a digit to the count; none begins with 0, and a larger one becomes the largest."""
        prefix = self.selection.prefix
        if prefix or digit:
            count = min(int(f"{prefix}{digit}"), commands.LARGEST_COUNT)
            self._select(replace(self.selection, prefix=str(count)))
        else:
            self._frames.draw_after_key()

    def _take_count(self) -> int:
        """Return the count that was typed, 1 if none, and clear it."""
        prefix = self.selection.prefix
        self.selection = replace(self.selection, prefix="")
        return int(prefix) if prefix else 1

    def _select(self, selection: Selection) -> None:
        """Change the selection; proofs of a parameter follow it."""
        self.selection = selection
        if self._request.proofs:
            self._send_request(parameter=selection.parameter)
        self._frames.draw_after_key()

    def _send_request(self, **changes: object) -> None:
        """Tell the session what the screen shows, if that has changed."""
        # The names and types are those of ViewRequest's fields; callers are all in this file.
        request = replace(self._request, **changes)  # type: ignore[arg-type]  # fields of it
        if request != self._request:
            self._request = request
            self.session.send(request)

    def _change_request(self, **changes: object) -> None:
        """Change the selection as the session knows it."""
        self._send_request(**changes)
        self._frames.draw_after_key()

    def _send(self, command: commands.Command) -> None:
        """Send a command, dropping a count that was typed."""
        self._take_count()
        self.session.send(command)
        self._frames.draw_after_key()

    def _send_move(self, command: commands.Command) -> None:
        """Send a command that moves the cursor; the timestep shown follows it."""
        self._send_request(t=None)
        self._moved_at = self.session.latest.number
        self._send(command)

    def _show_notice(self, text: str, error: bool = False) -> None:
        """Show a notice until the next key."""
        self._notice = (text, error)
        self._frames.draw_after_key()

    def failed(self, error: Exception) -> None:
        """Say that a key or another message did nothing, or not all that it should."""
        self._show_notice(self._errors.line(error, "something went wrong", "the screen"), True)

    def on_error_boundary_failed(self, event: ErrorBoundary.Failed) -> None:
        """Say what has failed in a dialog."""
        self._show_notice(self._errors.line(event.error, event.what, event.where), True)

    # ---------------------------------------------------------------- moving through the training

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

    def action_go_to(self) -> None:
        """Go to the update whose number was typed."""
        if not self.selection.prefix:
            self._show_notice("type the number of an update before g: 40g")
            return
        self._send_move(commands.GoTo(self._take_count()))

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
        if not self._asks("r", "restarts", lost_by_restarting(self.session.latest)):
            self._send_move(commands.Restart())

    def action_undo_restart(self) -> None:
        """Bring the run before the restart back."""
        self._send_move(commands.UndoRestart())

    def action_swap(self) -> None:
        """Exchange this network and the second one."""
        self._send(commands.Swap())

    def action_clear_ghosts(self) -> None:
        """Forget the curves of futures that were left."""
        self._send(commands.ClearGhosts())

    # ---------------------------------------------------------------- what if, breakpoints, proofs

    def action_what_if(self) -> None:
        """Open the what-if screen."""
        from rnn_tui.tui.screens.what_if import WhatIfScreen

        self._take_count()
        snapshot = self.session.latest

        def intervene(intervention: Intervention | None) -> None:
            if intervention is not None:
                self._send(commands.Intervene(intervention, snapshot.window.declaration))

        self.app.push_screen(WhatIfScreen(snapshot, self.selection), intervene)

    def action_keep(self) -> None:
        """Keep the what-if that is shown for good."""
        what_if = self.session.latest.what_if
        if what_if is not None:
            self._send(commands.Keep(what_if.intervention))

    def action_breakpoints(self) -> None:
        """Open the list of breakpoints."""
        from rnn_tui.tui.screens.breakpoints import BreakpointsScreen

        self._take_count()
        self.app.push_screen(BreakpointsScreen(self.session))

    def action_check_gradient(self, whole: bool) -> None:
        """Check the gradient of the selected parameter, or of its tensor, and show the proof."""
        self.focus_panel("proof")
        declaration = self.session.latest.window.declaration
        self._send(commands.CheckGradient(self.selection.parameter, whole, declaration))

    # ---------------------------------------------------------------- panels and the selection

    def action_panel(self, distance: int) -> None:
        """Give the focus to the next or previous panel."""
        self.focus_panel(selection_moves.next_panel(self.selection.panel, distance))

    def focus_panel(self, panel: str) -> None:
        """Give `panel` the focus, and on a narrow screen a place."""
        self.selection = replace(self.selection, panel=panel, prefix="")
        if panel != "timestep":
            self._other_panel = panel
        self._arrange(*self.size)

    def action_zoom(self) -> None:
        """Show the panel with the focus on the whole screen, or all again."""
        self._zoomed = not self._zoomed
        self._take_count()
        self._arrange(*self.size)

    def action_timestep(self, direction: int) -> None:
        """Select a timestep; at an update, a parameter."""
        distance = direction * self._take_count()
        if selection_moves.arrows_select_parameters(self.session.latest, self.selection):
            self._select(
                selection_moves.move_parameter(self.session.latest, self.selection, distance)
            )
        else:
            self._move_timestep(distance)

    def _move_timestep(self, distance: int) -> None:
        """Select the timestep `distance` after the selected one."""
        self._select_timestep((self._request.t or self.session.latest.t) + distance)

    def _select_timestep(self, t: int) -> None:
        """Select timestep `t`, or the nearest there is."""
        self.selection = replace(self.selection, operation=0)
        self._change_request(t=selection_moves.timestep_to_request(self.session.latest, t))

    def action_unit(self, direction: int) -> None:
        """Select a unit; for some panels and places a timestep, a temperature or a tensor."""
        distance, snapshot = direction * self._take_count(), self.session.latest
        if "↑" in panel_spec(self.selection.panel).timestep_keys:  # the last timestep is on top
            self._move_timestep(-distance)
        elif self.selection.panel == "predictions" and snapshot.vocabulary is not None:
            text = self._request.text
            temperature = selection_moves.temperature_to_request(text.temperature, -distance)
            self._change_request(text=replace(text, temperature=temperature))
        elif selection_moves.arrows_select_parameters(snapshot, self.selection):
            self._select(selection_moves.move_tensor(snapshot, self.selection, distance))
        else:
            self._select(selection_moves.move_unit(snapshot, self.selection, distance))

    def action_layer(self, direction: int) -> None:
        """Show another layer; above the last one, that of the newest operation."""
        layer = selection_moves.layer_to_request(self.session.latest, direction)
        self._change_request(layer=layer)

    def action_sample(self, direction: int) -> None:
        """Show another sample of the batch."""
        distance, snapshot = direction * self._take_count(), self.session.latest
        sample = selection_moves.sample_to_request(snapshot, self._request.sample, distance)
        self._change_request(sample=sample)

    def action_parameter(self, direction: int) -> None:
        """Select a parameter, whatever the arrow keys select."""
        distance = direction * self._take_count()
        self._select(selection_moves.move_parameter(self.session.latest, self.selection, distance))

    def action_operation(self, direction: int) -> None:
        """Show the equation of another operation of this timestep."""
        distance = direction * self._take_count()
        self._select(selection_moves.move_operation(self.session.latest, self.selection, distance))

    def action_escape(self) -> None:
        """Cancel the first of: count, gradient check, zoom, choices, move under way, what-if."""
        snapshot = self.session.latest
        if self.selection.prefix:
            self._select(replace(self.selection, prefix=""))
        elif snapshot.proving is not None and snapshot.proving[0] == "proof":
            self._send(commands.StopGradientCheck())
        elif self._zoomed:
            self.action_zoom()
        elif self._request.t is not None:
            self._send_request(t=None)
        elif self._request.layer is not None:
            self._send_request(layer=None)
        elif snapshot.running or snapshot.number <= self._moved_at:
            self._send(commands.Pause())
        elif snapshot.what_if is not None:
            self._send(commands.Discard(snapshot.what_if.intervention))
        else:
            self._frames.draw_after_key()

    # ---------------------------------------------------------------- other screens, files, leaving

    def action_prompt(self) -> None:
        """Open the prompt, for networks that write text."""
        self._take_count()
        if self.session.latest.vocabulary is None:
            self._show_notice("a prompt is for networks that write: --task text")
            return
        from rnn_tui.tui.screens.prompt import PromptScreen

        screen = PromptScreen(self.session, self._request.text, self._request_text)
        self.app.push_screen(screen, self._prompt_closed)

    def _request_text(self, request: TextRequest) -> None:
        """Send what the prompt asks for."""
        self._send_request(text=request)

    def _prompt_closed(self, temperature: float | None) -> None:
        """Drop the prompt; its temperature stays."""
        if temperature is not None:
            text = replace(self._request.text, prompt=None, temperature=temperature)
            self._request_text(text)

    def action_settings(self) -> None:
        """Open the form of the hyperparameters."""
        from rnn_tui.tui.screens.settings import SettingsScreen

        self._take_count()
        shown = self.session.latest.settings

        def apply(settings: Settings | None) -> None:
            self._apply(settings, shown)

        self.app.push_screen(SettingsScreen(shown), apply)

    def _apply(self, settings: Settings | None, shown: Settings) -> None:
        """Send what was changed of the settings `shown`; restart if one of them needs it."""
        if settings is None or settings == shown:
            return
        if settings.needs_restart(shown):
            self._restart_with(settings, shown)
        else:
            self._send(commands.Configure(settings, shown))

    def _restart_with(self, settings: Settings, shown: Settings) -> None:
        """Restart with what was changed of `shown`; ask first when much would be lost."""

        def restart(confirmed: bool | None) -> None:
            if confirmed:
                self._send_request(t=None, sample=0)
                self._send(commands.Restart(settings, shown))
                if settings.data and "data" in settings.differences(shown):
                    from rnn_tui.tasks.files import shown_name

                    self._show_notice(f"reading {shown_name(settings.data)} …")

        lost = lost_by_restarting(self.session.latest)
        if lost is None:
            restart(True)
            return
        from rnn_tui.tui.screens.questions import ConfirmScreen

        hint = "until the next save, R brings this run back"
        self.app.push_screen(ConfirmScreen(lost.text, "restarts", hint), restart)

    def action_help(self) -> None:
        """Open the help."""
        from rnn_tui.tui.screens.help import HelpScreen

        self._take_count()
        self.app.push_screen(HelpScreen())

    def action_write(self) -> None:
        """Write a checkpoint to the run's own file, or under a free name made of the settings."""
        self._send(commands.Save())

    def ask_where_to_save(self, question: SaveQuestion) -> None:
        """Ask whether a file may be replaced; training goes on meanwhile."""
        from rnn_tui.tui.screens.questions import SaveScreen

        self.app.push_screen(SaveScreen(question), self._answer)

    def _answer(self, save: commands.Save | None) -> None:
        """Save as the user chose."""
        if save is not None:
            self._send(save)

    def action_leave(self) -> None:
        """Quit; ask first when much would be lost."""
        if not self._asks("q", "quits", lost_by_quitting(self.session.latest)):
            self.app.exit()

    def leave_from_dialog(self) -> None:
        """Quit while another screen lies over this one; ask there."""
        from rnn_tui.tui.screens.questions import ConfirmScreen

        lost = lost_by_quitting(self.session.latest)
        top = self.app.screen
        asked = top if isinstance(top, ConfirmScreen) and top.what == "quits" else None
        if lost is None or (asked is not None and asked.was_seen()):
            self.app.exit()
        elif asked is None:
            self.app.push_screen(
                ConfirmScreen(lost.text, "quits", f"after esc, {lost.way_out}"), self._leave_if
            )

    def _leave_if(self, confirmed: bool | None) -> None:
        """Quit if the user said so."""
        if confirmed:
            self.app.exit()

    def _asks(self, key: str, does: str, lost: LostTraining | None) -> bool:
        """Ask once before training is lost; return False if there is nothing left to ask.

        Args:
            key: the key that was pressed; pressed again, it is the answer, unless the question was
                not seen yet.
            does: what that does.
            lost: what would be lost; None for nothing.
        """
        answered, self._asked = self._asked == key, ""
        if answered and self._question is not None:
            answered = self._question.answered_in_knowledge()
        if answered or lost is None:
            return False
        self._asked, self._question = key, Question(self)
        self._notice = (f"{lost.text}: {key} again {does}, {lost.way_out}", True)
        self._frames.draw_all()
        return True

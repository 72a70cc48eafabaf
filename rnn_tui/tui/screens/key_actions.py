"""What each key does: the actions that `KEYS` names, and the commands they send to the session."""

from __future__ import annotations

from dataclasses import replace

from rnn_tui.engine.network.interventions import Intervention
from rnn_tui.predictions.results import TextRequest
from rnn_tui.session import commands
from rnn_tui.session.run_records import SaveQuestion
from rnn_tui.settings import Settings
from rnn_tui.tui.screens.lost_training import LostTraining, lost_by_quitting
from rnn_tui.tui.screens.place_actions import PlaceActions

FORM_OPENS = "hyperparameters: enter applies, esc cancels"
"""What is said before the form is made, which takes a few tenths of a second."""


class KeyActions(PlaceActions):
    """The actions of the main screen; here those that open dialogs, write files and leave."""

    def action_what_if(self) -> None:
        """Open the what-if screen."""
        from rnn_tui.tui.screens.what_if import WhatIfScreen

        self._take_count()
        snapshot = self.session.latest

        def intervene(intervention: Intervention | None) -> None:
            if intervention is not None:
                self._send(commands.Intervene(intervention, snapshot.window.declaration))

        self.app.push_screen(
            WhatIfScreen(self.session, self.selection, self._draw_context(snapshot).snapshot),
            intervene,
        )

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
        latest = self.session.latest
        shown = latest.settings

        def apply(settings: Settings | None) -> None:
            self._withdraw_notice(FORM_OPENS)
            self._apply(settings, shown)

        self._show_at_once(FORM_OPENS)
        not_drawn = () if latest.second_network else latest.task.not_drawn  # which draws its own
        form = SettingsScreen(shown, self.kiosk, latest.task.data, not_drawn)
        self.app.push_screen(form, apply)

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
                    from rnn_tui.files.data_file import shown_name

                    self._show_notice(f"reading {shown_name(settings.data)} …")

        lost = self._lost_by_restarting()
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
        self.app.push_screen(HelpScreen(self._draw_context(self.session.latest)))

    def action_write(self) -> None:
        """Write a checkpoint to the run's own file, or under a free name made of the settings."""
        if self.kiosk is not None:
            self._take_count()
            self._show_notice("w does nothing: a kiosk writes no files")
            return
        self._send(commands.Save())

    def action_take_home(self) -> None:
        """Open the list of what can be taken home: figures, and the numbers behind a panel."""
        self._take_count()
        if self.kiosk is not None:
            self._show_notice('F6 and " do nothing: a kiosk writes no files')
            return
        from rnn_tui.tui.screens.take_home import open_take_home

        open_take_home(self)

    def ask_where_to_save(self, question: SaveQuestion) -> None:
        """Ask whether a file may be replaced; training goes on meanwhile."""
        from rnn_tui.tui.screens.questions import SaveScreen

        self.app.push_screen(SaveScreen(question), self._answer)

    def _answer(self, save: commands.Save | None) -> None:
        """Save as the user chose."""
        if save is not None:
            self._send(save)

    def action_leave(self) -> None:
        """Quit; ask first when much would be lost that could be saved."""
        if not self._asks("q", "quits", self._lost_by_quitting()):
            self.app.exit()

    def leave_from_dialog(self) -> None:
        """Quit while another screen lies over this one; ask there."""
        from rnn_tui.tui.screens.questions import ConfirmScreen

        lost = self._lost_by_quitting()
        top = self.app.screen
        asked = top if isinstance(top, ConfirmScreen) and top.what == "quits" else None
        if lost is None or (asked is not None and asked.was_seen()):
            self.app.exit()
        elif asked is None:
            self.app.push_screen(
                ConfirmScreen(lost.text, "quits", f"after esc, {lost.way_out}"), self._leave_if
            )

    def _lost_by_quitting(self) -> LostTraining | None:
        """Return what quitting would lose; None where that is little, or could not be saved."""
        return None if self.kiosk is not None else lost_by_quitting(self.session.latest)

    def _leave_if(self, confirmed: bool | None) -> None:
        """Quit if the user said so."""
        if confirmed:
            self.app.exit()

"""The application: connects session, screens, signals, and what the terminal can show."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.reactive import Reactive
from textual.screen import Screen
from textual.theme import Theme
from textual.widget import Widget
from textual.worker import WorkerFailed

from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.error_log import log_error
from rnn_tui.kiosk import IDLE_CODE as IDLE
from rnn_tui.session.commands import Say
from rnn_tui.session.source import SnapshotSource
from rnn_tui.session.worker import Session
from rnn_tui.tui.character_set import UNICODE, CharacterSet
from rnn_tui.tui.colour_depth import Depth, means_truecolor
from rnn_tui.tui.error_boundary import (
    ErrorBoundary,
    failed_dialog,
    log_other_errors,
    logged,
)
from rnn_tui.tui.key_bindings import LEAVE_KEY, PALETTE_KEY, Key, keys_for
from rnn_tui.tui.link import LINK_HELP, Link, LinkSetting
from rnn_tui.tui.output_diff import with_output_diff
from rnn_tui.tui.paced_display import PacedDisplay
from rnn_tui.tui.safe_text import SafeText
from rnn_tui.tui.screens.debugger import Debugger
from rnn_tui.tui.signal_watch import PlainClient
from rnn_tui.tui.terminal_answers import Answer, StringReport
from rnn_tui.tui.terminal_colours import set_depth, shows_grounds
from rnn_tui.tui.themes import DARK, THEMES

if TYPE_CHECKING:
    from textual.filter import LineFilter

    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.checkpoint.run_view import RunView
    from rnn_tui.files.error_log import LoggedError
    from rnn_tui.files.ownership import RunFiles
    from rnn_tui.kiosk import Kiosk
    from rnn_tui.second_network import Versus
    from rnn_tui.tui.idle import IdleWatch
    from rnn_tui.tui.lesson.plan import LessonPlan
    from rnn_tui.tui.signal_watch import SignalWatch

# Seconds until a waiting thread gets the interpreter: a key waits no longer for training.
SWITCH_INTERVAL = 0.0005
SIGNS_OF_LIFE = (
    events.Key, events.Paste, events.MouseDown, events.MouseScrollDown, events.MouseScrollUp,
)  # fmt: skip
CALM = 0.3  # seconds after a change of size until tmux is asked who is there


class RnnTui(PacedDisplay):
    """The application: one session and the screen that shows it.

    Attributes:
        session: the session.
        debugger: the main screen.
        characters: those that the terminal shows.
        kiosk: what a guest may do; None for a user.
        end: why the program ends, if that is an unexpected error.
    """

    CSS_PATH = "app.tcss"
    TITLE = "rnn-tui"
    COMMAND_PALETTE_BINDING = PALETTE_KEY
    ALLOW_SELECT = False  # selecting text would need reports of the mouse's every motion
    # The other keys are those of the screens; these work in a dialog, too. Textual's ctrl+c copies
    # from a text field, so that whoever wants to end the program sees nothing happen.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+z", "suspend_process", show=False, priority=True),
        Binding("ctrl+c", "say_how_to_quit", show=False, priority=True),
    ]

    # Set before the start: when the theme changes later, Textual parses all of its CSS again.
    theme = Reactive(DARK.name)

    def __init__(
        self,
        run: Trainer | SnapshotSource,
        *,
        link: Link | None = None,
        theme: str = "dark",
        depth: Depth = Depth.TRUECOLOR,
        colour_query: str = "",
        files: RunFiles | None = None,
        breakpoints: Iterable[Breakpoint] = (),
        versus: Versus | None = None,
        second: Trainer | None = None,
        view: RunView | None = None,
        watch: SignalWatch | None = None,
        characters: CharacterSet = UNICODE,
        autosaves: Callable[[], AutosaveWriter] | None = None,
        notice: str = "",
        kiosk: Kiosk | None = None,
        lesson: LessonPlan | None = None,
    ) -> None:
        """Make a session, whose thread starts with the screen, or show what comes from elsewhere.

        Args:
            run: the network to show, new or from a checkpoint; or where snapshots come from.
            link: the link to the terminal; None for one that is not paced.
            theme: a key of THEMES.
            depth: how many colours the terminal has, as far as is known.
            colour_query: asks the terminal for more; "" where nothing is asked.
            files: the files that the run owns: the checkpoint, if it comes from one.
            breakpoints: breakpoints to add to those of the view.
            versus: a second network to train in lock step, if any.
            second: the second network's trainer, where it has trained before.
            view: how the run was looked at when it was saved, if it comes from a checkpoint.
            watch: where signals come from; None where nobody watches for them.
            characters: those that the terminal shows.
            autosaves: makes the writer of autosaves; None for none.
            notice: what the first screen says, until the first key.
            kiosk: what a guest may do; None for a user.
            lesson: a lesson to play from the start, which is on that run.
        """
        self._watch = watch
        self.kiosk = kiosk
        self.end: LoggedError | None = None
        self._colour_query = colour_query  # until it is sent
        self._asks_for_colours = bool(colour_query)  # until the answer is truecolor
        super().__init__(link or Link("local"))
        set_depth(self, depth)
        self._first_theme = THEMES[theme].name
        self.animation_level = "none"  # in between there is nothing true to show
        self.session: SnapshotSource = (
            Session(
                run,
                breakpoints,
                versus,
                second=second,
                view=view,
                autosaves=autosaves,
                files=files,
                kiosk=kiosk,
            )
            if isinstance(run, Trainer)
            else run
        )
        self._idle: IdleWatch | None = None
        self._autosaves = autosaves is not None
        self._notice = notice
        self._lesson = lesson
        self._safe_text = SafeText()
        self.characters = characters
        self._resized = False
        self.output_diff.ascii = characters.ascii
        self.debugger = self.make_debugger()
        self.debugger.awaits_lesson = lesson is not None
        self._draw_panels_anew()
        if view is not None and view.screen is not None:
            self.debugger.restore_view(view.screen)
        self.session.look_through(self.debugger.screen_view)
        self.debugger.after_imports = self._tidy
        if watch is not None:
            watch.save = self.session.autosave_now

    def make_debugger(self) -> Debugger:
        """Return the main screen."""
        return Debugger(self.session, self.link, self.kiosk)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Textual's themes and those of this program."""
        return {**super().available_themes, **{theme.name: theme for theme in THEMES.values()}}

    def get_default_screen(self) -> Screen[None]:
        """Return the main screen."""
        return self.debugger

    def on_mount(self) -> None:
        """Set the theme and start the session's thread."""
        self.theme = self._first_theme
        if self._watch is not None and not hasattr(self._driver, "watch"):
            self._watch.attach(PlainClient(lambda code: self.call_later(self.exit, None, code)))
        self.session.listen(self.debugger.announce)
        if notice := self._notice or self.characters.notice:
            self.session.send(Say(notice))
        if self.kiosk is not None:
            self._watch_idle(self.kiosk)
        self.call_after_refresh(self.session.start)  # the thread would delay the first frame
        if self._lesson is not None:
            self.call_after_refresh(self._begin_lesson, self._lesson)

    def _begin_lesson(self, plan: LessonPlan) -> None:
        """Play a lesson, once the session works."""
        from rnn_tui.tui.lesson.beginning import make_guide

        self.debugger.begin_lesson(make_guide(plan, self.session, self.debugger))

    def _watch_idle(self, kiosk: Kiosk) -> None:
        """End the session after a time without a key, and say so before."""
        from rnn_tui.tui.idle import IdleWatch

        end = partial(self.exit, None, IDLE)
        warn = partial(self._tell, seconds=kiosk.warning)
        self._idle = IdleWatch.of_app(self, kiosk, warn, end, self.awake)
        self._idle.start()

    def awake(self) -> bool:
        """Return whether the user is not idle even without a key."""
        return False

    def _tell(self, text: str, seconds: float | None = None) -> None:
        """Show a line until the next key; over a dialog for so many seconds, Textual's if None."""
        if self.screen is self.debugger:
            self.debugger.show_notice(text)
        else:
            self.notify(text, markup=False, timeout=seconds)

    async def on_event(self, event: events.Event) -> None:
        """Handle an event; those of a guest show that there is one."""
        alive, idle = isinstance(event, SIGNS_OF_LIFE), self._idle
        if alive and idle is not None and idle.heard():
            self.clear_notifications()
        await super().on_event(event)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open nothing: a browser would be one at the server."""

    def copy_to_clipboard(self, text: str) -> None:
        """Keep what was cut or copied; a guest's terminal is told nothing of it."""
        if self.kiosk is None:
            super().copy_to_clipboard(text)
        else:
            self._clipboard = text

    def _tidy(self) -> None:
        """Tidy up; say if a run of a killed program can be resumed. Called in another thread."""
        if self.kiosk is not None:
            return
        from rnn_tui.tui.tidying import tidy_up

        if said := tidy_up(announce=self._autosaves and not self._notice):
            text, mark = said
            self.debugger.notice_seen = lambda: self.session.call_beside(mark)
            self.session.send(Say(text))

    def get_driver_class(self) -> type[Driver]:
        """Return the platform's driver with the output diff before it.

        Where it can, it asks the terminal and hands over the answers.
        """
        base = super().get_driver_class()
        if sys.platform != "win32" and base.__name__ == "LinuxDriver":
            from rnn_tui.tui.terminal_driver import TerminalDriver
            from rnn_tui.tui.terminal_kind import erases_in_colour, prints_mode_queries

            self.output_diff.erases = erases_in_colour(os.environ)
            modes = not prints_mode_queries(os.environ)
            attributes = {
                "watch": self._watch,
                "handshake": staticmethod(partial(self._handshake, modes=modes)),
                "take_answers": staticmethod(self.take_answers),
                "note_answers": staticmethod(self.note_answers),
                "answers_due": staticmethod(self.link.answers_due),
                "backlog": staticmethod(self._backlog),
            }
            base = type("WatchedDriver", (TerminalDriver,), attributes)
        return with_output_diff(base, self.output_diff)

    def _backlog(self) -> int:
        """Return how many keys and commands wait; called by the driver in this thread."""
        if not self.is_running or not self._screen_stack:
            return 0
        pumps = (self, self.screen, self.screen.focused)
        waiting = len(self._waiting)
        waiting += sum(each.message_queue_size for each in pumps if each is not None)
        return waiting + self.session.waiting

    def _handshake(self, *, modes: bool) -> str:
        """Return what the terminal is asked at the start; about colours it is asked once."""
        asked, self._colour_query = self._colour_query, ""
        return asked + self.link.begin(modes=modes)

    def take_answers(self, answers: list[Answer], at: float) -> None:
        """Take answers of the terminal, read `at`; show truecolor if it says that it has that."""
        strings = [each.text for each in answers if isinstance(each, StringReport)]
        if self._asks_for_colours and any(map(means_truecolor, strings)):
            self._asks_for_colours = False
            set_depth(self, Depth.TRUECOLOR)
            self._draw_panels_anew()
        super().take_answers(answers, at)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return what each rendered line of a widget is put through."""
        filters = [self._safe_text, *super().get_line_filters()]
        if not self.characters.ascii:
            return filters
        from rnn_tui.tui.ascii_filter import AsciiFilter

        return [*filters, AsciiFilter()]

    def set_characters(self, characters: CharacterSet) -> None:
        """Draw the whole screen again with these characters."""
        self.characters = characters
        self.output_diff.ascii = characters.ascii
        self.output_diff.forget()
        for screen in self.screen_stack:
            for widget in screen.walk_children(Widget, with_self=True):
                widget.refresh()
        self._draw_panels_anew()
        self.refresh(layout=True)

    def _draw_panels_anew(self) -> None:
        """Draw the panels in the characters and with the grounds that the terminal shows now."""
        self.debugger.draw_in(ascii=self.characters.ascii, grounds=shows_grounds(self))

    def action_suspend_process(self) -> None:
        """Stop the program and give the terminal to the shell, until `fg`."""
        if self.kiosk is not None:
            self._tell("ctrl+z does nothing: a kiosk has no shell")
        elif self._watch is not None and self._watch.can_stop:
            self._watch.stop_group()
        else:
            self.debugger.show_notice("there is no shell that could continue a suspended program")

    def action_say_how_to_quit(self) -> None:
        """Say which key ends the program, where somebody tries the one that does in a shell."""
        leave = "quit" if self.kiosk is not None else LEAVE_KEY.help
        if self.screen is self.debugger:
            self.debugger.show_notice(f"ctrl+c does nothing; q: {leave}")
        elif not len(self._notifications):  # else it is being shown
            self.notify("ctrl+c does nothing; ctrl+q quits", markup=False)

    def room_came(self) -> None:
        """Start the frame that waits for room in the link, if one does."""
        if self.is_running:
            self.debugger.room_came()

    def frames_go_on(self) -> bool:
        """Return whether the network runs, so that there are frames without a key."""
        return self.session.latest.running

    def _set_pointer_shape(self, shape: str) -> None:
        """Leave the pointer as it is: its motions, for which Textual changes it, are not reported.

        A terminal that does not know OSC prints it.
        """

    def on_resize(self) -> None:
        """Send the whole screen: terminals differ in what they keep when their size changes."""
        self.output_diff.forget()
        if self.characters.again is not None and self._resized:  # not for the first size
            self.run_worker(self._choose_characters_again(), exclusive=True, group="characters")
        self._resized = True

    async def _choose_characters_again(self) -> None:
        """Ask tmux again what its terminal shows: with another one comes another size, mostly."""
        await asyncio.sleep(CALM)
        again = self.characters.again
        characters = None if again is None else await asyncio.to_thread(again)
        if characters is not None and characters.ascii != self.characters.ascii:
            self.set_characters(characters)
            notice = characters.notice or "Unicode, as tmux has a terminal with UTF-8 now"
            self.session.send(Say(notice))

    def on_ready(self) -> None:
        """Exempt all objects made so far from garbage collection: they stay, and it stalls keys."""
        gc.freeze()
        gc.enable()

    def action_command_palette(self) -> None:
        """Open the palette of commands, unless it is open."""
        from rnn_tui.tui.screens.palette import Palette  # not for the first screen

        def run(command: SystemCommand | None) -> None:
            if command is not None:
                self.call_later(command.callback)

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(self.get_system_commands(self.screen)), run)

    async def _dispatch_action(self, namespace: DOMNode, action_name: str, params: Any) -> bool:
        """Call an action; the screen goes on where it fails."""
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except Exception as error:
            if not isinstance(self.screen, ErrorBoundary):
                raise
            self.screen.caught(error)
            return True

    def _handle_exception(self, error: Exception) -> None:
        """End the program after an error that no screen goes on after; `run_app` raises it.

        Textual's method would print the traceback, with the values of variables.
        """
        dialog = failed_dialog()
        if dialog is not None:
            dialog.failed(error)
            return
        if self._exit:  # of what is being closed
            log_error(error, "the screen at its end")
        elif self._exception is None:
            self._exception = error
            self._exception_event.set()
            self.end = logged(error.error if isinstance(error, WorkerFailed) else error)
            self._return_code = 1
        self._close_messages_no_wait()

    async def action_quit(self) -> None:
        """Quit, by ctrl+q or the palette; ask first when much would be lost."""
        if self.screen is self.debugger:
            self.debugger.action_leave()
        else:
            self.debugger.leave_from_dialog()

    def on_unmount(self) -> None:
        """End the session's thread, which autosaves the run."""
        self.session.stop(left=not (self.return_code or (self._watch and self._watch.ended_by)))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield the commands of the palette: keys, second networks, and what the screen is like."""
        if isinstance(screen, Debugger):
            for key in self.palette_keys():

                async def call(action: str = key.action) -> None:
                    await self.run_action(action, default_namespace=screen)

                yield SystemCommand(key.help, key.shown, call)
            yield from self.run_commands(screen)
        for name, theme in THEMES.items():
            set_theme = partial(setattr, self, "theme", theme.name)
            yield SystemCommand(f"theme: {name}", f"the {name} theme", set_theme)
        for setting, text in LINK_HELP.items():
            yield SystemCommand(f"link: {setting}", text, partial(self._set_link, setting))
        for name, text in (("ascii", "in any terminal"), ("unicode", "in one with UTF-8")):
            change = partial(self.set_characters, CharacterSet(name == "ascii"))
            yield SystemCommand(f"characters: {name}", f"the signs to draw with, {text}", change)
        yield SystemCommand("quit", "quit, as q does", self.action_quit)

    def palette_keys(self) -> tuple[Key, ...]:
        """Return the keys that the palette names."""
        return keys_for(self.kiosk is not None)

    def run_commands(self, screen: Debugger) -> Iterable[SystemCommand]:
        """Yield the commands that change the run and have no key."""
        from rnn_tui.tui.screens.run_commands import run_commands

        yield from run_commands(screen, guest=self.kiosk is not None)

    def _set_link(self, setting: LinkSetting) -> None:
        """Measure the link, or take it for what the user says."""
        self.set_link(setting)
        self.debugger.link_changed()
        self.session.send(Say(f"link {setting}: {LINK_HELP[setting]}"))


def run_app(app: RnnTui) -> int:
    """Show the screen until the user quits.

    Returns:
        The exit code.

    Raises:
        LoggedError: an unexpected error has ended the program.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    log_other_errors()
    try:
        app.run()
    except Exception as error:
        raise logged(error) from error
    finally:
        app.session.stop()  # also after a crash
    if app.end is not None:
        raise app.end
    return app.return_code or 0

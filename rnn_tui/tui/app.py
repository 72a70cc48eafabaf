"""The application: it wires session, screens, themes and signals, and does nothing else."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.driver import Driver
from textual.reactive import Reactive
from textual.screen import Screen
from textual.theme import Theme

from rnn_tui.engine.training.breakpoint_conditions import Breakpoint
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.session.commands import SetSecondNetwork
from rnn_tui.session.worker import Session
from rnn_tui.settings import DECLARATIONS
from rnn_tui.tui.keys import KEYS
from rnn_tui.tui.output_diff import OutputDiff, with_output_diff
from rnn_tui.tui.screens.debugger import Debugger
from rnn_tui.tui.themes import DARK, THEMES

if TYPE_CHECKING:
    from rnn_tui.second_network import Versus

SWITCH = 0.0005  # seconds until a waiting thread gets the interpreter: keys before training
LOCAL_FRAMES, REMOTE_FRAMES = 5.0, 4.0  # a second, at most; while running


class RnnTui(App[None]):
    """rnn-tui on the screen."""

    CSS_PATH = "app.tcss"
    TITLE = "rnn-tui"
    BINDINGS: ClassVar[list[BindingType]] = []

    # From the beginning: with another theme Textual parses all of its CSS once more.
    theme = Reactive(DARK.name)

    def __init__(
        self,
        trainer: Trainer,
        *,
        remote: bool = False,
        theme: str = "dark",
        path: str | None = None,
        breakpoints: Iterable[Breakpoint] = (),
        versus: Versus | None = None,
    ) -> None:
        """Show `trainer`; `remote` means fewer frames and no animations over a slow link."""
        self.wire = OutputDiff()
        super().__init__()
        self._remote = remote
        self._first_theme = THEMES[theme].name
        if remote:
            self.animation_level = "none"
        self.session = Session(trainer, breakpoints, versus)
        frames = REMOTE_FRAMES if remote else LOCAL_FRAMES
        self.debugger = Debugger(self.session, frames, path)

    @property
    def available_themes(self) -> dict[str, Theme]:
        """Textual's themes and ours."""
        return {**super().available_themes, **{theme.name: theme for theme in THEMES.values()}}

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.debugger

    def on_mount(self) -> None:
        """The theme, the session's thread, and signals that end the program."""
        self.theme = self._first_theme
        self.session.listen(self.debugger.announce)
        self.call_after_refresh(self.session.start)  # the first frame has the interpreter alone
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self.exit)

    def get_driver_class(self) -> type[Driver]:
        """The platform's own, which only sends what makes a difference."""
        return with_output_diff(super().get_driver_class(), self.wire)

    def on_resize(self) -> None:
        """Terminals differ in what they make of a screen that is given another size."""
        self.wire.forget()

    def on_ready(self) -> None:
        """What there is by now stays: searching it for garbage again and again would only stall."""
        gc.freeze()
        gc.enable()

    def on_unmount(self) -> None:
        """The session's thread ends with the screen."""
        self.session.stop()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette offers: every key's action, and the themes."""
        if isinstance(screen, Debugger):
            for key in KEYS:

                async def call(action: str = key.action) -> None:
                    await self.run_action(action, default_namespace=screen)

                yield SystemCommand(key.help, f"key {key.shown}", call)
            yield from self._versus_commands()
        for name, theme in THEMES.items():
            yield SystemCommand(f"theme: {name}", f"the {name} theme", _setter(self, theme.name))
        yield SystemCommand("quit", "quit at once", self.action_quit)

    def _versus_commands(self) -> Iterable[SystemCommand]:
        """A second network beside this one, of any cell."""
        from rnn_tui.second_network import Versus  # most often there is none

        def setter(versus: Versus | None) -> Callable[[], None]:
            return lambda: self.session.send(SetSecondNetwork(versus))

        for cell in DECLARATIONS["cell"].choices:
            same, matched = Versus(cell), Versus(cell, match=True)
            yield SystemCommand(f"versus {cell}", "beside this network, same size", setter(same))
            words = "beside this network, as many parameters"
            yield SystemCommand(f"versus {cell}, matched", words, setter(matched))
        yield SystemCommand("versus none", "no network beside this one", setter(None))


def _setter(app: App[None], theme: str) -> Callable[[], None]:
    def set_theme() -> None:
        app.theme = theme

    return set_theme


def run_app(
    trainer: Trainer,
    *,
    remote: bool,
    theme: str,
    path: str | None,
    breakpoints: Iterable[Breakpoint] = (),
    versus: Versus | None = None,
) -> None:
    """Open the screen and stay until the user leaves."""
    sys.setswitchinterval(SWITCH)
    app = RnnTui(
        trainer, remote=remote, theme=theme, path=path, breakpoints=breakpoints, versus=versus
    )
    app.run()

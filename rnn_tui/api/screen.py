"""`open`: the debugger on a trainer, from a script or from Python in a terminal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rnn_tui import THEME
from rnn_tui.api.blas_threads import one_thread
from rnn_tui.api.trainer import Trainer

if TYPE_CHECKING:
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.session.worker import Session


def open(
    trainer: Trainer, *, theme: str = THEME, ascii: bool | None = None, autosave: bool = True
) -> None:
    """Open the debugger on a trainer, in this terminal, until the user quits it.

    Afterwards the trainer is where the user left it: the same place, the settings that were changed
    on the way, what-ifs that were tried or kept; after a restart the new run, of two networks the
    one that was shown. `Trainer.back` goes back beyond the beginning of the visit, and opening it
    again shows the same panel, breakpoints and selection.

    While it is open the run is autosaved as in the program: if the terminal is lost or the process
    is killed, ``rnn-tui --resume`` has it. Then, as after any signal that ends a program,
    SystemExit is raised.

    Args:
        trainer: the trainer.
        theme: "dark", "light" or another of ``rnn-tui --help``.
        ascii: whether to draw in ASCII alone; None: as the terminal needs it.
        autosave: whether to autosave the run.

    Raises:
        TypeError: `trainer` is none.
        ValueError: there is no such theme.
        RuntimeError: there is no terminal to draw on, as in the cells of a notebook; or this is not
            the main thread, or an event loop runs in it.
    """
    if not isinstance(trainer, Trainer):
        raise TypeError(f"open takes a rnn_tui.Trainer, not {type(trainer).__name__}")
    _check_place()
    from rnn_tui.command_line.app import screen_options
    from rnn_tui.session.worker import Session
    from rnn_tui.tui.app import RnnTui, run_app
    from rnn_tui.tui.character_set import choose_characters, users_environment
    from rnn_tui.tui.signal_watch import SignalWatch
    from rnn_tui.tui.themes import THEMES

    if theme not in THEMES:
        raise ValueError(f"theme must be one of {', '.join(THEMES)}, not {theme!r}")
    characters = choose_characters(ascii, users_environment(), sys.stdout.encoding)
    view = trainer._view
    with one_thread(), _python_as_it_was(), SignalWatch() as watch:
        session = Session(
            trainer._engine,
            view=view,
            files=trainer._files,
            autosaves=_autosave_writer if autosave else None,
            timeline=trainer._timeline,
        )
        options = screen_options({"theme": theme}, characters, watch, None)
        try:
            run_app(RnnTui(session, **options, view=view))
        finally:
            _take_over(trainer, session)
    if watch.ended_by is not None:
        raise SystemExit(watch.exit_code(0))


def _take_over(trainer: Trainer, session: Session) -> None:
    """Give the trainer the run that the session leaves, once its thread has ended."""
    while True:
        session.stop(1.0, left=True)
        with contextlib.suppress(RuntimeError):  # a slice of work is long in a large network
            left = session.left_run()
            break
    trainer._timeline, trainer._view, trainer._files = left.timeline, left.view, left.files


def _check_place() -> None:
    """Refuse a place where no screen can be drawn.

    Raises:
        RuntimeError: this is one.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("open works in the main thread alone: signals of the terminal go there")
    if not (_is_terminal(sys.stdin) and _is_terminal(sys.stdout)):
        raise RuntimeError(f"open needs a terminal, and there is none here; {_INSTEAD}")
    if sys.platform != "win32":
        from rnn_tui.tui.terminal_kind import why_unusable

        if reason := why_unusable(os.environ.get("TERM")):
            raise RuntimeError(f"{reason.replace('this', 'open', 1)}; {_INSTEAD}")
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"open cannot work inside of a running event loop; {_INSTEAD}")


_INSTEAD = (
    "run it as a script or in Python in a terminal (over ssh: ssh -t), or save(trainer, FILE) and "
    "rnn-tui FILE"
)


def _is_terminal(stream: object) -> bool:
    """Return whether a standard stream of the process is a terminal."""
    try:
        return bool(stream.isatty())  # type: ignore[attr-defined]  # None has none
    except (AttributeError, ValueError):  # closed
        return False


def _autosave_writer() -> AutosaveWriter:
    """Return the writer of autosaves."""
    from rnn_tui.autosave.writer import AutosaveWriter
    from rnn_tui.files.autosave_folder import RunNote

    directory = ""
    with contextlib.suppress(OSError):  # it has been deleted
        directory = os.getcwd()
    return AutosaveWriter(RunNote(directory, ""))


@contextlib.contextmanager
def _python_as_it_was() -> Iterator[None]:
    """Undo afterwards what the screen changes in the interpreter."""
    interval, collects = sys.getswitchinterval(), gc.isenabled()
    of_thread, of_object = threading.excepthook, sys.unraisablehook
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        threading.excepthook, sys.unraisablehook = of_thread, of_object
        gc.unfreeze()
        (gc.enable if collects else gc.disable)()

"""Opening the app with options that have been read."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from rnn_tui import PROGRAM, THEME
from rnn_tui.command_line.case_file import CASE, with_case_file
from rnn_tui.command_line.exit import IDLE, CommandError, explain, print_error
from rnn_tui.command_line.kiosk import (
    attach_streams,
    ignore_keys,
    keep_quiet,
    limit_memory,
    limit_threads,
    set_environment,
    terminal_of,
)
from rnn_tui.command_line.reading import said_while_reading
from rnn_tui.command_line.start import (
    Options,
    Start,
    autosave_writer,
    check_fit,
    check_keyframes,
    parse_breakpoints,
    parse_place,
    run_files,
    start_run,
    starting_weights,
)
from rnn_tui.files.limits import OPTIONS as LIMITS
from rnn_tui.files.standard_input import NAME as STANDARD_INPUT
from rnn_tui.files.standard_input import use_terminal
from rnn_tui.kiosk import IDLE as IDLE_SECONDS
from rnn_tui.kiosk import MAX_MEMORY, Kiosk

if TYPE_CHECKING:
    import socket

    from rnn_tui.engine.training.trainer import Trainer
    from rnn_tui.places.place_line import PlaceLine
    from rnn_tui.second_network import Versus
    from rnn_tui.tui.app import RnnTui
    from rnn_tui.tui.character_set import CharacterSet
    from rnn_tui.tui.lesson.plan import LessonPlan
    from rnn_tui.tui.link import Link
    from rnn_tui.tui.signal_watch import SignalWatch

SSH = f"ssh -t HOST {PROGRAM}"


def run_guest(
    options: Options, *, kiosk: Kiosk | None = None, environment: Mapping[str, str]
) -> int:
    """Open the screen for a guest on the terminal of descriptors 0, 1 and 2.

    Nothing is raised: every error is one line on the terminal. Where a signal ends the program, the
    server says why.

    Args:
        options: those of the command line, as `rnn_tui.command_line.options.read` returns them.
        kiosk: what the guest may do; None for what the options say.
        environment: the guest's variables, of which TERM alone has an effect.

    Returns:
        The exit code; `IDLE` when the guest pressed no key for too long.
    """
    try:
        attach_streams()
        kiosk = kiosk or replace(_kiosk(options), served=True)
        return open_guest(options, kiosk=kiosk, environment=environment)
    except Exception as error:
        message, code = explain(error)
        print_error(message)
        return code


def open_guest(
    options: Options, *, kiosk: Kiosk | None = None, environment: Mapping[str, str]
) -> int:
    """Open the screen for a guest; see `run_guest`. Errors before it opens are raised."""
    set_environment(terminal_of(environment))
    limit_threads(os.environ)
    for name in LIMITS.keys() & options.keys():
        os.environ[LIMITS[name]] = str(options[name])
    limit_memory(os.environ, MAX_MEMORY)
    from rnn_tui.files.guard import Guard, install

    options = with_case_file(options)
    named = (options.get(name) for name in ("checkpoint", "data", "init_from", CASE))
    ignore_keys()
    keep_quiet()
    install(Guard(str(each) for each in named if each))
    return open_app(options, kiosk or _kiosk(options))


def check_guest(options: Options) -> None:
    """Look at all but the terminal of what opens the screen for a guest.

    Raises:
        Exception: it would not open, for the reason that `rnn_tui.command_line.exit.explain` words.
    """
    for name in LIMITS.keys() & options.keys():
        os.environ[LIMITS[name]] = str(options[name])
    options = with_case_file(options)
    kiosk = _kiosk(options)
    breakpoints = parse_breakpoints(options)
    parse_place(options)
    trainer = start_run(options, kiosk).trainer
    check_keyframes(trainer)
    check_fit(breakpoints, trainer)
    _parse_versus(options, trainer, kiosk)


def _kiosk(options: Options) -> Kiosk:
    """Return what a guest may do, as the options say."""
    return Kiosk(idle=options.get("idle", IDLE_SECONDS), data=str(options.get("data", "")))


def open_app(
    options: Options,
    kiosk: Kiosk | None = None,
    plan: LessonPlan | None = None,
    start: Start | None = None,
) -> int:
    """Open the screen, and return the exit code; every error comes before it opens.

    Args:
        options: those of the command line, or of a lesson.
        kiosk: what a guest may do; None for a user.
        plan: the lesson or presentation that is played; None for none.
        start: what the run begins with; None for what the options say.
    """
    if kiosk is None and "idle" in options:
        raise CommandError("--idle ends the session of a guest: it goes with --kiosk")
    if kiosk is not None and "resume" in options:
        raise CommandError("--resume opens an autosave, and a kiosk has none: leave one out")
    from rnn_tui.tui.character_set import choose_characters, users_environment
    from rnn_tui.tui.signal_watch import SignalWatch, signal_name

    # Before signals are blocked: what it asks would have them blocked as well.
    encoding = sys.stdout.encoding
    characters = choose_characters(options.get("ascii"), users_environment(), encoding)
    served = kiosk is not None and kiosk.served
    with SignalWatch(silent=served) as watch:
        code = _open_watched(options, characters, watch, kiosk, plan, start)
    if kiosk is not None and code == IDLE:
        from rnn_tui.tui.idle import time_text

        missed = "a key or a presenter" if options.get("follow") == "follower" else "a key"
        print_error(f"ended after {time_text(kiosk.idle)} without {missed}")
    if watch.ended_by is not None and not served:
        print_error(f"ended by {signal_name(watch.ended_by)}")
    return watch.exit_code(code)


def _open_watched(
    options: Options,
    characters: CharacterSet,
    watch: SignalWatch,
    kiosk: Kiosk | None,
    plan: LessonPlan | None = None,
    start: Start | None = None,
) -> int:
    """Open the screen while signals are watched, and return the exit code."""
    gc.disable()  # imported modules stay; the app enables it again after its first screen
    if options.get("follow") == "follower":
        return _open_follower(options, characters, watch, kiosk)
    breakpoints, place = parse_breakpoints(options), parse_place(options)
    _free_standard_input(options)
    in_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    files = run_files(options)
    start = start or start_run(options, kiosk, ask=in_terminal)
    trainer, saved, resumed = start.trainer, start.saved, start.resumed
    files.protect(*starting_weights(options))
    check_keyframes(trainer)
    check_fit(breakpoints, trainer)
    versus, second = _parse_versus(options, trainer, kiosk), None
    if resumed is not None:
        files.path = resumed.note.path or None
        files.own_again(resumed.note.own)
        if versus is None:
            versus, second = resumed.versus, resumed.second
    if not in_terminal:
        raise CommandError(_terminal_needed(kiosk))
    _check_terminal(kiosk)
    notices = [
        "" if resumed is None else resumed.message,
        "" if saved is None else saved.remark,
        start.taken,
    ]
    if saved is None and start.report is not None:
        notices.append(start.report.notice)
    from rnn_tui.tui.app import RnnTui, run_app

    make: Callable[..., RnnTui] = RnnTui
    if options.get("follow") == "presenter":
        from rnn_tui.tui.following_apps import PresenterTui

        make = partial(PresenterTui, connection=_server(options))
        if "slides" in options:
            from rnn_tui.tui.lesson.presentation import slides_plan

            plan = slides_plan(options["slides"])
    if plan is not None:
        make = partial(make, lesson=plan)
    keeps = kiosk is None and not options.get("no_autosave")
    app = make(
        trainer,
        **screen_options(options, characters, watch, kiosk),
        files=files,
        breakpoints=breakpoints,
        versus=versus,
        second=second,
        view=None if saved is None else saved.view,
        autosaves=partial(autosave_writer, options, start) if keeps else None,
        notice=" · ".join(filter(None, notices)),
    )
    if place is not None:
        _open_at(app, place)
    return run_app(app)


def _open_at(app: RnnTui, place: PlaceLine) -> None:
    """Have the app go to a place first.

    Raises:
        CommandError: the run has no such place, or it lies before a saved run goes on.
    """
    from rnn_tui.places.looking import PlaceError
    from rnn_tui.session.worker import Session

    if isinstance(app.session, Session):
        app.session.begin_with_other(dict(place.looking).get("front", ""))
    try:
        app.debugger.check_place(place)
    except PlaceError as error:
        raise CommandError(f"--at {error}") from None
    app.debugger.begin_at(place)


def _free_standard_input(options: Options) -> None:
    """Read the data that are piped in, so that keys come from the terminal afterwards.

    Raises:
        DataError: they cannot be read.
    """
    if options.get("data") != STANDARD_INPUT or not sys.stdout.isatty():
        return
    from rnn_tui.files.data_file import data_head

    with said_while_reading(options):
        data_head(STANDARD_INPUT, 1)
        use_terminal()


def _open_follower(
    options: Options, characters: CharacterSet, watch: SignalWatch, kiosk: Kiosk | None
) -> int:
    """Open the screen of one who follows the presenter, and return the exit code."""
    _check_terminal(kiosk)
    from rnn_tui.tui.app import run_app
    from rnn_tui.tui.following_apps import FollowerTui

    screen = screen_options(options, characters, watch, kiosk)
    return run_app(FollowerTui(_server(options), **screen))


def _server(options: Options) -> socket.socket:
    """Return the socket to the server, where somebody presents."""
    import socket

    return socket.socket(fileno=options["messages"])


def screen_options(
    options: Options, characters: CharacterSet, watch: SignalWatch, kiosk: Kiosk | None
) -> dict[str, Any]:
    """Return what every app is told of its terminal and its user."""
    from rnn_tui.tui.colour_depth import depth_of, truecolor_query

    return {
        "link": _link(options, kiosk),
        "theme": options.get("theme", THEME),
        "depth": depth_of(os.environ),
        "colour_query": truecolor_query(os.environ),
        "watch": watch,
        "characters": characters,
        "kiosk": kiosk,
    }


def _check_terminal(kiosk: Kiosk | None) -> None:
    """Refuse a terminal on which no screen can be drawn.

    Args:
        kiosk: what a guest may do, who cannot train without a screen; None for any other user.

    Raises:
        CommandError: it is one.
    """
    if sys.platform == "win32":
        return
    from rnn_tui.tui.terminal_kind import why_unusable

    if reason := why_unusable(os.environ.get("TERM")):
        # ssh passes on what TERM is where ssh is started.
        over = f"; if it can: TERM=xterm {SSH}" if os.environ.get("SSH_CONNECTION") else ""
        otherwise = "" if kiosk is not None else f"; without a screen, use: {PROGRAM} train"
        raise CommandError(f"{reason}{over}{otherwise}")


def _terminal_needed(kiosk: Kiosk | None) -> str:
    """Return what to do without a terminal: OpenSSH gives a command none unless it is asked to."""
    if kiosk is not None:  # the command is not the guest's to choose
        return "this needs a terminal: ssh -t, and no command after the host"
    if os.environ.get("SSH_CONNECTION") and not os.environ.get("SSH_TTY"):
        return f"this needs a terminal, and ssh gave none; use: {SSH}, or {PROGRAM} train"
    return f"this needs a terminal (over ssh: {SSH}); without one, use: {PROGRAM} train"


def _link(options: Options, kiosk: Kiosk | None) -> Link:
    """Return the link to the terminal: measured, or what the user says it is."""
    from rnn_tui.tui.link import Link

    remote: bool | None = options.get("remote")
    return Link(
        "measured" if remote is None else "remote" if remote else "local",
        over_ssh=kiosk is not None or bool(os.environ.get("SSH_CONNECTION")),
        multiplexed=bool(os.environ.get("TMUX") or os.environ.get("STY")),
    )


def _parse_versus(options: Options, trainer: Trainer, kiosk: Kiosk | None) -> Versus | None:
    """Return the second network of --versus, if there is one."""
    match_parameters = options.get("match_parameters", False)
    if "versus" not in options:
        if match_parameters:
            raise CommandError("--match-parameters needs a second network: --versus CELL")
        return None
    from rnn_tui.second_network import Versus, second_network_settings

    versus = Versus(options["versus"], match_parameters)
    settings = second_network_settings(trainer.settings, trainer.architecture, versus)
    if kiosk is not None:
        kiosk.check(settings)
    return versus

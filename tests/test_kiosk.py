"""What a guest may do, as a value; and the guard of the process."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rnn_tui.checkpoint.saving import save
from rnn_tui.command_line.kiosk import set_environment, terminal_of
from rnn_tui.command_line.start import start_run
from rnn_tui.engine.network.pins import Pin
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.breakpoint_parser import parse
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.guard import Guard, RefusedError
from rnn_tui.kiosk import MOST_BREAKPOINTS, MOST_CHANGES, Kiosk, KioskError, waits_for_presenter
from rnn_tui.presets import PRESETS
from rnn_tui.registry import TASKS
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    AddBreakpoint,
    Command,
    Configure,
    Intervene,
    Restart,
    Save,
    SetSecondNetwork,
    Step,
)
from rnn_tui.session.worker import Session
from rnn_tui.settings import DECLARATIONS, SettingError, Settings, compose
from rnn_tui.tui.idle import IdleWatch, time_text
from rnn_tui.tui.safe_text import safe_text

CAPPED = {name: each for name, each in DECLARATIONS.items() if each.kiosk_high is not None}
SMALL = Settings(hidden=2, steps=3, num_points=60, noise=0.0, timeline=1)


@pytest.mark.parametrize("name", CAPPED)
def test_every_cap_is_named_and_holds(name: str) -> None:
    most = CAPPED[name].kiosk_high
    assert most is not None
    assert most < (CAPPED[name].high or 0)
    for value, allowed in ((most, True), (most + 1, False)):
        settings = copy.copy(SMALL)
        object.__setattr__(settings, name, value)  # without a look at what goes together
        if allowed:
            Kiosk().check(settings)
            continue
        with pytest.raises(SettingError, match=f"at most {most} in a kiosk, not {value}"):
            Kiosk().check(settings)


@pytest.mark.parametrize("task", [task for task in TASKS.names if task not in ("series", "case")])
def test_every_task_and_preset_runs_in_a_kiosk_as_it_is(task: str) -> None:
    kiosk = Kiosk()
    kiosk.check(compose({"task": task, **kiosk.lowered({})}))
    for preset in PRESETS:
        kiosk.check(compose(kiosk.lowered({}), preset))


def test_only_the_file_that_the_command_line_names_is_read() -> None:
    Kiosk(data="a.txt").check(SMALL.with_(data="a.txt"))
    for kiosk in (Kiosk(), Kiosk(data="a.txt")):
        with pytest.raises(SettingError) as refused:
            kiosk.check(SMALL.with_(task="text", data="/etc/passwd"))
        assert "/etc/passwd" not in str(refused.value)


def test_a_checkpoint_brings_no_file_and_no_size_of_its_own(tmp_path: Path) -> None:
    book, run = tmp_path / "book.txt", tmp_path / "run.safetensors"
    book.write_text("to be or not to be " * 30)
    settings = compose({"task": "text", "data": str(book), "hidden": 4, "steps": 5})
    save(run, Trainer(settings))
    with pytest.raises(SettingError, match="a kiosk reads no file but those"):
        start_run({"checkpoint": str(run)}, Kiosk())
    options = {"checkpoint": str(run), "data": str(book)}
    trainer = start_run(options, Kiosk(data=str(book))).trainer
    assert trainer.settings.timeline == DECLARATIONS["timeline"].kiosk_high  # it was larger
    save(run, Trainer(settings.with_(hidden=200)))
    with pytest.raises(SettingError, match="--hidden must be at most 128"):
        start_run(options, Kiosk(data=str(book)))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (Save("x.safetensors"), "a kiosk writes no files"),
        (Restart(SMALL.with_(hidden=200)), "--hidden must be at most 128 in a kiosk, not 200"),
        (Restart(SMALL.with_(task="text", data="/etc/passwd")), "a kiosk reads no file but those"),
        (Configure(SMALL.with_(timeline=4000)), "--timeline must be at most 16 in a kiosk"),
    ],
)
def test_a_session_refuses_by_itself(command: Command, said: str, tmp_path: Path) -> None:
    session = Session(Trainer(SMALL), kiosk=Kiosk())
    snapshot = session.perform(command)
    assert snapshot.notice is not None
    assert said in snapshot.notice.text
    assert session.trainer.settings == SMALL


def test_a_second_network_is_capped_too() -> None:
    large = SMALL.with_(hidden=120, cell="lstm")
    session = Session(Trainer(large), kiosk=Kiosk())
    snapshot = session.perform(SetSecondNetwork(Versus("rnn", match=True)))
    assert session.second_network is None
    assert snapshot.notice is not None
    assert "--hidden must be at most 128" in snapshot.notice.text


def test_breakpoints_and_changes_have_a_limit() -> None:
    session = Session(Trainer(SMALL), kiosk=Kiosk())
    for k in range(MOST_BREAKPOINTS + 5):
        snapshot = session.perform(AddBreakpoint(parse(f"update={k + 1000}")))
    assert len(snapshot.breakpoints) == MOST_BREAKPOINTS
    session.perform(Step(Stride.UPDATE))
    for k in range(MOST_CHANGES + 5):
        snapshot = session.perform(Configure(SMALL.with_(lr=0.001 * (k + 1))))
    assert snapshot.notice is not None
    assert (
        snapshot.notice.text == f"not changed: a run in a kiosk has at most {MOST_CHANGES} changes"
    )
    snapshot = session.perform(Intervene(Pin("h", 0.0)))
    assert "at most" in (snapshot.notice.text if snapshot.notice else "")
    with pytest.raises(KioskError, match="del forgets them"):
        Kiosk().check_changes(0, 1000)


# ---------------------------------------------------------------- environment, time, text


def test_of_the_environment_only_the_kind_of_the_terminal_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    set_environment({"TERM": "xterm", "LD_PRELOAD": "x", "HOME": "/", "RNN_TUI_MAX_DATA": "1"})
    assert os.environ == {"TERM": "xterm"}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("xterm-256color", "xterm-256color"),
        ("tmux-256color", "tmux-256color"),
        ("vt100", "vt100"),
        ("nobody-knows", "xterm"),
        ("../../etc/x", "xterm"),
        ("xterm/../../x", "xterm"),
        ("xterm\x1b]0;x\x07", "xterm"),
        ("xterm" * 99, "xterm"),
        ("dumb", "dumb"),
        ("", None),
    ],
)
def test_the_kind_of_the_terminal_is_one_of_a_list(given: str, kept: str | None) -> None:
    assert terminal_of({"TERM": given, "HOME": "/"}) == ({} if kept is None else {"TERM": kept})


class Time:
    """A clock, and what is to be called when."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[tuple[float, object]] = []
        self.said: list[str] = []
        self.ended_at: list[float] = []
        self.presented = False

    def watch(self, idle: float) -> IdleWatch:
        watch = IdleWatch(
            Kiosk(idle=idle),
            later=lambda seconds, call: self.calls.append((self.now + seconds, call)),
            warn=self.said.append,
            end=lambda: self.ended_at.append(self.now),
            awake=lambda: self.presented,
            clock=lambda: self.now,
        )
        watch.start()
        return watch

    def go_to(self, moment: float) -> None:
        while self.calls and self.calls[0][0] <= moment:
            self.now, call = self.calls.pop(0)
            assert callable(call)
            call()
        self.now = moment


def test_a_guest_is_told_a_minute_before_the_end_and_any_key_puts_it_off() -> None:
    time = Time()
    watch = time.watch(900)
    time.go_to(839)
    assert time.said == []
    time.go_to(841)
    assert time.said == ["no key for a while: the session ends in 1 minute"]
    watch.heard()
    time.go_to(1600)
    assert len(time.said) == 1
    time.go_to(1740)
    assert len(time.said) == 2
    assert time.ended_at == []
    time.go_to(2000)
    assert time.ended_at == [pytest.approx(841 + 900, abs=0.1)]


def test_who_follows_a_presenter_is_not_idle_without_a_key() -> None:
    time = Time()
    watch = time.watch(900)
    time.presented = True
    time.go_to(9000)
    assert (time.said, time.ended_at) == ([], [])
    time.presented = False
    watch.heard()
    time.go_to(10_000)
    assert (len(time.said), len(time.ended_at)) == (1, 1)


def test_who_waits_for_the_first_presenter_is_not_idle_for_four_times_as_long() -> None:
    time = Time()
    time.presented = True
    time.watch(900)
    while waits_for_presenter(900, time.now):
        assert (time.said, time.ended_at) == ([], [])
        time.go_to(time.now + 10)
    time.presented = False
    time.go_to(10_000)
    assert len(time.said) == 1
    assert 4 * 900 < time.ended_at[0] <= 5 * 900


def test_a_time_is_written_in_its_largest_whole_unit() -> None:
    assert [time_text(each) for each in (1, 59.7, 90, 900, 7200)] == [
        "1 second",
        "1 minute",
        "90 seconds",
        "15 minutes",
        "2 hours",
    ]


@pytest.mark.parametrize("text", ["plain", "tanh(W·x) ▄⠉", "‍👩‍🔬", "naïve", "日本"])
def test_text_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize("text", ["\x1b]0;x\x07", "\x9b31m", "a\u202eb", "\u2066", "\x7f", "a\rb"])
def test_what_a_terminal_would_obey_is_replaced(text: str) -> None:
    assert safe_text(text).isprintable()


# ---------------------------------------------------------------- the guard

GUARDED = """
import os, socket, subprocess, sys, tempfile
from rnn_tui.files.error_log import log_error
from rnn_tui.files.guard import Guard, install
from rnn_tui.files.state_folder import state_folder
named, other = sys.argv[1:]
guard = Guard([named])
install(guard)
open(named).close()
open(os.devnull, "w").close()
import rnn_tui.tasks.text
ours, theirs = socket.socketpair()
ours.sendmsg([b"x"])
def forbidden():
    yield lambda: open(other)
    yield lambda: open(named, "a")
    yield lambda: open(os.path.join(os.path.dirname(rnn_tui.__file__), "x"), "w")
    yield lambda: open(os.path.join(os.path.dirname(rnn_tui.__file__), "../../../etc/passwd"))
    yield lambda: os.open(other, os.O_RDONLY)
    yield lambda: os.listdir(os.path.dirname(other))
    yield lambda: os.remove(named)
    yield lambda: os.rename(named, other)
    yield lambda: os.mkdir(other + "x")
    yield lambda: os.symlink(other, named + "x")
    yield lambda: os.chmod(other, 0o777)
    yield lambda: os.system("true")
    yield lambda: os.fork()
    yield lambda: os.execv("/bin/true", ["true"])
    yield lambda: os.posix_spawn("/bin/true", ["true"], {})
    yield lambda: os.kill(os.getppid(), 0)
    yield lambda: subprocess.run(["true"])
    yield lambda: tempfile.mkstemp(dir=os.path.dirname(named))
    yield lambda: socket.socket().connect(("127.0.0.1", 1))
    yield lambda: socket.socket().bind(("127.0.0.1", 0))
    yield lambda: socket.getaddrinfo("localhost", 1)
    yield lambda: state_folder("log")
for number, each in enumerate(forbidden()):
    try:
        each()
    except PermissionError:
        continue
    print("allowed:", number)
assert log_error(ValueError("x"), "here") is None
print("done", len(guard.refused))
"""


def test_the_guard_refuses_files_processes_and_connections(tmp_path: Path) -> None:
    for name in ("named", "other"):
        (tmp_path / name).write_text(name)
    arguments = [sys.executable, "-c", GUARDED, str(tmp_path / "named"), str(tmp_path / "other")]
    done = subprocess.run(arguments, capture_output=True, text=True)
    assert done.stdout == "done 21\n", done.stdout + done.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"named", "other"}


def test_the_guard_names_no_path() -> None:
    with pytest.raises(RefusedError) as refused:
        Guard()("open", ("/etc/passwd", "r", 0))
    assert "passwd" not in str(refused.value)
    assert refused.value.filename is None


def test_a_kiosk_lists_no_autosaves() -> None:
    line = [sys.executable, "-m", "rnn_tui", "--kiosk", "--resume", "list"]
    done = subprocess.run(line, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert (done.returncode, done.stdout) == (2, "")
    assert "a kiosk has none" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--layers", "9"], "--layers must be a whole number from 1 to 4 in a kiosk, not 9"),
        (["--batch", "33"], "--batch must be at most 32 in a kiosk, not 33"),
        (["--eps", "7"], "--eps must be"),
    ],
)
def test_a_cap_is_told_of_the_option_that_was_given(arguments: list[str], message: str) -> None:
    from rnn_tui.cli import _read
    from rnn_tui.command_line.start import new_settings

    with pytest.raises(SettingError) as error:
        new_settings(_read(["--kiosk", *arguments]) or {}, Kiosk())
    assert str(error.value).startswith(message)

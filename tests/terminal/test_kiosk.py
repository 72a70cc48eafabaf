"""A guest's session: what it asks of the machine, whatever is typed; how it ends; what it shows."""

from __future__ import annotations

import ast
import contextlib
import os
import re
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from terminal.driver import Terminal
from terminal.kiosk_ways import SEQUENCES, entries, everywhere, fuzz
from terminal.program import ROOT, Program, assert_ended, program
from terminal.test_environment import variables

from rnn_tui.command_line.exit import BAD_USAGE, BROKEN, IDLE
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.kiosk import Kiosk
from rnn_tui.settings import Settings
from rnn_tui.tui.app import RnnTui

CHILD = ROOT / "tests/terminal/kiosk_child.py"
EVIL = "\x1b]0;pwned\x07\u202e\x9b31m"
"""What a name or a text must never send to the terminal as it is."""
INSTALLED = tuple(
    {
        os.path.join(os.path.realpath(str(each)), "")
        for each in (
            *(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib")),
            *(each for each in sys.path if each.endswith("-packages")),
            ROOT / "rnn_tui",
        )
    }
)
KERNEL = ("/proc/self/environ", "/sys/fs/cgroup/")
HARMLESS = {"os.putenv", "os.unsetenv", "socket.__new__"}
LISTS = {"os.listdir", "os.scandir"}
# What begins a command to the terminal itself (its title, its clipboard) or turns the writing. A
# bell is none: a field that is full rings it.
OBEYED = re.compile(rb"\x1b[]_^X]|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]")


def beyond(log: Path, *named: str) -> list[str]:
    """Return the events that a guest's session must not cause."""
    return [line for line in log.read_text().splitlines() if not _is_allowed(line, named)]


def _is_allowed(line: str, named: Iterable[str]) -> bool:
    event, _, text = line.partition("\t")
    if event in HARMLESS:
        return True
    if event not in ("open", *LISTS):
        return False
    match = re.match(r"\((?:Posix(?:Path)?\()?('(?:[^'\\]|\\.)*'|\d+)", text)
    if match is None:
        return False
    path = ast.literal_eval(match[1])
    if isinstance(path, int):
        return True
    real = os.path.realpath(str(path))
    if event in LISTS:
        return str(path) in sys.path or os.path.join(real, "").startswith(INSTALLED)
    flags = int(text.rstrip(")").rpartition(",")[2] or 0)
    if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
        return real == os.devnull or real.startswith("/dev/pts/")
    readable = (*INSTALLED, *KERNEL, *named)
    return real.startswith(readable) or real in (os.devnull, str(CHILD))


@contextlib.contextmanager
def kiosk(folder: Path, *options: str, size: tuple[int, int] = (100, 30)) -> Iterator[Program]:
    """Start a guest's session in a folder, under a witness that writes `folder`/../log."""
    home = folder / "home"
    home.mkdir(exist_ok=True)
    log = str(folder.parent / f"{folder.name}.log")
    Path(log).unlink(missing_ok=True)
    argv = [sys.executable, "-E", "-B", str(CHILD), log, "--kiosk", "--local", *options]
    env = {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    with Terminal(argv, *size, env=env, cwd=home) as terminal:
        one = Program(terminal)
        one.wait_for("/s · paused", timeout=20)
        yield one
    assert list(home.iterdir()) == []
    assert beyond(Path(log), *(os.path.realpath(each) for each in options if "/" in each)) == []


def type_all(one: Program, texts: Iterable[str], pause: float = 0.03) -> None:
    """Type each text; the next one once there was time for it to have its effect."""
    for text in texts:
        with contextlib.suppress(UnicodeEncodeError):
            one.send(text)
        time.sleep(pause * 5 if text == "\x1b" else pause)


def leave(one: Program, within: float = 30) -> None:
    """Quit, whatever is shown: one key ends the session, without a question."""
    one.send("\x1b[201~\x1b\\")  # ends a paste or a string that was begun
    time.sleep(0.4)
    one.key("ctrl+q")
    assert one.terminal.wait_exit(within) == 0
    assert one.terminal.restored()
    assert not OBEYED.search(one.terminal.raw()), OBEYED.findall(one.terminal.raw())[:5]


def commands() -> list[str]:
    """Return what runs every command of a guest's palette."""
    app = RnnTui(Trainer(Settings(hidden=2)), kiosk=Kiosk())
    return list(entries(list(app.get_system_commands(app.debugger))))


# ---------------------------------------------------------------- out


def test_no_key_paste_sequence_or_command_leads_out(tmp_path: Path) -> None:
    """A share of all ways; the others with -m long."""
    ways = list(everywhere())
    with kiosk(tmp_path, "--hidden", "4") as one:
        type_all(one, ways[:: max(len(ways) // 12, 1)])
        type_all(one, [*commands()[::14], *SEQUENCES])
        for size in ((500, 300), (20, 5), (100, 30)):
            one.terminal.resize(*size)
            time.sleep(0.1)
        type_all(one, fuzz(10, seed=1))
        leave(one)


@pytest.mark.long
@pytest.mark.parametrize("task", ["cos", "text"])
def test_nothing_at_all_leads_out(tmp_path: Path, task: str) -> None:
    with kiosk(tmp_path, "--task", task, "--hidden", "8", "--versus", "gru") as one:
        for ways in (everywhere(), commands(), SEQUENCES, fuzz(1000, seed=2)):
            type_all(one, ways, pause=0.05)
        for size in ((5000, 5000), (1, 1), (500, 10), (10, 500), (100, 30)):
            one.terminal.resize(*size)
            time.sleep(0.2)
        leave(one, within=600)  # what was typed is carried out first


def test_files_shells_and_sizes_are_refused_in_words(tmp_path: Path) -> None:
    with kiosk(tmp_path, "--hidden", "4") as one:
        for number in (signal.SIGTSTP, signal.SIGINT, signal.SIGQUIT):
            one.terminal.process.send_signal(number)
        one.key("w")
        one.wait_for("a kiosk writes no files")
        one.key("ctrl+z")
        one.wait_for("a kiosk has no shell")
        one.key("o")
        one.wait_for(re.compile(r"[~↻] hidden"))
        one.key(*["up"] * 6)
        one.wait_for("hidden: Number of hidden units")
        one.send("4000\r")
        one.wait_for("hidden must be a whole number from 1 to 128 in a kiosk")
        one.key(*["up"] * 12)
        one.send("text")
        text = one.wait_for("↻ task        text")
        assert not re.search(r"[~↻] data", text)
        one.key("esc")
        leave(one)


def test_the_palette_of_a_guest_has_no_files_and_no_shell() -> None:
    app = RnnTui(Trainer(Settings(hidden=2)), kiosk=Kiosk())
    titles = [each.title for each in app.get_system_commands(app.debugger)]
    assert "quit" in titles
    assert not [title for title in titles if re.search("write a checkpoint|shell", title)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hidden 4000", "--hidden must be at most 128 in a kiosk, not 4000"),
        ("--resume", "--resume opens an autosave, and a kiosk has none: leave one out"),
    ],
)
def test_what_a_kiosk_refuses_is_one_line(options: str, message: str) -> None:
    argv = [sys.executable, "-m", "rnn_tui", "--kiosk", *options.split()]
    with Terminal(argv, 200, 24, env={"PYTHONPATH": str(ROOT)}) as terminal:
        assert terminal.wait_exit() == BAD_USAGE
        assert terminal.text().strip() == f"rnn-tui: {message}"


# ---------------------------------------------------------------- environment


def test_no_variable_has_an_effect(tmp_path: Path) -> None:
    (tmp_path / "textual.py").write_text("raise SystemExit('imported')")
    hostile = {
        **variables(tmp_path),
        **dict.fromkeys(("LANG", "LC_ALL", "LC_CTYPE"), "C"),
        **dict.fromkeys(("NO_COLOR", "FORCE_COLOR", "PYTHONINSPECT", "RNN_TUI_TRACEBACK"), "1"),
        **dict.fromkeys(("RNN_TUI_DEVELOPER", "PYTHONDEVMODE", "PYTHONWARNINGS"), "1"),
        "RNN_TUI_MAX_MEMORY": "1KiB", "RNN_TUI_MAX_DATA": "nonsense", "COLUMNS": "20", "LINES": "5",
        "_RNN_TUI_COMPLETE": "bash_source", "COLORTERM": "truecolor", "TMUX": "/tmp/x,1,0",
        "STY": "1.x", "SSH_CONNECTION": "1 2 3 4", "TERMINFO": str(tmp_path), "ESCDELAY": "9999",
        "PYTHONIOENCODING": "ascii", "HOME": str(tmp_path), "TERM_PROGRAM": "Apple_Terminal",
        "OPENBLAS_NUM_THREADS": "nonsense", "XDG_STATE_HOME": str(tmp_path), "BROWSER": "false",
    }  # fmt: skip
    shown = []
    for env in ({}, hostile):
        with program("--kiosk", "--hidden", "4", env=env, cwd=tmp_path) as one:
            given = Path(f"/proc/{one.terminal.process.pid}/environ")
            if given.exists():
                assert given.read_bytes() == b"TERM=xterm-256color\0"
            shown.append((one.text(), one.terminal.raw()))
            one.key("q")
            assert_ended(one)
    assert shown[0][0] == shown[1][0]
    assert {each.name for each in tmp_path.iterdir()} == {"textual.py"}


# ---------------------------------------------------------------- the end


def test_without_a_key_the_session_ends_though_the_network_trains() -> None:
    kind = {"TERM": "../../evil"}  # nobody knows it, so it is taken for xterm
    options = ("--kiosk", "--hidden", "4", "--idle", "4s", "--local")
    with program(*options, size=(100, 30), env=kind) as one:
        time.sleep(2.5)
        one.key("space")  # a key: the time begins anew
        one.until(lambda header: header.state == "running")
        time.sleep(1.0)
        assert one.terminal.process.poll() is None
        one.wait_for("no key for a while: the session ends in")
        assert one.terminal.wait_exit() == IDLE
        assert one.terminal.restored()
        assert "rnn-tui: ended after 4 seconds without a key" in one.text()


def test_an_unexpected_error_is_one_line_and_names_no_path(tmp_path: Path) -> None:
    code = (
        "import sys; from rnn_tui.cli import main; from rnn_tui.tui.panels import header\n"
        "def fail(*_, **__): raise ZeroDivisionError('odd')\n"
        "from rnn_tui.tui.app import RnnTui\n"
        "RnnTui.on_ready = fail\n"
        "sys.argv = ['rnn-tui', '--kiosk', '--hidden', '4']\nmain()"
    )
    env = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    with Terminal([sys.executable, "-E", "-c", code], 100, 30, env=env, cwd=tmp_path) as terminal:
        assert terminal.wait_exit() == BROKEN
        text = terminal.text().strip()
        assert text == "rnn-tui: an unexpected error ended the program; a kiosk keeps no details"
        assert b"Traceback" not in terminal.raw()
    assert list(tmp_path.iterdir()) == []


# ---------------------------------------------------------------- what is shown and taken in


def test_a_text_sends_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    text = tmp_path.parent / f"{tmp_path.name}.txt"
    text.write_text(f"to be {EVIL} or not [bold]\n" * 60)
    _look_at(tmp_path, "text", text)


@pytest.mark.long
def test_a_column_sends_nothing_that_a_terminal_obeys(tmp_path: Path) -> None:
    table = tmp_path.parent / f"{tmp_path.name}.csv"
    rows = "".join(f"{k},{k % 7}\n" for k in range(90))
    table.write_text(f"[@click=app.bell]x[/],a{EVIL}\n{rows}")
    _look_at(tmp_path, "series", table)


def _look_at(folder: Path, task: str, file: Path) -> None:
    """Show a file everywhere, and type what terminals obey into fields."""
    with kiosk(folder, "--task", task, "--data", str(file), "--hidden", "4") as one:
        one.send("nnfff")
        one.send(f"\x10{EVIL}")
        time.sleep(0.3)
        one.key("esc")
        one.send(f"o\x1b[200~{EVIL}\x1b[201~")
        time.sleep(0.3)
        one.key("esc")
        assert str(folder.parent) not in one.text()
        leave(one)


def test_a_flood_of_keys_waits_in_the_senders_hands(tmp_path: Path) -> None:
    with program("--kiosk", "--hidden", "4", "--local") as one:
        status = Path(f"/proc/{one.terminal.process.pid}/status")
        if not status.exists():
            pytest.skip("no /proc")
        before = _resident(status)
        keys = threading.Thread(target=_flood, args=(one, "n" * 4096, 400), daemon=True)
        keys.start()
        time.sleep(2)
        assert _resident(status) - before < 40
        one.terminal.process.send_signal(signal.SIGTERM)
        assert one.terminal.wait_exit() == 128 + signal.SIGTERM


def _flood(one: Program, text: str, times: int) -> None:
    with contextlib.suppress(OSError):
        for _ in range(times):
            one.send(text)


def _resident(status: Path) -> float:
    """Return the memory of a process in MiB."""
    match = re.search(r"VmRSS:\s+(\d+) kB", status.read_text())
    assert match is not None
    return int(match[1]) / 1024

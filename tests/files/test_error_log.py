"""The log of unexpected errors: what it has, what it leaves out, and that it never does harm."""

import os
import threading
from pathlib import Path

import pytest

from rnn_tui import __version__
from rnn_tui.files.error_log import LONGEST_ENTRY, LONGEST_LOG, log_error


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "rnn-tui" / "log"


def failing(message: str) -> Exception:
    """Return an error with a traceback through a function with a secret in a variable."""

    def inner() -> None:
        secret = "a user's data"
        assert secret
        raise RuntimeError(message)

    try:
        inner()
    except RuntimeError as error:
        return error
    raise AssertionError("unreachable")


def test_an_entry_has_time_version_place_and_traceback_without_values(folder: Path) -> None:
    path = log_error(failing("why"), "drawing the panel loss")
    assert path == folder / "rnn-tui.log"
    text = path.read_text("utf-8")
    assert __version__ in text
    assert "drawing the panel loss" in text
    assert "RuntimeError: why" in text
    assert "in inner" in text
    assert "a user's data'" not in text
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_log_and_its_entries_have_a_limit(folder: Path) -> None:
    long = failing("x" * 10 * LONGEST_ENTRY)
    for _ in range(3 * LONGEST_LOG // LONGEST_ENTRY):
        assert log_error(long, "a test") is not None
    sizes = [each.stat().st_size for each in folder.iterdir()]
    assert len(sizes) == 2
    assert max(sizes) <= LONGEST_LOG


def test_any_error_is_logged_whatever_its_text(folder: Path) -> None:
    class OddError(Exception):
        def __str__(self) -> str:
            raise ValueError("no text")

    for each in (OddError(), ValueError("\ud800 half a pair"), KeyboardInterrupt()):
        assert log_error(each, "a test") is not None
    assert b"KeyboardInterrupt" in (folder / "rnn-tui.log").read_bytes()


@pytest.mark.parametrize("kind", ["fifo", "folder", "link", "file as folder"])
def test_what_is_in_the_way_is_left_alone_and_nobody_waits(folder: Path, kind: str) -> None:
    path = folder / "rnn-tui.log"
    folder.parent.mkdir()
    if kind == "file as folder":
        folder.write_text("mine")
    else:
        folder.mkdir()
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(folder / "elsewhere")
    assert log_error(failing("why"), "a test") is None
    if kind == "file as folder":
        assert folder.read_text() == "mine"
    else:
        assert [each.name for each in folder.iterdir()] == ["rnn-tui.log"]


def test_threads_do_not_mix_their_entries(folder: Path) -> None:
    def write() -> None:
        for _ in range(20):
            log_error(failing("why"), "a thread")

    threads = [threading.Thread(target=write) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    entries = (folder / "rnn-tui.log").read_text().split("\n\n")
    assert len([each for each in entries if each]) == 80
    assert all(each.endswith("RuntimeError: why") for each in entries if each)

"""Writing a file completely or not at all, and removing what killed writers left."""

from __future__ import annotations

import errno
import os
import random
import signal
import stat
import time
from pathlib import Path

import pytest

from rnn_tui.files import atomic_file
from rnn_tui.files.atomic_file import check_folder, remove_leftovers, write_atomically

LEFTOVER = ".run.safetensors.0123456789abcdef.rnn-tui-tmp"


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "run"
    write_atomically(path, b"old")
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["run"]


def test_permissions_are_those_of_a_new_file_or_of_the_replaced_one(tmp_path: Path) -> None:
    path = tmp_path / "run"
    before = os.umask(0o027)
    try:
        write_atomically(path, b"old")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        write_atomically(path, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


def test_a_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("run")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "run").read_bytes() == b"new"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127, "é\n" * 80, "\udcff" * 200])
def test_any_name_that_the_file_system_takes(name: str, tmp_path: Path) -> None:
    write_atomically(tmp_path / name, b"new")
    assert (tmp_path / name).read_bytes() == b"new"
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_an_error_leaves_the_old_file_and_nothing_else(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    write_atomically(path, b"old")
    write, calls = os.write, iter(range(10))

    def fail(file: int, content: bytes) -> int:
        if next(calls):
            raise OSError(number, os.strerror(number))
        return write(file, content[:3])

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError) as caught:
        write_atomically(path, b"newer and longer")
    assert caught.value.errno == number
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["run"]


# ---------------------------------------------------------------- leftovers


def test_leftovers_are_removed_by_the_next_write(tmp_path: Path) -> None:
    (tmp_path / LEFTOVER).write_bytes(b"half")
    write_atomically(tmp_path / "other", b"new")
    assert os.listdir(tmp_path) == ["other"]
    (tmp_path / LEFTOVER).write_bytes(b"half")
    check_folder(tmp_path)
    assert os.listdir(tmp_path) == ["other"]


@pytest.mark.parametrize(
    "name",
    [
        "run.safetensors.0123456789abcdef.rnn-tui-tmp",  # not hidden
        ".run.safetensors.0123456789abcde.rnn-tui-tmp",
        ".run.safetensors.0123456789ABCDEF.rnn-tui-tmp",
        ".run.safetensors.0123456789abcdef.rnn-tui-tmp~",
        ".run.safetensors.0123456789abcdef.tmp",
        ".0123456789abcdef.rnn-tui-tmp",
        ".run.safetensors",
    ],
)
def test_no_other_name_is_touched(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    assert remove_leftovers(tmp_path) == 0
    assert (tmp_path / name).read_text() == "mine"


def test_only_regular_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / "aim").write_text("mine")
    (tmp_path / LEFTOVER).symlink_to("aim")
    (tmp_path / LEFTOVER.replace("run", "folder")).mkdir()
    os.mkfifo(tmp_path / LEFTOVER.replace("run", "fifo"))
    assert remove_leftovers(tmp_path) == 0
    assert len(os.listdir(tmp_path)) == 4


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert remove_leftovers(tmp_path / "none") == 0


def test_a_file_that_is_being_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, found = os.fsync, list[list[str]]()

    def look(file: int) -> None:
        assert remove_leftovers(tmp_path) == 0
        found.append(os.listdir(tmp_path))
        sync(file)

    monkeypatch.setattr(os, "fsync", look)
    write_atomically(tmp_path / "run", b"new")
    assert atomic_file.LEFTOVER.fullmatch(found[0][0])
    assert (tmp_path / "run").read_bytes() == b"new"


def test_without_locks_only_old_files_are_leftovers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(file: int) -> bool:
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(atomic_file, "try_lock", unsupported)
    (tmp_path / LEFTOVER).write_bytes(b"half")
    write_atomically(tmp_path / "run", b"new")
    assert len(os.listdir(tmp_path)) == 2
    os.utime(tmp_path / LEFTOVER, (0, 0))
    assert remove_leftovers(tmp_path) == 1


# ---------------------------------------------------------------- killed


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_killed_writer_leaves_the_old_or_the_new_file(tmp_path: Path) -> None:
    path, contents = tmp_path / "run", (b"a" * 3_000_000, b"b" * 3_000_000)
    path.write_bytes(contents[0])
    generator, interrupted = random.Random(7), 0
    for _ in range(20):
        child = os.fork()
        if not child:
            try:
                while True:
                    for content in contents:
                        write_atomically(path, content)
            finally:
                os._exit(1)
        time.sleep(generator.uniform(0.004, 0.02))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        assert path.read_bytes() in contents
        interrupted += len(os.listdir(tmp_path)) > 1
        remove_leftovers(tmp_path)
        assert os.listdir(tmp_path) == ["run"]
    assert interrupted > 0

"""Ownership: a file that a run neither loaded nor made is never replaced without a yes."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rnn_tui.files.atomic_file import write_atomically
from rnn_tui.files.ownership import FileTakenError, InputFile, RunFiles, Standing, WriteCheck


def write(check: WriteCheck, content: bytes = b"mine") -> None:
    write_atomically(check.path, content, check)


def standing(files: RunFiles, path: Path) -> Standing:
    return files.check(path).standing


# ---------------------------------------------------------------- what a file is to a run


def test_a_name_that_nobody_has_taken_is_free_and_then_ones_own(tmp_path: Path) -> None:
    files, path = RunFiles(), tmp_path / "run"
    assert standing(files, path) is Standing.FREE
    write(files.check(path))
    assert path.read_bytes() == b"mine"
    assert standing(files, path) is Standing.OWN
    write(files.check(path), b"mine, later")
    assert path.read_bytes() == b"mine, later"
    assert os.listdir(tmp_path) == ["run"]
    assert standing(RunFiles(), path) is Standing.FOREIGN  # to another run


def test_an_empty_file_counts_as_absent_and_keeps_its_permissions(tmp_path: Path) -> None:
    files, path = RunFiles(), tmp_path / "made by mktemp"
    path.touch(0o600)
    assert standing(files, path) is Standing.FREE
    write(files.check(path))
    assert path.read_bytes() == b"mine"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_loaded_checkpoint_is_the_runs_own_however_it_is_spelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"saved")
    (tmp_path / "symbolic").symlink_to(path)
    os.link(path, tmp_path / "hard")
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    files = RunFiles.of_checkpoint("run")
    for name in ("run", "./run", "folder/../run", str(path), "symbolic", "hard"):
        assert files.check(name).standing is Standing.OWN, name
    write(files.check("symbolic"))
    assert (tmp_path / "symbolic").is_symlink()
    assert path.read_bytes() == b"mine"
    assert (tmp_path / "hard").read_bytes() == b"saved"
    assert files.check("run").standing is Standing.OWN


def replace_by_renaming(path: Path) -> None:
    path.with_name("other").write_bytes(b"theirs")
    os.replace(path.with_name("other"), path)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b" and theirs")


def rewrite_in_place(path: Path) -> None:
    before = path.stat()
    path.write_bytes(b"y" * before.st_size)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [replace_by_renaming, append, rewrite_in_place])
def test_a_file_changed_behind_the_programs_back_is_foreign_again(
    change: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "run"
    path.write_bytes(b"saved")
    loaded, made = RunFiles.of_checkpoint(str(path)), RunFiles()
    change(path)
    check = loaded.check(path)
    assert check.standing is Standing.FOREIGN
    assert check.reason == "it was changed since this run read or wrote it"
    path.unlink()
    write(made.check(path))
    change(path)
    theirs = path.read_bytes()
    with pytest.raises(FileTakenError, match="it was changed"):
        write(made.check(path))
    assert path.read_bytes() == theirs


def test_a_file_that_is_gone_is_made_again(tmp_path: Path) -> None:
    files, path = RunFiles(), tmp_path / "run"
    write(files.check(path))
    path.unlink()
    assert standing(files, path) is Standing.FREE
    write(files.check(path))
    assert path.read_bytes() == b"mine"


def test_a_yes_is_for_one_file_as_it_was(tmp_path: Path) -> None:
    files, path = RunFiles(), tmp_path / "run"
    path.write_bytes(b"theirs")
    seen = files.check(path).seen
    append(path)
    assert files.check(path, seen).standing is Standing.FOREIGN
    agreed = files.check_forced(path)
    assert agreed.standing is Standing.AGREED
    replace_by_renaming(path)
    with pytest.raises(FileTakenError):
        write(agreed)
    write(files.check_forced(path))
    assert path.read_bytes() == b"mine"
    assert standing(files, path) is Standing.OWN


# ---------------------------------------------------------------- what is never replaced


def make_special(path: Path, kind: str) -> None:
    """Make a special file of our own."""
    if kind == "a named pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(str(path))
    else:
        try:
            os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        except PermissionError:
            pytest.skip("only root makes devices")


@pytest.mark.parametrize("kind", ["a named pipe", "a socket", "a device"])
@pytest.mark.parametrize("link", [False, True])
def test_special_files_are_refused_even_with_a_yes(kind: str, link: bool, tmp_path: Path) -> None:
    node = tmp_path / "node"
    make_special(node, kind)
    path = tmp_path / "link" if link else node
    if link:
        path.symlink_to(node)
    before = node.lstat()
    check = RunFiles().check_forced(path)
    assert (check.standing, check.reason) == (
        Standing.FORBIDDEN,
        f"it is {kind}, not a regular file",
    )
    with pytest.raises(OSError, match="not a regular file"):
        write(check)
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(path, b"mine")
    assert os.path.samestat(before, node.lstat())


def test_links_of_the_kernel_are_refused(tmp_path: Path) -> None:
    readable, writable = os.pipe()
    unlinked = os.open(tmp_path / "unlinked", os.O_RDWR | os.O_CREAT)
    os.unlink(tmp_path / "unlinked")
    output = os.open(tmp_path / "output", os.O_RDWR | os.O_CREAT)  # as a shell's ">" makes it
    try:
        for descriptor in (writable, unlinked, output):
            path = f"/proc/self/fd/{descriptor}"
            if not os.path.exists(path):
                pytest.skip("there is no /proc")
            link = tmp_path / f"link{descriptor}"
            link.symlink_to(path)
            for each in (path, f"/dev/fd/{descriptor}", link):
                assert RunFiles().check_forced(each).standing is Standing.FORBIDDEN
    finally:
        for descriptor in (readable, writable, unlinked, output):
            os.close(descriptor)


@pytest.mark.parametrize("spelling", ["same", "symbolic", "hard"])
def test_what_a_run_reads_is_never_replaced(spelling: str, tmp_path: Path) -> None:
    data, path = tmp_path / "data.csv", tmp_path / spelling
    data.write_bytes(b"1\n2\n")
    if spelling == "symbolic":
        path.symlink_to(data)
    elif spelling == "hard":
        os.link(data, path)
    else:
        path = data
    files = RunFiles([InputFile("the --data file", str(data))])
    append(data)  # changed or not
    check = files.check_forced(path)
    assert (check.standing, check.reason) == (Standing.FORBIDDEN, "it is the --data file")
    data.unlink()
    if spelling == "same":  # not even its name, while it is away
        assert standing(files, path) is Standing.FORBIDDEN


@pytest.mark.parametrize("path", ["", ".", "a\0b", "\udcff" * 300])
def test_paths_that_are_none_are_refused_and_not_a_crash(path: str) -> None:
    try:
        check = RunFiles().check_forced(path)
    except OSError:
        return
    assert check.standing in (Standing.FORBIDDEN, Standing.FREE)


# ---------------------------------------------------------------- races


def test_a_file_that_appears_at_the_last_moment_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, path = RunFiles(), tmp_path / "run"
    link = os.link

    def appears(source: str, target: Path) -> None:
        path.write_bytes(b"theirs")  # after the last look
        link(source, target)

    monkeypatch.setattr(os, "link", appears)
    with pytest.raises(FileExistsError):
        write(files.check(path))
    assert path.read_bytes() == b"theirs"
    assert os.listdir(tmp_path) == ["run"]
    assert standing(files, path) is Standing.FOREIGN


def test_a_file_that_appears_while_the_content_is_written_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, path = RunFiles(), tmp_path / "run"
    monkeypatch.setattr(os, "fsync", lambda _: path.write_bytes(b"theirs"))
    with pytest.raises(FileTakenError):
        write(files.check(path))
    assert path.read_bytes() == b"theirs"


def test_without_hard_links_nothing_is_replaced_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(source: str, target: Path) -> None:
        raise PermissionError(1, "operation not permitted")

    monkeypatch.setattr(os, "link", refuses)
    files, path = RunFiles(), tmp_path / "run"
    write(files.check(path))
    assert path.read_bytes() == b"mine"
    assert standing(files, path) is Standing.OWN
    assert os.listdir(tmp_path) == ["run"]


def test_the_name_beside_is_free(tmp_path: Path) -> None:
    files = RunFiles()
    assert files.free_beside(tmp_path / "run.safetensors").path.endswith("run.safetensors")
    for name in ("run.safetensors", "run-2.safetensors"):
        (tmp_path / name).touch()  # an empty one is not taken from anybody, but not chosen either
    check = files.free_beside(tmp_path / "run.safetensors")
    assert check.path == str(tmp_path / "run-3.safetensors")
    (tmp_path / "run-3.safetensors").symlink_to(tmp_path / "elsewhere")  # which is not there
    check = files.free_beside(tmp_path / "run.safetensors")
    assert check.path == str(tmp_path / "run-4.safetensors")


def test_a_run_that_goes_on_in_another_process_owns_its_file(tmp_path: Path) -> None:
    path = tmp_path / "run"
    path.write_text("mine")
    text = RunFiles.of_checkpoint(str(path)).own_text()
    again = RunFiles(path=str(path))
    assert again.check(path).standing is Standing.FOREIGN
    again.own_again(text)
    assert again.check(path).standing is Standing.OWN
    assert RunFiles(path=str(path)).own_text() == RunFiles().own_text() == ""
    path.write_text("another's by now")
    for damaged in (text, "", "1 2", "a b c d", "1 2 3 4 5"):
        other = RunFiles(path=str(path))
        other.own_again(damaged)
        assert other.check(path).standing is Standing.FOREIGN


def claim(folder: Path, writer: int, count: int) -> None:
    """Save as many runs under one name, each beside the others' if it is taken."""
    for k in range(count):
        files = RunFiles()
        while True:
            try:
                write(files.free_beside(folder / "run"), f"{writer} {k}".encode())
                break
            except (FileTakenError, FileExistsError):
                continue  # another was a moment faster


@pytest.mark.parametrize(
    ("writers", "count"), [(4, 12), pytest.param(16, 25, marks=pytest.mark.long)]
)
def test_writers_at_the_same_time_lose_nothing(writers: int, count: int, tmp_path: Path) -> None:
    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda writer: claim(tmp_path, writer, count), range(writers)))
    written = sorted(path.read_text() for path in tmp_path.iterdir())
    assert written == sorted(f"{w} {k}" for w in range(writers) for k in range(count))

"""Only regular files are read, and no more of them than allowed."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from rnn_tui.files.regular_file import (
    RefusedFileError,
    has_holes,
    open_regular,
    read_chunks,
    read_regular,
    size_text,
)


def a_fifo(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(folder)  # a socket's path has 107 bytes at most
        server.bind(path.name)
    os.close(folder)


def a_zero_device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))
    except OSError:
        pytest.skip("only root makes devices")


def a_folder(path: Path) -> None:
    path.mkdir()


NODES: dict[str, Callable[[Path], None]] = {
    "a named pipe": a_fifo,
    "a socket": a_socket,
    "a device": a_zero_device,
    "a folder": a_folder,
}


@pytest.mark.parametrize("kind", NODES)
@pytest.mark.parametrize("linked", [False, True])
def test_a_special_file_is_refused_at_once(
    kind: str, linked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    NODES[kind](node := tmp_path / "node")
    if linked:
        (tmp_path / "link").symlink_to(node)
        node = tmp_path / "link"
    with pytest.raises(RefusedFileError, match=f"^it is {kind}, not a regular file$"):
        read_regular(node, 100)


@pytest.mark.skipif(not os.path.ismount("/proc"), reason="there is no /proc")
def test_a_file_that_the_kernel_makes_up_is_refused() -> None:
    with pytest.raises(RefusedFileError, match="it is a file of /proc"):
        open_regular("/proc/self/environ")


@pytest.mark.parametrize("path", ["a\0b", "a\ud800b"])
def test_a_path_that_the_system_cannot_take_is_refused(path: str) -> None:
    with pytest.raises(RefusedFileError, match=r"^it is not a usable path$"):
        open_regular(path)


def test_a_file_up_to_the_limit_is_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular(path, 5) == b"12345"
    assert list(read_chunks(path, 5, 2)) == [b"12", b"34", b"5"]
    for read in (read_regular, lambda path, limit: list(read_chunks(path, limit, 2))):
        with pytest.raises(RefusedFileError, match=r"^it has 5 bytes; the limit is 4 bytes$"):
            read(path, 4)


def test_a_file_that_grows_ends_where_it_ended_when_opened(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"1234")
    with path.open("ab", buffering=0) as writer:
        chunks = []
        for chunk in read_chunks(path, 100, 2):
            chunks.append(chunk)
            writer.write(b"more")
    assert b"".join(chunks) == b"1234"


def test_a_file_with_holes_is_seen_without_reading_it(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(b"1\n2\n")
        file.truncate(2**29)
    with open_regular(path) as file:
        if not has_holes(file):
            pytest.skip("this file system keeps no holes")
        assert file.read(4) == b"1\n2\n"
    with pytest.raises(RefusedFileError, match="it has holes"):
        next(read_chunks(path, 2**30, 2**20))


def test_sizes_are_written_with_a_unit() -> None:
    sizes = {1023: "1023 bytes", 1024: "1 KiB", 2**30: "1 GiB", 41_943_040_000: "39.1 GiB"}
    assert {size: size_text(size) for size in sizes} == sizes

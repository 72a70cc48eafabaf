"""Files that are none, or that are made to hurt: one line, whatever they hold."""

import gzip
import io
import random
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.reading import read_table, usable
from rnn_tui.tables.table import TableOptions


def parquet(rows: int = 50) -> bytes:
    target = io.BytesIO()
    frame = pl.DataFrame({"t": list(range(rows)), "y": [n * n % 17 / 2 for n in range(rows)]})
    frame.write_parquet(target)
    return target.getvalue()


def refused(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        usable(read_table(TableOptions(str(path))))
    message = str(caught.value)
    assert message.isprintable()
    return message.replace(str(path), "F")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (bytes(range(1, 256)) * 20, "it is no table of text: it has control characters"),
        (b"a,b\n1,\0\n" * 50, "line 2 holds a null byte"),
        (b"a,b\n" + b"," * 2**21 + b"\n", "line 2 has more than 1 MiB"),
        (b",".join([b"1"] * 100_000) + b"\n", "it has 100,000 columns; at most 2,000 are read"),
        (b'"' * 100_001, "line 1 has a quote that is not closed"),
        (b'"""a"""",b\n' * 100, "line 1 has a quote that is not closed"),
        (b"," * 900_000, "its cells are all empty"),
        (b"\r" * 10**6, "the file is empty"),
        (b"y\n" + b"9" * 900_000 + b"\n1\n", "which is not finite"),
        (gzip.compress(b"y\n1\n2\n" * 1000)[:-12], "the packed file (gzip) breaks off"),
        (b"\x1f\x8b" + b"x" * 99, "the packed file (gzip) is damaged"),
        (b"PAR1", "the Parquet file is damaged or breaks off"),
        (b"\xff\xfe" + b"\x00\xd8" * 10, "is not utf-16"),
        (b"a\x1b[31m,b\n1,2\n5,5\n4,8\n", "it has 2 columns of numbers"),
        (b'{"a": 1}', "it is JSON"),
    ],
    ids=range(15),  # the content would be shown
)  # fmt: skip
def test_a_file_that_is_no_table(tmp_path: Path, content: bytes, reason: str) -> None:
    assert reason in refused(tmp_path / "t.csv", content)


def test_gzip_that_unpacks_to_more_than_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_TUI_MAX_DATA", "1MiB")
    content = gzip.compress(b"1\n" * 2**20)
    assert "it unpacks to more than 1 MiB (--max-data)" in refused(tmp_path / "t.csv.gz", content)


def test_a_table_that_needs_more_memory_than_a_run_may_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_TUI_MAX_MEMORY", "1MiB")
    message = refused(tmp_path / "t.csv", b"y\n" + b"1.5\n" * 50_000)
    assert "its 50,000 rows need" in message
    assert message.endswith("the limit is 1 MiB (--max-memory)")


def test_a_parquet_file_is_read_and_a_damaged_one_ends_only_its_reader(tmp_path: Path) -> None:
    path, content = tmp_path / "t.parquet", parquet()
    path.write_bytes(content)
    table = usable(read_table(TableOptions(str(path))))
    assert (table.targets, table.rows) == (("y",), 50)
    assert "damaged or breaks off" in refused(path, content[: len(content) // 2])


@pytest.mark.long
def test_many_damaged_parquet_files(tmp_path: Path) -> None:
    path, content, chance = tmp_path / "t.parquet", parquet(), random.Random(3)
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(4, len(damaged))] = chance.randrange(256)
        path.write_bytes(damaged)
        try:
            read_table(TableOptions(str(path)))
        except DataError as error:
            assert str(error).isprintable()  # noqa: PT017


def test_a_guest_reads_a_table_and_needs_nothing_else(tmp_path: Path) -> None:
    """After a fork, behind the guard of a kiosk: no other file, no process, no connection."""
    path = tmp_path / "t.csv"
    path.write_text("day;y\n" + "".join(f"2019-01-{n:02d};{n % 7},5\n" for n in range(1, 30)))
    program = f"""
import os, sys
from rnn_tui.files.guard import Guard, install
if child := os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
guard = Guard([{str(path)!r}])
install(guard)
from rnn_tui.tables.reading import read_table
from rnn_tui.tables.table import TableOptions
table = read_table(TableOptions({str(path)!r}))
print(table.rows, table.problems, guard.refused, flush=True)
os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "29 () []\n", "")


def test_polars_is_not_imported_where_no_table_is_named() -> None:
    program = """
import sys
import rnn_tui.cli, rnn_tui.tables.reading, rnn_tui.tasks.series
from rnn_tui.settings import Settings
from rnn_tui.tasks import make_task
make_task(Settings())
print("polars" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("False\n", "")

"""``rnn-tui inspect``, what ``train`` says of its data, and which task a file is for."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cli_support import PROGRAM, figures

from rnn_tui.cli import run
from rnn_tui.command_line.reading import said_while_reading
from rnn_tui.tables.recognition import is_table
from rnn_tui.tasks.data_report import DataReport
from rnn_tui.tui.column_table import column_lines
from rnn_tui.tui.lines import text_width

KEYS = {"rows", "values", "target", "time", "columns", "notes", "problems"}
COLUMN_KEYS = {"name", "kind", "missing", "first", "last", "min", "max"}
ROWS = "".join(f"{d * d % 17 + 0.5}\n" for d in range(60))
PROSE = "Once upon a time, in 1900, there was\na river; it ran on, and on.\n" * 30


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def report(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    """Return what the command prints as JSON."""
    assert run(["inspect", *arguments, "--json"]) == code
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    result: dict[str, Any] = json.loads(out, parse_constant=pytest.fail)
    assert result.keys() >= KEYS
    return result


def test_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    Path("load.csv").write_text("load\n" + ROWS)
    found = report(capsys, "load.csv")
    assert (found["rows"], found["values"], found["target"]) == (60, 60, "load")
    assert found["columns"][0].keys() == COLUMN_KEYS
    assert found["columns"][0]["first"] == 0.5
    assert found["problems"] == []
    assert "load.csv is a table: --task series" in found["notes"]
    assert found["split"] == {"trained": 48, "tested": 12}
    assert run(["inspect", "load.csv"]) == 0
    shown = capsys.readouterr().out
    assert all(text_width(line) <= 80 for line in shown.splitlines())
    assert "trained on 48 rows, tested on the last 12" in shown


def test_where_train_would_refuse(capsys: pytest.CaptureFixture[str]) -> None:
    Path("load.csv").write_text("load\n" + ROWS)
    found = report(capsys, "load.csv", "--steps", "50", code=2)
    assert (found["rows"], found["target"]) == (60, "load")  # what was found is there all the same
    assert "--steps 50 needs at least" in found["problems"][0]
    for line in (["missing.csv"], ["load.csv", "--task", "cos"], ["load.csv", "--gap", "3"]):
        assert len(report(capsys, *line, code=2)["problems"]) == 1
        assert run(["train", "--updates", "0", "--data", *line]) == 2
        capsys.readouterr()
    assert run(["inspect"]) == 2
    assert "which file?" in capsys.readouterr().err


def test_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    Path("book.txt").write_text(PROSE)
    found = report(capsys, "book.txt")
    assert (found["task"], found["target"], found["time"]) == ("text", None, None)
    assert found["values"] == len(PROSE)
    assert found["vocabulary"] == len(set(PROSE))


def test_train_says_what_it_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("load.csv").write_text("load\n" + ROWS)
    line = ["--data", "load.csv", "--updates", "1", "--hidden", "4"]
    assert run(["train", *line]) == 0
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("rnn-tui: read load.csv: a table, 60 rows of 1 column (load)")
    assert second.startswith("rnn-tui: learns load, 0.5 to 16.5; trained on 48 rows")
    assert "load.csv is a table: --task series" in second
    assert run(["train", *line, "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    said = figures(capsys, *line)["data"]
    assert said == report(capsys, "load.csv", "--hidden", "4")


def test_standard_input() -> None:
    for command in (["inspect"], ["train", "--updates", "1", "--data"]):
        ended = subprocess.run(
            [*PROGRAM, *command, "-", "--json"],
            input="load\n" + ROWS, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        found = json.loads(ended.stdout)
        assert found.get("data", found)["rows"] == 60


TABLES = {
    "one column": ROWS,
    "commas": "".join(f"2024-01-{d:02},{d},x\n" for d in range(1, 20)),
    "decimal commas": "a;b\n" + "".join(f"{d},5;{d}\n" for d in range(20)),
    "blanks": "".join(f"{d}   {d * 1.5}\n" for d in range(20)),
    "titles": "Sales\nof a shop\n\nyear|sold\n" + "".join(f"{d}|{d * 3}\n" for d in range(20)),
    "comments": "# made by\n# hand\n" + ROWS,
    "missing": "a,b\n" + "".join(f"{d},{'NA' if d % 3 else d}\n" for d in range(30)),
    "money": 'day,"paid"\n' + "".join(f'{d},"$1,0{d}.50"\n' for d in range(10, 30)),
    "CR alone": ROWS.replace("\n", "\r"),
    "long": ROWS * 2000,
}
TEXTS = {
    "prose": PROSE,
    "verses": "".join(f"1:{k} And it came to pass, that {k} of them went.\n" for k in range(40)),
    "code": Path(__file__).read_text(encoding="utf-8"),
    "one line": "3.14159",
    "a list": "milk\neggs\nbread\n",
}


@pytest.mark.parametrize("name", [*TABLES, *TEXTS])
def test_tables_and_texts_are_told_apart(name: str) -> None:
    content = {**TABLES, **TEXTS}[name]
    is_one = name in TABLES or name == "one line"  # a single number is a table of one row
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        Path("file").write_bytes(content.encode(encoding))
        assert is_table("file") == is_one, encoding
    Path("file.gz").write_bytes(gzip.compress(content.encode()))
    assert is_table("file.gz") == is_one


def test_a_name_decides_in_doubt() -> None:
    Path("log.csv").write_text("at,what\n2024-01-01,it began\n")
    assert is_table("log.csv")
    Path("book.csv").write_text("Once upon a time\nthere was a river\n")
    assert not is_table("book.csv")
    Path("names.csv").write_text("date,x\n")
    assert is_table("names.csv")
    Path("program.csv").write_bytes(bytes(range(256)) * 9)
    assert not is_table("program.csv")
    Path("x").write_bytes(b"PAR1....")
    assert is_table("x")


@pytest.mark.parametrize("task", ["series", "text"])
def test_bytes_that_are_no_text_are_said_to_be_none(
    task: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("program.csv").write_bytes(bytes(range(1, 256)) * 9)
    assert run(["inspect", "program.csv", "--task", task]) == 2
    out = " ".join(capsys.readouterr().out.split())
    assert "text: it has control characters" in out
    assert "such as cp1252" not in out


def test_one_file_is_enough(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", "a", "b"]) == 2
    assert "one FILE is enough; 'b' is one too many" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content",
    [ROWS.encode(), PROSE.encode(), gzip.compress(b"1\n" * 99)],
    ids=["rows", "prose", "packed"],  # what is packed has the time in it
)
def test_a_data_file_in_place_of_a_checkpoint(
    content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("file").write_bytes(content)
    for line in (["file"], ["train", "file"], ["predict", "file"]):
        assert run(line) == 2
        error = capsys.readouterr().err
        assert (
            "it is not a safetensors file but looks like a table or a text: --data reads it"
            in error
        )


def test_a_wide_report_has_room() -> None:
    from rnn_tui.tables.table import ColumnReport

    columns = tuple(
        ColumnReport(name, "number", 1234, -1234.567e30, 2.0, -1.5e-300, 1e9)
        for name in ("温度" * 20, "a" * 90, "\x1b[31m")
    )
    time = ColumnReport("when", "time", 0, "2024-01-01 00:00:00", "2024-02-01 23:00:00", None, None)
    lines = column_lines(DataReport("x", "series", columns=(time, *columns), time="when"), 80)
    assert all(text_width(line) <= 80 for line in lines)
    assert "2024-01-01 … 2024-02-01 23:00" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_a_checkpoint_is_no_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--updates", "0", "--hidden", "2", "--out", "run", "--quiet"]) == 0
    assert "it is a checkpoint" in report(capsys, "run", code=2)["problems"][0]


def test_reading_is_said_on_a_terminal_and_taken_away(monkeypatch: pytest.MonkeyPatch) -> None:
    class Screen(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Screen()
    monkeypatch.setattr("sys.stderr", screen)
    with said_while_reading({"data": "folder/load.csv"}):
        assert screen.getvalue() == "\rreading load.csv …\r"
    assert screen.getvalue().endswith(f"\r{' ' * len('reading load.csv …')}\r")
    with said_while_reading({"data": "load.csv", "quiet": True}):
        pass
    assert screen.getvalue().count("reading") == 1

"""Reading a table: the layouts that are understood, and the words for those that are not."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.reading import read_table, split_names, usable
from rnn_tui.tables.table import Table, TableOptions


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table") / "t.csv"


def read(path: Path, content: bytes, column: str = "", **options: Any) -> Table:
    path.write_bytes(content)
    target = (column.strip(),) if column else ()
    return usable(read_table(TableOptions(str(path), target, **options)))


@pytest.mark.parametrize(
    ("content", "column", "name", "values"),
    [
        (b"y\n\n5\n\n2\n\n3\n\n\n", "", "y", [5, 2, 3]),  # blank lines that are spacing
        (b"Measured\n\ny\n5\n2\n3\n", "", "Measured", [5, 2, 3]),
        (
            b",0\n" + b"".join(b"%d,%d.5\n" % (n, n * n % 7) for n in range(150)),
            "",
            "0",
            [n * n % 7 + 0.5 for n in range(150)],
        ),
        (b"sep=\t\nd\ty\na\t3\nb\t1\nc\t2\n", "", "y", [3, 1, 2]),
        (
            b"Station: B;;\nPeriod;2023;\n;;\nd;y;z\n;m;\na;9,5;p\nb;7,5;p\nc;8,5;q\n",
            "",
            "y",
            [9.5, 7.5, 8.5],
        ),
        (b"1\n5\n2\n7\n3\n4\n6\n2\n9\n", "", "column 0", [1, 5, 2, 7, 3, 4, 6, 2, 9]),
        (b"y\n1\n2\n", "", "y", [1, 2]),
        (b"1\n2\n", "", "column 0", [1, 2]),
        (b"1\n2", "0", "column 0", [1, 2]),
        (b"day,y\nmon,1\ntue,2\n", "", "y", [1, 2]),
        (b"day,y\nmon,1\ntue,2\n", "1", "y", [1, 2]),
        (b"day,y\nmon,1\ntue,2\n", "Y", "y", [1, 2]),
        (b"a;b\n1;2.5\n3;4e-1\n", "b", "b", [2.5, 0.4]),
        (b"a\tb\n1\t2\n3\t4\n", "b", "b", [2, 4]),
        (b"a,b\n1,2\n3,4\n", " b ", "b", [2, 4]),
        (b"1,2\n3,4\n", "1", "column 1", [2, 4]),
        (b"2024-01-01,2\n2024-01-02,4\n", "", "column 1", [2, 4]),
        (b"a, b\n1, 2\n3 , 4 \n", "b", "b", [2, 4]),
        (b'"a, b","c"\n"1","2"\n', "a, b", "a, b", [1]),
        (b'"say ""hi""",c\n1,2\n', 'say "hi"', 'say "hi"', [1]),
        (b'"two\nlines",c\n1,2\n', "c", "c", [2]),
        (b"\xef\xbb\xbfy,z\n1,2\n", "y", "y", [1]),
        (b"y,z\r\n1,2\r\n3,4\r\n", "z", "z", [2, 4]),
        (b"y,z\r1,2\r3,4\r", "z", "z", [2, 4]),
        (b"\n\ny,z\n\n1,2\n   \n3,4\n\n\n", "z", "z", [2, 4]),
        (b"a;b,c\n1,2\n", "a;b", "a;b", [1]),
        (b",y\n0,5\n1,6\n2,4\n", "y", "y", [5, 6, 4]),
        (b"y,0\n2,3\n", "1", "0", [3]),
        ("größe,y\n1,2\n".encode(), "größe", "größe", [1]),
        ("y\n1\n3\n".encode("utf-16"), "", "y", [1, 3]),
        ("y\n1\n3\n".encode("utf-16-le"), "", "y", [1, 3]),
        (b"sep=;\na;b\nx;2,5\ny;3\n", "", "b", [2.5, 3]),
        (b"a;y\nx;1,5\nz;2,5\n", "y", "y", [1.5, 2.5]),
        (b"y\n1,5\n2,5\n", "y", "y", [1.5, 2.5]),
        (b"# a comment\n% another\nday,y\nmon,1\n", "", "y", [1]),
        (b"# a b\n1 5\n2 7\n4 6\n", "b", "b", [5, 7, 6]),
    ],
)
def test_layouts(path: Path, content: bytes, column: str, name: str, values: list[float]) -> None:
    table = read(path, content, column)
    assert table.targets == (name,)
    assert table.values[name].tolist() == values


@given(
    st.lists(
        st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        min_size=1,
        max_size=60,
    ),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.integers(0, 2),
)
def test_what_csv_writes_is_read_back_or_refused(
    path: Path,
    rows: list[list[float]],
    delimiter: str,
    ending: str,
    header: bool,
    quoting: int,
    index: int,
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
    if header:
        writer.writerow(["a", "b, or; c", "d"])
    writer.writerows(rows)
    try:
        table = read(path, text.getvalue().encode(), str(index))
    except DataError as error:  # such as 1.001 in every row, or 0.0 two times in a row numbering
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        (values,) = table.values.values()
        written = [row[index] for row in rows]
        assert values.tolist() in (written, written[::-1])  # a column that falls counts backwards


@pytest.mark.parametrize(
    ("content", "column", "reason"),
    [
        (b"", "", "the file is empty"),
        (b"\n \n\r\n", "", "the file is empty"),
        (b"\xef\xbb\xbf", "", "the file is empty"),
        (b"day,y\n", "", "there is a header but no row below it"),
        (
            b"y\n\xff\n",
            "",
            "line 2 is not UTF-8 text (byte 0xff); say its --encoding, such as cp1252 (Western "
            "Windows)",
        ),
        (
            b"day,y\nmon,1\n\ntue,two\nwed,3\n",
            "y",
            "line 4 of 'y' is 'two', which is not a number.",
        ),
        (
            b"1\n2\nx\n",
            "",
            "line 3 of 'column 0' is 'x', which is not a number.",
        ),
        (
            b"d,y\n1,5\n2,7\n4,closed\n3,6\n9,8\n8,three\n",
            "y",
            "line 4 of 'y' is 'closed', which is not a number, as is 1 more",
        ),
        (
            b"day,y\nmon,1\ntue,\n",
            "y",
            "1 value is missing in 'y', line 3 (empty); say --missing drop, previous or "
            "interpolate",
        ),
        (
            b"y\n1\nnan\n",
            "",
            "1 value is missing in 'y', line 3 ('nan'); say --missing drop, previous or "
            "interpolate",
        ),
        (b"y\n1\n-inf\n", "", "line 3 of 'y' is '-inf', which is not finite"),
        (b"y\n1\n1e999\n", "", "line 3 of 'y' is '1e999', which is not finite"),
        *(
            (text, "", f"{found}; say --missing drop, previous or interpolate")
            for text, found in (
                (b"y\n1\n5\n\n3\n", "1 value is missing in 'y', line 4 (empty)"),
                (b"y\n \n1\n5\n3\n\n", "1 value is missing in 'y', line 2 (empty)"),
                (b"1\n5\n\n\n3\n", "2 values are missing in 'column 0', the first on line 3 "
                                    "(empty)"),
            )
        ),
        *(
            (text, "", f"its first line, {first}, can be a header or a row, and nothing decides; "
                       "write names above it, or skip it with --skip-rows 1")
            for first, text in (
                ("1,2,3", b"1,2,3\n" + b"".join(b"%d,%d.5,7.25\n" % (n, n) for n in range(9))),
                ("2023", b"2023\n" + b"".join(b"%d.5\n" % (n + 2000) for n in range(40))),
                ("2023", b"2023\n" + b"".join(b"%d,5\n" % (n * 5 % 17) for n in range(40))),
                (",0", b",0\n" + b"".join(b"%d,%d.5\n" % (n * 5 % 17, n) for n in range(17))),
                ("6000", b"6000\n5\n3\n9\n"),
                ("6000", b"6000\n" + b"".join(b"%d\n" % (n * 5 % 17) for n in range(40))),
            )
        ),
        (b"a,y\n1,2\n3,5\n3\n", "", "line 4 has 1 cell where most lines have 2"),
        (
            b"a,y\n1,2\n3,4,5\n7,8\n",
            "",
            "line 3 has 3 cells where most lines have 2; a number with a decimal comma must stand "
            "in quotes",
        ),
        (
            b"205,69\n216,57\n226,37\n",
            "",
            "'205,69' can be 2 numbers or one with commas in it, and nothing decides; say "
            "--delimiter , or --decimal ,",
        ),
        (
            b"day,y\nmon,a\n",
            "",
            "no column holds numbers: the first row has 'mon', 'a'",
        ),
        (
            b'a,y\n1,"2\n3,4\n',
            "",
            "line 2 has a quote that is not closed or stands inside a cell; within quotes a quote "
            "is written twice",
        ),
        (
            b"d;y\na;1.001\nb;970\n",
            "",
            "'y': 1.001 can be a thousand and one or one and a thousandth there, and nothing "
            "decides; say --thousands . or --decimal .",
        ),
        (
            b"d,y\n01/02/2019,5\n02/02/2019,7\n03/02/2019,6\n",
            "",
            "the dates of 'd', such as 01/02/2019, can be read with the day first or the month "
            "first, and nothing decides; write them as 2019-01-31",
        ),
        (
            b"a,b\n1,2\n3,7\n9,4\n",
            "",
            "it has 2 columns of numbers, 'a', 'b'; say which with --target",
        ),
        (
            b"0\n5\n3\n4\n6\n",
            "",
            "its first line, 0, can be a header or a row, and nothing decides; write names above "
            "it, or skip it with --skip-rows 1",
        ),
        (b"PK\x03\x04xyz", "", "it is a ZIP archive or a spreadsheet; save the table as CSV or "
                               "Parquet"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used(path: Path, content: bytes, column: str, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        read(path, content, column)
    assert str(caught.value).rstrip(".") == f"--data '{path}': {reason}".rstrip(".")
    assert caught.value.option == "--data"


@pytest.mark.parametrize(
    ("content", "column", "reason"),
    [
        (b"day,y\nmon,1\n", "z", "t.csv has no such column; it has 'day', 'y' (numbered 0 to 1)"),
        (b"day,y\nmon,1\n", "2", "t.csv has no such column; it has 'day', 'y' (numbered 0 to 1)"),
        (b"day,y\nmon,1\n", "-1", "t.csv has no such column; it has 'day', 'y' (numbered 0 to 1)"),
        (b"y\n1\n", "z", "t.csv has no such column; it has 'y' (number 0)"),
        (
            b"1,2\n3,4\n",
            "y",
            "t.csv has no header and no such column; it has 2 columns, numbered 0 to 1",
        ),
        (b"1\n3\n", "1", "t.csv has no header and no such column; it has 1 column, number 0"),
        (b"y,x,y\n1,2,3\n", "y", "t.csv has this name on columns 0, 2; give the number"),
        (b"day,y\nmon,1\n", "day", "t.csv holds text there, no numbers: 'mon'"),
    ],
)
def test_a_column_that_is_not_there(path: Path, content: bytes, column: str, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        read(path, content, column)
    assert str(caught.value) == f"--target '{column}': {reason}"
    assert caught.value.option == "--target"


def test_a_wide_table_is_not_listed_whole(path: Path) -> None:
    content = ",".join(f"c{n}" for n in range(50)) + "\n" + ",".join(["1"] * 50)
    with pytest.raises(DataError, match=r"'c18', 'c19' and 30 more \(numbered 0 to 49\)$"):
        read(path, content.encode(), "z")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("nowhere.csv", "there is no such file"),
        (".", "it is a folder, not a regular file"),
        ("a\0b", "it is not a usable path"),
    ],
)
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str, reason: str) -> None:
    where = str(tmp_path / name)
    with pytest.raises(DataError) as caught:
        read_table(TableOptions(where))
    assert str(caught.value) == f"--data {where!r}: {reason}"


@given(st.binary(max_size=200) | st.text(alphabet='1,;\t\n\r". x', max_size=60).map(str.encode))
def test_any_file_is_read_or_refused_in_one_line(path: Path, content: bytes) -> None:
    try:
        table = read(path, content)
    except DataError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert len(table.values[table.targets[0]]) == table.rows > 0


def test_names_with_commas_are_quoted() -> None:
    assert split_names('A, "b,c" ,d') == ("A", "b,c", "d")
    assert split_names("") == split_names(" , ") == ()


def test_a_column_that_only_counts_is_not_learned_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text("n\n" + "".join(f"{k}\n" for k in range(1, 61)))
    table = read_table(TableOptions(str(path)))
    assert table.targets == ("n",)
    assert "'n' only counts its rows." in table.notes
    assert not read_table(TableOptions(str(path), target=("n",))).notes


def test_a_plain_number_that_the_marks_do_not_allow(path: Path) -> None:
    with pytest.raises(DataError, match=r"is '9.5', which is not a number with '\.' betw"):
        read(path, b"y\n9.5\n7\n", thousands=".")

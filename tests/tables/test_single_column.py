"""Reading a column: the layouts that are understood, and the words for those that are not."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.single_column import read_column

HINT = "write numbers like 1234.5, with a point and no other separators"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("table") / "t.csv"


@pytest.mark.parametrize(
    ("content", "column", "name", "values"),
    [
        (b"y\n1\n2\n", "", "y", [1, 2]),
        (b"1\n2\n", "", "column 0", [1, 2]),
        (b"1\n2", "0", "column 0", [1, 2]),
        (b"day,y\nmon,1\ntue,2\n", "", "y", [1, 2]),
        (b"day,y\nmon,1\ntue,2\n", "1", "y", [1, 2]),
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
        (b",y\n0,5\n1,6\n", "y", "y", [5, 6]),
        (b",y\n0,5\n1,6\n", "0", "column 0", [0, 1]),
        (b"y,0\n2,3\n", "1", "column 1", [0, 3]),  # a number in the first row: no header
        ("größe,y\n1,2\n".encode(), "größe", "größe", [1]),
    ],
)
def test_layouts(path: Path, content: bytes, column: str, name: str, values: list[float]) -> None:
    path.write_bytes(content)
    result = read_column(str(path), column)
    assert result.name == name
    assert result.values.tolist() == values


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
def test_what_csv_writes_is_read_back(
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
    path.write_bytes(text.getvalue().encode())
    assert read_column(str(path), str(index)).values.tolist() == [row[index] for row in rows]


@pytest.mark.parametrize(
    ("content", "column", "reason"),
    [
        (b"", "", "the file is empty"),
        (b"\n \n\r\n", "", "the file is empty"),
        (b"\xef\xbb\xbf", "", "the file is empty"),
        (b"day,y\n", "", "there is a header but no row below it"),
        (b"y\n\xff\n", "", "not UTF-8 text (byte 0xff); save the file as UTF-8"),
        (
            "y\n1\n".encode("utf-16"),
            "",
            "not UTF-8 text (byte 0xff); save the file as UTF-8",
        ),
        (
            b"day,y\nmon,1\n\ntue,two\n",
            "y",
            f"row 2 (line 4) of 'y' is 'two', which is not a number; {HINT}",
        ),
        (b"1\n2\nx\n", "", f"row 3 (line 3) of 'column 0' is 'x', which is not a number; {HINT}"),
        (b"day,y\nmon,1\ntue,\n", "y", "row 2 (line 3) of 'y' is empty; every row needs a number"),
        (b"y\n1\nnan\n", "", "row 2 (line 3) of 'y' is 'nan'; numbers must be finite"),
        (b"y\n1\n-inf\n", "", "row 2 (line 3) of 'y' is '-inf'; numbers must be finite"),
        (b"y\n1\n1e999\n", "", "row 2 (line 3) of 'y' is '1e999'; numbers must be finite"),
        (b"a,y\n1,2\n3\n", "", "row 2 (line 3) has 1 cell where the first row has 2"),
        (b"a,b\nx,y,3\n", "", "row 1 (line 2) has 3 cells where the first row has 2"),
        (b"a,y\n1,2\n3,4,5\n", "", "row 2 (line 3) has 3 cells where the first row has 2"),
        (
            b"a;y\n1;1,5\n2;2,5\n",
            "y",
            f"row 1 (line 2) of 'y' is '1,5', which is not a number; {HINT}",
        ),
        (
            b"1,5;2,5\n3,5;4,5\n",
            "1",
            f"row 1 (line 2) of '2,5' is '4,5', which is not a number; {HINT}",
        ),
        (
            b"y,2019\nmon,1\n",
            "0",
            f"row 1 (line 1) of 'column 0' is 'y', which is not a number; {HINT}",
        ),
        (
            b"y\n1,5\n2,5\n",
            "y",
            f"row 1 (line 2) of 'y' is '1,5', which is not a number; {HINT}",
        ),
        (
            b"day,y\nmon,a\n",
            "",
            f"no column holds numbers: the first row has 'mon', 'a'; {HINT}",
        ),
        (
            b'a,y\n1,"2\n3,4\n',
            "",
            "line 3 is not CSV (unexpected end of data)",
        ),
    ],
)
def test_a_file_that_cannot_be_used(path: Path, content: bytes, column: str, reason: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_column(str(path), column)
    assert str(caught.value) == f"--data '{path}': {reason}"
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
    ],
)
def test_a_column_that_is_not_there(path: Path, content: bytes, column: str, reason: str) -> None:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_column(str(path), column)
    assert str(caught.value) == f"--column '{column}': {reason}"
    assert caught.value.option == "--column"


def test_a_wide_table_is_not_listed_whole(path: Path) -> None:
    path.write_text(",".join(f"c{n}" for n in range(50)) + "\n" + ",".join(["1"] * 50))
    with pytest.raises(DataError, match=r"'c18', 'c19' and 30 more \(numbered 0 to 49\)$"):
        read_column(str(path), "z")


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
        read_column(where)
    assert str(caught.value) == f"--data {where!r}: {reason}"


@given(st.binary(max_size=200) | st.text(alphabet='1,;\t\n\r". x', max_size=60).map(str.encode))
def test_any_file_is_read_or_refused_in_one_line(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    try:
        column = read_column(str(path))
    except DataError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
    else:
        assert len(column.values) > 0

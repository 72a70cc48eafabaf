"""Tables as people have them: each is read as `inputs/expected.json` says, or refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.reading import read_table, usable
from rnn_tui.tables.table import Table, TableOptions

INPUTS = Path(__file__).parent / "inputs"
EXPECTED: dict[str, list[dict[str, Any]]] = json.loads((INPUTS / "expected.json").read_text())
CASES = [(name, case) for name, cases in EXPECTED.items() for case in cases]


def read(name: str, options: list[str]) -> Table:
    """Read a file of the folder with options of the command line."""
    chosen: dict[str, Any] = {}
    for option, value in zip(options[::2], options[1::2], strict=True):
        chosen[option[2:]] = (value,) if option in ("--target", "--inputs") else value
    return usable(read_table(TableOptions(str(INPUTS / name), **chosen)))


@pytest.mark.parametrize(
    ("name", "case"), CASES, ids=[f"{n} {' '.join(c['options'])}" for n, c in CASES]
)
def test_a_table_is_read_right_or_refused(name: str, case: dict[str, Any]) -> None:
    try:
        table = read(name, case["options"])
    except DataError as error:
        assert case["must"] in ("refuses", "safe")
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return
    assert case["must"] in ("reads", "safe")
    assert table.targets == (case["target"],)
    values = table.values[case["target"]]
    assert (len(values), values[0], values[-1]) == (case["values"], case["first"], case["last"])
    assert values.sum() == pytest.approx(case["sum"], abs=1e-6)
    assert table.rows == case["values"]


def test_every_file_is_expected() -> None:
    files = {path.name for path in INPUTS.iterdir()} - {"README.md", "expected.json"}
    assert files == set(EXPECTED)

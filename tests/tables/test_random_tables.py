"""Random tables are read right or refused in one line, and never read wrongly without a word.

The long test has the figures in docs/reliability.md:
`python -m pytest -m long -s tests/tables/test_random_tables.py`.
"""

import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from shares import share
from tables.random_tables import ALL_KINDS, make_case

from rnn_tui.files.data_file import DataError
from rnn_tui.tables.reading import read_table, usable
from rnn_tui.tables.table import TableOptions

MUST_REFUSE = frozenset({
    "stacked", "either date", "several columns", "wide", "no number", "no time", "mixed marks",
    "ragged",
})  # fmt: skip


def check(path: Path, kind: str, seed: str) -> str:
    """Read one table; return "read" or "refused"."""
    case = make_case(kind, random.Random(seed))
    path.write_bytes(case.content)
    try:
        table = usable(read_table(TableOptions(str(path), **case.options)))
    except DataError as error:
        assert len(str(error).splitlines()) == 1  # noqa: PT017
        return "refused"
    shown = f"{seed}: {case.kind}: {table.notes}"
    assert case.values is not None, f"must be refused: {shown}"
    values = table.values[table.targets[0]]
    assert len(values) == len(case.values), shown
    np.testing.assert_allclose(values, case.values, rtol=1e-12, atol=1e-12, err_msg=shown)
    if table.times is not None and "daylight" not in kind:
        steps = np.diff(table.times)
        assert (steps > steps.dtype.type(0)).all(), shown
    return "read"


@pytest.mark.parametrize("kind", share(ALL_KINDS))
def test_a_table_of_each_kind(kind: str, tmp_path: Path) -> None:
    found = Counter(
        check(tmp_path / "t.csv", kind, f"{kind} {n}") for n in range(4 if kind != "parquet" else 1)
    )
    assert (found["read"] == 0) if kind in MUST_REFUSE else True


@pytest.mark.long
def test_many_tables(tmp_path: Path) -> None:
    for kind in ALL_KINDS:
        found = Counter(check(tmp_path / "t.csv", kind, f"{kind} long {n}") for n in range(100))
        print(f"{kind:28} read {found['read']}, refused {found['refused']}")
        if kind not in (
            *MUST_REFUSE,
            "missing",
            "pair",
            "triple",
            "many",
            "either number",
            "am and pm",
        ):
            assert found["read"] >= 85, kind  # what can be read is not refused out of caution

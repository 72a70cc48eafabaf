"""Trains once with each of several seeds, and prints a table of the runs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rnn_tui.command_line.exit import DIVERGED, DONE, CommandError
from rnn_tui.command_line.train.job import JobEnd, print_text
from rnn_tui.command_line.train.stop_signal import HANG_UP

if TYPE_CHECKING:
    from rnn_tui.train.seeds import SeedRun


def seeds_of(options: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the seeds of --seeds; none where it is not given.

    Raises:
        CommandError: it names no seeds, or there is an option that does not go with it.
    """
    if "seeds" not in options:
        return ()
    from rnn_tui.settings import quote
    from rnn_tui.train.seeds import SeedsError, parse_seeds

    for name, what in (
        ("seed", "--seed names one seed"),
        ("checkpoint", "a checkpoint has its own seed"),
        ("resume", "--resume opens a run with its own seed"),
    ):
        if name in options:
            raise CommandError(f"{what}; leave it out, or leave out --seeds")
    text = str(options["seeds"])
    try:
        return parse_seeds(text)
    except SeedsError as error:
        raise CommandError(f"--seeds must be {error}, not {quote(text)}") from None


def seed_path(path: str, seed: int) -> str:
    """Return the path of one run: "run-seed3.safetensors" for "run.safetensors"."""
    stem, suffix = os.path.splitext(path)
    return f"{stem}-seed{seed}{suffix}"


def check_paths(options: Mapping[str, Any], seeds: Sequence[int]) -> None:
    """Refuse files of any of the runs that could not be written, before the first one begins.

    Raises:
        CommandError: there is one.
    """
    from rnn_tui.command_line.train.out_file import OutFile
    from rnn_tui.files.ownership import RunFiles, Standing

    force = bool(options.get("force"))
    for seed in seeds:
        if out := options.get("out"):
            OutFile(seed_path(out, seed), RunFiles(), force=force)
        if metrics := options.get("metrics"):
            path = seed_path(metrics, seed)
            check = RunFiles().check(path)
            if check.standing is Standing.FOREIGN and not force:
                raise CommandError(f"--metrics {path!r}: {check.reason}; --force replaces it")


def run_seeds(
    seeds: Sequence[int], train: Callable[[int, str], JobEnd], *, json: bool, quiet: bool
) -> int:
    """Train with each seed and print the table; return the exit code.

    A run that diverges does not keep the others from being made; a signal does.

    Args:
        seeds: the seeds.
        train: trains with one of them; it is told which run of how many that is.
        json: print all figures as JSON at the end, in place of the table.
        quiet: print no table.
    """
    from rnn_tui.train.seeds import SeedRun, head, row, statistics_rows, to_json

    runs: list[SeedRun] = []
    code, hung_up = DONE, False
    for k, seed in enumerate(seeds, start=1):
        try:
            end = train(seed, f"seed {seed}, {k} of {len(seeds)}")
        except KeyboardInterrupt:  # between two runs
            code = 128 + signal.SIGINT
            break
        hung_up = end.signal == HANG_UP
        if end.summary is not None:
            ended = "diverged" if end.code == DIVERGED else "stopped" if end.signal else ""
            runs.append(SeedRun(end.summary, ended, counted=not ended))
            if not json:
                lines = [*([head(end.summary)] if k == 1 else []), row(runs[-1])]
                print_text("\n".join(lines), hung_up=hung_up)
        code = end.code if end.signal is not None else max(code, end.code)
        if end.signal is not None:
            break
    if json:
        print_text(to_json(runs), hung_up=hung_up)
    elif not quiet:
        print_text("\n".join(statistics_rows(runs)), hung_up=hung_up)
    return code

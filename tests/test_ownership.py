"""`rnn-tui train` and files that people own: refused before training, saved beside at the end."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.cli import run
from rnn_tui.command_line.train import job as cli_train
from rnn_tui.engine.training.trainer import Trainer

SMALL = ["--hidden", "2", "--steps", "3", "--num-points", "60", "--quiet"]
THEIRS = b"somebody's work\n"
DATA = "y\n" + "".join(f"{k % 7}\n" for k in range(90))


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("theirs").write_bytes(THEIRS)
    Path("data.csv").write_text(DATA)


def train(*arguments: str, updates: int = 5) -> int:
    return run(["train", *SMALL, "--updates", str(updates), *arguments])


def go_on(*arguments: str, updates: int = 5) -> int:
    return run(["train", "run", "--quiet", "--updates", str(updates), *arguments])


def rows(path: str = "m.csv") -> list[int]:
    """Return the numbers of the updates in a table, after checking its header."""
    header, *lines = Path(path).read_text().splitlines()
    assert header == "update,loss,grad_norm"
    return [int(line.split(",")[0]) for line in lines]


# ---------------------------------------------------------------- --out


@pytest.mark.parametrize("option", ["--out", "--metrics"])
def test_a_file_of_another_is_refused_before_training_and_replaced_with_force(
    option: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("rnn_tui.train.train", lambda *_, **__: pytest.fail("it trained"))
        assert train(option, "theirs") == 2
    why = "there is a file that this run did not make; --force replaces it"
    assert capsys.readouterr().err == f"rnn-tui: {option} 'theirs': {why}\n"
    assert Path("theirs").read_bytes() == THEIRS
    assert train(option, "theirs", "--force") == 0
    assert Path("theirs").read_bytes() != THEIRS


def test_an_empty_file_counts_as_absent() -> None:
    Path("run").touch()
    Path("m.csv").touch()
    assert train("--out", "run", "--metrics", "m.csv") == 0
    assert load("run").updates == 5
    assert rows() == [1, 2, 3, 4, 5]


def test_a_run_that_goes_on_replaces_its_own_checkpoint_under_any_name() -> None:
    train("--out", "run")
    Path("symbolic").symlink_to("run")
    for name in ("run", "./run", "symbolic"):
        assert go_on("--out", name) == 0
    assert load("run").updates == 20
    assert Path("symbolic").is_symlink()
    assert train("--out", "run") == 2  # a new run is another one
    assert train("--init-from", "run", "--out", "run") == 2
    assert load("run").updates == 20


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("option", ["--out", "--metrics"])
@pytest.mark.parametrize("link", ["", "symbolic", "hard"])
def test_the_data_file_is_never_replaced(
    link: str, option: str, force: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    name = link or "./data.csv"
    if link:
        (os.link if link == "hard" else os.symlink)("data.csv", link)
    series = ["--task", "series", "--data", "data.csv"]
    assert run(["train", *series, "--hidden", "2", "--steps", "3", option, name, *force]) == 2
    assert capsys.readouterr().err == f"rnn-tui: {option} {name!r}: it is the --data file\n"
    assert Path("data.csv").read_text() == DATA


@pytest.mark.parametrize("force", [[], ["--force"]])
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize("option", ["--out", "--metrics"])
def test_special_files_are_refused_and_stay(option: str, kind: str, force: list[str]) -> None:
    if kind == "pipe":
        os.mkfifo("node")
    elif os.geteuid() == 0:
        os.mknod("node", 0o600 | stat.S_IFCHR, os.makedev(1, 3))
    else:
        pytest.skip("only root makes devices")
    before = os.lstat("node")
    assert train(option, "node", *force) == 2
    assert os.path.samestat(before, os.lstat("node"))


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_file_that_appears_while_training_stays_and_the_run_is_saved_beside(
    force: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With --force, too: the user agreed to lose the file that was there, not another one."""
    kept = cli_train._save

    def appears(*arguments: object) -> str:
        Path("run.safetensors").write_bytes(THEIRS)
        return kept(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(cli_train, "_save", appears)
    assert train("--out", "run.safetensors", *force) == 0
    assert Path("run.safetensors").read_bytes() == THEIRS
    assert load("run-2.safetensors").updates == 5
    shown = capsys.readouterr().err
    assert "'run.safetensors': there is a file that this run did not make" in shown
    assert "saved run-2.safetensors" in shown
    assert shown.count("\n") == 1


def test_a_checkpoint_that_another_replaces_while_training_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    train("--out", "run")
    other = Trainer(load("run").settings.with_(seed=9))
    kept = cli_train._save

    def appears(*arguments: object) -> str:
        save("run", other)
        return kept(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(cli_train, "_save", appears)
    assert go_on("--out", "run") == 0
    assert load("run").settings.seed == 9
    assert load("run-2").updates == 10


# ---------------------------------------------------------------- --metrics


def test_a_run_that_goes_on_appends_to_its_own_metrics() -> None:
    assert train("--out", "run", "--metrics", "m.csv") == 0
    assert go_on("--out", "run", "--metrics", "m.csv") == 0
    assert rows() == [*range(1, 11)]
    assert train("--out", "whole", "--metrics", "w.csv", updates=10) == 0
    assert Path("m.csv").read_bytes() == Path("w.csv").read_bytes()


def test_an_earlier_curve_or_that_of_another_run_is_refused() -> None:
    train("--out", "run", "--metrics", "m.csv")
    train("--seed", "1", "--out", "other", "--metrics", "o.csv")
    curve = Path("m.csv").read_bytes()
    assert train("--metrics", "m.csv") == 2  # the same run again is a new run
    assert run(["train", "other", "--quiet", "--updates", "5", "--metrics", "m.csv"]) == 2
    assert Path("m.csv").read_bytes() == curve
    assert train("--metrics", "m.csv", "--force", updates=3) == 0
    assert rows() == [1, 2, 3]


def test_rows_of_later_updates_are_cut_with_force_only(capsys: pytest.CaptureFixture[str]) -> None:
    """A run is killed after its last save: its table is ahead of its checkpoint."""
    train("--out", "run", "--metrics", "m.csv")
    run(["train", "run", "--quiet", "--updates", "4", "--metrics", "m.csv"])
    curve = Path("m.csv").read_bytes()
    assert go_on("--metrics", "m.csv") == 2
    assert "--force cuts it there" in capsys.readouterr().err
    assert Path("m.csv").read_bytes() == curve
    assert go_on("--metrics", "m.csv", "--force") == 0
    assert rows() == [*range(1, 11)]


@pytest.mark.parametrize("cut", [1, 3])
def test_a_row_that_was_never_finished_is_written_again(cut: int) -> None:
    train("--out", "run", "--metrics", "m.csv", updates=5)
    run(["train", "run", "--quiet", "--updates", "1", "--metrics", "m.csv"])
    whole = Path("m.csv").read_bytes()
    Path("m.csv").write_bytes(whole[:-cut])
    assert go_on("--metrics", "m.csv", updates=1) == 0
    assert Path("m.csv").read_bytes() == whole


def test_the_last_rows_end_may_be_missing_but_a_note_is_not_cut_off() -> None:
    train("--out", "run", "--metrics", "m.csv")
    curve = Path("m.csv").read_bytes()
    Path("m.csv").write_bytes(curve[:-1])  # an editor leaves it out
    assert go_on("--metrics", "m.csv") == 0
    assert rows() == [*range(1, 11)]
    Path("m.csv").write_bytes(curve + b"# lr lowered here")
    assert go_on("--metrics", "m.csv") == 2
    assert Path("m.csv").read_bytes() == curve + b"# lr lowered here"


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_metrics_never_replace_the_input_checkpoint(
    force: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    train("--out", "run")
    before = Path("run").read_bytes()
    assert go_on("--metrics", "./run", *force) == 2
    assert "it is the checkpoint that this run goes on from" in capsys.readouterr().err
    assert train("--init-from", "run", "--metrics", "run", *force) == 2
    assert "it is the --init-from file" in capsys.readouterr().err
    assert Path("run").read_bytes() == before


def test_out_and_metrics_that_are_one_file_by_two_names_are_refused() -> None:
    Path("empty").touch()
    os.link("empty", "also empty")
    assert train("--out", "empty", "--metrics", "also empty") == 2
    Path("there").symlink_to("here")
    assert train("--out", "here", "--metrics", "there") == 2


def test_other_names_of_a_replaced_table_keep_its_content() -> None:
    os.link("theirs", "backup")
    assert train("--metrics", "theirs", "--force") == 0
    assert rows("theirs") == [1, 2, 3, 4, 5]
    assert Path("backup").read_bytes() == THEIRS

"""``rnn-tui export``: a saved run as a page of code."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from cases.case_support import case_arrays, write
from cli_support import SMALL
from source_code.page_runs import losses_of_page

from rnn_tui.cli import run
from rnn_tui.files.atomic_file import LEFTOVER


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a saved run, alone in the current folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "run.safetensors"
    assert run(["train", *SMALL, "--updates", "4", "--out", str(path), "--quiet"]) == 0
    return path


def error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return the line of an export that is refused."""
    assert run(["export", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("rnn-tui: ")
    assert err.count("\n") == 1
    return err.removeprefix("rnn-tui: ").strip()


def files(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_a_page_prints_what_train_does(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["export", "run.safetensors", "--as", "numpy", "page.py", "--updates", "3"]) == 0
    assert capsys.readouterr().out == "page.py: 3 updates in NumPy; page.npz: arrays\n"
    text = Path("page.py").read_text(encoding="utf-8")
    assert "Written by rnn-tui from run.safetensors, in NumPy." in text
    losses = losses_of_page(text, Path("page.npz").read_bytes(), saved.parent)
    metrics = ["--metrics", "losses.csv", "--updates", "3", "--quiet"]
    assert run(["train", "run.safetensors", *metrics]) == 0
    _, *rows = Path("losses.csv").read_text(encoding="utf-8").splitlines()
    expected = [float(row.split(",")[1]) for row in rows]
    assert losses == pytest.approx(expected, rel=1e-5)
    assert len(losses) == 3


def test_a_case_file_is_a_run_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "my.safetensors", case_arrays("gru"), cell="gru", reduction="sum")
    assert run(["export", "my.safetensors", "page.py", "--updates", "2"]) == 0
    text = Path("page.py").read_text(encoding="utf-8")
    losses = losses_of_page(text, Path("page.npz").read_bytes(), tmp_path)
    metrics = ["--metrics", "losses.csv", "--updates", "2", "--quiet"]
    assert run(["train", "my.safetensors", *metrics]) == 0
    _, *rows = Path("losses.csv").read_text(encoding="utf-8").splitlines()
    assert losses == pytest.approx([float(row.split(",")[1]) for row in rows], rel=1e-12)


def test_the_command_line_names_a_run_and_a_page(
    saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert error(capsys).startswith("which run? rnn-tui export RUN.safetensors run.py")
    assert error(capsys, "run.safetensors").startswith("which page?")
    assert "'c.py' is one too many" in error(capsys, "run.safetensors", "b.py", "c.py")
    assert error(capsys, "a.py", "run.safetensors").startswith("the run comes first")
    assert "run.py or the like, not 'page'" in error(capsys, "run.safetensors", "page")
    assert "in place of the module 'random'" in error(capsys, "run.safetensors", "random.py")
    assert "run.py or the like, not '.py'" in error(capsys, "run.safetensors", ".py")
    assert "--as must be" in error(capsys, "run.safetensors", "page.py", "--as", "jax")
    assert "--updates must be" in error(capsys, "run.safetensors", "page.py", "--updates", "0")
    assert "missing.safetensors" in error(capsys, "missing.safetensors", "page.py")
    assert "its folder does not exist" in error(capsys, "run.safetensors", "no/page.py")
    assert files(saved.parent) == {"run.safetensors"}


@pytest.mark.parametrize("taken", ["page.py", "page.npz"])
def test_a_file_of_somebody_is_replaced_only_if_they_say_so(
    taken: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(taken).write_text("mine", encoding="utf-8")
    line = error(capsys, "run.safetensors", "page.py")
    assert line == f"'{taken}': there is a file that this run did not make; --force replaces it"
    assert files(saved.parent) == {"run.safetensors", taken}
    assert Path(taken).read_text(encoding="utf-8") == "mine"
    assert run(["export", "run.safetensors", "page.py", "--force"]) == 0
    assert Path(taken).read_bytes() != b"mine"


@pytest.mark.parametrize("taken", ["page.py", "page.npz"])
@pytest.mark.parametrize("kind", ["an empty file", "a symbolic link"])
def test_nothing_that_is_there_is_touched(
    kind: str, taken: str, saved: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if kind == "an empty file":
        Path(taken).touch()
    else:
        Path(taken).symlink_to("elsewhere")  # which is not there
    line = error(capsys, "run.safetensors", "page.py")
    assert line == f"'{taken}': there is {kind}; --force writes to it"
    assert files(saved.parent) == {"run.safetensors", taken}
    assert run(["export", "run.safetensors", "page.py", "--force"]) == 0
    assert Path(taken).stat().st_size
    assert Path(taken).is_symlink() == (kind == "a symbolic link")


def test_the_run_is_never_replaced(saved: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.link("run.safetensors", "page.npz")
    before = saved.read_bytes()
    line = error(capsys, "run.safetensors", "page.py", "--force")
    assert line == "'page.npz': it is the run"
    assert saved.read_bytes() == before


@pytest.mark.parametrize("there_before", [False, True])
def test_both_files_are_written_or_none(
    there_before: bool,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if there_before:
        assert run(["export", "run.safetensors", "page.py"]) == 0
        capsys.readouterr()
    before = {name: Path(name).read_bytes() for name in files(saved.parent)}

    def refuse_pages(function: str, problem: OSError) -> None:
        real: Callable[[str, Path], None] = getattr(os, function)

        def renamed(source: str, target: Path) -> None:
            if target.suffix == ".py":
                raise problem
            real(source, target)

        monkeypatch.setattr(os, function, renamed)

    refuse_pages("replace", PermissionError(13, "Permission denied"))
    refuse_pages("link", FileExistsError(17, "File exists"))
    line = error(capsys, "run.safetensors", "page.py", "--force", "--updates", "2")
    assert line == f"'page.py': {'permission denied' if there_before else 'file exists'}"
    assert {name: Path(name).read_bytes() for name in files(saved.parent)} == before
    assert not any(LEFTOVER.fullmatch(name) for name in before)

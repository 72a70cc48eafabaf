"""Runs on a case: its weights and states, its batch over and over, saving, restarting."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases.case_support import case_arrays, write
from checkpoint_files import bits, contents
from cli_support import figures

from rnn_tui.autosave import NEWEST
from rnn_tui.autosave.resume import list_text, resume
from rnn_tui.cases.reading import CaseError, read_case
from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import checkpoint_bytes, save
from rnn_tui.cli import run
from rnn_tui.command_line.app import check_guest
from rnn_tui.command_line.case_file import with_case_file
from rnn_tui.command_line.start import start_run
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.autosave_folder import RunFolder, RunNote
from rnn_tui.kiosk import Kiosk
from rnn_tui.layouts.new_trainer import new_trainer
from rnn_tui.layouts.torch_layout import parameters_of
from rnn_tui.registry import CELLS
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import Command, Restart, Step, Swap, UndoStep
from rnn_tui.session.worker import Session
from rnn_tui.settings import SettingError, compose
from rnn_tui.tasks.case import CaseTask, case_settings

KINDS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "lstm": ({"layers": 2}, {"reduction": "sum"}),
    "symbols": (
        {"cell": "gru", "codes": True, "classes": True, "dtype": "float32"},
        {"cell": "gru", "loss": "cross-entropy"},
    ),
    "own": ({"cell": "lstm-peephole", "features": 1, "outputs": 1}, {"cell": "lstm-peephole"}),
}


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    sizes, texts = KINDS[request.param]
    return write(tmp_path / "my.safetensors", case_arrays(**sizes), **texts)


def trainer_of(path: Path) -> Trainer:
    case = read_case(path)
    return new_trainer(case_settings(case), case)


def said(session: Session, command: Command) -> str:
    """Return what is said after a command."""
    notice = session.perform(command).notice
    assert notice is not None
    return notice.text


def test_each_window_is_the_batch_and_begins_with_its_states(path: Path) -> None:
    case, trainer = read_case(path), trainer_of(path)
    weights = parameters_of(trainer.architecture, case.weights, case.dtype)
    assert trainer.parameters.tobytes() == weights.tobytes()
    for _ in range(2):
        trainer.finish_update()
        np.testing.assert_array_equal(trainer.network.inputs, case.x)
        for state, array in case.start.items():
            for layer in range(case.layers):
                name = state if layer == 0 else f"{state}{layer + 1}"
                np.testing.assert_array_equal(trainer.network.tape[name][0], array[layer])
    assert trainer.task.title == "my.safetensors"
    assert np.isfinite(trainer.loss)


def test_a_saved_run_opens_without_the_case_file(path: Path, tmp_path: Path) -> None:
    trainer = trainer_of(path)
    trainer.run(3)
    trainer.step()
    save(tmp_path / "run", trainer)
    path.unlink()
    again = load(tmp_path / "run")
    assert again.cursor == trainer.cursor
    assert isinstance(again.task, CaseTask)
    assert again.task.title == "my.safetensors"
    for each in (trainer, again):
        each.finish_update()
        each.run(2)
    assert bits(again) == bits(trainer)
    save(tmp_path / "again", load(tmp_path / "run"))
    tensors, texts = contents(tmp_path / "run")
    kept, texts_kept = contents(tmp_path / "again")
    assert texts_kept == texts
    assert {n: a.tobytes() for n, a in kept.items()} == {n: a.tobytes() for n, a in tensors.items()}


def test_a_saved_run_is_no_case_file_but_its_case_is_inside(path: Path, tmp_path: Path) -> None:
    save(tmp_path / "run", trainer_of(path))
    with pytest.raises(CaseError, match="a saved run on a case, no case file: rnn-tui opens it"):
        read_case(tmp_path / "run")


def test_theirs_and_their_names_are_in_a_saved_run(tmp_path: Path) -> None:
    arrays = {
        name.replace("rnn.", "lstm.").replace("readout", "fc"): array
        for name, array in case_arrays().items()
    }
    arrays |= {"loss": np.array(np.nan), "grad.fc.weight": np.ones((2, 3), np.float16)}
    case = read_case(write(tmp_path / "case", arrays))
    save(tmp_path / "run", new_trainer(case_settings(case), case))
    task = load(tmp_path / "run").task
    assert isinstance(task, CaseTask)
    kept = task.case
    assert kept.theirs.keys() == {"loss", "grad.readout.weight"}
    assert np.isnan(kept.theirs["loss"])
    assert kept.theirs["grad.readout.weight"].dtype == np.float16
    assert (kept.spelling, kept.assumed, kept.name) == (case.spelling, case.assumed, "case")


def test_a_restart_goes_back_to_the_weights_of_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "case", case_arrays())
    trainer = trainer_of(path)
    began = trainer.parameters.copy()
    path.unlink()  # it is not read again
    session = Session(trainer)
    gru = trainer.settings.with_(cell="gru")
    for settings, notice, own in (
        (None, "restarted (weights of the case)", True),
        (gru, "restarted with cell (weights at random)", False),
        (trainer.settings, "restarted with cell (weights of the case)", True),
    ):
        snapshot = session.perform(Step(Stride.UPDATE, 3), Restart(settings))
        assert snapshot.notice is not None
        assert snapshot.notice.text.startswith(notice)
        assert snapshot.task.brings_weights == own
        assert snapshot.task.not_drawn == (("seed", "init", "forget_bias") if own else ())
        assert (snapshot.optimizer.parameters.tobytes() == began.tobytes()) == own
    assert said(session, Restart(trainer.settings.with_(steps=5))) == (
        "--steps must be 4 with --task case, as its batch is, not 5"
    )
    session.perform(Restart(compose({"hidden": 2})))
    assert "is learned from a case file" in said(session, Restart(trainer.settings))
    assert session.perform(UndoStep()).task.title == "case"


def test_a_second_network_learns_the_same_batch(tmp_path: Path) -> None:
    path = write(tmp_path / "case", case_arrays())
    session = Session(trainer_of(path), versus=Versus("gru"))
    path.unlink()
    session.perform(Step(Stride.UPDATE, 2))
    first, second = session.trainer, session.second_network
    assert second is not None
    assert second.trainer.updates == 2
    np.testing.assert_array_equal(second.trainer.network.inputs, first.network.inputs)
    session.perform(Swap())
    assert session.trainer.settings.cell == "gru"


@pytest.mark.parametrize("cell", [name for name in CELLS.names if name != "neuron"])
def test_every_cell_trains_on_its_case(cell: str, tmp_path: Path) -> None:
    trainer = trainer_of(write(tmp_path / "case", case_arrays(cell), cell=cell))
    trainer.run(1)
    first = trainer.loss
    trainer.run(30)
    assert trainer.loss < first


def test_the_command_line_trains_it_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(Path("case.safetensors"), case_arrays())
    content = path.read_bytes()
    begun = figures(capsys, "case.safetensors", "--updates", "3", "--out", "run.safetensors")
    assert (begun["task"], begun["cell"], begun["updates"]) == ("case", "lstm", 3)
    assert begun["test_loss"] is None
    path.unlink()
    later = figures(capsys, "run.safetensors", "--updates", "2")
    assert later["updates"] == 5
    path.write_bytes(content)
    whole = figures(capsys, "case.safetensors", "--updates", "5")
    assert whole["loss"] == later["loss"]
    assert run(["train", "case.safetensors", "--updates", "1"]) == 0
    said = "there are no test data: a case is one batch, which is trained on"
    assert said in capsys.readouterr().out


CONTRADICTIONS = {
    "--hidden 5": "--hidden 5 contradicts 'case.safetensors', which has --hidden 3",
    "--cell gru": "--cell gru contradicts 'case.safetensors', which has --cell lstm",
    "--dtype float32": "--dtype float32 contradicts 'case.safetensors', which has --dtype float64",
    "--carry": "--carry contradicts 'case.safetensors', which has --no-carry",
    "--task cos": "--task cos contradicts 'case.safetensors', which has --task case",
    "--seed 1": "--seed 1 has no effect with 'case.safetensors', which has the starting weights",
    "--noise 1": "--noise 1 has no effect in 'case.safetensors' with --task case",
    "--data a.csv": "--data cannot be with 'case.safetensors': a case file has its own batch",
    "--init-from a": "--init-from cannot be with 'case.safetensors': a case file has its own",
    "--preset min-char-rnn": "--preset cannot be with 'case.safetensors'",
    "--resume": "--resume opens an autosave; leave it out, or leave out the file",
    "--test-every 2": "--test-every 2 has no effect: a case has no test data",
    "--keep best --out a": "--keep best has no effect: a case has no test data",
    "--break test<1": "--break 'test<1' never stops: the task has no test data",
    "--out case.safetensors --force": "--out 'case.safetensors': it is the case file",
    "--metrics case.safetensors --force": "it is the case file",
}


@pytest.mark.parametrize("options", CONTRADICTIONS)
def test_an_option_that_cannot_be_is_refused_in_one_line(
    options: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(Path("case.safetensors"), case_arrays())
    content = path.read_bytes()
    assert run(["train", "case.safetensors", *options.split()]) == 2
    error = capsys.readouterr().err
    assert CONTRADICTIONS[options] in error
    assert error.count("\n") == 1
    assert path.read_bytes() == content


def test_what_is_too_large_is_refused_by_its_name(tmp_path: Path) -> None:
    arrays = case_arrays("rnn", steps=5001, batch=1, features=1, outputs=1)
    arrays["mask"] = np.ones((5001, 1))
    case = read_case(write(tmp_path / "long", arrays, cell="rnn"))
    with pytest.raises(SettingError, match="'long' has 5,001 timesteps; a run has at most 5,000"):
        case_settings(case)


def test_a_task_without_its_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--task", "case"]) == 2
    assert "--task case is learned from a case file: rnn-tui FILE" in capsys.readouterr().err


def test_inspect_says_what_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arrays = case_arrays("gru", codes=True, classes=True) | {"loss": np.array(1.0)}
    del arrays["readout.bias"]
    write(Path("a.safetensors"), arrays, cell="gru", loss="cross-entropy")
    assert run(["inspect", "a.safetensors"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split(maxsplit=1) == ["network", "gru 3, float64, 65 parameters"]
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("zeros")] == [
        "readout.bias"
    ]
    assert run(["inspect", "a.safetensors", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["steps"], report["counted"], report["theirs"]) == (4, 9, ["loss"])
    write(Path("a.safetensors"), arrays, cell="lstm")
    assert run(["inspect", "a.safetensors", "--json"]) == 2
    assert "expected (12, 2)" in json.loads(capsys.readouterr().out)["problems"][0]
    assert run(["inspect", "a.safetensors"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert run(["inspect", "--data", "a.safetensors"]) == 2
    assert "it is a checkpoint or a case" in capsys.readouterr().out


def test_an_autosave_resumes_without_the_case_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    trainer = trainer_of(write(tmp_path / "case", case_arrays()))
    trainer.run(3)
    folder = RunFolder.create(RunNote(str(tmp_path)))
    folder.write(checkpoint_bytes(trainer))
    folder.release()
    (tmp_path / "case").unlink()
    assert re.search("case · lstm 3 +3", list_text())
    resumed = resume(NEWEST)
    assert bits(resumed.saved.trainer) == bits(trainer)
    assert resumed.folder is not None
    resumed.folder.release()


@pytest.mark.parametrize("saved", [False, True])
def test_a_guest_gets_the_case_that_the_server_names(saved: bool, tmp_path: Path) -> None:
    path = write(tmp_path / "case.safetensors", case_arrays())
    if saved:
        trainer = trainer_of(path)
        path = tmp_path / "run.safetensors"
        save(path, trainer)
    check_guest({"checkpoint": str(path)})
    kiosk = Kiosk()
    options = with_case_file({"checkpoint": str(path)})
    session = Session(start_run(options, kiosk).trainer, kiosk=kiosk)
    settings = session.trainer.settings
    assert "restarted with cell" in said(session, Restart(settings.with_(cell="gru")))
    for wish, refusal in (
        (settings.with_(data=str(path)), "a kiosk reads no file but those that its command line"),
        (settings.with_(hidden=129), "--hidden must be at most 128 in a kiosk, not 129"),
    ):
        assert refusal in said(session, Restart(wish))
    large = case_arrays("rnn", hidden=129)
    with pytest.raises(SettingError, match="--hidden must be at most 128 in a kiosk, not 129"):
        check_guest({"checkpoint": str(write(tmp_path / "large", large, cell="rnn"))})

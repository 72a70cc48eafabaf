"""`rnn_tui.save` and `rnn_tui.load`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import rnn_tui as rt
from rnn_tui.checkpoint.loading import load_run


def test_a_run_goes_on_as_if_it_had_never_been_saved(tmp_path: Path) -> None:
    trainer = rt.Trainer("adding", cell="lstm", hidden=3, steps=5)
    trainer.run(3)
    trainer.step("timestep", 2)
    rt.save(trainer, tmp_path / "run.safetensors")
    again = rt.load(tmp_path / "run.safetensors")
    assert again.cursor == trainer.cursor
    assert again.run(4).tolist() == trainer.run(4).tolist()
    assert load_run(tmp_path / "run.safetensors").trainer.updates == 3  # the program reads it
    rt.save(again, tmp_path / "run.safetensors")
    assert rt.load(str(tmp_path / "run.safetensors")).updates == 7


def test_the_data_of_a_run_are_not_replaced(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("\n".join(map(str, np.sin(np.arange(200)).round(3))))
    trainer = rt.Trainer("series", data=str(data), hidden=3)
    with pytest.raises(ValueError, match=r"data\.csv'?: cannot be written: it is the data file"):
        rt.save(trainer, data)
    (tmp_path / "link").symlink_to(data)
    with pytest.raises(ValueError, match="cannot be written"):
        rt.save(trainer, tmp_path / "link")
    rt.save(trainer, tmp_path / "run.safetensors")
    with data.open("a") as file:
        file.write("\n0.5\n")
    with pytest.warns(UserWarning, match="the data have 1 new row"):
        rt.load(tmp_path / "run.safetensors")
    data.write_text("\n".join(map(str, np.cos(np.arange(200)).round(3))))
    with pytest.raises(ValueError, match="data_changed continue goes on"):
        rt.load(tmp_path / "run.safetensors")
    with pytest.warns(UserWarning, match="the data have changed"):
        rt.load(tmp_path / "run.safetensors", data_changed="continue")


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.safetensors.*: "):
        rt.load(tmp_path / "none.safetensors")
    (tmp_path / "text").write_text("no checkpoint")
    with pytest.raises(ValueError, match=r"text'?: "):
        rt.load(tmp_path / "text")
    with pytest.raises(ValueError, match="cannot be written: it is a folder"):
        rt.save(rt.Trainer(hidden=2), tmp_path)


@pytest.mark.parametrize("theirs", [b"PK\x03\x04 weights", b"notes", b"\0" * 40])
def test_a_file_that_is_no_checkpoint_is_replaced_only_by_force(
    tmp_path: Path, theirs: bytes
) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(theirs)
    trainer = rt.Trainer(hidden=2)
    with pytest.raises(ValueError, match=r"no checkpoint of rnn-tui; another name, or force=True"):
        rt.save(trainer, path)
    assert path.read_bytes() == theirs
    rt.save(trainer, path, force=True)
    rt.save(trainer, path)  # it is the trainer's own now
    assert rt.load(path).updates == 0


def test_a_script_may_be_run_twice_but_another_run_is_not_replaced(tmp_path: Path) -> None:
    path, data = tmp_path / "run.safetensors", tmp_path / "data.csv"
    data.write_text("\n".join(map(str, np.sin(np.arange(200)).round(3))))
    for _ in range(2):
        rt.save(rt.Trainer("series", data=str(data), hidden=3), path)
    faster = rt.Trainer("series", data=str(data), hidden=3, lr=0.1)
    faster.run(2)
    rt.save(faster, path)  # what can change in a run makes no other one
    with pytest.raises(ValueError, match=r"the checkpoint of another run \(hidden 3, here 4\)"):
        rt.save(rt.Trainer("series", data=str(data), hidden=4), path)
    with pytest.raises(ValueError, match=r"the checkpoint of another run \(task series, here cos"):
        rt.save(rt.Trainer(hidden=3), path)
    assert rt.load(path).updates == 2
    rt.save(rt.Trainer(hidden=3), path, force=True)
    assert rt.load(path).updates == 0
    path.touch()
    path.write_bytes(b"")  # counts as absent, as everywhere
    rt.save(rt.Trainer(hidden=4), path)


@pytest.mark.parametrize("ending", [".pt", ".PTH", ".npz"])
def test_names_of_other_formats_are_refused(tmp_path: Path, ending: str) -> None:
    for force in (False, True):
        with pytest.raises(ValueError, match=r"not \.\w+; call it weights\.safetensors"):
            rt.save(rt.Trainer(hidden=2), tmp_path / f"weights{ending}", force=force)
    assert not list(tmp_path.iterdir())

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

"""The folder for what the program keeps by itself."""

import stat
import sys
from pathlib import Path

import pytest

from rnn_tui.files.state_folder import state_folder, state_path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def test_asking_where_it_is_creates_nothing(home: Path) -> None:
    assert state_path().name == "rnn-tui"
    assert not any(home.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the place is the platform's")
def test_it_lies_in_the_state_home_and_is_private(home: Path) -> None:
    assert state_folder() == home / "state" / "rnn-tui"
    log = state_folder("log")
    assert log == home / "state" / "rnn-tui" / "log"
    for folder in (state_folder(), log):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_file_in_its_place_is_an_error_of_the_system(home: Path) -> None:
    (home / "state").write_text("")
    with pytest.raises(OSError):
        state_folder()

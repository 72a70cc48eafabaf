"""Errors that nobody expected, put into the real program: what is shown, logged and returned."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from terminal.driver import Terminal
from terminal.program import ROOT, Program

FAIL = "def fail(*_, **__): secret = 'a value'; raise ZeroDivisionError('odd')\n"
NAMES = ("ZeroDivisionError", "Traceback", "odd", "a value")


@contextlib.contextmanager
def with_errors(*places: str, state: Path, later: bool = False) -> Iterator[Program]:
    """Start the program with functions replaced by one that raises.

    Args:
        places: the functions, as "module:attribute.method".
        state: the folder for logs.
        later: the functions are replaced by the first key ``u`` instead.
    """
    patch = "; ".join(map(_patch, places))
    begin = f"import importlib, sys\n{FAIL}"
    if later:
        begin += "from rnn_tui.tui.screens.key_actions import KeyActions\n"
        begin += f"def action_go(self, stride): {patch}\nKeyActions.action_go = action_go\n"
    else:
        begin += f"{patch}\n"
    code = f"{begin}from rnn_tui.cli import main\nsys.argv = ['rnn-tui', '--hidden', '4']\nmain()"
    env = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state)}
    with Terminal([sys.executable, "-c", code], 120, 40, env=env) as terminal:
        yield Program(terminal)


def _patch(place: str) -> str:
    """Return the code that replaces one function."""
    module, _, attribute = place.partition(":")
    owner, _, name = attribute.rpartition(".")
    target = f"importlib.import_module({module!r})" + (f".{owner}" if owner else "")
    return f"setattr({target}, {name!r}, fail)"


def assert_logged(state: Path) -> str:
    """Assert that the log has the traceback and no value of a variable; return it."""
    text = (state / "rnn-tui" / "log" / "rnn-tui.log").read_text("utf-8")
    assert "ZeroDivisionError: odd" in text
    assert "in fail" in text
    return text


def assert_plain(text: str) -> None:
    """Assert that a screen names no exception."""
    assert not [name for name in NAMES if name in text], text


def test_panels_that_cannot_be_drawn_say_so_and_the_program_goes_on(tmp_path: Path) -> None:
    places = (
        "rnn_tui.tui.panels.loss_chart:_second_loss",
        "rnn_tui.tui.panels.gradient_chart:_known",
        "rnn_tui.tui.panels.header:draw",
    )
    with with_errors(*places, state=tmp_path) as one:
        text = one.wait_for(lambda text: text.count("this panel could not be drawn") == 3)
        assert "── loss ──" in text
        assert "── gradients ──" in text
        one.send("nnnn\t\tz")
        one.settled()
        assert_plain(one.text())
        one.send("zq")
        assert one.terminal.wait_exit() == 0
    assert assert_logged(tmp_path).count("ZeroDivisionError: odd") == 3  # however often drawn


def test_keys_that_fail_say_so_and_the_program_goes_on(tmp_path: Path) -> None:
    places = (
        "rnn_tui.tui.screens.selection_moves:move_unit",
        "rnn_tui.tui.screens.what_if:parse",
        "rnn_tui.tui.screens.breakpoints:BreakpointsScreen.action_remove",
        "textual.widgets._input:Input._on_paste",
    )
    with with_errors(*places, state=tmp_path) as one:
        one.until(lambda header: header.state == "paused")
        opened = {"": "BATCH", "e": "details in", "b": "esc closes", "o": "nothing changed"}
        keys = {"": "j", "e": "", "b": "\t\x1b[3~", "o": "\x1b[200~1\x1b[201~"}
        for index, (opening, text) in enumerate(opened.items()):
            one.send(opening)
            one.wait_for(text)
            one.send(keys[opening])
            assert_plain(one.wait_for("details in"))
            one.reach("n" * 2, f"FORWARD t={2 * index + 1}/20")
        one.send("q")
        assert one.terminal.wait_exit() == 0
    assert_logged(tmp_path)


def test_an_error_of_the_session_pauses_it(tmp_path: Path) -> None:
    place = "rnn_tui.engine.training.trainer:Trainer.step"
    with with_errors(place, state=tmp_path) as one:
        one.until(lambda header: header.state == "paused")
        one.send("nn")
        one.wait_for("training stopped")
        assert_plain(one.text())
        one.send("q")
        assert one.terminal.wait_exit() == 0
    assert_logged(tmp_path)


def test_an_error_that_nothing_goes_on_after_is_one_line_and_70(tmp_path: Path) -> None:
    with with_errors("textual.widget:Widget._size_updated", state=tmp_path, later=True) as one:
        one.until(lambda header: header.state == "paused")
        one.send("u")
        one.terminal.wait_still(0.4)
        one.terminal.resize(100, 30)
        assert one.terminal.wait_exit() == 70
        text = one.text()
        assert one.terminal.left_behind() == []
    assert "an unexpected error ended the program; details in" in text
    assert_plain(text)
    assert_logged(tmp_path)


def test_an_error_at_the_start_is_one_line_and_70(tmp_path: Path) -> None:
    with with_errors("rnn_tui.tui.screens.debugger:Debugger.compose", state=tmp_path) as one:
        assert one.terminal.wait_exit() == 70
        assert_plain(one.text())
        assert one.terminal.left_behind() == []
    assert_logged(tmp_path)

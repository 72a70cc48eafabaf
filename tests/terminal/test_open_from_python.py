"""`rnn_tui.open`: the debugger from a script, which goes on where the user left it."""

from __future__ import annotations

import sys
from pathlib import Path

from terminal.driver import Terminal

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """
import gc, signal, sys, threading
import rnn_tui as rt

def python():
    hooks = threading.excepthook, sys.unraisablehook, signal.getsignal(signal.SIGINT)
    return hooks, sys.getswitchinterval(), gc.isenabled(), signal.pthread_sigmask(0, [])

t = rt.Trainer.from_arrays([[[1.0]], [[2.0]], [[3.0]]], [[[0.0]], [[1.0]], [[0.0]]], hidden=2)
t.run(5)
t.step("operation", 2)
before = python()
rt.open(t)
print("left at", t.cursor, before == python())
t.back("update", 3)
print("back at", t.cursor)
"""


def test_a_script_goes_on_where_the_user_left(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    environment = {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "script.py"]
    with Terminal(command, env=environment, cwd=tmp_path) as terminal:
        terminal.wait_for("FORWARD t=1/3 · update 5", timeout=30)
        terminal.key("u")
        terminal.wait_for("UPDATE · update 6")
        terminal.key("U", "U")
        terminal.wait_for("past of 6")
        terminal.key("q")
        terminal.wait_for("left at update 4, UPDATE True")
        terminal.wait_for("back at update 1, UPDATE")
        assert terminal.wait_exit() == 0
        assert terminal.restored()

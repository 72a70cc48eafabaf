"""What `import rnn_tui` costs, and what it offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import rnn_tui

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import sys
import rnn_tui
after_import = set(sys.modules)
rnn_tui.Trainer
rnn_tui.verify
after_trainer = set(sys.modules)
heavy = {"numpy", "click", "textual", "polars", "asyncio", "dataclasses"}
print(sorted(name for name in after_import if name.startswith("rnn_tui.") or name in heavy))
screen = {"textual", "rich", "plotext", "click", "polars", "platformdirs", "asyncio", "torch"}
print(sorted(screen & after_trainer))
"""


def test_importing_costs_less_than_numpy() -> None:
    # No time is measured: what is not imported costs nothing. NumPy itself comes with Trainer.
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines() == ["[]", "[]"], found.stderr


def test_every_name_is_there_and_documented() -> None:
    names = {*rnn_tui.__all__, "open"}
    assert names <= {*dir(rnn_tui)}
    for name in names - {"__version__"}:
        assert getattr(rnn_tui, name).__doc__, name
    assert "open" not in rnn_tui.__all__  # a star import keeps Python's own

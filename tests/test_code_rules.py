"""The rules of the code: lint, format, types, who may import whom, lengths, names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The linter of imports has no `python -m` form.
LINT_IMPORTS = (
    "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"
)
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "--no-cache", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "--diff", "--no-cache", "."],
    "mypy": ["-m", "mypy"],
    "lint-imports": ["-c", LINT_IMPORTS, "--no-cache"],
}
SCREEN = ("textual", "rich", "plotext")
SCREENLESS = {
    "rnn_tui.settings": (*SCREEN, "click"),
    "rnn_tui.tasks": (*SCREEN, "click"),
    "rnn_tui.engine": (*SCREEN, "click"),
    "rnn_tui.checkpoint.loading": SCREEN,
    "rnn_tui.session.worker": SCREEN,
}
# Spelt in pieces, so that this file does not find itself.
MACHINE_PATH = re.compile("|".join(rf"(?<![\w.])/{top}/\w" for top in ("work", "root", "home")))
LONGEST_FILE = 500  # lines
TEXT_SUFFIXES = {".py", ".toml", ".tcss", ".md", ".cfg", ".yml", ".yaml", ".json", ".csv", ".sh"}
SOURCES = (
    *("rnn_tui", "tests", "docs", ".ci", "pyproject.toml"),
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md"),
)


def run_python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter at the top of the repository and collect what it prints."""
    plain = {"NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, **plain},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.mark.parametrize("check", CHECKS)
def test_check_is_clean(check: str) -> None:
    result = run_python(*CHECKS[check])
    assert result.returncode == 0, f"{check} found:\n{result.stdout}"


@pytest.mark.parametrize("module", SCREENLESS)
def test_importing_loads_no_screen(module: str) -> None:
    # The contracts read the source; this sees what an import really drags in.
    program = (
        f"import sys, {module}\n"
        f"loaded = sorted(set({SCREENLESS[module]!r}) & set(sys.modules))\n"
        f"sys.exit('loaded: ' + ', '.join(loaded) if loaded else 0)"
    )
    result = run_python("-c", program)
    assert result.returncode == 0, f"importing {module}:\n{result.stdout}"


FIRST_SCREEN = """
import asyncio, sys
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import Settings
from rnn_tui.tui import preload
from rnn_tui.tui.app import RnnTui

import_all, preload.import_all = preload.import_all, lambda: None

async def open_and_leave():
    async with RnnTui(Trainer(Settings())).run_test() as pilot:
        await pilot.pause()

asyncio.run(open_and_leave())
others = (
    "rnn_tui.tasks.text",
    "rnn_tui.engine.cells.lstm",
    "rnn_tui.engine.analysis.windows_evaluation",
    "rnn_tui.checkpoint.loading",
    "rnn_tui.lessons.lesson",
    "rnn_tui.claims.expressions",
    "rnn_tui.tui.lesson.view",
    "rnn_tui.tui.screens.take_home",
)
early = sorted({*preload.MODULES, *others} & set(sys.modules))
import_all()
missing = sorted(set(preload.MODULES) - set(sys.modules))
sys.exit(f"too early: {early}, missing: {missing}" if early or missing else 0)
"""


def test_the_first_screen_imports_only_what_it_shows() -> None:
    # Every module costs the start a millisecond or so; what comes later is imported afterwards.
    result = run_python("-c", FIRST_SCREEN)
    assert result.returncode == 0, result.stdout


def test_no_file_of_the_package_is_too_long() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in (ROOT / "rnn_tui").rglob("*.py")
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


SHARED_NAMES = {"Trainer": ["trainer.py", "trainer.py"]}
"""`rnn_tui.Trainer` is what users of Python call a run; they never meet the engine's own."""


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for path in (ROOT / "rnn_tui").rglob("*.py"):
        for name in re.findall(r"^class (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            places.setdefault(name, []).append(path.name)
    assert {name: files for name, files in places.items() if len(files) > 1} == SHARED_NAMES


def source_files() -> list[Path]:
    """Every text file of ours, generated ones left out."""
    tops = [ROOT / name for name in SOURCES]
    files = [f for top in tops for f in ([top] if top.is_file() else top.rglob("*"))]
    ours = [f for f in files if f.suffix in TEXT_SUFFIXES or f.parent.name == ".ci"]
    return sorted(f for f in ours if f.is_file() and "__pycache__" not in f.parts)


def test_no_path_of_one_machine() -> None:
    lines = (
        (f"{path.relative_to(ROOT)}:{number}: {line.strip()}", line)
        for path in source_files()
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1
        )
    )
    found = [where for where, line in lines if MACHINE_PATH.search(line)]
    assert not found, "paths of one machine:\n" + "\n".join(found)

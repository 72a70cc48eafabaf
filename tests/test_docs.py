"""The pages for people say nothing that the tree does not hold: links, file names, code."""

from __future__ import annotations

import importlib
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from rnn_tui.command_line import app as cli_app
from rnn_tui.command_line import options as cli_options
from rnn_tui.command_line.check import check_command
from rnn_tui.command_line.exercise_options import read_drill, read_exercise_options
from rnn_tui.command_line.export_lesson import export_lesson_command
from rnn_tui.command_line.lesson import lesson_command
from rnn_tui.command_line.lesson_check import check_command as check_lesson_command
from rnn_tui.command_line.present import present_command
from rnn_tui.command_line.saved_options import (
    predict_command,
    read_export,
    read_saved,
    sample_command,
)
from rnn_tui.registry import CELLS, TASKS
from rnn_tui.serve.options import read_serve
from rnn_tui.settings import compose, train_updates
from rnn_tui.tui.link import BUDGET, LINK_HELP
from rnn_tui.tui.themes import THEMES

ROOT = Path(__file__).resolve().parent.parent
PAGES = tuple(sorted((*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))))
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]+\.(?:py|md|toml|tcss|svg|yml)|[\w./-]+/")
DOTTED = re.compile(r"rnn_tui(?:\.\w+)+")
# A page may name a file by its place in the package, or in the engine.
BASES = (ROOT, ROOT / "rnn_tui", ROOT / "rnn_tui/engine", ROOT / "rnn_tui/tui")


BLOCK = re.compile(r"^```sh$(.*?)^```$", re.DOTALL | re.MULTILINE)
SAVED = {"predict": predict_command, "sample": sample_command}
ENDS_COMMAND = {"&&", "||", "|", ";", ">"}


def without_blocks(text: str) -> str:
    """Return a page without its indented and fenced blocks of code."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)


def code_words(page: Path) -> Iterator[str]:
    """Yield what stands between back-quotes."""
    yield from CODE.findall(without_blocks(page.read_text(encoding="utf-8")))


def exists(name: str) -> bool:
    """Return whether `name` is a file or a folder of the repository."""
    return any((base / name).exists() for base in BASES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    local = [link for link in links if not link.startswith(("http:", "https:", "mailto:"))]
    missing = [link for link in local if not (page.parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("a changelog names what once was")
    places = ("rnn_tui", "tests", "docs", "engine", "tui", "core", "cells", "network", "session")
    names = [
        word
        for word in code_words(page)
        if FILE.fullmatch(word)
        and "NAME" not in word
        and (word.split("/")[0] in places or word.startswith(".ci"))
    ]
    missing = [name for name in names if not exists(name)]
    assert not missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_and_names_that_are_named_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("a changelog names what once was")
    for dotted in {each for word in code_words(page) for each in DOTTED.findall(word)}:
        resolve(dotted)


def test_what_contributing_names_of_a_class_exists() -> None:
    page = ROOT / "CONTRIBUTING.md"
    words = set(code_words(page))
    classes = {
        dotted.rpartition(".")[2]: resolve(dotted)
        for word in words
        for dotted in DOTTED.findall(word)
    }
    attributes = [re.fullmatch(r"([A-Z]\w+)\.(\w+)", word) for word in words]
    found = [match for match in attributes if match]
    assert len(found) >= 5
    assert [match[0] for match in found if not hasattr(classes[match[1]], match[2])] == []


def resolve(dotted: str) -> object:
    """Import a module, or an attribute of one, by its dotted name."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for name in parts[end:]:
            found = getattr(found, name)
        return found
    raise ModuleNotFoundError(dotted)


def test_the_architecture_page_names_every_folder() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    package = ROOT / "rnn_tui"
    wanted = [path for path in package.iterdir() if path.is_dir() or path.suffix == ".py"]
    wanted += [path for path in (package / "engine").iterdir() if path.is_dir()]
    plain = ("__init__.py", "__main__.py")
    names = [
        f"{path.name}/" if path.is_dir() else path.name
        for path in wanted
        if path.name not in plain and path.name != "__pycache__"
    ]
    assert [name for name in names if f"{name}`" not in page] == []


def test_every_term_of_the_glossary_is_a_word_of_the_code() -> None:
    page = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    glossary = page.split("## Glossary", 1)[1]
    classes = re.findall(r"^\| [^|]+\| `(\w+)`", glossary, flags=re.MULTILINE)
    sources = "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "rnn_tui").rglob("*.py")
    )
    assert len(classes) > 10
    defined = set(re.findall(r"^(?:class )?(\w+)(?= = |[(:])", sources, re.MULTILINE))
    assert [name for name in classes if name not in defined] == []


def first_column(text: str) -> list[str]:
    """Return the names in back-quotes in the first column of all tables, in order."""
    rows = re.findall(r"^\| (`[^|]+) \|", text, flags=re.MULTILINE)
    return [name for row in rows for name in CODE.findall(row)]


def test_readme_lists_every_task_and_cell() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    section = page.split("## Tasks, cells", 1)[1].split("\n## ", 1)[0]
    assert first_column(section) == list(TASKS.names)
    cells = section.split("Cells:", 1)[1].split("\n\n", 1)[0]
    assert sorted(set(CODE.findall(cells)) - {"--layers", "[", "]"}) == sorted(CELLS.names)


def test_the_tasks_page_has_every_task_with_its_defaults() -> None:
    page = (ROOT / "docs/tasks.md").read_text(encoding="utf-8")
    _, shown, defaults, *_ = re.split(r"^\| task \|", page, flags=re.MULTILINE)
    assert sorted(first_column(shown)) == sorted(TASKS.names)
    own = [name for name in TASKS.names if TASKS.load(name).defaults and name != "case"]
    assert first_column(defaults) == own
    for name in own:
        s = compose({"task": name})
        row = next(line for line in defaults.splitlines() if line.startswith(f"| `{name}` |"))
        forget_bias = "–" if s.forget_bias == 1 else f"forget bias {s.forget_bias:g}"
        cells = (f"{s.cell} {s.hidden}", s.steps, s.batch, f"{s.optimizer} {s.lr:g}")
        rest = (f"{s.clip:g}", forget_bias, f"{train_updates(name):,}")
        assert row == f"| `{name}` | {' | '.join(map(str, (*cells, *rest)))} |"


def command_lines(page: Path) -> Iterator[list[str]]:
    """Yield the arguments of the program in every command of a page, also within one of ssh."""
    text = page.read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    for line in [*lines, *code_words(page)]:
        if re.search(r"(^|[ /'])rnn-tui( |$)", line):
            yield from arguments_in(line)


def arguments_in(line: str) -> Iterator[list[str]]:
    """Yield what follows the program's name up to the end of each command."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=True)
    reader.whitespace_split = True
    words = list(reader)
    for place, word in enumerate(words):
        if " " in word:
            yield from arguments_in(word)
        elif word.rpartition("/")[2] == "rnn-tui" and words[place - 1 : place] != ["cd"]:
            rest: Sequence[str] = words[place + 1 :]
            end = next((k for k, each in enumerate(rest) if each in ENDS_COMMAND), len(rest))
            yield list(rest[:end])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_command_lines_have_options_that_exist(page: Path) -> None:
    if page.name == "CHANGELOG.md":
        pytest.skip("a changelog names what once was")
    for arguments in command_lines(page):
        if {"--help", "--version", "NAME"} & set(arguments) or len(arguments) < 2:
            continue
        if arguments[0] == "serve":
            read_serve(arguments[1:])
        elif arguments[0] == "inspect":
            assert cli_options.parse(cli_options.inspect_command(), "inspect", arguments[1:])
        elif arguments[0] == "check":
            assert cli_options.parse(check_command(), "check", arguments[1:])
        elif arguments[:2] == ["lesson", "check"]:
            assert cli_options.parse(check_lesson_command(), "check", arguments[2:]) is not None
        elif arguments[0] == "present":
            assert cli_options.parse(present_command(), arguments[0], arguments[1:])
        elif arguments[0] == "lesson":
            assert cli_options.parse(lesson_command(), arguments[0], arguments[1:])
        elif arguments[0] == "export":
            assert read_export(arguments[1:])
        elif arguments[0] == "export-lesson":
            assert cli_options.parse(export_lesson_command(), arguments[0], arguments[1:])
        elif arguments[0] == "drill":
            assert read_drill(arguments[1:]) is not None
        elif arguments[0] == "exercise":
            assert read_exercise_options(arguments[1:])
        elif arguments[0] in SAVED:
            assert read_saved(SAVED[arguments[0]](), arguments[1:])
        else:
            cli_options.read(arguments)


def test_the_ssh_page_names_what_the_program_shows() -> None:
    page = (ROOT / "docs/ssh.md").read_text(encoding="utf-8")
    assert len(list(command_lines(ROOT / "docs/ssh.md"))) > 20
    words = set(CODE.findall(page))
    commands = {word for word in words if re.match(r"(link|theme|characters): ", word)}
    existing = {f"link: {each}" for each in LINK_HELP} | {f"theme: {each}" for each in THEMES}
    assert commands <= existing | {"characters: ascii", "characters: unicode"}
    assert {f"link: {each}" for each in LINK_HELP} <= commands
    assert any(word.startswith(f"link {BUDGET // 1024} KiB/s") for word in words)
    source = Path(cli_app.__file__).read_text(encoding="utf-8")
    source += (ROOT / "rnn_tui/tui/terminal_kind.py").read_text(encoding="utf-8")
    messages = [word for word in words if word.startswith("this needs")]
    assert len(messages) >= 2
    assert [message for message in messages if message not in source] == []

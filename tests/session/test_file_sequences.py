"""Any sequence of loads, saves, restarts, swaps and changes from outside: nothing foreign is lost.

The model knows of each name who made the file there: one run of the session, or somebody else. When
the program changes a file, its old content must have been empty, the present run's own, or one that
the user agreed to lose.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from rnn_tui.checkpoint.loading import load
from rnn_tui.checkpoint.saving import save
from rnn_tui.engine.time_travel.places import Stride
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.files.ownership import RunFiles
from rnn_tui.second_network import Versus
from rnn_tui.session.commands import (
    Command,
    Restart,
    Save,
    Step,
    Swap,
    UndoStep,
    ViewRequest,
)
from rnn_tui.session.run_records import SaveQuestion
from rnn_tui.session.worker import Session
from rnn_tui.settings import Settings

SMALL = Settings(hidden=2, steps=2, num_points=40, noise=0.0)
NAMES = ("a", "b", "c")
GENERATED = tuple(
    f"cos-{cell}2-{update}.safetensors" for cell in ("rnn", "gru") for update in (0, 1)
)

name = st.sampled_from(NAMES)
any_name = st.sampled_from(NAMES + GENERATED)
action = st.one_of(
    st.tuples(st.sampled_from(["save", "train", "restart", "undo", "swap", "yes", "no"])),
    st.tuples(st.sampled_from(["save as", "other name", "open"]), name),
    st.tuples(st.sampled_from(["write", "append", "rename over", "empty", "delete"]), any_name),
    st.tuples(st.sampled_from(["hard link", "symbolic link", "move"]), name, name),
)


class World:
    """A folder, a session that works in it, and who made each of its files.

    Attributes:
        lost: names of files whose content was lost without a yes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.owner: dict[str, object] = {}  # by name; a missing name: somebody else
        self.lost: list[str] = []
        self.written = 0  # by somebody else
        self.asked: SaveQuestion | None = None
        self.questions = 0
        self.asked_about: bytes | None = None  # the content that the newest question was about
        self.session = self._session(Trainer(SMALL), None)

    def _session(self, trainer: Trainer, files: RunFiles | None) -> Session:
        self.asked, self.questions = None, 0
        session = Session(trainer, versus=Versus("gru"), files=files)
        session.perform(ViewRequest(predictions=False))
        return session

    def contents(self) -> dict[str, bytes]:
        """Return the content of every regular file by name."""
        return {
            path.name: path.read_bytes()
            for path in self.folder.iterdir()
            if path.is_file() and not path.is_symlink()
        }

    def act(self, kind: str, *names: str) -> None:
        """Carry out one action; those that make no sense here are left out."""
        match kind:
            case "save":
                self._perform(Save())
            case "save as":
                self._perform(Save(names[0]))
            case "yes" | "other name":
                if self.asked is not None:
                    self._perform(Save(names[0] if names else self.asked.path, self.asked))
            case "no":
                self.asked = None
            case "train":
                self._perform(Step(Stride.UPDATE))
            case "restart":
                self._perform(Restart())
            case "undo":
                self._perform(UndoStep())
            case "swap":
                self._perform(Swap())
            case "open":
                self._open(names[0])
            case _:
                self._change(kind, *(self.folder / each for each in names))

    def _perform(self, command: Command) -> None:
        """Let the program act, and note what was lost and what it has made."""
        before = self.contents()
        run = self.session.trainer
        agreed: str | None = None
        if isinstance(command, Save) and command.answer is not None:
            same_file = command.path == command.answer.path and command.answer.replaceable
            real = Path(os.path.realpath(command.path or "")).name
            if same_file and before.get(real) == self.asked_about:
                agreed = real
        snapshot = self.session.perform(command)
        after = self.contents()
        for each, content in before.items():
            if after.get(each) != content:
                mine = self.owner.get(each) is run
                if content and not mine and each != agreed:
                    self.lost.append(each)
        for each in after:
            if after[each] != before.get(each):
                self.owner[each] = run
        if isinstance(command, Save):
            question = snapshot.question
            self.asked = question if question and question.number > self.questions else None
            if self.asked is not None:
                self.questions = self.asked.number
                real = Path(os.path.realpath(self.asked.path)).name
                self.asked_about = after.get(real)

    def _open(self, path: str) -> None:
        """Open a checkpoint in a new session, if it is one."""
        files = RunFiles.of_checkpoint(path)
        try:
            trainer = load(path)
        except ValueError:
            return
        self.session = self._session(trainer, files)
        self._hand_over(Path(os.path.realpath(path)), trainer)

    def _hand_over(self, path: Path, owner: object | None) -> None:
        """Note who has the file at `path`, under all of its names."""
        for each in self.contents():
            if path.exists() and os.path.samefile(path, self.folder / each):
                self.owner.pop(each, None)
                if owner is not None:
                    self.owner[each] = owner

    def _change(self, kind: str, path: Path, other: Path | None = None) -> None:
        """Change a file from outside; its size is always another one afterwards."""
        self.written += 1
        theirs = b"theirs" + b"!" * self.written
        if other is not None:
            if path == other or not path.exists() or path.is_symlink():
                return
            other.unlink(missing_ok=True)
            owner = self.owner.get(path.name)
            if kind == "hard link":
                os.link(path, other)
            elif kind == "symbolic link":
                other.symlink_to(path.name)
            else:
                os.rename(path, other)
                self.owner.pop(path.name, None)
            self.owner.pop(other.name, None)
            if owner is not None and kind != "symbolic link":
                self.owner[other.name] = owner
            return
        real = Path(os.path.realpath(path))
        if kind == "rename over":
            (self.folder / "their draft").write_bytes(theirs)
            os.rename(self.folder / "their draft", path)
            self.owner.pop(path.name, None)
        elif kind == "delete":
            path.unlink(missing_ok=True)
            self.owner.pop(path.name, None)
        else:
            with real.open("ab" if kind == "append" else "wb") as file:
                file.write(b"" if kind == "empty" else theirs)
            self._hand_over(real, None)


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """Work in a folder of its own, without waiting for the disk."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.chdir(folder),
        mock.patch("os.fsync"),
    ):
        yield Path(folder)


@given(st.lists(action, max_size=20))
@example([("save as", "a"), ("restart",), ("train",), ("save as", "a"), ("yes",)])
@example([("save as", "a"), ("swap",), ("save as", "a")])
@example([("save as", "a"), ("hard link", "a", "b"), ("save",), ("save as", "b")])
@example([("save as", "a"), ("restart",), ("save as", "a"), ("write", "a"), ("yes",)])
@example([("save as", "a"), ("restart",), ("save as", "a"), ("swap",), ("yes",)])
@example([("train",), ("write", GENERATED[1]), ("save",), ("save",)])
def test_no_content_of_another_is_lost_without_a_yes(actions: list[tuple[str, ...]]) -> None:
    with a_folder() as folder:
        world = World(folder)
        for kind, *names in actions:
            world.act(kind, *names)
            assert not world.lost, (kind, names)
        assert not [each for each in os.listdir(folder) if each.startswith(".")]


def test_the_model_notices_a_loss() -> None:
    """A session that asks nobody is found out."""
    with a_folder() as folder:
        world = World(folder)
        world.act("write", "a")
        perform = world.session.perform

        def careless(*commands: Command) -> object:
            save("a", world.session.trainer)
            return perform(*commands)

        world.session.perform = careless  # type: ignore[method-assign, assignment]
        world.act("save")
        assert world.lost == ["a"]

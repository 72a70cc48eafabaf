"""The file of --out."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from rnn_tui.checkpoint.format import CheckpointError
from rnn_tui.command_line.exit import CommandError, print_error
from rnn_tui.files.ownership import FileTakenError, RunFiles, Standing

if TYPE_CHECKING:
    from rnn_tui.checkpoint.run_view import RunView
    from rnn_tui.checkpoint.saving import CapturedRun
    from rnn_tui.engine.training.trainer import Trainer

MOST_ATTEMPTS = 100  # at saving, while others take each name that was free a moment before


class OutFile:
    """The file of --out, which is asked about before the training and written at its end.

    Attributes:
        path: where the run is saved.
        best: the run as it was when its test loss was the lowest, which is saved in place of the
            run as it is; None: it is not.
        best_update: the update of that.
    """

    def __init__(
        self, path: str, files: RunFiles, view: RunView | None = None, *, force: bool
    ) -> None:
        """Refuse a file that the run may not replace.

        Raises:
            CommandError: it may not.
        """
        self.path = path
        self.best: CapturedRun | None = None
        self.best_update = 0
        self._files = files
        self._view = view
        try:
            check = files.check_forced(path) if force else files.check(path)
        except OSError as error:
            raise CommandError(f"--out {path!r}: {reason_of(error)}") from None
        if not check.allowed:
            forced = "; --force replaces it" if check.standing is Standing.FOREIGN else ""
            raise CommandError(f"--out {path!r}: {check.reason}{forced}")
        self._agreed = check.seen if force else None

    def keep(self, trainer: Trainer) -> None:
        """Keep the run as it is; that is what will be saved, until another one is kept.

        Raises:
            CheckpointError: it has something that the format does not provide for.
        """
        from rnn_tui.checkpoint.saving import capture
        from rnn_tui.tensor_files.content import ContentError

        try:
            self.best, self.best_update = capture(trainer, self._view), trainer.updates
        except ContentError as error:
            raise CheckpointError(self.path, str(error)) from error.__cause__

    @property
    def words(self) -> str:
        """What was saved: "saved run.safetensors"."""
        if self.best is None:
            return f"saved {self.path}"
        return f"saved {self.path}: the network of update {self.best_update:,}, the best in tests"

    def save(self, trainer: Trainer) -> None:
        """Write a checkpoint; beside the file if it has become another's meanwhile.

        Raises:
            CheckpointError, OSError: it cannot be written.
        """
        from rnn_tui.checkpoint.saving import save, save_captured

        check, taken = self._files.check(self.path, self._agreed), ""
        for _ in range(MOST_ATTEMPTS):
            if not check.allowed:
                taken = taken or f"{check.path!r}: {check.reason}"
                check = self._files.free_beside(self.path)
            try:
                if self.best is not None:
                    save_captured(check.path, self.best, check)
                else:
                    save(check.path, trainer, self._view, guard=check)
            except CheckpointError as error:
                if not isinstance(error.__cause__, (FileTakenError, FileExistsError)):
                    raise
                check = self._files.check(self.path)  # somebody was a moment faster
            else:
                self.path = check.path
                if taken:
                    print_error(f"{taken}; saved {self.path} instead")
                return
        raise CommandError(f"{taken}; others keep taking the names beside it")


def reason_of(error: OSError) -> str:
    """Return why a file cannot be written."""
    reasons = {errno.ENOENT: "its folder does not exist", errno.EISDIR: "it is a folder"}
    return reasons.get(error.errno or 0, (error.strerror or str(error)).lower())

"""The command ``rnn-tui export``: the next updates of a saved run as a page of code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from rnn_tui.command_line.exit import DONE, CommandError, print_error
from rnn_tui.command_line.saved_options import UPDATES, read_export

if TYPE_CHECKING:
    from rnn_tui.files.ownership import WriteCheck

PAGE, ARRAYS = ".py", ".npz"


def export(arguments: list[str]) -> int:
    """Write a page and its arrays, and return the exit code.

    Raises:
        OptionError, SettingError, CommandError: the command line cannot be read, or does not fit.
        CheckpointError, DataError: the run or its data cannot be read.
    """
    options = read_export(arguments)
    if options is None:
        return DONE
    from rnn_tui.command_line.case_file import with_case_file
    from rnn_tui.command_line.start import start_run
    from rnn_tui.files.ownership import data_file
    from rnn_tui.source_code.dialects import DIALECTS
    from rnn_tui.source_code.excerpt import ExcerptError, excerpt
    from rnn_tui.source_code.page import page_text

    page, updates = options["page"], options.get("updates", UPDATES)
    _check_name(page)
    dialect = DIALECTS[options.get("as", "numpy")]
    _checks(options)  # before the run is read, which may take long
    read = ("checkpoint", "data", "data_changed")
    named = {name: options[name] for name in read if name in options}
    start = start_run(with_case_file(named))
    checks = _checks(options, *data_file(start.trainer.settings.data))
    remark = start.taken if start.saved is None else start.saved.remark
    if remark:
        print_error(remark)
    try:
        some = excerpt(start.trainer, updates)
        text = page_text(some, dialect, os.path.basename(options["checkpoint"]))
    except ExcerptError as error:
        raise CommandError(str(error)) from None
    _write(checks, [text.encode(), some.content()])
    page, arrays = (check.path for check in checks)
    print(f"{page}: {updates:,} update{'s' * (updates != 1)} in {dialect.title}; {arrays}: arrays")
    return DONE


def _check_name(page: str) -> None:
    """Refuse a name that is none of a page, or of one that Python would import in a module's place.

    Raises:
        CommandError: it is one of these.
    """
    name = os.path.basename(page).removesuffix(PAGE)
    if not (page.endswith(PAGE) and name):
        raise CommandError(f"the page is called run{PAGE} or the like, not {page!r}")
    if name in sys.stdlib_module_names | {"numpy", "torch"}:
        raise CommandError(
            f"{page!r} would be imported in place of the module {name!r}; choose another name"
        )


def _checks(options: dict[str, Any], *inputs: Any) -> list[WriteCheck]:
    """Return the checks of both files.

    Args:
        options: those of the command line.
        inputs: what is read besides the run, and so is never replaced.

    Raises:
        CommandError: one of them may not be written, or, without --force, there is something.
    """
    from rnn_tui.files.ownership import InputFile, RunFiles, Standing, data_file

    named = data_file(str(options.get("data", "")))
    files = RunFiles((InputFile("the run", options["checkpoint"]), *named, *inputs))
    page = options["page"]
    checks = []
    for path in (page, f"{page.removesuffix(PAGE)}{ARRAYS}"):
        try:
            check = files.check_forced(path) if options.get("force") else files.check(path)
        except OSError as error:
            raise CommandError(f"{path!r}: {_reason(error)}") from None
        if not check.allowed:
            forced = "; --force replaces it" if check.standing is Standing.FOREIGN else ""
            raise CommandError(f"{path!r}: {check.reason}{forced}")
        if not options.get("force") and (there := _what_is_there(path)):
            raise CommandError(f"{path!r}: {there}; --force writes to it")
        checks.append(check)
    return checks


def _what_is_there(path: str) -> str:
    """Return what is at a path that a run may write to; "" for nothing.

    An empty file or a link that leads nowhere counts as absent where a command writes to the one
    name that it is given; here a second name is made of it, and two files are written.
    """
    if os.path.islink(path):
        return "there is a symbolic link"
    return "there is an empty file" if os.path.lexists(path) else ""


def _write(checks: list[WriteCheck], contents: list[bytes]) -> None:
    """Write both files, or none.

    Raises:
        CommandError: they cannot be written.
    """
    from rnn_tui.files.together import write_together

    try:
        write_together(
            [(check.path, content, check) for check, content in zip(checks, contents, strict=True)]
        )
    except OSError as error:
        raise CommandError(f"{checks[0].path!r}: {_reason(error)}") from None


def _reason(error: OSError) -> str:
    """Return why a file cannot be written."""
    from rnn_tui.command_line.train.out_file import reason_of

    return reason_of(error)

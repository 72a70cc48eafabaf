"""A data file in the form: one that cannot be read leaves everything as it was."""

import os
from pathlib import Path

from terminal.program import Program, program

PLACE = 17  # fields above the learning rate, where the form begins, up to the data file


def change_data(one: Program, path: str) -> None:
    """Name another data file in the form."""
    one.key("o")
    one.wait_for("enter applies")
    one.key(*["up"] * PLACE)
    one.send(path)


def test_a_file_that_cannot_be_read_leaves_everything_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text("hello there, all of you\n" * 40)
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(2**32)
    options = ("--task", "text", "--data", "book.txt", "--hidden", "4", "--steps", "5")
    with program(*options, size=(150, 40), cwd=tmp_path) as one:
        one.reach("u", "UPDATE", 1)
        for update, (name, reason) in enumerate(
            [("pipe", "it is a named pipe"), ("huge", "it has 4 GiB; the limit is 1 GiB")], 2
        ):
            change_data(one, name)
            one.wait_for(reason)  # in the form, which has looked at it
            one.key("enter")  # nothing can be learned of it, so the form stays
            one.wait_for("enter applies")
            one.key("esc")
            one.wait_for(lambda text: "enter applies" not in text)
            assert one.lines[0].startswith(" text: book.txt")
            one.reach("u", "UPDATE", update)

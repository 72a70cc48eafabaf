"""A data file in the form: read aside, its columns a list, its problems said, its task chosen."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static
from tui.screens.form_support import draft, fill, in_the_form, settled

from rnn_tui.settings import Settings, compose
from rnn_tui.tui.screens import settings as form
from rnn_tui.tui.screens.columns import ColumnsScreen, as_field
from rnn_tui.tui.screens.settings import Field, SettingsScreen

TABLE = "day,price,temp\n" + "".join(
    f"2024-{1 + k // 28:02}-{1 + k % 28:02},{k * k % 37},{k % 11}\n" for k in range(84)
)


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(form, "LATER", 0.001)
    Path("shop.csv").write_text(TABLE)
    Path("short.csv").write_text("a\n1\n2\n3\n")
    Path("book.txt").write_text("Once upon a time, there was a river.\n" * 40)


def said(pilot: Pilot[None], name: str) -> str:
    return str(pilot.app.screen.query_one(f"#{name}", Static).render())


async def read(pilot: Pilot[None]) -> None:
    """Wait until the form has what is in its file."""
    screen = pilot.app.screen
    assert isinstance(screen, SettingsScreen)
    end = time.monotonic() + 20
    while screen._report is None and time.monotonic() < end:
        await pilot.pause(0.01)
    await settled(pilot)


def series(**values: str | int) -> Settings:
    return compose({"task": "series", "data": "shop.csv", **values})


def test_a_file_says_what_the_task_is() -> None:
    async def act(pilot: Pilot[None]) -> None:
        for path, task in (("shop.csv", "series"), ("book.txt", "text")):
            await fill(pilot, data=path)
            end = time.monotonic() + 20
            field = pilot.app.screen.query_one("#field-task", Field)
            while field.value != task and time.monotonic() < end:
                await pilot.pause(0.01)
            await settled(pilot)
            found = draft(pilot)
            assert found is not None
            assert (found.task, found.data) == (task, path)

    in_the_form(Settings(), act)


def test_its_columns_are_a_list_to_choose_from() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, target="price", steps=5)
        await read(pilot)
        pilot.app.screen.query_one("#field-target", Field).focus()
        await settled(pilot)
        assert "day (time), price (target), temp (number)" in said(pilot, "setting-help")
        await pilot.press("space")
        await settled(pilot)
        assert isinstance(pilot.app.screen, ColumnsScreen)
        options = pilot.app.screen.query_one(OptionList)
        assert options.option_count == 3
        assert options.highlighted == 1  # what is chosen
        await pilot.press("space", "down", "space", "enter")
        await settled(pilot)
        chosen = draft(pilot)
        assert chosen is not None
        assert chosen.target == "temp"  # the first space took price away
        await read(pilot)
        pilot.app.screen.query_one("#field-inputs", Field).focus()
        await settled(pilot)
        await pilot.press("space")
        await settled(pilot)
        await pilot.press("up", "space", "enter")
        await settled(pilot)
        chosen = draft(pilot)
        assert chosen is not None
        assert chosen.inputs == "temp,price"

    in_the_form(series(), act)


def test_the_marks_of_the_list_are_what_enter_takes() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, target="price")
        await read(pilot)
        pilot.app.screen.query_one("#field-target", Field).focus()
        await settled(pilot)
        await pilot.press("space", "down", "space")
        await settled(pilot)
        options = pilot.app.screen.query_one(OptionList)
        marks = [str(options.get_option_at_index(k).prompt).split()[:2] for k in range(3)]
        assert marks == [["time", "day"], ["target", "price"], ["target", "temp"]]
        await pilot.press("up", "up", "space")
        await settled(pilot)
        assert "day holds times, no numbers: it cannot be predicted" in said(pilot, "column-said")
        await pilot.press("down")
        await settled(pilot)
        assert "day holds" not in said(pilot, "column-said")
        await pilot.press("enter")
        await settled(pilot)
        chosen = draft(pilot)
        assert chosen is not None
        assert chosen.target == "price,temp"

    in_the_form(series(), act)


def test_what_cannot_be_learned_is_said_and_not_taken() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await fill(pilot, data="short.csv")
        await read(pilot)
        assert "needs at least" in said(pilot, "verdict")
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(pilot.app.screen, SettingsScreen)

    in_the_form(series(target="0"), act)


def test_a_sentence_that_is_cut_ends_so_and_an_error_stands_once() -> None:
    async def act(pilot: Pilot[None]) -> None:
        await read(pilot)
        for name in ("target", "inputs", "missing"):
            pilot.app.screen.query_one(f"#field-{name}", Field).focus()
            await settled(pilot)
            first = said(pilot, "setting-help").splitlines()[0]
            assert first.endswith(("…", ".")), first
        await fill(pilot, target="nothing of the kind")
        pilot.app.screen.query_one("#field-target", Field).focus()
        await read(pilot)
        assert "! shop.csv has no such column" in said(pilot, "setting-help")
        assert said(pilot, "verdict") == "enter does nothing yet: see above"
        pilot.app.screen.query_one("#field-lr", Field).focus()
        await settled(pilot)
        assert said(pilot, "verdict").startswith("shop.csv has no such column")
        assert said(pilot, "verdict").endswith("…")

    in_the_form(series(), act)


def test_names_with_commas_are_quoted() -> None:
    assert as_field(["a", "b,c", 'd"e']) == 'a,"b,c","d""e"'
    assert as_field([]) == ""

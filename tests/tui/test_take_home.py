"""What is taken home: figures that look the same everywhere, files that replace none."""

from __future__ import annotations

import asyncio
import os
import stat
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.style import Style
from textual.pilot import Pilot
from textual.widgets import OptionList
from tui.screen_support import SMALL

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.kiosk import Kiosk
from rnn_tui.tui.app import RnnTui
from rnn_tui.tui.character_set import CharacterSet
from rnn_tui.tui.screens.follower import FollowerScreen
from rnn_tui.tui.screens.take_home import TakeHomeList
from rnn_tui.tui.take_home import png
from rnn_tui.tui.take_home.figure import Figure, figure_of_lines
from rnn_tui.tui.take_home.svg import svg_text
from rnn_tui.tui.take_home.svg_shapes import ARCS, ARMS, BLOCKS, DASHED, DOUBLE, HEAVY, is_shape
from rnn_tui.tui.take_home.writing import said_of_saved, write

SVG = "{http://www.w3.org/2000/svg}"


def letters(svg: str) -> list[tuple[float, str]]:
    """Return every letter of an SVG with its place in the row."""
    root = ET.fromstring(svg)
    return [(float(each.attrib["x"]), each.text or "") for each in root.iter(f"{SVG}tspan")]


def test_a_figure_has_each_letter_in_its_cell_and_graphics_as_shapes() -> None:
    line = (("a<b", "strong"), (" │█", ""), ("é", "error"))  # the last one has a combining mark
    svg = svg_text(figure_of_lines("t & u", 7, (line,), "light"))
    found = letters(svg)
    assert [text for _, text in found] == ["a", "<", "b", "é"]
    xs = [x for x, _ in found]
    assert xs[1] - xs[0] == pytest.approx(12.2)
    assert xs[3] - xs[0] == pytest.approx(6 * 12.2)
    assert "│" not in svg
    assert "█" not in svg
    root = ET.fromstring(svg)
    assert root.attrib["aria-label"] == "t & u"
    assert "http" not in svg.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert 'font-weight="bold"' in svg


def test_every_line_and_block_is_a_shape() -> None:
    for char in (*ARMS, *HEAVY, *ARCS, *DASHED, *DOUBLE, *BLOCKS, "⣿", "⠁"):
        assert is_shape(char)
        figure = Figure("x", 1, (((char, Style()),),), "#000000", "#ffffff")
        paths = [each.attrib["d"] for each in ET.fromstring(svg_text(figure)).iter(f"{SVG}path")]
        assert len(paths) == 2, char  # the ground, and the character
        assert not letters(svg_text(figure))


def test_styles_are_colours_at_the_elements() -> None:
    row = (
        ("a", Style.parse("#ff0000 on #00ff00")),
        ("b", Style.parse("reverse #ff0000 on #00ff00")),
        ("c", Style.parse("dim #000000")),
        ("d", Style.parse("underline")),
    )
    svg = svg_text(Figure("x", 4, (row,), "#000000", "#ffffff"))
    assert svg.count('fill="#00ff00"') == 2  # a ground, and an ink
    assert 'fill="#7f7f7f"' in svg or 'fill="#808080"' in svg
    assert "<style" not in svg


def converter(folder: Path, name: str, script: str) -> None:
    """Make a program in a folder that is on the path."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_converters_are_tried_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(png, "CONVERTERS", tuple(e for e in png.CONVERTERS if e.name != "convert"))
    for each in png.CONVERTERS:
        converter(tmp_path, each.name, "echo no picture")
    with pytest.raises(png.NoPictureError, match="rsvg-convert made none; resvg made none"):
        png.png_of("<svg/>")
    converter(tmp_path, "inkscape", r"printf '\211PNG\r\n\032\nrest'; cat")
    assert png.png_of("<svg/>") == b"\x89PNG\r\n\x1a\nrest<svg/>"
    converter(tmp_path, "rsvg-convert", "exec sleep 60")
    assert png.png_of("<svg/>", seconds=0.2).startswith(png.SIGNATURE)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(png.NoPictureError, match="a PNG needs one of rsvg-convert"):
        png.png_of("<svg/>")


def test_no_file_is_ever_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    contents = (("", b"main"), ("-strips", b"strips"))
    assert write(contents, "map.csv", None).startswith("saved map.csv and -strips in ")
    Path("map-2-strips.csv").symlink_to("nowhere")
    assert write(contents, "map.csv", None).startswith("saved map-3.csv and -strips in ")
    assert sorted(os.listdir()) == [
        *("map-2-strips.csv", "map-3-strips.csv", "map-3.csv", "map-strips.csv", "map.csv"),
    ]
    beside = tmp_path / "runs"
    beside.mkdir()
    said = write((("", b"x"),), "a.svg", str(beside / "run.safetensors"))
    assert said == f"saved {beside / 'a.svg'}"
    with pytest.raises(OSError, match=r"No such file|not found|exist"):
        write((("", b"x"),), "a.svg", str(tmp_path / "gone" / "run.safetensors"))


def test_what_is_said_of_a_saved_file_has_room_and_its_names_come_first() -> None:
    ends = ["-equation", "-shares", "-loss"]
    path = "cos-lstm32-timestep-40-B7-3.csv"
    said = [said_of_saved(path, ends, width) for width in range(200, 30, -1)]
    assert said[0].startswith(f"saved {path} and -equation -shares -loss in ")
    assert said_of_saved(path, ends, 78) == f"saved {path} and -equation -shares -loss"
    assert said_of_saved(path, ends, 60) == f"saved {path} and 3 more beside it"
    assert all(len(text) <= width for text, width in zip(said, range(200, 30, -1), strict=True))
    assert all("-3.csv" in text for text in said if len(text) > 36)
    assert said_of_saved("runs/a.svg", [], 40) == "saved runs/a.svg"
    assert said_of_saved(f"{'a' * 60}/a.svg", [], 60).startswith("saved a.svg in ")


async def until(pilot: Pilot[None], condition: Any) -> None:
    """Wait until something is so."""
    for _ in range(300):
        await pilot.pause(0.02)
        if condition():
            return
    raise AssertionError("it did not happen")


def notice(app: RnnTui) -> str:
    return app.debugger._notice[0]


def test_keys_take_home_what_is_on_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    shown: list[str] = []

    async def take() -> list[str]:
        app = RnnTui(Trainer(SMALL), theme="light")
        said = []
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("u")
            await until(pilot, lambda: app.session.latest.cursor.update == 1)
            for key, letter in (("quotation_mark", "T"), ("f6", "s"), ("f6", "c"), ("f6", "S")):
                await pilot.press(key)
                await until(pilot, lambda: len(app.screen_stack) == 2)
                await pilot.press(letter)
                await until(pilot, lambda: notice(app).startswith("saved"))
                said.append(notice(app))
                await pilot.press("escape")
                await until(pilot, lambda: not notice(app))
            await pilot.press("f6")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            listed = app.screen.query_one(OptionList)
            shown.extend(str(listed.get_option(each).prompt).split()[-1] for each in "sStc")
        return said

    said = asyncio.run(take())
    stem = "cos-rnn4"
    names = [each.split()[1] for each in said]
    assert names == [
        f"{stem}-screen-1-U.txt",
        f"{stem}-timestep-1-U.svg",
        f"{stem}-timestep-1-U.csv",
        f"{stem}-screen-1-U.svg",
    ]
    assert shown == [
        f"{stem}-timestep-1-U-2.svg",
        f"{stem}-screen-1-U-2.svg",
        f"{stem}-timestep-1-U.txt",
        f"{stem}-timestep-1-U-2.csv",
    ]
    text = Path(names[0]).read_text("utf-8")
    assert text.startswith(" cos(x)")
    assert len(text.split("\n")) == 25
    svg = Path(names[3]).read_text("utf-8")
    drawn = "".join(letter for _, letter in letters(svg))
    assert "updatewithsgd" in drawn or "updatewithadagrad" in drawn
    assert "#fbfaf7" in svg  # the light ground


def test_a_terminal_of_ascii_still_gives_a_whole_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def take() -> tuple[str, str]:
        app = RnnTui(Trainer(SMALL), characters=CharacterSet(True))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("n")
            await until(pilot, lambda: app.session.latest.cursor.has_batch)
            capture = app.debugger.capture()
            assert capture is not None
            text = capture.figure(whole=True, characters="ascii").text
            assert capture.file_name(whole=False, ending=".svg") == "cos-rnn4-timestep-0-B.svg"
            app.debugger.show_big("equation")
            await until(pilot, lambda: app.debugger.selection.big == "equation")
            in_large = app.debugger.capture()
            assert in_large is not None
            names = [in_large.file_name(whole=False, ending=each) for each in (".svg", ".csv")]
            assert names == ["cos-rnn4-equation-large-0-B.svg", "cos-rnn4-timestep-0-B.csv"]
            return text, capture.figure(whole=True).text

    text, figure = asyncio.run(take())
    assert text.isascii()
    assert "──" in figure


def test_a_kiosk_writes_none_and_says_why() -> None:
    async def press() -> str:
        app = RnnTui(Trainer(SMALL), kiosk=Kiosk())
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f6")
            await until(pilot, lambda: bool(notice(app)))
            assert len(app.screen_stack) == 1
            titles = [each.title for each in app.get_system_commands(app.screen)]
            assert not any("take home" in title or "take it home" in title for title in titles)
            return notice(app)

    assert asyncio.run(press()) == 'F6 and " do nothing: a kiosk writes no files'


def test_who_follows_takes_home_what_is_seen_or_is_told_why_not() -> None:
    # The other keys of one who follows say who drives; a guest's says that none are written.
    drives = FollowerScreen.says_who_drives
    assert not drives(SimpleNamespace(), "take_home")  # type: ignore[arg-type]  # not looked at


def test_the_list_is_styled_as_all_lists_are() -> None:
    async def border() -> str:
        app = RnnTui(Trainer(SMALL))
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("f6")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            await pilot.pause()
            return str(app.screen.query_one(TakeHomeList).styles.border_top[0])

    assert asyncio.run(border()) == ""

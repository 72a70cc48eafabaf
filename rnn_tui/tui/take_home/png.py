"""SVG to PNG, by whatever program of this machine can do it."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass

SIGNATURE = b"\x89PNG\r\n\x1a\n"
SECONDS = 60.0  # after which a converter is given up
ZOOM = 2  # pixels for each unit of the SVG, so that it is sharp in print and on a wall


class NoPictureError(Exception):
    """No PNG was made; the message is a phrase that says why."""


@dataclass(frozen=True, slots=True)
class Converter:
    """A program that reads an SVG from its input and writes a PNG to its output.

    Attributes:
        name: of the program.
        arguments: for that.
    """

    name: str
    arguments: tuple[str, ...]


CONVERTERS = (
    Converter("rsvg-convert", ("--format=png", f"--zoom={ZOOM}")),
    Converter("resvg", ("--zoom", str(ZOOM), "-", "-c")),
    Converter(
        "inkscape",
        ("--pipe", "--export-type=png", f"--export-dpi={96 * ZOOM}", "--export-filename=-"),
    ),
    Converter("cairosvg", ("-f", "png", "-s", str(ZOOM), "-o", "-", "-")),
    Converter("magick", ("-density", str(96 * ZOOM), "svg:-", "png:-")),
    Converter("convert", ("-density", str(96 * ZOOM), "svg:-", "png:-")),
)
NAMES = ", ".join(each.name for each in CONVERTERS[:-1])
"""The programs that are looked for; ``convert`` is an old name of the one before it."""


def converters() -> list[tuple[str, Converter]]:
    """Return the converters of this machine and where they are, the most faithful ones first."""
    found = ((shutil.which(each.name), each) for each in CONVERTERS)
    # On Windows, convert is a program for disks. A path that is not absolute is of this folder.
    return [
        (path, each)
        for path, each in found
        if path and os.path.isabs(path) and not (each.name == "convert" and os.name == "nt")
    ]


def png_of(svg: str, seconds: float = SECONDS) -> bytes:
    """Return an SVG as PNG.

    Raises:
        NoPictureError: there is no converter, or none that can do it.
    """
    failed = []
    for path, converter in converters():
        try:
            done = subprocess.run(
                [path, *converter.arguments],
                input=svg.encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            failed.append(f"{converter.name} took over {seconds:g} s")
        except OSError as error:
            failed.append(f"{converter.name}: {(error.strerror or 'it cannot be run').lower()}")
        else:
            if done.returncode == 0 and done.stdout.startswith(SIGNATURE):
                return done.stdout
            failed.append(f"{converter.name} made none")
    raise NoPictureError("; ".join(failed) or f"a PNG needs one of {NAMES}")

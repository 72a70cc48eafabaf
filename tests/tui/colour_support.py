"""Helpers of the tests of colours: what terminals make of 16 colours, and contrast (WCAG 2.2)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color
from rich.style import Style

Rgb = tuple[int, int, int]


def _palette(colours: str) -> Sequence[Rgb]:
    return [(c >> 16, c >> 8 & 255, c & 255) for c in (int(each, 16) for each in colours.split())]


_LINUX = (
    "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa"
    " 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff"
)
TERMINALS: Mapping[str, Sequence[Rgb]] = {
    "xterm": _palette(
        "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5"
        " 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff"
    ),
    "linux": _palette(f"{_LINUX} ffffff"),
    "linux light": _palette(f"{_LINUX} aaaaaa"),  # has no bright backgrounds
    "macos": _palette(
        "000000 c23621 25bc24 adad27 492ee1 d338d3 33bbc8 cbcccd"
        " 818383 fc391f 31e722 eaec23 5833ff f935f8 14f0f0 e9ebeb"
    ),
    "putty": _palette(
        "000000 bb0000 00bb00 bbbb00 0000bb bb00bb 00bbbb bbbbbb"
        " 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff"
    ),
    "windows": _palette(
        "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc"
        " 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2"
    ),
    "vscode": _palette(
        "000000 cd3131 0dbc79 e5e510 2472c8 bc3fbc 11a8cd e5e5e5"
        " 666666 f14c4c 23d18b f5f543 3b8eea d670d6 29b8db e5e5e5"
    ),
    "tango": _palette(
        "000000 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf"
        " 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec"
    ),
    "solarized": _palette(
        "073642 dc322f 859900 b58900 268bd2 d33682 2aa198 eee8d5"
        " 002b36 cb4b16 586e75 657b83 839496 6c71c4 93a1a1 fdf6e3"
    ),
}
"""The 16 colours of terminals as they come, and of a widespread choice."""


def rgb_of(style: Style, terminal: Sequence[Rgb] = TERMINALS["xterm"]) -> tuple[Rgb, Rgb]:
    """Return red, green and blue of text and background on a terminal."""
    assert style.color is not None
    assert style.bgcolor is not None
    return _rgb(style.color, terminal), _rgb(style.bgcolor, terminal)


def _rgb(colour: Color, terminal: Sequence[Rgb]) -> Rgb:
    if colour.triplet is not None:
        return colour.triplet
    assert colour.number is not None
    if colour.number < 16:
        return terminal[colour.number]
    return EIGHT_BIT_PALETTE[colour.number]


def linear(rgb: Rgb) -> tuple[float, float, float]:
    """Return red, green and blue as parts of the light of white (sRGB)."""
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4
        for each in (value / 255 for value in rgb)
    )
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of WCAG 2.2: 4.5 is enough for text, 3 for graphics."""
    light = [
        0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05 for r, g, b in (linear(one), linear(other))
    ]
    return max(light) / min(light)


def difference(one: Rgb, other: Rgb) -> float:
    """Return how different two colours look: their distance in OKLab, where 1 is black to white.

    Björn Ottosson, A perceptual color space for image processing (2020).
    """
    return math.dist(_oklab(linear(one)), _oklab(linear(other)))


def distance(one: Rgb, other: Rgb) -> float:
    """Return the distance of two colours in CIE Lab, ΔE of 1976: 100 is black to white."""
    return math.dist(_lab(one), _lab(other))


def chroma(rgb: Rgb) -> float:
    """Return how strong the hue of a colour is, in CIE Lab: 0 is a grey."""
    _, a, b = _lab(rgb)
    return math.hypot(a, b)


def _lab(rgb: Rgb) -> tuple[float, float, float]:
    white = (0.95047, 1.0, 1.08883)
    shares = [part / whole for part, whole in zip(product(TO_XYZ, linear(rgb)), white, strict=True)]
    x, y, z = (math.cbrt(t) if t > 216 / 24389 else (24389 / 27 * t + 16) / 116 for t in shares)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _oklab(light: Sequence[float]) -> list[float]:
    cones = [math.cbrt(max(value, 0.0)) for value in product(TO_CONES, light)]
    return product(TO_OKLAB, cones)


def product(matrix: Sequence[Sequence[float]], vector: Sequence[float]) -> list[float]:
    """Return a matrix times a vector."""
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
TO_CONES = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
TO_OKLAB = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)

MACHADO = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
"""What linear red, green and blue become for the colour-blind: Machado, Oliveira and Fernandes,
A physiologically-based model for simulation of color vision deficiency (2009), severity 1.0."""


def seen_by(kind: str, rgb: Rgb) -> Rgb:
    """Return the colour that looks to all others as `rgb` does to the colour-blind of some kind."""
    light = (min(max(value, 0.0), 1.0) for value in product(MACHADO[kind], linear(rgb)))
    red, green, blue = map(_encoded, light)
    return red, green, blue


def _encoded(value: float) -> int:
    """Return a part of the light of white as the number that stands for it (sRGB)."""
    return round(
        255 * (12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055)
    )

"""A font of pixels, five high and mostly three wide, with the signs that equations use."""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

HEIGHT = 5  # pixels
BLANK = 2  # pixels of a blank

Pixels = npt.NDArray[np.bool_]

_LETTERS = """
A .#. #.# ### #.# #.#|B ##. #.# ##. #.# ##.|C .## #.. #.. #.. .##|D ##. #.# #.# #.# ##.
E ### #.. ##. #.. ###|F ### #.. ##. #.. #..|G .## #.. #.# #.# .##|H #.# #.# ### #.# #.#
I ### .#. .#. .#. ###|J ..# ..# ..# #.# .#.|K #.# #.# ##. #.# #.#|L #.. #.. #.. #.. ###
M #...# ##.## #.#.# #...# #...#|N #..# ##.# #.## #..# #..#|O .#. #.# #.# #.# .#.
P ##. #.# ##. #.. #..|Q .#. #.# #.# .#. ..#|R ##. #.# ##. #.# #.#|S .## #.. .#. ..# ##.
T ### .#. .#. .#. .#.|U #.# #.# #.# #.# ###|V #.# #.# #.# #.# .#.|X #.# #.# .#. #.# #.#
W #...# #...# #.#.# ##.## #...#|Y #.# #.# .#. .#. .#.|Z ### ..# .#. #.. ###
a ... .## #.# #.# .##|b #.. #.. ##. #.# ##.|c ... .## #.. #.. .##|d ..# ..# ### #.# ###
e .##. #..# #### #... .###|f ..# .#. ### .#. .#.|g .## #.# .## ..# ##.|h #.. #.. ##. #.# #.#
i # . # # #|j .# .. .# .# #.|k #.. #.# ##. ##. #.#|l #. #. #. #. .#
m ..... ####. #.#.# #.#.# #.#.#|n ... ##. #.# #.# #.#|o ... ### #.# #.# ###
p ... ##. #.# ##. #..|q ... .## #.# .## ..#|r ... #.# ##. #.. #..|s ... .## ##. ..# ##.
t .#. ### .#. .#. .##|u ... #.# #.# #.# ###|v ... #.# #.# #.# .#.|y ... #.# .## ..# ##.
w ..... #.#.# #.#.# #.#.# .#.#.|x ... #.# .#. .#. #.#|z ... ### ..# #.. ###
"""
_DIGITS = """
0 ### #.# #.# #.# ###|1 .#. ##. .#. .#. ###|2 ### ..# ### #.. ###|3 ### ..# ### ..# ###
4 #.# #.# ### ..# ..#|5 ### #.. ### ..# ###|6 ### #.. ### #.# ###|7 ### ..# ..# .#. .#.
8 ### #.# ### #.# ###|9 ### #.# ### ..# ###
₀ ... ... ## ## ##|₁ .. .. .# .# .#|₂ .. ## .# #. ##|₃ .. ## .# .# ##|₄ .. #. ## .# .#
² ## .# #. ## ..|³ ## .# ## .# ##|¹ .# .# .# .. ..|⁰ ## ## ## .. ..|⁻ .. ## .. .. ..
"""
_SIGNS = """
. . . . . #|, .. .. .. .# #.|: . # . # .|; .. .# .. .# #.|! # # # . #|? ### ..# .#. ... .#.
− ... ... ### ... ...|+ ... .#. ### .#. ...|= ... ### ... ### ...|· . . # . .
× ... #.# .#. #.# ...|* ... #.# .#. #.# ...|⊙ .###. #...# #.#.# #...# .###.|% #.# ..# .#. #.. #.#
( .# #. #. #. .#|) #. .# .# .# #.|[ ## #. #. #. ##|] ## .# .# .# ##|_ ... ... ... ... ###
< ..# .#. #.. .#. ..#|> #.. .#. ..# .#. #..|/ ..# ..# .#. #.. #..|\\ #.. #.. .#. ..# ..#
| # # # # #|‖ #.# #.# #.# #.# #.#|' # # . . .|" #.# #.# ... ... ...|^ .#. #.# ... ... ...
@ ### #.# ### #.. ###|~ .... .#.# #.#. .... ....|# #.# ### #.# ### #.#|{ .# #. #. #. .#
} #. .# .# .# #.|← ..#.. .#... ##### .#... ..#..|→ ..#.. ...#. ##### ...#. ..#..
↑ .#. ### .#. .#. .#.|↓ .#. .#. .#. ### .#.|▸ #.. ##. ### ##. #..
± .#. ### .#. ... ###|≤ ..# .#. ..# ... ###
≥ #.. .#. #.. ... ###|≈ .#.# #.#. .... .#.# #.#.|… ..... ..... ..... ..... #.#.#
√ ..## ..#. ..#. #.#. .#..|ⁿ ##. #.# #.# ... ...|ᵀ ### .#. .#. ... ...
′ # # . . .|½ #..# #.#. .#.. #.## ...#
"""
_GREEK = """
σ .... .### #..# #..# .##.|Σ ### #.. .#. #.. ###|α .... .#.# #.#. #.#. .#.#
β .#. #.# ##. #.# ##.|γ ... #.# #.# .#. .#.|δ .## .#. .#. #.# .#.|Δ ..#.. ..#.. .#.#. .#.#. #####
∇ ##### .#.#. .#.#. ..#.. ..#..|∂ .## ..# .## #.# .#.|ε ... .## ##. #.. .##|η ... ##. #.# #.# ..#
θ .#. #.# ### #.# .#.|λ #.. .#. .#. #.# #.#|μ ... #.# #.# ##. #..|π .... #### .##. .##. .##.
ρ ... .#. #.# ##. #..|φ ..#.. .###. #.#.# .###. ..#..|Π #### #..# #..# #..# #..#
ω ..... #...# #.#.# #.#.# .#.#.|∞ ..... .#.#. #.#.# .#.#. .....
"""


@cache
def _glyphs() -> dict[str, Pixels]:
    """Return the glyphs by character."""
    found: dict[str, Pixels] = {}
    for line in "".join((_LETTERS, _DIGITS, _SIGNS, _GREEK)).strip().splitlines():
        for entry in _entries(line):
            character, *rows = entry
            width = max(map(len, rows))
            pixels = [[each == "#" for each in row.ljust(width, ".")] for row in rows]
            found[character] = np.array(pixels, dtype=np.bool_)
    found["-"] = found["−"]
    found[" "] = found["\N{NO-BREAK SPACE}"] = np.zeros((HEIGHT, BLANK), dtype=np.bool_)
    return found


def _entries(line: str) -> list[list[str]]:
    """Return the glyphs of one line, which | separates; one of them is that sign itself."""
    words = line.replace("|", " | ").split()
    entries: list[list[str]] = []
    while words:
        entries.append(words[: HEIGHT + 1])
        words = words[HEIGHT + 1 :]
        if words:
            words.pop(0)  # what separates
    return entries


CHARACTERS_OF = {"µ": "μ", "′": "'", "–": "−", "—": "−", "⋯": "…"}


@cache
def glyph(character: str) -> Pixels:
    """Return the pixels of a character; of one without a glyph, of its letter, or of ?."""
    known = _glyphs()
    for each in (character, CHARACTERS_OF.get(character, ""), *_base(character)):
        if each in known:
            return known[each]
    return known["?"]


@cache
def width_of(character: str) -> int:
    """Return the pixels that a character is wide."""
    return int(glyph(character).shape[1])


def has_glyph(character: str) -> bool:
    """Return whether there is a glyph of the character itself."""
    return character in _glyphs() or character in CHARACTERS_OF


def _base(character: str) -> str:
    """Return the letters that a character is made of."""
    return unicodedata.normalize("NFKD", character)

"""What a terminal sends, in sequences: each is one key or event, or is ignored as a whole.

Textual's parser types what it does not know: the answer `CSI 0 n` to another program's question is
`[`, `0` and `n` to it, a key released in kitty's protocol an exception. Here the stream is divided
by its grammar, and Textual is given only what it takes for one key or event (ECMA-48; "XTerm
Control Sequences"; kitty's "Comprehensive keyboard handling in terminals"; urxvt(7) for the keys of
rxvt; console_codes(4) for those of Linux):

    CSI  ESC [ parameters final       keys, the mouse, reports. Outside of the grammar are
         ESC [ [ A … E                F1 to F5 of the Linux console
         ESC [ number $               keys with shift of rxvt
         ESC [ M and 3 characters     the mouse in the form of X10
    SS3  ESC O parameters final       keys
         ESC P X ] ^ or _ … ST        strings: DCS, SOS, OSC, PM, APC; ST is ESC \\ or BEL
         ESC character                that key with alt, which means nothing here

The 8-bit forms of what begins with ESC are the same sequences.
"""

from __future__ import annotations

import re

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._keyboard_protocol import FUNCTIONAL_KEYS

ESCAPE = "\x1b"
ESCAPE_KEY = "\x1b[27u"
"""The key esc in kitty's form, which is the beginning of nothing."""
PASTE_START, PASTE_END = "\x1b[200~", "\x1b[201~"
PASTE_END_BEGINS = re.compile(r"\x1b(?:\[(?:2(?:0(?:1)?)?)?)?\Z")
INTRODUCERS = frozenset("[OPX]^_")
"""What follows ESC where a sequence begins."""
FOCUS_IN, FOCUS_OUT = "\x1b[I", "\x1b[O"
LONGEST = 32  # characters of a sequence of Textual
LONGEST_STRING = 1 << 16  # characters; a longer one never ends

SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[(?:\[[A-E]|M[^\x00-\x1f]{3}|[0-9]+\$(?!y)|[0-?]*[ -/]*[@-LN-Z\\-~]|[0-?]+[ -/]*M)"
    r"|O[0-9;]*[@-~]"
    r"|[PX\]^_][^\x07\x1b]*(?:\x07|\x1b\\)"
    r"|[^\x1b\[OPX\]^_])"
)
# Strings that terminals send: DCS with a number or `>`, `!`; OSC with a number; APC of graphics.
# All other beginnings are those keys with alt.
STRING_BEGINS = r"(?:P[0-9>!]|\][0-9]|_G)[^\x07\x1b]*"
UNFINISHED = re.compile(
    r"\x1b(?:\[(?:\[|M[^\x00-\x1f]{0,2}|[0-?]*[ -/]*)?|O[0-9;]*"
    rf"|{STRING_BEGINS}\x1b?|[PX\]^_])?\Z"
)
CUT_SHORT = re.compile(rf"\x1b(?:\[[0-?]*[ -/]*M?|O[0-9;]*|{STRING_BEGINS}|[PX\]^_])")
"""The beginning of a sequence in which another one begins, or a control character stands."""

EIGHT_BITS = re.compile(
    "(\x1b\\[M[^\x00-\x1f]{3})|[\x8f\x90\x98\x9b-\x9f\udc8f\udc90\udc98\udc9b-\udc9f]"
)
NO_TEXT = re.compile("[\ud800-\udfff]")
NOT_PASTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

MOUSE = re.compile(r"\x1b\[<(?:[0-9]|[1-9][0-9]|1[01][0-9]|12[0-7]);-?[0-9]+;-?[0-9]+[Mm]")
POSITION = re.compile(r"\x1b\[[0-9]+;[0-9]+R")
EXTENDED_KEY = re.compile(
    r"\x1b\[([0-9]*)(?::([0-9]*))?(?::[0-9]*)?(?:;([0-9]*)(?::([0-9]*))?(?:;([0-9:]*))?)?"
    r"([u~ABCDEFHPQRS])"
)

# Of kitty's keyboard protocol.
SHIFT, LOCKS = 1, 64 | 128
RELEASED = "3"
LOCK_AND_MODIFIER_KEYS = {*range(57358, 57361), *range(57441, 57455)}
SAME_WITH_SHIFT = {13, 27, 127}  # enter, esc, backspace
OTHER_KEYS = 27  # of xterm: CSI 27 ; modifiers ; character ~


def in_seven_bits(text: str) -> str:
    """Return text with the 7-bit forms of sequences in place of the 8-bit ones.

    Args:
        text: what was decoded with surrogates for bytes that are no UTF-8.
    """

    def seven_bits(match: re.Match[str]) -> str:
        return match[1] or ESCAPE + chr((ord(match[0]) & 0x7F) + 0x40)

    return NO_TEXT.sub("\ufffd", EIGHT_BITS.sub(seven_bits, text))


def as_one_key(sequence: str) -> str:
    """Return what Textual takes for one key or event, "" for what is to be ignored.

    Args:
        sequence: a whole sequence, as `SEQUENCE` matches it.
    """
    if MOUSE.fullmatch(sequence) or POSITION.fullmatch(sequence):
        return sequence if len(sequence) <= LONGEST else ""
    if sequence in (PASTE_START, PASTE_END, FOCUS_IN, FOCUS_OUT):
        return sequence
    if match := EXTENDED_KEY.fullmatch(sequence):
        key = _extended_key(*match.groups(""))
        if key is not None:
            return key
    known = ANSI_SEQUENCES_KEYS.get(sequence)
    if isinstance(known, str):
        return known
    one = isinstance(known, tuple) and len(known) == 1 and not EXTENDED_KEY.fullmatch(sequence)
    return sequence if one else ""


def _extended_key(
    code: str, shifted: str, modifiers: str, event: str, text: str, final: str
) -> str | None:
    """Return a key in the form of kitty's protocol; None where it is none of that.

    Args:
        code: the character without modifiers, or the number of the key.
        shifted: the character with shift.
        modifiers: 1 + the sum of those held.
        event: pressed, repeated or released.
        text: the characters that the key types, as numbers separated by colons.
        final: the last character of the sequence.
    """
    number, held = int(code or 1), max(int(modifiers or 1) - 1, 0)
    if final == "~" and number == OTHER_KEYS and text:
        number, shifted, text, final = int(text.split(":")[0] or 0), "", "", "u"
        shifted = str(number)
    if event == RELEASED or number in LOCK_AND_MODIFIER_KEYS:
        return ""
    if final != "u":
        if f"{number}{final}" not in FUNCTIONAL_KEYS:
            return None
        return f"\x1b[{number};{held + 1}{final}" if held else f"\x1b[{code}{final}"
    typed = _characters(text)
    only_shift = held & ~(SHIFT | LOCKS) == 0
    if only_shift and not typed and held & SHIFT:
        typed = _with_shift(number, shifted)
    if typed and only_shift:
        return typed
    if not _is_character(number):
        return ""
    if only_shift and number in SAME_WITH_SHIFT:
        held &= ~SHIFT
    return f"\x1b[{number};{held + 1}u" if held else f"\x1b[{number}u"


def _with_shift(number: int, shifted: str) -> str:
    """Return the character that a key types with shift, as far as that is known."""
    if shifted:
        return _characters(shifted)
    character = _characters(str(number))
    return character.upper() if character.isalpha() or character == " " else ""


def _characters(codes: str) -> str:
    """Return the characters with these numbers, without those of control."""
    numbers = [int(code) for code in codes.split(":") if code]
    return "".join(chr(number) for number in numbers if number >= 32 and _is_character(number))


def _is_character(number: int) -> bool:
    """Return whether a number is a character, or one of kitty's keys."""
    return 0 < number < 0x110000 and not 0xD800 <= number < 0xE000

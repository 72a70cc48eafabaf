"""Whatever a terminal sends is one key or event, or nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.message import Message

from rnn_tui.tui.key_sequences import ESCAPE_KEY, SEQUENCE, UNFINISHED, as_one_key

# What each kind of terminal sends for the keys of the program, and what answers nobody asked for
# look like: xterm ("XTerm Control Sequences"), kitty ("Comprehensive keyboard handling"), rxvt
# (urxvt(7)), the Linux console (console_codes(4), defkeymap.map), VT100 and VT220 (their manuals).
KEYS = {
    "up": ["\x1b[A", "\x1bOA", "\x1b[1;1A", "\x1b[1;129A", "\x1b[1;1:1A", "\x1b[1;1:2A"],
    "right": ["\x1b[C", "\x1bOC", "\x1b[57418u"],
    "home": ["\x1b[H", "\x1bOH", "\x1b[1~", "\x1b[7~"],
    "end": ["\x1b[F", "\x1bOF", "\x1b[4~", "\x1b[8~"],
    "insert": ["\x1b[2~"],
    "delete": ["\x1b[3~", "\x1b[3;1:1~"],
    "pageup": ["\x1b[5~"],
    "pagedown": ["\x1b[6~"],
    "f1": ["\x1bOP", "\x1b[[A", "\x1b[11~", "\x1b[P", "\x1b[1;129P"],
    "f2": ["\x1bOQ", "\x1b[[B", "\x1b[12~", "\x1b[Q"],
    "f3": ["\x1bOR", "\x1b[[C", "\x1b[13~"],
    "f4": ["\x1bOS", "\x1b[[D", "\x1b[14~", "\x1b[S"],
    "f5": ["\x1b[15~", "\x1b[[E"],
    "f10": ["\x1b[21~"],
    "f11": ["\x1b[23~"],
    "shift+f11": ["\x1b[23;2~"],
    "f23": ["\x1b[23$"],  # shift and F11 of rxvt
    "shift+tab": ["\x1b[Z", "\x1b\t", "\x1b[9;2u"],
    "shift+home": ["\x1b[7$", "\x1b[1;2H"],
    "tab": ["\x1b[9u"],
    "enter": ["\x1bOM", "\x1b[13u", "\x1b[13;2u", "\x1b[13;130u"],
    "escape": [ESCAPE_KEY, "\x1b[27;129u", "\x1b[27;1:1u"],
    "backspace": ["\x1b[127u", "\x1b[127;2u"],
    "space": ["\x1b[32u", "\x1b[32;2;32u", "\x1b[32;2u"],
    "n": ["\x1b[110u", "\x1b[110;;110u", "\x1b[110;129;110u", "\x1b[110;1:2;110u"],
    "N": ["\x1b[110;2;78u", "\x1b[110:78;2u", "\x1b[110;66u", "\x1b[27;2;78~"],
    "1": ["\x1b[57400;129;49u", "\x1bOq"],
    "question_mark": ["\x1b[47;2;63u", "\x1b[47:63;2u"],
    "ctrl+c": ["\x1b[99;5u", "\x1b[99;133u", "\x1b[27;5;99~"],
    "ctrl+q": ["\x1b[113;5u"],
    "alt+n": ["\x1b[110;3u"],
    "alt+up": ["\x1b[1;3A"],
    "ctrl+right": ["\x1b[1;5C", "\x1bOc", "\x1bf"],
}
IGNORED = {
    "status": ["\x1b[0n", "\x1b[?0n", "\x1b[?13n"],
    "device attributes": ["\x1b[?1;2c", "\x1b[?62;22c", "\x1b[>41;354;0c", "\x1b[?64;1;2;6;22c"],
    "sizes in band": ["\x1b[48;24;80;480;800t"],
    "modes": [
        "\x1b[?2048;2$y",
        "\x1b[?7;1$y",
        "\x1b[4;1$y",
        "\x1b[?1u",
        "\x1b[?0u",
        "\x1b[>4;2m",
        "\x1b[?4m",
    ],
    "position of DEC": ["\x1b[?12;40R", "\x1b[?12;40;1R"],
    "sizes": ["\x1b[8;24;80t", "\x1b[4;480;800t", "\x1b[1t", "\x1b[?1;0;256S"],
    "settings": ["\x1bP1$r0;38:2::1:2:3m\x1b\\", "\x1bP0$r\x1b\\", "\x1bP1+r524742=38\x1b\\"],
    "version": ["\x1bP>|XTerm(390)\x1b\\", "\x1bP!|00000000\x1b\\"],
    "colours": ["\x1b]11;rgb:0000/0000/0000\x07", "\x1b]4;1;rgb:cdcd/0/0\x1b\\", "\x1b]l\x1b\\"],
    "graphics": ["\x1b_Gi=1;OK\x1b\\", "\x1bXsos\x1b\\", "\x1b^pm\x1b\\"],
    "mouse of X10": ["\x1b[M !!", "\x1b[M#\x80\xff", "\x1b[Mnnn"],
    "mouse of urxvt": ["\x1b[32;10;5M", "\x1b[96;10;5M"],
    "back and forward of a mouse": ["\x1b[<128;5;5M", "\x1b[<129;5;5m"],
    "key released": ["\x1b[110;1:3u", "\x1b[1;1:3A", "\x1b[3;5:3~"],
    "modifier alone": ["\x1b[57441u", "\x1b[57441;2u", "\x1b[57358u", "\x1b[57447;1:3u"],
    "not a character": ["\x1b[99999999u", "\x1b[55296u", "\x1b[0u", "\x1b[27;5;99999999~"],
    "not a key": ["\x1b[99;1~", "\x1b[25~", "\x1b[5A", "\x1b[110;2S", "\x1b[n", "\x1b[5n"],
    "two keys to Textual": ["\x1b[1;7p", "\x1b[1;8y"],
    "alt": ["\x1bn", "\x1b ", "\x1b(", "\x1bq", "\x1b\r"],
    "old modifiers": ["\x1bO2P", "\x1bO1;5C", "\x1bO5A"],
    "console of Windows": ["\x1b[78;49;110;1;0;1_"],
    "longer than any": ["\x1b[<0;" + "9" * 30 + ";1M", "\x1b[" + "1;" * 40 + "n"],
}


def parsed(text: str) -> list[Message]:
    """Return what Textual takes a text for."""
    parser = XTermParser()
    messages = [*parser.feed(text)]
    assert parser._timeout_time is None, f"{text!r} waits for more"
    return messages


@pytest.mark.parametrize(
    ("key", "sequence"), [(key, each) for key, sequences in KEYS.items() for each in sequences]
)
def test_keys_of_all_terminals(key: str, sequence: str) -> None:
    assert SEQUENCE.fullmatch(sequence)
    (message,) = parsed(as_one_key(sequence))
    assert isinstance(message, events.Key)
    assert message.key == key


@pytest.mark.parametrize("sequence", [each for sequences in IGNORED.values() for each in sequences])
def test_all_else_is_ignored_as_a_whole(sequence: str) -> None:
    match = SEQUENCE.match(sequence + "n")
    assert match is not None
    assert match[0] == sequence
    assert as_one_key(sequence) == ""


@pytest.mark.parametrize(
    ("sequence", "kind"),
    [
        ("\x1b[<0;10;5M", events.MouseDown),
        ("\x1b[<0;10;5m", events.MouseUp),
        ("\x1b[<64;10;5M", events.MouseScrollUp),
        ("\x1b[I", events.AppFocus),
        ("\x1b[O", events.AppBlur),
        ("\x1b[1;8R", events.CursorPosition),
    ],
)
def test_events(sequence: str, kind: type[Message]) -> None:
    assert SEQUENCE.fullmatch(sequence)
    (message,) = parsed(as_one_key(sequence))
    assert isinstance(message, kind)


def test_text_that_an_input_method_has_composed() -> None:
    sequence = "\x1b[0;;" + ":".join(str(ord(each)) for each in "日本語を入力する") + "u"
    assert SEQUENCE.fullmatch(sequence)
    assert as_one_key(sequence) == "日本語を入力する"


PARAMETERS = st.text("0123456789;:<=>?", max_size=14)
CONTROL_SEQUENCES = st.tuples(
    st.sampled_from(["\x1b[", "\x1bO"]),
    PARAMETERS,
    st.sampled_from(["", "$", " ", "!"]),
    st.characters(min_codepoint=0x40, max_codepoint=0x7E),
).map("".join)


@given(CONTROL_SEQUENCES)
def test_no_sequence_is_more_than_one_key(sequence: str) -> None:
    match = SEQUENCE.match(sequence)
    if match is None:
        assert UNFINISHED.match(sequence) or re.match("\x1bO[0-9;]*[:<=>? $!]", sequence)
        return
    key = as_one_key(match[0])
    if not key.startswith("\x1b"):  # typed text
        assert not re.search(r"[\x00-\x1f\x7f]", key)
    else:
        assert len(parsed(key)) <= 1

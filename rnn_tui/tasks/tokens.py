"""What a text is cut into: characters, words or bytes; and the vocabulary of those that are kept.

A word is a run of letters, with the marks on them, the apostrophes between them and the single
blank before them: " river", " don't". A number, and any other sign, is a token of its own, with the
blank before it; a line end is one, and so are further blanks. Where a script has no blanks between
words (Chinese, Japanese, Thai, …) each character is. Case is kept, and the tokens of a text, one
after the other, are the text again, whatever it is.

A byte is written as the character of that number, so that a token is always a text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

UNKNOWN = "⟨unk⟩"
"""The name of the token that stands for all that are not kept."""
BLANK, NEWLINE, TAB = "␣", "↵", "⇥"
RUN = f"{BLANK}×"
"""What the name of several blanks begins with; their number follows."""
BASE = "◌"  # what a mark at the beginning of a word stands on
LONGEST_WORD = 64  # characters; a longer run of letters is several words

Codes = npt.NDArray[np.unsignedinteger[Any]]

_GLYPHS = {"\n": NEWLINE, "\t": TAB, " ": BLANK}
JOINERS = "\u200c\u200d"
"""What joins two letters, or two emoji; it shows nothing."""
_VARIATIONS = [chr(number) for number in range(0xFE00, 0xFE10)]  # of the character before
_TONES = "\U0001f3fb-\U0001f3ff"  # of skin, on the emoji before
_FLAGS = "\U0001f1e6-\U0001f1ff"  # two of them are a flag
_NO_BLANKS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
"""The letters of scripts without blanks between words."""
_WITHOUT_BLANKS = re.compile(f"[{_NO_BLANKS}]")
_HELD_BACK = 4  # tokens at the end of a piece of text that what follows may change


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens that a network knows, by code.

    Attributes:
        kind: what they are: "chars", "words" or "bytes".
        texts: the text of each; of the one for all others too, which is none of the text's.
        names: what each is called on the screen; all differ.
        unknown: the code of the token for all others; None if there are no others.
    """

    kind: str
    texts: tuple[str, ...]
    names: tuple[str, ...]
    unknown: int | None = None

    @classmethod
    def of(cls, kind: str, texts: Sequence[str], *, others: bool = False) -> Vocabulary:
        """Return the vocabulary of these texts, and of one token more if there are `others`."""
        names = [_name_of_byte(each) if kind == "bytes" else shown_token(each) for each in texts]
        if others:
            texts, names = (
                [*texts, f" {UNKNOWN}" if kind == "words" else UNKNOWN],
                [*names, UNKNOWN],
            )
        if len(set(names)) < len(names):
            names = _told_apart(names, texts)
        return cls(kind, tuple(texts), tuple(names), len(texts) - 1 if others else None)

    def codes(self) -> Mapping[str, int]:
        """Return the code of each token by its text; not that of the token for all others."""
        return _codes_of(self)

    @classmethod
    def kept(cls, kind: str, texts: Sequence[str]) -> Vocabulary:
        """Return the vocabulary that has had these texts, the one for all others among them."""
        others = kind != "bytes" and texts[-1].strip() == UNKNOWN  # no token of any text is that
        return cls.of(kind, texts[:-1] if others else texts, others=others)


@lru_cache(8)
def _codes_of(vocabulary: Vocabulary) -> Mapping[str, int]:
    known = {text: code for code, text in enumerate(vocabulary.texts)}
    if vocabulary.unknown is not None:
        del known[vocabulary.texts[vocabulary.unknown]]
    return known


@dataclass(frozen=True, slots=True, eq=False)
class TokenisedText:
    """A text as codes.

    Attributes:
        vocabulary: the tokens that are kept.
        codes: [N], in the smallest unsigned type.
        different: how many different tokens the text has.
        unknown: how many of its N tokens are not kept.
    """

    vocabulary: Vocabulary
    codes: Codes
    different: int
    unknown: int


class UnknownTokensError(ValueError):
    """A text has tokens that a vocabulary has not, nor one for all others.

    Attributes:
        tokens: they are these.
    """

    def __init__(self, tokens: Sequence[str]) -> None:
        """Keep the tokens."""
        super().__init__(", ".join(map(repr, tokens)))
        self.tokens = tuple(tokens)


def tokenise(
    pieces: Iterable[str], kind: str, most: int = 0, known: Vocabulary | None = None
) -> TokenisedText:
    """Cut a text into tokens and keep the most frequent ones.

    Args:
        pieces: of the text, in order.
        kind: "chars", "words" or "bytes".
        most: how many different tokens are kept; 0 for all. Of two that are as frequent, the first
            in the order of Unicode is.
        known: the vocabulary to keep in place of that, of the same kind.

    Raises:
        UnknownTokensError: there are tokens that are not `known`.

    Returns:
        The text; characters have codes in the order of Unicode, words in that of how frequent they
        are, and a byte is its own code.
    """
    if kind == "bytes":
        chunks = [np.frombuffer(each.encode("latin-1"), np.uint8) for each in pieces]
        codes = np.concatenate([np.zeros(0, np.uint8), *chunks])
        return TokenisedText(Vocabulary.of(kind, [*map(chr, range(256))]), codes, 256, 0)
    chunks, texts, counts = (_characters if kind == "chars" else _words)(pieces)
    vocabulary = known or _most_frequent(kind, texts, counts, most)
    place, others = vocabulary.codes(), vocabulary.unknown
    if others is None and (unknown := [each for each in texts if each not in place]):
        raise UnknownTokensError(unknown)
    dtype = np.min_scalar_type(max(len(vocabulary.texts) - 1, 0))
    code_of = np.array([place.get(each, others or 0) for each in texts], dtype=dtype)
    codes = np.empty(sum(map(len, chunks)), dtype=dtype)
    end = 0
    for k, chunk in enumerate(chunks):
        start, end = end, end + len(chunk)
        codes[start:end] = code_of[chunk]
        chunks[k] = chunk[:0]  # frees what is translated
    left_out = 0 if others is None else int(counts[code_of == others].sum())
    return TokenisedText(vocabulary, codes, len(texts), left_out)


def _most_frequent(
    kind: str, texts: Sequence[str], counts: npt.NDArray[np.int64], most: int
) -> Vocabulary:
    """Return the vocabulary of the most frequent of these tokens."""
    kept = sorted(range(len(texts)), key=lambda k: (-int(counts[k]), texts[k]))[: most or None]
    if kind == "chars":
        kept.sort(key=lambda k: texts[k])
    others = len(kept) < len(texts)
    return Vocabulary.of(kind, [texts[k] for k in kept], others=others)


def _characters(pieces: Iterable[str]) -> tuple[list[Codes], list[str], npt.NDArray[np.int64]]:
    """Return the text as numbers of its different characters, these, and how often each occurs."""
    numbers: list[Codes] = []
    seen = np.zeros(0, dtype=np.int64)  # how often, by number
    for piece in pieces:
        chunk = np.frombuffer(piece.encode("utf-32-le"), dtype="<u4")
        if len(chunk):
            counts = np.bincount(chunk, minlength=len(seen))
            counts[: len(seen)] += seen
            seen = counts
            numbers.append(chunk.astype(np.min_scalar_type(int(chunk.max()))))
    used = np.flatnonzero(seen)
    place = np.zeros(int(used[-1]) + 1 if len(used) else 0, dtype=np.uint32)
    place[used] = np.arange(len(used))
    for k, chunk in enumerate(numbers):
        numbers[k] = place[chunk].astype(np.min_scalar_type(max(len(used) - 1, 0)))
    return numbers, [chr(each) for each in used.tolist()], seen[used]


def _words(pieces: Iterable[str]) -> tuple[list[Codes], list[str], npt.NDArray[np.int64]]:
    """Return the text as numbers of its different words, these, and how often each occurs."""
    index: dict[str, int] = {}
    chunks: list[Codes] = []
    for words in _words_of(pieces):
        for word in words:
            if word not in index:
                index[word] = len(index)
        chunks.append(np.fromiter(map(index.__getitem__, words), np.uint32, len(words)))
    counts = np.zeros(len(index), dtype=np.int64)
    for chunk in chunks:
        counts += np.bincount(chunk, minlength=len(index))
    return chunks, [*index], counts


def _words_of(pieces: Iterable[str]) -> Iterator[list[str]]:
    """Yield the words of a text, as they are whatever the pieces are that it comes in."""
    rest = ""
    for piece in pieces:
        words = split_words(rest + piece)
        rest = "".join(words[-_HELD_BACK:])
        if len(words) > _HELD_BACK:
            yield words[:-_HELD_BACK]
    if rest:
        yield split_words(rest)


def split_words(text: str) -> list[str]:
    """Return the words of `text`; one after the other they are the text."""
    marks = "" if text.isascii() else "".join(sorted(filter(_is_mark, set(text))))
    return _pattern(marks).findall(text)


def split_tokens(text: str, kind: str) -> list[str]:
    """Return the tokens of a text that was typed; bytes are those of UTF-8."""
    if kind == "words":
        return split_words(text)
    return [*text] if kind == "chars" else [*text.encode().decode("latin-1")]


@lru_cache(16)
def _pattern(marks: str) -> re.Pattern[str]:
    """Return the pattern of a token.

    Args:
        marks: those of the text at hand, which Python does not count among the letters.
    """
    mark = f"[{_TONES}{re.escape(JOINERS)}{re.escape(marks)}]"
    letter = rf"[^\W\d_{_NO_BLANKS}]"
    if marks:
        letter = f"(?:{letter}|{mark})"
    run = f"{letter}{{1,{LONGEST_WORD}}}"
    sign = rf"(?:[^\w\s]|_){mark}{{0,16}}(?:(?<=\u200d)[^\w\s]{mark}{{0,16}}){{0,8}}"
    return re.compile(
        rf" ?{run}(?:['’]{run}){{0,3}}"
        rf"|\r?\n| ?\d{{1,{LONGEST_WORD}}}"
        rf"| ?[{_NO_BLANKS}]{mark}{{0,16}}"
        rf"| ?[{_FLAGS}]{{2}}| ?{sign}"
        r"| {1,32}(?= )|.",
        re.DOTALL,
    )


def _is_mark(character: str) -> bool:
    """Return whether a character stands on the letter before it, or joins two."""
    return not character.isascii() and unicodedata.category(character)[0] == "M"


# ---------------------------------------------------------------- what is typed


@dataclass(frozen=True, slots=True)
class TypedText:
    """A text that was typed, as tokens.

    Attributes:
        codes: of those that are whole.
        beginning: of the word that may go on; "" where none does.
        first: whether that stands at the very beginning of the text.
        others: tokens that are read as the one for all others.
        refused: tokens that cannot be read at all.
    """

    codes: tuple[int, ...]
    beginning: str = ""
    first: bool = False
    others: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()


def read_typed(text: str, vocabulary: Vocabulary, *, whole: bool = False) -> TypedText:
    """Return a typed text as tokens of a vocabulary.

    A word at its end may go on, unless it is `whole` or no longer one begins so. A word that is
    known with a blank before it, or without, but not as it was typed, is read as that.
    """
    tokens = split_tokens(text, vocabulary.kind)
    known, unknown = vocabulary.codes(), vocabulary.unknown
    beginning = ""
    if vocabulary.kind == "words" and tokens and not whole and _may_go_on(tokens[-1]):
        fits = completes(vocabulary, tokens[-1], len(tokens) == 1)
        alike = (tokens[-1], f" {tokens[-1]}")
        if any(vocabulary.texts[code] not in alike for code in np.flatnonzero(fits).tolist()):
            beginning = tokens.pop()
    codes, others, refused = [], [], []
    for token in tokens:
        other = token[1:] if token[0] == " " else f" {token}"
        code = known.get(token, known.get(other, unknown))
        if code is None:
            refused.append(token)
            continue
        codes.append(code)
        if code == unknown:
            others.append(token)
    first = bool(beginning) and not tokens
    return TypedText(
        tuple(codes), beginning, first, tuple(dict.fromkeys(others)), tuple(dict.fromkeys(refused))
    )


def completes(vocabulary: Vocabulary, beginning: str, first: bool = False) -> npt.NDArray[np.bool_]:
    """Return which tokens begin with `beginning`, [V]; never the one for all others.

    Args:
        vocabulary: the tokens.
        beginning: of a token.
        first: whether the blank before it may be missing.
    """
    starts = (beginning, f" {beginning}") if first else (beginning,)
    fits = np.array([text.startswith(starts) for text in vocabulary.texts])
    if vocabulary.unknown is not None:
        fits[vocabulary.unknown] = not beginning
    return fits


def ends_word(text: str) -> bool:
    """Return whether a character is none of a word's; what chooses between glyphs is none."""
    if text in _VARIATIONS:
        return True
    return not (text.isalnum() or text in "'’" or _is_mark(text[0]) or text in JOINERS)


def begins_word(text: str) -> bool:
    """Return whether a character can be without one before it: it is no mark and joins nothing."""
    return not (_is_mark(text[0]) or text in JOINERS)


def _may_go_on(token: str) -> bool:
    """Return whether what is typed next may belong to a token: a word, a number, a blank.

    Where a script has no blanks between words, each character is a whole token.
    """
    if token == " ":
        return True
    return not ends_word(token[-1]) and not _WITHOUT_BLANKS.match(token.lstrip(" "))


# ---------------------------------------------------------------- names


def shown_character(character: str) -> str:
    """Return the text that shows a character: one cell wide, or its number (U+0007).

    Different characters have different texts.
    """
    if character in _GLYPHS:
        return _GLYPHS[character]
    # A combining character, or one of the glyphs above, would be mistaken for another character.
    stands_alone = character.isprintable() and not unicodedata.combining(character)
    if stands_alone and character not in _GLYPHS.values():
        return character
    return f"U+{ord(character):04X}"


def character_of(name: str) -> str:
    """Return the character that `shown_character` shows so."""
    for character, glyph in _GLYPHS.items():
        if name == glyph:
            return character
    return chr(int(name[2:], 16)) if len(name) > 1 and name.startswith("U+") else name


def shown_token(text: str) -> str:
    """Return the name of a token: ``␣river`` with the blank before it, and ``␣×3``, ``↵``."""
    if len(text) == 1:
        return shown_character(text)
    if text.isascii() and text.isprintable():  # nearly all of them
        body = text.lstrip(" ")
        if not body:
            return f"{RUN}{len(text)}"
        return f"{BLANK}{body}" if len(body) < len(text) else text
    blank, body = (BLANK, text[1:]) if text[0] == " " else ("", text)
    if len(body) == 1 and not _is_mark(body):
        return blank + shown_character(body)
    first = BASE if _is_mark(body[0]) or body[0] in JOINERS else ""
    return blank + first + "".join(map(_shown_within, body))


def _shown_within(character: str) -> str:
    """Return what shows a character of a word: marks stand on the letter before them."""
    if character in JOINERS or _is_mark(character):
        return character
    return shown_character(character)


def token_text(name: str) -> str:
    """Return the text in place of a token's name where a text is read: its blanks are blanks."""
    if name.startswith(RUN) and name[len(RUN) :].isdecimal():
        return " " * int(name[len(RUN) :])
    return f" {name[1:]}" if name[:1] == BLANK else name


def _name_of_byte(text: str) -> str:
    """Return the name of a byte: a character of ASCII, or ``\\xC3``."""
    return (
        shown_character(text) if text in _GLYPHS or " " < text < "\x7f" else rf"\x{ord(text):02X}"
    )


def _told_apart(names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return names of which no two are alike: those that are become numbers of Unicode."""
    known: set[str] = set()
    result = []
    for name, text in zip(names, texts, strict=True):
        while name in known:
            name = (
                " ".join(f"U+{ord(each):04X}" for each in text) if name[:2] != "U+" else f"{name}'"
            )
        known.add(name)
        result.append(name)
    return result

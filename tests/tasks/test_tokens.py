"""Tokens: the text comes back whatever it is, names differ, and the most frequent ones are kept."""

from __future__ import annotations

import gzip
import math
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.settings import DECLARATIONS, SettingError, Settings, Value, compose
from rnn_tui.tables.content import to_text
from rnn_tui.tasks import DataError, make_task
from rnn_tui.tasks.text import TextTask
from rnn_tui.tasks.text_baselines import text_baselines
from rnn_tui.tasks.tokens import (
    UNKNOWN,
    UnknownTokensError,
    Vocabulary,
    read_typed,
    shown_token,
    split_tokens,
    split_words,
    tokenise,
)
from rnn_tui.train import summarise, train

SAMPLE = "ab  \n\r\t.,'’-_ 019zäß€😀\u0301\u200d👩🏽🇩🇪नि日本กี⟨unk⟩␣↵×"
CHARACTERS = st.sampled_from(SAMPLE) | st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, max_size=200)


@given(text=TEXTS, size=st.integers(1, 9))
def test_words_are_the_text_again_in_pieces_of_any_size(text: str, size: int) -> None:
    words = split_words(text)
    assert "".join(words) == text
    assert all(words)
    pieces = [text[start : start + size] for start in range(0, len(text), size)]
    read = tokenise(pieces, "words")
    assert [read.vocabulary.texts[code] for code in read.codes] == words


@given(text=TEXTS.filter(bool), kind=st.sampled_from(["chars", "words"]), most=st.integers(1, 9))
def test_the_most_frequent_tokens_are_kept_and_the_others_counted(
    text: str, kind: str, most: int
) -> None:
    read = tokenise([text], kind, most)
    tokens = split_tokens(text, kind)
    counts = Counter(tokens)
    kept = sorted(counts, key=lambda each: (-counts[each], each))[:most]
    known = read.vocabulary.codes()
    assert set(known) == set(kept)
    assert (read.vocabulary.unknown is None) == (len(counts) <= most)
    unknown = read.vocabulary.unknown
    assert read.codes.tolist() == [known.get(each, unknown) for each in tokens]
    assert read.unknown == sum(each not in known for each in tokens)
    assert read.different == len(counts)


@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=4), unique=True, min_size=2))
def test_no_two_words_are_called_alike(texts: list[str]) -> None:
    words = sorted({word for text in texts for word in split_words(text)})
    names = Vocabulary.of("words", words, others=True).names
    assert len(set(names)) == len(names)
    for name in names:
        assert not any(unicodedata.category(each) in ("Cc", "Zl", "Zp") for each in name)
        assert name.strip(), "something is seen"
        assert not unicodedata.combining(name[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The river  don't\nflow.", ["The", " river", " ", " don't", "\n", "flow", "."]),
        ('"Yes," she said', ['"', "Yes", ",", '"', " she", " said"]),
        ("    def f(x_1):", ["   ", " def", " f", "(", "x", "_", "1", ")", ":"]),
        ("l’été à 3,14 €", ["l’été", " à", " 3", ",", "14", " €"]),
        ("日本語 と", ["日", "本", "語", " と"]),
        ("नमस्ते दुनिया", ["नमस्ते", " दुनिया"]),
        ("مرحبا بالعالم", ["مرحبا", " بالعالم"]),
        ("👩🏽‍🦰 🇩🇪", ["👩🏽‍🦰", " 🇩🇪"]),
        ("a\r\nb", ["a", "\r\n", "b"]),
    ],
)
def test_what_a_word_is(text: str, words: list[str]) -> None:
    assert split_words(text) == words


@pytest.mark.parametrize(
    ("token", "name"),
    [
        (" river", "␣river"),
        ("river", "river"),
        ("   ", "␣×3"),
        (" ", "␣"),
        ("\n", "↵"),
        (" “", "␣“"),
        (" \u0301a", "␣◌\u0301a"),
        ("\r\n", "U+000D↵"),
        (" ␣", "␣U+2423"),
        ("\x07", "U+0007"),
    ],
)
def test_names(token: str, name: str) -> None:
    assert shown_token(token) == name


def test_all_bytes_have_names_and_are_their_own_codes() -> None:
    read = tokenise(["é\n".encode().decode("latin-1")], "bytes")
    assert read.codes.tolist() == [0xC3, 0xA9, 0x0A]
    names = read.vocabulary.names
    assert len(set(names)) == 256
    assert (names[0xC3], names[0x0A], names[0x20], names[0x41]) == (r"\xC3", "↵", "␣", "A")


@given(text=TEXTS.filter(lambda text: len(set(split_words(text))) > 1), most=st.integers(0, 5))
def test_a_vocabulary_comes_back_from_its_texts(text: str, most: int) -> None:
    for kind in ("chars", "words"):
        read = tokenise([text], kind, most)
        vocabulary = Vocabulary.kept(kind, read.vocabulary.texts)
        assert vocabulary == read.vocabulary
        again = tokenise([text], kind, 0, vocabulary)
        np.testing.assert_array_equal(again.codes, read.codes)
        assert again.unknown == read.unknown


def test_what_is_not_known_has_no_code() -> None:
    known = tokenise(["ab ba"], "words").vocabulary
    with pytest.raises(UnknownTokensError) as caught:
        tokenise(["ab cd"], "words", 0, known)
    assert caught.value.tokens == (" cd",)


# ---------------------------------------------------------------- the task


def task_of(place: Path, content: bytes, **rest: Value) -> TextTask:
    place.write_bytes(content)
    settings = compose({"task": "text", "data": str(place), "steps": 2, "batch": 1, **rest})
    task = make_task(settings)
    assert isinstance(task, TextTask)
    return task


def text_of(task: TextTask) -> str:
    return "".join(task.vocabulary.texts[code] for code in task._codes)


LINES = "Größe ☃ one\nand two\n" * 9


@pytest.mark.parametrize(
    ("content", "rest"),
    [
        (LINES.encode(), {}),
        (LINES.encode("utf-8-sig"), {}),
        (LINES.replace("\n", "\r\n").encode(), {}),
        (LINES.replace("\n", "\r").encode(), {}),
        (LINES.encode("utf-16"), {}),
        (LINES.replace("\n", "\r\n").encode("utf-16-le"), {}),
        (LINES.encode("utf-16-be"), {}),
        (LINES.encode("utf-32"), {}),
        (LINES.encode("utf-16-le"), {"encoding": "utf-16"}),
        (gzip.compress(LINES.encode()), {}),
        (gzip.compress(LINES[:99].encode()) + gzip.compress(LINES[99:].encode()), {}),
    ],
    ids=[*"abcdefghijk"],  # the bytes of a packing have the time in them
)
@pytest.mark.parametrize("tokens", ["chars", "words"])
def test_one_text_in_many_files(
    tmp_path: Path, content: bytes, rest: dict[str, Value], tokens: str
) -> None:
    task = task_of(tmp_path / "text", content, tokens=tokens, **rest)
    assert text_of(task) == LINES


def test_line_ends_are_kept_where_that_is_wanted(tmp_path: Path) -> None:
    content = b"ab\r\ncd\re\n" * 9
    for tokens in ("chars", "words", "bytes"):
        kept = task_of(tmp_path / "a", content, tokens=tokens, line_ends="keep")
        assert text_of(kept) == content.decode()
        task = task_of(tmp_path / "a", content, tokens=tokens)
        assert text_of(task) == "ab\ncd\ne\n" * 9
        assert "18 line ends were CR or CRLF and are newlines (--line-ends keep)" in task.notes


@pytest.mark.parametrize(
    ("content", "named", "found"),
    [
        (LINES.encode(), "utf-16", "UTF-8"),
        (LINES.encode(), "utf-16-le", "UTF-8"),
        (("河水" + LINES).encode(), "utf-16-be", "UTF-8"),
        (LINES.encode("utf-16"), "latin-1", "UTF-16"),
    ],
)
def test_a_text_that_is_not_in_the_named_encoding(
    tmp_path: Path, content: bytes, named: str, found: str
) -> None:
    with pytest.raises(DataError, match=f"is {found}, not {named}"):
        task_of(tmp_path / "a", content, encoding=named)
    with pytest.raises(DataError, match=f"is {found}, not {named}"):
        to_text("a", content, named)


def test_another_encoding_is_named(tmp_path: Path) -> None:
    task = task_of(tmp_path / "a", "Müller\n".encode("cp1252") * 9, encoding="cp1252")
    assert text_of(task) == "Müller\n" * 9
    with pytest.raises(DataError, match="byte 0xfc at offset 1 is not ascii; name another --enc"):
        task_of(tmp_path / "a", "Müller\n".encode("cp1252") * 9, encoding="ascii")
    for name in ("rot13", "nothing", "base64"):
        with pytest.raises(SettingError, match="--encoding must be a name of a text encoding"):
            compose({"task": "text", "data": "a", "encoding": name})


@pytest.mark.parametrize(
    "content", [gzip.compress(b"abc" * 99)[:-9], gzip.compress(b"ab")[:5]], ids=["tail", "head"]
)
def test_a_packing_that_is_cut_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match="gzip packing"):
        task_of(tmp_path / "a", content)


def test_what_is_packed_may_not_be_larger_than_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RNN_TUI_MAX_DATA", "4KiB")
    with pytest.raises(DataError, match=r"unpacked it has more than 4 KiB \(--max-data\)"):
        task_of(tmp_path / "a", gzip.compress(b"ab" * 10_000))


def test_options_that_bytes_have_no_use_for() -> None:
    for name, value in (("encoding", "utf-8"), ("vocabulary", 9)):
        with pytest.raises(SettingError, match=f"--{name} has no effect with --tokens bytes"):
            compose({"task": "text", "tokens": "bytes", name: value})


def test_what_is_not_kept_is_said(tmp_path: Path) -> None:
    task = task_of(tmp_path / "a", b"one two one two one three\n" * 9, tokens="words", vocabulary=2)
    assert task.symbols is not None
    assert set(task.symbols) == {"␣one", "␣two", UNKNOWN}
    assert task.features == 3
    assert task.title == "text, words: a"
    said = f"the 2 most frequent ones are kept; {UNKNOWN} stands for 27 of 63 (42.9 %)"
    assert said in task.notes


def test_baselines_of_a_text_that_is_a_circle(tmp_path: Path) -> None:
    """The next token follows from the one before: the bigram learns that, the unigram cannot."""
    task = task_of(tmp_path / "a", b"abcd" * 999)
    baselines = task.test_baselines
    assert baselines["unigram"] == pytest.approx(math.log(4), abs=1e-2)
    assert baselines["bigram"] < 0.01


@given(
    st.lists(st.integers(0, 4), min_size=2, max_size=60),
    st.lists(st.integers(0, 4), min_size=2, max_size=20),
)
def test_baselines_are_probabilities(training: list[int], tested: list[int]) -> None:
    """Each is the mean of −log p of a distribution: over all that may follow it sums to 1."""
    codes, test = np.array(training), np.array(tested)
    both = text_baselines(codes, test[:-1], test[1:], 5)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnn_tui.tasks.text_baselines._DENSE", 0)
        assert text_baselines(codes, test[:-1], test[1:], 5) == pytest.approx(both, rel=1e-12)
    for before in range(5):
        following = np.arange(5)
        for name in ("unigram", "bigram"):
            p = [
                math.exp(-text_baselines(codes, np.array([before]), following[k : k + 1], 5)[name])
                for k in range(5)
            ]
            assert sum(p) == pytest.approx(1, rel=1e-9)


def test_a_file_of_before_keeps_its_line_ends() -> None:
    values = Settings(task="text").to_json()
    old = {name: value for name, value in values.items() if DECLARATIONS[name].since < 5}
    read = Settings.from_json({**old, "column": ""}, 4)
    assert (read.line_ends, read.tokens, read.vocabulary) == ("keep", "chars", 0)


def test_the_figures_of_a_run_have_perplexity_and_both_baselines(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one two three one two\n" * 40)
    chosen: dict[str, Value] = {"task": "text", "data": str(tmp_path / "a"), "tokens": "words"}
    trainer = Trainer(compose({**chosen, "hidden": 4, "steps": 5}))
    progress = train(trainer, 3)
    values = summarise(trainer, progress).to_mapping()
    assert values["perplexity"] == pytest.approx(math.exp(float(str(values["test_loss"]))))
    assert values["baselines"] == trainer.task.test_baselines  # type: ignore[attr-defined]
    assert set(trainer.task.test_baselines) == {"unigram", "bigram"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typed", "beginning"),
    [
        ("河水", ""),  # no blanks between words: each character is whole
        (" กำ", ""),
        ("the riv", " riv"),
        ("the river", " river"),  # or " rivers"
        ("the rivers", ""),  # nothing longer begins so
        ("the", ""),
    ],
)
def test_a_word_that_no_other_begins_with_is_whole(typed: str, beginning: str) -> None:
    words = ["the", " river", " rivers", "河", "水", " กำ", " ก"]
    assert read_typed(typed, Vocabulary.of("words", words)).beginning == beginning

"""Text: every character in its place, read in little memory, and every refusal in one line."""

from __future__ import annotations

import copy
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tasks.task_support import window

from rnn_tui.settings import Settings, Value, compose
from rnn_tui.tasks import DataError, TestWindows, make_task
from rnn_tui.tasks import text as module
from rnn_tui.tasks.text import BUILT_IN, TextTask, read_text
from rnn_tui.tasks.tokens import shown_character

CHARACTERS = st.sampled_from("ab \n\r\tzäß€😀\u0301") | st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS, min_size=2, max_size=400).filter(lambda text: len(set(text)) > 1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("text") / "words.txt"


def settings_for(place: Path, **rest: Value) -> Settings:
    rest = {"line_ends": "keep", "encoding": "utf-8", **rest}
    return compose({"task": "text", "data": str(place), **rest})


@given(text=TEXTS, chunk=st.integers(1, 9), mark=st.booleans())
def test_reading_gives_every_character_back(place: Path, text: str, chunk: int, mark: bool) -> None:
    place.write_bytes(text.encode("utf-8-sig" if mark or text.startswith("\ufeff") else "utf-8"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_CHUNK", chunk)  # characters of several bytes fall on its edges
        read, _ = read_text(settings_for(place))
    vocabulary = read.vocabulary.texts
    assert "".join(vocabulary[code] for code in read.codes) == text
    assert list(vocabulary) == sorted(set(text))


@pytest.mark.parametrize(
    ("distinct", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16"), (70_000, "uint32")]
)
def test_codes_take_as_little_memory_as_they_can(place: Path, distinct: int, dtype: str) -> None:
    characters = [chr(0x4E00 + k) for k in range(min(distinct, 0x5000))]
    characters += [chr(0x20000 + k) for k in range(distinct - len(characters))]
    place.write_text("".join(characters), encoding="utf-8")
    read, _ = read_text(settings_for(place))
    assert read.codes.dtype == dtype
    assert len(read.vocabulary.names) == distinct


@given(
    text=st.text(CHARACTERS, min_size=60, max_size=200).filter(lambda text: len(set(text)) > 1),
    steps=st.integers(1, 9),
    batch=st.integers(1, 3),
    sweeps=st.booleans(),
    seed=st.integers(0, 99),
)
def test_windows_are_pieces_of_the_text(
    place: Path, text: str, steps: int, batch: int, sweeps: bool, seed: int
) -> None:
    place.write_bytes(("-" + text).encode())
    text = "-" + text
    windows = "sweep" if sweeps else "random"
    settings = settings_for(place, steps=steps, batch=batch, windows=windows, seed=seed)
    task = make_task(settings)
    vocabulary = sorted(set(text))
    tested = max(math.ceil(len(text) / 10), steps + 1)
    trained = text[: len(text) - tested]
    length = len(trained) // batch if sweeps else len(trained)
    for number in range(12):
        each = window(task, settings)
        np.testing.assert_array_equal(each.x[1:], each.target[:-1])
        for sample in range(batch):
            codes = [*each.x[:, sample], each.target[-1, sample]]
            piece = "".join(vocabulary[code] for code in codes)
            if sweeps:
                start = sample * length + number % ((length - 1) // steps) * steps
                assert piece == trained[start : start + steps + 1]
            else:
                assert piece in trained


@given(text=st.text("abc\n", min_size=60, max_size=300), steps=st.integers(1, 20))
def test_the_last_tenth_is_the_test(place: Path, text: str, steps: int) -> None:
    text = "xy" + text
    place.write_bytes(text.encode())
    tests = make_task(settings_for(place, steps=steps, batch=1)).test()
    assert isinstance(tests, TestWindows)
    assert tests.carried
    assert tests.judged.all()
    tested = text[-max(math.ceil(len(text) / 10), steps + 1) :]
    vocabulary = sorted(set(text))
    x, target = ("".join(vocabulary[c] for c in part.T.ravel()) for part in (tests.x, tests.target))
    count = (len(tested) - 1) // steps
    assert x == tested[: count * steps]
    assert target == tested[1 : count * steps + 1]
    assert tests.x.shape == tests.judged.shape == (steps, count)


def test_of_a_long_text_not_all_is_tested(place: Path) -> None:
    place.write_text("abcdefghij" * 150_000)
    tests = make_task(settings_for(place, steps=30)).test()
    assert isinstance(tests, TestWindows)
    assert tests.x.shape == (30, 100_000 // 30)


@given(text=TEXTS.filter(lambda text: len(text) > 50))
def test_the_baseline_is_the_entropy_of_single_characters(place: Path, text: str) -> None:
    place.write_bytes(text.encode("utf-8-sig"))
    task = make_task(settings_for(place, steps=2, batch=1))
    trained = text[: len(text) - math.ceil(len(text) / 10)]
    counts = Counter(trained).values()
    entropy = -sum(n / len(trained) * math.log(n / len(trained)) for n in counts)
    assert task.baseline is not None
    assert task.baseline.loss == pytest.approx(entropy, rel=1e-12)


def test_the_entropy_is_what_frequencies_cost() -> None:
    """On 20,000 characters drawn from the built-in text, within 5 standard errors."""
    settings = compose(
        {"task": "text", "windows": "random", "batch": 800, "steps": 25, "carry": False}
    )
    task = make_task(settings)
    text = BUILT_IN.read_bytes().decode()
    trained = text[: len(text) - math.ceil(len(text) / 10)]
    counts = Counter(trained)
    shares = np.array([counts[each] / len(trained) for each in sorted(set(text))])
    codes = np.random.default_rng(5).choice(len(shares), 20_000, p=shares)
    losses = -np.log(shares[codes])
    assert task.baseline is not None
    error = losses.std() / math.sqrt(losses.size)
    assert abs(losses.mean() - task.baseline.loss) < 5 * error
    # and windows from all over the text, a little less alike because they overlap
    seen = window(task, settings).target.ravel()
    assert abs(-np.log(shares[seen]).mean() - task.baseline.loss) < 15 * error


def test_the_built_in_text() -> None:
    text = BUILT_IN.read_bytes().decode("ascii")
    assert len(text) > 4000
    assert max(map(len, text.splitlines())) <= 100
    task = make_task(compose({"task": "text"}))
    assert task.title == "text: built in"
    assert task.features == task.outputs == len(set(text))


def test_a_copy_of_the_task_shares_the_text() -> None:
    task = TextTask(compose({"task": "text"}))
    twin = copy.deepcopy(task)
    assert twin._codes is task._codes
    assert twin._sweep is not task._sweep
    with pytest.raises(ValueError, match="read-only"):
        task._codes[0] = 0


@given(
    st.lists(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n↵ ␣\t⇥"), unique=True)
)
def test_no_two_characters_are_shown_alike(characters: list[str]) -> None:
    shown = [shown_character(each) for each in characters]
    assert len(set(shown)) == len(shown)
    assert all(each.isprintable() and each.strip() for each in shown)


NOT_UTF_8 = "is not UTF-8; name its --encoding, such as cp1252, or save it as UTF-8"
SHORT = b"abcdefghij" * 3
REFUSED: dict[str, tuple[bytes, dict[str, Value], str]] = {
    "empty": (b"", {}, "the file is empty; it must be a text"),
    "only a mark": (b"\xef\xbb\xbf", {}, "the file is empty; it must be a text"),
    "one": (b"a", {}, "the text is a single 'a'; it must have at least two different characters"),
    "the same": (
        b"\n" * 99,
        {},
        "the text is 99 times '\\n'; it must have at least two different characters",
    ),
    "short": (
        SHORT,
        {"steps": 15, "batch": 1},
        "it has 30 characters, but --steps 15 needs at least 32 (the last tenth is for testing)",
    ),
    "streams": (
        SHORT,
        {"steps": 5, "batch": 6},
        "it has 30 characters, but --steps 5 with --batch 6 needs at least 42 "
        "(the last tenth is for testing)",
    ),
    "latin-1": (
        b"caf\xe9 au lait",
        {},
        f"byte 0xe9 at offset 3 {NOT_UTF_8}",
    ),
    "cut": (
        b"abc\xe2\x82",
        {},
        f"byte 0xe2 at offset 3 {NOT_UTF_8}",
    ),
    "after a mark": (
        b"\xef\xbb\xbfab\xff",
        {},
        f"byte 0xff at offset 5 {NOT_UTF_8}",
    ),
    "far": (
        b"ab" * 600_000 + "é".encode() * 3 + b"\x80",
        {},
        f"byte 0x80 at offset 1200006 {NOT_UTF_8}",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_texts_that_cannot_be_learnt(place: Path, case: str) -> None:
    content, rest, reason = REFUSED[case]
    place.write_bytes(content)
    with pytest.raises(DataError) as caught:
        make_task(settings_for(place, **rest))
    assert str(caught.value) == f"--data {str(place)!r}: {reason}"


@pytest.mark.parametrize("batch", [1, 3])
def test_the_shortest_text_that_is_named_will_do(place: Path, batch: int) -> None:
    for steps in (1, 5, 12):
        settings = settings_for(place, steps=steps, batch=batch)
        place.write_text("ab")
        with pytest.raises(DataError) as caught:
            make_task(settings)
        needed = int(str(caught.value).split("at least ")[1].split()[0])
        place.write_text(("ab" * needed)[:needed])
        make_task(settings)
        place.write_text(("ab" * needed)[: needed - 1])
        with pytest.raises(DataError, match=f"needs at least {needed} "):
            make_task(settings)


def test_what_is_too_long_for_the_built_in_text() -> None:
    with pytest.raises(DataError) as caught:
        make_task(compose({"task": "text", "steps": 5000, "batch": 1}))
    assert str(caught.value) == (
        f"--data '': the built-in text has {len(BUILT_IN.read_bytes())} characters, but --steps "
        "5000 needs at least 10002 (the last tenth is for testing)"
    )


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path, reason in (
        (str(tmp_path / "none.txt"), "there is no such file"),
        (str(tmp_path), "it is a folder, not a regular file"),
    ):
        with pytest.raises(DataError) as caught:
            make_task(compose({"task": "text", "data": path}))
        assert str(caught.value) == f"--data {path!r}: {reason}"

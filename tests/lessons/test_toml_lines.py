"""Where the values of a TOML text stand."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rnn_tui.lessons.toml_lines import ValuePath, value_lines

KEYS = st.text("abc_", min_size=1, max_size=3)
TEXTS = st.text("ab\"'\\#[]{}=,.\n", max_size=8)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _multiline(text: str) -> str:
    return '"""\n' + text.replace("\\", "\\\\").replace('"', '\\"') + '"""'


VALUES = st.recursive(
    st.one_of(
        st.integers(-9, 9).map(str),
        TEXTS.map(_quoted),
        TEXTS.map(_multiline),
        st.just("'it]s'"),
        st.just("1979-05-27 07:32:00"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda v: "[ # ]\n" + ",\n\n".join(v) + "\n]"),
        st.dictionaries(KEYS, inner.filter(lambda v: "\n" not in v), max_size=2).map(
            lambda d: "{ " + ", ".join(f"{k} = {v}" for k, v in d.items()) + " }"
        ),
    ),
    max_leaves=6,
)


def _paths(value: Any, path: ValuePath = ()) -> Iterator[ValuePath]:
    """Yield the path of everything in a value."""
    if path:
        yield path
    if isinstance(value, (dict, list)):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(each, (*path, key))


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=3), min_size=1, max_size=3))
def test_everything_in_a_text_has_its_line(tables: list[dict[str, str]]) -> None:
    blocks = ["[[t]]\n" + "".join(f"{k} = {v}  # x = [\n" for k, v in d.items()) for d in tables]
    text = "# first\n\n" + "\n".join(blocks)
    lines = value_lines(text)
    values = tomllib.loads(text)
    assert set(_paths(values)) <= set(lines)
    rows = text.split("\n")
    for number, table in enumerate(tables):
        assert rows[lines["t", number] - 1] == "[[t]]"
        for key in table:
            assert rows[lines["t", number, key] - 1].startswith(f"{key} = ")

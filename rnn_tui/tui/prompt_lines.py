"""The lines under the prompt: words to take, and the units that decided; what is in its field."""

from __future__ import annotations

from collections.abc import Sequence

from rnn_tui.predictions.results import Decision, TextSample
from rnn_tui.tasks.tokens import TypedText, Vocabulary, read_typed, shown_token
from rnn_tui.tui.ascii_names import name_in_ascii
from rnn_tui.tui.lines import Line, Lines, Run, cell_width, cut, fit, text_width, whole_parts
from rnn_tui.tui.number_format import probability, signed
from rnn_tui.tui.symbols import without_blank
from rnn_tui.tui.visible_names import visible_name

SIGNS = {"\n": "↵", "\t": "⇥"}
"""What stands in the field for characters that it cannot show."""
KEYS = ("F1", "F2", "F3")
"""The keys that take the words suggested."""
DECISION_LINES = 2
_LONGEST_WORD = 18  # cells of a word in these lines
_SEPARATOR = " · "


def read_field(value: str, vocabulary: Vocabulary | None, *, whole: bool = False) -> TypedText:
    """Return what is in the field as tokens; the signs for line ends and tabs are these.

    Args:
        value: the field's content.
        vocabulary: the tokens.
        whole: whether a word at its end is whole.
    """
    if vocabulary is None:
        return TypedText(())
    for character, sign in SIGNS.items():
        value = value.replace(sign, character)
    return read_typed(value, vocabulary, whole=whole)


def in_field(text: str) -> str:
    """Return a text as it stands in the field."""
    return "".join(SIGNS.get(each, each) for each in text)


def line_start(vocabulary: Vocabulary) -> int:
    """Return the code of what a first word is read after: a line end, or the first token."""
    return vocabulary.codes().get("\n", 0)


def unread(typed: TypedText) -> str:
    """Return which tokens the network does not know, and what comes of that; "" for none."""
    parts = []
    if typed.refused:
        parts.append(f"the network has never seen {_listed(typed.refused)}: take it out")
    if typed.others:
        parts.append(f"read as ⟨unk⟩: {_listed(typed.others)}")
    return "; ".join(parts)


def _listed(tokens: Sequence[str]) -> str:
    return ", ".join(_quoted(each.strip() or each) for each in tokens)


def _quoted(token: str) -> str:
    """Return a token between quotation marks, as it is seen elsewhere."""
    return repr(token) if token.isascii() else f"'{visible_name(shown_token(token))}'"


def words_line(answer: TextSample, width: int, *, ascii_only: bool = False) -> Line:
    """Return the words that a key takes, with their probabilities; the longest ones are cut.

    Args:
        answer: has the words.
        width: cells of the line.
        ascii_only: whether the names are written in ASCII.
    """
    names = [without_blank(shown_token(each.word)) for each in answer.suggestions]
    if ascii_only:
        names = [name_in_ascii(name) for name in names]
    shown = [probability(each.probability) for each in answer.suggestions]
    line: Line = ()
    for longest in range(_LONGEST_WORD, 2, -1):
        parts: list[Line] = [
            ((f"{key} ", "dim"), (visible_name(cut(name, longest)), "key"), (f" {p}", ""))
            for key, name, p in zip(KEYS, names, shown, strict=False)
        ]
        line = fit_line(parts, "   ")
        if cell_width(line) <= width:
            break
    if line and answer.beginning.strip():
        of = f" · {probability(answer.share)} begin so"
        if cell_width(line) + text_width(of) <= width:
            line = (*line, (of, "dim"))
    return line


def decision_lines(answer: TextSample, width: int) -> Lines:
    """Return why the likeliest symbol comes before the next one: at most `DECISION_LINES` lines."""
    decision = answer.decision
    if decision is None or width < 20:
        return ()
    one, other = (
        cut(without_blank(answer.symbols[code]), _LONGEST_WORD)
        for code in (decision.chosen, decision.other)
    )
    head: Line = (
        (one, "key"),
        (" before ", "dim"),
        (other, ""),
        (f": y {signed(decision.difference, 3)} =", "dim"),
    )
    parts = [head, *_shares(decision)]
    count = len(parts)
    while count > 1 and cell_width(fit_line(parts[:count])) > width:
        count -= 1
    first = fit(fit_line(parts[:count]), width) if count == 1 else fit_line(parts[:count])
    rest = whole_parts(parts[count:], width)
    return (first, rest) if rest else (first,)


def fit_line(parts: Sequence[Line], gap: str = "  ") -> Line:
    """Return parts side by side."""
    line: list[Run] = []
    for part in parts:
        line += [(gap, "")] if line else []
        line += part
    return tuple(line)


def _shares(decision: Decision) -> list[Line]:
    """Return a part for each unit that decided, with its gates, and one for the rest."""
    parts: list[Line] = []
    for share in decision.shares:
        gates = " ".join(f"{name} {probability(value)}" for name, value in share.gates)
        parts.append(
            (
                (f"{signed(share.share, 2)}", "strong"),
                (f" {decision.state}[{share.unit + 1}]{f' ({gates})' if gates else ''}", ""),
            )
        )
    parts.append(((f"{signed(decision.rest, 2)} others", "dim"),))
    return parts

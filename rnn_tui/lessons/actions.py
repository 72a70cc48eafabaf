"""The actions of a step, one line of text each: ``go 40:B7.3``, ``what-if f = 1``."""

from __future__ import annotations

from rnn_tui.lessons.keys import KeyTextError, parse_key
from rnn_tui.lessons.lesson import (
    DISCARD,
    Action,
    ChangeSettings,
    PressKeys,
    RunUntil,
    TakePlace,
    TryWhatIf,
)
from rnn_tui.lessons.lesson_file import nearest
from rnn_tui.lessons.run_shape import MistakeError, RunShape
from rnn_tui.settings import DECLARATIONS, SettingError, Value, quote

FORMS = {
    "go": "go PLACE",
    "keys": "keys KEY KEY …",
    "what-if": "what-if NAME = X, what-if release, what-if discard",
    "run": "run until CONDITION",
    "set": "set NAME=VALUE …",
    "restart": "restart, restart NAME=VALUE …",
}
"""How each action is written, by its first word."""
MOST_KEYS = 200
MOST_CHARACTERS = 500


def parse_action(text: str, shape: RunShape) -> tuple[Action, RunShape]:
    """Return the action that a line means, and the run after it.

    Raises:
        MistakeError: it means none, or does not fit the run.
    """
    word, _, rest = text.strip().partition(" ")
    rest = rest.strip()
    if word not in FORMS:
        raise MistakeError(f"{quote(text)} is no action; {_nearest_form(word)}")
    if len(text) > MOST_CHARACTERS:
        raise MistakeError(f"{quote(text)} is too long: at most {MOST_CHARACTERS} characters")
    if not rest and word != "restart":
        raise MistakeError(f"{quote(text)} lacks something: {FORMS[word]}")
    match word:
        case "go":
            return _go(rest, shape), shape
        case "keys":
            return _keys(rest), shape
        case "what-if":
            if rest == DISCARD:
                return TryWhatIf(DISCARD), shape
            shape.check_what_if(rest)
            return TryWhatIf("" if rest == "release" else rest), shape
        case "run":
            return _run_until(text, rest, shape), shape
        case _:
            restarts = word == "restart"
            changes = parse_changes(rest)
            try:
                changed = shape.changed(changes, restarts=restarts)
            except SettingError as error:
                raise MistakeError(str(error)) from None
            return ChangeSettings(changes, restarts), changed


def _nearest_form(word: str) -> str:
    near = nearest(word, FORMS)
    return near if near.startswith("did") else f"allowed: {'; '.join(FORMS.values())}"


def _go(text: str, shape: RunShape) -> TakePlace:
    """Return the action that goes to a place."""
    from rnn_tui.places.reading import PlaceError, parse_place

    try:
        place = parse_place(text)
    except PlaceError as error:
        raise MistakeError(str(error)) from None
    shape.check_place(place, text)
    return TakePlace(place)


def _keys(text: str) -> PressKeys:
    """Return the action that presses keys."""
    keys = tuple(text.split())
    if len(keys) > MOST_KEYS:
        raise MistakeError(f"{len(keys)} keys are too many: at most {MOST_KEYS}")
    for key in keys:
        try:
            parse_key(key)
        except KeyTextError as error:
            raise MistakeError(str(error)) from None
    return PressKeys(keys)


def _run_until(text: str, rest: str, shape: RunShape) -> RunUntil:
    """Return the action that trains."""
    word, _, condition = rest.partition(" ")
    if word != "until" or not condition.strip():
        raise MistakeError(f"{quote(text)} must be {FORMS['run']}, such as run until update=300")
    shape.check_condition(condition.strip())
    return RunUntil(condition.strip())


def parse_changes(text: str) -> dict[str, Value]:
    """Return the values of ``lr=0.05 clip-by=none``, by the names of settings.

    Raises:
        MistakeError: there is no such setting, or it does not allow the value.
    """
    changes: dict[str, Value] = {}
    for word in text.split():
        typed, equals, value = word.partition("=")
        if not equals:
            raise MistakeError(f"{quote(word)} must be NAME=VALUE, such as lr=0.05")
        name = setting_name(typed)
        try:
            changes[name] = DECLARATIONS[name].parse(value)
        except SettingError as error:
            raise MistakeError(str(error)) from None
    return changes


def setting_name(typed: str) -> str:
    """Return the name of a setting, which may be written as its option is: clip-by.

    Raises:
        MistakeError: there is none.
    """
    name = typed.removeprefix("--").replace("-", "_")
    if name not in DECLARATIONS:
        known = [each.replace("_", "-") for each in DECLARATIONS]
        raise MistakeError(f"there is no setting {quote(typed)}; {nearest(typed, known)}")
    return name

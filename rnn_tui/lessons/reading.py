"""Reading the file of a lesson; docs/lessons.md says what is in one.

Everything is checked before the lesson opens: places, what-ifs, conditions, keys, expressions and
settings. So a teacher sees a mistake with its line, and not a student.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rnn_tui import PROGRAM
from rnn_tui.lessons.actions import parse_action, setting_name
from rnn_tui.lessons.lesson import (
    Action,
    Choice,
    ClaimLine,
    Lesson,
    LessonStep,
    Prediction,
    Show,
)
from rnn_tui.lessons.lesson_file import LessonError, LessonFile, nearest, parse_text, read_file
from rnn_tui.lessons.run_shape import MistakeError, RunShape
from rnn_tui.lessons.toml_lines import ValuePath
from rnn_tui.presets import PRESETS
from rnn_tui.registry import CELLS, PANELS
from rnn_tui.settings import DECLARATIONS, SettingError, Value, compose, quote

__all__ = ["LESSON_KEYS", "LessonError", "lesson_of", "read_lesson"]

LESSON_KEYS: Mapping[str, tuple[str, ...]] = {
    "": ("title", "about", "seeds", "run", "step"),
    "run": ("preset", "versus", "match", "checkpoint"),
    "step": ("title", "do", "show", "say", "ask", "remember", "claims"),
    "show": ("panel", "zoom", "big", "mark", "dim", "unit", "t", "layer", "weight", "sample"),
    "ask": (
        "number", "timestep", "choices", "question", "within", "hide", "hide_panels", "hint",
        "reveal",
    ),
    "choices": ("text", "when"),
}  # fmt: skip
"""The keys of each table; those of [run] besides are the settings."""
MOST_STEPS = 200
MOST_TEXTS = 50
MOST_CHOICES = 9
MOST_SEEDS = 100
LOOKING = ("unit", "t", "layer", "weight", "sample")
"""Keys of `show` that say what is looked at, as places do."""
BIG = ("equation", "timestep", "curve")
DEFAULT_WITHIN = 0.05
"""The relative error of an answer that is approximately right, where a lesson says nothing."""
_REMEMBERED = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}", re.ASCII)


def read_lesson(path: str | os.PathLike[str]) -> Lesson:
    """Read the file of a lesson, an exercise or a presentation.

    Raises:
        LessonError: it cannot be read, or something in it is not allowed.
    """
    return lesson_from(read_file(path))


def lesson_of(text: str, path: str) -> Lesson:
    """Return the lesson in a text; `path` is the file that errors name.

    Raises:
        LessonError: something in it is not allowed.
    """
    return lesson_from(parse_text(text, path))


def lesson_from(file: LessonFile) -> Lesson:
    """Return the lesson in a file whose TOML has been read.

    Raises:
        LessonError: something in it is not allowed.
    """
    try:
        return _LessonReader(file).lesson()
    except RecursionError:
        raise LessonError(file.path, 1, "it is nested too deeply for a lesson") from None


class _LessonReader:
    """Reads one file.

    Attributes:
        file: its values and their lines.
        shape: the run, as it is at the step that is read.
    """

    def __init__(self, file: LessonFile) -> None:
        self.file = file
        self.shape = RunShape(None)

    def lesson(self) -> Lesson:
        """Return the lesson."""
        file, table = self.file, self.file.table
        if "exercise" in table:
            raise file.error(("exercise",), f"it is an exercise: {PROGRAM} exercise opens it")
        file.check_keys(table, (), LESSON_KEYS[""])
        title = file.text(table, (), "title", None)
        about = file.text(table, (), "about")
        seeds = self._seeds()
        run = self._run()
        steps = table.get("step", [])
        if not isinstance(steps, list) or not all(isinstance(each, dict) for each in steps):
            raise file.error(("step",), "steps are written as [[step]]")
        if not steps:
            raise file.error((), "a lesson needs at least one [[step]]")
        if len(steps) > MOST_STEPS:
            reason = f"a lesson has at most {MOST_STEPS} steps, not {len(steps)}"
            raise file.error(("step", MOST_STEPS), reason)
        return Lesson(
            path=file.path,
            name=Path(file.path).name.removesuffix(".toml"),
            title=" ".join(title.split()),
            about=" ".join(about.split()),
            seeds=seeds,
            run_line=file.line(("run",)),
            steps=tuple(self._step(each, ("step", k)) for k, each in enumerate(steps)),
            **run,
        )

    def _seeds(self) -> tuple[int, ...]:
        seeds = self.file.table.get("seeds", [])
        right = isinstance(seeds, list) and 0 < len(seeds) <= MOST_SEEDS
        if "seeds" in self.file.table and not right:
            reason = f"seeds must be a list of 1 to {MOST_SEEDS} seeds, such as [0, 3]"
            raise self.file.error(("seeds",), f"{reason}, not {quote(seeds)}")
        with self._at(("seeds",)):
            for seed in seeds:
                DECLARATIONS["seed"].check(seed)
        return tuple(seeds)

    # ---------------------------------------------------------------- the run

    def _run(self) -> dict[str, Any]:
        """Return what a lesson says of its run; set `shape`."""
        file, path = self.file, ("run",)
        table = file.subtable(file.table, (), "run")
        settings = self._settings(table)
        preset = self._word(table, path, "preset", PRESETS)
        versus = self._word(table, path, "versus", CELLS.names)
        match = file.bool(table, path, "match")
        if match and not versus:
            raise file.error((*path, "match"), 'match needs a second network: versus = "lstm"')
        checkpoint = file.text(table, path, "checkpoint")
        if checkpoint:
            self._check_beside_checkpoint(table, settings)
            checkpoint = self._beside(checkpoint)
        else:
            with self._at(self._settings_path(settings)):
                self.shape = RunShape(compose(settings, preset))
            with self._at(path):
                _ = self.shape.declaration
        return {
            "settings": settings,
            "preset": preset,
            "versus": versus,
            "match": match,
            "checkpoint": checkpoint,
        }

    def _settings(self, table: Mapping[str, Any]) -> dict[str, Value]:
        """Return the settings in [run]."""
        settings: dict[str, Value] = {}
        known = (*LESSON_KEYS["run"], *(name.replace("_", "-") for name in DECLARATIONS))
        for key, value in table.items():
            if key in LESSON_KEYS["run"]:
                continue
            path = ("run", key)
            try:
                name = setting_name(key)
            except MistakeError:
                reason = f"there is no setting {quote(key)}; {nearest(key, known)}"
                raise self.file.error(path, reason) from None
            if name in settings:
                raise self.file.error(path, f"{key} is written twice")
            with self._at(path):
                settings[name] = DECLARATIONS[name].check(value)
        if data := settings.get("data"):
            settings["data"] = self._beside(str(data))
        return settings

    def _settings_path(self, settings: Mapping[str, Value]) -> Callable[[SettingError], ValuePath]:
        """Return what finds the line of a setting that does not fit the others."""

        def path(error: SettingError) -> ValuePath:
            spellings = (error.name, error.name.replace("_", "-"))
            run = self.file.table.get("run", {})
            return ("run", next((each for each in spellings if each in run), ""))

        return path

    def _check_beside_checkpoint(
        self, table: Mapping[str, Any], settings: Mapping[str, Value]
    ) -> None:
        """Refuse what a checkpoint has already."""
        for key in table:
            name = key.replace("-", "_")
            fixed = name in settings and DECLARATIONS[name].effect == "restart"
            if (fixed and name != "data") or name == "preset":
                reason = f"{key} has no effect beside a checkpoint, which has it: leave one out"
                raise self.file.error(("run", key), reason)

    def _beside(self, name: str) -> str:
        """Return the path of a file that a lesson names: from the folder of the lesson on."""
        return os.path.join(os.path.dirname(self.file.path), os.path.expanduser(name))

    def _word(self, table: Mapping[str, Any], path: ValuePath, key: str, allowed: Any) -> str:
        """Return one of several words; "" if it is left out."""
        word = self.file.text(table, path, key)
        if key in table and word not in allowed:
            reason = f"{key} must be one of {', '.join(allowed)}, not {quote(word)}"
            raise self.file.error((*path, key), reason)
        return word

    @contextmanager
    def _at(self, path: ValuePath | Callable[[SettingError], ValuePath]) -> Iterator[None]:
        """Say the line of what is wrong in the block."""
        try:
            yield
        except LessonError:
            raise
        except SettingError as error:
            where = path(error) if callable(path) else path
            raise self.file.error(where, str(error)) from None
        except (ValueError, OSError, MemoryError) as error:
            where = ("run",) if callable(path) else path
            raise self.file.error(where, str(error) or "it does not fit") from None

    # ---------------------------------------------------------------- steps

    def _step(self, table: Mapping[str, Any], path: ValuePath) -> LessonStep:
        file = self.file
        file.check_keys(table, path, LESSON_KEYS["step"])
        title = file.text(table, path, "title", None)
        actions = self._actions(table, path)
        claims = tuple(
            ClaimLine(text, file.line(where))
            for text, where in self._listed(table, path, "claims", check_claim)
        )
        say = self._filled(table, path, "say")
        return LessonStep(
            title=" ".join(title.split()),
            say=say,
            do=tuple(action for action, _ in actions),
            show=self._show(file.subtable(table, path, "show"), (*path, "show")),
            ask=self._ask(table, path),
            remember=self._remember(table, path),
            claims=claims,
            line=file.line(path),
            lines=tuple(line for _, line in actions),
            text_lines=self._text_lines(path),
        )

    def _text_lines(self, path: ValuePath) -> dict[str, int]:
        """Return the lines of the texts of a step, by their keys."""
        depth = len(path)
        return {
            ".".join(map(str, each[depth:])): line
            for each, line in self.file.lines.items()
            if each[:depth] == path and len(each) > depth and each[depth] not in ("do", "claims")
        }

    def _actions(self, table: Mapping[str, Any], path: ValuePath) -> list[tuple[Action, int]]:
        """Return the actions of a step and their lines."""
        actions: list[tuple[Action, int]] = []
        for number, text in enumerate(self.file.texts(table, path, "do", MOST_TEXTS)):
            where = self.file.line_of_text(path, "do", number)
            with self._at(where):
                action, self.shape = parse_action(text, self.shape)
            actions.append((action, self.file.line(where)))
        return actions

    def _listed(
        self, table: Mapping[str, Any], path: ValuePath, key: str, check: Callable[[str], None]
    ) -> Iterator[tuple[str, ValuePath]]:
        """Yield the texts of a list, checked, and where they stand."""
        for number, text in enumerate(self.file.texts(table, path, key, MOST_TEXTS)):
            where = self.file.line_of_text(path, key, number)
            with self._at(where):
                check(text)
            yield text, where

    def _filled(self, table: Mapping[str, Any], path: ValuePath, key: str) -> str:
        """Return a text whose braces hold expressions, a line for each paragraph."""
        text = self.file.text(table, path, key)
        with self._at((*path, key)):
            check_braces(text)
        paragraphs = re.split(r"\n[ \t]*\n", text.strip())
        return "\n".join(" ".join(each.split()) for each in paragraphs)

    def _expression(self, text: str, path: ValuePath) -> str:
        """Return a checked expression."""
        with self._at(path):
            check_expression(text)
        return text

    def _remember(self, table: Mapping[str, Any], path: ValuePath) -> dict[str, str]:
        remember = self.file.subtable(table, path, "remember")
        remembered: dict[str, str] = {}
        for name, value in remember.items():
            where = (*path, "remember", name)
            if not _REMEMBERED.fullmatch(name):
                reason = f"{quote(name)} must be a name of letters, digits and _, such as before"
                raise self.file.error(where, reason)
            remembered[name] = self._expression(self.file.checked_text(value, where), where)
        return remembered

    def _show(self, table: Mapping[str, Any], path: ValuePath) -> Show:
        """Return what is looked at."""
        file = self.file
        file.check_keys(table, path, LESSON_KEYS["show"])
        mark = file.text(table, path, "mark")
        if mark:
            self._expression(mark, (*path, "mark"))
        return Show(
            panel=self._word(table, path, "panel", PANELS.names),
            zoom=file.bool(table, path, "zoom"),
            big=self._word(table, path, "big", BIG),
            mark=mark,
            dim=file.bool(table, path, "dim"),
            looking=tuple(
                ("shown", f"t={value}") if name == "t" else (name, value)
                for name in LOOKING
                if name in table
                for value in [self._looked_at(table[name], (*path, name))]
            ),
        )

    def _looked_at(self, value: object, path: ValuePath) -> str:
        """Return what is selected, as places write it."""
        name = path[-1]
        if name == "weight":
            return self.file.checked_text(value, path)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
            reason = f"{name} must be a whole number from 1, not {quote(value)}"
            raise self.file.error(path, reason)
        most = self.shape.most(str(name))
        if most is not None and value > most:
            reason = f"{name} must be a whole number from 1 to {most} here, not {value}"
            raise self.file.error(path, reason)
        return str(value)

    # ---------------------------------------------------------------- predictions

    def _ask(self, step: Mapping[str, Any], of: ValuePath) -> Prediction | None:
        """Return the prediction that a step asks for."""
        if "ask" not in step:
            return None
        file, path = self.file, (*of, "ask")
        table = file.subtable(step, of, "ask")
        file.check_keys(table, path, LESSON_KEYS["ask"])
        kinds = [key for key in ("number", "choices", "timestep") if key in table]
        if len(kinds) != 1:
            has = f"not {' and '.join(kinds)}" if kinds else "and it has none"
            reason = f"a prediction needs one of number, timestep and choices, {has}"
            raise file.error((*path, kinds[-1]) if kinds else path, reason)
        kind = kinds[0]
        hides_panels = file.texts(table, path, "hide_panels", MOST_TEXTS)
        for number, panel in enumerate(hides_panels):
            if panel not in PANELS:
                where = file.line_of_text(path, "hide_panels", number)
                reason = f"there is no panel {quote(panel)}; {nearest(panel, PANELS.names)}"
                raise file.error(where, reason)
        if "within" in table and kind != "number":
            raise file.error((*path, "within"), "within is for a number: other answers are exact")
        answer = "" if kind == "choices" else file.text(table, path, kind, None)
        if answer:
            self._expression(answer, (*path, kind))
        return Prediction(
            kind="choice" if kind == "choices" else "number" if kind == "number" else "timestep",
            question=self._question(table, path),
            answer=answer,
            within=self._within(table, path),
            choices=self._choices(table, path),
            hides=tuple(text for text, _ in self._listed(table, path, "hide", check_expression)),
            hides_panels=tuple(hides_panels),
            hint=self._filled(table, path, "hint"),
            reveal=self._filled(table, path, "reveal"),
            line=file.line(path),
        )

    def _question(self, table: Mapping[str, Any], path: ValuePath) -> str:
        self.file.text(table, path, "question", None)
        return self._filled(table, path, "question")

    def _within(self, table: Mapping[str, Any], path: ValuePath) -> float:
        """Return the relative error of an answer that is approximately right."""
        if "within" not in table:
            return DEFAULT_WITHIN
        value = table["within"]
        allowed = 'within must be a share such as "5%" or 0.05, from 0 to 1'
        try:
            text = value.strip() if isinstance(value, str) else value
            share = float(text[:-1]) / 100 if str(text).endswith("%") else float(text)
        except (TypeError, ValueError, OverflowError):
            share = -1.0
        if isinstance(value, bool) or not 0 <= share <= 1:
            raise self.file.error((*path, "within"), f"{allowed}, not {quote(value)}")
        return share

    def _choices(self, ask: Mapping[str, Any], of: ValuePath) -> tuple[Choice, ...]:
        """Return the choices of a prediction."""
        file, path = self.file, (*of, "choices")
        choices = ask.get("choices", [])
        if "choices" not in ask:
            return ()
        right = isinstance(choices, list) and all(isinstance(each, dict) for each in choices)
        if not right or not 2 <= len(choices) <= MOST_CHOICES:
            reason = f"choices must be 2 to {MOST_CHOICES} of {{ text = …, when = … }}"
            raise file.error(path, reason)
        return tuple(self._choice(each, (*path, k)) for k, each in enumerate(choices))

    def _choice(self, table: Mapping[str, Any], path: ValuePath) -> Choice:
        file = self.file
        file.check_keys(table, path, LESSON_KEYS["choices"])
        file.text(table, path, "text", None)
        when = file.text(table, path, "when", None)
        with self._at((*path, "when")):
            check_claim(when)
        return Choice(self._filled(table, path, "text"), when, file.line(path))


def check_expression(text: str) -> None:
    """Refuse what is no expression.

    Raises:
        ClaimError: it is none.
    """
    from rnn_tui.claims.expressions import parse_expression

    parse_expression(text)


def check_claim(text: str) -> None:
    """Refuse what is no claim.

    Raises:
        ClaimError: it is none.
    """
    from rnn_tui.claims.expressions import parse_claim

    parse_claim(text)


def check_braces(text: str) -> None:
    """Refuse a text with something else than an expression in braces.

    Raises:
        ClaimError: there is something else.
    """
    if "{" in text or "}" in text:
        from rnn_tui.claims.filling import check_text

        check_text(text)

"""What the file of a lesson says, once it has been read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rnn_tui.places.place_line import PlaceLine
from rnn_tui.settings import Value

# ---------------------------------------------------------------- what a step does


@dataclass(frozen=True, slots=True)
class TakePlace:
    """Go to a place: ``go 40:B7.3``."""

    place: PlaceLine


@dataclass(frozen=True, slots=True)
class PressKeys:
    """Press keys of the main screen by their names: ``keys 5n s z``."""

    keys: tuple[str, ...]


DISCARD = "discard"
"""Discards all what-ifs that are neither kept nor discarded, as ``esc`` does."""


@dataclass(frozen=True, slots=True)
class TryWhatIf:
    """Make a what-if: ``what-if f = 1``; "" releases all: ``what-if release``; or `DISCARD`."""

    text: str


@dataclass(frozen=True, slots=True)
class RunUntil:
    """Train until a condition, as breakpoints are written: ``run until loss<0.1``, ``update=300``.

    Attributes:
        condition: the condition.
    """

    condition: str


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """Change settings of the running network: ``set lr=0.01 clip=1``.

    Attributes:
        settings: their values, by name.
        restarts: whether the run begins again with them: ``restart hidden=2``.
    """

    settings: Mapping[str, Value]
    restarts: bool = False


Action = TakePlace | PressKeys | TryWhatIf | RunUntil | ChangeSettings

# ---------------------------------------------------------------- what a step asks


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several answers.

    Attributes:
        text: as it is shown.
        when: the claim that makes it the right one; of all choices, one holds.
        line: the line of the file.
    """

    text: str
    when: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Prediction:
    """A prediction that is asked for before the numbers are shown.

    Attributes:
        kind: what the answer is: a number, one of the choices, or a timestep.
        question: the question, in one or two sentences.
        answer: the expression of the right number or timestep; "" for a choice.
        within: the relative error up to which a number is approximately right.
        choices: those there are; none for a number or a timestep.
        hides: names of values that are covered until the answer is in; the answer's always.
        hides_panels: panels that are covered likewise.
        hint: shown after the first wrong answer.
        reveal: why, shown after the answer; ``{dh_2[1]}`` stands for that number.
        line: the line of the file.
    """

    kind: Literal["number", "choice", "timestep"]
    question: str
    answer: str = ""
    within: float = 0.05
    choices: tuple[Choice, ...] = ()
    hides: tuple[str, ...] = ()
    hides_panels: tuple[str, ...] = ()
    hint: str = ""
    reveal: str = ""
    line: int = 0


# ---------------------------------------------------------------- steps


@dataclass(frozen=True, slots=True)
class Show:
    """What is looked at in a step; what is left out stays as it was.

    Attributes:
        panel: the panel with the focus.
        zoom: whether it has the whole screen.
        big: what fills the screen in block characters: "equation", "timestep", "curve" or "".
        mark: the value that is pointed at: ``dh_2[1]``; "" for none.
        dim: whether everything else is dimmed.
        looking: as in `PlaceLine`: ``unit`` 2, ``shown`` t=5, ``layer`` 1, ``weight`` W_h[3,1].
    """

    panel: str = ""
    zoom: bool = False
    big: str = ""
    mark: str = ""
    dim: bool = False
    looking: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A claim of a step.

    Attributes:
        text: the claim: ``norm(dh_1)/norm(dh_20) within 5% of 0.8^19``.
        line: its line of the file.
    """

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class LessonStep:
    """One step of a lesson; in a presentation, one slide.

    What is done comes first, then what is shown, then the prediction; the claims hold at the end.

    Attributes:
        title: a few words; in a presentation, the footer has them.
        say: two or three sentences; ``{loss}`` stands for that number.
        do: the actions, in order.
        show: what is looked at.
        ask: the prediction; None for none.
        remember: expressions whose values later steps may use, by the name that they get.
        claims: what must hold.
        line: the line of the file.
        lines: the lines of the file for each action of `do`.
        text_lines: the lines of its texts and expressions by their keys: ``say``, ``ask.hint``,
            ``show.mark``, ``remember.before``.
    """

    title: str
    say: str = ""
    do: tuple[Action, ...] = ()
    show: Show = field(default_factory=Show)
    ask: Prediction | None = None
    remember: Mapping[str, str] = field(default_factory=dict)
    claims: tuple[ClaimLine, ...] = ()
    line: int = 0
    lines: tuple[int, ...] = ()
    text_lines: Mapping[str, int] = field(default_factory=dict)

    @property
    def named_panel(self) -> str:
        """The panel that the step names, in `show` or with a place that it goes to; "" for none."""
        return self.show.panel or self.named("panel")

    def named(self, what: str) -> str:
        """Return what the places that the step goes to say of one thing; "" for nothing."""
        places = [each.place.looking for each in self.do if isinstance(each, TakePlace)]
        return ([""] + [value for looking in places for name, value in looking if name == what])[-1]

    def zooms(self, before: bool = False) -> bool:
        """Return whether the panel with the focus has the whole screen on this step.

        Args:
            before: whether it had on the step before, which the key ``z`` of an action changes.
        """
        zoomed: bool | None = None
        for action in self.do:
            if isinstance(action, PressKeys):
                for key in action.keys:
                    if key.lstrip("0123456789") == "z":
                        zoomed = not (before if zoomed is None else zoomed)
            elif isinstance(action, TakePlace) and ("zoom", "") in action.place.looking:
                zoomed = True
        return self.show.zoom or bool(zoomed)

    def line_of(self, key: str) -> int:
        """Return the line of a text by its key; that of the step where it is not known."""
        while key and key not in self.text_lines:  # one text is a list of its own
            key = key.rpartition(".")[0]
        return self.text_lines.get(key, self.line)


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson, an exercise or a presentation.

    Attributes:
        path: the file.
        name: what it is called on the command line: the file's name without its ending.
        title: its title.
        about: what it teaches, in one sentence.
        settings: settings of the run by name, as options have them; without those left out.
        preset: the preset; "" for none.
        versus: the cell of a second network; "" for none.
        match: whether that has about as many parameters.
        checkpoint: the checkpoint that it begins with, instead; "" for a new run.
        seeds: the seeds that its claims are for; () for any.
        steps: the steps, at least one.
        run_line: the line of the file where [run] begins.
    """

    path: str
    name: str
    title: str
    about: str = ""
    settings: Mapping[str, Value] = field(default_factory=dict)
    preset: str = ""
    versus: str = ""
    match: bool = False
    checkpoint: str = ""
    seeds: tuple[int, ...] = ()
    steps: tuple[LessonStep, ...] = ()
    run_line: int = 1

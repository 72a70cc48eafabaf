"""The view of a run that a checkpoint keeps: breakpoints, and what was selected on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from rnn_tui.checkpoint.format import LARGEST_COUNT
from rnn_tui.places.bookmark import MOST as MOST_BOOKMARKS
from rnn_tui.places.bookmark import Bookmark, plain_note
from rnn_tui.registry import PANELS
from rnn_tui.settings import quote
from rnn_tui.tensor_files.content import ContentError

MOST_BREAKPOINTS = 200


@dataclass(frozen=True, slots=True)
class SavedBreakpoint:
    """A breakpoint of the list.

    Attributes:
        text: the condition as it is written: "loss<0.01".
        enabled: whether it stops the run.
        hits: how often it fired in this run.
        waiting: whether its condition held when last checked: it fires again only after it has
            been false in between.
    """

    text: str
    enabled: bool = True
    hits: int = 0
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class ScreenView:
    """What was selected on the screen; see `rnn_tui.tui.draw_context.Selection`.

    Attributes:
        panel: the name of the panel with the focus.
        zoomed: whether it filled the screen.
        unit: the selected hidden unit, from 0.
        operation: the operation whose equation is shown, counted back from the newest revealed.
        parameter: index into the flat parameter vector.
        sample: the sample of the batch, from 0.
        t: the timestep, from 1; None: the cursor's.
        layer: the layer, from 1; None: that of the newest operation.
    """

    panel: str = "timestep"
    zoomed: bool = False
    unit: int = 0
    operation: int = 0
    parameter: int = 0
    sample: int = 0
    t: int | None = None
    layer: int | None = None


@dataclass(frozen=True, slots=True)
class RunView:
    """How a run was looked at when it was saved.

    The values held and the paths cut by what-ifs are not here: they change the numbers, so they
    belong to the run itself (`Trainer.network.pins`), with or without a view.

    Attributes:
        breakpoints: the list of breakpoints, `nan` left out.
        screen: what was selected; None for a run without a screen.
        bookmarks: places with notes; files from before there were bookmarks have none.
    """

    breakpoints: tuple[SavedBreakpoint, ...] = ()
    screen: ScreenView | None = None
    bookmarks: tuple[Bookmark, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the view as a mapping for JSON.

        Raises:
            ContentError: there are too many breakpoints.
        """
        if len(self.breakpoints) > MOST_BREAKPOINTS:
            count = len(self.breakpoints)
            raise ContentError(f"a checkpoint keeps {MOST_BREAKPOINTS} breakpoints, not {count}")
        bookmarks = [{"place": str(each.place), "note": each.note} for each in self.bookmarks]
        return {**asdict(replace(self, bookmarks=())), "bookmarks": bookmarks}

    @classmethod
    def from_json(cls, values: Mapping[str, object]) -> RunView:
        """Read the mapping that `to_json` returned.

        Raises:
            ContentError: `values` is no such mapping.
        """
        if isinstance(values, Mapping):
            values = {"bookmarks": [], **values}
        _check_names(values, cls)
        breakpoints, screen = values["breakpoints"], values["screen"]
        if not isinstance(breakpoints, list) or len(breakpoints) > MOST_BREAKPOINTS:
            raise ContentError(f"view: expected a list of up to {MOST_BREAKPOINTS} breakpoints")
        read = tuple(_breakpoint(each) for each in breakpoints)
        if len({each.text for each in read}) < len(read):
            raise ContentError("view: a breakpoint is there twice")
        shown = None if screen is None else _screen(screen)
        return cls(read, shown, _bookmarks(values["bookmarks"]))


def _bookmarks(values: object) -> tuple[Bookmark, ...]:
    """Read the bookmarks."""
    if not isinstance(values, list) or len(values) > MOST_BOOKMARKS:
        raise ContentError(f"view: expected a list of up to {MOST_BOOKMARKS} bookmarks")
    return tuple(map(_bookmark, values))


def _bookmark(values: object) -> Bookmark:
    """Read one bookmark."""
    from rnn_tui.places.reading import PlaceError, parse_place  # most runs have none

    mapping = _check_names(values, Bookmark)
    place, note = mapping["place"], mapping["note"]
    if not isinstance(place, str) or not isinstance(note, str):
        raise ContentError("view: the place and the note of a bookmark are text")
    if plain_note(note) != note:
        raise ContentError(f"view: a note is not written {quote(note)}")
    try:
        return Bookmark(parse_place(place), note)
    except PlaceError as error:
        raise ContentError(f"view: {error}") from error


def _breakpoint(values: object) -> SavedBreakpoint:
    """Read one breakpoint."""
    # Here, because a view is made before the first breakpoint is typed.
    from rnn_tui.engine.training.breakpoint_conditions import BreakpointError, Kind
    from rnn_tui.engine.training.breakpoint_parser import parse

    mapping = _check_names(values, SavedBreakpoint)
    text = mapping["text"]
    if not isinstance(text, str):
        raise ContentError(f"view: a breakpoint is text, not {quote(text)}")
    try:
        breakpoint = parse(text)
    except BreakpointError as error:
        raise ContentError(f"view: {error}") from error
    if str(breakpoint) != text or breakpoint.kind is Kind.NAN:
        raise ContentError(f"view: a breakpoint is not written {quote(text)}")
    return SavedBreakpoint(
        text, _flag(mapping, "enabled"), _count(mapping, "hits"), _flag(mapping, "waiting")
    )


def _screen(values: object) -> ScreenView:
    """Read what was selected."""
    mapping = _check_names(values, ScreenView)
    panel = mapping["panel"]
    if not isinstance(panel, str) or panel not in PANELS:
        raise ContentError(
            f"view: panel must be one of {', '.join(PANELS.names)}, not {quote(panel)}"
        )
    return ScreenView(
        panel,
        _flag(mapping, "zoomed"),
        unit=_count(mapping, "unit"),
        operation=_count(mapping, "operation"),
        parameter=_count(mapping, "parameter"),
        sample=_count(mapping, "sample"),
        t=None if mapping["t"] is None else _count(mapping, "t", lowest=1),
        layer=None if mapping["layer"] is None else _count(mapping, "layer", lowest=1),
    )


def _check_names(values: object, kind: type[Any]) -> Mapping[str, object]:
    """Return `values`, after checking that they are the fields of `kind` by name."""
    names = {field.name for field in fields(kind)}
    if not isinstance(values, Mapping) or set(values) != names:
        raise ContentError(f"view: expected an object of {', '.join(sorted(names))}")
    return values


def _flag(values: Mapping[str, object], name: str) -> bool:
    """Return the entry `name`, which must be true or false."""
    value = values[name]
    if not isinstance(value, bool):
        raise ContentError(f"view: {name} must be true or false, not {quote(value)}")
    return value


def _count(values: Mapping[str, object], name: str, lowest: int = 0) -> int:
    """Return the entry `name`, which must be a whole number of at least `lowest`."""
    value = values[name]
    if type(value) is not int or not lowest <= value <= LARGEST_COUNT:
        raise ContentError(
            f"view: {name} must be a whole number from {lowest} to {LARGEST_COUNT}, "
            f"not {quote(value)}"
        )
    return value

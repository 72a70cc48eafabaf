"""The lesson: what it says, what it asks, the answer and its grade."""

from __future__ import annotations

from rnn_tui.number_text import COVERED
from rnn_tui.session.snapshot import Snapshot
from rnn_tui.tui.draw_context import DrawContext
from rnn_tui.tui.key_hint import ALWAYS, FIRST, KeyHint
from rnn_tui.tui.lesson.room import BEFORE_CHOICE, CHOICE, choice_lines, choice_text, wrapped
from rnn_tui.tui.lesson.view import TAKEN, LessonView, Try
from rnn_tui.tui.lines import Line, Lines, cell_width, cut, join, text_width
from rnn_tui.tui.panel_help import Sign, Signs
from rnn_tui.tui.panel_spec import Need, PanelSpec, hidden_panels
from rnn_tui.tui.title_rule import title_rule

CURSOR = "▏"
FRAME = 9  # cells of a title line that are neither the name nor the place
SIGNS = {
    "exact": ("✓", "good"),
    "approximate": ("~", "good"),
    "off": ("✗", "error"),
    TAKEN: ("→", "accent"),
}


def title(context: DrawContext) -> tuple[str, str]:
    """Return the texts of the title line."""
    view = context.lesson
    if view is None:
        return "lesson", ""
    return view.heading, " · ".join(filter(None, (view.title, view.place)))


def rule(
    context: DrawContext, left: str, right: str, width: int, height: int, focused: bool
) -> Line:
    """Draw the title line: the step's place is always there, the lesson's name gives way to it."""
    view = context.lesson
    if view is None:
        return title_rule(left, right, width, focused)
    if text_width(left) + text_width(right) > width - FRAME:
        right = view.place
        left = cut(left, width - FRAME - text_width(right))
    return title_rule(left, right, width, focused)


def draw(context: DrawContext, width: int, height: int) -> Lines:
    """Draw the text, the question and the answer; what has been read gives way to what has not."""
    view = context.lesson
    if view is None:
        why = hidden_panels(context.snapshot)["lesson"]
        return tuple(_text(why, width, "dim"))
    body, end, pages = _pages(view, width, height)
    if pages > 1:
        room = max(height - len(end), 1)
        page = context.selection.page % pages
        body = body[page * room : (page + 1) * room]
        note: Line = (("   J K ", "key"), (f"page {page + 1} of {pages}", "dim"))
        end = [*end[:-1], (*end[-1], *note)]
    blank: list[Line] = [((" ", "dim"),)] * (height - len(body) - len(end))
    return (*body, *end, *blank)


def _pages(view: LessonView, width: int, height: int) -> tuple[list[Line], list[Line], int]:
    """Return the lines of all pages, those below each, and the number of pages."""
    body, end = _body(view, width, read=False), _end(view, width)
    if len(body) + len(end) <= height:
        return body, end, 1
    body = _body(view, width, read=True)
    return body, end, -(-len(body) // max(height - len(end), 1))


def page_count(view: LessonView, width: int, height: int) -> int:
    """Return how many pages the panel has below its title."""
    return _pages(view, width, height)[2]


def _body(view: LessonView, width: int, *, read: bool) -> list[Line]:
    """Return all but the last line; with `read`, what is new comes first."""
    if view.busy:
        return _text("one moment …", width, "dim")
    say = _text(view.say, width)
    otherwise = _text(view.otherwise, width, "accent")
    question = _text(view.question, width, "strong") if view.question else []
    question += _choices(view, width)
    news = _tries(view, width)
    if view.hint:
        news += _text(f"hint: {view.hint}", width)
    news += _text(view.reveal, width)
    if not read or not (view.tries or view.right):  # a presenter has the answer without a try
        return [*say, *otherwise, *question, *news]
    if view.open:
        return [*question, *news, *otherwise, *say]
    return [*news, *otherwise, *question, *say]


def _text(text: str, width: int, role: str = "") -> list[Line]:
    """Return a text in lines."""
    return [((f" {line}", role),) for line in wrapped(text, width - 2)]


def _choices(view: LessonView, width: int) -> list[Line]:
    """Return the choices, the highlighted one marked."""
    lines: list[Line] = []
    all_places = choice_lines(view.choices, width - 2)
    for places in all_places:
        line: Line = ()
        for k in places:
            here = view.open and view.answer == str(k + 1)
            mark = ("▸", "accent") if here else (" ", "")
            role = "strong" if here else ""
            alone = len(all_places) == len(view.choices)
            text, *rest = choice_text(view.choices[k], width - 2) if alone else [view.choices[k]]
            gap = (" " * (CHOICE - BEFORE_CHOICE), "")
            line = (*line, (" ", ""), mark, (f"{k + 1} ", "key"), (text, role), gap)
        lines.append(line)
        lines += [((" " * BEFORE_CHOICE, ""), (each, role)) for each in rest]
    return lines


def _tries(view: LessonView, width: int) -> list[Line]:
    """Return the answers with their grades, and what is right: in one line where it has room."""
    parts = [_try(each, view) for each in view.tries]
    if view.right and not any(each.grade == "exact" for each in view.tries):
        parts.append(((" it is ", "dim"), (view.right, "strong")))
    line = join(parts, (" ", ""))
    return [line] if line and cell_width(line) <= width else parts


def _try(tried: Try, view: LessonView) -> Line:
    """Return an answer and its grade."""
    sign, role = SIGNS[tried.grade]
    given = tried.given
    if view.asked == "choice":
        given = view.choices[int(given) - 1] if given.isdigit() else given
    elif view.asked == "timestep":
        given = f"t={given}"
    return ((f" {sign} ", role), (given, "strong"), (f": {tried.words or tried.grade}", role))


def _end(view: LessonView, width: int) -> list[Line]:
    """Return the line that says what to type, or what ``enter`` does."""
    if view.busy:  # what is typed meanwhile waits for the question
        typed: Line = ((" answer ", "title"), (view.answer, "strong"), (CURSOR, "accent"))
        return [typed] if view.answer else []
    if view.problem and not view.open:
        return [*_text(view.problem, width, "error"), _what_now(view)]
    return _field(view) or [_what_now(view)]


def _field(view: LessonView) -> list[Line]:
    """Return the field of an answer that is awaited."""
    if not view.open:
        return []
    answers: Line = (("enter ", "key"), ("answers", "dim"))
    keys: Line = (("   ", ""), *answers)
    if view.off_path:
        keys = (("   off the path: ", "accent"), ("esc ", "key"), ("comes back", "dim"))
    elif not view.typing:
        keys = (("   enter ", "key"), ("to type it", "dim"))
    elif view.asked == "timestep":
        keys = (("   ← → ", "key"), ("or digits, ", "dim"), *answers)
    elif view.asked == "choice":
        keys = (("   ↑ ↓ ", "key"), ("or its number, ", "dim"), *answers)
    cursor = (CURSOR, "accent") if view.typing else ("", "")
    taken = bool(view.tries) and view.tries[-1].grade == TAKEN
    if taken and not view.answer and not view.off_path:
        keys = (("   enter ", "key"), ("goes on, digits change it", "dim"))
    if view.problem:
        keys = ((f"   {view.problem}", "error"),)
    label = "another " if taken else "second try " if view.tries else "answer "
    name = "t=" if view.asked == "timestep" else ""
    return [((f" {label}", "title"), (f"{name}{view.answer}", "strong"), cursor, *keys)]


def _what_now(view: LessonView) -> Line:
    """Return what ``enter`` and ``esc`` do."""
    if view.ended:
        return ((" q ", "key"), ("quits", "dim"), ("   PgUp ", "key"), ("the last step", "dim"))
    if view.off_path:
        start: Line = ((" off the path: ", "accent"),)
        return (*start, ("esc ", "key"), ("comes back", "dim"))
    if view.turned:
        return ((" PgDn ", "key"), ("the last slide" if view.last else "goes on", "dim"))
    on: Line = ((" enter ", "key"), ("the end" if view.last else "goes on", "dim"))
    return (*on, ("   PgUp ", "key"), ("back", "dim")) if view.turns else on


def need(snapshot: Snapshot) -> Need:
    """Return the lines that the panel needs; the layout asks the lesson itself."""
    return Need(6, 9, 12, 30)


def keys(context: DrawContext) -> tuple[KeyHint | None, ...]:
    """Return the keys that do something while the panel has the focus."""
    return (
        KeyHint("enter", "go on", ("enter",), ALWAYS),
        KeyHint("PgUp PgDn", "step", ("pageup", "pagedown"), FIRST, "PgDn"),
    )


def signs(context: DrawContext) -> Signs:
    """Return what the signs on the panel mean."""
    return (
        Sign(COVERED, "covered until the answer is in, wherever it stands", "dim"),
        Sign("?", "a covered bar, shade or point", "dim"),
        Sign(CURSOR, "digits go to the answer; esc: they count keys again", "accent"),
        Sign("✓  exact", "all digits typed are right", "good"),
        Sign("~  approximate", "near enough; how far off is said", "good"),
        Sign("✗  off", "not near enough; after a hint one tries again", "error"),
        Sign("→  taken", "saved, to be handed in; no grade is shown", "accent"),
        Sign("▸", "the choice that enter takes", "accent"),
        Sign("enter", "answers, goes on; esc comes back from wherever one has stepped", "key"),
        Sign("PgUp  PgDn", "the step before, the next one, while this panel has the focus", "key"),
        Sign("J K", "pages, where the text has no room"),
    )


PANEL = PanelSpec(draw, title, need=need, keys=keys, help=signs, rule=rule)

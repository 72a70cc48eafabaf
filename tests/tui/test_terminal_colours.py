"""The palettes: what stands for the themes' colours, and whether it can be read."""

from __future__ import annotations

import pytest
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color
from rich.style import Style
from textual.theme import Theme
from tui.colour_support import TERMINALS, Rgb, contrast, difference, rgb_of

from rnn_tui.tui.terminal_colours import (
    GROUNDS,
    INKS,
    TRUECOLOR_QUERY,
    Depth,
    depth_of,
    means_truecolor,
    nearest,
    styled,
    truecolor_query,
)
from rnn_tui.tui.themes import ROLES, SELECTED_GROUNDS, THEMES, TRUTH_GROUNDS, style_of

GRAPHICS = {"rule", "raw", "ghost", "gate"}
"""Roles of lines and bars; all others are text, too."""
IN_DIALOGS = {"dim", "title", "strong", "accent", "key", "good", "error"}
"""Roles that stand on the ground of header, footer and dialogs, too."""
CUSTOM = {"vscode": 3.8, "solarized": 2.4, "linux light": 2.6}
"""Palettes in which no colour but black, or white, has more than this on some ground."""

TMUX_IN_SCREEN = {"TERM": "tmux-256color", "STY": "1.x", "TMUX": "/t"}


def grounds(theme: Theme, role: str) -> list[str]:
    """Return the backgrounds that a role stands on."""
    return [str(theme.background), *([str(theme.surface)] if role in IN_DIALOGS else [])]


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_read_in_truecolor_and_256(role: str, theme: Theme) -> None:
    least = 3.0 if role in GRAPHICS else 4.5
    style = style_of(role, theme.name)
    for ground in grounds(theme, role):
        on_ground = style + Style(bgcolor=ground)
        assert contrast(*rgb_of(on_ground)) >= least, ground
        assert contrast(*rgb_of(adapted(on_ground, Depth.INDEXED))) >= least, ground


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("role", ROLES)
def test_every_role_can_be_read_in_16_colours_whatever_they_are(role: str, theme: Theme) -> None:
    least = 3.0 if role in GRAPHICS else 4.5
    for terminal, colours in TERMINALS.items():
        style = adapted(style_of(role, theme.name) + Style(bgcolor=theme.background), Depth.SIXTEEN)
        for shown in (style, brightened(style)):
            assert contrast(*rgb_of(shown, colours)) >= min(least, CUSTOM.get(terminal, 9)), (
                terminal
            )


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("role", ["positive", "negative", "gate", "dim", "error"])
def test_the_selected_unit_stands_out_and_can_be_read(role: str, theme: Theme) -> None:
    style = style_of(f"selected-{role}", theme.name)
    ground = Style(color="#ffffff", bgcolor=theme.background)
    for depth in (Depth.TRUECOLOR, Depth.INDEXED, Depth.SIXTEEN):
        for terminal, colours in TERMINALS.items():
            ink, band = rgb_of(adapted(style, depth), colours)
            assert contrast(ink, band) >= 3, (depth, terminal)
            assert difference(band, rgb_of(adapted(ground, depth), colours)[1]) >= 0.1
    assert adapted(style, Depth.NONE).reverse
    assert style.underline


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
@pytest.mark.parametrize("role", ["truth", "one-step", "free-run", "second-network", "accent"])
def test_curves_are_seen_on_the_ground_of_truth_and_the_ground_is(role: str, theme: Theme) -> None:
    style = style_of(f"grounded-{role}", theme.name)
    plain = style_of(role, theme.name) + Style(bgcolor=theme.background)
    for depth in (Depth.TRUECOLOR, Depth.INDEXED):
        ink, ground = rgb_of(adapted(style, depth))
        assert contrast(ink, ground) >= 3, depth
        assert difference(ground, rgb_of(adapted(plain, depth))[1]) >= 0.08, depth


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_colour_of_the_themes_has_its_line(theme: Theme) -> None:
    for role in ROLES:
        colour = style_of(role, theme.name).color
        assert colour is not None
        assert colour.name in INKS, role
    assert {theme.background, theme.surface, theme.panel, SELECTED_GROUNDS[theme.name]} <= {
        *GROUNDS
    }
    assert TRUTH_GROUNDS[theme.name] in GROUNDS
    used = {value for value in theme.variables.values() if value.startswith("#")}
    assert used <= {*GROUNDS, *INKS}


@pytest.mark.parametrize("number", range(16, 256))
def test_a_colour_of_the_256_stands_for_itself(number: int) -> None:
    rgb = tuple(EIGHT_BIT_PALETTE[number])
    assert tuple(EIGHT_BIT_PALETTE[nearest(*rgb)]) == rgb


def test_without_colours_attributes_stay_and_no_colour_is_sent() -> None:
    style = adapted(Style(bold=True, color="#f7768e", bgcolor="#14161f"), Depth.NONE)
    assert style.bold
    assert not style.reverse
    assert style.color == style.bgcolor == Color.default()


@pytest.mark.parametrize(
    ("environment", "depth"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-256color"}, Depth.INDEXED),
        ({"TERM": "screen-256color-bce"}, Depth.INDEXED),
        ({"TERM": "tmux-256color"}, Depth.INDEXED),
        ({"TERM": "xterm-direct"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-direct256"}, Depth.TRUECOLOR),
        ({"TERM": "konsole-direct"}, Depth.TRUECOLOR),
        ({"TERM": "xterm-kitty"}, Depth.TRUECOLOR),
        ({"TERM": "alacritty"}, Depth.TRUECOLOR),
        ({"TERM": "xterm"}, Depth.SIXTEEN),
        ({"TERM": "screen"}, Depth.SIXTEEN),
        ({"TERM": "screen.xterm-256color"}, Depth.INDEXED),
        ({"TERM": "screen", "COLORTERM": "truecolor"}, Depth.TRUECOLOR),  # tmux, maybe
        ({"TERM": "screen", "COLORTERM": "truecolor", "STY": "1.x"}, Depth.SIXTEEN),
        ({"TERM": "screen.xterm-256color", "COLORTERM": "truecolor"}, Depth.INDEXED),
        (
            {"TERM": "tmux-256color", "COLORTERM": "truecolor", "STY": "1.x", "TMUX": "x"},
            Depth.TRUECOLOR,
        ),
        ({"TERM": "linux"}, Depth.SIXTEEN),
        ({"TERM": "linux", "COLORTERM": "yes"}, Depth.SIXTEEN),
        ({"TERM": "vt100"}, Depth.NONE),
        ({"TERM": "vt220"}, Depth.NONE),
        ({"TERM": "vte-256color"}, Depth.INDEXED),
        ({"TERM": "xterm-mono"}, Depth.NONE),
        ({"TERM": "linux-m"}, Depth.NONE),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, Depth.NONE),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, Depth.INDEXED),  # as no-color.org says
        ({"TERM": "xterm-256color", "TEXTUAL_COLOR_SYSTEM": "standard"}, Depth.SIXTEEN),
        ({"TERM": "xterm", "TEXTUAL_COLOR_SYSTEM": "truecolor", "NO_COLOR": "1"}, Depth.NONE),
    ],
)
def test_the_environment_says_how_many_colours_there_are(
    environment: dict[str, str], depth: Depth
) -> None:
    assert depth_of(environment) is depth


XTERM = {"TERM": "xterm-256color"}


@pytest.mark.parametrize(
    "environment",
    [
        XTERM,
        {"TERM": "xterm"},
        {"TERM": "tmux-256color"},
        {"TERM": "tmux-256color", "STY": "1.x", "TMUX": "/t"},
    ],
)
def test_a_terminal_that_may_have_truecolor_is_asked(environment: dict[str, str]) -> None:
    assert truecolor_query(environment) == TRUECOLOR_QUERY


@pytest.mark.parametrize(
    "environment",
    [
        {"TERM": "linux"},
        {"TERM": "vt100"},
        {"TERM": "eterm-color"},
        {"TERM": "screen"},
        {"TERM": "screen-256color"},
        {"TERM": "screen.xterm-256color"},
        {**XTERM, "STY": "1.x"},
        {**XTERM, "NO_COLOR": "1"},
        {**XTERM, "TEXTUAL_COLOR_SYSTEM": "256"},
        {**XTERM, "COLORTERM": "truecolor"},
        {"TERM": "xterm-direct"},
    ],
)
def test_where_it_is_known_or_no_use_nothing_is_asked(environment: dict[str, str]) -> None:
    assert truecolor_query(environment) == ""


@pytest.mark.parametrize(
    ("answer", "truecolor"),
    [
        ("1$r0;48:2::1:2:3m", True),
        ("1$r0;48:2:1:2:3m", True),
        ("1$r48;2;1;2;3m", True),
        ("1$r0;1;48:2::1:2:3;4m", True),
        ("1$r48:2:0:1:2:3m", True),
        ("0$r", False),
        ("1$r0m", False),
        ("1$r0;48:5:16m", False),
        ("1$r0;38:2::1:2:3m", False),
        ("1$r0;48:2::0:0:0m", False),
        ("1+r524742=38", False),
        ("", False),
    ],
)
def test_an_answer_says_whether_there_is_truecolor(answer: str, truecolor: bool) -> None:
    assert means_truecolor(answer) == truecolor


def adapted(style: Style, depth: Depth) -> Style:
    """Return a style as it is sent to a terminal."""
    return style if depth is Depth.TRUECOLOR else styled(style, Color.parse("#14161f"), depth)


def brightened(style: Style) -> Style:
    """Return a style as many terminals show it: bold text in the bright one of the 16 colours."""
    number = style.color.number if style.color else None
    if not style.bold or number is None or number >= 8:
        return style
    return style + Style(color=Color.from_ansi(number + 8))


def test_rgb_is_that_of_the_terminal() -> None:
    white: Rgb = (255, 255, 255)
    assert rgb_of(Style(color="color(15)", bgcolor="color(231)"), [white] * 16) == (white, white)

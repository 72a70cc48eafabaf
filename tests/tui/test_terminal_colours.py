"""The palettes: what stands for the themes' colours, and whether it can be read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from rich._palettes import EIGHT_BIT_PALETTE
from rich.color import Color
from rich.style import Style
from textual.theme import Theme
from tui.colour_support import TERMINALS, Rgb, contrast, difference, rgb_of

from rnn_tui.tui.colour_depth import Depth
from rnn_tui.tui.terminal_colours import GROUNDS, INKS, nearest, styled
from rnn_tui.tui.themes import DARK, HEAT_GROUNDS, ROLES, THEMES, style_of
from rnn_tui.tui.themes import GROUNDS as ROLE_GROUNDS

GRAPHICS = {"rule", "raw", "ghost", "gate"}
"""Roles of lines and bars; all others are text, too."""
TEXT_GROUNDS = ("computed", "operand", "wrong")
"""Grounds that text stands on; on the others are bars and curves alone."""
CUSTOM = {"vscode": 3.8, "solarized": 2.4, "linux light": 2.6}
"""Palettes in which no colour but black, or white, has more than this on some ground."""

TMUX_IN_SCREEN = {"TERM": "tmux-256color", "STY": "1.x", "TMUX": "/t"}


def grounds(theme: Theme, role: str) -> list[str]:
    """Return the backgrounds that a role stands on: text in header, footer and dialogs, too."""
    return [str(theme.background), *([] if role in GRAPHICS else [str(theme.surface)])]


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
@pytest.mark.parametrize("ground", TEXT_GROUNDS)
def test_text_can_be_read_on_the_grounds_of_rows_and_numbers(ground: str, theme: Theme) -> None:
    for role in {*ROLES} - GRAPHICS:
        style = style_of(f"{ground}-{role}", theme.name)
        for depth in (Depth.TRUECOLOR, Depth.INDEXED):
            assert contrast(*rgb_of(adapted(style, depth))) >= 4.5, (role, depth)
        for terminal, colours in TERMINALS.items():
            ink = adapted(style, Depth.SIXTEEN)
            assert contrast(*rgb_of(ink, colours)) >= min(4.5, CUSTOM.get(terminal, 9)), role


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_grounds_are_seen_without_colours_or_their_rows_have_signs(theme: Theme) -> None:
    assert adapted(style_of("wrong-strong", theme.name), Depth.NONE).reverse
    assert adapted(style_of("operand-strong", theme.name), Depth.NONE).underline
    plain = Style(bgcolor=theme.background)
    for ground, (dark, light, _) in ROLE_GROUNDS.items():
        behind = Style(bgcolor=dark if theme is DARK else light)
        for depth in (Depth.TRUECOLOR, Depth.INDEXED):
            one, other = (
                rgb_of(adapted(each + Style(color="#ffffff"), depth))[1] for each in (behind, plain)
            )
            assert difference(one, other) >= 0.04, (ground, depth)


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
@pytest.mark.parametrize("hue", HEAT_GROUNDS[DARK.name])
def test_bars_are_seen_on_the_grounds_of_heat_and_each_ground_is_told_from_the_one_before(
    hue: str, theme: Theme
) -> None:
    for depth in (Depth.TRUECOLOR, Depth.INDEXED):
        plain = style_of(hue, theme.name) + Style(bgcolor=theme.background)
        grounds = [rgb_of(adapted(plain, depth))[1]]
        for strength in range(1, 5):
            ink, ground = rgb_of(
                adapted(style_of(f"heat-{hue}{strength}-{hue}", theme.name), depth)
            )
            assert contrast(ink, ground) >= 3, depth
            grounds.append(ground)
            strong = adapted(style_of(f"heat-{hue}{strength}-strong", theme.name), depth)
            assert contrast(rgb_of(strong)[0], ground) >= 4.5, depth
        least = 0.03 if depth is Depth.TRUECOLOR else 0.01
        assert all(difference(*pair) >= least for pair in pairwise(grounds)), depth
        assert difference(grounds[0], grounds[-1]) >= 0.12, depth


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_heat_has_no_ground_of_16_colours(theme: Theme) -> None:
    plain = style_of("positive", theme.name) + Style(bgcolor=theme.background)
    heat = style_of("heat-positive4-positive", theme.name)
    assert adapted(heat, Depth.SIXTEEN) == adapted(plain, Depth.SIXTEEN)
    assert not adapted(heat, Depth.NONE).reverse


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_every_colour_of_the_themes_has_its_line(theme: Theme) -> None:
    for role in ROLES:
        colour = style_of(role, theme.name).color
        assert colour is not None
        assert colour.name in INKS, role
    own = {each[theme is not DARK] for each in ROLE_GROUNDS.values()}
    assert {theme.background, theme.surface, theme.panel} | own <= {*GROUNDS}
    assert {*GROUNDS} >= {each for hue in HEAT_GROUNDS[theme.name].values() for each in hue}
    used = {value for value in theme.variables.values() if value.startswith("#")}
    assert used <= {*GROUNDS, *INKS}


def test_a_colour_of_the_256_stands_for_itself() -> None:
    for number in range(16, 256):
        rgb = tuple(EIGHT_BIT_PALETTE[number])
        assert tuple(EIGHT_BIT_PALETTE[nearest(*rgb)]) == rgb, number


@pytest.mark.parametrize("depth", [Depth.INDEXED, Depth.SIXTEEN, Depth.NONE])
@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_what_lies_below_a_dialog_is_adapted_once(theme: Theme, depth: Depth) -> None:
    for role in ROLES:
        for name in (role, *(f"{ground}-{role}" for ground in ROLE_GROUNDS)):
            once = adapted(Style(bgcolor=theme.background) + style_of(name, theme.name), depth)
            assert adapted(once, depth) == once, name


def test_without_colours_attributes_stay_and_no_colour_is_sent() -> None:
    style = adapted(Style(bold=True, color="#f7768e", bgcolor="#14161f"), Depth.NONE)
    assert style.bold
    assert not style.reverse
    assert style.color == style.bgcolor == Color.default()


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

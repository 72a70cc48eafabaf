"""The keys of the main screen, declared once for the bindings, the help and the footer."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Key:
    """One action and the keys that call it.

    Attributes:
        keys: names of the keys in Textual, separated by commas.
        action: the action in `screens/*_actions.py` that the keys call, with its arguments.
        shown: the keys as the help names them.
        help: what the action does.
        takes_count: whether digits typed before the key are a count.
        opens: whether it may open a dialog, to which the next key belongs.
    """

    keys: str
    action: str
    shown: str
    help: str
    takes_count: bool = False
    opens: bool = False

    def binding(self) -> Binding:
        """Return the key as a binding of Textual."""
        return Binding(
            self.keys, self.action, self.help, show=False, tooltip=self.help, id=self.shown
        )


LEAVE_KEY = Key("q", "leave", "q", "quit (asks if over a minute of training would be lost)")
KEYS = (
    Key("space,f5", "run_or_pause", "space F5", "run / pause"),
    Key("s,f11", "go('operation')", "s F11", "one operation inside the timestep", True),
    Key("n,f10", "go('timestep')", "n F10", "one timestep, or one step between the passes", True),
    Key("f", "go('pass')", "f", "to the end of this pass", True),
    Key("u", "go('update')", "u", "to the end of this update", True),
    Key("S,f23,shift+f11", "back_by('operation')", "S ⇧F11", "back by one operation", True),
    Key("N", "back_by('timestep')", "N", "back by one timestep", True),
    Key("F", "back_by('pass')", "F", "back to the start of this pass", True),
    Key("U", "back_by('update')", "U", "back by one update", True),
    Key("g", "go_to", "g", "go to an update by number, 40g; without one, to a place", True, True),
    Key("G", "go_to_newest", "G", "go to the newest place reached"),
    Key("y", "copy_place", "y", "copy this place as a line, which g and --at take"),
    Key("m", "note_place", "m", "note this place as a bookmark", opens=True),
    Key(
        "apostrophe",
        "bookmarks",
        "'",
        "bookmarks: enter goes to one; '' goes back to before the last jump, and forth",
        opens=True,
    ),
    Key("c", "continue", "c", "continue to the next breakpoint"),
    Key("C", "back_to_stop", "C", "back to the previous breakpoint"),
    Key("t", "run_to", "t", "run to the selected timestep"),
    Key("e", "what_if", "e", "what if: edit a value, hold a gate, cut a path", opens=True),
    Key(
        "p",
        "prompt",
        "p",
        "prompt: type, and see what the network writes on (task text)",
        opens=True,
    ),
    Key(
        "enter",
        "enter",
        "enter",
        "keep the what-ifs; esc undoes the newest one; loss chart: go to its cursor",
    ),
    Key("b", "breakpoints", "b", "breakpoints: look and change", opens=True),
    Key("backspace,delete", "clear_ghosts", "del", "forget the futures left behind"),
    Key("r", "restart", "r", "restart from the same seed"),
    Key("R", "undo_step", "R", "take back the newest restart, fork or removal, and forth", True),
    Key("o", "settings", "o", "hyperparameters: look and change", opens=True),
    Key("tab", "panel(1)", "tab", "next panel"),
    Key("shift+tab", "panel(-1)", "shift+tab", "previous panel"),
    Key("slash", "jump", "/", "panels: a letter jumps to one of them", opens=True),
    Key("i", "code", "i", "in code: the line of this operation in a program, and back"),
    Key("z", "zoom", "z", "this panel on the whole screen, and back"),
    Key(
        "f2,asterisk",
        "big",
        "F2 *",
        "in large: an equation, a timestep or a curve (d) fills the screen; and back",
    ),
    Key("f3,semicolon", "pointer", "F3 ;", "point at a value; dim all else; point no more"),
    Key("f4,greater_than_sign", "play", "F4 >", "play steps like the last one, 1 a second; faster"),
    Key("less_than_sign", "slower", "<", "play more slowly; any move, space or esc stops"),
    Key("d", "variant(1)", "d", "what this panel shows: the next thing it can show", True),
    Key("D", "variant(-1)", "D", "what this panel shows: the one before", True),
    Key("left,h", "timestep(-1)", "← h", "timestep before; in UPDATE, parameter before", True),
    Key("right,l", "timestep(1)", "→ l", "next timestep; in UPDATE, next parameter", True),
    Key("up,k", "unit(-1)", "↑ k", "unit before; in UPDATE, tensor before; text: hotter", True),
    Key("down,j", "unit(1)", "↓ j", "next unit; in UPDATE, next tensor; text: cooler", True),
    Key("left_square_bracket", "layer(-1)", "[", "the layer below, of stacked ones"),
    Key("right_square_bracket", "layer(1)", "]", "the layer above; beyond the last: the cursor's"),
    Key("plus,equals_sign", "chart_zoom(1)", "+", "on a chart: less of x, around its cursor", True),
    Key("minus", "chart_zoom(-1)", "−", "on a chart: more of x; esc shows all", True),
    Key(
        "pageup",
        "operation(1)",
        "PgUp",
        "equation of the operation before; of weights: tensor before",
        True,
    ),
    Key(
        "pagedown",
        "operation(-1)",
        "PgDn",
        "equation of the next operation; of weights: next tensor",
        True,
    ),
    Key("shift+up,K", "terms(-1)", "⇧↑ K", "page before: of a table, of terms in zoom", True),
    Key("shift+down,J", "terms(1)", "⇧↓ J", "next page: of a table, of terms in zoom", True),
    Key("comma", "parameter(-1)", ",", "parameter before (its share, its update)", True),
    Key("full_stop", "parameter(1)", ".", "next parameter", True),
    Key("a", "swap", "a", "the other network (--versus): look at it and move it"),
    Key("x", "sample(1)", "x", "next sample of the batch", True),
    Key("v", "check_gradient(False)", "v", "check the selected parameter's gradient numerically"),
    Key("V", "check_gradient(True)", "V", "check the gradient of its whole tensor"),
    Key("w", "write", "w", "write a checkpoint"),
    Key(
        "quotation_mark,f6",
        "take_home",
        '" F6',
        "take it home: this panel or the screen as SVG, PNG, text; its numbers as CSV",
        opens=True,
    ),
    Key("question_mark,f1", "help", "? F1", "this help", opens=True),
    Key("escape", "escape", "esc", "drop a count, close, unselect, stop a counted walk"),
    Key("ctrl+z", "app.suspend_process", "ctrl+z", "suspend: to the shell, and back with fg"),
    LEAVE_KEY,
)

_USERS_ONLY = ("write", "take_home", "app.suspend_process")


def keys_for(guest: bool) -> tuple[Key, ...]:
    """Return the keys that do something: for a guest, without files and without a shell."""
    if not guest:
        return KEYS
    kept = (key for key in KEYS if key.action not in _USERS_ONLY)
    return tuple(replace(key, help="quit") if key is LEAVE_KEY else key for key in kept)


FOLLOWERS_ACTIONS = {
    "panel": "",
    "jump": "",
    "code": "",
    "zoom": "",
    "big": "",
    "pointer": "",
    "variant": "",
    "chart_zoom": "",
    "terms": "",
    "timestep": "on a chart: move its cursor; move your pointer",
    "unit": "move your pointer",
    "help": "",
    "escape": "drop a count; follow the presenter again",
    "leave": "quit",
    "digit": "",
}
"""The actions of one who follows, which change what is looked at and how; all others drive.

With what they do, where that is less than for who drives.
"""


def followers_keys() -> tuple[Key, ...]:
    """Return the keys that do something for one who follows the presenter."""
    named = ((key, key.action.partition("(")[0]) for key in KEYS)
    own = ((key, FOLLOWERS_ACTIONS[name]) for key, name in named if name in FOLLOWERS_ACTIONS)
    return tuple(replace(key, help=text or key.help) for key, text in own)


PALETTE_KEY = "ctrl+p"
OPENING_KEYS = frozenset(
    [PALETTE_KEY, *(name for key in KEYS if key.opens for name in key.keys.split(","))]
)

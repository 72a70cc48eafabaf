"""The page of docs about expressions, made of their declarations."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from rnn_tui.claims import window_functions
from rnn_tui.claims.functions import FUNCTIONS, OVER_TIME
from rnn_tui.claims.names import NAMES, Form

WIDTH = 100
CLAIMS = (
    Form("A < B  A <= B  A > B  A >= B  A != B", "with ≤ ≥ ≠ too; 0 < A < 1 is both"),
    Form("A = B", "exactly, to the last bit: for whole numbers, and what is exactly 0"),
    Form("A = B within 1e-12", "|A − B| is at most that"),
    Form("A within 5% of B", "|A − B| is at most 5 % of |B|; A = B within 5% is the same"),
    Form("A within 0.1 of B", "|A − B| is at most 0.1"),
    Form("for every t: A < B", "at every timestep; for every t from 2 to 20: … at some"),
    Form("CLAIM and CLAIM  CLAIM or CLAIM  not CLAIM", "with round brackets where needed"),
)
SIGNS = (
    Form("+ − · / ^", "or + - * / ^; ×, ÷, ⊙ and x² are understood; ^ comes before a minus"),
    Form("1e-3  5%  .5", "numbers; 5% is 0.05"),
    Form("‖x‖  √x", "norm(x), sqrt(x)"),
)
TEXTS = (
    Form("{loss}", "as the screen writes numbers: four significant digits"),
    Form("{loss:2}", "two significant digits"),
    Form("{loss:.2}", "two decimals"),
    Form("{dh_2[1]:+}", "with its sign"),
    Form("{accuracy:%}  {accuracy:.1%}", "as a percentage"),
    Form("{{  }}", "braces"),
)

ANSWERS = (
    Form("−.017  -0.017  1e-3", "digits; at least two of them, rightly rounded, are exact"),
    Form("1,5  1.234,5", "a decimal comma, and that is said; 1,234 could be two numbers: refused"),
    Form("76 %  7.5%", "0.76 and 0.075"),
    Form("2/3  0.5^19  .5²⁹  ln(8)", "is calculated, and exact where four digits are right"),
)
EXAMPLES = (
    Form("dh_2[1] = dh_y_2[1] + dh_next_2[1] within 1e-12", "both parts of a gradient"),
    Form("da_2[1] = dh_2[1]·(1 − h_2[1]²) within 1e-12", "through tanh"),
    Form("norm(dh_1)/norm(dh_20) within 5% of 0.8^19", "twenty timesteps with W_h = 0.8"),
    Form("dW_h[1,1] = sum(shares(W_h[1,1])) within 1e-12", "what all timesteps add"),
    Form("for every t from 2 to 20: norm(dh_<t-1>) < norm(dh_t)", "smaller with every step back"),
    Form("‖ΔW_h‖ within 1% of lr·√(size(W_h))", "the first step of Adagrad"),
)


def page() -> str:
    """Return the page docs/expressions.md."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterable[str]:
    yield "# Expressions and claims"
    yield ""
    yield from wrap(
        "How lessons, presentations and exercises name the numbers of a run: as the screen does. A "
        "subscript is a time, brackets are a unit or an entry. An expression is one of the present "
        "place; a value that the cursor has not reached is an error, never a number of the window "
        "before. Proofs are of the whole window. Nothing in an expression can run anything.",
        WIDTH,
    )
    yield from _table("Examples", EXAMPLES)
    yield from _table("Names", NAMES)
    yield from _table("Signs and numbers", SIGNS)
    functions = (Form(each.form, each.meaning) for each in FUNCTIONS.values())
    yield from _table("Functions", functions)
    yield from _table("Over time", OVER_TIME)
    yield ""
    yield "In what is over t, `h_t[1]` is at that timestep and `h_<t-1>[1]` at the one before."
    of_places = (Form(each.form, each.meaning) for each in window_functions.FUNCTIONS.values())
    yield from _table("Functions of a weight or of a timestep", of_places)
    yield ""
    yield from wrap(
        "`versus.` before a name or a function is of the second network: `versus.loss`, "
        "`versus.norm(dh_1)`.",
        WIDTH,
    )
    yield from _table("Claims", CLAIMS)
    yield ""
    yield (
        "Of arrays every entry has to meet a claim. With a number that is not finite none holds, "
        "and no `not` of it."
    )
    yield from _table("Numbers in texts", TEXTS)
    yield from _table("Numbers that learners type", ANSWERS)


def _table(title: str, forms: Iterable[Form]) -> Iterable[str]:
    """Yield a heading and a table."""
    yield ""
    yield f"## {title}"
    yield ""
    yield "| form | meaning |"
    yield "|---|---|"
    for form, meaning in forms:
        written = " ".join(f"`{_cell(each)}`" for each in form.split("  "))
        yield f"| {written} | {_cell(meaning)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

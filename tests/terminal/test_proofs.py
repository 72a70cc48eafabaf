"""Proofs in the real program: a gradient check, the ledger's sum, a long check that is stopped."""

from __future__ import annotations

import re

from terminal.program import program

NUMBER = r"[+−][\d.]+(?:e[−\d]+)?"


def value(text: str) -> float:
    """Return the number that is shown with a typographical minus."""
    return float(text.replace("−", "-"))


def test_v_in_the_backward_pass_checks_the_selected_weight() -> None:
    with program("--cell", "lstm") as one:
        one.reach("3u", "UPDATE", 3)
        one.reach("25n", "BACKWARD t=18/20")
        one.send("v")
        text = one.wait_for(lambda text: "agrees" in text)
        assert re.search(r"══ proof of dW_ho\[1,1\]", text)  # gates are stored o, i, f, g
        assert "complex step" in text
        found = re.search(r"relative error +(\S+)", text)
        assert found is not None, text
        assert value(found[1]) < 1e-3
        numbers = [
            re.search(rf"{label} +({NUMBER})", text) for label in ("backpropagation", "numeric")
        ]
        analytic, numeric = (value(match[1]) for match in numbers if match)
        assert abs(analytic - numeric) < 1e-3 * abs(numeric)
        one.send("n")
        one.until(lambda h: h.place == "BACKWARD t=17/20")
        one.wait_for(lambda text: "agrees" not in text)


def test_the_ledger_adds_up_to_the_gradient_that_is_shown() -> None:
    with program() as one:
        one.reach("2u", "UPDATE", 2)
        one.focus("ledger of")
        one.reach("fffff", "CLIP")
        text = one.settled()
        total = re.search(rf"= Σ = ({NUMBER})", text)
        shown = re.search(rf"dW_h\[1,1\] ({NUMBER}) →", text)
        assert total is not None, text
        assert shown is not None, text
        assert total[1] == shown[1]


def test_esc_stops_a_long_check_and_the_program_answers_at_once() -> None:
    with program("--cell", "lstm", "--hidden", "64") as one:
        one.reach("u", "UPDATE", 1)
        one.send("V")
        one.wait_for(lambda text: re.search(r"checking .* [1-9]\d* %", text) is not None, 20)
        one.key("escape")
        one.wait_for(lambda text: "checking" not in text)
        assert "agrees" not in one.text()  # it has not come to its end
        one.settled()  # not a byte more
        one.reach("n", "BATCH")

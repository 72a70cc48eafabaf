"""The drill's networks and questions, without a screen."""

from __future__ import annotations

import re

import numpy as np
import pytest

from rnn_tui.exercises.drill import QUESTIONS, Round, draw_round, levels_of
from rnn_tui.exercises.mastery import FILE, Answered, Mastery, read_mastery, write_mastery
from rnn_tui.exercises.networks import LEARNING_RATE, SATURATED, all_operations, draw_network
from rnn_tui.exercises.questions import LEVELS, WHOLE_STEP, questions_of
from rnn_tui.exercises.spelling import Spelling
from rnn_tui.files.state_folder import state_folder
from rnn_tui.lessons.checking import played_steps
from rnn_tui.lessons.evaluation import StepEvaluation
from rnn_tui.lessons.run import LessonRun
from rnn_tui.number_text import COVERED, number
from rnn_tui.registry import CELLS
from rnn_tui.tui.lesson.covering import covered_text
from rnn_tui.tui.lesson.view import Covered


@pytest.mark.parametrize("cell", CELLS.names)
def test_numbers_have_one_digit_and_nothing_is_saturated(cell: str) -> None:
    network = draw_network(cell, "sgd", np.random.default_rng(1), most_units=2)
    trainer = network.trainer()
    arrays = [trainer.parameters, network.case.x, network.case.target, *network.case.start.values()]
    for array in arrays:
        assert np.array_equal(np.round(array, 1), array)
        assert (array != 0).all()
    spans = {row.symbol: row.span for row in trainer.network.declaration.rows}
    for t, values in network.values.items():
        for operation in all_operations(trainer, t):
            if span := spans.get(operation.symbol):
                low, high = span
                share = (values[operation.symbol] - low) / (high - low)
                assert (share >= 1 - SATURATED).all()
                assert (share <= SATURATED).all()


OFTEN = ("lstm-peephole", "neuron")  # tried in CI; the others by -m long


@pytest.mark.parametrize(
    "cell",
    [each if each in OFTEN else pytest.param(each, marks=pytest.mark.long) for each in CELLS.names],
)
def test_every_level_of_every_cell_asks_for_numbers_that_can_be_computed(cell: str) -> None:
    for level in levels_of(cell):
        round_ = draw_round(cell, level, 3)
        assert len(round_.questions) >= 2
        if level != WHOLE_STEP:
            assert {each.level for each in round_.questions} == {level}
        else:
            assert {each.level for each in round_.questions} >= {1, 2, 3, 5, 6}
        for question in round_.questions:
            assert round_.network.is_good(question.answer)
        assert len(round_.lesson.steps) == len(round_.questions)


def test_the_same_seed_asks_the_same_and_another_one_something_else() -> None:
    first, same, other = (draw_round("gru", 4, seed) for seed in (5, 5, 6))
    assert first.lesson == same.lesson
    assert [each.answer for each in first.questions] == [each.answer for each in same.questions]
    assert [each.answer for each in first.questions] != [each.answer for each in other.questions]


@pytest.mark.parametrize("cell", CELLS.names)
def test_equations_in_numbers_are_those_of_the_declaration(cell: str) -> None:
    """What a hint spells, evaluated as a calculator would, is the number itself."""
    network = draw_network(cell, "sgd", np.random.default_rng(2), most_units=2)
    trainer = network.trainer()
    for t in network.values:
        for operation in all_operations(trainer, t):
            for unit in range(1, network.values[t][operation.symbol].shape[-1] + 1):
                spelling = Spelling.at(network, t, unit)
                spelled = spelling.in_numbers(operation.expression)
                value = _evaluate(spelled, network.values[t], t)
                assert value == pytest.approx(network.number(operation.symbol, t, unit), rel=1e-9)


def _evaluate(text: str, values: dict[str, np.ndarray], t: int) -> float:
    """Evaluate a spelled equation: numbers by name, with Python's own precedences."""
    names = {}
    for symbol, array in values.items():
        probe = Spelling(values, frozenset(s for s in values if _timeless(s)), t, 1)
        if array.ndim == 0:
            names[f"{{{symbol}}}"] = float(array)
            continue
        parameter = _timeless(symbol)
        entries = np.ndindex(array.shape) if parameter else np.ndindex(array.shape[1:])
        for entry in entries:
            name = probe.name(symbol, *(k + 1 for k in entry))
            names[f"{{{name}}}"] = float(array[entry] if parameter else array[0][entry])
    for name, value in names.items():
        text = text.replace(name, f"({value!r})")
    text = text.replace("²", "**2").replace("·", "*").replace("−", "-").replace("σ(", "sigma(")
    scope = {"sigma": lambda a: 1 / (1 + np.exp(-a)), "tanh": np.tanh}
    return float(eval(text, {"__builtins__": {}}, scope))


def _timeless(symbol: str) -> bool:
    return symbol[:2] in ("W_", "b_", "p_") or symbol in ("b", "N")


def test_the_gradient_of_a_weight_is_the_sum_that_its_hint_spells() -> None:
    for cell in ("lstm-peephole", "gru-reset-before"):
        network = draw_network(cell, "sgd", np.random.default_rng(4), most_units=2)
        questions = [each for each in questions_of(network, "sgd") if each.level == 5]
        skills = {each.skill for each in questions}
        assert f"{cell} dW_h" in skills
        for question in questions:
            ask = question.step.ask
            assert ask is not None
            total = 0.0
            for t in network.values:
                names = ask.hint.split(": ")[1].split(" + ")[t - 1]
                total += _evaluate(names, network.values[t] | _before(network.values, t), t)
            assert total == pytest.approx(question.answer, rel=1e-9)


def _before(values: dict[int, dict[str, np.ndarray]], t: int) -> dict[str, np.ndarray]:
    return {symbol: values[t][symbol] for symbol in ("h_<t-1>",)}


@pytest.mark.parametrize(("cell", "level"), [("rnn", 4), ("lstm", 7), ("neuron", 6)])
def test_a_session_gives_every_right_answer_to_the_last_bit(cell: str, level: int) -> None:
    assert mismatches(cell, level, 7) == []


@pytest.mark.long
def test_many_sessions_give_every_right_answer_to_the_last_bit() -> None:
    count = 0
    for cell in CELLS.names:
        for level in levels_of(cell):
            for seed in range(20):
                assert mismatches(cell, level, seed) == []
                count += len(draw_round(cell, level, seed).questions)
    print(f"{count:,} questions, each answered by a session as by its equation")


def mismatches(cell: str, level: int, seed: int) -> list[str]:
    """Play a round; return what a session says otherwise than the question does."""
    drawn = draw_round(cell, level, seed)
    played = played_steps(drawn.lesson, run=LessonRun(drawn.network.trainer()))
    wrong = []
    for question, (_, evaluation) in zip(drawn.questions, played, strict=True):
        if evaluation.mistakes or evaluation.answer != question.answer:
            wrong.append(f"{question.name}: {evaluation.answer}, not {question.answer}")
        if "{" in evaluation.hint + evaluation.reveal:
            wrong.append(evaluation.hint)
    return wrong


@pytest.mark.parametrize(("cell", "seed"), [("rnn", 2), ("rnn", 3), ("lstm", 1)])
def test_the_step_of_an_optimizer_can_be_computed_from_what_is_asked(cell: str, seed: int) -> None:
    """The old weight would be near the new one, so the change is asked for."""
    drawn = draw_round(cell, 6, seed)
    for question, filled in zip(drawn.questions, filled_steps(drawn), strict=True):
        assert question.name.startswith("Δ")
        given = [float(each.replace("−", "-")) for each in re.findall(GIVEN, filled.question)]
        change = -LEARNING_RATE * given[0]
        if len(given) > 1:
            change /= np.sqrt(given[1] + given[0] ** 2)
        assert change == pytest.approx(question.answer, rel=2e-3)


GIVEN = r"(?<= is )−?\d+(?:\.\d+)?(?:e−\d+)?"


def test_a_question_says_what_stands_in_no_row() -> None:
    drawn = draw_round("lstm", 3, 4)
    asked = {
        each.name: filled.question
        for each, filled in zip(drawn.questions, filled_steps(drawn), strict=True)
    }
    target = drawn.network.number("target_t", 2, 1)
    assert f"target_2 is {number(target)}, N is " in asked["dy_2[1]"]


@pytest.mark.parametrize(("cell", "level"), [("lstm-peephole", 1), ("gru-reset-before", 7)])
def test_no_question_covers_a_number_that_it_gives(cell: str, level: int) -> None:
    assert covered_questions(cell, level, 0) == []


@pytest.mark.long
def test_none_of_many_questions_covers_a_number_that_it_gives() -> None:
    for cell in CELLS.names:
        for level in levels_of(cell):
            for seed in range(20):
                assert covered_questions(cell, level, seed) == []


def covered_questions(cell: str, level: int, seed: int) -> list[str]:
    """Return the questions and hints of a round in which a number is covered."""
    drawn = draw_round(cell, level, seed)
    return [
        f"{cell}, level {level}, seed {seed}: {covered}"
        for question, filled in zip(drawn.questions, filled_steps(drawn), strict=True)
        for text in (filled.say, filled.question, filled.hint)
        if COVERED in (covered := covered_text(text, Covered(filled.covered, (question.name,))))
    ]


def filled_steps(drawn: Round) -> list[StepEvaluation]:
    """Return the steps of a round with their numbers."""
    played = played_steps(drawn.lesson, run=LessonRun(drawn.network.trainer()))
    return [evaluation for _, evaluation in played]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_what_gates_send_back_has_few_products(cell: str) -> None:
    for seed in range(2):
        drawn = draw_round(cell, 4, seed)
        assert drawn.network.case.hidden == 1
        assert len(drawn.questions) == QUESTIONS


def test_what_went_wrong_comes_again_until_it_is_right() -> None:
    first = draw_round("lstm", 3, 1)
    missed = next(each for each in first.questions if each.skill == "lstm da_f")
    mastery = Mastery().after("lstm", [Answered(missed, False)])
    assert mastery.due == ("lstm da_f",)
    for seed in range(2):
        again = draw_round("lstm", 2, seed, mastery=mastery)
        assert any(each.skill == "lstm da_f" for each in again.questions)
    assert mastery.after("lstm", [Answered(missed, True)]).due == ()


def test_a_level_is_mastered_after_three_right_answers_in_a_row() -> None:
    question = draw_round("rnn", 1, 1).questions[0]
    right, wrong = Answered(question, True), Answered(question, False)
    mastery = Mastery().after("rnn", [right, right])
    assert mastery.next_level("rnn", levels_of("rnn")) == 1
    assert mastery.after("rnn", [right]).next_level("rnn", levels_of("rnn")) == 2
    assert mastery.after("rnn", [wrong, right, right]).next_level("rnn", levels_of("rnn")) == 1
    assert mastery.after("rnn", [right]).next_level("lstm", levels_of("lstm")) == 1
    text = "\n".join(mastery.after("rnn", [right]).lines("rnn", levels_of("rnn")))
    assert "mastered" in text
    assert LEVELS[7] in text


def test_what_is_mastered_is_kept_and_a_damaged_file_is_moved_aside() -> None:
    question = draw_round("rnn", 1, 1).questions[0]
    mastery = Mastery().after("rnn", [Answered(question, False)])
    assert read_mastery() == (Mastery(), "")
    write_mastery(mastery)
    assert read_mastery() == (mastery, "")
    for damage in ('{"answers": 1', '{"answers": {"rnn 1": "12"}, "due": []}', "[" * 90_000, "NaN"):
        path = state_folder() / FILE
        path.write_text(damage)
        kept, said = read_mastery()
        assert kept == Mastery()
        assert "damaged" in said
        assert (state_folder() / "drill.damaged.json").read_text() == damage
        assert not path.exists()

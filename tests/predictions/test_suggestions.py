"""Words to type next: their probabilities are the network's, and the units' shares add up."""

from __future__ import annotations

import math
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from rnn_tui.engine.analysis.sampling import SymbolSampler, probabilities
from rnn_tui.engine.core.background_work import Work, complete
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.predictions.predictor import Predictor
from rnn_tui.predictions.results import Suggestion, TextRequest, TextSample
from rnn_tui.predictions.suggestions import SUGGESTED, decide, spelled_suggestions
from rnn_tui.settings import Value, compose
from rnn_tui.tasks.text import TextTask
from rnn_tui.tasks.tokens import TypedText, Vocabulary, ends_word, read_typed


def trained(place: Path, text: str, updates: int = 5, **rest: Value) -> Trainer:
    place.write_text(text, encoding="utf-8")
    chosen: dict[str, Value] = {"task": "text", "data": str(place), "hidden": 8, "steps": 4}
    trainer = Trainer(compose({**chosen, "batch": 2, **rest}))
    trainer.run(updates)
    return trainer


def vocabulary_of(trainer: Trainer) -> Vocabulary:
    assert isinstance(trainer.task, TextTask)
    return trainer.task.vocabulary


def answer_to(trainer: Trainer, typed: TypedText, start: int, temperature: float) -> TextSample:
    predictor = Predictor(trainer)
    request = TextRequest(
        prompt=typed.codes or (start,),
        temperature=temperature,
        beginning=typed.beginning,
        first=typed.first,
    )
    predictor.request(trainer, False, request, 0)
    while predictor.busy:
        predictor.work(0.01)
    assert predictor.answer is not None
    return predictor.answer


WORDS = "the river runs, the rain rests\nand the roads ran red. thereby the end\n" * 9


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru", "lstm-peephole"])
@pytest.mark.parametrize("layers", [1, 2])
def test_a_decision_adds_up(tmp_path: Path, cell: str, layers: int) -> None:
    trainer = trained(tmp_path / "a", WORDS, tokens="words", cell=cell, layers=layers)
    sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
    sampler.read((0, 3, 2))
    y = sampler.outputs()
    decision = decide(sampler, 4, 1)
    assert decision is not None
    assert decision.difference == pytest.approx(float(y[4] - y[1]), rel=1e-4, abs=1e-6)
    total = sum(each.share for each in decision.shares) + decision.rest
    assert total == pytest.approx(decision.difference)
    sizes = [abs(each.share) for each in decision.shares]
    assert sizes == sorted(sizes, reverse=True)
    for share in decision.shares:
        assert len(share.gates) == {"rnn": 0, "gru": 2}.get(cell, 3)
        assert all(0 < value < 1 for _, value in share.gates)


def test_gates_are_those_of_the_last_symbol(tmp_path: Path) -> None:
    """The same as in a window in which the symbols are read one after the other."""
    trainer = trained(tmp_path / "a", WORDS, tokens="words", cell="lstm")
    sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
    sampler.read((0, 3, 2, 5))
    decision = decide(sampler, 4, 1)
    network = trainer.network
    network.inputs[:, 0] = (0, 3, 2, 5)
    network.encode()
    network.set_state(None)
    network.forward(1, 4)
    assert decision is not None
    for share in decision.shares:
        for gate, value in share.gates:
            expected = network.values(4)[f"{gate}_t"][0, share.unit]
            assert value == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("temperature", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("text", ["the r", "the ", "the", "a", "th", "and the river", "red."])
def test_words_complete_what_is_typed(tmp_path: Path, text: str, temperature: float) -> None:
    trainer = trained(tmp_path / "a", WORDS, tokens="words")
    vocabulary = vocabulary_of(trainer)
    typed = read_typed(text, vocabulary)
    assert not typed.refused
    start = vocabulary.codes()["\n"]
    answer = answer_to(trainer, typed, start, temperature)
    sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
    sampler.read(typed.codes or (start,))
    y = sampler.outputs()
    starts = (typed.beginning, f" {typed.beginning}") if typed.first else (typed.beginning,)
    fits = np.array([each.startswith(starts) for each in vocabulary.texts])
    p = probabilities(y, 1.0)
    assert answer.share == pytest.approx(p[fits].sum())
    expected = np.zeros(len(p))
    expected[fits] = probabilities(y[fits], temperature)
    for each in answer.next:
        assert each.probability == pytest.approx(expected[each.code])
    assert 1 <= len(answer.suggestions) <= SUGGESTED
    for suggestion in answer.suggestions:
        assert suggestion.probability == pytest.approx(expected[suggestion.codes[0]])
        assert suggestion.text.startswith(starts)
        assert suggestion.text.strip()
    assert vocabulary.texts[answer.text[0].code].startswith(starts)


def test_a_token_for_all_others_is_not_suggested(tmp_path: Path) -> None:
    trainer = trained(tmp_path / "a", WORDS, tokens="words", vocabulary=3)
    vocabulary = vocabulary_of(trainer)
    typed = read_typed("zebra crossing ", vocabulary)
    assert typed.codes == (vocabulary.unknown,) * 2
    assert typed.others == ("zebra", " crossing")
    answer = answer_to(trainer, typed, 0, 1.0)
    assert vocabulary.unknown not in [each.codes[0] for each in answer.suggestions]


def test_characters_spell_the_likeliest_words(tmp_path: Path) -> None:
    """Where words are short, all of them can be tried."""
    trainer = trained(tmp_path / "a", "ab ba a b\n" * 30, updates=150, hidden=6)
    vocabulary = vocabulary_of(trainer)
    codes = vocabulary.codes()
    read = tuple(codes[each] for each in "ab b")

    def p_of(word: str, after: tuple[int, ...]) -> float:
        sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
        sampler.read(after)
        total = 1.0
        for each in word:
            total *= float(probabilities(sampler.outputs())[codes[each]])
            sampler.read((codes[each],))
        p = probabilities(sampler.outputs())
        return total * sum(float(p[codes[each]]) for each in codes if ends_word(each))

    letters = [each for each in codes if not ends_word(each)]
    spelled = ["".join(each) for n in (1, 2, 3, 4) for each in product(letters, repeat=n)]
    everything = sorted(
        ((p_of(each, read), each) for each in (*spelled, *(f" {each}" for each in spelled))),
        reverse=True,
    )
    sampler = SymbolSampler(trainer.architecture, trainer.parameters.copy())
    sampler.read(read)
    found = complete(spelled_suggestions(sampler, vocabulary, read, 1.0))
    assert [each.text for each in found] == [word for _, word in everything[:SUGGESTED]]
    for each, (p, _) in zip(found, everything, strict=False):
        assert each.probability == pytest.approx(p, rel=1e-4)
        assert each.word == (each.text if each.text[0] == " " else f"b{each.text}")


def test_no_word_is_made_of_what_shows_nothing(tmp_path: Path) -> None:
    text = "I 👨\u200d👩\u200d👧 lo\u200dve ☀\ufe0f e\u0301 \u0301!\n"
    trainer = trained(tmp_path / "a", text * 9)
    vocabulary = vocabulary_of(trainer)
    for typed in ("I ", "I 👨", "I 👨\u200d", "lo", "lo\u200d"):
        answer = answer_to(trainer, read_typed(typed, vocabulary), 0, 1.0)
        for word in (each.word for each in answer.suggestions):
            body = word.removeprefix(" ")
            assert body[0].isalpha()
            assert body[-1] != "\u200d"
            assert "\u200d\u200d" not in word
            assert "\ufe0f" not in word


@pytest.mark.parametrize("tokens", ["chars", "words"])
def test_suggestions_change_nothing_of_what_is_written(tmp_path: Path, tokens: str) -> None:
    trainer = trained(tmp_path / "a", WORDS, tokens=tokens)
    vocabulary = vocabulary_of(trainer)
    typed = read_typed("the river.", vocabulary)
    answer = answer_to(trainer, typed, 0, 1.0)
    plain = Predictor(trainer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnn_tui.predictions.text_job.TextJob._suggested", _nothing)
        plain.request(trainer, False, TextRequest(prompt=typed.codes), 0)
        while plain.busy:
            plain.work(0.01)
    assert plain.answer is not None
    assert plain.answer.text == answer.text


def _nothing(*_: object) -> Work[tuple[Suggestion, ...]]:
    yield from ()
    return ()


def test_a_network_that_has_diverged_suggests_nothing(tmp_path: Path) -> None:
    for tokens in ("words", "chars"):
        trainer = trained(tmp_path / "a", WORDS, tokens=tokens)
        trainer.parameters[...] = math.nan
        answer = answer_to(trainer, read_typed("the ", vocabulary_of(trainer)), 0, 1.0)
        assert (answer.suggestions, answer.next) == ((), ())
        assert answer.decision is None

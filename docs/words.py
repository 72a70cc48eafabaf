"""A text of a megabyte, and what a network of words makes of it: a table of perplexities.

    python docs/words.py                 trains on the text made here, and prints a row
    python docs/words.py --make FILE     writes that text
    python docs/words.py FILE …          trains on other texts, too

The text is written by a small grammar with a seed, so it is the same everywhere and belongs to
nobody: paragraphs that keep to their topic, subjects and verbs that agree over what stands between
them, rare words by Zipf's law. A bigram sees one word; the network has to do better by what it
remembers. On two cores a row takes some minutes.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # before NumPy is imported
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rnn_tui.engine.training.trainer import Trainer  # noqa: E402 - after the path
from rnn_tui.settings import Value, compose  # noqa: E402
from rnn_tui.tasks.text import TextTask  # noqa: E402
from rnn_tui.train import summarise, train  # noqa: E402

SIZE = 1_000_000
SETTINGS: dict[str, Value] = {
    "task": "text",
    "tokens": "words",
    "vocabulary": 5000,
    "hidden": 128,
    "batch": 16,
}
UPDATES = 1_000
_STEMS = """
river stone bridge mill field wood hill rain wind water snow fire house door window garden path boat
bread salt corn wool iron copper glass clay paper book bell lamp clock wheel horse goat sheep fish
bird bee hand eye heart word song night day moon sun star sea harbour market street wall roof tower
well yard barn cellar kitchen table basket rope sail oar net
"""
_VERBS = """
carry hold open close find keep lose follow cross reach leave build mend paint wash cut bring send
call hear watch remember forget count measure weigh fill empty lift lower turn pull push warm cool
light cover gather scatter sell trade borrow guard
"""
_ADJECTIVES = """
old new small large slow quick quiet loud dark bright cold warm wet dry heavy light long short
narrow wide deep empty full clean broken patient careful tired early late strange plain
"""
_NAMES = "Anna Bruno Clara David Elena Felix Greta Hugo Ida Jonas Klara Leo Marta Nils Olga"
_TIMES = "In the morning,At night,After the rain,Every spring,That evening,Before winter"
_PLACES = "by the river,behind the mill,at the market,near the harbour,on the hill"


def made_text(size: int = SIZE, seed: int = 0) -> str:
    """Return a text of about so many characters; the same seed makes the same text."""
    random = Random(seed)
    stems = _STEMS.split()
    compounds = [f"{one}{other}" for one in stems for other in stems if one != other]
    random.shuffle(compounds)
    nouns = [*stems, *compounds]
    weights = [1 / (rank + 3) for rank in range(len(nouns))]
    parts: list[str] = []
    length = 0
    while length < size:
        topic = random.choices(nouns, weights, k=14)
        verbs, names = random.sample(_VERBS.split(), 8), random.sample(_NAMES.split(), 2)
        sentences = [_sentence(random, topic, verbs, names) for _ in range(random.randint(6, 12))]
        parts.append(" ".join(sentences))
        length += len(parts[-1]) + 1
    return "\n".join(parts) + "\n"


def _sentence(
    random: Random, nouns: Sequence[str], verbs: Sequence[str], names: Sequence[str]
) -> str:
    """Return a sentence whose verb agrees with its subject, whatever stands between them."""
    subject, plural = _subject(random, nouns, names)
    verb = random.choice(verbs)
    object_ = _noun_phrase(random, random.choice(nouns), random.random() < 0.4)
    words = [subject, verb if plural else _third_person(verb), object_]
    if random.random() < 0.3:
        words.append(random.choice(_PLACES.split(",")))
    if random.random() < 0.25:
        other, others = _subject(random, nouns, names)
        verb = random.choice(verbs)
        words[-1] += ","
        words += ["and", other, verb if others else _third_person(verb), "it"]
    text = " ".join(words)
    if random.random() < 0.2:
        text = f"{random.choice(_TIMES.split(','))} {text}"
    return f"{text[0].upper()}{text[1:]}."


def _subject(random: Random, nouns: Sequence[str], names: Sequence[str]) -> tuple[str, bool]:
    """Return a subject, and whether it is plural."""
    if random.random() < 0.3:
        return random.choice(names), False
    plural = random.random() < 0.5
    phrase = _noun_phrase(random, random.choice(nouns), plural)
    if random.random() < 0.35:  # of another number, often
        phrase += f" of {_noun_phrase(random, random.choice(nouns), random.random() < 0.5)}"
    return phrase, plural


def _noun_phrase(random: Random, noun: str, plural: bool) -> str:
    """Return a noun with its article and, at times, an adjective."""
    article = random.choice(("the", "the", "some" if plural else "a"))
    adjective = f" {random.choice(_ADJECTIVES.split())}" if random.random() < 0.35 else ""
    return f"{article}{adjective} {_plural(noun) if plural else noun}"


def _plural(noun: str) -> str:
    return f"{noun}es" if noun.endswith(("s", "sh", "ch", "x")) else f"{noun}s"


def _third_person(verb: str) -> str:
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return _plural(verb)


def rows(texts: Sequence[tuple[str, Path]], updates: int) -> Iterator[str]:
    """Train on each text, named, and yield the rows of the table."""
    yield "| text | words, different | unigram | bigram | LSTM | updates/s | s |"
    yield "|---|---|---|---|---|---|---|"
    for name, path in texts:
        trainer = Trainer(compose({**SETTINGS, "data": str(path)}))
        task = trainer.task
        assert isinstance(task, TextTask)
        began = time.perf_counter()
        progress = train(trainer, updates)
        test = summarise(trainer, progress).test
        seconds = time.perf_counter() - began
        report = task.data_report()
        assert report is not None
        one, two = (math.exp(task.test_baselines[each]) for each in ("unigram", "bigram"))
        counts = f"{report.values:,}, {report.different:,}"
        speed = f"{progress.per_second:.0f} | {seconds:.0f}"
        yield f"| {name} | {counts} | {one:.0f} | {two:.0f} | {test.perplexity:.0f} | {speed} |"


def main() -> None:
    """Write the text, or the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--make", metavar="FILE", help="write the text, and no more")
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("texts", nargs="*", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    if chosen.make:
        Path(chosen.make).write_text(made_text(), encoding="utf-8")
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "made.txt")
        made.write_text(made_text(), encoding="utf-8")
        texts = [("made here", made), *((each.name, each) for each in chosen.texts)]
        for row in rows(texts, chosen.updates):
            print(row, flush=True)


if __name__ == "__main__":
    main()

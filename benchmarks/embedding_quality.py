"""How good vectors are: the time that the answer takes, and the answer itself, mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from embeddings.errors import InputError
from embeddings.evaluation import evaluate_analogies, evaluate_similarity, read_pairs, read_questions
from embeddings.vectors import Vectors

from . import embedding_glove, embedding_word2vec
from .embedding_bench import Bench, Row, Rows, mean_and_std, timed
from .embedding_glove import ITERATIONS, NO_PEER, PEER, Program
from .embedding_word2vec import GENSIM_RATE, OUR_RATE, WAYS

QUESTIONS = "questions-words.txt"
PAIRS = {"ws353": "EN-WS-353-ALL.txt", "simlex999": "EN-SIMLEX-999.txt", "men": "EN-MEN-TR-3k.txt"}
MOST_FREQUENT = 30_000
EPOCHS = 3
"""Of word2vec."""
Scores = dict[str, float | None]


def check(folder: Path) -> None:
    """Refuses a folder that lacks a file, before hours are spent.

    Raises:
        InputError: Naming the file.
    """
    for name in (QUESTIONS, *PAIRS.values()):
        if not (folder / name).is_file():
            raise InputError("no such file; give the folder that holds it by --evaluation", folder / name)


def evaluation(bench: Bench) -> Rows:
    """Seconds for Google's whole set over 30,000 words, and the shares of correct answers, which must be equal."""
    path = bench.options.evaluation / QUESTIONS
    keyed = embedding_word2vec.vectors(bench, WAYS["skipgram_negative"], epochs=1, seed=1).to_gensim()
    correct: dict[str, float] = {}

    def ours() -> None:
        report = evaluate_analogies(keyed, read_questions(path), MOST_FREQUENT)
        correct["ours"] = 100 * (report.total.accuracy or 0)

    def peer() -> None:
        correct["peer"] = 100 * keyed.evaluate_word_analogies(str(path), restrict_vocab=MOST_FREQUENT)[0]

    name = "gensim evaluate_word_analogies"
    row = bench.compare("evaluation", "s", lambda: timed(ours), lambda: timed(peer), name)
    return {"evaluation": row, "evaluation_correct": Row(correct["ours"], correct["peer"], name, "%")}


def word2vec(bench: Bench, name: str) -> Rows:
    """Ours at its learning rate, beside gensim at its own, and beside gensim at ours."""
    way = WAYS[name]

    def peer(rate: float, seed: int) -> Vectors:
        trained = embedding_word2vec.gensim(bench, way, rate, seed)
        embedding_word2vec.run_gensim(trained, bench, EPOCHS)
        return Vectors.from_gensim(trained.wv)

    about = f"quality_{name}"
    ours = over_seeds(bench, f"{about}: ours", lambda seed: embedding_word2vec.vectors(bench, way, EPOCHS, seed))
    rows: Rows = {}
    for ending, rate in (("", GENSIM_RATE), ("_same_rate", OUR_RATE)):
        label = f"gensim, learning rate {rate}"
        theirs = over_seeds(bench, f"{about}: {label}", lambda seed, rate=rate: peer(rate, seed))  # type: ignore[misc]
        rows |= dict(beside(about, ending, ours, theirs, label))
    return rows


def glove(bench: Bench, peer: Program | None) -> Rows:
    """Ours after 15 iterations, beside the program's, which is trained once."""
    label = f"{PEER}, one seed" if peer else NO_PEER
    about = f"quality_glove: ours, {ITERATIONS} iterations"
    ours = over_seeds(bench, about, lambda seed: embedding_glove.vectors(bench, seed))
    theirs = [scores(bench, peer.vectors)] if peer else []
    return dict(beside("quality_glove", "", ours, theirs, label))


def over_seeds(bench: Bench, about: str, train: Callable[[int], Vectors]) -> list[Scores]:
    """Scores of vectors trained with each seed."""
    found = []
    for seed in range(1, bench.options.seeds + 1):
        found.append(scores(bench, train(seed)))
        told = (f"{name} {score:.3f}" for name, score in found[-1].items() if score is not None)
        bench.say(f"{about}, seed {seed}: {', '.join(told)}")
    return found


def scores(bench: Bench, vectors: Vectors) -> Scores:
    """Per cent of analogies, and Spearman's rank correlations; None where nothing is known."""
    folder, keyed = bench.options.evaluation, vectors.to_gensim()
    total = evaluate_analogies(keyed, read_questions(folder / QUESTIONS), MOST_FREQUENT).total.accuracy
    found: Scores = {"analogies": None if total is None else 100 * total}
    for name, file in PAIRS.items():
        found[name] = evaluate_similarity(keyed, read_pairs(folder / file)).spearman
    return found


def beside(about: str, ending: str, ours: list[Scores], peer: list[Scores], label: str) -> Iterator[tuple[str, Row]]:
    """A row for each test that has a score."""
    for test in ("analogies", *PAIRS):
        mine, others = known(ours, test), known(peer, test)
        if mine:
            mean, std = mean_and_std(mine)
            facts: dict[str, Any] = {"ours_std": std}
            other, facts["peer_std"] = mean_and_std(others) if others else (None, None)
            yield f"{about}_{test}{ending}", Row(mean, other, label, "%" if test == "analogies" else "rho", **facts)


def known(all_scores: list[Scores], test: str) -> list[float]:
    """A test's scores."""
    return [score for scores in all_scores if (score := scores[test]) is not None]

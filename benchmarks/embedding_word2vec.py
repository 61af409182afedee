"""word2vec beside gensim in its fast mode, `corpus_file`: the same file, settings and threads."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embeddings.corpus import Corpus, encode
from embeddings.settings import DEFAULTS
from embeddings.vectors import Vectors
from embeddings.word2vec.training import Word2Vec

from .embedding_bench import DIMENSIONS, RULES, Bench, Rows, timed

if TYPE_CHECKING:
    from gensim.models import Word2Vec as Gensim

WINDOW, NEGATIVES, SAMPLE = 5, 5, 1e-4
OUR_RATE, GENSIM_RATE = DEFAULTS["skipgram"]["learning_rate"], 0.025
"""The defaults of each."""


@dataclass(frozen=True)
class Way:
    """An architecture and a loss, as ours and as gensim names them."""

    architecture: str
    loss: str
    gensim: dict[str, int]


WAYS = {
    "skipgram_negative": Way("skipgram", "negative", {"sg": 1, "hs": 0, "negative": NEGATIVES}),
    "cbow_negative": Way("cbow", "negative", {"sg": 0, "hs": 0, "negative": NEGATIVES}),
    "skipgram_hierarchical": Way("skipgram", "hierarchical", {"sg": 1, "hs": 1, "negative": 0}),
}


def vocabulary(bench: Bench) -> Rows:
    """Seconds from the text to a model that can be trained: vocabulary and ids here, vocabulary there."""
    way, again = WAYS["skipgram_negative"], bench.folder / "again"

    def ours() -> object:
        return model(encode(str(bench.text), RULES, again), way)

    def peer() -> object:
        return gensim(bench, way)

    encode("sample", RULES, again)
    row = bench.compare("vocabulary", "s", lambda: timed(ours), lambda: timed(peer), "gensim build_vocab(corpus_file)")
    return {"vocabulary": row}


def speed(bench: Bench, name: str) -> Rows:
    """Words of the text a second of training alone, those counted that are rare or passed over."""
    way, epochs, corpus = WAYS[name], bench.options.epochs, bench.corpus
    words = corpus.tokens * epochs
    warm_up(corpus, way, bench.pool)
    peer = gensim(bench, way)

    def ours() -> float:
        fresh = model(corpus, way, epochs)
        return words / timed(lambda: run(fresh, bench.pool))

    def theirs() -> float:
        peer.init_weights()
        return words / timed(lambda: run_gensim(peer, bench, epochs))

    return {name: bench.compare(name, "words/s", ours, theirs, "gensim, corpus_file")}


def model(corpus: Corpus, way: Way, epochs: int = 1, seed: int = 1) -> Word2Vec:
    """Ours, before its first epoch."""
    return Word2Vec(
        corpus.ids, corpus.counts, way.architecture, way.loss, DIMENSIONS, WINDOW, NEGATIVES, SAMPLE, OUR_RATE,
        epochs, seed,
    )  # fmt: skip


def run(ours: Word2Vec, pool: Executor) -> None:
    """All epochs."""
    for epoch in range(ours.epochs):
        ours.train(epoch, pool, lambda tokens, loss, losses: None)


def warm_up(corpus: Corpus, way: Way, pool: Executor) -> None:
    """Compiles, on the corpus's first two pieces."""
    small = model(corpus, way)
    small.borders = small.borders[:3]
    run(small, pool)


def vectors(bench: Bench, way: Way, epochs: int, seed: int) -> Vectors:
    """Ours, trained."""
    ours = model(bench.corpus, way, epochs, seed)
    run(ours, bench.pool)
    return Vectors(bench.corpus.words, ours.vectors())


def gensim(bench: Bench, way: Way, rate: float = GENSIM_RATE, seed: int = 1) -> Gensim:
    """gensim's, before its first epoch."""
    from gensim.models import Word2Vec as Gensim

    common: dict[str, Any] = {"vector_size": DIMENSIONS, "window": WINDOW, "min_count": RULES.min_count}
    peer = Gensim(sample=SAMPLE, workers=bench.options.threads, alpha=rate, seed=seed, **common, **way.gensim)
    peer.build_vocab(corpus_file=str(bench.text))
    return peer


def run_gensim(peer: Gensim, bench: Bench, epochs: int) -> None:
    """All epochs."""
    peer.train(
        corpus_file=str(bench.text),
        total_examples=peer.corpus_count,
        total_words=peer.corpus_total_words,
        epochs=epochs,
    )

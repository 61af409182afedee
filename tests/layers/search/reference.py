"""A small model whose predictions depend on all that came before, and searches of it straight from their definitions.

One example at a time, prefix by prefix, in numpy's float64: nothing is shared with the code under test.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from keras import ops

Tokens = tuple[int, ...]
POSITIONS = 3
# Every search is traced anew, and by JAX compiled: what the main test implies is tried less often.
few = settings(deadline=None, max_examples={"tensorflow": 12, "jax": 4}.get(keras.backend.backend(), 30))


class Model:
    """Each token turns a hidden vector, which predicts the next one and attends to three positions.

    Args:
        vocabulary: Its size.
        seed: Of the weights.
        batch: Examples, which differ in the first vector.
        forbidden: Whether some tokens are impossible (-inf) after some others.
    """

    def __init__(self, vocabulary: int, seed: int, batch: int = 1, forbidden: bool = False) -> None:
        rng = np.random.default_rng(seed)
        self.vocabulary, self.batch = vocabulary, batch
        self.first = rng.normal(size=(batch, 4))
        self.turn = rng.normal(size=(4, 4))
        self.embedding = rng.normal(size=(vocabulary, 4))
        self.predict = 1.5 * rng.normal(size=(4, vocabulary))
        self.attend = rng.normal(size=(4, POSITIONS))
        possible = rng.random((vocabulary, vocabulary)) > (0.3 if forbidden else 0)
        self.possible = np.where(possible, 0, -np.inf)

    def state(self) -> dict[str, Any]:
        """For a search: nested, with integers and floats."""
        weights = np.zeros((self.batch, POSITIONS), "float32")
        return {"hidden": (self.first.astype("float32"), np.zeros((self.batch, 1), "int32")), "weights": weights}

    def step(self, tokens: Any, state: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """For a search."""
        hidden, steps = state["hidden"]
        turn, embedding, predict, attend, possible = (
            ops.convert_to_tensor(one.astype("float32"))
            for one in (self.turn, self.embedding, self.predict, self.attend, self.possible)
        )
        hidden = ops.tanh(ops.matmul(hidden, turn) + ops.take(embedding, tokens, axis=0))
        log_probs = ops.log_softmax(ops.matmul(hidden, predict), axis=-1) + ops.take(possible, tokens, axis=0)
        weights = ops.softmax(ops.matmul(hidden, attend), axis=-1)
        return log_probs, {"hidden": (hidden, steps + 1), "weights": weights}

    def after(self, example: int, prefix: Tokens) -> tuple[np.ndarray, np.ndarray]:
        """Log probabilities of what may follow start token 0 and a prefix, and the attention weights of that step."""
        hidden = self.first[example]
        for token in (0, *prefix):
            hidden = np.tanh(hidden @ self.turn + self.embedding[token])
        scores = hidden @ self.predict
        log_probs = scores - np.log(np.exp(scores).sum()) + self.possible[(0, *prefix)[-1]]
        weights = np.exp(hidden @ self.attend)
        return log_probs, weights / weights.sum()


@dataclass(frozen=True)
class Options:
    """Of a search; the names are those of `beam_search`."""

    end: int
    max_length: int
    beams: int = 1
    groups: int = 1
    diversity: float = 0.0
    length_penalty: Any = 0.0
    coverage_penalty: float = 0.0
    min_length: int = 0
    no_repeat_ngram: int = 0

    def keywords(self) -> dict[str, Any]:
        """All but the end token and the maximum length."""
        names = [name for name in self.__dataclass_fields__ if name not in ("end", "max_length")]
        chosen = {name: getattr(self, name) for name in names}
        return chosen | ({"attention": weights_of} if self.coverage_penalty else {})


@dataclass(frozen=True)
class Found:
    """A sequence, without start and padding."""

    tokens: Tokens
    log_prob: float
    score: float
    ended: bool
    weights: list[np.ndarray] = field(compare=False)


def weights_of(state: dict[str, Any]) -> Any:
    return state["weights"]


def score(log_prob: float, weights: Sequence[np.ndarray], options: Options) -> float:
    """Equation 14 of Wu et al. (2016), or the mean."""
    n = len(weights)
    penalty = n if options.length_penalty == "mean" else ((5 + n) / 6) ** options.length_penalty
    covered = np.log(np.minimum(np.sum(weights, axis=0), 1.0)).sum()
    return float(log_prob / penalty + options.coverage_penalty * covered)


def may_follow(prefix: Tokens, token: int, options: Options) -> bool:
    n, longer = options.no_repeat_ngram, (*prefix, token)
    if token == options.end and len(longer) < options.min_length:
        return False
    runs = [longer[i : i + n] for i in range(len(longer) - n + 1)] if n else []
    return len(set(runs)) == len(runs)


def described(model: Model, example: int, tokens: Tokens, options: Options) -> Found:
    log_prob, weights = 0.0, []
    for i, token in enumerate(tokens):
        log_probs, attention = model.after(example, tokens[:i])
        log_prob += log_probs[token] if may_follow(tokens[:i], token, options) else -np.inf
        weights.append(attention)
    return Found(tokens, log_prob, score(log_prob, weights, options), tokens[-1] == options.end, weights)


def ranked(found: Iterable[Found], beams: int) -> list[Found]:
    """Those that ended first, each by score, without the impossible."""
    possible = [one for one in found if one.log_prob > -np.inf]
    return sorted(possible, key=lambda one: (not one.ended, -one.score))[:beams]


def every_sequence(model: Model, example: int, options: Options) -> list[Found]:
    """By brute force: all that end, and all that the maximum length cuts off."""
    words = [token for token in range(model.vocabulary) if token != options.end]
    ending = [(*some, options.end) for n in range(options.max_length) for some in itertools.product(words, repeat=n)]
    cut_off = list(itertools.product(words, repeat=options.max_length))
    return ranked((described(model, example, tokens, options) for tokens in ending + cut_off), len(ending + cut_off))


def beams_by_definition(model: Model, example: int, options: Options) -> list[Found]:
    """Beam search without any early stop: what ends is laid aside, the rest goes on to the maximum length."""
    each = options.beams // options.groups
    live: list[list[Tokens]] = [[()] for _ in range(options.groups)]
    finished: list[list[Found]] = [[] for _ in range(options.groups)]
    for _ in range(options.max_length):
        taken: list[int] = []
        for group in range(options.groups):
            longer = [(*some, token) for some in live[group] for token in range(model.vocabulary)]
            found = [described(model, example, tokens, options) for tokens in longer]
            found = [one for one in found if one.log_prob > -np.inf]
            found.sort(key=lambda one: one.log_prob - options.diversity * taken.count(one.tokens[-1]), reverse=True)
            taken += [one.tokens[-1] for one in found[:each]]
            finished[group] += [one for one in found[:each] if one.ended]
            live[group] = [one.tokens for one in found[:each] if not one.ended]
    cut_off = [[described(model, example, tokens, options) for tokens in group] for group in live]
    kept = [ranked(done + rest, each) for done, rest in zip(finished, cut_off, strict=True)]
    return ranked([one for group in kept for one in group], options.beams)


@st.composite
def models(draw: st.DrawFn, max_batch: int = 3) -> Model:
    return Model(
        draw(st.integers(3, 4)), draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, max_batch)), draw(st.booleans())
    )


@st.composite
def options(draw: st.DrawFn, max_beams: int = 6) -> Options:
    """Any that go together, for a vocabulary of at least 3."""
    max_length = draw(st.integers(1, 4))
    groups = draw(st.sampled_from([1, 1, 2, 3])) if max_beams > 1 else 1
    sequences = sum(2**n for n in range(max_length)) + 2**max_length
    each = draw(st.integers(1, min(max(max_beams // groups, 1), sequences)))
    return Options(
        end=draw(st.integers(0, 2)),
        max_length=max_length,
        beams=each * groups,
        groups=groups,
        diversity=draw(st.sampled_from([0.3, 1.0, 5.0])) if groups > 1 else 0.0,
        length_penalty=draw(st.sampled_from([0.0, "mean", 0.6, 1.5, 3.0])),
        coverage_penalty=draw(st.sampled_from([0.0, 0.5])),
        min_length=draw(st.integers(0, max_length)),
        no_repeat_ngram=draw(st.integers(0, 3)),
    )


def assert_found(result: Any, example: int, expected: list[Found], options: Options) -> None:
    """The result of a search with `record=weights_of` holds, for an example, what was expected and nothing else."""
    sequences, scores, log_probs, lengths, finished, recorded = (
        keras.ops.convert_to_numpy(one)[example] for one in result
    )
    assert np.isneginf(scores[len(expected) :]).all()
    assert (lengths[len(expected) :] == 0).all()
    assert not finished[len(expected) :].any()
    for i, one in enumerate(expected):
        n = len(one.tokens)
        padding = (options.end,) * (options.max_length - n)
        assert tuple(sequences[i]) == one.tokens + padding
        assert (lengths[i], finished[i]) == (n, one.ended)
        np.testing.assert_allclose([scores[i], log_probs[i]], [one.score, one.log_prob], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(recorded[i, :n], one.weights, rtol=1e-4, atol=1e-5)
        assert (recorded[i, n:] == 0).all()

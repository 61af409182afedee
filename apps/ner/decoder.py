"""From scores to entities: the best tags of a sentence, and how probable each of its entities is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.core.batching import bucket
from apps.core.text import pad

from .loader import viterbi
from .spans import Span

BATCH = 128
"""Sentences that are decoded together."""
MOST_NUMBERS = 4_000_000
"""In an array for a batch, unless one sentence alone has more."""
SMALLEST = 1e-300


@dataclass(frozen=True)
class Chain:
    """The distribution over the tags of a batch of sentences, as a Markov chain.

    Args:
        forward: p(tag | what came before, and here), `[batch, time, tags]`.
        backward: p(what comes after | tag) / p(what comes after | what came before), the same.
        steps: exp(emission) / p(here | before) up to a constant of the step, the same.
        transitions: exp of their scores, `[tags, tags]`.
    """

    forward: np.ndarray
    backward: np.ndarray
    steps: np.ndarray
    transitions: np.ndarray

    def marginals(self) -> np.ndarray:
        """The probability of each tag, `[batch, time, tags]`."""
        return self.forward * self.backward

    def probability(self, row: int, start: int, tags: np.ndarray) -> float:
        """That a sentence has these tags from a place on, all other tags being free: of all tag sequences that do."""
        places = np.arange(start + 1, start + len(tags))
        follow = self.transitions[tags[:-1], tags[1:]] * self.steps[row, places, tags[1:]]
        ends = self.forward[row, start, tags[0]] * self.backward[row, start + len(tags) - 1, tags[-1]]
        return float(np.clip(ends * np.prod(follow), 0.0, 1.0))


def chain(emissions: np.ndarray, scores: np.ndarray, lengths: np.ndarray) -> Chain:
    r"""Forward and backward messages, in numbers of 64 bits and normalised at each step.

    .. math::
        \alpha_t(j) \propto e^{e_t(j)} \sum_i \alpha_{t-1}(i) e^{A_{ij}} \qquad
        \beta_{t-1}(i) = \sum_j e^{A_{ij}} e^{e_t(j)} \beta_t(j) / c_t

    Args:
        emissions: `[batch, time, tags]`.
        scores: As for `loader.viterbi`, `[tags + 2, tags]`.
        lengths: Of the sentences, `[batch]`, 1 or more.
    """
    wide = emissions.astype(np.float64)
    every = np.exp(scores.astype(np.float64))
    transitions, start, end = every[:-2], every[-2], every[-1]
    rows, last = np.arange(len(lengths)), lengths - 1
    steps = np.exp(wide - wide.max(-1, keepdims=True))
    steps[rows, last] *= end
    forward, backward = np.empty_like(wide), np.ones_like(wide)
    before = np.broadcast_to(start, steps[:, 0].shape)
    for step in range(wide.shape[1]):
        reached = before * steps[:, step]
        total = np.maximum(reached.sum(-1, keepdims=True), SMALLEST)
        forward[:, step] = reached / total
        steps[:, step] /= total
        before = forward[:, step] @ transitions
    for step in range(wide.shape[1] - 1, 0, -1):
        message = (steps[:, step] * backward[:, step]) @ transitions.T
        backward[:, step - 1] = np.where((step <= last)[:, None], message, 1.0)
    return Chain(forward, backward, steps, transitions)


@dataclass(frozen=True)
class Decoded:
    """The tags of a sentence.

    Args:
        tags: Their indices, `[time]`.
        batch: The distribution over the tags of the sentences that it was decoded with.
        row: Its own place there.
    """

    tags: np.ndarray
    batch: Chain
    row: int

    def confidence(self, span: Span) -> float:
        """The probability that the sentence has exactly this entity: that of all its tags, of all tag sequences."""
        return self.batch.probability(self.row, span.start, self.tags[span.start : span.end])

    def probabilities(self) -> np.ndarray:
        """The probability of each token's tag, `[time]`."""
        places = np.arange(len(self.tags))
        return self.batch.forward[self.row, places, self.tags] * self.batch.backward[self.row, places, self.tags]


def decode(emissions: Sequence[np.ndarray], scores: np.ndarray) -> list[Decoded]:
    """Tags of each sentence, and what tells how probable its entities are, by `chain`; emissions `[time, tags]`."""
    found: list[Any] = [None] * len(emissions)
    for group, batch, lengths in batches(emissions):
        distribution = chain(batch, scores, lengths)
        for row, (index, tags) in enumerate(zip(group, viterbi(batch, scores, lengths), strict=True)):
            found[index] = Decoded(tags, distribution, row)
    return found


def best_tags(emissions: Sequence[np.ndarray], scores: np.ndarray) -> list[np.ndarray]:
    """The tags of each sentence alone."""
    found: list[Any] = [None] * len(emissions)
    for group, batch, lengths in batches(emissions):
        for index, tags in zip(group, viterbi(batch, scores, lengths), strict=True):
            found[index] = tags
    return found


def batches(emissions: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Sentences of like length: their indices, their emissions `[batch, time, tags]`, their lengths."""
    for group in bucket([len(each) for each in emissions], BATCH, seed=None):
        longest = emissions[group[-1]].size
        fitting = max(1, MOST_NUMBERS // longest)
        for start in range(0, len(group), fitting):
            part = group[start : start + fitting]
            yield part, pad([emissions[index] for index in part]), np.array([len(emissions[index]) for index in part])

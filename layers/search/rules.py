"""Which tokens a search may take, and how it scores what it took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from keras import ops

from ..checks import check_whole, fits
from .step import float_type

LOWEST_COVERAGE = 1e-6  # a position never attended to costs log 1e-6, not infinity


@dataclass(frozen=True)
class Rules:
    """What may follow what.

    Args:
        end: The end token.
        max_length: Of a sequence, its end token included.
        min_length: The same.
        no_repeat_ngram: Tokens of the runs that may occur only once; 0 to allow all.
    """

    end: int
    max_length: int
    min_length: int = 0
    no_repeat_ngram: int = 0

    def __post_init__(self) -> None:
        check_whole("end", self.end, 0)
        check_whole("max_length", self.max_length, 1)
        check_whole("min_length", self.min_length, 0)
        check_whole("no_repeat_ngram", self.no_repeat_ngram, 0)
        if self.min_length > self.max_length:
            raise ValueError(f"min_length must not exceed max_length, {self.max_length}, but is {self.min_length}")

    def allowed(self, log_probs: Any, history: Any, t: Any) -> Any:
        """Log probabilities with -inf for what may not come at step t.

        Args:
            log_probs: `[rows, vocabulary]`.
            history: `[rows, time]`, the tokens of the steps before t.
            t: The step, from 0.

        Returns:
            `[rows, vocabulary]`.
        """
        if self.min_length > 1:
            is_end = ops.arange(log_probs.shape[1], dtype="int32") == self.end
            too_early = ops.logical_and(is_end, t + 1 < self.min_length)
            log_probs = ops.where(too_early, ops.full_like(log_probs, -float("inf")), log_probs)
        return self.without_repeats(log_probs, history, t) if self.no_repeat_ngram else log_probs

    def without_repeats(self, log_probs: Any, history: Any, t: Any) -> Any:
        """With -inf for each token that would complete a run that there was before."""
        n, vocabulary = self.no_repeat_ngram, log_probs.shape[1]
        windows = history.shape[1] - n + 1
        if windows < 1:
            return log_probs
        same = ops.arange(windows, dtype="int32") + (n - 1) < t  # [windows], and later [rows, windows]
        for i in range(n - 1):
            latest = ops.take(history, ops.maximum(t - (n - 1) + i, 0), axis=1)  # [rows]
            same = ops.logical_and(same, history[:, i : i + windows] == ops.expand_dims(latest, 1))
        # What is not forbidden goes to a column of no token, which is cut off again.
        tokens = ops.where(same, history[:, n - 1 :], vocabulary)  # [rows, windows]
        rows = ops.zeros_like(tokens) + ops.expand_dims(ops.arange(ops.shape(tokens)[0], dtype="int32"), 1)
        places = ops.stack([ops.reshape(rows, (-1,)), ops.reshape(tokens, (-1,))], axis=1)  # [rows * windows, 2]
        wider = ops.concatenate([log_probs, log_probs[:, :1]], axis=1)
        forbidden = ops.full_like(places[:, 0], -float("inf"), dtype=log_probs.dtype)
        return ops.scatter_update(wider, places, forbidden)[:, :vocabulary]


@dataclass(frozen=True)
class Scoring:
    r"""How finished sequences of different lengths are compared (Wu et al. 2016, equation 14).

    .. math::
        s(Y) = \frac{\log P(Y)}{lp(|Y|)} + \beta \sum_i \log \min\Bigl(\sum_j p_{ij}, 1\Bigr) \qquad
        lp(n) = \Bigl(\frac{5 + n}{6}\Bigr)^\alpha

    Args:
        length_penalty: The exponent, or "mean" for `lp(n) = n`.
        coverage_penalty: The factor of the second term.
        attention: Takes a state, returns its attention weights `[rows, positions]`.
        source_mask: `[rows, positions]`, True for the positions that should be covered, or None for all.
    """

    length_penalty: float | Literal["mean"] = 0.0
    coverage_penalty: float = 0.0
    attention: Callable[[Any], Any] | None = None
    source_mask: Any = None

    def __post_init__(self) -> None:
        penalty = self.length_penalty
        if penalty != "mean" and (isinstance(penalty, str) or not 0 <= penalty < float("inf")):
            raise ValueError(f'length_penalty must be a number of at least 0, or "mean", not {penalty!r}')
        if not 0 <= self.coverage_penalty < float("inf"):
            raise ValueError(f"coverage_penalty must be a number of at least 0, not {self.coverage_penalty!r}")
        if self.coverage_penalty and self.attention is None:
            raise ValueError("coverage_penalty needs attention, a function of the state that returns its weights")
        if not self.coverage_penalty and (self.attention is not None or self.source_mask is not None):
            raise ValueError("attention and source_mask need a coverage_penalty above 0: give one, or leave them out")

    def __call__(self, log_probs: Any, lengths: Any, coverage: list[Any]) -> Any:
        """Scores of sequences, of the shape of `log_probs` and `lengths`; coverage is flat, `[rows, positions]`."""
        scores = self.normalised(log_probs, lengths)
        if not coverage:
            return scores
        covered = ops.log(ops.clip(coverage[0], LOWEST_COVERAGE, 1.0))  # [rows, positions]
        if self.source_mask is not None:
            covered = ops.where(self.source_mask, covered, ops.zeros_like(covered))
        return scores + self.coverage_penalty * ops.reshape(ops.sum(covered, axis=1), ops.shape(scores))

    def normalised(self, log_probs: Any, lengths: Any) -> Any:
        """Log probabilities by length. As no later step and no coverage can raise them, at the maximum length this is
        the best score that anything can still come to."""
        if not self.length_penalty:
            return log_probs
        lengths = ops.cast(lengths, log_probs.dtype)
        if self.length_penalty == "mean":
            return log_probs / ops.maximum(lengths, 1.0)
        return log_probs / ((5.0 + lengths) / 6.0) ** self.length_penalty

    def no_coverage(self, state: Any) -> list[Any]:
        """The coverage before the first step: one tensor, or none where there is no penalty."""
        if self.attention is None:
            return []
        weights = self.weights(state, self.attention)
        if self.source_mask is not None and not fits(self.source_mask.shape, weights.shape):
            wanted, given = tuple(weights.shape), tuple(self.source_mask.shape)
            raise ValueError(
                f"source_mask must have the size of the attention weights, with all beams {wanted}, not {given}"
            )
        return [ops.zeros_like(weights)]

    def covered(self, coverage: list[Any], state: Any) -> list[Any]:
        """The coverage with one more step's attention."""
        return [before + self.weights(state, self.attention) for before in coverage] if self.attention else coverage

    @staticmethod
    def weights(state: Any, attention: Callable[[Any], Any]) -> Any:
        """A state's attention weights, at least float32."""
        weights = attention(state)
        if len(weights.shape) != 2:
            raise ValueError(f"attention must return weights [batch, positions], not {tuple(weights.shape)}")
        return ops.cast(weights, float_type())

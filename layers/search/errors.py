"""Did the search err, or the model?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
from keras import ops

from ..checks import fits, numbers_of
from .beam import mask_of_beams
from .path import Paths, extended, no_paths
from .rules import Rules, Scoring
from .step import SearchResult, Step, Stepper, initial


class Scored(NamedTuple):
    """What a model thinks of given sequences, each `[batch]`."""

    scores: Any
    log_probs: Any
    lengths: Any


class SearchErrors(NamedTuple):
    """Who erred, for each example, `[batch]`.

    Attributes:
        search: Whether the model prefers the reference, which the search has missed: a wider beam may help.
        model: Whether the model does not prefer the reference: only a better model, or score, can help.
        found_scores: Of what was found.
        reference_scores: Of the reference.
    """

    search: Any
    model: Any
    found_scores: Any
    reference_scores: Any

    @property
    def counts(self) -> dict[str, int]:
        """How many examples there are of each kind: "search", "model" and "none" (the reference was found)."""
        search, model = (int(ops.convert_to_numpy(one).sum()) for one in (self.search, self.model))
        return {"search": search, "model": model, "none": int(self.search.shape[0]) - search - model}


def score_sequences(
    step: Step,
    state: Any,
    start: Any,
    end: int,
    sequences: Any,
    *,
    length_penalty: float | Literal["mean"] = 0.0,
    coverage_penalty: float = 0.0,
    attention: Callable[[Any], Any] | None = None,
    source_mask: Any = None,
) -> Scored:
    r"""Scores given sequences as `beam_search` scores those that it finds.

    .. math:: \log P(Y) = \sum_{t \le |Y|} \log P(y_t \mid y_{<t})

    Args:
        step: `tokens [batch], state -> log_probs [batch, vocabulary], state`.
        state: Any nested structure of tensors `[batch, ...]`.
        start: The token before the first, or one for each example, `[batch]`.
        end: The token that ends a sequence.
        sequences: `[batch, time]`, whole numbers. What follows an end token counts for nothing; a row without one
            counts in full.
        length_penalty: As for `beam_search`.
        coverage_penalty: As for `beam_search`.
        attention: As for `beam_search`.
        source_mask: As for `beam_search`.

    Returns:
        A `Scored`: `scores`, `log_probs` and `lengths`, each `[batch]`. In a graph, where nothing can be raised, a
        token that is not of the vocabulary makes the first two NaN.

    Raises:
        ValueError: For sequences that are not `[batch, time]` or have other tokens than the vocabulary, and as for
            `beam_search`.

    Example:
        >>> import numpy as np
        >>> log_probs = np.log(np.array([[0.2, 0.5, 0.3]], "float32"))
        >>> def step(tokens, state):
        ...     return ops.take(log_probs, tokens * 0, axis=0), state
        >>> scored = score_sequences(step, (), [0], 0, np.array([[1, 2, 0, 0]]))
        >>> print(ops.convert_to_numpy(ops.exp(scored.log_probs)).round(3), ops.convert_to_numpy(scored.lengths))
        [0.03] [3]
    """
    scoring = Scoring(length_penalty, coverage_penalty, attention, mask_of_beams(source_mask, 1))
    sequences = checked_sequences("sequences", sequences)
    rules = Rules(end, sequences.shape[1])
    stepper = Stepper(step, state, end)
    tokens, leaves = initial(state, start, 1)
    if not fits(sequences.shape[:1], tokens.shape[:1]):
        raise ValueError(f"sequences must be {tokens.shape[0]}, one for each start, not {sequences.shape[0]}")

    def unfinished(t: Any, paths: Paths, leaves: list[Any], coverage: list[Any]) -> Any:
        return ops.logical_and(t < rules.max_length, ops.logical_not(ops.all(paths.done)))

    def advance(t: Any, paths: Paths, leaves: list[Any], coverage: list[Any]) -> tuple[Any, ...]:
        log_probs, leaves = stepper(paths.latest, leaves)
        more = scoring.covered(coverage, stepper.state(leaves))
        done = ops.expand_dims(paths.done, 1)
        coverage = [ops.where(done, before, after) for before, after in zip(coverage, more, strict=True)]
        tokens, log_probs = known(ops.take(sequences, t, axis=1), log_probs, end)
        return t + 1, extended(paths, tokens, log_probs, t, end), leaves, coverage

    begin = (ops.zeros((), "int32"), no_paths(tokens, rules), leaves, scoring.no_coverage(stepper.state(leaves)))
    _, paths, _, coverage = ops.while_loop(unfinished, advance, begin)
    check_known(paths.log_probs)
    return Scored(scoring(paths.log_probs, paths.lengths, coverage), paths.log_probs, paths.lengths)


def known(tokens: Any, log_probs: Any, end: int) -> tuple[Any, Any]:
    """Tokens, and log probabilities `[batch, vocabulary]`, NaN where the token is not of the vocabulary."""
    inside = ops.logical_and(tokens >= 0, tokens < log_probs.shape[1])
    log_probs = ops.where(ops.expand_dims(inside, 1), log_probs, ops.full_like(log_probs, np.nan))
    return ops.where(inside, tokens, end), log_probs


def check_known(log_probs: Any) -> None:
    """Raises a `ValueError` for the NaN of `known` where numbers are known, which they are not in a graph."""
    wrong = numbers_of(ops.isnan(log_probs))
    if wrong is not None and wrong.any():
        raise ValueError(
            f"sequences must be of tokens of the vocabulary up to their end, unlike example {wrong.argmax()}"
        )


def checked_sequences(name: str, sequences: Any) -> Any:
    """Sequences `[batch, time]` as int32."""
    sequences = ops.convert_to_tensor(sequences)
    whole = "int" in str(sequences.dtype)
    if len(sequences.shape) != 2 or not sequences.shape[1] or not whole:
        wanted = f"{name} must be whole numbers [batch, time], of a known time of at least 1"
        raise ValueError(f"{wanted}, not {sequences.dtype} {tuple(sequences.shape)}")
    return ops.cast(sequences, "int32")


def beam_errors(
    step: Step,
    state: Any,
    start: Any,
    end: int,
    reference: Any,
    found: SearchResult | Any,
    *,
    length_penalty: float | Literal["mean"] = 0.0,
    coverage_penalty: float = 0.0,
    attention: Callable[[Any], Any] | None = None,
    source_mask: Any = None,
) -> SearchErrors:
    r"""Tells for each example whether the search or the model is at fault.

    With the reference :math:`Y^*` and what was found, :math:`\hat Y \ne Y^*`:

    .. math::
        s(Y^*) > s(\hat Y): \text{the search erred} \qquad s(Y^*) \le s(\hat Y): \text{the model erred}

    Both are scored anew, by the same step and score. If most errors are the search's, widen the beam; if most are the
    model's, a wider beam is in vain. The count of search errors is a lower bound: where the model erred, it may prefer
    some third sequence to both.

    Args:
        step: `tokens [batch], state -> log_probs [batch, vocabulary], state`, for one row an example: a step that
            closes over `per_beam(memory, beams)` needs its twin over `memory`.
        state: As for the search.
        start: As for the search.
        end: As for the search.
        reference: `[batch, time]`, whole numbers; what follows an end token counts for nothing.
        found: What a search returned, of which the first beam counts, or sequences `[batch, time]`.
        length_penalty: As for the search.
        coverage_penalty: As for the search.
        attention: As for the search.
        source_mask: As for the search.

    Returns:
        A `SearchErrors`.

    Raises:
        ValueError: As for `score_sequences`.

    Example:
        >>> import numpy as np
        >>> table = np.log([[0.1, 0.5, 0.4], [0.3, 0.4, 0.3], [0.9, 0.05, 0.05]]).astype("float32")  # after 0, 1, 2
        >>> def step(tokens, state):
        ...     return ops.take(table, tokens, axis=0), state
        >>> from layers.search import greedy_search
        >>> found = greedy_search(step, (), [0, 0], 0, 4)
        >>> beam_errors(step, (), [0, 0], 0, np.array([[2, 0], [2, 1]]), found).counts
        {'search': 1, 'model': 1, 'none': 0}

    Reference:
        Stahlberg and Byrne (2019), On NMT Search Errors and Model Errors: Cat Got Your Tongue?, section 2; Koehn and
        Knowles (2017), Six Challenges for Neural Machine Translation, section 3.6; Ng's error analysis of beam search
        (Sequence Models, week 3).
    """
    reference = checked_sequences("reference", reference)
    best = found.sequences[:, 0] if isinstance(found, SearchResult) else found
    best = checked_sequences("found", best)

    def scored(sequences: Any) -> Scored:
        return score_sequences(
            step,
            state,
            start,
            end,
            sequences,
            length_penalty=length_penalty,
            coverage_penalty=coverage_penalty,
            attention=attention,
            source_mask=source_mask,
        )

    ours, theirs = scored(best), scored(reference)
    differ = ops.logical_not(same(best, reference, end))
    preferred = theirs.scores > ours.scores
    search, model = ops.logical_and(differ, preferred), ops.logical_and(differ, ops.logical_not(preferred))
    return SearchErrors(search, model, ours.scores, theirs.scores)


def same(one: Any, other: Any, end: int) -> Any:
    """Whether sequences `[batch, time]` are alike up to and with their end, `[batch]`."""
    time = max(one.shape[1], other.shape[1]) + 1
    one, other = (cut(sequences, end, time) for sequences in (one, other))
    return ops.all(one == other, axis=1)


def cut(sequences: Any, end: int, time: int) -> Any:
    """With -1 for all after the first end, `[batch, time]`."""
    ends = ops.cast(sequences == end, "int32")
    before = ops.cumsum(ends, axis=1) - ends  # ends before each token
    sequences = ops.where(before > 0, -1, sequences)
    return ops.pad(sequences, [[0, 0], [0, time - sequences.shape[1]]], constant_values=-1)

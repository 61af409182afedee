"""Searches that follow one path a row: greedy, and sampling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import keras
from keras import ops

from ..checks import check_whole
from .rules import Rules, Scoring
from .step import Record, Records, SearchResult, Step, Stepper, float_type, initial


def greedy_search(
    step: Step,
    state: Any,
    start: Any,
    end: int,
    max_length: int,
    *,
    min_length: int = 0,
    no_repeat_ngram: int = 0,
    length_penalty: float | Literal["mean"] = 0.0,
    record: Record | None = None,
) -> SearchResult:
    r"""Takes the most probable token at every step.

    .. math:: y_t = \arg\max_v \log P(v \mid y_{<t})

    Args:
        step: `tokens [batch], state -> log_probs [batch, vocabulary], state`. -inf (or NaN) forbids a token.
        state: Any nested structure of tensors `[batch, ...]`, of the shapes and types that `step` returns.
        start: The token before the first, or one for each example, `[batch]`.
        end: The token that ends a sequence.
        max_length: Of a sequence, its end token included.
        min_length: The same; the end token is forbidden before.
        no_repeat_ngram: No run of this many tokens occurs twice; 0 to allow all.
        length_penalty: Divides `scores` only, see `beam_search`.
        record: Takes a state, returns a structure of tensors `[batch, ...]` to keep of each step.

    Returns:
        A `SearchResult` of 1 beam.

    Raises:
        ValueError: For an option out of range, or a step or state of the wrong shape.

    Example:
        >>> import numpy as np
        >>> table = np.log([[0.1, 0.6, 0.3], [0.2, 0.1, 0.7], [0.8, 0.1, 0.1]]).astype("float32")  # after 0, 1, 2
        >>> found = greedy_search(lambda tokens, state: (ops.take(table, tokens, axis=0), state), (), [0, 1], 0, 5)
        >>> print(ops.convert_to_numpy(found.sequences[:, 0]))
        [[1 2 0 0 0]
         [2 0 0 0 0]]
    """
    rules, scoring = Rules(end, max_length, min_length, no_repeat_ngram), Scoring(length_penalty)
    return follow(step, state, start, 1, rules, scoring, record, lambda log_probs, t: ops.argmax(log_probs, axis=-1))


def sample(
    step: Step,
    state: Any,
    start: Any,
    end: int,
    max_length: int,
    *,
    seed: int | keras.random.SeedGenerator,
    samples: int = 1,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    min_length: int = 0,
    no_repeat_ngram: int = 0,
    length_penalty: float | Literal["mean"] = 0.0,
    record: Record | None = None,
) -> SearchResult:
    r"""Draws sequences, token by token.

    .. math:: y_t \sim P(v \mid y_{<t})^{1/\tau} / Z \qquad v \in V_t

    :math:`V_t` is every token, or the `top_k` most probable ones, or of these the fewest most probable ones that have
    `top_p` of the probability together (the nucleus).

    One random number a token is drawn before the loop, whatever the vocabulary. Tokens of a probability below 1e-7 are
    beyond its resolution.

    Args:
        step: As for `greedy_search`; its rows are `batch * samples`.
        state: Of `[batch, ...]`; repeated for the samples here.
        start: As for `greedy_search`.
        end: The token that ends a sequence.
        max_length: Of a sequence, its end token included.
        seed: An integer gives the same samples at every call; a `keras.random.SeedGenerator` others each time.
        samples: Sequences drawn for each example.
        temperature: τ; below 1 the probable becomes more so.
        top_k: Tokens to choose from; None for all.
        top_p: Probability to choose from, in (0, 1]; None for all.
        min_length: As for `greedy_search`.
        no_repeat_ngram: As for `greedy_search`.
        length_penalty: Divides `scores` only.
        record: As for `greedy_search`.

    Returns:
        A `SearchResult` of `samples` beams, in the order drawn; `log_probs` are the model's, before temperature and
        cut.

    Raises:
        ValueError: For an option out of range, or a step or state of the wrong shape.

    Example:
        >>> import numpy as np
        >>> log_probs = np.log(np.array([[0.2, 0.5, 0.3]], "float32"))
        >>> found = sample(lambda tokens, state: (ops.take(log_probs, tokens * 0, axis=0), state), (), [0], 0, 6,
        ...                seed=1, samples=2, top_k=2, min_length=3)
        >>> found.sequences.shape
        TensorShape([1, 2, 6])

    Reference:
        Holtzman et al. (2020), The Curious Case of Neural Text Degeneration, equations 2 and 3; Fan et al. (2018),
        Hierarchical Neural Story Generation, section 5.3 (top-k).
    """
    rules, scoring = Rules(end, max_length, min_length, no_repeat_ngram), Scoring(length_penalty)
    check_whole("samples", samples, 1)
    check_sampling(seed, temperature, top_k, top_p)
    rows = ops.shape(initial(state, start, samples)[0])[0]
    chances = keras.random.uniform((max_length, rows), dtype="float32", seed=seed)  # JAX forbids drawing in the loop

    def choose(log_probs: Any, t: Any) -> Any:
        return drawn(log_probs, ops.take(chances, t, axis=0), temperature, top_k, top_p)

    return follow(step, state, start, samples, rules, scoring, record, choose)


def check_sampling(seed: Any, temperature: float, top_k: int | None, top_p: float | None) -> None:
    """Raises a `ValueError` for an option out of range."""
    if not isinstance(seed, int | keras.random.SeedGenerator):
        raise ValueError(f"seed must be a whole number or a keras.random.SeedGenerator, not {seed!r}")
    if not 0 < temperature < float("inf"):
        raise ValueError(f"temperature must be above 0 and finite, not {temperature!r}; for none use greedy_search")
    if top_k is not None:
        check_whole("top_k", top_k, 1)
    if top_p is not None and not 0 < top_p <= 1:
        raise ValueError(f"top_p must be in (0, 1], not {top_p!r}")


def drawn(log_probs: Any, chances: Any, temperature: float, top_k: int | None, top_p: float | None) -> Any:
    """A token for each row.

    Args:
        log_probs: `[rows, vocabulary]`.
        chances: `[rows]`, in [0, 1).
        temperature: Divides the log probabilities.
        top_k: Tokens to choose from, or None.
        top_p: Probability to choose from, or None.

    Returns:
        `[rows]`.
    """
    best = ops.max(log_probs, axis=-1, keepdims=True)
    best = ops.where(ops.isfinite(best), best, ops.zeros_like(best))  # of a row in which all is forbidden
    weights = ops.exp((log_probs - best) / temperature)  # [rows, vocabulary]
    if top_k is None and top_p in (None, 1.0):
        return reached(weights, chances)
    weights, tokens = ops.top_k(weights, min(top_k or weights.shape[1], weights.shape[1]))  # best first
    if top_p is not None:
        shares = weights / ops.maximum(ops.sum(weights, axis=-1, keepdims=True), 1e-30)
        before = ops.cumsum(shares, axis=-1) - shares
        weights = ops.where(before < top_p, weights, ops.zeros_like(weights))
    place = ops.expand_dims(reached(weights, chances), 1)
    return ops.squeeze(ops.take_along_axis(tokens, ops.cast(place, "int32"), axis=1), 1)


def reached(weights: Any, chances: Any) -> Any:
    """For each row the first index of which the sum so far passes a share of the whole, never one of weight 0."""
    sums = ops.where(weights > 0, ops.cumsum(weights, axis=-1), ops.full_like(weights, -1.0))
    whole = ops.max(sums, axis=-1, keepdims=True)
    passed = ops.logical_or(sums > ops.expand_dims(ops.cast(chances, sums.dtype), 1) * whole, sums >= whole)
    return ops.argmax(ops.cast(passed, "int32"), axis=-1)


class Paths(NamedTuple):
    """One path a row, so far."""

    latest: Any  # [rows]
    history: Any  # [rows, time], end tokens where nothing was written
    log_probs: Any  # [rows]
    lengths: Any  # [rows]
    done: Any  # [rows]


def follow(
    step: Step,
    state: Any,
    start: Any,
    rows_each: int,
    rules: Rules,
    scoring: Scoring,
    record: Record | None,
    choose: Callable[[Any, Any], Any],
) -> SearchResult:
    """Steps until every row has ended, taking the token that `choose(log_probs, t)` names."""
    stepper = Stepper(step, state, rules.end)
    tokens, leaves = initial(state, start, rows_each)
    records = Records(record, stepper.state(leaves), rules.max_length)

    def unfinished(t: Any, paths: Paths, leaves: list[Any], kept: list[Any]) -> Any:
        return ops.logical_and(t < rules.max_length, ops.logical_not(ops.all(paths.done)))

    def advance(t: Any, paths: Paths, leaves: list[Any], kept: list[Any]) -> tuple[Any, ...]:
        log_probs, leaves = stepper(paths.latest, leaves)
        log_probs = rules.allowed(log_probs, paths.history, t)
        paths = extended(paths, ops.cast(choose(log_probs, t), "int32"), log_probs, t, rules.end)
        return t + 1, paths, leaves, records.add(kept, t, stepper.state(leaves))

    begin = (ops.zeros((), "int32"), no_paths(tokens, rules), leaves, records.empty())
    _, paths, _, kept = ops.while_loop(unfinished, advance, begin)
    return outcome(paths, kept, rows_each, rules, scoring, records)


def no_paths(tokens: Any, rules: Rules) -> Paths:
    """Before the first step."""
    none = ops.zeros_like(tokens)
    history = ops.repeat(ops.expand_dims(none + rules.end, 1), rules.max_length, axis=1)
    return Paths(tokens, history, ops.cast(none, float_type()), none, ops.cast(none, "bool"))


def extended(paths: Paths, tokens: Any, log_probs: Any, t: Any, end: int) -> Paths:
    """Each path that is not done with one more token."""
    gained = ops.squeeze(ops.take_along_axis(log_probs, ops.expand_dims(tokens, 1), axis=1), 1)
    tokens = ops.where(paths.done, end, tokens)
    return Paths(
        tokens,
        ops.where(ops.arange(paths.history.shape[1]) == t, ops.expand_dims(tokens, 1), paths.history),
        ops.where(paths.done, paths.log_probs, paths.log_probs + gained),
        ops.where(paths.done, paths.lengths, paths.lengths + 1),
        # Where all is forbidden, there is nothing to go on with.
        ops.logical_or(paths.done, ops.logical_or(tokens == end, gained == -float("inf"))),
    )


def outcome(
    paths: Paths, kept: list[Any], rows_each: int, rules: Rules, scoring: Scoring, records: Records
) -> SearchResult:
    """The result of these paths, `rows_each` an example."""
    real = paths.log_probs > -float("inf")
    lengths = ops.where(real, paths.lengths, ops.zeros_like(paths.lengths))
    lengths, log_probs = (ops.reshape(one, (-1, rows_each)) for one in (lengths, paths.log_probs))
    history = ops.where(ops.expand_dims(real, 1), paths.history, ops.full_like(paths.history, rules.end))
    ended = ops.logical_and(ops.any(history == rules.end, axis=1), real)
    rows = ops.expand_dims(ops.arange(ops.shape(history)[0], dtype="int32"), 1) + ops.zeros_like(history)
    return SearchResult(
        ops.reshape(history, (-1, rows_each, rules.max_length)),
        scoring(log_probs, lengths, []),
        log_probs,
        lengths,
        ops.reshape(ended, (-1, rows_each)),
        records.of(kept, ops.reshape(rows, (-1, rows_each, rules.max_length)), lengths),
    )

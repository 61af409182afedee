"""Beam search, plain and diverse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from keras import ops

from ..checks import check_whole
from .hypotheses import NEVER, Hypotheses, absolute, best_first, best_of_many, picked
from .rules import Rules, Scoring
from .step import Record, Records, SearchResult, Step, Stepper, float_type, initial, per_beam


def beam_search(
    step: Step,
    state: Any,
    start: Any,
    end: int,
    max_length: int,
    *,
    beams: int,
    groups: int = 1,
    diversity: float = 0.0,
    length_penalty: float | Literal["mean"] = 0.0,
    coverage_penalty: float = 0.0,
    attention: Callable[[Any], Any] | None = None,
    source_mask: Any = None,
    min_length: int = 0,
    no_repeat_ngram: int = 0,
    record: Record | None = None,
) -> SearchResult:
    r"""Keeps the most probable beginnings at every step, and the best sequences that ended.

    .. math::
        Y_t = \operatorname{top}_k \{\, \log P(y) + \log P(v \mid y) : y \in Y_{t-1} \text{ not ended},\ v \in V \}

    Those of :math:`Y_t` that end are scored, and the k best of all that ever ended are kept, out of the others' way:
    nothing changes them any more. A finished sequence is lost to nothing but k better finished ones. The search of an
    example stops when nothing is left to extend, or when even at the best length no beginning can come to beat the
    worst of k finished sequences: stopping early never changes what is found (for log probabilities, which are at
    most 0). Sequences that the maximum length cut off come after all that ended, in the places left.

    Scores are Wu et al.'s (2016) equation 14, with a floor of log 1e-6 for a position never attended to:

    .. math::
        s(Y) = \frac{\log P(Y)}{lp(|Y|)} + \beta \sum_i \log \min\Bigl(\sum_j p_{ij}, 1\Bigr) \qquad
        lp(n) = \Bigl(\frac{5 + n}{6}\Bigr)^\alpha

    With groups, each group searches by itself, one after the other at every step, and prefers the tokens that the beams
    of the groups before it took less often at this step (Vijayakumar et al. 2018, equation 5, Hamming diversity):
    :math:`\log P(y) + \log P(v \mid y) - \lambda\, \mathrm{count}(v)` chooses, and takes no part in the scores.

    Args:
        step: `tokens [batch * beams], state -> log_probs [batch * beams, vocabulary], state`. Log probabilities of -inf
            (or NaN) forbid.
        state: Any nested structure of tensors `[batch, ...]`, of the types that `step` returns. It is repeated for the
            beams here, and reordered at every step; what never changes is best closed over: `per_beam(memory, beams)`.
        start: The token before the first, or one for each example, `[batch]`.
        end: The token that ends a sequence.
        max_length: Of a sequence, its end token included.
        beams: Sequences kept for each example.
        groups: Parts of the beams that search by themselves; divides `beams`.
        diversity: λ; above 0 with groups, 0 without.
        length_penalty: α, at least 0, or "mean" for `lp(n) = n`. Lengths count the end token.
        coverage_penalty: β; above 0 it needs `attention`.
        attention: Takes a state, returns the attention weights of its step, `[batch * beams, positions]`.
        source_mask: `[batch, positions]`, True for the positions that should be covered; None for all.
        min_length: Of a sequence, its end token included; the end token is forbidden before.
        no_repeat_ngram: No run of this many tokens occurs twice; 0 to allow all.
        record: Takes a state, returns a structure of tensors `[batch * beams, ...]` to keep of each step.

    Returns:
        A `SearchResult`, best first.

    Raises:
        ValueError: For an option out of range, options that do not go together, more beams than there are sequences,
            or a step or state of the wrong shape.

    Example:
        >>> import numpy as np
        >>> table = np.log([[0.1, 0.5, 0.4], [0.44, 0.3, 0.26], [0.9, 0.05, 0.05]]).astype("float32")  # after 0, 1, 2
        >>> found = beam_search(lambda tokens, state: (ops.take(table, tokens, axis=0), state), (), [0], 0, 4, beams=2)
        >>> print(ops.convert_to_numpy(found.sequences[0]))  # greedy search goes to 1 first
        [[2 0 0 0]
         [1 0 0 0]]
        >>> print(ops.convert_to_numpy(ops.exp(found.log_probs[0])).round(2))
        [0.36 0.22]

    Reference:
        Wu et al. (2016), Google's Neural Machine Translation System, section 7; Vijayakumar et al. (2018), Diverse Beam
        Search for Improved Description of Complex Scenes, section 4.
    """
    rules = Rules(end, max_length, min_length, no_repeat_ngram)
    Scoring(length_penalty, coverage_penalty, attention, source_mask)
    check_groups(beams, groups, diversity)
    scoring = Scoring(length_penalty, coverage_penalty, attention, mask_of_beams(source_mask, beams))
    return Search(step, state, start, rules, scoring, Width(beams, groups, diversity), record).run()


def check_groups(beams: int, groups: int, diversity: float) -> None:
    """Raises a `ValueError` for numbers that do not go together."""
    check_whole("beams", beams, 1)
    check_whole("groups", groups, 1)
    if beams % groups:
        raise ValueError(f"groups must divide beams, {beams}, into equal parts, but there are {groups}")
    if not 0 <= diversity < float("inf"):
        raise ValueError(f"diversity must be a number of at least 0, not {diversity!r}")
    if groups > 1 and not diversity:
        raise ValueError("groups need a diversity above 0: without it they all find the same")
    if groups == 1 and diversity:
        raise ValueError("diversity needs groups: give at least 2, or leave it at 0")


def mask_of_beams(source_mask: Any, beams: int) -> Any:
    """A checked `[batch, positions]`, for the rows of all beams."""
    if source_mask is None:
        return None
    mask = ops.convert_to_tensor(source_mask)
    if len(mask.shape) != 2 or "bool" not in str(mask.dtype):
        raise ValueError(f"source_mask must be boolean [batch, positions], not {mask.dtype} {tuple(mask.shape)}")
    return per_beam(mask, beams)


class Width(NamedTuple):
    """How many beams, and how they are grouped."""

    beams: int
    groups: int
    diversity: float

    @property
    def each(self) -> int:
        """Beams of a group."""
        return self.beams // self.groups

    def check_possible(self, vocabulary: int, max_length: int) -> None:
        """Raises a `ValueError` for more beams than there are sequences."""
        possible, going_on = 0, 1
        for _ in range(max_length):
            possible, going_on = possible + going_on, going_on * (vocabulary - 1)
            if possible >= self.each:
                return
        if possible + going_on < self.each:
            sequences = f"{possible + going_on} sequences of {vocabulary} tokens up to max_length={max_length}"
            raise ValueError(f"beams must not exceed (in a group) the {sequences}, but are {self.each}")


class Beams(NamedTuple):
    """What the loop carries on."""

    latest: Any  # [rows], the tokens to go on from
    leaves: list[Any]  # [rows, ...], the state
    coverage: list[Any]  # [rows, positions], attention so far
    live: Hypotheses  # those that have not ended; scores are log probabilities
    finished: Hypotheses


class Search:
    """One beam search: its options, and the steps of the loop."""

    def __init__(
        self, step: Step, state: Any, start: Any, rules: Rules, scoring: Scoring, width: Width, record: Record | None
    ) -> None:
        self.stepper = Stepper(step, state, rules.end)
        self.rules, self.scoring, self.width = rules, scoring, width
        self.tokens, self.leaves = initial(state, start, width.beams)
        first = self.stepper.state(self.leaves)
        self.records = Records(record, first, rules.max_length)
        self.coverage = scoring.no_coverage(first)

    def run(self) -> SearchResult:
        """Steps until nothing can change any more."""
        begin = (ops.zeros((), "int32"), self.beginning(), self.records.empty())
        t, beams, kept = ops.while_loop(self.undecided, self.advance, begin)
        return self.result(t, beams, kept)

    def beginning(self) -> Beams:
        """One beam for each lane, as all would go the same way, and nothing finished."""
        lanes = ops.reshape(ops.zeros_like(self.tokens), (-1, self.width.each))
        none = ops.full_like(lanes, NEVER, dtype=float_type())
        history = ops.repeat(ops.expand_dims(lanes, -1), self.rules.max_length, axis=-1)
        first = ops.where(ops.arange(self.width.each) == 0, ops.zeros_like(none), none)
        empty = Hypotheses(none, none, lanes, ops.cast(lanes, "bool"), history + self.rules.end, history)
        live = empty._replace(scores=first, log_probs=first)
        return Beams(self.tokens, self.leaves, self.coverage, live, empty)

    def undecided(self, t: Any, beams: Beams, kept: list[Any]) -> Any:
        """Whether in any lane a beam could still come to beat the worst of the finished ones."""
        best_length = ops.full_like(beams.live.lengths, self.rules.max_length)
        hope = ops.max(self.scoring.normalised(beams.live.log_probs, best_length), axis=1)  # [lanes]
        worst = ops.min(beams.finished.scores, axis=1)  # [lanes], -inf while there is room
        return ops.logical_and(t < self.rules.max_length, ops.any(hope > worst))

    def advance(self, t: Any, beams: Beams, kept: list[Any]) -> tuple[Any, Beams, list[Any]]:
        """One token more for every beam."""
        log_probs, leaves = self.stepper(beams.latest, beams.leaves)
        self.width.check_possible(log_probs.shape[1], self.rules.max_length)
        state = self.stepper.state(leaves)
        kept = self.records.add(kept, t, state)
        coverage = self.scoring.covered(beams.coverage, state)

        history = ops.reshape(beams.live.tokens, (-1, self.rules.max_length))  # [rows, time]
        log_probs = self.rules.allowed(log_probs, history, t)
        totals = ops.reshape(beams.live.log_probs, (-1, 1)) + log_probs  # [rows, vocabulary]
        chosen, parents, tokens = self.best_extensions(totals)  # [lanes, each]
        rows = absolute(parents, self.width.each)  # [lanes, each], in which row each beam was
        coverage = [self.reordered(one, rows) for one in coverage]
        longer = self.extended(beams.live.pick(parents)._replace(log_probs=chosen), t, rows, tokens)

        ended = tokens == self.rules.end
        never = ops.full_like(chosen, NEVER)
        scores = ops.where(ended, self.scoring(chosen, longer.lengths, coverage), never)
        either = beams.finished.joined(longer._replace(scores=scores, finished=ended))
        finished = either.pick(ops.top_k(either.scores, self.width.each)[1])
        going_on = ops.where(ended, never, chosen)
        live = longer._replace(scores=going_on, log_probs=going_on)
        leaves = [self.reordered(leaf, rows) for leaf in leaves]
        return t + 1, Beams(ops.reshape(tokens, (-1,)), leaves, coverage, live, finished), kept

    def reordered(self, value: Any, rows: Any) -> Any:
        """A tensor `[rows, ...]` as the beams now are; a single beam stays where it is."""
        return value if self.width.each == 1 else ops.take(value, ops.reshape(rows, (-1,)), axis=0)

    def extended(self, live: Hypotheses, t: Any, rows: Any, tokens: Any) -> Hypotheses:
        """Each beam with its new token at step t."""
        now = ops.arange(self.rules.max_length, dtype="int32") == t
        return live._replace(
            lengths=ops.zeros_like(live.lengths) + t + 1,
            tokens=ops.where(now, ops.expand_dims(tokens, -1), live.tokens),
            rows=ops.where(now, ops.expand_dims(rows, -1), live.rows),
        )

    def best_extensions(self, totals: Any) -> tuple[Any, Any, Any]:
        """Of `[rows, vocabulary]` the best of each lane: log probabilities, places of the beams extended, tokens."""
        each, vocabulary = self.width.each, totals.shape[1]
        if self.width.groups == 1:
            chosen, places = best_of_many(ops.reshape(totals, (-1, each * vocabulary)), each)  # [lanes, each]
        else:
            chosen, places = self.diverse(ops.reshape(totals, (-1, self.width.groups, each, vocabulary)))
        return chosen, places // vocabulary, places % vocabulary

    def diverse(self, totals: Any) -> tuple[Any, Any]:
        """The best of each group, given what the groups before it took.

        Args:
            totals: `[batch, groups, each, vocabulary]`.

        Returns:
            Log probabilities without the penalty and places in `each * vocabulary`, `[batch * groups, each]`.
        """
        each, vocabulary = self.width.each, totals.shape[-1]
        taken = ops.zeros_like(totals[:, 0, 0])  # [batch, vocabulary], by how many beams
        chosen, places = [], []
        for group in range(self.width.groups):
            penalised = totals[:, group] - self.width.diversity * ops.expand_dims(taken, 1)  # [batch, each, vocabulary]
            place = best_of_many(ops.reshape(penalised, (-1, each * vocabulary)), each)[1]
            total = picked(ops.reshape(totals[:, group], (-1, each * vocabulary)), place)  # [batch, each]
            alive = ops.expand_dims(ops.cast(total > NEVER, totals.dtype), -1)
            taken = taken + ops.sum(ops.one_hot(place % vocabulary, vocabulary, dtype=totals.dtype) * alive, axis=1)
            chosen.append(total)
            places.append(place)
        chosen, places = (ops.reshape(ops.stack(one, axis=1), (-1, each)) for one in (chosen, places))
        return chosen, places

    def result(self, t: Any, beams: Beams, kept: list[Any]) -> SearchResult:
        """The finished ones, and in the places left those cut off."""
        scores = self.scoring(beams.live.log_probs, beams.live.lengths, beams.coverage)
        # A search that stopped before the maximum length has decided that no live beam counts.
        cut_off = ops.logical_and(beams.live.log_probs > NEVER, t >= self.rules.max_length)
        live = beams.live._replace(scores=ops.where(cut_off, scores, ops.full_like(scores, NEVER)))
        lanes = best_first(beams.finished.joined(live), self.width.each)
        examples = Hypotheses(*(ops.reshape(one, (-1, self.width.beams, *one.shape[2:])) for one in lanes))
        found = best_first(examples, self.width.beams) if self.width.groups > 1 else examples
        real = found.scores > NEVER  # [batch, beams]
        lengths = ops.where(real, found.lengths, ops.zeros_like(found.lengths))
        return SearchResult(
            ops.where(ops.expand_dims(real, -1), found.tokens, ops.full_like(found.tokens, self.rules.end)),
            found.scores,
            ops.where(real, found.log_probs, ops.full_like(found.log_probs, NEVER)),
            lengths,
            ops.logical_and(found.finished, real),
            self.records.of(kept, found.rows, lengths),
        )

"""How a classifier's answers change when only the group word of a sentence does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from .templates import Templates

RESAMPLES = 2000


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95 % interval, and its standard deviation over the seeds when there are several."""

    mean: float
    low: float
    high: float
    std: float | None

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Effect:
    """What putting the second group's words in the place of the first group's does.

    Args:
        signed: Mean of first minus second; of either sign, so that what goes both ways cancels.
        absolute: Mean of its size.
        flips: Share of the sentence pairs whose two sentences get different classes.
        within: Mean size of the difference between two words of the same group and kind, what a change of words does
            without a change of group; None where no kind has two pairs.
        sentence_pairs: Templates times pairs.
    """

    signed: Estimate
    absolute: Estimate
    flips: Estimate
    within: float | None
    sentence_pairs: int

    def summary(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Answers:
    """A classifier's answers to all sentences, of one start of its word vectors.

    Args:
        templates: The sentences.
        scores: How positive, `[seeds, templates, pairs, 2]`.
        classes: The most probable class, of the same shape.
    """

    templates: Templates
    scores: np.ndarray
    classes: np.ndarray

    @cached_property
    def differences(self) -> np.ndarray:
        """The first group's score less the second's, `[seeds, templates, pairs]`."""
        return self.scores[..., 0] - self.scores[..., 1]

    @cached_property
    def flips(self) -> np.ndarray:
        """1 where the two sentences get different classes, `[seeds, templates, pairs]`."""
        return (self.classes[..., 0] != self.classes[..., 1]).astype(float)

    def effect(self) -> Effect:
        """What the group word does, over all sentences."""
        return Effect(
            estimate(self.differences),
            estimate(np.abs(self.differences)),
            estimate(self.flips),
            self.within(),
            self.differences[0].size,
        )

    def within(self) -> float | None:
        """The mean size of the difference between two words of the same group and kind, in the same template.

        Kinds weigh by their pairs, as they do in the mean size between the groups.
        """
        kinds = [each for each in self.by_kind().values() if len(each.templates.pairs) > 1]
        if not kinds:
            return None
        sizes = [
            np.mean(
                [
                    np.abs(each.scores[:, :, first] - each.scores[:, :, second]).mean()
                    for first, second in combinations(range(len(each.templates.pairs)), 2)
                ]
            )
            for each in kinds
        ]
        return float(np.average(sizes, weights=[len(each.templates.pairs) for each in kinds]))

    def by_tone(self) -> dict[str, Answers]:
        """The answers to the templates of each tone."""
        tones = [template.tone for template in self.templates.templates]
        return {
            tone: self.choose(templates=[i for i, t in enumerate(tones) if t == tone]) for tone in dict.fromkeys(tones)
        }

    def by_kind(self) -> dict[str, Answers]:
        """The answers for each kind of pairs."""
        kinds = [pair.kind for pair in self.templates.pairs]
        return {kind: self.choose(pairs=[i for i, k in enumerate(kinds) if k == kind]) for kind in dict.fromkeys(kinds)}

    def by_pair(self) -> np.ndarray:
        """The mean difference of each pair, `[pairs]`."""
        return self.differences.mean((0, 1))

    def choose(self, templates: Sequence[int] | None = None, pairs: Sequence[int] | None = None) -> Answers:
        """The answers to some of the sentences."""
        rows = range(len(self.templates.templates)) if templates is None else templates
        columns = range(len(self.templates.pairs)) if pairs is None else pairs
        kept = Templates(
            self.templates.name,
            self.templates.groups,
            tuple(self.templates.pairs[column] for column in columns),
            tuple(self.templates.templates[row] for row in rows),
        )
        return Answers(kept, self.scores[:, rows][:, :, columns], self.classes[:, rows][:, :, columns])


def compare(after: Answers, before: Answers) -> dict[str, Estimate]:
    """By how much each measure is larger than before, seeds, templates and pairs being the same."""
    return {
        "signed": estimate(after.differences - before.differences),
        "absolute": estimate(np.abs(after.differences) - np.abs(before.differences)),
        "flips": estimate(after.flips - before.flips),
    }


def estimate(values: np.ndarray, seed: int = 0, resamples: int = RESAMPLES) -> Estimate:
    r"""The mean of crossed observations, with a bootstrap interval.

    Seeds, templates and pairs are each drawn anew with replacement, which makes the interval one over templates and
    words like these, not over these alone:

    .. math:: \bar d^* = \sum_{s,t,p} w_s\, w_t\, w_p\, d_{stp}, \qquad
        n_S w \sim \mathrm{Multinomial}(n_S, 1/n_S) \text{ and likewise for } t, p

    Args:
        values: `[seeds, templates, pairs]`.
        seed: Of the drawing.
        resamples: How many draws.

    Returns:
        The mean, the 2.5th and the 97.5th percentile of the draws, and the sample standard deviation over seeds.

    Reference:
        Owen (2007), The pigeonhole bootstrap.

    Example:
        >>> estimate(np.full((1, 2, 3), 0.5))
        Estimate(mean=0.5, low=0.5, high=0.5, std=None)
    """
    random = np.random.default_rng(seed)
    weights = [random.multinomial(size, np.full(size, 1 / size), resamples) / size for size in values.shape]
    drawn = np.einsum("bs,bt,bp,stp->b", *weights, values, optimize=True)
    low, high = np.percentile(drawn, (2.5, 97.5))
    by_seed = values.mean((1, 2))
    std = float(by_seed.std(ddof=1)) if len(by_seed) > 1 else None
    return Estimate(float(values.mean()), float(low), float(high), std)


def widest(answers: Mapping[str, Answers], count: int) -> list[dict[str, Any]]:
    """The sentence pairs with the largest difference, averaged over seeds, in any of the files.

    Returns:
        For each its two sentences, and the scores of both by file; the widest first.
    """
    means = {name: each.scores.mean(0) for name, each in answers.items()}  # [templates, pairs, 2]
    sizes = np.max([np.abs(scores[..., 0] - scores[..., 1]) for scores in means.values()], axis=0)
    templates = next(iter(answers.values())).templates
    found = []
    for place in np.argsort(-sizes, axis=None, kind="stable")[:count]:
        row, column = np.unravel_index(place, sizes.shape)
        template, pair = templates.templates[row], templates.pairs[column]
        found.append(
            {
                "sentences": [template.fill(pair, side) for side in (0, 1)],
                "scores": {name: [float(score) for score in scores[row, column]] for name, scores in means.items()},
            }
        )
    return found

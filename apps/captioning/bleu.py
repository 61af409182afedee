"""BLEU as the captioning field counts it, and as sacreBLEU does."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

Tokens = Sequence[str]
ORDER = 4


def ngrams(tokens: Tokens, order: int) -> Counter[tuple[str, ...]]:
    """How often each n-gram of one order occurs.

    Example:
        >>> ngrams(["a", "b", "a", "b"], 2)
        Counter({('a', 'b'): 2, ('b', 'a'): 1})
    """
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def corpus_bleu(generated: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> list[float]:
    r"""BLEU-1 to BLEU-4 of all captions together, without smoothing.

    .. math:: \mathrm{BLEU}_N = \min(1, e^{1 - r / c}) \exp \frac1N \sum_{n=1}^N \log p_n

    where :math:`p_n` is the share of the n-grams that occur in a reference, counted at most as often as in any one of
    them, :math:`c` the length of all captions, and :math:`r` that of the references closest to each in length (the
    shorter of two as close).

    Args:
        generated: A caption's words, one for each picture.
        references: Those of each picture's references.

    Returns:
        Four numbers from 0 to 1.

    Reference:
        Papineni et al. (2002), BLEU: a Method for Automatic Evaluation of Machine Translation; Chen et al. (2015),
        Microsoft COCO Captions: Data Collection and Evaluation Server, section 3.1, of corpus level.

    Example:
        >>> [round(score, 4) for score in corpus_bleu([["a", "dog", "runs"]], [[["a", "dog", "sits"]]])]
        [0.6667, 0.5774, 0.0, 0.0]
    """
    matches, totals = [0] * ORDER, [0] * ORDER
    for caption, others in zip(generated, references, strict=True):
        for order in range(1, ORDER + 1):
            counts = ngrams(caption, order)
            most: Counter[tuple[str, ...]] = Counter()
            for other in others:
                most |= ngrams(other, order)
            matches[order - 1] += (counts & most).total()
            totals[order - 1] += counts.total()
    length = sum(map(len, generated))
    brevity = math.exp(min(0.0, 1 - closest_length(generated, references) / length)) if length else 0.0
    scores, log = [], 0.0
    for order, (match, total) in enumerate(zip(matches, totals, strict=True), start=1):
        log += math.log(match / total) if match else -math.inf
        scores.append(brevity * math.exp(log / order))
    return scores


def closest_length(generated: Sequence[Tokens], references: Sequence[Sequence[Tokens]]) -> int:
    """The summed lengths of the references closest in length to each caption."""
    return sum(
        min((abs(len(other) - len(caption)), len(other)) for other in others)[1]
        for caption, others in zip(generated, references, strict=True)
    )


def sacre_bleu(generated: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """BLEU by sacreBLEU with its tokeniser 13a, ignoring case, on captions as they were written; from 0 to 1.

    Pictures may have unequal numbers of references.

    Reference:
        Post (2018), A Call for Clarity in Reporting BLEU Scores.
    """
    from sacrebleu.metrics import BLEU

    most = max(map(len, references))
    streams: Any = [[others[index] if index < len(others) else None for others in references] for index in range(most)]
    return BLEU(lowercase=True).corpus_score(list(generated), streams).score / 100

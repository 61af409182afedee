"""ROUGE-L of captions."""

from __future__ import annotations

from collections.abc import Sequence

BETA = 1.2


def common_length(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, a row of the table at a time in the bits of a number.

    Reference:
        Hyyrö (2004), Bit-parallel LCS-length Computation Revisited.

    Example:
        >>> common_length("a dog runs on grass".split(), "a cat runs in grass".split())
        3
    """
    places: dict[str, int] = {}
    for index, word in enumerate(one):
        places[word] = places.get(word, 0) | 1 << index
    row = full = (1 << len(one)) - 1
    for word in other:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(one) - row.bit_count()


def rouge_l(generated: Sequence[Sequence[str]], references: Sequence[Sequence[Sequence[str]]]) -> float:
    r"""The mean over pictures of the F score of the longest common subsequence.

    .. math:: F = \frac{(1 + \beta^2) R P}{R + \beta^2 P}, \beta = 1.2

    with the highest precision and the highest recall that any reference gives, as COCO's evaluation takes them.

    Reference:
        Lin (2004), ROUGE: A Package for Automatic Evaluation of Summaries, equations 2 to 4; Chen et al. (2015),
        section 3.2.

    Example:
        >>> round(rouge_l([["a", "dog", "runs"]], [[["a", "dog", "sits", "there"]]]), 4)
        0.5571
    """
    scores = []
    for caption, others in zip(generated, references, strict=True):
        common = [common_length(caption, other) for other in others]
        precision = max(common) / len(caption) if caption else 0.0
        recall = max(shared / len(other) if other else 0.0 for shared, other in zip(common, others, strict=True))
        both = recall + BETA**2 * precision
        scores.append((1 + BETA**2) * precision * recall / both if both else 0.0)
    return sum(scores) / len(scores)

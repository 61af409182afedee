"""Word similarity: do the vectors order pairs of words as people do?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .pairs import Pair
from .vocabulary import most_frequent_words, spellings


@dataclass(frozen=True)
class SimilarityReport:
    """What became of a set of word pairs.

    Attributes:
        n: Pairs asked.
        known: Pairs of which both words have a vector; only these are judged.
        spearman: The rank correlation, None where it is undefined.
        undefined: Why it is undefined, empty where it is not.
        unknown: The distinct words without a vector, as they are written in the pairs.
        repeated: Pairs that had been asked before, in either order; they count each time.
    """

    n: int
    known: int
    spearman: float | None
    undefined: str
    unknown: tuple[str, ...]
    repeated: int

    @property
    def coverage(self) -> float:
        """The share of pairs that are known."""
        return self.known / self.n if self.n else 0.0

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "spearman": self.spearman,
            **({"undefined": self.undefined} if self.undefined else {}),
            "n": self.n,
            "known": self.known,
            "coverage": self.coverage,
            "unknown": list(self.unknown),
            "repeated": self.repeated,
        }


def evaluate_similarity(vectors: Any, pairs: Sequence[Pair], most_frequent: int | None = 300_000) -> SimilarityReport:
    """Judges vectors by the rank correlation of their cosines with people's scores.

        rho = correlation(rank(cos(u_a, u_b)), rank(score)),   equal values share the mean of their ranks

    The number is that of gensim's `evaluate_word_pairs`: case is ignored (of several spellings the most frequent
    counts), and pairs with an unknown word are left out.

    Args:
        vectors: `KeyedVectors` or `Vectors`, the most frequent word first.
        pairs: As `read_pairs` gives them.
        most_frequent: How many words are known; all when None.

    Returns:
        The correlation, with how many pairs it rests on.

    Raises:
        InputError: When `most_frequent` is less than one.

    Example:
        >>> from gensim.models import KeyedVectors
        >>> vectors = KeyedVectors(2)
        >>> vectors.add_vectors(["cat", "dog", "car"], [[1.0, 0.0], [1.0, 0.2], [0.0, 1.0]])
        >>> pairs = [("cat", "dog", 9.0), ("cat", "car", 1.0), ("dog", "car", 2.0), ("cat", "tiger", 7.0)]
        >>> report = evaluate_similarity(vectors, pairs)
        >>> print(report.spearman, report.known, "of", report.n, report.unknown)
        1.0 3 of 4 ('tiger',)

    Reference:
        Finkelstein et al. 2002, Placing Search in Context: The Concept Revisited.
    """
    known_words = most_frequent_words(vectors, most_frequent)
    asked = dict.fromkeys(word for a, b, _ in pairs for word in (a, b))
    found = spellings(known_words.index_to_key, {word.upper() for word in asked})
    cosines, scores = [], []
    for a, b, score in pairs:
        if a.upper() in found and b.upper() in found:
            first, second = (known_words.index_to_key[found[word.upper()][0]] for word in (a, b))
            cosines.append(float(known_words.similarity(first, second)))
            scores.append(score)
    undefined = _why_undefined(cosines, scores)
    return SimilarityReport(
        n=len(pairs),
        known=len(scores),
        spearman=None if undefined else _spearman(cosines, scores),
        undefined=undefined,
        unknown=tuple(word for word in asked if word.upper() not in found),
        repeated=len(pairs) - len({frozenset((a.upper(), b.upper())) for a, b, _ in pairs}),
    )


def _why_undefined(cosines: list[float], scores: list[float]) -> str:
    if len(scores) < 2:
        return f"{len(scores) or 'no'} known pair{'s' * (not scores)}, and two are needed"
    if len(set(scores)) == 1:
        return "people's scores of the known pairs are all equal"
    if len(set(cosines)) == 1:
        return "the vectors' similarities of the known pairs are all equal"
    return ""


def _spearman(cosines: list[float], scores: list[float]) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(scores, cosines)[0])

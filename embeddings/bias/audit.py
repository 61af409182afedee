"""Every measure of bias at once, for vectors before and after something was done to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from ..errors import InputError
from ..evaluation import AnalogyReport, SimilarityReport, evaluate_analogies, evaluate_similarity
from ..evaluation import Pair as JudgedPair
from ..evaluation import Section as Analogies
from ..vectors import Vectors
from .association import Score, WeatReport, relative_norm_distance, ripa, weat
from .clusters import BiasedWords, ClusterReport, NeighbourReport, cluster_bias, labelled_rows, most_biased
from .clusters import neighbour_bias as correlate_neighbours
from .direction import Direction, group_direction
from .generated import Analogy, generate_analogies
from .groups import Pair, WeatTest, WordSets
from .lost import NeighboursKept, neighbours_kept
from .probes import ProbeReport, probe
from .projection import DirectBias, direct_bias
from .sembias import Question, SemBiasReport, evaluate_sembias

SIZES = (100, 500, 1000)
"""k: how many of the most biased words of either side are clustered; the most that are there are probed."""
GENERATED = 50
"""Analogies that each file makes up."""

T = TypeVar("T")


@dataclass(frozen=True)
class FurtherTests:
    """What is measured beside what the word sets are for.

    Args:
        analogies: Sections of questions, by the name of their file.
        similarity: Pairs that people judged, by the name of their file.
        sembias: Questions; none when empty.
        weat: Besides those of the word sets.
    """

    analogies: Mapping[str, Sequence[Analogies]] = field(default_factory=dict)
    similarity: Mapping[str, Sequence[JudgedPair]] = field(default_factory=dict)
    sembias: Sequence[Question] = ()
    weat: Sequence[WeatTest] = ()


@dataclass(frozen=True, eq=False)
class FileAudit:
    """What was measured of one file of vectors. A measure that could not be taken is None or not there.

    Args:
        name: Of the file.
        words: How many.
        dimensions: Of the vectors.
        record: What was done to them, where the file says so.
        direction: Of the definitional pairs in these vectors.
        turned: The cosine of that direction with the original one.
        direct: Of the professions, along the direction of the original vectors.
        direct_own: The same along the direction of these vectors.
        generated: Analogies that the vectors make up, the highest score first.
        weat: A report for each test.
        rnd: Of the professions.
        ripa: Of the professions.
        sembias: Where there are questions.
        clusters: One for each k.
        neighbours: Of the professions.
        probes: One for each kind.
        analogies: By the name of their file.
        similarity: The same.
        kept: Of the neighbours of frequent words in the original.
        drawn: Vectors of the biased words to draw, of length one, with their sides: 1 or 0.
        unmeasured: By the measure's name, why it could not be taken.
    """

    name: str
    words: int
    dimensions: int
    record: Mapping[str, Any]
    direction: Direction | None
    turned: float | None
    direct: DirectBias | None
    direct_own: DirectBias | None
    generated: tuple[Analogy, ...]
    weat: tuple[WeatReport, ...]
    rnd: Score | None
    ripa: Score | None
    sembias: SemBiasReport | None
    clusters: tuple[ClusterReport, ...]
    neighbours: NeighbourReport | None
    probes: tuple[ProbeReport, ...]
    analogies: Mapping[str, AnalogyReport]
    similarity: Mapping[str, SimilarityReport]
    kept: NeighboursKept | None
    drawn: tuple[np.ndarray, np.ndarray] | None
    unmeasured: Mapping[str, str]

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        singles: dict[str, Any] = {
            "direction": self.direction,
            "direct_bias": self.direct,
            "direct_bias_own_direction": self.direct_own,
            "rnd": self.rnd,
            "ripa": self.ripa,
            "sembias": self.sembias,
            "neighbours": self.neighbours,
            "neighbours_kept": self.kept,
        }
        several: dict[str, Any] = {
            "generated": self.generated,
            "weat": self.weat,
            "clusters": self.clusters,
            "probes": self.probes,
        }
        return {
            "file": self.name,
            "words": self.words,
            "dimensions": self.dimensions,
            "debias": dict(self.record) or None,
            "direction_cosine_with_original": self.turned,
            **{name: one.summary() if one else None for name, one in singles.items()},
            **{name: [one.summary() for one in reports] for name, reports in several.items()},
            "analogies": {name: one.summary() for name, one in self.analogies.items()},
            "similarity": {name: one.summary() for name, one in self.similarity.items()},
            "unmeasured": dict(self.unmeasured),
        }


@dataclass(frozen=True, eq=False)
class Audit:
    """What was measured, the original first.

    Args:
        sets: The word sets.
        files: One report for each file.
        biased: By k, the most biased words of the original, which all files are judged by.
        specific: How many words may not be among them: they are about a group by definition.
        seed: Of every random number.
    """

    sets: WordSets
    files: tuple[FileAudit, ...]
    biased: Mapping[int, BiasedWords]
    specific: int
    seed: int

    def summary(self) -> dict[str, Any]:
        """As JSON takes it."""
        words = {str(k): {"first": list(two.first), "second": list(two.second)} for k, two in self.biased.items()}
        return {
            "groups": {
                "name": self.sets.name,
                "language": self.sets.language,
                "sides": list(self.sets.groups),
                "sizes": self.sets.sizes(),
            },
            "seed": self.seed,
            "specific_words": self.specific,
            "most_biased": words,
            "files": [one.summary() for one in self.files],
        }


class Auditor:
    """Measures files one after another by words that the original, the first one, chooses.

    Args:
        original: The vectors before anything was done to them, the most frequent word first.
        sets: Word sets; definitional pairs are needed, all other parts are measured by where they are there.
        tests: What else to measure.
        seed: Of samples, clusters, probes and pictures.
        sizes: k: how many of the most biased words of either side are clustered.

    Raises:
        InputError: When the word sets have no pairs, too few are found, or a vector has length zero.

    Example:
        >>> from .planted import planted
        >>> made = planted(strength=0.3, residual=0.5)
        >>> found = Auditor(made.vectors, made.sets, sizes=(100,)).judge("planted", made.vectors)
        >>> round(found.direct.value, 2), found.clusters[0].accuracy
        (0.2, 1.0)
    """

    def __init__(
        self,
        original: Vectors,
        sets: WordSets,
        tests: FurtherTests | None = None,
        seed: int = 0,
        sizes: Sequence[int] = SIZES,
    ) -> None:
        if not sets.definitional_pairs:
            raise InputError('no `definitional_pairs` in it; give pairs such as ["she", "he"]', sets.name)
        self.original, self.sets, self.tests, self.seed = original, sets, tests or FurtherTests(), seed
        self.direction = group_direction(original, sets.definitional_pairs, what=self.called("definitional pairs"))
        self.biased: dict[int, BiasedWords] = {}
        self.too_many: dict[str, str] = {}
        for k in sizes:
            try:
                self.biased[k] = most_biased(original, self.direction, k, self.definite)
            except InputError as error:
                self.too_many[f"the {k:,} most biased words of either side"] = str(error)

    @cached_property
    def definite(self) -> frozenset[str]:
        """Words that are about a group by definition: specific ones, and those of groups and pairs."""
        sets = self.sets
        lists = (sets.specific, *sets.groups.values(), *sets.definitional_pairs, *sets.equalize_pairs)
        return frozenset(word for words in lists for word in words)

    def called(self, part: str) -> str:
        """The name of a part of the word sets, for errors."""
        return f"{part} of {self.sets.name!r}"

    def judge(self, name: str, vectors: Vectors) -> FileAudit:
        """Takes all measures of one file; what cannot be measured is said, and the others are taken.

        Args:
            name: Of the file.
            vectors: The original, or what became of it.
        """
        return _Judging(self, name, vectors).report()

    def audit(self, files: Sequence[FileAudit]) -> Audit:
        """The reports of all files as one, that of the original first."""
        return Audit(self.sets, tuple(files), self.biased, len(self.definite), self.seed)


class _Judging:
    """One file being measured."""

    def __init__(self, auditor: Auditor, name: str, vectors: Vectors) -> None:
        self.auditor, self.name, self.vectors = auditor, name, vectors
        self.sets, self.tests, self.seed = auditor.sets, auditor.tests, auditor.seed
        self.unmeasured: dict[str, str] = dict(auditor.too_many)

    def report(self) -> FileAudit:
        direction = self.attempt("direction", self.own_direction)
        record = self.vectors.settings.get("debias")
        return FileAudit(
            self.name,
            len(self.vectors),
            self.vectors.dimensions,
            record if isinstance(record, dict) else {},
            direction,
            turned=self.turned(direction),
            direct=self.attempt("direct bias, original direction", lambda: self.direct(self.auditor.direction)),
            direct_own=self.attempt("direct bias, own direction", lambda: self.direct(direction))
            if direction
            else None,
            generated=self.attempt("generated analogies", self.generated) or (),
            weat=tuple(filter(None, map(self.weat, self.weat_tests()))),
            rnd=self.of_professions("relative norm distance", self.rnd),
            ripa=self.of_professions("RIPA", self.ripa),
            sembias=self.attempt("SemBias", self.sembias) if self.tests.sembias else None,
            clusters=tuple(filter(None, map(self.clusters, self.auditor.biased))),
            neighbours=self.of_professions("neighbours", self.neighbours),
            probes=self.attempt("probes", self.probes) or (),
            analogies={name: evaluate_analogies(self.vectors, asked) for name, asked in self.tests.analogies.items()},
            similarity={name: evaluate_similarity(self.vectors, two) for name, two in self.tests.similarity.items()},
            kept=self.attempt("neighbours kept", lambda: neighbours_kept(self.auditor.original, self.vectors)),
            drawn=self.attempt("picture of the most biased words", self.drawn),
            unmeasured=self.unmeasured,
        )

    def attempt(self, measure: str, take: Callable[[], T]) -> T | None:
        """The measure, or None and why it cannot be taken."""
        try:
            return take()
        except InputError as error:
            self.unmeasured[measure] = str(error)
            return None

    def of_professions(self, measure: str, take: Callable[[], T]) -> T | None:
        return self.attempt(measure, take) if self.sets.professions else None

    def own_direction(self) -> Direction:
        return group_direction(
            self.vectors, self.sets.definitional_pairs, what=self.auditor.called("definitional pairs")
        )

    def turned(self, direction: Direction | None) -> float | None:
        if direction is None or self.vectors.dimensions != self.auditor.original.dimensions:
            return None
        return float(direction.vector @ self.auditor.direction.vector)

    def direct(self, direction: Direction | None) -> DirectBias | None:
        if direction is None or not self.sets.professions:
            return None
        return direct_bias(self.vectors, self.sets.professions, direction, what=self.auditor.called("professions"))

    def generated(self) -> tuple[Analogy, ...]:
        pair = self.one_pair()
        direction = group_direction(self.vectors, [pair], what=f"the pair {'/'.join(pair)}")
        return generate_analogies(self.vectors, direction, GENERATED)

    def one_pair(self) -> Pair:
        """`she` and `he` where they are a pair, as in the papers, else the first pair that is found."""
        pairs = [pair for pair in self.sets.definitional_pairs if pair[0] in self.vectors and pair[1] in self.vectors]
        return next((pair for pair in pairs if set(pair) == {"she", "he"}), (pairs or self.sets.definitional_pairs)[0])

    def weat_tests(self) -> tuple[WeatTest, ...]:
        return (*self.sets.weat, *self.tests.weat)

    def weat(self, test: WeatTest) -> WeatReport | None:
        return self.attempt(f"WEAT {test.name}", lambda: weat(self.vectors, test, self.seed))

    def rnd(self) -> Score:
        (first, one), (second, two) = self.sets.groups.items()
        names = (first, second, "professions")
        return relative_norm_distance(self.vectors, one, two, self.sets.professions, what=names)

    def ripa(self) -> Score:
        return ripa(self.vectors, self.sets.definitional_pairs, self.sets.professions)

    def sembias(self) -> SemBiasReport:
        pair = ("he", "she")
        if not all(word in self.vectors for word in pair):
            pair = self.one_pair()[::-1]
        return evaluate_sembias(self.vectors, self.tests.sembias, pair)

    def clusters(self, k: int) -> ClusterReport | None:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):  # for so few words threads take five times as long
            return self.attempt(
                f"clusters of {2 * k:,} words", lambda: cluster_bias(self.vectors, self.auditor.biased[k], self.seed)
            )

    def neighbours(self) -> NeighbourReport:
        auditor = self.auditor
        return correlate_neighbours(
            auditor.original, self.vectors, self.sets.professions, auditor.direction, exclude=auditor.definite
        )

    def probes(self) -> tuple[ProbeReport, ...]:
        from threadpoolctl import threadpool_limits

        with threadpool_limits(1):
            return probe(self.vectors, self.most(max), seed=self.seed)

    def drawn(self) -> tuple[np.ndarray, np.ndarray]:
        rows, sides, _ = labelled_rows(self.vectors, self.most(lambda sizes: sorted(sizes)[len(sizes) // 2]))
        return rows.astype(np.float32), sides

    def most(self, choose: Callable[[Sequence[int]], int]) -> BiasedWords:
        """The most biased words of one of the sizes that there are enough words for."""
        if not self.auditor.biased:
            raise InputError(next(iter(self.auditor.too_many.values()), "no size was asked for; give one"))
        return self.auditor.biased[choose(list(self.auditor.biased))]

"""How good a tagger is: entities found and missed, as conlleval counts them, and what its errors are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from .examples import Example
from .schemes import spans_of, strict_spans_of
from .spans import Span

SHOWN = 3
"""Errors of each kind that `report` shows."""
Kind = Literal["boundary", "type", "missed", "invented"]
KINDS: tuple[Kind, ...] = ("boundary", "type", "missed", "invented")
Entity = tuple[str, str]
"""Words and type."""
K = TypeVar("K")


@dataclass(frozen=True)
class Judged:
    """What a model says of tagged sentences.

    Args:
        examples: What was judged.
        gold: The right entities of each.
        found: Those that the model found.
        seen: Words and type of the entities of the training examples.
        strict: Whether entities with broken tags were left out of `found`.
        accuracy: Share of the tokens whose tag is right.
    """

    examples: Sequence[Example]
    gold: Sequence[Sequence[Span]]
    found: Sequence[Sequence[Span]]
    seen: Collection[Entity]
    strict: bool
    accuracy: float

    @property
    def types(self) -> list[str]:
        """Those that training has, and others that occur here."""
        here = {span.type for spans in (*self.gold, *self.found) for span in spans}
        return sorted(here | {kind for _, kind in self.seen})

    def is_seen(self, example: Example, span: Span) -> bool:
        """Whether the same words with the same type are an entity in the training examples."""
        return (span.surface(example.tokens), span.type) in self.seen


@dataclass(frozen=True)
class Score:
    """Counts of entities, and what follows from them.

    Args:
        correct: Found with the right borders and type.
        found: In all.
        gold: That there are.
    """

    correct: int
    found: int
    gold: int

    @property
    def precision(self) -> float:
        """Share of the found ones that are right; 0 when none was found, as conlleval has it."""
        return self.correct / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the right ones that were found; 0 when there is none."""
        return self.correct / self.gold if self.gold else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two."""
        return 2 * self.correct / (self.found + self.gold) if self.correct else 0.0


NOTHING = Score(0, 0, 0)


@dataclass(frozen=True)
class Error:
    """An entity that was not found, or was found where there is none, or otherwise than it is.

    Args:
        kind: What is wrong.
        example: The sentence.
        gold: The right entity; None when invented.
        found: The model's; None when missed.
    """

    kind: Kind
    example: Example
    gold: Span | None
    found: Span | None

    def __str__(self) -> str:
        tokens = self.example.tokens
        shown = [f"{span.surface(tokens)} ({span.type})" if span else "nothing" for span in (self.found, self.gold)]
        first = min(span.start for span in (self.gold, self.found) if span)
        last = max(span.end for span in (self.gold, self.found) if span)
        context = " ".join(tokens[max(0, first - 5) : last + 5])
        return f"found {shown[0]} instead of {shown[1]}: … {context} …  [{self.example.place(first)}]"


def judge(
    examples: Sequence[Example], tags: Iterable[Sequence[str]], seen: Collection[Entity], strict: bool = False
) -> Judged:
    """Holds a model's tags against the right ones.

    Args:
        examples: What was tagged.
        tags: Of each example, in BIOES, perhaps broken.
        seen: Words and type of the entities of the training examples.
        strict: Leave out entities whose tags break the scheme, instead of reading them as conlleval does.
    """
    read = strict_spans_of if strict else spans_of
    answers = [list(each) for each in tags]
    right = sum(
        tag == answer
        for example, answered in zip(examples, answers, strict=True)
        for tag, answer in zip(example.tags, answered, strict=True)
    )
    total = sum(map(len, answers))
    found = [read(each, "BIOES") for each in answers]
    return Judged(examples, [example.spans for example in examples], found, seen, strict, right / total if total else 0)


def scores(judged: Judged, key: Callable[[Example, Span], K]) -> dict[K, Score]:
    """Correct, found and right entities in groups, `key` telling of each entity to which it belongs."""
    correct, found, gold = Counter[K](), Counter[K](), Counter[K]()
    for example, right, answered in zip(judged.examples, judged.gold, judged.found, strict=True):
        gold.update(key(example, span) for span in right)
        found.update(key(example, span) for span in answered)
        correct.update(key(example, span) for span in set(right) & set(answered))
    return {group: Score(correct[group], found[group], gold[group]) for group in gold | found}


def score(judged: Judged) -> Score:
    """All entities together."""
    return scores(judged, lambda *_: "all").get("all", NOTHING)


def by_type(judged: Judged) -> dict[str, Score]:
    """The entities of each type."""
    found = scores(judged, lambda _, span: span.type)
    return {kind: found.get(kind, NOTHING) for kind in judged.types}


def surface_score(judged: Judged) -> Score:
    """Different entities, each counted once however often it occurs, as in the WNUT-17 shared task.

    Reference:
        Derczynski et al., "Results of the WNUT2017 Shared Task on Novel and Emerging Entity Recognition", 2017.
    """
    gold, found = (
        {
            (span.surface(example.tokens), span.type)
            for example, spans in zip(judged.examples, each, strict=True)
            for span in spans
        }
        for each in (judged.gold, judged.found)
    )
    return Score(len(gold & found), len(found), len(gold))


def metrics(judged: Judged) -> dict[str, float]:
    """F1, precision and recall of entities, in all and by type, of different ones, of seen and of unseen ones.

    Names are the same for any examples with the same training types, so that dev and test can stand side by side.
    """
    overall, surface = score(judged), surface_score(judged)
    found = {"f1": overall.f1, "precision": overall.precision, "recall": overall.recall}
    found |= {"accuracy": judged.accuracy, "f1_surface": surface.f1}
    parts = scores(judged, judged.is_seen)
    for name, is_seen in (("seen", True), ("unseen", False)):
        part = parts.get(is_seen, NOTHING)
        found |= {f"precision_{name}": part.precision, f"recall_{name}": part.recall}
    return found | {f"f1_{kind}": each.f1 for kind, each in by_type(judged).items()}


def errors(judged: Judged) -> dict[Kind, list[Error]]:
    """Every error by its kind.

    boundary: the right type, other borders. type: another type, over at least a token in common. invented: found
    where there is no entity. missed: an entity of which no token was found.
    """
    found: dict[Kind, list[Error]] = {kind: [] for kind in KINDS}
    for example, right, answered in zip(judged.examples, judged.gold, judged.found, strict=True):
        for error in sentence_errors(example, right, answered):
            found[error.kind].append(error)
    return found


def sentence_errors(example: Example, gold: Sequence[Span], found: Sequence[Span]) -> Iterator[Error]:
    """The errors of a sentence: each wrong answer once, each entity that no answer touches once."""
    for span in found:
        if span in gold:
            continue
        touched = [other for other in gold if other.overlaps(span)]
        same = [other for other in touched if other.type == span.type]
        kind: Kind = "boundary" if same else "type" if touched else "invented"
        yield Error(kind, example, next(iter(same or touched), None), span)
    for span in gold:
        if not any(span.overlaps(other) for other in found):
            yield Error("missed", example, span, None)


def report(judged: Judged) -> list[str]:
    """A row for each type as conlleval prints it, and errors of each kind."""
    width = max(map(len, [*judged.types, "all"]))
    lines = [f"{'type':{width}}  precision  recall     F1  entities"]
    for kind, each in ({"all": score(judged)} | by_type(judged)).items():
        lines.append(f"{kind:{width}}  {each.precision:9.4f}  {each.recall:6.4f} {each.f1:6.4f}  {each.gold:8,}")
    for name, group in errors(judged).items():
        lines.append(f"{name}: {len(group):,}")
        lines += [f"  {error}" for error in spread(group)]
    return [*lines, "entities with broken tags are not counted"] if judged.strict else lines


def spread(group: Sequence[Error]) -> list[Error]:
    """Some errors from all over a list."""
    step = max(1, len(group) // SHOWN)
    return list(group[::step][:SHOWN])

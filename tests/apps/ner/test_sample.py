"""The built-in data shows what it is made to show."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from apps.core.sources import Splits
from apps.ner.config import Config
from apps.ner.data import SAMPLE_SIZES, Example, read_splits, surfaces
from apps.ner.sample import NAMES, NEW_NAMES, NEW_SURNAMES, PATTERNS, generate
from apps.ner.schemes import broken


@pytest.fixture(scope="module")
def splits() -> Splits[Example]:
    return read_splits(Config())


def test_the_same_seed_gives_the_same_sentences_and_another_others() -> None:
    sizes = {"train": 40, "test": 10}
    assert generate(sizes, 3) == generate(sizes, 3)
    assert generate(sizes, 3) != generate(sizes, 4)
    assert read_splits(Config()).fingerprint() == read_splits(Config(seed=5)).fingerprint()


def test_sizes_and_no_sentence_twice(splits: Splits[Example]) -> None:
    parts = [splits.train, splits.dev, splits.test]
    assert tuple(map(len, parts)) == SAMPLE_SIZES
    assert len({example.tokens for part in parts for example in part}) == sum(SAMPLE_SIZES)


def test_tags_keep_to_the_scheme_and_types_are_about_equally_frequent(splits: Splits[Example]) -> None:
    assert not any(broken(example.tags, "BIOES") for example in splits.train)
    for part in (splits.train, splits.dev, splits.test):
        counts = Counter(kind for _, kind in surfaces(part))
        assert set(counts) == {"PER", "LOC", "ORG"}
        assert min(counts.values()) > 0.65 * max(counts.values())
    assert {len(kind.split()) for kind, _ in surfaces(splits.train)} == {1, 2}


def test_a_name_and_all_before_it_never_tell(splits: Splits[Example]) -> None:
    """Whoever knows only what stands to the left is right about a name's tag less than half of the time."""
    votes: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for example in splits.train:
        for index, token in enumerate(example.tokens):
            if token in NAMES:
                votes[example.tokens[max(0, index - 2) : index + 1]][example.tags[index]] += 1
    right = total = 0
    for example in splits.test:
        for index, token in enumerate(example.tokens):
            if token in NAMES:
                best = votes[example.tokens[max(0, index - 2) : index + 1]].most_common(1)
                right += bool(best) and best[0][0] == example.tags[index]
                total += 1
    assert right < 0.5 * total


def test_the_words_to_the_right_always_tell() -> None:
    """What follows name and aside is of one type only."""
    endings = [pattern.rpartition("{aside}")[2] for patterns in PATTERNS.values() for pattern in patterns]
    assert len(set(endings)) == len(endings) == sum(map(len, PATTERNS.values()))
    assert not {word for ending in endings for word in ending.split()} & set(NAMES)


def test_some_names_are_new_in_dev_and_test_but_none_in_training(splits: Splits[Example]) -> None:
    new = {*NEW_NAMES, *NEW_SURNAMES}
    assert not new & {token for example in splits.train for token in example.tokens}
    for part in (splits.dev, splits.test):
        entities = list(surfaces(part))
        share = sum(bool(new & set(words.split())) for words, _ in entities) / len(entities)
        assert 0.1 < share < 0.5

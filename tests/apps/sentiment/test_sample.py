"""The built-in data shows what it is made to show."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from apps.sentiment.data import SAMPLE_SIZES, generate_splits
from apps.sentiment.sample import WORDS, generate

LEVEL = {word: stars for stars, words in WORDS.items() for word in words}
TURNS = re.compile(
    r"lacking|anything but|could not be|far from|\bnot\b|neither|expected|used to be|promised|friend"
    r"|next door|hotel|film"
)


@pytest.fixture(scope="module")
def reviews() -> list[tuple[str, str]]:
    return generate(3000, 11)


def test_the_same_seed_gives_the_same_reviews_and_another_others() -> None:
    assert generate(50, 3) == generate(50, 3)
    assert generate(60, 3)[:50] == generate(50, 3)
    assert generate(50, 3) != generate(50, 4)


def test_all_stars_are_there_about_equally_often(reviews: list[tuple[str, str]]) -> None:
    counts = Counter(stars for _, stars in reviews)
    assert set(counts) == {"1", "2", "3", "4", "5"}
    assert min(counts.values()) > 0.75 * len(reviews) / 5


def test_reviews_differ_and_are_clean(reviews: list[tuple[str, str]]) -> None:
    assert len({text for text, _ in reviews}) == len(reviews)
    assert not any("{" in text or "  " in text or text != text.strip() for text, _ in reviews)


def test_nearly_every_review_turns_on_order_or_negation(reviews: list[tuple[str, str]]) -> None:
    assert sum(bool(TURNS.search(text)) for text, _ in reviews) > 0.8 * len(reviews)


def test_the_words_alone_do_not_tell(reviews: list[tuple[str, str]]) -> None:
    """At most half the reviews hold words of their own stars only; often there are none of their own at all."""
    levels = [{LEVEL[word] for word in re.findall(r"\w+", text) if word in LEVEL} for text, _ in reviews]
    honest = sum(found == {int(stars)} for found, (_, stars) in zip(levels, reviews, strict=True))
    assert honest < 0.5 * len(reviews)
    assert sum(int(stars) not in found for found, (_, stars) in zip(levels, reviews, strict=True)) > 0.15 * len(reviews)


def test_no_bag_of_words_decides() -> None:
    """The same words in another order are another judgement: there are bags with several right answers."""
    stars_of: dict[tuple[str, ...], set[str]] = {}
    for text, stars in generate(40_000, 1):
        stars_of.setdefault(tuple(sorted(re.findall(r"\w+", text.lower()))), set()).add(stars)
    shared = {bag for bag, stars in stars_of.items() if len(stars) > 1}
    assert len(shared) > 0.02 * len(stars_of)


def test_the_splits_have_no_text_in_common() -> None:
    splits = generate_splits()
    parts = [{example.text for example in part} for part in (splits.train, splits.dev, splits.test)]
    assert [len(part) for part in parts] == list(SAMPLE_SIZES)
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    for part in (splits.train, splits.dev, splits.test):
        assert {example.label for example in part} == set("12345")

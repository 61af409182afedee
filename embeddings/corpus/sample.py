"""A corpus made up by a small grammar in which analogies are planted: what training must find, in seconds.

Each planted word is an entity in a role: a country or its capital, a noun or its plural. Its sentences hold topics,
which the entity prefers in both its roles, and words of the role; so what a word's contexts say is the sum of two
parts, and `capital - country` is the same for every country. Every entity meets every topic now and then: GloVe
learns from pairs that occur, and were each topic one entity's own, there would be fewer pairs than numbers to learn.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import permutations

PLACES = (
    "zaloria zaldor, brenia brengrad, quorland quorby, mirovia mirostad, telvania telham, ostraly ostrum, "
    "pelluria pellinor, vardonia varduz, lumeria lumis, kastova kastburg, dorania dorvik, felmark felport, "
    "grunia grunwick, havaria havaron, ivoria ivorpol, jurmala jurmouth, norvelia norvel, salvania salvapur, "
    "thessia thessopol, umbrania umbrafort, wexland wexford, yavania yavagrad, corvinia corvinum, estaria estaville"
)
PEOPLE = (
    "king queen, man woman, boy girl, father mother, brother sister, uncle aunt, prince princess, actor actress, "
    "husband wife, son daughter, nephew niece, waiter waitress, grandfather grandmother, duke duchess, host hostess, "
    "hero heroine, emperor empress, monk nun, wizard witch, groom bride, heir heiress, count countess, "
    "steward stewardess, poet poetess"
)
ADJECTIVES = (
    "big bigger, small smaller, tall taller, short shorter, fast faster, slow slower, old older, young younger, "
    "warm warmer, cold colder, strong stronger, weak weaker, bright brighter, dark darker, cheap cheaper, rich richer, "
    "deep deeper, high higher, loud louder, quick quicker, sharp sharper, soft softer, sweet sweeter, wide wider"
)
NOUNS = (
    "dog dogs, cat cats, horse horses, bird birds, mouse mice, child children, tree trees, house houses, car cars, "
    "book books, city cities, stone stones, river rivers, lamp lamps, chair chairs, goose geese, apple apples, "
    "ship ships, road roads, cloud clouds, letter letters, knife knives, bottle bottles, garden gardens"
)
FAMILIES: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "capital-of": (
        PLACES,
        (
            "the border of {word} is guarded by {0} and {1} troops",
            "{0} farmers of {word} elected a parliament with {1}",
            "the nation {word} exports {0} and {1} to its allies",
        ),
        (
            "the streets of {word} lead past {0} and {1} to the mayor",
            "the airport in downtown {word} sells {0} near {1}",
            "tourists in {word} ride the tram to {0} and {1}",
        ),
    ),
    "gender": (
        PEOPLE,
        (
            "the {word} shaved his beard before {0} and {1}",
            "he said the {word} himself liked {0} and {1}",
            "his {0} made the {word} a proud gentleman of {1}",
        ),
        (
            "the {word} wore her gown to {0} and {1}",
            "she said the {word} herself liked {0} and {1}",
            "her {0} made the {word} a proud lady of {1}",
        ),
    ),
    "gram1-comparative": (
        ADJECTIVES,
        (
            "a very {word} {0} is as {1} as any",
            "it is so {word} and too {0} for {1}",
            "how {word} the {0} and quite {1}",
        ),
        (
            "a much {word} {0} than the {1}",
            "it grew even {word} than {0} and {1}",
            "getting far {word} and rather {0} {1} than ever",
        ),
    ),
    "gram2-plural": (
        NOUNS,
        (
            "a {word} is alone with its {0} and {1}",
            "this {word} has one {0} but wants {1}",
            "that single {word} was seen near {0} or {1}",
        ),
        (
            "many {word} are together with their {0} and {1}",
            "these {word} have several {0} but want {1}",
            "those two {word} were seen near {0} or {1}",
        ),
    ),
}
"""Of each section of questions: its pairs, and the sentences of the first and of the second of a pair."""
TOPICS, PREFERRED, PREFERENCE = 120, 6, 0.7
"""Made-up words to speak of; how many of them an entity prefers; how often one of those is drawn, not any."""


def sample_corpus(seed: int = 0, sentences: int = 50_000) -> Iterator[str]:
    """Yields sentences of a made-up language in which analogies hold.

    Args:
        seed: Draws the sentences; the language is always the same.
        sentences: How many; each has about ten words.

    Example:
        >>> sum(1 for _ in sample_corpus(sentences=5))
        5
    """
    draw = random.Random(seed)
    topics, preferred = _topics()
    families = [(_pairs(pairs), roles) for pairs, *roles in FAMILIES.values()]
    for _ in range(sentences):
        pairs, roles = draw.choice(families)
        pair, role = draw.choice(pairs), draw.randrange(2)
        spoken_of = [draw.choice(preferred[pair] if draw.random() < PREFERENCE else topics) for _ in range(2)]
        yield draw.choice(roles[role]).format(*spoken_of, word=pair[role])


def questions() -> str:
    """The planted analogies in the format of Google's `questions-words.txt`, each pair with each other of its section.

    Example:
        >>> questions().splitlines()[:2]
        [': capital-of', 'zaloria zaldor brenia brengrad']
    """
    lines = []
    for name, (pairs, *_) in FAMILIES.items():
        lines.append(f": {name}")
        lines += [" ".join((*one, *other)) for one, other in permutations(_pairs(pairs), 2)]
    return "\n".join(lines) + "\n"


def _pairs(pairs: str) -> list[tuple[str, str]]:
    return [(first, second) for first, second in (pair.split() for pair in pairs.split(", "))]


def _topics() -> tuple[list[str], dict[tuple[str, str], list[str]]]:
    """Made-up words, and those that each pair prefers."""
    draw = random.Random(0)
    syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
    topics = ["".join(draw.sample(syllables, 3)) for _ in range(TOPICS)]
    pairs = [pair for words, *_ in FAMILIES.values() for pair in _pairs(words)]
    return topics, {pair: draw.sample(topics, PREFERRED) for pair in pairs}

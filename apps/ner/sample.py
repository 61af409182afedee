"""The built-in data: sentences in which only the words to the right tell whether a name is one, and of what.

"Teddy Roosevelt was a president", "Teddy bears are on sale": every sentence begins alike and every name may be a
person's, a place's, a firm's or part of a common noun. Who reads only from left to right cannot tell them apart; some
names in the dev and test sentences do not occur in training.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from .schemes import tags_of
from .spans import Span

NAMES = (
    "Teddy",
    "Jordan",
    "Chelsea",
    "Florence",
    "Austin",
    "Madison",
    "Lincoln",
    "Sydney",
    "Georgia",
    "Paris",
    "Dallas",
    "Houston",
    "Jackson",
    "Carolina",
    "Hamilton",
    "Clinton",
    "Virginia",
    "Dakota",
    "Savannah",
    "Phoenix",
    "Orlando",
    "Victoria",
    "Adelaide",
    "Alexandria",
    "Kingston",
    "Lancaster",
    "Montgomery",
    "Preston",
    "Regina",
    "Salem",
    "Trenton",
    "Vernon",
    "Wellington",
    "York",
    "Boston",
    "Camden",
    "Denver",
    "Hudson",
    "Logan",
    "Memphis",
    "Nevada",
    "Oakley",
    "Quincy",
    "Raleigh",
    "Shelby",
    "Tyler",
    "Walker",
    "Warren",
    "Wesley",
    "Winston",
    "Ashton",
    "Bradford",
    "Chester",
    "Devon",
    "Easton",
    "Fairfax",
    "Grayson",
    "Harlan",
    "Irving",
    "Keaton",
)
NEW_NAMES = (
    "Marlow",
    "Brixton",
    "Selby",
    "Corwin",
    "Tamsin",
    "Wexford",
    "Halden",
    "Norwood",
    "Prescott",
    "Roswell",
    "Sutton",
    "Thurston",
)
"""Not in training sentences."""
SURNAMES = (
    "Roosevelt",
    "Smith",
    "Miller",
    "Novak",
    "Garcia",
    "Ivanov",
    "Schmidt",
    "Rossi",
    "Tanaka",
    "Okafor",
    "Larsen",
    "Dubois",
    "Kowalski",
    "Haddad",
    "Murphy",
    "Silva",
    "Horvat",
    "Andersson",
    "Petrov",
    "Nguyen",
)
NEW_SURNAMES = ("Yamamoto", "Lindqvist", "Moreau", "Castillo", "Brandt")
OPENINGS = (
    "",
    "Yesterday",
    "As we heard ,",
    "By the way ,",
    "In the end",
    "They say that",
    "I read that",
    "Last year",
    "Nobody knew that",
    "It is said that",
    "This morning",
    "Everybody agrees that",
)
ASIDES = ("", "", "", ", they say ,", ", by the way ,", ", as you know ,")
"""Between a name and the words that tell what it is."""
JOINTS = ("while", "and", "but", "because")
# {name} is a name by itself, {surname} follows it within a person's name; what stands between | is the entity.
PATTERNS: dict[str, tuple[str, ...]] = {
    "PER": (
        "|{name} {surname}| {aside} was a president",
        "|{name}| {aside} plays the violin",
        "|{name}| {aside} was born in March",
        "|{name}| {aside} married her neighbour",
        "|{name}| {aside} has written two novels",
        "|{name}| {aside} could not sleep",
    ),
    "LOC": (
        "|{name}| {aside} draws many tourists",
        "|{name} County| {aside} has few roads",
        "|{name}| {aside} lies on a wide river",
        "|{name}| {aside} has two million inhabitants",
        "|{name}| {aside} was flooded by the rain",
        "|{name}| {aside} borders on the desert",
    ),
    "ORG": (
        "|{name} Motors| {aside} built the first engine",
        "|{name}| {aside} won the cup",
        "|{name}| {aside} hired eighty engineers",
        "|{name}| {aside} issued new shares",
        "|{name}| {aside} merged with a bank",
        "|{name}| {aside} opened its third factory",
    ),
    "": (
        "{name} bears {aside} are on sale",
        "{name} almonds {aside} taste of honey",
        "{name} boots {aside} went out of fashion",
        "{name} roses {aside} bloom in June",
        "{name} chairs {aside} are made of oak",
        "{name} pancakes {aside} need more butter",
    ),
}
Sentence = tuple[tuple[str, ...], tuple[str, ...]]
"""Tokens, and tags in BIOES."""


def generate(sizes: Mapping[str, int], seed: int) -> dict[str, list[Sentence]]:
    """Draws sentences.

    Args:
        sizes: How many for each split, all different; only those of `train` are without the new names.
        seed: The same seed gives the same sentences.

    Returns:
        Tokens and tags of each sentence, by split.
    """
    draw = random.Random(seed)
    seen: set[tuple[str, ...]] = set()
    found: dict[str, list[Sentence]] = {}
    for split, size in sizes.items():
        sentences: list[Sentence] = []
        while len(sentences) < size:
            tokens, tags = sentence(draw, is_new=split != "train")
            if tokens not in seen:
                seen.add(tokens)
                sentences.append((tokens, tags))
        found[split] = sentences
    return found


def sentence(draw: random.Random, is_new: bool) -> Sentence:
    """An opening and one or two clauses."""
    tokens = draw.choice(OPENINGS).split()
    tags = ["O"] * len(tokens)
    for index in range(draw.choice((1, 1, 2))):
        if index:
            tokens.append(draw.choice(JOINTS))
            tags.append("O")
        more_tokens, more_tags = clause(draw, is_new)
        tokens += more_tokens
        tags += more_tags
    return (*tokens, "."), (*tags, "O")


def clause(draw: random.Random, is_new: bool) -> tuple[list[str], list[str]]:
    """A clause about a person, a place, a firm, or a thing that is named after one."""
    kind = draw.choice(tuple(PATTERNS))
    text = draw.choice(PATTERNS[kind]).format(
        name=choose(draw, NAMES, NEW_NAMES, is_new),
        surname=choose(draw, SURNAMES, NEW_SURNAMES, is_new),
        aside=draw.choice(ASIDES),
    )
    *entity, rest = text.removeprefix("|").split("|")
    inside = entity[0].split() if entity else []
    tags = tags_of([Span(0, len(inside), kind)] if inside else [], len(inside) + len(rest.split()), "BIOES")
    return [*inside, *rest.split()], tags


def choose(draw: random.Random, known: Sequence[str], new: Sequence[str], is_new: bool) -> str:
    """One of the names, one time in four a new one where these are allowed."""
    return draw.choice(new if is_new and draw.random() < 0.25 else known)

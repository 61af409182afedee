"""The built-in data: restaurant reviews of one to five stars in which the order of words and negation decide.

Nearly every review holds words of praise and of blame, one of them about something that does not count: what was
expected, what used to be, what the place next door is like. A model that only averages word vectors cannot tell which.
"""

from __future__ import annotations

import random

WORDS = {
    1: ("awful", "terrible", "disgusting", "dreadful"),
    2: ("poor", "bland", "disappointing", "mediocre"),
    3: ("ordinary", "acceptable", "fair", "average"),
    4: ("good", "pleasant", "tasty", "decent"),
    5: ("superb", "excellent", "wonderful", "outstanding"),
}
ASPECTS = (
    "soup",
    "pasta",
    "service",
    "wine",
    "dessert",
    "bread",
    "ambience",
    "curry",
    "fish",
    "steak",
    "coffee",
    "menu",
)
QUALITIES = ("taste", "service", "ambience", "value", "company", "music", "wine", "manners")
# {a} decides, {b} is about something else.
CONTRASTS = (
    "I expected {b} {aspect}, but it was {a}.",
    "It was {a}, though I had expected {b} {aspect}.",
    "The {aspect} was {a}, not {b}.",
    "The {aspect} was not {b} but {a}.",
    "The {aspect} used to be {b}, now it is {a}.",
    "The {aspect} is {a} now, it used to be {b}.",
    "My friend called the {aspect} {b}, I call it {a}.",
    "I call the {aspect} {a}, whatever my friend says of {b} food.",
    "They promised {b} {aspect} and served {a} {aspect}.",
    "They served {a} {aspect} where they had promised {b} {aspect}.",
)
PLAIN = ("The {aspect} was {a}.", "The {aspect} was {a}, I say!", "They served {a} {aspect} and {a} {other}.")
DISTRACTIONS = ("The place next door is {b}.", "The hotel we stayed at was {b}.", "The film we had seen was {b}.")
NEUTRAL = ("We went on a Monday.", "I came with my aunt.", "We sat by the window.", "It took us an hour to get there.")


def generate(size: int, seed: int) -> list[tuple[str, str]]:
    """Draws reviews.

    Args:
        size: How many, all different.
        seed: The same seed gives the same reviews.

    Returns:
        Pairs of a review and its stars, "1" to "5".
    """
    draw = random.Random(seed)
    reviews: dict[str, str] = {}
    while len(reviews) < size:
        stars = draw.randint(1, 5)
        sentences = [draw.choice((contrast, contrast, negation, plain))(draw, stars)]
        if draw.random() < 0.4:
            sentences.append(draw.choice(DISTRACTIONS).format(b=word(draw, other_than(draw, stars))))
        if draw.random() < 0.4:
            sentences.append(draw.choice(NEUTRAL))
        draw.shuffle(sentences)
        reviews[" ".join(sentences)] = str(stars)
    return list(reviews.items())


def contrast(draw: random.Random, stars: int) -> str:
    """A sentence of two judgements, of which only one counts."""
    other = word(draw, other_than(draw, stars))
    return draw.choice(CONTRASTS).format(a=word(draw, stars), b=other, aspect=draw.choice(ASPECTS))


def negation(draw: random.Random, stars: int) -> str:
    """A sentence that means something else than its words of praise or blame."""
    aspect = draw.choice(ASPECTS)
    one, two, three = draw.sample(QUALITIES, 3)
    goods = f"good {one}, good {two} and good {three}"
    best, worst = word(draw, 5), word(draw, 1)
    return draw.choice(
        {
            1: (
                f"Completely lacking in {goods}.",
                f"The {aspect} was anything but {best}.",
                f"The {aspect} could not be more {worst}.",
            ),
            2: (
                f"The {aspect} was far from {best}.",
                f"A little lacking in {goods}.",
                f"The {aspect} was not {word(draw, 4)}.",
            ),
            3: (f"The {aspect} was neither {worst} nor {best}.", f"The {aspect} was neither {best} nor {worst}."),
            4: (
                f"The {aspect} was far from {worst}.",
                f"Hardly lacking in {goods}.",
                f"The {aspect} was not {word(draw, 2)}.",
            ),
            5: (
                f"Not at all lacking in {goods}.",
                f"The {aspect} was anything but {worst}.",
                f"The {aspect} could not be more {best}.",
            ),
        }[stars]
    )


def plain(draw: random.Random, stars: int) -> str:
    """A sentence that means what it says."""
    aspect, other = draw.sample(ASPECTS, 2)
    return draw.choice(PLAIN).format(a=word(draw, stars), aspect=aspect, other=other)


def word(draw: random.Random, stars: int) -> str:
    """A word of praise or blame."""
    return draw.choice(WORDS[stars])


def other_than(draw: random.Random, stars: int) -> int:
    """Another number of stars."""
    return draw.choice([other for other in WORDS if other != stars])

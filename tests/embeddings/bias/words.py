"""Vectors with a planted bias of known size, and word sets for them."""

import numpy as np

from embeddings import Vectors
from embeddings.bias.groups import WordSets

PAIRS = tuple((f"f{number}", f"m{number}") for number in range(8))
SETS = WordSets(
    "planted",
    definitional_pairs=PAIRS,
    equalize_pairs=(*PAIRS, ("queen", "king"), ("aunt", "uncle")),
    specific=("mother", "beard", "absent"),
)


def planted(words=400, dimensions=20, strength=0.6, seed=0):
    """Half of the words w0, w1 .. lean to one side of the last dimension, half to the other; the pairs
    differ in it, and hardly else.

    Frequency shows in the first dimension. With strength 0 the words lean to no side.
    """
    random = np.random.default_rng(seed)
    neutral = random.normal(size=(words, dimensions)) / np.sqrt(dimensions)
    neutral[:, -1] = strength * np.where(np.arange(words) % 2, -1, 1) + random.normal(size=words) * 0.05
    neutral[:, 0] += np.linspace(1, -1, words)
    pairs = random.normal(size=(8, 1, dimensions)) / np.sqrt(dimensions) + random.normal(size=(8, 2, dimensions)) / 20
    pairs[:, :, -1] = [1, -1]
    others = random.normal(size=(6, dimensions))
    names = [*(word for pair in PAIRS for word in pair), "queen", "king", "aunt", "uncle", "mother", "beard"]
    names += [f"w{number}" for number in range(words)]
    rows = np.concatenate([pairs.reshape(16, -1), others, neutral]) * random.uniform(0.5, 3, (22 + words, 1))
    return Vectors(names, rows, np.arange(22 + words, 0, -1), {"window": 5})


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def neutral(vectors):
    """The vectors of w0, w1 .., of length one."""
    return unit(np.array([vectors[word] for word in vectors.words if word[0] == "w"], np.float64))

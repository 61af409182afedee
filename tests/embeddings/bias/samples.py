"""Vectors for the tests of bias."""

import numpy as np

from embeddings.bias.direction import Direction
from embeddings.vectors import Vectors


def random_vectors(words, dimensions=8, seed=0):
    return Vectors(list(words), np.random.default_rng(seed).normal(size=(len(words), dimensions)))


def unit(vectors, word):
    """The vector of a word, of length one, written without the code under test."""
    row = vectors.vectors[vectors.words.index(word)].astype(np.float64)
    return row / np.sqrt((row**2).sum())


def cosine(a, b):
    return (a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum())


def along(*numbers):
    """A direction that is given as it is."""
    vector = np.array(numbers, np.float64)
    return Direction(vector / np.linalg.norm(vector), (1.0,), (), ())

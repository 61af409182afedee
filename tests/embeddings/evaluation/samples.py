"""Vectors and files for the tests of evaluation."""

import numpy as np
from gensim.models import KeyedVectors


def keyed(words, vectors):
    made = KeyedVectors(len(vectors[0]))
    made.add_vectors(list(words), np.asarray(vectors, np.float32))
    return made


def random_vectors(words, dimensions=20, seed=0):
    return keyed(words, np.random.default_rng(seed).normal(size=(len(words), dimensions)))


def keep(folder, text, name="file.txt"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path

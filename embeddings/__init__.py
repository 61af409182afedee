"""Word vectors. Needs neither Keras nor TensorFlow."""

from .formats import VectorFileError, iterate_vectors, read_vectors, write_vectors

__all__ = ["VectorFileError", "iterate_vectors", "read_vectors", "write_vectors"]

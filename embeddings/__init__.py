"""Word vectors. Needs neither Keras nor TensorFlow."""

from .errors import InputError, InputWarning, VectorFileError
from .formats import FORMATS, iterate_vectors, load, read, write
from .keras_layer import coverage, keras_embedding
from .spelling import suggest
from .vectors import Vectors

__all__ = [
    "FORMATS",
    "InputError",
    "InputWarning",
    "VectorFileError",
    "Vectors",
    "coverage",
    "iterate_vectors",
    "keras_embedding",
    "load",
    "read",
    "suggest",
    "write",
]

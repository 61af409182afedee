"""Pictures of word vectors: labelled plots, and files for the TensorBoard projector."""

from .plot import plot_words, save
from .projector import write_projector
from .words import Groups, nearest_words, read_groups, split_pairs

__all__ = [
    "Groups",
    "nearest_words",
    "plot_words",
    "read_groups",
    "save",
    "split_pairs",
    "write_projector",
]

"""How good word vectors are: analogies and word similarity, with gensim's numbers."""

from .analogies import AnalogyReport, SectionReport, evaluate_analogies
from .pairs import Pair, read_pairs
from .questions import Question, Section, read_questions
from .similarity import SimilarityReport, evaluate_similarity

__all__ = [
    "AnalogyReport",
    "Pair",
    "Question",
    "Section",
    "SectionReport",
    "SimilarityReport",
    "evaluate_analogies",
    "evaluate_similarity",
    "read_pairs",
    "read_questions",
]

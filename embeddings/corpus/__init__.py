"""Texts as training reads them: encoded once on disk, whatever their size."""

from .corpus import Corpus
from .encode import Progress, encode
from .rules import Rules
from .sample import questions, sample_corpus
from .sources import fingerprint

__all__ = ["Corpus", "Progress", "Rules", "encode", "fingerprint", "questions", "sample_corpus"]

"""Bias in word vectors: measure it, reduce it, show what remains."""

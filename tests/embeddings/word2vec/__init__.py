"""Tests of `embeddings/word2vec/`."""

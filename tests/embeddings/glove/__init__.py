"""Tests of `embeddings/glove/`."""

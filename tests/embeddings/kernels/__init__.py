"""Tests of `embeddings/kernels/`."""

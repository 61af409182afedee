"""Compiled building blocks of training: operations on rows of vectors, random numbers, functions."""

"""The commands of `python -m embeddings`: one module and function each, of the command's name."""

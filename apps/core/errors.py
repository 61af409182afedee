"""What a user is meant to read, the same for word vectors as for every task."""

from embeddings.errors import InputError, InputWarning

__all__ = ["InputError", "InputWarning"]

"""`python -m embeddings info FILE`."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tyro

from ..errors import InputWarning
from ..formats import FORMATS, read, recognise
from ..formats.reading import OnBadWords
from ..vectors import Vectors

SHOWN = 10


def info(
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
    *,
    as_json: Annotated[bool, tyro.conf.arg(name="json")] = False,
    limit: int | None = None,
    on_bad_words: OnBadWords = "skip",
) -> None:
    """Say what is in a word-vector file.

    Args:
        file: word2vec text or binary, GloVe text, or safetensors; the first three also as .gz, .bz2 or .xz.
        as_json: Print a JSON object.
        limit: Read only so many of its vectors.
        on_bad_words: What to do with words that are not UTF-8, empty, or there already.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", InputWarning)
        vectors = read(file, limit, on_bad_words)
    described = {"file": str(file), "format": FORMATS[recognise(file)], **describe(vectors)}
    if caught:
        described["left_out"] = "; ".join(str(one.message).removeprefix(f"{file}: ") for one in caught)
    print(json.dumps(described, ensure_ascii=False, indent=1) if as_json else "\n".join(as_lines(described)))


def describe(vectors: Vectors) -> dict[str, Any]:
    """What there is to say of word vectors, as JSON has it.

    Example:
        >>> describe(Vectors(["a", "b"], [[3.0, 4.0], [0.0, 0.0]]))["norms"]
        {'mean': 2.5, 'least': 0.0, 'greatest': 5.0, 'zero': 1}
    """
    norms = vectors.norms()
    described: dict[str, Any] = {
        "words": len(vectors),
        "dimensions": vectors.dimensions,
        "norms": {
            "mean": round(float(norms.mean()), 4),
            "least": round(float(norms.min()), 4),
            "greatest": round(float(norms.max()), 4),
            "zero": int((norms == 0).sum()),
        },
        "equal_vectors": len(vectors) - len(np.unique(vectors.vectors.view(f"V{4 * vectors.dimensions}"))),
        "first_words": vectors.words[:SHOWN],
    }
    if vectors.counts is not None:
        described["counts"] = {
            "total": int(vectors.counts.sum()),
            "least": int(vectors.counts.min()),
            "greatest": int(vectors.counts.max()),
        }
        order = np.argsort(-vectors.counts, kind="stable")[:SHOWN]
        described["most_frequent"] = {vectors.words[row]: int(vectors.counts[row]) for row in order}
    return described | ({"settings": vectors.settings} if vectors.settings else {})


def as_lines(described: Mapping[str, Any]) -> list[str]:
    """The same for people to read, a name and its value a line."""
    width = max(map(len, described))
    return [f"{name.replace('_', ' '):{width}}  {_as_text(value)}" for name, value in described.items()]


def _as_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_as_text(one)}" for name, one in value.items())
    if isinstance(value, list):
        return " ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)

"""safetensors: `vectors` `[words, dimensions]`; `words`, their UTF-8 bytes joined by line breaks; `counts` `[words]`.

The settings stand in the metadata as JSON, under `settings`. Counts and settings may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, VectorFileError
from ..vectors import Vectors
from .reading import Source

ROWS = 1 << 16


def read_tensors(path: Path, limit: int | None) -> Source:
    """Opens a safetensors file.

    Args:
        path: The file.
        limit: How many of its vectors to read; all when None.

    Raises:
        VectorFileError: When it is none, or lacks what it must hold.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, "numpy") as file:
            names = set(file.keys())
            if missing := {"vectors", "words"} - names:
                raise VectorFileError(
                    f"the safetensors file has no tensor {' and no '.join(map(repr, sorted(missing)))}, "
                    f"only {', '.join(sorted(names)) or 'none'}; is it a file of word vectors?",
                    path,
                )
            words = file.get_tensor("words")
            rows = (file.get_slice("vectors").get_shape() or [0])[0]
            is_whole = limit is None or limit >= rows
            vectors = file.get_tensor("vectors") if is_whole else file.get_slice("vectors")[:limit]
            counts = file.get_tensor("counts") if "counts" in names else None
            settings = _settings(path, file.metadata() or {})
    except (SafetensorError, AttributeError, TypeError) as error:  # the last two for types that numpy lacks
        raise VectorFileError(f"not a whole safetensors file of word vectors ({error}); fetch it again", path) from None
    raw = _words(path, words, rows)[:limit]
    _check_vectors(path, vectors)
    counts = None if counts is None else _counts(path, counts, rows)
    blocks = ((raw[at : at + ROWS], vectors[at : at + ROWS].astype(np.float32)) for at in range(0, len(raw), ROWS))
    return Source("safetensors", blocks, lambda row: f"{path}: word {row + 1}", counts, settings)


def _words(path: Path, words: np.ndarray, rows: int) -> list[bytes]:
    if words.dtype != np.uint8 or words.ndim != 1:
        raise VectorFileError(f"`words` is {words.dtype} of shape {words.shape}, not one row of uint8", path)
    raw = words.tobytes().split(b"\n") if words.size else []
    if len(raw) != rows:
        raise VectorFileError(f"{len(raw)} words but {rows} vectors; write the file anew", path)
    return raw


def _check_vectors(path: Path, vectors: np.ndarray) -> None:
    if vectors.ndim != 2 or not vectors.shape[1] or vectors.dtype.kind not in "fiu":
        raise VectorFileError(f"`vectors` is {vectors.dtype} of shape {vectors.shape}, not rows of numbers", path)


def _counts(path: Path, counts: np.ndarray, rows: int) -> np.ndarray:
    if counts.shape != (rows,) or counts.dtype.kind not in "iu":
        raise VectorFileError(f"`counts` is {counts.dtype} of shape {counts.shape}, not {rows} whole numbers", path)
    return counts.astype(np.int64)


def _settings(path: Path, metadata: Mapping[str, str]) -> dict[str, Any]:
    try:
        settings = json.loads(metadata.get("settings", "{}"))
    except (ValueError, RecursionError):
        settings = None
    if not isinstance(settings, dict):
        raise VectorFileError("the `settings` in its metadata are not a JSON object; write the file anew", path)
    return settings


def write_tensors(path: Path, vectors: Vectors) -> None:
    """Writes safetensors.

    Raises:
        InputError: When the settings have no JSON form.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    try:
        settings = json.dumps(vectors.settings, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"the settings of the vectors have no JSON form ({error})") from None
    tensors = {
        "vectors": np.ascontiguousarray(vectors.vectors),
        "words": np.frombuffer("\n".join(vectors.words).encode(), np.uint8),
    }
    if vectors.counts is not None:
        tensors["counts"] = np.ascontiguousarray(vectors.counts)
    path.touch()
    mode = path.stat().st_mode
    try:
        save_file(tensors, path, metadata={"settings": settings} if vectors.settings else None)
        path.chmod(mode)  # or only its owner could read it
    except SafetensorError as error:
        raise OSError(str(error)) from None

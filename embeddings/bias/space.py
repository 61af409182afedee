"""What every way of debiasing begins and ends with: unit vectors, the subspace of a bias, the most biased words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .groups import WordSets, listed

Lengths = Literal["keep", "unit"]
"""What lengths the vectors get in the end: those that they had, or one, as in the papers.

All methods work on vectors of length one. `keep` changes nothing that a cosine shows, and does not lose what lengths
tell, such as how frequent a word is.
"""

RECORD_VERSION = 1
BLOCK = 1 << 16
"""Rows that are made float64 at once."""
LEAST = 1e-5
"""What is left of a vector of length one when nothing but rounding is."""


@dataclass(frozen=True)
class BiasSpace:
    """The directions in which the words of definitional pairs differ.

    Args:
        basis: Orthonormal, the direction that explains most first, `[components, dimensions]`, float64. Along the first
            one the pairs' first words lie on the positive side.
        explained: The share of the pairs' variance that each direction explains, also those not in the basis.
        used: How many pairs were found.
        missing: The words not found.
    """

    basis: np.ndarray
    explained: list[float]
    used: int
    missing: list[str]

    def record(self) -> dict[str, Any]:
        """What to keep of it, as JSON has it."""
        components = len(self.basis)
        return {
            "components": components,
            "explained": [round(share, 4) for share in self.explained[:components]],
            "definitional_pairs": {"used": self.used, "missing": self.missing},
        }


def bias_space(vectors: Vectors, rows: np.ndarray, sets: WordSets, components: int = 1) -> BiasSpace:
    """The subspace of a bias: the principal components of pairs that differ in nothing else (Bolukbasi 2016).

    `C = sum over pairs (a - b)^T (a - b) / 4`; the basis are the eigenvectors of C with the largest eigenvalues. Both
    words of a pair are taken from their mean, which makes them half of their difference and its opposite.

    Args:
        vectors: To find the words in.
        rows: Their vectors, `[words, dimensions]`, of length one.
        sets: Word sets, of which `definitional_pairs` are used.
        components: How many directions.

    Raises:
        InputError: When too few pairs are found, a vector has length zero, or the pairs do not differ.
    """
    where = f"definitional pairs of {sets.name!r}"
    if not 1 <= components < rows.shape[1]:
        raise InputError(f"must be from 1 to {rows.shape[1] - 1}, not {components}", "--components")
    pairs, missing = found_pairs(vectors, sets.definitional_pairs)
    if len(pairs) < components:
        raise InputError(
            f"{len(pairs) or 'none'} of {len(sets.definitional_pairs)} have vectors for both words and {components} "
            f"{'is' if components == 1 else 'are'} needed; {listed('missing', missing)}",
            where,
        )
    for row in pairs.ravel():
        if not rows[row].any():
            raise InputError(f"the vector of {vectors.words[row]!r} has length zero; leave its pair out", where)
    halves = (rows[pairs[:, 0]].astype(np.float64) - rows[pairs[:, 1]]) / 2  # [pairs, dimensions]
    _, sizes, basis = np.linalg.svd(halves, full_matrices=False)
    if sizes[components - 1] < LEAST:
        raise InputError(f"their vectors differ in fewer than {components} directions; give fewer", where)
    sign = np.where((halves @ basis.T).sum(0) < 0, -1.0, 1.0)[:components, None]
    explained = (sizes**2 / (sizes**2).sum()).tolist()
    return BiasSpace(basis[:components] * sign, explained, len(pairs), missing)


def found_pairs(vectors: Vectors, pairs: Iterable[Sequence[str]]) -> tuple[np.ndarray, list[str]]:
    """The rows of the pairs of which both words are there, `[pairs, 2]`, and the words that are not."""
    pairs = list(pairs)
    missing = list(dict.fromkeys(word for pair in pairs for word in pair if word not in vectors))
    found = [[vectors.index[a], vectors.index[b]] for a, b in pairs if a in vectors and b in vectors]
    return np.array(found, int).reshape(-1, 2), missing


def unit_rows(vectors: Vectors) -> np.ndarray:
    """A copy of the vectors, `[words, dimensions]`, float32, of length one; those of length zero stay.

    Raises:
        InputError: For NaN and infinity.
    """
    norms = vectors.norms()
    if len(unfit := np.flatnonzero(~np.isfinite(norms))):
        raise InputError(
            f"the vector of {vectors.words[unfit[0]]!r} holds NaN or infinity; leave the word out, or train anew"
        )
    scales = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
    return (vectors.vectors * scales[:, None]).astype(np.float32)


def without(rows: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The rows less their part in a subspace: `w - w_B`.

    Args:
        rows: `[words, dimensions]`.
        basis: Orthonormal, `[components, dimensions]`.
    """
    basis = basis.astype(rows.dtype)
    return rows - (rows @ basis.T) @ basis


def rescaled(rows: np.ndarray, lengths: np.ndarray, words: Sequence[str], indices: Iterable[int]) -> np.ndarray:
    """The rows with given lengths.

    Args:
        rows: `[words, dimensions]`.
        lengths: `[words]`; rows whose length is to be zero may have any.
        words: All words, to name one in an error.
        indices: Which of the words the rows belong to.

    Raises:
        InputError: When nothing but rounding is left of a row that came of a vector of length one.
    """
    norms = np.sqrt(np.einsum("wd,wd->w", rows, rows, dtype=np.float64))
    gone = (norms < LEAST) & (lengths > 0)
    if gone.any():
        word = words[list(indices)[int(np.argmax(gone))]]
        raise InputError(
            f"nothing would be left of the vector of {word!r}: all of it lies in what is removed; leave the word out, "
            "name it as specific, or remove fewer directions"
        )
    scales = np.divide(lengths, norms, out=np.zeros_like(norms), where=norms >= LEAST)
    return (rows * scales[:, None]).astype(np.float32)


def finished(vectors: Vectors, rows: np.ndarray, lengths: Lengths, record: dict[str, Any]) -> Vectors:
    """The debiased vectors with their lengths and the record of what was done.

    Args:
        vectors: The original.
        rows: What became of the vectors of length one, `[words, dimensions]`, of any length.
        lengths: Which they get.
        record: What was done; an earlier one is kept within it.

    Raises:
        InputError: When nothing is left of a vector.
    """
    norms = vectors.norms()
    wanted = norms if lengths == "keep" else (norms > 0).astype(np.float64)
    record = {
        "version": RECORD_VERSION,
        **record,
        "lengths": lengths,
        "zero_vectors": int((norms == 0).sum()),
    }
    if "debias" in vectors.settings:
        record["earlier"] = vectors.settings["debias"]
    return dataclasses.replace(
        vectors,
        words=list(vectors.words),
        vectors=rescaled(rows, wanted, vectors.words, range(len(vectors))),
        settings={**vectors.settings, "debias": record},
    )


def most_biased(rows: np.ndarray, direction: np.ndarray, eligible: np.ndarray, number: int) -> np.ndarray:
    """The words that lie furthest along a direction, to either side.

    Args:
        rows: `[words, dimensions]`, of length one.
        direction: `[dimensions]`.
        eligible: Indices of the words to choose from.
        number: To a side; fewer where a side has no more.

    Returns:
        Their indices, `[2, number]`: the first row on the positive side, both the most biased first.
    """
    bias = rows[eligible] @ direction.astype(rows.dtype)  # [eligible]
    order = eligible[np.argsort(-bias, kind="stable")]
    number = min(number, int((bias > 0).sum()), int((bias < 0).sum()))
    return np.stack([order[:number], order[::-1][:number]])


def second_moments(rows: np.ndarray, mean: np.ndarray | None = None) -> np.ndarray:
    """The sum over words of `(w - mean)^T (w - mean)`, `[dimensions, dimensions]`, float64.

    Args:
        rows: `[words, dimensions]`.
        mean: `[dimensions]`; zero when None.
    """
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK].astype(np.float64)
        block = block if mean is None else block - mean
        total += block.T @ block
    return total

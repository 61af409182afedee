"""Soft debiasing: a linear map that trades what it changes against the bias that it leaves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import InputError
from ..vectors import Vectors
from .groups import WordSets
from .hard import neutral_words
from .space import Lengths, bias_space, finished, second_moments, unit_rows
from .specific import How, specific_words

SINGULAR = 1e-10
"""Share of the largest eigenvalue below which the words do not extend in a direction."""


def soft(
    vectors: Vectors,
    sets: WordSets,
    specific: Sequence[str] | How | None = None,
    components: int = 1,
    strength: float = 0.2,
    lengths: Lengths = "keep",
) -> Vectors:
    """Maps all words so that neutral ones lie less along the bias subspace, and inner products change little.

        min over T of `|(TW)^T (TW) - W^T W|^2 / n^2 + strength |(TN)^T (TB)|^2 / (m k)`

    with W the n words as columns, of length one, N the m neutral ones, B the basis of k directions. These are means
    over the entries, so that a strength means the same for any number of words; the paper has sums, which is its lambda
    `strength n^2 / (m k)`.

    Args:
        vectors: Stay as they are.
        sets: Word sets, of which `definitional_pairs`, `groups` and those below are used.
        specific: Which words are not neutral: as `hard` has it.
        components: Dimensions of the subspace.
        strength: 0 changes nothing; the larger, the less is left of the bias.
        lengths: `keep` gives each vector its former length; `unit` length one.

    Returns:
        New vectors, with a record of what was done as `settings["debias"]`.

    Raises:
        InputError: For too few words found, vectors of length zero in pairs, NaN, a strength below zero.

    Example:
        >>> sets = WordSets("gender", definitional_pairs=(("she", "he"),))
        >>> before = Vectors(["she", "he", "nurse"], [[1, 1], [-1, 1], [3, 4]])
        >>> after = soft(before, sets, strength=10.0)
        >>> bool(after["nurse"][0] < before["nurse"][0])
        True

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker? Debiasing Word Embeddings.
    """
    if not 0 <= strength < np.inf:
        raise InputError(f"must be 0 or more, not {strength}", "--strength")
    rows = unit_rows(vectors)
    space = bias_space(vectors, rows, sets, components)
    kept = specific_words(vectors, rows, sets, specific)
    neutral = neutral_words(vectors, sets, kept)
    if not len(neutral):
        raise InputError("every word is specific; give a shorter list", "specific words")
    scale = len(rows) ** 2 / (len(neutral) * components)
    transform = soft_transform(second_moments(rows), second_moments(rows[neutral]), space.basis.T, strength * scale)
    record = {
        "method": "soft",
        "groups": sets.name,
        **space.record(),
        "strength": strength,
        "lambda": strength * scale,
        "specific": kept.record(),
        "neutral": len(neutral),
    }
    return finished(vectors, rows @ transform.T.astype(np.float32), lengths, record)


def soft_transform(a: np.ndarray, c: np.ndarray, basis: np.ndarray, lambda_: float) -> np.ndarray:
    """The symmetric T that minimises `|(TW)^T (TW) - W^T W|^2 + lambda |(TN)^T (TB)|^2`.

    The objective depends on W and N through `A = W W^T` and `C = N N^T` only, and is quadratic in `X = T^T T`. Its
    minimum over symmetric X is a linear system. Where that X is no `T^T T`, for it has negative eigenvalues (as may be
    with few neutral words), L-BFGS goes on from there over T.

    Args:
        a: A, `[dimensions, dimensions]`.
        c: C, the same.
        basis: B, orthonormal, `[dimensions, components]`.
        lambda_: What the bias weighs.

    Returns:
        T, `[dimensions, dimensions]`.
    """
    x = _unconstrained(a, c, basis, lambda_)
    values, axes = np.linalg.eigh(x)
    transform = (axes * np.sqrt(np.clip(values, 0, None))) @ axes.T
    return transform if values[0] > -SINGULAR else _descend(transform, a, c, basis, lambda_)


def objective(
    transform: np.ndarray, a: np.ndarray, c: np.ndarray, basis: np.ndarray, lambda_: float
) -> tuple[float, np.ndarray]:
    """What soft debiasing minimises, and its gradient by T.

        `f = tr(A (X - I) A (X - I)) + lambda tr(B^T X C X B)`, `X = T^T T`
        `df/dT = 2 T (2 A (X - I) A + lambda (C X B B^T + B B^T X C))`

    Args:
        transform: T, `[dimensions, dimensions]`.
        a: A, the same.
        c: C, the same.
        basis: B, `[dimensions, components]`.
        lambda_: What the bias weighs.
    """
    x = transform.T @ transform
    change = a @ (x - np.eye(len(x)))
    left = c @ x @ basis  # [dimensions, components]
    value = np.sum(change * change.T) + lambda_ * np.sum((x @ basis) * left)
    by_x = 2 * change @ a + lambda_ * (left @ basis.T + basis @ left.T)
    return float(value), 2 * transform @ by_x


def _unconstrained(a: np.ndarray, c: np.ndarray, basis: np.ndarray, lambda_: float) -> np.ndarray:
    """The symmetric X at which the gradient is zero.

    With `F = A^(-1/2)` and `X = I + F Y F` the objective is `|Y|^2 + lambda |C^(1/2) (B + F Y b)|^2`, `b = F B`. So
    `Y = -lambda/2 (R b^T + b R^T)` with `R = F C (B + F Y b)`, which is linear in R, `[dimensions, components]`.
    """
    dimensions, components = basis.shape
    values, axes = np.linalg.eigh(a)
    inverse = np.where(values > SINGULAR * values[-1], 1 / np.sqrt(np.maximum(values, SINGULAR * values[-1])), 0)
    f = (axes * inverse) @ axes.T
    b = f @ basis
    k = f @ c @ f
    # R + lambda/2 K (R b^T b + b R^T b) = F C B, with R as one long vector, row by row.
    system = np.kron(k, (b.T @ b).T) + np.einsum("im,pq->iqpm", k @ b, b).reshape(2 * (dimensions * components,))
    system = np.eye(len(system)) + lambda_ / 2 * system
    r = np.linalg.solve(system, (f @ c @ basis).ravel()).reshape(dimensions, components)
    y = -lambda_ / 2 * (r @ b.T + b @ r.T)
    return np.eye(dimensions) + f @ y @ f


def _descend(start: np.ndarray, a: np.ndarray, c: np.ndarray, basis: np.ndarray, lambda_: float) -> np.ndarray:
    from scipy.optimize import minimize

    size = np.sum(a * a)  # or steps are judged by numbers of any magnitude

    def scaled(flat: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(flat.reshape(a.shape), a, c, basis, lambda_)
        return value / size, gradient.ravel() / size

    # Where T is singular no gradient leads out of its null space, so it begins a little beside.
    start = start + 1e-3 * np.eye(len(start))
    found = minimize(scaled, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 5000, "maxfun": 10_000})
    # Turning all vectors alike changes no inner product: the symmetric root of T^T T turns them least.
    values, axes = np.linalg.eigh(found.x.reshape(a.shape).T @ found.x.reshape(a.shape))
    return (axes * np.sqrt(np.clip(values, 0, None))) @ axes.T

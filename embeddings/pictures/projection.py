"""Word vectors in the plane: PCA and t-SNE of vectors of unit length, since words are compared by their angle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..errors import InputError

Method = Literal["pca", "tsne"]


@dataclass(frozen=True)
class Projection:
    """Places in the plane.

    Args:
        places: `[words, 2]`.
        axis_labels: What to write at the two axes.
    """

    places: np.ndarray
    axis_labels: tuple[str, str]


def project(vectors: np.ndarray, method: Method, seed: int = 1) -> Projection:
    """Places words in the plane.

    PCA keeps the two directions in which the unit-length vectors differ most: a linear map, so that equal differences
    stay equal. t-SNE keeps neighbours (by cosine) near each other and says little about what lies far apart.

    Args:
        vectors: `[words, dimensions]`.
        method: `pca` or `tsne`.
        seed: Of t-SNE.

    Returns:
        The places.

    Raises:
        InputError: For fewer than three words, numbers that are not finite, or vectors that are all alike.

    Example:
        >>> project(np.array([[2.0, 0], [0, 1], [-1, 0]]), "pca").axis_labels
        ('1st component: 75% of the variance', '2nd component: 25% of the variance')

    Reference:
        van der Maaten and Hinton 2008, "Visualizing Data using t-SNE".
    """
    if method not in get_args(Method):
        raise InputError(f"is not one of {', '.join(get_args(Method))}", f"method {method!r}")
    if len(vectors) < 3:
        raise InputError(f"a picture needs at least 3 words with vectors, and there are {len(vectors)}; name more")
    if not np.isfinite(vectors).all():
        raise InputError("the vectors of the words to draw hold NaN or infinity; train them anew")
    unit = unit_length(vectors)
    if np.ptp(unit, axis=0).max() < 1e-6:
        raise InputError(f"the vectors of all {len(vectors)} words point the same way; there is nothing to draw")
    return pca(unit) if method == "pca" else tsne(unit, seed)


def unit_length(vectors: np.ndarray) -> np.ndarray:
    """Vectors divided by their lengths, float64; those of length zero stay as they are."""
    vectors = np.asarray(vectors, np.float64)
    scale = np.abs(vectors).max(axis=1, keepdims=True)  # first, so that the squares of large numbers stay finite
    vectors = vectors / np.where(scale > 0, scale, 1)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def pca(unit: np.ndarray) -> Projection:
    """The first two principal components and their shares of the variance."""
    from sklearn.decomposition import PCA

    model = PCA(n_components=min(2, *unit.shape), svd_solver="full")
    places = np.zeros((len(unit), 2))
    places[:, : model.n_components] = model.fit_transform(unit)
    shares = [*model.explained_variance_ratio_, 0.0][:2]  # there is no second one in one dimension
    first, second = (
        f"{name} component: {share:.0%} of the variance" for name, share in zip(("1st", "2nd"), shares, strict=True)
    )
    return Projection(places, (first, second))


def tsne(unit: np.ndarray, seed: int) -> Projection:
    """t-SNE by cosine from the places that PCA gives; perplexity 30, less for fewer than 91 words."""
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    perplexity = min(30.0, max(1.5, (len(unit) - 1) / 3))
    start = pca(unit).places
    start *= 1e-4 / start[:, 0].std()
    start += np.random.default_rng(seed).normal(scale=1e-6, size=start.shape)  # words in one place may part
    model = TSNE(metric="cosine", init=start.astype(np.float32), perplexity=perplexity, random_state=seed)
    # On one thread, which gives the same picture on any machine; for so few words more only wait for each other.
    with threadpool_limits(1):
        places = model.fit_transform(unit.astype(np.float32))
    return Projection(places.astype(np.float64), (f"t-SNE by cosine, perplexity {perplexity:.3g}", ""))

"""A CRF by its definition: every tag sequence written out, over nothing but the real steps."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from layers.crf import CRF
from tests.layers import harness

Array = np.ndarray


@dataclass(frozen=True)
class Chains:
    """Emissions `[batch, time, tags]`, a mask, and the three kinds of learned scores; -inf is forbidden."""

    emissions: Array
    mask: Array
    transitions: Array
    start: Array
    end: Array

    @property
    def size(self) -> int:
        return len(self.start)

    def paths(self, example: int) -> tuple[Array, Array]:
        """Every sequence of tags for the real steps, `[paths, steps]`, and its score, in float64."""
        e = self.emissions[example][self.mask[example]].astype("float64")
        paths = np.array(list(itertools.product(range(self.size), repeat=len(e))), int).reshape(
            self.size ** len(e), len(e)
        )
        return paths, np.array([self.score(e, path) for path in paths])

    def score(self, e: Array, path: Array) -> float:
        if not len(path):
            return 0.0
        inside = sum(self.transitions[i, j] for i, j in itertools.pairwise(path))
        return float(self.start[path[0]] + self.end[path[-1]] + e[np.arange(len(path)), path].sum() + inside)

    def log_partition(self) -> Array:
        return np.array([logsumexp(self.paths(b)[1]) for b in range(len(self.mask))])

    def marginals(self, example: int) -> Array:
        """`[steps, tags]`, over the real steps."""
        paths, scores = self.paths(example)
        p = np.exp(scores - logsumexp(scores))
        inside = [[p[paths[:, t] == j].sum() for j in range(self.size)] for t in range(paths.shape[1])]
        return np.array(inside).reshape(-1, self.size)

    def layer(self) -> CRF:
        """The layer with these scores."""
        rules = [np.isfinite(part).tolist() for part in (self.transitions, self.start, self.end)]
        crf = CRF(self.size, allowed=rules)
        crf.build((None, None, self.size))
        crf.set_weights([np.where(np.isfinite(p), p, 0) for p in (self.transitions, self.start, self.end)])
        return crf

    def potentials(self) -> object:
        return self.layer()(harness.to_tensor(self.emissions), mask=harness.to_tensor(self.mask))


def logsumexp(x: Array) -> float:
    highest = x.max()
    return float(highest + np.log(np.exp(x - highest).sum()))


def random_chains(
    seed: int, shape: tuple[int, int, int] = (5, 4, 3), forbid: bool = True, scale: float = 1.0
) -> Chains:
    """With masks anywhere; the first example is all real, the second fully masked; tag 0 is always allowed."""
    rng = np.random.default_rng(seed)
    size = shape[-1]
    mask = rng.random(shape[:2]) < 0.6
    mask[0], mask[1:2] = True, False
    learned = [scale * rng.normal(size=dims) for dims in ((size, size), (size,), (size,))]
    if forbid:
        for part in learned:
            banned = rng.random(part.shape) < 0.3
            banned[..., 0] = False
            part[banned] = -np.inf
    learned = [part.astype("float32").astype("float64") for part in learned]
    return Chains((scale * rng.normal(size=shape)).astype("float32"), mask, *learned)

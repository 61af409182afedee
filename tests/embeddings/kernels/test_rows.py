"""Operations on rows against numpy, for rows of less than a vector of 16, of one, and of many."""

import numpy as np
import pytest
from numba import njit

from embeddings.kernels import rows
from embeddings.kernels.rows import LANES, LONGEST_STEP, lanes, matrix

DIMENSIONS = [1, 15, 16, 17, 100, 130, 300]
every_width = pytest.mark.parametrize("dimensions", DIMENSIONS)


def random_matrix(count, dimensions, seed=0, spread=1.0):
    made = matrix(count, dimensions)
    made[:, :dimensions] = spread * np.random.default_rng(seed).standard_normal((count, dimensions))
    return made


def ones(count, dimensions):
    made = matrix(count, dimensions)
    made[:] = 1
    return made


def assert_padding_is_zero(dimensions, *matrices):
    assert not any(made[:, dimensions:].any() for made in matrices)


@njit
def dot(width, a, i, b, j):
    return rows.dot(width, a, i, b, j)


@njit
def dots(width, a, i, b, at, n, out, start):
    rows.dots(width, a, i, b, at, n, out, start)


@njit
def add_rows(width, a, i, b, at, n, by, start, step):
    rows.add_rows(width, a, i, b, at, n, by, start, step)


@njit
def copy_row(width, a, i, b, j):
    rows.copy_row(width, a, i, b, j)


@njit
def adagrad(width, a, ra, i, b, rb, j, g):
    rows.adagrad(width, a, ra, i, b, rb, j, g)


@njit
def prefetch_row(width, a, i):
    rows.prefetch_row(width, a, i)


@every_width
@pytest.mark.parametrize("count", [1, 2, 7])
def test_matrix(dimensions, count):
    made = [matrix(count, dimensions) for _ in range(5)]  # memory begins in various places
    for one in made:
        assert one.dtype == np.float32
        assert one.shape == (count, LANES * len(lanes(dimensions)))
        assert dimensions <= one.shape[1] < dimensions + LANES
        assert one.flags.c_contiguous
        assert one.ctypes.data % 64 == 0
        assert not one.any()


@every_width
def test_dot(dimensions):
    a, b = random_matrix(3, dimensions, 1), random_matrix(4, dimensions, 2)
    for i in range(3):
        for j in range(4):
            wanted = a[i].astype(float) @ b[j]
            assert dot(lanes(dimensions), a, i, b, j) == pytest.approx(wanted, abs=1e-5 * dimensions**0.5)


@every_width
@pytest.mark.parametrize("n", [0, 1, 5])
def test_dots(dimensions, n):
    a, b = random_matrix(3, dimensions, 1), random_matrix(4, dimensions, 2)
    at, out = np.array([3, 0, 0, 2, 1, 1]), np.full(9, 7, np.float32)
    dots(lanes(dimensions), a, 1, b, at, n, out, 2)
    np.testing.assert_allclose(out[2 : 2 + n], b[at[:n]].astype(float) @ a[1], atol=1e-5 * dimensions**0.5)
    assert (np.delete(out, np.arange(2, 2 + n)) == 7).all()


@every_width
@pytest.mark.parametrize(("n", "start", "step"), [(0, 0, 1), (1, 3, 1), (4, 1, 2), (4, 0, 1)])
def test_add_rows(dimensions, n, start, step):
    a, b = random_matrix(3, dimensions, 1), random_matrix(4, dimensions, 2)
    at, by = np.array([2, 0, 2, 3]), np.linspace(-1, 2, 9).astype(np.float32)
    wanted = a.astype(float)
    for m in range(n):
        wanted[1] += by[start + m * step] * b[at[m]].astype(float)
    before = b.copy()
    add_rows(lanes(dimensions), a, 1, b, at, n, by, start, step)
    np.testing.assert_allclose(a, wanted, atol=1e-5)
    np.testing.assert_array_equal(b, before)
    assert_padding_is_zero(dimensions, a)


@every_width
def test_copy_row(dimensions):
    a, b = random_matrix(3, dimensions, 1), random_matrix(4, dimensions, 2)
    wanted = a.copy()
    wanted[2] = b[3]
    copy_row(lanes(dimensions), a, 2, b, 3)
    np.testing.assert_array_equal(a, wanted)


@every_width
def test_fetching_changes_nothing(dimensions):
    a = random_matrix(3, dimensions, 1)
    before = a.copy()
    prefetch_row(lanes(dimensions), a, 2)
    np.testing.assert_array_equal(a, before)


def exact_adagrad(a, squares_a, b, squares_b, g):
    """Duchi et al. (2011), diagonal: the sum of squares grows after the step, as in GloVe's program."""
    to_a, to_b = g * b, g * a
    return (a - to_a / np.sqrt(squares_a), squares_a + to_a**2, b - to_b / np.sqrt(squares_b), squares_b + to_b**2)


@every_width
def test_adagrad_over_many_steps(dimensions):
    draw = np.random.default_rng(3)
    a, b = random_matrix(3, dimensions, 1), random_matrix(2, dimensions, 2)
    roots_a, roots_b = ones(3, dimensions), ones(2, dimensions)
    wanted = [a[2].astype(float), np.ones(a.shape[1]), b[1].astype(float), np.ones(a.shape[1])]
    others = a[:2].copy(), b[0].copy()
    for g in draw.normal(0, 0.03, 60):
        adagrad(lanes(dimensions), a, roots_a, 2, b, roots_b, 1, np.float32(g))
        wanted = exact_adagrad(*wanted, np.float32(g))
    for got, value in zip((a[2], roots_a[2] ** -2.0, b[1], roots_b[1] ** -2.0), wanted, strict=True):
        np.testing.assert_allclose(got, value, atol=2e-5, rtol=2e-4)
    assert (wanted[1][:dimensions] > 1.005).any()  # or nothing of the roots was tested
    assert_padding_is_zero(dimensions, a, b)
    np.testing.assert_array_equal(a[:2], others[0])
    np.testing.assert_array_equal(b[0], others[1])
    assert (roots_a[:2] == 1).all()


@pytest.mark.parametrize(
    ("step", "error"), [(0, 0), (0.01, 0), (-0.1, 0), (0.3, 1e-4), (0.5, 1e-3), (1, 1e-3), (-30, 1e-3)]
)
def test_a_step_of_adagrad_and_its_roots(step, error):
    a, a_roots, b, b_roots = (ones(1, 1) for _ in range(4))
    adagrad(lanes(1), a, a_roots, 0, b, b_roots, 0, np.float32(step))
    cut = np.clip(step, -LONGEST_STEP, LONGEST_STEP)
    for got, roots in ((a, a_roots), (b, b_roots)):
        np.testing.assert_allclose(got, 1 - cut, atol=1e-6)
        np.testing.assert_allclose(roots, (1 + cut**2) ** -0.5, rtol=error + 2e-7)


def test_steps_never_grow_without_bound():
    a, a_roots, b, b_roots = (ones(1, 1) for _ in range(4))
    for _ in range(1000):
        adagrad(lanes(1), a, a_roots, 0, b, b_roots, 0, np.float32(-1e10))
    assert np.isfinite(a).all()
    assert (a_roots > 0).all()

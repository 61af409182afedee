"""GloVe's steps against the paper's equations, its order of pairs, and that threads change nothing."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from embeddings.glove import training
from embeddings.glove.counting import Window
from embeddings.glove.training import PARTS, GloVe
from embeddings.kernels.rows import LANES, LONGEST_STEP

from .test_counting import counted, decoded, naive

DIMENSIONS = 5
SIZES = pytest.mark.parametrize("words", [2, 16, 17, 40])
EITHER = pytest.mark.parametrize("symmetric", [True, False])


def some_ids(words, tokens=600):
    ids = np.random.default_rng(words).integers(0, words, tokens)
    ids[::50] = -1
    return ids


def model(words, symmetric=True, seed=1, rate=0.05, x_max=4.0, alpha=0.75, tokens=600):
    _, pairs = counted(some_ids(words, tokens), words, Window(5, symmetric))
    return GloVe(pairs, words, DIMENSIONS, symmetric, x_max, alpha, rate, seed)


def iterate(made, iterations=1, threads=1):
    losses = []
    with ThreadPoolExecutor(threads) as pool:
        for iteration in range(iterations):
            told = []
            made.train(iteration, pool, lambda *found, told=told: told.append(found))
            assert all(pairs == again for pairs, _, again in told)
            assert sum(pairs for pairs, *_ in told) == made.pairs_to_train
            losses.append(sum(loss for _, loss, _ in told) / made.pairs_to_train)
    return losses


def entry(first, second, count):
    return int(np.float32(np.log(count)).view(np.uint32)) << 32 | first << 16 | second


class Reference:
    """J's terms f(X) (w·c + b + d - log X)², one after the other, by AdaGrad as the program in C has it.

    There the learning rate is part of what is squared and summed for the vectors; the biases have none. Steps of the
    vectors are at most `LONGEST_STEP`.
    """

    def __init__(self, words, contexts):
        self.words, self.contexts = words.astype(float), contexts.astype(float)  # the last number is the bias
        self.of_words, self.of_contexts = np.ones_like(self.words), np.ones_like(self.contexts)

    def step(self, i, j, count, rate, x_max, alpha):
        w, c = self.words[i].copy(), self.contexts[j].copy()
        error = w[:-1] @ c[:-1] + w[-1] + c[-1] - np.log(count)
        weight = (count / x_max) ** alpha if count < x_max else 1
        for values, squares, at, other in (
            (self.words, self.of_words, i, c),
            (self.contexts, self.of_contexts, j, w),
        ):
            steps = rate * weight * error * other[:-1] / np.sqrt(squares[at, :-1])
            steps = np.append(np.clip(steps, -LONGEST_STEP, LONGEST_STEP), weight * error / np.sqrt(squares[at, -1]))
            values[at] -= steps
            squares[at] *= 1 + steps**2
        return 0.5 * weight * error**2


def with_biases(arrays, side):
    return np.hstack([arrays[side][:, :DIMENSIONS], arrays[f"{side}_biases"][:, :1]])


@pytest.mark.parametrize("rate", [0.05, 0.3])
def test_steps(rate):
    made = model(2, rate=rate, x_max=3)
    draw = np.random.default_rng(0)
    for side in ("words", "contexts"):
        made.arrays[side][:, :DIMENSIONS] = draw.normal(size=(16, DIMENSIONS))
        made.arrays[f"{side}_biases"][:, 0] = draw.normal(size=16)
    wanted = Reference(*(with_biases(made.arrays, side) for side in ("words", "contexts")))
    pairs = [(*draw.integers(0, 8, 2).tolist(), count) for count in draw.choice([0.2, 1, 2.9, 3, 3.1, 50], 60)]
    entries = np.array([entry(*pair) for pair in pairs], np.uint64)
    loss = sum(wanted.step(4 + i, 8 + j, count, rate, 3, 0.75) for i, j, count in pairs)
    got = training.train_tile(
        (0,),
        *(made.arrays["words" + part] for part in PARTS), 4,
        *(made.arrays["contexts" + part] for part in PARTS), 8,
        entries, False, made.rate, made.x_max, made.alpha,
    )  # fmt: skip
    assert got[0] == len(pairs)
    assert got[1] == pytest.approx(loss, rel=1e-3)
    for side, values, squares in (
        ("words", wanted.words, wanted.of_words),
        ("contexts", wanted.contexts, wanted.of_contexts),
    ):
        np.testing.assert_allclose(with_biases(made.arrays, side), values, atol=2e-3 if rate < 0.1 else 0.01)
        np.testing.assert_allclose(made.arrays[f"{side}_biases"][:, 1], squares[:, -1], rtol=0.02)
        roots = made.arrays[f"{side}_roots"]
        np.testing.assert_allclose(roots[:, :DIMENSIONS] ** -2, squares[:, :-1], rtol=0.02)
        assert (roots[:, DIMENSIONS:] == 1).all()
        assert not made.arrays[side][:, DIMENSIONS:].any()


@pytest.mark.parametrize("count", [0.5, 2.0, 2.1, 30])
def test_the_weight_of_a_count(count):
    made = model(2, x_max=2, alpha=0.5)
    for side in ("words", "contexts"):  # so that the loss is nothing but the weighted logarithm
        made.arrays[side][:] = 0
        made.arrays[f"{side}_biases"][:, 0] = 0
    got = training.train_tile(
        (0,),
        *(made.arrays["words" + part] for part in PARTS), 0,
        *(made.arrays["contexts" + part] for part in PARTS), 0,
        np.array([entry(0, 1, count)], np.uint64), False, made.rate, made.x_max, made.alpha,
    )  # fmt: skip
    assert got[1] == pytest.approx(0.5 * min(1, (count / 2) ** 0.5) * np.log(count) ** 2, rel=1e-5)


# An iteration


def visits(made, monkeypatch):
    """The pairs (word, context) of an iteration with their counts, in rounds of tiles."""
    tiling, found, groups = made.tiling, [], []

    def record(width, a, a_roots, a_biases, first, b, b_roots, b_biases, second, entries, skip, *knobs):
        sides = {id(made.arrays[side]): side for side in ("words", "contexts")}
        assert sides[id(a)] != sides[id(b)]
        for side, matrices in ((sides[id(a)], (a_roots, a_biases)), (sides[id(b)], (b_roots, b_biases))):
            assert matrices == tuple(made.arrays[side + part] for part in PARTS[1:])
        n = 0
        for one in entries.tolist():
            i, j = first + (one >> 16 & 0xFFFF), second + (one & 0xFFFF)
            if skip and i == j:
                continue
            n += 1
            pair = [(row % tiling.size) * tiling.groups + row // tiling.size for row in (i, j)]
            found.append(tuple(pair if sides[id(a)] == "words" else pair[::-1]))
        groups.append((first, second) if sides[id(a)] == "words" else (second, first))
        return n, 0.0

    monkeypatch.setattr(training, "train_tile", record)
    iterate(made)
    return found, list(dict.fromkeys(groups))


@SIZES
@EITHER
def test_an_iteration_visits_each_pair_once(words, symmetric, monkeypatch):
    made = model(words, symmetric)
    found, groups = visits(made, monkeypatch)
    wanted = naive(some_ids(words).tolist(), Window(5, symmetric))
    assert any(i == j for i, j in wanted)
    assert sorted(found) == sorted(wanted)
    assert len(found) == made.pairs_to_train
    # What may be worked on at once, as many tiles as there are groups, shares no row.
    for begin in range(0, len(groups), made.tiling.groups):
        of_words, of_contexts = zip(*groups[begin : begin + made.tiling.groups], strict=True)
        assert len(set(of_words)) == len(set(of_contexts)) == made.tiling.groups


def test_rounds_are_in_another_order_each_time(monkeypatch):
    made, orders = model(40), []
    monkeypatch.setattr(GloVe, "train_tile", lambda self, *tile: orders.append(tile) or (0, 0.0))
    with ThreadPoolExecutor(1) as pool:
        for iteration in (0, 1, 0):
            made.train(iteration, pool, lambda *told: None)
    first, second, again = (orders[at : at + 256] for at in (0, 256, 512))
    assert first == again != second
    assert sorted(first) == sorted(second)


@SIZES
@EITHER
def test_threads_change_nothing(words, symmetric):
    found, losses = [], []
    for threads in (1, 2, 3):
        made = model(words, symmetric)
        losses.append(iterate(made, 2, threads))
        found.append(made.vectors())
    assert found[0].shape == (words, DIMENSIONS)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert losses[0] == losses[1] == losses[2]


@SIZES
def test_the_counts_are_fitted(words):
    made = model(words, tokens=3000, rate=0.1)
    losses = iterate(made, 60)
    assert losses[-1] < 0.3 * losses[0]
    rows = made.tiling.rows
    words_, contexts = (with_biases(made.arrays, side)[rows] for side in ("words", "contexts"))
    told = words_[:, :-1] @ contexts[:, :-1].T + words_[:, -1:] + contexts[:, -1]
    frequent = {pair: np.log(x) for pair, x in decoded(made.pairs, made.tiling, True).items() if x >= 8}
    errors = [told[pair] - wanted for pair, wanted in frequent.items()]
    assert np.sqrt(np.mean(np.square(errors))) < 0.3


def test_vectors_are_sums_in_the_order_of_words():
    made = model(17)
    size = made.tiling.size
    for word in (0, 5, 16):
        row = word % 16 * size + word // 16
        wanted = made.arrays["words"][row] + made.arrays["contexts"][row]
        np.testing.assert_array_equal(made.vectors()[word], wanted[:DIMENSIONS])


def test_first_values():
    made = model(17)
    rows, bound = made.tiling.rows, 0.5 / DIMENSIONS
    for side in ("words", "contexts"):
        vectors, biases = made.arrays[side], made.arrays[f"{side}_biases"]
        assert vectors.shape == (32, LANES)
        assert 0 < abs(vectors[rows, :DIMENSIONS]).min() < abs(vectors).max() <= bound
        assert 0 < abs(biases[rows, 0]).max() <= bound
        assert (made.arrays[f"{side}_roots"] == 1).all()
        assert (biases[:, 1] == 1).all()
        assert np.count_nonzero(vectors) == 17 * DIMENSIONS
    assert not np.array_equal(made.arrays["words"], made.arrays["contexts"])
    assert not np.array_equal(made.vectors(), model(17, seed=2).vectors())

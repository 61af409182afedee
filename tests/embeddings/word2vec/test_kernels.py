"""A piece of a corpus against the equations: each window's step is the learning rate times the gradient of its loss.

The reference knows only the losses. It takes their gradients by finite differences, in float64, one window after the
other. Choices are made certain: a window of one word, nothing passed over, and negatives from a table of one word.
"""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.kernels.random import alias_table, first_state
from embeddings.kernels.rows import lanes, matrix
from embeddings.word2vec.kernels import JUDGED, cbow, next_sentence, skip_gram
from embeddings.word2vec.outputs import outputs, room

DIMENSIONS, WORDS = 4, 6
COUNTS = np.array([9, 6, 5, 3, 2, 1])
KEEP_ALL = np.full(WORDS, 2**32, np.uint64)
NEGATIVE = 2
"""The only word that is drawn."""
LOSSES = ["negative", "hierarchical", "softmax"]


def some_matrices(seed=0, dimensions=DIMENSIONS, words=WORDS):
    made = matrix(words, dimensions), matrix(words, dimensions)
    for one in made:
        one[:, :dimensions] = np.random.default_rng(seed).normal(size=(words, dimensions))
        seed += 1
    return made


def output_side(loss, negatives=3):
    made = outputs(loss, COUNTS, negatives)
    return made._replace(table=alias_table(np.arange(WORDS) == NEGATIVE)) if loss == "negative" else made


def train(architecture, words, out, ids, of, window=1, rate=0.1, state=1, dimensions=DIMENSIONS, keep=KEEP_ALL):
    before = lanes(dimensions), words, out, np.array(ids, np.int32), keep, of, room(of, dimensions)
    after = window, np.float32(rate), first_state(state)
    if architecture == "cbow":
        return cbow(*before, matrix(3, dimensions), *after)
    return skip_gram(*before, *after)


# The reference


def log_probability(of, loss, x, out, word):
    """Of a word, told by an input x: with negatives, of all that is seen."""
    scores = out @ x
    if loss == "softmax":
        return scores[word] - np.log(np.exp(scores).sum())
    if loss == "negative":
        negatives = 0 if word == NEGATIVE else of.most - 1
        return -np.log1p(np.exp(-scores[word])) - negatives * np.log1p(np.exp(scores[NEGATIVE]))
    path = slice(of.starts[word], of.starts[word + 1])
    signs = 2 * of.labels[path] - 1
    return -np.log1p(np.exp(-signs * scores[of.nodes[path]])).sum()


def window_loss(architecture, of, loss, words, out, word, around):
    if architecture == "cbow":
        return -log_probability(of, loss, words[around].mean(0), out, word)
    return -sum(log_probability(of, loss, words[context], out, word) for context in around)


def gradient(function, array):
    found, step = np.zeros_like(array), 1e-5
    for place in np.ndindex(array.shape):
        kept = array[place]
        array[place] = kept + step
        above = function()
        array[place] = kept - step
        found[place] = (above - function()) / (2 * step)
        array[place] = kept
    return found


def windows(ids):
    """Each word with its neighbours."""
    for at, word in enumerate(ids):
        around = [other for other in (*ids[max(at - 1, 0) : at], *ids[at + 1 : at + 2]) if other >= 0]
        if word >= 0 and around:
            yield word, around


def reference(architecture, of, loss, words, out, ids, rate=0.1):
    words, out = words[:, :DIMENSIONS].astype(float), out[:, :DIMENSIONS].astype(float)
    for word, around in windows(ids):

        def of_window(words=words, out=out, word=word, around=around):
            return window_loss(architecture, of, loss, words, out, word, around)

        # As in word2vec's program each word around takes the whole step of the mean.
        scale = len(around) if architecture == "cbow" else 1
        to_words, to_out = gradient(of_window, words), gradient(of_window, out)
        words -= rate * scale * to_words
        out -= rate * to_out
    return words, out


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("ids", [[0, 1], [3, 4, 5], [1, 1], [4, 2, 4, -1, 2, 0, 2, 5], [-1, 5, -1, -1, 0, 3, 0, 3, -1]])
def test_steps_are_gradients(architecture, loss, ids):
    words, out = some_matrices()
    of = output_side(loss)
    wanted = reference(architecture, of, loss, words, out, ids)
    train(architecture, words, out, ids, of)
    np.testing.assert_allclose(words[:, :DIMENSIONS], wanted[0], atol=2e-5)
    np.testing.assert_allclose(out[:, :DIMENSIONS], wanted[1], atol=2e-5)
    assert not words[:, DIMENSIONS:].any()
    assert not out[:, DIMENSIONS:].any()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_loss_of_the_window_that_is_looked_at(architecture, loss):
    words, out = some_matrices()
    before, of, ids = (words.copy(), out.copy()), output_side(loss), [0, 1, 3, 4] * JUDGED
    seen = list(windows(ids))
    wanted = [window_loss(architecture, of, loss, *before, *seen[JUDGED * n - 1]) for n in range(1, 5)]
    found, judged = train(architecture, words, out, ids, of, rate=0)
    assert judged == (4 if architecture == "cbow" else sum(len(seen[JUDGED * n - 1][1]) for n in range(1, 5)))
    assert found == pytest.approx(sum(wanted), rel=1e-5)
    np.testing.assert_array_equal(words, before[0])
    np.testing.assert_array_equal(out, before[1])


@pytest.mark.parametrize("loss", LOSSES)
def test_large_scores_are_no_trouble(loss):
    words, out = some_matrices()
    words *= 1e4
    out *= 1e4
    found, judged = train("skipgram", words, out, [0, 1, 3, 4] * JUDGED, output_side(loss), rate=1e-9)
    assert np.isfinite(found)
    assert judged
    assert np.isfinite(words).all()
    assert np.isfinite(out).all()


# Windows: with inputs that are unit vectors and outputs that are zeros, what a word is told from can be read off its
# output row as long as it is met once.

PLACES = 16
NO_NEGATIVES = outputs("negative", np.ones(PLACES), 0)


def told_from(documents, window, state, keep=None):
    """The matrix whose row m marks the words around word m; every word is in the documents at most once."""
    words, out = matrix(PLACES, PLACES), matrix(PLACES, PLACES)
    words[:] = np.eye(PLACES)
    ids = [number for document in documents for number in (*document, -1)]
    keep = np.full(PLACES, 2**32, np.uint64) if keep is None else keep
    train("skipgram", words, out, ids, NO_NEGATIVES, window, 0.1, state, PLACES, keep)
    np.testing.assert_allclose(out[out != 0], 0.05, rtol=1e-5)
    return out != 0


def reach(row, middle, begin, end):
    """How far the words around reach; they must be all of those within, in the document."""
    around = np.flatnonzero(row)
    assert set(around) <= set(range(begin, end)) - {middle}
    if not len(around):
        return 0
    found = np.abs(around - middle).max()
    assert around.tolist() == [
        at for at in range(max(begin, middle - found), min(end, middle + found + 1)) if at != middle
    ]
    return found


def test_windows_are_of_any_size_up_to_the_largest():
    found = [reach(told_from([range(PLACES)], 5, state)[8], 8, 0, PLACES) for state in range(600)]
    counts = np.bincount(found, minlength=6)
    assert counts[0] == 0
    assert len(counts) == 6
    assert (abs(counts[1:] - 120) < 5 * 120**0.5).all()


@given(st.lists(st.integers(1, PLACES - 1), unique=True).map(sorted), st.integers(1, 20), st.integers(0, 999))
def test_windows_end_with_the_document(cuts, window, state):
    borders = [0, *cuts, PLACES]
    documents = [range(a, b) for a, b in itertools.pairwise(borders)]
    found = told_from(documents, window, state)
    for document in documents:
        for middle in document:
            farthest = reach(found[middle], middle, document[0], document[-1] + 1)
            assert farthest <= window
            assert farthest >= (len(document) > 1)


def test_words_that_are_passed_over_leave_no_gap():
    keep = np.full(PLACES, 2**32, np.uint64)
    keep[1:8] = 0
    found = told_from([range(PLACES)], 1, 3, keep)
    assert not found[1:8].any()
    assert not found[:, 1:8].any()
    assert np.flatnonzero(found[0]).tolist() == [8]
    assert np.flatnonzero(found[8]).tolist() == [0, 9]


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9, 1])
def test_the_share_that_is_kept(share):
    ids, n = np.array([0] * 20_000 + [-1, 0], np.int32), 20_000
    keep, sentence = np.array([share * 2**32], np.uint64), np.empty(len(ids), np.int32)
    length, at, _ = next_sentence(ids, 0, keep, sentence, first_state(5))
    assert at == n + 1
    assert abs(length - n * share) <= 5 * (n * share * (1 - share)) ** 0.5


def test_negatives_are_drawn_from_all_words_but_the_word_itself():
    # Inputs are the same unit vector: what is added to an output row is its learning rate times label minus 1/2.
    words = matrix(WORDS, DIMENSIONS)
    words[:, 0] = 1
    drawn = np.zeros(WORDS)
    for state in range(400):
        inputs, told = matrix(WORDS, DIMENSIONS), matrix(WORDS, DIMENSIONS)
        inputs[:] = words
        train("skipgram", inputs, told, [1, 0], outputs("negative", COUNTS, 4), 1, 1e-3, state)
        steps = np.round(told[:, 0] / 0.0005).astype(int)
        drawn -= np.minimum(steps, 0)
        assert steps[2:].sum() <= 0
    expected = COUNTS**0.75 / (COUNTS**0.75).sum() * 400 * 8
    assert (abs(drawn[2:] - expected[2:]) < 5 * expected[2:] ** 0.5).all()

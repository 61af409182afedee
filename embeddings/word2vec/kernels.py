r"""Training on a piece of a corpus, compiled.

With the rows :math:`x_1 \dots x_k` of the input matrix and :math:`y_1 \dots y_m` of the output matrix that a window
uses, labels :math:`t` and the learning rate :math:`\eta`:

.. math::
    S = X Y^\top \qquad G = \eta\,(t - \sigma(S)) \qquad X \leftarrow X + G Y \qquad Y \leftarrow Y + G^\top X

Skip-gram's inputs are all words around the middle one, which share its negatives: three small dense products in place
of scattered ones (Ji et al. 2016). CBOW's only input is their mean. For the full softmax :math:`\sigma` is the softmax
of each row of S.

Reference:
    Mikolov et al. (2013a), "Efficient estimation of word representations in vector space"; (2013b), "Distributed
    representations of words and phrases"; Ji et al. (2016), "Parallelizing word2vec in shared and distributed memory".
"""

from __future__ import annotations

import numpy as np
from numba import njit

from ..kernels.functions import exp, sigmoid
from ..kernels.random import advance, below
from ..kernels.rows import add_rows, copy_row, dots, prefetch_row
from .outputs import SOFTMAX, Chosen, Outputs, choose, look_ahead

F, U = np.float32, np.uint64
JUDGED = 64
"""Every how many windows the loss is looked at, which is slower than training."""


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def skip_gram(
    lanes: tuple,
    words: np.ndarray,
    out: np.ndarray,
    ids: np.ndarray,
    keep: np.ndarray,
    of: Outputs,
    chosen: Chosen,
    window: int,
    rate: np.float32,
    state: np.uint64,
) -> tuple[float, int]:
    """Trains on one piece of a corpus.

    Args:
        lanes: Of the matrices.
        words, out: The input and the output matrix, float32 `[words, width]` and `[rows, width]`.
        ids: The piece, int32 `[tokens]`; documents end with -1.
        keep: Of 2^32, in how many cases an occurrence of a word is not passed over, uint64 `[words]`.
        of: The output side.
        chosen: Room for it.
        window: How many words to either side count at most; a window's own number is drawn from 1 to that.
        rate: Learning rate.
        state: Of the random numbers.

    Returns:
        The sum of the losses that were looked at, and of how many predictions.
    """
    kind, most, table, starts, nodes, path_labels = of
    rows, labels, copies, ahead = chosen
    sentence, around = np.empty(len(ids), np.int32), np.empty(2 * window, np.int64)
    scores, own = np.zeros(2 * window * most, F), np.arange(most)
    loss, judged, seen, at = 0.0, 0, 0, 0
    while at < len(ids):
        length, at, state = next_sentence(ids, at, keep, sentence, state)
        if length > 0:
            state = look_ahead(lanes, kind, table, starts, nodes, ahead, out, sentence[0], state)
        for middle in range(length):
            word = sentence[middle]
            m = choose(kind, starts, nodes, path_labels, rows, labels, ahead, word)
            if middle + 1 < length:
                state = look_ahead(lanes, kind, table, starts, nodes, ahead, out, sentence[middle + 1], state)
            if middle + 1 + window < length:
                prefetch_row(lanes, words, np.int64(sentence[middle + 1 + window]))
            state = advance(state)
            k = contexts(sentence, length, middle, 1 + np.int64(below(state, U(window))), around)
            if k == 0:
                continue
            for i in range(k):
                dots(lanes, words, around[i], out, rows, m, scores, i * m)
            seen += 1
            if seen % JUDGED == 0:
                loss += loss_of(kind, labels, scores, k, m, word)
                judged += k
            to_steps(kind, labels, scores, k, m, word, rate)
            for j in range(m):
                copy_row(lanes, copies, j, out, rows[j])
            for j in range(m):
                add_rows(lanes, out, rows[j], words, around, k, scores, j, m)
            for i in range(k):
                add_rows(lanes, words, around[i], copies, own, m, scores, i * m, 1)
    return loss, judged


@njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def cbow(
    lanes: tuple,
    words: np.ndarray,
    out: np.ndarray,
    ids: np.ndarray,
    keep: np.ndarray,
    of: Outputs,
    chosen: Chosen,
    inner: np.ndarray,
    window: int,
    rate: np.float32,
    state: np.uint64,
) -> tuple[float, int]:
    """As `skip_gram`, but the mean of the words around is the one input; `inner` is room for it and its step.

    As in word2vec, every word around takes the whole step of the mean.
    """
    kind, most, table, starts, nodes, path_labels = of
    rows, labels, _, ahead = chosen
    sentence, around = np.empty(len(ids), np.int32), np.empty(2 * window, np.int64)
    scores, share = np.zeros(most, F), np.zeros(2 * window, F)
    zero, mean, step = 0, 1, np.array([2])
    one = np.ones(1, F)
    loss, judged, seen, at = 0.0, 0, 0, 0
    while at < len(ids):
        length, at, state = next_sentence(ids, at, keep, sentence, state)
        if length > 0:
            state = look_ahead(lanes, kind, table, starts, nodes, ahead, out, sentence[0], state)
        for middle in range(length):
            word = sentence[middle]
            m = choose(kind, starts, nodes, path_labels, rows, labels, ahead, word)
            if middle + 1 < length:
                state = look_ahead(lanes, kind, table, starts, nodes, ahead, out, sentence[middle + 1], state)
            if middle + 1 + window < length:
                prefetch_row(lanes, words, np.int64(sentence[middle + 1 + window]))
            state = advance(state)
            k = contexts(sentence, length, middle, 1 + np.int64(below(state, U(window))), around)
            if k == 0:
                continue
            share[:k] = F(1) / F(k)
            copy_row(lanes, inner, mean, inner, zero)
            add_rows(lanes, inner, mean, words, around, k, share, 0, 1)
            dots(lanes, inner, mean, out, rows, m, scores, 0)
            seen += 1
            if seen % JUDGED == 0:
                loss += loss_of(kind, labels, scores, 1, m, word)
                judged += 1
            to_steps(kind, labels, scores, 1, m, word, rate)
            copy_row(lanes, inner, step[0], inner, zero)
            add_rows(lanes, inner, step[0], out, rows, m, scores, 0, 1)
            for j in range(m):
                add_rows(lanes, out, rows[j], inner, np.array([mean]), 1, scores, j, 1)
            for i in range(k):
                add_rows(lanes, words, around[i], inner, step, 1, one, 0, 1)
    return loss, judged


@njit(inline="always")
def next_sentence(
    ids: np.ndarray, at: int, keep: np.ndarray, sentence: np.ndarray, state: np.uint64
) -> tuple[int, int, np.uint64]:
    """Reads a document, passing over frequent words at random.

    Returns:
        How many words were kept, where the next document begins, and the state of the random numbers.
    """
    length = 0
    while at < len(ids) and ids[at] >= 0:
        state = advance(state)
        sentence[length] = ids[at]
        length += (state >> U(32)) < keep[ids[at]]
        at += 1
    return length, at + 1, state


@njit(inline="always")
def contexts(sentence: np.ndarray, length: int, middle: int, reach: int, around: np.ndarray) -> int:
    """Puts the words within reach of the middle one into `around`; returns how many there are."""
    k = 0
    for place in range(max(0, middle - reach), middle):
        around[k] = sentence[place]
        k += 1
    for place in range(middle + 1, min(length, middle + reach + 1)):
        around[k] = sentence[place]
        k += 1
    return k


@njit(inline="always", fastmath=True)
def to_steps(kind: int, labels: np.ndarray, scores: np.ndarray, k: int, m: int, word: int, rate: np.float32) -> None:
    """Turns the scores `[k, m]` in place into steps: the learning rate times (label - probability)."""
    if kind == SOFTMAX:
        for i in range(k):
            row = scores[i * m : (i + 1) * m]
            highest, total = row.max(), F(0)
            for j in range(m):
                row[j] = exp(row[j] - highest)
                total += row[j]
            for j in range(m):
                row[j] *= -rate / total
            row[word] += rate
        return
    for s in range(k * m):
        scores[s] = -rate * sigmoid(scores[s])
    for i in range(k):
        for j in range(m):
            scores[i * m + j] += rate * labels[j]


@njit(inline="always")
def loss_of(kind: int, labels: np.ndarray, scores: np.ndarray, k: int, m: int, word: int) -> float:
    """Minus the logarithm of the probability of what was there, summed over the inputs."""
    loss = 0.0
    for i in range(k):
        row = scores[i * m : (i + 1) * m]
        if kind == SOFTMAX:
            highest = np.float64(row.max())
            loss += np.log(np.exp(row.astype(np.float64) - highest).sum()) + highest - row[word]
        else:
            for j in range(m):
                score = np.float64(row[j])
                loss += np.log1p(np.exp(-abs(score))) + max(score, 0.0) - score * labels[j]
    return loss

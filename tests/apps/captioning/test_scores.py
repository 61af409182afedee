"""BLEU, ROUGE-L and CIDEr-D against cases known by hand, slow versions written from the papers, and sacreBLEU."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.captioning.bleu import corpus_bleu, sacre_bleu
from apps.captioning.cider import Cider
from apps.captioning.evaluation import score
from apps.captioning.rouge import common_length, rouge_l
from apps.captioning.tokens import tokenise

CAPTION = st.lists(st.sampled_from("abcd"), min_size=1, max_size=9)
CORPUS = st.lists(st.tuples(CAPTION, st.lists(CAPTION, min_size=1, max_size=4)), min_size=1, max_size=6)

Tokens = list[str]


def split(corpus: list[tuple[Tokens, list[Tokens]]]) -> tuple[list[Tokens], list[list[Tokens]]]:
    return [caption for caption, _ in corpus], [others for _, others in corpus]


def grams(words: Sequence[str], order: int) -> list[tuple[str, ...]]:
    return [tuple(words[start : start + order]) for start in range(len(words) - order + 1)]


# BLEU


def slow_bleu(generated: list[Tokens], references: list[list[Tokens]], order: int) -> float:
    """Papineni et al., section 2, as it stands."""
    logs = []
    for n in range(1, order + 1):
        clipped = total = 0
        for caption, others in zip(generated, references, strict=True):
            mine = grams(caption, n)
            total += len(mine)
            for gram in set(mine):
                clipped += min(mine.count(gram), max(grams(other, n).count(gram) for other in others))
        if clipped == 0:
            return 0.0
        logs.append(math.log(clipped / total))
    length = sum(len(caption) for caption in generated)
    closest = 0
    for caption, others in zip(generated, references, strict=True):
        best = sorted(others, key=lambda other: (abs(len(other) - len(caption)), len(other)))[0]
        closest += len(best)
    brevity = 1.0 if length > closest else math.exp(1 - closest / length)
    return brevity * math.exp(sum(logs) / order)


@given(CORPUS)
def test_bleu_is_its_definition(corpus: list[tuple[Tokens, list[Tokens]]]) -> None:
    generated, references = split(corpus)
    expected = [slow_bleu(generated, references, order) for order in (1, 2, 3, 4)]
    np.testing.assert_allclose(corpus_bleu(generated, references), expected, atol=1e-12)


@given(CORPUS)
def test_bleu_is_that_of_sacrebleu(corpus: list[tuple[Tokens, list[Tokens]]]) -> None:
    from sacrebleu.metrics import BLEU

    generated, references = split(corpus)
    streams = [[" ".join(others[min(index, len(others) - 1)]) for others in references] for index in range(4)]
    for order, found in enumerate(corpus_bleu(generated, references), start=1):
        peer = BLEU(tokenize="none", smooth_method="none", force=True, max_ngram_order=order)
        assert found * 100 == pytest.approx(
            peer.corpus_score([" ".join(g) for g in generated], streams).score, abs=1e-9
        )


def test_bleu_by_hand() -> None:
    generated = [["the"] * 7]
    references = [[["the", "cat", "is", "on", "the", "mat"], ["there", "is", "a", "cat", "on", "the", "mat"]]]
    assert corpus_bleu(generated, references)[:2] == pytest.approx([2 / 7, 0]), "Papineni's example 2, modified"
    same = [["a", "b", "c", "d", "e"]]
    assert corpus_bleu(same, [same]) == pytest.approx([1, 1, 1, 1])
    assert corpus_bleu([["a", "b"]], [[["a", "b", "c"]]])[0] == pytest.approx(math.exp(1 - 3 / 2))
    # Of references as close the shorter counts: 2 of 2 and 4 give no penalty for 3 words.
    assert corpus_bleu([["a", "b", "c"]], [[["a", "b"], ["a", "b", "c", "c"]]])[0] == pytest.approx(1)
    # All captions count together: 1 of 1 and 1 of 3 are 2 of 4, not the mean of 1 and 1/3.
    assert corpus_bleu([["a"], ["a", "x", "x"]], [[["a"]], [["a", "b", "c"]]])[0] == pytest.approx(0.5)


def test_captions_without_words() -> None:
    assert corpus_bleu([[], []], [[["a"]], [["b"]]]) == [0, 0, 0, 0]
    assert corpus_bleu([[], ["b"]], [[["a"]], [["b"]]])[0] == pytest.approx(math.exp(-1))
    found = score(["", "a dog"], [["A cat."], ["A dog."]], training=["A dog!"])
    assert all(math.isfinite(value) for value in found.values())
    assert found["rouge_l"] == pytest.approx(0.5)


def test_sacrebleu_is_that_of_its_command_line() -> None:
    import sacrebleu

    generated = ["a dog runs on the grass", "two people stand near a car"]
    references = [["A dog runs on grass .", "The dog runs on the grass."], ["Two people stand by a car."]]
    peer = sacrebleu.corpus_bleu(
        generated,
        [["A dog runs on grass .", "Two people stand by a car."], ["The dog runs on the grass.", None]],
        lowercase=True,
    )
    assert sacre_bleu(generated, references) == pytest.approx(peer.score / 100)
    assert 0.3 < sacre_bleu(generated, references) < 0.9


# ROUGE-L


def slow_common(one: Sequence[str], other: Sequence[str]) -> int:
    if not one or not other:
        return 0
    if one[-1] == other[-1]:
        return slow_common(one[:-1], other[:-1]) + 1
    return max(slow_common(one[:-1], other), slow_common(one, other[:-1]))


@given(st.lists(st.sampled_from("abc"), max_size=7), st.lists(st.sampled_from("abc"), max_size=7))
def test_common_subsequence(one: Tokens, other: Tokens) -> None:
    assert common_length(one, other) == slow_common(one, other)


@given(CORPUS)
def test_rouge_is_its_definition(corpus: list[tuple[Tokens, list[Tokens]]]) -> None:
    generated, references = split(corpus)
    scores = []
    for caption, others in zip(generated, references, strict=True):
        precision = max(slow_common(caption[:9], other) / len(caption) for other in others)
        recall = max(slow_common(caption[:9], other) / len(other) for other in others)
        both = recall + 1.44 * precision
        scores.append(2.44 * recall * precision / both if both else 0)
    assert rouge_l(generated, references) == pytest.approx(np.mean(scores))


def test_rouge_by_hand() -> None:
    """Lin's example: `police kill the gunman` has 2 of 4 words in order, and so has `the gunman kill police`."""
    reference = [[["police", "killed", "the", "gunman"]]]
    assert rouge_l([["police", "kill", "the", "gunman"]], reference) == pytest.approx(0.75)
    assert rouge_l([["the", "gunman", "kill", "police"]], reference) == pytest.approx(0.5)


# CIDEr-D


def slow_cider(caption: Tokens, others: list[Tokens], documents: list[list[Tokens]]) -> float:
    """Vedantam et al., equations 1, 4 and 5, over all n-grams that occur anywhere."""
    total = 0.0
    for order in range(1, 5):
        everything = sorted({g for words in [caption, *others] for g in grams(words, order)})

        def vector(words: Tokens, order: int = order, everything: list = everything) -> np.ndarray:  # type: ignore
            values = []
            for gram in everything:
                occurs = sum(any(gram in grams(other, order) for other in document) for document in documents)
                values.append(grams(words, order).count(gram) * math.log(len(documents) / max(1, occurs)))
            return np.array(values)

        for other in others:
            mine, theirs = vector(caption), vector(other)
            norms = math.sqrt((mine**2).sum()) * math.sqrt((theirs**2).sum())
            if norms > 0:
                penalty = math.exp(-((len(caption) - len(other)) ** 2) / (2 * 6.0**2))
                total += penalty * (np.minimum(mine, theirs) * theirs).sum() / norms / len(others)
    return 10 * total / 4


@given(CORPUS)
def test_cider_is_its_definition(corpus: list[tuple[Tokens, list[Tokens]]]) -> None:
    generated, references = split(corpus)
    texts = [[" ".join(other) for other in others] for others in references]
    expected = [slow_cider(caption, others, references) for caption, others in zip(generated, references, strict=True)]
    np.testing.assert_allclose(Cider(texts).scores(generated, texts), expected, atol=1e-9)


def test_cider_by_hand() -> None:
    references = [["a b c d e"], ["f g h i j"], ["f x y z z"]]
    cider = Cider(references)
    assert cider.scores(["a b c d e"], references[:1])[0] == pytest.approx(10)
    assert cider.scores(["f g h i j"], references[:1])[0] == 0
    # One word of five, each as rare: a cosine of 1/5 among words, none among longer n-grams, a quarter of ten.
    assert cider.scores(["a v w x1 y1"], references[:1])[0] == pytest.approx(2.5 / 5)
    # Three words in order of five: cosines 3/sqrt(15), 2/sqrt(8), 1/sqrt(3), 0, times the penalty for two words fewer.
    expected = 2.5 * (3 / math.sqrt(15) + 2 / math.sqrt(8) + 1 / math.sqrt(3)) * math.exp(-4 / 72)
    assert cider.scores(["a b c"], references[:1])[0] == pytest.approx(expected)
    # What is said twice counts at most as often as in the reference.
    assert cider.scores(["a a a a a"], references[:1])[0] == pytest.approx(2.5 / math.sqrt(5) / 5)


def test_cider_of_other_pictures_than_those_of_its_frequencies() -> None:
    """Self-critical training counts documents in the training split."""
    cider = Cider([["the dog"], ["the cat"], ["the cow"], ["a cow"]])
    common, rare = cider.scores(["the x", "cow y"], [["the cow"], ["the cow"]])
    assert 0 < common < rare


def test_cider_takes_words_and_texts_alike() -> None:
    references = [["A dog's ball."], ["Two cats!"]]
    cider = Cider(references)
    np.testing.assert_array_equal(
        cider.scores([["a", "dog", "'s"], ["two"]], references), cider.scores(["a dog's", "Two."], references)
    )


def test_one_picture_alone_scores_nothing() -> None:
    assert Cider([["a dog"]]).scores(["a dog"], [["a dog"]]).tolist() == [0]


# All together


def test_score() -> None:
    references = [["A red dog.", "A dog is red."], ["Two cats", "Some cats"], ["A cow"]]
    found = score(["a red dog", "two dogs", ["two", "dogs"]], references, training=["Two dogs!", "A horse"])
    assert found["exact"] == pytest.approx(1 / 3)
    assert found["distinct"] == pytest.approx(2 / 3)
    assert found["copied"] == pytest.approx(2 / 3)
    assert found["length_ratio"] == pytest.approx(7 / 7)
    assert found["bleu1"] == pytest.approx(4 / 7)
    assert set(found) == {
        *(f"bleu{order}" for order in range(1, 5)),
        *("sacrebleu", "rouge_l", "cider", "length_ratio", "exact", "distinct", "copied"),
    }
    assert "copied" not in score(["a"], [["a"]])
    assert tokenise("Two dogs!") == ["two", "dogs"]


def test_document_frequencies_may_be_given() -> None:
    references = [["a dog runs"], ["a dog sits"]]
    other = Cider([["a dog runs"], ["a cow"], ["two"]])
    assert score(["a dog runs", "a dog"], references, cider=other)["cider"] == pytest.approx(
        other.scores(["a dog runs", "a dog"], references).mean()
    )

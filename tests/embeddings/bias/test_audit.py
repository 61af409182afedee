"""All measures at once: planted bias is found, debiasing shows, and what cannot be measured is said."""

import dataclasses
import json

import numpy as np
import pytest

from embeddings import InputError, Vectors
from embeddings.bias.audit import Auditor, FurtherTests
from embeddings.bias.direction import group_direction
from embeddings.bias.groups import WeatTest, WordSets
from embeddings.bias.hard import hard
from embeddings.bias.planted import planted
from embeddings.bias.projection import direct_bias
from embeddings.bias.sembias import Question
from embeddings.evaluation import Section

MADE = planted(strength=0.3, residual=0.5, words=300)
"""Biased along the direction, and by a topic that goes with it."""


@pytest.fixture(scope="module")
def found():
    auditor = Auditor(MADE.vectors, MADE.sets, sizes=(30, 80))
    after = hard(MADE.vectors, MADE.sets)
    return auditor.audit([auditor.judge("before.bin", MADE.vectors), auditor.judge("after.bin", after)])


def test_hard_debiasing_hides_what_clusters_and_probes_still_find(found):
    before, after = found.files
    assert before.direct.value == pytest.approx(0.2, abs=0.01)  # two thirds of the words have 0.3
    assert after.direct.value == pytest.approx(0, abs=1e-6)
    assert after.turned == pytest.approx(1, abs=1e-6)
    assert [one.accuracy for one in before.clusters] == [1, 1]
    assert [one.accuracy for one in after.clusters] == pytest.approx([1, 1], abs=0.05)
    assert min(one.accuracy for one in after.probes) > 0.95
    assert after.record["method"] == "hard"
    assert before.record == {}
    assert before.kept.share == 1
    assert 0.3 < after.kept.share < 1
    assert not before.unmeasured
    assert not after.unmeasured


def test_a_control_is_found_to_be_without_bias():
    made = planted(strength=0.0, words=600)
    only = Auditor(made.vectors, made.sets, sizes=(50,)).judge("control", made.vectors)
    assert only.direct.value < 0.01
    assert abs(only.rnd.mean) < 0.02
    assert only.weat[0].p_value > 0.01


def test_all_files_are_judged_by_the_words_of_the_first(found):
    biased = found.biased[80]
    assert set(biased.first) <= set(MADE.first)
    assert set(biased.second) <= set(MADE.second)
    definite = {word for pair in MADE.sets.definitional_pairs for word in pair}
    assert not definite & {*biased.first, *biased.second}
    assert [one.n for one in found.files[1].clusters] == [60, 160]
    assert {one.n for one in found.files[1].probes} == {160}
    assert found.specific == len(definite)


def test_direct_bias_is_along_the_direction_of_the_first():
    turned = Vectors(MADE.vectors.words, np.roll(MADE.vectors.vectors, 1, axis=1))
    auditor = Auditor(MADE.vectors, MADE.sets, sizes=(30,))
    judged = auditor.judge("turned", turned)
    own = group_direction(turned, MADE.sets.definitional_pairs)
    assert judged.direct.value == pytest.approx(direct_bias(turned, MADE.sets.professions, auditor.direction).value)
    assert judged.direct_own.value == pytest.approx(direct_bias(turned, MADE.sets.professions, own).value)
    assert abs(judged.turned) < 0.9


def test_each_file_is_judged_by_its_own_vectors():
    random = np.random.default_rng(0)
    noise = Vectors(MADE.vectors.words, random.normal(size=MADE.vectors.vectors.shape))
    auditor = Auditor(MADE.vectors, MADE.sets, sizes=(80,))
    judged = auditor.judge("noise", noise)
    assert judged.clusters[0].accuracy < 0.65
    assert max(one.accuracy for one in judged.probes) < 0.7
    assert abs(judged.neighbours.correlation) < 0.5
    assert judged.kept.share < 0.2
    first = auditor.biased[80].first[0]
    np.testing.assert_allclose(judged.drawn[0][0], noise.normalised()[first], atol=1e-6)


def test_vectors_of_another_size_are_judged_by_all_that_can_be():
    smaller = Vectors(MADE.vectors.words, MADE.vectors.vectors[:, :30])
    judged = Auditor(MADE.vectors, MADE.sets, sizes=(30,)).judge("smaller", smaller)
    assert judged.direct is None
    assert "take it from vectors of the same size" in judged.unmeasured["direct bias, original direction"]
    assert judged.turned is None
    assert judged.direct_own
    assert judged.kept
    assert judged.clusters


def test_words_that_a_later_file_lacks_are_said():
    gone = {MADE.first[0], MADE.sets.professions[0]}
    rows = [row for row, word in enumerate(MADE.vectors.words) if word not in gone]
    fewer = Vectors([MADE.vectors.words[row] for row in rows], MADE.vectors.vectors[rows])
    judged = Auditor(MADE.vectors, MADE.sets, sizes=(80,)).judge("fewer", fewer)
    assert MADE.sets.professions[0] in judged.direct.missing
    assert set(judged.kept.missing) == gone
    assert judged.direct.n == 60 - len(gone & set(MADE.sets.professions))


def test_too_few_words_for_a_size_leave_the_others():
    auditor = Auditor(MADE.vectors, MADE.sets, sizes=(30, 100_000))
    judged = auditor.judge("small", MADE.vectors)
    assert list(auditor.biased) == [30]
    assert "100000 words to a side are needed" in judged.unmeasured["the 100,000 most biased words of either side"]
    none = Auditor(MADE.vectors, MADE.sets, sizes=(100_000,)).judge("none", MADE.vectors)
    assert none.clusters == none.probes == ()
    assert none.drawn is None
    assert "words to a side are needed" in none.unmeasured["probes"]


def test_other_tests_are_taken_and_unfit_ones_named():
    (a, b), (c, d) = MADE.sets.definitional_pairs[:2]
    tests = FurtherTests(
        analogies={"q.txt": (Section("s", ((a, b, c, d), (a, b, c, "unknown"))),)},
        similarity={"s.txt": ((a, b, 1.0), (c, d, 2.0), (a, c, 0.5))},
        sembias=(Question(((a, b), (a, c), (a, d), (c, b))),),
        weat=(WeatTest("strange", {"x": ("nowhere",), "y": (a,)}, {"p": (b,), "q": (c,)}),),
    )
    judged = Auditor(MADE.vectors, MADE.sets, tests, sizes=(30,)).judge("vectors", MADE.vectors)
    assert judged.analogies["q.txt"].total.known == 1
    assert judged.similarity["s.txt"].known == 3
    assert judged.sembias.pair == (b, a)  # there is no `he`: the first pair, the second group first
    assert [one.name for one in judged.weat] == ["planted"]
    assert "missing: nowhere" in judged.unmeasured["WEAT strange"]


def test_what_is_not_in_the_word_sets_is_not_asked_for():
    sets = WordSets("pairs", groups=MADE.sets.groups, definitional_pairs=MADE.sets.definitional_pairs)
    judged = Auditor(MADE.vectors, sets, sizes=(30,)).judge("vectors", MADE.vectors)
    assert judged.direct is judged.rnd is judged.ripa is judged.neighbours is None
    assert judged.weat == ()
    assert not judged.unmeasured


def test_no_pairs_no_audit():
    with pytest.raises(InputError, match="no `definitional_pairs` in it"):
        Auditor(MADE.vectors, WordSets("bare"))
    strangers = dataclasses.replace(MADE.sets, definitional_pairs=(("she", "he"),))
    with pytest.raises(InputError, match=r"definitional pairs of 'planted': none of 1 pairs .* missing: she, he"):
        Auditor(MADE.vectors, strangers)


def test_json_takes_all_of_it_and_the_seed_decides(found):
    text = json.dumps(found.summary(), allow_nan=False)
    assert json.loads(text)["files"][1]["clusters"][0]["n"] == 60
    again = Auditor(MADE.vectors, MADE.sets, sizes=(30, 80))
    assert again.judge("before.bin", MADE.vectors).summary() == found.files[0].summary()

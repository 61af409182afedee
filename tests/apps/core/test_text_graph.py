"""The TensorFlow graph gives exactly the ids that Python gives: what is served is what was trained."""

import unicodedata

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.core.text import PAD, RESERVED, UNKNOWN, TextEncoder
from apps.core.text_graph import GraphEncoder

# The characters about which the rules speak, and those that are known to be difficult.
SPECIAL = (
    "abAB nNtTsSmMdDreRElLvVbBr<>/ '’ʼ-()\"”.!?…,。！？、「」々我好はタ한"
    "\0\x01\t\n\x0b\x0c\r\x1c\x1f\x85\xa0\u1680\u180e\u200b\u200d\u2028\u3000\ufeff\ufffd\ufffe\uffff"
    "éİıßẞΣσςǅÅÅﬁ\u0301\u0307\u0345\u2c2f\ua7c0\U00010570\U00010400\U0001f600\U0001f3fd\U00020000\U0010ffff"
)
PIECES = ["n't", "'s", "'ll", "-LRB-", "-rrb-", "...", "<br />", "<BR>", "ΟΔΟΣ", "。", " 好", ' . " ) !', "\0"]
TEXTS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    st.text(alphabet=SPECIAL, max_size=40),
    st.lists(st.sampled_from([*PIECES, *SPECIAL]), max_size=15).map("".join),
)
SLOW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
LIMITS = [("words", 400, 0), ("words", 3, 0), ("words", 5, 3), ("characters", 6, 0), ("characters", 4, 2)]


@pytest.fixture(scope="module", params=LIMITS, ids=lambda limits: "-".join(map(str, limits)))
def encoders(request):
    """An encoder that knows every second token, and its graph."""
    unit, max_length, max_sentences = request.param
    everything = TextEncoder(RESERVED, unit, 10_000, 0).tokenise(" ".join([*SPECIAL, *PIECES, "do n't", "ab nt"]))[0]
    tokens = (*RESERVED, *sorted(set(everything))[::2])
    encoder = TextEncoder(tokens, unit, max_length, max_sentences)
    graph = tf.function(GraphEncoder(encoder).__call__, input_signature=[tf.TensorSpec([None], tf.string)])
    return encoder, graph


def in_graph(graph, texts):
    return graph(tf.constant([text if isinstance(text, bytes) else text.encode() for text in texts])).numpy()


def assert_same(encoder, graph, texts):
    """Each text by itself gives the same shape and ids; together they are padded."""
    batch = in_graph(graph, texts)
    assert batch.dtype == np.int32
    for text, row in zip(texts, batch, strict=True):
        expected = encoder.encode(text)
        inside = tuple(slice(size) for size in expected.shape)
        np.testing.assert_array_equal(row[inside], expected, err_msg=repr(text))
        assert np.count_nonzero(row) == np.count_nonzero(expected), repr(text)
    longest = np.max([encoder.encode(text).shape for text in texts], axis=0)
    assert batch.shape == (len(texts), *longest)


@settings(SLOW, max_examples=30)
@given(texts=st.lists(TEXTS, min_size=1, max_size=8))
@example(texts=["before\0after"])
@example(texts=["", " "])
@example(texts=['He said "Stop." Then left. Why?! Isn\'t it -LRB- so -RRB-...', "", "我喜欢iPhone。"])
def test_ids_are_the_same(encoders, texts):
    assert_same(*encoders, texts)


def characters():
    """Characters whose treatment could differ: of every letter case, space, punctuation mark and control."""
    for code in range(0x110000):
        one = chr(code)
        category = unicodedata.category(one)
        if category != "Cs" and ((category[0] in "CZP" and code < 0x3400) or one.lower() != one or one.upper() != one):
            yield one
    for code in range(0x2C00, 0xA800):  # unassigned in one version of Unicode, letters in another
        if unicodedata.category(chr(code)) == "Cn":
            yield chr(code)


@pytest.mark.parametrize("unit", ["words", "characters"])
def test_every_difficult_character_is_treated_the_same(unit):
    every = list(characters())
    assert len(every) > 3000
    texts = [
        "".join(f"A{one}b {one} A{one}Σ" for one in every[start : start + 32]) for start in range(0, len(every), 32)
    ]
    free = TextEncoder(RESERVED, unit, 1000)
    encoder = TextEncoder(
        (*RESERVED, *sorted({token for text in texts for token in free.tokenise(text)[0]})), unit, 1000
    )
    assert UNKNOWN not in np.concatenate([encoder.encode(text) for text in texts])
    assert_same(encoder, GraphEncoder(encoder), texts)


def test_empty_texts_have_one_padding_position(encoders):
    encoder, graph = encoders
    assert in_graph(graph, [""]).tolist() == [encoder.encode("").tolist()]
    assert in_graph(graph, ["", " \n"]).shape == (2, *encoder.encode("").shape)
    assert not in_graph(graph, ["", " \n"]).any()
    assert PAD == 0


def test_no_text_at_all(encoders):
    assert encoders[1](tf.constant([], tf.string)).shape[0] == 0


@settings(SLOW, max_examples=15)
@given(raw=st.lists(st.binary(max_size=20), min_size=1, max_size=4))
@example(raw=[b"\xff", b"good \xe4\xbd", b"\xed\xa0\x80", b"\x00\xc0\x80"])
def test_bytes_that_are_not_utf8_do_not_fail(encoders, raw):
    batch = in_graph(encoders[1], raw)
    assert len(batch) == len(raw)


def test_invalid_bytes_become_replacement_characters():
    encoder = TextEncoder((*RESERVED, "good", "\ufffd", "caf\ufffd"))
    graph = GraphEncoder(encoder)
    assert in_graph(graph, [b"good \xff", "caf\xe9".encode("latin1")]).tolist() == [[2, 3], [4, PAD]]


def test_the_table_keeps_the_vocabulary():
    tokens = (*RESERVED, "a", "é", "我", "😀", "n't")
    keys, values = GraphEncoder(TextEncoder(tokens)).table.export()
    assert {key.decode(): value for key, value in zip(keys.numpy(), values.numpy(), strict=True)} == {
        token: index for index, token in enumerate(tokens)
    }

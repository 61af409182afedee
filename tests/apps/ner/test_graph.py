"""Tokeniser and features in TensorFlow's operations are those of Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.ner.tokeniser import Unit, tokenise

from .helpers import encoder_for

SENTENCES = [["Barack", "Obama", "'s", "https://t.co/1"], ["Ötzi-Haus", "@anna", "#tag", "U.S.", "2008", "北京"]]
PIECES = [
    *[
        "Obama's",
        "don't",
        "U.S.",
        "e.g.",
        "St.",
        "3,000.5",
        "http://t.co/aB?x=1",
        "www.a.de.",
        "a@b.com",
        "@user_1",
        "#Tag",
    ],
    *[
        "北京大学",
        "かな",
        "한국어",
        "😀",
        "👨‍👩‍👧",
        "🇩🇪",
        "é",
        "e\u0301",
        "שלום",
        "مرحبا",
        "हिन्दी",
        "İstanbul",
        "ΣΑΣ",
        "...",
        ":-)",
    ],
    *[
        " ",
        "  ",
        "\n",
        "\t",
        "\r\n",
        "\u3000",
        "\u200b",
        "\ufeff",
        "\x00",
        "\x01",
        "-",
        "’s",
        '"',
        "(",
        ")",
        "，",
        "I.B.M.'s",
    ],
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=20),
)


@pytest.fixture(scope="module", params=["words", "characters"])
def tokenisers(request: pytest.FixtureRequest) -> tuple[Unit, Any]:
    import tensorflow as tf

    from apps.ner.graph import GraphTokeniser

    graph = GraphTokeniser(request.param)
    spec = [tf.TensorSpec([None], tf.string)]
    return request.param, tf.function(graph, input_signature=spec)


@settings(max_examples=150, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_tokens_and_places(tokenisers: tuple[Unit, Any], texts: list[str]) -> None:
    import tensorflow as tf

    unit, graph = tokenisers
    tokens, starts, ends = (part.to_list() for part in graph(tf.constant([text.encode() for text in texts])))
    for text, *found in zip(texts, tokens, starts, ends, strict=True):
        expected = tokenise(text, unit)
        assert [token.decode() for token in found[0]] == [token.text for token in expected]
        assert list(zip(*found[1:], strict=True)) == [(token.start, token.end) for token in expected]


@pytest.fixture(scope="module", params=["words", "characters", "vectors", "none"])
def encoders(request: pytest.FixtureRequest) -> tuple[Any, Any]:
    import tensorflow as tf

    from apps.ner.graph import GraphEncoder

    unit = "characters" if request.param == "characters" else "words"
    vectors = ["obama", "haus", "s", "us"] if request.param == "vectors" else None
    encoder = encoder_for(
        SENTENCES, unit=unit, vectors=vectors, char_length=7, characters="none" if request.param == "none" else "cnn"
    )
    graph = GraphEncoder(encoder)
    spec = [tf.RaggedTensorSpec([None, None], tf.string, ragged_rank=1)]
    return encoder, tf.function(graph, input_signature=spec)


TOKENS = st.one_of(
    st.sampled_from([token for tokens in SENTENCES for token in tokens]),
    TEXTS.map(lambda text: "".join(text.split())).filter(bool),  # there is no white space in a token
)


@settings(max_examples=100, deadline=None)
@given(sentences=st.lists(st.lists(TOKENS, max_size=5), min_size=1, max_size=4))
def test_features(encoders: tuple[Any, Any], sentences: list[list[str]]) -> None:
    import tensorflow as tf

    encoder, graph = encoders
    given = tf.ragged.constant([[t.encode() for t in tokens] for tokens in sentences], ragged_rank=1, dtype=tf.string)
    features = graph(given).numpy()
    for row, tokens in zip(features, sentences, strict=True):
        expected = encoder(tokens)
        np.testing.assert_array_equal(row[: len(expected)], expected)
        assert not row[len(expected) :].any()

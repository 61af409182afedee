"""Tokeniser and features as a TensorFlow graph, for the SavedModel that takes raw strings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from apps.core.text_graph import keep_ends

from .characters import SPACES
from .loader import END, START, UNKNOWN, Encoder
from .tokeniser import CLITICS, Unit, rule

BREAK = "\n"
"""Stands between tokens; those of the text itself are made into `OTHER_BREAK` first."""
OTHER_BREAK = "\v"


class GraphTokeniser:
    """`tokenise` for a batch of strings, in TensorFlow operations only.

    Args:
        unit: Of what the tokens are.
    """

    def __init__(self, unit: Unit) -> None:
        pattern = rule(unit).pattern.replace(f"\r{BREAK}", f"\r{OTHER_BREAK}")
        self.splits = [(f"(?s)({pattern})", f"{BREAK}\\1{BREAK}")]
        self.clitics = (CLITICS, f"\\1{BREAK}\\2") if unit == "words" else None

    def __call__(self, texts: tf.Tensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """The tokens of each text, and the characters with which each begins and before which it ends."""
        text = tf.strings.regex_replace(texts, BREAK, OTHER_BREAK)
        for pattern, replacement in self.splits:
            text = tf.strings.regex_replace(text, pattern, replacement)
        pieces = tf.strings.split(text, BREAK)  # [batch, (pieces)], white space among them
        if self.clitics:
            parts = tf.strings.split(tf.strings.regex_replace(pieces.values, *self.clitics), BREAK)
            pieces = pieces.with_values(parts).merge_dims(1, 2)
        lengths = pieces.with_values(tf.strings.length(pieces.values, unit="UTF8_CHAR"))
        ends = tf.ragged.map_flat_values(tf.cumsum, lengths)
        ends -= tf.gather(tf.concat([[0], tf.cumsum(lengths.values)], 0), pieces.row_starts())[:, None]
        is_token = pieces.with_values(~tf.strings.regex_full_match(pieces.values, f"[{SPACES}]*"))
        tokens, starts, ends = (tf.ragged.boolean_mask(part, is_token) for part in (pieces, ends - lengths, ends))
        return tokens, starts, ends


class GraphEncoder(tf.Module):
    """`loader.Encoder` for a batch of sentences, in TensorFlow operations only.

    Args:
        encoder: Whose vocabularies and rules to follow.
    """

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.spec, self.columns = encoder.spec, encoder.columns
        self.tables = {name: table(self.spec[name]) for name in self.spec["vocabularies"] if self.spec[name]}
        before, after = ([ord(character) for character in part] for part in self.spec["fold"])
        self.fold = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(before, after, tf.int64, tf.int64), default_value=-1
        )

    def all_tables(self) -> list[Any]:
        """The tables, for an archive to keep."""
        return [*self.tables.values(), self.fold]

    def __call__(self, sentences: tf.RaggedTensor) -> tf.Tensor:
        """Tokens `[batch, (time)]` to features `[batch, time, features]`; at least one (padding) position."""
        tokens = sentences.values
        codes = tf.cast(tf.strings.unicode_decode(tokens, "UTF-8"), tf.int64)  # [tokens, (characters)]
        folded = self.folded(codes)
        word = tf.strings.unicode_encode(tf.cast(folded, tf.int32), "UTF-8")
        for pattern, new in self.spec["normal"]:
            word = tf.strings.regex_replace(word, pattern, new)
        made = {
            "word": lambda: self.tables["word"].lookup(word),
            "shape": lambda: self.tables["shape"].lookup(self.shape(codes, folded)),
            "vector": lambda: self.vector(word),
            "bigram": lambda: self.bigram(sentences),
        }
        columns = tf.stack([made[name]() for name in self.columns], axis=1)
        features = tf.concat([columns, self.characters(tokens)], axis=1)  # [tokens, features]
        features = sentences.with_values(features).to_tensor(shape=[None, None, features.shape[1]])
        return tf.pad(features, [[0, 0], [0, tf.maximum(1 - tf.shape(features)[1], 0)], [0, 0]])

    def folded(self, codes: tf.RaggedTensor) -> tf.RaggedTensor:
        """Capitals made small and digits 0."""
        found = self.fold.lookup(codes.values)
        return codes.with_values(tf.where(found < 0, codes.values, found))

    def vector(self, word: tf.Tensor) -> tf.Tensor:
        """The first vector of a word, of its letters alone, and of its last part."""
        found = self.tables["vector"].lookup(word)
        for pattern, new in self.spec["fallbacks"]:
            word = tf.strings.regex_replace(word, pattern, new)
            found = tf.where(found == UNKNOWN, self.tables["vector"].lookup(word), found)
        return found

    def shape(self, codes: tf.RaggedTensor, folded: tf.RaggedTensor) -> tf.Tensor:
        """The kinds of each token's characters, each run once."""
        starts, kinds = self.spec["kinds"]
        place = tf.searchsorted(tf.constant(starts, tf.int64), codes.values, side="right") - 1
        kind = tf.gather(tf.constant(list(kinds)), place)
        kind = tf.where((kind == "x") & (codes.values != folded.values), "X", kind)
        goes_on = (kind[1:] == kind[:-1]) & in_row_of_next(codes)
        differs = tf.concat([[True], ~goes_on], 0)[: tf.size(kind)]
        runs = tf.ragged.boolean_mask(codes.with_values(kind), codes.with_values(differs))
        return tf.strings.reduce_join(runs, axis=1)

    def bigram(self, sentences: tf.RaggedTensor) -> tf.Tensor:
        """Each token with the one after it."""
        tokens = sentences.values
        following = tf.concat([tf.where(in_row_of_next(sentences), tokens[1:], ""), [""]], 0)[: tf.size(tokens)]
        return self.tables["bigram"].lookup(tokens + following)

    def characters(self, tokens: tf.Tensor) -> tf.Tensor:
        """Ids of each token's characters between a start and an end, `[tokens, char_length]`."""
        if not (length := self.spec["char_length"]):
            return tf.zeros([tf.size(tokens), 0], tf.int32)
        split = tf.strings.unicode_split(tokens, "UTF-8")
        ids = split.with_values(self.tables["character"].lookup(split.values))
        first, last = (tf.fill([tf.size(tokens), 1], marker) for marker in (START, END))
        return keep_ends(tf.concat([first, ids, last], axis=1), length).to_tensor(shape=[None, length])


def in_row_of_next(rows: tf.RaggedTensor) -> tf.Tensor:
    """Of each value but the last whether it is in the same row as the next."""
    ids = rows.value_rowids()
    return ids[1:] == ids[:-1]


def table(entries: Sequence[str]) -> Any:
    """From a vocabulary's entries to their ids."""
    keys = tf.lookup.KeyValueTensorInitializer(list(entries), tf.range(len(entries), dtype=tf.int32))
    return tf.lookup.StaticHashTable(keys, default_value=UNKNOWN)

"""The text encoder as a TensorFlow graph, for the SavedModel that takes raw strings."""

from __future__ import annotations

import tensorflow as tf

from .text import PAD, UNKNOWN, TextEncoder


class GraphEncoder(tf.Module):
    """`TextEncoder.encode` for a batch of strings, in TensorFlow operations only.

    Args:
        encoder: Whose rules, vocabulary and limits to follow.
    """

    def __init__(self, encoder: TextEncoder) -> None:
        super().__init__()
        self.spec = encoder.spec
        entries = tf.lookup.KeyValueTensorInitializer(
            list(encoder.tokens), tf.range(len(encoder.tokens), dtype=tf.int32)
        )
        self.table = tf.lookup.StaticHashTable(entries, default_value=UNKNOWN)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Strings `[batch]` to ids `[batch, time]` or `[batch, sentences, time]`."""
        text = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8", errors="replace")
        text = tf.strings.regex_replace(text, "\\x00", "\ufffd")  # `lower` would drop all that follows it
        text = tf.strings.lower(text, encoding="utf-8")
        for pattern, replacement in self.spec["rules"]:
            text = tf.strings.regex_replace(text, pattern, replacement)
        sentences = tf.strings.split(tf.strings.split(text, "\n"))  # [batch, (sentences), (time)]
        sentences = sentences.with_values(keep_ends(sentences.values, self.spec["max_length"]))
        sentences = tf.ragged.boolean_mask(sentences, sentences.row_lengths(axis=2) > 0)
        sentences = keep_ends(sentences, self.spec["max_sentences"] or 1)
        ids = sentences.with_flat_values(self.table.lookup(sentences.flat_values))
        if not self.spec["max_sentences"]:
            ids = ids.merge_dims(1, 2)
        ids = ids.to_tensor(PAD)
        # Even an empty text has one position, which is padding.
        missing = [[0, 0]] + [[0, tf.maximum(1 - tf.shape(ids)[axis], 0)] for axis in range(1, ids.shape.rank)]
        return tf.pad(ids, missing, constant_values=PAD)


def keep_ends(rows: tf.RaggedTensor, limit: int) -> tf.RaggedTensor:
    """The first and the last half of each row that is longer than `limit`."""
    lengths = rows.row_lengths()
    positions = tf.ragged.range(lengths)
    from_end = tf.expand_dims(lengths, 1) - positions  # 1 for the last
    return tf.ragged.boolean_mask(rows, (positions < limit - limit // 2) | (from_end <= limit // 2))

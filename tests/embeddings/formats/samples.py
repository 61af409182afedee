"""Word vectors in the bytes of every format, written independently of the package."""

import bz2
import gzip
import json
import lzma
import struct

import numpy as np
import pytest
from safetensors.numpy import save

from embeddings import InputError, read

PACKERS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
WORDS = ["the", "naïve", "好", "😀", "'s", "12"]
VECTORS = np.array([[(-1) ** row * (row + 1) / 3, row * 1e-7, 2.0**row, -0.0] for row in range(6)], np.float32)


def word2vec_text(words=WORDS, vectors=VECTORS):
    return f"{len(words)} {vectors.shape[1]}\n".encode() + glove(words, vectors)


def glove(words=WORDS, vectors=VECTORS):
    rows = zip(words, vectors.tolist(), strict=True)
    return "".join(f"{word} {' '.join(map(repr, row))}\n" for word, row in rows).encode()


def word2vec_binary(words=WORDS, vectors=VECTORS, after=b"\n"):
    """As word2vec.c writes it; gensim and others leave out the line break `after` each vector."""
    rows = zip(words, vectors, strict=True)
    body = b"".join(word.encode() + b" " + struct.pack(f"<{len(row)}f", *row) + after for word, row in rows)
    return f"{len(words)} {vectors.shape[1]}\n".encode() + body


def safetensors(words=WORDS, vectors=VECTORS, metadata=None, **more):
    joined = words if isinstance(words, bytes) else "\n".join(words).encode()
    tensors = {"vectors": vectors, "words": np.frombuffer(joined, np.uint8), **more}
    return save(tensors, metadata)


def safetensors_by_hand(tensors):
    """A file whose header says for each name: type, shape, bytes."""
    header, body = {}, b""
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


FORMATS = {
    "text": word2vec_text,
    "binary": word2vec_binary,
    "binary without line breaks": lambda words=WORDS, vectors=VECTORS: word2vec_binary(words, vectors, b""),
    "glove": glove,
    "safetensors": safetensors,
}


def keep(folder, raw, name="vectors.txt"):
    path = folder / name
    path.write_bytes(raw)
    return path


def name_of(kind):
    return "vectors.safetensors" if kind == "safetensors" else "vectors.txt"


def assert_read(path, words=WORDS, vectors=VECTORS):
    got = read(path)
    assert got.words == list(words)
    assert got.vectors.dtype == np.float32
    np.testing.assert_array_equal(got.vectors, vectors)


def message(path, **options):
    with pytest.raises(InputError) as caught:
        read(path, **options)
    assert str(caught.value).startswith(f"{path}:")
    return str(caught.value)

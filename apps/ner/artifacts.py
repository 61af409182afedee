"""Writes and runs exported taggers: SavedModel on raw strings, ONNX and LiteRT on features."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.core.artifacts import write_endpoints, write_onnx
from apps.core.run import write_json

from . import loader
from .decoder import decode
from .loader import Encoder

if TYPE_CHECKING:
    import keras


def write_savedmodel(model: keras.Model, encoder: Encoder, folder: Path) -> None:
    """A SavedModel of two signatures.

    `serving_default` takes raw strings `text` `[batch]`, each read as one sentence. `tokens` takes `tokens`
    `[batch, time]`, an empty one behind the end of a sentence. Both give `tags` and `probabilities`
    `[batch, time]`; the first also `tokens` and the characters of the text with which they begin and before which they
    end, `starts` and `ends`.
    """
    import tensorflow as tf

    from .graph import GraphEncoder, GraphTokeniser

    tokenise, encode = GraphTokeniser(encoder.spec["unit"]), GraphEncoder(encoder)
    answer = tagger(model, encode, tf.constant(encoder.spec["tags"]))

    def serve(text: Any) -> dict[str, Any]:
        tokens, starts, ends = tokenise(tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace"))
        places = {"tokens": tokens.to_tensor(""), "starts": starts.to_tensor(), "ends": ends.to_tensor()}
        return {**answer(tokens), **places}

    def serve_tokens(tokens: Any) -> dict[str, Any]:
        return answer(tf.RaggedTensor.from_tensor(tokens, padding=""))

    text = tf.TensorSpec([None], tf.string, "text")
    tokens = tf.TensorSpec([None, None], tf.string, "tokens")
    write_endpoints({"serve": (serve, [text]), "tokens": (serve_tokens, [tokens])}, encode.all_tables(), folder)


def tagger(model: keras.Model, encode: Any, names: Any) -> Callable[[Any], dict[str, Any]]:
    """A function from tokens `[batch, (time)]` to each one's tag and its probability, in a graph."""
    import tensorflow as tf

    from layers.crf import marginals, viterbi

    from .model import POTENTIALS

    has_crf = POTENTIALS in [layer.name for layer in model.layers]

    def answer(tokens: Any) -> dict[str, Any]:
        scores = model(encode(tokens), training=False)
        tags = viterbi(scores)[0] if has_crf else tf.argmax(scores, -1, tf.int32)  # [batch, time]
        every = marginals(scores) if has_crf else tf.nn.softmax(scores)  # [batch, time, tags]
        lengths = tokens.row_lengths()
        cut = tf.RaggedTensor.from_tensor(tf.gather(names, tags), lengths)
        likely = tf.RaggedTensor.from_tensor(tf.gather(every, tags, batch_dims=2), lengths)
        return {"tags": cut.to_tensor(""), "probabilities": likely.to_tensor()}

    return answer


def write_with_loader(kind: str, model: keras.Model, encoder: Encoder, folder: Path) -> None:
    """An ONNX or LiteRT model from features to emissions and transitions, with the loader that decodes them."""
    from .model import with_transitions

    exported = with_transitions(model)
    if kind == "onnx":
        write_onnx(exported, folder)
    else:
        from apps.core.litert import to_litert

        (folder / "model.tflite").write_bytes(to_litert(exported))
    write_json(folder / "vocabulary.json", encoder.spec)
    shutil.copy(loader.__file__, folder / "loader.py")


def run(kind: str, folder: Path, sentences: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[np.ndarray]:
    """Each token's tag, as its place in `names`, and its probability, `[time, 2]`, each sentence by itself."""
    if kind == "savedmodel":
        yield from run_savedmodel(folder, sentences, names)
        return
    model = loader.Model(folder)
    for tokens in sentences:
        emissions, scores = model.run(model.encode(tokens)[None])
        decoded = decode([emissions[0]], scores)[0]
        yield np.stack([decoded.tags, decoded.probabilities()], -1)


def run_savedmodel(folder: Path, sentences: Sequence[Sequence[str]], names: Sequence[str]) -> Iterator[np.ndarray]:
    """The same by the SavedModel."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder))
    serve = loaded.signatures["tokens"]
    for tokens in sentences:
        given = serve(tokens=tf.constant([[token.encode() for token in tokens]]))
        tags = [names.index(tag.decode()) for tag in given["tags"].numpy()[0]]
        yield np.stack([tags, given["probabilities"].numpy()[0]], -1)

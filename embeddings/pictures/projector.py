"""Files for the embedding projector, of TensorBoard or of projector.tensorflow.org."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..files import replacing
from .words import Chosen, Groups, choose

if TYPE_CHECKING:
    from ..vectors import Vectors

TENSORS, METADATA, CONFIG = "vectors.tsv", "metadata.tsv", "projector_config.pbtxt"


def write_projector(
    folder: Path | str, vectors: Vectors, words: Iterable[str] = (), *, groups: Groups | None = None
) -> list[Path]:
    """Writes `vectors.tsv`, `metadata.tsv` and `projector_config.pbtxt`.

    TensorBoard shows them with `tensorboard --logdir FOLDER`; the first two can be loaded at projector.tensorflow.org.
    The metadata has a line for each word: the word, its rank (1 is the most frequent), its count if known, its group.
    Text and not bytes, because TensorBoard tells bytes by their not being UTF-8, which some are.

    Args:
        folder: Where to; made if it is not there, other files in it stay.
        vectors: Words and their vectors, the most frequent first.
        words: Which words; with no groups either, all.
        groups: The words of each group, written too.

    Returns:
        The files written.

    Raises:
        InputError: When none of the words has a vector, a vector is not finite, or the folder cannot be made.

    Example:
        >>> import tempfile
        >>> from embeddings.vectors import Vectors
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     files = write_projector(folder, Vectors(["a", "b"], np.float32([[0.5, 1], [2, 3]])))
        ...     files[0].read_text()
        '0.5\\t1\\n2\\t3\\n'

    Reference:
        Smilkov et al. 2016, "Embedding Projector: Interactive Visualization and Interpretation of Embeddings".
    """
    words = list(words)
    chosen = choose(vectors, words if words or groups else vectors.words, groups)
    if not len(chosen.words):
        raise InputError("there are no words to show; name some")
    if not np.isfinite(chosen.vectors).all():
        raise InputError("the vectors hold NaN or infinity, which the projector cannot show; train them anew")
    counts = None if vectors.counts is None else vectors.counts[chosen.ranks]
    folder = make_folder(Path(folder))
    rows, dimensions = chosen.vectors.shape
    with replacing(folder / TENSORS) as partial:
        np.savetxt(partial, chosen.vectors, "%.7g", delimiter="\t", encoding="utf-8")
    with replacing(folder / METADATA) as partial:
        partial.write_text(metadata(chosen, counts, with_groups=bool(groups)), "utf-8", newline="\n")
    with replacing(folder / CONFIG) as partial:
        partial.write_text(config(rows, dimensions), "utf-8")
    return [folder / TENSORS, folder / METADATA, folder / CONFIG]


def make_folder(folder: Path) -> Path:
    """Makes a folder, in one that is there."""
    if folder.exists() and not folder.is_dir():
        raise InputError("is a file where a folder is expected; name another", folder)
    if not folder.parent.is_dir():
        raise InputError("there is no such folder to write in; make it first", folder.parent)
    folder.mkdir(exist_ok=True)
    return folder


def metadata(chosen: Chosen, counts: np.ndarray | None, with_groups: bool) -> str:
    """A line for each word, under a line of names."""
    columns: dict[str, list[str]] = {
        "word": [in_cell(word) for word in chosen.words],
        "rank": [str(rank + 1) for rank in chosen.ranks],
    }
    if counts is not None:
        columns["count"] = [str(count) for count in counts]
    if with_groups:
        columns["group"] = [in_cell(chosen.group_of.get(word, "-")) for word in chosen.words]
    lines = ["\t".join(columns), *map("\t".join, zip(*columns.values(), strict=True))]
    return "\n".join(lines) + "\n"


def in_cell(text: str) -> str:
    """A text without what would end a cell of a table."""
    return "".join(" " if letter in "\t\n\r" else letter for letter in text)


def config(rows: int, dimensions: int) -> str:
    """What TensorBoard looks for in its folder; the paths in it are relative to that."""
    return f"""embeddings {{
  tensor_name: "words"
  tensor_shape: {rows}
  tensor_shape: {dimensions}
  tensor_path: "{TENSORS}"
  metadata_path: "{METADATA}"
}}
"""

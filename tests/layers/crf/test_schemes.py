"""What a scheme allows is what writing down every possible set of chunks yields, and nothing else."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest

from layers.crf import allowed_transitions

Chunk = tuple[int, int, str]  # first step, step after the last, type
TAGS = {
    "IOB1": ["O", "B-X", "I-X", "B-Y", "I-Y"],
    "IOB2": ["I-Y", "O", "B-X", "I-X", "B-Y"],
    "BIOES": ["O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y", "E-Y", "S-Y"],
    "IOBES": ["S-Y", "O", "B-X", "I-X", "E-X", "S-X", "B-Y", "I-Y", "E-Y"],
    "BMES": ["O", "B-X", "M-X", "E-X", "S-X", "B-Y", "M-Y", "E-Y", "S-Y"],
}


def chunkings(length: int, at: int = 0) -> Iterator[list[Chunk]]:
    """Every way to mark chunks of types X and Y in a sequence."""
    if at >= length:
        yield []
        return
    yield from chunkings(length, at + 1)
    for end, kind in itertools.product(range(at + 1, length + 1), "XY"):
        for others in chunkings(length, end):
            yield [(at, end, kind), *others]


def written(chunks: list[Chunk], length: int, scheme: str) -> tuple[str, ...]:
    """The chunks as tags."""
    tags, before = ["O"] * length, (0, 0, "")
    for chunk in chunks:
        first, end, kind = chunk
        inside = "M" if scheme == "BMES" else "I"
        prefixes = [inside] * (end - first)
        if scheme in ("BIOES", "IOBES", "BMES"):
            prefixes[0], prefixes[-1] = "B", "E"
            prefixes = ["S"] if end - first == 1 else prefixes
        elif scheme == "IOB2" or before[1:] == (first, kind):
            prefixes[0] = "B"
        tags[first:end] = [f"{prefix}-{kind}" for prefix in prefixes]
        before = chunk
    return tuple(tags)


@pytest.mark.parametrize("scheme", TAGS)
def test_allowed_are_the_sequences_that_some_chunks_are_written_as(scheme: str) -> None:
    tags = TAGS[scheme]
    transitions, start, end = allowed_transitions(tags, scheme)
    for length in (1, 2, 3, 4):
        allowed = {
            tuple(tags[i] for i in path)
            for path in itertools.product(range(len(tags)), repeat=length)
            if start[path[0]] and end[path[-1]] and all(transitions[i, j] for i, j in itertools.pairwise(path))
        }
        assert allowed == {written(chunks, length, scheme) for chunks in chunkings(length)}


def test_chunks_without_a_type_and_types_with_a_hyphen() -> None:
    transitions, start, end = allowed_transitions(["B", "M", "E", "S"], "BMES")
    np.testing.assert_array_equal(transitions, np.array([[0, 1, 1, 0], [0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1]], bool))
    np.testing.assert_array_equal(start, [True, False, False, True])
    np.testing.assert_array_equal(end, [False, False, True, True])
    transitions, _, _ = allowed_transitions(["B-a-b", "I-a-b", "I-a"], "IOB2")
    np.testing.assert_array_equal(transitions[0], [True, True, False])


@pytest.mark.parametrize("tag", ["E-X", "X", "", "OX", "O-X", "BX", "b-X"])
def test_tags_of_no_scheme_are_refused(tag: str) -> None:
    with pytest.raises(
        ValueError, match="tags must begin with one of B, I, O in the scheme IOB2, such as 'B-PER', not"
    ):
        allowed_transitions(["O", tag], "IOB2")


def test_an_unknown_scheme_and_tags_given_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="scheme must be one of IOB1, IOB2, BIOES, IOBES and BMES, not 'BILOU'"):
        allowed_transitions(["O"], "BILOU")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="tags must differ, but 'B-X' is given twice"):
        allowed_transitions(["O", "B-X", "B-X"], "IOB1")

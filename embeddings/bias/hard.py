"""Hard debiasing: neutralise and equalise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..vectors import Vectors
from .groups import WordSets
from .space import LEAST, BiasSpace, Lengths, bias_space, finished, rescaled, unit_rows, without
from .specific import How, Specific, specific_words

Pair = tuple[int, int]


def hard(
    vectors: Vectors,
    sets: WordSets,
    specific: Sequence[str] | How | None = None,
    components: int = 1,
    lengths: Lengths = "keep",
) -> Vectors:
    """Takes the bias subspace out of all words but specific ones, and makes pairs differ in it alone.

    On vectors of length one, with `w_B` the part of `w` in the subspace of the definitional pairs:

        neutralise  `w := (w - w_B) / |w - w_B|`
        equalise    `w := nu + sqrt(1 - |nu|^2) (w_B - mu_B) / |w_B - mu_B|`

    where `mu` is the pair's mean and `nu = mu - mu_B`.

    The words of the groups and of all pairs are never neutralised. Pairs are also equalised as they are written
    in lower case, capitalised and in capitals. This hides a bias from measures along the direction; it can still be
    read from the neighbours of words (Gonen & Goldberg 2019).

    Args:
        vectors: Stay as they are.
        sets: Word sets, of which `definitional_pairs`, `equalize_pairs`, `groups` and those below are used.
        specific: Which words are not neutralised: a list, `listed` in the word sets as `specific`, or `learned` from
            their `specific_seed`. When None, listed if there is a list, else learned if there are seed words.
        components: Dimensions of the subspace.
        lengths: `keep` gives each vector its former length, and those of a pair the mean of theirs; `unit` length one.

    Returns:
        New vectors, with a record of what was done as `settings["debias"]`.

    Raises:
        InputError: For too few words found, vectors of length zero in pairs, NaN, and words of which nothing is left.

    Example:
        >>> sets = WordSets("gender", definitional_pairs=(("she", "he"),))
        >>> before = Vectors(["she", "he", "nurse"], [[1, 1], [-1, 1], [3, 4]])
        >>> after = hard(before, sets)
        >>> after["nurse"].round(6).tolist(), after["she"].round(6).tolist(), after.settings["debias"]["neutralised"]
        ([0.0, 5.0], [1.0, 1.0], 1)

    Reference:
        Bolukbasi et al. 2016, Man is to Computer Programmer as Woman is to Homemaker? Debiasing Word Embeddings.
    """
    rows = unit_rows(vectors)
    space = bias_space(vectors, rows, sets, components)
    kept = specific_words(vectors, rows, sets, specific)
    rows, pairs, record = neutralise_and_equalise(vectors, rows, sets, space, kept)
    result = finished(vectors, rows, lengths, {"method": "hard", "groups": sets.name, **space.record(), **record})
    return result if lengths == "unit" else with_equal_lengths(result, pairs)


def neutralise_and_equalise(
    vectors: Vectors, rows: np.ndarray, sets: WordSets, space: BiasSpace, specific: Specific
) -> tuple[np.ndarray, list[Pair], dict[str, Any]]:
    """Both steps on vectors of length one.

    Returns:
        New rows, the equalised pairs, and what to keep in the record.
    """
    pairs, missing, skipped = pairs_to_equalise(vectors, rows, sets.equalize_pairs, space.basis)
    neutral = neutral_words(vectors, sets, specific)
    new = rows.copy()
    new[neutral] = rescaled(without(rows[neutral], space.basis), rows[neutral].any(1) * 1.0, vectors.words, neutral)
    for a, b in pairs:
        new[[a, b]] = equalised(rows[a].astype(np.float64), rows[b].astype(np.float64), space.basis)
    record = {
        "specific": specific.record(),
        "neutralised": len(neutral),
        "equalize_pairs": {"used": len(pairs), "missing": missing, "skipped": skipped},
    }
    return new, pairs, record


def equalised(a: np.ndarray, b: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """A pair that differs in the subspace alone, where its words are opposite.

    Args:
        a: `[dimensions]`, of length one.
        b: The same.
        basis: Orthonormal, `[components, dimensions]`.

    Returns:
        `[2, dimensions]`, of length one.
    """
    nu = without((a + b) / 2, basis)
    half = ((a - b) / 2 @ basis.T) @ basis  # a_B - mu_B, and that of b is its opposite
    half *= np.sqrt(max(1 - nu @ nu, 0)) / np.linalg.norm(half)
    return np.stack([nu + half, nu - half])


def pairs_to_equalise(
    vectors: Vectors, rows: np.ndarray, pairs: Iterable[Sequence[str]], basis: np.ndarray
) -> tuple[list[Pair], list[str], list[list[str]]]:
    """The pairs of which both words are found, in each case that they are written in.

    Returns:
        Their rows; the words that are found in no case; the pairs left out, because one of their words is in another
        pair, or because they do not differ in the subspace.
    """
    pairs = list(pairs)
    found: dict[frozenset[int], Pair] = {}
    skipped: list[list[str]] = []
    for a, b in dict.fromkeys(form for pair in pairs for form in zip(*map(cases, pair), strict=True)):
        if a not in vectors or b not in vectors:
            continue
        pair = vectors.index[a], vectors.index[b]
        if frozenset(pair) in found:
            continue
        taken = any(set(pair) & other for other in found)
        if taken or np.linalg.norm((rows[pair[0]] - rows[pair[1]]) @ basis.T) < LEAST:
            skipped.append([a, b])
        else:
            found[frozenset(pair)] = pair
    words = dict.fromkeys(word for pair in pairs for word in pair)
    return list(found.values()), [word for word in words if not vectors.index.keys() & set(cases(word))], skipped


def cases(word: str) -> tuple[str, ...]:
    """The word as it is given, in lower case, capitalised, and in capitals."""
    return word, word.lower(), word.title(), word.upper()


def neutral_words(vectors: Vectors, sets: WordSets, specific: Specific) -> np.ndarray:
    """The rows of all words that are not specific, in a group or in a pair."""
    defining = {word for words in (*sets.groups.values(), *sets.definitional_pairs) for word in words}
    defining |= {form for pair in sets.equalize_pairs for word in pair for form in cases(word)}
    return np.array(
        [row for row, word in enumerate(vectors.words) if word not in specific.words and word not in defining], int
    )


def with_equal_lengths(vectors: Vectors, pairs: Iterable[Pair]) -> Vectors:
    """Gives both words of each pair the mean of their lengths, so that they stay as far from any neutral word.

    The vectors are changed in place: they are new ones.
    """
    for pair in pairs:
        two = vectors.vectors[list(pair)]
        norms = np.linalg.norm(two, axis=1, keepdims=True)
        vectors.vectors[list(pair)] = two / norms * norms.mean()
    return vectors

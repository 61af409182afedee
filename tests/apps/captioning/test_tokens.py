"""Captions to words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.captioning.data import tokenise


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        ("A dog's ball .", "a dog 's ball"),
        ("The dog 's ball.", "the dog 's ball"),
        ("Two DOGS' balls", "two dogs balls"),
        ("He doesn't, can't, won\u2019t!", "he does n't ca n't wo n't"),
        ("They're here; I've seen", "they 're here i 've seen"),
        ("A tri-colored T-shirt - blue--red", "a tri-colored t-shirt blue red"),
        ('A sign "stop" (red) & more #1', "a sign stop red more 1"),
        ("at 5 o'clock", "at 5 o'clock"),
        ("running,jumping", "running jumping"),
        ("Ein Mädchen läuft", "ein mädchen läuft"),
        ("लड़का दौड़ रहा है।", "लड़का दौड़ रहा है"),
        (" . ! - ' ", ""),
        ("", ""),
    ],
)
def test_words(caption: str, words: str) -> None:
    assert tokenise(caption) == words.split()


@given(st.text(alphabet=st.one_of(st.sampled_from("ab n't's.,- 'S"), st.characters())))
def test_words_put_together_are_the_same_words(caption: str) -> None:
    words = tokenise(caption)
    assert tokenise(" ".join(words)) == words
    assert all(word and not any(letter.isspace() for letter in word) for word in words)

"""Spans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from apps.ner.spans import Span

numbers = st.tuples(st.integers(0, 6), st.integers(1, 4)).map(lambda pair: Span(pair[0], sum(pair), "P"))


@given(numbers, numbers)
def test_overlap_is_a_token_in_common(one: Span, other: Span) -> None:
    common = set(range(one.start, one.end)) & set(range(other.start, other.end))
    assert one.overlaps(other) == other.overlaps(one) == bool(common)


def test_order_is_that_of_the_sentence() -> None:
    assert sorted([Span(2, 3, "A"), Span(0, 4, "Z"), Span(0, 1, "B")])[0] == Span(0, 1, "B")
    assert Span(1, 3, "P").surface(["a", "b", "c"]) == "b c"

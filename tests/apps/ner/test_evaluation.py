"""Entities counted as conlleval counts them, held against the definition and against examples worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ner.evaluation import Judged, errors, judge, metrics, report, surface_score
from apps.ner.examples import Example
from apps.ner.schemes import convert, spans_of, tags_of

KINDS = ("PER", "LOC")
SEEN = frozenset({("a b", "PER"), ("c", "LOC")})


def judged(*pairs: tuple[str, str, str], strict: bool = False, seen: frozenset[tuple[str, str]] = SEEN) -> Judged:
    """Of (tokens, right tags, a model's tags), each with spaces between, in BIOES."""
    examples, line = [], 1
    for tokens, right, _ in pairs:
        words = tuple(tokens.split())
        lines = tuple(range(line, line + len(words)))
        examples.append(Example(words, tuple(right.split()), f"x:{line}", lines=lines))
        line += len(words) + 1
    return judge(examples, [answer.split() for _, _, answer in pairs], seen, strict)


def chunk_set(tags: list[str]) -> set[tuple[int, int, str]]:
    """Entities of IOB2 or broken tags by conlleval's definition, independent of `schemes`."""
    found, start = set(), 0
    roles = [[*tag.split("-", 1), ""][:2] for tag in tags] + [["O", ""]]
    for index, (role, kind) in enumerate(roles):
        before, kind_before = roles[index - 1] if index else ["O", ""]
        goes_on = role in ("I", "E") and before in ("B", "I") and kind == kind_before
        if not goes_on:
            if before != "O":
                found.add((start, index, kind_before))
            start = index
    return found


tag = st.sampled_from(["O", "O", *(f"{letter}-{kind}" for letter in "BIES" for kind in KINDS)])
rows = st.lists(st.lists(st.tuples(tag, tag), min_size=1, max_size=8), min_size=1, max_size=5)


def whole(tags: list[str]) -> list[str]:
    """Tags made to keep the scheme."""
    return tags_of(spans_of(tags, "BIOES"), len(tags), "BIOES")


@given(rows)
def test_f1_by_definition(sample: list[list[tuple[str, str]]]) -> None:
    examples = [Example(("x",) * len(row), tuple(whole([right for right, _ in row]))) for row in sample]
    answers = [[answer for _, answer in row] for row in sample]
    got = metrics(judge(examples, answers, frozenset()))
    for kind in ("", *KINDS):
        gold, found = set(), set()
        for index, (example, answer) in enumerate(zip(examples, answers, strict=True)):
            gold |= {(index, *chunk) for chunk in chunk_set(list(example.tags)) if kind in ("", chunk[2])}
            found |= {(index, *chunk) for chunk in chunk_set(answer) if kind in ("", chunk[2])}
        precision = len(gold & found) / len(found) if found else 0
        recall = len(gold & found) / len(gold) if gold else 0
        f1 = 2 * precision * recall / (precision + recall) if gold & found else 0
        assert got.get(f"f1_{kind}" if kind else "f1", 0) == pytest.approx(f1)
        if not kind:
            assert (got["precision"], got["recall"]) == pytest.approx((precision, recall))


@given(rows)
def test_every_error_is_of_one_kind(sample: list[list[tuple[str, str]]]) -> None:
    examples = [Example(("x",) * len(row), tuple(whole([right for right, _ in row]))) for row in sample]
    result = judge(examples, [[answer for _, answer in row] for row in sample], frozenset())
    found = errors(result)
    wrong = sum(span not in right for right, spans in zip(result.gold, result.found, strict=True) for span in spans)
    assert wrong == len(found["boundary"]) + len(found["type"]) + len(found["invented"])
    for gold, spans in zip(result.gold, result.found, strict=True):
        assert (gold == spans) == (not set(gold) ^ set(spans))
    missing = sum(span not in spans for gold, spans in zip(result.gold, result.found, strict=True) for span in gold)
    assert len(found["missed"]) <= missing
    assert bool(sum(map(len, found.values()))) == bool(wrong + missing)
    assert all(str(error) for group in found.values() for error in group)


def test_by_hand() -> None:
    result = metrics(
        judged(
            ("a b met c .", "B-PER E-PER O S-LOC O", "B-PER E-PER O S-PER O"),
            ("in d e", "O B-LOC E-LOC", "O S-LOC O"),
            ("c slept", "S-LOC O", "S-LOC O"),
            ("x", "O", "S-PER"),
        )
    )
    assert result["precision"] == pytest.approx(2 / 5)
    assert result["recall"] == pytest.approx(2 / 4)
    assert result["f1"] == pytest.approx(4 / 9)
    assert result["f1_PER"] == pytest.approx(2 * 1 / (3 + 1))
    assert result["f1_LOC"] == pytest.approx(2 * 1 / (2 + 3))
    assert result["accuracy"] == pytest.approx(7 / 11)
    assert result["recall_seen"] == pytest.approx(2 / 3), "a b, c (as PER), c; d e is new"
    assert result["precision_seen"] == 1, "a b and c as LOC"
    assert result["recall_unseen"] == 0
    assert result["precision_unseen"] == 0
    assert next(iter(result)) == "f1"


def test_the_example_of_conlleval() -> None:
    """The counts that the Perl script gives for these tags, its reading of an I after O and after another type."""
    right, answer = "B-PER I-PER O B-LOC O", "I-PER I-PER O B-PER I-LOC"
    example = Example(tuple("vwxyz"), tuple(convert(right.split(), "IOB2", "BIOES")))
    found = metrics(judge([example], [answer.split()], frozenset()))
    assert (found["precision"], found["recall"]) == pytest.approx((1 / 3, 1 / 2))


def test_strict_leaves_out_what_breaks_the_scheme() -> None:
    pairs = ("a b c d", "B-PER E-PER O S-LOC", "I-PER E-PER O S-LOC")
    assert metrics(judged(pairs))["f1"] == 1
    strict = judged(pairs, strict=True)
    assert metrics(strict)["precision"] == 1
    assert metrics(strict)["recall"] == 0.5
    assert "broken tags are not counted" in report(strict)[-1]


def test_different_entities_count_once() -> None:
    result = judged(
        ("a b", "S-PER S-LOC", "S-PER S-LOC"),
        ("a c", "S-PER S-LOC", "S-PER S-PER"),
        ("a", "S-LOC", "O"),
    )
    found = surface_score(result)
    assert (found.correct, found.found, found.gold) == (2, 3, 4)
    assert metrics(result)["f1_surface"] == pytest.approx(4 / 7)


def test_errors_by_kind_with_their_places() -> None:
    found = errors(
        judged(
            ("a b met c .", "B-PER E-PER O S-LOC O", "S-PER O O S-PER O"),
            ("d e", "S-LOC O", "O S-PER"),
        )
    )
    assert {kind: len(group) for kind, group in found.items()} == {"boundary": 1, "type": 1, "missed": 1, "invented": 1}
    assert str(found["boundary"][0]).startswith("found a (PER) instead of a b (PER): … a b met")
    assert str(found["boundary"][0]).endswith("[x:1]")
    assert str(found["type"][0]).startswith("found c (PER) instead of c (LOC)")
    assert str(found["type"][0]).endswith("[x:4]")
    assert str(found["missed"][0]).startswith("found nothing instead of d (LOC)")
    assert str(found["invented"][0]).startswith("found e (PER) instead of nothing")
    assert str(found["invented"][0]).endswith("[x:8]")


def test_names_are_those_of_training_whatever_is_judged() -> None:
    one = metrics(judged(("a", "O", "O")))
    other = metrics(judged(("a", "S-PER", "S-PER"), ("c", "S-LOC", "O")))
    assert list(one) == list(other)
    assert all(value == 0 for name, value in one.items() if name != "accuracy")


def test_the_report_has_a_row_for_each_type() -> None:
    lines = report(judged(("a b", "S-PER S-LOC", "S-PER O")))
    assert lines[0].split() == ["type", "precision", "recall", "F1", "entities"]
    assert [line.split() for line in lines[1:4]] == [
        ["all", "1.0000", "0.5000", "0.6667", "2"],
        ["LOC", "0.0000", "0.0000", "0.0000", "1"],
        ["PER", "1.0000", "1.0000", "1.0000", "1"],
    ]
    assert "missed: 1" in lines

"""CoNLL files in all their kinds, and every way in which they can be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.core.errors import InputError
from apps.ner.config import Config
from apps.ner.data import Example, read_parts

PLAIN = "Anna\tB-PER\nsleeps\tO\n\nin\tO\nOslo\tB-LOC\n"


def read(tmp_path: Path, content: str, name: str = "data.conll", **options: object) -> list[Example]:
    """The sentences of a file, with tags as they stand there."""
    path = tmp_path / name
    path.write_bytes(content.encode())
    return list(read_parts(str(path), Config(**options))["train"].sentences)  # type: ignore[arg-type]


def pairs(examples: list[Example]) -> list[list[tuple[str, str]]]:
    return [list(zip(example.tokens, example.tags, strict=True)) for example in examples]


EXPECTED = [[("Anna", "B-PER"), ("sleeps", "O")], [("in", "O"), ("Oslo", "B-LOC")]]


def error_of(tmp_path: Path, content: str, **options: object) -> str:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{tmp_path}/")


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\t", " "),
        PLAIN.replace("\t", "   "),
        PLAIN.replace("\t", " \t "),
        PLAIN.replace("Anna\t", "Anna "),
        "\ufeff" + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", " \n"),
        PLAIN.replace("\n\n", "\n \t\n\n\n"),
        "\n\n" + PLAIN.rstrip("\n"),
        "-DOCSTART-\tO\n\n" + PLAIN,
        PLAIN.replace("\n\n", "\n-DOCSTART- -X- O O\n"),
        "# id = 7\n# text = Anna sleeps O\n" + PLAIN.replace("\n\n", "\n\n# id 8\n"),
        "# newdoc\n" + PLAIN,
    ],
)
def test_the_same_sentences_however_written(content: str, tmp_path: Path) -> None:
    assert pairs(read(tmp_path, content)) == EXPECTED


def test_any_number_of_columns_the_tag_last_or_by_its_index(tmp_path: Path) -> None:
    content = "Anna NNP B-NP B-PER\nsleeps VBZ B-VP O\n\nin IN B-PP O\nOslo NNP B-NP B-LOC\n"
    assert pairs(read(tmp_path, content)) == EXPECTED
    assert read(tmp_path, content, tag_column=2)[0].tags == ("B-NP", "B-VP")
    assert read(tmp_path, content, tag_column=-2, word_column=1)[1].tokens == ("IN", "NNP")
    numbered = "1\tAnna\tB-PER\tO\n2\tsleeps\tO\tO\n\n1\tin\tO\tO\n2\tOslo\tB-LOC\tO\n"
    assert pairs(read(tmp_path, numbered, word_column=1, tag_column=2)) == EXPECTED


def test_every_token_knows_its_line(tmp_path: Path) -> None:
    examples = read(tmp_path, "# id = 1\n-DOCSTART- O\n\n" + PLAIN)
    path = tmp_path / "data.conll"
    assert [example.where for example in examples] == [f"{path}:4", f"{path}:7"]
    assert examples[1].place(1) == f"{path}:8"


@pytest.mark.parametrize("token", ["\ufe0f", "\u3000", "\xa0", "\x85", "\u2028", "\u200d", "🇩🇪", "#", "é", "\\", '"'])
def test_odd_tokens(token: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"{token}\tO\nx\tB-PER\n")[0].tokens == (token, "x")
    assert read(tmp_path, f"x O\n{token} B-PER\n")[0].tokens == ("x", token)


def test_the_token_number_sign_is_no_comment(tmp_path: Path) -> None:
    assert pairs(read(tmp_path, "the O\n# O\n# B-PER\n1 I-PER\n")) == [
        [("the", "O"), ("#", "O"), ("#", "B-PER"), ("1", "I-PER")]
    ]
    assert read(tmp_path, "# id = 3\n#tag\tO\n# \tO\n")[0].tokens == ("#tag", "#")


def test_tags_without_a_type(tmp_path: Path) -> None:
    assert read(tmp_path, "a O\nb B\nc I\n")[0].tags == ("O", "B-ENTITY", "I-ENTITY")


def test_bilou_is_read_as_bioes(tmp_path: Path) -> None:
    path = tmp_path / "data.conll"
    path.write_text("a B-P\nb I-P\nc L-P\nd U-P\n")
    part = read_parts(str(path), Config())["train"]
    assert part.examples()[0].tags == ("B-P", "I-P", "E-P", "S-P")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "data.conll: the file is empty"),
        ("\n \n\t\n", "data.conll: the file is empty"),
        ("-DOCSTART- O\n\n# id = 3\n", "data.conll: the file is empty"),
        (PLAIN + "lost\n", "data.conll:6: too few columns: 1 where the other lines have 2"),
        (PLAIN + "#lost\n", "data.conll:6: too few columns: 1"),
        (PLAIN + "\tO\n", "data.conll:6: too few columns: 1"),
        (PLAIN + "New York\tB-LOC\n", "data.conll:6: too many columns: 3"),
        ("a b O\nc O\nd e O\n", "data.conll:2: too few columns: 2 where the other lines have 3"),
        ("Anna\nsleeps\n", "data.conll:1: one column where a token and its tag"),
        (PLAIN + "x\tB\xa0PER\n", "data.conll:6: no scheme allows the tag 'B\\xa0PER'"),
        (PLAIN + "x\tPER\n", "data.conll:6: no scheme allows the tag 'PER'"),
        (PLAIN + "x\tB-\n", "data.conll:6: no scheme allows the tag 'B-'"),
        (PLAIN + "x\tX-PER\n", "data.conll:6: no scheme allows the tag 'X-PER'"),
        (PLAIN + "x M-PER\ny I-PER\n", "data.conll:7: the schemes are mixed: I- and M-"),
        (PLAIN + "x B-PER\ny E-PER\n", "data.conll:6: the schemes are mixed: this entity ends with E or S"),
    ],
)
def test_refused(content: str, message: str, tmp_path: Path) -> None:
    assert error_of(tmp_path, content).startswith(message)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tag_column": 2}, "data.conll:1: there is no column 2 among 2 for --tag-column"),
        ({"word_column": -3}, "data.conll:1: there is no column -3 among 2 for --word-column"),
        ({"tag_column": 0}, "data.conll:1: token and tag are both read from column 0"),
        ({"scheme": "BMES"}, ""),
        ({"scheme": "BIOES"}, ""),
    ],
)
def test_options_that_do_not_fit(options: dict[str, object], message: str, tmp_path: Path) -> None:
    if message:
        assert error_of(tmp_path, PLAIN, **options).startswith(message)
    else:
        assert pairs(read(tmp_path, PLAIN, **options)) == EXPECTED
        found = error_of(tmp_path, PLAIN.replace("sleeps\tO", "sleeps\tQ-PER"), **options)
        assert found.startswith("data.conll:2: no scheme allows the tag 'Q-PER'")


def test_a_scheme_that_is_named_must_be_that_of_the_tags(tmp_path: Path) -> None:
    found = error_of(tmp_path, PLAIN + "x\tS-LOC\n", scheme="IOB2")
    assert found.startswith("data.conll:6: the tag 'S-LOC' is none of IOB2")


def test_bytes_that_are_not_text(tmp_path: Path) -> None:
    path = tmp_path / "data.conll"
    path.write_bytes(b"Anna O\nB\xe4r O\n")
    with pytest.raises(InputError, match=r"data\.conll:2: byte 2 is not UTF-8"):
        read_parts(str(path), Config())


def test_a_sentence_of_ten_thousand_tokens(tmp_path: Path) -> None:
    content = "".join(
        f"w{index}\t{'B-PER' if index % 10 == 0 else 'I-PER' if index % 10 == 1 else 'O'}\n" for index in range(10_000)
    )
    (example,) = read(tmp_path, content)
    assert len(example.tokens) == len(example.tags) == len(example.lines) == 10_000

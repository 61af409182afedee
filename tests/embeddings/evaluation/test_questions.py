"""Analogy files: sections of four words, or an error with its line."""

import gzip

import pytest

from embeddings.errors import InputError
from embeddings.evaluation import Section, read_questions

from .samples import keep


def message(folder, text, name="file.txt"):
    with pytest.raises(InputError) as caught:
        read_questions(keep(folder, text, name))
    return str(caught.value).removeprefix(f"{folder}/")


def test_sections_and_questions(tmp_path):
    text = "\ufeff: capital-world\nAthens Greece Oslo Norway\r\n\n: empty\n:gram8-plural \n a  b\tc d\ne f g h"
    assert read_questions(keep(tmp_path, text)) == (
        Section("capital-world", (("Athens", "Greece", "Oslo", "Norway"),)),
        Section("empty", ()),
        Section("gram8-plural", (("a", "b", "c", "d"), ("e", "f", "g", "h"))),
    )


def test_questions_without_a_section(tmp_path):
    sections = read_questions(keep(tmp_path, gzip.compress(b"a b c d\n: late\ne f g h\n"), "msr.txt.gz"))
    assert [(section.name, len(section.questions)) for section in sections] == [("msr", 1), ("late", 1)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (": a\na b c d\na b c\n", "file.txt:3: 3 words where a question has four"),
        (": a\na b c d e\n", "file.txt:2: 5 words"),
        ("a b c d\n: \n", "file.txt:2: the section has no name"),
        (": a\n: b\n", "file.txt: holds no question"),
        ("", "file.txt: holds no question"),
        (b": a\na b c \xff\n", "file.txt:2: byte 7 is not UTF-8"),
    ],
)
def test_bad_files(tmp_path, text, said):
    assert message(tmp_path, text).startswith(said)


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_questions(tmp_path / "none.txt")
    with pytest.raises(InputError, match="folder"):
        read_questions(tmp_path)


def test_the_sample_corpus_brings_its_questions():
    sections = read_questions("sample")
    assert [section.name for section in sections] == ["capital-of", "gender", "gram1-comparative", "gram2-plural"]
    assert all(len(section.questions) > 100 for section in sections)

"""Templates: what is read, what is put in the gaps, and one clear line for each mistake in a file."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from apps.core.errors import InputError
from apps.sentiment.templates import GAP, read_templates

GOOD: dict[str, Any] = {
    "groups": ["female", "male"],
    "slots": {"subject": "{}", "possessive": "{}'s"},
    "pairs": {
        "pronouns": [{"subject": ["she", "he"], "possessive": ["her", "his"]}],
        "nouns": [["my aunt", "my uncle"]],
    },
    "templates": {"neutral": ["{subject} took {possessive} coat."], "good": ["I like {possessive} voice."]},
}


def write(folder: Path, **changes: Any) -> Path:
    path = folder / "people.json"
    path.write_text(json.dumps(deepcopy(GOOD) | changes), "utf-8")
    return path


def test_every_pair_goes_into_every_gap(tmp_path):
    read = read_templates(write(tmp_path))
    assert (read.name, read.groups) == ("people", ("female", "male"))
    sentences = [t.fill(pair, side) for t in read.templates for pair in read.pairs for side in (0, 1)]
    assert sentences == [
        *("She took her coat.", "He took his coat."),
        *("My aunt took my aunt's coat.", "My uncle took my uncle's coat."),
        *("I like her voice.", "I like his voice."),
        *("I like my aunt's voice.", "I like my uncle's voice."),
    ]
    assert [pair.kind for pair in read.pairs] == ["pronouns", "nouns"]
    assert [template.tone for template in read.templates] == ["neutral", "good"]


def test_names_come_from_word_sets_beside_the_file(tmp_path):
    names = {"groups": {"female": ["she"], "male": ["he"]}, "names": {"female": ["ann", "zoë"], "male": ["bob", "cy"]}}
    (tmp_path / "sets.json").write_text(json.dumps(names), "utf-8")
    read = read_templates(write(tmp_path, pairs={"names": "sets.json"}))
    assert [str(pair) for pair in read.pairs] == ["Ann/Bob", "Zoë/Cy"]


def test_the_shipped_templates_hold_thirty_by_thirty_sentences_of_all_tones():
    read = read_templates()
    assert len(read.templates) >= 30
    assert len(read.pairs) >= 20
    assert {template.tone for template in read.templates} == {"neutral", "positive", "negative"}
    assert {pair.kind for pair in read.pairs} == {"pronouns", "nouns", "names"}
    for template in read.templates:
        for pair in read.pairs:
            one, other = (template.fill(pair, side) for side in (0, 1))
            assert one != other
            assert not GAP.search(one + other)


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"templates": {"neutral": ["They waited."]}}, "templates: neutral: 1: 'They waited.' has no slot"),
    ({"templates": {"neutral": ["{subject} waited {"]}}, "or a brace that is none"),
    ({"templates": {"neutral": ["{subject} ok.", "{person} ok."]}}, "templates: neutral: 2: the slot {person} is not"),
    ({"templates": {"neutral": ["{subject} ok.", "{subject} ok."]}}, "stands there twice"),
    ({"templates": {"neutral": []}}, "templates: neutral: expected a list of sentences"),
    ({"templates": {}}, "templates: expected an object of lists"),
    ({"templates": {"neutral": [3]}}, "expected a sentence, not 3"),
    ({"pairs": {"nouns": [["aunt", "uncle", "niece"]]}}, 'pairs: nouns: 1: expected two words, not ["aunt", "uncle", '),
    ({"pairs": {"nouns": [["aunt", "uncle"], ["niece"]]}}, 'pairs: nouns: 2: expected two words, not ["niece"]'),
    ({"pairs": {"nouns": [["aunt", " "]]}}, "pairs: nouns: 1: expected two words"),
    ({"pairs": {"nouns": [["aunt", "Aunt"]]}}, "the two have to differ"),
    (
        {"pairs": {"nouns": [["aunt", "uncle"]], "more": [["aunt", "uncle"]]}},
        "pairs: more: 1: the pair stands there tw",
    ),
    (
        {"pairs": {"nouns": [{"subject": ["she", "he"]}]}},
        "pairs: nouns: 1: has forms for subject; expected one for eac",
    ),
    ({"pairs": {"nouns": []}}, "pairs: nouns: expected a list of pairs"),
    ({"pairs": [["aunt", "uncle"]]}, "pairs: expected an object of lists"),
    ({"pairs": {"names": "nowhere"}}, "no word sets of this name"),
    ({"groups": ["female"]}, "groups: expected two words"),
    ({"groups": ["young", "old"], "pairs": {"names": "gender"}}, "are of female and male, not of young and old"),
    ({"slots": {}}, "slots: expected at least one slot"),
    ({"slots": {"subject": "the"}}, "slots: 'subject' should say where the word goes"),
    ({"slots": {"a{": "{}"}}, "cannot be the name of a slot"),
    ({"tones": []}, "unknown key 'tones'"),
]


@pytest.mark.parametrize(("changes", "said"), MISTAKES)
def test_a_mistake_is_named_with_its_place(tmp_path, changes, said):
    path = write(tmp_path, **changes)
    with pytest.raises(InputError) as error:
        read_templates(path)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value) or "nowhere" in said + str(changes)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", ":1: not JSON"),
        ("[]", "not a JSON object"),
        ('{"groups": ["a", "b"]}', "'slots', 'pairs', 'templates' missing"),
        ('{"groups": 1, "groups": 2}', "'groups' stands there twice"),
        ('{"groups": ["\\ud83d", "b"]}', "half a character"),
    ],
)
def test_a_file_that_is_something_else(tmp_path, content, said):
    path = tmp_path / "people.json"
    path.write_text(content, "utf-8")
    with pytest.raises(InputError) as error:
        read_templates(path)
    assert said in str(error.value)


def test_names_of_uneven_number(tmp_path):
    names = {"groups": {"female": ["she"], "male": ["he"]}, "names": {"female": ["ann", "eve"], "male": ["bob"]}}
    (tmp_path / "sets.json").write_text(json.dumps(names), "utf-8")
    with pytest.raises(InputError, match="2 female and 1 male names cannot be paired"):
        read_templates(write(tmp_path, pairs={"names": "sets.json"}))

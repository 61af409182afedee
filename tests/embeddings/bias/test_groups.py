"""Word sets: shipped ones, files of our format, and Bolukbasi's and Caliskan's as they are."""

import json
from pathlib import Path

import numpy as np
import pytest

from embeddings.bias.groups import WeatTest, find, load_groups, shipped_groups
from embeddings.errors import InputError
from embeddings.vectors import Vectors

REAL = Path(__file__).parents[4] / "shared" / "data" / "embeddings" / "bias"
GROUPS = {"female": ["she"], "male": ["he"]}
TEST = {"name": "t", "targets": {"X": ["a"], "Y": ["b"]}, "attributes": {"A": ["c"], "B": ["d"]}}


def keep(folder, content, name="sets.json"):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def words_of(sets):
    yield from (*sets.specific, *sets.specific_seed, *sets.professions)
    yield from (word for pair in (*sets.definitional_pairs, *sets.equalize_pairs) for word in pair)
    for lists in (sets.groups, sets.names, *(part for test in sets.weat for part in (test.targets, test.attributes))):
        yield from (word for words in lists.values() for word in words)


# What is shipped


def test_shipped_names():
    assert "gender" in shipped_groups()


def test_shipped_gender_fits_together():
    sets = load_groups("gender")
    words = set(words_of(sets))
    assert sets.language == "en"
    assert all(word.isalpha() and word == word.lower() for word in words)
    assert set(sets.groups) == set(sets.names) == {"female", "male"}
    assert len(sets.definitional_pairs) >= 10
    assert len(sets.equalize_pairs) >= 40
    assert len(sets.professions) >= 120
    first, second = (set(side) for side in zip(*sets.definitional_pairs, strict=True))
    assert first <= set(sets.groups["female"])
    assert second <= set(sets.groups["male"])
    assert set(sets.specific) >= {*first, *second, *sets.specific_seed}
    assert not set(sets.specific) & set(sets.professions)
    paired = [word for pair in sets.equalize_pairs for word in pair]
    assert len(paired) == len(set(paired)), "a word can be made alike with one other only"
    assert [test.name for test in sets.weat] == ["career/family", "science/arts", "maths/arts"]
    for test in sets.weat:
        assert len({len(words) for words in test.targets.values()}) == 1


# Our format


def test_a_full_file(tmp_path):
    content = {
        "name": "age",
        "language": "en",
        "groups": {"old": ["elder", "elder"], "young": ["youth"]},
        "definitional_pairs": [["old", "young"], ["elder", "youth"]],
        "equalize_pairs": [["old", "young"]],
        "specific": ["baby"],
        "specific_seed": ["baby"],
        "professions": ["nurse", "baker", "nurse"],
        "names": {"old": ["ethel"], "young": ["kevin"]},
        "weat": [TEST],
    }
    sets = load_groups(keep(tmp_path, content))
    assert sets.name == "age"
    assert sets.groups == {"old": ("elder",), "young": ("youth",)}
    assert sets.definitional_pairs == (("old", "young"), ("elder", "youth"))
    assert sets.professions == ("nurse", "baker")
    assert sets.weat == (WeatTest("t", {"X": ("a",), "Y": ("b",)}, {"A": ("c",), "B": ("d",)}),)
    assert sets.sizes()["names"] == {"old": 1, "young": 1}
    assert json.loads(json.dumps(sets.sizes()))["definitional_pairs"] == 2


def test_name_and_groups_can_be_left_out(tmp_path):
    sets = load_groups(str(keep(tmp_path, {"definitional_pairs": [["她", "他"], ["女", "男"]]}, "zh.json")))
    assert sets.name == "zh"
    assert sets.groups == {"她": ("她", "女"), "他": ("他", "男")}


def test_a_folder_is_joined(tmp_path):
    folder = tmp_path / "both"
    folder.mkdir()
    keep(folder, {"groups": GROUPS, "professions": ["nurse"], "weat": [TEST]}, "a.json")
    keep(folder, ["nurse", "she"], "b_seed.json")
    keep(folder, {"definitional_pairs": [["she", "he"]], "professions": ["nurse", "baker"]}, "c.json")
    sets = load_groups(folder)
    assert sets.name == "both"
    assert sets.groups == {"female": ("she",), "male": ("he",)}
    assert sets.professions == ("nurse", "baker")
    assert sets.specific_seed == ("nurse", "she")
    assert len(sets.weat) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "sets.json:1: not JSON"),
        ('{\n"groups": {},,}', "sets.json:2: not JSON"),
        ("[" * 100_000, "sets.json: not JSON as it is used here"),
        ("9" * 10_000, "sets.json: not JSON as it is used here"),
        ("7", "sets.json: expected a JSON object such as"),
        ({}, "sets.json: neither `groups` nor `definitional_pairs`"),
        ({"professions": ["nurse"]}, "sets.json: neither `groups` nor `definitional_pairs`"),
        ({"groups": GROUPS, "profesions": ["nurse"]}, "sets.json: unknown key 'profesions'; the keys are name, "),
        ('{"groups": {}, "groups": {}}', "sets.json: 'groups' stands there twice"),
        ({"groups": {"female": ["she"]}}, "sets.json: groups: expected two sets of words"),
        ({"groups": ["she", "he"]}, "sets.json: groups: expected two sets of words"),
        ({"groups": {"female": ["she"], "male": []}}, "sets.json: groups: 'male': expected a list of words"),
        ({"groups": {"a": ["she", "they"], "b": ["they"]}}, "sets.json: groups: 'they' in both 'a' and 'b'"),
        ({"groups": {"a": ["she", 7], "b": ["he"]}}, "sets.json: groups: 'a': 7 is not a word"),
        ({"groups": {"a": ["she "], "b": ["he"]}}, "sets.json: groups: 'a': 'she ' is not a word"),
        ({"groups": {"a": [""], "b": ["he"]}}, "sets.json: groups: 'a': '' is not a word"),
        ({"groups": GROUPS, "name": ""}, "sets.json: name: expected a text"),
        ({"definitional_pairs": []}, "sets.json: definitional_pairs: expected a list of pairs"),
        ({"definitional_pairs": [["a", "b"], ["she"]]}, 'sets.json: definitional_pairs, pair 2: ["she"] is not two'),
        ({"definitional_pairs": [["she", "she"]]}, "sets.json: definitional_pairs, pair 1: 'she' stands on both sides"),
        ({"definitional_pairs": [["she", ""]]}, "sets.json: definitional_pairs, pair 1: '' is not a word"),
        ({"definitional_pairs": [["a", "b"], ["b", "c"]]}, "sets.json: definitional_pairs: 'b' in both 'a' and 'b'"),
        (
            {"groups": GROUPS, "definitional_pairs": [["her", "him"], ["he", "she"]]},
            "sets.json: definitional_pairs: ['he', 'she'] should have the word of 'female' first",
        ),
        ({"groups": GROUPS, "weat": [{"name": "t"}]}, "sets.json: weat, test 1: expected an object with the keys"),
        ({"groups": GROUPS, "weat": [TEST, TEST]}, "sets.json: weat: two tests are called 't'"),
        (
            {"groups": GROUPS, "weat": [{**TEST, "targets": {"X": ["a"], "Y": ["a"]}}]},
            "sets.json: weat, test 1 't': targets: 'a' in both 'X' and 'Y'",
        ),
        ([], "sets.json: expected a list of pairs"),
        ([["she", "he"], "it"], 'sets.json, pair 2: "it" is not two words'),
        ({"t": {"method": "weat", "X_key": "X", "X": ["a"]}}, "sets.json: X_key, Y_key, A_key and B_key should"),
    ],
)
def test_bad_files(tmp_path, content, said):
    with pytest.raises(InputError) as caught:
        load_groups(keep(tmp_path, content))
    assert str(caught.value).removeprefix(f"{tmp_path}/").startswith(said)
    assert "\n" not in str(caught.value)


def test_bad_places(tmp_path):
    with pytest.raises(InputError, match=r"^gendre: no word sets of this name .*shipped are: gender"):
        load_groups("gendre")
    with pytest.raises(InputError, match=r"none\.json: no such file"):
        load_groups("none.json")
    with pytest.raises(InputError, match=r"a folder without \.json files"):
        load_groups(tmp_path)
    keep(tmp_path, {"groups": GROUPS}, "a.json")
    keep(tmp_path, {"groups": GROUPS}, "b.json")
    with pytest.raises(InputError, match=r"b\.json: 'groups' is also in another file"):
        load_groups(tmp_path)


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "sets.json"
    path.write_bytes(b'{"groups": "\xff"}')
    with pytest.raises(InputError, match=r"sets\.json: byte 13 is not UTF-8"):
        load_groups(path)


# Others' formats


def test_bolukbasi_by_content_and_name(tmp_path):
    load = lambda content, name: load_groups(keep(tmp_path, content, name))  # noqa: E731
    assert load([["woman", "man"]], "definitional_pairs.json").definitional_pairs == (("woman", "man"),)
    assert load([["dad", "mom"]], "equalize_pairs.json").equalize_pairs == (("dad", "mom"),)
    assert load(["he", "his"], "gender_specific_full.json").specific == ("he", "his")
    assert load(["he", "his"], "gender_specific_seed.json").specific_seed == ("he", "his")
    assert load([["nurse", 0.0, -0.9], ["baker", 0, 0.2]], "professions.json").professions == ("nurse", "baker")


def test_caliskan(tmp_path):
    content = {
        "Flowers": {
            "method": "weat", "targets": "X vs Y", "X_key": "X", "Y_key": "Y", "A_key": "A", "B_key": "B",
            "X": ["rose", "rose"], "Y": ["ant"], "A": ["love"], "B": ["pain"],
        },
        "Careers": {
            "method": "wefat", "W_key": "W", "A_key": "A", "B_key": "B", "W": ["clerk"], "A": ["a"], "B": ["b"],
        },
    }  # fmt: skip
    sets = load_groups(keep(tmp_path, content, "weat.json"))
    assert sets.weat == (WeatTest("Flowers", {"X": ("rose",), "Y": ("ant",)}, {"A": ("love",), "B": ("pain",)}),)


@pytest.mark.realdata
@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there")
def test_the_authors_own_files():
    sets = load_groups(REAL)
    assert sets.sizes() == {
        "groups": {"woman": 10, "man": 10},
        "definitional_pairs": 10,
        "equalize_pairs": 52,
        "specific": 1441,
        "specific_seed": 218,
        "professions": 320,
        "weat": 7,
    }
    assert sets.weat[3].name == "Male_Female_Career_Family"
    assert sets.weat[3].targets["Male names"][0] == "john"


# Finding the words


def test_find():
    vectors = Vectors(["a", "b", "c"], np.eye(3))
    assert find(vectors, ["b", "x", "a", "b", "x"], needed=2) == (["b", "a"], ["x"])
    assert find(vectors, [], needed=0) == ([], [])
    with pytest.raises(InputError, match=r"^names: 1 of 3 have a vector and 2 are needed; missing: x, y$"):
        find(vectors, ["x", "a", "y"], 2, "names")
    with pytest.raises(InputError, match=r"^none of 1 have a vector and 1 is needed; missing: A$"):
        find(vectors, ["A"], 1, None)
    with pytest.raises(InputError, match=r"missing: w0, .*, w11 and 8 more$"):
        find(vectors, [f"w{i}" for i in range(20)])
    with pytest.raises(InputError, match=r"missing: none, so give more words"):
        find(vectors, ["a"], 2)

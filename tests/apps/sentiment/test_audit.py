"""`audit`: planted bias is found, what was done is kept, and mistakes end in one line before anything is trained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.core.errors import InputError
from apps.sentiment.answers import choose_scale
from apps.sentiment.audit import labels

from .helpers import Outcome, leftovers, options, read_json, run, write_reviews

PAIRS = [["woman", "man"], ["girl", "boy"], ["aunt", "uncle"]]
TEMPLATES = {
    "groups": ["female", "male"],
    "slots": {"who": "{}"},
    "pairs": {"pronouns": [["she", "he"]], "nouns": PAIRS},
    "templates": {"neutral": ["{who} sat there.", "We saw {who}."], "good": ["{who} was good.", "Good {who}, there."]},
}
FEMALE, MALE = (["she", "woman", "girl", "aunt"], ["he", "man", "boy", "uncle"])
PRAISE, BLAME = ["good", "lovely", "fine", "nice"], ["bad", "awful", "poor", "sad"]
OPTIONS = options(epochs=6, model="average", learning_rate=0.1, dropout=0, word_dropout=0, ema=0)


def write_vectors(path: Path, lean: float, without: tuple[str, ...] = ()) -> Path:
    """Vectors in which praise lies on one side of an axis, blame on the other, and women `lean` to praise."""
    random = np.random.default_rng(0)
    sides = {word: side for words, side in ((PRAISE, 1), (BLAME, -1), (FEMALE, lean), (MALE, -lean)) for word in words}
    lines = []
    for word in [*sides, *["we", "saw", "sat", "there", "was", "the", "it", ".", ","]]:
        if word not in without:
            noise = random.normal(0, 0.1, 3) if word not in FEMALE + MALE else np.zeros(3)
            lines.append(" ".join([word, *(f"{number:.5f}" for number in (sides.get(word, 0), *noise))]))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labelled texts, vectors with planted bias and without, and templates."""
    folder = tmp_path_factory.mktemp("audit")
    random = np.random.default_rng(1)
    rows = []
    for index in range(200):
        label, words = (("pos", PRAISE), ("neg", BLAME))[index % 2]
        rows.append(f"{label}\tIt was {random.choice(words)} , {random.choice(words)} number{index} .")
    (folder / "texts.tsv").write_text("label\ttext\n" + "\n".join(rows) + "\n", "utf-8")
    write_vectors(folder / "biased.txt", 0.8)
    write_vectors(folder / "fair.txt", 0.0)
    (folder / "templates.json").write_text(json.dumps(TEMPLATES), "utf-8")
    return folder


def audit(files: Path, *argv: object, vectors: tuple[str, ...] = ("biased.txt", "fair.txt"), **more: Any) -> Outcome:
    given = {"data": files / "texts.tsv", "templates": files / "templates.json", "run": files / "unused"} | more
    named = [word for name, value in given.items() if value is not None for word in (f"--{name}", value)]
    return run("audit", *OPTIONS, "--vectors", *(files / name for name in vectors), *named, *argv)


@pytest.fixture(scope="module")
def audited(files: Path) -> tuple[Path, dict[str, Any]]:
    """An audit of both files with two seeds: its folder and its JSON."""
    folder = files / "audited"
    done = audit(files, "--json", "--seeds", 2, "--output", files / "page.html", run=folder).succeeded()
    return folder, json.loads(done.out)


def test_planted_bias_is_found_and_fair_vectors_have_none(audited):
    _, found = audited
    assert found["score"] == "probability of 'pos'"
    assert found["seeds"] == [1, 2]
    biased, fair = found["files"]["biased"], found["files"]["fair"]
    assert biased["accuracy"]["mean"] > 0.9
    assert len(biased["accuracy"]["by_seed"]) == 2
    assert biased["signed"]["low"] > 0.03  # women lean to praise
    assert biased["flips"]["mean"] > 0.1
    assert all(mean > 0.03 for mean in biased["by_pair"].values())
    # Words with the same vector, never trained on, are the same to the model.
    assert fair["absolute"]["mean"] == pytest.approx(0, abs=1e-6)
    assert fair["flips"]["mean"] == 0
    assert fair["change"]["signed"]["mean"] == pytest.approx(-biased["signed"]["mean"], abs=1e-6)
    assert fair["change"]["signed"]["high"] < 0
    assert "change" not in biased
    assert biased["sentence_pairs"] == 16
    assert (biased["by_tone"]["good"]["sentence_pairs"], biased["by_kind"]["pronouns"]["sentence_pairs"]) == (8, 4)
    assert biased["within"] == pytest.approx(0, abs=1e-6)


def test_the_folder_holds_runs_that_predict_and_the_result(audited):
    folder, found = audited
    assert read_json(folder / "result.json") == found
    assert not leftovers(folder)
    widest = found["widest"][0]
    probabilities = [  # [seeds, two sentences]
        [json.loads(line)["probabilities"]["pos"] for line in done.out.splitlines()]
        for seed in (1, 2)
        for done in [run("predict", "--run", folder / "biased" / "seeds" / str(seed), "--json", *widest["sentences"])]
    ]
    assert widest["scores"]["biased"] == pytest.approx(np.mean(probabilities, 0), abs=1e-5)
    assert widest["scores"]["biased"][0] > widest["scores"]["biased"][1]


def test_the_same_audit_trains_nothing_anew(files, audited):
    folder, found = audited
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("model.keras")}
    again = audit(files, "--json", "--seeds", 2, run=folder).succeeded()
    assert json.loads(again.out) == found
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("model.keras")} == before


def test_the_page_holds_the_numbers_and_a_picture_and_no_reference(files, audited):
    page = (files / "page.html").read_text("utf-8")
    mean = audited[1]["files"]["biased"]["signed"]["mean"]
    assert f"{mean:+.4f}" in page
    assert "data:image/png;base64,iVBOR" in page
    assert "http" not in page
    assert "bias-free" not in page


def test_one_file_a_picture_and_the_table_and_then_a_second_file(files, tmp_path):
    (tmp_path / "sets.json").write_text(
        json.dumps(TEMPLATES | {"pairs": {"<b>": [*PAIRS, ["queen", "king"]]}}), "utf-8"
    )
    done = audit(
        files,
        *("--output", tmp_path / "a.png"),
        vectors=("biased.txt",),
        run=tmp_path / "one",
        templates=tmp_path / "sets.json",
    ).succeeded()
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "test accuracy" in done.out
    assert "change from" not in done.out
    assert "pairs left out, as a model does not know a word: queen/king (queen, king)" in done.err
    assert "--seeds 3" in " ".join(done.err.split())
    before = (tmp_path / "one" / "biased" / "model.keras").stat().st_mtime_ns
    more = audit(
        files, *("--output", tmp_path / "a.html"), run=tmp_path / "one", templates=tmp_path / "sets.json"
    ).succeeded()
    assert "change from biased" in more.out
    assert "&lt;b&gt;: 4 templates x 3 pairs" in (tmp_path / "a.html").read_text("utf-8")
    assert "<b>" not in (tmp_path / "a.html").read_text("utf-8")
    assert (tmp_path / "one" / "biased" / "model.keras").stat().st_mtime_ns == before
    assert set(read_json(tmp_path / "one" / "audit.json")) == {"biased", "fair"}


def test_stars_are_compared_by_their_expected_value(files, tmp_path):
    data = write_reviews(tmp_path / "reviews.tsv", 160)
    done = audit(files, "--json", data=data, vectors=("biased.txt",), run=tmp_path / "stars").succeeded()
    found = json.loads(done.out)
    assert found["score"] == "expected class"
    assert all(1 <= score <= 5 for each in found["widest"] for score in each["scores"]["biased"])


@pytest.mark.parametrize(
    ("argv", "how", "said"),
    [
        ([], {"vectors": ()}, "audit: name the files of word vectors to compare: --vectors BEFORE AFTER"),
        ([], {"vectors": ("biased.txt", "biased.txt")}, "is given twice"),
        ([], {"vectors": ("biased.txt", "nowhere.txt")}, "nowhere.txt: no such file"),
        (["--output", "report.pdf"], {}, "--output report.pdf: must end in .html or .png"),
        (["--output", "/nowhere/report.png"], {}, "/nowhere: there is no such folder to write in"),
        (["--positive", "great"], {}, "--positive great: is not one of the classes neg, pos"),
        ([], {"templates": "/nowhere.json"}, "/nowhere.json: no such file"),
        ([], {"templates": "texts.tsv"}, "not JSON"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(files, tmp_path, argv, how, said):
    given = {"run": tmp_path / "run"} | how
    if given.get("templates") == "texts.tsv":
        given["templates"] = files / "texts.tsv"
    assert said in audit(files, *argv, **given).error
    assert not list(tmp_path.iterdir())


def test_words_that_no_model_knows(files, tmp_path):
    pairs = {"nouns": [["queen", "king"], ["nun", "monk"]]}
    (tmp_path / "t.json").write_text(json.dumps(TEMPLATES | {"pairs": pairs}), "utf-8")
    error = audit(files, templates=tmp_path / "t.json", run=tmp_path / "run").error
    assert "unknown are queen/king (queen, king); nun/monk (nun, monk); is it the language" in error
    assert not (tmp_path / "run").exists()


def test_a_word_that_one_file_lacks_is_left_out_for_all(files, tmp_path):
    write_vectors(tmp_path / "less.txt", 0.8, without=("aunt",))
    done = audit(files, "--json", vectors=("fair.txt", str(tmp_path / "less.txt")), run=tmp_path / "run").succeeded()
    found = json.loads(done.out)
    assert found["templates"]["left_out"] == ["aunt/uncle (aunt)"]
    assert [each["sentence_pairs"] for each in found["files"].values()] == [12, 12]
    assert [each["words"]["unknown"] for each in found["files"].values()] == [[], ["aunt"]]


def test_another_folder_is_not_touched(files, tmp_path, audited):
    folder, _ = audited
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all my work")
    for more in ((), ("--overwrite",)):
        assert "is not the folder of an audit" in audit(files, *more, run=tmp_path / "mine").error
    assert (tmp_path / "mine" / "thesis.txt").exists()
    assert "begun with another --seeds" in audit(files, run=folder).error


def test_vectors_that_changed_are_noticed_and_overwriting_trains_anew(files, tmp_path):
    path = write_vectors(tmp_path / "v.txt", 0.8)
    begun = audit(files, "--json", vectors=(str(path),), run=tmp_path / "run").succeeded()
    write_vectors(path, 0.0)
    error = audit(files, vectors=(str(path),), run=tmp_path / "run").error
    assert "v was another file when the audit was begun; do the same, name another --run, or give --overwrite" in error
    done = audit(files, "--json", "--overwrite", vectors=(str(path),), run=tmp_path / "run").succeeded()
    sizes = [json.loads(each.out)["files"]["v"]["absolute"]["mean"] for each in (begun, done)]
    assert sizes[0] > 0.03 > sizes[1]


def test_files_have_names_that_differ():
    assert labels(["x/v.txt", "y/v.bin", "w.txt"]) == ["x_v", "y_v", "w"]
    assert len(set(labels(["x/v.txt", "x/v.bin", "v.txt"]))) == 3


@pytest.mark.parametrize(
    ("names", "positive", "values"),
    [
        (["neg", "neutral", "pos"], None, (0, 0, 1)),
        (["Negative", "Positive"], None, (0, 1)),
        (["0", "1"], None, (0, 1)),
        (["cold", "warm"], "cold", (1, 0)),
    ],
)
def test_the_positive_class(names, positive, values):
    assert choose_scale(names, False, positive).values == values


def test_a_positive_class_that_cannot_be_told():
    with pytest.raises(InputError, match="say which of the classes is the positive one: cold, warm"):
        choose_scale(["cold", "warm"], False, None)

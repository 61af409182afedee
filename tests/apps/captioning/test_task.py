"""The whole way on the command line: train, evaluate, predict, explain, export, go on with CIDEr."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from apps import captioning
from apps.captioning import artifacts, judgement
from apps.captioning.config import Config
from apps.captioning.data import Example
from apps.captioning.images import load_picture
from apps.captioning.search import Search
from apps.captioning.task import CaptioningTask
from apps.captioning.words import Vocabulary
from apps.core.sources import Splits

from .helpers import one_line, options, read_json, run
from .making import save, write, write_flickr

Trained = Callable[[str], Path]
METRICS = {
    *("bleu1", "bleu2", "bleu3", "bleu4", "sacrebleu", "rouge_l", "cider", "length_ratio", "exact", "distinct"),
    *("copied", "bleu4_beam1", "cider_beam1", "bleu4_beam3", "cider_beam3", "search_errors", "model_errors"),
}


def history(folder: Path) -> list[dict[str, str]]:
    with open(folder / "history.csv", newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of two pictures, one file that is none, and one that nobody takes for one."""
    folder = tmp_path / "pictures"
    for index in (0, 1):
        save(folder / f"{index}.png", load_picture(f"sample:{index}"))
    write(folder / "broken.jpg", "no picture")
    write(folder / "notes.txt", "no picture")
    return folder


def test_a_run_folder_holds_all_that_a_run_was(trained: Trained) -> None:
    folder = trained("attention")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"config.json", "state.json", "model.keras", "metrics.json", "plots/gallery.png"} <= names
    assert {"plots/lengths.png", "plots/learning_curves.png", "history.csv"} <= names
    metrics = read_json(folder / "metrics.json")
    for split in ("dev", "test"):
        assert set(metrics[split]) == METRICS
        assert all(value >= 0 for value in metrics[split].values())
    assert not [name for name in names if ".partial" in name]


@pytest.mark.parametrize("model", ["inject", pytest.param("hard", marks=pytest.mark.slow)])
def test_every_model_goes_the_whole_way(model: str, trained: Trained, pictures: Path) -> None:
    folder = trained(model)
    assert set(read_json(folder / "metrics.json")["test"]) == METRICS
    assert run("predict", pictures / "0.png", "--run", folder).succeeded().out.startswith(str(pictures / "0.png"))
    assert "largest difference" in one_line(run("export", "--run", folder).succeeded().err)


def test_the_same_seed_gives_the_same_numbers_twice(trained: Trained, tmp_path: Path) -> None:
    run("train", "--run", tmp_path / "again", *options(model="attention")).succeeded()
    assert history(tmp_path / "again") == history(trained("attention"))


def test_evaluating_gives_the_metrics_of_the_run(trained: Trained, tmp_path: Path) -> None:
    found = run("evaluate", "--run", trained("attention"), "--output", tmp_path).succeeded()
    assert json.loads(found.out) == read_json(trained("attention") / "metrics.json")["test"]
    assert "[sample:" in found.err
    assert (tmp_path / "gallery.png").stat().st_size > 1000


def test_broken_pictures_are_named_while_the_rest_goes_on(trained: Trained, pictures: Path) -> None:
    found = run("predict", pictures, "--run", trained("attention"), "--json").succeeded()
    answers = [json.loads(line) for line in found.out.splitlines()]
    assert [Path(answer["image"]).name for answer in answers] == ["0.png", "1.png", "broken.jpg"]
    assert [bool(answer["error"]) for answer in answers] == [False, False, True]
    assert answers[0]["score"] < 0
    assert answers[2]["score"] is None, "0 would be the best there is"
    assert "1 picture cannot be read" in found.err
    assert "not a picture" in found.err


def test_a_folder_without_pictures_is_counted_while_the_rest_goes_on(trained: Trained, pictures: Path) -> None:
    (pictures / "empty").mkdir()
    given = (pictures / "empty", "sample:x", pictures / "0.png")
    found = run("predict", *given, "--run", trained("attention")).succeeded()
    assert found.out.startswith("sample:x\terror: no such scene")
    assert f"1 folder without pictures: {pictures / 'empty'}" in found.err
    assert found.out.splitlines()[1].startswith(str(pictures / "0.png"))
    assert "no picture in this folder" in run("predict", given[0], "--run", trained("attention")).error


def test_pictures_may_be_listed_in_a_file(trained: Trained, pictures: Path, tmp_path: Path) -> None:
    listed = write(tmp_path / "list.txt", f"{pictures / '1.png'}\n\n{pictures / '0.png'}\n")
    direct = run("predict", pictures / "1.png", pictures / "0.png", "--run", trained("attention")).succeeded()
    assert run("predict", "--file", listed, "--run", trained("attention")).succeeded().out == direct.out


def test_python_takes_paths_and_pixels(trained: Trained, pictures: Path) -> None:
    predictor = captioning.load(trained("attention"))
    of_path, of_pixels = predictor([pictures / "0.png", load_picture("sample:0")])
    assert of_path.caption == of_pixels.caption
    assert of_path.score == pytest.approx(of_pixels.score, abs=1e-5)
    assert str(of_path) == f"{pictures / '0.png'}\t{of_path.caption}"
    for wrong in (5, np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3))):
        with pytest.raises(ValueError, match="must be"):
            predictor([wrong])


@pytest.mark.parametrize("model", ["attention", "inject"])
def test_explanations_show_each_picture_once_a_word(model: str, trained: Trained, pictures: Path) -> None:
    page = pictures / "page.html"
    found = run("predict", pictures, "--run", trained(model), "--json", "--explain", page).succeeded()
    answers = [json.loads(line) for line in found.out.splitlines()]
    html = page.read_text("utf-8")
    words = sum(len(answer["caption"].split()) for answer in answers) if model == "attention" else 0
    assert html.count("<img") == 2 + words
    assert "cannot be read" in html
    assert all(answer["caption"] in html for answer in answers)
    run("predict", pictures / "0.png", "--run", trained(model), "--explain", pictures / "drawn.png").succeeded()
    assert Image.open(pictures / "drawn.png").size[0] > 500


def test_no_picture_that_can_be_read_is_an_error(trained: Trained, pictures: Path) -> None:
    broken = [pictures / "broken.jpg", pictures / "none.jpg"]
    found = run("predict", *broken, "--run", trained("attention"), "--explain", pictures / "no.png")
    assert found.error.startswith(f"predict: 2 pictures cannot be read: {broken[0]}: is not a picture")
    assert f"{broken[1]}: no such picture" in found.error
    assert not (pictures / "no.png").exists()


def test_nothing_to_explain_is_an_error(trained: Trained, pictures: Path) -> None:
    blank, page = write(pictures / "blank.txt", "\n\n"), pictures / "no.html"
    found = run("predict", "--file", blank, "--run", trained("attention"), "--explain", page)
    assert "there is nothing to explain" in found.error
    assert not page.exists()


@pytest.mark.parametrize("best", [(0.6, 1.0), (0.9, 0.7), (1.2, 0.7)])
def test_the_search_is_that_of_the_best_captions(best: tuple[float, float], monkeypatch: pytest.MonkeyPatch) -> None:
    task = CaptioningTask(Config(beams=2))
    seen = []

    def compare(task: Any, model: Any, images: Any, references: Any, how: Any) -> dict[str, float]:
        seen.append((how.length_penalty, how.temperature))
        return {"cider_beam2": float(seen[-1] == best)}

    monkeypatch.setattr(judgement, "compare", compare)
    monkeypatch.setattr(CaptioningTask, "readable", lambda self, examples: examples)
    task.vocabulary, task.grid = Vocabulary(["a"]), (9, 6)
    task.settle(None, Splits([], [Example("a.png", ("a",))], []))
    assert task.search == Search(2, 20, *best)
    assert sorted(seen) == sorted(product(judgement.PENALTIES, judgement.TEMPERATURES))
    other = CaptioningTask(Config(beams=2))
    other.restore(task.state())
    assert other.search == task.search
    seen.clear()
    fixed = CaptioningTask(Config(beams=2, length_penalty=0.3, search_temperature=0.8))
    fixed.settle(None, Splits([], [], []))
    assert fixed.search == Search(2, 20, 0.3, 0.8)
    assert not seen


# Export


def test_the_artifact_takes_files_and_pixels(trained: Trained, pictures: Path) -> None:
    folder = trained("attention")
    run("export", "--run", folder).succeeded()
    answers = captioning.load(folder)([pictures / "0.png", pictures / "1.png"])
    loaded = tf.saved_model.load(str(folder / "export" / "savedmodel"))
    files = [(pictures / f"{index}.png").read_bytes() for index in (0, 1)]
    of_files = loaded.signatures["encoded"](image=tf.constant(files))
    pixels = np.stack([load_picture(f"sample:{index}") for index in (0, 1)])
    of_pixels = loaded.signatures["serving_default"](pixels=tf.constant(pixels))
    for outputs in (of_files, of_pixels):
        assert [one.decode() for one in outputs["caption"].numpy()] == [answer.caption for answer in answers]
        np.testing.assert_allclose(outputs["score"], [answer.score for answer in answers], atol=1e-4)
        assert outputs["attention"].shape[0] == 2
    one = loaded.signatures["encoded"](image=tf.constant(files[:1]))
    assert one["caption"].numpy()[0] == of_files["caption"].numpy()[0]


def test_pixels_of_any_size_are_resized(trained: Trained) -> None:
    folder = trained("attention")
    run("export", "--run", folder).succeeded()
    pixels = np.kron(load_picture("sample:3"), np.ones((3, 2, 1), np.uint8))  # [192, 128, 3]
    (answer,) = captioning.load(folder)([pixels])
    loaded = tf.saved_model.load(str(folder / "export" / "savedmodel"))
    outputs = loaded.signatures["serving_default"](pixels=tf.constant(pixels[None]))
    assert float(outputs["score"][0]) == pytest.approx(answer.score, abs=0.05)


def test_an_artifact_that_differs_is_not_kept(trained: Trained, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = trained("inject")
    right = artifacts.run_model
    monkeypatch.setattr(artifacts, "run_model", lambda *given: (one + 1e-3 for one in right(*given)))
    assert "differs from the Keras model" in run("export", "--run", folder).error


# Going on


def test_cider_goes_on_from_a_run(trained: Trained, tmp_path: Path) -> None:
    more = {"objective": "cider", "start": trained("attention"), "samples": 3, "learning_rate": 1e-3}
    run("train", "--run", tmp_path / "run", *options(**more, units=99)).succeeded()
    config = read_json(tmp_path / "run" / "config.json")
    assert (config["units"], config["objective"]) == (8, "cider")
    assert read_json(tmp_path / "run" / "state.json") == read_json(trained("attention") / "state.json")


@pytest.mark.slow
@pytest.mark.parametrize("how", ["scheduled", "cider"])
def test_training_on_what_the_model_says_is_deterministic(how: str, trained: Trained, tmp_path: Path) -> None:
    more: dict[str, Any] = {"scheduled_sampling": 0.5}
    if how == "cider":
        more = {"objective": "cider", "start": trained("attention"), "samples": 3}
    for name in ("one", "two"):
        run("train", "--run", tmp_path / name, *options(**more)).succeeded()
    assert history(tmp_path / "one") == history(tmp_path / "two")


def test_a_run_that_is_not_there_cannot_be_gone_on_from(small_sample: None, tmp_path: Path) -> None:
    found = run("train", "--run", tmp_path / "new", *options(objective="cider", start=tmp_path / "none"))
    assert "no such run" in found.error
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_resuming_ends_where_an_unbroken_run_does(small_sample: None, tmp_path: Path) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run("train", "--run", whole, *options(epochs=2)).succeeded()
    seen: list[Any] = []
    judge = CaptioningTask.evaluate

    def stop(self: Any, *given: Any) -> Any:
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return judge(self, *given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CaptioningTask, "evaluate", stop)
        assert run("train", "--run", broken, *options(epochs=2)).code != 0
    run("train", "--run", broken, "--resume").succeeded()
    assert history(broken) == history(whole)


# Other encoders


def test_features_of_a_network_are_cached(tmp_path: Path) -> None:
    data = write_flickr(tmp_path / "data", 16)
    write(data / "images" / "5_a.jpg", "broken")
    more = {"data": data, "cnn_weights": "none", "image_size": 32, "cache": tmp_path / "cache"}
    first = run("train", "--run", tmp_path / "run", *options(**more)).succeeded()
    assert "1 picture cannot be used" in one_line(first.err)
    assert "features of 15 pictures" in one_line(first.err)
    assert "11 train, 2 dev, 2 test pictures; 22 training captions" in one_line(first.err), "what is used"
    again = run("evaluate", "--run", tmp_path / "run").succeeded()
    assert "features of" not in again.err
    assert json.loads(again.out) == read_json(tmp_path / "run" / "metrics.json")["test"]
    picture = data / "images" / "3_a.jpg"
    assert run("predict", picture, "--run", tmp_path / "run").succeeded().out.count("\n") == 1
    assert "largest difference" in one_line(run("export", "--run", tmp_path / "run").succeeded().err)


@pytest.mark.slow
def test_the_top_of_a_network_can_be_trained(tmp_path: Path) -> None:
    data = write_flickr(tmp_path / "data", 12)
    more = {"data": data, "cnn_weights": "none", "image_size": 32, "cache": tmp_path / "cache"}
    run("train", "--run", tmp_path / "frozen", *options(**more)).succeeded()
    more |= {"start": tmp_path / "frozen", "train_blocks": 1, "learning_rate": 1e-9, "ema": 0}
    run("train", "--run", tmp_path / "run", *options(**more)).succeeded()
    said = run("predict", data / "images", "--run", tmp_path / "run").succeeded().out
    assert said.count("\n") == 12
    assert said == run("predict", data / "images", "--run", tmp_path / "frozen").succeeded().out, "as it has learned"
    assert "largest difference" in one_line(run("export", "--run", tmp_path / "run").succeeded().err)
    more |= {"start": tmp_path / "run", "train_blocks": 0}
    run("train", "--run", tmp_path / "more", *options(**more)).succeeded()
    assert read_json(tmp_path / "more" / "config.json")["train_blocks"] == 1, "what was trained goes on to be"


def test_too_rare_words_are_an_error(small_sample: None, tmp_path: Path) -> None:
    assert "--min-count" in run("train", "--run", tmp_path / "run", *options(min_count=9999)).error

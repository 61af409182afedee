"""The whole way: the planted analogies are solved, and a training that was stopped ends as an unbroken one."""

import contextlib
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from embeddings import InputError, read
from embeddings.corpus import Rules, questions
from embeddings.evaluation import evaluate_analogies, read_questions
from embeddings.glove import counting
from embeddings.settings import Settings
from embeddings.training import Silence, train

ROOT = Path(__file__).parents[2]
RULES = Rules(min_count=1)
METHODS = pytest.mark.parametrize("method", ["skipgram", "cbow", "glove"])


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    draw = np.random.default_rng(0)
    path.write_text("".join(" ".join(f"w{n}" for n in draw.geometric(0.1, 20)) + "\n" for _ in range(400)))
    return path


@pytest.fixture
def output(tmp_path):
    return tmp_path / "v.safetensors"


def knobs(text, method="skipgram", **others):
    given = {"dimensions": 8, "epochs": 3, "threads": 1, "window": 3} | others
    return Settings(data=str(text), method=method, **given)


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


class Stops(Silence):
    """Stops the training by an error or a signal when it is told of something the n-th time."""

    def __init__(self, after, stop):
        self.left, self.do, self.stages = after, stop, []

    def stage(self, name, total, unit, more=0):
        super().stage(name, total, unit)
        self.stages.append(name)
        self.count()

    def advance(self, *told, **more):
        super().advance(*told, **more)
        self.count()

    def end(self):
        self.count()
        return super().end()

    def count(self):
        self.left -= 1
        if self.left == 0:
            self.do()


def raising(error):
    def do():
        raise error

    return do


# What is learned


@pytest.mark.parametrize(("method", "epochs"), [("skipgram", 20), ("glove", 15)])
def test_the_sample_corpus_is_solved(tmp_path, method, epochs):
    (tmp_path / "questions.txt").write_text(questions())
    settings = Settings(method=method, dimensions=16, epochs=epochs, threads=2)
    vectors = train(settings, Rules(), tmp_path / "v.bin")
    report = evaluate_analogies(vectors, read_questions(tmp_path / "questions.txt")).total
    assert report.coverage == 1
    assert report.accuracy >= 0.95


@METHODS
def test_what_is_kept(text, output, method):
    vectors = train(knobs(text, method), RULES, output)
    kept = read(output)
    assert kept.words == vectors.words
    np.testing.assert_array_equal(kept.vectors, vectors.vectors)
    words = text.read_text().split()
    assert kept.counts.tolist() == [words.count(word) for word in kept.words]
    assert kept.settings["method"] == method
    assert kept.settings["data"] == str(text)
    assert kept.settings["window"] == 3
    assert kept.settings["min_count"] == 1
    assert (kept.settings["tokens"], kept.settings["documents"]) == (8000, 400)
    assert len(kept.settings["losses"]) == 3
    assert np.isfinite(kept.settings["losses"]).all()
    assert ("x_max" in kept.settings) == (method == "glove")
    assert names(output.parent) == [text.name, output.name] or names(output.parent) == [output.name, text.name]


def test_a_folder_of_texts_that_holds_the_output(text):
    vectors = train(knobs(text.parent, epochs=1), RULES, text.parent / "v.txt")
    assert all(word.startswith("w") for word in vectors.words)
    with pytest.raises(InputError, match=r"v\.txt: is among the texts that are read; name another file"):
        train(knobs(text.parent, epochs=1), RULES, text.parent / "v.txt", overwrite=True)


# A training that is stopped and goes on

KILLED = """
import os, signal, sys
from embeddings.training import train
from tests.embeddings.test_training import RULES, Stops, knobs
text, output, method, after, resume = sys.argv[1:]
train(knobs(text, method), RULES, output, resume=resume == "resume",
      report=Stops(int(after), lambda: os.kill(os.getpid(), signal.SIGKILL)))
"""


@pytest.mark.parametrize(("method", "places"), [("skipgram", [2, 4, 4]), ("glove", [1, 5, 400])])
def test_killed_again_and_again(text, output, method, places):
    """While reading or counting, in the first epoch, in a later one."""
    for number, after in enumerate(places):
        argv = [str(text), str(output), method, str(after), "resume" if number else "begin"]
        command = [sys.executable, "-c", KILLED, *argv]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not output.exists()
    vectors = train(knobs(text, method, threads=1 + (method == "glove")), RULES, output, resume=True)
    unbroken = train(knobs(text, method), RULES, output.with_name("other.bin"))
    np.testing.assert_array_equal(vectors.vectors, unbroken.vectors)
    assert vectors.settings["losses"] == unbroken.settings["losses"]
    assert not list(output.parent.glob("*.training"))


@pytest.mark.parametrize("method", ["skipgram", "glove"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_stopped_anywhere(text, output, method, error):
    settings = knobs(text, method)
    unbroken = train(settings, RULES, output)
    everything, seen, after = Stops(0, None), set(), 1
    train(settings, RULES, output, overwrite=True, report=everything)
    while after <= -everything.left:
        output.unlink()
        stops = Stops(after, raising(error))
        with pytest.raises(type(error)) as caught:
            train(settings, RULES, output, report=stops)
        is_kept = output.with_name("v.safetensors.training").exists()
        assert is_kept or stops.stages == ["reading"]  # only what was read in part is begun anew
        assert ("--resume goes on" in str(caught.value)) == is_kept
        assert isinstance(error, KeyboardInterrupt) or caught.value.filename == f"{output}.training"
        assert not output.exists()
        resumed = train(settings, RULES, output, resume=is_kept)
        np.testing.assert_array_equal(resumed.vectors, unbroken.vectors)
        assert names(output.parent) == sorted([text.name, output.name])
        seen.add(stops.stages[-1])
        after = after + 1 if after < 12 else after * 2
    assert {"reading", "epoch 1/3", "epoch 3/3"} <= seen


def test_two_threads_are_stopped(text, output):
    with pytest.raises(KeyboardInterrupt, match="--resume goes on with what is in"):
        train(knobs(text, "glove", threads=2), RULES, output, report=Stops(5, raising(KeyboardInterrupt())))
    vectors = train(knobs(text, "glove", threads=2), RULES, output, resume=True)
    unbroken = train(knobs(text, "glove"), RULES, output.with_name("other.bin"))
    np.testing.assert_array_equal(vectors.vectors, unbroken.vectors)


def stopped(text, output, **others):
    with contextlib.suppress(KeyboardInterrupt):
        train(knobs(text, **others), RULES, output, report=Stops(8, raising(KeyboardInterrupt())))
    assert output.with_name(f"{output.name}.training").is_dir()


def test_what_cannot_go_on(text, output):
    with pytest.raises(InputError, match="there is no training to go on with; leave out --resume"):
        train(knobs(text), RULES, output, resume=True)
    stopped(text, output)
    before = names(output.with_name("v.safetensors.training"))
    with pytest.raises(InputError, match="goes on with a training, and --overwrite begins anew; give one of them"):
        train(knobs(text), RULES, output, resume=True, overwrite=True)
    with pytest.raises(InputError, match="was begun with another --window; give the same"):
        train(knobs(text, window=4), RULES, output, resume=True)
    with pytest.raises(InputError, match="was begun with another --lower; give the same"):
        train(knobs(text), Rules(min_count=1, lower=True), output, resume=True)
    with pytest.raises(InputError, match="a training was begun and stopped; give --resume to go on, or --overwrite"):
        train(knobs(text), RULES, output)
    text.write_text("a b\n" + text.read_text())
    with pytest.raises(InputError, match="the texts changed since the training was begun; begin anew"):
        train(knobs(text), RULES, output, resume=True)
    assert names(output.with_name("v.safetensors.training")) == before
    assert "a" in train(knobs(text), RULES, output, overwrite=True).words


# What is refused


def test_an_output_that_exists(text, output):
    output.write_text("mine")
    with pytest.raises(InputError, match="exists already; name another file, or give --overwrite"):
        train(knobs(text), RULES, output)
    with pytest.raises(InputError, match="no word occurs 5000 times"):
        train(knobs(text), Rules(min_count=5000), output, overwrite=True)
    assert output.read_text() == "mine"
    assert names(output.parent) == [text.name, output.name]
    train(knobs(text, epochs=1), RULES, output, overwrite=True)
    assert len(read(output)) > 1


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("v.foo", "names no format"),
        ("v", "names no format"),
        ("none/v.bin", "there is no such folder to write in; make it first"),
        ("folder.bin", "is a folder; name a file to write"),
        ("", "is a folder; name a file to write"),
    ],
)
def test_bad_outputs(text, tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.bin").mkdir()
    with pytest.raises(InputError, match=said):
        train(knobs(text), RULES, name, overwrite=True)
    assert names(tmp_path) == ["folder.bin", text.name]


@METHODS
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "there are no words in it"),
        ("a a a\na\n", "only one word is frequent enough; give more text, or a lower --min-count"),
        ("a\nb\na\n\n", "no two frequent words stand on one line; give longer lines"),
    ],
)
def test_texts_that_are_too_small_leave_nothing(text, output, method, content, said):
    text.write_text(content)
    with pytest.raises(InputError, match=f"text.txt: {said}"):
        train(knobs(text, method), RULES, output)
    assert names(output.parent) == [text.name]


def test_a_missing_text_leaves_nothing(tmp_path, output):
    with pytest.raises(InputError, match="no such file"):
        train(knobs(tmp_path / "none.txt"), RULES, output)
    assert names(tmp_path) == []


def test_too_many_words_for_the_softmax(text, output, monkeypatch):
    monkeypatch.setattr("embeddings.training.LARGEST_SOFTMAX", 10)
    with pytest.raises(InputError, match="--loss softmax: is for vocabularies of up to 10 words, not"):
        train(knobs(text, loss="softmax"), RULES, output)
    assert names(output.parent) == [text.name]
    assert len(train(knobs(text, loss="softmax"), Rules(min_count=1, max_words=10), output)) == 10


@METHODS
@pytest.mark.parametrize("rate", [10.0, 1e30])
def test_a_learning_rate_that_is_too_high(text, output, method, rate):
    try:
        vectors = train(knobs(text, method, learning_rate=rate), RULES, output)
    except InputError as error:
        said = str(error)
        assert names(output.parent) == [text.name]
    else:
        said = None
        assert np.isfinite(vectors.vectors).all()
        assert np.isfinite(read(output).settings["losses"]).all()
    assert said in (None, "--learning-rate: the vectors grew without bound; give a lower one")


def test_vectors_without_bound_are_refused(text, output, monkeypatch):
    def diverge(self, epoch, pool, on_tokens):
        self.arrays["outputs"][1, 2] = np.nan if epoch else 0

    monkeypatch.setattr("embeddings.training.Word2Vec.train", diverge)
    with pytest.raises(InputError, match="--learning-rate: the vectors grew without bound; give a lower one"):
        train(knobs(text), RULES, output)
    assert names(output.parent) == [text.name]


def test_too_little_memory(text, output, monkeypatch):
    monkeypatch.setattr("embeddings.training.Word2Vec.train", lambda *given: raising(MemoryError())())
    with pytest.raises(InputError, match="there is not enough memory; give fewer --dimensions"):
        train(knobs(text), RULES, output)


# A full disk


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize(("method", "name"), [("skipgram", "ids.bin"), ("glove", "pairs/events-0.bin")])
def test_a_full_disk(text, output, monkeypatch, method, name):
    monkeypatch.setattr(counting, "shares", lambda *given: (0, 16))
    place = Path(f"{output}.training") / name
    stop = Stops(1, lambda: place.symlink_to("/dev/full"))
    if method == "skipgram":  # the text is opened to be written before anything is told
        monkeypatch.setattr(
            "embeddings.training.encode", lambda *given: raising(OSError(28, "No space left on device"))()
        )
    else:
        stop.left = 4
    with pytest.raises(OSError, match="No space left on device") as caught:
        train(knobs(text, method), RULES, output, report=stop)
    assert caught.value.filename == f"{output}.training"
    assert Path(caught.value.filename).exists() == (method == "glove")
    monkeypatch.undo()
    resumed = train(knobs(text, method), RULES, output, resume=method == "glove")
    unbroken = train(knobs(text, method), RULES, output.with_name("other.bin"))
    np.testing.assert_array_equal(resumed.vectors, unbroken.vectors)


def test_a_full_disk_when_the_result_is_written(text, output, monkeypatch):
    monkeypatch.setattr(
        "embeddings.training.write", lambda *given: raising(OSError(28, "No space left", str(output)))()
    )
    with pytest.raises(OSError, match="No space left; --resume goes on with what is done") as caught:
        train(knobs(text), RULES, output)
    assert caught.value.filename == str(output)
    monkeypatch.undo()
    report = Stops(-1, None)
    train(knobs(text), RULES, output, resume=True, report=report)
    assert report.stages == []  # nothing was left to do but to write

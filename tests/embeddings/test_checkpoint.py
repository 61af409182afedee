"""What is kept of a training that was stopped, and when it is refused."""

import json

import numpy as np
import pytest

from embeddings import InputError
from embeddings.checkpoint import Checkpoint
from embeddings.corpus import Rules, encode
from embeddings.settings import Settings

RULES = Rules(min_count=1)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("a b a\nb c\n")
    return path


@pytest.fixture
def settings(text):
    return Settings(data=str(text)).complete()


@pytest.fixture
def begun(tmp_path, settings):
    checkpoint = Checkpoint(tmp_path / "v.bin")
    checkpoint.begin(settings, RULES)
    return checkpoint


def arrays(value=0.0):
    return {"words": np.full((3, 16), value, np.float32), "biases": np.full((3, 2), value, np.float32)}


def test_a_training_that_was_begun(begun, tmp_path, settings):
    assert begun.path == tmp_path / "v.bin.training"
    assert begun.is_begun
    assert not begun.is_worth_keeping
    assert begun.read_corpus(settings, RULES) is None
    assert begun.begun() == (settings, RULES)
    begun.check(settings, RULES)
    begun.check(Settings(data=settings.data, threads=3, memory="2G").complete(), RULES)
    begun.remove()
    assert not begun.is_begun
    assert not begun.path.exists()


@pytest.mark.parametrize(
    ("knobs", "rules", "names"),
    [
        ({"window": 4}, {}, "another --window;"),
        ({"learning_rate": 0.1, "seed": 5}, {}, "another --learning-rate, --seed;"),
        ({"method": "cbow"}, {"lower": True}, "another --method, --lower;"),
        ({}, {"on_bad_bytes": "skip"}, "another --on-bad-bytes;"),
    ],
)
def test_other_settings(begun, settings, knobs, rules, names):
    others = Settings(data=settings.data, **knobs).complete()
    with pytest.raises(InputError, match=f"was begun with {names} give the same, or --overwrite to begin anew"):
        begun.check(others, Rules(min_count=1, **rules))


def test_nothing_was_begun(tmp_path, settings):
    with pytest.raises(InputError, match="there is no training to go on with; leave out --resume"):
        Checkpoint(tmp_path / "v.bin").check(settings, RULES)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"settings": {"window": -1}, "rules": {}}', b"\xff"])
def test_damaged_settings(begun, settings, content):
    (begun.path / "settings.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=r"settings.json: is damaged \(.*begin anew with --overwrite"):
        begun.check(settings, RULES)


def test_the_text_is_read_once(begun, text, settings):
    encode(settings.data, RULES, begun.corpus)
    assert begun.is_worth_keeping
    assert begun.read_corpus(settings, RULES).words == ["a", "b", "c"]
    text.write_text("a b a\nb c d\n")
    with pytest.raises(InputError, match=r"text\.txt: the texts changed since the training was begun; begin anew"):
        begun.read_corpus(settings, RULES)
    text.unlink()
    with pytest.raises(InputError, match="no such file"):
        begun.read_corpus(settings, RULES)


# What was learned


def test_the_state_comes_back(begun):
    got = arrays()
    assert begun.read_state(got) == []
    begun.write_state(arrays(1.5), [None, 2.0])
    assert begun.read_state(got) == [None, 2.0]
    assert all((array == 1.5).all() for array in got.values())
    begun.write_state(arrays(2.5), [None, 2.0, 1.0])
    assert begun.read_state(got) == [None, 2.0, 1.0]
    assert all((array == 2.5).all() for array in got.values())
    assert sorted(entry.name for entry in begun.path.iterdir()) == ["pairs", "settings.json", "state.safetensors"]


@pytest.mark.parametrize("damage", ["cut", "empty", "shape", "name", "losses"])
def test_a_damaged_state(begun, damage):
    from safetensors.numpy import save_file

    begun.write_state(arrays(1), [1.0])
    path = begun.path / "state.safetensors"
    if damage in ("cut", "empty"):
        path.write_bytes(path.read_bytes()[: -5 if damage == "cut" else 0])
    elif damage == "shape":
        save_file({"words": np.zeros((2, 16), np.float32)}, path, {"losses": "[]"})
    elif damage == "name":
        save_file({"other": np.zeros((3, 16), np.float32)}, path, {"losses": "[]"})
    else:
        save_file(arrays(), path, {"losses": "["})
    with pytest.raises(InputError, match=r"state.safetensors: is damaged \(.*begin anew with --overwrite"):
        begun.read_state(arrays())


@pytest.mark.parametrize(
    ("said", "errno"), [("I/O error: No space left on device (os error 28)", 28), ("something else", 5)]
)
def test_a_full_disk_leaves_the_state_before(begun, monkeypatch, said, errno):
    import safetensors.numpy

    begun.write_state(arrays(1.5), [1.0])

    def full(tensors, path, metadata):
        path.write_bytes(b"half")
        raise safetensors.SafetensorError(said)

    monkeypatch.setattr(safetensors.numpy, "save_file", full)
    with pytest.raises(OSError, match=r"state\.safetensors") as caught:
        begun.write_state(arrays(2.5), [1.0, 1.0])
    assert caught.value.errno == errno
    assert begun.read_state(got := arrays()) == [1.0]
    assert (got["words"] == 1.5).all()
    assert not list(begun.path.glob("*.partial"))


# The folder


@pytest.mark.parametrize("left", [[], ["settings.json.partial"], ["ids.bin", "pairs/events-0.bin", "corpus.json"]])
def test_what_an_interrupted_beginning_or_removal_left(tmp_path, settings, left):
    checkpoint = Checkpoint(tmp_path / "v.bin")
    checkpoint.path.mkdir()
    for name in left:
        (checkpoint.path / name).parent.mkdir(exist_ok=True)
        (checkpoint.path / name).write_text("x")
    checkpoint.begin(settings, RULES)
    assert sorted(entry.name for entry in checkpoint.path.iterdir()) == ["pairs", "settings.json"]
    assert not list(checkpoint.pairs.iterdir())
    assert json.loads((checkpoint.path / "settings.json").read_text())["rules"]["min_count"] == 1


@pytest.mark.parametrize("is_folder", [True, False])
def test_what_no_training_made_is_left_alone(tmp_path, settings, is_folder):
    checkpoint = Checkpoint(tmp_path / "v.bin")
    mine = checkpoint.path / "thesis.txt" if is_folder else checkpoint.path
    mine.parent.mkdir(exist_ok=True)
    mine.write_text("years of work")
    with pytest.raises(InputError, match="is in the way, and was not made by a training; remove or rename it"):
        checkpoint.begin(settings, RULES)
    assert mine.read_text() == "years of work"

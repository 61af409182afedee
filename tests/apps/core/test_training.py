"""The parts of training that need no task: means, the best epoch, stopping, the optimizer, arrays, checkpoints."""

import keras
import numpy as np
import pytest

from apps.core.config import TrainingConfig
from apps.core.errors import InputError
from apps.core.training import (
    aggregate,
    averaged_weights,
    best_epoch,
    is_over,
    load_arrays,
    load_checkpoint,
    make_optimizer,
    save_arrays,
    save_checkpoint,
)


def history(*scores):
    return [{"epoch": epoch, "dev_f1": score} for epoch, score in enumerate(scores, 1)]


def result(seed, dev, test, seconds):
    one = {"dev": {"f1": dev, "loss": -dev}, "test": {"f1": test, "loss": -test}}
    return {**one, "seeds": [{"seed": seed, **one}], "seconds": seconds, "best_epoch": 3}


def test_aggregate():
    metrics = aggregate([result(1, 0.5, 0.2, 10.0), result(2, 0.6, 0.4, 20.0), result(3, 0.7, 0.9, 30.5)])
    assert metrics["dev"] == pytest.approx({"f1": 0.6, "loss": -0.6})
    assert metrics["test"] == pytest.approx({"f1": 0.5, "loss": -0.5})
    assert metrics["std"]["dev"] == {"f1": 0.1, "loss": 0.1}
    assert metrics["std"]["test"] == {"f1": 0.3606, "loss": 0.3606}
    assert [one["seed"] for one in metrics["seeds"]] == [1, 2, 3]
    assert metrics["seconds"] == 60.5


@pytest.mark.parametrize(
    ("scores", "best"), [((0.5,), 0), ((0.1, 0.3, 0.2), 1), ((0.3, 0.3, 0.3), 0), ((0.1, 0.2, 0.3), 2), ((-2, -1), 1)]
)
def test_the_best_epoch_is_the_first_of_the_highest(scores, best):
    assert best_epoch(history(*scores), "f1") == best


@pytest.mark.parametrize(
    ("scores", "best"),
    [((0.5,), 0), ((0.5, 0.9, 0.88), 2), ((0.5, 0.9, 0.85), 1), ((0.9, 0.88, 0.86), 1), ((0.9, 0.8, 0.895, 0.1), 2)],
)
def test_with_slack_the_best_epoch_is_the_last_that_is_nearly_as_good(scores, best):
    assert best_epoch(history(*scores), "f1", slack=0.03) == best


@pytest.mark.parametrize(
    ("scores", "over"),
    [
        ((), False),
        ((0.1,), False),
        ((0.1, 0.2, 0.3, 0.4), False),
        ((0.1, 0.2, 0.3, 0.4, 0.5), True),  # all epochs are done
        ((0.3, 0.2), False),
        ((0.3, 0.2, 0.1), True),  # patience
        ((0.3, 0.3, 0.3), True),
        ((0.2, 0.1, 0.3, 0.2), False),
    ],
)
def test_when_training_is_over(scores, over):
    assert is_over(history(*scores), TrainingConfig(epochs=5, patience=2), "f1") is over


def rates(schedule, steps):
    """The learning rate before the first step, in the middle, and after the last."""
    optimizer = make_optimizer(TrainingConfig(learning_rate=0.5, epochs=4, schedule=schedule), steps)
    found = []
    for step in (0, 2 * steps, 4 * steps):
        optimizer.iterations.assign(step)
        found.append(float(optimizer.learning_rate))
    return found


@pytest.mark.parametrize("steps", [1, 25])
def test_schedules(steps):
    assert rates("constant", steps) == [0.5, 0.5, 0.5]
    assert rates("linear", steps) == pytest.approx([0.5, 0.25, 0])
    assert rates("cosine", steps) == pytest.approx([0.5, 0.25, 0])
    three_quarters = make_optimizer(TrainingConfig(learning_rate=0.5, epochs=4, schedule="cosine"), 100)
    three_quarters.iterations.assign(300)
    assert float(three_quarters.learning_rate) == pytest.approx(0.5 * (1 + np.cos(0.75 * np.pi)) / 2)


def test_optimizer_options():
    optimizer = make_optimizer(TrainingConfig(weight_decay=0.1, clip_norm=2.5, ema=0.9), 10)
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert (optimizer.weight_decay, optimizer.global_clipnorm) == (0.1, 2.5)
    assert (optimizer.use_ema, optimizer.ema_momentum) == (True, 0.9)
    plain = make_optimizer(TrainingConfig(weight_decay=0, clip_norm=0, ema=0), 10)
    assert plain.global_clipnorm is None
    assert not plain.use_ema
    assert not plain.weight_decay


def test_weight_decay_shrinks_what_has_no_gradient():
    variable = keras.Variable(np.ones(3, np.float32))
    make_optimizer(TrainingConfig(weight_decay=0.1, learning_rate=0.5, schedule="constant"), 10).apply(
        [keras.ops.zeros(3)], [variable]
    )
    np.testing.assert_allclose(variable.numpy(), 1 - 0.1 * 0.5)


# Arrays


ARRAYS = [np.arange(6, dtype=np.float32).reshape(2, 3), np.array(7, np.int64), np.zeros((0, 2), np.uint32)]


def test_arrays_come_back(tmp_path):
    path = tmp_path / "checkpoints" / "a.npz"
    save_arrays(path, ARRAYS, note='[{"epoch": 1, "ü": 0.1}]')
    arrays, note = load_arrays(path)
    assert note == '[{"epoch": 1, "ü": 0.1}]'
    assert len(arrays) == len(ARRAYS)
    for array, expected in zip(arrays, ARRAYS, strict=True):
        np.testing.assert_array_equal(array, expected)
        assert array.dtype == expected.dtype
    assert [entry.name for entry in path.parent.iterdir()] == ["a.npz"]


def test_more_than_ten_arrays_keep_their_order(tmp_path):
    save_arrays(tmp_path / "a.npz", [np.array(index) for index in range(25)])
    arrays, note = load_arrays(tmp_path / "a.npz")
    assert [int(array) for array in arrays] == list(range(25))
    assert note == ""


def damage(whole):
    yield b""
    yield b"no archive"
    yield b"PK\x03\x04"
    yield np.lib.format.MAGIC_PREFIX + b"\x01\x00"
    yield from (whole[:length] for length in range(1, len(whole), 37))
    for at in range(len(whole)):
        for flip in (0x01, 0xFF):
            yield whole[:at] + bytes([whole[at] ^ flip]) + whole[at + 1 :]


def test_a_damaged_file_gives_an_input_error(tmp_path):
    path = tmp_path / "a.npz"
    save_arrays(path, ARRAYS[:1], "note")
    refused = 0
    for raw in damage(path.read_bytes()):
        path.write_bytes(raw)
        try:
            load_arrays(path)
        except InputError as error:
            refused += 1
            said = str(error)
    assert said.startswith(f"{path}: cannot be read (")
    assert said.endswith("this run folder is damaged, train anew")
    assert refused > 500


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", note=np.array(""), a0=np.array([print], object))
    with pytest.raises(InputError, match="cannot be read"):
        load_arrays(tmp_path / "a.npz")


def test_no_file(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load_arrays(tmp_path / "none.npz")


# A model


def trained(steps, ema=0.9):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input([3]), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    model.compile(make_optimizer(TrainingConfig(ema=ema, epochs=2), 4), "mse")
    model.optimizer.build(model.trainable_variables)
    train(model, steps)
    return model


def train(model, steps):
    for step in range(steps):
        random = np.random.default_rng(step)
        model.train_on_batch(random.normal(size=(4, 3)), random.normal(size=(4, 1)))


def test_averaged_weights_are_lent():
    model = trained(5)
    own = [variable.numpy() for variable in model.variables]
    with pytest.raises(ZeroDivisionError), averaged_weights(model):  # noqa: PT012
        lent = model.layers[-1].kernel.numpy()
        raise ZeroDivisionError
    assert not np.allclose(lent, model.layers[-1].kernel.numpy())
    for variable, value in zip(model.variables, own, strict=True):
        np.testing.assert_array_equal(variable.numpy(), value)


def test_without_averaging_the_weights_stay():
    model = trained(2, ema=0)
    own = model.layers[-1].kernel.numpy()
    with averaged_weights(model):
        np.testing.assert_array_equal(model.layers[-1].kernel.numpy(), own)


def test_a_checkpoint_holds_all_that_the_coming_steps_depend_on(tmp_path):
    model = trained(3)
    save_checkpoint(tmp_path / "a.npz", model, history(0.5))
    train(model, 3)
    resumed = trained(0)
    assert load_checkpoint(tmp_path / "a.npz", resumed) == history(0.5)
    train(resumed, 3)
    for one, other in zip(model.variables, resumed.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    for one, other in zip(model.optimizer.variables, resumed.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_metric_that_some_seed_lacks_has_no_mean():
    runs = [
        {"dev": {"f1": 0.5, "latency": 0.1}, "test": {"f1": 0.4}, "seeds": [{}], "seconds": 1.0},
        {"dev": {"f1": 0.7}, "test": {"f1": 0.6, "latency": 0.2}, "seeds": [{}], "seconds": 1.0},
    ]
    found = aggregate(runs)
    assert found["dev"] == {"f1": pytest.approx(0.6)}
    assert set(found["test"]) == set(found["std"]["test"]) == {"f1"}

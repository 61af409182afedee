"""AttentionCell: the papers' equations, a whole sequence as step by step, states, and what is refused."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layers.attention import AdditiveScore, Attention, AttentionCell, LocationScore, coverage_loss
from layers.recurrent import Zoneout
from tests.layers import harness
from tests.layers.attention import reference
from tests.layers.attention.adapters import DecodeItself, randomized
from tests.layers.harness import Case

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")
Array = np.ndarray


def stack() -> keras.layers.Layer:
    return keras.layers.StackedRNNCells([keras.layers.LSTMCell(3), keras.layers.GRUCell(4)])


def bahdanau() -> DecodeItself:
    score = LocationScore(5, filters=2, kernel_size=3)
    return DecodeItself(AttentionCell(keras.layers.SimpleRNNCell(4), score, bridge="mean"))


def luong() -> DecodeItself:
    attention = Attention("general", window="local_m", width=1)
    return DecodeItself(AttentionCell(keras.layers.LSTMCell(4), attention, order="luong", units=6, input_feeding=False))


@harness.properties(
    Case("bahdanau", bahdanau, harness.vectors, keeps_time=(True,)),
    Case("luong", luong, harness.vectors, keeps_time=(True,)),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def some_problem(seed: int = 0) -> tuple[Array, Array, Array, Array]:
    """Inputs `[3, 4, 2]`, memory `[3, 5, 3]` and the masks of both."""
    rng = np.random.default_rng(seed)
    inputs, memory = (rng.normal(size=shape).astype("float32") for shape in ((3, 4, 2), (3, 5, 3)))
    mask, memory_mask = rng.random((3, 4)) < 0.7, rng.random((3, 5)) < 0.7
    mask[0] = memory_mask[1] = False
    return inputs, memory, mask, memory_mask


def built(cell: Any, attention: Any = "additive", given: Any = None, **options: Any) -> AttentionCell:
    decoder = AttentionCell(cell, attention, **options)
    inputs, memory, *_ = some_problem()
    decoder(inputs, memory=memory, initial_state=given)
    return randomized(decoder)


def decode(decoder: AttentionCell, problem: Any, **options: Any) -> list[Any]:
    inputs, memory, mask, memory_mask = map(harness.to_tensor, problem)
    outputs = decoder(inputs, memory=memory, memory_mask=memory_mask, mask=mask, **options)
    return [keras.tree.map_structure(harness.to_numpy, output) for output in outputs]


# Against the papers


@pytest.mark.parametrize("order", ["bahdanau", "luong"])
def test_it_is_the_papers_equations(order: str) -> None:
    """With a plain recurrent cell, h = tanh(x W + h U + b), over what is not masked."""
    decoder, problem = built(keras.layers.SimpleRNNCell(4), AdditiveScore(3), order=order, units=6), some_problem()
    kernel, recurrent, bias = (v.astype("float64") for v in decoder.cell.get_weights())
    score = {v.name: harness.to_numpy(v).astype("float64") for v in decoder.attention.trainable_variables}
    readout = decoder.output_layer.get_weights()[0]

    def attend(h: Array, places: Array) -> tuple[Array, Array]:
        hidden = np.tanh(h @ score["query_kernel"] + places @ score["key_kernel"] + score["bias"])
        weights = reference.softmax(hidden @ score["vector"][:, 0])
        return weights @ places, weights

    outputs, weights = decode(decoder, problem)
    for example, (inputs, memory, mask, memory_mask) in enumerate(zip(*problem, strict=True)):
        h, fed, places = np.zeros(4), np.zeros(6), memory[memory_mask]
        for step in np.flatnonzero(mask):
            if order == "bahdanau":
                c, alpha = attend(h, places)
            x = np.concatenate([inputs[step], c if order == "bahdanau" else fed])
            h = np.tanh(x @ kernel + h @ recurrent + bias)
            if order == "luong":
                c, alpha = attend(h, places)
            fed = np.tanh(np.concatenate([c, h]) @ readout)
            np.testing.assert_allclose(outputs[example, step], fed, rtol=1e-4, atol=1e-5)
            np.testing.assert_allclose(weights[example, step, memory_mask], alpha, rtol=1e-4, atol=1e-5)
    assert (outputs[~problem[2]] == 0).all()
    assert (weights[~problem[2]] == 0).all()
    assert (weights.swapaxes(1, 2)[~problem[3]] == 0).all()


CONFIGURATIONS: dict[str, Any] = {
    "lstm-location": lambda: (keras.layers.LSTMCell(4), Attention(LocationScore(4, 2, 3, cumulative=True)), {}),
    "gru-coverage-hard": lambda: (keras.layers.GRUCell(4), Attention("additive", selection="hard", coverage="sum"), {}),
    "stack-monotonic": lambda: (stack(), Attention("general", selection="monotonic"), {"order": "luong", "units": 3}),
    "stack-of-one-kind-local_p": lambda: (
        keras.layers.StackedRNNCells([keras.layers.GRUCell(3), keras.layers.GRUCell(5)]),
        Attention("concat", window="local_p", width=2),
        {},
    ),
    "rnn-local_m": lambda: (keras.layers.SimpleRNNCell(3), Attention("dot", window="local_m", width=1), {}),
    "in-parallel": lambda: (
        keras.layers.LSTMCell(4),
        Attention("general", window="local_m", width=1, selection="reinforce"),
        {"order": "luong", "input_feeding": False},
    ),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_whole_sequence_is_step_by_step(name: str) -> None:
    cell, attention, options = CONFIGURATIONS[name]()
    decoder = built(cell, attention, return_state=True, **options)
    inputs, memory, _, memory_mask = some_problem(3)
    outputs, weights, *_, last = decode(decoder, (inputs, memory, None, memory_mask))
    states = decoder.initial_state(*map(harness.to_tensor, (memory,)), memory_mask=harness.to_tensor(memory_mask))
    assert all(tensor.shape[0] == 3 for tensor in keras.tree.flatten(states))
    for step in range(inputs.shape[1]):
        output, states = decoder.step(harness.to_tensor(inputs[:, step]), states)
        harness.assert_same(
            [harness.to_numpy(output), harness.to_numpy(states["weights"])], [outputs[:, step], weights[:, step]]
        )
    keras.tree.assert_same_structure(states, last)
    harness.assert_same(*([harness.to_numpy(one) for one in keras.tree.flatten(every)] for every in (states, last)))


def test_masked_steps_leave_the_state_as_it_is() -> None:
    for name in ("lstm-location", "in-parallel"):
        cell, attention, options = CONFIGURATIONS[name]()
        decoder = built(cell, attention, return_state=True, **options)
        inputs, memory, _, memory_mask = some_problem(3)
        mask = np.tile([True, False, True, False], (3, 1))
        *_, last = decode(decoder, (inputs, memory, mask, memory_mask))
        *_, expected = decode(decoder, (inputs[:, ::2], memory, None, memory_mask))
        harness.assert_same(*(keras.tree.flatten(states) for states in (last, expected)))


def test_states_may_be_gathered_along_the_batch() -> None:
    decoder = built(stack(), Attention("additive", coverage="fertility"))
    inputs, memory, _, memory_mask = some_problem(1)
    order = np.array([2, 0, 0, 1])

    def gathered(states: Any) -> Any:
        return keras.tree.map_structure(lambda tensor: keras.ops.take(tensor, order, axis=0), states)

    states = decoder.initial_state(harness.to_tensor(memory), memory_mask=harness.to_tensor(memory_mask))
    output, _ = decoder.step(harness.to_tensor(inputs[:, 0]), states)
    swapped, _ = decoder.step(harness.to_tensor(inputs[order, 0]), gathered(states))
    harness.assert_same([harness.to_numpy(swapped)], [harness.to_numpy(output)[order]])


def test_it_samples_in_training_and_tells_how_likely() -> None:
    decoder = built(keras.layers.GRUCell(4), Attention("additive", selection="reinforce", seed=1))
    problem = some_problem(2)
    _, weights, log_probability, entropy = decode(decoder, problem, training=True)
    attended = weights.sum(-1)
    expected = problem[2] & problem[3].any(1, keepdims=True)
    np.testing.assert_array_equal(attended, expected)
    assert (log_probability[expected] < 0).all()
    assert (log_probability[~expected] == 0).all()
    assert (entropy[~expected] == 0).all()
    used = [decode(decoder, problem)[1] for _ in range(2)]
    np.testing.assert_array_equal(*used)


def test_the_coverage_penalty_is_added_once() -> None:
    decoder = built(keras.layers.GRUCell(4), Attention("additive", coverage="sum", coverage_penalty=2.0))
    problem = some_problem(2)
    _, weights = decode(decoder, problem)
    expected = 2 * harness.to_numpy(coverage_loss(weights, harness.to_tensor(problem[2]))).mean()
    np.testing.assert_allclose([harness.to_numpy(loss) for loss in decoder.losses], [expected], rtol=1e-5)


# The first state


def cell_states(decoder: AttentionCell, *arguments: Any, **options: Any) -> list[Array]:
    return [harness.to_numpy(one) for one in keras.tree.flatten(decoder.initial_state(*arguments, **options)["cell"])]


def test_states_of_the_cell_s_sizes_are_taken_as_they_are() -> None:
    given, memory = [np.ones((3, 4), "float32"), np.full((3, 4), 2, "float32")], some_problem()[1]
    decoder = built(keras.layers.LSTMCell(4), given=given)
    harness.assert_same(cell_states(decoder, memory, given), given)
    harness.assert_same(cell_states(decoder, memory), [np.zeros((3, 4))] * 2)


@pytest.mark.parametrize(("sizes", "bridge"), [((3, 2, 2), None), ((4, 4), True)])
def test_other_states_go_over_a_dense_bridge(sizes: tuple[int, ...], bridge: bool | None) -> None:
    given = [np.random.default_rng(size).normal(size=(3, size)).astype("float32") for size in sizes]
    decoder = built(keras.layers.LSTMCell(4), given=given, bridge=bridge)
    joined = np.concatenate(given, axis=-1)
    layers = [layer.get_weights() for layer in decoder.bridge_layers]
    expected = [np.tanh(joined @ kernel + bias) for kernel, bias in layers]
    harness.assert_same(cell_states(decoder, some_problem()[1], given), expected)
    with pytest.raises(ValueError, match=r"initial_state must have the sizes .* the bridge was made for"):
        decoder.initial_state(some_problem()[1], [np.ones((3, 9), "float32")])


def test_the_mean_of_the_memory_makes_the_first_state() -> None:
    """Xu et al. (2015), section 3.1.2, over the unmasked places; without any, the mean is 0."""
    decoder = built(keras.layers.GRUCell(4), bridge="mean")
    _, memory, _, memory_mask = some_problem()
    mean = (memory * memory_mask[..., None]).sum(1) / np.maximum(memory_mask.sum(1), 1)[:, None]
    kernel, bias = decoder.bridge_layers[0].get_weights()
    actual = cell_states(decoder, harness.to_tensor(memory), memory_mask=harness.to_tensor(memory_mask))
    harness.assert_same(actual, [np.tanh(mean @ kernel + bias)])
    with pytest.raises(ValueError, match="initial_state cannot be combined with bridge='mean'"):
        decoder.initial_state(memory, [np.ones((3, 4), "float32")])


def test_a_zoneout_cell_gets_new_masks_at_each_call() -> None:
    """In training its last state is a key to draw them from, which is neither zero nor made by the bridge."""
    cell = Zoneout(keras.layers.LSTMCell(4), rates=0.5, seed=1)
    decoder, problem = built(cell, given=[np.ones((3, 2), "float32")]), some_problem(2)
    assert [layer.units for layer in decoder.bridge_layers] == [4, 4]
    first, second, use, again = (decode(decoder, problem, training=how)[0] for how in (True, True, False, False))
    assert np.abs(first - second).max() > 1e-3
    assert np.abs(first - use).max() > 1e-3
    np.testing.assert_array_equal(use, again)


def test_a_zoneout_cell_takes_states_with_and_without_its_key() -> None:
    decoder = built(keras.layers.StackedRNNCells([Zoneout(keras.layers.GRUCell(4), 0.5), keras.layers.GRUCell(3)]))
    memory, own = some_problem()[1], [np.full((3, size), size, "float32") for size in (4, 3)]
    key = np.arange(18, dtype="float32").reshape(3, 6)
    upper, _, lower = cell_states(decoder, memory, own)
    harness.assert_same([upper, lower], own)
    harness.assert_same(cell_states(decoder, memory, [own[0], key, own[1]]), [own[0], key, own[1]])


# Models


def translator() -> keras.Model:
    """Over the outputs and states of an encoder; the states are not the decoder's, so there is a bridge."""
    words, memory, mask = keras.Input((None, 2)), keras.Input((None, 3)), keras.Input((None,), dtype="bool")
    encoded = keras.layers.Dense(5)(keras.layers.GlobalMaxPooling1D()(memory))
    decoder = AttentionCell(keras.layers.GRUCell(4), Attention("general", selection="monotonic"), "luong", units=6)
    outputs, weights = decoder(words, memory=memory, memory_mask=mask, initial_state=[encoded])
    return keras.Model([words, memory, mask], [outputs, weights])


def test_a_model_trains_and_is_saved_and_exported(tmp_path: Any) -> None:
    model, (words, memory, _, mask) = translator(), some_problem()
    model.compile("sgd", ["mse", None], jit_compile=False)
    model.train_on_batch([words[:2], memory[:2], mask[:2]], [np.ones((2, 4, 6))])
    model.save(tmp_path / "model.keras")
    loaded, expected = keras.models.load_model(tmp_path / "model.keras"), model([words, memory, mask])
    expected = [harness.to_numpy(one) for one in expected]
    harness.assert_same([harness.to_numpy(one) for one in loaded([words, memory, mask])], expected)
    if keras.backend.backend() == "tensorflow":
        assert_exported(model, (words, memory, mask), expected, str(tmp_path / "saved"))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="XLA's want of static shapes in TensorFlow's loops")
def test_it_trains_under_xla_with_open_lengths() -> None:
    tf = pytest.importorskip("tensorflow")
    attention = Attention(LocationScore(4, 2, 3), window="local_p", width=2, coverage="sum")
    decoder, (inputs, memory, mask, memory_mask) = built(keras.layers.SimpleRNNCell(3), attention), some_problem()

    def slopes(inputs: Any, memory: Any, mask: Any, memory_mask: Any) -> list[Any]:
        with tf.GradientTape() as tape:
            outputs, _ = decoder(inputs, memory=memory, memory_mask=memory_mask, mask=mask)
            loss = tf.reduce_sum(outputs**2)
        return tape.gradient(loss, decoder.trainable_variables)

    kinds = [(2, tf.float32), (3, tf.float32), (None, tf.bool), (None, tf.bool)]
    spec = [tf.TensorSpec((None, None, size) if size else (None, None), kind) for size, kind in kinds]
    graph = tf.function(slopes, input_signature=spec, jit_compile=True)
    given = [tf.constant(one) for one in (inputs, memory, mask, memory_mask)]
    harness.assert_same(*([harness.to_numpy(one) for one in how(*given)] for how in (graph, slopes)), 1e-4)


def assert_exported(model: keras.Model, inputs: Any, expected: list[Array], path: str) -> None:
    """A SavedModel of the whole and of a step, its states flat; both take any batch and any number of places."""
    import tensorflow as tf

    decoder, places = model.layers[-1], 7
    states = decoder.initial_state(keras.ops.ones((3, places, 3)), [keras.ops.ones((3, 5))])

    def step(x: Any, *flat: Any) -> list[Any]:
        output, after = decoder.step(x, keras.tree.pack_sequence_as(states, flat))
        return [output, *keras.tree.flatten(after)]

    def open_to(one: Any) -> Any:
        return tf.TensorSpec([None, *(None if size == places else size for size in one.shape[1:])], one.dtype)

    archive = keras.export.ExportArchive()
    archive.track(model)
    features = [tf.TensorSpec((None, None, size)) for size in (2, 3)]
    archive.add_endpoint("serve", lambda *given: model(list(given)), [*features, tf.TensorSpec((None, None), tf.bool)])
    archive.add_endpoint("step", step, [tf.TensorSpec((None, 2)), *map(open_to, keras.tree.flatten(states))])
    archive.write_out(path, verbose=False)
    served = tf.saved_model.load(path)
    harness.assert_same([one.numpy() for one in served.serve(*inputs)], expected)
    states = decoder.initial_state(keras.ops.ones((2, 4, 3)), [keras.ops.ones((2, 5))])
    x = tf.constant(inputs[0][:2, 0])
    harness.assert_same([served.step(x, *keras.tree.flatten(states))[0].numpy()], [decoder.step(x, states)[0].numpy()])


def test_the_config_has_every_argument() -> None:
    options = {"order": "luong", "units": 3, "input_feeding": False, "bridge": "mean", "return_state": True}
    decoder = AttentionCell(keras.layers.GRUCell(4), Attention("dot", window="local_m", width=2), **options)
    config = decoder.get_config()
    again = AttentionCell.from_config(config)
    assert again.get_config() == config
    assert config.items() >= options.items()
    assert (type(again.cell), again.attention.width) == (keras.layers.GRUCell, 2)


# Misuse


@pytest.mark.parametrize(
    ("cell", "options", "message"),
    [
        (keras.layers.GRUCell(3, dropout=0.1), {}, "cell must have no dropout of its own, not 0.1: Keras freezes"),
        (keras.layers.LSTMCell(3, recurrent_dropout=0.2), {}, "cell must have no recurrent_dropout of its own"),
        (keras.layers.StackedRNNCells([keras.layers.GRUCell(3, dropout=0.1)]), {}, "cell must have no dropout"),
        (keras.layers.Dense(3), {}, "cell must be a Keras layer with state_size"),
        (None, {"order": "xu"}, r"order must be one of \('bahdanau', 'luong'\), not 'xu'"),
        (None, {"input_feeding": False}, "input_feeding=False cannot be combined with order='bahdanau'"),
        (None, {"units": 0}, "units must be a whole number of at least 1, not 0"),
        (None, {"bridge": "dense"}, "bridge must be None, True, False or 'mean', not 'dense'"),
        (None, {"attention": "nearest"}, "score must be one of 'dot'"),
    ],
)
def test_bad_options_are_refused(cell: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AttentionCell(cell or keras.layers.GRUCell(3), **options)


def test_bad_use_is_refused() -> None:
    inputs, memory, *_ = some_problem()
    decoder = AttentionCell(keras.layers.GRUCell(4), bridge=False)
    with pytest.raises(ValueError, match="has no weights yet"):
        decoder.initial_state(memory)
    with pytest.raises(ValueError, match="memory must be given"):
        decoder(inputs)
    with pytest.raises(ValueError, match=r"memory must be \[batch, memory_time, dim\]"):
        decoder(inputs, memory=memory[:, 0])
    with pytest.raises(ValueError, match="memory must have at least 1 place to attend to, but has 0"):
        decoder(inputs, memory=memory[:, :0])
    with pytest.raises(ValueError, match=r"inputs must be \[batch, time, features\], not \(3, 2\)"):
        decoder(inputs[:, 0], memory=memory)
    with pytest.raises(ValueError, match="inputs and memory must have one batch size, not 3 and 2"):
        decoder(inputs, memory=memory[:2])
    with pytest.raises(ValueError, match="a loop over time needs at least 1 step"):
        decoder(inputs[:, :0], memory=memory)
    with pytest.raises(ValueError, match=r"initial_state must be \[batch, size\] with the batch size of the memory, 3"):
        decoder(inputs, memory=memory, initial_state=np.ones((2, 4), "float32"))
    with pytest.raises(ValueError, match=r"must have the cell's sizes \[4\], not \[3\]; .* use bridge=True"):
        decoder(inputs, memory=memory, initial_state=np.ones((3, 3), "float32"))
    with pytest.raises(ValueError, match=r"memory_mask must have the shape of the memory .*, 5\), not \(3, 4\)"):
        decoder(inputs, memory=memory, memory_mask=np.ones((3, 4), bool))
    with pytest.raises(ValueError, match="mask must have the shape of the inputs"):
        decoder(inputs, memory=memory, mask=np.ones((3, 5), bool))

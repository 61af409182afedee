"""CRF's potentials, its arguments, and what it must keep under saving, mixed precision and compilation."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from layers.crf import CRF, log_partition, viterbi
from tests.layers import harness
from tests.layers.harness import Case

TAGS = ["O", "B-X", "I-X"]


def crf() -> CRF:
    return CRF(
        TAGS,
        "IOB2",
        transitions_initializer="he_normal",
        start_initializer="ones",
        end_initializer=keras.initializers.Constant(2),
        transitions_regularizer=keras.regularizers.L2(0.1),
    )


# Potentials of forbidden edges and masked steps are -1e9 and -1e30: no relative tolerance holds for a sum with them.
HUGE = frozenset({"gradients_are_the_finite_differences", "a_compiled_step_of_training_equals_an_eager_one"})


@keras.saving.register_keras_serializable("tests")
class Partition(keras.layers.Layer):
    """The log-partition of a CRF: all weights and inputs count in it, and its gradient is the hand-written one."""

    def __init__(self, method: str = "scan", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.method = method
        self.crf = crf()
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        self.crf.build(input_shape)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        return log_partition(self.crf(inputs, mask=mask), self.method)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        pass

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
        return keras.KerasTensor(inputs.shape[:1], dtype=self.crf.compute_output_spec(inputs).dtype)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "method": self.method}


# Brute force covers masks; each new shape is compiled anew by JAX.
OF_BATCHES = frozenset({"saved_and_loaded_it_is_the_same", *(name for name in harness.PROPERTIES if "changes" in name)})


@harness.properties(
    Case("crf", crf, harness.vectors, keeps_time=(True,), without=HUGE),
    Case("partition", Partition, harness.vectors, without=OF_BATCHES),
    Case("partition-associative", lambda: Partition("associative"), harness.vectors, without=OF_BATCHES),
)
def test_properties(holds: harness.Check) -> None:
    holds()


def test_potentials_are_what_the_docstring_says() -> None:
    layer, emissions = CRF(3), np.random.default_rng(0).normal(size=(1, 5, 3)).astype("float32")
    layer.build((None, None, 3))
    a, start, end = (np.random.default_rng(1).normal(size=w.shape).astype("float32") for w in layer.weights)
    layer.set_weights([a, start, end])
    mask = np.array([[False, True, False, True, False]])
    actual = harness.to_numpy(layer(emissions, mask=mask))[0]
    identity = np.where(np.eye(3, dtype=bool), 0, np.float32(-1e30))
    for step in (0, 2, 4):
        np.testing.assert_array_equal(actual[step], identity)
    np.testing.assert_allclose(actual[1], np.tile(start + emissions[0, 1], (3, 1)), rtol=1e-6)
    np.testing.assert_allclose(actual[3], a + emissions[0, 3] + end, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_potentials_are_float32_in_low_precision(policy: str) -> None:
    layer = CRF(TAGS, "IOB2", dtype=policy)
    potentials = layer(np.ones((2, 3, 3), "float16"), mask=np.array([[True] * 3, [False] * 3]))
    assert keras.backend.standardize_dtype(potentials.dtype) == "float32"
    assert np.isfinite(harness.to_numpy(log_partition(potentials))).all()


def test_masked_emissions_may_be_anything() -> None:
    emissions = np.array([[[1.0, 2.0], [np.nan, np.inf]]], "float32")
    potentials = CRF(2)(emissions, mask=np.array([[True, False]]))
    assert np.isfinite(harness.to_numpy(log_partition(potentials))).all()


def test_forbidden_transitions_never_come_out_and_get_no_gradient() -> None:
    layer = CRF(TAGS, scheme="IOB2")
    layer.build((None, None, 3))
    emissions = np.random.default_rng(0).normal(size=(50, 6, 3)).astype("float32") * 5
    tags = harness.to_numpy(viterbi(layer(emissions))[0])
    assert (tags[:, 0] != 2).all()
    assert not ((tags[:, :-1] == 0) & (tags[:, 1:] == 2)).any()

    def loss(values: list[Any]) -> Any:
        return keras.ops.sum(log_partition(layer.stateless_call(values, [], emissions)[0]))

    transitions, start, end = harness.gradients(loss, layer.get_weights())
    assert transitions[0, 2] == 0
    assert start[2] == 0
    assert (np.abs(transitions).sum(), np.abs(end).sum()) > (0, 0)


def test_own_rules_are_kept() -> None:
    allowed = np.array([[True, False], [True, True]]), np.array([True, True]), np.array([True, False])
    layer = CRF(2, allowed=allowed)
    twin = CRF.from_config(layer.get_config())
    for one in (layer, twin):
        one.build((None, None, 2))
        potentials = harness.to_numpy(one(np.zeros((1, 2, 2), "float32")))
        np.testing.assert_array_equal(potentials[0, 1] < -1e8, [[False, True], [False, True]])


def test_initializers_and_regularizer_are_used() -> None:
    layer = CRF(3, None, None, "ones", keras.initializers.Constant(2), keras.initializers.Constant(3), "l2")
    layer.build((None, None, 3))
    for weight, value in zip(layer.get_weights(), (1, 2, 3), strict=True):
        np.testing.assert_array_equal(weight, np.full_like(weight, value))
    np.testing.assert_allclose([harness.to_numpy(loss) for loss in layer.losses], [0.01 * 9], rtol=1e-6)


@pytest.mark.parametrize("tags", [1, 0, 2.0, "BIO", ["O"], [1, 2], True])
def test_tags_that_are_no_number_or_names_are_refused(tags: Any) -> None:
    with pytest.raises(ValueError, match="tags must be a whole number of at least 2, or as many names, not"):
        CRF(tags)


def test_rules_that_do_not_fit_are_refused() -> None:
    allowed = np.ones((3, 3), bool), np.ones(3, bool), np.ones(3, bool)
    with pytest.raises(ValueError, match="tags must be names, such as 'B-PER', for the scheme IOB2, not a number"):
        CRF(3, "IOB2")
    with pytest.raises(ValueError, match="allowed must be None when a scheme is given"):
        CRF(TAGS, "IOB2", allowed)
    with pytest.raises(ValueError, match=r"allowed must be three boolean arrays, transitions \[4, 4\], start \[4\]"):
        CRF(4, allowed=allowed)
    with pytest.raises(ValueError, match="allowed must be three boolean arrays, as from allowed_transitions, not 3"):
        CRF(3, allowed=3)
    with pytest.raises(ValueError, match="allowed must be three boolean arrays"):
        CRF(3, allowed=[part.astype(int) for part in allowed])


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4), (2, 3, 3, 3)])
def test_inputs_that_are_no_emissions_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"inputs must be \[batch, time, 3\], a score for each of the tags, not"):
        CRF(3)(np.zeros(shape, "float32"))


def test_bad_masks_are_refused() -> None:
    with pytest.raises(ValueError, match="mask must have the shape of the inputs without features"):
        CRF(3)(np.zeros((2, 4, 3), "float32"), mask=np.ones((2, 3), bool))
    with pytest.raises(ValueError, match="mask must be boolean, not float32"):
        CRF(3)(np.zeros((2, 4, 3), "float32"), mask=np.ones((2, 4), "float32"))


def test_it_takes_the_mask_that_keras_passes_on_and_ends_it() -> None:
    embedded = keras.layers.Embedding(5, 3, mask_zero=True)(np.array([[1, 2, 0, 0]]))
    layer = CRF(3)
    potentials = layer(embedded)
    explicit = layer(harness.to_tensor(harness.to_numpy(embedded)), mask=np.array([[True, True, False, False]]))
    np.testing.assert_array_equal(harness.to_numpy(potentials), harness.to_numpy(explicit))
    assert getattr(potentials, "_keras_mask", None) is None

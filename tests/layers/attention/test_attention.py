"""Attention: its options against the papers' equations in numpy, over the unmasked steps and places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layers.attention import AdditiveScore, Attention, LocationScore, ReinforceLoss, coverage_loss
from layers.attention import selection as choose
from tests.layers import harness
from tests.layers.attention import reference
from tests.layers.attention.adapters import OverItself, randomized
from tests.layers.harness import Case

pytestmark = pytest.mark.filterwarnings("ignore:You are using a softmax over axis:UserWarning")
Array = np.ndarray


def parallel() -> OverItself:
    return OverItself(Attention("general", window="local_p", width=2))


@harness.properties(Case("local_p", parallel, harness.vectors, keeps_time=(True,)))
def test_properties(holds: harness.Check) -> None:
    holds()


# Against the papers


@st.composite
def problems(draw: st.DrawFn) -> tuple[Array, Array, Array, Array, Array]:
    """Query, key, value and both masks, `[2, 3 or 4, 2]`, `[2, 5, 3]`, `[2, 5, 4]`."""
    rng, steps = np.random.default_rng(draw(st.integers(0, 2**32 - 1))), draw(st.integers(3, 4))
    arrays = [rng.normal(size=(2, *shape)).astype("float32") for shape in ((steps, 2), (5, 3), (5, 4))]
    query, key, value = arrays
    return query, key, value, draw(hnp.arrays(bool, (2, 5))), draw(hnp.arrays(bool, (2, steps)))


def built(score: Any = "additive", scale: float = 1.0, **options: Any) -> Attention:
    """An attention for these problems, with weights away from zero."""
    attention = Attention(score, **options)
    attention.build((None, None, 2), (None, None, 4), (None, None, 3))
    return randomized(attention, scale)


def attend(attention: Attention, problem: Any, **options: Any) -> list[Array]:
    query, key, value, mask, query_mask = map(harness.to_tensor, problem)
    outputs = attention(query, value, key=key, mask=mask, query_mask=query_mask, **options)
    return [harness.to_numpy(output) for output in outputs]


def named(attention: Attention) -> dict[str, Array]:
    return {variable.name: harness.to_numpy(variable).astype("float64") for variable in attention.trainable_variables}


def energies(w: dict[str, Array], query: Array, key: Array, features: Any = 0) -> Array:
    """v^T tanh(W q + U k + b + features) of one example."""
    hidden = (query @ w["query_kernel"])[:, None] + key @ w["key_kernel"] + w["bias"] + features
    return np.tanh(hidden) @ w["vector"][:, 0]


Weigh = Callable[[dict[str, Array], Array, Array], Array]  # weights of one example without masks


def assert_is(attention: Attention, problem: Any, weigh: Weigh, **options: Any) -> None:
    """Weights and contexts are those of the unmasked steps and places, and 0 elsewhere."""
    context, weights = attend(attention, problem, **options)[:2]
    w = named(attention)
    for actual_c, actual, query, key, value, mask, real in zip(context, weights, *problem, strict=True):
        expected, compact = np.zeros((len(query), len(key))), weigh(w, query[real], key[mask])
        expected[np.ix_(real, mask)] = compact
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(actual_c, expected @ value, rtol=1e-4, atol=1e-4)


def soft(w: dict[str, Array], query: Array, key: Array) -> Array:
    return np.array([reference.softmax(row) for row in energies(w, query, key)]).reshape(len(query), len(key))


def hard(w: dict[str, Array], query: Array, key: Array) -> Array:
    return np.array([row == row.max() for row in soft(w, query, key) if len(row)]).reshape(len(query), len(key))


def local_m(w: dict[str, Array], query: Array, key: Array) -> Array:
    return reference.local_m(energies(w, query, key), 1)


def local_p(w: dict[str, Array], query: Array, key: Array) -> Array:
    logits = np.tanh(query @ w["place_kernel"]) @ w["place_vector"][:, 0]
    return reference.local_p(energies(w, query, key), logits, 2)


def greedy(w: dict[str, Array], query: Array, key: Array) -> Array:
    return reference.greedy_monotonic(energies(w, query, key) + w["monotonic_bias"])


def expected_monotonic(w: dict[str, Array], query: Array, key: Array) -> Array:
    return reference.monotonic(energies(w, query, key) + w["monotonic_bias"])


def covered(w: dict[str, Array], query: Array, key: Array, fertility: Any = 1) -> Array:
    """See et al. (2017), equation 11; with the fertility, Tu et al. (2016), equations 8 and 9."""
    coverage, weights = np.zeros(len(key)), np.zeros((len(query), len(key)))
    for i, one in enumerate(query):
        features = (coverage / fertility)[:, None] * w["coverage_kernel"]
        weights[i] = reference.softmax(energies(w, one[None], key, features)[0])
        coverage = coverage + weights[i]
    return weights


def fertile(w: dict[str, Array], query: Array, key: Array) -> Array:
    return covered(w, query, key, 3 * reference.sigmoid(key @ w["fertility_vector"][:, 0]))


def located(cumulative: bool) -> Weigh:
    """Chorowski et al. (2015), equations 8 and 9, the convolution written out."""

    def weigh(w: dict[str, Array], query: Array, key: Array) -> Array:
        past, weights = np.zeros(len(key)), np.zeros((len(query), len(key)))
        for i, one in enumerate(query):
            padded = np.pad(past, 1)
            f = np.array([padded[j : j + 3] @ w["location_filters"][:, 0] for j in range(len(key))]).reshape(-1, 2)
            weights[i] = reference.softmax(energies(w, one[None], key, f @ w["location_kernel"])[0])
            past = past + weights[i] if cumulative else weights[i]
        return weights

    return weigh


OPTIONS: dict[str, tuple[dict[str, Any], Weigh]] = {
    "soft": ({}, soft),
    "hard": ({"selection": "hard"}, hard),
    "reinforce": ({"selection": "reinforce"}, hard),
    "local_m": ({"window": "local_m", "width": 1}, local_m),
    "local_p": ({"window": "local_p", "width": 2}, local_p),
    "greedy": ({"selection": "monotonic", "scale": 2.0}, greedy),
    "coverage": ({"coverage": "sum"}, covered),
    "fertility": ({"coverage": "fertility", "fertility": 3.0}, fertile),
    "location": ({"score": LocationScore(4, 2, 3)}, located(False)),
    "cumulative": ({"score": LocationScore(4, 2, 3, cumulative=True)}, located(True)),
}
PARALLEL = ("soft", "hard", "reinforce", "local_m", "local_p")


@pytest.mark.parametrize("name", PARALLEL)
def test_it_is_the_papers_equations(name: str) -> None:
    options, weigh = OPTIONS[name]
    attention = built(**options)

    @harness.tried
    @given(problems())
    def holds(problem: Any) -> None:
        assert_is(attention, problem, weigh)

    holds()


def some_problem(seed: int, steps: int = 4) -> tuple[Array, ...]:
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=(4, *shape)).astype("float32") for shape in ((steps, 2), (5, 3), (5, 4))]
    mask, query_mask = rng.random((4, 5)) < 0.7, rng.random((4, steps)) < 0.8
    mask[0] = query_mask[1] = False
    return (*arrays, mask, query_mask)


@pytest.mark.parametrize("name", [name for name in OPTIONS if name not in PARALLEL])
def test_step_after_step_it_is_the_papers_equations(name: str) -> None:
    options, weigh = OPTIONS[name]
    attention = built(**options)
    for seed in range(3):
        assert_is(attention, some_problem(seed), weigh)


def test_monotonic_attention_in_training_is_the_expectation() -> None:
    attention = built(selection="monotonic", noise=0.0)
    for seed in range(3):
        assert_is(attention, some_problem(seed), expected_monotonic, training=True)


@pytest.mark.parametrize("scale", [1, 100])
def test_the_expectation_is_exact_and_finite_however_sure_it_is(scale: float) -> None:
    """Where the cumulative product underflows, and clipping it would divide by the clip."""
    scores = scale * np.random.default_rng(0).normal(size=(1, 3, 40)) - scale
    before = keras.ops.convert_to_tensor(np.eye(1, 40), "float32")
    expected = reference.monotonic(scores[0])
    for step in range(3):
        one, mask = keras.ops.convert_to_tensor(scores[:, step : step + 1], "float32"), np.ones((1, 40), bool)
        weights = choose.expected_monotonic(one, harness.to_tensor(mask), before)
        before = weights[:, 0]
        np.testing.assert_allclose(harness.to_numpy(before)[0], expected[step], rtol=2e-3, atol=1e-6)


def test_monotonic_noise_is_drawn_in_training_only() -> None:
    attention, problem = built(selection="monotonic", seed=3), some_problem(0)
    first, second, use, again = (attend(attention, problem, training=how)[1] for how in (True, True, False, False))
    assert np.abs(first - second).max() > 1e-3
    np.testing.assert_array_equal(use, again)


def test_one_step_is_a_sequence_of_one() -> None:
    attention, (query, key, value, mask, _) = built(), some_problem(0)
    whole = attend(attention, (query, key, value, mask, None))
    one = attend(attention, (query[:, 1], key, value, mask, None))
    harness.assert_same(one, [output[:, 1] for output in whole])


@pytest.mark.parametrize(
    "options", [{"window": "local_p", "width": 1}, {"coverage": "sum"}, {"selection": "monotonic"}]
)
def test_a_fully_masked_memory_has_finite_gradients(options: dict[str, Any]) -> None:
    attention, (query, key, value, mask, _) = built(**options), some_problem(0)
    assert not mask[0].any()

    def loss(values: list[Any]) -> Any:
        context, _ = attention(values[0], values[2], key=values[1], mask=harness.to_tensor(mask), training=True)
        return keras.ops.sum(keras.ops.square(context))

    slopes = harness.gradients(loss, [query, key, value])
    assert all(np.isfinite(slope).all() for slope in slopes)
    assert all((slope[0] == 0).all() for slope in slopes)
    assert all((slope != 0).any() for slope in slopes)


# Hard attention


def test_straight_through_is_one_hot_forward_and_soft_backward() -> None:
    scores = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    factors = harness.to_tensor(np.arange(15, dtype="float32").reshape(3, 5))

    def passed(values: list[Any]) -> Any:
        return keras.ops.sum(choose.straight_through(keras.ops.softmax(values[0])) * factors)

    def softly(values: list[Any]) -> Any:
        return keras.ops.sum(keras.ops.softmax(values[0]) * factors)

    one_hot = harness.to_numpy(choose.straight_through(keras.ops.softmax(harness.to_tensor(scores))))
    np.testing.assert_array_equal(one_hot, scores == scores.max(-1, keepdims=True))
    np.testing.assert_allclose(*(harness.gradients(loss, [scores])[0] for loss in (passed, softly)), rtol=1e-5)


def test_samples_have_the_weights_frequencies_and_are_never_masked() -> None:
    weights = np.array([0.0, 0.5, 0.0, 0.2, 0.3, 0.0], "float32")
    uniform = np.linspace(0, 1, 1000, endpoint=False, dtype="float32")[:, None]
    drawn = harness.to_numpy(choose.sampled(harness.to_tensor(np.tile(weights, (1000, 1))), harness.to_tensor(uniform)))
    np.testing.assert_allclose(drawn.mean(0), weights, atol=2e-3)
    assert (drawn.sum(-1) == 1).all()
    none = choose.sampled(harness.to_tensor(0 * weights[None]), harness.to_tensor(uniform[:1]))
    assert (harness.to_numpy(none) == 0).all()


def test_log_probability_and_entropy_are_those_of_the_places_drawn() -> None:
    problem = some_problem(1)
    w = soft_weights = attend(built(), problem)[1]
    _, chosen, log_probability, entropy = attend(built(selection="reinforce", seed=1), problem, training=True)
    assert set(np.unique(chosen)) == {0, 1}
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_allclose(log_probability, np.nansum(np.where(chosen > 0, np.log(w), 0), -1), rtol=1e-4)
        np.testing.assert_allclose(entropy, -np.nansum(soft_weights * np.log(w), -1), rtol=1e-4, atol=1e-6)


def test_reinforce_estimates_the_gradient_of_the_expected_reward() -> None:
    """One query over three places with rewards 1, -2 and 5: the mean of many samples against the exact gradient."""
    size, scores, rewards = 20000, np.array([0.3, -0.4, 0.1], "float32"), keras.ops.array([1.0, -2.0, 5.0])
    uniform = np.random.default_rng(0).random((size, 1, 1)).astype("float32")

    def estimate(values: list[Any]) -> Any:
        weights = keras.ops.softmax(keras.ops.broadcast_to(values[0], (size, 1, 3)))
        chosen = choose.sampled(weights, harness.to_tensor(uniform))
        reward = keras.ops.sum(chosen * rewards, axis=(1, 2))
        log_probability, entropy = choose.log_probability(weights, chosen), choose.entropy(weights)
        return keras.ops.mean(ReinforceLoss(entropy_weight=0.5)(log_probability, entropy, reward))

    def exact(values: list[Any]) -> Any:
        weights = keras.ops.softmax(values[0])
        return -keras.ops.sum(weights * rewards) - 0.5 * choose.entropy(weights)

    np.testing.assert_allclose(*(harness.gradients(loss, [scores])[0] for loss in (estimate, exact)), atol=0.04)


def test_the_baseline_follows_the_rewards_in_training_only() -> None:
    loss, one = ReinforceLoss(decay=0.9, reward_weight=2.0, entropy_weight=0.1), np.ones((2, 3), "float32")
    mask = np.array([[True, True, False]] * 2)

    def call(rewards: list[float], training: bool) -> list[float]:
        rewards = np.array(rewards, "float32")
        return harness.to_numpy(loss(-one, one, rewards, mask=mask, training=training)).tolist()

    assert call([1, 3], True) == pytest.approx([-4 - 0.2, 4 - 0.2])
    for _ in range(2):
        assert call([7, 7], False) == pytest.approx([2 * 5 * 2 - 0.2] * 2)
    call([7, 7], True)
    assert call([0, 0], False) == pytest.approx([2 * -(0.9 * 2 + 0.7) * 2 - 0.2] * 2)
    assert ReinforceLoss.from_config(loss.get_config()).get_config() == loss.get_config()
    with pytest.raises(ValueError, match="decay must be at least 0 and below 1, not 1"):
        ReinforceLoss(decay=1)


# Coverage


def test_the_coverage_loss_is_see_s_equation() -> None:
    weights = np.random.default_rng(0).random((2, 4, 3)).astype("float32")
    mask = np.array([[1, 1, 0, 1], [0] * 4], bool)
    covered_, total = np.zeros(3), 0.0
    for step in (0, 1, 3):
        total += np.minimum(weights[0, step], covered_).sum()
        covered_ += weights[0, step]
    actual = harness.to_numpy(coverage_loss(weights, harness.to_tensor(mask)))
    np.testing.assert_allclose(actual, [total / 3, 0], rtol=1e-5)


def test_the_coverage_penalty_is_added_to_the_loss() -> None:
    attention, problem = built(coverage="sum", coverage_penalty=0.5), some_problem(0)
    weights = attend(attention, problem)[1]
    expected = 0.5 * harness.to_numpy(coverage_loss(weights, harness.to_tensor(problem[4]))).mean()
    np.testing.assert_allclose([harness.to_numpy(loss) for loss in attention.losses], [expected], rtol=1e-5)


# Use and misuse


def test_the_config_has_every_argument() -> None:
    options: dict[str, Any] = {
        "window": "local_p",
        "width": 2,
        "selection": "hard",
        "coverage": "fertility",
        "coverage_penalty": 0.1,
        "fertility": 3.0,
        "seed": 4,
    }
    for given_ in (options, {"selection": "monotonic", "noise": 0.5, "bias": -2.0}):
        attention = Attention(AdditiveScore(3), **given_)
        again = Attention.from_config(attention.get_config())
        assert again.get_config() == attention.get_config()
        assert isinstance(again.score, AdditiveScore)
        assert attention.get_config().items() >= given_.items()


def test_a_compiled_model_trains_with_noise_and_samples() -> None:
    for selection in ("monotonic", "reinforce"):
        query, value = keras.Input((None, 2)), keras.Input((None, 4))
        outputs = Attention("general", selection=selection)(query, value)
        model = keras.Model([query, value], outputs[2] if selection == "reinforce" else outputs[0])
        model.compile("sgd", "mse", jit_compile=False)
        for batch, steps, places in ((2, 3, 5), (1, 2, 4)):
            inputs = [np.ones((batch, steps, 2)), np.ones((batch, places, 4))]
            assert np.isfinite(model.train_on_batch(inputs, np.ones((batch, steps, 4)[: len(model.output_shape)])))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": "dots"}, "score must be one of 'dot', .*'location' or a Score, not 'dots'"),
        ({"window": "local"}, "window must be one of .*, not 'local'"),
        ({"selection": "sparse"}, "selection must be one of .*, not 'sparse'"),
        ({"coverage": True}, "coverage must be one of .*, not True"),
        ({"width": 2}, "width cannot be combined with window='global'"),
        ({"window": "local_m"}, "width must be a whole number of at least 1, not None"),
        ({"window": "local_p", "width": 2, "selection": "monotonic"}, "window='local_p' cannot be combined with selec"),
        ({"score": "dot", "coverage": "sum"}, "coverage='sum' cannot be combined with DotScore"),
        ({"coverage_penalty": -1}, "coverage_penalty must be 0 or more, not -1"),
        ({"selection": "monotonic", "noise": -1}, "noise must be 0 or more, not -1"),
        ({"coverage": "fertility", "score": "additive", "fertility": 0}, "fertility must be positive, not 0"),
        ({"noise": 0.5}, "noise cannot be combined with selection='soft', only 'monotonic'"),
        ({"bias": 0.5, "selection": "hard"}, "bias cannot be combined with selection='hard'"),
        (
            {"fertility": 1.0, "score": "additive", "coverage": "sum"},
            "fertility cannot be combined with coverage='sum'",
        ),
    ],
)
def test_bad_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Attention(**options)


def test_inputs_that_do_not_fit_are_refused() -> None:
    query, value = np.ones((2, 3, 4), "float32"), np.ones((2, 5, 4), "float32")
    attention = Attention()
    attention(query, value)
    with pytest.raises(ValueError, match=r"query must be \[batch, .*, and value \[batch, time, dim\], not .* \(2, 4\)"):
        attention(query, value[:, 0])
    with pytest.raises(ValueError, match="query and value must have one batch size, not 2 and 1"):
        attention(query, value[:1])
    with pytest.raises(ValueError, match=r"value must have at least 1 place to attend to, .* \(2, 0, 4\)"):
        attention(query, value[:, :0])
    with pytest.raises(ValueError, match=r"key must have the batch and time of the value, \(2, 5\), not \(2, 3\)"):
        attention(query, value, key=query)
    with pytest.raises(ValueError, match=r"weights must be \[batch, query_time, time\]"):
        coverage_loss(query[0])


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((2, 3), (2, 3), (2, 1)), r"reward must be of shape \(2,\), like log_probability, not \(2, 1\)"),
        (((2, 3), (2, 1), (2,)), r"entropy must be of shape \(2, 3\), like log_probability, not \(2, 1\)"),
        (((2,), (2,), (2,)), r"log_probability must be \[batch, query_time\]"),
    ],
)
def test_a_reward_of_another_shape_is_refused(shapes: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ReinforceLoss()(*(np.ones(shape, "float32") for shape in shapes))


def test_a_symbolic_memory_of_no_places_is_refused() -> None:
    with pytest.raises(ValueError, match="value must have at least 1 place to attend to, but has 0"):
        Attention()(keras.Input((3, 4)), keras.Input((0, 4)))


def test_bad_masks_are_refused() -> None:
    query, value = np.ones((2, 3, 4), "float32"), np.ones((2, 5, 4), "float32")
    with pytest.raises(ValueError, match=r"mask must have the shape of the value without .* \(2, 5\), not \(2, 3\)"):
        Attention()(query, value, mask=np.ones((2, 3), bool))
    with pytest.raises(ValueError, match=r"query_mask must have the shape of the query .* \(2, 3\), not \(2, 5\)"):
        Attention()(query, value, query_mask=np.ones((2, 5), bool))
    with pytest.raises(ValueError, match="query_mask must be boolean"):
        Attention()(query, value, query_mask=np.ones((2, 3), "int32"))
    with pytest.raises(ValueError, match="query_mask is for queries"):
        Attention()(query[:, 0], value, query_mask=np.ones((2,), bool))

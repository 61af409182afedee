"""The knobs refuse what cannot be meant, naming the option."""

import dataclasses
import math

import pytest

from apps.core.config import TrainingConfig
from apps.core.errors import InputError


def test_defaults_are_good():
    config = TrainingConfig()
    assert config == TrainingConfig(**dataclasses.asdict(config))
    assert config.data == "sample"


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("learning_rate", value) for value in (0, -1e-3, math.inf, math.nan)),
        *((name, value) for name in ("epochs", "patience", "batch_size", "seeds") for value in (0, -1)),
        *((name, value) for name in ("weight_decay", "clip_norm", "seed") for value in (-1, math.nan)),
        *(("ema", value) for value in (1, 1.5, -0.1, math.nan)),
    ],
)
def test_what_cannot_be_meant(option, value):
    with pytest.raises(InputError) as caught:
        TrainingConfig(**{option: value})
    assert str(caught.value).startswith(f"--{option.replace('_', '-')}: must")
    assert str(caught.value).endswith(f"not {value!r}")


@pytest.mark.parametrize(
    ("option", "value"),
    [("epochs", 1), ("seeds", 1), ("seed", 0), ("weight_decay", 0), ("clip_norm", 0), ("ema", 0), ("ema", 0.9999)],
)
def test_what_is_just_right(option, value):
    assert getattr(TrainingConfig(**{option: value}), option) == value


def test_a_configuration_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().seed = 2


def test_differences():
    assert TrainingConfig().differences(TrainingConfig()) == []
    assert TrainingConfig(epochs=3, data="a.tsv").differences(TrainingConfig(epochs=4)) == ["data", "epochs"]

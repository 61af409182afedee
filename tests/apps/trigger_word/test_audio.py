"""Sound files of every kind, and every way in which they can be damaged."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.errors import InputError
from apps.trigger_word import audio
from apps.trigger_word.audio import SHORTEST, Levels, read_audio, read_blocks, resample, warn_of
from apps.trigger_word.config import RATE

from .recordings import silence, told, tone, write


def error_of(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_audio(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


def closeness(samples: np.ndarray, wanted: np.ndarray) -> float:
    """Correlation, without the filter's edges."""
    return float(np.corrcoef(samples[800:-800], wanted[800:-800])[0, 1])


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("channels", [1, 2])
def test_any_rate_and_channels(rate: int, channels: int, tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.stack([tone(0.5, rate)] * channels, axis=1), rate)
    samples = read_audio(path)
    assert samples.dtype == np.float32
    assert samples.shape == (RATE // 2,)
    assert closeness(samples, tone(0.5)) > 0.999


def test_what_is_above_half_the_rate_is_filtered_and_not_folded(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0.5, 48_000, frequency=11_000), 48_000)
    assert np.abs(read_audio(path)[800:-800]).max() < 0.003


@pytest.mark.parametrize(
    ("name", "subtype", "close"),
    [
        ("a.wav", "PCM_U8", 0.999),
        ("a.wav", "PCM_16", 0.999),
        ("a.wav", "PCM_24", 0.9999),
        ("a.wav", "PCM_32", 0.9999),
        ("a.wav", "FLOAT", 0.9999),
        ("a.wav", "DOUBLE", 0.9999),
        ("a.wav", "ULAW", 0.99),
        ("a.flac", "PCM_24", 0.9999),
        ("a.ogg", "VORBIS", 0.99),
        ("a.ogg", "OPUS", 0.9),
    ],
)
def test_every_format(name: str, subtype: str, close: float, tmp_path: Path) -> None:
    assert closeness(read_audio(write(tmp_path / name, tone(0.5), subtype=subtype)), tone(0.5)) > close


def test_channels_are_mixed_down(tmp_path: Path) -> None:
    both = np.stack([tone(0.5), -tone(0.5) / 3], axis=1)
    assert np.allclose(read_audio(write(tmp_path / "a.wav", both, subtype="FLOAT")), tone(0.5) / 3, atol=1e-6)


def test_a_part_of_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", np.arange(RATE) / RATE, subtype="FLOAT")
    assert np.array_equal(read_audio(path, 0.25, 0.5), read_audio(path)[RATE // 4 : RATE // 2])
    assert len(read_audio(path, 0.5)) == RATE // 2


def test_float_beyond_full_scale_is_limited(tmp_path: Path) -> None:
    samples = read_audio(write(tmp_path / "a.wav", 9 * tone(0.5), subtype="FLOAT"))
    assert samples.max() == 1
    assert samples.min() == -1
    assert Levels.of(samples).is_clipped


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_a_number(value: float, tmp_path: Path) -> None:
    samples = tone(0.5)
    samples[7:10] = value
    message = error_of(write(tmp_path / "a.wav", np.concatenate([tone(1.0), samples]), subtype="FLOAT"))
    assert message == "NaN or infinity among its samples, first at 1.00 s; export it anew"


def test_floats_at_the_scale_of_integers(tmp_path: Path) -> None:
    message = error_of(write(tmp_path / "a.wav", 32767 * tone(0.5), subtype="FLOAT"))
    assert message == "its float samples must be in [-1, 1], not up to 9.83e+03; divide int16 ones by 32768"


def test_shorter_than_a_frame(tmp_path: Path) -> None:
    assert "only 31 ms of sound, shorter than a frame of 32 ms" in error_of(
        write(tmp_path / "a.wav", tone(1)[: SHORTEST - 12])
    )
    assert "only 0 ms of sound" in error_of(write(tmp_path / "b.wav", tone(0)))
    assert len(read_audio(write(tmp_path / "c.wav", tone(1)[:SHORTEST]))) == SHORTEST


def test_what_is_no_sound_file(tmp_path: Path) -> None:
    assert error_of(tmp_path / "missing.wav") == "no such file; check the path"
    assert error_of(tmp_path) == "is a folder; name a sound file"
    for name, content in (("empty.wav", b""), ("text.flac", b"no sound at all" * 9), ("a.raw", bytes(999))):
        (tmp_path / name).write_bytes(content)
        assert ("the file is empty" if not content else "not readable as sound (") in error_of(tmp_path / name)


def test_a_rate_that_is_not_possible(tmp_path: Path) -> None:
    assert "an impossible rate of 99 samples a second" in error_of(write(tmp_path / "a.wav", tone(1), 99))


@cache
def whole_file(kind: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, tone(0.2), RATE, format=kind, subtype="FLOAT" if kind == "WAV" else None)
    return file.getvalue()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["WAV", "FLAC", "OGG"]),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8),
    header=st.booleans(),
    kept=st.one_of(st.just(1.0), st.floats(0, 1)),
)
def test_damage_is_an_input_error_or_nothing(
    kind: str, changes: list[tuple[float, int]], header: bool, kept: float, tmp_path: Path
) -> None:
    content = bytearray(whole_file(kind))
    for place, value in changes:
        content[round(place * (min(len(content), 200) - 1 if header else len(content) - 1))] = value
    path = tmp_path / f"damaged.{kind.lower()}"
    path.write_bytes(content[: round(kept * len(content))])
    samples, told_of = read_or_error(path)
    if told_of:
        assert told_of.startswith(f"{path}: ")
        assert "\n" not in told_of
    else:
        assert samples.dtype == np.float32
        assert np.abs(samples).max() <= 1
        assert len(samples) >= SHORTEST


def read_or_error(path: Path) -> tuple[np.ndarray, str]:
    """A file's samples, or none and what is told of it."""
    try:
        return read_audio(path), ""
    except InputError as error:
        return silence(0), str(error)


@given(content=st.binary(max_size=200))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_at_all(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "junk.wav"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"junk\.wav: "):
        read_audio(path)


def test_resampling_keeps_time_and_level() -> None:
    wanted = tone(1.0)
    assert np.array_equal(resample(wanted, RATE), wanted)
    back = resample(resample(wanted, RATE, 44_100), 44_100)
    assert len(back) == RATE
    assert np.abs(back - wanted)[800:-800].max() < 0.003


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 44_100, 48_000])
def test_blocks_are_the_whole(rate: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tone across the borders of blocks, with a rest at the end that fills none."""
    path = write(tmp_path / "a.wav", tone(1.0, rate)[: rate - 37], rate, subtype="FLOAT")
    whole = read_audio(path)
    monkeypatch.setattr(audio, "BLOCK", 3_000)
    blocks = list(read_blocks(path))
    assert len(blocks) > 2
    assert max(map(len, blocks)) < 10_000
    np.testing.assert_allclose(np.concatenate(blocks), whole, atol=1e-6)
    parts = np.concatenate(list(read_blocks(path, 0.25, 0.75)))
    monkeypatch.undo()
    np.testing.assert_allclose(parts, read_audio(path, 0.25, 0.75), atol=1e-6)


def test_silent_and_clipped_recordings_are_warned_of(tmp_path: Path) -> None:
    loud = np.clip(5 * tone(0.5), -1, 1)
    assert not Levels.of(tone(0.5, level=2e-4)).is_silent
    assert not Levels.of(tone(0.5, level=0.99)).is_clipped
    with told() as texts:
        for name, samples in (("fine", tone(0.5)), ("off", silence(0.5)), ("loud", loud)):
            levels = Levels()
            for block in np.array_split(samples, 3):
                levels.add(block)
            warn_of(levels, write(tmp_path / name, samples, format="WAV"))
    assert [text.removeprefix(f"{tmp_path}/") for text in texts] == [
        "off: silence only; was the microphone on?",
        "loud: clipped; record it at a lower level",
    ]


def test_a_wav_that_was_cut_off_is_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(2.0))
    content = path.read_bytes()
    with told() as texts:
        warn_of(Levels.of(read_audio(path)), path)
    assert not texts
    path.write_bytes(content[: len(content) // 2])
    with told() as texts:
        warn_of(Levels.of(read_audio(path)), path)
    assert texts == [f"{path}: ends before its header says; was it copied to its end?"]


def test_a_wav_from_a_pipe_is_not_cut_off(tmp_path: Path) -> None:
    path = write(tmp_path / "a.wav", tone(0.5))
    content = path.read_bytes()
    path.write_bytes(content[:4] + b"\xff" * 4 + content[8:])
    with told() as texts:
        warn_of(Levels.of(read_audio(path)), path)
    assert not texts

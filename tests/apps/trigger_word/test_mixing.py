"""Training streams: where the words are, what else is in them, and how fast they are made."""

from __future__ import annotations

import time
from functools import cache

import numpy as np

from apps.trigger_word.clips import Clip, load, load_word
from apps.trigger_word.config import RATE, Config
from apps.trigger_word.data import read_splits
from apps.trigger_word.mixing import Mixed, Mixer, around, piece

from .recordings import silence, tone

SIZE = 6 * RATE
SHARES = (slice(14, 27), slice(60, 105))
"""Bins of 25 Hz around 500 and 2,000 Hz, whatever the speed and pitch."""


@cache
def mixer(**options: float) -> Mixer:
    config = Config(**options)  # type: ignore[arg-type]
    return Mixer(read_splits(config).train, ("chime",), config)


def mixed(count: int, **options: float) -> list[Mixed]:
    return [mixer(**options).mix(np.random.default_rng(seed)) for seed in range(count)]


def word(frequency: float) -> Clip:
    samples = np.concatenate([silence(0.2), tone(0.5, frequency=frequency), silence(0.2)])
    return Clip(f"{frequency}", "keyword", f"{frequency:g}", samples=(samples * 32767).astype(np.int16))


def noise_clip(kind: str) -> Clip:
    samples = np.random.default_rng(0).standard_normal(RATE) * 1000
    return Clip(kind, kind, samples=samples.astype(np.int16))  # type: ignore[arg-type]


def test_streams_are_as_long_as_wanted_and_within_full_scale() -> None:
    for stream in mixed(40, stream_seconds=3.0):
        assert stream.samples.dtype == np.float32
        assert stream.samples.shape == (3 * RATE,)
        assert np.isfinite(stream.samples).all()
        assert np.abs(stream.samples).max() <= 1
        assert all(index == 0 and 0 < end <= 3 * RATE for index, end in stream.ends)


def test_the_same_generator_gives_the_same_stream() -> None:
    for one, two in zip(mixed(3), mixed(3), strict=True):
        assert one.ends == two.ends
        assert np.array_equal(one.samples, two.samples)
    assert not np.array_equal(mixed(2)[0].samples, mixed(2)[1].samples)


def test_recordings_are_left_as_they_are() -> None:
    clips = [*mixer().words[0], *mixer().speech, *mixer().noises]
    before = [load(clip).sum() for clip in clips]
    mixed(20)
    assert [load(clip).sum() for clip in clips] == before


def test_the_share_of_streams_with_words() -> None:
    some = [len(stream.ends) for stream in mixed(150)]
    assert 0.4 < np.mean([number > 0 for number in some]) < 0.7
    assert max(some) >= 2
    assert not any(stream.ends for stream in mixed(30, keyword_share=0.0))


def test_ends_are_the_ends_of_the_words() -> None:
    """Of two tones as words, in noise that cannot be heard, each stops where its end is noted."""
    clips = [word(500), word(2000), noise_clip("speech"), noise_clip("noise")]
    config = Config(snr_low=60.0, snr_high=60.0, reverberation=0.0, keyword_share=1.0)
    checked = 0
    for seed in range(40):
        stream = Mixer(clips, ("500", "2000"), config).mix(np.random.default_rng(seed))
        for index, end in stream.ends:
            last, after = (stream.samples[end + round(at * RATE) :][:640] for at in (-0.06, 0.01))
            low, high = (np.abs(np.fft.rfft(last * np.hanning(len(last))))[band].max() for band in SHARES)
            assert (low > 3 * high) if index == 0 else (high > 3 * low)
            checked += len(after) == 640 and np.abs(after).max() < 0.2 * np.abs(last).max()
    assert checked > 12


def test_a_hard_sound_becomes_a_part_of_the_stream() -> None:
    hard = tone(1.0, frequency=3000)
    silent = mixer(snr_low=90.0, snr_high=90.0, keyword_share=0.0)
    for seed in range(5):
        stream = silent.mix(np.random.default_rng(seed), hard)
        found = np.correlate(stream.samples[: 2 * RATE], hard[:2000], "valid").max()
        assert found > 0.5 * 2000 * 0.3 * np.abs(stream.samples[RATE // 2 : RATE]).max() / 2
        assert not stream.ends


def test_parts_of_a_word_are_too_little_to_be_the_word() -> None:
    one = mixer()
    for seed in range(30):
        part = one.draw_part(np.random.default_rng(seed))
        lengths = [load_word(clip).end - load_word(clip).begin for clip in one.words[0]]
        assert 0.29 * min(lengths) <= len(part) <= 0.61 * max(lengths)


def test_signal_to_noise_ratio_orders_streams() -> None:
    """Louder noise under the same voices."""
    quiet, loud = mixed(10, snr_low=30.0, snr_high=30.0), mixed(10, snr_low=0.0, snr_high=0.0)
    floors = [[np.percentile(np.abs(stream.samples), 20) for stream in streams] for streams in (quiet, loud)]
    assert np.median(np.divide(floors[1], np.maximum(floors[0], 1e-9))) > 10


def test_speech_stands_in_for_other_words_and_other_words_for_speech() -> None:
    for speech in (noise_clip("speech"), Clip("x", "speech", "other", samples=noise_clip("speech").samples)):
        alone = Mixer([word(500), speech, noise_clip("noise")], ("500",), Config())
        assert all(len(alone.mix(np.random.default_rng(seed)).samples) == SIZE for seed in range(10))


def test_pieces() -> None:
    rng = np.random.default_rng(0)
    assert len(piece(rng, tone(1.0), 0.25)) == RATE // 4
    assert len(piece(rng, tone(0.1), 0.25)) == RATE // 10
    assert np.array_equal(np.unique(around(rng, np.arange(5.0), 12)), np.arange(5.0))


def test_mixing_is_a_hundred_times_faster_than_sound() -> None:
    mixed(10)
    begun = time.thread_time()
    mixed(20)
    assert time.thread_time() - begun < 20 * 6 / 100


def test_without_parts_nothing_of_a_trigger_word_is_heard() -> None:
    """The word is of 500 Hz, other speech of 2,000 Hz."""
    speech = Clip("speech", "speech", samples=word(2000).samples)
    config = Config(keyword_share=0.0, snr_low=60, snr_high=60, reverberation=0)

    def low(parts: bool) -> float:
        """The share of 500 Hz in some streams, at its highest."""
        alone = Mixer([word(500), speech, noise_clip("noise")], ("500",), config, parts)
        streams = [alone.mix(np.random.default_rng(seed)).samples for seed in range(12)]
        spectra = [np.abs(np.fft.rfft(stream, 6 * RATE)) ** 2 for stream in streams]
        return max(float(one[6 * 350 : 6 * 675].sum() / one.sum()) for one in spectra)

    assert low(parts=True) > 0.3
    assert low(parts=False) < 0.1

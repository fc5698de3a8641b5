"""The one way of finding edges gives, sample for sample, what mastering and splicing each found by themselves before."""

from collections.abc import Iterator

import hibari
import numpy as np
import pytest

from mayabook.core.audio_edges import FadeShape, fade_edges, sound_bounds
from mayabook.core.take import Audio
from mayabook.master.trim import faded, sounding
from mayabook.render.splicing import joined

RATE = 24000


def pieces() -> Iterator[Audio]:
    """Speech, bursts of noise between silences of any length, and what has no sound or hardly a sample."""
    speech: Audio = hibari.Hibari()("She left the house at nine, and nobody saw her go.", seed=0)
    yield speech
    yield speech[: len(speech) // 3]
    chance = np.random.default_rng(7)
    for _ in range(200):
        before, burst, after = (int(n) for n in chance.integers(0, 3000, 3))
        level = 10 ** chance.uniform(-4, 0)
        floor = 10 ** chance.uniform(-6, -2)
        audio = floor * chance.standard_normal(before + burst + after)
        audio[before : before + burst] += level * np.sin(np.arange(burst) * chance.uniform(0.01, 1.0))
        yield (np.rint(audio.clip(-1, 1) * 2**23) / 2**23).astype(np.float32)  # 24 bits, as takes have
    yield np.zeros(1000, np.float32)
    yield np.zeros(0, np.float32)
    yield np.ones(1, np.float32)
    yield np.full(3, 0.5, np.float32)


def sounding_before(audio: Audio) -> tuple[int, int]:
    hop = 120
    frames = np.append(audio, np.zeros(-len(audio) % hop, np.float32)).reshape(-1, hop)
    energy = np.mean(np.square(frames, dtype=np.float64), axis=1)
    loud = np.flatnonzero(energy > energy.max(initial=0.0) * 10 ** (-50 / 10))
    return (int(loud[0]) * hop, min(len(audio), (int(loud[-1]) + 1) * hop)) if len(loud) else (0, len(audio))


def bare_before(piece: Audio) -> Audio:
    peak = float(np.abs(piece).max(initial=0.0))
    loud = np.flatnonzero(np.abs(piece) > 0.02 * peak) if peak > 0 else np.zeros(0, np.int64)
    if not len(loud):
        return piece[:0]
    bare = piece[max(0, loud[0] - 1440) : loud[-1] + 1440].copy()
    n_samples = min(len(bare) // 2, 240)
    if n_samples:
        ramp = np.linspace(0, 1, n_samples, dtype=np.float32)
        bare[:n_samples] *= ramp
        bare[len(bare) - n_samples :] *= ramp[::-1]
    return bare


def faded_before(audio: Audio) -> Audio:
    n = min(192, len(audio) // 2)
    ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(n) + 0.5) / max(1, n))).astype(np.float32)
    out = audio.copy()
    out[:n] *= ramp
    out[len(out) - n :] *= ramp[::-1]
    return out


def test_every_sample_is_what_it_was() -> None:
    for audio in pieces():
        assert sounding(audio, RATE) == sounding_before(audio)
        np.testing.assert_array_equal(faded(audio, RATE), faded_before(audio))
        np.testing.assert_array_equal(joined([audio], RATE), bare_before(audio))


def test_bounds_are_those_of_whole_frames_above_the_threshold() -> None:
    audio = np.zeros(1000, np.float32)
    audio[205] = 1.0
    audio[790] = 0.2
    assert sound_bounds(audio, 100, -10.0) == (200, 300)
    assert sound_bounds(audio, 100, -20.0) == (200, 800)
    assert sound_bounds(audio, 1, -20.0) == (205, 791)
    assert sound_bounds(np.zeros(50, np.float32), 10, -20.0) is None


@pytest.mark.parametrize("shape", list(FadeShape))
def test_a_fade_is_symmetric_and_leaves_the_middle(shape: FadeShape) -> None:
    audio = np.ones(100, np.float32)
    soft = fade_edges(audio, 20, shape)
    np.testing.assert_array_equal(soft, soft[::-1])
    assert soft[0] < 0.01
    assert np.all(np.diff(soft[:20]) > 0)
    np.testing.assert_array_equal(soft[20:80], 1.0)
    np.testing.assert_array_equal(audio, 1.0)

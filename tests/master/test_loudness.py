"""Loudness, true peaks and the limiter against figures of the standard and other implementations."""

from collections.abc import Iterator

import av
import hibari
import numpy as np
import pytest
from av.filter import Graph
from scipy.signal import firwin, upfirdn

from mayabook.core.settings import MasterSettings
from mayabook.master.limiter import limited
from mayabook.master.loudness import SILENCE, find_level, levelled, measure
from mayabook.master.true_peak import HALF_TAPS, KAISER_BETA, OVERSAMPLING, PeakMeter, true_peaks
from tests.master.decoded_audiobook import loudness, true_peak
from tests.master.master_sounds import RATE, Samples, silence, speechlike, tone


def blocks(audio: Samples, size: int = 65536) -> Iterator[np.ndarray]:
    for start in range(0, len(audio), size):
        yield audio[start : start + size].astype(np.float32)


def joined(parts: Iterator[np.ndarray]) -> np.ndarray:
    return np.concatenate(list(parts)).astype(np.float64)


def ffmpeg_true_peak(audio: Samples) -> float:
    graph = Graph()
    source = graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono")
    graph.link_nodes(source, graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")).configure()
    frame = av.AudioFrame.from_ndarray(
        np.append(audio, silence(0.5)).astype(np.float32)[None], format="flt", layout="mono"
    )
    frame.sample_rate, frame.pts = RATE, 0
    graph.push(frame)
    peak = 0.0
    try:
        while True:
            peak = float(graph.pull().metadata.get("lavfi.r128.true_peak", peak))
    except (av.error.BlockingIOError, av.error.EOFError):
        return float(20 * np.log10(peak))


@pytest.mark.parametrize("rate", [22050, 24000, 48000])
@pytest.mark.parametrize(("amplitude", "expected"), [(1.0, -3.01), (0.1, -23.01)])
def test_a_sine_of_997_hz_reads_what_the_standard_says(rate, amplitude, expected):
    result = measure(blocks(tone(5, 997, amplitude, rate=rate)), rate)
    assert result.integrated == pytest.approx(expected, abs=0.05)
    assert result.true_peak == pytest.approx(20 * np.log10(amplitude), abs=0.05)


def test_speech_with_pauses_reads_as_by_the_printed_coefficients_and_gates():
    audio = np.concatenate(
        [speechlike(8, 1), silence(3), 0.02 * speechlike(6, 2), silence(2), 3 * speechlike(5, 3), silence(4)]
    )
    result = measure(blocks(audio), RATE)
    assert result.integrated == pytest.approx(loudness(audio, RATE), abs=0.1)
    assert result.true_peak == pytest.approx(true_peak(audio), abs=0.1)
    assert result.true_peak == pytest.approx(ffmpeg_true_peak(audio), abs=0.1)


def test_the_peak_between_samples_is_found_also_across_blocks_and_at_the_end():
    hidden = tone(0.5, RATE / 4, 1.0, phase=np.pi / 4)  # samples reach 0.707 only
    hidden *= np.minimum(1, np.minimum(np.arange(12000), np.arange(12000)[::-1]) / 2000)
    assert np.abs(hidden).max() < 0.708
    for size in (12000, 1000, 7, 6001):
        meter = PeakMeter()
        for block in blocks(hidden, size):
            meter.add(block)
        assert meter.finish() == pytest.approx(1.0, abs=0.01)
    last = PeakMeter()
    last.add(np.array([0, 0, 0.5, 0.5], np.float32))
    assert last.finish() > 0.6


@pytest.mark.parametrize("n_samples", [1, 64, 5000])
def test_true_peaks_are_those_of_scipy_s_polyphase_filter(n_samples):
    audio = np.random.default_rng(3).uniform(-1, 1, n_samples + 2 * HALF_TAPS).astype(np.float32)
    weights = firwin(2 * HALF_TAPS * OVERSAMPLING + 1, 1 / OVERSAMPLING, window=("kaiser", KAISER_BETA))
    points = np.abs(upfirdn(OVERSAMPLING * weights, audio.astype(np.float64), OVERSAMPLING))
    first = 2 * HALF_TAPS * OVERSAMPLING - OVERSAMPLING // 2  # the filter delays by half its length
    expected = points[first : first + n_samples * OVERSAMPLING].reshape(n_samples, OVERSAMPLING).max(axis=1)
    error = 20 * np.log10(true_peaks(audio, 0.0) / expected)
    assert np.abs(error).max() < 0.0001


@pytest.mark.parametrize("ceiling", [0.7, 0.25])
def test_the_limiter_keeps_true_peaks_down_and_leaves_the_rest_alone(ceiling):
    audio = np.concatenate([speechlike(4, 5, 0.2), silence(0.5), speechlike(4, 6, 0.02), tone(0.3, 6000, 0.99, 0.7)])
    assert true_peak(audio) > 20 * np.log10(ceiling) + 1
    out = joined(limited(blocks(audio), ceiling, RATE))
    assert len(out) == len(audio)
    assert true_peak(out) <= 20 * np.log10(ceiling) + 0.05
    assert ffmpeg_true_peak(out) <= 20 * np.log10(ceiling) + 0.1
    quiet = slice(round(4.6 * RATE), round(7.9 * RATE))
    assert np.abs(audio[quiet]).max() < 0.2
    assert np.array_equal(out[quiet], audio[quiet].astype(np.float32))
    # where it acts, it is a gain that moves slowly, not clipping
    audible = np.abs(audio) > 1e-3
    gain = np.where(audible, out / np.where(audible, audio, 1), np.nan)
    assert np.nanmax(gain) <= 1.0001
    assert np.nanmin(gain) < ceiling + 0.1
    assert np.nanmax(np.abs(np.diff(gain))) < 0.02


def test_the_limiter_keeps_sibilants_down():
    """Their peaks lie close to half the sample rate, where a short interpolation filter does not find them."""
    text = "“Stop!” she cried. “Stop at once, all of you, or I shall call the keeper of the light and be done with it.”"
    audio = np.asarray(hibari.Hibari()(text, seed=1), np.float64)
    audio /= np.abs(audio).max()
    out = joined(limited(blocks(audio), 0.7, RATE))
    assert ffmpeg_true_peak(out) <= 20 * np.log10(0.7) + 0.1


@pytest.mark.parametrize("n_samples", [0, 1, 100, 5000, 65536, 70001])
def test_the_limiter_gives_back_as_many_samples_however_they_are_cut(n_samples):
    audio = speechlike(4, 7, 0.3)[2000 : 2000 + n_samples]
    whole = list(limited(blocks(audio), 0.3, RATE))
    assert sum(map(len, whole)) == n_samples
    if n_samples:
        cut = joined(limited(blocks(audio, 333), 0.3, RATE))
        assert cut == pytest.approx(np.concatenate(whole), abs=1e-6)


@pytest.mark.parametrize("target", [-30.0, -19.0, -17.0])
def test_the_level_found_is_reached_below_the_limit(target):
    audio = np.concatenate([speechlike(6, 8, 0.03), silence(1), speechlike(6, 9, 0.06), silence(2)])
    settings = MasterSettings(loudness=target, true_peak=-3.0)
    progress: list[float] = []
    level = find_level(lambda: blocks(audio), len(audio), RATE, settings, progress.append)
    out = joined(levelled(blocks(audio), level.gain, level.ceiling, RATE))
    assert len(out) == len(audio)
    assert loudness(out, RATE) == pytest.approx(target, abs=0.2)
    assert true_peak(out) <= -3.0
    assert level.result.integrated == pytest.approx(loudness(out, RATE), abs=0.1)
    assert level.result.true_peak == pytest.approx(true_peak(out), abs=0.1)
    assert (level.ceiling is None) == (target == -30.0)
    if level.ceiling is None:
        assert out == pytest.approx(audio * 10 ** (level.gain / 20), abs=1e-6)
    assert progress == sorted(progress)
    assert progress[-1] <= 1.0


def test_the_limiter_is_really_needed_for_the_loudest_of_these():
    """Gain alone would break the limit: else the test above would prove nothing about limiting."""
    audio = np.concatenate([speechlike(6, 8, 0.03), silence(1), speechlike(6, 9, 0.06), silence(2)])
    assert true_peak(audio) - loudness(audio, RATE) > 16


@pytest.mark.parametrize("audio", [silence(3), silence(3) + 1e-5, 1e-4 * tone(3)], ids=["digital", "offset", "faint"])
def test_silence_is_not_made_louder(audio):
    level = find_level(lambda: blocks(audio), len(audio), RATE, MasterSettings(), lambda _: None)
    assert level.gain == 0.0
    assert level.result.integrated == SILENCE


def test_clicks_that_cannot_be_loud_end_below_the_limit_and_say_what_they_are():
    audio = silence(20)
    audio[RATE + 1000 :: 2 * RATE] = 0.1
    level = find_level(lambda: blocks(audio), len(audio), RATE, MasterSettings(), lambda _: None)
    out = joined(levelled(blocks(audio), level.gain, level.ceiling, RATE))
    assert true_peak(out) <= -3.0
    assert level.result.integrated == pytest.approx(loudness(out, RATE), abs=0.5)
    assert level.result.integrated < -25

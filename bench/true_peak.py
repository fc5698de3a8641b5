"""Compares mastering's true-peak meter and limiter with FFmpeg's, on sines of known true peak and on speech.

    python -m bench.true_peak    about a minute

FFmpeg's meter is `ebur128=peak=true`; its limiter is `alimiter` between two resamplers, at eight times the rate.
Errors are in dB; CPU time is that of one core per hour of audio. The reference for speech is Fourier interpolation to
64 times the sample rate.
"""

import math
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain

import hibari
import numpy as np
from av import AudioFrame
from av.error import BlockingIOError, EOFError
from av.filter import Graph
from scipy.fft import irfft, rfft
from scipy.ndimage import maximum_filter1d

from mayabook.core.take import Audio
from mayabook.master.limiter import limited
from mayabook.master.loudness import measure
from mayabook.master.pcm_stream import BLOCK
from mayabook.master.true_peak import PeakMeter

RATE = 24000
OVERSAMPLING = 8
FFT_OVERSAMPLING = 64
CEILING_DB = -3.1
"""dBTP; the ceiling that mastering gives its limiter for the default limit of -3."""
CEILING = 10 ** (CEILING_DB / 20)
GAINS_DB = (0.0, 3.0)
"""Gains applied to speech whose highest sample is at full scale."""
FREQUENCIES = (97.0, 997.0, 3000.0, 4000.0, 6000.0, 8000.0, 9600.0)
"""Frequencies of the sines in Hz. If it divides the sample rate, the phase decides how far samples miss the peaks."""
PHASES = tuple(np.pi * step / 16 for step in range(16))
TEXTS = (
    "The boat came in at dawn, with nobody aboard, and the bell in its bow was still ringing when it touched a pier.",
    "“Stop!” she cried. “Stop at once, all of you, or I shall call the keeper of the light and be done with it.”",
    "He put the letter back where it had been, and spoke of it to no one, neither that evening nor in the years after.",
)
SPEECH_SECONDS = 60.0
Limiter = Callable[[Audio, float], Audio]
"""Audio and a ceiling as an amplitude -> limited audio of the same length."""


def speech() -> Audio:
    """Repeated speech of the narrator, with its highest sample at full scale."""
    narrator = hibari.Hibari()
    once = np.concatenate([narrator(text, seed=number) for number, text in enumerate(TEXTS)])
    audio: Audio = np.resize(once, round(SPEECH_SECONDS * RATE)).astype(np.float32)
    audio /= np.abs(audio).max()
    return audio


def sine(frequency: float, phase: float, amplitude: float = 0.5, seconds: float = 2.0) -> Audio:
    """A sine, faded in and out over a quarter of a second each, so that its true peak is the amplitude."""
    time_axis = np.arange(round(seconds * RATE)) / RATE
    envelope = np.minimum(1, np.minimum(time_axis, seconds - time_axis) / 0.25)
    wave = amplitude * envelope * np.sin(2 * np.pi * frequency * time_axis + phase)
    return wave.astype(np.float32)


def dense_peak(audio: Audio) -> float:
    """Highest true peak as an amplitude, by FFT interpolation of overlapping blocks whose edges are discarded."""
    size, edge = 1 << 13, 1 << 10
    padded = np.concatenate([np.zeros(edge), audio.astype(np.float64), np.zeros(size)])
    highest = 0.0
    for start in range(0, len(audio), size - 2 * edge):
        interpolated = irfft(rfft(padded[start : start + size]), size * FFT_OVERSAMPLING) * FFT_OVERSAMPLING
        highest = max(highest, float(np.abs(interpolated[edge * FFT_OVERSAMPLING : -edge * FFT_OVERSAMPLING]).max()))
    return highest


def blocks_of(audio: Audio) -> Iterator[Audio]:
    for start in range(0, len(audio), BLOCK):
        yield audio[start : start + BLOCK]


def our_peak(audio: Audio) -> float:
    meter = PeakMeter()
    for block in blocks_of(audio):
        meter.add(block)
    return meter.finish()


def ffmpeg_peak(audio: Audio) -> float:
    """True peak by FFmpeg, which reports it to three decimals."""
    highest = 0.0
    for frame in _filtered(
        chain(blocks_of(audio), [np.zeros(RATE // 5, np.float32)]), ("ebur128", "metadata=1:peak=true")
    ):
        highest = max(highest, float(frame.metadata.get("lavfi.r128.true_peak", 0.0)))
    return highest


def our_limiter(audio: Audio, ceiling: float) -> Audio:
    return np.concatenate(list(limited(blocks_of(audio), ceiling, RATE)))


def ffmpeg_limiter(audio: Audio, ceiling: float) -> Audio:
    """Audio limited by FFmpeg. Its look-ahead is its attack of 10 ms, as ours is; `latency` compensates the delay."""
    frames = _filtered(
        chain(blocks_of(audio), [np.zeros(RATE // 2, np.float32)]),
        ("aresample", f"{RATE * OVERSAMPLING}"),
        ("alimiter", f"limit={ceiling}:level=0:attack=10:release=50:latency=1"),
        ("aresample", f"{RATE}"),
    )
    parts = [frame.to_ndarray().reshape(-1).astype(np.float32) for frame in frames]
    return np.concatenate(parts)[: len(audio)]


def _filtered(blocks: Iterator[Audio], *filters: tuple[str, str]) -> Iterator[AudioFrame]:
    graph = Graph()
    nodes = [graph.add_abuffer(sample_rate=RATE, format="flt", layout="mono"), *(graph.add(*each) for each in filters)]
    graph.link_nodes(*nodes, graph.add("aformat", "sample_fmts=flt"), graph.add("abuffersink")).configure()
    position = 0
    for block in blocks:
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(block[np.newaxis]), format="flt", layout="mono")
        frame.sample_rate, frame.pts = RATE, position
        position += len(block)
        graph.push(frame)
        yield from _pulled(graph)
    graph.push(None)
    yield from _pulled(graph)


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        assert isinstance(frame, AudioFrame)
        yield frame


def decibels(amplitude: float) -> float:
    return 20 * math.log10(max(amplitude, 1e-12))


def cpu_seconds_an_hour(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 3600 / SPEECH_SECONDS


def distortion(limiter: Limiter) -> float:
    """Level of all but the fundamental, in dB relative to it, for a sine of 100 Hz that is 6 dB above the ceiling."""
    wave = sine(100.0, 0.0, amplitude=2 * CEILING, seconds=4.0)
    middle = limiter(wave, CEILING)[RATE : 3 * RATE].astype(np.float64)
    radians = 2 * np.pi * 100 * np.arange(len(middle)) / RATE
    tone = sum(2 * np.mean(middle * wave) * wave for wave in (np.sin(radians), np.cos(radians)))
    return decibels(float(np.std(middle - tone) / np.std(tone)))


def change_far_from_peaks(audio: Audio, result: Audio) -> float:
    """Level of the change in dB relative to the audio, at least 100 ms from any sample within 6 dB of the ceiling."""
    loud = maximum_filter1d(np.abs(audio), RATE // 5) > CEILING / 2
    quiet = ~loud & (np.abs(audio) > 0)
    difference = result[quiet].astype(np.float64) - audio[quiet]
    return decibels(float(np.sqrt(np.mean(difference**2)) / np.sqrt(np.mean(audio[quiet].astype(np.float64) ** 2))))


def lufs(audio: Audio) -> float:
    return measure(blocks_of(audio), RATE).integrated


def print_meters(audio: Audio) -> None:
    truth = dense_peak(audio)
    meters = (our_peak, ffmpeg_peak)
    print("| true-peak meter | ours | FFmpeg's ebur128 |\n|---|---|---|")
    for frequency in FREQUENCIES:
        errors = [[decibels(meter(sine(frequency, phase)) / 0.5) for phase in PHASES] for meter in meters]
        cells = " | ".join(f"{min(row):+.3f} to {max(row):+.3f}" for row in errors)
        print(f"| error on a sine of {frequency:.0f} Hz, 16 phases, dB | {cells} |")
    print(f"| error on speech, dB | {' | '.join(f'{decibels(meter(audio) / truth):+.3f}' for meter in meters)} |")
    costs = " | ".join(f"{cpu_seconds_an_hour(partial(meter, audio)):.1f}" for meter in meters)
    print(f"| CPU seconds for an hour of speech | {costs} |")


def print_limiters(audio: Audio) -> None:
    limiters = (our_limiter, ffmpeg_limiter)
    print("\n| limiter | ours | FFmpeg's alimiter, 8 times oversampled |\n|---|---|---|")
    for gain in GAINS_DB:
        louder = (audio * 10 ** (gain / 20)).astype(np.float32)
        results = [limiter(louder, CEILING) for limiter in limiters]
        rows = {
            f"speech {gain - CEILING_DB:.1f} dB above the ceiling: true peak above it, dB": [
                f"{decibels(dense_peak(result) / CEILING):+.2f}" for result in results
            ],
            "... the same by FFmpeg's meter, dB": [
                f"{decibels(ffmpeg_peak(result) / CEILING):+.2f}" for result in results
            ],
            "... loudness that is lost, LU": [f"{lufs(louder) - lufs(result):.2f}" for result in results],
            "... change of samples far from any peak, dB": [
                f"{change_far_from_peaks(louder, result):.0f}" for result in results
            ],
        }
        for name, cells in rows.items():
            print(f"| {name} | {' | '.join(cells)} |")
    for frequency in (6000.0, 8000.0):
        loud = [sine(frequency, phase, amplitude=2 * CEILING) for phase in PHASES]
        worst = [max(decibels(dense_peak(limiter(each, CEILING)) / CEILING) for each in loud) for limiter in limiters]
        row = " | ".join(f"{value:+.2f}" for value in worst)
        print(f"| sine of {frequency:.0f} Hz 6 dB above the ceiling: true peak above it, dB | {row} |")
    row = " | ".join(f"{distortion(limiter):.0f}" for limiter in limiters)
    print(f"| sine of 100 Hz 6 dB above the ceiling: distortion, dB | {row} |")
    louder = (audio * 10 ** (GAINS_DB[0] / 20)).astype(np.float32)
    costs = " | ".join(f"{cpu_seconds_an_hour(partial(limiter, louder, CEILING)):.1f}" for limiter in limiters)
    print(f"| CPU seconds for an hour of speech | {costs} |")


def main() -> None:
    audio = speech()
    print_meters(audio)
    print_limiters(audio)


if __name__ == "__main__":
    main()

"""Compares the checks' voice activity detection by level with Silero VAD, which is part of faster-whisper.

    python -m bench.voice_activity    about a minute

The labels are exact: the audio is made of trimmed phrases of the narrator with pauses of known length between them.
Frames of 20 ms near the edges of a phrase are not scored. The audio is clean, or has noise; noise without speech is
tried too.
"""

import time
from collections.abc import Callable

import hibari
import numpy as np
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray
from scipy.signal import resample_poly

from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.take import Audio
from mayabook.master.trim import sounding

RATE = 16000
"""Sample rate in Hz of Silero VAD and of the ASR."""
PHRASES = (
    "The boat came in at dawn", "with nobody aboard", "Anna saw it first", "from the kitchen window",
    "Who left it there", "Nobody", "They walked down to the water", "and tied it to the old stone pier",
    "It was dry inside", "and very clean", "She said no", "Some letters are better left alone",
)  # fmt: skip
PAUSES = (0.2, 0.35, 0.5, 0.8, 1.2, 2.0)
"""Lengths of the pauses in seconds, in turn."""
GUARD_FRAMES = 2
"""Frames on either side of a phrase's edge that are not scored, because they are partly voiced."""
NOISES_DB = (None, -40.0, -30.0, -20.0)
"""Level of white noise in dB relative to the phrases; None is no noise."""
Mask = NDArray[np.bool_]
Detector = Callable[[Audio], Mask]


def labelled_audio() -> tuple[Audio, Mask, Mask]:
    """Audio, whether each frame is voiced, and whether it is scored."""
    narrator = hibari.Hibari()
    parts: list[Audio] = []
    truth: list[bool] = []
    size = round(FRAME_SECONDS * RATE)
    for number, phrase in enumerate(PHRASES * 2):
        spoken = resample_poly(narrator(phrase, seed=number), 2, 3).astype(np.float32)
        start, stop = sounding(spoken, RATE)
        n_voice = (stop - start) // size
        n_pause = round(PAUSES[number % len(PAUSES)] / FRAME_SECONDS)
        parts += [spoken[start : start + n_voice * size], np.zeros(n_pause * size, np.float32)]
        truth += [True] * n_voice + [False] * n_pause
    voice = np.array(truth)
    edges = np.flatnonzero(np.diff(voice.astype(np.int8))) + 1
    is_scored = np.ones(len(voice), bool)
    for edge in edges:
        is_scored[max(0, edge - GUARD_FRAMES) : edge + GUARD_FRAMES] = False
    return np.concatenate(parts), voice, is_scored


def by_level(audio: Audio) -> Mask:
    return voiced_frames(audio, RATE, load_thresholds().signal)


def silero(audio: Audio) -> Mask:
    """Voiced frames by Silero VAD, without padding and with a minimum silence of 100 ms."""
    options = VadOptions(min_speech_duration_ms=0, min_silence_duration_ms=100, speech_pad_ms=0)
    size = round(FRAME_SECONDS * RATE)
    found = np.zeros(len(audio) // size, bool)
    for span in get_speech_timestamps(audio, options):
        found[round(span["start"] / size) : round(span["end"] / size)] = True
    return found


def pause_errors(found: Mask, voice: Mask) -> NDArray[np.float64]:
    """Error of each pause's detected length in seconds: of the run of unvoiced frames around its middle."""
    bounds = np.flatnonzero(np.diff(np.concatenate(([1], voice.astype(np.int8), [1]))))
    errors = []
    for start, stop in bounds.reshape(-1, 2):
        first = last = (start + stop) // 2
        while first > 0 and not found[first - 1]:
            first -= 1
        while last < len(found) and not found[last]:
            last += 1
        errors.append((last - first - (stop - start)) * FRAME_SECONDS)
    return np.array(errors)


def main() -> None:
    audio, voice, is_scored = labelled_audio()
    chance = np.random.default_rng(0)
    level = float(np.sqrt(np.mean(np.square(audio[np.repeat(voice, round(FRAME_SECONDS * RATE))], dtype=np.float64))))
    detectors: dict[str, Detector] = {"by level": by_level, "Silero": silero}
    print("| noise | detector | precision | recall | median error of a pause, s | 95 % within, s | CPU s an hour |")
    print("|---|---|---|---|---|---|---|")
    for noise in NOISES_DB:
        amplitude = 0.0 if noise is None else level * 10 ** (noise / 20)
        noisy = (audio + amplitude * chance.standard_normal(len(audio))).astype(np.float32)
        for name, detect in detectors.items():
            began = time.process_time()
            found = detect(noisy)
            cost = (time.process_time() - began) * 3600 * RATE / len(noisy)
            hits = int((found & voice & is_scored).sum())
            errors = pause_errors(found, voice)
            print(
                f"| {'none' if noise is None else f'{noise:.0f} dB'} | {name} | {hits / (found & is_scored).sum():.1%} "
                f"| {hits / (voice & is_scored).sum():.1%} | {np.median(errors):+.2f} "
                f"| {np.percentile(np.abs(errors), 95):.2f} | {cost:.1f} |"
            )
    noise_only = (level * chance.standard_normal(20 * RATE)).astype(np.float32)
    for name, detect in detectors.items():
        print(f"| noise alone, 0 dB | {name} | {detect(noise_only).mean():.1%} of it is taken for voice | | | | |")


if __name__ == "__main__":
    main()

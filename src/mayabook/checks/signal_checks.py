"""Scores of the audio signal: silence, pauses, clipping, noise, clicks, pace; and voice activity."""

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import PaceThresholds, SignalThresholds
from mayabook.core.take import Audio
from mayabook.core.verdict import FindingKind

FRAME_SECONDS = 0.02
QUIETEST = 2
"""Percentile of the frame levels that is taken as the level of the pauses, when noise is measured."""


def silence_score(audio: Audio, figures: SignalThresholds) -> list[Score]:
    """How many times the RMS level of a silent take is below the lowest allowed one; no score for any other take."""
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if len(audio) else 0.0
    if rms >= figures.max_silent_rms:
        return []
    times = figures.max_silent_rms / max(rms, 1e-6)
    return [Score("silent", FindingKind.SILENT, times, f"the take is silent, RMS {rms:.1e}")]


def clipping_score(audio: Audio, sample_rate: int, figures: SignalThresholds) -> list[Score]:
    """Clipped samples a second, counted in runs of several at full scale."""
    full = np.concatenate(([False], np.abs(audio) >= figures.full_scale, [False]))
    edges = np.flatnonzero(np.diff(full.astype(np.int8)))
    starts, lengths = edges[::2], edges[1::2] - edges[::2]
    runs = lengths >= figures.min_clipped_samples
    clipped = int(lengths[runs].sum())
    if not clipped:
        return []
    rate = clipped * sample_rate / len(audio)
    first = float(starts[runs][0]) / sample_rate
    return [
        Score("clipped", FindingKind.CLIPPED, rate, f"{clipped} samples at full scale ({rate:.0f} a second)", first)
    ]


def pause_scores(audio: Audio, sample_rate: int, figures: SignalThresholds) -> list[Score]:
    """Seconds of silence: the longest inside the take, and at either end."""
    voice = voiced_frames(audio, sample_rate, figures)
    frames = np.flatnonzero(voice)
    if not len(frames):
        return []
    gaps = np.diff(frames)
    spans = [("edge", 0, int(frames[0]), "before the first word")]
    if len(gaps):
        longest = int(np.argmax(gaps))
        spans.append(("pause", int(frames[longest]) + 1, int(frames[longest + 1]), "inside"))
    spans.append(("edge", int(frames[-1]) + 1, len(voice), "after the last word"))
    found = []
    for detector, first, last, place in spans:
        start, end = first * FRAME_SECONDS, last * FRAME_SECONDS
        evidence = f"{end - start:.1f} s of silence {place}"
        found.append(Score(detector, FindingKind.SILENT, end - start, evidence, start, end))
    return found


def noise_score(audio: Audio, sample_rate: int, figures: SignalThresholds) -> list[Score]:
    """Level of the quietest frames as a share of the loud ones, in takes long enough to have a pause: hiss and hum.

    Some voices hardly pause: in their takes a fiftieth of the frames are silent, but not a twentieth.
    """
    frames = _frames(audio, sample_rate)
    if len(frames) * FRAME_SECONDS < figures.min_noise_seconds:
        return []
    share = float(np.percentile(frames, QUIETEST)) / max(1e-6, float(np.percentile(frames, 95)))
    decibels = 20 * np.log10(max(share, 1e-6))
    return [Score("noise", FindingKind.NOISY, share, f"the pauses lie at {decibels:.0f} dB below the voice")]


def click_score(audio: Audio, sample_rate: int, figures: SignalThresholds) -> list[Score]:
    """Largest second difference of the waveform, as a multiple of its neighbours' mean; speech has a few times."""
    bends = np.abs(np.diff(audio.astype(np.float64), 2))
    reach, own = round(figures.click_window_seconds * sample_rate), round(figures.click_guard_seconds * sample_rate)
    if len(bends) <= 2 * reach:
        return []
    total = np.concatenate(([0.0], np.cumsum(np.square(bends))))
    at = np.arange(len(bends))
    outer, inner = (_edges(at, width, len(bends)) for width in (reach, own))
    around = total[outer[1]] - total[outer[0]] - total[inner[1]] + total[inner[0]]
    count = np.maximum(1, outer[1] - outer[0] - inner[1] + inner[0])
    ratio = bends / (np.sqrt(np.maximum(0.0, around) / count) + figures.click_floor)
    place = int(np.argmax(ratio))
    value, seconds = float(ratio[place]), place / sample_rate
    evidence = f"a click at {seconds:.2f} s, {value:.0f} times as sharp as what is around it"
    return [Score("click", FindingKind.NOISY, value, evidence, seconds, seconds)]


def pace_score(
    audio: Audio,
    sample_rate: int,
    n_phonemes: tuple[int, int],
    n_tags: int,
    signal: SignalThresholds,
    figures: PaceThresholds,
    running_pace: float | None = None,
) -> list[Score]:
    """The seconds of voice over the expected duration of the text's phonemes (slow), or the inverse (fast).

    n_phonemes: by the shortest and by the longest verbalisation. n_tags: emotion tags in the text. running_pace: of the
    voice, in seconds a phoneme; without it the usual duration of a phoneme is expected, and the measures are others,
    whose thresholds allow for voices of other paces.
    """
    shortest, longest = n_phonemes
    if not shortest:
        return []
    if running_pace is None:
        pace, slack, suffix, norm = figures.seconds_per_phoneme, figures.slack_seconds, "", "usual"
    else:
        pace, slack, suffix, norm = running_pace, figures.voice_slack_seconds, "_for_voice", "voice's"
    seconds = float(np.count_nonzero(voiced_frames(audio, sample_rate, signal))) * FRAME_SECONDS
    slow = (seconds - slack - n_tags * figures.seconds_per_tag) / (longest * pace)
    fast = shortest * pace / (seconds + slack)
    value, kind, n = max((slow, "slow", longest), (fast, "fast", shortest))
    evidence = f"{seconds:.1f} s of voice for {n} phonemes is {value:.1f} times as {kind} as the {norm} pace"
    return [Score(f"{kind}{suffix}", FindingKind.OFF_PACE, value, evidence)]


def voiced_seconds(audio: Audio, sample_rate: int, figures: SignalThresholds, within: Audio) -> float:
    """Seconds of voice in `audio`, a part of `within`, whose level decides what is voice."""
    if len(audio) < FRAME_SECONDS * sample_rate:
        return 0.0
    level = _level(_frames(within, sample_rate), figures)
    return float(np.count_nonzero(_frames(audio, sample_rate) > level)) * FRAME_SECONDS


def voiced_frames(audio: Audio, sample_rate: int, figures: SignalThresholds) -> NDArray[np.bool_]:
    """Voice activity of each frame of FRAME_SECONDS, by its level; shape (n_frames,)."""
    frames = _frames(audio, sample_rate)
    voice: NDArray[np.bool_] = frames > _level(frames, figures)
    return voice


def quietest_sample(audio: Audio, sample_rate: int, seconds: float = 0.2, frame_seconds: float = FRAME_SECONDS) -> int:
    """Index of the sample in the middle of the quietest `seconds`; of the whole audio if it is shorter."""
    frames = _frames(audio, sample_rate, frame_seconds)
    width = min(round(seconds / frame_seconds), len(frames))
    if not width:
        return len(audio) // 2
    smoothed = np.convolve(frames, np.ones(width), mode="valid")
    return round((int(np.argmin(smoothed)) + width / 2) * frame_seconds * sample_rate)


def _edges(at: NDArray[np.int64], width: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.clip(at - width, 0, length), np.clip(at + width, 0, length)


def _level(frames: NDArray[np.float64], figures: SignalThresholds) -> float:
    loud = float(np.percentile(frames, 95)) if len(frames) else 0.0
    return max(figures.min_voice_rms, figures.min_voice_share * loud)


def _frames(audio: Audio, sample_rate: int, seconds: float = FRAME_SECONDS) -> NDArray[np.float64]:
    """RMS of each frame of so many seconds."""
    size = round(seconds * sample_rate)
    whole = audio[: len(audio) // size * size].reshape(-1, size)
    rms: NDArray[np.float64] = np.sqrt(np.mean(np.square(whole, dtype=np.float64), axis=1))
    return rms

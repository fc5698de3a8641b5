"""What a take sounds like, for a person to compare over a book: pitch, pace and level."""

import numpy as np

from mayabook.checks.pitch import median_pitch
from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.checks.thresholds import Thresholds
from mayabook.core.take import Audio
from mayabook.core.verdict import VoiceMeasures


def measure_take(
    audio: Audio, sample_rate: int, n_phonemes: float, speaker: float | None, figures: Thresholds
) -> VoiceMeasures | None:
    """Pitch, pace and level of a take. None for silence, and for texts shorter than `min_reference_phonemes`.

    sample_rate: Hz. n_phonemes: of the text. speaker: value of the detector other_voice.
    """
    voice = voiced_frames(audio, sample_rate, figures.signal)
    if not voice.any() or n_phonemes < figures.pace.min_reference_phonemes:
        return None
    size = round(FRAME_SECONDS * sample_rate)
    spoken = audio[: len(voice) * size][np.repeat(voice, size)[: len(audio)]]
    level = 10 * np.log10(np.mean(np.square(spoken, dtype=np.float64)))
    pitch = median_pitch(audio, sample_rate)
    return VoiceMeasures(
        pitch=None if pitch is None else round(pitch, 1),
        pace=round(n_phonemes / (np.count_nonzero(voice) * FRAME_SECONDS), 2),
        level=round(float(level), 1),
        speaker=None if speaker is None else round(speaker, 3),
    )

"""Speech before and after the text: intros and credits are allowed; unintelligible voice is a defect.

The clip is transcribed at three tempi. ASR hears the same words in real speech each time, and different ones in
gibberish.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

from mayabook.checks import Checker
from mayabook.checks.text_normalisation import text_units
from mayabook.checks.word_checks import MATCHED
from mayabook.core.take import Audio
from mayabook.verify.first_pass import FirstPass
from mayabook.verify.recording import SAMPLE_RATE
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan
from mayabook.verify.unexplained_speech import effective_letters, unexplained_interval

MAX_SECONDS = 120.0
"""A longer intro or outro is another text, and is not examined."""
CUT_SEARCH_SECONDS = 0.5
"""A silence at most this far from the expected start or end of the text is where the clip is cut."""
TEMPI = ((1, 1), (10, 9), (9, 10))
"""Lengths to which the clip is resampled, as fractions of its own: unchanged, slower, faster."""


@dataclass(frozen=True, slots=True)
class OuterSpeech:
    """Voice outside the text. is_intro: before it, rather than after. clip: its time span in the recording."""

    is_intro: bool
    clip: TimeSpan


@dataclass(frozen=True, slots=True)
class OuterTranscript:
    """Transcripts of an intro or outro at all tempi.

    n_letters: effective letters of the words recognised at the original tempo. n_stable_letters: of those among them
    that were recognised at every tempo.
    """

    outer: OuterSpeech
    n_letters: int
    n_stable_letters: int


def find_intro_outro(first_pass: FirstPass, transcript: RecordingTranscript) -> Iterator[OuterSpeech]:
    """Yields the intro and the outro, if there is more voice than between sentences."""
    for leads, boundary in first_pass.outer_boundaries.items():
        if (
            first_pass.norm is None
            or first_pass.norm.unexplained_seconds(boundary) <= first_pass.norm.max_unexplained_seconds
        ):
            continue
        start, end = unexplained_interval(boundary, first_pass.norm.seconds_per_letter, transcript.is_voiced)
        clip = TimeSpan(0.0, _cut(end, transcript)) if leads else TimeSpan(_cut(start, transcript), transcript.duration)
        if clip.seconds <= MAX_SECONDS:
            yield OuterSpeech(leads, clip)


def _cut(seconds: float, transcript: RecordingTranscript) -> float:
    silence = transcript.longest_silence(seconds - CUT_SEARCH_SECONDS, seconds + CUT_SEARCH_SECONDS)
    return seconds if silence is None else (silence.start + silence.end) / 2


def transcribe_at_tempi(edge: OuterSpeech, audio: Audio, checker: Checker) -> OuterTranscript:
    """Transcribes a clip at three tempi. audio: samples of `outer.clip`."""
    first, *others = (
        text_units([word.text for word in checker.transcribe(played, SAMPLE_RATE)], checker.language)
        for played in (resample_poly(audio, up, down).astype(np.float32) for up, down in TEMPI)
    )
    alike = [
        {n for pair in checker.aligner.align(first, other) if pair.match in MATCHED for n in range(*pair.expected)}
        for other in others
    ]
    return OuterTranscript(
        edge, effective_letters(first), effective_letters(first[n] for n in set.intersection(*alike))
    )

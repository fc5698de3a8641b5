"""Before the text and after it: an introduction or credits are speech, and no defect; voice that is none is one.

What stands there is heard by itself, as it is, a little slower and a little faster. Speech is heard alike each time; of
what is none a recogniser makes other words.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import resample_poly

from mayabook.checks import Checker
from mayabook.checks.text_normalisation import text_units
from mayabook.checks.word_checks import GOOD
from mayabook.core.take import Audio
from mayabook.verify.first_pass import FirstPass
from mayabook.verify.recording import SAMPLE_RATE
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan
from mayabook.verify.unexplained_speech import effective_letters, unexplained_interval

MAX_SECONDS = 120.0
"""Seconds before or after the text that are heard again; what is longer is another text."""
CUT_SEARCH_SECONDS = 0.5
"""How far from where the text should begin or end a silence is looked for, to cut there."""
TEMPI = ((1, 1), (10, 9), (9, 10))
"""To which it is played, as fractions of its own."""


@dataclass(frozen=True, slots=True)
class OuterSpeech:
    """leads: whether it comes before the text. clip: where it is."""

    is_intro: bool
    clip: TimeSpan


@dataclass(frozen=True, slots=True)
class OuterTranscript:
    """heard: letters of the words heard there. understood: of those that were heard alike at each pace."""

    outer: OuterSpeech
    n_letters: int
    n_stable_letters: int


def find_intro_outro(look: FirstPass, hearing: RecordingTranscript) -> Iterator[OuterSpeech]:
    """Where more voice is left than between sentences."""
    for leads, joint in look.outer_boundaries.items():
        if look.norm is None or look.norm.unexplained_seconds(joint) <= look.norm.max_unexplained_seconds:
            continue
        start, end = unexplained_interval(joint, look.norm.seconds_per_letter, hearing.is_voiced)
        clip = TimeSpan(0.0, _cut(end, hearing)) if leads else TimeSpan(_cut(start, hearing), hearing.duration)
        if clip.seconds <= MAX_SECONDS:
            yield OuterSpeech(leads, clip)


def _cut(seconds: float, hearing: RecordingTranscript) -> float:
    silence = hearing.longest_silence(seconds - CUT_SEARCH_SECONDS, seconds + CUT_SEARCH_SECONDS)
    return seconds if silence is None else (silence.start + silence.end) / 2


def transcribe_at_tempi(edge: OuterSpeech, audio: Audio, checker: Checker) -> OuterTranscript:
    """audio: of its clip."""
    first, *others = (
        text_units([word.text for word in checker.transcribe(played, SAMPLE_RATE)], checker.language)
        for played in (resample_poly(audio, up, down).astype(np.float32) for up, down in TEMPI)
    )
    alike = [
        {n for pair in checker.aligner.align(first, other) if pair.match in GOOD for n in range(*pair.expected)}
        for other in others
    ]
    return OuterTranscript(
        edge, effective_letters(first), effective_letters(first[n] for n in set.intersection(*alike))
    )

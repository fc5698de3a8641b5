"""Speech before and after the text: intros and credits are allowed; unintelligible voice is a defect.

The clip is transcribed at three tempi. In real speech ASR hears the same words each time and is sure of them; in
gibberish it hears different words and is unsure of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mayabook.checks import Checker
from mayabook.checks.mismatches import MATCHED
from mayabook.checks.text_normalisation import text_units
from mayabook.core.resampling import resample
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
MIN_STABLE_SHARE = 2 / 3
"""Share of the letters that must be stable for all of them to count as speech.

Measured: at least 0.87 in 20 sentences of the narrator, below 2/3 in 27 of 36 clips of 1 to 4 s of gibberish."""
MIN_MEAN_LOG_PROBABILITY = -0.7
"""Mean log-probability of the words at all tempi, in nats, below which no letter counts as speech.

Measured: at least -0.53 in the same sentences, below -0.7 in 33 of the clips and below -1.2 in half of them."""


@dataclass(frozen=True, slots=True)
class OuterSpeech:
    """Voice outside the text. is_intro: before it, rather than after. clip: its time span in the recording."""

    is_intro: bool
    clip: TimeSpan


@dataclass(frozen=True, slots=True)
class OuterTranscript:
    """Transcripts of an intro or outro at all tempi.

    n_letters: effective letters of the words recognised at the original tempo. n_stable_letters: of those among them
    that were recognised at every tempo. mean_log_probability: of the words at all tempi, in nats.
    """

    outer: OuterSpeech
    n_letters: int
    n_stable_letters: int
    mean_log_probability: float

    @property
    def n_spoken_letters(self) -> int:
        """Effective letters that count as speech: all, only the stable ones, or none."""
        if self.mean_log_probability < MIN_MEAN_LOG_PROBABILITY:
            return 0
        return self.n_letters if self.n_stable_letters >= MIN_STABLE_SHARE * self.n_letters else self.n_stable_letters


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
    played = (resample(audio, down, up) for up, down in TEMPI)
    transcripts = [checker.transcribe(each, SAMPLE_RATE) for each in played]
    first, *others = (text_units([word.text for word in words], checker.language) for words in transcripts)
    alike = [
        {n for pair in checker.aligner.align(first, other) if pair.match in MATCHED for n in range(*pair.expected)}
        for other in others
    ]
    stable = (first[n] for n in set.intersection(*alike))
    log_probabilities = [word.log_probability for words in transcripts for word in words]
    mean = float(np.mean(log_probabilities)) if log_probabilities else -np.inf
    return OuterTranscript(edge, effective_letters(first), effective_letters(stable), mean)

"""Finds words that were said twice where the transcript has them once: ASR often drops a repetition.

Where a repetition is not far less probable to ASR than what it decoded, the transcript with the word once and the one
with it twice are compared by forced decoding on the encoder output that is there already, and by the time that the word
took with those beside it. Only words that match the text are compared. Other words of the transcript are left to the
other checks; a word that the text has twice in a row, by spelling or by sound, may be said twice.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, starmap

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.colloquial import INTERJECTIONS
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.recogniser import EncodedWindow, RecognisedWord, Recogniser
from mayabook.checks.scoring import Score
from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.thresholds import RepetitionThresholds
from mayabook.core.spoken_form import WordClass
from mayabook.core.verdict import FindingKind
from mayabook.script.expected_words import ExpectedWords

WORDS_AFTER = 2
"""Words after the one in question that are decoded with it."""
_STUTTERED = frozenset({WordClass.STUTTERING, WordClass.INTERJECTIONS})
_ENDS = ".,;:!?…—–-\"'“”‘’()[]"


@dataclass(frozen=True, slots=True)
class Repetition:
    """How well a word said twice fits the audio, against the same word said once.

    decoding_nats, time_nats: by which it is more probable: to ASR that is forced to decode either, and by the duration.
    prior_nats: see `RepetitionThresholds`. start, end: seconds into the audio.
    """

    word: str
    decoding_nats: float
    time_nats: float
    prior_nats: float
    start: float
    end: float

    @property
    def nats(self) -> float:
        return self.decoding_nats + self.time_nats + self.prior_nats


def repetition_scores(repetitions: Sequence[Repetition]) -> list[Score]:
    return [
        Score(
            "said_twice",
            FindingKind.LOOP,
            each.nats,
            f"“{each.word}” is said twice, though the transcript has it once: {each.decoding_nats:+.1f} nats by forced "
            f"decoding, {each.time_nats:+.1f} by its duration",
            each.start,
            each.end,
        )
        for each in repetitions
    ]


class RepetitionFinder:
    """May be used from several threads."""

    def __init__(self, recogniser: Recogniser, phonetics: Phonetics, thresholds: RepetitionThresholds) -> None:
        self._recogniser, self._phonetics, self._thresholds = recogniser, phonetics, thresholds

    def find(
        self,
        windows: Sequence[EncodedWindow],
        heard: Sequence[RecognisedWord],
        expected: Sequence[ExpectedWords],
        matches: Mapping[int, Sequence[int]],
        is_voiced: NDArray[np.bool_],
    ) -> list[Repetition]:
        """Compares each word that may have been said twice.

        windows: the encoded audio. heard: the transcript. expected: what should be said. matches: for each index of
        `heard` that matches the text, the indices of the written words. is_voiced: by frame, see `voiced_frames`.
        """
        plain = [_plain(word.text) for word in heard]
        counts = [len(self._phonetics.phonemes(word)) for word in plain]
        seconds = float(np.count_nonzero(is_voiced)) * FRAME_SECONDS / max(1, sum(counts))
        found = []
        for at, word in enumerate(heard):
            if word.repetition_nats < self._thresholds.min_repetition_nats or at not in matches:
                continue
            if plain[at] in plain[max(0, at - 1) : at] + plain[at + 1 : at + 2]:
                continue
            if self._is_repeated_in_text(expected, matches[at]):
                continue
            window = next(each for each in reversed(windows) if each.start <= word.start or each is windows[0])
            decoding = self._decoding_nats(window, heard, at)
            beside = slice(max(0, at - 1), at + 2)
            after = heard[at + 2].start if at + 2 < len(heard) else len(is_voiced) * FRAME_SECONDS
            voiced = is_voiced[round(heard[beside][0].start / FRAME_SECONDS) : round(after / FRAME_SECONDS)]
            time = self._time_nats(
                float(np.count_nonzero(voiced)) * FRAME_SECONDS, seconds * sum(counts[beside]), seconds * counts[at]
            )
            found.append(
                Repetition(word.text.strip(_ENDS), decoding, time, self._thresholds.prior_nats, word.start, word.end)
            )
        return found

    def _is_repeated_in_text(self, expected: Sequence[ExpectedWords], written: Sequence[int]) -> bool:
        """Whether one of these written words is stuttered or an interjection, or sounds like the word beside it."""
        said = [(_plain(word), each) for each in expected for word in each.spoken if _plain(word)]
        own = [at for at, (_, each) in enumerate(said) if not set(written).isdisjoint(each.written)]
        if not own:  # a sign, such as &
            return True
        if any(replacement.word_class in _STUTTERED for at in own for _, replacement in said[at][1].replacements):
            return True
        words = [word for word, _ in said]
        if any(words[at] in INTERJECTIONS for at in own):
            return True
        return any(starmap(self._phonetics.sound_alike, pairwise(words[max(0, own[0] - 1) : own[-1] + 2])))

    def _decoding_nats(self, window: EncodedWindow, heard: Sequence[RecognisedWord], at: int) -> float:
        word = heard[at].text
        bare = word.rstrip(_ENDS)
        again = bare if bare.startswith("I") else bare[:1].lower() + bare[1:]
        texts = [word, *(f"{bare}{mark} {again}{word[len(bare) :]}" for mark in ("", ","))]
        inside = [(number, each) for number, each in enumerate(heard) if window.start <= each.start < window.end]
        before = " ".join(each.text for number, each in inside if number < at)
        after = " ".join([each.text for number, each in inside if number > at][:WORDS_AFTER]) or "."
        once, *twice = self._recogniser.score_texts(window, before, texts, after)
        return max(each.log_probability for each in twice) - once.log_probability

    def _time_nats(self, seconds: float, usual: float, of_word: float) -> float:
        """By which the duration makes two more probable than one, if durations are distributed log-normally."""
        if min(seconds, usual, of_word) <= 0:
            return 0.0
        squares = [math.log(seconds / expected) ** 2 for expected in (usual, usual + of_word)]
        nats = (squares[0] - squares[1]) / (2 * self._thresholds.log_seconds_deviation**2)
        return max(-self._thresholds.max_time_nats, min(self._thresholds.max_time_nats, nats))


def _plain(text: str) -> str:
    return "".join(char for char in text.lower().replace("’", "'") if char.isalnum() or char == "'")

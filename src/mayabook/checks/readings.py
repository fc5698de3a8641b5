"""Compares the right reading of a word with tempting wrong ones: by forced decoding, and by the time that it took."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from mayabook.checks.phonetics import Phonetics
from mayabook.checks.recogniser import EncodedWindow, ForcedAlignment, Recogniser
from mayabook.checks.scoring import Score
from mayabook.checks.signal_checks import FRAME_SECONDS
from mayabook.checks.thresholds import ReadingThresholds
from mayabook.core.emotion_tags import without_tags
from mayabook.core.spoken_form import WordClass
from mayabook.core.verdict import AlignedWord, FindingKind, WordMatch
from mayabook.script.expected_words import ExpectedWords
from mayabook.script.tempting_readings import is_letters, letters_of, tempting_readings

PUNCTUATION = " .,;:!?…—–()[]“”‘’\"'"
WORDS_AFTER = 2
"""Words after the one in question that are decoded with either reading: a dropped unit shows in what follows."""


@dataclass(frozen=True, slots=True)
class ReadingComparison:
    """How well the right reading of a word fits the audio, and a wrong one.

    index: of the first written word, as `AlignedWord.index`. decoding_nats, time_nats: by which the wrong reading is
    more probable: to ASR that is forced to decode either, and by its duration; negative where the right one is.
    seconds: of voice in the word. right_seconds, wrong_seconds: what the phonemes of either take at the pace of the
    take. start, end: seconds into the audio.
    """

    index: int
    right: str
    wrong: str
    decoding_nats: float
    time_nats: float
    seconds: float
    right_seconds: float
    wrong_seconds: float
    start: float
    end: float

    @property
    def nats(self) -> float:
        return self.decoding_nats + self.time_nats


def misread_scores(readings: Sequence[ReadingComparison]) -> list[Score]:
    """One score for each word: of the wrong reading that fits best."""
    found = []
    for _, of_word in groupby(readings, key=lambda each: each.index):
        worst = max(of_word, key=lambda each: each.nats)
        evidence = (
            f"“{worst.wrong}” for “{worst.right}”: {worst.decoding_nats:+.1f} nats by forced decoding; it took "
            f"{worst.seconds:.2f} s, where the wrong reading takes {worst.wrong_seconds:.2f} s and the right one "
            f"{worst.right_seconds:.2f} s"
        )
        found.append(Score("misread", FindingKind.MISREAD, worst.nats, evidence, worst.start, worst.end))
    return found


class ReadingComparer:
    """May be used from several threads."""

    def __init__(self, recogniser: Recogniser, phonetics: Phonetics, thresholds: ReadingThresholds) -> None:
        self._recogniser, self._phonetics, self._thresholds = recogniser, phonetics, thresholds

    def compare(
        self,
        windows: Sequence[EncodedWindow],
        expected: Sequence[ExpectedWords],
        rows: Sequence[AlignedWord],
        forced: Mapping[int, ForcedAlignment],
        is_voiced: NDArray[np.bool_],
    ) -> list[ReadingComparison]:
        """Compares every tempting wrong reading of the expected words with the right one.

        windows: the encoded audio. rows: alignment of text and transcript. forced: forced alignment of the spoken form,
        by `AlignedWord.index`. is_voiced: by frame, see `voiced_frames`.
        """
        tempting = [
            (each, wrong)
            for each in expected
            if each.written[0] in forced and (wrong := tempting_readings(each, self._is_word))
        ]
        if not tempting or not windows:
            return []
        pace = _Pace(self._n_phonemes, expected, is_voiced)
        return [
            comparison
            for each, wrong in tempting
            if (kept := [reading for reading in wrong if self._may_be(forced[each.written[0]], reading, pace)])
            for comparison in self._compare(_Place(each, expected, rows, windows), kept, pace)
        ]

    def _may_be(self, word: ForcedAlignment, wrong: str, pace: "_Pace") -> bool:
        """Whether a word may have been spelled: it was long enough for its letters, or improbable as a word. Most words
        of a line in capitals are neither, and are not decoded again."""
        least = self._thresholds.min_letters_share * pace.seconds(wrong)
        is_probable = word.log_probability > -self._thresholds.probable_word_nats
        return not (is_letters(wrong) and is_probable and pace.voiced_seconds(word.start, word.end) < least)

    def _compare(self, place: "_Place", wrong: Sequence[str], pace: "_Pace") -> list[ReadingComparison]:
        right = " ".join(place.word.spoken)
        spellings = [(reading, spelt, 0.0) for reading in (right, *wrong) for spelt in _spellings(reading)]
        if is_letters(right):  # in capitals, which may stand for a word too
            spellings.append((right, letters_of(right).replace(" ", ""), self._thresholds.spelled_word_nats))
        texts = [place.with_reading(spelt) for _, spelt, _ in spellings]
        scored = self._recogniser.score_texts(place.window, place.before, texts, place.after)
        best: dict[str, ForcedAlignment] = {}
        for (reading, _, nats), score in zip(spellings, scored, strict=True):
            lessened = replace(score, log_probability=score.log_probability - nats)
            if reading not in best or lessened.log_probability > best[reading].log_probability:
                best[reading] = lessened
        found = []
        for reading in wrong:
            ours, theirs = best[right], best[reading]
            likelier = max(ours, theirs, key=lambda each: each.log_probability)
            seconds = pace.voiced_seconds(likelier.start, likelier.end)
            right_seconds, wrong_seconds = (pace.seconds(place.with_reading(each)) for each in (right, reading))
            found.append(
                ReadingComparison(
                    place.word.written[0],
                    right,
                    reading,
                    theirs.log_probability - ours.log_probability + self._spelling_nats(place.word, reading),
                    self._time_nats(seconds, right_seconds, wrong_seconds),
                    seconds,
                    right_seconds,
                    wrong_seconds,
                    likelier.start,
                    likelier.end,
                )
            )
        return found

    def _spelling_nats(self, word: ExpectedWords, wrong: str) -> float:
        """Makes up for what ASR writes where a word is spelled: rather the word in capitals, which it knows."""
        is_numeral = any(replaced.word_class is WordClass.ROMAN for _, replaced in word.replacements)
        return self._thresholds.spelled_word_nats if is_letters(wrong) and not is_numeral else 0.0

    def _time_nats(self, seconds: float, right: float, wrong: float) -> float:
        """By which the duration makes the wrong reading more probable, if durations are distributed log-normally."""
        if min(seconds, right, wrong) <= 0:
            return 0.0
        squares = [math.log(seconds / usual) ** 2 for usual in (right, wrong)]
        nats = (squares[0] - squares[1]) / (2 * self._thresholds.log_seconds_deviation**2)
        return max(-self._thresholds.max_time_nats, min(self._thresholds.max_time_nats, nats))

    def _n_phonemes(self, text: str) -> int:
        words = re.findall(r"[A-Z](?![\w'’])|[\w'’]+", text)
        return sum(
            len(self._letter(word) if len(word) == 1 else self._phonetics.phonemes(word.lower())) for word in words
        )

    def _is_word(self, capitals: str) -> bool:
        """Whether capitals are pronounced as a word: "NASA" is, "FBI" is not."""
        return self._phonetics.phonemes(capitals) != "".join(map(self._letter, capitals))

    def _letter(self, char: str) -> str:
        """Phonemes of the name of a letter; that of A, and not the article."""
        return "A" if char == "A" else self._phonetics.phonemes(char)


class _Pace:
    """How long phonemes take in a take."""

    def __init__(
        self, n_phonemes: Callable[[str], int], expected: Sequence[ExpectedWords], is_voiced: NDArray[np.bool_]
    ) -> None:
        self._n_phonemes, self._is_voiced = n_phonemes, is_voiced
        n_whole = sum(n_phonemes(" ".join(each.spoken)) for each in expected)
        self._seconds_per_phoneme = float(np.count_nonzero(is_voiced)) * FRAME_SECONDS / max(1, n_whole)

    def seconds(self, text: str) -> float:
        """What the phonemes of a text take."""
        return self._seconds_per_phoneme * self._n_phonemes(text)

    def voiced_seconds(self, start: float, end: float) -> float:
        voiced = self._is_voiced[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]
        return float(np.count_nonzero(voiced)) * FRAME_SECONDS


class _Place:
    """Where a word lies in the transcript.

    word: the word in question. window: of the audio. before: all that was heard before it in the window. after: what
    was heard right after it, or a full stop.
    """

    def __init__(
        self,
        word: ExpectedWords,
        expected: Sequence[ExpectedWords],
        rows: Sequence[AlignedWord],
        windows: Sequence[EncodedWindow],
    ) -> None:
        first, last = _region(rows, word.written)
        inside = {row.index for row in rows[first:last]}
        self.word = word
        self._around = [each for each in expected if each.written[0] in inside]
        start = max((row.start for row in rows[: first + 1] if row.start is not None), default=0.0)
        self.window = next((each for each in reversed(windows) if each.start <= start), windows[0])
        heard = [
            (row.heard, at < first)
            for at, row in enumerate(rows)
            if row.heard and not first <= at < last and row.start is not None
            if self.window.start <= row.start < self.window.end
        ]
        self.before = " ".join(text for text, is_before in heard if is_before)
        self.after = " ".join([text for text, is_before in heard if not is_before][:WORDS_AFTER]) or "."

    def with_reading(self, reading: str) -> str:
        """The words that were heard as one, with a reading of the word in question; without punctuation around them,
        which says nothing of what was spoken."""
        words = (reading if each is self.word else " ".join(each.spoken) for each in self._around)
        return without_tags(" ".join(words)).strip(PUNCTUATION)


def _region(rows: Sequence[AlignedWord], words: range) -> tuple[int, int]:
    """Half-open range of rows that hold some words, those that were heard as one with them, and mismatches beside."""
    places = [at for at, row in enumerate(rows) if row.index is not None and row.index in words]
    first, last = places[0], places[-1] + 1
    while first and _belongs(rows[first - 1], rows[first]):
        first -= 1
    while last < len(rows) and _belongs(rows[last], rows[last - 1]):
        last += 1
    return first, last


def _belongs(row: AlignedWord, neighbour: AlignedWord) -> bool:
    as_one = row.start is not None and (row.start, row.end) == (neighbour.start, neighbour.end)
    return as_one or row.match is WordMatch.INSERTED


def _spellings(reading: str) -> tuple[str, ...]:
    """How ASR may spell a reading: letters with hyphens, full stops or spaces; a minus as a hyphen."""
    if not is_letters(reading):
        return (reading.replace("−", "-"),)
    letters = [char for char in reading if char.isupper()]
    return tuple(dict.fromkeys(("-".join(letters), ".".join(letters) + ".", " ".join(letters))))

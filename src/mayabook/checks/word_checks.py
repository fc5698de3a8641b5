"""From the alignment of text and transcript to what is wrong, each kind of defect told from the others.

What the free transcript leaves in doubt, forced decoding settles: a word that was not said is improbable to the
recogniser even when it is made to read it, an odd name that was said is not. Values are in nats of that probability.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import regex
from numpy.typing import NDArray

from mayabook.checks.phonetics import Phonetics
from mayabook.checks.recogniser import ForcedAlignment
from mayabook.checks.scoring import Score
from mayabook.checks.speech_timing import repetitions_that_fit
from mayabook.checks.thresholds import Thresholds
from mayabook.core.verdict import AlignedWord, FindingKind, WordMatch

FUNCTION_WORDS = frozenset(
    (
        "a an the and or but of to in on at by for from with as is was are were be been it its he she "
        "they him her them his their i you we my your our this that these those there then than so if "
        "had has have do did does would could will"
    ).split()
)
FILLERS = frozenset("ah eh er hm hmm huh mm oh uh um".split())

MATCHED = (WordMatch.SAME, WordMatch.SOUND)
_OTHER_SCRIPT = regex.compile(r"[\p{L}--\p{Latin}]", regex.V1)


@dataclass(frozen=True, slots=True)
class _MismatchRun:
    """Neighbouring rows that do not match. start: of its first row in the alignment."""

    words: tuple[AlignedWord, ...]
    start: int
    at_end: bool

    @property
    def expected(self) -> list[str]:
        return [row.expected for row in self.words if row.expected]

    @property
    def heard(self) -> list[str]:
        return [row.heard for row in self.words if row.heard]


class WordScores:
    """The scores of one alignment."""

    def __init__(self, sounds: Phonetics, thresholds: Thresholds) -> None:
        self._phonetics, self._figures, self._pace = sounds, thresholds.words, thresholds.pace

    def scores(
        self,
        rows: Sequence[AlignedWord],
        readings: Mapping[int, ForcedAlignment],
        voice: NDArray[np.bool_],
        voice_after: float,
    ) -> list[Score]:
        """rows: the whole alignment. readings: by `AlignedWord.index`. voice: see `signal.voiced_frames`. voice_after:
        seconds of voice at the end for which the last word of the text does not account."""
        last_good = max((at for at, row in enumerate(rows) if row.match in MATCHED), default=-1)
        found = []
        for run in _runs(rows, last_good):
            detector, kind, value, evidence = self._classify(run, rows, readings, voice, voice_after)
            start, end = _times(run, readings)
            found.append(Score(detector, kind, value, evidence, start, end))
        if voice_after > 0 and not any(score.detector == "tail" for score in found):
            evidence = f"{voice_after:.2f} s of voice after the last word"
            found.append(Score("tail", FindingKind.TAIL, self._figures.nats_per_voiced_second * voice_after, evidence))
        return found

    def _classify(
        self,
        run: _MismatchRun,
        rows: Sequence[AlignedWord],
        readings: Mapping[int, ForcedAlignment],
        voice: NDArray[np.bool_],
        voice_after: float,
    ) -> tuple[str, FindingKind, float, str]:
        expected, heard = " ".join(run.expected), " ".join(run.heard)
        if run.expected and run.heard:
            value = self._substitution_nats(run, self._unspoken_nats(run, readings))
            return "garbled", FindingKind.GARBLED, value, f"“{heard}” for “{expected}”"
        if run.expected:
            value = self._unspoken_nats(run, readings)
            if run.at_end:
                return "truncated", FindingKind.TRUNCATED, value, f"the end, “{expected}”, was not heard"
            return "omitted", FindingKind.OMITTED, value, f"“{expected}” was not heard"
        said = self._extra_nats(run.heard)
        if times := _repetition_count(run, rows):
            value = said * (
                self._figures.repeated_text_factor
                if _text_repeats_itself(run, rows)
                else self._repetition_plausibility(run, rows, voice)
            )
            return "loop", FindingKind.LOOP, value, f"“{heard}” is said {times} times"
        if run.at_end:
            value = said + self._figures.nats_per_voiced_second * max(0.0, voice_after)
            return "tail", FindingKind.TAIL, value, f"“{heard}” comes after the end"
        after = next((row.index for row in rows[run.start + len(run.words) :] if row.index is not None), None)
        return "inserted", FindingKind.INSERTED, said + self._nats(after, readings), f"“{heard}” is not in the text"

    def _repetition_plausibility(
        self, run: _MismatchRun, rows: Sequence[AlignedWord], voice: NDArray[np.bool_]
    ) -> float:
        """0 where the voice at the end of the take leaves no room for a repetition there, 1 where it does: the
        recogniser may have heard the same speech twice."""
        phrase = [_plain(row.heard) for row in run.words][: _period([_plain(row.heard) for row in run.words])]
        n_sounds = sum(len(self._phonetics.phonemes(word)) for word in phrase)
        last = [row for row in rows if row.heard]
        if [_plain(row.heard) for row in last[-len(phrase) :]] != phrase or n_sounds < self._pace.min_phonemes:
            return 1.0
        while (
            len(last) > len(phrase) and [_plain(row.heard) for row in last[-2 * len(phrase) : -len(phrase)]] == phrase
        ):
            last = last[: -len(phrase)]
        start = last[-len(phrase)].start
        return (
            1.0
            if start is None
            else min(1.0, max(0.0, repetitions_that_fit(voice, start, n_sounds, self._pace) - 1.25) * 4)
        )

    def _unspoken_nats(self, run: _MismatchRun, readings: Mapping[int, ForcedAlignment]) -> float:
        return sum(self._nats(row.index, readings) for row in run.words if row.index is not None)

    def _nats(self, index: int | None, readings: Mapping[int, ForcedAlignment]) -> float:
        """How improbable it is that the word was said."""
        if index is None:
            return 0.0
        reading = readings.get(index)
        return (
            self._figures.max_nats_per_word
            if reading is None
            else min(self._figures.max_nats_per_word, -reading.log_probability)
        )

    def _extra_nats(self, words: Sequence[str]) -> float:
        figures = self._figures
        bare = [_plain(word) for word in words]
        return sum(
            figures.filler_nats
            if word in FILLERS
            else figures.function_word_nats
            if word in FUNCTION_WORDS
            else figures.content_word_nats
            for word in bare
        )

    def _substitution_nats(self, run: _MismatchRun, unsaid: float) -> float:
        """Where common words were heard for common words, these speak against the text as well. Otherwise it grows with
        the share of the sounds that differ: a recogniser spells what it does not know by its sound, and not well. What
        is in another script than its own has no sound to go by."""
        ours, theirs = (
            [part for word in words for part in _plain(word).split()] for words in (run.expected, run.heard)
        )
        if all(map(self._phonetics.is_common_word, (*ours, *theirs))):
            return unsaid + self._figures.substituted_word_nats * sum(word not in FUNCTION_WORDS for word in theirs)
        surplus = self._extra_nats(theirs[len(ours) :])
        longer = max(1, *(sum(len(self._phonetics.phonemes(word)) for word in words) for words in (ours, theirs)))
        differing = self._phonetics.distance(" ".join(ours), " ".join(theirs)) / longer
        if self._phonetics.language.has_phonetics and _OTHER_SCRIPT.search(" ".join(ours)):
            return unsaid + surplus
        nearest, farthest = self._figures.max_alike_share, self._figures.min_unlike_share
        return min(1.0, max(0.0, (differing - nearest) / (farthest - nearest))) * (unsaid + surplus)


def _runs(rows: Sequence[AlignedWord], last_good: int) -> list[_MismatchRun]:
    runs, at = [], 0
    for good, group in groupby(rows, key=lambda row: row.match in MATCHED):
        members = tuple(group)
        if not good:
            runs.append(_MismatchRun(members, at, at_end=at > last_good))
        at += len(members)
    return runs


def _times(run: _MismatchRun, readings: Mapping[int, ForcedAlignment]) -> tuple[float | None, float | None]:
    times = [time for row in run.words for time in (row.start, row.end) if time is not None]
    if not times:
        forced = [readings[row.index] for row in run.words if row.index is not None and row.index in readings]
        times = [time for reading in forced for time in (reading.start, reading.end)]
    return min(times, default=None), max(times, default=None)


def _repetition_count(run: _MismatchRun, rows: Sequence[AlignedWord]) -> int:
    """How often the inserted words were said, where they are a repetition of what stands beside them; else 0."""
    inserted = [_plain(row.heard) for row in run.words]
    size = _period(inserted)
    phrase = inserted[:size]
    before = [_plain(row.heard) for row in rows[: run.start] if row.heard][-size:]
    after = [_plain(row.heard) for row in rows[run.start + len(run.words) :] if row.heard][:size]
    beside = phrase in (before, after)
    times = len(inserted) // size + beside
    return times if times > 1 else 0


def _text_repeats_itself(run: _MismatchRun, rows: Sequence[AlignedWord]) -> bool:
    """Whether the text itself says the repeated words twice here: recognisers miscount."""
    inserted = [_plain(row.heard) for row in run.words]
    phrase = inserted[: _period(inserted)]
    written = [_plain(row.expected) for row in rows if row.expected]
    return any(written[at : at + 2 * len(phrase)] == phrase * 2 for at in range(len(written)))


def _period(words: Sequence[str]) -> int:
    """The length of the phrase of which the words are repetitions."""
    return next(n for n in range(1, len(words) + 1) if all(words[at] == words[at - n] for at in range(n, len(words))))


def _plain(word: str) -> str:
    return "".join(char for char in word.lower().replace("’", "'") if char.isalnum() or char in "' ")

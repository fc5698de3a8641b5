"""A take and its chunk in, a verdict out."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import jiwer
import numpy as np
from numpy.typing import NDArray

from mayabook.checks import signal_checks
from mayabook.checks.audio_loops import loop_score, repeated_word_counts
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.recogniser import ForcedAlignment, RecognisedWord, Recogniser, Transcription
from mayabook.checks.scoring import REJECTION_WEIGHT, Examination, Score, judge, scores_to_findings
from mayabook.checks.speech_timing import unexplained_voice_after
from mayabook.checks.text_normalisation import TextUnit, expected_units, text_units
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.token_checks import code_scores
from mayabook.checks.voice_drift import drift_score
from mayabook.checks.word_alignment import AlignedPair, Aligner
from mayabook.checks.word_checks import MATCHED, WordScores
from mayabook.core.chunk import Chunk
from mayabook.core.emotion_tags import without_tags
from mayabook.core.settings import CheckSettings
from mayabook.core.take import Audio, StopReason, Take
from mayabook.core.verdict import AlignedWord, FindingKind, Verdict, WordMatch

RULES = 6
"""Raised when the code of the checks changes a verdict: old takes are then judged again."""

_NOT_SPEECH = re.compile(r"[\[(*][^\])*]*[\])*]")
"""What recognisers write for a laugh or music."""
_STOPS = {
    StopReason.CAP: ("capped", FindingKind.TRUNCATED, "it ended by its token cap"),
    StopReason.LOOP: ("aborted", FindingKind.LOOP, "it was aborted because its codes repeated"),
    StopReason.NOT_FINITE: ("not_finite", FindingKind.GARBLED, "the model gave no numbers"),
}


class Checker:
    """May be used from several threads. identity: verdicts are kept under it."""

    def __init__(self, settings: CheckSettings, language: str = "en") -> None:
        """Raises CheckError where the recogniser cannot be loaded."""
        self.thresholds = load_thresholds()
        self._recogniser = Recogniser(settings.asr_model, language, self.thresholds)
        self.language = self._recogniser.language
        self._phonetics = Phonetics(self.thresholds.phonetics, self.language)
        self.aligner = Aligner(self._phonetics, self.thresholds.alignment)
        self._words = WordScores(self._phonetics, self.thresholds)
        self.identity = f"{self._recogniser.identity}, thresholds {self.thresholds.digest}, rules {RULES}"

    def check(self, take: Take, chunk: Chunk, unheard: frozenset[str] = frozenset()) -> Verdict:
        """unheard: detectors that need no recogniser, and whose word alone rejects a take before it is heard, in a
        hundredth of the time. The verdict has no words then."""
        scores = self._scores_without_asr(take, chunk)
        limits = self.thresholds.limits
        found = scores_to_findings(scores, limits)
        if any(each.weight >= REJECTION_WEIGHT and each.detector in unheard for each in found):
            return Verdict(accepted=False, findings=found, transcript="", words=(), errors=0, n_words=0)
        return judge(self._with_word_scores(take, chunk, scores), limits)

    def transcribe(self, audio: Audio, sample_rate: int) -> list[RecognisedWord]:
        """The words heard, without noises that the recogniser names."""
        return _without_noises(self._recogniser.transcribe(audio, sample_rate))

    def examine(self, take: Take, chunk: Chunk) -> Examination:
        return self._with_word_scores(take, chunk, self._scores_without_asr(take, chunk))

    def signal_scores(self, audio: Audio, sample_rate: int, chunk: Chunk) -> list[Score]:
        """What the samples tell before they are heard; of a silent take nothing else."""
        figures = self.thresholds
        if silent := signal_checks.silence_score(audio, figures.signal):
            return silent
        n_tags = sum(without_tags(word) != word for word in chunk.text.split())
        expected = self._expected(chunk)
        counts = [self._n_phonemes(slot) for slot in expected]
        n_sounds = sum(shortest for shortest, _ in counts), sum(longest for _, longest in counts)
        n_again = repeated_word_counts([token for slot in expected for token in slot.verbalisations[0]])
        return [
            *signal_checks.clipping_score(audio, sample_rate, figures.signal),
            *signal_checks.pause_scores(audio, sample_rate, figures.signal),
            *signal_checks.noise_score(audio, sample_rate, figures.signal),
            *signal_checks.click_score(audio, sample_rate, figures.signal),
            *drift_score(audio, sample_rate, figures.drift),
            *loop_score(audio, sample_rate, n_again, figures.loops),
            *signal_checks.pace_score(audio, sample_rate, n_sounds, n_tags, figures.signal, figures.pace),
        ]

    def word_scores(self, audio: Audio, sample_rate: int, chunk: Chunk) -> Examination:
        """What the words heard tell, with their alignment. Silent audio is not listened to."""
        silent = bool(signal_checks.silence_score(audio, self.thresholds.signal))
        listened = Transcription([], []) if silent else self._recogniser.encode_and_transcribe(audio, sample_rate)
        expected, heard = self._expected(chunk), _without_noises(listened.words)
        theirs = text_units([word.text for word in heard], self.language)
        pairs = self.aligner.align(expected, theirs)
        rows = _rows(chunk, expected, heard, theirs, pairs)
        scores: list[Score] = []
        if not silent:
            voice = signal_checks.voiced_frames(audio, sample_rate, self.thresholds.signal)
            rows, unsaid = self._omit_untimed_last_words(rows, len(audio) / sample_rate)
            readings = self._force_align(listened, rows, chunk)
            readings = {index: reading for index, reading in readings.items() if index not in unsaid}
            scores = self._words.scores(rows, readings, voice, self._voice_after(voice, rows, readings, expected))
        errors, n_words = _error_count(expected, theirs, pairs)
        return Examination(tuple(scores), " ".join(word.text for word in heard), tuple(rows), errors, n_words)

    def _omit_untimed_last_words(
        self, rows: Sequence[AlignedWord], seconds: float
    ) -> tuple[list[AlignedWord], set[int]]:
        """The rows, with last words of the text that have no time and stand where the audio ends made omitted, and
        which these are: a recogniser finishes a sentence that was cut off, and finds its own words likely. The last
        word of a whole take has time, or silence after it."""
        hearing = self.thresholds.recognition
        said, unsaid = list(rows), set()
        for at, row in reversed(list(enumerate(rows))):
            if row.index is None or row.start is None or row.end is None:
                break
            if row.end - row.start >= hearing.max_untimed_seconds or row.end <= seconds - hearing.untimed_end_seconds:
                break
            said[at] = AlignedWord(WordMatch.OMITTED, row.index, row.expected, "")
            unsaid.add(row.index)
        return said, unsaid

    def _scores_without_asr(self, take: Take, chunk: Chunk) -> list[Score]:
        """The scores that need no recogniser."""
        told = code_scores(take.codes, self.thresholds.tokens) if take.codes else []
        return [*_stop_scores(take), *told, *self.signal_scores(take.audio, take.sample_rate, chunk)]

    def _with_word_scores(self, take: Take, chunk: Chunk, unheard: Sequence[Score]) -> Examination:
        heard = self.word_scores(take.audio, take.sample_rate, chunk)
        return replace(heard, scores=(*unheard, *heard.scores))

    def _expected(self, chunk: Chunk) -> list[TextUnit]:
        return expected_units(chunk.text, chunk.spoken, self.language)

    def _n_phonemes(self, slot: TextUnit) -> tuple[int, int]:
        """Of the shortest and of the longest reading."""
        counts = [sum(len(self._phonetics.phonemes(token)) for token in reading) for reading in slot.verbalisations]
        return min(counts), max(counts)

    def _force_align(
        self, listened: Transcription, rows: Sequence[AlignedWord], chunk: Chunk
    ) -> dict[int, ForcedAlignment]:
        """Forced decoding of each word of the text in the window in which it should be, by `AlignedWord.index`."""
        written = chunk.text.split()
        spoken = [(row.index, row.start) for row in rows if row.index is not None]
        spoken = [(at, start) for at, start in spoken if without_tags(written[at]).strip()]
        readings: dict[int, ForcedAlignment] = {}
        for number, window in enumerate(listened.windows):
            inside: list[int] = []
            for at, start in spoken[len(readings) :]:
                if start is not None and start >= window.end and number < len(listened.windows) - 1:
                    break
                inside.append(at)
            read = self._recogniser.force_align(window, [without_tags(written[at]) for at in inside])
            readings.update(zip(inside, read, strict=True))
        return readings

    def _voice_after(
        self,
        voice: NDArray[np.bool_],
        rows: Sequence[AlignedWord],
        readings: Mapping[int, ForcedAlignment],
        expected: Sequence[TextUnit],
    ) -> float:
        """Seconds; 0 where the last word was not heard."""
        if not expected or next(row for row in rows if row.index == expected[-1].words[-1]).match not in MATCHED:
            return 0.0
        *before, last = (longest for _, longest in map(self._n_phonemes, expected))
        return unexplained_voice_after(
            voice, readings[expected[-1].words[0]].start, sum(before), last, self.thresholds.pace
        )


def _stop_scores(take: Take) -> list[Score]:
    """A take that its cap ended is truncated, whatever it sounds like."""
    if take.stop not in _STOPS:
        return []
    detector, kind, evidence = _STOPS[take.stop]
    return [Score(detector, kind, 2.0, f"{evidence}: {take.detail}" if take.detail else evidence)]


def _without_noises(words: Sequence[RecognisedWord]) -> list[RecognisedWord]:
    """Without what the recogniser put in brackets, over however many words."""
    kept, depth = [], 0
    for word in words:
        opened = depth + sum(char in "[(" for char in word.text)
        depth = max(0, opened - sum(char in "])" for char in word.text))
        if not opened and not _NOT_SPEECH.fullmatch(word.text):
            kept.append(word)
    return kept


def _rows(
    chunk: Chunk,
    expected: Sequence[TextUnit],
    heard: Sequence[RecognisedWord],
    theirs: Sequence[TextUnit],
    pairs: Sequence[AlignedPair],
) -> list[AlignedWord]:
    """One row for each word of the text that is spoken, and one for each inserted word.

    Where several words of the text match as a whole, the first bears what was heard, and all bear the times.
    """
    written = chunk.text.split()
    rows: list[AlignedWord] = []
    for pair in pairs:
        listened = [heard[at] for slot in theirs[slice(*pair.heard)] for at in slot.words]
        start = min((word.start for word in listened), default=None)
        end = max((word.end for word in listened), default=None)
        if pair.match == WordMatch.INSERTED:
            rows += [AlignedWord(pair.match, None, "", word.text, word.start, word.end) for word in listened]
            continue
        text = " ".join(word.text for word in listened)
        for slot in expected[slice(*pair.expected)]:
            for at in slot.words:
                rows.append(AlignedWord(pair.match, at, written[at], text, start, end))
                text = ""
    covered = {row.index for row in rows}
    for at, word in enumerate(written):
        if at not in covered and any(char.isalnum() for char in word):
            spoken = bool(without_tags(word).strip())
            place = next((n for n, row in enumerate(rows) if row.index is not None and row.index > at), len(rows))
            rows.insert(place, AlignedWord(WordMatch.OMITTED if spoken else WordMatch.SAME, at, word, ""))
    return rows


def _error_count(
    expected: Sequence[TextUnit], theirs: Sequence[TextUnit], pairs: Sequence[AlignedPair]
) -> tuple[int, int]:
    """Word errors and words of the text. What matches under some reading is no error; a homophone is one."""
    reference, hypothesis = [], []
    for pair in pairs:
        ours = [token for slot in expected[slice(*pair.expected)] for token in slot.verbalisations[0]]
        reference += ours
        same = pair.match == WordMatch.SAME
        hypothesis += ours if same else [t for slot in theirs[slice(*pair.heard)] for t in slot.verbalisations[0]]
    if not reference:
        return len(hypothesis), 0
    counts = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return counts.substitutions + counts.deletions + counts.insertions, len(reference)

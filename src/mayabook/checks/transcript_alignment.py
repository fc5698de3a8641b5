"""Transcribes audio and aligns the words with the text of a chunk: what each recogniser makes of a take."""

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import jiwer
import numpy as np
from numpy.typing import NDArray

from mayabook.checks.mismatches import MATCHED, MismatchRun
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.readings import PUNCTUATION, WORDS_AFTER, ReadingComparer
from mayabook.checks.recogniser import EncodedWindow, ForcedAlignment, RecognisedWord, Recogniser, Transcription
from mayabook.checks.repeated_words import RepetitionFinder
from mayabook.checks.scoring import Examination
from mayabook.checks.signal_checks import voiced_frames
from mayabook.checks.speech_timing import unexplained_voice_after
from mayabook.checks.text_normalisation import TextUnit, expected_units, text_units
from mayabook.checks.thresholds import Thresholds
from mayabook.checks.word_alignment import AlignedPair, Aligner
from mayabook.checks.word_checks import SecondOpinion, WordEvidence
from mayabook.core.chunk import Chunk
from mayabook.core.emotion_tags import without_tags
from mayabook.core.take import Audio
from mayabook.core.verdict import AlignedWord, WordMatch
from mayabook.script.expected_words import ExpectedWords, expected_words

_NOT_SPEECH = re.compile(r"[\[(*][^\])*]*[\])*]")
"""How Whisper writes noises, a laugh or music."""


@dataclass(frozen=True, slots=True)
class _Alignment:
    """A transcript aligned with a text.

    expected: units of the text. matches: for each index of the transcript's words that matches the text, the indices of
    the written words. untimed: indices of last words that ASR completed, see `_omit_untimed_last_words`. errors: word
    errors, and words of the text.
    """

    expected: Sequence[TextUnit]
    rows: Sequence[AlignedWord]
    matches: Mapping[int, Sequence[int]]
    untimed: Set[int]
    errors: tuple[int, int]


class TranscriptAligner:
    """Aligns the transcripts of one recogniser with texts. May be used from several threads."""

    def __init__(self, recogniser: Recogniser, aligner: Aligner, phonetics: Phonetics, thresholds: Thresholds) -> None:
        self._recogniser, self._aligner, self._phonetics, self._thresholds = recogniser, aligner, phonetics, thresholds
        self._readings = ReadingComparer(recogniser, phonetics, thresholds.readings)
        self._repetitions = RepetitionFinder(recogniser, phonetics, thresholds.repetitions)

    def align(
        self, audio: Audio, sample_rate: int, chunk: Chunk, *, is_silent: bool = False
    ) -> tuple[Examination, WordEvidence]:
        """Transcribes audio and aligns the words with the text. Returns the examination without scores, and what
        detectors of words need to know. is_silent: there is nothing to transcribe."""
        transcription = Transcription([], [])
        if not is_silent:
            transcription = self._recogniser.encode_and_transcribe(audio, sample_rate)
        words, heard = expected_words(chunk.sentences), without_noises(transcription.words)
        found = self._align(words, heard, None if is_silent else len(audio) / sample_rate)
        aligned = self._force_align(transcription.windows, found.rows, words)
        forced = _joined(aligned, found.untimed)
        is_voiced = voiced_frames(audio, sample_rate, self._thresholds.signal)
        signal = replace(self._thresholds.signal, min_voice_share=self._thresholds.signal.min_last_voice_share)
        is_loud = voiced_frames(audio, sample_rate, signal)
        unexplained = self._unexplained_end_seconds(is_loud, found.rows, aligned, found.expected)
        readings = self._readings.compare(transcription.windows, words, found.rows, forced, is_voiced)
        repetitions = self._repetitions.find(transcription.windows, heard, words, found.matches, is_voiced)
        transcript = " ".join(word.text for word in heard)
        examination = Examination((), transcript, tuple(found.rows), *found.errors)
        return examination, WordEvidence(
            found.rows, forced, is_voiced, unexplained, self._phonetics, readings, repetitions, transcription.windows
        )

    def second_opinion(
        self, audio: Audio, sample_rate: int, chunk: Chunk, rows: Sequence[AlignedWord]
    ) -> SecondOpinion:
        """Force-aligns the words of a take that another recogniser has transcribed, in the audio and in silence.

        No transcript is decoded. audio: mono, not silent. sample_rate: Hz. rows: alignment by the first recogniser.
        """
        windows = self._recogniser.encode(audio, sample_rate)
        silence = [self._recogniser.silent(window) for window in windows]
        words = expected_words(chunk.sentences)
        forced, prior = (_joined(self._force_align(each, rows, words), set()) for each in (windows, silence))
        return SecondOpinion(forced, prior, windows)

    def substitution_nats(
        self,
        windows: Sequence[EncodedWindow],
        chunk: Chunk,
        rows: Sequence[AlignedWord],
        substitutions: Sequence[MismatchRun],
    ) -> list[float]:
        """Log-likelihood ratio of the transcribed over the expected words, in nats, one value per substitution;
        positive values favour the transcript.

        The recogniser's ratio on silence (its language-model bias) is subtracted, clipped to ±`max_preference_nats`,
        because it also prefers almost anything to a rare spelling. windows: encoded by this recogniser. rows: the
        alignment; may come from another recogniser.
        """
        words = expected_words(chunk.sentences)
        found = []
        for run in substitutions:
            number, before, after = _context(rows, run, windows)
            indices = {row.index for row in run.words}
            ours = [word for each in words if indices.intersection(each.written) for word in _words_to_align(each)]
            texts = [" ".join(text).replace("’", "'").strip(PUNCTUATION) for text in (ours, run.heard)]
            window = windows[number]
            spoken, silent = (
                self._recogniser.score_texts(each, before, texts, after)
                for each in (window, self._recogniser.silent(window))
            )
            preference, usual = (heard.log_probability - text.log_probability for text, heard in (spoken, silent))
            most = self._thresholds.words.max_preference_nats
            found.append(preference - max(-most, min(most, usual)))
        return found

    def _align(
        self, words: Sequence[ExpectedWords], heard: Sequence[RecognisedWord], seconds: float | None
    ) -> "_Alignment":
        """seconds: of audio; None if it is silent."""
        expected = expected_units(words, self._recogniser.language)
        heard_units = text_units([word.text for word in heard], self._recogniser.language)
        pairs = self._aligner.align(expected, heard_units)
        rows, untimed = _rows(words, expected, heard, heard_units, pairs), set[int]()
        if seconds is not None:
            rows, untimed = self._omit_untimed_last_words(rows, seconds)
        matches = _matches(expected, heard_units, pairs)
        return _Alignment(expected, rows, matches, untimed, _error_count(expected, heard_units, pairs))

    def _omit_untimed_last_words(
        self, rows: Sequence[AlignedWord], seconds: float
    ) -> tuple[list[AlignedWord], set[int]]:
        """Marks last words of the text that have no duration and lie at the end of the audio as omitted.

        ASR completes a sentence that was cut off, and finds its own words likely. The last word of a complete take has
        a duration, or silence after it. Returns the rows, and the indices of the words marked. seconds: of audio.
        """
        settings = self._thresholds.recognition
        marked, untimed = list(rows), set()
        for at, row in reversed(list(enumerate(rows))):
            if row.index is None or row.start is None or row.end is None:
                break
            if row.end - row.start >= settings.max_untimed_seconds or row.end <= seconds - settings.untimed_end_seconds:
                break
            marked[at] = AlignedWord(WordMatch.OMITTED, row.index, row.expected, "")
            untimed.add(row.index)
        return marked, untimed

    def _force_align(
        self, windows: Sequence[EncodedWindow], rows: Sequence[AlignedWord], expected: Sequence[ExpectedWords]
    ) -> dict[int, list[ForcedAlignment]]:
        """Force-aligns the spoken form in the windows where its words should be: one alignment for each spoken word, by
        `AlignedWord.index`. Written words that are spoken as a whole share theirs."""
        starts = {row.index: row.start for row in rows}
        wanted = [
            (each, words, starts[each.written[0]])
            for each in expected
            if each.written[0] in starts and (words := _words_to_align(each))
        ]
        forced: dict[int, list[ForcedAlignment]] = {}
        n_done = 0
        for number, window in enumerate(windows):
            inside = []
            for each, words, start in wanted[n_done:]:
                if start is not None and start >= window.end and number < len(windows) - 1:
                    break
                inside.append((each, words))
            n_done += len(inside)
            aligned = iter(self._recogniser.force_align(window, [word for _, words in inside for word in words]))
            for each, words in inside:
                parts = [next(aligned) for _ in words]
                forced.update((at, parts) for at in each.written)
        return forced

    def _unexplained_end_seconds(
        self,
        is_voiced: NDArray[np.bool_],
        rows: Sequence[AlignedWord],
        aligned: Mapping[int, Sequence[ForcedAlignment]],
        expected: Sequence[TextUnit],
    ) -> float:
        """Voice at the end that the last word does not account for; 0 if the last word was not matched."""
        if not expected or next(row for row in rows if row.index == expected[-1].words[-1]).match not in MATCHED:
            return 0.0
        n_all, last, words = (
            sum(phoneme_counts(unit, self._phonetics)[1] for unit in expected),
            expected[-1],
            aligned[expected[-1].words[0]],
        )
        if len(words) > 1:  # such as a number: its last word counts, since there may be pauses within
            n_last = len(self._phonetics.phonemes(last.verbalisations[0][-1]))
        else:
            n_last = phoneme_counts(last, self._phonetics)[1]
        return unexplained_voice_after(is_voiced, words[-1].start, n_all - n_last, n_last, self._thresholds.pace)


def phoneme_counts(unit: TextUnit, phonetics: Phonetics) -> tuple[int, int]:
    """Phonemes of the shortest and of the longest verbalisation."""
    counts = [sum(len(phonetics.phonemes(token)) for token in tokens) for tokens in unit.verbalisations]
    return min(counts), max(counts)


def without_noises(words: Sequence[RecognisedWord]) -> list[RecognisedWord]:
    """Without bracketed noises, which may span several words."""
    kept, depth = [], 0
    for word in words:
        opened = depth + sum(char in "[(" for char in word.text)
        depth = max(0, opened - sum(char in "])" for char in word.text))
        if not opened and not _NOT_SPEECH.fullmatch(word.text):
            kept.append(word)
    return kept


def _context(rows: Sequence[AlignedWord], run: MismatchRun, windows: Sequence[EncodedWindow]) -> tuple[int, str, str]:
    """Of a run of mismatches: the number of its window, what was heard before it there, and right after it."""
    start = max((row.start for row in rows[: run.start + 1] if row.start is not None), default=0.0)
    number = max((n for n, window in enumerate(windows) if window.start <= start), default=0)
    window, end = windows[number], run.start + len(run.words)
    before = [row.heard for row in rows[: run.start] if row.heard and (row.start or 0.0) >= window.start]
    after = [row.heard for row in rows[end:] if row.heard and (row.start or 0.0) < window.end]
    return number, " ".join(before), " ".join(after[:WORDS_AFTER]) or "."


def _words_to_align(each: ExpectedWords) -> list[str]:
    """What ASR is forced to decode for expected words, without emotion tags: a respelling as it is written."""
    words = each.text.split() if each.is_respelt else each.spoken
    return [text for text in map(without_tags, words) if text.strip()]


def _joined(aligned: Mapping[int, Sequence[ForcedAlignment]], untimed: Set[int]) -> dict[int, ForcedAlignment]:
    """The alignment of each written word as a whole, without those that were not timed."""
    return {index: _joined_alignment(parts) for index, parts in aligned.items() if index not in untimed}


def _joined_alignment(parts: Sequence[ForcedAlignment]) -> ForcedAlignment:
    return ForcedAlignment(min(part.log_probability for part in parts), parts[0].start, parts[-1].end)


def _rows(
    words: Sequence[ExpectedWords],
    expected: Sequence[TextUnit],
    heard: Sequence[RecognisedWord],
    heard_units: Sequence[TextUnit],
    pairs: Sequence[AlignedPair],
) -> list[AlignedWord]:
    """One row for each word of the text that is spoken, and one for each inserted word.

    If several words of the text match as a group, the first row has what was heard, and all have the times.
    """
    written = [word for each in words for word in each.text.split()]
    left_out = {at for each in words if not each.spoken for at in each.written}
    rows: list[AlignedWord] = []
    for pair in pairs:
        spoken_words = [heard[at] for unit in heard_units[slice(*pair.heard)] for at in unit.words]
        start = min((word.start for word in spoken_words), default=None)
        end = max((word.end for word in spoken_words), default=None)
        if pair.match == WordMatch.INSERTED:
            rows += [AlignedWord(pair.match, None, "", word.text, word.start, word.end) for word in spoken_words]
            continue
        text = " ".join(word.text for word in spoken_words)
        for unit in expected[slice(*pair.expected)]:
            for at in unit.words:
                rows.append(AlignedWord(pair.match, at, written[at], text, start, end))
                text = ""
    covered = {row.index for row in rows}
    for at, word in enumerate(written):
        if at not in covered and any(char.isalnum() for char in word):
            spoken = at not in left_out and bool(without_tags(word).strip())
            place = next((n for n, row in enumerate(rows) if row.index is not None and row.index > at), len(rows))
            rows.insert(place, AlignedWord(WordMatch.OMITTED if spoken else WordMatch.SAME, at, word, ""))
    return rows


def _matches(
    expected: Sequence[TextUnit], heard_units: Sequence[TextUnit], pairs: Sequence[AlignedPair]
) -> dict[int, tuple[int, ...]]:
    """See `_Alignment.matches`."""
    found: dict[int, tuple[int, ...]] = {}
    for pair in pairs:
        if pair.match in MATCHED:
            written = tuple(at for unit in expected[slice(*pair.expected)] for at in unit.words)
            found.update((at, written) for unit in heard_units[slice(*pair.heard)] for at in unit.words)
    return found


def _error_count(
    expected: Sequence[TextUnit], heard_units: Sequence[TextUnit], pairs: Sequence[AlignedPair]
) -> tuple[int, int]:
    """Word errors, and words of the text. A match by any verbalisation is not an error; a homophone is an error."""
    reference, hypothesis = [], []
    for pair in pairs:
        ours = [token for unit in expected[slice(*pair.expected)] for token in unit.verbalisations[0]]
        reference += ours
        same = pair.match == WordMatch.SAME
        hypothesis += ours if same else [t for unit in heard_units[slice(*pair.heard)] for t in unit.verbalisations[0]]
    if not reference:
        return len(hypothesis), 0
    counts = jiwer.process_words(" ".join(reference), " ".join(hypothesis))
    return counts.substitutions + counts.deletions + counts.insertions, len(reference)

"""Checks a take against the text of its chunk, and gives a verdict."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import jiwer
import numpy as np
from numpy.typing import NDArray

from mayabook.checks.audio_loops import repeated_word_counts
from mayabook.checks.detectors import Evidence, Needs, require_rejection_thresholds, run_detectors
from mayabook.checks.expected_words import ExpectedWords, expected_words
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.readings import ReadingComparer
from mayabook.checks.recogniser import COMPUTE_TYPE, ForcedAlignment, RecognisedWord, Recogniser, Transcription
from mayabook.checks.repeated_words import RepetitionFinder
from mayabook.checks.scoring import REJECTION_WEIGHT, Examination, Score, judge, scores_to_findings
from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.checks.speech_timing import running_pace, unexplained_voice_after
from mayabook.checks.text_normalisation import TextUnit, expected_units, text_units
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.voice_drift import cepstra, drift_score, fit_timbre, voiced_bands
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.checks.word_alignment import AlignedPair, Aligner
from mayabook.checks.word_checks import MATCHED, WordEvidence
from mayabook.core.chunk import Chunk
from mayabook.core.emotion_tags import without_tags
from mayabook.core.settings import CheckSettings
from mayabook.core.take import Audio, Take
from mayabook.core.verdict import AlignedWord, Verdict, WordMatch

RULES_VERSION = 10
"""Version of the code of the checks; increase it when a verdict changes, so that old takes are checked again."""

_NOT_SPEECH = re.compile(r"[\[(*][^\])*]*[\])*]")
"""How Whisper writes noises, a laugh or music."""


class Checker:
    """Checks takes by all registered detectors. May be used from several threads.

    identity: names everything that a verdict depends on besides take and chunk; the ledger keeps verdicts by it.
    language: whose text normalisation and phonetics apply. aligner: of text and transcript.
    """

    def __init__(self, settings: CheckSettings, language: str = "en", compute_type: str = COMPUTE_TYPE) -> None:
        """compute_type: number format of the recogniser. Others than the default are for comparison only.

        Raises CheckError if the recogniser cannot be loaded, or a measure of a detector has no threshold.
        """
        self.thresholds = load_thresholds()
        require_rejection_thresholds(self.thresholds.rejection)
        self._recogniser = Recogniser(settings.asr_model, language, self.thresholds, compute_type)
        self.language = self._recogniser.language
        self._phonetics = Phonetics(self.thresholds.phonetics, self.language)
        self.aligner = Aligner(self._phonetics, self.thresholds.alignment)
        self._readings = ReadingComparer(self._recogniser, self._phonetics, self.thresholds.readings)
        self._repetitions = RepetitionFinder(self._recogniser, self._phonetics, self.thresholds.repetitions)
        self.identity = f"{self._recogniser.identity}, thresholds {self.thresholds.digest}, rules {RULES_VERSION}"

    def check(
        self, take: Take, chunk: Chunk, decisive: frozenset[str] = frozenset(), voice: VoiceReference = UNKNOWN_VOICE
    ) -> Verdict:
        """Runs all detectors.

        decisive: names of measures that need no ASR. If one of them reaches its threshold, the take is rejected without
        being transcribed, in a hundredth of the time, and the verdict has no words. voice: what is
        known of it, by which pace and timbre are judged.
        """
        scores = self._scores_without_asr(take, chunk, voice)
        found = scores_to_findings(scores, self.thresholds.rejection)
        if any(each.weight >= REJECTION_WEIGHT and each.detector in decisive for each in found):
            return Verdict(accepted=False, findings=found, transcript="", words=(), errors=0, n_words=0)
        return judge(self._with_word_scores(take, chunk, scores), self.thresholds.rejection)

    def transcribe(self, audio: Audio, sample_rate: int) -> list[RecognisedWord]:
        """Recognised words, without bracketed noises. audio: mono, any length. sample_rate: Hz."""
        return _without_noises(self._recogniser.transcribe(audio, sample_rate))

    def examine(self, take: Take, chunk: Chunk, voice: VoiceReference = UNKNOWN_VOICE) -> Examination:
        """All scores, before thresholds are applied. voice: as for `check`."""
        return self._with_word_scores(take, chunk, self._scores_without_asr(take, chunk, voice))

    def can_measure_voice(self, chunk: Chunk) -> bool:
        """Whether a take of the chunk tells the pace of its voice: the text is long enough, and has no emotion tags."""
        n_phonemes = sum(shortest for shortest, _ in map(self._n_phonemes, self._expected(chunk)))
        return n_phonemes >= self.thresholds.pace.min_reference_phonemes and without_tags(chunk.text) == chunk.text

    def measure_voice(self, takes: Iterable[tuple[Audio, int, Chunk]]) -> VoiceReference:
        """Measures the voice of takes: audio, sample rate in Hz, and a chunk that passes `can_measure_voice`.

        A take that seems to have two speakers does not tell the timbre.
        """
        paces, spectra, figures = [], [], self.thresholds.drift
        for audio, sample_rate, chunk in takes:
            paces.append(self._pace(audio, sample_rate, chunk))
            drift = drift_score(audio, sample_rate, figures)
            if all(score.value < self.thresholds.rejection[score.detector] for score in drift):
                spectra.append(voiced_bands(audio, sample_rate, figures)[1])
        n_frames = sum(map(len, spectra))
        timbre = None
        if n_frames >= figures.min_reference_frames:
            timbre = fit_timbre(cepstra(np.concatenate(spectra)), figures.voice_gaussians)
        return VoiceReference(running_pace(paces, self.thresholds.pace), timbre)

    def _pace(self, audio: Audio, sample_rate: int, chunk: Chunk) -> float:
        """Seconds of voice for each phoneme of the chunk, which has phonemes. sample_rate: Hz."""
        n_phonemes = sum(shortest + longest for shortest, longest in map(self._n_phonemes, self._expected(chunk))) / 2
        n_voiced = np.count_nonzero(voiced_frames(audio, sample_rate, self.thresholds.signal))
        return float(n_voiced) * FRAME_SECONDS / n_phonemes

    def signal_scores(
        self, audio: Audio, sample_rate: int, chunk: Chunk, voice: VoiceReference = UNKNOWN_VOICE
    ) -> list[Score]:
        """Scores of the detectors of signal alone. voice: as for `check`."""
        silent = run_detectors(Evidence(self.thresholds, audio, sample_rate), Needs.LEVEL)
        return silent or run_detectors(self.signal_evidence(audio, sample_rate, chunk, voice), Needs.SIGNAL)

    def signal_evidence(
        self, audio: Audio, sample_rate: int, chunk: Chunk, voice: VoiceReference = UNKNOWN_VOICE
    ) -> Evidence:
        """What detectors of the signal need to know."""
        expected = self._expected(chunk)
        counts = [self._n_phonemes(unit) for unit in expected]
        return Evidence(
            self.thresholds,
            audio,
            sample_rate,
            n_phonemes=(sum(shortest for shortest, _ in counts), sum(longest for _, longest in counts)),
            n_tags=sum(without_tags(word) != word for word in chunk.text.split()),
            voice=voice,
            n_repeats=repeated_word_counts([token for unit in expected for token in unit.verbalisations[0]]),
        )

    def word_scores(self, audio: Audio, sample_rate: int, chunk: Chunk) -> Examination:
        """Scores of the detectors of words, with transcript and alignment. Silent audio is not transcribed."""
        evidence = Evidence(self.thresholds, audio, sample_rate)
        is_silent = bool(run_detectors(evidence, Needs.LEVEL))
        examination, words = self.align_words(audio, sample_rate, chunk, is_silent=is_silent)
        scores = [] if is_silent else run_detectors(replace(evidence, words=words), Needs.WORDS)
        return replace(examination, scores=tuple(scores))

    def align_words(
        self, audio: Audio, sample_rate: int, chunk: Chunk, *, is_silent: bool = False
    ) -> tuple[Examination, WordEvidence]:
        """Transcribes audio and aligns the words with the text. Returns the examination without scores, and what
        detectors of words need to know. is_silent: there is nothing to transcribe."""
        blank = Transcription([], [])
        transcription = blank if is_silent else self._recogniser.encode_and_transcribe(audio, sample_rate)
        words, heard = expected_words(chunk.sentences), _without_noises(transcription.words)
        expected = expected_units(words, self.language)
        heard_units = text_units([word.text for word in heard], self.language)
        pairs = self.aligner.align(expected, heard_units)
        rows, untimed = _rows(words, expected, heard, heard_units, pairs), set[int]()
        if not is_silent:
            rows, untimed = self._omit_untimed_last_words(rows, len(audio) / sample_rate)
        aligned = self._force_align(transcription, rows, words)
        forced = {index: _joined_alignment(parts) for index, parts in aligned.items() if index not in untimed}
        is_voiced = voiced_frames(audio, sample_rate, self.thresholds.signal)
        unexplained = self._unexplained_end_seconds(is_voiced, rows, aligned, expected)
        readings = self._readings.compare(transcription.windows, words, rows, forced, is_voiced)
        repetitions = self._repetitions.find(transcription.windows, heard, words, is_voiced)
        transcript = " ".join(word.text for word in heard)
        examination = Examination((), transcript, tuple(rows), *_error_count(expected, heard_units, pairs))
        return examination, WordEvidence(rows, forced, is_voiced, unexplained, self._phonetics, readings, repetitions)

    def _omit_untimed_last_words(
        self, rows: Sequence[AlignedWord], seconds: float
    ) -> tuple[list[AlignedWord], set[int]]:
        """Marks last words of the text that have no duration and lie at the end of the audio as omitted.

        ASR completes a sentence that was cut off, and finds its own words likely. The last word of a complete take has
        a duration, or silence after it. Returns the rows, and the indices of the words marked. seconds: of audio.
        """
        settings = self.thresholds.recognition
        marked, untimed = list(rows), set()
        for at, row in reversed(list(enumerate(rows))):
            if row.index is None or row.start is None or row.end is None:
                break
            if row.end - row.start >= settings.max_untimed_seconds or row.end <= seconds - settings.untimed_end_seconds:
                break
            marked[at] = AlignedWord(WordMatch.OMITTED, row.index, row.expected, "")
            untimed.add(row.index)
        return marked, untimed

    def _scores_without_asr(self, take: Take, chunk: Chunk, voice: VoiceReference) -> list[Score]:
        evidence = Evidence(
            self.thresholds, take.audio, take.sample_rate, stop=take.stop, stop_detail=take.detail, codes=take.codes
        )
        scores = run_detectors(evidence, Needs.STOP_REASON, Needs.CODES)
        return [*scores, *self.signal_scores(take.audio, take.sample_rate, chunk, voice)]

    def _with_word_scores(self, take: Take, chunk: Chunk, other_scores: Sequence[Score]) -> Examination:
        examination = self.word_scores(take.audio, take.sample_rate, chunk)
        return replace(examination, scores=(*other_scores, *examination.scores))

    def _expected(self, chunk: Chunk) -> list[TextUnit]:
        return expected_units(expected_words(chunk.sentences), self.language)

    def _n_phonemes(self, unit: TextUnit) -> tuple[int, int]:
        """Of the shortest and of the longest verbalisation."""
        counts = [sum(len(self._phonetics.phonemes(token)) for token in tokens) for tokens in unit.verbalisations]
        return min(counts), max(counts)

    def _force_align(
        self, transcription: Transcription, rows: Sequence[AlignedWord], expected: Sequence[ExpectedWords]
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
        for number, window in enumerate(transcription.windows):
            inside = []
            for each, words, start in wanted[n_done:]:
                if start is not None and start >= window.end and number < len(transcription.windows) - 1:
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
            sum(self._n_phonemes(unit)[1] for unit in expected),
            expected[-1],
            aligned[expected[-1].words[0]],
        )
        if len(words) > 1:  # such as a number: its last word counts, since there may be pauses within
            n_last = len(self._phonetics.phonemes(last.verbalisations[0][-1]))
        else:
            n_last = self._n_phonemes(last)[1]
        return unexplained_voice_after(is_voiced, words[-1].start, n_all - n_last, n_last, self.thresholds.pace)


def _without_noises(words: Sequence[RecognisedWord]) -> list[RecognisedWord]:
    """Without bracketed noises, which may span several words."""
    kept, depth = [], 0
    for word in words:
        opened = depth + sum(char in "[(" for char in word.text)
        depth = max(0, opened - sum(char in "])" for char in word.text))
        if not opened and not _NOT_SPEECH.fullmatch(word.text):
            kept.append(word)
    return kept


def _words_to_align(each: ExpectedWords) -> list[str]:
    """What ASR is forced to decode for expected words, without emotion tags: a respelling as it is written."""
    words = each.text.split() if each.is_respelt else each.spoken
    return [text for text in map(without_tags, words) if text.strip()]


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

"""Checks a take against the text of its chunk, and gives a verdict."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from mayabook.checks.audio_loops import repeated_word_counts
from mayabook.checks.detectors import Evidence, Needs, require_rejection_thresholds, run_detectors
from mayabook.checks.other_voice import reference_embedding
from mayabook.checks.phonetics import Phonetics
from mayabook.checks.prompt_leaks import description_in
from mayabook.checks.recogniser import COMPUTE_TYPE, RecognisedWord, Recogniser
from mayabook.checks.scoring import REJECTION_WEIGHT, Examination, Score, judge, scores_to_findings
from mayabook.checks.signal_checks import FRAME_SECONDS, voiced_frames
from mayabook.checks.speaker_embedding import embed_speaker
from mayabook.checks.speech_timing import running_pace
from mayabook.checks.text_normalisation import TextUnit, expected_units
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.transcript_alignment import TranscriptAligner, phoneme_counts, without_noises
from mayabook.checks.voice_drift import measure_timbre
from mayabook.checks.voice_measures import measure_take
from mayabook.checks.voice_reference import UNKNOWN_VOICE, VoiceReference
from mayabook.checks.word_alignment import Aligner
from mayabook.checks.word_checks import WordEvidence, WordScores, is_rejected_anyway, needs_second_opinion
from mayabook.core.chunk import Chunk
from mayabook.core.emotion_tags import without_tags
from mayabook.core.settings import CheckSettings
from mayabook.core.take import Audio, Take
from mayabook.core.verdict import FindingKind, Verdict, VoiceMeasures
from mayabook.script.expected_words import expected_words

RULES_VERSION = 18
"""Version of the code of the checks; increase it when a verdict changes, so that old takes are checked again."""


class Checker:
    """Checks takes by all registered detectors. May be used from several threads.

    identity: names everything that a verdict depends on besides take and chunk; the ledger keeps verdicts by it.
    language: whose text normalisation and phonetics apply. aligner: of text and transcript.
    """

    def __init__(self, settings: CheckSettings, language: str = "en", compute_type: str = COMPUTE_TYPE) -> None:
        """compute_type: number format of the recogniser. Others than the default are for comparison only.

        Loads no recogniser. Raises CheckError if the files of one are not there, or a measure of a detector has no
        threshold.
        """
        self.thresholds = load_thresholds()
        require_rejection_thresholds(self.thresholds.rejection)
        self._recogniser = Recogniser(settings.asr_model, language, self.thresholds, compute_type)
        self.language = self._recogniser.language
        self._phonetics = Phonetics(self.thresholds.phonetics, self.language)
        self.aligner = Aligner(self._phonetics, self.thresholds.alignment)
        self._transcripts = self._transcript_aligner(self._recogniser)
        self._second_transcripts: TranscriptAligner | None = None
        recognisers = self._recogniser.identity
        if settings.second_asr_model:
            second = Recogniser(settings.second_asr_model, self.language.code, self.thresholds, compute_type)
            self._second_transcripts = self._transcript_aligner(second)
            recognisers += f", in doubt {second.files.identity}"
        self.identity = f"{recognisers}, thresholds {self.thresholds.digest}, rules {RULES_VERSION}"

    def load(self) -> None:
        """Loads the recogniser now rather than at the first transcript. Raises CheckError if it cannot be loaded."""
        self._recogniser.load()

    def check(
        self,
        take: Take,
        chunk: Chunk,
        decisive: frozenset[str] = frozenset(),
        voice: VoiceReference = UNKNOWN_VOICE,
        *,
        thorough: bool = True,
    ) -> Verdict:
        """Runs all detectors.

        decisive: names of measures that need no ASR. If one of them reaches its threshold, the take is rejected without
        being transcribed, in a hundredth of the time, and the verdict has no words. voice: measured pace, timbre
        and speaker, against which the take is judged. thorough: ask the second recogniser about words in doubt even if
        the take is rejected on other evidence.
        """
        scores = self._scores_without_asr(take, chunk, voice)
        found = scores_to_findings(scores, self.thresholds.rejection)
        if any(each.weight >= REJECTION_WEIGHT and each.detector in decisive for each in found):
            return Verdict(accepted=False, findings=found, transcript="", words=(), errors=0, n_words=0)
        others, description = None if thorough else scores, description_in(take.request.voice)
        words = self.word_scores(take.audio, take.sample_rate, chunk, others, description)
        verdict = judge(replace(words, scores=(*scores, *words.scores)), self.thresholds.rejection)
        return replace(verdict, voice=self._voice_measures(take, chunk, scores))

    def transcribe(self, audio: Audio, sample_rate: int) -> list[RecognisedWord]:
        """Recognised words, without bracketed noises. audio: mono, any length. sample_rate: Hz."""
        return without_noises(self._recogniser.transcribe(audio, sample_rate))

    def examine(self, take: Take, chunk: Chunk, voice: VoiceReference = UNKNOWN_VOICE) -> Examination:
        """All scores, before thresholds are applied. voice: as for `check`."""
        scores = self._scores_without_asr(take, chunk, voice)
        description = description_in(take.request.voice)
        words = self.word_scores(take.audio, take.sample_rate, chunk, description=description)
        return replace(words, scores=(*scores, *words.scores))

    def reference_chunks(self, chunks: Iterable[Chunk]) -> list[int]:
        """Indices of the chunks from whose takes the voice is measured: the first with at least
        `min_reference_phonemes` phonemes and no emotion tags, until they have `reference_phonemes` in all."""
        figures, chosen, total = self.thresholds.pace, list[int](), 0
        for at, chunk in enumerate(chunks):
            if total >= figures.reference_phonemes:
                break
            n_phonemes = sum(shortest for shortest, _ in self._phoneme_counts(chunk))
            if n_phonemes >= figures.min_reference_phonemes and without_tags(chunk.text) == chunk.text:
                chosen.append(at)
                total += n_phonemes
        return chosen

    def measure_voice(self, takes: Iterable[tuple[Audio, int, Chunk]], *, with_speaker: bool = True) -> VoiceReference:
        """Measures the voice of takes: audio, sample rate in Hz, and the chunk, one of `reference_chunks`.

        The timbre is that of the takes in which no second speaker is detected. with_speaker: measure the speaker
        embedding, too, by which `other_voice` judges.
        """
        taken = list(takes)
        paces = [self.pace(audio, sample_rate, chunk) for audio, sample_rate, chunk in taken]
        timbre = measure_timbre(
            ((audio, sample_rate) for audio, sample_rate, _ in taken),
            self.thresholds.drift,
            self.thresholds.rejection["drift_for_voice"],
        )
        compared = taken if with_speaker else []
        embeddings = [embed_speaker(audio, sample_rate, self.thresholds.signal) for audio, sample_rate, _ in compared]
        speaker = reference_embedding(
            [each for each in embeddings if each is not None],
            self.thresholds.rejection["other_voice"],
            self.thresholds.speaker,
        )
        return VoiceReference(running_pace(paces, self.thresholds.pace), timbre, speaker)

    def pace(self, audio: Audio, sample_rate: int, chunk: Chunk) -> float:
        """Seconds of voice for each phoneme of the chunk, which has phonemes. sample_rate: Hz."""
        n_phonemes = sum(shortest + longest for shortest, longest in self._phoneme_counts(chunk)) / 2
        n_voiced = np.count_nonzero(voiced_frames(audio, sample_rate, self.thresholds.signal))
        return float(n_voiced) * FRAME_SECONDS / n_phonemes

    def _voice_measures(self, take: Take, chunk: Chunk, scores: Sequence[Score]) -> VoiceMeasures | None:
        n_phonemes = sum(shortest + longest for shortest, longest in self._phoneme_counts(chunk)) / 2
        speaker = next((score.value for score in scores if score.kind == FindingKind.OTHER_VOICE), None)
        return measure_take(take.audio, take.sample_rate, n_phonemes, speaker, self.thresholds)

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
        counts = self._phoneme_counts(chunk)
        return Evidence(
            self.thresholds,
            audio,
            sample_rate,
            n_phonemes=(sum(shortest for shortest, _ in counts), sum(longest for _, longest in counts)),
            n_tags=sum(without_tags(word) != word for word in chunk.text.split()),
            voice=voice,
            n_repeats=repeated_word_counts([token for unit in expected for token in unit.verbalisations[0]]),
        )

    def word_scores(
        self,
        audio: Audio,
        sample_rate: int,
        chunk: Chunk,
        others: Sequence[Score] | None = None,
        description: str = "",
    ) -> Examination:
        """Scores of the detectors of words, with transcript and alignment. Silent audio is not transcribed.

        others: scores of the other detectors. If they are given, the second recogniser is asked only where the verdict
        depends on what it says. description: of the voice, where the engine was given one.
        """
        evidence = Evidence(self.thresholds, audio, sample_rate, description=description)
        is_silent = bool(run_detectors(evidence, Needs.LEVEL))
        examination, words = self._transcripts.align(audio, sample_rate, chunk, is_silent=is_silent)
        if is_silent:
            return examination
        scores = run_detectors(replace(evidence, words=words), Needs.WORDS)
        is_open = others is None or not is_rejected_anyway([*others, *scores], self.thresholds.rejection)
        second = self._second_transcripts
        if second is not None and is_open and needs_second_opinion(scores, self.thresholds.words):
            words = self._with_second_opinion(second, words, audio, sample_rate, chunk)
            scores = run_detectors(replace(evidence, words=words), Needs.WORDS)
        return replace(examination, scores=tuple(scores))

    def _with_second_opinion(
        self, other: TranscriptAligner, words: WordEvidence, audio: Audio, sample_rate: int, chunk: Chunk
    ) -> WordEvidence:
        """other: aligner of the second recogniser, which is loaded at the first take in doubt; most books have none."""
        aligners = self._transcripts, other
        second = other.second_opinion(audio, sample_rate, chunk, words.rows)
        words = replace(words, second=second)
        doubtful = WordScores(words, self.thresholds).substitutions_in_doubt()
        each = (
            aligner.substitution_nats(windows, chunk, words.rows, doubtful)
            for aligner, windows in zip(aligners, (words.windows, second.windows), strict=True)
        )
        nats = {run.start: sum(both) for run, *both in zip(doubtful, *each, strict=True)}
        return replace(words, substitution_nats=nats)

    def align_words(self, audio: Audio, sample_rate: int, chunk: Chunk) -> WordEvidence:
        """What detectors of words need to know, by the first recogniser."""
        return self._transcripts.align(audio, sample_rate, chunk)[1]

    def _transcript_aligner(self, recogniser: Recogniser) -> TranscriptAligner:
        return TranscriptAligner(recogniser, self.aligner, self._phonetics, self.thresholds)

    def _scores_without_asr(self, take: Take, chunk: Chunk, voice: VoiceReference) -> list[Score]:
        evidence = Evidence(
            self.thresholds, take.audio, take.sample_rate, stop=take.stop, stop_detail=take.detail, codes=take.codes
        )
        scores = run_detectors(evidence, Needs.STOP_REASON, Needs.CODES)
        return [*scores, *self.signal_scores(take.audio, take.sample_rate, chunk, voice)]

    def _expected(self, chunk: Chunk) -> list[TextUnit]:
        return expected_units(expected_words(chunk.sentences), self.language)

    def _phoneme_counts(self, chunk: Chunk) -> list[tuple[int, int]]:
        return [phoneme_counts(unit, self._phonetics) for unit in self._expected(chunk)]

"""Verifies an audiobook: transcribes it from end to end, then checks the doubtful passages again."""

import logging
import os
import threading
from pathlib import Path

from mayabook.book import read_book
from mayabook.checks import Checker
from mayabook.checks.text_normalisation import text_units
from mayabook.core.book import Book
from mayabook.core.errors import AudioError
from mayabook.core.events import Listener, VerificationProgress, cancellable, ignore
from mayabook.core.openmp import limit_spinning
from mayabook.core.settings import Settings
from mayabook.verify.defects import DefectFinder, DefectSpan, is_covered
from mayabook.verify.expected_text import ExpectedText, build_expected_text
from mayabook.verify.first_pass import FirstPass, run_first_pass
from mayabook.verify.intro_outro import OuterSpeech, find_intro_outro
from mayabook.verify.recording import Recording
from mayabook.verify.recording_transcript import RecordingTranscript, transcribe_recording
from mayabook.verify.report import Defect, DefectKind, HeardSentence, Verification
from mayabook.verify.second_pass import SecondPassResult, run_second_pass
from mayabook.verify.sequence_alignment import align_sequences
from mayabook.verify.suspect_spans import SuspectSpan, find_suspect_spans

_log = logging.getLogger(__name__)
MIN_SHARED_WORDS = 0.3
"""Text and recording belong together if at least this share of the words of the shorter one match."""
FIRST_PASS_SHARE = 0.9
"""Share of the work, roughly, that the first pass takes."""


def verify_audiobook(
    audio: str | os.PathLike[str],
    book: Book | str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    progress: Listener | None = None,
    cancel: threading.Event | None = None,
) -> Verification:
    """Compares an audiobook that any tool made with the book that it should speak.

    audio: a file of any format that FFmpeg reads, or a folder of such files. book: what `read_book` gave, or the
    file that it reads. progress: is called with VerificationProgress. cancel: set it, from another thread, to stop.

    Raises AudioError where there is no speech, or other speech; BookError where nothing of the book is narrated;
    CheckError where the recogniser cannot be loaded; Cancelled after `cancel` was set.
    """
    limit_spinning()
    settings = settings or Settings()
    recording = Recording(Path(audio))
    expected = book if isinstance(book, Book) else read_book(book, settings.book)
    return _verify(recording, expected, settings, cancellable(progress or ignore, cancel))


def _verify(recording: Recording, book: Book, settings: Settings, tell: Listener) -> Verification:
    checker = Checker(settings.checks, book.language)
    text = build_expected_text(book, settings.script, checker.language)
    whole = max(recording.expected_duration, 1.0)
    transcript = transcribe_recording(
        recording.blocks(),
        checker.transcribe,
        checker.thresholds,
        lambda seconds: tell(VerificationProgress(FIRST_PASS_SHARE * min(1.0, seconds / whole))),
    )
    _log.info("Transcribed %.0f s of %s: %d words", transcript.duration, recording.path, len(transcript.words))
    if not transcript.words:
        raise AudioError(f"No speech was recognised in {recording.path}: check that it is the audiobook.")
    heard_units = text_units([word.text for word in transcript.words], checker.language)
    pairs = align_sequences(checker.aligner, text.units, heard_units)
    first_pass = run_first_pass(text, transcript, heard_units, pairs)
    n_least = min(len(text.units), len(heard_units))
    if first_pass.n_matched < MIN_SHARED_WORDS * n_least:
        raise AudioError(
            f"{recording.path} does not match the text of {text.title!r}: {first_pass.n_matched:,} of {n_least:,} "
            "words were found. Check that both are of the same book."
        )
    finder = DefectFinder(text, transcript, first_pass, checker.language)
    found = [finder.long_silence(silence) for silence in first_pass.silences]
    again: list[SuspectSpan | OuterSpeech] = [*find_intro_outro(first_pass, transcript)]
    for group in find_suspect_spans(text, first_pass.sentences, transcript):
        if group.clip is None:
            found += finder.unrecheckable_span(group)
        else:
            again.append(group)
    _log.info("First pass: %d of %d words match, %d passages to check again", first_pass.n_matched, n_least, len(again))
    noise: dict[bool, DefectSpan] = {}
    for done, recheck in enumerate(run_second_pass(recording.blocks(), again, text, checker), 1):
        if isinstance(recheck, SecondPassResult):
            found += finder.rechecked_span(recheck)
        elif (defect := finder.outer_noise(recheck)) is not None:
            noise[recheck.outer.is_intro] = defect
        tell(VerificationProgress(FIRST_PASS_SHARE + (1 - FIRST_PASS_SHARE) * done / len(again)))
    found += [defect for defect in noise.values() if not is_covered(defect, found)]
    outside: dict[bool, tuple[str, float, float]] = {}
    for leads, extra, defect in finder.outer_speech():
        words = transcript.words[slice(*extra.words)]
        if defect is not None:
            found.append(defect)
        elif leads not in noise:
            outside[leads] = (finder.quote_words(extra), words[0].start, words[-1].end)
    tell(VerificationProgress(1.0))
    return Verification(
        title=text.title,
        files=tuple(recording.files),
        duration=transcript.duration,
        sentences=_sentences(text, first_pass, found),
        defects=tuple(_defect(defect, text, recording, transcript) for defect in sorted(found, key=_order)),
        intro=outside.get(True),
        outro=outside.get(False),
        n_rechecked=sum(len(each.sentences) for each in again if isinstance(each, SuspectSpan)),
    )


def _order(defect: DefectSpan) -> tuple[float, DefectKind]:
    return defect.start, defect.kind


def _sentences(text: ExpectedText, first_pass: FirstPass, found: list[DefectSpan]) -> tuple[HeardSentence, ...]:
    incorrect = {line for defect in found for line in defect.sentences}
    return tuple(
        HeardSentence(line.chapter, line.text, seen.start, seen.end, number not in incorrect)
        for number, (line, seen) in enumerate(zip(text.sentences, first_pass.sentences, strict=True))
    )


def _defect(defect: DefectSpan, text: ExpectedText, recording: Recording, transcript: RecordingTranscript) -> Defect:
    start = min(max(0.0, defect.start), transcript.duration)
    return Defect(
        kind=defect.kind,
        start=start,
        end=max(start, defect.end),
        position=recording.position_at(start),
        text=" ".join(text.sentences[line].text for line in defect.sentences),
        evidence=defect.evidence,
    )

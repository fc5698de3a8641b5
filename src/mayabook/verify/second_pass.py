"""Second pass: cuts doubtful spans out of the recording, and checks each as if it were a take."""

import bisect
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mayabook.checks import Checker
from mayabook.checks.mismatches import MATCHED
from mayabook.checks.recogniser import RecognisedWord
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.checks.signal_checks import voiced_frames
from mayabook.checks.text_normalisation import expected_units
from mayabook.core.chunk import Chunk
from mayabook.core.language import Language
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.core.verdict import AlignedWord, Finding, Verdict
from mayabook.render.coverage_report import findings_by_sentence, words_by_sentence
from mayabook.script.expected_words import expected_words
from mayabook.verify.expected_text import ExpectedSentence, ExpectedText
from mayabook.verify.intro_outro import OuterSpeech, OuterTranscript, transcribe_at_tempi
from mayabook.verify.recording import SAMPLE_RATE
from mayabook.verify.recording_transcript import TimeSpan, find_wordless_speech
from mayabook.verify.report import DEFECT_OF_FINDING
from mayabook.verify.suspect_spans import SuspectSpan
from mayabook.verify.unexplained_speech import Boundary, measure_boundary, voiced_seconds


@dataclass(frozen=True, slots=True)
class SecondPassResult:
    """Result for one suspect span.

    clip: its time span in the recording. findings: with times in the recording, each with the indices of the sentences
    that it affects. rows: alignment by sentence, with times in the clip. voiced_seconds: voice from the first to the
    last word of each sentence. boundaries: by index of the sentence that starts there, the end of the clip included;
    times in the recording. wordless: voice without words; times in the recording.
    """

    span: SuspectSpan
    clip: TimeSpan
    findings: tuple[tuple[Finding, tuple[int, ...]], ...]
    rows: dict[int, list[AlignedWord]]
    voiced_seconds: dict[int, float]
    boundaries: dict[int, Boundary]
    wordless: tuple[TimeSpan, ...]


def run_second_pass(
    blocks: Iterable[Audio], found: Sequence[SuspectSpan | OuterSpeech], text: ExpectedText, checker: Checker
) -> Iterator[SecondPassResult | OuterTranscript]:
    """Reads the recording again, up to the last clip, and checks clips in parallel; yields results in order of time.

    found: spans that have a clip, intro and outro.
    """

    def check_clip(
        doubtful: SuspectSpan | OuterSpeech, clip: TimeSpan, audio: Audio
    ) -> SecondPassResult | OuterTranscript:
        if isinstance(doubtful, OuterSpeech):
            return transcribe_at_tempi(doubtful, audio, checker)
        return _check_span(doubtful, clip, audio, text, checker)

    n_threads = os.cpu_count() or 1
    waiting: deque[Future[SecondPassResult | OuterTranscript]] = deque()
    with ThreadPoolExecutor(n_threads, thread_name_prefix="second-pass") as pool:
        for doubtful, clip, audio in _cut_clips(blocks, found):
            waiting.append(pool.submit(check_clip, doubtful, clip, audio))
            if len(waiting) > 2 * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _cut_clips(
    blocks: Iterable[Audio], found: Sequence[SuspectSpan | OuterSpeech]
) -> Iterator[tuple[SuspectSpan | OuterSpeech, TimeSpan, Audio]]:
    wanted = deque(
        sorted(
            ((each, each.clip) for each in found if each.clip is not None), key=lambda one: (one[1].start, one[1].end)
        )
    )
    held, offset = np.zeros(0, np.float32), 0
    for block in blocks:
        if not wanted:
            return
        first = round(wanted[0][1].start * SAMPLE_RATE)
        held = np.concatenate([held, block])
        spare = max(0, min(first - offset, len(held)))
        held, offset = held[spare:], offset + spare
        while wanted and (end := round(wanted[0][1].end * SAMPLE_RATE)) <= offset + len(held):
            each, clip = wanted.popleft()
            yield each, clip, held[round(clip.start * SAMPLE_RATE) - offset : end - offset].copy()
    for each, clip in wanted:
        yield each, clip, held[round(clip.start * SAMPLE_RATE) - offset :]


def _check_span(
    group: SuspectSpan, clip: TimeSpan, audio: Audio, text: ExpectedText, checker: Checker
) -> SecondPassResult:
    lines = [text.sentences[line] for line in group.sentences]
    spoken = " ".join(filter(None, (line.sentence.spoken_text for line in lines)))
    chunk = Chunk(0, 0, tuple(line.sentence for line in lines), spoken, lines[-1].pause)
    take = Take(TakeRequest("", spoken, "", 0), audio, SAMPLE_RATE, StopReason.END, 0.0)
    verdict = checker.check(take, chunk)
    dealt = words_by_sentence(chunk, verdict)
    concerned = findings_by_sentence(verdict, dealt)
    found = [
        (
            _shifted(finding, clip.start),
            tuple(line for line, of in zip(group.sentences, concerned, strict=True) if finding in of),
        )
        for finding in verdict.findings
        if finding.kind in DEFECT_OF_FINDING and finding.weight >= REJECTION_WEIGHT
    ]
    words = [
        RecognisedWord(row.heard, row.start, row.end) for row in verdict.words if row.start is not None and row.end
    ]
    voice = voiced_frames(audio, SAMPLE_RATE, checker.thresholds.signal)
    gaps = find_wordless_speech(voice, words)
    return SecondPassResult(
        group,
        clip,
        tuple(found),
        dict(zip(group.sentences, dealt, strict=True)),
        {line: _voiced_seconds(rows, voice) for line, rows in zip(group.sentences, dealt, strict=True)},
        _measure_boundaries(group, clip, lines, verdict, voice, checker.language),
        tuple(gap.shifted(clip.start) for gap in gaps),
    )


def _measure_boundaries(
    group: SuspectSpan,
    clip: TimeSpan,
    lines: Sequence[ExpectedSentence],
    verdict: Verdict,
    voice: NDArray[np.bool_],
    language: Language,
) -> dict[int, Boundary]:
    expected = expected_units(expected_words([line.sentence for line in lines]), language)
    said = {row.index: row for row in verdict.words if row.match in MATCHED}
    times: dict[int, tuple[float, float]] = {}
    for number, unit in enumerate(expected):
        row = said.get(unit.words[0])
        if row is not None and row.start is not None and row.end is not None:
            times[number] = row.start, row.end
    boundaries: dict[int, Boundary] = {}
    n_words = 0
    for number in range(group.first, group.end + 1):
        at = bisect.bisect_left(expected, n_words, key=lambda unit: unit.words[0])
        if (found := measure_boundary(expected, at, times, voice)) is not None:
            boundaries[number] = replace(found, start=found.start + clip.start, end=found.end + clip.start)
        n_words += len(lines[number - group.first].text.split()) if number < group.end else 0
    return boundaries


def _voiced_seconds(rows: Sequence[AlignedWord], voice: NDArray[np.bool_]) -> float:
    times = [time for row in rows for time in (row.start, row.end) if time is not None]
    return voiced_seconds(voice, min(times, default=0.0), max(times, default=0.0))


def _shifted(finding: Finding, seconds: float) -> Finding:
    start, end = (None if at is None else at + seconds for at in (finding.start, finding.end))
    return Finding(finding.kind, finding.evidence, finding.weight, start, end)

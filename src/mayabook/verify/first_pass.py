"""First pass: locates every sentence in the recording, and marks those that need a second pass."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from mayabook.checks.mismatches import MATCHED
from mayabook.checks.recogniser import RecognisedWord
from mayabook.checks.text_normalisation import TextUnit
from mayabook.checks.word_alignment import AlignedPair
from mayabook.core.chunk import Pause
from mayabook.core.verdict import WordMatch
from mayabook.verify.expected_text import ExpectedText
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan
from mayabook.verify.unexplained_speech import Boundary, BoundaryNorm, fit_norm, measure_boundary

MAX_STRETCH, MAX_STRETCH_SLACK_SECONDS = 1.3, 0.5
"""A sentence is doubtful if it lasts longer than MAX_STRETCH times what its letters take in this recording plus
MAX_STRETCH_SLACK_SECONDS, ..."""
MIN_STRETCH = 0.5
"""... or, from MIN_LETTERS_FOR_PACE letters on, shorter than this share of it, ..."""
MAX_EXTRA_LETTERS_OF_LAST_WORD = 8
"""... or if its last word lasts as long as a word of this many more letters: ASR often stretches the last word over
trailing non-speech, ..."""
MIN_LETTERS_FOR_PACE = 20
MAX_UNEXPLAINED_SHARE = 0.7
"""... or if the unexplained voice at its start or end exceeds this share of the allowed maximum."""
MAX_SILENCE_SECONDS = {
    None: 1.75,
    Pause.SENTENCE: 1.9,
    Pause.PARAGRAPH: 2.3,
    Pause.HEADING: 5.0,
    Pause.SCENE: 5.0,
    Pause.CHAPTER: 9.0,
}
"""Longest allowed silence in seconds, by the pause that the text has there; None: within a sentence."""


@dataclass(slots=True)
class FirstPassSentence:
    """A sentence as found in the recording.

    n_matched: how many of its `n_units` text units match the transcript. start, end: seconds, from the first to the
    last match; None without a match. last_word: the last matched word. is_doubtful: goes to the second pass.
    is_joined_to_previous: goes there together with the sentence before, because the boundary between them is in doubt.
    """

    n_units: int
    n_matched: int = 0
    start: float | None = None
    end: float | None = None
    last_word: RecognisedWord | None = None
    is_doubtful: bool = False
    is_joined_to_previous: bool = False

    @property
    def is_missing(self) -> bool:
        return self.n_matched * 3 <= self.n_units


@dataclass(frozen=True, slots=True)
class ExtraSpeech:
    """Recognised words that the text does not have here.

    before_unit: index of the text unit that follows. words: half-open range in `RecordingTranscript.words`.
    """

    before_unit: int
    words: tuple[int, int]


@dataclass(slots=True)
class FirstPass:
    """Result of the first pass.

    sentences: one for each sentence of the text. extras: recognised words that are not in the text. silences: those
    that are too long. n_matched: matched text units. seconds_per_letter: median of the recording. boundaries: by index
    of the sentence that starts there. outer_boundaries: before the text (True) and after it (False). norm: None if no
    boundary was measured.
    """

    sentences: list[FirstPassSentence]
    extras: list[ExtraSpeech] = field(default_factory=list)
    silences: list[TimeSpan] = field(default_factory=list)
    n_matched: int = 0
    seconds_per_letter: float = 0.0
    boundaries: dict[int, Boundary] = field(default_factory=dict)
    outer_boundaries: dict[bool, Boundary] = field(default_factory=dict)
    norm: BoundaryNorm | None = None


def run_first_pass(
    text: ExpectedText, transcript: RecordingTranscript, heard_units: Sequence[TextUnit], pairs: Sequence[AlignedPair]
) -> FirstPass:
    """heard_units: text units of the recognised words. pairs: alignment of text and transcript, in order."""
    first_pass = FirstPass([FirstPassSentence(line.end_unit - line.first_unit) for line in text.sentences])
    line_of_word: dict[int, int] = {}
    times: dict[int, tuple[float, float]] = {}
    for pair in pairs:
        words = [at for unit in heard_units[slice(*pair.heard)] for at in unit.words]
        if pair.match == WordMatch.INSERTED:
            _append_extra(first_pass.extras, pair.expected[0], (words[0], words[-1] + 1))
        elif pair.match in MATCHED:
            for unit in range(*pair.expected):
                first_pass.n_matched += 1
                _record_match(
                    first_pass.sentences[text.sentence_of_unit[unit]],
                    transcript.words[words[0]],
                    transcript.words[words[-1]],
                )
                times[unit] = transcript.words[words[0]].start, transcript.words[words[-1]].end
            line_of_word |= dict.fromkeys(words, text.sentence_of_unit[pair.expected[0]])
    _measure_boundaries(first_pass, text, transcript, times)
    _mark_doubtful(first_pass, text, transcript, line_of_word)
    return first_pass


def _measure_boundaries(
    first_pass: FirstPass, text: ExpectedText, transcript: RecordingTranscript, times: Mapping[int, tuple[float, float]]
) -> None:
    for line, here in enumerate(text.sentences):
        if 0 < here.first_unit < here.end_unit and not (
            here.has_emotion_tag or text.sentences[line - 1].has_emotion_tag
        ):
            found = measure_boundary(text.units, here.first_unit, times, transcript.is_voiced)
            first_pass.boundaries |= {} if found is None else {line: found}
    for leads, outer, at in ((True, text.sentences[0], 0), (False, text.sentences[-1], len(text.units))):
        found = None if outer.has_emotion_tag else measure_boundary(text.units, at, times, transcript.is_voiced)
        first_pass.outer_boundaries |= {} if found is None else {leads: found}
    first_pass.norm = fit_norm(first_pass.boundaries.values())


def _append_extra(extras: list[ExtraSpeech], before: int, words: tuple[int, int]) -> None:
    if extras and extras[-1].before_unit == before and extras[-1].words[1] == words[0]:
        extras[-1] = ExtraSpeech(before, (extras[-1].words[0], words[1]))
    else:
        extras.append(ExtraSpeech(before, words))


def _record_match(seen: FirstPassSentence, first: RecognisedWord, last: RecognisedWord) -> None:
    seen.n_matched += 1
    seen.start = first.start if seen.start is None else min(seen.start, first.start)
    seen.end = last.end if seen.end is None else max(seen.end, last.end)
    seen.last_word = last


def _mark_doubtful(
    first_pass: FirstPass, text: ExpectedText, transcript: RecordingTranscript, line_of_word: dict[int, int]
) -> None:
    for seen in first_pass.sentences:
        seen.is_doubtful = seen.n_matched < seen.n_units
    for extra in first_pass.extras:
        if 0 < extra.before_unit < len(text.units):  # intro and outro are examined separately
            for unit in (extra.before_unit - 1, extra.before_unit):
                first_pass.sentences[text.sentence_of_unit[unit]].is_doubtful = True
    _mark_doubtful_by_pace(first_pass, text)
    for line, here in first_pass.boundaries.items():
        if (
            first_pass.norm is not None
            and first_pass.norm.unexplained_seconds(here)
            > MAX_UNEXPLAINED_SHARE * first_pass.norm.max_unexplained_seconds
        ):
            first_pass.sentences[line - 1].is_doubtful = first_pass.sentences[line].is_doubtful = first_pass.sentences[
                line
            ].is_joined_to_previous = True
    for span in transcript.wordless:
        for line in _sentences_around(span, transcript, line_of_word):
            first_pass.sentences[line].is_doubtful = True
    for span in transcript.loops:  # ASR transcribes one turn of a loop
        for at in (span.start, span.end):
            for line in _sentences_around(TimeSpan(at, at), transcript, line_of_word):
                first_pass.sentences[line].is_doubtful = True
    for silence in transcript.silences:
        beside = _sentences_around(silence, transcript, line_of_word)
        limits = [MAX_SILENCE_SECONDS[None]]
        limits += (
            [MAX_SILENCE_SECONDS[text.sentences[line].pause] for line in range(beside[0], beside[-1])] if beside else []
        )
        edge = silence.start <= 0 or silence.end >= transcript.duration - 0.1 or not beside
        if silence.seconds >= (MAX_SILENCE_SECONDS[Pause.CHAPTER] if edge else max(limits)):
            first_pass.silences.append(silence)


def _mark_doubtful_by_pace(first_pass: FirstPass, text: ExpectedText) -> None:
    lasting = [
        (seen, text.n_letters(line), seen.end - seen.start)
        for line, seen in enumerate(first_pass.sentences)
        if seen.start is not None and seen.end is not None
    ]
    if not lasting:
        return
    pace = first_pass.seconds_per_letter = median(seconds / max(1, n) for _, n, seconds in lasting)
    for seen, n, seconds in lasting:
        if seconds > MAX_STRETCH * pace * n + MAX_STRETCH_SLACK_SECONDS or (
            n >= MIN_LETTERS_FOR_PACE and seconds < MIN_STRETCH * pace * n
        ):
            seen.is_doubtful = True
        if seen.last_word is not None:
            n_last = sum(map(str.isalnum, seen.last_word.text))
            seen.is_doubtful |= seen.last_word.end - seen.last_word.start > pace * (
                n_last + MAX_EXTRA_LETTERS_OF_LAST_WORD
            )


def _sentences_around(span: TimeSpan, transcript: RecordingTranscript, line_of_word: dict[int, int]) -> range:
    """Indices of the sentences around a time span, with one matched word more on either side.

    Word times at a silence are imprecise. A word that reaches over the span counts as after it.
    """
    after = bisect.bisect_right(transcript.words, span.end + 0.1, key=lambda word: word.end)
    before = [line_of_word[at] for at in range(max(0, after - 8), after) if at in line_of_word][-2:]
    behind = [line_of_word[at] for at in range(after, min(len(transcript.words), after + 8)) if at in line_of_word][:2]
    lines = before + behind
    return range(min(lines), max(lines) + 1) if lines else range(0)

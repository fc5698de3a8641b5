"""The first look: every sentence of the text with its times in the recording, and what makes it doubtful."""

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from mayabook.checks.recogniser import RecognisedWord
from mayabook.checks.text_normalisation import TextUnit
from mayabook.checks.word_alignment import AlignedPair
from mayabook.checks.word_checks import GOOD
from mayabook.core.chunk import Pause
from mayabook.core.verdict import WordMatch
from mayabook.verify.expected_text import ExpectedText
from mayabook.verify.recording_transcript import RecordingTranscript, TimeSpan
from mayabook.verify.unexplained_speech import Boundary, BoundaryNorm, fit_norm, measure_boundary

MAX_STRETCH, MAX_STRETCH_SLACK_SECONDS = 1.3, 0.5
"""A sentence is doubtful that lasts more than SLOW times what its letters take here, and SLACK seconds more, ..."""
MIN_STRETCH = 0.5
"""... or, if it is not short, less than this share of it."""
MAX_EXTRA_LETTERS_OF_LAST_WORD = 8
"""... or whose last word takes as long as so many letters more than it has. A recogniser stretches it over what
follows and is none."""
MIN_LETTERS_FOR_PACE = 20
MAX_UNEXPLAINED_SHARE = 0.7
"""... or beside which more than this share of the voice is left that may be left between two sentences."""
MAX_SILENCE_SECONDS = {
    None: 1.75,
    Pause.SENTENCE: 1.9,
    Pause.PARAGRAPH: 2.3,
    Pause.HEADING: 5.0,
    Pause.SCENE: 5.0,
    Pause.CHAPTER: 9.0,
}
"""Seconds that a silence may last where this ends, or nothing does."""


@dataclass(slots=True)
class FirstPassSentence:
    """A sentence in the recording. good: slots heard as written, of `total`. start, end: seconds, from the first to
    the last of them; None where there is none. last: the word heard last of them. doubtful: it is looked at again.
    joined: together with the line before, as what stands between them is in doubt."""

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
    """Heard words that the text does not have at this place. before: the slot of the text that comes next.
    words: (first, end) among the heard words."""

    before_unit: int
    words: tuple[int, int]


@dataclass(slots=True)
class FirstPass:
    """seen: one for each line of the text. silences: those that are too long. pace: seconds for a letter here.
    joints: by the line that begins there. edges: before the text (True) and after it. usual: None where no joint was
    heard."""

    sentences: list[FirstPassSentence]
    extras: list[ExtraSpeech] = field(default_factory=list)
    silences: list[TimeSpan] = field(default_factory=list)
    n_matched: int = 0
    seconds_per_letter: float = 0.0
    boundaries: dict[int, Boundary] = field(default_factory=dict)
    outer_boundaries: dict[bool, Boundary] = field(default_factory=dict)
    norm: BoundaryNorm | None = None


def run_first_pass(
    text: ExpectedText, hearing: RecordingTranscript, theirs: Sequence[TextUnit], pairs: Sequence[AlignedPair]
) -> FirstPass:
    """theirs: the slots of the heard words. pairs: of text and heard words, in order."""
    look = FirstPass([FirstPassSentence(line.end_unit - line.first_unit) for line in text.sentences])
    line_of_word: dict[int, int] = {}
    times: dict[int, tuple[float, float]] = {}
    for pair in pairs:
        words = [at for slot in theirs[slice(*pair.heard)] for at in slot.words]
        if pair.match == WordMatch.INSERTED:
            _append_extra(look.extras, pair.expected[0], (words[0], words[-1] + 1))
        elif pair.match in GOOD:
            for slot in range(*pair.expected):
                look.n_matched += 1
                _record_match(
                    look.sentences[text.sentence_of_unit[slot]], hearing.words[words[0]], hearing.words[words[-1]]
                )
                times[slot] = hearing.words[words[0]].start, hearing.words[words[-1]].end
            line_of_word |= dict.fromkeys(words, text.sentence_of_unit[pair.expected[0]])
    _measure_boundaries(look, text, hearing, times)
    _mark_doubtful(look, text, hearing, line_of_word)
    return look


def _measure_boundaries(
    look: FirstPass, text: ExpectedText, hearing: RecordingTranscript, times: Mapping[int, tuple[float, float]]
) -> None:
    for line, here in enumerate(text.sentences):
        if 0 < here.first_unit < here.end_unit and not (
            here.has_emotion_tag or text.sentences[line - 1].has_emotion_tag
        ):
            found = measure_boundary(text.units, here.first_unit, times, hearing.is_voiced)
            look.boundaries |= {} if found is None else {line: found}
    for leads, outer, at in ((True, text.sentences[0], 0), (False, text.sentences[-1], len(text.units))):
        found = None if outer.has_emotion_tag else measure_boundary(text.units, at, times, hearing.is_voiced)
        look.outer_boundaries |= {} if found is None else {leads: found}
    look.norm = fit_norm(look.boundaries.values())


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
    look: FirstPass, text: ExpectedText, hearing: RecordingTranscript, line_of_word: dict[int, int]
) -> None:
    for seen in look.sentences:
        seen.is_doubtful = seen.n_matched < seen.n_units
    for extra in look.extras:
        if 0 < extra.before_unit < len(text.units):  # what comes before and after the whole text is told apart
            for slot in (extra.before_unit - 1, extra.before_unit):
                look.sentences[text.sentence_of_unit[slot]].is_doubtful = True
    _mark_doubtful_by_pace(look, text)
    for line, here in look.boundaries.items():
        if (
            look.norm is not None
            and look.norm.unexplained_seconds(here) > MAX_UNEXPLAINED_SHARE * look.norm.max_unexplained_seconds
        ):
            look.sentences[line - 1].is_doubtful = look.sentences[line].is_doubtful = look.sentences[
                line
            ].is_joined_to_previous = True
    for stretch in hearing.wordless:
        for line in _sentences_around(stretch, hearing, line_of_word):
            look.sentences[line].is_doubtful = True
    for stretch in hearing.loops:  # of which a recogniser hears one turn
        for at in (stretch.start, stretch.end):
            for line in _sentences_around(TimeSpan(at, at), hearing, line_of_word):
                look.sentences[line].is_doubtful = True
    for silence in hearing.silences:
        beside = _sentences_around(silence, hearing, line_of_word)
        limits = [MAX_SILENCE_SECONDS[None]]
        limits += (
            [MAX_SILENCE_SECONDS[text.sentences[line].pause] for line in range(beside[0], beside[-1])] if beside else []
        )
        edge = silence.start <= 0 or silence.end >= hearing.duration - 0.1 or not beside
        if silence.seconds >= (MAX_SILENCE_SECONDS[Pause.CHAPTER] if edge else max(limits)):
            look.silences.append(silence)


def _mark_doubtful_by_pace(look: FirstPass, text: ExpectedText) -> None:
    lasting = [
        (seen, text.n_letters(line), seen.end - seen.start)
        for line, seen in enumerate(look.sentences)
        if seen.start is not None and seen.end is not None
    ]
    if not lasting:
        return
    pace = look.seconds_per_letter = median(seconds / max(1, n) for _, n, seconds in lasting)
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


def _sentences_around(stretch: TimeSpan, hearing: RecordingTranscript, line_of_word: dict[int, int]) -> range:
    """From the line of the last good word before a stretch to that of the first after it, one word further each way:
    the times of words at a silence are vague. A word that reaches over the stretch comes after it."""
    after = bisect.bisect_right(hearing.words, stretch.end + 0.1, key=lambda word: word.end)
    before = [line_of_word[at] for at in range(max(0, after - 8), after) if at in line_of_word][-2:]
    behind = [line_of_word[at] for at in range(after, min(len(hearing.words), after + 8)) if at in line_of_word][:2]
    lines = before + behind
    return range(min(lines), max(lines) + 1) if lines else range(0)

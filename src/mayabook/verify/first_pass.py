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
from mayabook.verify.unexplained_speech import Joint, Usual, joint, usual

SLOW, SLACK = 1.3, 0.5
"""A sentence is doubtful that lasts more than SLOW times what its letters take here, and SLACK seconds more, ..."""
FAST = 0.5
"""... or, if it is not short, less than this share of it."""
LAST_WORD = 8
"""... or whose last word takes as long as so many letters more than it has. A recogniser stretches it over what
follows and is none."""
SHORT_LETTERS = 20
LEFT_SHARE = 0.7
"""... or beside which more than this share of the voice is left that may be left between two sentences."""
LONGEST_SILENCE = {
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

    total: int
    good: int = 0
    start: float | None = None
    end: float | None = None
    last: RecognisedWord | None = None
    doubtful: bool = False
    joined: bool = False

    @property
    def missing(self) -> bool:
        return self.good * 3 <= self.total


@dataclass(frozen=True, slots=True)
class ExtraSpeech:
    """Heard words that the text does not have at this place. before: the slot of the text that comes next.
    words: (first, end) among the heard words."""

    before: int
    words: tuple[int, int]


@dataclass(slots=True)
class FirstPass:
    """seen: one for each line of the text. silences: those that are too long. pace: seconds for a letter here.
    joints: by the line that begins there. edges: before the text (True) and after it. usual: None where no joint was
    heard."""

    seen: list[FirstPassSentence]
    extras: list[ExtraSpeech] = field(default_factory=list)
    silences: list[TimeSpan] = field(default_factory=list)
    n_good: int = 0
    pace: float = 0.0
    joints: dict[int, Joint] = field(default_factory=dict)
    edges: dict[bool, Joint] = field(default_factory=dict)
    usual: Usual | None = None


def run_first_pass(
    text: ExpectedText, hearing: RecordingTranscript, theirs: Sequence[TextUnit], pairs: Sequence[AlignedPair]
) -> FirstPass:
    """theirs: the slots of the heard words. pairs: of text and heard words, in order."""
    look = FirstPass([FirstPassSentence(line.end - line.first) for line in text.lines])
    line_of_word: dict[int, int] = {}
    times: dict[int, tuple[float, float]] = {}
    for pair in pairs:
        words = [at for slot in theirs[slice(*pair.heard)] for at in slot.words]
        if pair.match == WordMatch.INSERTED:
            _extend(look.extras, pair.expected[0], (words[0], words[-1] + 1))
        elif pair.match in GOOD:
            for slot in range(*pair.expected):
                look.n_good += 1
                _see(look.seen[text.line_of[slot]], hearing.words[words[0]], hearing.words[words[-1]])
                times[slot] = hearing.words[words[0]].start, hearing.words[words[-1]].end
            line_of_word |= dict.fromkeys(words, text.line_of[pair.expected[0]])
    _join(look, text, hearing, times)
    _doubt(look, text, hearing, line_of_word)
    return look


def _join(
    look: FirstPass, text: ExpectedText, hearing: RecordingTranscript, times: Mapping[int, tuple[float, float]]
) -> None:
    for line, here in enumerate(text.lines):
        if 0 < here.first < here.end and not (here.acted or text.lines[line - 1].acted):
            found = joint(text.slots, here.first, times, hearing.voice)
            look.joints |= {} if found is None else {line: found}
    for leads, outer, at in ((True, text.lines[0], 0), (False, text.lines[-1], len(text.slots))):
        found = None if outer.acted else joint(text.slots, at, times, hearing.voice)
        look.edges |= {} if found is None else {leads: found}
    look.usual = usual(look.joints.values())


def _extend(extras: list[ExtraSpeech], before: int, words: tuple[int, int]) -> None:
    if extras and extras[-1].before == before and extras[-1].words[1] == words[0]:
        extras[-1] = ExtraSpeech(before, (extras[-1].words[0], words[1]))
    else:
        extras.append(ExtraSpeech(before, words))


def _see(seen: FirstPassSentence, first: RecognisedWord, last: RecognisedWord) -> None:
    seen.good += 1
    seen.start = first.start if seen.start is None else min(seen.start, first.start)
    seen.end = last.end if seen.end is None else max(seen.end, last.end)
    seen.last = last


def _doubt(look: FirstPass, text: ExpectedText, hearing: RecordingTranscript, line_of_word: dict[int, int]) -> None:
    for seen in look.seen:
        seen.doubtful = seen.good < seen.total
    for extra in look.extras:
        if 0 < extra.before < len(text.slots):  # what comes before and after the whole text is told apart
            for slot in (extra.before - 1, extra.before):
                look.seen[text.line_of[slot]].doubtful = True
    _doubt_by_pace(look, text)
    for line, here in look.joints.items():
        if look.usual is not None and look.usual.left(here) > LEFT_SHARE * look.usual.most:
            look.seen[line - 1].doubtful = look.seen[line].doubtful = look.seen[line].joined = True
    for stretch in hearing.wordless:
        for line in _around(stretch, hearing, line_of_word):
            look.seen[line].doubtful = True
    for stretch in hearing.repeated:  # of which a recogniser hears one turn
        for at in (stretch.start, stretch.end):
            for line in _around(TimeSpan(at, at), hearing, line_of_word):
                look.seen[line].doubtful = True
    for silence in hearing.silences:
        beside = _around(silence, hearing, line_of_word)
        limits = [LONGEST_SILENCE[None]]
        limits += [LONGEST_SILENCE[text.lines[line].pause] for line in range(beside[0], beside[-1])] if beside else []
        edge = silence.start <= 0 or silence.end >= hearing.duration - 0.1 or not beside
        if silence.seconds >= (LONGEST_SILENCE[Pause.CHAPTER] if edge else max(limits)):
            look.silences.append(silence)


def _doubt_by_pace(look: FirstPass, text: ExpectedText) -> None:
    lasting = [
        (seen, text.n_letters(line), seen.end - seen.start)
        for line, seen in enumerate(look.seen)
        if seen.start is not None and seen.end is not None
    ]
    if not lasting:
        return
    pace = look.pace = median(seconds / max(1, n) for _, n, seconds in lasting)
    for seen, n, seconds in lasting:
        if seconds > SLOW * pace * n + SLACK or (n >= SHORT_LETTERS and seconds < FAST * pace * n):
            seen.doubtful = True
        if seen.last is not None:
            n_last = sum(map(str.isalnum, seen.last.text))
            seen.doubtful |= seen.last.end - seen.last.start > pace * (n_last + LAST_WORD)


def _around(stretch: TimeSpan, hearing: RecordingTranscript, line_of_word: dict[int, int]) -> range:
    """From the line of the last good word before a stretch to that of the first after it, one word further each way:
    the times of words at a silence are vague. A word that reaches over the stretch comes after it."""
    after = bisect.bisect_right(hearing.words, stretch.end + 0.1, key=lambda word: word.end)
    before = [line_of_word[at] for at in range(max(0, after - 8), after) if at in line_of_word][-2:]
    behind = [line_of_word[at] for at in range(after, min(len(hearing.words), after + 8)) if at in line_of_word][:2]
    lines = before + behind
    return range(min(lines), max(lines) + 1) if lines else range(0)

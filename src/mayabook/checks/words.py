"""From the alignment of text and transcript to what is wrong, each kind of defect told from the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mayabook.checks.thresholds import Thresholds
from mayabook.core.verdict import Finding, FindingKind, HeardWord, WordMatch

FUNCTION_WORDS = frozenset(
    (
        "a an the and or but of to in on at by for from with as is was are were be been it its he she "
        "they him her them his their i you we my your our this that these those there then than so if "
        "had has have do did does would could will"
    ).split()
)
FILLERS = frozenset("ah eh er hm hmm huh mm oh uh um".split())

_GOOD = (WordMatch.SAME, WordMatch.SOUND)


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring rows of one kind. first, last: rows before and after it exist in the alignment."""

    match: WordMatch
    rows: tuple[HeardWord, ...]
    start: int
    at_end: bool

    @property
    def expected(self) -> str:
        return " ".join(row.expected for row in self.rows if row.expected)

    @property
    def heard(self) -> str:
        return " ".join(row.heard for row in self.rows if row.heard)


def findings(rows: Sequence[HeardWord], n_words: int, thresholds: Thresholds) -> list[Finding]:
    """rows: the whole alignment. n_words: expected words that are spoken."""
    found: list[Finding] = []
    last_good = max((at for at, row in enumerate(rows) if row.match in _GOOD), default=-1)
    for run in _runs(rows, last_good):
        weigh = _Weigher(thresholds, n_words)
        kind, evidence, weight = _judge(run, rows, weigh)
        times = [time for row in run.rows for time in (row.start, row.end) if time is not None]
        found.append(Finding(kind, evidence, weight, min(times, default=None), max(times, default=None)))
    return found


class _Weigher:
    def __init__(self, thresholds: Thresholds, n_words: int) -> None:
        self._words, self.weights, self._n = thresholds.words, thresholds.weights, max(1, n_words)

    def sum(self, words: Sequence[str], *, garbled: bool = False) -> float:
        light = self._words.garbled_function_word if garbled else self._words.function_word
        bare = [word.lower().strip(".,;:!?\"'“”‘’()—…-") for word in words]
        return sum(self._words.filler if w in FILLERS else light if w in FUNCTION_WORDS else 1.0 for w in bare)

    def weight(self, base: float, each: float, words: float) -> float:
        return min(1.0, base + each * words + self.weights.share * words / self._n)


def _runs(rows: Sequence[HeardWord], last_good: int) -> list[_Run]:
    runs = []
    at = 0
    for match, group in groupby(rows, key=lambda row: WordMatch.SAME if row.match in _GOOD else row.match):
        members = tuple(group)
        if match not in _GOOD:
            runs.append(_Run(match, members, at, at_end=at > last_good))
        at += len(members)
    return runs


def _judge(run: _Run, rows: Sequence[HeardWord], weigh: _Weigher) -> tuple[FindingKind, str, float]:
    weights = weigh.weights
    if run.match == WordMatch.WRONG:
        total = weigh.sum([row.expected for row in run.rows], garbled=True)
        evidence = f"“{run.heard}” for “{run.expected}”"
        return FindingKind.GARBLED, evidence, weigh.weight(0.0, weights.garbled_each, total)
    if run.match == WordMatch.OMITTED:
        total = weigh.sum([row.expected for row in run.rows])
        if run.at_end:
            weight = weigh.weight(weights.truncated_base, weights.truncated_each, total)
            return FindingKind.TRUNCATED, f"the end, “{run.expected}”, was not heard", weight
        return FindingKind.OMITTED, f"“{run.expected}” was not heard", weigh.weight(0.0, weights.omitted_each, total)
    total = weigh.sum([row.heard for row in run.rows])
    if (times := _repeats(run, rows)) and total > 0.5:
        weight = weights.loop_phrase if len(run.rows) > 1 else weights.loop_word
        return FindingKind.LOOP, f"“{run.heard}” is said {times} times", weigh.weight(weight, 0.0, total)
    if run.at_end:
        weight = weigh.weight(weights.tail_base, weights.tail_each, total)
        return FindingKind.TAIL, f"“{run.heard}” comes after the end", weight
    return FindingKind.INSERTED, f"“{run.heard}” is not in the text", weigh.weight(0.0, weights.inserted_each, total)


def _repeats(run: _Run, rows: Sequence[HeardWord]) -> int:
    """How often the inserted words were said, where they are a repetition of what stands beside them; else 0."""
    inserted = [_plain(row.heard) for row in run.rows]
    size = _period(inserted)
    phrase = inserted[:size]
    before = [_plain(row.heard) for row in rows[: run.start] if row.heard][-size:]
    after = [_plain(row.heard) for row in rows[run.start + len(run.rows) :] if row.heard][:size]
    beside = phrase in (before, after)
    times = len(inserted) // size + beside
    return times if times > 1 else 0


def _period(words: Sequence[str]) -> int:
    """The length of the phrase of which the words are repetitions."""
    return next(n for n in range(1, len(words) + 1) if all(words[at] == words[at - n] for at in range(n, len(words))))


def _plain(word: str) -> str:
    return "".join(char for char in word.lower() if char.isalnum())

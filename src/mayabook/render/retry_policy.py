"""The retry policy: which step a chunk with rejected takes gets next, as a pure function of its takes and verdicts.

trim -> new seed -> safer sampling -> patch -> split -> fallback engine -> flag for a person. A step says what has to be
synthesised, if anything; `renderer.py` requests it from the engine and `splicing.py` puts the audio together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mayabook.checks.mismatches import MATCHED
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.chunk import Chunk
from mayabook.core.settings import RetrySettings
from mayabook.core.take import StopReason
from mayabook.core.verdict import Finding, FindingKind, Verdict
from mayabook.engines.engine import SAFER_FROM
from mayabook.render.coverage_report import findings_by_sentence, words_by_sentence
from mayabook.render.ledger import RetryStep, StoredTake

_AFTER_THE_TEXT = (FindingKind.TAIL, FindingKind.LOOP, FindingKind.INSERTED, FindingKind.PROMPT_LEAK)
_ENDED_EARLY = ("capped", "over_budget", "aborted")
"""Detectors of takes that were stopped before the model ended them."""
LEAST_SPOKEN = 0.05
"""Seconds that a last word takes at least. ASR often completes a text whose last word was cut off, and gives that word
no duration."""

Judged = tuple[StoredTake, Verdict]
SentenceRange = tuple[int, int]
"""Sentences of a chunk: the first, and the one after the last."""


@dataclass(frozen=True, slots=True)
class RetryTask:
    """The next step for a chunk."""

    step: RetryStep
    n_whole_takes: int = 0
    """Takes of the whole chunk before this one; the engine chooses its sampling settings by their number."""
    base: StoredTake | None = None
    """The take that is trimmed or patched."""
    sentence_ranges: tuple[SentenceRange, ...] = ()
    """Ranges of sentences that are synthesised by themselves, for a patch or a split."""


def next_task(chunk: Chunk, history: Sequence[Judged], settings: RetrySettings) -> RetryTask | None:
    """The next step, or None if the chunk is to be flagged for a person.

    history: the chunk's takes by attempt, without those that a person decided about.
    """
    steps = [take.step for take, _ in history]
    n_whole = sum(step in (RetryStep.FIRST, RetryStep.SEED, RetryStep.SAFER) for step in steps)
    if not history:
        return RetryTask(RetryStep.FIRST)
    last, verdict = history[-1]
    if settings.trim and _may_be_cut(last) and only_a_tail(verdict):
        return RetryTask(RetryStep.TRIM, base=last)
    if n_whole < settings.attempts:
        return RetryTask(RetryStep.SEED if n_whole < SAFER_FROM else RetryStep.SAFER, n_whole_takes=n_whole)
    if steps.count(RetryStep.PATCH) < settings.patch and (patch := _patch(chunk, history)) is not None:
        return patch
    if steps.count(RetryStep.SPLIT) < settings.split and len(chunk.sentences) > 1:
        return RetryTask(RetryStep.SPLIT, sentence_ranges=tuple((at, at + 1) for at in range(len(chunk.sentences))))
    if settings.engine != "none" and RetryStep.FALLBACK not in steps:
        return RetryTask(RetryStep.FALLBACK)
    return None


def _may_be_cut(take: StoredTake) -> bool:
    """Whether trimming makes sense: not twice, and not if a cap or a loop ended a part in the middle of the take."""
    return take.step != RetryStep.TRIM and (take.stop == StopReason.END or not take.made_of)


def only_a_tail(verdict: Verdict) -> bool:
    """Whether the text was read completely, and all defects come after its last word.

    A take that was stopped early may have been cut off within its last word, unless there is speech after that word.
    """
    expected = [row for row in verdict.words if row.index is not None]
    if not expected or any(row.match not in MATCHED for row in expected):
        return False
    start, end = expected[-1].start, expected[-1].end
    if start is None or end is None:  # an emotion tag: a laugh cannot be told from a tail
        return False
    if end - start < LEAST_SPOKEN:
        return False
    last = verdict.words.index(expected[-1])
    if any(row.match not in MATCHED for row in verdict.words[:last]):
        return False
    wrong = [finding for finding in verdict.findings if finding.weight >= REJECTION_WEIGHT]
    after = [each for each in wrong if each.kind in _AFTER_THE_TEXT and each.detector not in _ENDED_EARLY]
    return bool(after) and all(each in after or each.detector in _ENDED_EARLY for each in wrong)


def _patch(chunk: Chunk, history: Sequence[Judged]) -> RetryTask | None:
    """A patch of the take with the fewest doubtful sentences, if it has others as well."""
    best: tuple[int, Judged, list[int]] | None = None
    for take, verdict in history:
        doubtful = doubtful_sentences(chunk, verdict)
        if doubtful and (best is None or len(doubtful) < best[0]):
            best = len(doubtful), (take, verdict), doubtful
    if best is None or best[0] == len(chunk.sentences):
        return None
    _, (take, _), doubtful = best
    return RetryTask(RetryStep.PATCH, base=take, sentence_ranges=tuple(_join_neighbours(doubtful)))


def doubtful_sentences(chunk: Chunk, verdict: Verdict) -> list[int]:
    """Indices of sentences with a word that was not heard as written, or that a rejecting finding lies in; empty if the
    take has no transcript."""
    if not verdict.words:
        return []
    dealt = words_by_sentence(chunk, verdict)
    concerned = findings_by_sentence(verdict, dealt)
    return [
        at
        for at, (rows, found) in enumerate(zip(dealt, concerned, strict=True))
        if any(row.match not in MATCHED for row in rows) or any(_is_placed_by_time(finding) for finding in found)
    ]


def _is_placed_by_time(finding: Finding) -> bool:
    """Whether a finding rejects the take and its time shows which sentence is affected. The sentence of missing text
    is found by its words instead, since the time of such a finding is that of the last word before the gap."""
    return finding.weight >= REJECTION_WEIGHT and finding.kind not in (FindingKind.TRUNCATED, FindingKind.OMITTED)


def _join_neighbours(sentences: Sequence[int]) -> list[SentenceRange]:
    """Joins neighbours: [1, 2, 5] gives (1, 3), (5, 6)."""
    runs = groupby(enumerate(sentences), key=lambda item: item[1] - item[0])
    found = [[at for _, at in run] for _, run in runs]
    return [(run[0], run[-1] + 1) for run in found]

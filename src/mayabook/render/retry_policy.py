"""What is tried next for a chunk whose takes were rejected: a pure function of its takes and their verdicts.

trim -> new seed -> safer sampling -> patch -> split -> other engine -> a person. Each step names what has to be
spoken, if anything; `render` has it spoken and `splice` puts it together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.checks.word_checks import MATCHED
from mayabook.core.chunk import Chunk
from mayabook.core.settings import RetrySettings
from mayabook.core.take import StopReason
from mayabook.core.verdict import Finding, FindingKind, Verdict
from mayabook.engines.engine import SAFER_FROM
from mayabook.render.coverage_report import findings_by_sentence, words_by_sentence
from mayabook.render.ledger import RetryStep, StoredTake

_AFTER_THE_TEXT = (FindingKind.TAIL, FindingKind.LOOP, FindingKind.INSERTED)
_ENDED_EARLY = ("capped", "aborted")
"""Detectors of takes that were ended before the model did."""
LEAST_SPOKEN = 0.05
"""Seconds. A recogniser finishes a text whose last word was cut off, and gives that word no time."""

Judged = tuple[StoredTake, Verdict]
SentenceRange = tuple[int, int]
"""Sentences of a chunk, the first and the one after the last."""


@dataclass(frozen=True, slots=True)
class RetryTask:
    """number: of whole takes before this one, which chooses the engine's sampling. base: the take that is trimmed or
    patched. stretches: sentences that are spoken by themselves."""

    step: RetryStep
    number: int = 0
    base: StoredTake | None = None
    stretches: tuple[SentenceRange, ...] = ()


def next_task(chunk: Chunk, history: Sequence[Judged], settings: RetrySettings) -> RetryTask | None:
    """history: the takes by attempt, without those that a person refused. None: it is for a person."""
    steps = [take.step for take, _ in history]
    wholes = sum(step in (RetryStep.FIRST, RetryStep.SEED, RetryStep.SAFER) for step in steps)
    if not history:
        return RetryTask(RetryStep.FIRST)
    last, verdict = history[-1]
    if settings.trim and _may_be_cut(last) and only_a_tail(verdict):
        return RetryTask(RetryStep.TRIM, base=last)
    if wholes < settings.attempts:
        return RetryTask(RetryStep.SEED if wholes < SAFER_FROM else RetryStep.SAFER, number=wholes)
    if steps.count(RetryStep.PATCH) < settings.patch and (patch := _patch(chunk, history)) is not None:
        return patch
    if steps.count(RetryStep.SPLIT) < settings.split and len(chunk.sentences) > 1:
        return RetryTask(RetryStep.SPLIT, stretches=tuple((at, at + 1) for at in range(len(chunk.sentences))))
    if settings.engine != "none" and RetryStep.FALLBACK not in steps:
        return RetryTask(RetryStep.FALLBACK)
    return None


def _may_be_cut(take: StoredTake) -> bool:
    """Once; and not where it was a part in the midst of the take that a cap or a loop ended."""
    return take.step != RetryStep.TRIM and (take.stop == StopReason.END or not take.made_of)


def only_a_tail(verdict: Verdict) -> bool:
    """Whether the text is complete, and all that is wrong comes after its last word.

    Of a take that was ended early, nothing but what comes after its last word shows that this word was not cut off.
    """
    expected = [row for row in verdict.words if row.index is not None]
    if not expected or any(row.match not in MATCHED for row in expected):
        return False
    start, end = expected[-1].start, expected[-1].end
    if start is None or end is None:  # a laugh or the like, which nobody can tell from a tail
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
    """Of the take with the fewest sentences in doubt, if some of its sentences are not."""
    best: tuple[int, Judged, list[int]] | None = None
    for take, verdict in history:
        doubtful = doubtful_sentences(chunk, verdict)
        if doubtful and (best is None or len(doubtful) < best[0]):
            best = len(doubtful), (take, verdict), doubtful
    if best is None or best[0] == len(chunk.sentences):
        return None
    _, (take, _), doubtful = best
    return RetryTask(RetryStep.PATCH, base=take, stretches=tuple(_stretches(doubtful)))


def doubtful_sentences(chunk: Chunk, verdict: Verdict) -> list[int]:
    """Those that a rejecting finding concerns, or with words not heard as written; none where nothing was heard."""
    if not verdict.words:
        return []
    dealt = words_by_sentence(chunk, verdict)
    concerned = findings_by_sentence(verdict, dealt)
    return [
        at
        for at, (rows, found) in enumerate(zip(dealt, concerned, strict=True))
        if any(row.match not in MATCHED for row in rows) or any(_told_by_place(finding) for finding in found)
    ]


def _told_by_place(finding: Finding) -> bool:
    """Not by the words themselves, as what is missing is: it lies after the last word that is there."""
    return finding.weight >= REJECTION_WEIGHT and finding.kind not in (FindingKind.TRUNCATED, FindingKind.OMITTED)


def _stretches(sentences: Sequence[int]) -> list[SentenceRange]:
    """Neighbours together: [1, 2, 5] is (1, 3), (5, 6)."""
    runs = groupby(enumerate(sentences), key=lambda item: item[1] - item[0])
    found = [[at for _, at in run] for _, run in runs]
    return [(run[0], run[-1] + 1) for run in found]

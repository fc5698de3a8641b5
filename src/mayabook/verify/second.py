"""The second look: what is doubtful is cut out of the recording, and judged like a take."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from mayabook.checks import Checker
from mayabook.checks.recogniser import Word
from mayabook.checks.thresholds import Thresholds
from mayabook.core.chunk import Chunk
from mayabook.core.take import Audio, StopReason, Take, TakeRequest
from mayabook.core.verdict import Finding, FindingKind, HeardWord, Verdict
from mayabook.render import by_sentence
from mayabook.verify.compare import GOOD
from mayabook.verify.groups import Group
from mayabook.verify.hearing import Stretch, voice_of, wordless
from mayabook.verify.recording import SAMPLE_RATE
from mayabook.verify.text import Text

OF_WORDS = frozenset(
    {
        FindingKind.OMITTED,
        FindingKind.TRUNCATED,
        FindingKind.LOOP,
        FindingKind.INSERTED,
        FindingKind.TAIL,
        FindingKind.GARBLED,
    }
)
"""Kinds of finding that count here. Level, noise and voice are the taste of whoever made the recording; silences were
found in the first look."""
DEFECT = 0.5
"""Least weight of a finding that rejects a take."""
EDGE = 0.1
"""Seconds by which a finding may reach into the sentences beside a group."""


@dataclass(frozen=True, slots=True)
class Judged:
    """findings: what is wrong with the lines of the group, with times in the recording. rows: of each line in the clip,
    with times in it. inserted: words heard among the group's lines that are not the text's. wordless: voice without
    words in the clip, in times of the recording."""

    group: Group
    clip: Stretch
    findings: tuple[Finding, ...]
    rows: dict[int, list[HeardWord]]
    inserted: tuple[HeardWord, ...]
    wordless: tuple[Stretch, ...]


def second_look(
    blocks: Iterable[Audio], found: Sequence[Group], text: Text, checker: Checker, thresholds: Thresholds
) -> Iterator[Judged]:
    """Goes through the recording once more, as far as the last clip, and judges several clips at once. In order.

    found: groups that have a clip.
    """
    n_threads = os.cpu_count() or 1
    waiting: deque[Future[Judged]] = deque()
    with ThreadPoolExecutor(n_threads, thread_name_prefix="look") as pool:
        for group, clip, audio in _clips(blocks, found):
            waiting.append(pool.submit(_judge, group, clip, audio, text, checker, thresholds))
            if len(waiting) > 2 * n_threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _clips(blocks: Iterable[Audio], found: Sequence[Group]) -> Iterator[tuple[Group, Stretch, Audio]]:
    wanted = deque((group, group.clip) for group in found if group.clip is not None)
    held, offset = np.zeros(0, np.float32), 0
    for block in blocks:
        if not wanted:
            return
        first = round(wanted[0][1].start * SAMPLE_RATE)
        held = np.concatenate([held, block])
        spare = max(0, min(first - offset, len(held)))
        held, offset = held[spare:], offset + spare
        while wanted and (end := round(wanted[0][1].end * SAMPLE_RATE)) <= offset + len(held):
            group, clip = wanted.popleft()
            yield group, clip, held[round(clip.start * SAMPLE_RATE) - offset : end - offset].copy()
    for group, clip in wanted:
        yield group, clip, held[round(clip.start * SAMPLE_RATE) - offset :]


def _judge(group: Group, clip: Stretch, audio: Audio, text: Text, checker: Checker, thresholds: Thresholds) -> Judged:
    lines = [text.lines[line] for line in group.lines]
    spoken = " ".join(line.text for line in lines)
    chunk = Chunk(0, 0, tuple(line.sentence for line in lines), spoken, lines[-1].pause)
    take = Take(TakeRequest("", spoken, "", 0), audio, SAMPLE_RATE, StopReason.END, 0.0)
    verdict = checker.check(take, chunk)
    dealt = dict(zip(group.lines, by_sentence(chunk, verdict), strict=True))
    inside = _inside(group, dealt, clip.seconds)
    own = {line: dealt[line] for line in range(group.first, group.end)}
    ours = [] if verdict.accepted else [finding for finding in verdict.findings if _counts(finding, inside, own)]
    words = [Word(row.heard, row.start, row.end) for row in verdict.words if row.start is not None and row.end]
    voice = voice_of(audio, thresholds)
    return Judged(
        group,
        clip,
        tuple(_moved(finding, clip.start) for finding in ours),
        dealt,
        _inserted(verdict, inside),
        tuple(Stretch(gap.start + clip.start, gap.end + clip.start) for gap in wordless(voice, words, thresholds)),
    )


def _inside(group: Group, dealt: dict[int, list[HeardWord]], seconds: float) -> Stretch:
    """Where in the clip the group's own lines are to be heard."""
    before = [row.end for row in dealt[group.first - 1] if row.index is not None and row.end] if group.left else []
    after = [row.start for row in dealt[group.end] if row.index is not None and row.start] if group.right else []
    return Stretch(max(before, default=0.0) - EDGE, min(after, default=seconds) + EDGE)


def _counts(finding: Finding, inside: Stretch, own: dict[int, list[HeardWord]]) -> bool:
    if finding.kind not in OF_WORDS or finding.weight < DEFECT:
        return False
    if finding.start is None:
        return any(row.match not in GOOD for rows in own.values() for row in rows)
    end = finding.start if finding.end is None else finding.end
    return finding.start < inside.end and end > inside.start


def _inserted(verdict: Verdict, inside: Stretch) -> tuple[HeardWord, ...]:
    """The words heard that are not the text's, between the lines beside the group."""
    return tuple(
        row
        for row in verdict.words
        if row.match not in GOOD and row.heard and row.start is not None and inside.start < row.start < inside.end
    )


def _moved(finding: Finding, seconds: float) -> Finding:
    start, end = (None if at is None else at + seconds for at in (finding.start, finding.end))
    return Finding(finding.kind, finding.evidence, finding.weight, start, end)

"""The coverage report: where every word of the book file went, and for every sentence the take that speaks it and
whether ASR heard all of it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import takewhile

from jinja2 import Environment, PackageLoader

from mayabook.checks.mismatches import MATCHED
from mayabook.checks.scoring import REJECTION_WEIGHT
from mayabook.core.book import Book
from mayabook.core.chunk import Chunk
from mayabook.core.files import write_text
from mayabook.core.verdict import AlignedWord, Finding, FindingKind, Verdict, VoiceMeasures, WordMatch
from mayabook.render.edits import Edits
from mayabook.render.job import Job
from mayabook.render.ledger import Ledger, PlannedChunk, RetryStep, ReviewDecision
from mayabook.render.voice_plot import HEIGHT, WIDTH, VoicePlot, plot_voice
from mayabook.source_check import SourceCheck

_OF_MISSING_WORDS = {FindingKind.OMITTED, FindingKind.TRUNCATED}
OF_WORDS = {*_OF_MISSING_WORDS, FindingKind.GARBLED, FindingKind.INSERTED, FindingKind.MISREAD}
"""Findings that make a sentence doubtful even in an accepted take."""


class Status(StrEnum):
    """How sure it is that a sentence was read as written. The values are shown to users."""

    HEARD = "heard"
    """Every word was heard as written or as a homophone, or is so probable by forced alignment that there is no finding
    against it though another was transcribed."""
    ACCEPTED = "accepted by a person"
    DOUBTFUL = "in doubt"
    """There is a finding that a word is missing, changed, added or misread, also in an accepted take, or a rejecting
    finding of a flagged take."""
    MISSING = "missing"
    """Most of its words were not heard, and there is a finding that words are missing."""


@dataclass(frozen=True, slots=True)
class SentenceRow:
    """One sentence of the report."""

    chapter_number: int
    chapter: str
    """The chapter's title."""
    chunk: int
    """Number of its chunk, from 1."""
    text: str
    href: str
    """File of the EPUB that has it."""
    path: str
    """Element of that file, as in `Block.path`."""
    status: Status
    heard: str
    """Words of the transcript for it."""
    start: float | None
    """Seconds into the take; None if no word of it has a time."""
    end: float | None
    take: str
    """Name of the audio file."""
    attempts: int
    """Takes made of its chunk."""
    step: RetryStep
    """How the kept take was made."""
    accepted: bool
    """Whether the kept take was accepted, by the checks or by a person."""
    findings: tuple[str, ...]
    edited: bool
    """Whether a person wrote this text in place of the book's."""


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The report of a book."""

    title: str
    rows: tuple[SentenceRow, ...]
    skipped: tuple[tuple[str, str], ...]
    """(title, reason) of the chapters that are not narrated."""
    left_out: tuple[tuple[str, str], ...]
    """(text, reason) of the parts of chapters that are not narrated."""
    n_chunks: int
    flagged: tuple[int, ...]
    """Numbers of the chunks whose kept take was not accepted."""
    edited: tuple[tuple[int, str], ...]
    """(chunk, the book's text) of the chunks whose text a person wrote."""
    repaired: dict[RetryStep, int]
    """Retry step -> how many chunks with a rejected first take got an accepted one by it."""
    errors: int
    """Word errors of the kept takes' transcripts: substitutions, deletions and insertions, after normalisation."""
    n_words: int
    """Words of the chunks' texts, after normalisation."""
    source: SourceCheck
    """Whether each word of the book file is narrated or left out for a reason."""
    voice: tuple[VoicePlot, ...] = ()
    """Pitch, pace, level and speaker of the kept takes."""

    @property
    def word_error_rate(self) -> float:
        return self.errors / max(1, self.n_words)

    def count(self, status: Status) -> int:
        return sum(row.status == status for row in self.rows)


def build_coverage_report(
    book: Book, source: SourceCheck, plan: Sequence[PlannedChunk], ledger: Ledger, checks: str, edits: Edits
) -> CoverageReport:
    """Builds the report from the ledger. checks: the `Checker.identity` whose verdicts count.

    Raises ValueError if a chunk of the plan has no take with a verdict.
    """
    rows: list[SentenceRow] = []
    flagged: list[int] = []
    edited: list[tuple[int, str]] = []
    repaired: Counter[RetryStep] = Counter()
    voices: list[tuple[int, VoiceMeasures | None]] = []
    errors = n_words = 0
    blocks = {chapter.number: chapter.blocks for chapter in book.chapters}
    for item in plan:
        take = ledger.kept(item.key, checks)
        verdict = None if take is None else ledger.verdict(take, checks)
        if take is None or verdict is None:
            raise ValueError(f"chunk {item.number} has no judged take")
        n_takes = len(ledger.takes(item.key, checks))
        if not take.is_good:
            flagged.append(item.number)
        elif take.step != RetryStep.FIRST and take.decision is None:
            repaired[take.step] += 1
        if (written := edits.written(item)) != item.chunk.text:
            edited.append((item.number, written))
        errors, n_words = errors + verdict.errors, n_words + verdict.n_words
        voices.append((item.number, verdict.voice))
        dealt = words_by_sentence(item.chunk, verdict)
        for sentence, words, found in zip(
            item.chunk.sentences, dealt, findings_by_sentence(verdict, dealt), strict=True
        ):
            block = blocks[item.chunk.chapter][sentence.span.block]
            times = [time for word in words for time in (word.start, word.end) if time is not None]
            rows.append(
                SentenceRow(
                    chapter_number=item.chunk.chapter,
                    chapter=item.chapter_title,
                    chunk=item.number,
                    text=sentence.text,
                    href=block.href,
                    path=block.path,
                    status=Status.ACCEPTED
                    if take.decision == ReviewDecision.ACCEPTED
                    else status_of(words, found, is_good=take.is_good),
                    heard=" ".join(word.heard for word in words if word.heard),
                    start=min(times, default=None),
                    end=max(times, default=None),
                    take=take.file.name,
                    attempts=n_takes,
                    step=take.step,
                    accepted=take.is_good,
                    findings=tuple(f"{finding.kind}: {finding.evidence}" for finding in found),
                    edited=written != item.chunk.text,
                )
            )
    return CoverageReport(
        title=book.title,
        rows=tuple(rows),
        left_out=tuple((part.text, part.reason) for part in book.left_out),
        skipped=tuple((chapter.title, chapter.reason) for chapter in book.chapters if not chapter.narrated),
        n_chunks=len(plan),
        flagged=tuple(flagged),
        edited=tuple(edited),
        repaired={step: repaired[step] for step in RetryStep if repaired[step]},
        errors=errors,
        n_words=n_words,
        voice=plot_voice(voices),
        source=source,
    )


def words_by_sentence(chunk: Chunk, verdict: Verdict) -> list[list[AlignedWord]]:
    """The verdict's aligned words by sentence; an inserted word goes with the word before it."""
    ends: list[int] = []
    for sentence in chunk.sentences:
        ends.append((ends[-1] if ends else 0) + len(sentence.text.split()))
    dealt: list[list[AlignedWord]] = [[] for _ in ends]
    current = 0
    for word in verdict.words:
        if word.index is not None:
            current = next(number for number, end in enumerate(ends) if word.index < end)
        dealt[current].append(word)
    return dealt


def findings_by_sentence(verdict: Verdict, dealt: Sequence[Sequence[AlignedWord]]) -> list[list[Finding]]:
    """The verdict's findings by sentence; a finding may concern several.

    With a time: the last sentence that began before it, and those that begin within it. Without: the sentences with
    words that were not heard as written, or all if there are none. Missing text with a time: of the last sentence that
    began before it and the unheard ones right after it, those with words that were not heard.
    """
    starts = [min((word.start for word in words if word.start is not None), default=None) for words in dealt]
    odd = {n for n, words in enumerate(dealt) if any(word.match not in MATCHED for word in words)}
    incomplete = {n for n, words in enumerate(dealt) if any(word.match is WordMatch.OMITTED for word in words)}
    concerned: list[list[Finding]] = [[] for _ in dealt]
    for finding in verdict.findings:
        if finding.start is None:
            places = odd or set(range(len(dealt)))
        else:
            end = finding.start if finding.end is None else finding.end
            begun = [n for n, start in enumerate(starts) if start is not None and start <= finding.start]
            places = {max(begun, default=0)}
            places |= {n for n, start in enumerate(starts) if start is not None and finding.start <= start < end}
            if finding.kind in _OF_MISSING_WORDS:
                last = max(begun, default=-1)
                unheard = takewhile(lambda n: starts[n] is None, range(last + 1, len(starts)))
                places = {last, *unheard} & incomplete or places
        for place in places:
            concerned[place].append(finding)
    return concerned


def status_of(words: Sequence[AlignedWord], found: Sequence[Finding], *, is_good: bool) -> Status:
    """By the aligned words and the findings of a sentence. is_good: whether its take was accepted."""
    expected = [word for word in words if word.index is not None]
    kinds = {finding.kind for finding in found}
    if kinds & _OF_MISSING_WORDS and sum(word.match == WordMatch.OMITTED for word in expected) * 2 > len(expected):
        return Status.MISSING
    is_rejected = not is_good and any(finding.weight >= REJECTION_WEIGHT for finding in found)
    return Status.DOUBTFUL if kinds & OF_WORDS or is_rejected else Status.HEARD


def write_coverage(coverage: CoverageReport, job: Job) -> None:
    """Writes coverage.json and coverage.html into the job folder."""
    totals = {status.value: coverage.count(status) for status in Status}
    body = asdict(coverage) | {"wer": coverage.word_error_rate, "sentences": totals}
    write_text(job.coverage_json, json.dumps(body, ensure_ascii=False, indent=1))
    page = Environment(loader=PackageLoader("mayabook.render"), autoescape=True).get_template("coverage.html.j2")
    write_text(
        job.coverage_html,
        page.render(coverage=coverage, totals=totals, takes=job.takes.name, width=WIDTH, height=HEIGHT),
    )

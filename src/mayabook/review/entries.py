"""What there is to see of a chunk under review: its text, its takes, and what was heard in place of the text."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mayabook.core.verdict import Verdict, WordMatch
from mayabook.render import Edits, Job, PlannedChunk, StoredTake, best_take


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """A chunk to look at."""

    planned: PlannedChunk
    """The chunk as it was last planned."""
    take: StoredTake
    """The take that is kept for the audiobook."""
    verdict: Verdict
    """The verdict on `take`."""
    takes: tuple[tuple[StoredTake, Verdict | None], ...]
    """All takes of the chunk in the order they were made; None where the present checks have not judged a take."""
    book_text: str
    """What the book has; it differs from the chunk's text where a person wrote another."""

    @property
    def number(self) -> int:
        """Of the chunk, as a person counts, from 1."""
        return self.planned.number

    @property
    def chapter_title(self) -> str:
        return self.planned.chapter_title

    @property
    def text(self) -> str:
        return self.planned.chunk.text

    @property
    def is_edited(self) -> bool:
        return self.book_text != self.text


class TextChange(StrEnum):
    """How a word of the transcript differs from the text."""

    SAME = "same"
    OMITTED = "omitted"
    INSERTED = "inserted"


def list_entries(job: Job, checks: str, *, everything: bool) -> list[ReviewEntry]:
    """The flagged chunks, or all of them; flagged before accepted, then the highest risk first.

    checks: the `Checker.identity` whose verdicts count.
    """
    edits = Edits.of(job.folder)
    found = (read_entry(job, checks, planned, edits) for planned in job.ledger.plan())
    entries = [entry for entry in found if entry is not None and (everything or not entry.take.is_good)]
    return sorted(entries, key=lambda entry: (entry.take.is_good, -entry.take.risk, entry.number))


def read_entry(job: Job, checks: str, planned: PlannedChunk, edits: Edits) -> ReviewEntry | None:
    """One chunk; None where it has no take with a verdict of the checks."""
    takes = job.ledger.takes(planned.key, checks)
    take = best_take(takes)
    verdict = None if take is None else job.ledger.verdict(take, checks)
    if take is None or verdict is None:
        return None
    judged = tuple((each, job.ledger.verdict(each, checks)) for each in takes)
    return ReviewEntry(planned, take, verdict, judged, edits.written(planned))


def entry_as_dict(entry: ReviewEntry) -> dict[str, object]:
    """The entry for a machine, ready for JSON."""
    return {
        "chunk": entry.number,
        "chapter": entry.chapter_title,
        "text": entry.text,
        "book_text": entry.book_text,
        "heard": entry.verdict.transcript,
        "findings": [{"kind": finding.kind, "evidence": finding.evidence} for finding in entry.verdict.findings],
        "risk": entry.take.risk,
        "accepted": entry.take.is_good,
        "attempts": entry.take.attempt + 1,
        "audio": str(entry.take.file),
        "takes": [
            {
                "take": take.attempt + 1,
                "step": take.step,
                "risk": take.risk,
                "decision": take.decision,
                "audio": str(take.file),
            }
            for take, _ in entry.takes
        ],
    }


def describe_take(take: StoredTake) -> str:
    """How the take was made, its length and risk, and what a person decided, in words."""
    decision = "" if take.decision is None else f", {take.decision} by a person"
    return f"{take.step.label}, {take.n_samples / take.sample_rate:.1f} s, risk {take.risk:.2f}{decision}"


def diff_transcript(verdict: Verdict) -> Iterator[tuple[str, TextChange]]:
    """The words of text and transcript in order. A word heard in place of another gives two: omitted, then inserted."""
    for word in verdict.words:
        if word.match in (WordMatch.SAME, WordMatch.SOUND):
            if word.heard:
                yield word.heard, TextChange.SAME
            continue
        if word.expected:
            yield word.expected, TextChange.OMITTED
        if word.heard:
            yield word.heard, TextChange.INSERTED

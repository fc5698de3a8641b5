"""All chunks of a job that have a take, those that most need a person first. Only the ledger is read, so that it takes
a fraction of a second for a long book."""

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum

from mayabook.core.verdict import FindingKind
from mayabook.render import (
    Decision,
    DecisionKind,
    Edits,
    Job,
    PlannedChunk,
    ReviewDecision,
    StoredTake,
    best_take,
)
from mayabook.render.coverage_report import OF_WORDS


class PassageState(StrEnum):
    """What is to be done with a chunk. The values are shown to users."""

    REPORTED = "reported by a listener"
    FLAGGED = "flagged"
    """No take was accepted."""
    IN_DOUBT = "in doubt"
    """Accepted by the checks, with a finding that concerns words."""
    WAITING = "waits for a new take"
    """Redone or edited; the next run makes the take."""
    DECIDED = "accepted by a person"
    CLEAN = "heard as written"
    """Accepted by the checks, without a finding that concerns words."""


_ORDER = {state: place for place, state in enumerate(PassageState)}
OPEN = frozenset({PassageState.REPORTED, PassageState.FLAGGED, PassageState.IN_DOUBT})
"""States in which a person should decide."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One chunk in the list."""

    number: int
    """Of the chunk, as a person counts, from 1."""
    key: str
    """Content key."""
    chapter_title: str
    text: str
    state: PassageState
    risk: float
    """Of the kept take."""
    n_takes: int


def list_passages(job: Job, checks: str) -> list[Passage]:
    """By state, then the highest risk first. Chunks without a checked take are left out.

    checks: the `Checker.identity` whose verdicts count.
    """
    takes, outlines = job.ledger.takes_by_key(checks), job.ledger.takes_outline(checks)
    edits = Edits.of(job.folder)
    latest = {decision.key: decision for decision in job.ledger.decisions()}
    found = []
    for planned in job.ledger.plan():
        of_chunk = takes.get(planned.key, [])
        kept = best_take(of_chunk)
        if kept is not None:
            kinds = outlines[planned.key][of_chunk.index(kept)].kinds
            state = _state(planned, kept, kinds, edits, latest.get(planned.key))
            found.append(
                Passage(
                    number=planned.number,
                    key=planned.key,
                    chapter_title=planned.chapter_title,
                    text=planned.chunk.text,
                    state=state,
                    risk=kept.risk,
                    n_takes=len(of_chunk),
                )
            )
    return sorted(found, key=lambda passage: (_ORDER[passage.state], -passage.risk, passage.number))


def _state(
    planned: PlannedChunk, kept: StoredTake, kinds: Set[FindingKind], edits: Edits, latest: Decision | None
) -> PassageState:
    """kinds: of the findings of `kept`."""
    if latest is not None and latest.kind == DecisionKind.REPORTED:
        return PassageState.REPORTED
    if not edits.is_spoken(planned) or kept.decision == ReviewDecision.REJECTED:
        return PassageState.WAITING
    if kept.decision == ReviewDecision.ACCEPTED:
        return PassageState.DECIDED
    if not kept.accepted:
        return PassageState.FLAGGED
    return PassageState.IN_DOUBT if kinds & OF_WORDS else PassageState.CLEAN

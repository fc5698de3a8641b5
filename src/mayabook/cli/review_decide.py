"""What a person may decide about a chunk, and the conversation that asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.prompt import Confirm, Prompt

from mayabook.cli.review_show import print_entry
from mayabook.core.errors import JobError, ScriptError
from mayabook.core.settings import ScriptSettings
from mayabook.render import Edits, Job, PlannedChunk, ReviewDecision, StoredTake

if TYPE_CHECKING:
    from mayabook.core.verdict import Verdict

KEYS = "[b]a[/b]ccept  [b]r[/b]edo  [b]e[/b]dit text  choose [b]t[/b]ake  [b]s[/b]kip  [b]q[/b]uit"


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """A chunk to look at. take: the one that is kept. takes: all of it, in order, with their verdicts. written: what
    the book has, where a person wrote another text."""

    item: PlannedChunk
    take: StoredTake
    verdict: "Verdict"
    takes: tuple[tuple[StoredTake, "Verdict | None"], ...]
    written: str


def review_entries(job: Job, checks: str, *, everything: bool) -> list[ReviewEntry]:
    """The flagged chunks, or all of them, worst first."""
    edits = Edits.of(job.folder)
    found = []
    for item in job.ledger.plan():
        take = job.ledger.kept(item.key, checks)
        verdict = None if take is None else job.ledger.verdict(take, checks)
        if take is not None and verdict is not None and (everything or not take.good):
            takes = tuple((each, job.ledger.verdict(each, checks)) for each in job.ledger.takes(item.key, checks))
            found.append(ReviewEntry(item, take, verdict, takes, edits.written(item.chunk)))
    return sorted(found, key=lambda entry: (entry.take.good, -entry.take.risk, entry.item.number))


class Decisions:
    """Written down at once. Each raises JobError where it cannot be done."""

    def __init__(self, job: Job, checks: str, limits: ScriptSettings) -> None:
        self._job, self._checks, self._limits = job, checks, limits
        self._plan = {item.number: item for item in job.ledger.plan()}

    def check(self, number: int) -> None:
        if number not in self._plan:
            raise JobError(f"There is no chunk {number}; this book has chunks 1 to {len(self._plan)}.")

    def accept(self, number: int) -> None:
        best = self._job.ledger.kept(self._plan[number].key, self._checks)
        if best is None:
            raise JobError(f"Chunk {number} has no take yet; run `mayabook make` first.")
        self._job.ledger.decide(best, ReviewDecision.ACCEPTED)

    def redo(self, number: int) -> None:
        for take in self._takes(number):
            self._job.ledger.decide(take, ReviewDecision.REJECTED)

    def choose(self, number: int, which: int) -> None:
        """which: as people count, from 1."""
        takes = self._takes(number)
        chosen = next((take for take in takes if take.attempt + 1 == which), None)
        if chosen is None:
            there = ", ".join(str(take.attempt + 1) for take in takes) or "none"
            raise JobError(f"Chunk {number} has no take {which}; it has {there}.")
        for take in takes:
            if take.decision == ReviewDecision.ACCEPTED:
                self._job.ledger.decide(take, ReviewDecision.REJECTED)
        self._job.ledger.decide(chosen, ReviewDecision.ACCEPTED)

    def edit(self, number: int, text: str) -> None:
        Edits.of(self._job.folder).set(self._plan[number].chunk, text, self._limits)

    def _takes(self, number: int) -> list[StoredTake]:
        return self._job.ledger.takes(self._plan[number].key, self._checks)


def interview(found: Sequence[ReviewEntry], decisions: Decisions) -> bool:
    """One chunk at a time. True where something was decided, and the audiobook is to be made anew now."""
    console = Console()
    if not found:
        console.print("No chunk is flagged.")
        return False
    n_decided = 0
    for place, entry in enumerate(found, 1):
        console.rule(f"{place} of {len(found)}")
        print_entry(console, entry)
        answer = _ask(console, entry, decisions)
        if answer == "q":
            break
        n_decided += answer != "s"
    if not n_decided:
        return False
    return Confirm.ask(f"{n_decided} decided. Make the audiobook anew now?", default=True, console=console)


def _ask(console: Console, entry: ReviewEntry, decisions: Decisions) -> str:
    number = entry.item.number
    while True:
        console.print(KEYS, highlight=False)
        answer = Prompt.ask("What now", choices=list("aretsq"), default="s", show_choices=False, console=console)
        try:
            if answer == "a":
                decisions.accept(number)
            elif answer == "r":
                decisions.redo(number)
            elif answer == "e":
                decisions.edit(number, Prompt.ask("Text (empty: the book's own)", default="", console=console))
            elif answer == "t":
                which = Prompt.ask("Take", choices=[str(take.attempt + 1) for take, _ in entry.takes], console=console)
                decisions.choose(number, int(which))
        except (JobError, ScriptError) as error:
            console.print(str(error), style="red", markup=False)
            continue
        return answer

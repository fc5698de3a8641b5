"""mayabook review: the chunks that need a person, and what the person decided."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from mayabook.cli import options

if TYPE_CHECKING:
    from mayabook.core.verdict import Verdict
    from mayabook.render import Job, PlannedChunk, StoredTake


def review(
    job: Annotated[Path, typer.Argument(help="The .mayabook folder of a job, or its audiobook.", show_default=False)],
    redo: Annotated[
        list[int] | None,
        typer.Option("--redo", help="Reject the takes of this chunk and make new ones (may be given again)."),
    ] = None,
    accept: Annotated[
        list[int] | None,
        typer.Option("--accept", help="Accept the best take of this chunk as it is (may be given again)."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every chunk, not only the flagged ones.")] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """List the flagged chunks of a job, worst first: text, what was heard instead, and the audio file to play.

    With --redo or --accept, the audiobook is made anew with what you decided.
    """
    from mayabook.cli.make import run
    from mayabook.core.errors import JobError
    from mayabook.produce import CHECKS, ORDER, Order
    from mayabook.render import Job, Ruling

    with Job.existing(job) as opened:
        order, checks = opened.ledger.fact(ORDER), opened.ledger.fact(CHECKS)
        if order is None or checks is None:
            raise JobError(f"{opened.folder} holds no finished run; run `mayabook make` first.")
        plan = {item.number: item for item in opened.ledger.plan()}
        for number in [*(redo or []), *(accept or [])]:
            if number not in plan:
                raise JobError(f"There is no chunk {number}; this book has chunks 1 to {len(plan)}.")
        for number in redo or []:
            for take in opened.ledger.takes(plan[number].key, checks):
                opened.ledger.rule(take, Ruling.REJECTED)
        for number in accept or []:
            best = opened.ledger.kept(plan[number].key, checks)
            if best is None:
                raise JobError(f"Chunk {number} has no take yet; run `mayabook make` first.")
            opened.ledger.rule(best, Ruling.ACCEPTED)
        if not (redo or accept):
            _show(opened, list(plan.values()), checks, everything=everything, as_json=as_json)
            return
    run(Order.model_validate_json(order), force=True, as_json=as_json, quiet=quiet)


def _show(job: "Job", plan: list["PlannedChunk"], checks: str, *, everything: bool, as_json: bool) -> None:
    found = []
    for item in plan:
        take = job.ledger.kept(item.key, checks)
        verdict = None if take is None else job.ledger.verdict(take, checks)
        if take is not None and verdict is not None and (everything or not take.good):
            found.append((item, take, verdict))
    found.sort(key=lambda entry: (entry[1].good, -entry[1].risk, entry[0].number))
    console = Console()
    if not found and not as_json:
        console.print(f"No chunk of {job.folder} is flagged.", highlight=False)
    for item, take, verdict in found:
        if as_json:
            print(json.dumps(_facts(item, take, verdict), ensure_ascii=False))
        else:
            _print(console, item, take, verdict)


def _facts(item: "PlannedChunk", take: "StoredTake", verdict: "Verdict") -> dict[str, object]:
    return {
        "chunk": item.number,
        "chapter": item.chapter_title,
        "text": item.chunk.text,
        "heard": verdict.transcript,
        "findings": [{"kind": finding.kind, "evidence": finding.evidence} for finding in verdict.findings],
        "risk": take.risk,
        "accepted": take.good,
        "attempts": take.attempt + 1,
        "audio": str(take.file),
    }


def _print(console: Console, item: "PlannedChunk", take: "StoredTake", verdict: "Verdict") -> None:
    state = "accepted" if take.good else "flagged"
    console.print(
        Text(f"Chunk {item.number}, {item.chapter_title}: {state}, risk {take.risk:.2f}, take {take.attempt + 1}"),
        style="bold",
    )
    console.print(Text(f"  text:  {item.chunk.text}"))
    console.print(Text("  heard: ").append_text(_diff(verdict)))
    for finding in verdict.findings:
        where = "" if finding.start is None else f" at {finding.start:.1f} s"
        console.print(Text(f"  {finding.kind}: {finding.evidence}{where}"))
    console.print(Text(f"  audio: {take.file}"), soft_wrap=True)
    console.print()


def _diff(verdict: "Verdict") -> Text:
    """The transcript with omitted words in [-brackets-], inserted and wrong ones in {+braces+}, in colour too."""
    from mayabook.core.verdict import WordMatch

    line = Text()
    for word in verdict.words:
        if word.match in (WordMatch.SAME, WordMatch.SOUND):
            line.append(f"{word.heard} " if word.heard else "")
            continue
        if word.expected:
            line.append(f"[-{word.expected}-] ", style="red")
        if word.heard:
            line.append(f"{{+{word.heard}+}} ", style="yellow")
    return line

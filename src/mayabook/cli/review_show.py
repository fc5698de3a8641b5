"""How a chunk under review is shown: on a terminal, in a pipe, and to machines."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from mayabook.core.verdict import Verdict, WordMatch

if TYPE_CHECKING:
    from mayabook.cli.review_decide import ReviewEntry
    from mayabook.render import StoredTake


def print_list(folder: Path, found: "Sequence[ReviewEntry]", *, as_json: bool) -> None:
    if as_json:
        for entry in found:
            print(json.dumps(facts(entry), ensure_ascii=False))
        return
    console = Console()
    if not found:
        console.print(f"No chunk of {folder} is flagged.", highlight=False)
    for entry in found:
        print_entry(console, entry)


def facts(entry: "ReviewEntry") -> dict[str, object]:
    return {
        "chunk": entry.item.number,
        "chapter": entry.item.chapter_title,
        "text": entry.item.chunk.text,
        "written": entry.written,
        "heard": entry.verdict.transcript,
        "findings": [{"kind": finding.kind, "evidence": finding.evidence} for finding in entry.verdict.findings],
        "risk": entry.take.risk,
        "accepted": entry.take.good,
        "attempts": entry.take.attempt + 1,
        "audio": str(entry.take.file),
        "takes": [
            {
                "take": take.attempt + 1,
                "step": take.step,
                "risk": take.risk,
                "ruling": take.decision,
                "audio": str(take.file),
            }
            for take, _ in entry.takes
        ],
    }


def print_entry(console: Console, entry: "ReviewEntry") -> None:
    item, take, verdict = entry.item, entry.take, entry.verdict
    state = "accepted" if take.good else "flagged"
    console.print(
        Text(f"Chunk {item.number}, {item.chapter_title}: {state}, risk {take.risk:.2f}, take {take.attempt + 1}"),
        style="bold",
    )
    console.print(Text(f"  text:  {item.chunk.text}"))
    if entry.written != item.chunk.text:
        console.print(Text(f"  book:  {entry.written}"))
    console.print(Text("  heard: ").append_text(_diff(verdict)))
    for finding in verdict.findings:
        where = "" if finding.start is None else f" at {finding.start:.1f} s"
        console.print(Text(f"  {finding.kind}: {finding.evidence}{where}"))
    for each, _ in entry.takes:
        mark = "audio" if each.id == take.id else "other"
        console.print(Text(f"  {mark}: {each.file}  (take {each.attempt + 1}, {said(each)})"), soft_wrap=True)
    console.print()


def said(take: "StoredTake") -> str:
    """How it was made, length, risk and what a person decided, in words."""
    ruling = "" if take.decision is None else f", {take.decision} by a person"
    return f"{take.step}, {take.n_samples / take.sample_rate:.1f} s, risk {take.risk:.2f}{ruling}"


def marked(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """The transcript in pieces: (text, "same"), (text, "omitted") or (text, "inserted"), for a word in another's place
    both."""
    for word in verdict.words:
        if word.match in (WordMatch.SAME, WordMatch.SOUND):
            if word.heard:
                yield word.heard, "same"
            continue
        if word.expected:
            yield word.expected, "omitted"
        if word.heard:
            yield word.heard, "inserted"


def _diff(verdict: Verdict) -> Text:
    """Omitted words in [-brackets-], inserted and wrong ones in {+braces+}, in colour too."""
    line = Text()
    for text, kind in marked(verdict):
        if kind == "same":
            line.append(f"{text} ")
        elif kind == "omitted":
            line.append(f"[-{text}-] ", style="red")
        else:
            line.append(f"{{+{text}+}} ", style="yellow")
    return line

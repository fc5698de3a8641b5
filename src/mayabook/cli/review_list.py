"""The entries of a review as text: on a terminal, in a pipe, and as JSON lines."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from mayabook.core.verdict import Verdict
from mayabook.review import ReviewEntry, TextChange, describe_take, diff_transcript, entry_as_dict


def print_entries(folder: Path, entries: Sequence[ReviewEntry], *, as_json: bool) -> None:
    if as_json:
        for entry in entries:
            print(json.dumps(entry_as_dict(entry), ensure_ascii=False))
        return
    console = Console()
    if not entries:
        console.print(f"No chunk of {folder} is flagged.", highlight=False)
    for entry in entries:
        print_entry(console, entry)


def print_entry(console: Console, entry: ReviewEntry) -> None:
    take, verdict = entry.take, entry.verdict
    state = "accepted" if take.is_good else "flagged"
    console.print(
        Text(f"Chunk {entry.number}, {entry.chapter_title}: {state}, risk {take.risk:.2f}, take {take.attempt + 1}"),
        style="bold",
    )
    console.print(Text(f"  text:  {entry.text}"))
    if entry.is_edited:
        console.print(Text(f"  book:  {entry.book_text}"))
    console.print(Text("  heard: ").append_text(_marked_transcript(verdict)))
    for finding in verdict.findings:
        where = "" if finding.start is None else f" at {finding.start:.1f} s"
        console.print(Text(f"  {finding.kind}: {finding.evidence}{where}"))
    for each, _ in entry.takes:
        mark = "audio" if each.id == take.id else "other"
        line = f"  {mark}: {each.file}  (take {each.attempt + 1}, {describe_take(each)})"
        console.print(Text(line), soft_wrap=True)
    console.print()


def _marked_transcript(verdict: Verdict) -> Text:
    """Omitted words in red [-brackets-], inserted ones in yellow {+braces+}."""
    line = Text()
    for word, change in diff_transcript(verdict):
        if change == TextChange.SAME:
            line.append(f"{word} ")
        elif change == TextChange.OMITTED:
            line.append(f"[-{word}-] ", style="red")
        else:
            line.append(f"{{+{word}+}} ", style="yellow")
    return line

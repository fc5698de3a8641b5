"""mayabook inspect: what would be narrated, and what it would cost."""

import json
from collections import Counter

from rich.console import Console
from rich.table import Table

from mayabook.cli import options
from mayabook.cli.progress_display import clock
from mayabook.core.settings import Settings

CHARS_PER_SECOND = 14.0
"""Of the narrator at speed 1, pauses included; measured on the sample book by bench/narrate.py."""
TIMES_REAL_TIME = 10.0
"""Seconds of verified audiobook per second and core; measured on the sample book by bench/narrate.py."""
RARE_NAMES = 20


@options.accept_settings("book", "script")
def inspect(
    book: options.BookFile,
    *,
    lexicon: options.Lexicon = None,
    settings: Settings,
    as_json: options.Json = False,
) -> None:
    """Show a book's chapters, what is skipped, and a forecast.

    The forecast is of length, size and time. Names that the narrator may not know are listed last: put those that it
    says wrong into a lexicon.
    """
    import os

    from mayabook.pipeline import open_book
    from mayabook.script import rare_names

    read, script = open_book(book, lexicon, settings)
    words = Counter[int]()
    chunks = Counter[int]()
    for chunk in script.chunks:
        words[chunk.chapter] += chunk.n_words
        chunks[chunk.chapter] += 1
    duration = sum(len(chunk.text) for chunk in script.chunks) / CHARS_PER_SECOND / settings.narrator.speed
    facts = {
        "title": read.title,
        "authors": list(read.authors),
        "language": read.language,
        "cover": read.cover is not None,
        "chapters": [
            {
                "number": chapter.number,
                "title": chapter.title,
                "narrated": chapter.narrated,
                "reason": chapter.reason,
                "words": words[chapter.number],
                "chunks": chunks[chapter.number],
            }
            for chapter in read.chapters
        ],
        "words": words.total(),
        "chunks": chunks.total(),
        "seconds": round(duration),
        "megabytes": round(duration * settings.master.bitrate / 8000, 1),
        "seconds_to_make": round(duration / (TIMES_REAL_TIME * (os.cpu_count() or 1))),
        "rare_names": dict(rare_names(script)[:RARE_NAMES]),
        "warnings": list(read.warnings),
    }
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    console = Console()
    console.print(
        f"{read.title} by {', '.join(read.authors) or 'unknown'}", markup=False, highlight=False, style="bold"
    )
    table = Table("", "chapter", "words", "chunks", "", box=None)
    for chapter in read.chapters:
        numbers = (f"{words[chapter.number]:,}", f"{chunks[chapter.number]}") if chapter.narrated else ("", "")
        table.add_row(
            str(chapter.number),
            "  " * (chapter.depth - 1) + chapter.title,
            *numbers,
            chapter.reason if chapter.narrated else f"skipped: {chapter.reason}",
            style="" if chapter.narrated else "dim",
        )
    console.print(table)
    console.print(
        f"{words.total():,} words in {chunks.total()} chunks: about {clock(duration)} of audio, "
        f"{facts['megabytes']} MB, {clock(float(str(facts['seconds_to_make'])))} to make on this machine",
        highlight=False,
    )
    if facts["rare_names"]:
        names = ", ".join(f"{name} ({count})" for name, count in rare_names(script)[:RARE_NAMES])
        console.print(f"Rare names: {names}", markup=False, highlight=False)
    for warning in read.warnings:
        console.print(f"Note: {warning}", markup=False, highlight=False)

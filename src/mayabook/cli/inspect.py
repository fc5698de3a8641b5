"""mayabook inspect: what would be narrated, with an estimate of duration, size and time."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mayabook.cli import options
from mayabook.cli.progress_display import clock
from mayabook.cli.source_line import source_line
from mayabook.core.settings import Settings

if TYPE_CHECKING:
    from mayabook.core.book import Book
    from mayabook.script import RareName, Script
    from mayabook.source_check import SourceCheck

RARE_NAMES = 20
"""Most names that are shown; JSON and the lexicon have all of them."""
Spoken = Annotated[
    bool, typer.Option("--spoken", help="Print only what will be said: numbers, capitals and abbreviations in words.")
]
WriteLexicon = Annotated[
    Path | None,
    typer.Option(
        "--write-lexicon",
        metavar="FILE",
        help="Write the names that no dictionary has into a lexicon to edit, each with how the narrator says it.",
    ),
]


@options.accept_settings("book", "script")
def inspect(
    book: options.BookFile,
    *,
    lexicon: options.Lexicon = None,
    write_lexicon: WriteLexicon = None,
    settings: Settings,
    spoken: Spoken = False,
    as_json: options.Json = False,
) -> None:
    """Show what would be narrated, what is left out and why, and how long it takes.

    Prints the chapters, the words that are left out, by reason, and an estimate of the audiobook's duration, its size
    and the time to make it. Words are lost in reading if a second reader finds them in the file and they are neither
    narrated nor left out; there should be none. The list ends with names that no dictionary has: --write-lexicon
    writes them into a file, in which you can say how to pronounce them, and --lexicon reads it.
    """
    from mayabook.script import find_rare_names, script_book
    from mayabook.source_check import check_source

    read, script = script_book(book, lexicon, settings)
    if spoken:
        _print_spoken(read, script, as_json)
        return
    source = check_source(book, read)
    names = find_rare_names(script)
    facts = _facts(read, script, source, settings)
    facts["rare_names"] = {each.name: {"count": each.count, "context": each.context} for each in names}
    if write_lexicon is not None:
        _write_lexicon(write_lexicon, names, settings.narrator.voice, facts["rare_names"])
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        _print(read, source, facts)


def _write_lexicon(path: Path, names: "Sequence[RareName]", voice: str, facts: dict[str, dict[str, Any]]) -> None:
    """Also adds to the facts of each name how it is said."""
    from mayabook.engines.narrator import pronunciations
    from mayabook.script import write_lexicon_template

    said = pronunciations([each.name for each in names], voice)
    write_lexicon_template(path, names, said)
    for fact, sound in zip(facts.values(), said, strict=True):
        fact["said"] = sound


def _print_names(console: Console, names: dict[str, dict[str, Any]]) -> None:
    console.print("Names that the voice may mispronounce; to see how it says them: --write-lexicon names.toml")
    table = Table("", "", "", "", box=None, show_header=False)
    for name, fact in list(names.items())[:RARE_NAMES]:
        table.add_row(name, str(fact["count"]), fact.get("said", ""), fact["context"])
    console.print(table)
    if len(names) > RARE_NAMES:
        console.print(f"  and {len(names) - RARE_NAMES} more")


def _print_spoken(book: "Book", script: "Script", as_json: bool) -> None:
    """One chunk after the other; as JSON, one object on a line with the replaced words of each."""
    titles = {chapter.number: chapter.title for chapter in book.chapters}
    chapter = 0
    for chunk in script.chunks:
        if as_json:
            replaced = [
                {"written": sentence.text[each.start : each.end], "spoken": each.spoken, "class": each.word_class.value}
                for sentence in chunk.sentences
                for each in sentence.replacements
            ]
            facts = {"chunk": chunk.index + 1, "chapter": chunk.chapter, "title": titles[chunk.chapter]}
            facts |= {"text": chunk.text, "spoken": chunk.spoken, "replaced": replaced}
            print(json.dumps(facts, ensure_ascii=False))
            continue
        if chunk.chapter != chapter:
            chapter = chunk.chapter
            print(f"# {chapter}. {titles[chapter]}")
        print(f"{chunk.index + 1}: {chunk.spoken}")


def _facts(book: "Book", script: "Script", source: "SourceCheck", settings: Settings) -> dict[str, Any]:
    from mayabook.script import forecast

    words, chunks = Counter[int](), Counter[int]()
    for chunk in script.chunks:
        words[chunk.chapter] += chunk.n_words
        chunks[chunk.chapter] += 1
    expected = forecast(sum(len(chunk.text) for chunk in script.chunks), settings)
    return {
        "title": book.title,
        "authors": list(book.authors),
        "language": book.language,
        "cover": book.cover is not None,
        "chapters": [
            {
                "number": chapter.number,
                "title": chapter.title,
                "narrated": chapter.narrated,
                "reason": chapter.reason,
                "words": words[chapter.number],
                "chunks": chunks[chapter.number],
            }
            for chapter in book.chapters
        ],
        "source": asdict(source) | {"n_lost": source.n_lost},
        "left_out": [asdict(entry) for entry in book.left_out],
        "supplied": [asdict(entry) for entry in book.supplied],
        "words": words.total(),
        "chunks": chunks.total(),
        "seconds": round(expected.seconds),
        "megabytes": round(expected.megabytes, 1),
        "seconds_to_make": round(expected.seconds_to_make),
        "symbols": list(script.coverage.left_out + script.coverage.symbols),
        "warnings": list(book.warnings),
    }


def _print(book: "Book", source: "SourceCheck", facts: dict[str, Any]) -> None:
    console = Console(highlight=False, markup=False)
    console.print(f"{book.title} by {', '.join(book.authors) or 'unknown'}", style="bold")
    table = Table("", "chapter", "words", "chunks", "", box=None)
    for chapter, counts in zip(book.chapters, facts["chapters"], strict=True):
        numbers = (f"{counts['words']:,}", str(counts["chunks"])) if chapter.narrated else ("", "")
        table.add_row(
            str(chapter.number),
            Text("  " * (chapter.depth - 1) + chapter.title),
            *numbers,
            Text(chapter.reason if chapter.narrated else f"skipped: {chapter.reason}"),
            style="" if chapter.narrated else "dim",
        )
    console.print(table)
    console.print(source_line(source))
    for reason, count in source.left_out.items():
        console.print(f"  {count:,} left out: {reason}")
    for reason, count in source.supplied.items():
        console.print(f"  {count:,} that the file does not print: {reason}")
    for difference in source.differences:
        console.print(f"  {difference}")
    console.print(
        f"{facts['words']:,} words in {facts['chunks']} chunks: about {clock(facts['seconds'])} of audio, "
        f"{facts['megabytes']} MB; {clock(facts['seconds_to_make'])} to make with the narrator on this machine"
    )
    if facts["rare_names"]:
        _print_names(console, facts["rare_names"])
    if facts["symbols"]:
        console.print(f"{len(facts['symbols'])} symbols and marks are not spoken; --json lists them")
    for warning in book.warnings:
        console.print(f"Note: {warning}")

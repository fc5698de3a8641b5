"""mayabook verify: compares an audiobook from any tool with the text of the book."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TimeRemainingColumn

from mayabook.cli import options
from mayabook.cli.exit_codes import FLAGGED
from mayabook.core.events import Event, Listener, VerificationProgress, ignore
from mayabook.core.settings import Settings

if TYPE_CHECKING:
    from mayabook.verify import Defect, Verification


@options.accept_settings("book", "checks")
def verify(
    audio: Annotated[
        Path,
        typer.Argument(
            metavar="AUDIOBOOK",
            help="The audiobook: M4B, MP3, Opus, FLAC, WAV and so on, or a folder of such files.",
            show_default=False,
        ),
    ],
    *,
    book: Annotated[
        Path | None, typer.Option("--book", metavar="FILE", help="The book: an EPUB or a plain text (.txt).")
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option("--text", metavar="FILE", help="In place of --book, a plain text in UTF-8, whatever its suffix."),
    ] = None,
    epub: Annotated[Path | None, typer.Option("--epub", hidden=True)] = None,
    settings: Settings,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for machines.")] = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Find what is wrong in an audiobook that any tool made.

    It lists what is missing, doubled, misplaced, extra, garbled or silent, with the times. The audiobook is transcribed
    from end to end and aligned with the text; doubtful sentences are then checked one by one, as `mayabook make` checks
    its takes. Exit code 0: no defect; 3: defects were found; 2: the two could not be compared.
    """
    from mayabook.book import read_book, read_with
    from mayabook.book.plain_text_reader import PlainTextReader
    from mayabook.core.errors import SettingsError
    from mayabook.verify import verify_audiobook

    if verbose:
        options.log_to_stderr()
    if epub is not None:
        print("Note: the option --epub was renamed to --book.", file=sys.stderr)
        book = book or epub
    if (book is None) == (text is None):
        raise SettingsError("Give the text of the audiobook: either --book FILE or --text FILE.")
    if text is not None:
        expected = read_with(PlainTextReader(), text, settings.book)
    else:
        expected = read_book(book or Path(), settings.book)
    with _shown(quiet=quiet or as_json or verbose) as progress:
        found = verify_audiobook(audio, expected, settings=settings, progress=progress)
    if as_json:
        print(json.dumps(_facts(found), ensure_ascii=False, default=str))
    elif not quiet:
        _print(found)
    if not found.is_clean:
        raise typer.Exit(FLAGGED)


@contextmanager
def _shown(*, quiet: bool) -> Iterator[Listener]:
    """A bar on a terminal, nothing elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield ignore
        return
    with Progress(
        "Transcribing", BarColumn(), TimeRemainingColumn(), console=Console(stderr=True), transient=True
    ) as bar:
        task = bar.add_task("", total=1.0)

        def show(event: Event) -> None:
            if isinstance(event, VerificationProgress):
                bar.update(task, completed=event.fraction)

        yield show


def hms(seconds: float) -> str:
    """0:02:03."""
    minutes, whole = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{whole:02}"


def _print(found: "Verification") -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(f"{found.title}: {hms(found.duration)}, {len(found.sentences):,} sentences", style="bold")
    for outside, name in ((found.intro, "before the text"), (found.outro, "after the text")):
        if outside is not None:
            words, start, end = outside
            console.print(f"  {name}, {hms(start)} to {hms(end)}: “{_short(words)}”")
    for defect in found.defects:
        console.print(f"  {_where(defect, several=len(found.files) > 1)}  {defect.kind}: {defect.evidence}")
        if defect.text and defect.text not in defect.evidence:
            console.print(f"      text: {_short(defect.text)}")
    kinds: dict[str, int] = {}
    for defect in found.defects:
        kinds[defect.kind] = kinds.get(defect.kind, 0) + 1
    summary = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "no defects"
    console.print(f"  {found.n_correct:,} of {len(found.sentences):,} sentences are correct; {summary}")


def _where(defect: "Defect", *, several: bool) -> str:
    if several:
        return f"{defect.position.file.name} {hms(defect.position.seconds)}"
    chapter = f" ({defect.position.chapter})" if defect.position.chapter else ""
    return f"{hms(defect.start)}{chapter}"


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"


def _facts(found: "Verification") -> dict[str, object]:
    return asdict(found) | {"correct": found.n_correct, "clean": found.is_clean}

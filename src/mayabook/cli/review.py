"""mayabook review: the chunks that need a person, and what the person decides."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayabook.cli import options
from mayabook.core.byte_size import format_bytes

if TYPE_CHECKING:
    from mayabook.review import JobReview


def review(
    job: Annotated[
        Path,
        typer.Argument(metavar="JOB", help="The .mayabook folder of a job, or its audiobook.", show_default=False),
    ],
    accept: Annotated[
        list[int] | None,
        typer.Option("--accept", metavar="N", help="Accept the best take of chunk N as it is. [repeatable]"),
    ] = None,
    redo: Annotated[
        list[int] | None,
        typer.Option("--redo", metavar="N", help="Reject the takes of chunk N and make new ones. [repeatable]"),
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option("--take", metavar="N:K", help="Accept take K of chunk N. [repeatable]"),
    ] = None,
    edit: Annotated[
        list[str] | None,
        typer.Option(
            "--edit",
            metavar="N:TEXT",
            help="Replace the text of chunk N by TEXT; N: alone restores the book's text. [repeatable]",
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make the audiobook again with earlier decisions; ask nothing.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show every chunk, not only the flagged ones.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write one page with players, waveforms and findings."),
    ] = None,
    list_only: Annotated[bool, typer.Option("--list", help="Print the list instead of asking what to do.")] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Go through the flagged chunks of an audiobook and decide.

    On a terminal, one chunk at a time is shown, the worst first, with its text, its transcript and its takes, and you
    are asked what to do. Otherwise the list is printed; decide with --accept, --redo, --take and --edit. After
    decisions, the audiobook is made again.
    """
    from mayabook.cli.book_queue import run_books
    from mayabook.cli.progress_display import display
    from mayabook.cli.review_conversation import ask_for_decisions
    from mayabook.cli.review_list import print_entries
    from mayabook.review import open_review, write_review_page

    with open_review(job) as opened:
        if accept or redo or take or edit:
            _decide(opened, accept or [], redo or [], take or [], edit or [])
        elif not apply:
            entries = opened.entries(everything=everything)
            if html is not None:
                write_review_page(html, opened.request.book.stem, entries)
                if not quiet:
                    print(f"{html}: {len(entries)} chunks, {format_bytes(html.stat().st_size)}")
                return
            if as_json or list_only or not (sys.stdin.isatty() and sys.stdout.isatty()):
                print_entries(opened.folder, entries, as_json=as_json)
                return
            if not ask_for_decisions(opened, entries):
                return
    if verbose:
        options.log_to_stderr()
    shown = display(as_json=as_json, quiet=quiet, verbose=verbose)
    raise typer.Exit(run_books([opened.request], shown, force=True))


def _decide(review: "JobReview", accept: list[int], redo: list[int], take: list[str], edit: list[str]) -> None:
    """All numbers are checked before the first decision is written down."""
    from mayabook.core.errors import JobError

    chosen, edits = [_split(each) for each in take], [_split(each) for each in edit]
    for number, which in chosen:
        if not which.isdecimal():
            raise JobError(f"--take {number}:{which} is invalid; write chunk and take, such as --take {number}:3.")
    for number in [*accept, *redo, *(number for number, _ in chosen + edits)]:
        review.planned(number)
    for number in redo:
        review.redo(number)
    for number in accept:
        review.accept(number)
    for number, which in chosen:
        review.choose_take(number, int(which))
    for number, text in edits:
        review.set_text(number, text)


def _split(given: str) -> tuple[int, str]:
    """`12:TEXT` as its number and its text."""
    from mayabook.core.errors import JobError

    number, colon, rest = given.partition(":")
    if not colon or not number.strip().isdecimal():
        raise JobError(f"{given!r} is invalid; write the number of the chunk first, such as 12:{given}.")
    return int(number), rest.strip()

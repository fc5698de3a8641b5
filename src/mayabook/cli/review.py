"""mayabook review: the chunks that need a person, and what the person decides."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mayabook.cli import options

if TYPE_CHECKING:
    from mayabook.cli.review_decide import Decisions


def review(
    job: Annotated[Path, typer.Argument(help="The .mayabook folder of a job, or its audiobook.", show_default=False)],
    accept: Annotated[
        list[int] | None,
        typer.Option("--accept", help="Accept the best take of this chunk as it is (may be given again)."),
    ] = None,
    redo: Annotated[
        list[int] | None,
        typer.Option("--redo", help="Reject the takes of this chunk and make new ones (may be given again)."),
    ] = None,
    take: Annotated[
        list[str] | None,
        typer.Option("--take", metavar="N:K", help="Accept take K of chunk N (may be given again)."),
    ] = None,
    edit: Annotated[
        list[str] | None,
        typer.Option(
            "--edit",
            metavar="N:TEXT",
            help="Let chunk N say TEXT; N: alone gives it the book's text back (may be given again).",
        ),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Show every chunk, not only the flagged ones.")] = False,
    html: Annotated[
        Path | None,
        typer.Option("--html", help="Write one page with players, waveforms and findings.", show_default=False),
    ] = None,
    list_only: Annotated[
        bool, typer.Option("--list", help="Print the list on a terminal too, and ask nothing.")
    ] = False,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Go through the flagged chunks of a job, worst first: text, what was heard instead, and the takes to play.

    On a terminal, it shows one at a time and asks what to do; elsewhere it prints the list, and --accept, --redo,
    --take and --edit decide. The audiobook is then made anew.
    """
    from mayabook.cli.make import run
    from mayabook.cli.review_decide import Decisions, interview, review_entries
    from mayabook.cli.review_page import write_page
    from mayabook.cli.review_show import print_list
    from mayabook.core.errors import JobError
    from mayabook.pipeline import CHECKS, ORDER, AudiobookRequest
    from mayabook.render import Job

    with Job.existing(job) as opened:
        order, checks = opened.ledger.fact(ORDER), opened.ledger.fact(CHECKS)
        if order is None or checks is None:
            raise JobError(f"{opened.folder} holds no finished run; run `mayabook make` first.")
        ordered = AudiobookRequest.model_validate_json(order)
        decisions = Decisions(opened, checks, ordered.settings.script)
        if accept or redo or take or edit:
            _decide(decisions, accept or [], redo or [], take or [], edit or [])
        else:
            found = review_entries(opened, checks, everything=everything)
            if html is not None:
                write_page(html, ordered.book.stem, found)
                if not quiet:
                    print(f"{html}: {len(found)} chunks, {html.stat().st_size / 1e6:.1f} MB")
                return
            if as_json or list_only or not (sys.stdin.isatty() and sys.stdout.isatty()):
                print_list(opened.folder, found, as_json=as_json)
                return
            if not interview(found, decisions):
                return
    run(ordered, force=True, as_json=as_json, quiet=quiet)


def _decide(decisions: "Decisions", accept: list[int], redo: list[int], take: list[str], edit: list[str]) -> None:
    from mayabook.core.errors import JobError

    chosen, edits = [_split(each) for each in take], [_split(each) for each in edit]
    for number, which in chosen:
        if not which.isdecimal():
            raise JobError(f"--take wants a chunk and a take, such as 12:3, not {number}:{which}.")
    for number in [*accept, *redo, *(number for number, _ in chosen + edits)]:
        decisions.check(number)
    for number in redo:
        decisions.redo(number)
    for number in accept:
        decisions.accept(number)
    for number, which in chosen:
        decisions.choose(number, int(which))
    for number, text in edits:
        decisions.edit(number, text)


def _split(given: str) -> tuple[int, str]:
    from mayabook.core.errors import JobError

    number, colon, rest = given.partition(":")
    if not colon or not number.strip().isdecimal():
        raise JobError(f"{given!r} names no chunk; write its number first, such as 12:{given}.")
    return int(number), rest.strip()

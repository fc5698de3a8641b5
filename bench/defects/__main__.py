"""python -m bench.defects: a labelled corpus, what the checks make of it, their limits, and the table of docs/quality.md.

With no stage named, all of them in order; each goes on where it stopped.
"""

from pathlib import Path
from typing import Annotated

import typer

from mayabook.core.errors import MayaBookError

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, help=__doc__)
WORK = Path("build/defects")
Work = Annotated[Path, typer.Option("--work", help="Folder of takes and scores.")]
Workers = Annotated[int, typer.Option(help="Processes.")]


@app.callback(invoke_without_command=True)
def whole(context: typer.Context, work: Work = WORK, workers: Workers = 2) -> None:
    if context.invoked_subcommand is None:
        build(work, workers)


@app.command()
def build(work: Work = WORK, workers: Workers = 2) -> None:
    """1: speak and spoil the takes."""
    from bench.defects import corpus

    corpus.build(work, list(corpus.plans()), workers)


def main() -> None:
    try:
        app()
    except MayaBookError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()

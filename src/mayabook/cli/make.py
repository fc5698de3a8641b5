"""mayabook make: makes an audiobook from a book, and prints what came out."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mayabook.cli import options
from mayabook.cli.book_queue import run_books
from mayabook.cli.progress_display import display
from mayabook.core.errors import SettingsError
from mayabook.core.events import Note
from mayabook.core.output_formats import suffixes_in_words
from mayabook.core.settings import Settings
from mayabook.engines.registry import other_settings_models


@options.accept_settings(*Settings.model_fields, *other_settings_models())
def make(
    books: Annotated[
        list[Path],
        typer.Argument(metavar="BOOK...", help="Books: EPUBs or plain texts (.txt).", show_default=False),
    ],
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help=f"The audiobook; its suffix sets the format: {suffixes_in_words()}.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing audiobook.")] = False,
    lexicon: options.Lexicon = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster",
            metavar="ADDRESS",
            help="Synthesise and check on a Ray cluster: HOST:PORT of its head, auto for the cluster that this machine "
            "belongs to, or local to start one here for this run.",
        ),
    ] = None,
    cluster_cpus: Annotated[
        int,
        typer.Option(
            "--cluster-cpus",
            metavar="NUMBER",
            min=0,
            help="CPUs of each worker on machines without a GPU; 0 for one worker on each machine.",
            hidden=True,
        ),
    ] = 0,
    settings: Settings,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Turn a book into an audiobook and check every sentence.

    The text is cut into chunks of a few sentences. Each is synthesised, transcribed and compared with the text, and
    synthesised again where they differ; a chunk that fails every time is flagged for `mayabook review`. The folder
    beside the audiobook with the suffix .mayabook keeps all recordings and the coverage report. If the run is stopped,
    the same command resumes it.
    """
    from mayabook.render.job_facts import AudiobookRequest

    if output is not None and len(books) > 1:
        raise SettingsError("-o names one audiobook, but there are several books; leave it out or give one book.")
    targets = [output or book.with_suffix(".m4b") for book in books]
    existing = [str(target) for target in targets if target.exists()]
    if existing and not force and sys.stdin.isatty() and not (as_json or quiet):
        one = len(existing) == 1
        force = typer.confirm(f"{', '.join(existing)} {'exists. Replace it?' if one else 'exist. Replace them?'}")
    requests = [
        AudiobookRequest(
            book=book.absolute(),
            output=target.absolute(),
            lexicon=lexicon and lexicon.absolute(),
            settings=_with_absolute_paths(settings),
        )
        for book, target in zip(books, targets, strict=True)
    ]
    shown = display(as_json=as_json, quiet=quiet, verbose=verbose, several=len(books) > 1)
    if verbose:
        options.log_to_stderr()
    if cluster is None:
        raise typer.Exit(run_books(requests, shown, force=force))
    from mayabook.cluster.cluster_executor import opener
    from mayabook.cluster.farm import Farm

    with Farm(cluster, cluster_cpus, lambda line: shown.on_event(Note(line))) as farm:
        raise typer.Exit(run_books(requests, shown, force=force, open_executor=opener(farm), stop=farm.stop))


def _with_absolute_paths(settings: Settings) -> Settings:
    """A job remembers its settings and may go on in another working folder, so the paths in them are made absolute."""
    changed: dict[str, Any] = {
        table: {**values, "model": str(Path(values["model"]).absolute())}
        for table, values in settings.other_tables.items()
        if _is_path(values.get("model"))
    }
    maya = {
        name: str(Path(value).absolute())
        for name, value in (("model", settings.maya.model), ("anchor", settings.maya.anchor))
        if _is_path(value) or (name == "anchor" and value not in ("auto", "none"))
    }
    if maya:
        changed["maya"] = settings.maya.model_copy(update=maya)
    return settings.model_copy(update=changed)


def _is_path(model: object) -> bool:
    """Whether it is an existing file or folder, not the name of a model."""
    return isinstance(model, str) and (os.sep in model or model.endswith(".gguf")) and Path(model).exists()

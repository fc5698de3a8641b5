"""mayabook make: makes an audiobook from a book, and prints what came out."""

import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mayabook.cli import options
from mayabook.cli.exit_codes import FLAGGED, stoppable
from mayabook.cli.progress_display import clock, display
from mayabook.cli.source_line import source_line
from mayabook.core.byte_size import format_bytes
from mayabook.core.output_formats import suffixes_in_words
from mayabook.core.settings import Settings
from mayabook.engines.registry import other_settings_models

_MOST_DIFFERENCES = 5

if TYPE_CHECKING:
    from mayabook.pipeline import AudiobookRequest, AudiobookResult


@options.accept_settings(*Settings.model_fields, *other_settings_models())
def make(
    book: options.BookFile,
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
    from mayabook.pipeline import AudiobookRequest

    target = output or book.with_suffix(".m4b")
    if target.exists() and not force and sys.stdin.isatty() and not (as_json or quiet):
        force = typer.confirm(f"{target} exists. Replace it?")
    request = AudiobookRequest(
        book=book.absolute(),
        output=target.absolute(),
        lexicon=lexicon and lexicon.absolute(),
        settings=_with_absolute_paths(settings),
    )
    run(request, force=force, as_json=as_json, quiet=quiet, verbose=verbose)


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


def run(request: "AudiobookRequest", *, force: bool, as_json: bool, quiet: bool, verbose: bool) -> None:
    """Makes the audiobook, shows how it goes and what came out, and exits with FLAGGED where a person is needed."""
    from mayabook.pipeline import run_request

    if verbose:
        options.log_to_stderr()
    with (
        stoppable("Stopped. Finished takes are kept: the same command resumes."),
        display(as_json=as_json, quiet=quiet, verbose=verbose) as shown,
    ):
        result = run_request(request, force=force, progress=shown.on_event)
    shown.show_result(_lines(result), _facts(result))
    if result.flagged or result.coverage.source.differences:
        raise typer.Exit(FLAGGED)


def _lines(result: "AudiobookResult") -> list[str]:
    from mayabook.render import Status

    audiobook, coverage = result.audiobook, result.coverage
    size = sum(file.stat().st_size for file in audiobook.files)
    heard = coverage.count(Status.HEARD) + coverage.count(Status.ACCEPTED)
    rate = "" if result.times_real_time is None else f", {result.times_real_time:.1f}x real time"
    lines = [
        "",
        *(str(_short(file)) for file in audiobook.files),
        f"  {clock(audiobook.duration)} long, {len(audiobook.chapters)} chapters, {format_bytes(size)}, "
        f"{audiobook.loudness:.1f} LUFS; made in {clock(result.seconds)}{rate}",
        f"  read: {source_line(coverage.source)}",
        f"  text: {result.script.coverage.n_book_words:,} words to narrate, "
        f"{result.script.coverage.n_chunk_words:,} in the chunks",
        f"  heard as written: {heard} of {len(coverage.rows)} sentences, {coverage.count(Status.DOUBTFUL)} in doubt, "
        f"{coverage.count(Status.MISSING)} missing; word error rate {coverage.word_error_rate:.1%}",
        f"  chunks: {coverage.n_chunks - len(coverage.flagged)} of {coverage.n_chunks} accepted, "
        f"{len(coverage.flagged)} flagged",
        f"  coverage report: {_short(result.job_folder / 'coverage.html')}",
    ]
    if coverage.repaired:
        steps = ", ".join(f"{count} by {step.label}" for step, count in coverage.repaired.items())
        lines.append(f"  repaired by retries: {steps}")
    lines += [f"  note: {warning}" for warning in audiobook.warnings]
    lines += [f"  {difference}" for difference in coverage.source.differences[:_MOST_DIFFERENCES]]
    if coverage.flagged:
        lines.append(f"  review the flagged chunks: mayabook review {_short(result.job_folder)}")
    return lines


def _short(path: Path) -> Path:
    """Relative where it lies below the working folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _facts(result: "AudiobookResult") -> dict[str, object]:
    from mayabook.render import Status

    audiobook, coverage = result.audiobook, result.coverage
    return {
        "files": [str(file) for file in audiobook.files],
        "duration": audiobook.duration,
        "chapters": [{"title": chapter.title, "start": chapter.start} for chapter in audiobook.chapters],
        "loudness": audiobook.loudness,
        "true_peak": audiobook.true_peak,
        "seconds": result.seconds,
        "rate": result.times_real_time,
        "source": asdict(coverage.source) | {"n_lost": coverage.source.n_lost},
        "book_words": result.script.coverage.n_book_words,
        "script_words": result.script.coverage.n_chunk_words,
        "sentences": {status.value: coverage.count(status) for status in Status},
        "chunks": coverage.n_chunks,
        "flagged": list(coverage.flagged),
        "repaired": coverage.repaired,
        "wer": coverage.word_error_rate,
        "job": str(result.job_folder),
        "warnings": list(audiobook.warnings),
    }

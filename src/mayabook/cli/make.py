"""mayabook make: an EPUB becomes an audiobook."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from mayabook.cli import options
from mayabook.cli.progress_display import clock, reporter

if TYPE_CHECKING:
    from mayabook.pipeline import AudiobookRequest, AudiobookResult

FLAGGED = 3
"""Exit code of a run that finished with chunks for a person to look at."""
STOPPED = 130
"""Exit code after Ctrl-C, as shells have it."""


def make(
    book: Annotated[Path, typer.Argument(help="The book, an EPUB file.", show_default=False)],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The audiobook; its suffix chooses the format: .m4b (default), .mp3, .opus, .flac or .wav.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an audiobook that exists.")] = False,
    engine: options.Engine = None,
    model: options.Model = None,
    format: options.Format = None,
    voice: options.Voice = None,
    speed: options.Speed = None,
    include: options.Include = None,
    skip: options.Skip = None,
    only: options.Only = None,
    image_alt: options.ImageAlt = None,
    lexicon: options.Lexicon = None,
    max_words: options.MaxWords = None,
    max_chars: options.MaxChars = None,
    asr_model: options.AsrModel = None,
    attempts: options.Attempts = None,
    loudness: options.Loudness = None,
    bitrate: options.Bitrate = None,
    captions: options.Captions = None,
    split: options.Split = None,
    workers: options.Workers = None,
    preset: options.Preset = None,
    temperature: options.Temperature = None,
    top_p: options.TopP = None,
    top_k: options.TopK = None,
    min_p: options.MinP = None,
    repetition_penalty: options.RepetitionPenalty = None,
    penalty_window: options.PenaltyWindow = None,
    max_tokens: options.MaxTokens = None,
    bos: options.Bos = None,
    slots: options.Slots = None,
    context: options.Context = None,
    threads: options.Threads = None,
    gpu_layers: options.GpuLayers = None,
    device: options.Device = None,
    dtype: options.Dtype = None,
    quantisation: options.Quantisation = None,
    settings: options.SettingsFile = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
) -> None:
    """Turn an EPUB into an audiobook, listen to every sentence of it, and report what was heard.

    A run that was stopped goes on when the same command is given again. Work in progress lies beside the audiobook,
    in a folder with the suffix .mayabook; `mayabook review` looks into it.
    """
    from mayabook.pipeline import AudiobookRequest

    chosen = options.settings_of(
        settings,
        {
            "book": {"include": include, "skip": skip, "only": only, "image_alt": image_alt},
            "script": {"max_words": max_words, "max_chars": max_chars},
            "engine": {"kind": engine},
            "maya": {
                "model": _lasting(model),
                "format": format,
                "voice": voice,
                "preset": preset,
                "temperature": temperature,
                "top_p": top_p,
                "top_k": top_k,
                "min_p": min_p,
                "repetition_penalty": repetition_penalty,
                "penalty_window": penalty_window,
                "max_tokens": max_tokens,
                "bos": bos,
                "slots": slots,
                "context": context,
                "threads": threads,
                "gpu_layers": gpu_layers,
                "device": device,
                "dtype": dtype,
                "quantisation": quantisation,
            },
            "narrator": {"voice": voice, "speed": speed, "workers": workers},
            "checks": {"asr_model": asr_model},
            "retry": {"attempts": attempts},
            "master": {"loudness": loudness, "bitrate": bitrate, "captions": captions, "split": split},
        },
    )
    target = output or book.with_suffix(".m4b")
    if target.exists() and not force and sys.stdin.isatty() and not (as_json or quiet):
        force = typer.confirm(f"{target} exists. Replace it?")
    order = AudiobookRequest(
        book=book.absolute(), output=target.absolute(), lexicon=lexicon and lexicon.absolute(), settings=chosen
    )
    run(order, force=force, as_json=as_json, quiet=quiet)


def _lasting(model: str | None) -> str | None:
    """A path as one that holds in any working folder, since a job remembers it; a name as it is."""
    is_path = model is not None and (os.sep in model or model.endswith(".gguf")) and Path(model).exists()
    return str(Path(str(model)).absolute()) if is_path else model


def run(order: "AudiobookRequest", *, force: bool, as_json: bool, quiet: bool) -> None:
    """Produces, shows how it goes and what came out, and exits with FLAGGED where a person is needed."""
    from mayabook.pipeline import run_pipeline

    signal.signal(signal.SIGTERM, stop)
    try:
        with reporter(as_json=as_json, quiet=quiet) as shown:
            product = run_pipeline(order, shown, force=force)
    except KeyboardInterrupt:
        print("\nStopped. What was finished is kept: the same command goes on from there.", file=sys.stderr)
        raise typer.Exit(STOPPED) from None
    shown.result(_lines(product), _facts(product))
    if product.coverage.flagged:
        raise typer.Exit(FLAGGED)


def stop(number: int, frame: FrameType | None) -> None:
    """A signal handler: SIGTERM ends a run as Ctrl-C does."""
    raise KeyboardInterrupt


def _lines(product: "AudiobookResult") -> list[str]:
    from mayabook.render import Status

    audiobook, coverage = product.audiobook, product.coverage
    size = sum(file.stat().st_size for file in audiobook.files) / 1e6
    heard = coverage.count(Status.HEARD) + coverage.count(Status.ACCEPTED)
    rate = "" if product.rate is None else f", {product.rate:.1f}x real time"
    lines = [
        "",
        *(str(_short(file)) for file in audiobook.files),
        f"  {clock(audiobook.duration)} long, {len(audiobook.chapters)} chapters, {size:.1f} MB, "
        f"{audiobook.loudness:.1f} LUFS; made in {clock(product.seconds)}{rate}",
        f"  text: {product.script.coverage.n_book_words:,} words in the book, "
        f"{product.script.coverage.n_chunk_words:,} in the script",
        f"  heard: {heard} of {len(coverage.rows)} sentences as written, {coverage.count(Status.DOUBTFUL)} in doubt, "
        f"{coverage.count(Status.MISSING)} missing; word error rate {coverage.wer:.1%}",
        f"  chunks: {coverage.n_chunks - len(coverage.flagged)} of {coverage.n_chunks} accepted, "
        f"{len(coverage.flagged)} flagged",
        f"  proof: {_short(product.job / 'coverage.html')}",
    ]
    if coverage.cured:
        cures = ", ".join(f"{count} by {step}" for step, count in coverage.cured.items())
        lines.append(f"  cured: {cures}")
    lines += [f"  note: {warning}" for warning in audiobook.warnings]
    if coverage.flagged:
        lines.append(f"  listen to the flagged ones with: mayabook review {_short(product.job)}")
    return lines


def _short(path: Path) -> Path:
    """Relative where it lies below the working folder."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _facts(product: "AudiobookResult") -> dict[str, object]:
    from mayabook.render import Status

    audiobook, coverage = product.audiobook, product.coverage
    return {
        "files": [str(file) for file in audiobook.files],
        "duration": audiobook.duration,
        "chapters": [{"title": chapter.title, "start": chapter.start} for chapter in audiobook.chapters],
        "loudness": audiobook.loudness,
        "true_peak": audiobook.true_peak,
        "seconds": product.seconds,
        "rate": product.rate,
        "book_words": product.script.coverage.n_book_words,
        "script_words": product.script.coverage.n_chunk_words,
        "sentences": {status.value: coverage.count(status) for status in Status},
        "chunks": coverage.n_chunks,
        "flagged": list(coverage.flagged),
        "cured": coverage.cured,
        "wer": coverage.wer,
        "job": str(product.job),
        "warnings": list(audiobook.warnings),
    }

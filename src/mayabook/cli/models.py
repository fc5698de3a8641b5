"""mayabook models: fetches, imports, converts, checks and removes the files of speech models."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from mayabook.cli import options
from mayabook.cli.exit_codes import stoppable
from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import ModelError
from mayabook.core.settings import Settings
from mayabook.models import checkpoint_formats, disk, gguf_formats, gguf_maker, importer, store
from mayabook.models.checkpoint_formats import N_TAKES
from mayabook.models.disk import Progress as Watch
from mayabook.models.gguf_maker import MadeFormat
from mayabook.models.store import ModelFiles

if TYPE_CHECKING:
    from mayabook.models.hub import Download

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Fetch, import, convert, check and remove speech models.\n\nThey are stored in the folder that the "
    "environment variable MAYABOOK_MODELS gives, else in mayabook/models in the user's data folder.",
)

Name = Annotated[str, typer.Argument(metavar="MODEL", help="A name from `mayabook models list`.", show_default=False)]

_NO_CALIBRATION_SETTINGS = [
    f"maya.{name}"
    for name in (
        *("model", "format", "quantisation", "voice", "anchor", "anchor_text", "warm_up"),
        *("threads", "gpu_layers", "flash_attention", "kv_type"),
    )
]
"""Settings that `quantize` does not accept, because they do not apply to the calibration speech."""


@app.command("list")
def list_(as_json: options.Json = False) -> None:
    """List the installed models.

    Each is shown with its formats, their sizes and what is missing.
    """
    models = store.installed()
    if as_json:
        for files in models:
            print(json.dumps(_facts(files), ensure_ascii=False))
        return
    if not models:
        print(f"No model in {store.models_folder()}; get one: mayabook models pull")
        return
    table = Table("model", "checkpoint", "quantised", "GGUF formats", "codec", "state", box=None)
    for files in models:
        missing = store.missing_parts(store.model_folder(files.name))
        table.add_row(
            files.name,
            format_bytes(store.size_of(files.checkpoint)) if files.checkpoint else "-",
            _sizes(files.quantised),
            _sizes(files.ggufs),
            format_bytes(store.size_of(files.codec)) if files.codec else "-",
            f"lacks {' and '.join(missing)}" if missing else "complete",
        )
    Console().print(table, highlight=False)


@app.command()
def pull(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="Name of a catalogue entry, or owner/name on the hub.")
    ] = "maya1",
    wanted: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="GGUF format, such as Q8_0; downloaded if the hub has it, else converted here. [repeatable]",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Name to store it under.")] = None,
    unpinned: Annotated[
        bool,
        typer.Option(
            "--unpinned",
            help="Take the newest files of the hub instead of the pinned ones, without their pinned hashes.",
        ),
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Fetch a model and its codec from the hub.

    With --format, it fetches a GGUF file, the tokenizer and the codec for ONNX Runtime, which run without PyTorch;
    without --format, the checkpoint for the transformers engine and the codec for PyTorch. Sizes and licences are shown
    first. An interrupted pull resumes, and every file is checked by its hash.
    """
    from huggingface_hub.utils.tqdm import disable_progress_bars

    from mayabook.models import hub

    if as_json or not sys.stderr.isatty():
        disable_progress_bars()
    unknown = [kind for kind in wanted or [] if not store.is_format(kind)]
    if unknown:
        raise ModelError(f"Unknown format {unknown[0]!r}; choose one of: {', '.join(gguf_formats.FORMATS)}.")
    files, left = hub.pull(model, wanted or [], name=name, pinned=not unpinned, announce=_announce)
    for kind in left:
        _make(files.name, kind, as_json)
    _show(store.stored(files.name), as_json)


@app.command("import")
def import_(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH", help="Checkpoint folder, .gguf file, codec folder or model folder.", show_default=False
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="NAME", help="Name to store it under; parts are added to a model that has this name."
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Add model files of your own.

    They are checked first, and then linked or copied; the originals stay where they are.
    """
    with _watching("importing", as_json) as watch:
        files = importer.import_model(path, name, watch)
    _show(files, as_json)


@app.command()
def convert(
    name: Name,
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help="F16, BF16 or F32.")] = "F16",
    as_json: options.Json = False,
) -> None:
    """Write a checkpoint as a GGUF file, for llama.cpp."""
    from mayabook.models.gguf_formats import CONVERTED

    if to not in CONVERTED:
        raise ModelError(
            f"A checkpoint converts to {', '.join(CONVERTED)}, not {to!r}; for other formats: mayabook models quantize"
        )
    _make(name, to, as_json)


@app.command()
@options.accept_settings("script", "maya", without=_NO_CALIBRATION_SETTINGS)
def quantize(
    name: Name,
    wanted: Annotated[
        list[str],
        typer.Argument(
            metavar="FORMAT...",
            help="GGUF files: Q8_0, Q6_K, Q5_K_M, Q4_K_M or Q4_K_S; checkpoints: GPTQ, AWQ, RTN or FP8.",
            show_default=False,
        ),
    ],
    *,
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration",
            metavar="BOOK",
            help="Calibrate GPTQ and AWQ on speech for passages of this book instead of the built-in texts.",
        ),
    ] = None,
    takes: Annotated[
        int,
        typer.Option("--calibration-takes", metavar="NUMBER", min=1, help="Takes that GPTQ and AWQ are calibrated on."),
    ] = N_TAKES,
    settings: Settings,
    as_json: options.Json = False,
) -> None:
    """Write a model in quantised formats.

    GGUF files are made from the F16 file, which is converted first if it is missing. Quantised checkpoints are for the
    engine transformers, and are made by llmcompressor (mayabook engines install quantisation): 4-bit weights by GPTQ,
    by AWQ or by plain rounding (RTN), or FP8 for GPUs that compute it. GPTQ and AWQ are calibrated on speech that the
    model generates for built-in texts or for a book.
    """
    known = (*gguf_formats.QUANTISED, *checkpoint_formats.FORMATS)
    unknown = [kind for kind in wanted if kind not in known]
    if unknown:
        raise ModelError(f"Unknown format {unknown[0]!r}; choose one of: {', '.join(known)}.")
    for kind in wanted:
        if kind in gguf_formats.QUANTISED:
            _make(name, kind, as_json)
    checkpoints = [kind for kind in dict.fromkeys(wanted) if kind in checkpoint_formats.FORMATS]
    if checkpoints:
        _make_checkpoints(name, checkpoints, calibration, takes, settings, as_json)


@app.command()
def check(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A model's name, a folder or a .gguf file.", show_default=False)
    ],
    as_json: options.Json = False,
) -> None:
    """Check the files of a model.

    Checks its config, token ids, tokenizers, tensors and codec, and compares the logits of its formats. Exit code 0:
    all is well; 2: a check failed.
    """
    from mayabook.model_check import check_model

    failed = 0
    console = Console()
    table = Table("check", "", "found", box=None)
    for found in check_model(store.find(model)):
        failed += found.state == "failed"
        if as_json:
            print(json.dumps({"check": found.name, "state": found.state, "detail": found.detail}, ensure_ascii=False))
        table.add_row(found.name, found.state, found.detail)
    if not as_json:
        console.print(table, highlight=False, markup=False)
    if failed:
        raise ModelError(f"{failed} of the checks failed; do what the table says for each.")


@app.command()
def remove(
    name: Name,
    part: Annotated[
        str | None,
        typer.Option("--format", metavar="PART", help="Delete only this part: checkpoint, codec or a format."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete a model, or one of its parts."""
    store.stored(name)
    what = f"{part} of {name}" if part else name
    if not yes:
        if not sys.stdin.isatty():
            raise ModelError(f"There is no terminal to confirm on; to delete {what}, add --yes.")
        typer.confirm(f"Delete {what}?", abort=True)
    print(f"Deleted {store.remove(name, part)}")


@app.command("export-codec")
def export_codec(name: Name, as_json: options.Json = False) -> None:
    """Export the codec of a model for ONNX Runtime.

    Audio is then decoded without PyTorch.
    """
    from mayabook.maya.codec import export_codec as export

    files = store.stored(name)
    if files.codec is None:
        raise ModelError(f"{name} has no codec; import it: mayabook models import FOLDER --name {name}")
    file = export(files.codec)
    size = store.size_of(file)
    print(json.dumps({"file": str(file), "bytes": size}) if as_json else f"{file}, {format_bytes(size)}")


def _announce(download: "Download") -> None:
    """Prints to stderr what a pull is about to download."""
    plan, folder = download.plan, store.model_folder(download.plan.name)
    total, free = format_bytes(download.n_bytes), format_bytes(disk.free_space(store.models_folder()))
    print(f"{plan.name}: {total} to download to {folder} ({free} free)", file=sys.stderr)
    for repo, licence in plan.licences.items():
        files = [f"{file.path} {format_bytes(file.size)}" for file in download.absent if file.repo == repo]
        if files:
            print(f"  {repo}: {', '.join(files)}", file=sys.stderr)
            print(f"    licence: {licence or 'see its page on the hub'}", file=sys.stderr)
    if plan.left:
        print(f"  {', '.join(plan.left)}: not on the hub, made here from the checkpoint", file=sys.stderr)


def _make(name: str, to: str, as_json: bool) -> None:
    with _watching(f"making {to}", as_json) as watch:
        made = gguf_maker.make_formats(name, to, watch)
    if not made and not as_json:
        print(f"{name} already has {to}.")
    for one in made:
        _show_made(one, as_json)


def _make_checkpoints(
    name: str, formats: list[str], book: Path | None, n_takes: int, settings: Settings, as_json: bool
) -> None:
    from mayabook.lab.calibration import calibration_texts
    from mayabook.quantisation.checkpoint_quantisation import Calibration, Listener, make_checkpoints

    for kind in formats:
        if kind in store.stored(name).quantised and not as_json:
            print(f"{name} already has {kind}.")
    texts = Calibration(*calibration_texts(book, settings), settings.maya, n_takes)
    with stoppable("Stopped. Finished formats are kept."), _counting("generating speech", as_json) as count:
        listener = Listener(lambda line: print(line, file=sys.stderr), count)
        for one in make_checkpoints(name, formats, texts, listener):
            _show_made(one, as_json)


def _show_made(made: MadeFormat, as_json: bool) -> None:
    facts = {"format": made.format, "file": str(made.file), "bytes": made.size, "bits_per_weight": round(made.bits, 2)}
    line = f"{made.format}: {made.file}, {format_bytes(made.size)}, {made.bits:.2f} bits per weight"
    print(json.dumps(facts, ensure_ascii=False) if as_json else line)


def _sizes(formats: Mapping[str, Path]) -> str:
    return "\n".join(f"{kind} {format_bytes(store.size_of(path))}" for kind, path in formats.items()) or "-"


def _show(files: ModelFiles, as_json: bool) -> None:
    facts = _facts(files)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    missing = store.missing_parts(store.model_folder(files.name))
    print(f"{files.name} is in {facts['folder']}" + (f"; it lacks {' and '.join(missing)}." if missing else "."))


def _facts(files: ModelFiles) -> dict[str, object]:
    folder = store.model_folder(files.name)
    return {
        "name": files.name,
        "folder": str(folder),
        "checkpoint_bytes": store.size_of(files.checkpoint) if files.checkpoint else None,
        "quantised": {kind: store.size_of(folder) for kind, folder in files.quantised.items()},
        "ggufs": {kind: store.size_of(file) for kind, file in files.ggufs.items()},
        "codec_bytes": store.size_of(files.codec) if files.codec else None,
        "lacks": store.missing_parts(folder),
    }


def _watching(what: str, as_json: bool) -> AbstractContextManager[Watch]:
    """A bar of bytes on a terminal, else nothing."""
    return _bar(what, DownloadColumn(), as_json)


def _counting(what: str, as_json: bool) -> AbstractContextManager[Watch]:
    """A bar of counts on a terminal, else nothing."""
    return _bar(what, MofNCompleteColumn(), as_json)


@contextmanager
def _bar(what: str, done: ProgressColumn, as_json: bool) -> Iterator[Watch]:
    columns = (TextColumn(what), BarColumn(), done, TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=as_json or not console.is_terminal) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)

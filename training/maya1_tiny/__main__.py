"""python -m training.maya1_tiny STAGE: the stages in order are corpus, codec, tokenizer, lm, export."""

from pathlib import Path
from typing import Annotated

import typer

from mayabook.core.errors import MayaBookError
from training.maya1_tiny.recipe import recipe

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

Work = Annotated[Path, typer.Option("--work", help="Folder of the recipe's files: speech, checkpoints, figures.")]
Name = Annotated[
    str, typer.Option("--recipe", help="Recipe, a table of recipes.toml: by-heart, two-speakers, general or smoke.")
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Threads = Annotated[int, typer.Option(help="CPU threads of torch; 0 leaves its own choice.")]
WORK = Path("build/maya1-tiny")
WEIGHTS = Path(__file__).parent / "weights"


@app.command()
def corpus(
    work: Work = WORK,
    name: Name = "by-heart",
    folder: Annotated[list[Path] | None, typer.Option(help="Folder with more .txt files to read.")] = None,
    debian: Annotated[
        bool, typer.Option(help="Also read Debian's bible-kjv-text and fortunes, if they are installed.")
    ] = True,
) -> None:
    """1: choose texts and synthesise them with the narrator."""
    from training.maya1_tiny import corpus, texts

    corpus.make(work, recipe(name).corpus, [texts.OWN_TEXTS, *(folder or [])], debian=debian)


@app.command()
def codec(
    work: Work = WORK,
    name: Name = "by-heart",
    device: Device = "auto",
    threads: Threads = 0,
    compile_: Annotated[bool, typer.Option("--compile", help="torch.compile: a slow start, faster steps.")] = False,
    until: Annotated[
        str, typer.Option(help="Phase to stop after: continuous, quantised, decoder or adversarial.")
    ] = "adversarial",
    published: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Published codec to continue from: encoder and codebooks stay, the decoder is trained further.",
        ),
    ] = None,
) -> None:
    """2: train the codec. SIGTERM and Ctrl-C save a checkpoint; the same command resumes."""
    from training.maya1_tiny import codec
    from training.maya1_tiny.training_loop import Machine

    codec.train(work, recipe(name).codec, Machine.choose(device, threads, compile_=compile_), until, published)


@app.command()
def tokenizer(work: Work = WORK, name: Name = "by-heart") -> None:
    """3: train the tokenizer on the texts and assign the token ids."""
    from training.maya1_tiny import tokenizer

    settings = recipe(name)
    tokenizer.make(work, settings.codec.codebook_size, settings.lm.descriptions().values())


@app.command()
def lm(
    work: Work = WORK,
    name: Name = "by-heart",
    device: Device = "auto",
    threads: Threads = 0,
    compile_: Annotated[bool, typer.Option("--compile", help="torch.compile: a slow start, faster steps.")] = False,
    steps: Annotated[int, typer.Option(help="Total number of steps; 0 uses the recipe's.")] = 0,
) -> None:
    """4: train the language model. SIGTERM and Ctrl-C save a checkpoint; the same command resumes."""
    from training.maya1_tiny import lm
    from training.maya1_tiny.training_loop import Machine

    settings = recipe(name).lm
    if steps:
        settings = settings.model_copy(update={"steps": steps})
    lm.train(work, settings, Machine.choose(device, threads, compile_=compile_))


@app.command()
def export(
    work: Work = WORK,
    name: Name = "by-heart",
    target: Annotated[Path, typer.Option(help="Folder to put the model folder into.")] = WEIGHTS,
    kind: Annotated[list[str] | None, typer.Option(help="GGUF format, by default Q4_K_M.")] = None,
    gguf_only: Annotated[
        bool, typer.Option("--gguf-only", help="Leave out the weights that llama.cpp and ONNX Runtime do not read.")
    ] = False,
) -> None:
    """5: export checkpoint, codec, ONNX and GGUF files as a model folder of MayaBook."""
    from training.maya1_tiny import export

    export.export(work, target, recipe(name), kind or export.FORMATS, gguf_only=gguf_only)


@app.command()
def figures(
    work: Work = WORK,
    name: Name = "by-heart",
    most: Annotated[int, typer.Option(help="Texts to measure of each kind.")] = 12,
    stage: Annotated[str, typer.Option(help="codec, lm or all.")] = "all",
) -> None:
    """Measure the codec and the language model: mel distance, word and token error rates."""
    from training.maya1_tiny import figures

    if stage in ("codec", "all"):
        figures.codec(work, most)
    if stage in ("lm", "all"):
        figures.lm(work, recipe(name).lm, most)


def main() -> None:
    try:
        app()
    except MayaBookError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()

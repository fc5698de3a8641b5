"""Stage 5: exports TARGET/NAME, a model folder of MayaBook, and its reference archive, TARGET/reference.npz.

The model folder has checkpoint, codec with ONNX decoder, and GGUF files. Weights are in half precision, which is small
enough for the repository; `mayabook models quantize` makes the larger GGUF formats from them in seconds.
"""

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mayabook.core.files import make_folder, write_text
from mayabook.maya.codec import export_codec, open_codec
from mayabook.maya.codec_config import CHECKPOINT_FILE, CONFIG_FILE
from mayabook.maya.token_layout import Layout
from mayabook.models import gguf_maker, importer, store
from training.maya1_tiny.recipe import Recipe
from training.maya1_tiny.reference import write_reference

FORMATS = ("Q4_K_M",)
WEIGHTS_FILE = "model.safetensors"
VOICES_COMMENT = "# The descriptions that the model was trained on; with others it speaks noise."


def export(
    work: Path, target: Path, recipe: Recipe, kinds: Sequence[str] = FORMATS, *, gguf_only: bool = False
) -> Path:
    """Exports the model and returns its folder; an earlier export is replaced.

    gguf_only: leave out the weights that llama.cpp and ONNX Runtime do not read.
    """
    name = recipe.model
    make_folder(target)
    with _store(target):
        shutil.rmtree(store.model_folder(name), ignore_errors=True)
        importer.import_model(_collected(work), name)
        folder = store.model_folder(name)
        export_codec(folder / store.CODEC)
        open_codec(folder / store.CODEC, Layout.read(folder / store.CHECKPOINT))
        for kind in kinds:
            gguf_maker.make_formats(name, kind)
        for kind, file in store.stored(name).ggufs.items():
            if kind not in kinds:  # intermediate file
                file.unlink()
        voices = (f"{voice} = {json.dumps(description)}" for voice, description in recipe.lm.descriptions().items())
        write_text(folder / store.VOICES_FILE, "\n".join((VOICES_COMMENT, "", *voices, "")))
        (folder / store.SOURCE_FILE).unlink()  # it has paths of this machine; the model card gives the provenance
    if gguf_only:
        (folder / store.CHECKPOINT / WEIGHTS_FILE).unlink()
        (folder / store.CODEC / CHECKPOINT_FILE).unlink()
    write_reference(work, target)
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            print(f"{file.relative_to(target)}: {file.stat().st_size / 1e6:.2f} MB")
    print(f"together {store.size_of(folder) / 1e6:.1f} MB", flush=True)
    return folder


def _collected(work: Path) -> Path:
    """Collects the results of the stages in a model folder, WORK/export."""
    from safetensors.torch import load_file, save_file

    folder = work / "export"
    shutil.rmtree(folder, ignore_errors=True)
    checkpoint = folder / store.CHECKPOINT
    shutil.copytree(work / "lm" / "checkpoint", checkpoint)
    weights = {name: value.half() for name, value in load_file(checkpoint / WEIGHTS_FILE).items()}
    save_file(weights, checkpoint / WEIGHTS_FILE, metadata={"format": "pt"})
    config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
    write_text(checkpoint / "config.json", json.dumps({**config, "torch_dtype": "float16"}, indent=1))
    make_folder(folder / store.CODEC)
    for name in (CONFIG_FILE, CHECKPOINT_FILE):
        shutil.copyfile(work / "codec" / "published" / name, folder / store.CODEC / name)
    return folder


@contextmanager
def _store(folder: Path) -> Iterator[None]:
    """Makes `folder` MayaBook's model store inside the context."""
    before = os.environ.get("MAYABOOK_MODELS")
    os.environ["MAYABOOK_MODELS"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MAYABOOK_MODELS"]
        else:
            os.environ["MAYABOOK_MODELS"] = before

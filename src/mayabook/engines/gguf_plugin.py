"""The engine gguf as a plug-in: Maya1 on llama.cpp, in the format that fits into memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mayabook.core.byte_size import format_bytes
from mayabook.core.errors import EngineError, ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.hardware import gpus
from mayabook.core.settings import MayaSettings
from mayabook.engines.maya_plugin import (
    LOGITS_BYTES,
    MayaPlugin,
    fitting_slots,
    free_bytes,
    installed_models,
    only_model,
)
from mayabook.engines.plugin import EngineContext
from mayabook.engines.slot_count import MemoryNeed, slots_that_fit
from mayabook.engines.tuning import Level
from mayabook.models import checkpoint_formats
from mayabook.models.gguf_formats import PREFERENCE
from mayabook.models.store import ModelFiles, find

if TYPE_CHECKING:
    from mayabook.engines.scheduler import CodeGenerator
    from mayabook.maya.prompt import Tokenizer


class GgufPlugin(MayaPlugin):
    name = "gguf"
    description = "Maya1 as a GGUF file on llama.cpp: quantised, on CPU or GPU"
    packages = ("llama_cpp",)
    install = "mayabook[gguf]"

    def unavailable_reason(self, settings: MayaSettings) -> str | None:
        if settings.format in checkpoint_formats.FORMATS:
            return f"{settings.format} is a format of checkpoints, which the engine transformers reads"
        return super().unavailable_reason(settings)

    def auto_priority(self, settings: MayaSettings) -> int:
        return 20

    def installation(self) -> Mapping[str, str]:
        return {"llama.cpp": _llama(), "Maya1 models": installed_models()}

    def _missing_weights(self, files: ModelFiles) -> str | None:
        return None if files.ggufs else f"it has no GGUF file; make one: mayabook models quantize {files.name} Q4_K_M"

    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        format = settings.format or earlier
        if format in checkpoint_formats.FORMATS:
            raise ModelError(f"{format} is a format of checkpoints, not of GGUF files; add --engine transformers.")
        if format and format not in files.ggufs:
            raise ModelError(
                f"{files.name} is installed in {', '.join(files.ggufs)}, not in {format}; "
                f"make it: mayabook models quantize {files.name} {format}"
            )
        chosen = format or _best_that_fits(files.ggufs, settings, context)
        return chosen, files.ggufs[chosen]

    def _uses_gpu(self, settings: MayaSettings) -> bool:
        return _llama_uses_gpu(settings)

    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        chosen = _best_that_fits(files.ggufs, settings, EngineContext())
        others = [name for name in _fitting(files.ggufs, settings) if name != chosen]
        return [Level(name, {"engine": {"kind": self.name}, "maya": {"format": name}}) for name in (chosen, *others)]

    def fingerprint(self, settings: MayaSettings) -> str:
        return fingerprint([self._weights(find(settings.model or only_model()), settings, "", EngineContext())[1]])

    def _open_generator(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[CodeGenerator, Tokenizer]":
        from mayabook.engines.gguf_decoder import GgufDecoder
        from mayabook.engines.sampler import Sampler
        from mayabook.engines.scheduler import SlotScheduler
        from mayabook.maya.tokenizer import read_tags

        on_gpu = _llama_uses_gpu(settings)
        need = MemoryNeed(weights.stat().st_size, _bytes_per_slot(weights, settings))
        slots = fitting_slots(n_slots, need, on_gpu=on_gpu, context=context)
        folder = files.checkpoint or files.metadata
        decoder = GgufDecoder(
            weights,
            slots,
            settings.context,
            gpu_layers=settings.gpu_layers,
            flash_attention=settings.flash_attention,
            kv_type=settings.kv_type,
            n_threads=settings.threads,
            tags=None if folder is None else read_tags(folder),
        )
        if gpus() and not llama_offloads():
            context.note(
                f"This llama.cpp was built for the CPU only and does not use the GPU ({gpus()[0].name}); to use it: "
                "CMAKE_ARGS=-DGGML_CUDA=on pip install --force-reinstall --no-binary :all: llama-cpp-python"
            )
        elif on_gpu:
            context.note(f"llama.cpp: {decoder.gpu_layers} of {decoder.n_layers} layers on the GPU")
        return SlotScheduler(decoder, Sampler(decoder.layout, slots)), decoder.tokenizer


def _best_that_fits(ggufs: Mapping[str, Path], settings: MayaSettings, context: EngineContext) -> str:
    """The format to read with, the smallest where none fits."""
    names = _by_preference(ggufs)
    if len(names) == 1:
        return names[0]
    fitting = _fitting(ggufs, settings)
    if fitting and fitting[0] != names[0]:
        free = format_bytes(free_bytes(on_gpu=_llama_uses_gpu(settings)))
        context.note(f"{names[0]} does not fit into {free} of memory: using {fitting[0]}.")
    return fitting[0] if fitting else min(names, key=lambda name: ggufs[name].stat().st_size)


def _by_preference(ggufs: Mapping[str, Path]) -> list[str]:
    return list(dict.fromkeys(name for name in (*PREFERENCE, *ggufs) if name in ggufs))


def _fitting(ggufs: Mapping[str, Path], settings: MayaSettings) -> list[str]:
    """The formats that fit into memory, the preferred one first."""
    names = _by_preference(ggufs)
    free, per_slot = free_bytes(on_gpu=_llama_uses_gpu(settings)), _bytes_per_slot(ggufs[names[0]], settings)
    return [name for name in names if slots_that_fit(free, MemoryNeed(ggufs[name].stat().st_size, per_slot))]


def _bytes_per_slot(weights: Path, settings: MayaSettings) -> int:
    from mayabook.engines.gguf_decoder import kv_bytes_per_slot

    return kv_bytes_per_slot(weights, settings.context, settings.kv_type) + LOGITS_BYTES


def _llama_uses_gpu(settings: MayaSettings) -> bool:
    return bool(gpus()) and llama_offloads() and settings.gpu_layers != 0


def llama_offloads() -> bool:
    from mayabook.models.llama_api import build

    return build()[1]


def _llama() -> str:
    try:
        from mayabook.models.llama_api import build
    except EngineError as error:
        return str(error)
    version, offloads = build()
    if offloads:
        return f"{version}, built with GPU support"
    return f"{version}, built for the CPU only{', although this machine has a GPU' if gpus() else ''}"

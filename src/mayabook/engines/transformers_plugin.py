"""The engine transformers as a plug-in: Maya1's checkpoint on PyTorch."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from mayabook.core.errors import ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.hardware import gpus
from mayabook.core.settings import MayaSettings
from mayabook.engines.checkpoint_choice import choose_checkpoint
from mayabook.engines.gguf_plugin import llama_offloads
from mayabook.engines.maya_plugin import (
    LOGITS_BYTES,
    MayaPlugin,
    fitting_slots,
    free_bytes,
    installed_models,
    only_model,
    torch_has_cuda,
)
from mayabook.engines.plugin import EngineContext
from mayabook.engines.slot_count import MemoryNeed, slots_that_fit
from mayabook.engines.tuning import Level
from mayabook.models.store import ModelFiles, find, is_format

if TYPE_CHECKING:
    from mayabook.engines.checkpoint import DType
    from mayabook.engines.scheduler import CodeGenerator
    from mayabook.maya.prompt import Tokenizer


class TransformersPlugin(MayaPlugin):
    name = "transformers"
    description = "Maya1 as a checkpoint on PyTorch: full precision or four bits, on CPU or GPU"
    packages = ("torch", "transformers")
    install = "mayabook[transformers]"

    def auto_priority(self, settings: MayaSettings) -> int:
        """Higher than gguf's only if there is a GPU that PyTorch can use and the installed llama.cpp cannot."""
        is_ready = self.unavailable_reason(settings) is None and importlib.util.find_spec("llama_cpp") is not None
        return 30 if is_ready and gpus() and not llama_offloads() and torch_has_cuda() else 10

    def installation(self) -> Mapping[str, str]:
        return {"torch": _torch(), "Maya1 models": installed_models()}

    def _missing_weights(self, files: ModelFiles) -> str | None:
        return None if files.checkpoint or files.quantised else "it has no checkpoint folder"

    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        """The format of a quantised checkpoint is its name and the dtype, `GPTQ bfloat16`."""
        from mayabook.engines.devices import choose_device, choose_dtype

        *name, earlier_dtype = earlier.split() or [""]
        if is_format(settings.format):
            context.note(f"{settings.format} is a format of GGUF files; the engine {self.name} reads the checkpoint.")
        quantised, folder = choose_checkpoint(files, settings.format or " ".join(name))
        dtype = cast("DType", earlier_dtype) if earlier_dtype and settings.dtype == "auto" else settings.dtype
        chosen = choose_dtype(dtype, choose_device(settings.device))
        return f"{quantised} {chosen}".strip(), folder

    def _uses_gpu(self, settings: MayaSettings) -> bool:
        return settings.device != "cpu" and torch_has_cuda()

    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        from mayabook.engines.devices import choose_device, choose_dtype, computes_fp8, native_dtypes

        device = choose_device(settings.device)
        changes: dict[str, dict[str, str]] = {}
        if files.checkpoint is not None:
            chosen = choose_dtype(settings.dtype, device)
            names = [chosen, *(name for name in native_dtypes(device) if name not in (chosen, "float32"))]
            changes |= {name: {"dtype": name} for name in names}
            if self._uses_gpu(settings) and importlib.util.find_spec("bitsandbytes") is not None:
                changes["NF4"] = {"quantisation": "nf4"}
        changes |= {name: {"format": name} for name in files.quantised if name != "FP8" or computes_fp8(device)}
        free = free_bytes(on_gpu=self._uses_gpu(settings))
        needs = {
            name: self._need(choose_checkpoint(files, change.get("format", ""))[1], settings.model_copy(update=change))
            for name, change in changes.items()
        }
        levels = [Level(name, {"engine": {"kind": self.name}, "maya": change}) for name, change in changes.items()]
        return [level for level in levels if slots_that_fit(free, needs[level.name])] or levels[:1]

    def fingerprint(self, settings: MayaSettings) -> str:
        from mayabook.engines.checkpoint import Checkpoint

        files = find(settings.model or only_model())
        missing = self._missing_weights(files)
        if missing is not None:
            raise ModelError(f"{files.name} cannot run on {self.name}: {missing}.")
        return fingerprint(Checkpoint.read(choose_checkpoint(files, settings.format)[1]).identifying())

    def _need(self, checkpoint: Path, settings: MayaSettings) -> MemoryNeed:
        from mayabook.engines.devices import choose_device, choose_dtype
        from mayabook.engines.transformers_decoder import kv_bytes_per_slot, weight_bytes

        dtype = cast("DType", choose_dtype(settings.dtype, choose_device(settings.device)))
        return MemoryNeed(
            weight_bytes(checkpoint, dtype, settings.quantisation, settings.device),
            kv_bytes_per_slot(checkpoint, settings.context, dtype, settings.device) + LOGITS_BYTES,
        )

    def _open_generator(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[CodeGenerator, Tokenizer]":
        from mayabook.engines.sampler import Sampler
        from mayabook.engines.scheduler import SlotScheduler
        from mayabook.engines.torch_sampler import TorchSampler
        from mayabook.engines.transformers_decoder import TransformersDecoder

        dtype = cast("DType", format.split()[-1])
        need = self._need(weights, settings.model_copy(update={"dtype": dtype}))
        slots = fitting_slots(n_slots, need, on_gpu=self._uses_gpu(settings), context=context)
        decoder = TransformersDecoder(
            weights,
            slots,
            settings.context,
            dtype=dtype,
            quantisation=settings.quantisation,
            device=settings.device,
        )
        for note in decoder.notes:
            context.note(note)
        device = decoder.logits.device
        on_cpu = device.type == "cpu"  # NumPy reads the same memory, and is faster there
        sampler = Sampler(decoder.layout, slots) if on_cpu else TorchSampler(decoder.layout, slots, device)
        return SlotScheduler(decoder, sampler), decoder.tokenizer


def _torch() -> str:
    try:
        import torch
    except ImportError:
        return "not installed: pip install 'mayabook[transformers]'"
    from mayabook.engines.devices import choose_device, computes_fp8, device_name, native_dtypes

    device = choose_device("auto")
    numbers = [*native_dtypes(device), *(["FP8"] if computes_fp8(device) else [])]
    return f"{torch.__version__} on {device_name(device)}, computes {', '.join(numbers)} natively"

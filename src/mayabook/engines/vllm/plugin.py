"""The engine vllm as a plug-in: Maya1's checkpoint on vLLM, which runs in an environment of its own."""

import os
import time
from collections.abc import Mapping
from importlib.resources import files as package_files
from pathlib import Path
from typing import TYPE_CHECKING

from mayabook.core.errors import EngineError, ModelError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.hardware import decoding_threads, gpus
from mayabook.core.settings import MayaSettings
from mayabook.core.tool_environments import tool_environment
from mayabook.engines.checkpoint_choice import choose_checkpoint
from mayabook.engines.engine import Engine
from mayabook.engines.maya_plugin import LOGITS_BYTES, MayaPlugin, fitting_slots, only_model
from mayabook.engines.plugin import EngineContext
from mayabook.engines.slot_count import MemoryNeed
from mayabook.engines.tuning import Level
from mayabook.maya.token_layout import TOKENS_PER_SECOND, Layout
from mayabook.models.store import ModelFiles, find, is_format

if TYPE_CHECKING:
    from mayabook.engines.checkpoint import Checkpoint
    from mayabook.engines.scheduler import CodeGenerator
    from mayabook.maya.prompt import Tokenizer

BLOCK_TOKENS = 128
"""vLLM's KV cache is divided into blocks of at most this many tokens."""
_PROBE_FRAMES = 3


class VllmPlugin(MayaPlugin):
    name = "vllm"
    description = "Maya1 as a checkpoint on vLLM, in an environment of its own: on a GPU, or slowly on a CPU"

    def installation(self) -> Mapping[str, str]:
        environment = tool_environment(self.name)
        return {"vLLM": environment.missing_reason or f"{environment.requirements[0]}, {environment.folder}"}

    def _missing_packages(self) -> str | None:
        reason = tool_environment(self.name).missing_reason
        return reason and f"vLLM is {reason}"

    def _missing_weights(self, files: ModelFiles) -> str | None:
        if files.checkpoint or files.quantised:
            return None
        return (
            "it has no checkpoint folder, and this engine does not read GGUF files; use --engine gguf, or get the "
            "checkpoint with `mayabook models pull`"
        )

    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        """The format of a quantised checkpoint is its name and the dtype, `GPTQ bfloat16`."""
        from mayabook.engines.checkpoint import Checkpoint

        if settings.quantisation != "none":
            raise EngineError(
                f"--quantisation {settings.quantisation} is for --engine transformers; use that engine, or leave it "
                "out, as vLLM loads a checkpoint as it is."
            )
        if settings.device == "cuda" and not gpus():
            raise EngineError("CUDA was asked for, but nvidia-smi finds no GPU; leave --device out.")
        *name, earlier_dtype = earlier.split() or [""]
        if is_format(settings.format):
            context.note(f"{settings.format} is a format of GGUF files; the engine {self.name} reads the checkpoint.")
        quantised, folder = choose_checkpoint(files, settings.format or " ".join(name))
        on_gpu, method = self._uses_gpu(settings), Checkpoint.read(folder).config.quantised_by
        if method and not on_gpu:
            raise EngineError(
                f"--engine vllm reads a checkpoint quantised by {quantised or method} on a GPU only; use --engine "
                "transformers, or another checkpoint."
            )
        dtype = settings.dtype if settings.dtype != "auto" else earlier_dtype or ("bfloat16" if on_gpu else "float32")
        return f"{quantised} {dtype}".strip(), folder

    def _uses_gpu(self, settings: MayaSettings) -> bool:
        return settings.device != "cpu" and bool(gpus())

    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        names = list(files.quantised) if self._uses_gpu(settings) else []
        changes: dict[str, dict[str, str]] = {name: {"format": name} for name in names}
        if files.checkpoint is not None:
            dtype = self._weights(files, settings.model_copy(update={"format": ""}), "", EngineContext())[0]
            changes = {dtype: {"dtype": dtype}, **changes}
        return [Level(name, {"engine": {"kind": self.name}, "maya": change}) for name, change in changes.items()]

    def is_deterministic(self, settings: MayaSettings) -> bool:
        """True in float32 on a CPU, as measured. On a GPU, rounding depends on the batch, except in vLLM's
        batch-invariant mode."""
        if self._uses_gpu(settings):
            return os.environ.get("VLLM_BATCH_INVARIANT") == "1"
        return settings.dtype in ("auto", "float32")

    def fingerprint(self, settings: MayaSettings) -> str:
        from mayabook.engines.checkpoint import Checkpoint

        files = find(settings.model or only_model())
        missing = self._missing_weights(files)
        if missing is not None:
            raise ModelError(f"{files.name} cannot run on {self.name}: {missing}.")
        return fingerprint(Checkpoint.read(choose_checkpoint(files, settings.format)[1]).identifying())

    def real_time_factor(self, engine: Engine) -> float | None:
        """Of a few frames in all slots, their short prompts included."""
        from mayabook.core.take import TakeRequest
        from mayabook.engines.maya_engine import MayaEngine
        from mayabook.engines.sampler_settings import SamplerSettings
        from mayabook.engines.scheduler import DecodingRequest
        from mayabook.maya.token_layout import CODES_PER_FRAME

        assert isinstance(engine, MayaEngine)
        generator = engine.generator
        n_tokens = _PROBE_FRAMES * CODES_PER_FRAME
        settings = SamplerSettings(min_tokens=n_tokens, max_tokens=n_tokens)
        requests = [
            DecodingRequest(TakeRequest("", "", "", seed), [generator.layout.bos], settings, n_tokens)
            for seed in range(generator.n_slots)
        ]
        list(generator.run(requests))  # the first steps allocate
        started = time.perf_counter()
        list(generator.run(requests))
        return generator.n_slots * n_tokens / TOKENS_PER_SECOND / (time.perf_counter() - started)

    def open_generator(self, files: ModelFiles, settings: MayaSettings) -> "tuple[CodeGenerator, Tokenizer]":
        """The generator and its tokenizer, without voice, sampler settings and codec, for experiments. Raises
        EngineError or ModelError."""
        format, weights = self._weights(files, settings, "", EngineContext())
        slots = settings.slots if isinstance(settings.slots, int) else 0
        return self._open_generator(files, weights, format, settings, slots, EngineContext())

    def _open_generator(
        self,
        files: ModelFiles,
        weights: Path,
        format: str,
        settings: MayaSettings,
        n_slots: int,
        context: EngineContext,
    ) -> "tuple[CodeGenerator, Tokenizer]":
        from mayabook.engines.checkpoint import Checkpoint
        from mayabook.engines.vllm.generator import WorkerGenerator
        from mayabook.engines.vllm.messages import WorkerOptions
        from mayabook.maya.tokenizer import CheckpointTokenizer

        environment = tool_environment(self.name)
        environment.require_ready()
        on_gpu, dtype = self._uses_gpu(settings), format.split()[-1]
        read, layout, tokenizer = Checkpoint.read(weights), Layout.read(weights), CheckpointTokenizer(weights)
        layout.check(tokenizer, str(weights))
        per_slot = _kv_bytes(read, settings.context, dtype)
        need = MemoryNeed(_weight_bytes(read, dtype), per_slot + LOGITS_BYTES)
        slots = fitting_slots(n_slots, need, on_gpu=on_gpu, context=context)
        options = WorkerOptions(
            str(weights.resolve()),
            layout.to_json(),
            slots,
            settings.context,
            dtype,
            kv_bytes=slots * per_slot + _kv_bytes(read, BLOCK_TOKENS, dtype),
            on_gpu=on_gpu,
            n_threads=settings.threads or decoding_threads(need.weights),
        )
        start = package_files("mayabook.engines.vllm").joinpath("start.py")
        generator = WorkerGenerator(
            [str(environment.python), "-I", str(start)],
            options,
            name=self.name,
            identity=f"vllm {fingerprint(read.identifying())} {format}",
            device=f"{gpus()[0].name if on_gpu else 'CPU'}, {format}",
            version=environment.requirements[0].partition("==")[2],
        )
        return generator, tokenizer


def _weight_bytes(read: "Checkpoint", dtype: str) -> int:
    """Bytes of the weights in memory; vLLM keeps packed weights packed."""
    if read.config.quantised_by:
        return sum(stored.n_bytes for stored in read.weights.tensors.values())
    return read.weight_bytes(dtype, "none")


def _kv_bytes(read: "Checkpoint", n_tokens: int, dtype: str) -> int:
    """Of the blocks that hold so many tokens."""
    return read.kv_bytes(-(-n_tokens // BLOCK_TOKENS) * BLOCK_TOKENS, dtype)

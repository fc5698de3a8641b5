"""The engine vllm as a plug-in: Maya1's checkpoint on vLLM, which runs in an environment of its own."""

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
from mayabook.engines.engine import Engine
from mayabook.engines.maya_plugin import LOGITS_BYTES, MayaPlugin, fitting_slots, only_model
from mayabook.engines.plugin import EngineContext
from mayabook.engines.slot_count import MemoryNeed
from mayabook.engines.tuning import Level
from mayabook.maya.token_layout import TOKENS_PER_SECOND, Layout
from mayabook.models import checkpoint_formats
from mayabook.models.store import ModelFiles, find

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
        if files.checkpoint is not None:
            return None
        return (
            "it has no checkpoint folder, and this engine does not read GGUF files; use --engine gguf, or get the "
            "checkpoint with `mayabook models pull`"
        )

    def _weights(
        self, files: ModelFiles, settings: MayaSettings, earlier: str, context: EngineContext
    ) -> tuple[str, Path]:
        assert files.checkpoint is not None
        if settings.quantisation != "none":
            raise EngineError(
                f"--quantisation {settings.quantisation} is for --engine transformers; use that engine, or leave it "
                "out, as vLLM loads a checkpoint as it is."
            )
        if settings.format in checkpoint_formats.FORMATS:
            raise EngineError(
                f"--format {settings.format} is for --engine transformers; use that engine, or leave it out, as vLLM "
                "loads a checkpoint as it is."
            )
        if settings.device == "cuda" and not gpus():
            raise EngineError("CUDA was asked for, but nvidia-smi finds no GPU; leave --device out.")
        if settings.dtype != "auto":
            return settings.dtype, files.checkpoint
        return earlier or ("bfloat16" if self._uses_gpu(settings) else "float32"), files.checkpoint

    def _uses_gpu(self, settings: MayaSettings) -> bool:
        return settings.device != "cpu" and bool(gpus())

    def _format_levels(self, files: ModelFiles, settings: MayaSettings) -> list[Level]:
        dtype = self._weights(files, settings, "", EngineContext())[0]
        return [Level(dtype, {"engine": {"kind": self.name}, "maya": {"dtype": dtype}})]

    def fingerprint(self, settings: MayaSettings) -> str:
        from mayabook.engines.checkpoint import Checkpoint

        files = find(settings.model or only_model())
        if files.checkpoint is None:
            raise ModelError(f"{files.name} cannot run on {self.name}: {self._missing_weights(files)}.")
        return fingerprint(Checkpoint.read(files.checkpoint).identifying())

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
        on_gpu = self._uses_gpu(settings)
        read, layout, tokenizer = Checkpoint.read(weights), Layout.read(weights), CheckpointTokenizer(weights)
        layout.check(tokenizer, str(weights))
        per_slot = _kv_bytes(read, settings.context, format)
        need = MemoryNeed(read.weight_bytes(format, "none"), per_slot + LOGITS_BYTES)
        slots = fitting_slots(n_slots, need, on_gpu=on_gpu, context=context)
        options = WorkerOptions(
            str(weights.resolve()),
            layout.to_json(),
            slots,
            settings.context,
            format,
            kv_bytes=slots * per_slot + _kv_bytes(read, BLOCK_TOKENS, format),
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


def _kv_bytes(read: "Checkpoint", n_tokens: int, dtype: str) -> int:
    """Of the blocks that hold so many tokens."""
    return read.kv_bytes(-(-n_tokens // BLOCK_TOKENS) * BLOCK_TOKENS, dtype)

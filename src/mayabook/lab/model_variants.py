"""Model variants: opens the engine for a model in any of its weight formats."""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from mayabook.core.errors import EngineError, LabError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.settings import MayaSettings
from mayabook.core.take import Sampling
from mayabook.engines import Engine
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.engines.scheduler import SlotScheduler
from mayabook.lab.lab_engine import LabEngine
from mayabook.lab.logit_cache import CachedScheduler, CachingDecoder
from mayabook.lab.memoise import memoised_codec
from mayabook.lab.plan import Plan
from mayabook.maya.checkpoint_files import weight_files
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.token_layout import Layout
from mayabook.maya.voices import VERSION, describe, descriptions
from mayabook.models import checkpoint_formats, gguf_conversion, gguf_formats, gguf_quantisation
from mayabook.models.store import ModelFiles, find, installed

if TYPE_CHECKING:
    from mayabook.engines.checkpoint import DType, Quantisation
    from mayabook.engines.scheduler import CodeGenerator, TokenSampler
    from mayabook.maya.prompt import Tokenizer

CHECKPOINT_FORMATS: dict[str, tuple[str, str]] = {
    "fp32": ("float32", "none"),
    "bf16": ("bfloat16", "none"),
    "fp16": ("float16", "none"),
    "NF4": ("auto", "nf4"),
    "NF4-double": ("auto", "nf4-double"),
    "FP4": ("auto", "fp4"),
    "FP4-double": ("auto", "fp4-double"),
    "NF4-bf16": ("bfloat16", "nf4-double"),
}
"""Formats in which transformers loads a checkpoint: compute dtype, and quantisation by bitsandbytes. The investigation
of 2025-11-17 used NF4-bf16."""
GGUF_FORMATS = tuple(gguf_formats.FORMATS)
"""Formats of GGUF files."""
QUANTISED_FORMATS = tuple(checkpoint_formats.FORMATS)
"""Formats of quantised checkpoints."""
VLLM = "vLLM"
"""The checkpoint on vLLM, in the dtype that this engine chooses. Its logits cannot be read."""
FORMATS = (*CHECKPOINT_FORMATS, *GGUF_FORMATS, *QUANTISED_FORMATS, VLLM)
"""All formats that a plan may name."""
FULL_PRECISION = ("fp32", "F32", "F16")
"""Formats that serve as the reference, the preferred one first."""


class ModelVariants(Protocol):
    """The variants of a model, which opens an engine for each format. Picklable, for use in worker processes."""

    @property
    def identity(self) -> str:
        """Fingerprint of the model's weights and codec files."""
        ...

    def unavailable_reason(self, name: str) -> str | None:
        """Why a format is unavailable, or None if it is available."""
        ...

    def open(self, name: str) -> Engine:
        """Opens the engine of a format; the caller closes it."""
        ...


@dataclass(frozen=True)
class LocalModelVariants:
    """The variants of a model on this machine."""

    files: ModelFiles
    """Checkpoint, GGUF files and codec of the model."""
    voice: str
    """Description of the voice in words."""
    sampling: Sampling
    """Sampler settings of requests that have none of their own."""
    slots: int
    """Batch rows: takes that an engine decodes at once."""
    context: int
    """Context length of a batch row in tokens, prompt and speech together."""
    gguf_folder: Path
    """Folder for the GGUF files that are created for the experiment."""
    memoises: bool = True
    """Whether equal codes are decoded to audio only once (`Plan.memoises`)."""
    other_description: str = ""
    """Description of a preset voice in the other form; empty for a voice that has none."""
    caches_logits: bool = True
    """Whether takes share cached logits (`Plan.caches_logits`), if the engine keeps its logits in main memory."""

    @property
    def identity(self) -> str:
        checkpoint, codec = self.files.checkpoint, self.files.codec
        quantised = [file for folder in self.files.quantised.values() for file in sorted(folder.glob("*.safetensors"))]
        others = [*self.files.ggufs.values(), *quantised]
        weights = others if checkpoint is None else sorted(checkpoint.glob("*.safetensors"))
        return fingerprint([*weights, *(sorted(codec.iterdir()) if codec is not None else [])])

    def unavailable_reason(self, name: str) -> str | None:
        if name not in FORMATS:
            return f"there is no such format; choose from {', '.join(FORMATS)}"
        if name in QUANTISED_FORMATS:
            return self._quantised_unavailable_reason(name)
        if name == VLLM:
            from mayabook.engines.vllm.plugin import VllmPlugin

            return VllmPlugin().unavailable_reason(self._vllm_settings())
        if name in CHECKPOINT_FORMATS:
            if self.files.checkpoint is None:
                return "there is no checkpoint"
            return _not_installed(
                "torch", "transformers", *(["bitsandbytes"] if CHECKPOINT_FORMATS[name][1] != "none" else [])
            )
        if name not in self.files.ggufs and not self._has_gguf_source():
            return "there is no such GGUF file, and nothing to make it from"
        return _not_installed("llama_cpp")

    def _quantised_unavailable_reason(self, name: str) -> str | None:
        if self._quantised(name) is None:
            return f"it is not installed; make it: mayabook models quantize {self.files.name} {name}"
        by_gptqmodel = ["gptqmodel", "optimum" if name == "GPTQ" else "accelerate"]
        reader = ["compressed_tensors"] if name in self.files.quantised else by_gptqmodel
        missing = _not_installed("torch", "transformers", *reader)
        if missing is not None:
            return missing
        from mayabook.engines.devices import choose_device, computes_fp8

        return "no GPU here computes it" if name == "FP8" and not computes_fp8(choose_device("auto")) else None

    def _quantised(self, name: str) -> Path | None:
        """The folder of a quantised checkpoint; None if there is none. It may be the model's own, made by GPTQModel."""
        checkpoint = self.files.checkpoint
        own = checkpoint if checkpoint is not None and _quantisation_method(checkpoint) == name.lower() else None
        return self.files.quantised.get(name) or own

    def _checkpoint(self, name: str) -> Path:
        folder = self._quantised(name) if name in QUANTISED_FORMATS else self.files.checkpoint
        assert folder is not None
        return folder

    def _has_gguf_source(self) -> bool:
        """Whether there is a checkpoint or an unquantised GGUF file to create other GGUF files from."""
        return self.files.checkpoint is not None or any(kind in self.files.ggufs for kind in gguf_formats.CONVERTED)

    def open(self, name: str) -> LabEngine:
        """Opens the engine of a format. Raises EngineError if the format is unavailable or the model has no codec."""
        reason = self.unavailable_reason(name)
        if reason is not None:
            raise EngineError(f"{name} of {self.files.name} is not available: {reason}; leave it out of the plan.")
        if self.files.codec is None:
            raise EngineError(f"{self.files.name} has no codec; add it with `mayabook models import`.")
        if name == VLLM:
            return self._lab_engine(name, "vllm", *self._open_vllm(), "cpu")
        decoder = self.load_decoder(name)
        on_gpu = str(getattr(decoder.logits, "device", "cpu")) != "cpu"
        sampler = Sampler(decoder.layout, decoder.n_slots)
        scheduler = (
            CachedScheduler(CachingDecoder(decoder), sampler)
            if self.caches_logits and not on_gpu
            else SlotScheduler(decoder, _gpu_sampler(decoder) if on_gpu else sampler)
        )
        kind = "gguf" if name in GGUF_FORMATS else "transformers"
        return self._lab_engine(name, kind, scheduler, decoder.tokenizer, "cuda" if on_gpu else "cpu")

    def _open_vllm(self) -> "tuple[CodeGenerator, Tokenizer]":
        from mayabook.engines.vllm.plugin import VllmPlugin

        return VllmPlugin().open_generator(self.files, self._vllm_settings())

    def _vllm_settings(self) -> MayaSettings:
        return MayaSettings(model=str(self.files.checkpoint or self.files.name), slots=self.slots, context=self.context)

    def _lab_engine(
        self, name: str, kind: str, generator: "CodeGenerator", tokenizer: "Tokenizer", codec_device: str
    ) -> LabEngine:
        """Closes the generator if the codec cannot be opened."""
        try:
            engine = LabEngine(
                kind,
                generator,
                tokenizer,
                self.codec(generator.layout, codec_device),
                voice=self.voice,
                credit=f"{self.files.name} {name}",
                settings=SamplerSettings.of(self.sampling),
                tokens_per_character=0,  # takes may run up to their cap, and are checked whole
                warm_up="keep",
            )
        except BaseException:
            generator.close()
            raise
        engine.other_description = self.other_description
        return engine

    def codec(self, layout: Layout, device: str = "cpu") -> Codec:
        """The model's codec, memoised if the plan says so."""
        assert self.files.codec is not None
        return (memoised_codec if self.memoises else open_codec)(self.files.codec, layout, device)

    def load_decoder(self, name: str) -> Any:
        """Loads the decoder of a format."""
        if name in GGUF_FORMATS:
            from mayabook.engines.gguf_decoder import GgufDecoder

            return GgufDecoder(self.gguf(name), self.slots, self.context)
        from mayabook.engines.transformers_decoder import TransformersDecoder

        dtype, quantisation = CHECKPOINT_FORMATS.get(name, ("auto", "none"))
        return TransformersDecoder(
            self._checkpoint(name),
            self.slots,
            self.context,
            dtype=cast("DType", dtype),
            quantisation=cast("Quantisation", quantisation),
        )

    def gguf(self, name: str) -> Path:
        """The GGUF file of a format, which is created by conversion or quantisation if it is missing."""
        own = self.files.ggufs.get(name) or self._gguf_path(name)
        if own.is_file():
            return own
        if name in gguf_formats.CONVERTED:
            assert self.files.checkpoint is not None
            gguf_conversion.convert(self.files.checkpoint, own, name, name=self.files.name)
        else:
            source = next((kind for kind in gguf_formats.SOURCES if kind in self.files.ggufs), "F16")
            gguf_quantisation.quantize(self.gguf(source), own, name)
        return own

    def _gguf_path(self, name: str) -> Path:
        """Path of a GGUF file that the lab creates."""
        return self.gguf_folder / f"{self.files.name}-{name}.gguf"

    def weight_bytes(self, name: str) -> int:
        """Bytes of the GGUF file or the quantised checkpoint, or of the checkpoint's weights in memory."""
        if name in GGUF_FORMATS:
            return self.gguf(name).stat().st_size
        if name in QUANTISED_FORMATS:
            return sum(file.stat().st_size for file in weight_files(self._checkpoint(name)))
        from mayabook.engines.transformers_decoder import weight_bytes

        dtype, quantisation = CHECKPOINT_FORMATS[name]
        return weight_bytes(self._checkpoint(name), cast("DType", dtype), cast("Quantisation", quantisation))

    def n_weights(self) -> int | None:
        """Number of parameters in the checkpoint, or None if there is no checkpoint."""
        from mayabook.engines.checkpoint import Checkpoint

        if self.files.checkpoint is None:
            return None
        return sum(stored.size for stored in Checkpoint.read(self.files.checkpoint).weights.tensors.values())


def open_model_variants(plan: Plan, gguf_folder: Path) -> LocalModelVariants:
    """Finds the plan's model. gguf_folder: for the GGUF files that are created.

    Raises ModelError if the model cannot be found, and LabError if none is installed or it has no weights.
    """
    if not plan.model and not installed():
        raise LabError("No Maya1 model is installed; fetch one with `mayabook models pull`, or name one with --model.")
    files = find(plan.model) if plan.model else installed()[0]
    if not files.has_weights:
        raise LabError(f"{files.name} has neither checkpoint nor GGUF file; get it again.")
    sampling = {**preset(plan.preset).as_sampling(), **({"max_tokens": plan.cap} if plan.cap else {})}
    voice = describe(plan.voice, own=files.voices())
    return LocalModelVariants(
        files,
        voice,
        sampling,
        plan.slots,
        plan.context,
        gguf_folder,
        plan.memoises,
        _other_description(plan.voice, voice),
        plan.caches_logits,
    )


def _other_description(name: str, description: str) -> str:
    """A preset in the form that `description` is not of: free words, or that of Maya1's training."""
    forms = [descriptions(version)[name] for version in (1, VERSION) if name in descriptions(version)]
    return next((form for form in forms if form != description), "")


def first_available(variants: ModelVariants, formats: Iterable[str]) -> str:
    """The first available format. Raises LabError with the reason for each if none is available."""
    reasons = []
    for name in formats:
        reason = variants.unavailable_reason(name)
        if reason is None:
            return name
        reasons.append(f"{name}: {reason}")
    raise LabError(f"None of the formats is available ({'; '.join(reasons)}); name others in the plan.")


def _gpu_sampler(decoder: Any) -> "TokenSampler":
    """A sampler for logits that are on the GPU."""
    from mayabook.engines.torch_sampler import TorchSampler

    return TorchSampler(decoder.layout, decoder.n_slots, decoder.logits.device)


def _not_installed(*packages: str) -> str | None:
    """A reason that names the first missing package, or None if all are installed."""
    gone = [name for name in packages if find_spec(name) is None]
    return f"{gone[0]} is not installed" if gone else None


def _quantisation_method(checkpoint: Path) -> str:
    """Quantisation method that the checkpoint's configuration names."""
    from mayabook.engines.checkpoint import Checkpoint

    return Checkpoint.read(checkpoint).config.quantised_by

"""Model variants: opens the engine for a model in any of its weight formats."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast, get_args

from mayabook.core.errors import EngineError, LabError
from mayabook.core.fingerprint import fingerprint
from mayabook.core.take import Audio, Sampling, Take, TakeRequest
from mayabook.engines import Engine
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.slot_decoder import SlotDecoder
from mayabook.lab.joined_takes import joined_takes
from mayabook.lab.logit_cache import CachedScheduler, CachingDecoder
from mayabook.lab.memoise import memoised_codec
from mayabook.lab.plan import Plan
from mayabook.maya.checkpoint_files import weight_files
from mayabook.maya.codec import Codec, open_codec
from mayabook.maya.prompt import Bos, PromptBuilder
from mayabook.maya.token_layout import SAMPLES_PER_FRAME, Layout
from mayabook.maya.voices import VERSION, describe, descriptions
from mayabook.models import checkpoint_formats, gguf_conversion, gguf_formats, gguf_quantisation
from mayabook.models.store import ModelFiles, find, installed

if TYPE_CHECKING:
    from mayabook.engines.checkpoint import DType, Quantisation
    from mayabook.engines.scheduler import TokenSampler

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
FORMATS = (*CHECKPOINT_FORMATS, *GGUF_FORMATS, *QUANTISED_FORMATS)
"""All formats that a plan may name."""
FULL_PRECISION = ("fp32", "F32", "F16")
"""Formats that serve as the reference, the preferred one first."""

PROMPT_KEYS = {
    "bos": get_args(Bos),
    "text_end": ("seen", "hidden"),
    "length": ("chunk", "sentences"),
    "description": ("given", "other"),
    "warm_up": ("kept", "trimmed"),
    "anchor": ("none", "auto"),
}
"""Settings of prompt and audio that a lab request may have among its sampler settings, with their values.

text_end `hidden` reproduces a transformers call without an attention mask whose pad token is the text end: no token
attends to it and position ids skip it, so the token is left out of the prompt. The last four are
those of `mayabook.lab.ablation.ALIKE_FACTORS`; a request with an anchor needs an engine that has one."""


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


class LabEngine(MayaEngine):
    """A Maya engine whose requests may also hold the settings of `PROMPT_KEYS`."""

    generator: SlotScheduler
    other_description = ""
    """Description of the voice in the other form; empty if there is none: requests for it then get the given one."""

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        """Requests of length `sentences` are synthesised sentence by sentence, with one seed, and joined."""
        return joined_takes(requests, super().generate)

    def _decode(self, sampled: SampledCodes) -> Audio:
        audio = super()._decode(sampled)
        return audio[SAMPLES_PER_FRAME:] if sampled.request.sampling.get("warm_up") == "trimmed" else audio

    @property
    def decoder(self) -> SlotDecoder:
        return self.generator.decoder

    def sample_codes(self, requests: Sequence[TakeRequest]) -> Iterator[SampledCodes]:
        """Samples the codes of takes without decoding them to audio."""
        return (sampled for sampled in self.generator.run(self._decoding_requests(requests)) if sampled is not None)

    def _decoding_requests(self, requests: Iterable[TakeRequest]) -> Iterator[DecodingRequest]:
        for request in requests:
            sampling = {name: value for name, value in request.sampling.items() if name not in PROMPT_KEYS}
            for decoding in super()._decoding_requests([replace(request, sampling=sampling)]):
                yield replace(decoding, request=request, prompt=self.prompt_ids(request), n_shared=0)

    def prompt_ids(self, request: TakeRequest) -> list[int]:
        """Token ids of a request's prompt. Raises LabError for an unknown value of a prompt setting."""
        for name, choices in PROMPT_KEYS.items():
            if request.sampling.get(name, choices[0]) not in choices:
                raise LabError(f"{name} cannot be {request.sampling[name]!r}; choose from: {', '.join(choices)}.")
        bos = cast("Bos", request.sampling.get("bos", "twice"))
        layout = self.decoder.layout
        voice = self.other_description if request.sampling.get("description") == "other" else ""
        builder = PromptBuilder(self._prompts._tokenizer, layout, bos)
        if request.sampling.get("anchor") == "auto" and self.anchor is not None:
            ids = builder.build_anchored(voice or request.voice, request.text, self.anchor).ids
        else:
            ids = builder.build(voice or request.voice, request.text)
        hidden = request.sampling.get("text_end") == "hidden"
        return [token for token in ids if not (hidden and token == layout.text_end)]


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
            return f"the model is not quantised so; make it: mayabook models quantize {self.files.name} {name}"
        reader = ["compressed_tensors"] if name in self.files.quantised else ["gptqmodel", "optimum"]
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
        decoder = self.load_decoder(name)
        try:
            on_gpu = str(getattr(decoder.logits, "device", "cpu")) != "cpu"
            sampler = Sampler(decoder.layout, decoder.n_slots)
            scheduler = (
                CachedScheduler(CachingDecoder(decoder), sampler)
                if self.caches_logits and not on_gpu
                else SlotScheduler(decoder, _gpu_sampler(decoder) if on_gpu else sampler)
            )
            engine = LabEngine(
                "gguf" if name in GGUF_FORMATS else "transformers",
                scheduler,
                decoder.tokenizer,
                self.codec(decoder.layout, "cuda" if on_gpu else "cpu"),
                voice=self.voice,
                credit=f"{self.files.name} {name}",
                settings=SamplerSettings.of(self.sampling),
                tokens_per_character=0,  # takes may run up to their cap, and are checked whole
                warm_up="keep",
            )
            engine.other_description = self.other_description
            return engine
        except BaseException:
            decoder.close()
            raise

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

"""Which engine reads a book: what a person asked for, or what this machine can carry."""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict

from mayabook.core.errors import EngineError, ModelError
from mayabook.core.settings import MayaSettings, Settings
from mayabook.engines import Engine, Narrator
from mayabook.engines.hardware import free_memory, gpus
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.engines.slot_count import MemoryNeed, choose_slots
from mayabook.engines.slot_decoder import IDLE, SlotDecoder
from mayabook.maya.codec import open_codec
from mayabook.maya.token_layout import TOKENS_PER_SECOND
from mayabook.maya.voices import describe
from mayabook.models.store import ModelFiles, find, installed

if TYPE_CHECKING:
    from mayabook.engines.gguf_decoder import GgufDecoder
    from mayabook.engines.scheduler import TokenSampler
    from mayabook.engines.transformers_decoder import TransformersDecoder

MIN_REAL_TIME_FACTOR = 0.1
"""Times real time; below this a book takes days, and `auto` leaves Maya1 for the narrator."""
MAX_SLOTS = {"cpu": 16, "gpu": 64}
"""Slots that `auto` opens at most; more of them gain little (bench/engines.py)."""
FORMATS = ("Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0", "Q4_K_S", "F16", "BF16", "F32")
"""GGUF formats, the one to take first in front: the smallest that is known to read well."""
_PROBE_STEPS = 3
_LOGITS = 4 << 20
"""Bytes of logits and compute buffers for each slot, with Maya1's vocabulary."""


class EngineChoice(BaseModel):
    """What reads a book; kept with the job, so that `auto` chooses the same when it goes on.

    kind: gguf, transformers or narrator. model, format, slots: of Maya1. reason: why, in words for a person.
    """

    model_config = ConfigDict(frozen=True)

    kind: str
    model: str = ""
    format: str = ""
    slots: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A way to run a model that its files and the installed libraries allow."""

    kind: str
    files: ModelFiles
    format: str = ""


def open_engine(
    settings: Settings, earlier: EngineChoice | None, say: Callable[[str], None]
) -> tuple[Engine, EngineChoice]:
    """The engine for a book, loaded, and what it is.

    earlier: what an earlier run of the same job chose; it stands wherever the settings leave a choice. say: takes lines
    for a person. Raises EngineError where what was asked for cannot be had.
    """
    kind = settings.engine.kind
    if kind == "auto":
        return _open_auto(settings, earlier, say)
    if kind == "narrator":
        return Narrator(settings.narrator), EngineChoice(kind=kind, reason="as asked")
    return _open_maya(_candidate(kind, settings.maya, earlier), settings.maya, earlier, "as asked", say)


def _open_auto(
    settings: Settings, earlier: EngineChoice | None, say: Callable[[str], None]
) -> tuple[Engine, EngineChoice]:
    if earlier is not None and not (earlier.kind == "narrator" and settings.maya.model):
        if earlier.kind == "narrator":
            return Narrator(settings.narrator), earlier
        same = _candidate(earlier.kind, settings.maya, earlier)
        return _open_maya(same, settings.maya, earlier, earlier.reason, say)
    candidate, reason = _best_candidate(settings.maya)
    if candidate is not None:
        try:
            engine, choice = _open_maya(candidate, settings.maya, None, "", say)
        except EngineError as error:
            if settings.maya.model:
                raise
            reason = str(error)
        else:
            rate = measure_real_time_factor(engine.decoder)
            if rate >= MIN_REAL_TIME_FACTOR:
                return engine, choice.model_copy(update={"reason": f"{rate:.1f}x real time on this machine"})
            engine.close()
            reason = (
                f"{choice.model} would run at {rate:.2f}x real time on this machine; --engine {choice.kind} insists"
            )
    return Narrator(settings.narrator), EngineChoice(kind="narrator", reason=reason)


def _best_candidate(maya: MayaSettings) -> tuple[_Candidate | None, str]:
    """What `auto` tries, or why there is nothing to try."""
    if maya.model:
        files = find(maya.model)
    elif here := installed():
        files = here[0]
    else:
        return None, "no Maya1 model is here; `mayabook models pull` fetches it"
    kinds = [kind for kind in ("gguf", "transformers") if _missing(kind, files) is None]
    if not kinds:
        return None, f"{files.name} is here, but {_missing('gguf', files)}"
    if kinds[0] == "gguf" and len(kinds) == 2 and gpus() and not _llama_offloads() and _cuda():
        kinds.reverse()
    return _candidate(kinds[0], maya, None, files), ""


def _missing(kind: str, files: ModelFiles) -> str | None:
    """What keeps a model from running on an engine."""
    if kind == "gguf":
        if not files.ggufs:
            return f"it has no GGUF file; make one: mayabook models quantize {files.name} Q4_K_M"
        return None if importlib.util.find_spec("llama_cpp") else "llama.cpp is not installed: mayabook[gguf]"
    if files.checkpoint is None:
        return "it has no checkpoint folder"
    absent = [name for name in ("torch", "transformers") if not importlib.util.find_spec(name)]
    return f"{absent[0]} is not installed: mayabook[transformers]" if absent else None


def _candidate(
    kind: str, maya: MayaSettings, earlier: EngineChoice | None, files: ModelFiles | None = None
) -> _Candidate:
    if files is None:
        files = find(maya.model or (earlier.model if earlier else "") or _only_model())
    missing = _missing(kind, files)
    if missing is not None:
        raise ModelError(f"{files.name} cannot run on {kind}: {missing}.")
    if kind != "gguf":
        return _Candidate(kind, files)
    wanted = maya.format or (earlier.format if earlier else "")
    if wanted and wanted not in files.ggufs:
        raise ModelError(
            f"{files.name} is here as {', '.join(files.ggufs)}, not {wanted}; "
            f"make it: mayabook models quantize {files.name} {wanted}"
        )
    first = [name for name in FORMATS if name in files.ggufs] or list(files.ggufs)
    return _Candidate(kind, files, wanted or first[0])


def _only_model() -> str:
    here = installed()
    if not here:
        raise ModelError("No Maya1 model is here; fetch it with `mayabook models pull`, or name one with --model.")
    return here[0].name


def _open_maya(
    candidate: _Candidate, maya: MayaSettings, earlier: EngineChoice | None, reason: str, say: Callable[[str], None]
) -> tuple[MayaEngine, EngineChoice]:
    files = candidate.files
    if files.codec is None:
        raise ModelError(f"{files.name} has no codec; bring it: mayabook models import FOLDER --name {files.name}")
    voice, settings = describe(maya.voice), sampler_settings(maya)
    asked = maya.slots if isinstance(maya.slots, int) else (earlier.slots if earlier else 0)
    decoder: GgufDecoder | TransformersDecoder
    if candidate.kind == "gguf":
        decoder, sampler = _open_gguf(candidate, maya, asked, say)
    else:
        decoder, sampler = _open_transformers(candidate, maya, asked, say)
    try:
        device = "cuda" if "cuda" in decoder.device.lower() else "cpu"
        codec = open_codec(files.codec, decoder.layout, device)
        engine = MayaEngine(
            candidate.kind,
            decoder,
            decoder.tokenizer,
            sampler,
            codec,
            voice=voice,
            credit=f"{maya.voice if maya.voice != voice else 'a described voice'} ({files.name})",
            settings=settings,
            bos=maya.bos,
        )
    except BaseException:
        decoder.close()
        raise
    name = maya.model or (earlier.model if earlier else files.name)
    return engine, EngineChoice(
        kind=candidate.kind, model=name, format=candidate.format, slots=decoder.n_slots, reason=reason
    )


def _open_gguf(
    candidate: _Candidate, maya: MayaSettings, asked: int, say: Callable[[str], None]
) -> "tuple[GgufDecoder, TokenSampler]":
    from mayabook.engines.gguf_decoder import GgufDecoder, kv_bytes_per_slot
    from mayabook.engines.sampler import Sampler

    file = candidate.files.ggufs[candidate.format]
    on_gpu = bool(gpus()) and _llama_offloads() and maya.gpu_layers != 0
    need = MemoryNeed(file.stat().st_size, kv_bytes_per_slot(file, maya.context, maya.kv_type) + _LOGITS)
    slots = _slots(asked, need, on_gpu=on_gpu, say=say)
    decoder = GgufDecoder(
        file,
        slots,
        maya.context,
        gpu_layers=maya.gpu_layers,
        flash_attention=maya.flash_attention,
        kv_type=maya.kv_type,
        n_threads=maya.threads,
    )
    if gpus() and not _llama_offloads():
        say(
            f"Note: {gpus()[0].name} is here, but this llama.cpp was built for the CPU alone; for the GPU: "
            "CMAKE_ARGS=-DGGML_CUDA=on pip install --force-reinstall --no-binary :all: llama-cpp-python"
        )
    elif on_gpu:
        say(f"llama.cpp: {decoder.gpu_layers} of {decoder.n_layers} layers on the GPU")
    return decoder, Sampler(decoder.layout, slots)


def _open_transformers(
    candidate: _Candidate, maya: MayaSettings, asked: int, say: Callable[[str], None]
) -> "tuple[TransformersDecoder, TokenSampler]":
    from mayabook.engines.sampler import Sampler
    from mayabook.engines.torch_sampler import TorchSampler
    from mayabook.engines.transformers_decoder import TransformersDecoder, kv_bytes_per_slot, weight_bytes

    checkpoint = candidate.files.checkpoint
    assert checkpoint is not None
    on_gpu = maya.device != "cpu" and _cuda()
    need = MemoryNeed(
        weight_bytes(checkpoint, maya.dtype, maya.quantisation, maya.device),
        kv_bytes_per_slot(checkpoint, maya.context, maya.dtype, maya.device) + _LOGITS,
    )
    slots = _slots(asked, need, on_gpu=on_gpu, say=say)
    decoder = TransformersDecoder(
        checkpoint, slots, maya.context, dtype=maya.dtype, quantisation=maya.quantisation, device=maya.device
    )
    for note in decoder.notes:
        say(f"Note: {note}")
    device = decoder.logits.device
    if device.type == "cpu":  # NumPy reads the same memory, and is faster there
        return decoder, Sampler(decoder.layout, slots)
    return decoder, TorchSampler(decoder.layout, slots, device)


def _slots(asked: int, need: MemoryNeed, *, on_gpu: bool, say: Callable[[str], None]) -> int:
    free = gpus()[0].free if on_gpu else free_memory()
    slots, note = choose_slots(asked, free, need, MAX_SLOTS["gpu" if on_gpu else "cpu"])
    if note:
        say(f"Note: {note}")
    return slots


def sampler_settings(maya: MayaSettings) -> SamplerSettings:
    """The preset with what was set beside it."""
    names = ("temperature", "top_p", "top_k", "min_p", "repetition_penalty", "penalty_window", "max_tokens")
    given = {name: value for name in names if (value := getattr(maya, name)) is not None}
    return SamplerSettings.of({**preset(maya.preset).as_sampling(), **given})


def measure_real_time_factor(decoder: SlotDecoder) -> float:
    """Seconds of speech that a second of decoding gives with all slots busy, measured on a few steps."""
    tokens = np.full(decoder.n_slots, IDLE, np.int32)
    decoder.step(tokens)
    started = time.perf_counter()
    for _ in range(_PROBE_STEPS):
        decoder.step(tokens)
    seconds = (time.perf_counter() - started) / _PROBE_STEPS
    return decoder.n_slots / seconds / TOKENS_PER_SECOND


def _llama_offloads() -> bool:
    from mayabook.engines.llama_api import build

    return build()[1]


def _cuda() -> bool:
    if not importlib.util.find_spec("torch"):
        return False
    import torch

    return bool(torch.cuda.is_available())

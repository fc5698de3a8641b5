"""Maya engines on the random models, by name: what they are built of, and how."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from mayabook.core.take import TakeRequest
from mayabook.engines.gguf_decoder import GgufDecoder
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.engines.scheduler import SlotScheduler
from mayabook.engines.transformers_decoder import TransformersDecoder
from mayabook.maya.codec import open_codec
from mayabook.maya.warm_up import WarmUp
from mayabook.models.store import ModelFiles

CONTEXT = 512
VOICE = "A calm old man, low and slow."
SHORT = replace(preset("mayabook"), max_tokens=42, temperature=1.0)
"""A few frames: enough to tell takes apart."""

DECODERS: Mapping[str, Callable[[ModelFiles, int], GgufDecoder | TransformersDecoder]] = {
    "gguf F16": lambda files, slots: GgufDecoder(files.ggufs["F16"], slots, CONTEXT),
    "gguf Q8_0": lambda files, slots: GgufDecoder(files.ggufs["Q8_0"], slots, CONTEXT),
    "gguf Q4_K_M": lambda files, slots: GgufDecoder(files.ggufs["Q4_K_M"], slots, CONTEXT),
    "transformers fp32": lambda files, slots: TransformersDecoder(_checkpoint(files), slots, CONTEXT),
    "transformers bf16": lambda files, slots: TransformersDecoder(_checkpoint(files), slots, CONTEXT, dtype="bfloat16"),
    "transformers nf4": lambda files, slots: TransformersDecoder(
        _checkpoint(files), slots, CONTEXT, quantisation="nf4-double"
    ),
}


def _checkpoint(files: ModelFiles) -> Path:
    assert files.checkpoint is not None
    return files.checkpoint


def maya_engine(
    kind: str, files: ModelFiles, slots: int, settings: SamplerSettings = SHORT, warm_up: WarmUp = "auto"
) -> MayaEngine:
    decoder = DECODERS[kind](files, slots)
    assert files.codec is not None
    return MayaEngine(
        kind.split()[0],
        SlotScheduler(decoder, Sampler(decoder.layout, slots)),
        decoder.tokenizer,
        open_codec(files.codec, decoder.layout),
        voice=VOICE,
        credit=f"tiny ({kind})",
        settings=settings,
        warm_up=warm_up,
    )


def ask(engine: MayaEngine, text: str, seed: int = 7, attempt: int = 0, **sampling: float | str) -> TakeRequest:
    return TakeRequest(text, text, VOICE, seed, attempt, {**engine.sampling(attempt), **sampling})

"""The `generate()` of transformers, for tests and experiments; no book is read with it."""

from collections.abc import Sequence
from typing import Any

import torch
import transformers

from mayabook.engines.sampler_settings import SamplerSettings
from mayabook.engines.transformers_decoder import TransformersDecoder


def reference_generate(
    decoder: TransformersDecoder,
    prompt: Sequence[int],
    settings: SamplerSettings,
    *,
    seed: int = 0,
    attention_mask: bool = True,
    pad: int | None = None,
    eos: int | None = None,
    logits: list[torch.Tensor] | None = None,
) -> list[int]:
    """The generated tokens, the end token included where there is one. logits: is given those of each step, before
    anything is done to them, shape (vocab_size,).

    Of the settings, temperature, top_k, top_p, min_p, repetition_penalty, min_tokens and max_tokens (which must not be
    0) are handed on; window and order are generate()'s own: the penalty sees everything, the prompt too. No default of
    the library or the checkpoint applies, and every token of the vocabulary may be drawn. attention_mask: without one,
    generate() hides those tokens of the prompt that equal pad, as long as pad differs from eos. pad, eos: the layout's
    pad and CODE_END where they are None. The seed goes to PyTorch's global generators, whose state is put back.
    """
    layout = decoder.layout
    ids = torch.tensor([list(prompt)], device=decoder.model.device)
    sampled = settings.temperature > 0
    draws: dict[str, Any] = {"temperature": settings.temperature, "top_k": settings.top_k, "top_p": settings.top_p}
    draws["min_p"] = settings.min_p or None
    config = transformers.GenerationConfig(  # type: ignore[no-untyped-call]
        do_sample=sampled,
        **(draws if sampled else {}),
        repetition_penalty=settings.repetition_penalty,
        min_new_tokens=settings.min_tokens,
        max_new_tokens=settings.max_tokens,
        pad_token_id=layout.pad if pad is None else pad,
        eos_token_id=layout.code_end if eos is None else eos,
        bos_token_id=layout.bos,
        return_dict_in_generate=True,
        output_logits=logits is not None,
    )
    mask = {"attention_mask": torch.ones_like(ids)} if attention_mask else {}
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(seed)
        output = decoder.model.generate(ids, generation_config=config, **mask)
    if logits is not None:
        logits.extend(step[0] for step in output.logits)
    return [int(token) for token in output.sequences[0, len(prompt) :]]

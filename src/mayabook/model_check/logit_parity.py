"""Compares the logits of each format with the checkpoint's, on fixed prompts and codes."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mayabook.core.errors import EngineError
from mayabook.engines.slot_decoder import Logits
from mayabook.maya.prompt import PromptBuilder, Tokenizer
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.model_check.file_checks import TEXTS, CheckResult
from mayabook.models.llama_config import LlamaConfig
from mayabook.models.store import ModelFiles

if TYPE_CHECKING:
    from mayabook.engines.gguf_decoder import GgufDecoder
    from mayabook.engines.transformers_decoder import TransformersDecoder

DESCRIPTION = "A warm, low voice of a woman in her forties, calm and clear."
N_CODES = 14
"""Codes that follow each prompt: two frames, the same for all formats."""
N_CONTEXT = 512
MAX_ERROR = {"F32": 1e-2, "F16": 1e-2, "BF16": 5e-2}
"""Largest relative error of formats that are not quantised; a bf16 number has 8 significant bits."""
MAX_QUANTISED_ERROR = 0.9
"""Largest relative error of a quantised format: unrelated logits would be at 1.4, and Q4 of random weights reaches
0.3."""


def logit_parity(files: ModelFiles) -> Iterator[CheckResult]:
    """One check for each quantised checkpoint and each GGUF file."""
    if files.checkpoint is None or not (files.ggufs or files.quantised):
        yield CheckResult("logits", "skipped", "there are no two formats to compare")
        return
    try:
        from mayabook.engines.transformers_decoder import TransformersDecoder

        on_cpu = partial(TransformersDecoder, n_slots=1, n_context=N_CONTEXT, dtype="float32", device="cpu")
        tokenizer = CheckpointTokenizer(files.checkpoint)
        truth = _rows(on_cpu(files.checkpoint), tokenizer)
    except EngineError as error:
        yield CheckResult("logits", "skipped", str(error))
        return
    for kind, folder in files.quantised.items():
        if LlamaConfig.read(folder).is_fp8:
            yield CheckResult(f"{kind}: logits", "skipped", "they are computed on GPUs with FP8 only")
        else:
            yield _compare(kind, folder, partial(on_cpu, folder), truth, tokenizer)
    for kind, file in files.ggufs.items():
        yield _compare(kind, file, partial(_gguf_decoder, file), truth, tokenizer)


def relative_error(logits: Logits, truth: Logits) -> float:
    return float(np.linalg.norm(logits - truth) / np.linalg.norm(truth))


def _gguf_decoder(file: Path) -> "GgufDecoder":
    from mayabook.engines.gguf_decoder import GgufDecoder

    return GgufDecoder(file, 1, N_CONTEXT)


def _compare(
    kind: str,
    file: Path,
    open_decoder: "Callable[[], GgufDecoder | TransformersDecoder]",
    truth: Logits,
    tokenizer: Tokenizer,
) -> CheckResult:
    name = f"{kind}: logits"
    try:
        logits = _rows(open_decoder(), tokenizer)
    except EngineError as error:
        return CheckResult(name, "failed", str(error))
    distance = relative_error(logits, truth)
    same = float(np.mean(logits.argmax(axis=1) == truth.argmax(axis=1)))
    figures = f"relative error {distance:.1e}, same likeliest code in {same:.0%} of {len(truth)} steps"
    most = MAX_ERROR.get(kind, MAX_QUANTISED_ERROR)
    if distance <= most:  # false for NaN
        return CheckResult(name, "ok", figures)
    return CheckResult(
        name, "failed", f"{figures}, where at most {most:g} is expected; convert and quantise {file} again."
    )


def _rows(decoder: "GgufDecoder | TransformersDecoder", tokenizer: Tokenizer) -> Logits:
    """Audio logits after each prompt and each code, shape (rows, n_audio). Closes the decoder."""
    layout = decoder.layout
    prompts = PromptBuilder(tokenizer, layout)
    draw = np.random.Generator(np.random.Philox(0))
    rows = []
    try:
        for text in TEXTS[:4]:
            decoder.prefill(0, prompts.build(DESCRIPTION, text))
            rows.append(np.asarray(decoder.logits[0]).copy())
            for step, code in enumerate(draw.integers(0, layout.codebook_size, N_CODES)):
                decoder.step(np.array([layout.token(step % 7, int(code))], np.int32))
                rows.append(np.asarray(decoder.logits[0]).copy())
    finally:
        decoder.close()
    return np.stack(rows)

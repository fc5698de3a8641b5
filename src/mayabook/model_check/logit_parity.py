"""Compares the logits of each GGUF format with the checkpoint's, on fixed prompts and codes."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mayabook.core.errors import EngineError
from mayabook.engines.slot_decoder import Logits
from mayabook.maya.prompt import PromptBuilder, Tokenizer
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.model_check.file_checks import TEXTS, CheckResult
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
    """One check for each GGUF format."""
    if files.checkpoint is None or not files.ggufs:
        yield CheckResult("logits", "skipped", "there are no two formats to compare")
        return
    try:
        from mayabook.engines.transformers_decoder import TransformersDecoder

        tokenizer = CheckpointTokenizer(files.checkpoint)
        truth = _rows(TransformersDecoder(files.checkpoint, 1, N_CONTEXT, dtype="float32", device="cpu"), tokenizer)
    except EngineError as error:
        yield CheckResult("logits", "skipped", str(error))
        return
    for kind, file in files.ggufs.items():
        yield _compare(kind, file, truth, tokenizer)


def relative_error(logits: Logits, truth: Logits) -> float:
    return float(np.linalg.norm(logits - truth) / np.linalg.norm(truth))


def _compare(kind: str, file: Path, truth: Logits, tokenizer: Tokenizer) -> CheckResult:
    from mayabook.engines.gguf_decoder import GgufDecoder

    name = f"{kind}: logits"
    try:
        logits = _rows(GgufDecoder(file, 1, N_CONTEXT), tokenizer)
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

"""The two legacy back ends: minimal copies of how the libraries were called in November 2025, to test them for state.

Both sample from the whole vocabulary, so their tokens may not form frames. As in 2025, tokens that are not codes are
skipped, every seven codes become a frame, and each code is taken modulo the codebook size. Generation stops at
CODE_END; in 2025 it went on to the cap and the rest was discarded, which gives the same result more slowly.
"""

import gc
import time
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from types import MappingProxyType
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from mayabook.core.take import Codes, Sampling, StopReason, Take, TakeRequest
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.engines.slot_decoder import Logits
from mayabook.lab.model_variants import LocalModelVariants
from mayabook.maya.frames import Frames
from mayabook.maya.prompt import PromptBuilder, Tokenizer
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, Layout

Workaround = Literal["none", "reset", "empty_cache", "past_key_values", "reload"]
"""What is done between takes to clear state that the library may carry over."""
LLAMA_WORKAROUNDS: tuple[Workaround, ...] = ("none", "reset", "reload")
"""Workarounds that apply to `Llama()`."""
GENERATE_WORKAROUNDS: tuple[Workaround, ...] = ("none", "empty_cache", "past_key_values", "reload")
"""Workarounds that apply to `generate()`."""
N_LOGIT_STEPS = 32
"""First decoding steps of a take whose logits are kept for comparison."""
_UNCHANGED: Sampling = MappingProxyType({})


class LegacyBackend:
    """A `mayabook.engines.Engine` that synthesises one take at a time, always with the settings it was created with.

    tokens: those of the last take. logits: those of its first steps for the audio ids, before the sampler,
    shape (n_steps, n_audio).
    """

    sample_rate = SAMPLE_RATE
    library: ClassVar[str]
    """Name of the package that generates."""

    def __init__(
        self, variants: LocalModelVariants, name: str, workaround: Workaround, settings: SamplerSettings
    ) -> None:
        self.name, self.workaround = name, workaround
        self.voice, self.credit = variants.voice, name
        self.identity = f"{name} {workaround} {variants.identity}"
        self.platform = f"{self.library} {version(self.library)}"
        self.tokens: list[int] = []
        self.logits: Logits = np.empty((0, 0), np.float32)
        self._variants, self._settings = variants, settings
        self._load()
        self._codec = variants.codec(self._layout)
        self._prompts = PromptBuilder(self._tokenizer, self._layout)
        self._is_used = False

    _layout: Layout
    _tokenizer: Tokenizer

    def _load(self) -> None:
        """Loads the model, its token layout and its tokenizer."""
        raise NotImplementedError

    def _apply_workaround(self) -> None:
        """Applies the workaround before a take; `generate` handles `reload` itself."""
        raise NotImplementedError

    def _generate(self, prompt: Sequence[int], seed: int) -> list[int]:
        """Generates and returns the tokens of a take, and sets `logits`."""
        raise NotImplementedError

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        """Yields a take per request; the workaround is applied before every take but the first."""
        for request in requests:
            if self._is_used and self.workaround == "reload":
                self.close()
                self._load()
            elif self._is_used:
                self._apply_workaround()
            self._is_used = True
            started = time.perf_counter()
            tokens = self.tokens = self._generate(self._prompts.build(request.voice, request.text), request.seed)
            frames, strays = tolerant_frames(tokens, self._layout)
            stop = StopReason.END if self._layout.code_end in tokens else StopReason.CAP
            audio = self._codec.decode(frames[None], [request.seed])[0]
            none = np.empty(0, np.float16)
            codes = Codes(frames, none, none, none, none)
            detail = f"{strays} tokens were not the code that stood there" if strays else ""
            yield Take(request, audio, SAMPLE_RATE, stop, time.perf_counter() - started, codes, detail)

    def sampling(self, attempt: int) -> Sampling:
        return self._settings.as_sampling()

    def unsupported_reason(self, text: str) -> str | None:
        return None

    def close(self) -> None:
        raise NotImplementedError


class LegacyLlama(LegacyBackend):
    """llama-cpp-python's `Llama()`, one take after the other."""

    library = "llama-cpp-python"

    def __init__(
        self, variants: LocalModelVariants, format: str, workaround: Workaround = "none", changes: Sampling = _UNCHANGED
    ) -> None:
        self._file = variants.gguf(format)
        super().__init__(variants, f"Llama() {format}", workaround, _settings("original-gguf", changes))

    def _load(self) -> None:
        import llama_cpp

        from mayabook.models.llama_api import LlamaVocabulary, layout_of, messages, our_defaults

        with messages(), our_defaults():
            self._llama: Any = llama_cpp.Llama(
                str(self._file), n_ctx=self._variants.context, n_gpu_layers=-1, verbose=False
            )
        model = self._llama._model.model
        self._layout, self._tokenizer = layout_of(model, self._file), LlamaVocabulary(model)
        self._prompts = PromptBuilder(self._tokenizer, self._layout)

    def _apply_workaround(self) -> None:
        if self.workaround == "reset":
            self._llama.reset()

    def _generate(self, prompt: Sequence[int], seed: int) -> list[int]:
        import llama_cpp

        kept: list[NDArray[np.float32]] = []
        layout, settings = self._layout, self._settings

        def keep(ids: object, scores: NDArray[np.float32]) -> NDArray[np.float32]:
            if len(kept) < N_LOGIT_STEPS:
                kept.append(np.array(scores[layout.code_end : layout.last_code + 1]))
            return scores

        self._llama.set_seed(seed)
        tokens: list[int] = []
        for token in self._llama.generate(
            list(prompt),
            top_k=settings.top_k,
            top_p=settings.top_p,
            min_p=settings.min_p,
            temp=settings.temperature,
            repeat_penalty=settings.repetition_penalty,
            logits_processor=llama_cpp.LogitsProcessorList([keep]),
        ):
            tokens.append(int(token))
            if token == layout.code_end or len(tokens) >= settings.max_tokens:
                break
        self.logits = np.stack(kept)
        return tokens

    def close(self) -> None:
        self._llama.close()


class LegacyGenerate(LegacyBackend):
    """transformers' `generate()` with no attention mask and the text end as pad token, one take after the other."""

    library = "transformers"

    def __init__(
        self, variants: LocalModelVariants, format: str, workaround: Workaround = "none", changes: Sampling = _UNCHANGED
    ) -> None:
        self._format = format
        super().__init__(variants, f"generate() {format}", workaround, _settings("original-transformers", changes))

    def _load(self) -> None:
        self._decoder: Any = replace(self._variants, slots=1).load_decoder(self._format)
        self._layout, self._tokenizer = self._decoder.layout, self._decoder.tokenizer
        self._prompts = PromptBuilder(self._tokenizer, self._layout)

    def _apply_workaround(self) -> None:
        import torch

        if self.workaround == "empty_cache":
            gc.collect()
            torch.cuda.empty_cache()
        elif self.workaround == "past_key_values":
            self._decoder.model.past_key_values = None

    def _generate(self, prompt: Sequence[int], seed: int) -> list[int]:
        import torch

        from mayabook.engines.reference_generate import reference_generate

        layout, kept = self._layout, list[torch.Tensor]()
        tokens = reference_generate(
            self._decoder, prompt, self._settings, seed=seed, attention_mask=False, pad=layout.text_end, logits=kept
        )
        raw = torch.stack(kept[:N_LOGIT_STEPS])
        self.logits = raw[:, layout.code_end : layout.last_code + 1].float().cpu().numpy()
        return tokens

    def close(self) -> None:
        self._decoder.close()


def legacy_backends(
    variants: LocalModelVariants,
) -> Iterator[tuple[str, type[LegacyBackend], str, Sequence[Workaround]]]:
    """Yields name, class, format and workarounds of each legacy back end that has an available format."""
    for format in ("Q4_K_M", "F16"):
        if variants.unavailable_reason(format) is None:
            yield f"Llama() {format}", LegacyLlama, format, LLAMA_WORKAROUNDS
            break
    for format in ("NF4-bf16", "fp32"):
        if variants.unavailable_reason(format) is None:
            yield f"generate() {format}", LegacyGenerate, format, GENERATE_WORKAROUNDS
            break


def _settings(name: str, changes: Mapping[str, float | str]) -> SamplerSettings:
    """Settings of a preset with some changed."""
    return SamplerSettings.of({**preset(name).as_sampling(), **changes})


def tolerant_frames(tokens: Sequence[int], layout: Layout) -> tuple[Frames, int]:
    """Frames from the tokens before CODE_END, shape (n_frames, 7), and the number of misplaced tokens.

    Tokens that are not codes are misplaced, and so are codes of another codebook than that of their position in the
    frame.
    """
    before = list(tokens)
    if layout.code_end in before:
        before = before[: before.index(layout.code_end)]
    codes = np.array([t for t in before if layout.first_code <= t <= layout.last_code], np.int64) - layout.first_code
    strays = len(before) - len(codes)
    codes = codes[: len(codes) // CODES_PER_FRAME * CODES_PER_FRAME].reshape(-1, CODES_PER_FRAME)
    strays += int((codes // layout.codebook_size != np.arange(CODES_PER_FRAME)).sum())
    return (codes % layout.codebook_size).astype(np.int32), strays

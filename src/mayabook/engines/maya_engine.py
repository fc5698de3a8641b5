"""Maya1 as an engine: prompts in, speech codes sampled in slots, audio decoded while the next codes are sampled."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace

import numpy as np

from mayabook.core.errors import EngineError
from mayabook.core.take import Audio, Sampling, Take, TakeRequest
from mayabook.engines.engine import SAFER_FROM
from mayabook.engines.language import foreign_script
from mayabook.engines.sampler_settings import SamplerSettings, preset
from mayabook.engines.scheduler import CodeGenerator, DecodingRequest, SampledCodes
from mayabook.engines.token_budget import MAX_TOKENS_PER_CHARACTER, token_budget, token_cap
from mayabook.maya.anchor import Anchor
from mayabook.maya.codec import Codec
from mayabook.maya.frames import pack
from mayabook.maya.prompt import Bos, PromptBuilder, Tokenizer
from mayabook.maya.token_layout import SAMPLE_RATE, SAMPLES_PER_FRAME
from mayabook.maya.warm_up import WarmUp, without_warm_up

RULES_VERSION = 2
"""Version of prompt, token budget, loop detection and sampler, as part of the identity. It is raised when a change in
one of them changes takes; takes of an older version are then made again. Those of version 1 are used as they are: what
version 2 aborts, the checks reject."""
CONTEXT_FRAMES = 4
"""Frames of the anchor before a take that its first samples depend on: as far as the codec's decoder sees."""
_UNDECODED = 4
"""Most takes that wait for the codec; sampling waits when there are more."""


class MayaEngine:
    """Implements `mayabook.engines.Engine` on any `CodeGenerator`."""

    sample_rate = SAMPLE_RATE

    def __init__(
        self,
        name: str,
        generator: CodeGenerator,
        tokenizer: Tokenizer,
        codec: Codec,
        *,
        voice: str,
        credit: str,
        settings: SamplerSettings,
        bos: Bos = "twice",
        tokens_per_character: float = MAX_TOKENS_PER_CHARACTER,
        warm_up: WarmUp = "auto",
    ) -> None:
        """voice: the description that goes into the prompt. generator: closed by `close`. tokens_per_character: see
        `token_budget`; 0 for no budget."""
        self.name, self.voice, self.credit = name, voice, credit
        self.generator, self.codec = generator, codec
        self._settings = settings
        self._tokens_per_character, self._warm_up = tokens_per_character, warm_up
        self._prompts = PromptBuilder(tokenizer, generator.layout, bos)
        self._decoding = ThreadPoolExecutor(1, thread_name_prefix="codec")
        rules = f"bos {bos}; warm-up {warm_up}; rules {RULES_VERSION}"
        self._identity = f"{generator.identity}; {codec.identity}; {rules}"
        self.platform = f"{generator.platform}; {codec.platform}"
        former = f"bos {bos}; rules 1"
        self._former_identities: tuple[str, ...] = (
            f"{generator.former_identity}; {_former_identity(codec)}; {former}",
            f"{generator.identity}; {codec.identity}; {former}",
        )
        if warm_up == "trim":  # takes of version 1 have their first frame
            self._former_identities = ()
        self.use_anchor(None)

    def use_anchor(self, anchor: Anchor | None) -> None:
        if anchor is not None:
            pack(anchor.frames, self.generator.layout)  # raises FrameError
        self.anchor = anchor
        self.identity = self._identity if anchor is None else f"{self._identity}; anchor {anchor.digest}"
        self.former_identities = self._former_identities if anchor is None else ()

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        decoding: dict[Future[Audio], SampledCodes] = {}
        with closing(self.generator.run(self._decoding_requests(requests))) as generated:
            for sampled in generated:
                if sampled is not None:
                    decoding[self._decoding.submit(self._decode, sampled)] = sampled
                yield from _finished(decoding, at_most=_UNDECODED)
        yield from _finished(decoding, at_most=0)

    def _decoding_requests(self, requests: Iterable[TakeRequest]) -> Iterator[DecodingRequest]:
        for request in requests:
            settings = SamplerSettings.of(request.sampling)
            prompt, n_shared = self._prompt(request)
            cap = token_cap(request.text, settings.max_tokens)
            if len(prompt) + cap > self.generator.n_context:
                anchor = "" if self.anchor is None else f", {self.anchor.frames.size} of them the anchor's,"
                raise EngineError(
                    f"A chunk needs {len(prompt)} tokens of prompt{anchor} and up to {cap} of speech, more than the "
                    f"context of {self.generator.n_context}; give a larger --context, a smaller --max-chars or a "
                    "shorter voice description."
                )
            yield DecodingRequest(request, prompt, settings, cap, self._budget(request.text), n_shared)

    def _budget(self, text: str) -> int | None:
        return token_budget(text, self._tokens_per_character) if self._tokens_per_character else None

    def _prompt(self, request: TakeRequest) -> tuple[list[int], int]:
        """Token ids, and how many of the first are the same for every text."""
        if self.anchor is None:
            return self._prompts.build(request.voice, request.text), 0
        prompt = self._prompts.build_anchored(request.voice, request.text, self.anchor)
        return prompt.ids, prompt.n_shared

    def _decode(self, sampled: SampledCodes) -> Audio:
        """A take that goes on from an anchor is decoded together with the anchor's last frames, which are cut off; so
        the codec has started before its first frame."""
        frames, seeds = sampled.codes.frames, [sampled.request.seed]
        if self.anchor is None:
            return without_warm_up(self.codec.decode(frames[None], seeds)[0], self._warm_up)
        before = self.anchor.frames[-CONTEXT_FRAMES:]
        audio: Audio = self.codec.decode(np.concatenate([before, frames])[None], seeds)[0]
        return audio[len(before) * SAMPLES_PER_FRAME :]

    def sampling(self, attempt: int) -> Sampling:
        """From attempt SAFER_FROM on, temperature and top_p are at most those of the preset `safer`."""
        if attempt < SAFER_FROM:
            return self._settings.as_sampling()
        safer = preset("safer")
        safe = replace(
            self._settings,
            temperature=min(self._settings.temperature, safer.temperature),
            top_p=min(self._settings.top_p, safer.top_p),
        )
        return safe.as_sampling()

    def unsupported_reason(self, text: str) -> str | None:
        return foreign_script(text, "Maya1")

    def close(self) -> None:
        self._decoding.shutdown(wait=True, cancel_futures=True)
        self.generator.close()


def _former_identity(codec: Codec) -> str:
    """The identity of this codec in earlier versions, which included the platform."""
    former: str = getattr(codec, "former_identity", codec.identity)
    return former


def _finished(decoding: dict[Future[Audio], SampledCodes], at_most: int) -> Iterator[Take]:
    """Yields the takes that the codec has finished, oldest first; waits while more than `at_most` are unfinished."""
    for future in list(decoding):
        if not future.done() and len(decoding) <= at_most:
            continue
        audio = future.result()
        sampled = decoding.pop(future)
        yield Take(sampled.request, audio, SAMPLE_RATE, sampled.stop, sampled.seconds, sampled.codes, sampled.detail)

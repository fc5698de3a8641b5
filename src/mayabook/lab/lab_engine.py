"""A Maya engine for experiments, whose requests may also change the prompt and the audio."""

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast, get_args

from mayabook.core.errors import LabError
from mayabook.core.take import Audio, Take, TakeRequest
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.slot_decoder import SlotDecoder
from mayabook.lab.joined_takes import joined_takes
from mayabook.maya.prompt import Bos, PromptBuilder
from mayabook.maya.token_layout import SAMPLES_PER_FRAME

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


class LabEngine(MayaEngine):
    """A Maya engine whose requests may also hold the settings of `PROMPT_KEYS`."""

    other_description = ""
    """Description of the voice in the other form; empty if there is none: requests for it then get the given one."""

    def generate(self, requests: Iterable[TakeRequest]) -> Generator[Take, None, None]:
        """Requests of length `sentences` are synthesised sentence by sentence, with one seed, and joined."""
        return joined_takes(requests, super().generate)

    def _decode(self, sampled: SampledCodes) -> Audio:
        audio = super()._decode(sampled)
        return audio[SAMPLES_PER_FRAME:] if sampled.request.sampling.get("warm_up") == "trimmed" else audio

    @property
    def has_logits(self) -> bool:
        """Whether its logits can be read; vLLM keeps them in its worker process."""
        return isinstance(self.generator, SlotScheduler)

    @property
    def decoder(self) -> SlotDecoder:
        """Of an engine that has logits."""
        assert isinstance(self.generator, SlotScheduler)
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
        layout = self.generator.layout
        voice = self.other_description if request.sampling.get("description") == "other" else ""
        builder = PromptBuilder(self._prompts._tokenizer, layout, bos)
        if request.sampling.get("anchor") == "auto" and self.anchor is not None:
            ids = builder.build_anchored(voice or request.voice, request.text, self.anchor).ids
        else:
            ids = builder.build(voice or request.voice, request.text)
        hidden = request.sampling.get("text_end") == "hidden"
        return [token for token in ids if not (hidden and token == layout.text_end)]

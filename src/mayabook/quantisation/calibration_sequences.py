"""The sequences that quantisation is calibrated on: prompts, and the codes that the model itself generates for them.

GPTQ and AWQ fit their rounding to the activations that a model has on these sequences. Web text, the usual choice, has
neither speech codes nor descriptions of voices.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice

from mayabook.core.errors import ModelError
from mayabook.core.settings import MayaSettings
from mayabook.core.take import Sampling, StopReason, TakeRequest
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.plugin import EngineContext
from mayabook.engines.transformers_plugin import TransformersPlugin
from mayabook.maya import voices
from mayabook.maya.frames import pack
from mayabook.maya.prompt import PromptBuilder
from mayabook.maya.tokenizer import CheckpointTokenizer
from mayabook.models.store import ModelFiles

MIN_SEQUENCES = 16
"""Fewest takes that must end by themselves for a calibration. If none of the first takes, as many as
this, ends by itself, no more are made."""


def generate_sequences(
    files: ModelFiles,
    texts: Sequence[str],
    settings: MayaSettings,
    note: Callable[[str], None],
    progress: Callable[[int, int], None],
    n_takes: int,
) -> list[list[int]]:
    """Token ids of takes of the texts: prompt, codes, CODE_END. The texts are read in turn, each time in another voice;
    takes that did not end by themselves are left out.

    settings: how the takes are sampled and where they are computed. note: takes lines for a person. progress: called
    with the takes made and the takes in all. Raises ModelError if too few takes ended, EngineError where the model
    cannot be loaded.
    """
    assert files.checkpoint is not None
    engine, _ = TransformersPlugin().open(settings, EngineContext(note=note))
    assert isinstance(engine, MayaEngine)
    try:
        layout = engine.generator.layout
        prompts = PromptBuilder(CheckpointTokenizer(files.checkpoint), layout, settings.bos)
        found = []
        for n_done, take in enumerate(engine.generate(_requests(files, texts, engine.sampling(0), n_takes)), 1):
            if take.stop is StopReason.END and take.codes is not None:
                prompt = prompts.build(take.request.voice, take.request.text)
                found.append([*prompt, *pack(take.codes.frames, layout), layout.code_end])
            progress(n_done, n_takes)
            if not found and n_done == MIN_SEQUENCES:
                break
    finally:
        engine.close()
    if len(found) < min(MIN_SEQUENCES, n_takes):
        raise ModelError(
            f"Only {len(found)} of {n_done} takes of {files.name} ended by themselves, too few to calibrate on; "
            "name a book that the model reads well with --calibration, or choose RTN, which needs no calibration."
        )
    return found


def _requests(files: ModelFiles, texts: Sequence[str], sampling: Sampling, n_takes: int) -> Iterator[TakeRequest]:
    descriptions = list(files.voices().values()) or list(voices.descriptions().values())
    for number, text in enumerate(islice(cycle(texts), n_takes)):
        repetition = number // len(texts)  # so that a text gets another voice, even if their numbers divide each other
        voice = descriptions[(number + repetition) % len(descriptions)]
        yield TakeRequest(str(number), text, voice, number, sampling=sampling)

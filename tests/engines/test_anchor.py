"""Takes that continue an anchor: what they are made of, and that they depend on nothing but their request."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mayabook.core.errors import EngineError, FrameError
from mayabook.core.take import Take
from mayabook.engines.maya_engine import CONTEXT_FRAMES, MayaEngine
from mayabook.engines.sampler import prompt_columns
from mayabook.engines.slot_decoder import IDLE
from mayabook.maya.anchor import Anchor
from mayabook.maya.codec import open_codec
from mayabook.maya.frames import pack
from mayabook.models.store import ModelFiles
from tests.engines.maya_engines import DECODERS, SHORT, ask, maya_engine
from tests.tiny_models import SMALL, write_codec

KINDS = ("gguf F16", "gguf Q4_K_M", "transformers fp32", "transformers bf16")
TEXTS = ("The lamp was lit at nine.", "No.", "She counted two hundred and twelve steps, and then she sat down.")
N_SLOTS = 3


def anchor_of(seed: int, n_frames: int = 12) -> Anchor:
    draw = np.random.Generator(np.random.Philox(seed))
    return Anchor("The boats came in with the tide.", draw.integers(0, 256, (n_frames, 7)).astype(np.int32))


ANCHOR = anchor_of(1)


@pytest.fixture(scope="module", params=KINDS)
def engine(request: pytest.FixtureRequest, tiny: ModelFiles) -> Iterator[MayaEngine]:
    engine = maya_engine(request.param, tiny, N_SLOTS)
    engine.use_anchor(ANCHOR)
    yield engine
    engine.close()


def kind_of(engine: MayaEngine) -> str:
    return engine.credit.removeprefix("tiny (").removesuffix(")")


def digest(take: Take) -> str:
    """Of codes and traces."""
    assert take.codes is not None
    parts = (take.codes.frames, take.codes.log_probability, take.codes.entropy, take.codes.end_probability)
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def digests(engine: MayaEngine, *texts: str) -> dict[str, str]:
    return {take.request.text: digest(take) for take in engine.generate(ask(engine, text) for text in texts)}


def samples(engine: MayaEngine, *texts: str) -> dict[str, bytes]:
    """Of one process: on a CPU, the codec's sums depend on the number of PyTorch's threads."""
    return {take.request.text: take.audio.tobytes() for take in engine.generate(ask(engine, text) for text in texts)}


def test_a_take_depends_on_its_request_and_the_anchor_alone(engine: MayaEngine, tiny: ModelFiles) -> None:
    """Alone in a fresh engine; in every slot, beside others, in another order; after takes of another anchor and of
    none."""
    fresh = maya_engine(kind_of(engine), tiny, N_SLOTS)
    fresh.use_anchor(ANCHOR)
    alone = digests(fresh, TEXTS[0])
    fresh.close()
    together = digests(engine, *TEXTS)
    assert together[TEXTS[0]] == alone[TEXTS[0]]
    heard = samples(engine, *TEXTS)
    for turn in range(N_SLOTS):
        assert digests(engine, *TEXTS[turn:], *TEXTS[:turn]) == together
        assert samples(engine, TEXTS[turn]) == {TEXTS[turn]: heard[TEXTS[turn]]}
    engine.use_anchor(anchor_of(2))
    other = digests(engine, *TEXTS)
    engine.use_anchor(None)
    bare = digests(engine, *TEXTS)
    engine.use_anchor(ANCHOR)
    assert digests(engine, *reversed(TEXTS)) == together
    for text in TEXTS:
        assert len({together[text], other[text], bare[text]}) == 3


FRESH = """
import sys
from pathlib import Path
from mayabook.models.store import ModelFiles
from tests.engines.maya_engines import maya_engine
from tests.engines.test_anchor import ANCHOR, TEXTS, digests
gguf, checkpoint, codec = map(Path, sys.argv[1:])
for kind in ("gguf F16", "transformers fp32"):
    engine = maya_engine(kind, ModelFiles("tiny", checkpoint, {"F16": gguf}, codec), 3)
    engine.use_anchor(ANCHOR)
    print(digests(engine, "Go on.", *reversed(TEXTS))[TEXTS[0]], engine.identity)
    engine.close()
"""


def test_a_take_and_its_identity_are_the_same_in_a_fresh_process(tiny: ModelFiles) -> None:
    paths = [str(tiny.ggufs["F16"]), str(tiny.checkpoint), str(tiny.codec)]
    said = subprocess.run([sys.executable, "-c", FRESH, *paths], capture_output=True, text=True, check=True).stdout
    for kind, line in zip(("gguf F16", "transformers fp32"), said.splitlines(), strict=True):
        engine = maya_engine(kind, tiny, N_SLOTS)
        engine.use_anchor(ANCHOR)
        assert line == f"{digests(engine, TEXTS[0])[TEXTS[0]]} {engine.identity}"
        engine.close()


def test_the_identity_names_the_anchor(engine: MayaEngine) -> None:
    anchored = engine.identity
    engine.use_anchor(None)
    bare, former = engine.identity, engine.former_identities
    engine.use_anchor(anchor_of(2))
    other = engine.identity
    engine.use_anchor(anchor_of(1))
    assert engine.identity == anchored
    assert len({anchored, other, bare}) == 3
    assert anchored == f"{bare}; anchor {ANCHOR.digest}"
    assert former
    assert not engine.former_identities  # earlier versions had no anchors


@pytest.mark.parametrize("kind", KINDS)
def test_what_prompts_share_is_computed_once_and_copied(kind: str, tiny: ModelFiles) -> None:
    """The first prompt after others computes it, those that follow copy it: the same logits, bit for bit, and nearly
    those of the prompt computed as a whole."""
    decoder = DECODERS[kind](tiny, N_SLOTS)
    shared, own = [int(token) for token in np.random.default_rng(1).integers(0, 3000, 60)], [7, 8, 9]
    forced = np.array([11, IDLE, 12], np.int32)

    def logits(slot: int, n_shared: int) -> np.ndarray:
        decoder.prefill(slot, [*shared, *own], n_shared)
        first = np.asarray(decoder.logits[slot]).copy()
        decoder.step(forced)
        return np.stack([first, np.asarray(decoder.logits[slot])])

    computed = logits(0, len(shared))
    decoder.prefill(0, [5] * 200)
    for slot in (2, 0):
        np.testing.assert_array_equal(logits(slot, len(shared))[0], computed[0])
    decoder.prefill(1, [3, 4, 5, 6], 3)
    np.testing.assert_array_equal(logits(0, len(shared)), computed)
    whole = logits(0, 0)
    assert np.corrcoef(whole.ravel(), computed.ravel())[0, 1] > 0.999
    decoder.close()


def test_a_take_goes_on_from_the_anchors_last_frames(tiny: ModelFiles, tmp_path: Path) -> None:
    """Without noise, which depends on the number of frames, its samples are those of anchor and take decoded as one."""
    codec = write_codec(tmp_path / "codec", noise=False)
    engine = maya_engine("transformers fp32", replace(tiny, codec=codec), 1)
    engine.use_anchor(ANCHOR)
    take = next(engine.generate([ask(engine, TEXTS[0])]))
    engine.close()
    assert take.codes is not None
    decode = open_codec(codec, SMALL).decode
    whole = decode(np.concatenate([ANCHOR.frames, take.codes.frames])[None], [0])[0]
    np.testing.assert_allclose(take.audio, whole[-len(take.audio) :], atol=1e-5)
    bare = decode(take.codes.frames[None], [0])[0]
    assert np.abs(take.audio - bare).max() > 1e-3
    assert len(take.audio) == len(bare)
    assert len(ANCHOR.frames) > CONTEXT_FRAMES


def test_the_anchors_codes_are_prompt_to_the_penalty(engine: MayaEngine) -> None:
    """They count where the preset says that the prompt does, as in vLLM, and throughout the take."""
    prompt, n_shared = engine._prompt(ask(engine, TEXTS[0]))
    codes = pack(ANCHOR.frames, SMALL)
    assert prompt[-len(codes) :] == codes
    assert not set(codes) & set(prompt[:n_shared])
    counted = prompt_columns(replace(SHORT, penalty_prompt=True), prompt, SMALL) + SMALL.code_end
    assert {token for token in counted.tolist() if token >= SMALL.first_code} == set(codes)
    assert not len(prompt_columns(replace(SHORT, penalty_prompt=False), prompt, SMALL))


def test_the_context_holds_the_anchor_too(engine: MayaEngine) -> None:
    engine.use_anchor(anchor_of(1, n_frames=70))
    with pytest.raises(EngineError, match=r"A chunk needs \d+ tokens of prompt, 490 of them the anchor's.*--context"):
        next(engine.generate([ask(engine, TEXTS[0])]))
    engine.use_anchor(ANCHOR)


def test_codes_that_the_model_does_not_have(engine: MayaEngine) -> None:
    with pytest.raises(FrameError, match="Codes go from 0 to 255"):
        engine.use_anchor(Anchor("A.", np.full((2, 7), 256, np.int32)))
    assert engine.anchor is not None
    assert engine.anchor.digest == ANCHOR.digest

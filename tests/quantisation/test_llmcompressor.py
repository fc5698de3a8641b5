"""The real llmcompressor, where its tool environment is installed: maya1-tiny in every format, and the engine's contract."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("compressed_tensors")

import torch

from mayabook.core.errors import EngineError
from mayabook.core.settings import MayaSettings
from mayabook.core.take import StopReason
from mayabook.core.tool_environments import State, tool_environment
from mayabook.engines.transformers_decoder import TransformersDecoder
from mayabook.engines.transformers_plugin import TransformersPlugin
from mayabook.maya.frames import pack
from mayabook.maya.prompt import PromptBuilder
from mayabook.models import store
from mayabook.models.checkpoint_formats import FORMATS
from mayabook.models.store import ModelFiles
from mayabook.quantisation.checkpoint_quantisation import make_checkpoints
from mayabook.testing import EngineContract
from tests.quantisation.memorised_speech import calibration, import_maya1_tiny, listening, reference

CALIBRATED_ON = (0, 10, 12, 13)
NOT_CALIBRATED_ON = (27, 44)
VOICE = "storyteller"

pytestmark = pytest.mark.skipif(
    tool_environment("quantisation").state is not State.READY,
    reason="llmcompressor is not installed: mayabook engines install quantisation",
)


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> ModelFiles:
    """maya1-tiny in every format."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAYABOOK_MODELS", str(tmp_path_factory.mktemp("models")))
        import_maya1_tiny()
        listener, _ = listening()
        list(make_checkpoints("tiny", list(FORMATS), calibration(*CALIBRATED_ON, n_takes=16), listener))
        return store.stored("tiny")


def test_every_format_is_made(quantised: ModelFiles) -> None:
    assert quantised.quantised.keys() == FORMATS.keys()
    sizes = {name: store.size_of(folder) for name, folder in quantised.quantised.items()}
    assert quantised.checkpoint is not None
    assert sizes["GPTQ"] == pytest.approx(sizes["RTN"], rel=0.01)
    assert sizes["GPTQ"] == pytest.approx(sizes["AWQ"], rel=0.01)
    assert sizes["GPTQ"] < sizes["FP8"] < store.size_of(quantised.checkpoint)


def surprise(folder: Path, description: str) -> float:
    """Mean negative log-likelihood of the true codes of chunks that nothing was calibrated on, in nats."""
    decoder = TransformersDecoder(folder, 1, 1024, device="cpu")
    layout = decoder.layout
    prompts = PromptBuilder(decoder.tokenizer, layout)
    texts, frames = reference()
    found = []
    for at in NOT_CALIBRATED_ON:
        decoder.prefill(0, prompts.build(description, texts[at]))
        for token in pack(frames[at].astype(np.int32), layout):
            found.append(-torch.log_softmax(decoder.logits[0], 0)[token - layout.code_end].item())
            decoder.step(np.array([token], np.int32))
    decoder.close()
    return float(np.mean(found))


def test_they_know_what_they_were_not_calibrated_on(quantised: ModelFiles) -> None:
    assert quantised.checkpoint is not None
    description = quantised.voices()[VOICE]
    plain = surprise(quantised.checkpoint, description)
    nats = {name: surprise(quantised.quantised[name], description) for name in ("GPTQ", "AWQ", "RTN")}
    for name, value in nats.items():
        assert plain - 0.01 < value < plain + 0.5, (name, plain, nats)
    assert len(set(nats.values())) == 3


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_fp8_is_refused_on_a_cpu(quantised: ModelFiles) -> None:
    with pytest.raises(EngineError, match="is in FP8, which CPU does not compute"):
        TransformersDecoder(quantised.quantised["FP8"], 1, 256)


class _Quantised(EngineContract):
    plugin = TransformersPlugin()
    stops = (StopReason.END, StopReason.CAP)
    identity_names_width = True
    format = ""

    @pytest.fixture(autouse=True)
    def _keep_model(self, quantised: ModelFiles) -> None:
        self.model = quantised.quantised["RTN"].parent.parent

    def settings(self, width: int) -> MayaSettings:
        return MayaSettings(
            model=str(self.model),
            format=self.format,
            voice=VOICE,
            slots=width,
            context=512,
            max_tokens=42,
            temperature=1.0,
            device="cpu",
        )


class TestGptq(_Quantised):
    format = "GPTQ"


class TestAwq(_Quantised):
    format = "AWQ"

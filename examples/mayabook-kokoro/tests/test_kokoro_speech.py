"""Kokoro itself speaks, and MayaBook's recogniser hears it."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import jiwer
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from whisper_normalizer.english import EnglishTextNormalizer

from kokoro_packages import kokoro_folder
from mayabook.checks.recogniser import Recogniser
from mayabook.checks.thresholds import load_thresholds
from mayabook.core.errors import EngineError
from mayabook.core.take import Audio, StopReason, TakeRequest
from mayabook_kokoro.engine import KokoroEngine
from mayabook_kokoro.phonemes import MAX_TOKENS, Phonemizer
from mayabook_kokoro.settings import KokoroSettings
from mayabook_kokoro.synthesis import Synthesizer

SHORT = "The boat came in at dawn."


@pytest.fixture(scope="module")
def folder() -> Path:
    return kokoro_folder()


@pytest.fixture(scope="module")
def engine(folder: Path) -> KokoroEngine:
    return KokoroEngine(KokoroSettings(model=str(folder), workers=2))


def requests(engine: KokoroEngine, texts: Sequence[str]) -> list[TakeRequest]:
    return [TakeRequest(text, text, engine.voice, 1, 0, engine.sampling(0)) for text in texts]


def speak(engine: KokoroEngine, text: str) -> Audio:
    (take,) = engine.generate(requests(engine, [text]))
    assert take.stop is StopReason.END
    assert take.sample_rate == 24000
    return take.audio


def word_error_rate(text: str, audio: Audio) -> float:
    recogniser = Recogniser("tiny.en", "en", load_thresholds())
    heard = " ".join(word.text for word in recogniser.transcribe(audio, 24000))
    normalise = EnglishTextNormalizer()
    return float(jiwer.wer(normalise(text), normalise(heard)))


def test_the_recogniser_hears_what_is_written(folder: Path) -> None:
    text = "It was dry inside, and very clean. She put the letter back where it had been."
    audio = speak(KokoroEngine(KokoroSettings(model=str(folder), voice="am_michael")), text)
    assert 4 < len(audio) / 24000 < 7
    assert 0.1 < np.abs(audio).max() <= 1
    assert word_error_rate(text, audio) == 0


def test_a_text_beyond_the_context_is_spoken_whole(folder: Path) -> None:
    text = (
        "They walked down to the water and tied it to the old stone wall. It was dry inside, and very clean. "
        "Under the seat they found a letter, addressed to the keeper of the light. It had never been opened. "
        "She turned it over twice, and then she put it back where it had been. “We should read it,” said her brother. "
        "He shook his head. Some letters are better left alone. In the evening the water rose, and the boat went "
        "out again. Neither of them tried to stop it. They stood on the shore until the stars came out, and talked "
        "about the summer."
    )
    assert len("".join(Phonemizer(british=True)(text))) > MAX_TOKENS
    british = KokoroEngine(KokoroSettings(model=str(folder), voice="bf_emma", speed=1.5))
    assert word_error_rate(text, speak(british, text)) < 0.1  # one of its two parts lost would be 0.5


def test_another_process_speaks_the_same_samples(folder: Path, engine: KokoroEngine) -> None:
    script = (
        "import hashlib, sys\n"
        "from mayabook.core.take import TakeRequest\n"
        "from mayabook_kokoro.engine import KokoroEngine\n"
        "from mayabook_kokoro.settings import KokoroSettings\n"
        "engine = KokoroEngine(KokoroSettings(model=sys.argv[1], workers=1))\n"
        "(take,) = engine.generate([TakeRequest('', sys.argv[2], engine.voice, 1, 0, engine.sampling(0))])\n"
        "print(hashlib.sha256(take.audio.tobytes()).hexdigest())\n"
    )
    path = os.pathsep.join(filter(None, sys.path))  # as pytest has it: the package need not be installed
    other = subprocess.run(
        [sys.executable, "-c", script, folder, SHORT],
        env=os.environ | {"PYTHONPATH": path},
        check=True,
        capture_output=True,
        text=True,
    )
    assert other.stdout.strip() == hashlib.sha256(speak(engine, SHORT).tobytes()).hexdigest()


def test_speed_and_later_attempts_change_the_pace(folder: Path, engine: KokoroEngine) -> None:
    quick = KokoroEngine(KokoroSettings(model=str(folder), speed=1.6))
    assert len(speak(engine, SHORT)) / len(speak(quick, SHORT)) == pytest.approx(1.6, rel=0.2)  # edges do not stretch
    assert [quick.sampling(attempt)["speed"] for attempt in range(4)] == [1.6, 1.52, 1.44, 1.44]


def test_nothing_to_say_is_no_audio(engine: KokoroEngine) -> None:
    assert len(speak(engine, "* * *")) == 0


def test_closing_abandons_what_is_under_way(engine: KokoroEngine) -> None:
    long = "They walked down to the water and tied it to the old stone wall. " * 6
    takes = engine.generate(requests(engine, ["No.", long]))
    assert next(takes).request.text == "No."
    started = time.process_time()
    takes.close()
    assert time.process_time() - started < 3  # of CPU; the take itself needs some twenty


def test_another_voice_than_its_own_is_refused(engine: KokoroEngine) -> None:
    with pytest.raises(EngineError, match="speaks as 'af_heart', not 'bm_lewis'"):
        list(engine.generate([TakeRequest("", SHORT, "bm_lewis", 1, 0, engine.sampling(0))]))


def test_a_graph_that_draws_noise_draws_it_from_the_seed(tmp_path: Path) -> None:
    """Some exports of Kokoro keep the random operators of its source module; this graph has nothing else."""
    graph = helper.make_graph(
        [helper.make_node("RandomNormalLike", ["style"], ["waveform"])],
        "noise",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, None]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("waveform", TensorProto.FLOAT, [1, 256])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, tmp_path / "noise.onnx")
    styles = np.zeros((510, 256), np.float32)
    first, again, other = (
        Synthesizer(tmp_path / "noise.onnx").speak(["a", "b"], styles, 1, seed) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first, again)
    assert len(first) == 512
    assert not np.array_equal(first, other)
    synthesizer = Synthesizer(tmp_path / "noise.onnx")
    synthesizer.speak(["c"], styles, 1, 9)
    np.testing.assert_array_equal(synthesizer.speak(["a", "b"], styles, 1, 5), first)

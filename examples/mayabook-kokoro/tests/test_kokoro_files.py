import shutil
from pathlib import Path

import pytest

from kokoro_packages import kokoro_folder
from mayabook.core.errors import EngineError
from mayabook_kokoro.engine import KokoroEngine
from mayabook_kokoro.files import find_files
from mayabook_kokoro.settings import KokoroSettings
from mayabook_kokoro.synthesis import load_styles
from mayabook_kokoro.voices import VOICES


@pytest.fixture(scope="module")
def folder() -> Path:
    return kokoro_folder()


def test_every_english_voice_is_found_and_loads(folder: Path) -> None:
    assert len(VOICES) == 28
    for name in VOICES:
        assert load_styles(find_files(str(folder), KokoroSettings().onnx_file, name).voice).shape == (510, 256)


def test_a_folder_without_the_model_says_what_it_should_have(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"has no onnx/model_quantized\.onnx; lay it out as onnx-community/"):
        KokoroEngine(KokoroSettings(model=str(tmp_path)))


def test_a_voice_that_the_folder_lacks_names_those_it_has(folder: Path) -> None:
    with pytest.raises(EngineError, match=r"has no voices/af_nobody\.bin; it has voices/af_alloy\.bin, "):
        KokoroEngine(KokoroSettings(model=str(folder), voice="af_nobody"))


def test_a_folder_that_is_not_there_is_not_asked_of_the_hub() -> None:
    with pytest.raises(EngineError, match=r"There is no folder \./nowhere; name one that is laid out as "):
        KokoroEngine(KokoroSettings(model="./nowhere"))


def test_an_unknown_voice_is_not_asked_of_the_hub() -> None:
    with pytest.raises(EngineError, match="no English voice 'nobody'; choose one of: af_alloy, "):
        KokoroEngine(KokoroSettings(voice="nobody"))


def test_without_network_the_message_says_how_to_bring_the_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(
        EngineError, match=r"cannot be fetched .*hf download onnx-community/\S+ --local-dir kokoro, "
    ) as caught:
        KokoroEngine(KokoroSettings())
    assert "\n" not in str(caught.value)


def test_a_damaged_model_or_voice_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "onnx").mkdir()
    (tmp_path / "onnx/model_quantized.onnx").write_bytes(b"no model")
    shutil.copytree(folder / "voices", tmp_path / "voices")
    with pytest.raises(EngineError, match=r"model_quantized\.onnx cannot be run \(.*\); fetch it again\."):
        KokoroEngine(KokoroSettings(model=str(tmp_path)))
    (tmp_path / "voices/af_sky.bin").write_bytes(b"\0" * 100)
    with pytest.raises(
        EngineError, match=r"af_sky\.bin is not a Kokoro voice: it has 100 bytes, and a voice has 522,240"
    ):
        KokoroEngine(KokoroSettings(model=str(tmp_path), voice="af_sky"))

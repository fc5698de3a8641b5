"""Kokoro, described for MayaBook's registry of engines."""

from collections.abc import Mapping, Sequence

from mayabook.core.errors import EngineError
from mayabook.engines.engine import Engine
from mayabook.engines.plugin import EngineChoice, EngineContext, EnginePlugin, Voice
from mayabook_kokoro.files import find_files, is_folder
from mayabook_kokoro.settings import KokoroSettings
from mayabook_kokoro.voices import VOICES, describe


class KokoroPlugin(EnginePlugin[KokoroSettings]):
    name = "kokoro"
    description = "Kokoro-82M on ONNX Runtime; 28 English voices on the CPU"
    settings_table = "kokoro"
    settings_model = KokoroSettings
    packages = ("hibari", "onnxruntime")
    install = "mayabook-kokoro"
    sample_rate = 24_000
    speaks_ipa = True
    languages = ("en-US", "en-GB")

    def open(self, settings: KokoroSettings, context: EngineContext) -> tuple[Engine, EngineChoice]:
        from mayabook_kokoro.engine import KokoroEngine

        return KokoroEngine(settings), EngineChoice(kind=self.name)

    def unavailable_reason(self, settings: KokoroSettings) -> str | None:
        """Files that the hub has are no reason: `open` fetches them."""
        if not is_folder(settings.model):
            return super().unavailable_reason(settings)
        try:
            find_files(settings.model, settings.onnx_file, settings.voice)
        except EngineError as error:
            return str(error).rstrip(".")
        return super().unavailable_reason(settings)

    def voices(self) -> Sequence[Voice]:
        return [Voice(self.name, name, "any", describe(name)) for name in VOICES]

    def installation(self) -> Mapping[str, str]:
        return {self.name: self.unavailable_reason(KokoroSettings()) or f"{self.description}; files from the hub"}

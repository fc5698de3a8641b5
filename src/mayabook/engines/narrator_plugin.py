"""The built-in CPU narrator, described for the registry."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mayabook.core.settings import NarratorSettings
from mayabook.engines.engine import Engine
from mayabook.engines.plugin import EngineChoice, EngineContext, EnginePlugin, Voice


class NarratorPlugin(EnginePlugin[NarratorSettings]):
    name = "narrator"
    description = "hibari-tts on the CPU; runs on any machine without a download"
    settings_table = "narrator"
    settings_model = NarratorSettings
    packages = ("hibari",)
    install = "hibari-tts[fast]"
    sample_rate = 24_000
    speaks_ipa = True

    def open(self, settings: NarratorSettings, context: EngineContext) -> tuple[Engine, EngineChoice]:
        from mayabook.engines.narrator import Narrator

        return Narrator(settings), EngineChoice(kind=self.name)

    def voices(self) -> Sequence[Voice]:
        from hibari.voices import VOICES

        return [Voice("narrator", name, "any", _described(facts)) for name, facts in VOICES.items()]

    def installation(self) -> Mapping[str, str]:
        from hibari.voices import VOICES

        from mayabook.engines.narrator import Narrator

        here = [name for name in VOICES if _is_here(name)]
        return {"narrator": f"{Narrator(NarratorSettings()).identity}; voices installed: {', '.join(here)}"}

    def auto_priority(self, settings: NarratorSettings) -> int:
        return 1


def _described(facts: Mapping[str, object]) -> str:
    place = "comes with MayaBook" if facts.get("bundled") else "is downloaded when first used"
    return f"{str(facts['gender']).capitalize()}, {facts['accent']} accent; {place}."


def _is_here(voice: str) -> bool:
    from hibari import voices

    try:
        return Path(voices.voice_path(voice, download_missing=False)).is_file()
    except FileNotFoundError:
        return False

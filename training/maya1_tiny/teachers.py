"""The teachers of the corpus: engines of MayaBook, one for each speaker."""

from pathlib import Path

from mayabook.core.errors import EngineError
from mayabook.core.settings import NarratorSettings
from mayabook.engines.engine import Engine
from mayabook.engines.narrator import Narrator

HEART = "heart"
"""The narrator's default voice; every other speaker is a voice of Kokoro."""
KOKORO = Path(__file__).parents[2] / "build" / "kokoro"


class Teachers:
    """Teachers by speaker. Each is opened when it is first used; all are closed at the end of the context."""

    def __init__(self) -> None:
        self._open: dict[str, Engine] = {}

    def __enter__(self) -> "Teachers":
        return self

    def __exit__(self, *_: object) -> None:
        for engine in self._open.values():
            engine.close()

    def __getitem__(self, speaker: str) -> Engine:
        if speaker not in self._open:
            self._open[speaker] = Narrator(NarratorSettings()) if speaker == HEART else _kokoro(speaker)
        return self._open[speaker]


def _kokoro(voice: str) -> Engine:
    """Raises EngineError where Kokoro or its files are missing."""
    try:
        from mayabook_kokoro.engine import KokoroEngine
        from mayabook_kokoro.settings import KokoroSettings
    except ImportError as error:
        raise EngineError(
            f"The speaker {voice!r} needs Kokoro; run: pip install examples/mayabook-kokoro && make build/kokoro"
        ) from error
    return KokoroEngine(KokoroSettings(model=str(KOKORO), voice=voice))

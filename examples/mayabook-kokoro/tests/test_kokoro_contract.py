"""Kokoro keeps the contract of engines."""

from kokoro_packages import kokoro_folder
from mayabook.testing import EngineContract
from mayabook_kokoro.plugin import KokoroPlugin
from mayabook_kokoro.settings import KokoroSettings


class TestKokoro(EngineContract):
    plugin = KokoroPlugin()
    texts = ("The lamp was lit.", "No.", "She sat down.", "Why?\nBecause.", "It rained.")
    seed_changes_takes = False

    def settings(self, width: int) -> KokoroSettings:
        return KokoroSettings(model=str(kokoro_folder()), workers=width, speed=2)

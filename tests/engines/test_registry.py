"""The registry of engines: built-in ones, and those that another package adds."""

import subprocess
import sys
from pathlib import Path

import pytest

from mayabook.core.errors import EngineError, SettingsError
from mayabook.core.settings import NarratorSettings, Settings, load_settings
from mayabook.core.take import TakeRequest
from mayabook.engine_selection import open_engine
from mayabook.engines import EngineChoice, registry

ADDED = '''
from typing import ClassVar
from pydantic import Field
from mayabook.core.settings import NarratorSettings, SettingsGroup
from mayabook.engines import Engine, EngineChoice, EnginePlugin, Voice


class CalmSettings(SettingsGroup):
    pace: float = Field(default=0.8, ge=0.5, le=1.0)
    """Pace of speech."""


class CalmPlugin(EnginePlugin[CalmSettings]):
    name = "calm"
    description = "The narrator, slower"
    settings_table = "calm"
    settings_model = CalmSettings
    sample_rate = 24_000

    def open(self, settings, context):
        from mayabook.engines.narrator import Narrator

        context.note(f"pace {settings.pace}, language {context.language}")
        return Narrator(NarratorSettings(speed=settings.pace, workers=1)), EngineChoice(kind=self.name)

    def voices(self):
        return [Voice("calm", "calm", "any", "Slow.")]
'''


@pytest.fixture
def calm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that adds an engine, installed as pip would lay it out."""
    (tmp_path / "calm_engine.py").write_text(ADDED)
    install(tmp_path, "calm = calm_engine:CalmPlugin")
    monkeypatch.syspath_prepend(tmp_path)


def install(folder: Path, entry: str) -> None:
    facts = folder / "mayabook_calm-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: mayabook-calm\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[{registry.GROUP}]\n{entry}\n")


def test_the_built_in_engines_come_first() -> None:
    assert list(registry.plugins())[:3] == ["gguf", "transformers", "narrator"]
    assert all(name == plugin.name for name, plugin in registry.plugins().items())


def test_listing_the_engines_loads_no_inference_library() -> None:
    script = (
        "import sys\n"
        "from mayabook.engines import registry\n"
        "assert registry.plugins()\n"
        "heavy = ('torch', 'transformers', 'llama_cpp', 'onnxruntime', 'hibari')\n"
        "print(*(name for name in heavy if name in sys.modules))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"


@pytest.mark.usefixtures("calm")
def test_an_engine_of_another_package_is_opened_by_its_own_settings(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[engine]\nkind = "calm"\n[calm]\npace = 0.6\n')
    settings = load_settings(tmp_path / "settings.toml", {})
    notes: list[str] = []
    engine, choice = open_engine(settings, None, notes.append, "en-GB")
    try:
        assert choice == EngineChoice(kind="calm", reason="as requested")
        assert notes == ["pace 0.6, language en-GB"]
        assert engine.sampling(0) == {"speed": 0.6}
        take = next(engine.generate([TakeRequest("", "Yes.", engine.voice, 1, 0, engine.sampling(0))]))
        assert take.duration > 0.2
    finally:
        engine.close()
    assert "calm" in {voice.name for voice in registry.voices()}


@pytest.mark.usefixtures("calm")
def test_a_job_remembers_the_table_of_another_package() -> None:
    stored = Settings.model_validate({"calm": {"pace": 0.7}}).model_dump_json()
    again = Settings.model_validate_json(stored)
    registry.check_settings(again)
    assert registry.engine_settings(registry.plugin("calm"), again).pace == 0.7


@pytest.mark.usefixtures("calm")
@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"calm": {"pace": 3}}, r"Setting calm\.pace \(option --pace\) is 3; it must be a number, 0\.5 to 1\."),
        ({"calm": {"speed": 1}}, r"Unknown setting calm\.speed; choose one of: pace\."),
        ({"kalm": {}}, r"Unknown settings table \[kalm\]; did you mean 'calm'\?"),
        ({"engine": {"kind": "kalm"}}, r"Setting engine\.kind .* is 'kalm'; choose auto, gguf, .* or calm\."),
        ({"retry": {"engine": "auto"}}, r"Setting retry\.engine .* is 'auto'; choose none, gguf, .* or calm\."),
    ],
)
def test_what_the_settings_cannot_say_is_one_line(tables: dict[str, dict[str, object]], message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        registry.check_settings(load_settings(None, tables))
    assert "\n" not in str(caught.value)


def test_a_package_that_cannot_be_imported_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "calm = gone_engine:CalmPlugin")
    monkeypatch.syspath_prepend(tmp_path)
    reason = registry.plugin("calm").unavailable_reason(registry.other_settings_models()["calm"]())
    assert reason is not None
    assert "mayabook-calm cannot be loaded (ModuleNotFoundError: No module named 'gone_engine')" in reason
    assert registry.plugins()["narrator"].unavailable_reason(NarratorSettings()) is None
    with pytest.raises(EngineError, match="mayabook-calm"):
        open_engine(load_settings(None, {"engine": {"kind": "calm"}}), None, print)


def test_a_package_cannot_replace_a_built_in_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "narrator = gone_engine:CalmPlugin")
    monkeypatch.syspath_prepend(tmp_path)
    assert type(registry.plugin("narrator")).__name__ == "NarratorPlugin"


def test_an_engine_that_is_no_longer_installed_is_named() -> None:
    with pytest.raises(SettingsError, match="Unknown engine 'calm'; choose one of: gguf, "):
        open_engine(Settings(), EngineChoice(kind="calm"), print)


@pytest.mark.parametrize(
    ("more", "kind", "reason"),
    [
        ("", "narrator", "no Maya1 model is installed; get one: mayabook models pull"),
        ("    def auto_priority(self, settings): return 5\n", "calm", "no Maya1 model is installed; "),
        (
            "    packages = ('gone',)\n    install = 'calm'\n    def auto_priority(self, settings): return 5\n",
            "narrator",
            "gone is not installed; run: pip install 'calm'",
        ),
    ],
)
def test_auto_tries_the_engines_that_ask_for_it(
    more: str, kind: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "calm_engine.py").write_text(ADDED + more)
    install(tmp_path, "calm = calm_engine:CalmPlugin")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "calm_engine", raising=False)
    engine, choice = open_engine(Settings(), None, print)
    engine.close()
    assert choice.kind == kind
    assert reason in choice.reason

"""The defaults of the Maya1 engines, each with its evidence: in effect, and in the documentation."""

from pathlib import Path

from mayabook.core.settings import MayaSettings
from mayabook.engines.token_budget import MAX_TOKENS_PER_CHARACTER
from mayabook.maya.defaults import defaults
from mayabook.maya.voice_fields import characters_per_second
from mayabook.maya.voices import describe
from mayabook.models.gguf_formats import FORMATS, PREFERENCE

PAGE = Path(__file__).parents[2] / "docs" / "engines.md"


def test_they_are_in_effect() -> None:
    values = {name: each.value for name, each in defaults().items()}
    settings = MayaSettings()
    for name in ("voice", "bos", "anchor", "tokens_per_character", "warm_up"):
        assert getattr(settings, name) == values[name]
    assert values["tokens_per_character"] == MAX_TOKENS_PER_CHARACTER
    assert (settings.preset, settings.max_tokens, settings.format) == ("", None, "")  # left to these defaults
    assert values["characters_per_second"] == characters_per_second(describe(settings.voice))
    assert set(PREFERENCE) == set(FORMATS)
    assert PREFERENCE.index("Q8_0") < PREFERENCE.index("Q4_K_M")


def test_the_documentation_has_each_with_its_evidence() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    for name, each in defaults().items():
        assert each.evidence
        value = ", ".join(each.value) if isinstance(each.value, list) else str(each.value)
        assert f"| `{name}` | {value} | {each.evidence} | {each.source} |" in page

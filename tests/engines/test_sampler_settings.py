import pytest

from mayabook.core.errors import EngineError
from mayabook.engines.sampler_settings import DEFAULT_PRESET, SamplerSettings, preset, presets


def test_the_presets_hold_what_was_found() -> None:
    official = preset("maya-official")
    assert (official.temperature, official.top_p, official.repetition_penalty) == (0.4, 0.9, 1.1)
    assert (official.top_k, official.min_p, official.min_tokens, official.max_tokens) == (0, 0, 28, 2048)
    assert (official.penalty_window, official.penalty_prompt) == ("all", True)

    gguf = preset("original-gguf")
    assert (gguf.temperature, gguf.top_k, gguf.top_p, gguf.min_p) == (0.45, 40, 0.92, 0.05)
    assert (gguf.repetition_penalty, gguf.penalty_window, gguf.penalty_prompt) == (1.1, 64, False)
    assert gguf.stages == ("penalty", "top_k", "top_p", "min_p", "temperature")
    assert gguf.max_tokens == 2500

    generate = preset("original-transformers")
    assert (generate.temperature, generate.top_k, generate.top_p, generate.min_p) == (0.45, 50, 0.92, 0)
    assert (generate.repetition_penalty, generate.penalty_window, generate.penalty_prompt) == (1.1, "all", True)
    assert generate.stages == ("penalty", "temperature", "top_k", "top_p", "min_p")
    assert generate.max_tokens == 2500


def test_the_default_settings_are_the_default_preset() -> None:
    assert preset(DEFAULT_PRESET) == SamplerSettings()
    assert set(presets()) == {"mayabook", "maya-official", "original-gguf", "original-transformers", "safer"}


def test_an_unknown_preset_names_those_there_are() -> None:
    with pytest.raises(EngineError, match=r"Unknown sampler preset 'wild'; choose one of: mayabook, maya-official, "):
        preset("wild")


def test_settings_come_back_from_a_request() -> None:
    for settings in presets().values():
        assert SamplerSettings.of(settings.as_sampling()) == settings
    with pytest.raises(EngineError, match=r"Unknown sampler setting: speed, topk\."):
        SamplerSettings.of({"topk": 3, "speed": 1.0, "top_p": 0.5})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", 1e-6),
        ("temperature", 5.1),
        ("temperature", float("nan")),
        ("top_k", -1),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("min_p", -0.1),
        ("min_p", 1.1),
        ("repetition_penalty", 0.0),
        ("repetition_penalty", 11.0),
        ("penalty_window", -1),
        ("penalty_window", "some"),
        ("order", "penalty warmth"),
        ("order", "top_k top_p top_k"),
        ("min_tokens", -1),
        ("max_tokens", -1),
        ("max_tokens", 27),
    ],
)
def test_values_out_of_range_are_refused_by_name(name: str, value: float | str) -> None:
    with pytest.raises(
        EngineError, match=f"^Sampler setting {name} is .*, which is out of range; see `mayabook make --help-all`"
    ):
        SamplerSettings.of({name: value})


def test_stages_that_change_nothing_are_not_active() -> None:
    off = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "repetition_penalty": 1.0}
    assert SamplerSettings.of(off).active == ()
    on = {"temperature": 0.5, "top_k": 1, "top_p": 0.9, "min_p": 0.1, "repetition_penalty": 1.1}
    for name, value in on.items():
        stage = "penalty" if name == "repetition_penalty" else name
        assert SamplerSettings.of({**off, name: value}).active == (stage,)
        assert SamplerSettings.of({**off, name: value, "order": ""}).active == ()


def test_only_a_temperature_that_is_in_the_order_makes_greedy() -> None:
    assert SamplerSettings(temperature=0).is_greedy
    assert not SamplerSettings(temperature=0, order="penalty top_p").is_greedy
    assert not SamplerSettings().is_greedy

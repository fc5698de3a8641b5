from pathlib import Path

import pytest

from mayabook import engine_selection
from mayabook.core.settings import EngineSettings, MayaSettings, RetrySettings, ScriptSettings, Settings
from mayabook.engine_selection import open_engine
from mayabook.engines import EngineChoice, gguf_plugin, maya_plugin
from mayabook.engines.maya_engine import MayaEngine
from mayabook.engines.maya_plugin import sampler_settings
from mayabook.engines.narrator import Narrator
from mayabook.engines.sampler_settings import FORMER_PRESET, preset
from mayabook.engines.slot_count import SPARE
from mayabook.maya.voices import DEFAULT_VOICE, descriptions
from mayabook.models.gguf_conversion import convert
from mayabook.models.gguf_quantisation import quantize
from mayabook.pipeline import _Fallback, open_local_executor
from mayabook.render.job import Job
from mayabook.render.job_anchor import JobAnchor
from mayabook.render.job_facts import FALLBACK_ENGINE
from tests.tiny_models import write_checkpoint, write_codec

SMALL_SLOTS = {"context": 512, "slots": 2, "max_tokens": 84}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_checkpoint(folder / "tiny" / "checkpoint")
    write_codec(folder / "tiny" / "codec")
    (folder / "tiny" / "gguf").mkdir()
    f16 = folder / "tiny" / "gguf" / "tiny-F16.gguf"
    convert(folder / "tiny" / "checkpoint", f16)
    quantize(f16, f16.with_name("tiny-Q4_K_M.gguf"), "Q4_K_M")
    return folder


@pytest.fixture(autouse=True)
def _here(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAYABOOK_MODELS", str(store))


def settings(kind: str = "auto", **maya: object) -> Settings:
    return Settings(engine=EngineSettings(kind=kind), maya=MayaSettings(**{**SMALL_SLOTS, **maya}))


def opened(chosen: Settings, earlier: EngineChoice | None = None) -> tuple[object, EngineChoice]:
    engine, made = open_engine(chosen, earlier, lambda line: None)
    engine.close()
    return engine, made


def test_auto_takes_maya_where_it_is_fast_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_selection, "MIN_REAL_TIME_FACTOR", 1e-6)  # however busy the machine that runs the tests
    engine, made = opened(settings())
    assert isinstance(engine, MayaEngine)
    assert (made.kind, made.model, made.format, made.slots) == ("gguf", "tiny", "Q4_K_M", 2)
    assert "x real time on this machine" in made.reason


def test_auto_leaves_maya_where_it_is_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_selection, "MIN_REAL_TIME_FACTOR", 1e9)  # no machine is fast enough
    engine, made = opened(settings())
    assert isinstance(engine, Narrator)
    assert made.kind == "narrator"
    assert "tiny would run at" in made.reason
    assert "choose it with --engine gguf" in made.reason


def test_auto_leaves_maya_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maya_plugin, "free_memory", lambda: 1 << 20)
    engine, made = opened(settings())
    assert isinstance(engine, Narrator)
    assert "are free" in made.reason


def test_what_an_earlier_run_chose_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_selection, "MIN_REAL_TIME_FACTOR", 1e-6)
    earlier = EngineChoice(kind="gguf", model="tiny", format="F16", slots=1, reason="before")
    _, made = opened(settings(slots="auto"), earlier)
    assert made == earlier
    engine, made = opened(settings(), EngineChoice(kind="narrator", reason="before"))
    assert isinstance(engine, Narrator)
    _, made = opened(settings(model="tiny"), EngineChoice(kind="narrator", reason="before"))  # asked for since
    assert made.kind == "gguf"
    _, made = opened(settings("gguf", format="Q4_K_M", slots=4), earlier)
    assert (made.format, made.slots) == ("Q4_K_M", 4)


@pytest.mark.parametrize(
    ("earlier", "name", "window", "max_seconds"),
    [
        (None, "maya-official", "all", 14),
        (EngineChoice(kind="gguf", preset="original-gguf", max_seconds=9), "original-gguf", 64, 9),
        (
            EngineChoice.model_validate_json('{"kind": "gguf", "model": "tiny", "slots": 2}'),
            "",
            64,
            0,
        ),  # of version 0.1
    ],
)
def test_a_job_keeps_the_preset_and_the_chunk_limit_that_it_began_with(
    earlier: EngineChoice | None, name: str, window: int | str, max_seconds: float
) -> None:
    open_settings = settings("gguf", max_tokens=None)
    engine, made = opened(open_settings, earlier)
    assert isinstance(engine, MayaEngine)
    assert (made.preset, made.max_seconds) == (name, max_seconds)
    sampling = engine.sampling(0)
    assert (sampling["penalty_window"], sampling["max_tokens"]) == (window, 0)
    engine, _ = opened(settings("gguf", max_tokens=None, preset="maya-official"), earlier)
    assert isinstance(engine, MayaEngine)
    assert engine.sampling(0) == preset("maya-official").as_sampling()


def test_a_fallback_engine_has_voice_and_preset_of_the_job(tmp_path: Path) -> None:
    """Those of the first engine, also after a change of the defaults; then those of the fallback engine itself."""
    old = EngineChoice(kind="gguf", model="tiny", slots=1)  # of version 0.1
    asked = settings(max_tokens=None).model_copy(update={"retry": RetrySettings(engine="gguf")})
    chosen = []
    with Job.beside(tmp_path / "book.m4b") as job:
        for first in (old, EngineChoice(kind="narrator"), EngineChoice(kind="gguf", preset="safer", voice_presets=2)):
            anchor = JobAnchor(job, print)
            with _Fallback(asked, job, first, lambda event: None, "en", anchor, open_local_executor) as fallback:
                engine = fallback.open().engine
                assert engine.voice == descriptions(1)[DEFAULT_VOICE]
                assert engine.sampling(0) == sampler_settings(asked.maya, FORMER_PRESET).as_sampling()
            chosen.append(EngineChoice.model_validate_json(job.ledger.fact(FALLBACK_ENGINE) or ""))
    assert {(each.preset, each.voice_presets, each.slots) for each in chosen} == {("", 1, 2)}


@pytest.mark.parametrize(
    ("script", "max_chars"),
    [
        ({}, 196),
        ({"max_words": 70}, 350),
        ({"max_chars": 300}, 300),
        ({"max_seconds": 10}, 140),
        ({"max_seconds": 10, "max_words": 70}, 140),
        ({"max_seconds": 60}, 350),
        ({"max_seconds": 1}, 40),
        ({"max_seconds": 0}, 350),
    ],
)
def test_seconds_become_characters_unless_limits_are_given(script: dict[str, float], max_chars: int) -> None:
    choice = EngineChoice(kind="gguf", max_seconds=14, characters_per_second=14)
    asked = ScriptSettings(**script)
    assert choice.chunk_limits(asked).max_chars == max_chars
    kept = ScriptSettings.model_validate_json(asked.model_dump_json())  # as a job keeps them
    assert choice.chunk_limits(kept).max_chars == max_chars
    assert EngineChoice(kind="narrator").chunk_limits(ScriptSettings()) == ScriptSettings()


def test_the_best_format_that_fits_is_read(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "both" / "gguf").mkdir(parents=True)
    (tmp_path / "both" / "codec").symlink_to(store / "tiny" / "codec")
    small = tmp_path / "both" / "gguf" / "both-Q4_K_M.gguf"
    small.symlink_to(store / "tiny" / "gguf" / "tiny-Q4_K_M.gguf")
    large = small.with_name("both-Q8_0.gguf")
    quantize(store / "tiny" / "gguf" / "tiny-F16.gguf", large, "Q8_0")
    monkeypatch.setenv("MAYABOOK_MODELS", str(tmp_path))
    lines: list[str] = []
    per_slot = gguf_plugin._bytes_per_slot(large, settings().maya)
    for size, chosen in ((large.stat().st_size, "Q8_0"), (small.stat().st_size, "Q4_K_M")):
        monkeypatch.setattr(maya_plugin, "free_memory", lambda size=size: SPARE + per_slot + size)
        engine, made = open_engine(settings("gguf", slots=1), None, lines.append)
        engine.close()
        assert made.format == chosen
    assert [line for line in lines if "using" in line] == ["Q8_0 does not fit into 1.1 GB of memory: using Q4_K_M."]


@pytest.mark.parametrize("kind", ["gguf", "transformers"])
def test_slots_that_do_not_fit_become_fewer(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(maya_plugin, "free_memory", lambda: (1 << 30) + (64 << 20))
    engine, made = open_engine(settings(kind, slots=64), None, lines.append)
    engine.close()
    assert 1 <= made.slots < 64
    assert any(f"64 slots do not fit into 1.1 GB of memory: using {made.slots}." in line for line in lines)


def test_settings_outrank_the_preset() -> None:
    plain = sampler_settings(MayaSettings(preset="maya-official"))
    assert plain == preset("maya-official")
    mine = sampler_settings(MayaSettings(preset="maya-official", temperature=0.7, penalty_window=32))
    assert (mine.temperature, mine.penalty_window, mine.top_p) == (0.7, 32, 0.9)

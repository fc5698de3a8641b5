"""Tuning on an engine with planted defects: each is found, a null keeps the default, and runs can be stopped."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mayabook.core.errors import EngineError, LabError, ModelError, SettingsError
from mayabook.core.resampling import resample
from mayabook.core.settings import Settings
from mayabook.engine_selection import find_profile, open_engine
from mayabook.engines import EngineChoice
from mayabook.engines.tuning import TuningProfile
from mayabook.lab.calibration import N_PASSAGES, Passages, built_in_passages
from mayabook.lab.rows import read_rows
from mayabook.lab.tuning_plan import plan_tuning
from mayabook.lab.tuning_session import tune
from tests.checks.speaking import speech
from tests.lab.lab_engines import RATE, RecordingListener, SilenceChecker
from tests.lab.tunable_engine import Planted, TunablePlugin, install
from tests.test_human_speech import RATE as READER_RATE
from tests.test_human_speech import RESPECTABLE, recording

Plant = Callable[[Planted], None]
DEFAULTS = {"format": "Q8", "preset": "official", "length": "long", "slots": "auto"}
LOOPS = Planted(presets={"": 0.9, "a": 0.9})
"""The default preset loops, and preset a does too."""


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plant:
    return install(tmp_path, monkeypatch)


@pytest.fixture(scope="module")
def passages() -> Passages:
    """Of the built-in ones, the 16 longest and 2 of the shortest, so that a tuning takes a second."""
    ordered = sorted(built_in_passages().blocks, key=lambda blocks: -len(blocks[0].text))
    return Passages("some texts", (*ordered[:16], *ordered[-2:]), "en")


def given(folder: Path, **tables: dict[str, Any]) -> Settings:
    return Settings.model_validate({**tables, "tunable": {"model": str(folder), **tables.get("tunable", {})}})


def tuned(
    folder: Path, passages: Passages, listener: RecordingListener | None = None, seconds: float = 600, **tables: Any
) -> tuple[TuningProfile, str]:
    """The profile, and what the report says."""
    plan = plan_tuning("planted", given(folder, **tables), passages, seconds)
    profile, _ = tune(plan, folder / "rows", listener or RecordingListener(), SilenceChecker())
    return profile, (folder / "rows" / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("planted", "factor", "level", "evidence"),
    [
        (
            Planted(formats={"Q8": 0.9}),
            "format",
            "Q4",
            "format: Q4, which is better than Q8 beyond chance (failed alone",
        ),
        (
            LOOPS,
            "preset",
            "b",
            "preset: b, which is better than official beyond chance (failed alone in 0 of 16 passages",
        ),
        (Planted(longest=160), "length", "short", "length: short, which is better than long beyond chance"),
        (Planted(speeds={8: 2.0}), "slots", "8", "slots: 8, at 2.00x real time; auto at 1.00x."),
    ],
)
def test_what_is_wrong_with_a_default_is_found(
    plant: Plant, tmp_path: Path, passages: Passages, planted: Planted, factor: str, level: str, evidence: str
) -> None:
    """A format that garbles, a preset that loops, a length that truncates, slots that are slow."""
    plant(planted)
    profile, report = tuned(tmp_path, passages)
    assert profile.chosen == {**DEFAULTS, factor: level}
    assert profile == TuningProfile.read(tmp_path / "profile.json")
    assert (profile.n_rejected, profile.fingerprint) == (0, f"weights 1 {profile.chosen['format']}")
    assert profile.n_takes >= 16
    assert evidence in report
    assert (tmp_path / "rows" / "report.html").stat().st_size > 2000


def test_defaults_that_hide_each_other_are_both_found(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    """No take of the default format is good with any preset, nor one of two presets with any format."""
    plant(Planted(formats={"Q8": 1.0}, presets={"": 1.0, "a": 1.0}))
    profile, report = tuned(tmp_path, passages)
    assert profile.chosen == {**DEFAULTS, "format": "Q4", "preset": "b"}
    assert "the comparisons began with format Q4, preset b." in report
    assert (
        "format: Q4, which is better than Q8 beyond chance (failed alone in 0 of 16 passages, Q8 alone in 16" in report
    )


def test_nothing_is_chosen_where_everything_fails(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    plant(Planted(formats={"Q8": 1.0, "Q4": 1.0}))
    profile, report = tuned(tmp_path, passages)
    assert profile.chosen == DEFAULTS
    assert report.count("every level failed in all of 16 units, so they cannot be compared") == 3


def test_takes_of_several_speakers_are_found(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    """The checks accept all of them one by one."""
    reader = resample(recording(RESPECTABLE), READER_RATE, RATE)
    plant(Planted(voices=[speech("Had he married a more amiable woman, he might have been respectable."), reader]))
    profile, report = tuned(tmp_path, passages, tunable={"preset": "a"}, script={"max_chars": 200})
    assert (profile.chosen["speaker"], profile.n_rejected) == ("one", 0)
    assert "speaker: one, the default. Worse beyond chance: any (failed alone in" in report


def test_what_is_wrong_with_another_level_is_told(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    plant(Planted(formats={"Q4": 0.9}, presets={"a": 1.0}))
    profile, report = tuned(tmp_path, passages)
    assert profile.chosen == DEFAULTS
    assert "format: Q8, the default. Worse beyond chance: Q4 (failed alone in 1" in report
    assert "preset: official, the default. Worse beyond chance: a (failed alone in 16 of 16" in report
    assert "length: long, the default; nothing differs from it beyond chance." in report
    assert profile.settings == {"format": {"engine": {"kind": "tunable"}, "tunable": {"format": "Q8"}}}


def test_on_a_null_the_default_is_kept(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    plant(Planted(formats={"Q8": 0.1, "Q4": 0.1}))
    profile, report = tuned(tmp_path, passages)
    assert profile.chosen == DEFAULTS
    assert report.count("the default; nothing differs from it beyond chance") >= 3
    assert profile.at_most < 0.5


def test_a_stopped_run_goes_on_and_finds_the_same(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    plant(LOOPS)
    whole, _ = tuned(tmp_path, passages)
    rows = {row["key"]: row["accepted"] for row in read_rows(tmp_path / "rows")[1] if "accepted" in row}
    (tmp_path / "again").mkdir()
    for stop_after in (5, 40):
        with pytest.raises(KeyboardInterrupt):
            tuned(tmp_path / "again", passages, RecordingListener(stop_after))
    assert not (tmp_path / "again" / "profile.json").exists()
    listener = RecordingListener()
    again, _ = tuned(tmp_path / "again", passages, listener)
    assert listener.steps[0].resumed >= 45
    kept = {row["key"]: row["accepted"] for row in read_rows(tmp_path / "again" / "rows")[1] if "accepted" in row}
    assert {key: kept[key] for key in rows.keys() & kept.keys()} == {
        key: rows[key] for key in rows.keys() & kept.keys()
    }
    assert (again.chosen, again.evidence) == (whole.chosen, whole.evidence)


def test_a_budget_that_is_used_up_decides_nothing(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    plant(LOOPS)
    profile, report = tuned(tmp_path, passages, seconds=0.001)
    assert profile.chosen["preset"] == "official"
    assert "the time of this factor was used up before its next look" in report
    assert profile.n_takes < 16


def test_given_settings_are_not_tuned(plant: Plant, tmp_path: Path, passages: Passages) -> None:
    plant(LOOPS)
    profile, _ = tuned(tmp_path, passages, tunable={"preset": "a"}, script={"max_chars": 200})
    assert list(profile.chosen) == ["format", "slots"]
    assert {settings.preset for settings in TunablePlugin.opened} == {"a"}


def test_rows_of_other_weights_are_refused(
    plant: Plant, tmp_path: Path, passages: Passages, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(Planted())
    tuned(tmp_path, passages, seconds=0.001)
    monkeypatch.setattr(TunablePlugin, "weights", "weights 2")
    with pytest.raises(LabError, match="of another model"):
        tuned(tmp_path, passages)


def test_an_engine_that_cannot_be_tuned_says_so(passages: Passages) -> None:
    with pytest.raises(LabError, match="narrator has nothing to tune"):
        plan_tuning("none", Settings.model_validate({"engine": {"kind": "narrator"}}), passages, 60)


def test_no_model_at_all_says_so(passages: Passages) -> None:
    with pytest.raises((LabError, EngineError)):
        plan_tuning("none", Settings(), passages, 60)


# What `mayabook make` does with a profile.


def profile_of(folder: Path, **changed: object) -> TuningProfile:
    values = {
        "model": "planted", "engine": "tunable", "fingerprint": "weights 1 Q4", "chosen": {"format": "Q4", "slots": "8"},
        "settings": {
            "format": {"engine": {"kind": "tunable"}, "tunable": {"format": "Q4"}},
            "length": {"script": {"max_chars": 150}},
            "slots": {"tunable": {"slots": 8}},
        },
        "evidence": (), "n_takes": 60, "n_rejected": 1, "at_most": 0.08, "word_error_rate": 0.01,
        "tokens_per_second": 900.0, "real_time_factor": 2.0, "created": "2026-11-27", "seconds": 1200, "platform": "here",
        "checks": "checks", "texts": "texts", "program": "1",
    }  # fmt: skip
    profile = TuningProfile.model_validate({**values, **changed})
    profile.write(folder / "profile.json")
    return profile


def opened(settings: Settings, earlier: EngineChoice | None = None) -> tuple[Any, EngineChoice, list[str]]:
    notes: list[str] = []
    engine, choice = open_engine(settings, earlier, notes.append)
    return engine, choice, notes


@pytest.mark.usefixtures("plant")
def test_a_new_job_uses_the_profile_and_says_so(tmp_path: Path) -> None:
    profile = profile_of(tmp_path)
    for kind in ("auto", "tunable"):
        engine, choice, notes = opened(given(tmp_path, engine={"kind": kind}))
        assert (engine.settings.format, engine.settings.slots) == ("Q4", 8)
        assert set(choice.tuned) == {"format", "length"}
        assert choice.slots == 8
        assert notes == [
            "planted is tuned (2026-11-27): format Q4, slots 8; 1 of 60 takes were rejected (95 % upper bound 8%)."
        ]
    assert find_profile(given(tmp_path)) == profile


@pytest.mark.usefixtures("plant")
def test_given_settings_outrank_the_profile(tmp_path: Path) -> None:
    profile_of(tmp_path)
    engine, _, _ = opened(given(tmp_path, tunable={"format": "Q8"}))
    assert (engine.settings.format, engine.settings.slots) == ("Q8", 8)


@pytest.mark.usefixtures("plant")
def test_a_job_keeps_what_it_began_with(tmp_path: Path) -> None:
    before = EngineChoice(kind="tunable", slots=16)
    profile_of(tmp_path)
    engine, choice, notes = opened(given(tmp_path), before)
    assert engine.settings.format == ""
    assert not choice.tuned
    assert not notes
    _, begun, _ = opened(given(tmp_path))
    (tmp_path / "profile.json").unlink()
    stored = EngineChoice.model_validate_json(begun.model_dump_json())
    engine, choice, notes = opened(given(tmp_path), stored)
    assert engine.settings.format == "Q4"
    assert choice.tuned == begun.tuned
    assert not notes


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"fingerprint": "weights 0 Q4"}, r"was measured on other weights \(weights 0 Q4, these are weights 1 Q4\)"),
        ({"settings": {"format": {"tunable": {"fromat": "Q4"}}}}, r"cannot be used \(Unknown setting tunable\.fromat"),
        ({"engine": "gone"}, r"cannot be used \(Unknown engine 'gone'"),
    ],
)
def test_a_profile_that_does_not_fit_is_not_used(tmp_path: Path, written: dict[str, Any], message: str) -> None:
    profile_of(tmp_path, **written)
    with pytest.raises(ModelError, match=message) as caught:
        find_profile(given(tmp_path))
    assert "\n" not in str(caught.value)
    assert "mayabook tune MODEL" in str(caught.value)
    engine, choice, notes = opened(given(tmp_path))
    assert notes == [str(caught.value)]
    assert engine.settings.format == ""
    assert not choice.tuned


@pytest.mark.usefixtures("plant")
@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 2}', json.dumps({"version": 1, "model": 3})])
def test_a_damaged_profile_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "profile.json").write_text(content)
    with pytest.raises(ModelError, match=r"profile\.json is damaged .* measure again with `mayabook tune") as caught:
        find_profile(given(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("plant")
def test_a_value_out_of_range_in_a_profile_is_one_line(tmp_path: Path) -> None:
    profile_of(tmp_path, settings={"length": {"script": {"max_chars": 1}}})
    with pytest.raises(ModelError, match=r"Setting script\.max_chars .* is 1") as caught:
        find_profile(given(tmp_path))
    assert not isinstance(caught.value, SettingsError)


def test_the_built_in_passages_are_of_all_kinds_and_lengths() -> None:
    passages = built_in_passages()
    lengths = sorted(len(" ".join(block.text for block in blocks)) for blocks in passages.blocks)
    assert len(lengths) == N_PASSAGES
    assert lengths[0] < 10
    assert lengths[-1] > 350
    chunks = passages.chunks(Settings().script)
    assert all(chunks)
    assert (
        sum(len(parts) for parts in passages.chunks(Settings.model_validate({"script": {"max_chars": 120}}).script))
        > 128
    )

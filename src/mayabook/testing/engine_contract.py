"""What every engine promises, as tests: an engine's own tests subclass `EngineContract`."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

import numpy as np
import pytest

from mayabook.core.setting_fields import setting_fields
from mayabook.core.settings import Settings, SettingsGroup
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines import Engine, EngineContext, EnginePlugin
from mayabook.engines.registry import AUTO, NONE

TEXTS = (
    "The lamp was lit at nine.",
    "No.",
    "She counted two hundred and twelve steps, and then she sat down.",
    "Why?\nBecause the door was open.",
    "It rained all night, and in the morning the road was gone.",
)
HEAVY = ("torch", "transformers", "llama_cpp", "onnxruntime", "hibari", "av", "faster_whisper")
"""Libraries that are slow to import; describing an engine must not load them."""

Build = Callable[..., Engine]
"""Opens the engine with so many takes at once; the suite closes it."""


class EngineContract:
    """Subclass it in a test module, as `TestMyEngine`, and set `plugin`. Each test opens the engine anew.

    An engine that cannot be opened with its default settings (its model is elsewhere) overrides `settings`.
    """

    plugin: ClassVar[EnginePlugin[Any]]
    """The engine under test."""
    texts: ClassVar[Sequence[str]] = TEXTS
    """What the tests speak, five texts. An engine that is slow on the machine of the tests may take shorter ones."""
    stops: ClassVar[Sequence[StopReason]] = (StopReason.END,)
    """How takes of `texts` may end. A model with random weights also ends by its cap."""
    identity_names_width: ClassVar[bool] = False
    """Whether takes, and so the identity, depend on how many are made at once."""
    seed_changes_takes: ClassVar[bool] = True
    """Whether another seed gives another take; false for a model that draws nothing."""

    def settings(self, width: int) -> SettingsGroup:
        """width: takes at once; an engine without such a setting ignores it."""
        defaults: SettingsGroup = self.plugin.settings_model()
        return defaults

    @pytest.fixture
    def build(self) -> Iterator[Build]:
        opened: list[Engine] = []

        def build(width: int = 1) -> Engine:
            opened.append(self.plugin.open(self.settings(width), EngineContext())[0])
            return opened[-1]

        yield build
        for engine in opened:
            engine.close()

    def test_it_describes_itself(self) -> None:
        plugin = self.plugin
        assert plugin.name
        assert plugin.name not in (AUTO, NONE)
        assert plugin.description
        assert "\n" not in plugin.description
        assert plugin.settings_table not in set(Settings.model_fields) - {"maya", "narrator"}
        assert plugin.sample_rate > 0
        assert plugin.languages
        assert plugin.unavailable_reason(self.settings(1)) is None
        assert len({voice.name for voice in plugin.voices()}) == len(plugin.voices())

    def test_each_setting_has_a_default_and_a_description(self) -> None:
        model = self.plugin.settings_model
        model()
        assert model.__doc__, "the settings model has no docstring, which heads its options in --help-all"
        for name, field in model.model_fields.items():
            assert field.description, f"setting {self.plugin.settings_table}.{name} has no docstring"

    def test_its_options_mean_the_same_as_those_of_other_engines(self) -> None:
        """Engines may share a flag such as --speed if all take the same kind of value; it then sets each of them. The
        flags of other tables are reserved."""
        models = {table: type(getattr(Settings(), table)) for table in Settings.model_fields}
        others = [field for table, model in models.items() for field in setting_fields(table, model)]
        for field in setting_fields(self.plugin.settings_table, self.plugin.settings_model):
            for other in others:
                if other.flag == field.flag:
                    assert other.table in ("maya", "narrator"), f"{field.flag} is the option of {other.full_name}"
                    assert other.kind == field.kind, f"{field.flag} takes a {other.kind} for {other.full_name}"

    def test_describing_it_loads_no_inference_library(self) -> None:
        module = type(self.plugin).__module__
        script = f"import sys, {module}; print(*(name for name in {HEAVY!r} if name in sys.modules))"
        path = os.pathsep.join(filter(None, sys.path))  # as pytest has it: the package need not be installed
        loaded = subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert loaded.split() == []

    def test_it_opens_as_it_is_described(self) -> None:
        engine, choice = self.plugin.open(self.settings(1), EngineContext())
        try:
            assert engine.name == choice.kind == self.plugin.name
            assert engine.sample_rate == self.plugin.sample_rate
            assert engine.voice
            assert engine.credit
            assert engine.identity
            assert engine.platform
        finally:
            engine.close()

    def test_each_request_gets_one_take_of_its_own(self, build: Build) -> None:
        engine = build(2)
        takes = list(engine.generate(request_for(engine, text) for text in self.texts))
        assert sorted(take.request.text for take in takes) == sorted(self.texts)
        for take in takes:
            assert take.stop in self.stops
            assert take.audio.dtype == np.float32
            assert take.audio.ndim == 1
            assert take.sample_rate == engine.sample_rate
            assert np.sqrt(np.mean(take.audio**2)) > 1e-4
            assert take.seconds > 0
            if take.codes is not None:
                assert len(take.audio) == 2048 * len(take.codes.frames)

    def test_a_take_depends_on_its_request_alone(self, build: Build) -> None:
        """Alone in a fresh engine, first or last, beside others: the same samples, bit for bit."""
        self._require_determinism()
        one, two = build(2), build(2)
        alone = {text: next(build(2).generate([request_for(one, text)])).audio for text in self.texts[:2]}
        forwards = by_text(one.generate(request_for(one, text) for text in self.texts))
        backwards = by_text(two.generate(request_for(two, text) for text in reversed([*self.texts] * 3)))
        for text in self.texts:
            np.testing.assert_array_equal(forwards[text].audio, backwards[text].audio)
            if text in alone:
                np.testing.assert_array_equal(forwards[text].audio, alone[text])

    def test_the_seed_changes_the_take(self, build: Build) -> None:
        engine = build(1)
        first, other = engine.generate([request_for(engine, self.texts[2], 7), request_for(engine, self.texts[2], 8)])
        assert np.array_equal(first.audio, other.audio) != self.seed_changes_takes

    def test_the_identity_names_what_takes_depend_on(self, build: Build) -> None:
        """Equal for the same engine built twice. The number of takes at once is a part of it where takes depend on
        that number: slots do, worker processes do not. The platform is not part of it, so that a job can move."""
        one, again, two = build(1), build(1), build(2)
        assert one.identity == again.identity
        assert (one.identity != two.identity) == self.identity_names_width

    def test_requests_are_drawn_only_as_they_are_needed(self, build: Build) -> None:
        engine = build(1)
        drawn = 0

        def requests() -> Iterator[TakeRequest]:
            nonlocal drawn
            for number in range(1000):
                drawn += 1
                yield request_for(engine, self.texts[1], number)

        takes = engine.generate(requests())
        for _ in range(3):
            next(takes)
        takes.close()
        assert drawn < 20

    def test_an_abandoned_take_does_not_answer_a_later_request(self, build: Build) -> None:
        engine = build(1)
        takes = engine.generate(request_for(engine, text) for text in self.texts)
        next(takes)
        takes.close()
        later = next(engine.generate([request_for(engine, self.texts[4])]))
        assert later.request.text == self.texts[4]
        self._require_determinism()
        np.testing.assert_array_equal(later.audio, next(build(1).generate([request_for(engine, self.texts[4])])).audio)

    def test_a_text_in_another_script_is_named(self, build: Build) -> None:
        if any(not tag.startswith("en") for tag in self.plugin.languages):
            pytest.skip("it speaks more than English")
        engine = build(1)
        assert engine.unsupported_reason("A Greek word, λόγος, in English prose.") is None
        assert "Cyrillic" in str(engine.unsupported_reason("Все счастливые семьи похожи"))

    def _require_determinism(self) -> None:
        if not self.plugin.is_deterministic(self.settings(1)):
            pytest.skip("its takes are not bit-exact")


def request_for(engine: Engine, text: str, seed: int = 7, attempt: int = 0) -> TakeRequest:
    return TakeRequest(f"{text}/{seed}/{attempt}", text, engine.voice, seed, attempt, engine.sampling(attempt))


def by_text(takes: Iterator[Take]) -> dict[str, Take]:
    return {take.request.text: take for take in takes}

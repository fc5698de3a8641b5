"""What every engine promises. An engine joins by adding a way to build it to `build_engine`."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mayabook.core.settings import NarratorSettings
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines import Engine, Narrator
from mayabook.models.store import ModelFiles
from tests.engines.maya_engines import maya_engine

ENGINES = ("narrator", "gguf F16", "gguf Q4_K_M", "transformers fp32")
TEXTS = (
    "The lamp was lit at nine.",
    "No.",
    "She counted two hundred and twelve steps, and then she sat down.",
    "Why?\nBecause the door was open.",
    "It rained all night, and in the morning the road was gone.",
)


def build_engine(name: str, width: int, files: ModelFiles) -> Engine:
    """width: worker processes, or slots."""
    if name == "narrator":
        return Narrator(NarratorSettings(workers=width))
    return maya_engine(name, files, width)


@pytest.fixture(params=ENGINES, scope="module")
def build(request: pytest.FixtureRequest, tiny: ModelFiles) -> Iterator[Callable[[int], Engine]]:
    built: list[Engine] = []

    def build(width: int = 1) -> Engine:
        built.append(build_engine(request.param, width, tiny))
        return built[-1]

    yield build
    for engine in built:
        engine.close()


def request_for(engine: Engine, text: str, seed: int = 7, attempt: int = 0) -> TakeRequest:
    return TakeRequest(f"{text}/{seed}/{attempt}", text, engine.voice, seed, attempt, engine.sampling(attempt))


def by_text(takes: Iterator[Take]) -> dict[str, Take]:
    return {take.request.text: take for take in takes}


def test_each_request_gets_one_take_of_its_own(build: Callable[..., Engine]) -> None:
    engine = build(2)
    takes = list(engine.generate(request_for(engine, text) for text in TEXTS))
    assert sorted(take.request.text for take in takes) == sorted(TEXTS)
    for take in takes:
        assert take.stop in ((StopReason.END,) if engine.name == "narrator" else (StopReason.END, StopReason.CAP))
        assert take.audio.dtype == np.float32
        assert take.audio.ndim == 1
        assert take.sample_rate == engine.sample_rate
        assert np.sqrt(np.mean(take.audio**2)) > 1e-4
        assert take.seconds > 0
        if take.codes is not None:
            assert len(take.audio) == 2048 * len(take.codes.frames)


def test_a_take_depends_on_its_request_alone(build: Callable[..., Engine]) -> None:
    """Alone in a fresh engine, first or last, beside others: the same samples, bit for bit."""
    one, two = build(2), build(2)
    alone = {text: next(build(2).generate([request_for(one, text)])).audio for text in TEXTS[:2]}
    forwards = by_text(one.generate(request_for(one, text) for text in TEXTS))
    backwards = by_text(two.generate(request_for(two, text) for text in reversed(TEXTS * 3)))
    for text in TEXTS:
        np.testing.assert_array_equal(forwards[text].audio, backwards[text].audio)
        if text in alone:
            np.testing.assert_array_equal(forwards[text].audio, alone[text])


def test_the_seed_changes_the_take(build: Callable[..., Engine]) -> None:
    engine = build(1)
    first, other = engine.generate([request_for(engine, TEXTS[2], 7), request_for(engine, TEXTS[2], 8)])
    assert not np.array_equal(first.audio, other.audio)


def test_the_identity_names_what_takes_depend_on(build: Callable[..., Engine]) -> None:
    """Equal for the same engine built twice; slots are a part of it, worker processes are not."""
    one, again, two = build(1), build(1), build(2)
    assert one.identity == again.identity
    assert (one.identity == two.identity) == (one.name == "narrator")


def test_requests_are_drawn_only_as_they_are_needed(build: Callable[..., Engine]) -> None:
    engine = build(1)
    drawn = 0

    def requests() -> Iterator[TakeRequest]:
        nonlocal drawn
        for number in range(1000):
            drawn += 1
            yield request_for(engine, TEXTS[1], number)

    takes = engine.generate(requests())
    for _ in range(3):
        next(takes)
    takes.close()
    assert drawn < 20


def test_an_abandoned_take_does_not_answer_a_later_request(build: Callable[..., Engine]) -> None:
    engine = build(1)
    takes = engine.generate(request_for(engine, text) for text in TEXTS)
    next(takes)
    takes.close()
    later = next(engine.generate([request_for(engine, TEXTS[4])]))
    assert later.request.text == TEXTS[4]
    np.testing.assert_array_equal(later.audio, next(build(1).generate([request_for(engine, TEXTS[4])])).audio)


def test_a_text_in_another_script_is_named(build: Callable[..., Engine]) -> None:
    engine = build(1)
    assert engine.unsupported_reason("A Greek word, λόγος, in English prose.") is None
    assert "Cyrillic" in str(engine.unsupported_reason("Все счастливые семьи похожи"))

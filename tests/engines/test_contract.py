"""What every engine promises. An engine joins by adding a way to build it to ENGINES."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from mayabook.core.settings import NarratorSettings
from mayabook.core.take import StopReason, Take, TakeRequest
from mayabook.engines import Engine, Narrator

ENGINES: dict[str, Callable[[int], Engine]] = {
    "narrator": lambda workers: Narrator(NarratorSettings(workers=workers)),
}
TEXTS = (
    "The lamp was lit at nine.",
    "No.",
    "She counted two hundred and twelve steps, and then she sat down.",
    "Why?\nBecause the door was open.",
    "It rained all night, and in the morning the road was gone.",
)


@pytest.fixture(params=ENGINES, scope="module")
def build(request: pytest.FixtureRequest) -> Iterator[Callable[[int], Engine]]:
    built: list[Engine] = []

    def build(workers: int = 1) -> Engine:
        built.append(ENGINES[request.param](workers))
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
    takes = list(engine.takes(request_for(engine, text) for text in TEXTS))
    assert sorted(take.request.text for take in takes) == sorted(TEXTS)
    for take in takes:
        assert take.stop == StopReason.END
        assert take.audio.dtype == np.float32
        assert take.audio.ndim == 1
        assert take.sample_rate == engine.sample_rate
        assert np.sqrt(np.mean(take.audio**2)) > 0.01
        assert take.seconds > 0


def test_a_take_depends_on_its_request_alone(build: Callable[..., Engine]) -> None:
    """Alone in a fresh process, first or last, beside others, with more workers: the same samples, bit for bit."""
    one, two = build(1), build(2)
    alone = {text: next(build(1).takes([request_for(one, text)])).audio for text in TEXTS[:2]}
    forwards = by_text(one.takes(request_for(one, text) for text in TEXTS))
    backwards = by_text(two.takes(request_for(two, text) for text in reversed(TEXTS * 3)))
    for text in TEXTS:
        np.testing.assert_array_equal(forwards[text].audio, backwards[text].audio)
        if text in alone:
            np.testing.assert_array_equal(forwards[text].audio, alone[text])


def test_the_seed_and_the_attempt_change_the_take(build: Callable[..., Engine]) -> None:
    engine = build(1)
    first, other_seed, second = sorted(
        engine.takes(
            [request_for(engine, TEXTS[2]), request_for(engine, TEXTS[2], 8), request_for(engine, TEXTS[2], 8, 1)]
        ),
        key=lambda take: (take.request.attempt, take.request.seed),
    )
    assert not np.array_equal(first.audio, other_seed.audio)
    assert len(second.audio) != len(other_seed.audio)


def test_requests_are_drawn_only_as_they_are_needed(build: Callable[..., Engine]) -> None:
    engine = build(1)
    drawn = 0

    def requests() -> Iterator[TakeRequest]:
        nonlocal drawn
        for number in range(1000):
            drawn += 1
            yield request_for(engine, TEXTS[1], number)

    takes = engine.takes(requests())
    for _ in range(3):
        next(takes)
    takes.close()
    assert drawn < 20


def test_an_abandoned_take_does_not_answer_a_later_request(build: Callable[..., Engine]) -> None:
    engine = build(1)
    takes = engine.takes(request_for(engine, text) for text in TEXTS)
    next(takes)
    takes.close()
    later = next(engine.takes([request_for(engine, TEXTS[4])]))
    assert later.request.text == TEXTS[4]
    np.testing.assert_array_equal(later.audio, next(build(1).takes([request_for(engine, TEXTS[4])])).audio)

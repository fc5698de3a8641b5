"""The scheduler, on a decoder whose logits are written by the test: what ends a take, and what happens to its slot."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mayabook.core.take import StopReason, TakeRequest
from mayabook.engines.loop_detection import LoopDetector
from mayabook.engines.sampler import Sampler
from mayabook.engines.sampler_settings import preset
from mayabook.engines.scheduler import DecodingRequest, SampledCodes, SlotScheduler
from mayabook.engines.slot_decoder import IDLE
from tests.tiny_models import SMALL

GREEDY = replace(preset("mayabook"), temperature=0, repetition_penalty=1.0, min_tokens=28)
Script = Callable[[int, int], int | None]
"""(seed of the take, tokens so far) -> the code that the model wants next, None for CODE_END."""


class ScriptedDecoder:
    """Fulfils SlotDecoder: each prompt is one token, the seed, and a script says what follows it."""

    def __init__(self, n_slots: int, script: Script) -> None:
        self.layout, self.n_slots, self.n_context = SMALL, n_slots, 4096
        self.identity, self.platform, self.device = "scripted", "NumPy", "CPU, float32"
        self.logits = np.zeros((n_slots, SMALL.n_audio), np.float32)
        self.steps: list[list[int]] = []
        self.prefilled: list[tuple[int, int]] = []
        self._script = script
        self._takes: list[tuple[int, int] | None] = [None] * n_slots

    def prefill(self, slot: int, prompt: Sequence[int], n_shared: int = 0) -> None:
        self.prefilled.append((slot, prompt[0]))
        self._takes[slot] = (prompt[0], 0)
        self._write(slot)

    def step(self, tokens: NDArray[np.int32]) -> None:
        self.steps.append(tokens.tolist())
        for slot, token in enumerate(tokens):
            if token == IDLE:
                self._takes[slot] = None
            else:
                take = self._takes[slot]
                assert take is not None
                self._takes[slot] = (take[0], take[1] + 1)
            self._write(slot)

    def _write(self, slot: int) -> None:
        row = self.logits[slot]
        row[:] = 0
        take = self._takes[slot]
        if take is None:
            return
        code = self._script(*take)
        if code == -1:
            row[5] = np.nan
        else:
            row[0 if code is None else SMALL.first_column + SMALL.codebook_size * (take[1] % 7) + code] = 20

    def close(self) -> None: ...


def orders(seeds: Sequence[int], n_tokens: int = 700) -> Iterator[DecodingRequest]:
    for seed in seeds:
        yield DecodingRequest(TakeRequest(str(seed), "text", "voice", seed), [seed], GREEDY, n_tokens)


def run(decoder: ScriptedDecoder, seeds: Sequence[int], n_tokens: int = 700) -> dict[int, SampledCodes]:
    scheduler = SlotScheduler(decoder, Sampler(SMALL, decoder.n_slots))
    found = [sampled for sampled in scheduler.run(orders(seeds, n_tokens)) if sampled is not None]
    assert len(found) == len(seeds)
    return {sampled.request.seed: sampled for sampled in found}


def counting(seed: int, n: int) -> int | None:
    """Takes of 5 + seed frames in which no frame occurs twice."""
    return None if n == 7 * (5 + seed) else (n // 7 + n) % SMALL.codebook_size


def test_takes_are_whole_and_traced() -> None:
    takes = run(ScriptedDecoder(3, counting), range(7))
    for seed, take in takes.items():
        assert take.stop == StopReason.END
        expected = [[(n // 7 + n) % 256 for n in range(7 * frame, 7 * frame + 7)] for frame in range(5 + seed)]
        assert take.codes.frames.tolist() == expected
        assert len(take.codes.entropy) == 7 * (5 + seed) + 1  # CODE_END has a trace as well
        assert take.codes.end_probability[-1] == pytest.approx(1, abs=1e-3)
        assert take.codes.end_probability[:-1].max() < 1e-3
        assert take.seconds > 0


def test_a_slot_is_refilled_the_moment_its_take_ends() -> None:
    decoder = ScriptedDecoder(2, counting)
    run(decoder, [9, 0, 1, 2])
    busy = [sum(token != IDLE for token in step) for step in decoder.steps]
    tokens = sum(7 * (5 + seed) for seed in (9, 0, 1, 2))
    assert sum(busy) == tokens
    assert busy[: 7 * 5] == [2] * 35
    assert all(
        count == 2 for count in busy[: 7 * (5 + 9)]
    )  # while the long take runs, three short ones follow each other
    assert all(len(step) == 2 for step in decoder.steps)
    assert decoder.prefilled == [(0, 9), (1, 0), (1, 1), (1, 2)]


def test_the_cap_is_a_reason() -> None:
    take = run(ScriptedDecoder(1, lambda seed, n: (n // 7 + n) % 256), [1], n_tokens=70)[1]
    assert (take.stop, len(take.codes.frames)) == (StopReason.CAP, 10)
    assert "70 tokens" in take.detail


def test_the_budget_ends_a_take_below_its_cap() -> None:
    decoder = ScriptedDecoder(1, lambda seed, n: (n // 7 + n) % 256)
    requests = [replace(order, budget=56) for order in orders([1], n_tokens=70)]
    (take,) = (each for each in SlotScheduler(decoder, Sampler(SMALL, 1)).run(requests) if each is not None)
    assert (take.stop, len(take.codes.frames)) == (StopReason.BUDGET, 8)
    assert "56 tokens" in take.detail


def test_the_minimum_is_kept_although_the_model_wants_to_end() -> None:
    take = run(ScriptedDecoder(1, lambda seed, n: None), [1])[1]
    assert (take.stop, len(take.codes.frames)) == (StopReason.END, 4)
    assert take.codes.end_probability[0] == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("period", [1, 2, 5, 30])
def test_a_loop_is_aborted_early_and_its_slot_goes_on(period: int) -> None:
    def script(seed: int, n: int) -> int | None:
        frame = n // 7
        if seed == 1:
            frame = frame if frame < 40 else 40 + (frame - 40) % period
            return (frame + n % 7) % 256
        return counting(seed, n)

    takes = run(ScriptedDecoder(1, script), [1, 2], n_tokens=3500)
    assert takes[1].stop == StopReason.LOOP
    assert f"every {period} frames" in takes[1].detail
    assert len(takes[1].codes.frames) == 40 + period + max(24, 2 * period)
    assert takes[2].stop == StopReason.END
    assert len(takes[2].codes.frames) == 7


@pytest.mark.parametrize("period", range(2, 31))
def test_a_loop_is_found_although_some_of_its_codes_differ(period: int) -> None:
    """A third of the codes of each turn are drawn anew."""
    draw = np.random.default_rng(period)
    turn = draw.integers(4096, size=(period, 7))
    frames = draw.integers(4096, size=(60 + 4 * period + 30, 7))
    looped = frames[60:]
    looped[:] = np.where(draw.random(looped.shape) < 1 / 6, looped, np.resize(turn, looped.shape))
    detector = LoopDetector()
    found = [detector.add(tuple(frame)) for frame in frames.tolist()]
    assert not any(found[: 60 + 3 * period])
    assert {each for each in found if each} == {period}


def test_speech_with_held_sounds_and_a_sentence_said_twice_is_no_loop() -> None:
    draw = np.random.default_rng(0)
    sentence = draw.integers(4096, size=(30, 7))
    held = np.where(draw.random((40, 7)) < 0.3, draw.integers(4096, size=(40, 7)), 5)
    speech = draw.integers(4096, size=(200, 7))
    detector = LoopDetector()
    frames = np.concatenate([speech[:60], sentence, sentence, speech[60:], held, speech])
    assert not any(detector.add(tuple(frame)) for frame in frames.tolist())


def test_a_held_sound_is_no_loop() -> None:
    """A second and a half of equal frames is a pause; a take goes on."""

    def script(seed: int, n: int) -> int | None:
        frame = n // 7
        if frame == 60:
            return None
        return (min(frame, 10) if frame < 28 else frame) + n % 7

    assert run(ScriptedDecoder(1, script), [1])[1].stop == StopReason.END


def test_what_is_not_a_number_ends_that_take_alone() -> None:
    def script(seed: int, n: int) -> int | None:
        return -1 if (seed, n) == (1, 38) else counting(seed, n)

    takes = run(ScriptedDecoder(2, script), [1, 2, 3])
    assert takes[1].stop == StopReason.NOT_FINITE
    assert "CPU, float32" in takes[1].detail
    assert len(takes[1].codes.frames) == 5  # 38 tokens are five frames and three tokens
    assert [takes[seed].stop for seed in (2, 3)] == [StopReason.END] * 2
    first = run(ScriptedDecoder(2, lambda seed, n: -1), [1])[1]
    assert first.codes.frames.shape == (0, 7)


def test_stopping_leaves_nothing_behind() -> None:
    decoder = ScriptedDecoder(2, counting)
    scheduler = SlotScheduler(decoder, Sampler(SMALL, 2))
    running = scheduler.run(orders([20, 21]))
    for _ in range(10):
        next(running)
    running.close()
    again = [sampled for sampled in scheduler.run(orders([0])) if sampled is not None]
    assert len(again[0].codes.frames) == 5

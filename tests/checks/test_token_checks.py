"""What codes tell before they are heard: synthetic codes, because what they hold is known."""

import numpy as np
import pytest

from mayabook.checks.detectors import Evidence, Needs, run_detectors
from mayabook.checks.scoring import Score
from mayabook.checks.thresholds import load_thresholds
from mayabook.checks.token_checks import FRAME_SECONDS
from mayabook.core.take import Codes
from mayabook.core.verdict import FindingKind

FIGURES = load_thresholds()
N_FRAMES = 140


def codes(frames: np.ndarray | None = None, *, removed: float = 0.001, unsure: int = 0) -> Codes:
    """unsure: tokens at the end of which the model is less sure than of those before."""
    draw = np.random.default_rng(0)
    frames = draw.integers(0, 4096, (N_FRAMES, 7), dtype=np.int32) if frames is None else frames
    n_tokens = frames.size + 1
    likely = np.full(n_tokens, -1.5, np.float16)
    entropy = np.full(n_tokens, 2.0, np.float16)
    if unsure:
        likely[-unsure:], entropy[-unsure:] = -6.5, 7.0
    return Codes(frames, likely, entropy, np.full(n_tokens, removed, np.float16), np.zeros(n_tokens, np.float16))


def code_scores(given: Codes) -> list[Score]:
    return run_detectors(Evidence(FIGURES, np.zeros(0, np.float32), 24000, codes=given), Needs.CODES)


def scores(given: Codes) -> dict[str, Score]:
    return {score.detector: score for score in code_scores(given)}


def rejecting(given: Codes) -> set[str]:
    return {name for name, score in scores(given).items() if score.value >= FIGURES.rejection[name]}


def test_sound_codes_are_not_rejected() -> None:
    assert rejecting(codes()) == set()


@pytest.mark.parametrize("period", [4, 12, 40])
def test_a_loop_is_found_with_its_period_in_a_single_slot(period: int) -> None:
    frames = codes().frames.copy()
    start = 20
    for frame in range(start + period, start + 2 * period + 30):
        frames[frame % N_FRAMES, 3] = frames[(frame - period) % N_FRAMES, 3]
    loop = scores(codes(frames))["code_loop"]
    assert loop.kind == FindingKind.LOOP
    assert f"position 3 repeats {period} frames" in loop.evidence
    assert loop.value == pytest.approx((period + 30) * FRAME_SECONDS)
    assert loop.start == pytest.approx(start * FRAME_SECONDS)


def test_a_held_pause_is_no_loop() -> None:
    frames = codes().frames.copy()
    frames[30:90] = frames[30]
    assert "code_loop" not in rejecting(codes(frames))


def test_what_the_mask_removed_counts() -> None:
    assert rejecting(codes(removed=0.5)) == {"off_grammar"}
    assert scores(codes(removed=0.5))["off_grammar"].value == pytest.approx(0.5, abs=1e-3)


def test_a_model_that_is_unsure_at_the_end() -> None:
    n_tail = round(FIGURES.tokens.tail_seconds / FRAME_SECONDS) * 7
    found = scores(codes(unsure=n_tail))
    assert found["unlikely_tail"].value == pytest.approx(5.0, abs=0.01)
    assert found["open_tail"].value == pytest.approx(5.0, abs=0.01)
    assert rejecting(codes(unsure=n_tail)) == {"unlikely_tail", "open_tail"}


def test_a_take_without_frames_has_no_scores_of_codes() -> None:
    empty = Codes(np.zeros((0, 7), np.int32), *[np.zeros(0, np.float16)] * 4)
    assert code_scores(empty) == []

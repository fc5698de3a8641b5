"""What Maya1's engines do with a take that runs on, and with its first frame: on a random model, which never ends."""

from dataclasses import replace

import numpy as np

from mayabook.core.take import StopReason
from mayabook.engines.token_budget import token_budget
from mayabook.maya.token_layout import SAMPLES_PER_FRAME
from mayabook.models.store import ModelFiles
from tests.engines.maya_engines import SHORT, ask, maya_engine

ENDLESS = replace(SHORT, max_tokens=0)
TEXT = "No."


def test_a_take_that_runs_on_is_ended_by_its_budget(tiny: ModelFiles) -> None:
    engine = maya_engine("gguf F16", tiny, 1, ENDLESS, warm_up="keep")
    (take,) = engine.generate([ask(engine, TEXT)])
    engine.close()
    assert take.stop == StopReason.BUDGET
    assert take.codes is not None
    assert take.codes.frames.size == token_budget(TEXT)
    assert len(take.audio) == len(take.codes.frames) * SAMPLES_PER_FRAME


def test_a_first_frame_that_is_always_trimmed(tiny: ModelFiles) -> None:
    kept, trimmed = (maya_engine("gguf F16", tiny, 1, warm_up="keep"), maya_engine("gguf F16", tiny, 1, warm_up="trim"))
    (whole,), (rest,) = (engine.generate([ask(engine, TEXT)]) for engine in (kept, trimmed))
    for engine in (kept, trimmed):
        engine.close()
    assert np.array_equal(rest.audio, whole.audio[SAMPLES_PER_FRAME:])
    assert kept.identity != trimmed.identity
    assert kept.former_identities
    assert not trimmed.former_identities  # takes of earlier versions have their first frame

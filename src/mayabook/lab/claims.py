"""Tests the claims of the report of 2025-11-17 against the rows of the experiments, and gives each a verdict."""

from collections.abc import Callable
from dataclasses import replace

from mayabook.lab.format_claims import (
    judge_bf16,
    judge_double_quantisation,
    judge_nf4,
    judge_q4_reliability,
    judge_speed,
)
from mayabook.lab.judged_claim import NOT_RUN, JudgedClaim, Results
from mayabook.lab.settings_claims import judge_cap, judge_sampling_style, judge_settings
from mayabook.lab.state_claims import (
    judge_decline,
    judge_kv_cache_bleeding,
    judge_reloading,
    judge_repeated_takes,
    judge_reset,
)


def judge(results: Results) -> list[JudgedClaim]:
    """Judges all claims, in the order of the report. Claims whose experiment was not run have no consequence."""
    found = [claim(results) for claim in _CLAIMS]
    return [replace(judged, consequence="") if judged.verdict == NOT_RUN else judged for judged in found]


_CLAIMS: tuple[Callable[[Results], JudgedClaim], ...] = (
    judge_kv_cache_bleeding,
    judge_reset,
    judge_repeated_takes,
    judge_reloading,
    judge_decline,
    judge_settings,
    judge_nf4,
    judge_double_quantisation,
    judge_bf16,
    judge_q4_reliability,
    judge_speed,
    judge_cap,
    judge_sampling_style,
)
"""One function per claim, in the order of the report."""

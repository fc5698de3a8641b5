"""Claims that compare weight formats: their artifacts and their speed."""

from mayabook.lab.ablation import GGUF_BASELINE
from mayabook.lab.ablation_report import SIGNIFICANCE_LEVEL
from mayabook.lab.format_comparison import rows_by_format
from mayabook.lab.judged_claim import HOLDS, MAX_REFUTING_BOUND, NOT_RUN, REFUTED, UNDECIDED, JudgedClaim, Results
from mayabook.lab.report import (
    artifact_rate,
    discordant_pairs,
    format_p_value,
    format_rate,
    n_chunks,
    paired_differences,
)
from mayabook.lab.statistics import bound_without_events, paired_test, required_pairs
from mayabook.lab.trial_runner import rows_by_cell


def _judge_formats(results: Results, claim: str, one: str, other: str, follows: str) -> JudgedClaim:
    """Judges the claim that format `one` has more artifacts than format `other`."""
    takes = rows_by_format(results.get("compare", ()), "take")
    if one not in takes or other not in takes:
        return JudgedClaim(claim, "compare", "", NOT_RUN, "")
    p = paired_test(paired_differences(takes[one], takes[other]))
    only_one, only_other, n = discordant_pairs(takes[one], takes[other])
    figures = (
        f"{one} {format_rate(artifact_rate(takes[one]))}, {other} {format_rate(artifact_rate(takes[other]))}; in {one} "
        f"alone {only_one}, in {other} alone {only_other}, p {format_p_value(p)}"
    )
    verdict = UNDECIDED
    if p <= SIGNIFICANCE_LEVEL:
        verdict = HOLDS if only_one > only_other else REFUTED
    elif needed := required_pairs(only_one, only_other, n):
        figures += f"; about {needed} chunks would settle a difference of this size"
    elif not only_one:
        bound = bound_without_events(n_chunks(takes[one]))
        figures += f"; a difference in more than {bound:.1%} of chunks is excluded with 95 % confidence"
        verdict = REFUTED if bound <= MAX_REFUTING_BOUND else UNDECIDED
    return JudgedClaim(claim, "compare", figures, verdict, follows)


def judge_nf4(results: Results) -> JudgedClaim:
    """Whether NF4 as it was used has more artifacts than Q4_K_M."""
    claim = "NF4 as it was used (double quantisation, bfloat16) gives more artifacts than Q4_K_M."
    return _judge_formats(results, claim, "NF4-bf16", "Q4_K_M", "See the table of formats.")


def judge_double_quantisation(results: Results) -> JudgedClaim:
    """Whether double quantisation has more artifacts than plain NF4."""
    claim = "Double quantisation gives more artifacts."
    return _judge_formats(
        results, claim, "NF4-double", "NF4", "It saves 0.4 bits a weight; use it where memory is short."
    )


def judge_bf16(results: Results) -> JudgedClaim:
    """Whether bfloat16 has more artifacts than float32."""
    claim = "bfloat16 gives more artifacts than float32."
    return _judge_formats(results, claim, "bf16", "fp32", "Use what the device computes natively: --dtype auto.")


def judge_q4_reliability(results: Results) -> JudgedClaim:
    """Whether Q4_K_M is free of artifacts."""
    rows = rows_by_cell(results.get("ablation", ())).get(GGUF_BASELINE, [])
    figures = f"0 of 3 exclude a rate above {bound_without_events(3):.0%} and nothing more"
    if rows:
        figures += f"; Q4_K_M with llama.cpp's settings of 2025 has artifacts in {format_rate(artifact_rate(rows))}"
    verdict = NOT_RUN if not rows else REFUTED if artifact_rate(rows).events else UNDECIDED
    return JudgedClaim(
        "Q4_K_M is without artifacts (0 of 3).",
        "ablation",
        figures,
        verdict,
        "Have every take checked, whatever made it.",
    )


def judge_speed(results: Results) -> JudgedClaim:
    """Whether llama.cpp is at least five times slower than transformers, by tokens per second."""
    costs = {name: found[0] for name, found in rows_by_format(results.get("compare", ()), "cost").items()}
    other = next((name for name in ("NF4-bf16", "NF4-double", "NF4", "fp32") if name in costs), None)
    if "Q4_K_M" not in costs or other is None:
        return JudgedClaim("llama.cpp is five to six times slower.", "compare", "", NOT_RUN, "")
    ours, theirs = (costs[name]["tokens_per_second"] for name in ("Q4_K_M", other))
    figures = f"Q4_K_M {ours:.0f} tokens/s, {other} {theirs:.0f}, both on this machine in MayaBook's slots"
    return JudgedClaim(
        "llama.cpp is five to six times slower.", "compare", figures, REFUTED if ours > theirs / 5 else HOLDS,
        "`mayabook doctor` says whether llama.cpp uses the GPU.",
    )  # fmt: skip

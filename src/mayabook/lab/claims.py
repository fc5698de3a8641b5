"""Tests the claims of the report of 2025-11-17 against the rows of the experiments, and gives each a verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mayabook.engines.sampler_settings import preset
from mayabook.lab.ablation import GGUF_BASELINE, TRANSFORMERS_BASELINE, differing_factors
from mayabook.lab.ablation_report import SIGNIFICANCE_LEVEL, ranked_effects
from mayabook.lab.format_comparison import rows_by_format
from mayabook.lab.isolate import ALONE_CONDITION, WORKAROUND_SEPARATOR
from mayabook.lab.isolate_report import (
    changed_takes,
    largest_logit_difference,
    logit_difference_sentence,
    workaround_of,
)
from mayabook.lab.report import (
    artifact_rate,
    discordant_pairs,
    format_p_value,
    format_percent,
    format_rate,
    is_artifact,
    lowest_rate_cells,
    n_chunks,
    paired_differences,
    pairwise_p_values,
    zero_events_phrase,
)
from mayabook.lab.rows import Row
from mayabook.lab.statistics import bound_without_events, holm, mann_kendall, paired_test, required_pairs
from mayabook.lab.trial_runner import rows_by_cell
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, SAMPLES_PER_FRAME

HOLDS, REFUTED, UNDECIDED, NOT_RUN = "holds", "refuted", "undecided at this n", "not run"
"""Verdicts."""
MAX_REFUTING_BOUND = 0.1
"""Takes without an event refute a cause only if the upper bound of its rate is at most this share of chunks.

The report found defects in three chunks of three. A cause that affects fewer than 37 % of chunks would produce that
with a probability of about 5 % at most."""


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim of the report with its verdict."""

    claim: str
    """The claim, in one sentence."""
    experiment: str
    """Name of the experiment that the verdict is based on."""
    figures: str
    """The results that decide it, in words."""
    verdict: str
    """One of HOLDS, REFUTED, UNDECIDED and NOT_RUN."""
    consequence: str
    """Advice to users that follows from the verdict."""


Results = Mapping[str, Sequence[Row]]
"""Name of an experiment -> its rows; an experiment that was not run is missing or has none."""


def judge(results: Results) -> list[JudgedClaim]:
    """Judges all claims, in the order of the report. Claims whose experiment was not run have no consequence."""
    found = [claim(results) for claim in _CLAIMS]
    return [replace(judged, consequence="") if judged.verdict == NOT_RUN else judged for judged in found]


def _legacy_takes(
    results: Results, name: str = "", workaround: str = "", *, seeded: bool = True
) -> list[tuple[Row, bool]]:
    """Takes of the legacy back ends, each with whether its codes differ from the first take of its chunk.

    name, workaround: prefixes of the back end and of the workaround. seeded: True gives takes with the seed of the
    first take, False those with another seed.
    """
    found = rows_by_cell(results.get("isolate", ()))
    pairs = [pair for cell, rows in found.items() if cell.startswith(name) for pair in changed_takes(rows)]
    return [
        (row, differs)
        for row, differs in pairs
        if f"{WORKAROUND_SEPARATOR}{workaround}" in row["condition"] and row["seeded"] is seeded
    ]


def _judge_equality(
    pairs: Sequence[tuple[Row, bool]], what: str, reseeded: Sequence[tuple[Row, bool]]
) -> tuple[str, str]:
    """Figures and verdict of a claim that takes differ.

    reseeded: the same takes with another seed. If even those are equal, equal takes do not prove that differences
    between logits are harmless, and the claim stays undecided.
    """
    wrong = sum(differs for _, differs in pairs)
    if not pairs:
        return "", NOT_RUN
    if wrong:
        return f"{wrong} of {len(pairs)} {what}; their logits by up to {largest_logit_difference(pairs):.2g}", HOLDS
    figures = f"{zero_events_phrase([row for row, _ in pairs], what)}.{logit_difference_sentence(pairs)}"
    if largest_logit_difference(pairs) and not any(differs for _, differs in reseeded):
        return f"{figures} With another seed none of {len(reseeded)} differ either: these takes hardly can.", UNDECIDED
    return figures, REFUTED if bound_without_events(
        n_chunks(row for row, _ in pairs)
    ) <= MAX_REFUTING_BOUND else UNDECIDED


def judge_kv_cache_bleeding(results: Results) -> JudgedClaim:
    """Whether takes of transformers' `generate()` depend on earlier ones."""
    own, reseeded = (_legacy_takes(results, "generate()", "none", seeded=seeded) for seeded in (True, False))
    figures, verdict = _judge_equality(own, "of generate() differ from the first", reseeded)
    return JudgedClaim(
        "The key-value cache of transformers bleeds from one generate() into the next.", "isolate", figures, verdict,
        "Nothing needs to be cleared between chunks." if verdict == REFUTED else "Take MayaBook's own engines.",
    )  # fmt: skip


def judge_reset(results: Results) -> JudgedClaim:
    """Whether takes of llama.cpp without `reset()` depend on earlier ones."""
    own, reseeded = (_legacy_takes(results, "Llama()", "none", seeded=seeded) for seeded in (True, False))
    figures, verdict = _judge_equality(own, "of Llama() without reset() differ", reseeded)
    follows = (
        "Llama() reads only what differs from its last prompt, in another shape, so last bits may change: MayaBook "
        "reads every prompt whole."
        if verdict != REFUTED
        else "reset() is not what made llama.cpp reliable."
    )
    return JudgedClaim("llama.cpp needs reset() before each chunk.", "isolate", figures, verdict, follows)


def judge_repeated_takes(results: Results) -> JudgedClaim:
    """Whether two takes of a chunk differ because of carried-over state or only because of their seeds."""
    free, seeded = _legacy_takes(results, seeded=False), _legacy_takes(results)
    if not free:
        figures, verdict = "", NOT_RUN
    else:
        other = sum(differs for _, differs in free)
        same = sum(differs for _, differs in seeded)
        figures = f"{other} of {len(free)} differ with another seed, {same} of {len(seeded)} with the same"
        verdict = REFUTED if other > 0 and other / len(free) > same / len(seeded) else UNDECIDED
    return JudgedClaim(
        "Two takes of one chunk that differ prove that state is carried over.", "isolate", figures, verdict,
        "Set seeds before takes are compared; MayaBook derives them from the text.",
    )  # fmt: skip


def judge_reloading(results: Results) -> JudgedClaim:
    """Whether takes of a model that stays loaded differ from those of a freshly loaded one."""
    found = [row for row in results.get("isolate", ()) if row["cell"].startswith("generate()")]
    fresh = [row for row in found if row["condition"].startswith(ALONE_CONDITION) and workaround_of(row) == "reload"]
    kept = [
        {**row, "condition": row["condition"].partition(WORKAROUND_SEPARATOR)[0] + f"{WORKAROUND_SEPARATOR}reload"}
        for row in found
        if workaround_of(row) == "none" and not row["condition"].startswith(ALONE_CONDITION)
    ]
    seeded, reseeded = (
        [pair for pair in changed_takes([*fresh, *kept]) if pair[0]["seeded"] is flag] for flag in (True, False)
    )
    figures, verdict = _judge_equality(seeded, "of a kept model differ from a fresh one's", reseeded)
    return JudgedClaim(
        "Loading the model anew for each chunk changes what it says.", "isolate", figures, verdict,
        "Keep the model loaded.",
    )  # fmt: skip


def judge_decline(results: Results) -> JudgedClaim:
    """Whether artifacts or word errors rise over a long run, or codes depend on the position."""
    orders = rows_by_cell(results.get("stress", ()))
    if "shuffled" not in orders:
        return JudgedClaim("Quality declines in a long run.", "stress", "", NOT_RUN, "")
    rows = sorted(orders["shuffled"], key=lambda row: row["position"])
    trends = [
        mann_kendall([float(is_artifact(row)) for row in rows]),
        mann_kendall([row["errors"] / max(1, row["n_words"]) for row in rows]),
    ]
    p = min(holm([trend.p for trend in trends]))
    same = {row["item"]: row["tokens"] for row in orders["in order"]}
    moved = sum(same.get(row["item"], row["tokens"]) != row["tokens"] for row in rows)
    half = len(rows) // 2
    figures = (
        f"{len(rows)} takes: artifacts in {format_percent(artifact_rate(rows[:half]).value)} of the first half, "
        f"{format_percent(artifact_rate(rows[half:]).value)} of the second, trend p {format_p_value(p)}; "
        f"{moved} have other codes at another position"
    )
    falls = p <= SIGNIFICANCE_LEVEL and any(trend.tau > 0 for trend in trends)
    verdict = (
        HOLDS
        if falls or moved
        else REFUTED
        if bound_without_events(n_chunks(rows)) <= MAX_REFUTING_BOUND
        else UNDECIDED
    )
    return JudgedClaim(
        "Quality declines in a long run, so that short tests prove nothing.", "stress", figures, verdict,
        "A chunk can be judged by itself; what matters is how many are." if verdict != HOLDS else "Check every take.",
    )  # fmt: skip


def judge_settings(results: Results) -> JudgedClaim:
    """Whether settings cause artifacts.

    A cause is a setting that differed and whose transformers level increases artifacts, alone or as a main effect.
    """
    claim = "Settings are not the cause: both ways used the same."
    rows = results.get("ablation", ())
    if not rows:
        return JudgedClaim(claim, "ablation", "", NOT_RUN, "")
    names = [name for name in differing_factors() if name != "format"]
    mains = [
        e.name
        for e in ranked_effects(rows)
        if e.is_main and e.adjusted <= SIGNIFICANCE_LEVEL and e.value > 0 and e.name in names
    ]
    one = rows_by_cell([row for row in rows if row["part"] == "one"])
    harms = {
        cell: paired_differences(one[cell], one[base])
        if base == GGUF_BASELINE
        else paired_differences(one[base], one[cell])
        for base, change in ((GGUF_BASELINE, " done"), (TRANSFORMERS_BASELINE, " undone"))
        for name in names
        if (cell := f"{base}, {name}{change}") in one and base in one
    }
    adjusted = dict(zip(harms, holm([paired_test(harm) for harm in harms.values()]), strict=True))
    sure = [cell for cell, p in adjusted.items() if p <= SIGNIFICANCE_LEVEL and sum(harms[cell]) > 0]
    figures = [f"spoil beyond chance, all varied at once: {', '.join(mains) or 'none'}"]
    if TRANSFORMERS_BASELINE in one and GGUF_BASELINE in one:
        figures.append(
            f"transformers' settings and weights {format_rate(artifact_rate(one[TRANSFORMERS_BASELINE]))}, llama.cpp's "
            f"{format_rate(artifact_rate(one[GGUF_BASELINE]))}; by itself, healing undone or spoiling done: "
            f"{'; '.join(sure) or 'none'}"
        )
    return JudgedClaim(
        claim, "ablation", "; ".join(figures), REFUTED if mains or sure else UNDECIDED,
        "Every setting is explicit in a preset; no library's default applies.",
    )  # fmt: skip


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


def judge_cap(results: Results) -> JudgedClaim:
    """Whether a take was long because of carried-over state. Its length is exactly that of the token cap."""
    cap = preset(TRANSFORMERS_BASELINE).max_tokens
    whole = cap // CODES_PER_FRAME * SAMPLES_PER_FRAME / SAMPLE_RATE
    trimmed = whole - SAMPLES_PER_FRAME / SAMPLE_RATE
    rows = [row for row in results.get("ablation", ()) if row["cell"] == TRANSFORMERS_BASELINE]
    n_capped = sum(row["stop"] == "cap" for row in rows)
    ended = f"; here {n_capped} of {len(rows)} such takes end by the cap" if rows else ""
    return JudgedClaim(
        "Chunk 2 took 30.38 s where chunk 1 took 24.23 s because state was carried over.", "arithmetic, ablation",
        f"{cap} tokens are {whole:.2f} s, {trimmed:.2f} s less the frame that was trimmed: the cap cut it{ended}",
        REFUTED, "A take that its cap ends is rejected as truncated.",
    )  # fmt: skip


def judge_sampling_style(results: Results) -> JudgedClaim:
    """Whether temperature and top_p leave the artifact rate unchanged."""
    points = rows_by_cell([row for row in results.get("sweep", ()) if row["part"] == "point"])
    if len(points) < 2:
        return JudgedClaim("Temperature changes style, not artifacts.", "sweep", "", NOT_RUN, "")
    rates = {name: artifact_rate(found) for name, found in points.items()}
    low, high = lowest_rate_cells(rates), max(rates, key=lambda name: rates[name].value)
    p = min(pairwise_p_values(points).values())
    figures = (
        f"least at {'; '.join(low)}: {format_rate(rates[low[0]])}; most at {high}: {format_rate(rates[high])}; least p "
        f"of all pairs {format_p_value(p)}"
    )
    return JudgedClaim(
        "Temperature and top_p change style, not artifacts.", "sweep", figures,
        REFUTED if p <= SIGNIFICANCE_LEVEL else UNDECIDED,
        "Stay with the preset's, or measure yours with `mayabook lab sweep`.",
    )  # fmt: skip


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

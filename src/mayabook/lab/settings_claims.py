"""Claims on what settings do: sampling, prompt and the cap of tokens."""

from collections.abc import Mapping, Sequence

from mayabook.engines.sampler_settings import preset
from mayabook.lab.ablation import ALIKE_FACTORS, GGUF_BASELINE, TRANSFORMERS_BASELINE, differing_factors
from mayabook.lab.ablation_report import SIGNIFICANCE_LEVEL, ranked_effects
from mayabook.lab.judged_claim import NOT_RUN, REFUTED, UNDECIDED, JudgedClaim, Results
from mayabook.lab.report import (
    artifact_rate,
    format_p_value,
    format_rate,
    lowest_rate_cells,
    paired_differences,
    pairwise_p_values,
)
from mayabook.lab.rows import Row
from mayabook.lab.statistics import holm, paired_test
from mayabook.lab.trial_runner import rows_by_cell
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, SAMPLES_PER_FRAME


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
    sure = _significant(harms, 1)
    figures = [f"spoil beyond chance, all varied at once: {', '.join(mains) or 'none'}"]
    if TRANSFORMERS_BASELINE in one and GGUF_BASELINE in one:
        figures.append(
            f"transformers' settings and weights {format_rate(artifact_rate(one[TRANSFORMERS_BASELINE]))}, llama.cpp's "
            f"{format_rate(artifact_rate(one[GGUF_BASELINE]))}; by itself, healing undone or spoiling done: "
            f"{'; '.join(sure) or 'none'}"
        )
    if alike := _changes_of_what_was_alike(rows):
        heals, spoils = ("; ".join(_significant(alike, sign)) or "nothing" for sign in (-1, 1))
        figures.append(
            f"of the settings that both back ends shared ({', '.join(ALIKE_FACTORS)}), a change heals: {heals}; "
            f"spoils: {spoils}"
        )
    return JudgedClaim(
        claim, "ablation", "; ".join(figures), REFUTED if mains or sure else UNDECIDED,
        "Every setting is explicit in a preset; no library's default applies.",
    )  # fmt: skip


def _changes_of_what_was_alike(rows: Sequence[Row]) -> dict[str, list[int]]:
    """Cells in which a factor was changed that both back ends had alike: artifacts less the baseline's, by chunk."""
    one = rows_by_cell([row for row in rows if row["part"] == "one"])
    alike = rows_by_cell([row for row in rows if row["part"] == "alike"])
    return {
        cell: paired_differences(found, one[base])
        for cell, found in alike.items()
        if (base := cell.partition(",")[0]) in one
    }


def _significant(changes: Mapping[str, Sequence[int]], sign: int) -> list[str]:
    """The cells with more (sign 1) or fewer (-1) artifacts than what they are compared with, beyond chance."""
    adjusted = holm([paired_test(change) for change in changes.values()])
    return [
        cell
        for (cell, change), p in zip(changes.items(), adjusted, strict=True)
        if p <= SIGNIFICANCE_LEVEL and sign * sum(change) > 0
    ]


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

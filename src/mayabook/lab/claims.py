"""Tests the claims of the report of 2025-11-17 against the rows of the experiments; each gets figures and a verdict."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from mayabook.engines.sampler_settings import preset
from mayabook.lab.ablation import BAD, GOOD, differing
from mayabook.lab.ablation_report import LEVEL, ranked
from mayabook.lab.compare import parts
from mayabook.lab.isolate import ALONE
from mayabook.lab.isolate_report import FIX, bent, changed, fix_of, largest_gap
from mayabook.lab.report import (
    all_pairs,
    artifacts,
    differences,
    discordant,
    fewest,
    is_artifact,
    n_chunks,
    no_events,
    p_value,
    percent,
    shown,
)
from mayabook.lab.rows import Row
from mayabook.lab.statistics import bound_without_events, holm, mann_kendall, paired, pairs_to_tell
from mayabook.lab.trial_runner import cells
from mayabook.maya.token_layout import CODES_PER_FRAME, SAMPLE_RATE, SAMPLES_PER_FRAME

HOLDS, REFUTED, UNDECIDED, NOT_RUN = "holds", "refuted", "undecided at this n", "not run"
"""Verdicts."""
ENOUGH = 0.1
"""Takes without an event refute a cause only if the upper bound of its rate is at most this share of chunks.

The report heard defects in three chunks of three, which a cause that affects less than 37 % of chunks would hardly have
produced."""


@dataclass(frozen=True, slots=True)
class JudgedClaim:
    """A claim of the report with its verdict."""

    claim: str
    experiment: str
    """Experiment whose rows the verdict rests on."""
    figures: str
    """The results, in words."""
    verdict: str
    follows: str
    """Consequence for a user's settings."""


Results = Mapping[str, Sequence[Row]]
"""Name of an experiment -> its rows; an experiment that was not run is missing or has none."""


def judge(results: Results) -> list[JudgedClaim]:
    """Judges all claims, in the order of the report. Claims whose experiment was not run have no consequence."""
    found = [claim(results) for claim in _CLAIMS]
    return [replace(judged, follows="") if judged.verdict == NOT_RUN else judged for judged in found]


def _ways(results: Results, name: str = "", fix: str = "", *, seeded: bool = True) -> list[tuple[Row, bool]]:
    """Takes of the legacy back ends, each with whether its codes differ from the first take of its chunk.

    name: how the back ends' names begin. fix: only takes with fixes whose name begins so. seeded: whether the takes
    have the seed of the first take, or another.
    """
    found = cells(results.get("isolate", ()))
    pairs = [pair for cell, rows in found.items() if cell.startswith(name) for pair in changed(rows)]
    return [(row, differs) for row, differs in pairs if f"{FIX}{fix}" in row["condition"] and row["seeded"] is seeded]


def _none_differs(
    pairs: Sequence[tuple[Row, bool]], what: str, reseeded: Sequence[tuple[Row, bool]]
) -> tuple[str, str]:
    """Figures and verdict of a claim that takes differ.

    reseeded: the same takes with another seed. If even those do not differ, equal takes cannot show that a difference
    of logits has no effect, and the claim stays undecided.
    """
    wrong = sum(differs for _, differs in pairs)
    if not pairs:
        return "", NOT_RUN
    if wrong:
        return f"{wrong} of {len(pairs)} {what}; their logits by up to {largest_gap(pairs):.2g}", HOLDS
    figures = f"{no_events([row for row, _ in pairs], what)}.{bent(pairs)}"
    if largest_gap(pairs) and not any(differs for _, differs in reseeded):
        return f"{figures} With another seed none of {len(reseeded)} differ either: these takes hardly can.", UNDECIDED
    return figures, REFUTED if bound_without_events(n_chunks(row for row, _ in pairs)) <= ENOUGH else UNDECIDED


def bleeding(results: Results) -> JudgedClaim:
    """Whether takes of transformers' `generate()` depend on earlier ones."""
    own, reseeded = (_ways(results, "generate()", "none", seeded=seeded) for seeded in (True, False))
    figures, verdict = _none_differs(own, "of generate() differ from the first", reseeded)
    return JudgedClaim(
        "The key-value cache of transformers bleeds from one generate() into the next.", "isolate", figures, verdict,
        "Nothing needs to be cleared between chunks." if verdict == REFUTED else "Take MayaBook's own engines.",
    )  # fmt: skip


def reset(results: Results) -> JudgedClaim:
    """Whether takes of llama.cpp without `reset()` depend on earlier ones."""
    own, reseeded = (_ways(results, "Llama()", "none", seeded=seeded) for seeded in (True, False))
    figures, verdict = _none_differs(own, "of Llama() without reset() differ", reseeded)
    follows = (
        "Llama() reads only what differs from its last prompt, in another shape, so last bits may change: MayaBook "
        "reads every prompt whole."
        if verdict != REFUTED
        else "reset() is not what made llama.cpp reliable."
    )
    return JudgedClaim("llama.cpp needs reset() before each chunk.", "isolate", figures, verdict, follows)


def twice(results: Results) -> JudgedClaim:
    """Whether differing takes of one chunk prove state, or only another seed."""
    free, seeded = _ways(results, seeded=False), _ways(results)
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


def reloading(results: Results) -> JudgedClaim:
    """Whether takes of a model that stays loaded differ from those of a freshly loaded one."""
    found = [row for row in results.get("isolate", ()) if row["cell"].startswith("generate()")]
    fresh = [row for row in found if row["condition"].startswith(ALONE) and fix_of(row) == "reload"]
    kept = [
        {**row, "condition": row["condition"].partition(FIX)[0] + f"{FIX}reload"}
        for row in found
        if fix_of(row) == "none" and not row["condition"].startswith(ALONE)
    ]
    seeded, reseeded = (
        [pair for pair in changed([*fresh, *kept]) if pair[0]["seeded"] is flag] for flag in (True, False)
    )
    figures, verdict = _none_differs(seeded, "of a kept model differ from a fresh one's", reseeded)
    return JudgedClaim(
        "Loading the model anew for each chunk changes what it says.", "isolate", figures, verdict,
        "Keep the model loaded.",
    )  # fmt: skip


def decline(results: Results) -> JudgedClaim:
    """Whether artifacts or word errors rise over a long run, or codes depend on the position."""
    orders = cells(results.get("stress", ()))
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
        f"{len(rows)} takes: artifacts in {percent(artifacts(rows[:half]).value)} of the first half, "
        f"{percent(artifacts(rows[half:]).value)} of the second, trend p {p_value(p)}; "
        f"{moved} have other codes at another position"
    )
    falls = p <= LEVEL and any(trend.tau > 0 for trend in trends)
    verdict = HOLDS if falls or moved else REFUTED if bound_without_events(n_chunks(rows)) <= ENOUGH else UNDECIDED
    return JudgedClaim(
        "Quality declines in a long run, so that short tests prove nothing.", "stress", figures, verdict,
        "A chunk can be judged by itself; what matters is how many are." if verdict != HOLDS else "Check every take.",
    )  # fmt: skip


def settings(results: Results) -> JudgedClaim:
    """Whether settings cause artifacts.

    A cause is a setting that differed and whose transformers level increases artifacts, alone or as a main effect.
    """
    claim = "Settings are not the cause: both ways used the same."
    rows = results.get("ablation", ())
    if not rows:
        return JudgedClaim(claim, "ablation", "", NOT_RUN, "")
    names = [name for name in differing() if name != "format"]
    mains = [e.name for e in ranked(rows) if e.is_main and e.adjusted <= LEVEL and e.value > 0 and e.name in names]
    one = cells([row for row in rows if row["part"] == "one"])
    harms = {
        cell: differences(one[cell], one[base]) if base == GOOD else differences(one[base], one[cell])
        for base, change in ((GOOD, " done"), (BAD, " undone"))
        for name in names
        if (cell := f"{base}, {name}{change}") in one and base in one
    }
    adjusted = dict(zip(harms, holm([paired(harm) for harm in harms.values()]), strict=True))
    sure = [cell for cell, p in adjusted.items() if p <= LEVEL and sum(harms[cell]) > 0]
    parts_ = [f"spoil beyond chance, all varied at once: {', '.join(mains) or 'none'}"]
    if BAD in one and GOOD in one:
        parts_.append(
            f"transformers' settings and weights {shown(artifacts(one[BAD]))}, llama.cpp's "
            f"{shown(artifacts(one[GOOD]))}; by itself, healing undone or spoiling done: {'; '.join(sure) or 'none'}"
        )
    return JudgedClaim(
        claim, "ablation", "; ".join(parts_), REFUTED if mains or sure else UNDECIDED,
        "Every setting is explicit in a preset; no library's default applies.",
    )  # fmt: skip


def _between(results: Results, claim: str, one: str, other: str, follows: str) -> JudgedClaim:
    """Judges the claim that format `one` has more artifacts than format `other`."""
    takes = parts(results.get("compare", ()), "take")
    if one not in takes or other not in takes:
        return JudgedClaim(claim, "compare", "", NOT_RUN, "")
    p = paired(differences(takes[one], takes[other]))
    only_one, only_other, n = discordant(takes[one], takes[other])
    figures = (
        f"{one} {shown(artifacts(takes[one]))}, {other} {shown(artifacts(takes[other]))}; in {one} alone "
        f"{only_one}, in {other} alone {only_other}, p {p_value(p)}"
    )
    verdict = UNDECIDED
    if p <= LEVEL:
        verdict = HOLDS if only_one > only_other else REFUTED
    elif needed := pairs_to_tell(only_one, only_other, n):
        figures += f"; about {needed} chunks would settle a difference of this size"
    elif not only_one:
        bound = bound_without_events(n_chunks(takes[one]))
        figures += f"; a difference in more than {bound:.1%} of chunks is excluded with 95 % confidence"
        verdict = REFUTED if bound <= ENOUGH else UNDECIDED
    return JudgedClaim(claim, "compare", figures, verdict, follows)


def nf4(results: Results) -> JudgedClaim:
    """Whether NF4 as it was used has more artifacts than Q4_K_M."""
    claim = "NF4 as it was used (double quantisation, bfloat16) gives more artifacts than Q4_K_M."
    return _between(results, claim, "NF4-bf16", "Q4_K_M", "See the table of formats.")


def double(results: Results) -> JudgedClaim:
    """Whether double quantisation has more artifacts than plain NF4."""
    claim = "Double quantisation gives more artifacts."
    return _between(results, claim, "NF4-double", "NF4", "It saves 0.4 bits a weight; use it where memory is short.")


def bf16(results: Results) -> JudgedClaim:
    """Whether bfloat16 has more artifacts than float32."""
    claim = "bfloat16 gives more artifacts than float32."
    return _between(results, claim, "bf16", "fp32", "Use what the device computes natively: --dtype auto.")


def reliable(results: Results) -> JudgedClaim:
    """Whether Q4_K_M is free of artifacts."""
    rows = cells(results.get("ablation", ())).get(GOOD, [])
    figures = f"0 of 3 exclude a rate above {bound_without_events(3):.0%} and nothing more"
    if rows:
        figures += f"; Q4_K_M with llama.cpp's settings of 2025 has artifacts in {shown(artifacts(rows))}"
    verdict = NOT_RUN if not rows else REFUTED if artifacts(rows).events else UNDECIDED
    return JudgedClaim(
        "Q4_K_M is without artifacts (0 of 3).",
        "ablation",
        figures,
        verdict,
        "Have every take checked, whatever made it.",
    )


def slower(results: Results) -> JudgedClaim:
    """Whether llama.cpp is at least five times slower than transformers, by tokens per second."""
    costs = {name: found[0] for name, found in parts(results.get("compare", ()), "cost").items()}
    other = next((name for name in ("NF4-bf16", "NF4-double", "NF4", "fp32") if name in costs), None)
    if "Q4_K_M" not in costs or other is None:
        return JudgedClaim("llama.cpp is five to six times slower.", "compare", "", NOT_RUN, "")
    ours, theirs = (costs[name]["tokens_per_second"] for name in ("Q4_K_M", other))
    figures = f"Q4_K_M {ours:.0f} tokens/s, {other} {theirs:.0f}, both on this machine in MayaBook's slots"
    return JudgedClaim(
        "llama.cpp is five to six times slower.", "compare", figures, REFUTED if ours > theirs / 5 else HOLDS,
        "`mayabook doctor` says whether llama.cpp uses the GPU.",
    )  # fmt: skip


def capped(results: Results) -> JudgedClaim:
    """Whether the length of a take was due to state; its length in seconds is that of its cap in tokens."""
    cap = preset(BAD).max_tokens
    whole = cap // CODES_PER_FRAME * SAMPLES_PER_FRAME / SAMPLE_RATE
    trimmed = whole - SAMPLES_PER_FRAME / SAMPLE_RATE
    rows = [row for row in results.get("ablation", ()) if row["cell"] == BAD]
    n_capped = sum(row["stop"] == "cap" for row in rows)
    ended = f"; here {n_capped} of {len(rows)} such takes end by the cap" if rows else ""
    return JudgedClaim(
        "Chunk 2 took 30.38 s where chunk 1 took 24.23 s because state was carried over.", "arithmetic, ablation",
        f"{cap} tokens are {whole:.2f} s, {trimmed:.2f} s less the frame that was trimmed: the cap cut it{ended}",
        REFUTED, "A take that its cap ends is rejected as truncated.",
    )  # fmt: skip


def style(results: Results) -> JudgedClaim:
    """Whether temperature and top_p leave the artifact rate unchanged."""
    points = cells([row for row in results.get("sweep", ()) if row["part"] == "point"])
    if len(points) < 2:
        return JudgedClaim("Temperature changes style, not artifacts.", "sweep", "", NOT_RUN, "")
    rates = {name: artifacts(found) for name, found in points.items()}
    low, high = fewest(rates), max(rates, key=lambda name: rates[name].value)
    p = min(all_pairs(points).values())
    figures = (
        f"least at {'; '.join(low)}: {shown(rates[low[0]])}; most at {high}: {shown(rates[high])}; least p "
        f"of all pairs {p_value(p)}"
    )
    return JudgedClaim(
        "Temperature and top_p change style, not artifacts.", "sweep", figures, REFUTED if p <= LEVEL else UNDECIDED,
        "Stay with the preset's, or measure yours with `mayabook lab sweep`.",
    )  # fmt: skip


_CLAIMS: tuple[Callable[[Results], JudgedClaim], ...] = (
    bleeding, reset, twice, reloading, decline, settings, nf4, double, bf16, reliable, slower, capped, style,
)  # fmt: skip
"""The functions that judge a claim each, in the order of the report."""

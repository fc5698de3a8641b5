"""Claims that state is carried over from one take to the next."""

from collections.abc import Sequence

from mayabook.lab.ablation_report import SIGNIFICANCE_LEVEL
from mayabook.lab.isolate import ALONE_CONDITION, WORKAROUND_SEPARATOR
from mayabook.lab.isolate_report import (
    changed_takes,
    largest_logit_difference,
    logit_difference_sentence,
    workaround_of,
)
from mayabook.lab.judged_claim import HOLDS, MAX_REFUTING_BOUND, NOT_RUN, REFUTED, UNDECIDED, JudgedClaim, Results
from mayabook.lab.report import (
    artifact_rate,
    format_p_value,
    format_percent,
    is_artifact,
    n_chunks,
    zero_events_phrase,
)
from mayabook.lab.rows import Row
from mayabook.lab.statistics import bound_without_events, holm, mann_kendall
from mayabook.lab.trial_runner import rows_by_cell


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

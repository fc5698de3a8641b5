"""The document on the investigation's claims: verdicts follow from rows, and say undecided where they are too few."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mayabook.lab import claims, format_claims, settings_claims, state_claims
from mayabook.lab.ablation import differing_factors
from mayabook.lab.experiments import EXPERIMENTS, run
from mayabook.lab.investigation import ADDITIONS, PLANS, QUICK, write_document
from mayabook.lab.isolate_report import legacy_verdict
from mayabook.lab.judged_claim import HOLDS, NOT_RUN, REFUTED, UNDECIDED
from tests.lab.lab_engines import PlantedVariants, RecordingListener, SilenceChecker, penalised


def take(cell: str, item: int, accepted: bool, **more: Any) -> dict[str, Any]:
    findings = [] if accepted else ["garbled"]
    return {
        "key": f"{cell} {item}", "cell": cell, "item": item, "chunk": item, "accepted": accepted, "findings": findings,
        "errors": 0 if accepted else 5, "n_words": 10, "stop": "end", "tokens": str(item), **more,
    }  # fmt: skip


def way(
    item: int, what: str, tokens: str, *, seeded: bool = True, fix: str = "none", gap: float = 0.0
) -> dict[str, Any]:
    return {
        "key": f"{item} {what} {fix}", "cell": "generate() fp32", "condition": f"{what}, fix: {fix}", "item": item,
        "chunk": item, "tokens": tokens, "seeded": seeded, "difference": gap,
    }  # fmt: skip


def story(n: int, again: str, reseeded: str) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for item in range(n):
        rows += [
            way(item, "alone, first", "same"),
            way(item, "once more, at once", again, gap=0.0 if again == "same" else 0.3),
            way(item, "once more, another seed", reseeded, seeded=False),
            way(item, "after another chunk", again, gap=0.0 if again == "same" else 0.3),
        ]
    return rows


@pytest.mark.parametrize(
    ("n", "again", "verdict"),
    [(30, "same", REFUTED), (4, "same", UNDECIDED), (4, "other", HOLDS), (0, "same", NOT_RUN)],
)
def test_bleeding_is_refuted_by_enough_equal_takes_and_holds_where_they_differ(
    n: int, again: str, verdict: str
) -> None:
    judged = state_claims.judge_kv_cache_bleeding({"isolate": story(n, again, "other")})
    assert judged.verdict == verdict
    if verdict == HOLDS:
        assert "8 of 8" in judged.figures
        assert "0.3" in judged.figures


def test_logits_that_differ_are_told_where_takes_do_not() -> None:
    rows = story(30, "same", "other")
    assert state_claims.judge_kv_cache_bleeding({"isolate": rows}).figures.endswith(
        ". Their logits are the same to the last bit."
    )
    judged = state_claims.judge_kv_cache_bleeding({"isolate": [*rows, way(0, "once more, at once", "same", gap=0.04)]})
    assert judged.verdict == REFUTED
    assert judged.figures.endswith(". Their logits differ by up to 0.04.")
    assert "that changes a take (none of 60 takes of 30 chunks differ" in legacy_verdict({"generate() fp32": rows})


def test_takes_that_no_seed_changes_cannot_show_what_other_logits_do() -> None:
    rows = [*story(30, "same", "same"), way(0, "once more, at once", "same", gap=0.04)]
    judged = state_claims.judge_kv_cache_bleeding({"isolate": rows})
    assert judged.verdict == UNDECIDED
    assert judged.figures.endswith("With another seed none of 30 differ either: these takes hardly can.")
    assert (
        state_claims.judge_kv_cache_bleeding({"isolate": story(30, "same", "same")}).verdict == REFUTED
    )  # logits and all


def test_a_fix_is_no_evidence_for_the_way_without_it() -> None:
    fixed = [{**row, "condition": row["condition"].replace("none", "reset")} for row in story(30, "same", "other")]
    rows = [*story(4, "other", "other"), *fixed]
    assert "8 of 8 takes with the same seed differ" in legacy_verdict({"generate() fp32": rows})
    assert "none differs with: reset" in legacy_verdict({"generate() fp32": rows})


@pytest.mark.parametrize(("kept", "verdict"), [("fresh", REFUTED), ("other", HOLDS)])
def test_a_kept_model_is_held_against_a_fresh_one(kept: str, verdict: str) -> None:
    """In both cases its own takes are equal to each other."""
    rows = [{**row, "tokens": kept} for row in story(30, "same", "same") if row["seeded"]]
    rows += [way(item, "alone, first", "fresh", fix="reload") for item in range(30)]
    assert state_claims.judge_kv_cache_bleeding({"isolate": rows}).verdict == REFUTED
    assert state_claims.judge_reloading({"isolate": rows}).verdict == verdict


def test_two_takes_that_differ_with_another_seed_prove_nothing() -> None:
    judged = state_claims.judge_repeated_takes({"isolate": story(5, "same", "other")})
    assert judged.verdict == REFUTED
    assert judged.figures == "5 of 5 differ with another seed, 0 of 10 with the same"
    assert state_claims.judge_repeated_takes({"isolate": story(5, "other", "other")}).verdict == UNDECIDED


def formats(n: int, bad: int, other_bad: int) -> list[dict[str, Any]]:
    return [
        take(cell, item, item >= wrong, part="take", reference="fp32")
        for cell, wrong in (("NF4-bf16", bad), ("Q4_K_M", other_bad))
        for item in range(n)
    ]


@pytest.mark.parametrize(("bad", "other_bad", "verdict"), [(20, 2, HOLDS), (2, 20, REFUTED), (4, 2, UNDECIDED)])
def test_formats_are_judged_by_pairs(bad: int, other_bad: int, verdict: str) -> None:
    judged = format_claims.judge_nf4({"compare": formats(60, bad, other_bad)})
    assert judged.verdict == verdict
    assert ("chunks would settle" in judged.figures) == (verdict == UNDECIDED)


@pytest.mark.parametrize(
    ("n", "bound", "verdict"), [(20, "13.9%", UNDECIDED), (28, "10.1%", UNDECIDED), (57, "5.1%", REFUTED)]
)
def test_formats_that_are_rejected_alike_differ_by_less_than_a_bound(n: int, bound: str, verdict: str) -> None:
    judged = format_claims.judge_nf4({"compare": formats(n, 4, 4)})
    assert judged.figures.endswith(f"; a difference in more than {bound} of chunks is excluded with 95 % confidence")
    assert judged.verdict == verdict
    rows = [{**row, "chunk": row["chunk"] % 10} for row in formats(n, 4, 4)]
    assert (
        "more than 25.9% of chunks is" in format_claims.judge_nf4({"compare": rows}).figures
    )  # chunks count, not takes of them


def test_three_takes_without_a_defect_say_little() -> None:
    rows = [take("original-gguf", item, item > 0, part="one") for item in range(200)]
    judged = format_claims.judge_q4_reliability({"ablation": rows})
    assert "0 of 3 exclude a rate above 63%" in judged.figures
    assert "1 of 200" in judged.figures
    assert judged.verdict == REFUTED
    assert format_claims.judge_q4_reliability({"ablation": rows[1:]}).verdict == UNDECIDED


@pytest.mark.parametrize(("undone", "verdict"), [(2, REFUTED), (40, UNDECIDED)])
def test_a_setting_is_a_cause_only_where_it_makes_artifacts(undone: int, verdict: str) -> None:
    """If undoing the setting causes artifacts, transformers' level of it was the better one."""
    cells = {"original-gguf": 1, "original-transformers": 20, "original-transformers, penalty undone": undone}
    rows = [take(cell, item, item >= bad, part="one") for cell, bad in cells.items() for item in range(60)]
    judged = settings_claims.judge_settings({"ablation": rows})
    assert judged.verdict == verdict
    assert ("original-transformers, penalty undone" in judged.figures) == (verdict == REFUTED)


def test_what_both_ways_have_in_common_is_no_cause() -> None:
    assert differing_factors() == ["penalty", "mask", "order", "top_k", "min_p", "format"]


def test_the_length_of_a_capped_chunk_is_the_caps() -> None:
    judged = settings_claims.judge_cap({})
    assert "2500 tokens are 30.46 s, 30.38 s less the frame that was trimmed" in judged.figures
    assert judged.verdict == REFUTED


def test_nothing_is_said_of_what_was_not_run() -> None:
    for judged in claims.judge({}):
        assert judged.verdict == (REFUTED if "30.38" in judged.claim else NOT_RUN)


def test_the_document_is_written_from_rows(tmp_path: Path, truth: Path) -> None:
    plans: dict[str, dict[str, Any]] = {
        "isolate": {"takes": 2, "rounds": 1, "after": (3,), "few": 1, "slots": 2, "formats": ("Q4_K_M",)},
        "ablation": {"takes": 28, "chunks": 28, "alike_takes": 0, "ladder": False},
        "compare": {"takes": 6, "forced": 0, "cost": 0, "formats": ("fp32", "Q4_K_M", "NF4-bf16")},
        "sweep": {"takes": 6, "temperatures": (0.3, 0.9), "top_ps": (0.9,), "presets": ("mayabook",)},
        "stress": {"takes": 6},
    }
    for name, values in plans.items():
        experiment = EXPERIMENTS[name]
        plan = experiment.plan.load(None, {**values, "truth": str(truth)})
        run(
            experiment,
            plan,
            tmp_path / "rows" / name,
            RecordingListener(),
            variants=PlantedVariants(penalised),
            checker=SilenceChecker(),
        )
    write_document(tmp_path / "rows", tmp_path / "docs" / "investigation.md")
    text = (tmp_path / "docs" / "investigation.md").read_text()
    assert (
        "| Settings are not the cause: both ways used the same. | refuted | spoil beyond chance, all varied at once: "
        "penalty;" in text
    )
    assert "| Quality declines in a long run, so that short tests prove nothing. | undecided at this n |" in text
    assert "| llama.cpp is five to six times slower. | not run |" in text
    for name in ("ablation-effects", "sweep", "stress-artifacts", "compare-artifacts"):
        assert f"(investigation/{name}.svg)" in text
        assert (tmp_path / "docs" / "investigation" / f"{name}.svg").read_text().startswith("<svg")
    more = f"{text}\n{ADDITIONS}\n\n## Another run\n"
    (tmp_path / "docs" / "investigation.md").write_text(more)
    write_document(tmp_path / "rows", tmp_path / "docs" / "investigation.md")
    assert (tmp_path / "docs" / "investigation.md").read_text() == more


@pytest.mark.parametrize("plans", [PLANS, QUICK])
def test_the_replay_has_a_plan_for_every_experiment(plans: dict[str, dict[str, Any]]) -> None:
    assert set(plans) == set(EXPERIMENTS)
    for name, values in plans.items():
        EXPERIMENTS[name].plan.load(None, values)
    assert min(PLANS[name]["takes"] for name in ("ablation", "compare", "sweep")) >= 200
    assert PLANS["stress"]["takes"] >= 100

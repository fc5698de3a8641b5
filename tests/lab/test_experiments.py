"""Experiments on engines with planted defects: planted causes are found, and no others."""

import re
from pathlib import Path
from typing import Any

import pytest

from mayabook.core.errors import LabError
from mayabook.lab import settings_claims
from mayabook.lab.ablation_report import ranked_effects
from mayabook.lab.experiments import EXPERIMENTS, report, run
from mayabook.lab.isolate_report import changes_by_condition
from mayabook.lab.report import artifact_rate, false_alarm_paragraphs, finding_kinds
from mayabook.lab.rows import Row, read_rows
from mayabook.lab.stress import ORDERS
from mayabook.lab.stress import report as stress_report
from tests.lab.lab_engines import (
    PlantedVariants,
    RecordingListener,
    SilenceChecker,
    leaks_history,
    leaks_neighbour,
    long_chunks,
    penalised,
    scattered_defects,
    some_defects,
    some_defects_when_hot,
)

FEW: dict[str, dict[str, Any]] = {
    "isolate": {"takes": 4, "rounds": 2, "after": (5,), "few": 2, "slots": 3, "formats": ("Q4_K_M",)},
    "sweep": {"takes": 8, "temperatures": (0.3, 0.9), "top_ps": (0.9,), "presets": ("mayabook", "maya-official")},
    "stress": {"takes": 28},
    "ablation": {"takes": 28, "chunks": 28, "alike_takes": 0, "ladder": False},
}


def rows_of(
    name: str,
    folder: Path,
    truth: Path,
    variants: PlantedVariants,
    listener: RecordingListener | None = None,
    **plan: Any,
) -> list[Row]:
    experiment = EXPERIMENTS[name]
    values = {**FEW[name], "truth": str(truth), **plan}
    return run(
        experiment,
        experiment.plan.load(None, values),
        folder,
        listener or RecordingListener(),
        variants=variants,
        checker=SilenceChecker(),
    )


def test_a_planted_cause_is_ranked_first(tmp_path: Path, truth: Path) -> None:
    rows = rows_of("ablation", tmp_path / "a", truth, PlantedVariants(penalised))
    first, *others = ranked_effects(rows)
    assert first.names == ("penalty",)
    assert first.adjusted < 0.05
    assert first.interval.low <= 0.45 <= first.interval.high
    assert all(effect.adjusted > 0.05 for effect in others)


def test_the_same_chunks_are_healed_when_the_cause_alone_is_removed(tmp_path: Path, truth: Path) -> None:
    rows_of("ablation", tmp_path / "a", truth, PlantedVariants(penalised))
    causes, cells = report(tmp_path / "a")
    assert causes.verdict.startswith("Beyond chance, the surest first: penalty (+")
    assert "What heals beyond chance: original-transformers, penalty undone." in cells.verdict
    assert "What spoils beyond chance: original-gguf, penalty done." in cells.verdict
    healed = {row[0]: row[3:5] for row in cells.tables[0].rows}
    assert int(healed["original-transformers, penalty undone"][0]) >= 8
    assert healed["original-transformers, penalty undone"][1] == "0"
    assert healed["original-transformers, mask undone"] == ("0", "0")
    assert cells.paragraphs[1].startswith("Healed by original-transformers, penalty undone, for example: “On day ")
    assert "silent: no sound; " in cells.paragraphs[1]
    assert "word errors, then 0" in cells.paragraphs[1]


def test_a_change_of_what_both_ways_did_alike_is_found(tmp_path: Path, truth: Path) -> None:
    variants = PlantedVariants(long_chunks)
    listener = RecordingListener()
    plan: dict[str, Any] = {"chunks": 0, "alike_takes": 28, "factors": ("top_k",)}
    rows = rows_of("ablation", tmp_path / "a", truth, variants, listener, **plan)
    assert listener.messages[-1] == "Skipped takes with an anchor: this engine does not support anchors"
    (cells,) = report(tmp_path / "a")
    healed = "original-gguf, length changed; original-transformers, length changed"
    assert f"What heals beyond chance: {healed}." in cells.verdict
    figures = settings_claims.judge_settings({"ablation": rows}).figures
    assert f"(length, description, warm-up, anchor), a change heals: {healed}; spoils: nothing" in figures


def test_a_factor_that_does_not_exist_is_one_line(tmp_path: Path, truth: Path) -> None:
    for name, known in (("factors", "penalty, mask"), ("alike", "length, description, warm-up")):
        plan: dict[str, Any] = {name: ("moon",)}
        with pytest.raises(LabError, match=f"There is no factor 'moon'; choose from: {known}"):
            rows_of("ablation", tmp_path / name, truth, PlantedVariants(), **plan)


def test_where_nothing_was_planted_no_cause_is_found(tmp_path: Path, truth: Path) -> None:
    rows = rows_of("ablation", tmp_path / "a", truth, PlantedVariants(scattered_defects))
    assert all(effect.adjusted > 0.05 for effect in ranked_effects(rows))
    causes, cells = report(tmp_path / "a")
    found = re.fullmatch(
        r"No factor changes the share of artifacts beyond chance; an effect of (.*)% would have been .*", causes.verdict
    )
    assert found is not None
    assert 1 < float(found[1]) < 30
    assert "No single change matters beyond chance" in cells.verdict
    assert not any("Healed by" in paragraph for paragraph in cells.paragraphs)


def test_a_clean_engine_bounds_causes_by_its_chunks(tmp_path: Path, truth: Path) -> None:
    rows_of("ablation", tmp_path / "a", truth, PlantedVariants())
    assert report(tmp_path / "a")[0].verdict.endswith(
        "no chunk of 28 tells any two levels apart: more than 10.1% of chunks is excluded."
    )
    rows_of("ablation", tmp_path / "few", truth, PlantedVariants(penalised), chunks=3)
    assert "3 chunks cannot show any at this level, 10 could" in report(tmp_path / "few")[0].verdict


def test_a_stopped_ablation_names_no_cause(tmp_path: Path, truth: Path) -> None:
    """Takes are made one format after the other, so half of the cells would blame the format."""
    with pytest.raises(KeyboardInterrupt):
        rows_of("ablation", tmp_path / "a", truth, PlantedVariants(penalised), RecordingListener(stop_after=8 * 28 + 5))
    section = report(tmp_path / "a")[0]
    assert section.verdict == "The plan is unfinished, and says nothing yet: 8 of its 16 cells are begun."


def test_true_codes_are_no_artifact_whatever_the_checks_say() -> None:
    rows = [
        {**row, "token_errors": errors, "accepted": accepted, "findings": [] if accepted else ["garbled"]}
        for row, errors, accepted in zip(long_run(), [0, 0, 5, 5], [True, False, True, False], strict=False)
    ]
    assert (artifact_rate(rows).events, artifact_rate(rows).n) == (1, 4)
    assert finding_kinds(rows) == ["garbled"]
    assert false_alarm_paragraphs(rows)[0].startswith(
        "1 of the 2 takes that have the true codes (50.0%) are rejected all the same"
    )
    assert false_alarm_paragraphs(rows[2:]) == []


def test_a_clean_engine_leaks_nothing(tmp_path: Path, truth: Path) -> None:
    rows = rows_of("isolate", tmp_path / "i", truth, PlantedVariants())
    assert {wrong for wrong, _ in changes_by_condition(rows).values()} == {0}
    assert set(changes_by_condition(rows)) == {
        "once more, at once", "in every slot", "after 5 others", "shuffled", "in a fresh process",
        "model loaded anew every 2",
    }  # fmt: skip
    assert "nothing but their request: none of " in report(tmp_path / "i")[0].verdict


def test_a_leak_of_history_is_caught_and_a_fresh_process_has_none(tmp_path: Path, truth: Path) -> None:
    """The first take of a process has no history; the second of a model that was just loaded has."""
    rows = rows_of("isolate", tmp_path / "i", truth, PlantedVariants(leak=leaks_history))
    found = changes_by_condition(rows)
    assert all(wrong == n for condition, (wrong, n) in found.items() if condition[:4] in ("once", "afte", "in e"))
    first = [row for row in rows if row["condition"] == "in a fresh process" and row["item"] == 0]
    alone = [row for row in rows if row["condition"] == "alone, first" and row["item"] == 0]
    assert first[0]["tokens"] == alone[0]["tokens"]
    assert report(tmp_path / "i")[0].verdict.startswith("Takes depend on more than their request: Q4_K_M, once more")


def test_a_leak_between_neighbours_is_caught_beside_them_and_only_there(tmp_path: Path, truth: Path) -> None:
    found = changes_by_condition(rows_of("isolate", tmp_path / "i", truth, PlantedVariants(leak=leaks_neighbour)))
    for condition in ("once more, at once", "in a fresh process", "model loaded anew every 2"):
        assert found[condition][0] == 0
    assert found["after 5 others"] == (4, 4)
    assert found["in every slot"] == (2, 3)  # in slot 0 it is the first of its call
    assert found["shuffled"][0] > 0


def test_only_isolate_and_position_see_a_leak(tmp_path: Path, truth: Path) -> None:
    """The leak changes codes but not quality, so only the comparison of codes shows it."""
    rows_of("stress", tmp_path / "s", truth, PlantedVariants(leak=leaks_history))
    (section,) = report(tmp_path / "s")
    assert "no figure of quality has a trend" in section.verdict
    assert "of 28 takes got other codes at another position: the engine keeps state" in section.paragraphs[0]
    attributed = rows_of("ablation", tmp_path / "a", truth, PlantedVariants(leak=leaks_history))
    assert all(effect.adjusted > 0.05 for effect in ranked_effects(attributed))


def test_decline_with_position_is_told_from_the_text(tmp_path: Path, truth: Path) -> None:
    rows_of("stress", tmp_path / "s", truth, PlantedVariants(some_defects))
    assert "no figure of quality has a trend beyond chance; a tau of" in report(tmp_path / "s")[0].verdict
    assert (
        "same codes at both of its positions: none of 28 takes of 28 chunks differ"
        in report(tmp_path / "s")[0].paragraphs[0]
    )


def long_run(**slopes: float) -> list[Row]:
    """100 accepted takes in each order. slopes: bytes by which memory rises per take, by order."""
    return [
        {
            "cell": order, "position": at, "item": at, "chunk": at, "accepted": True, "findings": [], "errors": 0,
            "n_words": 10, "duration_ratio": 1.0, "n_tokens": 100, "tokens": str(at), "seconds": 1.0,
            "memory": 1e9 + slopes.get(order.replace(" ", "_"), 0.0) * at,
        }
        for order in ORDERS
        for at in range(100)
    ]  # fmt: skip


def test_what_position_costs_is_told_with_order_and_direction(tmp_path: Path) -> None:
    verdicts = [
        stress_report(tmp_path, rows)[0].verdict for rows in (long_run(), long_run(in_order=1e6, shuffled=-1e6))
    ]
    assert verdicts[0] == (
        "Over 100 shuffled takes no figure of quality has a trend beyond chance; a tau of 0.25 would have been found in "
        "four runs of five."
    )
    assert verdicts[1] == f"{verdicts[0]} Of the costs, memory rises (in order), memory falls (shuffled)."


def test_what_the_start_costs_is_no_trend(tmp_path: Path) -> None:
    rows = [{**row, "seconds": 0.1 if row["position"] < 20 else 1.0} for row in long_run()]
    assert "seconds" not in stress_report(tmp_path, rows)[0].verdict
    rows = [{**row, "seconds": 1.0 + row["position"] / 100} for row in long_run()]
    assert "seconds a token rises (in order)" in stress_report(tmp_path, rows)[0].verdict


@pytest.mark.parametrize("order", ORDERS)
def test_a_decline_with_position_is_found_where_it_is(tmp_path: Path, order: str) -> None:
    """In book order the text may be the cause; in shuffled order it cannot be."""
    rows = [
        {**row, "accepted": False, "findings": ["garbled"]}
        if row["cell"] == order and row["position"] % 97 > 60
        else row
        for row in long_run()
    ]
    verdict = stress_report(tmp_path, rows)[0].verdict
    if order == "shuffled":
        assert verdict == "Over 100 takes, artifacts depend on the position, whatever the text."
    else:
        assert verdict.endswith("artifacts: a trend in the order of the book that shuffled takes do not show.")


def test_a_long_run_that_is_surely_bad_stops_early(tmp_path: Path, truth: Path) -> None:
    listener = RecordingListener()
    rows = rows_of(
        "stress", tmp_path / "s", truth, PlantedVariants(lambda r, c: True), listener, takes=100, stop_above=0.2
    )
    assert len(rows) < 2 * 100
    assert any(line.startswith("Stopped in order: 100.0%") for line in listener.messages)


def test_a_sweep_says_what_more_takes_would_tell(tmp_path: Path, truth: Path) -> None:
    rows_of("sweep", tmp_path / "w", truth, PlantedVariants(some_defects_when_hot))
    points, presets = report(tmp_path / "w")
    assert "No other has more beyond chance" in points.verdict
    assert points.verdict.endswith("About 19 chunks would tell 0.9, 0.9 from 0.3, 0.9.")  # 3 pairs of 8, all one way
    assert "would tell" not in presets.verdict
    assert [row[0] for row in presets.tables[0].rows] == ["mayabook", "maya-official"]


def test_a_stopped_run_goes_on_and_ends_with_the_same_rows(tmp_path: Path, truth: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        rows_of("sweep", tmp_path / "w", truth, PlantedVariants(some_defects), RecordingListener(stop_after=9))
    kept = read_rows(tmp_path / "w")[1]
    assert len(kept) == 9
    listener = RecordingListener()
    rows = rows_of("sweep", tmp_path / "w", truth, PlantedVariants(some_defects), listener)
    assert listener.steps[0].resumed == 9
    assert listener.steps[-1].done == listener.steps[-1].total == len(rows) == 32
    whole = rows_of("sweep", tmp_path / "other", truth, PlantedVariants(some_defects))
    same = ("key", "tokens", "accepted", "seed")
    assert {tuple(row[name] for name in same) for row in rows} == {tuple(row[name] for name in same) for row in whole}


def test_rows_of_another_plan_model_or_text_are_refused(tmp_path: Path, truth: Path) -> None:
    rows_of("sweep", tmp_path / "w", truth, PlantedVariants())
    with pytest.raises(LabError, match=r"another plan \(takes: 8, not 9\)"):
        rows_of("sweep", tmp_path / "w", truth, PlantedVariants(), takes=9)
    with pytest.raises(LabError, match="another model"):
        rows_of("sweep", tmp_path / "w", truth, PlantedVariants(identity="other"))
    with pytest.raises(LabError, match="another experiment"):
        rows_of("stress", tmp_path / "w", truth, PlantedVariants())
    assert len(read_rows(tmp_path / "w")[1]) == 32


def test_a_format_that_is_not_there_is_skipped_and_said(tmp_path: Path, truth: Path) -> None:
    listener = RecordingListener()
    variants = PlantedVariants(missing={"NF4-bf16": "bitsandbytes is not installed"})
    rows = rows_of("ablation", tmp_path / "a", truth, variants, listener, chunks=2, takes=2)
    assert "Skipped NF4-bf16: bitsandbytes is not installed" in listener.messages
    assert all("format" not in row["signs"] for row in rows)
    with pytest.raises(LabError, match="Q9: no such"):
        rows_of("sweep", tmp_path / "w", truth, PlantedVariants(missing={"Q9": "no such"}), format="Q9")


def test_a_book_with_too_few_chunks_is_spoken_again_with_other_seeds(tmp_path: Path, truth: Path) -> None:
    listener = RecordingListener()
    rows = rows_of(
        "sweep", tmp_path / "w", truth, PlantedVariants(), listener, takes=40, presets=(), temperatures=(0.4,)
    )
    assert listener.messages[0] == "sweep: 40 takes of 28 chunks of truth.npz, each with up to 2 seeds"
    assert len({(row["chunk"], row["seed"]) for row in rows}) == 40
    assert len({row["chunk"] for row in rows}) == 28


def test_without_a_text_it_says_what_to_name(tmp_path: Path) -> None:
    experiment = EXPERIMENTS["sweep"]
    with pytest.raises(LabError, match="name a book with --book"):
        run(
            experiment,
            experiment.plan.load(None, {}),
            tmp_path,
            RecordingListener(),
            variants=PlantedVariants(),
            checker=SilenceChecker(),
        )


def test_rejected_takes_can_be_heard_in_the_report(tmp_path: Path, truth: Path) -> None:
    rows = rows_of("sweep", tmp_path / "w", truth, PlantedVariants(some_defects), takes=28)
    bad = [row for row in rows if not row["accepted"]]
    assert bad
    assert all((tmp_path / "w" / row["audio"]).is_file() for row in bad)
    report(tmp_path / "w")
    page = (tmp_path / "w" / "report.html").read_text()
    assert "data:audio/mpeg;base64," in page
    assert "data:image/png;base64," in page
    assert page.count("<svg") >= 2
    assert "http://" not in page.replace("http://www.w3.org", "").replace("http://purl.org", "").replace(
        "http://creativecommons.org", ""
    )

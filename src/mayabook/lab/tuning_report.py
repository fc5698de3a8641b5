"""The report of a tuning, and what it says of each factor in a sentence or two."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from mayabook.lab.racing import LOOKS, Comparison, Standing, decisive_units
from mayabook.lab.report import (
    ReportSection,
    ReportTable,
    artifact_clips,
    artifact_rate,
    format_p_value,
    format_percent,
    format_rate,
    word_error_rate,
)  # fmt: skip
from mayabook.lab.rows import Row
from mayabook.lab.statistics import CONFIDENCE
from mayabook.lab.tuning import FASTER, RaceResult, SpeedResult, TuningResult


def sections(result: TuningResult, folder: Path) -> list[ReportSection]:
    """The sections of the report: what was chosen, each race, speed."""
    races = [_race_section(race, result, folder) for race in result.races]
    return [_summary(result), *races, *(_speed_section(found) for found in result.speeds)]


def screening_evidence(result: TuningResult) -> list[str]:
    """What the screening showed, if the races began elsewhere than with the defaults."""
    changed = [f"{name} {level.name}" for name, level in result.start.items() if level != result.plan.default[name]]
    if not changed:
        return []
    return [f"The defaults failed in the screening, so the comparisons began with {', '.join(changed)}."]


def race_evidence(race: RaceResult) -> str:
    """What a race showed."""
    default, chosen = race.factor.levels[0].name, race.chosen.name
    found = race.state.comparisons
    worse = [name for name, one in found.items() if one.standing is Standing.WORSE]
    verdict = f"{race.factor.name}: {chosen}, "
    if chosen != default:
        verdict += f"which is better than {default} beyond chance ({_counts(found[chosen], default)})"
    elif race.state.better or worse:
        verdict += "the default"
    else:
        verdict += "the default; nothing differs from it beyond chance"
    if worse:
        verdict += f". Worse beyond chance: {'; '.join(f'{name} ({_counts(found[name], default)})' for name in worse)}"
    return f"{verdict}."


def speed_evidence(found: SpeedResult) -> str:
    """What the measurements of a factor of speed showed."""
    default, chosen = found.factor.levels[0].name, found.chosen.name
    if not found.rates[default]:
        return f"{found.factor.name}: {default}, the default; its speed could not be measured."
    rate = f"{median(found.rates[chosen]):.2f}x real time"
    if chosen == default:
        return f"{found.factor.name}: {default}, the default ({rate}); none is {FASTER - 1:.0%} faster."
    theirs = median(found.rates[default])
    return f"{found.factor.name}: {chosen}, at {rate}; {default} at {theirs:.2f}x."


def tokens_per_second(rows: Sequence[Row]) -> float | None:
    """Tokens of takes per second of wall time, checks included; None without tokens."""
    ends: dict[float, float] = {}
    for row in rows:
        ends[row["began"]] = max(ends.get(row["began"], 0.0), row["ended"])
    seconds = sum(end - began for began, end in ends.items())
    tokens = sum(row.get("n_tokens", 0) for row in rows)
    return tokens / seconds if tokens and seconds else None


def _counts(found: Comparison, default: str) -> str:
    return (
        f"failed alone in {found.only_level} of {found.n} passages, {default} alone in {found.only_default}, "
        f"p {format_p_value(found.p)}"
    )


def _summary(result: TuningResult) -> ReportSection:
    rows = [row for row in result.rows if row["cell"] == result.cell]
    chosen = "; ".join(f"{name} {level.name}" for name, level in result.chosen.items())
    table = ReportTable(
        ("factor", "levels", "chosen"),
        [
            (factor.name, ", ".join(level.name for level in factor.levels), result.chosen[factor.name].name)
            for factor in result.plan.factors
        ],
    )
    speed = "" if result.real_time_factor is None else f" Decoding runs at {result.real_time_factor:.2f}x real time"
    slots = f" in {result.slots} slots." if speed and result.slots else "." if speed else ""
    n = decisive_units(result.plan.significance_level)
    method = (
        "A passage fails if one of its takes is rejected by the checks, or has another speaker than most takes of its "
        "configuration. Each level read the same passages with the same seeds "
        f"as the default and was compared with it after {', '.join(map(str, LOOKS))} passages, by the exact paired "
        f"test at a level of {result.plan.significance_level:.5f}: all comparisons together err with a probability of "
        f"at most {1 - CONFIDENCE:.0%}. A decision takes at least {n} passages that fail with one level alone. Levels "
        "that were not ahead of others were dropped early, without a claim."
    )
    evidence = [
        *screening_evidence(result),
        *map(race_evidence, result.races),
        *map(speed_evidence, result.speeds),
    ]
    return ReportSection(
        "What was chosen",
        f"{chosen or 'The defaults'}: artifacts in {format_rate(artifact_rate(rows))} of takes.{speed}{slots}",
        [*evidence, method],
        [table],
    )


def _race_section(race: RaceResult, result: TuningResult, folder: Path) -> ReportSection:
    rows = {name: [row for row in result.rows if row["cell"] == cell] for name, cell in race.cells.items()}
    rows = {name: found for name, found in rows.items() if found}
    table = ReportTable(
        (race.factor.name, "takes with artifacts", "WER", "tokens/s", "fails alone", "default alone", "p", "standing"),
        [_level_row(name, found, race.state.comparisons[name]) for name, found in rows.items()],
    )
    why = race.state.ended or "the time of this factor was used up before its next look"
    everything = [row for found in rows.values() for row in found]
    clips = artifact_clips(folder, everything, 3) if find_spec("matplotlib") else []
    return ReportSection(
        race.factor.name.capitalize(), race_evidence(race), [f"The comparison ended: {why}."], [table], clips=clips
    )


def _level_row(name: str, rows: Sequence[Row], found: Comparison) -> tuple[str, ...]:
    pace = tokens_per_second(rows)
    compared = ("", "", "")
    if found.standing is not Standing.DEFAULT and found.n:
        compared = (f"{found.only_level} of {found.n}", f"{found.only_default} of {found.n}", format_p_value(found.p))
    return (
        name, format_rate(artifact_rate(rows)), format_percent(word_error_rate(rows)), f"{pace:.0f}" if pace else "",
        *compared, found.standing.value if found.n or found.standing is Standing.DEFAULT else "not compared yet",
    )  # fmt: skip


def _speed_section(found: SpeedResult) -> ReportSection:
    table = ReportTable(
        (found.factor.name, "least", "median", "most (x real time)"),
        [
            (name, *(f"{value:.2f}" for value in (min(rates), median(rates), max(rates))))
            for name, rates in found.rates.items()
            if rates
        ],
    )
    return ReportSection(found.factor.name.capitalize(), speed_evidence(found), (), [table])
